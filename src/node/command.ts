// Credentials from a program, such as a password manager: started without a shell, limited in time and output. Nothing that
// it prints is ever shown, because that is where the secret is.

import type { CredentialContext, CredentialProvider } from '../auth/credentials.ts';
import { onAbort, reasonOf } from '../util/abort.ts';
import { parseOptions, spec } from '../util/options.ts';
import { builtin } from './builtin.ts';
import { foreignForm, MAX_BYTES, shownPath } from './private-file.ts';
import { broken, checkedCredentials, errorCode, type Found, parseKeyJson, providerOf } from './source.ts';

const OPTIONS = { timeout: spec.milliseconds, cwd: spec.string, env: spec.any };

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
 * Credentials from a program's standard output, as JSON: `{"id": "…", "secret": "…", "expiresAt": "2030-01-01T00:00:00Z"}`.
 * `expiresAt` is optional, and may also be Unix seconds. The program is started at every call, without a shell, with nothing
 * on its standard input and its standard error discarded; it may write 64 KiB at most. At the end of its time it is killed;
 * except on Windows, so are the programs that it has started and that are in its process group.
 *
 * @param argv - The program, then each argument as a separate item. On Windows a `.cmd` or `.bat` file is refused:
 * Windows runs those through a shell, which would interpret the arguments as commands.
 * @throws `TypeError` where `argv` is not an array of strings, or for invalid options.
 * @returns A provider. Its calls reject with a `CredentialsError` that names the program and what went wrong, never
 * what it printed; an abort of the caller's signal stops the program and rejects with its reason.
 * @example
 * ```ts
 * import { fromCommand } from 'blazemeter-client/node';
 *
 * const key = JSON.stringify({ id: 'my-key-id', secret: 'my-key-secret' });
 * const credentials = fromCommand([process.execPath, '-p', `'${key}'`]);
 * console.log((await credentials()).id); // my-key-id
 * ```
 */
export function fromCommand(argv: readonly string[], options: CommandOptions = {}): CredentialProvider {
  if (!Array.isArray(argv) || argv.length === 0 || argv.some((each) => typeof each !== 'string'))
    throw new TypeError('fromCommand: argv must be an array of strings: the program, then each argument.');
  const [program = '', ...args] = argv;
  const given = parseOptions('fromCommand', OPTIONS, options);
  const source = `fromCommand (${shownProgram(program)})`;
  const find = async (context?: CredentialContext): Promise<Found> => {
    const { platform } = process;
    if (platform === 'win32' && /\.(?:bat|cmd)[. ]*$/i.test(program))
      throw broken(
        source,
        'is a batch file, which Windows runs through a shell that would interpret the arguments as commands. Give a program (.exe).',
      );
    const output = await run(program, args, source, given, context?.signal);
    const key = parseKeyJson(output);
    if (key === undefined)
      throw broken(source, 'did not print JSON of the form {"id": "…", "secret": "…"}. Run it by hand.');
    return {
      source,
      credentials: checkedCredentials({ ...key, expiresAt: expiry(key.expiresAt, source) }, source),
    };
  };
  return providerOf('a command', [{ name: source, find }]);
}

/** The program's name, where it is one: a whole command line, or credentials, are not shown. */
function shownProgram(program: string): string {
  return /^[\w.-]{1,31}$/.test(program) ? program : shownPath(program.replace(/(\S)\s.*/s, '$1 …'));
}

function expiry(value: unknown, source: string): Date | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'number' && Number.isSafeInteger(value) && Math.abs(value) < 1e11)
    return new Date(value * 1000);
  // Without a time zone it would mean different times on different machines.
  const date = new Date(
    typeof value === 'string' && /^[^T]*T.*(?:Z|[+-]\d\d:?\d\d)$/i.test(value) ? value : Number.NaN,
  );
  if (Number.isNaN(date.getTime()))
    throw broken(
      source,
      'printed an expiresAt that is neither an ISO 8601 time with a time zone nor Unix seconds.',
    );
  return date;
}

/** What the program printed, once it has exited with 0. */
function run(
  program: string,
  args: readonly string[],
  source: string,
  { timeout = 10_000, cwd, env }: CommandOptions,
  signal: AbortSignal | undefined,
): Promise<string> {
  const { spawn } = builtin('node:child_process');
  return new Promise((resolve, reject) => {
    if (signal?.aborted) throw reasonOf(signal);
    const child = start();
    const chunks: Uint8Array[] = [];
    let length = 0;
    let ended = false;
    const end = (settle: () => void): void => {
      if (ended) return;
      ended = true;
      clearTimeout(timer);
      stopWaiting();
      settle();
    };
    const fail = (problem: string): void => end(() => reject(broken(source, problem)));
    const kill = (reason: unknown): void =>
      end(() => {
        // A program that this one has started may keep the pipe open.
        child.stdout.destroy();
        killGroup(child);
        reject(reason);
      });
    const timer = setTimeout(
      () =>
        kill(broken(source, `did not exit within ${timeout} ms. Run it by hand, or set a longer timeout.`)),
      timeout,
    );
    timer.unref();
    // Through the shared listener: one signal may serve many calls.
    const stopWaiting = signal === undefined ? () => {} : onAbort(signal, () => kill(reasonOf(signal)));

    child.stdout.on('data', (chunk: Uint8Array) => {
      length += chunk.length;
      chunks.push(chunk);
      if (length > MAX_BYTES) kill(broken(source, 'printed more than 64 KiB. Run it by hand.'));
    });
    child.on('error', (error) => fail(notStarted(error)));
    child.on('close', (code, killedBy) => {
      if (code !== 0)
        return fail(
          `${code === null ? `was killed by ${killedBy}` : `failed with exit code ${code}`}. Run it by hand.`,
        );
      const output = builtin('node:buffer').Buffer.concat(chunks);
      const foreign = foreignForm(output);
      if (foreign !== undefined) return fail(`printed ${foreign}`);
      end(() => resolve(new TextDecoder().decode(output)));
    });

    function start() {
      try {
        return spawn(program, args, {
          cwd,
          env,
          stdio: ['ignore', 'pipe', 'ignore'],
          windowsHide: true,
          // In a process group of its own, which can be killed as a whole.
          detached: process.platform !== 'win32',
        });
      } catch (error) {
        throw broken(source, notStarted(error));
      }
    }
  });
}

/** Kills a program and what it has started in its process group. Windows has no such groups. */
function killGroup(child: { readonly pid?: number | undefined; kill(signal: 'SIGKILL'): boolean }): void {
  try {
    if (process.platform === 'win32' || child.pid === undefined) child.kill('SIGKILL');
    else process.kill(-child.pid, 'SIGKILL');
  } catch {
    // All of it has exited.
  }
}

function notStarted(error: unknown): string {
  const code = errorCode(error);
  return code === 'ENOENT'
    ? 'was not found. Check the name and the PATH, and give each argument as a separate item.'
    : `cannot be started (${code}). Check its permissions and the working directory.`;
}
