// Durations, as options take them and as people read them.

import { daysToMs, type ExpirationStep, periodDays } from '../api/expiration.ts';

/** A duration: milliseconds, parts that add up, or a step as the web interface names it. */
export type Span =
  | number
  | ExpirationStep
  | {
      readonly days?: number;
      readonly hours?: number;
      readonly minutes?: number;
      readonly seconds?: number;
      readonly ms?: number;
    };

const DAY_MS = daysToMs(1);
/** A thousand years. Longer spans mean the same, and dates and whole numbers have an end. */
const LONGEST_SPAN = 365_000 * DAY_MS;

/** A span in milliseconds. @throws `TypeError` for what is none. */
export function spanMs(span: Span, name: string): number {
  if (typeof span === 'string') return daysToMs(periodDays(span));
  const parts: unknown = typeof span === 'number' ? { ms: span } : span;
  if (typeof parts !== 'object' || parts === null) throw notASpan(name);
  const units = { days: DAY_MS, hours: 3_600_000, minutes: 60_000, seconds: 1000, ms: 1 };
  let total = 0;
  for (const [unit, ms] of Object.entries(units)) {
    const amount: unknown = Reflect.get(parts, unit);
    if (amount === undefined) continue;
    if (typeof amount !== 'number' || !Number.isFinite(amount) || amount < 0) throw notASpan(name);
    total += amount * ms;
  }
  if (Object.keys(parts).some((key) => !Object.hasOwn(units, key))) throw notASpan(name);
  return Math.round(Math.min(total, LONGEST_SPAN));
}

const notASpan = (name: string): TypeError =>
  new TypeError(
    `${name} is a length of time: milliseconds, { days, hours, minutes, seconds, ms }, or a step such as '1 month'.`,
  );

/** Milliseconds as people say them. */
export function shownSpan(ms: number): string {
  const say = (amount: number, unit: string) => {
    const rounded = Math.round(amount * 10) / 10;
    return `${rounded} ${unit}${rounded === 1 ? '' : 's'}`;
  };
  if (ms >= DAY_MS) return say(ms / DAY_MS, 'day');
  if (ms >= 3_600_000) return say(ms / 3_600_000, 'hour');
  if (ms >= 60_000) return say(ms / 60_000, 'minute');
  return say(ms / 1000, 'second');
}
