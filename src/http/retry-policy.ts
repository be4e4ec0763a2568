// Whether a request is sent again. How often and how long to wait is ky's part; whether it may be repeated at all, and
// whether the wait is worth it, is decided here.

import { BlazeMeterError } from '../errors.ts';

/** Longest wait that a `Retry-After` can ask for, in milliseconds; beyond it the call fails at once and says so. */
const LONGEST_RETRY_AFTER = 60_000;
/** The first wait is random between 0 and this many milliseconds; the bound doubles with each retry. */
const FIRST_WAIT = 500;
const LONGEST_WAIT = 8_000;

/** Statuses after which the same request may succeed. */
export const RETRIED_STATUSES: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** Upper bound of the wait before a retry, counted from 1. ky takes a random part of it (full jitter). */
export const backoffBound = (retry: number): number => Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (retry - 1));

const HTTP_DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Milliseconds since 1970 of a date in the form that HTTP defines; `undefined` for what `Date.parse` would guess at. */
export function httpDate(value: string): number | undefined {
  if (!HTTP_DATE.test(value)) return undefined;
  const date = new Date(value);
  // As written, and not as a 31st of February or a second 65 is interpreted.
  return date.toUTCString().slice(5) === value.slice(5) ? date.getTime() : undefined;
}

/** Reads `Retry-After` in the two forms that HTTP defines, seconds or a date; anything else counts as absent. */
export function parseRetryAfter(value: string | null, now: number): number | undefined {
  const trimmed = value?.trim() ?? '';
  if (/^\d{1,10}$/.test(trimmed)) return Number(trimmed) * 1000;
  const date = httpDate(trimmed);
  return date === undefined ? undefined : Math.max(0, date - now);
}

/** How an attempt failed. */
export type AttemptFailure =
  | { readonly kind: 'status'; readonly retryAfter: string | null }
  | { readonly kind: 'timeout' }
  | { readonly kind: 'error'; readonly error: unknown };

/** What follows a failed attempt: the failure stands; another attempt after a backoff; or one after so many milliseconds. */
export type RetryDecision = 'stop' | 'backoff' | number;

/** Decides what follows a failed attempt. */
export function decideRetry(
  failure: AttemptFailure,
  {
    retry,
    replayable,
    remaining,
    now,
  }: {
    /** Which retry it would be, counted from 1. */
    readonly retry: number;
    /** Whether sending the request again does no harm. */
    readonly replayable: boolean;
    /** Milliseconds that are left for the call. */
    readonly remaining: number;
    /** Now by the server's clock, as far as it is known, in milliseconds since 1970. */
    readonly now: number;
  },
): RetryDecision {
  const worthIt =
    failure.kind !== 'error' || (failure.error instanceof BlazeMeterError && failure.error.retryable);
  if (!worthIt || !replayable) return 'stop';
  const asked = failure.kind === 'status' ? parseRetryAfter(failure.retryAfter, now) : undefined;
  // A wait that ends after the deadline would only replace this failure by a timeout.
  if (asked === undefined) return backoffBound(retry) <= remaining ? 'backoff' : 'stop';
  return asked <= Math.min(LONGEST_RETRY_AFTER, remaining) ? asked : 'stop';
}
