// One run of the command, from its arguments to its exit code. Everything that it touches is given to it, so that a test
// can be its world.

import type { LogLevel } from '../../http/log.ts';
import { printable } from '../../util/printable.ts';
import { VERSION } from '../../version.ts';
import { audit } from './audit-command.ts';
import type { Command } from './command.ts';
import { type Given, nearest, readOptions, refuseSecrets } from './command-line.ts';
import type { Context, Io } from './context.ts';
import { deleteKey } from './delete-command.ts';
import { EXIT, type ExitCode, usage } from './exit-codes.ts';
import { explanation, overview } from './help.ts';
import { Interrupt } from './interrupt.ts';
import { diagnose, list, whoami } from './look-commands.ts';
import { policyGet, policySet } from './policy-commands.ts';
import type { Env } from './proxy.ts';
import { adopt, rotate } from './rotate-commands.ts';
import { create, regenerate } from './secret-commands.ts';
import { Terminal } from './terminal.ts';
import { troubleOf } from './trouble.ts';

/** In the order of --help. */
const COMMANDS: readonly Command[] = [
  whoami,
  list,
  create,
  regenerate,
  deleteKey,
  rotate,
  adopt,
  audit,
  policyGet,
  policySet,
  diagnose,
];

const LEVELS: readonly LogLevel[] = ['off', 'error', 'warn', 'info', 'debug'];

export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  // Until the options are known, what they would say about the output is taken from the words alone.
  const early = (word: string) => argv.includes(word);
  let terminal = terminalOf(io, {
    json: early('--json'),
    quiet: early('--quiet') || early('-q'),
    color: !early('--no-color'),
  });
  try {
    refuseSecrets(argv);
    const [first = ''] = argv;
    if (first === '--version') {
      await terminal.result([VERSION]);
      return EXIT.done;
    }
    if (first === '--help' || first === '-h' || (first === 'help' && argv.length === 1)) {
      await terminal.result(overview(COMMANDS, terminal.width));
      return EXIT.done;
    }
    const { command, rest } = commandOf(first === 'help' ? [...argv.slice(1), '--help'] : argv);
    const given = readOptions(command, rest);
    if (given.flag('help')) {
      await terminal.result(explanation(command, terminal.width));
      return EXIT.done;
    }
    const logLevel = levelOf(given, io.env);
    terminal = terminalOf(io, {
      json: given.flag('json'),
      quiet: given.flag('quiet'),
      color: !given.flag('no-color'),
    });
    return await ran(command, { io, given, terminal, argv, logLevel });
  } catch (error) {
    const { exitCode, message, ...fields } = troubleOf(error);
    terminal.problem(message, { ...fields, exitCode });
    return exitCode;
  }
}

async function ran(command: Command, parts: Omit<Context, 'interrupt'>): Promise<ExitCode> {
  const { terminal, io } = parts;
  const interrupt = new Interrupt(io, ({ message }) =>
    terminal.note(`${message} Ending the step in hand; once more ends it at once.`),
  );
  try {
    return await command.run({ ...parts, interrupt });
  } finally {
    interrupt.end();
    terminal.clear();
  }
}

const terminalOf = (
  { stdout, stderr, env }: Io,
  looks: { json: boolean; quiet: boolean; color: boolean },
): Terminal => new Terminal({ stdout, stderr, env, ...looks });

function commandOf(argv: readonly string[]): { readonly command: Command; readonly rest: readonly string[] } {
  const [first = '', second = ''] = argv;
  const two = COMMANDS.find(({ name }) => name === `${first} ${second}`);
  if (two !== undefined) return { command: two, rest: argv.slice(2) };
  const one = COMMANDS.find(({ name }) => name === first);
  if (one !== undefined) return { command: one, rest: argv.slice(1) };
  if (first === '') throw usage('What is to be done? blazemeter-keys --help lists the commands.');
  const below = COMMANDS.filter(({ name }) => name.startsWith(`${first} `)).map(({ name }) => name);
  if (below.length > 0) throw usage(`${first} is one of ${below.join(', ')}.`);
  const near = nearest(first, [...new Set(COMMANDS.map(({ name }) => name.split(' ')[0] ?? ''))]);
  const hint = near === undefined ? 'blazemeter-keys --help lists the commands.' : `Did you mean ${near}?`;
  throw usage(
    first.startsWith('-')
      ? `The command comes first, then its options: blazemeter-keys <command> ${printable(first, 40)}.`
      : `There is no command ${printable(first, 40)}. ${hint}`,
  );
}

/** The level that was asked for, raised where the CI system was told to debug. */
function levelOf(given: Given, env: Env): LogLevel | undefined {
  const text = given.text('log-level');
  const level = LEVELS.find((each) => each === text);
  if (text !== undefined && level === undefined) throw usage(`--log-level is one of ${LEVELS.join(', ')}.`);
  const wanted = LEVELS.find((each) => each === env.BLAZEMETER_LOG?.toLowerCase());
  const debugging = env.RUNNER_DEBUG === '1' || env.SYSTEM_DEBUG?.toLowerCase() === 'true';
  return level ?? (debugging ? 'debug' : wanted);
}
