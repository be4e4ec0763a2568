// Spans of time, and what fits into what: the window before an expiry in which a key is rotated, and the drain after it.

import {
  daysToMs,
  type ExpirationPeriod,
  type ExpirationStep,
  LONGEST_DAYS,
  periodDays,
} from '../api/expiration.ts';
import { ExpirationPolicyError, RotationError } from '../errors.ts';
import type { HeldKey } from './record.ts';

/** A length of time: milliseconds, parts that add up, or a step as the web interface names it. */
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

/** Of a key's life, the part before its end in which it is rotated by default. */
const WINDOW_PART = 0.2;
/** The longest default window. */
const LONGEST_WINDOW = 30 * DAY_MS;
/** How long readers get by default. */
export const DEFAULT_DRAIN = DAY_MS;

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

/** How long a key lives from its making; `undefined` where that is not known. */
export const lifeOf = ({ createdAt, expiresAt }: HeldKey): number | undefined =>
  createdAt === null || expiresAt === null
    ? undefined
    : Math.max(0, expiresAt.getTime() - createdAt.getTime());

/** The account whose maximum is the strictest, and that maximum. */
export interface Maximum {
  readonly accountId: number;
  readonly days: number;
}

/** For how many days the next key is asked: as told, else as long as the key before it; never beyond the maximum. */
export function nextDays(
  wanted: ExpirationPeriod | 'max' | undefined,
  current: HeldKey,
  maximum: Maximum | undefined,
): number {
  const longest = maximum?.days ?? LONGEST_DAYS;
  if (wanted === 'max') return longest;
  if (wanted === undefined) {
    const life = lifeOf(current);
    return life === undefined ? longest : Math.min(longest, Math.max(1, Math.round(life / DAY_MS)));
  }
  const days = periodDays(wanted);
  if (maximum !== undefined && days > maximum.days)
    throw new ExpirationPolicyError(
      `A key for ${days} days is more than the maximum of ${maximum.days} days that account ${maximum.accountId} allows. Ask for less, or for 'max'.`,
      { maximumDays: maximum.days, accountId: maximum.accountId },
    );
  return days;
}

/** The window in which a key is rotated: as told, else a fifth of its life and 30 days at most. */
export function windowMs(within: Span | undefined, current: HeldKey, days: number): number {
  const life = lifeOf(current) ?? daysToMs(days);
  const window =
    within === undefined ? Math.min(life * WINDOW_PART, LONGEST_WINDOW) : spanMs(within, 'within');
  // Such a key would be due again before it has lived half its life: and so would the next one, and so on.
  if (window >= daysToMs(days) / 2)
    throw new RotationError(
      `A window of ${shownSpan(window)} is half of the new key's life of ${days} days or more, so keys would be rotated for ever. Give a window (within) below ${shownSpan(daysToMs(days) / 2)}, or a longer life (expiresIn).`,
      { code: 'rotation_window' },
    );
  return window;
}

/** The drain that fits, and in words why it is shorter than the one asked for, where it is. */
export function fitDrain(
  drainMs: number,
  old: HeldKey,
  newDays: number,
  now: number,
): { readonly ms: number; readonly note?: string } {
  const left = old.expiresAt === null ? Number.POSITIVE_INFINITY : Math.max(0, old.expiresAt.getTime() - now);
  const half = daysToMs(newDays) / 2;
  const ms = Math.min(drainMs, left, half);
  if (ms >= drainMs) return { ms: drainMs };
  const why =
    left <= half
      ? `the old key ${old.id} runs out then`
      : `the new key lives ${newDays} days, and the drain may take half of that`;
  return { ms, note: `The drain of ${shownSpan(drainMs)} was shortened to ${shownSpan(ms)}: ${why}.` };
}
