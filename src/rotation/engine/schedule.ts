// What fits into what: the window before an expiry in which a key is rotated, and the drain after it.

import { daysToMs, type ExpirationPeriod, LONGEST_DAYS, periodDays } from '../../api/expiration.ts';
import { ExpirationPolicyError, RotationError } from '../../errors.ts';
import { type Span, shownSpan, spanMs } from '../../util/duration.ts';
import type { HeldKey } from '../record/record.ts';

const DAY_MS = daysToMs(1);

/** Of a key's life, the part before its end in which it is rotated by default. */
const WINDOW_PART = 0.2;
/** The longest default window. */
const LONGEST_WINDOW = 30 * DAY_MS;
/** How long readers get by default. */
export const DEFAULT_DRAIN = DAY_MS;

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
