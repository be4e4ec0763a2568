// The promise that calls return: the model when awaited, and with `withResponse()` what is known of the response too.

import { withoutSecrets } from '../auth/redact.ts';
import { printable } from '../util/printable.ts';

/** What may be known of a response. */
export interface ResponseInfo {
  /** The HTTP status. */
  readonly status: number;
  /** Harmless headers only: content type, dates, caching, rate limits. Never a cookie. */
  readonly headers: Headers;
}

/** A result with what is known of its response. */
export interface WithResponse<T> {
  /** The result of the call. */
  readonly data: T;
  /** Status and headers of the last response. */
  readonly response: ResponseInfo;
  /** The service's id of the response. */
  readonly requestId?: string;
  /** How many requests were sent or tried. */
  readonly attempts: number;
}

/** A result, and how to describe its response, which costs nothing unless it is asked for. */
export interface Outcome<T> {
  readonly data: T;
  about(): Omit<WithResponse<T>, 'data'>;
}

/** A promise of a result that can also describe the response. */
export interface CallPromise<T> extends Promise<T> {
  /** The result together with status, headers, request id and number of attempts. */
  withResponse(): Promise<WithResponse<T>>;
}

const SHOWN_HEADERS = [
  'age',
  'cache-control',
  'content-length',
  'content-type',
  'date',
  'expires',
  'retry-after',
  'server',
  'vary',
  'x-ratelimit-limit',
  'x-ratelimit-remaining',
  'x-ratelimit-reset',
];

/** The headers of a response that may be shown, without what in them is secret. */
export function shownHeaders(headers: Headers, secrets: readonly string[]): Headers {
  const shown = new Headers();
  for (const name of SHOWN_HEADERS) {
    const value = headers.get(name);
    // Header values are Latin-1: what `printable` adds beyond that would not fit.
    if (value !== null)
      shown.set(name, printable(withoutSecrets(value, secrets)).replace(/[^\x20-\x7e]/g, '?'));
  }
  return shown;
}

/** The promise of a call: a plain promise of the data, with `withResponse` where nothing enumerates it. */
export function callPromise<T>(outcome: Promise<Outcome<T>>): CallPromise<T> {
  const data = outcome.then((known) => known.data);
  const withResponse = (): Promise<WithResponse<T>> => {
    // A caller that asks for both handles the rejection there.
    data.catch(() => {});
    return outcome.then((known) => ({ data: known.data, ...known.about() }));
  };
  return withMethods(data, { withResponse });
}

/** Adds methods to a promise, where nothing enumerates them. */
export function withMethods<P extends object, M extends object>(promise: P, methods: M): P & M {
  const extended = Object.assign(promise, methods);
  for (const key of Reflect.ownKeys(methods)) Object.defineProperty(extended, key, { enumerable: false });
  return extended;
}
