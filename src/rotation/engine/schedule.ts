// Times: the lifetime of the next key, the window before an expiry in which a key is rotated, and the drain after it.

import { ExpirationPolicyError, RotationError } from '../../errors.ts';
import type { Bound } from '../../resources/policy-memory.ts';
import { describeDuration } from '../../util/duration.ts';
import { daysToMs, type ExpirationPeriod, LONGEST_DAYS, periodDays } from '../../util/period.ts';
import type { HeldKey } from '../record/record.ts';
import type { Run } from './run.ts';

export const DAY_MS = daysToMs(1);

/** The default window: this part of a key's lifetime, before its end. */
const WINDOW_PART = 0.2;
/** The longest default window. */
const LONGEST_WINDOW = 30 * DAY_MS;

/** How late, or early, a scheduled run may start. */
const jitterMs = (everyMs: number): number => Math.min(everyMs / 10, DAY_MS / 2);

/** A key that lives no longer than this is due: the run after next may come too late for it. */
const scheduledWindowMs = (everyMs: number): number => 2 * everyMs + jitterMs(everyMs);

/** The lifetime of a key, from its creation; `undefined` where that is not known. */
export const lifetimeOf = ({ createdAt, expiresAt }: HeldKey): number | undefined =>
  createdAt === null || expiresAt === null
    ? undefined
    : Math.max(0, expiresAt.getTime() - createdAt.getTime());

/** For how many days the next key is asked for: as given, else as many as the key before it; never beyond the maximum. */
export function nextDays(run: Run, current: HeldKey): number {
  const { maximum } = run;
  const { expiresIn, everyMs } = run.settings;
  if (everyMs === undefined) return daysWanted(expiresIn, current, maximum, 1);
  const least = Math.ceil((2 * everyMs) / DAY_MS);
  const days = daysWanted(expiresIn, current, maximum, Math.ceil(scheduledWindowMs(everyMs) / DAY_MS));
  if (daysToMs(days) >= scheduledWindowMs(everyMs)) return days;
  if (days >= least) {
    run.note(
      `A key of ${days} days, with a run every ${describeDuration(everyMs)}, expires about when the run after next begins: if one run fails, the key may expire before the next. Run it more often, or let keys live longer.`,
    );
    return days;
  }
  const why =
    expiresIn === undefined || expiresIn === 'max'
      ? `account ${maximum?.accountId} allows ${days} days at most`
      : `it is to live ${days} days`;
  throw new RotationError(
    `With a run every ${describeDuration(everyMs)} a key must live ${least} days at least, until the run after next, but ${why}.`,
    {
      code: 'rotation_window',
      hint: {
        option: 'every',
        text: `Run it every ${describeDuration((days / 2) * DAY_MS)} or more often (every), or let keys live longer (expiresIn, or the account's maximum).`,
      },
    },
  );
}

function daysWanted(
  wanted: ExpirationPeriod | 'max' | undefined,
  current: HeldKey,
  maximum: Bound | undefined,
  least: number,
): number {
  const longest = maximum?.maximumDays ?? LONGEST_DAYS;
  if (wanted === 'max') return longest;
  if (wanted === undefined) {
    const lifetime = lifetimeOf(current);
    return lifetime === undefined
      ? longest
      : Math.min(longest, Math.max(least, Math.round(lifetime / DAY_MS)));
  }
  const days = periodDays(wanted);
  if (maximum !== undefined && days > maximum.maximumDays)
    throw new ExpirationPolicyError(
      `A key for ${days} days is more than the maximum of ${maximum.maximumDays} days that account ${maximum.accountId} allows.`,
      { ...maximum, hint: { option: 'expiresIn', text: "Ask for less, or for expiresIn: 'max'." } },
    );
  return days;
}

/** Whether the key in use is to be rotated now. A run for one that is not due says when it will be. */
export function isDue(run: Run, current: HeldKey): boolean {
  const { withinMs, everyMs } = run.settings;
  const days = nextDays(run, current);
  const window = everyMs === undefined ? windowMs(withinMs, current, days) : scheduledWindowMs(everyMs);
  if (current.expiresAt === null) {
    run.note(`The service gives the key ${current.id} no expiry: it is never due.`);
    return false;
  }
  const due = current.expiresAt.getTime() - window;
  if (run.service.now().getTime() >= due) return true;
  run.note(`The key ${current.id} is not due before ${new Date(due).toISOString()}.`);
  return false;
}

/** Whether the key in use expires before the next scheduled run: then nothing may hold up its rotation. */
export const isLastChance = ({ settings: { everyMs }, service }: Run, { expiresAt }: HeldKey): boolean =>
  everyMs !== undefined &&
  expiresAt !== null &&
  expiresAt.getTime() - service.now().getTime() <= everyMs + jitterMs(everyMs);

/** The window in which a key is rotated: as given, else a fifth of its lifetime and 30 days at most. */
function windowMs(withinMs: number | undefined, current: HeldKey, days: number): number {
  const lifetime = lifetimeOf(current) ?? daysToMs(days);
  const window = withinMs ?? Math.min(lifetime * WINDOW_PART, LONGEST_WINDOW);
  // Such a key would be due again before half of its lifetime is over, and so would every key after it.
  if (window >= daysToMs(days) / 2)
    throw new RotationError(
      `A window of ${describeDuration(window)} is half of the new key's lifetime of ${days} days or more, so keys would be rotated for ever.`,
      {
        code: 'rotation_window',
        hint: {
          option: 'within',
          text: `Pass a window (within) below ${describeDuration(daysToMs(days) / 2)}, or a longer lifetime (expiresIn).`,
        },
      },
    );
  return window;
}

/** The drain that fits, and the reason where it is shorter than the one asked for. */
export function fitDrain(
  drainMs: number,
  old: Pick<HeldKey, 'id' | 'expiresAt'>,
  {
    days,
    now,
    everyMs,
  }: { readonly days: number; readonly now: number; readonly everyMs: number | undefined },
): { readonly ms: number; readonly note?: string } {
  const left = old.expiresAt === null ? Number.POSITIVE_INFINITY : Math.max(0, old.expiresAt.getTime() - now);
  const half = daysToMs(days) / 2;
  // Such a key is due at the very next run, which may not find this drain under way.
  const isDueSoon = everyMs !== undefined && daysToMs(days) - everyMs <= scheduledWindowMs(everyMs);
  const soon = isDueSoon ? everyMs * 0.9 : half;
  const ms = Math.min(drainMs, left, half, soon);
  if (ms >= drainMs) return { ms: drainMs };
  const why =
    ms === left
      ? `the old key ${old.id} expires then`
      : ms === half
        ? `the new key lives ${days} days, and the drain may take half of that`
        : 'it ends before the next run, for which the new key is due';
  return {
    ms,
    note: `The drain of ${describeDuration(drainMs)} was shortened to ${describeDuration(ms)}: ${why}.`,
  };
}

/** When an old key may be deleted. Times in milliseconds, by the server's clock. */
export interface RetirementTerms {
  readonly now: number;
  /** The end of its drain. */
  readonly drainUntil: number;
  /** Uses after this show a reader that has not moved to the new key. */
  readonly replacedAt: number;
  /** After how long without a use the key may go in spite of that; `undefined`: never. */
  readonly quietForMs: number | undefined;
}

/**
 * Whether an old key may be deleted: `due`; or how long it stays, where only time stands in the way. A key that has expired
 * is of use to no reader.
 */
export function retirementOf(
  { expiresAt, lastUsedAt }: { readonly expiresAt: Date | null; readonly lastUsedAt: Date | null },
  { now, drainUntil, replacedAt, quietForMs }: RetirementTerms,
): 'due' | { readonly until: number | undefined; readonly usedAt?: Date } {
  if (expiresAt !== null && expiresAt.getTime() <= now) return 'due';
  if (now < drainUntil) return { until: drainUntil };
  if (lastUsedAt === null || lastUsedAt.getTime() <= replacedAt) return 'due';
  // `now` is known to the second: a key that is used all the time seems to have been used after it.
  const quietMs = Math.max(0, now - lastUsedAt.getTime());
  if (quietForMs !== undefined && quietMs >= quietForMs) return 'due';
  const until = quietForMs === undefined ? undefined : lastUsedAt.getTime() + quietForMs;
  return { until, usedAt: lastUsedAt };
}
