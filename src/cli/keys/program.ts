// The commands, their options and their help. What a command does is loaded when it runs.

import { Command, Option } from 'commander';
import { ruleIds } from '../../audit/rules.ts';
import { VERSION } from '../../version.ts';
import { date, duration, lifetime, many, maximum, text, whole } from '../arguments.ts';
import type { Context } from './context.ts';
import { EXIT_CODES, type ExitCode } from './exit.ts';
import { NAME } from './show.ts';

const LOG_LEVELS = ['off', 'error', 'warn', 'info', 'debug'];
const PERIODS = "'3 months', 90d, '1 year' or max";

const choice = (flags: string, help: string, choices: readonly string[], standard?: string): Option =>
  new Option(flags, help).choices(choices).default(standard);

/** What runs a command. */
export type Act = (run: (context: Context) => Promise<ExitCode>) => Promise<void>;

type Does<Values extends unknown[]> = (context: Context, ...values: Values) => Promise<ExitCode>;

/** The program. `print` gets the text of --help and --version; errors of the command line are thrown. */
export function createProgram(width: number, print: (text: string) => void, act: Act): Command {
  const program = new Command(NAME)
    .exitOverride()
    .configureOutput({
      writeOut: print,
      writeErr: () => undefined,
      outputError: () => undefined,
      getOutHelpWidth: () => width,
      getErrHelpWidth: () => width,
    })
    .description('Creates, lists, rotates and audits your BlazeMeter API keys.')
    .version(VERSION, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .helpCommand('help [command]', 'print the help of a command')
    .option('--key-file <file>', 'sign with the credentials in this file; - is standard input', text)
    .option('--base-url <url>', 'address of the API; default https://a.blazemeter.com/api/v4', text)
    .option('--config <file.mjs>', 'use the client options that this module exports', text)
    .option('--ca-file <file>', 'trust the certificates in this PEM file too', text)
    .option('--timeout <seconds>', 'time limit of one attempt of a call; default 30', whole(1, 3_600))
    .addOption(choice('--log-level <level>', 'log on standard error; default warn', LOG_LEVELS))
    .option('--json', 'print the result as JSON, and each message as a line of JSON')
    .option('-q, --quiet', 'print no progress and no notes')
    .option('--no-color', 'print no colours; NO_COLOR does the same')
    .addHelpText(
      'after',
      `
These options can stand before or after the command.

Without --key-file the credentials come from BLAZEMETER_API_KEY_ID and
BLAZEMETER_API_KEY_SECRET, from BZ_TOKEN (id:secret), from the key file that
BLAZEMETER_API_KEY or API_KEY_PATH names, or from ~/.bzt-rc. They are never an
argument: other users of a machine can read those. No variable sets the address,
since a program that can set it would receive the credentials.

To rehearse, start a stand-in for BlazeMeter in another terminal. It prints
credentials that work there, and the address to give as --base-url:
  $ npx --package=blazemeter-client blazemeter-reference --print-credentials

Examples:
  $ ${NAME} whoami
  $ ${NAME} create --name ci --expires-in 90d --out api-key.json

${EXIT_CODES}`,
    );

  const command = (parent: Command, usage: string, description: string, ...examples: string[]): Command =>
    parent
      .command(usage)
      .description(description)
      // The list of commands has the first sentence alone.
      .summary(description.replace(/\. .*/, '.'))
      .addHelpText('after', '\nExamples:')
      .addHelpText('after', examples.map((each) => `  $ ${NAME} ${each}`).join('\n'))
      .addHelpText('after', `\nOptions of all commands, and exit codes: ${NAME} --help`);
  const storingSecret = (of: Command): Command =>
    of
      .option('--out <file>', 'write the credentials to this file, as JSON with mode 0600', text)
      .option('--print-secret', 'print the secret on standard output')
      .option('--overwrite', 'replace a file that holds the credentials of another key')
      .option('--allow-in-git', 'write it although git would track it');
  // Commander passes the arguments, then the options.
  const does =
    <Values extends unknown[]>(load: () => Promise<Does<Values>>) =>
    (...values: Values) =>
      act(async (context) => (await load())(context, ...values));
  const keys = () => import('./keys.ts');
  const secrets = () => import('./secrets.ts');
  const rotation = () => import('./rotate.ts');
  const policies = () => import('./policy.ts');
  const reports = () => import('./report.ts');

  command(program, 'whoami', 'Show whose key signs, and when it expires.', 'whoami', 'whoami --json').action(
    does(async () => (await keys()).whoami),
  );

  command(program, 'list', 'List your keys.', 'list --expiring-within 30d', 'list --name ci --sort name')
    .option('--name <text>', 'only keys with this text in their name', text)
    .option('--expiring-within <duration>', 'only keys that expire within it, such as 30d', duration)
    .addOption(choice('--sort <field>', 'the order', ['expires', 'created', 'name'], 'expires'))
    .action(does(async () => (await keys()).list));

  command(program, 'get <key>', 'Show a key, by its id or name.', 'get ci', 'get ci --json').action(
    does(async () => (await keys()).get),
  );

  const creating = command(
    program,
    'create',
    'Create a key.',
    'create --name ci --expires-in 90d --out api-key.json',
    'create --name ci --expires-at 2030-01-31 --print-secret',
  )
    .requiredOption('--name <name>', 'for your reference (required)', text)
    .option('--expires-in <period>', `how long it lives: ${PERIODS}`, lifetime)
    .addOption(
      new Option('--expires-at <date>', 'when it expires, such as 2030-01-31')
        .argParser(date)
        .conflicts('expiresIn'),
    );
  storingSecret(creating).action(does(async () => (await secrets()).create));

  const regenerating = command(
    program,
    'regenerate <key>',
    'Give a key, by its id or name, a new secret. The old one stops working at once.',
    'regenerate ci --out api-key.json',
    'regenerate ci --out api-key.json --yes',
  );
  storingSecret(regenerating)
    .option('-y, --yes', 'do not ask')
    .option('--allow-self', 'even if it is the key that signs this call')
    .action(does(async () => (await secrets()).regenerate));

  command(program, 'delete <key>', 'Delete a key, by its id or name.', 'delete old-ci', 'delete old-ci --yes')
    .option('-y, --yes', 'do not ask')
    .option('--even-if-used', 'although it was used within the last 7 days')
    .option('--allow-self', 'even if it is the key that signs this call')
    .action(does(async () => (await keys()).deleteKey));

  command(
    program,
    'adopt',
    'Begin the rotation of the key that signs. Its record holds the credentials from then on: run rotate with the same --store.',
    'adopt --store ci.json --name ci',
    'adopt --store ci.json --name ci --key-file api-key.json',
  )
    .requiredOption('--store <file>', 'the file for its record (required)', text)
    .requiredOption('--name <name>', 'how the names of new keys begin (required)', text)
    .option('--allow-in-git', 'write it although git would track it')
    .action(does(async () => (await rotation()).adopt));

  command(
    program,
    'rotate',
    'Rotate a key that is due, or complete its rotation. Run it on a schedule: each run does what can be done now, and waits for nothing.',
    'rotate --store ci.json --every 7d --sink-file key.json',
    'rotate --name ci --key-file k.json --sink-file k.json',
  )
    .option('--store <file>', 'the record of the rotation, which adopt creates', text)
    .addOption(
      new Option('--name <name>', 'without a record: how the names of its keys begin')
        .argParser(text)
        .conflicts(['store', 'resume', 'takeOver', 'leaseOwner', 'dropSink', 'allowSelf']),
    )
    .option('--sink-file <file>', 'a key file that gets the new credentials; repeatable', many)
    .addOption(
      choice(
        '--reason <reason>',
        'expiry: if it is due; schedule: now; leak: the old key goes at once',
        ['expiry', 'schedule', 'leak'],
        'expiry',
      ),
    )
    .option('--resume', 'only complete what is under way')
    .addOption(
      new Option(
        '--every <duration>',
        'how often you run this: a key is due unless it lives until the run after next',
      )
        .argParser(duration)
        .conflicts('within'),
    )
    .option('--within <duration>', 'how long before its expiry a key is due, such as 30d', duration)
    .option(
      '--expires-in <period>',
      `how long a new key lives: ${PERIODS}; default: as the old one`,
      lifetime,
    )
    .option('--drain <duration>', 'how long the old key still works; default 1d', duration)
    .option('--quiet-for <duration>', 'delete an old key still in use once unused for so long', duration)
    .option('--recovery-file <file>', 'key file of another key of this user, for emergencies', text)
    .option('--leaked-since <date>', 'with --reason leak: since when', date)
    .option('--allow-self', 'with --reason leak: the leaked key may give itself a new secret')
    .option('--drop-sink <name>', 'forget a sink that no longer exists; repeatable', many)
    .addOption(
      new Option('--replaces <id>', 'without a record: a key created by hand, which goes')
        .argParser(text)
        .conflicts('store'),
    )
    .option('--lease-owner <name>', 'who works on the record; default in a CI system: the job', text)
    .option('--take-over', 'go on although another run works on it: that one has ended')
    .option('--dry-run', 'report what would be done, and change nothing')
    .option('--allow-in-git', 'use a record or key file although git would track it')
    .action(does(async () => (await rotation()).rotate));

  command(
    program,
    'audit',
    'Report what is wrong with your keys. The exit code is 1 if anything is.',
    'audit --fail-on error',
    'audit --store ci.json --format markdown',
  )
    .option('--store <file>', 'the record of a rotation, whose keys are no strays; repeatable', many)
    .option(
      '--expires-within <duration>',
      "report keys that expire so soon; default a tenth of a key's life",
      duration,
    )
    .option('--never-used-after <duration>', 'report keys unused since so long; default 30d', duration)
    .option('--not-used-for <duration>', 'report keys last used so long ago; default 90d', duration)
    .addOption(choice('--ignore <rule...>', 'leave out these rules', ruleIds))
    .addOption(
      choice('--fail-on <severity>', 'the least that counts', ['error', 'warning', 'note'], 'warning'),
    )
    .addOption(choice('--format <format>', 'how it is printed', ['table', 'markdown'], 'table'))
    .option('--allow-in-git', 'read a record although git would track it')
    .action(does(async () => (await reports()).audit));

  const policy = command(
    program,
    'policy',
    'Show or set how long keys of an account may live.',
    'policy get',
    "policy set --maximum '3 months'",
  );
  command(policy, 'get', 'Show how long new keys may live.', 'policy get', 'policy get --account 2000001')
    .option('--account <id>', "default: the user's default account", whole(1, Number.MAX_SAFE_INTEGER))
    .action(does(async () => (await policies()).policyGet));
  command(
    policy,
    'set',
    'Set how long new keys may live. It asks before it lowers the maximum: what happens to keys that live longer is not documented.',
    "policy set --maximum '3 months'",
    'policy set --maximum unlimited --account 2000001',
  )
    .requiredOption('--maximum <period>', "'3 months', 45d, '1 year' or unlimited (required)", maximum)
    .option('--account <id>', "default: the user's default account", whole(1, Number.MAX_SAFE_INTEGER))
    .option('-y, --yes', 'do not ask')
    .action(does(async () => (await policies()).policySet));

  command(
    program,
    'diagnose',
    'Report whether the credentials work, what they may do, and what to fix.',
    'diagnose',
    'diagnose --full',
  )
    .option('--full', 'show the key id and the e-mail address in full')
    .action(does(async () => (await keys()).diagnose));

  command(
    program,
    'conformance',
    'Report where the service differs from what this package assumes. The report names no person, account or key, and can be pasted into an issue.',
    'conformance',
    'conformance --write --json',
  )
    .option('--write', 'also create, regenerate and delete keys, three at most: for a throw-away account')
    .action(does(async () => (await reports()).conformance));

  return program;
}
