// The innermost step of an attempt, and the only place where request and credentials meet: the signature goes onto plain
// values that are handed to fetch, never onto anything that a hook, a log or an error can see.

import { basicHeader } from '../auth/basic.ts';
import { inspectable, quotesNone, summary } from '../auth/cause.ts';
import type { Credentials } from '../auth/credentials.ts';
import { BlazeMeterError, CredentialsError, InvalidResponseError } from '../errors.ts';
import type { Abortable } from '../util/abort.ts';
import { type Body, BrokenBody, MAX_BODY, MAX_ERROR_BODY, readBody } from './body.ts';
import { watchDispatcher } from './dispatcher.ts';
import { connectionError } from './failure.ts';
import type { Moment, ServerClock } from './server-clock.ts';

/** The `init` that `fetch` is called with: plain values, besides the fields of `fetchOptions`. */
export interface FetchInit {
  readonly method: string;
  readonly headers: Record<string, string>;
  readonly body?: string;
  readonly redirect: 'manual';
  readonly credentials: 'omit';
  readonly signal: AbortSignal;
}

/** What every `Response` has, whichever package it comes from. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: {
    /** The value of a header, `null` where there is none. */
    get(name: string): string | null;
  };
  readonly body: object | null;
}

/**
 * A `fetch` that the client can use. It is called with a URL and plain values, never with a Request. Its type covers only what
 * the client uses, so the global `fetch` fits, and so does that of npm's undici, which has types of its own.
 */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchResponse>;

/** How far a call got: read where it matters whether something may have happened. */
export interface Progress {
  attempts: number;
  /** A request may have reached the service, and no response says otherwise. */
  mayHaveBeenSent: boolean;
  /** The same, for all attempts before the latest. */
  mayHaveBeenSentBefore: boolean;
  /** When the first request may have left. */
  sentAt?: Moment;
  /** The credentials that signed last. */
  credentials?: Credentials;
  /** What arrived of the last response, if it was cut off or is no success. */
  partial?: string | undefined;
  /** The last attempt never had a connection. */
  unconnected?: boolean;
}

/** One attempt. */
export interface Attempt extends Abortable {
  readonly operation: string | undefined;
  readonly fetch: FetchLike;
  /** As given to ky, whose Request also has those of a polluted `Object.prototype`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Further fields for the init, such as undici's `dispatcher`; they change nothing that this file sets. */
  readonly fetchOptions: Readonly<Record<string, unknown>>;
  /** The only origin that requests may go to. */
  readonly origin: string;
  /** The credentials to sign with. Throws where they must not sign this. */
  readonly credentials: () => Credentials;
  readonly replayable: (credentials: Credentials) => boolean;
  readonly progress: Progress;
  readonly clock: ServerClock;
}

const has = (value: unknown, method: string): boolean =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function';

/** Not by instanceof: in Jest the global Response comes from another realm, and npm's undici has its own. */
export function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null || typeof Reflect.get(value, 'status') !== 'number')
    return false;
  const body: unknown = Reflect.get(value, 'body');
  return has(Reflect.get(value, 'headers'), 'get') && (body === null || has(body, 'getReader'));
}

/** The bodies of the responses that were read here. */
const bodies = new WeakMap<Response, Body>();

/** The body of a response that {@link signAndSend} resolved with. */
export const bodyOf = (response: Response): Body => bodies.get(response) ?? { text: '', oversized: false };

/**
 * Statuses below 500 that leave open whether something was done: a 303 may follow a completed request, and proxies report a
 * connection that ended too early as 408, 460 (AWS) or 499 (nginx).
 */
const OPEN: ReadonlySet<number> = new Set([303, 408, 460, 499]);

/** Whether a status says that nothing was done. After a 5xx it is unknown. */
const isRefusal = (status: number): boolean => status >= 300 && status < 500 && !OPEN.has(status);

/** Signs and sends once, and reads the response to its end. */
export async function signAndSend(
  request: Request,
  body: string | undefined,
  attempt: Attempt,
): Promise<Response> {
  const { operation, fetch, headers, origin, signal, aborted, progress, clock } = attempt;
  const { url, method } = request;
  const credentials = attempt.credentials();
  if (!url.startsWith(`${origin}/`)) throw new TypeError('The request left the origin of baseUrl.');
  if (credentials.origin !== undefined && credentials.origin !== origin) {
    throw new CredentialsError(
      `The credentials belong to ${credentials.origin} and are not sent to ${origin}. Use other credentials, or send to that address.`,
    );
  }
  // A body among the options of the client would be sent with requests that have none.
  const { body: _, ...fetchOptions } = attempt.fetchOptions;
  const watched = watchDispatcher(fetchOptions.dispatcher);
  const init: FetchInit = {
    ...sentOnce(method),
    ...fetchOptions,
    ...(watched === undefined ? {} : { dispatcher: watched.dispatcher }),
    method,
    headers: {
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...headers,
      authorization: basicHeader(credentials),
    },
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
    credentials: 'omit',
    // Straight into the init: a signal that travels through a Request is held weakly and can be collected.
    signal,
  };
  signal.throwIfAborted();
  progress.attempts += 1;
  progress.partial = undefined;
  progress.mayHaveBeenSentBefore = progress.mayHaveBeenSent;
  progress.mayHaveBeenSent = true;
  const sent = clock.moment();
  progress.sentAt ??= sent;
  progress.credentials = credentials;
  let answered = false;
  try {
    const response: unknown = await Promise.race([aborted, fetch(url, init)]);
    if (!isResponse(response)) {
      throw new InvalidResponseError(
        'The fetch given in the options did not return a Response with headers and, as its body, a web stream or null.',
        { operation, attempts: progress.attempts },
      );
    }
    answered = true;
    clock.learn(response.headers, sent);
    const limit = response.status >= 400 ? MAX_ERROR_BODY : MAX_BODY;
    const read = await readBody(response.body, limit, aborted);
    bodies.set(response, read);
    if (response.status < 200 || response.status >= 300) progress.partial = read.text;
    // This attempt was refused; that says nothing of an earlier one whose response was lost.
    if (isRefusal(response.status)) progress.mayHaveBeenSent = progress.mayHaveBeenSentBefore;
    return response;
  } catch (thrown) {
    const error = inspectable(thrown);
    if (error instanceof BrokenBody) progress.partial = error.partial;
    const unconnected = watched?.unsent === true;
    progress.unconnected = unconnected;
    if (unconnected) progress.mayHaveBeenSent = progress.mayHaveBeenSentBefore;
    if (signal.aborted) throw signal.reason;
    const cause = error instanceof BrokenBody ? inspectable(error.cause) : error;
    const signature = basicHeader(credentials).slice('Basic '.length);
    if (quotesNone(cause, [credentials.secret.reveal(), signature])) throw cause;
    // An error of ours that the caller's fetch made may quote the signature: its name and codes are kept.
    const failure = connectionError(cause instanceof BlazeMeterError ? summary(cause) : cause, {
      operation,
      attempts: progress.attempts,
      origin,
      answered,
      unconnected,
      replayable: attempt.replayable(credentials),
    });
    if (!failure.mayHaveBeenSent) progress.mayHaveBeenSent = progress.mayHaveBeenSentBefore;
    throw failure;
  }
}

interface Deno {
  createHttpClient(options: { readonly poolMaxIdlePerHost: number }): object;
}

const hasClients = (value: unknown): value is Deno => has(value, 'createHttpClient');

let withoutPool: object | undefined;

/**
 * What a write needs so that it is sent once: nothing, except on Deno. Its fetch repeats a request by itself, a POST too,
 * where a kept connection closes without a response; a connection of its own is not repeated.
 */
function sentOnce(method: string): { readonly client?: object } {
  const deno: unknown = Reflect.get(globalThis, 'Deno');
  if (method !== 'POST' || !hasClients(deno)) return {};
  withoutPool ??= deno.createHttpClient({ poolMaxIdlePerHost: 0 });
  return { client: withoutPool };
}
