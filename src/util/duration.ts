// Durations: how options take them, and how people read them.

import { daysToMs, isExpirationPeriod, periodDays, SLACK_MS } from './period.ts';

/**
 * A duration: parts that add up, such as `{ days: 1, hours: 12 }`, or text such as `'90 days'`, `'12h'`, `'1 day 12 hours'`
 * or `'3 months'` (the steps of the web interface); or 0, which is the same in every unit.
 */
export type Duration =
  | string
  | 0
  | {
      readonly days?: number;
      readonly hours?: number;
      readonly minutes?: number;
      readonly seconds?: number;
    };

const UNITS = { days: daysToMs(1), hours: 3_600_000, minutes: 60_000, seconds: 1_000 };

/** The units of text, by their first letter. */
const TEXT_UNITS: Readonly<Record<string, number>> = {
  w: daysToMs(7),
  d: UNITS.days,
  h: UNITS.hours,
  m: UNITS.minutes,
  s: UNITS.seconds,
};
const TEXT_PART =
  /^(\d{1,9}(?:\.\d{1,3})?) ?(w|weeks?|d|days?|h|hours?|m|min|minutes?|s|sec|seconds?)(?: |$|(?=\d))/;

/** A thousand years. Longer durations mean the same, and dates have an end. */
const LONGEST = daysToMs(365_000);

/** A duration in milliseconds. @throws `TypeError` that names the argument, for what is no duration. */
export function durationMs(duration: Duration, name: string): number {
  const ms = parseDuration(duration);
  if (ms !== undefined) return ms;
  throw new TypeError(`${name} must be ${DURATION_FORM}.`);
}

/** What a duration looks like: completes "<name> must be …". */
export const DURATION_FORM =
  "a duration: { days, hours, minutes, seconds }, or text such as '90 days', '12h' or '3 months'";

export const isDuration = (value: unknown): value is Duration => parseDuration(value) !== undefined;

function parseDuration(value: unknown): number | undefined {
  const ms = value === 0 ? 0 : typeof value === 'string' ? fromText(value) : fromParts(value);
  return ms === undefined ? undefined : Math.round(Math.min(ms, LONGEST));
}

function fromText(given: string): number | undefined {
  // Longer than any duration that makes sense: bounds the work on text from outside.
  if (given.length > 100) return undefined;
  let rest = given.trim().toLowerCase().replace(/\s+/g, ' ');
  if (isExpirationPeriod(rest)) return daysToMs(periodDays(rest));
  let total: number | undefined;
  while (rest !== '') {
    const [part, amount, unit] = TEXT_PART.exec(rest) ?? [];
    const ms = TEXT_UNITS[unit?.charAt(0) ?? ''];
    if (part === undefined || ms === undefined) return undefined;
    total = (total ?? 0) + Number(amount) * ms;
    rest = rest.slice(part.length);
  }
  return total;
}

function fromParts(value: unknown): number | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.keys(value).some((key) => !Object.hasOwn(UNITS, key))) return undefined;
  let total = 0;
  for (const [unit, ms] of Object.entries(UNITS)) {
    const amount: unknown = Object.hasOwn(value, unit) ? Reflect.get(value, unit) : undefined;
    if (amount === undefined) continue;
    if (typeof amount !== 'number' || !Number.isFinite(amount) || amount < 0) return undefined;
    total += amount * ms;
  }
  return total;
}

/** Milliseconds in words, in the largest unit that fits. */
export function describeDuration(ms: number): string {
  const unit =
    ms >= UNITS.days ? 'days' : ms >= UNITS.hours ? 'hours' : ms >= UNITS.minutes ? 'minutes' : 'seconds';
  const amount = Math.round((ms / UNITS[unit]) * 10) / 10;
  return `${amount} ${amount === 1 ? unit.slice(0, -1) : unit}`;
}

/** Days that are left of some milliseconds, each counted once it has begun: a key of 90 days has 90 on its first day, and 1 on its last. */
export const daysLeft = (ms: number): number => Math.max(0, Math.ceil((ms - SLACK_MS) / UNITS.days));
