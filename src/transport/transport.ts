// One call: attempts, one at a time, within the time of the call. What is tried again is decided by the operation, not
// by the HTTP verb.

import type { CredentialCache } from '../auth/cache.ts';
import type { Credentials } from '../auth/credentials.ts';
import { BlazeMeterError, RequestTimeoutError } from '../errors.ts';
import { BrokenBody, MAX_BODY, MAX_ERROR_BODY, readBody } from './body.ts';
import { connectionError } from './failure.ts';
import { checkHeader, headersOf } from './headers.ts';
import type { Log } from './log.ts';
import { type Query, resolveUrl } from './path.ts';
import { backoff, LONGEST_RETRY_AFTER, RETRIED_STATUSES, retryAfter } from './retry.ts';
import { abortable, after, CallScope } from './scope.ts';
import type { ServerClock } from './server-clock.ts';
import { type FetchLike, signedFetch } from './signed-fetch.ts';

/** What is the same for all calls of a client. */
export interface TransportConfig {
  readonly baseUrl: URL;
  readonly fetch: FetchLike | undefined;
  readonly fetchOptions: Readonly<Record<string, unknown>>;
  readonly timeout: number;
  readonly totalTimeout: number;
  readonly maxRetries: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly credentials: CredentialCache;
  readonly clock: ServerClock;
  readonly log: Log;
}

/** Options of one call. */
export interface CallOptions {
  /** Ends the call; its reason is what the call rejects with. */
  readonly signal?: AbortSignal | undefined;
  /** Bound of one attempt, its body included, in milliseconds. */
  readonly timeout?: number | undefined;
  /** Bound of the whole call, its attempts, waits and hooks, in milliseconds. */
  readonly totalTimeout?: number | undefined;
  /** How many further attempts there may be. */
  readonly maxRetries?: number | undefined;
  /** Headers to add; `authorization` and `cookie` are not taken. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** What is to be sent. */
export interface WireRequest {
  readonly operation?: string;
  readonly method: string;
  readonly path: string;
  readonly query?: Query | undefined;
  readonly json?: unknown;
  /** Whether it may be sent again after its answer was lost, given the pair that signs it. */
  readonly replayable: (pair: Credentials) => boolean;
  /** Throws where this pair must not sign it. */
  readonly guard?: (pair: Credentials) => void;
  /** A pair to use in place of the live one; a 401 is then final. */
  readonly pair?: Credentials;
  /** It gives the key that signs it a new secret: after a 401 it must not wait for itself. */
  readonly changing?: boolean;
}

/** How far a call came: read by those who must know whether something may have happened. */
export interface Progress {
  attempts: number;
  /** A request may have reached the service and had no answer that says otherwise. */
  maySent: boolean;
  /** The same of the attempts before the last one. */
  maySentBefore?: boolean;
  /** When the first request may have left, in milliseconds by the server's clock, where that is known. */
  sentAt?: number;
  /** Who signed last. */
  pair?: Credentials;
  /** The beginning of an answer that broke off. */
  partial?: string;
}

/** An answer, and what is known about its making. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  readonly oversized: boolean;
  readonly attempts: number;
  readonly pair: Credentials;
  /** Whether sending it again does no harm. */
  readonly replayable: boolean;
  readonly retryAfterMs: number | undefined;
}

function bound(name: string, value: number): number {
  if (typeof value !== 'number' || !(value > 0))
    throw new TypeError(`${name} must be a number of milliseconds above 0.`);
  return value;
}

function countOfRetries(value: number): number {
  if (!Number.isInteger(value) || value < 0)
    throw new TypeError('maxRetries must be a whole number, 0 or more.');
  return value;
}

/** Whether a status says that nothing was done. 303 may follow on something done, and from 500 on nobody knows. */
const refused = (status: number): boolean => status >= 300 && status < 500 && status !== 303;

export class Transport {
  readonly #config: TransportConfig;

  constructor(config: TransportConfig) {
    bound('timeout', config.timeout);
    bound('totalTimeout', config.totalTimeout);
    countOfRetries(config.maxRetries);
    for (const [name, value] of Object.entries(config.headers)) checkHeader(name, value);
    this.#config = config;
  }

  /** Opens the time of a call: it may hold several requests. */
  open(operation: string | undefined, options: CallOptions): CallScope {
    const totalTimeout = bound('totalTimeout', options.totalTimeout ?? this.#config.totalTimeout);
    return new CallScope({ totalTimeout, signal: options.signal, operation });
  }

  /** Sends, and sends again where that is safe, until there is an answer that stands. */
  async send(
    request: WireRequest,
    options: CallOptions,
    scope: CallScope,
    progress: Progress = { attempts: 0, maySent: false },
  ): Promise<WireAnswer> {
    const { credentials, log } = this.#config;
    const { operation, method } = request;
    const retries = countOfRetries(options.maxRetries ?? this.#config.maxRetries);
    let refreshed = false;
    let failures = 0;
    scope.throwIfEnded();
    const live = () => scope.follow(credentials.get());
    let pair = request.pair ?? (await live());
    for (;;) {
      request.guard?.(pair);
      progress.attempts += 1;
      scope.attempts += 1;
      progress.pair = pair;
      const attempt = progress.attempts;
      const started = performance.now();
      const sentBefore = progress.maySent;
      progress.maySentBefore = sentBefore;
      let wait: number;
      try {
        const answer = await this.#attempt(request, options, scope, pair, progress);
        const { status } = answer;
        const durationMs = Math.round(performance.now() - started);
        log('debug', 'answered', { operation, method, attempt, status, durationMs });
        // This one was refused; what became of an earlier one that was lost, it does not tell.
        if (refused(status)) progress.maySent = sentBefore;
        if (status === 401 && !refreshed && request.pair === undefined) {
          refreshed = true;
          const next = await scope.race(credentials.afterRefusal(pair, request.changing));
          if (next === undefined) return answer;
          log('info', 'the pair was refused; trying again with the one that its source has now', {
            operation,
          });
          pair = next;
          continue;
        }
        const again = RETRIED_STATUSES.has(status) && request.replayable(pair) && failures < retries;
        wait = answer.retryAfterMs ?? backoff(failures + 1);
        if (!again || wait > Math.min(LONGEST_RETRY_AFTER, scope.remaining())) return answer;
      } catch (error) {
        const unsent = !progress.maySent;
        const worthIt = error instanceof BlazeMeterError && error.retryable;
        const again = worthIt && (request.replayable(pair) || unsent) && failures < retries && !scope.ended;
        wait = backoff(failures + 1);
        if (!again || wait > scope.remaining()) throw error;
        log('debug', 'failed', { operation, method, attempt, error: error.code });
      }
      failures += 1;
      log('info', 'waiting before the next attempt', { operation, attempt, waitMs: Math.round(wait) });
      await scope.sleep(wait);
      // A retry must not use a pair that was replaced while it waited.
      if (request.pair === undefined) pair = await live();
    }
  }

  async #attempt(
    request: WireRequest,
    options: CallOptions,
    scope: CallScope,
    pair: Credentials,
    progress: Progress,
  ): Promise<WireAnswer> {
    const { baseUrl, clock, fetchOptions } = this.#config;
    const { operation } = request;
    const { attempts } = progress;
    const timeoutMs = bound('timeout', options.timeout ?? this.#config.timeout);
    const url = resolveUrl(baseUrl, request.path, request.query);
    const fetch = this.#config.fetch ?? globalThis.fetch;
    const { signal, aborted, abort } = abortable();
    const stop = after(timeoutMs, () =>
      abort(
        new RequestTimeoutError(
          `${operation ?? 'The request'} had no whole answer within ${timeoutMs} ms (timeout). The service or the network is slow, or timeout too short.`,
          {
            scope: 'attempt',
            timeoutMs,
            operation,
            attempts,
            retryable: request.replayable(pair) || !progress.maySent,
          },
        ),
      ),
    );
    const keepTime = scope.onEnd(abort);
    const sentBefore = progress.maySent;
    const replayable = request.replayable(pair);
    let answered = false;
    try {
      const headers = headersOf(this.#config.headers, options.headers);
      const body = request.json === undefined ? undefined : JSON.stringify(request.json);
      if (body !== undefined) headers['content-type'] ??= 'application/json';
      const sent = signedFetch(
        { url, method: request.method, headers, body },
        {
          fetch: (target, init) => fetch(target, init),
          fetchOptions,
          origin: baseUrl.origin,
          pair,
          signal,
          operation,
          attempts,
          onSend: () => {
            if (clock.known) progress.sentAt ??= clock.now();
            progress.maySent = true;
          },
        },
      );
      const response = await Promise.race([aborted, sent]);
      answered = true;
      clock.learn(response.headers.get('date'));
      const { status } = response;
      const limit = status >= 400 ? MAX_ERROR_BODY : MAX_BODY;
      const { text, oversized } = await readBody(response, limit, aborted);
      return {
        status,
        headers: response.headers,
        body: text,
        oversized,
        attempts,
        pair,
        replayable,
        retryAfterMs: retryAfter(response.headers.get('retry-after'), clock.now()),
      };
    } catch (error) {
      if (error instanceof BrokenBody) progress.partial = error.partial;
      if (signal.aborted) throw signal.reason;
      const cause = error instanceof BrokenBody ? error.cause : error;
      // Ours already, or a TypeError about the request itself: nothing was sent.
      if (cause instanceof BlazeMeterError || !progress.maySent) throw cause;
      const failure = connectionError(cause, {
        operation,
        attempts,
        origin: baseUrl.origin,
        answered,
        replayable,
      });
      if (!failure.mayHaveBeenSent) progress.maySent = sentBefore;
      throw failure;
    } finally {
      stop();
      keepTime();
    }
  }
}
