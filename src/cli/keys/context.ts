// What a command works with: where it writes, whom it asks, and a client of the options that all commands have.

import { basename, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import {
  BlazeMeterClient,
  type ClientOptions,
  type Credentials,
  type FetchLike,
  type LogLevel,
  parseCredentials,
} from '../../index.ts';
import { defaultCredentials, fromKeyFile } from '../../node/index.ts';
import { shownPath } from '../files.ts';
import { EXIT, Stop, usage } from './exit.ts';
import { refuseTracked } from './git-guard.ts';
import type { Interrupt, SignalSource } from './interrupt.ts';
import { dispatcherFor, type Env } from './network.ts';
import type { Output, Stream } from './output.ts';
import { LEVELS } from './values.ts';

/** The world of a command: that of its process, or that of a test. */
export interface Io extends SignalSource {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly env: Env;
  readonly cwd: string;
  /** In place of the network. */
  readonly fetch?: FetchLike | undefined;
}

/** The options that every command has. */
export interface GlobalOptions {
  readonly baseUrl?: string;
  readonly keyFile?: string;
  readonly config?: string;
  readonly caFile?: string;
  readonly timeout?: number;
  readonly logLevel?: LogLevel;
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly color: boolean;
}

/** Options of commands that change something. */
export interface ChangeOptions {
  readonly yes?: boolean;
  readonly allowInGit?: boolean;
}

type ClientCredentials = NonNullable<ClientOptions['credentials']>;

export interface Context {
  readonly io: Io;
  readonly output: Output;
  readonly interrupt: Interrupt;
  /** The arguments of this run, for the command that resumes it. */
  readonly argv: readonly string[];
  /** A client that signs with the credentials of the command line, or with others. */
  client(credentials?: ClientCredentials): BlazeMeterClient;
  /** The credentials of the command line, as they are now. */
  signer(): Promise<Credentials>;
  /** The time by the service's clock, in milliseconds; by that of this machine before the first response. */
  now(): number;
  /** A path as the command line means it. */
  path(path: string): string;
  /** A path that a secret is written to: not one that git would track. */
  secretPath(path: string, option: string, options: ChangeOptions): string;
  /** Ends the command where a confirmation is needed and there is no terminal to ask at. */
  needsYes(what: string, options: ChangeOptions): void;
  /** Asks before something that cannot be undone. `what` begins a sentence; `besides` says what follows from it. */
  confirm(what: string, options: ChangeOptions, besides?: string): Promise<void>;
  /** Closes the connections that are left. */
  close(): Promise<void>;
}

export async function createContext(
  parts: Pick<Context, 'io' | 'output' | 'interrupt' | 'argv'>,
  options: GlobalOptions,
): Promise<Context> {
  const { io, output, interrupt } = parts;
  const path = (given: string): string => resolve(io.cwd, given);
  const config = options.config === undefined ? {} : await readConfig(path(options.config));
  const credentials = options.keyFile === undefined ? config.credentials : await keyFile(options.keyFile);
  const dispatcher = io.fetch
    ? undefined
    : await dispatcherFor(io.env, options.caFile === undefined ? undefined : path(options.caFile));
  const send: FetchLike = io.fetch ?? config.fetch ?? ((url, init) => globalThis.fetch(url, init));
  let ahead = 0;

  async function keyFile(given: string): Promise<ClientCredentials> {
    return given === '-' ? fromInput(io.stdin) : fromKeyFile(path(given));
  }

  function client(signer: ClientCredentials = credentials ?? standardCredentials(io.env)): BlazeMeterClient {
    const log = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
      output.log(level, message, fields);
    return new BlazeMeterClient({
      logger: { error: log('error'), warn: log('warning'), info: log('info'), debug: log('debug') },
      userAgent: 'blazemeter-keys',
      ...config,
      credentials: signer,
      async fetch(url, init) {
        const response = await send(url, init);
        const served = Date.parse(response.headers.get('date') ?? '');
        // What a cache has kept says nothing about the time.
        if (!Number.isNaN(served) && response.headers.get('age') === null) ahead = served - Date.now();
        return response;
      },
      ...(dispatcher === undefined ? {} : { fetchOptions: { ...config.fetchOptions, dispatcher } }),
      logLevel: options.logLevel ?? levelOf(io.env) ?? config.logLevel ?? 'warn',
      ...(options.baseUrl === undefined ? {} : { baseUrl: options.baseUrl }),
      ...(options.timeout === undefined ? {} : { timeout: 1000 * options.timeout }),
    });
  }

  function needsYes(what: string, { yes }: ChangeOptions): void {
    if (!yes && (io.stdin.isTTY !== true || io.stderr.isTTY !== true || output.json))
      throw usage(`${what} needs --yes, since there is no terminal to ask at. Nothing was changed.`);
  }

  return {
    ...parts,
    client,
    path,
    now: () => Date.now() + ahead,
    close: async () => dispatcher?.destroy(),
    async signer() {
      const from = credentials ?? standardCredentials(io.env);
      return parseCredentials(
        typeof from === 'function' ? await from({ reason: 'first', signal: interrupt.now }) : from,
      );
    },
    secretPath(given, option, { allowInGit }) {
      if (!allowInGit) refuseTracked(path(given), option, io.env);
      return path(given);
    },
    needsYes,
    async confirm(what, given, besides = '') {
      needsYes(`${what}${besides}`, given);
      if (given.yes) return;
      output.ask(`${what}.${besides} Go on? [y/N]`);
      if (!/^\s*y(?:es)?\s*$/i.test(await firstLine(io, interrupt.now)))
        throw new Stop(EXIT.usage, 'declined', 'Not confirmed. Nothing was changed.');
    },
  };
}

/** The first line that is typed; empty at the end of the input. */
async function firstLine({ stdin }: Io, signal: AbortSignal): Promise<string> {
  signal.throwIfAborted();
  // Not as a terminal of its own: Ctrl-C has to stay a signal.
  const lines = createInterface({ input: stdin, terminal: false });
  try {
    return await new Promise((settle, reject) => {
      lines.once('line', settle).once('close', () => settle(''));
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  } finally {
    lines.close();
  }
}

/** Where credentials are looked for. The home folder is that of the environment: another one in tests. */
const standardCredentials = (env: Env) =>
  defaultCredentials({
    env,
    taurusPath: env === process.env || !env.HOME ? undefined : join(env.HOME, '.bzt-rc'),
  });

/** More than any key file holds, in characters. */
const MOST_INPUT = 65_536;

/** Credentials on standard input: JSON as in a key file, or id:secret. */
async function fromInput(input: NodeJS.ReadableStream): Promise<Credentials> {
  const wrong = (problem: string) =>
    new Stop(EXIT.credentials, 'credentials', `--key-file -: standard input ${problem}`);
  let text = '';
  for await (const chunk of input) {
    text += String(chunk);
    if (text.length > MOST_INPUT) throw wrong('is larger than 64 KiB.');
  }
  text = text.replace(/^\ufeff/, '').trim();
  if (!text.startsWith('{')) return parseCredentials(text, 'The credentials on standard input');
  let pair: unknown;
  try {
    pair = JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    throw wrong('is not JSON of the form {"id": "…", "secret": "…"}.');
  }
  const field = (name: string) => String(Reflect.get(Object(pair), name) ?? '');
  return parseCredentials({ id: field('id'), secret: field('secret') }, 'The credentials on standard input');
}

/** The client options that a module exports: as its default, or by name. */
async function readConfig(path: string): Promise<ClientOptions> {
  try {
    const { default: standard, ...named }: Record<string, unknown> = await import(pathToFileURL(path).href);
    return { ...named, ...Object(standard) };
  } catch (error) {
    const name = error instanceof Error ? error.name : 'failed';
    throw usage(`--config ${shownPath(path)}: ${basename(path)} could not be imported (${name}).`);
  }
}

/** The level that the CI system asks for. */
function levelOf(env: Env): LogLevel | undefined {
  if (env.RUNNER_DEBUG === '1' || env.SYSTEM_DEBUG?.toLowerCase() === 'true') return 'debug';
  const wanted = env.BLAZEMETER_LOG?.toLowerCase();
  return LEVELS.find((level) => level === wanted);
}
