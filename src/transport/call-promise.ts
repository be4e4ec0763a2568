// The promise that calls return: the model when awaited, and with `withResponse()` what is known of the answer too.

import { withoutSecrets } from '../text/hide.ts';
import { printable } from '../text/printable.ts';

/** What may be known of an answer. */
export interface ResponseInfo {
  /** The HTTP status. */
  readonly status: number;
  /** Harmless headers only: content type, dates, caching, rate limits. Never a cookie. */
  readonly headers: Headers;
}

/** A result with what is known of its answer. */
export interface WithResponse<T> {
  /** What the call resolves with by itself. */
  readonly data: T;
  /** What may be known of the last answer. */
  readonly response: ResponseInfo;
  /** The service's own id of the answer. */
  readonly requestId?: string;
  /** How many requests were tried for it. */
  readonly attempts: number;
}

/** A result, and how to tell what is known of its answer: nobody pays for that unless it is asked for. */
export interface Outcome<T> {
  readonly data: T;
  about(): Omit<WithResponse<T>, 'data'>;
}

/** A promise of a result that can also tell about the answer. */
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

/** The headers of an answer that may be shown, without what in them is secret. */
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

class Call<T> extends Promise<T> implements CallPromise<T> {
  readonly #full: Promise<Outcome<T>>;

  constructor(full: Promise<Outcome<T>>) {
    // The promise itself stays empty: `then` goes to the full one, so that an unhandled rejection is reported once.
    super(() => {});
    this.#full = full;
  }

  // Derived promises are plain ones.
  static override get [Symbol.species](): PromiseConstructor {
    return Promise;
  }

  // biome-ignore lint/suspicious/noThenProperty: a promise is what this is
  override then<A = T, B = never>(
    fulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    rejected?: ((reason: unknown) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return this.#full.then(({ data }) => data).then(fulfilled, rejected);
  }

  withResponse(): Promise<WithResponse<T>> {
    return this.#full.then((outcome) => ({ data: outcome.data, ...outcome.about() }));
  }
}

/** Makes the promise of a call. */
export const callPromise = <T>(full: Promise<Outcome<T>>): CallPromise<T> => new Call(full);
