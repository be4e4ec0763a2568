// The innermost step of an attempt, and the only place where request and credential meet: the pair goes onto the plain
// values that are handed to the caller's fetch, never onto anything that ky, a hook, a log or an error can see.

import { basicHeader } from '../auth/basic.ts';
import type { Credentials } from '../auth/credentials.ts';
import { CredentialsError } from '../errors.ts';

/** A `fetch` as callers give it. It is called with a URL and plain values, never with a Request. */
export type FetchLike = (url: string, init: RequestInit) => Promise<Response>;

export interface SignedFetchOptions {
  readonly fetch: FetchLike;
  /** Further fields for the init, such as undici's `dispatcher`; they change nothing that this file sets. */
  readonly fetchOptions: Readonly<Record<string, unknown>>;
  readonly origin: string;
  readonly pair: Credentials;
  readonly signal: AbortSignal;
  /** Told just before the request may leave. */
  readonly onSend: () => void;
}

/** A fetch for one attempt, to be given to ky. */
export function signedFetch(options: SignedFetchOptions): (input: URL | RequestInfo) => Promise<Response> {
  const { fetch, fetchOptions, origin, pair, signal, onSend } = options;
  return async (input) => {
    const request = input instanceof Request ? input : new Request(input);
    const { url, method } = request;
    if (new URL(url).origin !== origin) throw new TypeError('The request left the origin of baseUrl.');
    if (pair.origin !== undefined && pair.origin !== origin) {
      throw new CredentialsError(
        `The credential belongs to ${pair.origin} and is not sent to ${origin}: set baseUrl to it, or use another.`,
      );
    }
    const headers: Record<string, string> = Object.fromEntries(request.headers);
    headers.authorization = basicHeader(pair);
    const body = request.body === null ? undefined : await request.text();
    signal.throwIfAborted();
    onSend();
    return fetch(url, {
      ...fetchOptions,
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      credentials: 'omit',
      // Straight into the init: a signal that travels through a Request is held weakly and can be collected.
      signal,
    });
  };
}
