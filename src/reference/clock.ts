// The reference's own time, for everything that has one: Date header, created, updated, expiration, request ids.

import * as z from 'zod/mini';
import { read, strictObject } from './read.ts';

/** A distance in time. The parts add up; they may be negative where a time in the past is meant. */
export interface TimeOffset {
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
  /** Moves the clock. */
  advance(by: TimeOffset): void;
  /** Sets the clock; it stays running, or frozen, as before. */
  set(to: Date | string): void;
  /** Stops the clock. */
  freeze(): void;
  /** Starts the clock again, at the time it shows. */
  resume(): void;
  /**
   * Makes the `Date` header, and nothing else, wrong by so many milliseconds: positive is fast. 0 corrects it.
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
export const LAST_MS = Date.UTC(9999, 11, 31);

/** Milliseconds of a duration. */
export function durationMs(by: TimeOffset): number {
  const { days = 0, hours = 0, minutes = 0, seconds = 0, ms = 0 } = by;
  const total = (((days * 24 + hours) * 60 + minutes) * 60 + seconds) * 1000 + ms;
  if (!Number.isFinite(total)) throw new TypeError('A duration consists of finite numbers.');
  return total;
}

/** Milliseconds since 1970 of a date or of text that reads as one. */
export function momentMs(moment: Date | string): number {
  const ms = typeof moment === 'string' ? Date.parse(moment) : moment.getTime();
  if (Number.isNaN(ms))
    throw new TypeError('A moment is a valid Date, or text such as 2026-01-31T12:00:00Z.');
  return ms;
}

const bounded = (ms: number): number => {
  if (ms < 0 || ms > LAST_MS) throw new RangeError('The clock stays between the years 1970 and 9999.');
  return ms;
};

const clockOptions = strictObject({
  at: z.optional(z.union([z.date(), z.string()], 'must be a Date, or text such as 2026-01-31T12:00:00Z.')),
  frozen: z.optional(z.boolean()),
});

export function createClock(given: ClockOptions = {}): InnerClock {
  const options = read(clockOptions, given, 'clock');
  const start = options.at === undefined ? Date.now() : bounded(momentMs(options.at));
  let frozen: number | undefined;
  let offset = 0;
  let skewMs = 0;

  const ms = (): number => frozen ?? Date.now() + offset;
  const moveTo = (to: number): void => {
    if (frozen === undefined) offset = bounded(to) - Date.now();
    else frozen = bounded(to);
  };
  const reset = (): void => {
    frozen = options.frozen === true ? start : undefined;
    offset = options.at === undefined ? 0 : start - Date.now();
    skewMs = 0;
  };
  reset();

  return {
    ms,
    now: () => new Date(ms()),
    advance: (by) => moveTo(ms() + durationMs(by)),
    set: (to) => moveTo(momentMs(to)),
    freeze() {
      frozen = ms();
    },
    resume() {
      if (frozen === undefined) return;
      offset = frozen - Date.now();
      frozen = undefined;
    },
    skew(by) {
      if (!Number.isFinite(by)) throw new TypeError('The skew is a number of milliseconds.');
      skewMs = by;
    },
    skewMs: () => skewMs,
    position: () =>
      frozen === undefined ? { frozen: false, ms: offset, skewMs } : { frozen: true, ms: frozen, skewMs },
    restore(position) {
      frozen = position.frozen ? position.ms : undefined;
      offset = position.frozen ? 0 : position.ms;
      skewMs = position.skewMs;
    },
    reset,
  };
}
