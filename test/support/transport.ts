// A transport with a fetch that answers by a script, and a look at a promise that may never be done.
import { CredentialCache } from '../../src/auth/credential-cache.ts';
import { type Credentials, type CredentialsOption, parseCredentials } from '../../src/auth/credentials.ts';
import {
  type CallOptions,
  type Progress,
  Transport,
  type TransportConfig,
  type WireRequest,
} from '../../src/http/call.ts';
import { ServerClock } from '../../src/http/server-clock.ts';
import type { FetchInit, FetchLike } from '../../src/http/signing-fetch.ts';
import { madeUp } from './credentials.ts';

/** `'pending'`, `'fulfilled'`, or the reason of the rejection, once all that is due has been done. */
export async function stateOf(promise: Promise<unknown>): Promise<unknown> {
  let state: unknown = 'pending';
  promise.then(
    () => {
      state = 'fulfilled';
    },
    (reason: unknown) => {
      state = reason;
    },
  );
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
  return state;
}

/** A pair of the usual lengths, the same for the same name. */
export const pairOf = (name: string): Credentials => parseCredentials(madeUp(name).token);

/** One answer of the script: a status, an answer, or whatever the fetch is to do. */
export type Step = number | Response | FetchLike;

/** What a `fetch` of Node rejects with where the connection failed. */
export const failing =
  (code: string): FetchLike =>
  () =>
    Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('gone'), { code }) }));

/** An answer that never comes. */
export const silent: FetchLike = () => new Promise<never>(() => {});

export interface Line {
  readonly level: string;
  readonly message: string;
  readonly fields: unknown;
}

/** A transport whose fetch follows the steps, the last one again and again, with all that it did. */
export function transportOf(
  steps: readonly Step[],
  config: Partial<TransportConfig> & { readonly source?: CredentialsOption } = {},
) {
  const sent: { readonly url: string; readonly init: FetchInit }[] = [];
  const lines: Line[] = [];
  const clock = new ServerClock();
  const { source = madeUp('the signer').token, ...rest } = config;
  const fetch: FetchLike = async (url, init) => {
    const step = steps[Math.min(sent.length, steps.length - 1)] ?? 200;
    sent.push({ url, init });
    if (typeof step === 'function') return step(url, init);
    return typeof step === 'number' ? new Response(null, { status: step }) : step.clone();
  };
  const transport = new Transport({
    baseUrl: new URL('https://a.blazemeter.com/api/v4'),
    fetch,
    fetchOptions: {},
    timeout: 30_000,
    totalTimeout: 120_000,
    maxRetries: 2,
    headers: { 'user-agent': 'tests' },
    credentials: new CredentialCache(source, () => clock.now()),
    clock,
    log: (level, message, fields) => void lines.push({ level, message, fields }),
    ...rest,
  });
  /** Sends one request in the time of a call of its own. */
  async function send(
    request: Partial<WireRequest> = {},
    options: CallOptions = {},
    progress: Progress = { attempts: 0, maySent: false },
  ) {
    const whole = { operation: 'user.get', method: 'GET', path: '/user', replayable: () => true, ...request };
    const scope = transport.open(whole.operation, options);
    try {
      return await transport.send(whole, options, scope, progress);
    } finally {
      scope.end();
    }
  }
  return { transport, send, sent, lines, clock };
}
