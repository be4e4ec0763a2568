// Requests of the stores behind an HTTP API. ky does the timeout of an attempt, retries, backoff and JSON; this file adds an
// address that a token may go to, a token for each attempt, a limit on the body, and errors that hold neither request nor body.

import * as z from 'zod/mini';
import { firstCode, scrubbed, summary } from '../../auth/cause.ts';
import { signedDestination } from '../../auth/destination.ts';
import type { SecretLike } from '../../auth/secret.ts';
import { RotationError } from '../../errors.ts';
import { readBody } from '../../http/body.ts';
import { AttemptTimeoutError, sendWithKy } from '../../http/ky-client.ts';
import { resolveTarget } from '../../http/path.ts';
import { decideRetry, RETRIED_STATUSES } from '../../http/retry-policy.ts';
import { type FetchLike, isResponse } from '../../http/signing-fetch.ts';
import { type Abortable, abortable } from '../../util/abort.ts';
import { parseJson } from '../../util/json.ts';
import { type OptionSpecs, spec } from '../../util/options.ts';
import { printable } from '../../util/printable.ts';
import { storeFailure, storeTimeoutSpec } from './store.ts';

/** A token, or a function that returns it. The function is called before each request, so a renewed token is used at once. */
export type StoreToken = string | SecretLike | (() => string | SecretLike | Promise<string | SecretLike>);

/** How a store sends its requests. */
export interface HttpStoreOptions {
  /** Called as `(url, init)`. Default: the global one, looked up at each request. */
  readonly fetch?: FetchLike | undefined;
  /** More fields of that init, such as undici's `dispatcher` for a private CA or a proxy. Default: none. */
  readonly fetchOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Bound of one request, its token and its body included, in milliseconds. Default: 10 000. */
  readonly timeout?: number | undefined;
}

export const httpStoreSpecs: OptionSpecs = {
  fetch: spec.function,
  fetchOptions: spec.record,
  timeout: storeTimeoutSpec,
  token: z.custom(
    (token) => typeof token === 'function' || isToken(textOf(token)),
    'a non-empty string without blanks, a Secret, or a function that returns one of them',
  ),
};

export interface StoreRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly json?: unknown;
}

export interface StoreResponse {
  readonly status: number;
  /** The JSON of the body; `undefined` where it is not JSON. */
  readonly body: unknown;
}

export interface StoreClient {
  /** Where requests go, as sealed records are bound to it. */
  readonly address: string;
  /** Sends a request, up to three times. Every request of a store may be repeated: it reads, or it compares and sets. */
  send(request: StoreRequest): Promise<StoreResponse>;
}

/** Far more than a record takes; both services accept about 1 MiB. */
const MAX_BODY = 4 * 1024 * 1024;
const DEFAULT_TIMEOUT = 10_000;
const RETRIES = 2;

/** The client of one store. */
export function storeClient(config: {
  readonly source: string;
  readonly address: string;
  /** The option that has the address, in errors. */
  readonly addressOption: string;
  readonly token: StoreToken;
  readonly headers: (token: string) => Record<string, string>;
  /** Further statuses after which the same request may succeed. */
  readonly retried: (status: number) => boolean;
  readonly options: HttpStoreOptions;
}): StoreClient {
  const { source, addressOption, token, headers, retried, options } = config;
  const base = signedDestination(config.address, addressOption);
  const prefix = `${base.origin}${base.pathname.replace(/(?<!\/)\/+$/, '')}`;
  if (token === undefined)
    throw new TypeError('token is missing: pass a token, or a function that returns one.');
  const { timeout = DEFAULT_TIMEOUT } = options;
  const { body: _, ...fetchOptions } = options.fetchOptions ?? {};
  /** What was read of each response: ky itself reads no body. */
  const read = new WeakMap<Response, StoreResponse>();

  const attemptTo = async (
    request: Request,
    body: string | undefined,
    authorization: string,
    { signal, aborted }: Abortable,
  ): Promise<Response> => {
    const fetch = options.fetch ?? globalThis.fetch;
    const init = {
      ...fetchOptions,
      method: request.method,
      headers: { ...Object.fromEntries(request.headers), ...headers(authorization) },
      ...(body === undefined ? {} : { body }),
      redirect: 'manual',
      credentials: 'omit',
      signal,
    } as const;
    const response: unknown = await Promise.race([aborted, fetch(request.url, init)]);
    if (!isResponse(response))
      throw storeFailure(source, 'was asked with a fetch that did not return a Response.', {
        hint: { option: 'fetch', text: 'Pass a function that resolves with a Response.' },
      });
    const { status } = response;
    if (status === 0 || (status >= 300 && status < 400)) {
      // Unread, it would hold the connection.
      response.body?.cancel().catch(() => {});
      throw storeFailure(
        source,
        `responded with a redirect (${status === 0 ? 'opaque' : status}), which is not followed, because the token would go along.`,
        {
          hint: {
            option: addressOption,
            text: `A standby node redirects to the active node: set ${addressOption} to that node, or to the load balancer in front of it.`,
          },
        },
      );
    }
    const { text, oversized } = await readBody(response.body, MAX_BODY, aborted);
    if (oversized) throw storeFailure(source, 'responded with more than 4 MiB, which is not a record.');
    // What ky would not retry by itself, it is shown as a 503.
    const shown =
      retried(status) && !RETRIED_STATUSES.has(status) ? new Response(null, { status: 503 }) : response;
    read.set(shown, { status, body: parseJson(text) });
    return shown;
  };

  const send = async ({ method, path, json }: StoreRequest): Promise<StoreResponse> => {
    let attempt = abortable();
    let hasToken = false;
    try {
      const response = await sendWithKy({
        ...resolveTarget(path),
        prefix,
        method,
        json,
        headers: { accept: 'application/json' },
        timeout,
        retries: RETRIES,
        signal: abortable().signal,
        async send(request, body) {
          const own = abortable();
          attempt = own;
          hasToken = false;
          const authorization = await tokenOf(token, source);
          // It may have come after the timeout.
          own.signal.throwIfAborted();
          hasToken = true;
          try {
            return await attemptTo(request, body, authorization, own);
          } catch (error) {
            throw error instanceof RotationError ? error : connectionFailure(source, error);
          }
        },
        async decideRetry(failure, retry) {
          attempt.abort();
          return decideRetry(failure, {
            retry,
            replayable: true,
            remaining: Number.POSITIVE_INFINITY,
            now: Date.now(),
          });
        },
        onRetry: () => {},
      });
      return read.get(response) ?? { status: response.status, body: undefined };
    } catch (error) {
      attempt.abort();
      if (error instanceof RotationError) throw error;
      if (!(error instanceof AttemptTimeoutError))
        throw storeFailure(source, 'could not be asked.', { cause: scrubbed(error) });
      throw storeFailure(
        source,
        hasToken ? `did not respond within ${timeout} ms.` : `got no token within ${timeout} ms.`,
        {
          retryable: true,
          hint: { option: 'timeout', text: 'Raise timeout where that is expected.' },
        },
      );
    }
  };
  return { address: prefix, send };
}

function connectionFailure(source: string, error: unknown): RotationError {
  const reduced = summary(error);
  // Such as `ECONNREFUSED`, or else the error's name.
  const code = printable(firstCode(reduced) ?? reduced.name);
  const certificate = /CERT|SIGNED|SIGNATURE|ISSUER/.test(code);
  return storeFailure(source, `gave no complete response (${code}).`, {
    retryable: true,
    cause: scrubbed(error),
    hint: certificate
      ? {
          option: 'fetchOptions',
          text: 'Behind a private CA set NODE_EXTRA_CA_CERTS before Node starts, or pass a fetchOptions.dispatcher with that CA.',
        }
      : undefined,
  });
}

const textOf = (given: unknown): string =>
  typeof given === 'object' && given !== null && 'reveal' in given && typeof given.reveal === 'function'
    ? String(given.reveal())
    : typeof given === 'string'
      ? given.trim()
      : '';

/** Whether a header can carry it. */
const isToken = (text: string): boolean => /^[\x21-\x7e]+$/.test(text);

async function tokenOf(token: StoreToken, source: string): Promise<string> {
  let given: unknown = token;
  try {
    if (typeof token === 'function') given = await token();
  } catch (error) {
    const { name, message } = scrubbed(error);
    throw storeFailure(source, `got no token (${printable(`${name}: ${message}`)}).`, {
      cause: scrubbed(error),
    });
  }
  const text = textOf(given);
  if (isToken(text)) return text;
  throw storeFailure(source, 'got a token that is empty, or that a header cannot carry.', {
    hint: { option: 'token', text: 'Return a non-empty string without blanks.' },
  });
}

/** What a response holds, read with a schema; `undefined` where it does not fit. The body is never quoted. */
export function readAs<T>(schema: z.ZodMiniType<T>, { body }: StoreResponse): T | undefined {
  const result = z.safeParse(schema, body, { error: () => 'is not as expected' });
  return result.success ? result.data : undefined;
}
