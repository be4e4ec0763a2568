// What a command works with: where it writes, whom it asks, and a client of the options that all commands have.

import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { apiAddress } from '../../auth/destination.ts';
import {
  BlazeMeterClient,
  type ClientOptions,
  type Credentials,
  type FetchLike,
  type LogLevel,
  parseCredentials,
} from '../../index.ts';
import { defaultCredentials, fromKeyFile } from '../../node/index.ts';
import { parseKeyJson } from '../../node/source.ts';
import { importModule } from '../files.ts';
import { EXIT, Stop, usage } from './exit.ts';
import { refuseTracked } from './git-guard.ts';
import type { Interrupt, SignalSource } from './interrupt.ts';
import { dispatcherFor, type Env } from './network.ts';
import type { Output, Stream } from './output.ts';

/** The world of a command: that of its process, or that of a test. */
export interface Io extends SignalSource {
  readonly stdout: Stream;
  readonly stderr: Stream;
  readonly stdin: NodeJS.ReadableStream & { readonly isTTY?: boolean };
  readonly env: Env;
  readonly cwd: string;
  /** What is written to standard output goes nowhere. */
  readonly discards?: boolean;
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
}

/** Options of commands that change something. */
export interface ChangeOptions {
  readonly yes?: boolean;
  readonly allowInGit?: boolean;
}

/** One run of the command. */
export interface Run {
  readonly io: Io;
  readonly output: Output;
  readonly interrupt: Interrupt;
  /** Its arguments, for the command that resumes it. */
  readonly argv: readonly string[];
}

type ClientCredentials = NonNullable<ClientOptions['credentials']>;

export type Context = Awaited<ReturnType<typeof openContext>>;

export async function openContext(run: Run, given: GlobalOptions) {
  const { io, output, interrupt } = run;
  const { env, stdin, stderr } = io;
  const { keyFile, caFile, baseUrl, timeout } = given;
  const path = (file: string): string => resolve(io.cwd, file);
  if (baseUrl !== undefined) apiAddress(baseUrl, '--base-url');
  const config = given.config === undefined ? {} : await readConfig(path(given.config));
  const dispatcher = io.fetch ? undefined : await dispatcherFor(env, caFile && path(caFile));
  const standard = config.credentials ?? standardCredentials(env);
  const ownFile = keyFile === '-' ? await fromInput(stdin) : keyFile && fromKeyFile(path(keyFile));
  const signer: ClientCredentials = ownFile || standard;
  const send: FetchLike = io.fetch ?? config.fetch ?? ((url, init) => globalThis.fetch(url, init));
  const log = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
    output.log(level, message, fields);
  const warned = new Set<string>();
  /** A warning without fields, such as that of a key file which is read several times, is printed once. */
  const warn = (message: string, fields: Readonly<Record<string, unknown>> = {}) => {
    if (Object.keys(fields).length > 0 || !warned.has(message)) output.log('warning', message, fields);
    warned.add(message);
  };
  let aheadMs = 0;

  /** Ends the command where a confirmation is needed and there is no terminal to ask at. */
  function needsYes(what: string, { yes }: ChangeOptions, besides = ''): void {
    if (!yes && (stdin.isTTY !== true || stderr.isTTY !== true || output.json))
      throw usage(
        `${what} needs --yes, since there is no terminal to ask at.${besides} Nothing was changed.`,
      );
  }

  return {
    ...run,
    given,
    needsYes,
    /** A path as the command line means it. */
    path,
    /** A path that a secret is written to: not one that git would track. */
    secretPath(file: string, option: string, { allowInGit }: ChangeOptions): string {
      if (!allowInGit) refuseTracked(path(file), option, env);
      return path(file);
    },
    /** A client that signs with the credentials of the command line, or with others. */
    client: (credentials = signer) =>
      createClient({
        logger: { error: log('error'), warn, info: log('info'), debug: log('debug') },
        userAgent: 'blazemeter-keys',
        ...config,
        credentials,
        async fetch(url, init) {
          const response = await send(url, init);
          const served = Date.parse(response.headers.get('date') ?? '');
          // What a cache has kept says nothing about the time.
          if (!Number.isNaN(served) && response.headers.get('age') === null) aheadMs = served - Date.now();
          return response;
        },
        ...(dispatcher === undefined ? {} : { fetchOptions: { ...config.fetchOptions, dispatcher } }),
        logLevel: given.logLevel ?? ciLogLevel(env) ?? config.logLevel,
        ...(baseUrl === undefined ? {} : { baseUrl }),
        ...(timeout === undefined ? {} : { timeout: 1000 * timeout }),
      }),
    /** The credentials of the command line, as they are now. */
    async signer(): Promise<Credentials> {
      const asked = { reason: 'first', signal: interrupt.now } as const;
      return parseCredentials(typeof signer === 'function' ? await signer(asked) : signer);
    },
    /** The time by the service's clock, in milliseconds; by that of this machine before the first response. */
    now: (): number => Date.now() + aheadMs,
    /** Asks before something that cannot be undone. `what` begins a sentence; `besides` says what follows from it. */
    async confirm(what: string, options: ChangeOptions, besides = ''): Promise<void> {
      needsYes(what, options, besides);
      if (options.yes) return;
      output.ask(`${what}.${besides} Go on? [y/N]`);
      if (!/^\s*y(?:es)?\s*$/i.test(await firstLine(stdin, interrupt.now)))
        throw new Stop(EXIT.usage, 'declined', 'Not confirmed. Nothing was changed.');
    },
    /** Closes the connections that are left. */
    close: async () => dispatcher?.destroy(),
  };
}

/** A client of options that the module of --config may have given. */
function createClient(options: ClientOptions): BlazeMeterClient {
  try {
    return new BlazeMeterClient(options);
  } catch (error) {
    throw error instanceof TypeError ? usage(`--config: ${error.message}`) : error;
  }
}

/** The first line that is typed; empty at the end of the input. */
async function firstLine(stdin: NodeJS.ReadableStream, signal: AbortSignal): Promise<string> {
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
  defaultCredentials({ env, taurusPath: env.HOME ? join(env.HOME, '.bzt-rc') : undefined });

/** Credentials on standard input: JSON as in a key file, or id:secret. */
async function fromInput(stdin: NodeJS.ReadableStream): Promise<Credentials> {
  const given = (await text(stdin)).replace(/^\ufeff/, '').trim();
  const source = 'The credentials on standard input';
  if (!given.startsWith('{')) return parseCredentials(given, source);
  const key = parseKeyJson(given);
  if (key !== undefined) return parseCredentials({ id: key.id, secret: key.secret }, source);
  const problem = '--key-file -: standard input is not JSON of the form {"id": "…", "secret": "…"}.';
  throw new Stop(EXIT.credentials, 'credentials', problem);
}

/** The client options that a module exports: as its default, or by name. */
async function readConfig(path: string): Promise<ClientOptions> {
  const { default: standard, ...named } = await importModule('--config', path);
  return { ...named, ...Object(standard) };
}

/** The log level of a CI system in which debugging is on. */
const ciLogLevel = ({ RUNNER_DEBUG, SYSTEM_DEBUG }: Env): LogLevel | undefined =>
  RUNNER_DEBUG === '1' || SYSTEM_DEBUG?.toLowerCase() === 'true' ? 'debug' : undefined;
