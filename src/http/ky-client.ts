// The only file that knows ky: it sends one request with ky's prefix, query, JSON, headers, timeout, retries, backoff,
// and jitter, and lets no error of ky through, because those hold the request.

import ky, { HTTPError, type Options, TimeoutError } from 'ky';
import { LONGEST_TIMER } from '../util/abort.ts';
import { type AttemptFailure, backoffBound, RETRIED_STATUSES, type RetryDecision } from './retry-policy.ts';

/** What ky sends. */
export interface KyRequest {
  /** The address that the path is relative to. */
  readonly prefix: string;
  /** Without a leading slash, checked. */
  readonly path: string;
  readonly method: string;
  readonly query: URLSearchParams | undefined;
  /** The body, to be sent as JSON. */
  readonly json: unknown;
  readonly headers: Readonly<Record<string, string>>;
  /** Bound of one attempt, its body included, in milliseconds. */
  readonly timeout: number;
  readonly retries: number;
  readonly signal: AbortSignal;
  /** Sends one attempt and reads the response to its end, so that the timeout covers that too. */
  readonly send: (request: Request, body: string | undefined) => Promise<Response>;
  readonly decideRetry: (failure: AttemptFailure, retry: number) => Promise<RetryDecision>;
  /** Called before each retry. */
  readonly onRetry: () => void;
}

/** An attempt took longer than its timeout. */
export class AttemptTimeoutError extends Error {}

const statuses = [...RETRIED_STATUSES];

function failureOf(error: unknown): AttemptFailure {
  if (error instanceof HTTPError)
    return { kind: 'status', retryAfter: error.response.headers.get('retry-after') };
  return error instanceof TimeoutError ? { kind: 'timeout' } : { kind: 'error', error };
}

/** Resolves with the last response, whatever its status. Rejects with what `send` threw, or {@link AttemptTimeoutError}. */
export async function sendWithKy(request: KyRequest): Promise<Response> {
  const { prefix, path, method, query, json, headers, timeout, retries, signal, send, onRetry } = request;
  const body = json === undefined ? undefined : JSON.stringify(json);
  let decision: RetryDecision = 'stop';
  const options: Options = {
    prefixUrl: prefix,
    method,
    headers,
    ...(query === undefined ? {} : { searchParams: query }),
    // An own field even where it is undefined: one of a polluted Object.prototype would be sent.
    json,
    stringifyJson: () => body ?? '',
    timeout: Math.min(timeout, LONGEST_TIMER),
    signal,
    // Set explicitly, so that a polluted `Object.prototype.credentials` cannot reach the Request.
    credentials: 'omit',
    // Passed through, not rebuilt: `new Request(input, init)` reads `init` from a polluted Object.prototype too.
    fetch: (input) => send(input instanceof Request ? input : new Request(input), body),
    throwHttpErrors: (status) => RETRIED_STATUSES.has(status),
    retry: {
      limit: retries,
      methods: [method.toLowerCase()],
      statusCodes: statuses,
      afterStatusCodes: statuses,
      delay: backoffBound,
      jitter: (bound) => (typeof decision === 'number' ? decision : Math.random() * bound),
      // Never `undefined`: then ky would read the headers itself, a `Retry-After` by this machine's clock among them.
      shouldRetry: async ({ error, retryCount }) => {
        decision = await request.decideRetry(failureOf(error), retryCount);
        return decision !== 'stop';
      },
    },
    hooks: { beforeRetry: [onRetry] },
  };
  try {
    return await ky(path, options);
  } catch (error) {
    if (error instanceof HTTPError) return error.response;
    throw error instanceof TimeoutError ? new AttemptTimeoutError() : error;
  }
}
