// What a command works with: the options it was given, where it speaks, and a client made by them.

import { join, resolve } from 'node:path';
import type { CredentialsOption } from '../../auth/credentials.ts';
import { type CredentialProvider, type Credentials, parseCredentials } from '../../auth/credentials.ts';
import { DEFAULT_BASE_URL, signedDestination } from '../../auth/destination.ts';
import { BlazeMeterClient } from '../../client.ts';
import type { LogLevel } from '../../http/log.ts';
import type { FetchLike } from '../../http/signing-fetch.ts';
import { defaultCredentials } from '../../node/chain.ts';
import { fromKeyFile } from '../../node/key-file.ts';
import type { Given } from './command-line.ts';
import { usage } from './exit-codes.ts';
import { inCommands } from './in-commands.ts';
import type { Interrupt, SignalSource } from './interrupt.ts';
import { networkFetch } from './network.ts';
import { readCount } from './periods.ts';
import type { Env } from './proxy.ts';
import type { Output, Terminal } from './terminal.ts';

/** What is used of standard input. */
export type Input = NodeJS.ReadableStream & { readonly isTTY?: boolean };

/** The world of a command: that of its process, or that of a test. */
export interface Io extends SignalSource {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly stdin: Input;
  readonly env: Env;
  readonly cwd: string;
  /** In place of the network. */
  readonly fetch?: FetchLike | undefined;
}

export interface Context {
  readonly io: Io;
  readonly given: Given;
  readonly terminal: Terminal;
  readonly interrupt: Interrupt;
  /** The arguments of this run, for the command that resumes it. */
  readonly argv: readonly string[];
  readonly logLevel: LogLevel | undefined;
}

/** The address of the API. */
function baseUrlOf({ given }: Pick<Context, 'given'>): string {
  const text = given.text('base-url') ?? DEFAULT_BASE_URL;
  const url = signedDestination(text, '--base-url');
  if (url.search !== '' || url.hash !== '') throw usage('--base-url must not hold a query or a fragment.');
  return text;
}

/** What to send with; undefined: Node's own fetch. */
function fetchOf(context: Context): FetchLike | undefined {
  const { io, given } = context;
  const caFile = given.text('ca-file');
  return (
    io.fetch ??
    networkFetch(baseUrlOf(context), {
      env: io.env,
      caFile: caFile === undefined ? undefined : pathOf(context, caFile),
    })
  );
}

/** A path as the command line means it. */
export const pathOf = ({ io }: Pick<Context, 'io'>, path: string): string => resolve(io.cwd, path);

/** Where the pair that signs comes from. */
function credentialsOf(context: Context): CredentialProvider {
  const { io, given } = context;
  const file = given.text('key-file');
  if (file !== undefined) return fromKeyFile(pathOf(context, file));
  const { env } = io;
  // The home folder of the environment that was given: another one in tests.
  const taurusPath = env === process.env || !env.HOME ? undefined : join(env.HOME, '.bzt-rc');
  return defaultCredentials({ env, taurusPath });
}

/** The pair that signs, as it is now. */
export async function signerOf(context: Context): Promise<Credentials> {
  const provider = credentialsOf(context);
  return parseCredentials(await provider({ reason: 'first', signal: context.interrupt.now }));
}

/** A client that signs with the pair of the command line, or with another. */
export function clientOf(
  context: Context,
  credentials: CredentialsOption = credentialsOf(context),
): BlazeMeterClient {
  const { given, terminal, logLevel } = context;
  const seconds = given.text('timeout');
  const log = (level: string) => (message: string, fields?: Readonly<Record<string, unknown>>) =>
    terminal.log(level, inCommands(message), fields);
  return new BlazeMeterClient({
    credentials,
    baseUrl: baseUrlOf(context),
    fetch: fetchOf(context),
    userAgent: 'blazemeter-keys',
    logger: { error: log('error'), warn: log('warning'), info: log('info'), debug: log('debug') },
    logLevel: logLevel ?? 'warn',
    ...(seconds === undefined ? {} : { timeout: 1000 * readCount(seconds, '--timeout', 3_600) }),
  });
}
