// When to try again, and how long to wait before.

/** Longest wait that a `Retry-After` can ask for, in milliseconds; beyond it the call fails and says so. */
export const LONGEST_RETRY_AFTER = 60_000;

const FIRST_WAIT = 500;
const LONGEST_WAIT = 8_000;

/** Statuses after which the same request may succeed. */
export const RETRIED_STATUSES: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/** The wait before the next attempt: random between nothing and a bound that doubles (full jitter). */
export function backoff(attempt: number, random: () => number = Math.random): number {
  return random() * Math.min(LONGEST_WAIT, FIRST_WAIT * 2 ** (attempt - 1));
}

const HTTP_DATE =
  /^(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} (Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) \d{4} \d{2}:\d{2}:\d{2} GMT$/;

/** Milliseconds since 1970 of a date in the form that HTTP defines; `undefined` for what `Date.parse` would guess at. */
export function httpDate(value: string): number | undefined {
  if (!HTTP_DATE.test(value)) return undefined;
  const date = new Date(value);
  // What is written there, and not what a 31st of February or a second 65 is taken for.
  return date.toUTCString().slice(5) === value.slice(5) ? date.getTime() : undefined;
}

/** Reads `Retry-After` in the two forms that HTTP defines, seconds or a date; anything else is as if it were absent. */
export function retryAfter(value: string | null, serverNow: number): number | undefined {
  const trimmed = value?.trim() ?? '';
  if (/^\d{1,10}$/.test(trimmed)) return Number(trimmed) * 1000;
  const date = httpDate(trimmed);
  return date === undefined ? undefined : Math.max(0, date - serverNow);
}
