// A pair from a program, such as a password manager's: started without a shell, bounded in time and output, and nothing
// that it prints is ever shown, for that is where the secret is.

import type { CredentialContext, CredentialProvider } from '../auth/credentials.ts';
import { builtin } from './builtin.ts';
import { MAX_BYTES, shownPath, utf8 } from './private-file.ts';
import { broken, checkedPair, errorCode, type Found, jsonObject, pairOf, providerOf } from './source.ts';

/** How a program is run. */
export interface CommandOptions {
  /** How long it may take, in milliseconds. Default: 10 000. */
  readonly timeout?: number | undefined;
  /** Its working directory. Default: this process's. */
  readonly cwd?: string | undefined;
  /** Its environment. Default: this process's. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/**
 * A pair from a program's standard output, as JSON: `{"id": "…", "secret": "…", "expiresAt": "2030-01-01T00:00:00Z"}`.
 * `expiresAt` may be left out, and may also be Unix seconds. The program is started at every call, without a shell,
 * with nothing on its standard input and its standard error thrown away; it may write 64 KiB at most.
 *
 * @param argv - The program, then each of its arguments as an item of its own. On Windows a `.cmd` or `.bat` file is
 * refused: Windows runs those through a shell only, which would read the arguments as commands.
 * @returns A provider. Its calls reject with a `CredentialsError` that names the program and what went wrong, never
 * what it printed; an abort of the caller's signal stops the program and passes through.
 * @example
 * ```ts
 * import { fromCommand } from 'blazemeter-client/node';
 *
 * const pair = JSON.stringify({ id: 'my-key-id', secret: 'my-key-secret' });
 * const credentials = fromCommand([process.execPath, '-p', `'${pair}'`]);
 * console.log((await credentials()).id); // my-key-id
 * ```
 */
export function fromCommand(argv: readonly string[], options: CommandOptions = {}): CredentialProvider {
  const [program = '', ...args] = argv;
  const source = `fromCommand (${shownProgram(program)})`;
  const look = async (context?: CredentialContext): Promise<Found> => {
    const { platform } = process;
    if (platform === 'win32' && /\.(?:bat|cmd)[. ]*$/i.test(program))
      throw broken(
        source,
        'is a batch file. Windows runs those through a shell only, which would read the arguments as commands.',
      );
    const output = await run(program, args, source, options, context?.signal);
    const object = jsonObject(output);
    if (object === undefined)
      throw broken(source, 'did not print JSON of the form {"id": "…", "secret": "…"}.');
    return {
      from: source,
      pair: checkedPair({ ...pairOf(object), expiresAt: expiry(object.expiresAt, source) }, source),
    };
  };
  return providerOf('a command', [{ name: source, look }]);
}

/** The program's name, where it is one: a command line in one text, or a pair, is not shown. */
function shownProgram(program: string): string {
  return /^[\w.-]{1,31}$/.test(program) ? program : shownPath(program.replace(/(\S)\s.*/s, '$1 …'));
}

function expiry(value: unknown, source: string): Date | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) < 1e11)
    return new Date(value * 1000);
  // Without a zone it would mean another time on another machine.
  const date = new Date(
    typeof value === 'string' && /T.*(?:Z|[+-]\d\d:?\d\d)$/i.test(value) ? value : Number.NaN,
  );
  if (Number.isNaN(date.getTime()))
    throw broken(
      source,
      'printed an expiresAt that is neither an ISO date with time and zone nor Unix seconds.',
    );
  return date;
}

/** What the program printed, once it has ended well. */
function run(
  program: string,
  args: readonly string[],
  source: string,
  { timeout = 10_000, cwd, env }: CommandOptions,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { spawn } = builtin('node:child_process');
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const child = start();
    const chunks: Uint8Array[] = [];
    let length = 0;
    const end = (reason: unknown): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', abort);
      // A program that this one has started may hold the pipe open for as long as it likes.
      child.stdout.destroy();
      child.kill('SIGKILL');
      reject(reason);
    };
    const fail = (problem: string): void => end(broken(source, problem));
    const abort = (): void => end(signal?.reason);
    const timer = setTimeout(() => fail(`did not end within ${timeout} ms.`), timeout);
    timer.unref();
    signal?.addEventListener('abort', abort, { once: true });

    child.stdout.on('data', (chunk: Uint8Array) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > MAX_BYTES) fail('printed more than 64 KiB.');
    });
    child.on('error', (error) => fail(notStarted(error)));
    child.on('close', (code, killedBy) => {
      if (code !== 0)
        return fail(
          `${code === null ? `was ended by ${killedBy}` : `ended with exit code ${code}`}. Run it by hand.`,
        );
      try {
        resolve(utf8(builtin('node:buffer').Buffer.concat(chunks)));
      } catch {
        fail('printed what is not UTF-8 text.');
      }
      end(undefined);
    });

    function start() {
      try {
        return spawn(program, args, { cwd, env, stdio: ['ignore', 'pipe', 'ignore'], windowsHide: true });
      } catch (error) {
        throw broken(source, notStarted(error));
      }
    }
  });
}

function notStarted(error: unknown): string {
  const code = errorCode(error);
  return code === 'ENOENT'
    ? 'was not found. Give the program and each of its arguments as items of their own.'
    : `cannot be started (${code}).`;
}
