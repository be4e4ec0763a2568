// The innermost step of an attempt, and the only place where request and credential meet: the pair goes onto the plain
// values that are handed to fetch, never onto anything that a hook, a log or an error can see.

import { basicHeader } from '../auth/basic.ts';
import type { Credentials } from '../auth/credentials.ts';
import { CredentialsError, InvalidResponseError } from '../errors.ts';
import { sentOnce } from './deno.ts';

/** What a caller's `fetch` is called with: plain values, besides what stands in `fetchOptions`. */
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
 * A `fetch` as callers give it. It is called with a URL and plain values, never with a Request, and is typed by what is
 * used of it: the global one fits, and so does the one of npm's undici, whose types are others.
 */
export type FetchLike = (url: string, init: FetchInit) => Promise<FetchResponse>;

const has = (value: unknown, method: string): boolean =>
  typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function';

/** Not by instanceof: in Jest the global Response comes from another realm, and npm's undici has its own. */
export function isResponse(value: unknown): value is Response {
  if (typeof value !== 'object' || value === null || typeof Reflect.get(value, 'status') !== 'number')
    return false;
  const body: unknown = Reflect.get(value, 'body');
  return has(Reflect.get(value, 'headers'), 'get') && (body === null || has(body, 'getReader'));
}

/** A request without its signature. */
export interface Unsigned {
  readonly url: string;
  readonly method: string;
  /** By lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | undefined;
}

export interface SignedFetchOptions {
  readonly fetch: FetchLike;
  /** Further fields for the init, such as undici's `dispatcher`; they change nothing that this file sets. */
  readonly fetchOptions: Readonly<Record<string, unknown>>;
  readonly origin: string;
  readonly pair: Credentials;
  readonly signal: AbortSignal;
  readonly operation: string | undefined;
  readonly attempts: number;
  /** Told just before the request may leave. */
  readonly onSend: () => void;
}

/** Signs and sends, once. */
export async function signedFetch(request: Unsigned, options: SignedFetchOptions): Promise<Response> {
  const { fetch, origin, pair, signal, onSend } = options;
  const { url, method, body } = request;
  // A body among the options of the client would go with requests that have none.
  const { body: _, ...fetchOptions } = options.fetchOptions;
  if (!url.startsWith(`${origin}/`)) throw new TypeError('The request left the origin of baseUrl.');
  if (pair.origin !== undefined && pair.origin !== origin) {
    throw new CredentialsError(
      `The credential belongs to ${pair.origin} and is not sent to ${origin}: set baseUrl to it, or use another.`,
    );
  }
  signal.throwIfAborted();
  onSend();
  const response: unknown = await fetch(url, {
    ...sentOnce(method),
    ...fetchOptions,
    method,
    headers: { ...request.headers, authorization: basicHeader(pair) },
    ...(body === undefined ? {} : { body }),
    redirect: 'manual',
    credentials: 'omit',
    // Straight into the init: a signal that travels through a Request is held weakly and can be collected.
    signal,
  });
  if (isResponse(response)) return response;
  throw new InvalidResponseError(
    'The fetch given in the options did not return a Response with headers and, as its body, a web stream or null.',
    {
      operation: options.operation,
      attempts: options.attempts,
    },
  );
}
