// The reference's own time, for everything that has one: Date header, created, updated, expiration, request ids.

import * as z from 'zod/mini';
import { fail, read, strictObject } from './read.ts';

/**
 * A distance in time: parts that add up, such as `{ days: 1, hours: 12 }`, or text such as `'90 days'`, `'12h'` or
 * `'1 day 12 hours'`. Parts may be negative, and text may begin with a minus (`'-30 days'`), where a time in the past is meant.
 */
export type TimeOffset = string | TimeParts;

/** The parts of a distance in time. They add up, and may be negative. */
export interface TimeParts {
  readonly days?: number | undefined;
  readonly hours?: number | undefined;
  readonly minutes?: number | undefined;
  readonly seconds?: number | undefined;
  readonly ms?: number | undefined;
}

/** Where the clock starts, and whether it runs. */
export interface ClockOptions {
  /** The time at the start: a `Date`, or text that `Date` reads, such as `2026-01-31T12:00:00Z`. Default: now. */
  readonly at?: Date | string | undefined;
  /** Whether the clock stands still until you move it. Default: `false`, it runs at real speed. */
  readonly frozen?: boolean | undefined;
}

/**
 * The clock of a reference.
 *
 * @example
 * ```ts
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference({ clock: { at: '2026-01-01T00:00:00Z', frozen: true } });
 * reference.clock.advance({ days: 90 });
 * console.log(reference.clock.now().toISOString()); // 2026-04-01T00:00:00.000Z
 * ```
 */
export interface ReferenceClock {
  /** The time on the clock, without the skew. */
  now(): Date;
  /** Moves the clock, also back: `{ days: 90 }`, `'12h'`, `{ hours: -1 }`. */
  advance(by: TimeOffset): void;
  /** Sets the clock; it stays running, or frozen, as before. */
  set(to: Date | string): void;
  /** Stops the clock. */
  freeze(): void;
  /** Starts the clock again, at the time it shows. */
  resume(): void;
  /**
   * Makes the `Date` header, and nothing else, wrong by so many milliseconds, a year at most: positive is fast. 0 corrects it.
   */
  skew(ms: number): void;
}

/** The clock's position, as in a snapshot. */
export interface ClockPosition {
  readonly frozen: boolean;
  /** Milliseconds since 1970 where frozen, else the distance from real time. */
  readonly ms: number;
  readonly skewMs: number;
}

/** The clock with what only the core uses. */
export interface InnerClock extends ReferenceClock {
  ms(): number;
  skewMs(): number;
  position(): ClockPosition;
  restore(position: ClockPosition): void;
  reset(): void;
}

/** The first and last moment that a `Date`, and four digits of a year, can hold. */
const LAST_MS = Date.UTC(9999, 11, 31);

const part = z.optional(z.number());

/** The parts of a {@link TimeOffset}. */
export const timeParts: z.ZodMiniType<TimeParts> = strictObject({
  days: part,
  hours: part,
  minutes: part,
  seconds: part,
  ms: part,
});

const OFFSET = "must be a distance in time such as { days: 90 }, '90 days' or '12h'.";

/** A {@link TimeOffset}. */
export const timeOffset: z.ZodMiniType<TimeOffset> = z.union(
  [z.string().check(z.refine((text) => textMs(text) !== undefined, OFFSET)), timeParts],
  OFFSET,
);

/** Milliseconds of an offset; `NaN` for text that is none. */
export function offsetMs(offset: TimeOffset): number {
  if (typeof offset === 'string') return textMs(offset) ?? Number.NaN;
  const { days = 0, hours = 0, minutes = 0, seconds = 0, ms = 0 } = offset;
  return (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms;
}

const HOUR_MS = 3_600_000;

/** The units of text, by their first letter. */
const UNIT_MS: Readonly<Record<string, number>> = {
  w: 168 * HOUR_MS,
  d: 24 * HOUR_MS,
  h: HOUR_MS,
  m: 60_000,
  s: 1000,
};
const TEXT_PART =
  /^(\d{1,9}(?:\.\d{1,3})?) ?(w|weeks?|d|days?|h|hours?|m|min|minutes?|s|sec|seconds?)(?: |$|(?=\d))/;

/** Milliseconds of text such as `-1 day 12h`; undefined for text that is no distance. */
export function textMs(given: string): number | undefined {
  // Longer than any distance that makes sense: bounds the work.
  if (given.length > 100) return undefined;
  const [, minus, text = ''] = /^(-?) ?(.*)$/s.exec(given.trim().toLowerCase().replace(/\s+/g, ' ')) ?? [];
  if (text === '') return undefined;
  let rest = text;
  let total = 0;
  while (rest !== '') {
    const [part, amount, unit = ''] = TEXT_PART.exec(rest) ?? [];
    const ms = UNIT_MS[unit.charAt(0)];
    if (part === undefined || ms === undefined) return undefined;
    total += Number(amount) * ms;
    rest = rest.slice(part.length);
  }
  return Math.round(minus === '-' ? -total : total);
}

const MOMENT = 'must be a valid Date, or text such as 2026-01-31T12:00:00Z.';
const moment = z.union([z.date(), z.string()], MOMENT);

/** Milliseconds since 1970 of a date, or of text that reads as one. */
function momentMs(given: unknown, path: string): number {
  const ms = new Date(read(moment, given, path)).getTime();
  return Number.isNaN(ms) ? fail(path, MOMENT) : ms;
}

/** A year: more could take the header out of the years that it can hold. */
const MAX_SKEW = 31_536_000_000;

/** How wrong a `Date` header may be. */
export const skewMs = z.number().check(z.gte(-MAX_SKEW), z.lte(MAX_SKEW));

const bounded = (ms: number): number => {
  if (ms < 0 || ms > LAST_MS) throw new RangeError('The clock stays between the years 1970 and 9999.');
  return ms;
};

const distance = z.number().check(z.gte(-LAST_MS), z.lte(LAST_MS));

/** Reads a {@link ClockPosition}. */
export const clockPosition: z.ZodMiniType<ClockPosition> = z.object({
  frozen: z.boolean(),
  ms: distance,
  skewMs: distance,
});

const clockOptions = strictObject({
  at: z.optional(moment),
  frozen: z.optional(z.boolean()),
});

export function createClock(given: ClockOptions = {}): InnerClock {
  const options = read(clockOptions, given, 'clock');
  const start = options.at === undefined ? Date.now() : bounded(momentMs(options.at, 'clock.at'));
  let frozen: number | undefined;
  let offset = 0;
  let skew = 0;

  const ms = (): number => frozen ?? Date.now() + offset;
  const moveTo = (to: number): void => {
    if (frozen === undefined) offset = bounded(to) - Date.now();
    else frozen = bounded(to);
  };
  const reset = (): void => {
    frozen = options.frozen === true ? start : undefined;
    offset = options.at === undefined ? 0 : start - Date.now();
    skew = 0;
  };
  reset();

  return {
    ms,
    now: () => new Date(ms()),
    advance(by) {
      const given = read(timeOffset, by, 'clock.advance');
      if (Object.keys(given).length === 0)
        fail('clock.advance', 'must say by how much, such as { days: 90 }.');
      moveTo(ms() + offsetMs(given));
    },
    set: (to) => moveTo(momentMs(to, 'clock.set')),
    freeze() {
      frozen = ms();
    },
    resume() {
      if (frozen === undefined) return;
      offset = frozen - Date.now();
      frozen = undefined;
    },
    skew(by) {
      skew = read(skewMs, by, 'clock.skew');
    },
    skewMs: () => skew,
    position: () => ({ frozen: frozen !== undefined, ms: frozen ?? offset, skewMs: skew }),
    restore(given) {
      const position = read(clockPosition, given, 'clock.restore');
      frozen = position.frozen ? position.ms : undefined;
      offset = position.frozen ? 0 : position.ms;
      skew = position.skewMs;
    },
    reset,
  };
}
