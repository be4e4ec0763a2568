// The command line of blazemeter-reference: what it can say, and what that means.

import { Command, InvalidArgumentError, Option } from 'commander';
import type { ClockOptions } from '../../reference/clock.ts';
import { InvalidInputError } from '../../reference/read.ts';
import { documented, parseSemantics, type Semantics, semanticsSwitches } from '../../reference/semantics.ts';
import { VERSION } from '../../version.ts';
import { invalid, moment, whole } from '../arguments.ts';
import { widthOf } from '../standard-output.ts';

/** What the command is to do. */
export interface CommandOptions {
  readonly port: number;
  readonly host: string;
  readonly tlsCert?: string;
  readonly tlsKey?: string;
  readonly cors?: boolean;
  readonly seed?: string;
  readonly semantics: Semantics;
  readonly faults?: string;
  readonly routes?: string;
  readonly clock: ClockOptions;
  readonly control: boolean;
  readonly controlTokenFile?: string;
  readonly controlHost: readonly string[];
  readonly printCredentials?: boolean;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly explain?: boolean;
  readonly exitWithParent?: boolean;
}

/** Fixed, so that a recipe can name it. */
const DEFAULT_PORT = 4010;

const switches = semanticsSwitches
  .map(({ id, name, values, default: standard }) => {
    const numeric = typeof standard === 'number' || name === 'keyLimit';
    return `  ${`${name} (${id})`.padEnd(24)} ${numeric ? `${standard}, or a number` : values.join(', ')}`;
  })
  .join('\n');

function host(text: string): string {
  const name = text.replace(/^\[(.*)\]$/, '$1');
  // A name or address as a `Host` header has it, but for the brackets of IPv6.
  if (/^(?:[\w.-]+|(?=.*:)[0-9a-f:.]+)$/i.test(name)) return name;
  return invalid('a host name or an IP address, without a port');
}

function hosts(text: string, before: readonly string[]): string[] {
  if (/^[\w.-]+$/.test(text)) return [...before, text.toLowerCase()];
  return invalid('a host name, without a port');
}

function semantics(assignment: string, before: Semantics): Semantics {
  try {
    return parseSemantics(assignment, before);
  } catch (error) {
    throw error instanceof InvalidInputError ? new InvalidArgumentError(error.message) : error;
  }
}

function clock(text: string): ClockOptions {
  const [, frozen, at = frozen === undefined ? text : undefined] = /^(frozen)(?:@(.*))?$/.exec(text) ?? [];
  if (at !== undefined && !(Number(moment(at)) >= 0))
    invalid('a time such as 2026-01-31T12:00:00Z, frozen, or frozen@ and a time');
  return { ...(at === undefined ? {} : { at }), frozen: frozen !== undefined };
}

/** The program. `print` gets the text of --help and --version; errors of the command line are thrown. */
export function createProgram(
  print: (text: string) => void,
  run: (options: CommandOptions) => Promise<void>,
): Command {
  const program: Command = new Command('blazemeter-reference')
    .exitOverride()
    .configureOutput({
      ...{ writeOut: print, writeErr: print, outputError: () => undefined },
      getOutHelpWidth: () => widthOf(process.stdout, process.env),
    })
    .description(
      "Serves a stand-in for BlazeMeter's API v4 on this machine, for tests. Not made by BlazeMeter.",
    )
    .optionsGroup('Where it listens:')
    .option(
      '--port <number>',
      'the port; 0 picks a free one',
      (given) => whole(0, 65_535)(given),
      DEFAULT_PORT,
    )
    .option('--host <address>', 'the address; another one lets other machines in', host, '127.0.0.1')
    .option('--tls-cert <file>', 'certificate, PEM: https instead of http')
    .option('--tls-key <file>', 'its private key, PEM')
    .option('--cors', 'pages of any origin may call the API (not the control API)')
    .optionsGroup('What it is:')
    .option(
      '--seed <file>',
      'a JSON file of users, accounts, keys and so on; default: an account with an owner, an admin and a member',
    )
    .addOption(
      new Option('--semantics <name=value>', 'how it behaves where BlazeMeter is silent; repeatable')
        .argParser(semantics)
        .default(documented, 'documented'),
    )
    .option('--faults <file>', 'a JSON list of fault rules, in force from the start')
    .option('--routes <file.mjs>', 'your own endpoints, the default export of this module')
    .addOption(
      new Option(
        '--clock <time>',
        'where the clock starts, such as 2026-01-31T12:00:00Z; frozen stops it, as does frozen@2026-01-31T12:00:00Z',
      )
        .argParser(clock)
        .default({}, 'now'),
    )
    .optionsGroup('The control API, below /__reference/:')
    .option('--no-control', 'do not serve it')
    .option(
      '--control-token-file <file>',
      'ask for "Authorization: Bearer <content of the file>", and then admit other machines too',
    )
    .addOption(
      new Option(
        '--control-host <name>',
        'a further name that it may be called by, such as that of a Compose service; repeatable',
      )
        .argParser(hosts)
        .default([], 'none'),
    )
    .optionsGroup('What it prints, and when it ends:')
    .option('--print-credentials', 'print the secrets of its keys too')
    .option('--json', 'print one line of JSON when it listens')
    .option('-q, --quiet', 'print errors and warnings only (with --json: the line of JSON too)')
    .option(
      '--explain',
      'print what it does, and whether that is documented, observed or assumed; does not listen',
    )
    .option('--exit-with-parent', 'end when the process that started it ends')
    .version(VERSION, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'print this help')
    .addHelpText(
      'after',
      `
Switches of --semantics, with the default first:
${switches}

Examples:
  $ npx --package=blazemeter-client blazemeter-reference --print-credentials
  $ npx --package=blazemeter-client blazemeter-reference --port 0 --json

It ends on SIGINT and SIGTERM with exit code 0. Exit code 1: a file, the port or
standard output cannot be used; 2: the command line is wrong.`,
    )
    .action(async (options: CommandOptions) => {
      const { tlsCert, tlsKey, control, controlTokenFile, controlHost, quiet, json, printCredentials } =
        options;
      if ((tlsCert === undefined) !== (tlsKey === undefined))
        program.error('--tls-cert and --tls-key are needed together.');
      if (!control && (controlTokenFile !== undefined || controlHost.length > 0))
        program.error('--no-control leaves nothing for the other options of the control API to do.');
      if (quiet && printCredentials && !json)
        program.error('--quiet and --print-credentials contradict each other.');
      await run(options);
    });
  return program;
}
