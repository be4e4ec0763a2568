// Spans of time: what is one, how it is said, and how life, window and drain fit into each other, to the millisecond.
import { ExpirationPolicyError } from 'blazemeter-client';
import { RotationError, Secret, type Span } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { DEFAULT_DRAIN, fitDrain, lifeOf, nextDays, windowMs } from '../../src/rotation/engine/schedule.ts';
import { shownSpan, spanMs } from '../../src/util/duration.ts';
import { madeUp } from '../support/credentials.ts';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const NOW = Date.UTC(2026, 0, 1);

/** A key that was made now, and lives so long. */
const living = (days: number | null) => ({
  id: '7e57ed000000000000000001',
  secret: Secret.from(madeUp('span').secret),
  name: 'ci',
  createdAt: new Date(NOW),
  expiresAt: days === null ? null : new Date(NOW + days * DAY),
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('It did not fail.');
}

describe('a span', () => {
  it.each<[Span, number]>([
    [0, 0],
    [1500, 1500],
    [0.6, 1],
    ['1 month', 30 * DAY],
    ['10 years', 3650 * DAY],
    [{ days: 2 }, 2 * DAY],
    [{ hours: 2 }, 2 * HOUR],
    [{ minutes: 2 }, 2 * MINUTE],
    [{ seconds: 2 }, 2 * SECOND],
    [{ ms: 2 }, 2],
    [{ days: 1, hours: 1, minutes: 1, seconds: 1, ms: 1 }, DAY + HOUR + MINUTE + SECOND + 1],
    [{ hours: 0.5, days: 0 }, HOUR / 2],
    [{}, 0],
    [{ days: 365_000 }, 365_000 * DAY],
    [{ days: 365_001 }, 365_000 * DAY],
    [Number.MAX_VALUE, 365_000 * DAY],
  ])('of %o has its milliseconds, and a thousand years at most', (span, ms) => {
    expect(spanMs(span, 'drain')).toBe(ms);
  });

  it('may leave a part undefined', () => {
    expect(Reflect.apply(spanMs, undefined, [{ days: undefined, hours: 1 }, 'drain'])).toBe(HOUR);
  });

  it.each([
    [undefined],
    [null],
    [true],
    [() => {}],
    [-1],
    [Number.NaN],
    [Number.POSITIVE_INFINITY],
    [{ days: -1 }],
    [{ days: '1' }],
    [{ days: null }],
    [{ weeks: 1 }],
    [{ days: 1, toString: 1 }],
  ])('is not %o, and what is said of it names the option', (span) => {
    const error = thrownBy(() => Reflect.apply(spanMs, undefined, [span, 'quietFor']));
    expect(error).toBeInstanceOf(TypeError);
    expect(error).toMatchObject({
      message:
        "quietFor is a length of time: milliseconds, { days, hours, minutes, seconds, ms }, or a step such as '1 month'.",
    });
  });

  it.each([
    [0, '0 seconds'],
    [1000, '1 second'],
    [1500, '1.5 seconds'],
    [1549, '1.5 seconds'],
    [MINUTE - 100, '59.9 seconds'],
    [MINUTE, '1 minute'],
    [HOUR - 6 * SECOND, '59.9 minutes'],
    [HOUR, '1 hour'],
    [DAY - 6 * MINUTE, '23.9 hours'],
    [DAY, '1 day'],
    [2.25 * DAY, '2.3 days'],
  ])('of %i ms is said as %s', (ms, said) => expect(shownSpan(ms)).toBe(said));

  it('is a day for a drain, unless told otherwise', () => expect(DEFAULT_DRAIN).toBe(DAY));
});

describe('the life of a key', () => {
  it('is from its making to its end, and never below nothing', () => {
    expect(lifeOf(living(3))).toBe(3 * DAY);
    expect(lifeOf(living(-3))).toBe(0);
  });

  it('is not known without both', () => {
    expect(lifeOf(living(null))).toBeUndefined();
    expect(lifeOf({ ...living(3), createdAt: null })).toBeUndefined();
  });

  const maximum = { accountId: 7, days: 60 };

  it('is the same for the next key, in whole days of one at least, within the maximum', () => {
    expect(nextDays(undefined, living(45.4), maximum)).toBe(45);
    expect(nextDays(undefined, living(45.6), undefined)).toBe(46);
    expect(nextDays(undefined, living(0.1), undefined)).toBe(1);
    expect(nextDays(undefined, living(61), maximum)).toBe(60);
    expect(nextDays(undefined, living(9999), undefined)).toBe(3650);
  });

  it('is as long as may be where it is not known, or is asked for', () => {
    expect(nextDays(undefined, living(null), maximum)).toBe(60);
    expect(nextDays(undefined, living(null), undefined)).toBe(3650);
    expect(nextDays('max', living(5), maximum)).toBe(60);
    expect(nextDays('max', living(5), undefined)).toBe(3650);
  });

  it('is as told, up to the maximum and not beyond', () => {
    expect(nextDays({ days: 60 }, living(5), maximum)).toBe(60);
    expect(nextDays({ days: 9999 }, living(5), undefined)).toBe(9999);
    const error = thrownBy(() => nextDays({ days: 61 }, living(5), maximum));
    expect(error).toBeInstanceOf(ExpirationPolicyError);
    expect(error).toMatchObject({
      message:
        "A key for 61 days is more than the maximum of 60 days that account 7 allows. Ask for less, or for 'max'.",
      maximumDays: 60,
      accountId: 7,
    });
  });
});

describe('the window', () => {
  it('is a fifth of the life, and 30 days at most', () => {
    expect(windowMs(undefined, living(100), 100)).toBe(20 * DAY);
    expect(windowMs(undefined, living(150), 150)).toBe(30 * DAY);
    expect(windowMs(undefined, living(365), 365)).toBe(30 * DAY);
  });

  it('is of the next key’s life where that of this one is not known', () => {
    expect(windowMs(undefined, living(null), 50)).toBe(10 * DAY);
  });

  it('is as told', () => expect(windowMs({ days: 3 }, living(100), 100)).toBe(3 * DAY));

  it('names the option that is no span', () => {
    expect(() => windowMs(-1, living(100), 100)).toThrow('within is a length of time');
  });

  it('is less than half of the new key’s life', () => {
    expect(windowMs(5 * DAY - 1, living(100), 10)).toBe(5 * DAY - 1);
    const error = thrownBy(() => windowMs({ days: 5 }, living(100), 10));
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({
      code: 'rotation_window',
      message:
        "A window of 5 days is half of the new key's life of 10 days or more, so keys would be rotated for ever. Give a window (within) below 5 days, or a longer life (expiresIn).",
    });
    expect(() => windowMs(undefined, living(100), 30)).toThrow('A window of 20 days is half');
  });
});

describe('a drain', () => {
  it('fits where both keys live long enough, and then nothing is said', () => {
    expect(fitDrain(DAY, living(100), 100, NOW)).toEqual({ ms: DAY });
    expect(fitDrain(DAY, living(null), 100, NOW)).toEqual({ ms: DAY });
    expect(fitDrain(DAY, living(1), 2, NOW)).toEqual({ ms: DAY });
  });

  it('ends with the old key', () => {
    expect(fitDrain(2 * DAY, living(1), 100, NOW)).toEqual({
      ms: DAY,
      note: 'The drain of 2 days was shortened to 1 day: the old key 7e57ed000000000000000001 runs out then.',
    });
    expect(fitDrain(2 * DAY, living(1), 100, NOW + 30 * DAY).ms).toBe(0);
    expect(fitDrain(9 * DAY, living(5), 10, NOW).note).toContain('runs out then');
  });

  it('takes half of the new key’s life at most', () => {
    expect(fitDrain(9 * DAY, living(null), 10, NOW)).toEqual({
      ms: 5 * DAY,
      note: 'The drain of 9 days was shortened to 5 days: the new key lives 10 days, and the drain may take half of that.',
    });
    expect(fitDrain(9 * DAY, living(6), 10, NOW).ms).toBe(5 * DAY);
  });
});
