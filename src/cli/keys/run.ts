// One run of the command, from its arguments to its exit code. Everything that it touches is passed to it, so that a test
// can be its world.

import { CommanderError } from 'commander';
import { sentence } from '../arguments.ts';
import type { Io } from './context.ts';
import { EXIT, type ExitCode, usage } from './exit.ts';
import { Interrupt } from './interrupt.ts';
import { createOutput, type Output } from './output.ts';
import { createProgram } from './program.ts';

/** Credentials, or a secret alone, as the service creates them. Digests and names of containers are shorter. */
const SECRET = /(?<![0-9a-f])(?:[0-9a-f]{24}:\S|[0-9a-f]{72}(?![0-9a-f]))/i;

/** Refuses what no argument should hold. */
function refuseSecrets(argv: readonly string[]): void {
  if (argv.some((each) => SECRET.test(each)))
    throw usage(
      'A secret was given as an argument. Other users of the machine can read arguments, and shells keep them: give that key a new secret. Credentials come from the environment or a file.',
    );
}

export async function run(argv: readonly string[], io: Io): Promise<ExitCode> {
  const says = (...words: readonly string[]) => words.some((word) => argv.includes(word));
  const output = createOutput({
    ...io,
    json: says('--json'),
    quiet: says('--quiet', '-q'),
    color: !says('--no-color'),
  });
  const interrupt = new Interrupt(io, ({ message }) =>
    output.note(`${message} Ending the step in hand; a second signal ends it at once.`),
  );
  let help = '';
  let code: ExitCode = EXIT.done;
  const program = createProgram(
    output.width,
    (text) => {
      help += text;
    },
    async (act) => {
      // The library is loaded here, so that --help needs none of it.
      const { openContext } = await import('./context.ts');
      const context = await openContext({ io, output, interrupt, argv }, program.opts());
      try {
        code = await act(context);
      } finally {
        await context.close();
      }
    },
  );
  try {
    refuseSecrets(argv);
    // The bare command, or a group of commands.
    const [name, ...rest] = argv;
    const group = program.commands.find((each) => each.name() === name && each.commands.length > 0);
    const asked = name === undefined ? program : rest.length === 0 ? group : undefined;
    if (asked !== undefined) asked.outputHelp();
    else await program.parseAsync(argv, { from: 'user' });
  } catch (error) {
    if (help === '') code = await failed(output, error);
  } finally {
    interrupt.end();
    output.clear();
  }
  if (help !== '') await output.lines(help.trimEnd().split('\n'));
  if (output.failure() === undefined) return code;
  const message = `Standard output could not be written (${output.failure()}). The command itself was carried out.`;
  const exitCode = code === EXIT.done ? EXIT.failed : code;
  output.say('error', message, { code: 'output', exitCode });
  return exitCode;
}

/** What is wrong with the command line. Commander would print its help in place of a command that is missing or unknown. */
const lineProblem = ({ code, message }: CommanderError): string =>
  code === 'commander.help' ? 'There is no such command, or none was given. See --help.' : sentence(message);

async function failed(output: Output, error: unknown): Promise<ExitCode> {
  const { problemOf } = await import('./problem.ts');
  const { exitCode, message, ...fields } = problemOf(
    error instanceof CommanderError ? usage(lineProblem(error)) : error,
  );
  output.say('error', message, { ...fields, exitCode });
  return exitCode;
}
