// When to try again: the statuses, the waits that grow, and the server's clock by which a Retry-After is read.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  backoff,
  httpDate,
  LONGEST_RETRY_AFTER,
  RETRIED_STATUSES,
  retryAfter,
} from '../../src/transport/retry.ts';
import { ServerClock } from '../../src/transport/server-clock.ts';

const NOW = Date.UTC(2026, 10, 23, 4, 15, 45);

test('the same request may succeed after a 429 and after a server that failed or was away', () => {
  expect([...RETRIED_STATUSES]).toEqual([429, 500, 502, 503, 504]);
  expect(LONGEST_RETRY_AFTER).toBe(60_000);
});

describe('a wait', () => {
  test('is at most half a second, and then twice as long each time, up to eight seconds', () => {
    expect([1, 2, 3, 4, 5, 6, 60].map((attempt) => backoff(attempt, () => 1))).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 8_000, 8_000,
    ]);
  });

  test('is random between nothing and that', () => {
    expect([0, 0.25, 0.5].map((random) => backoff(2, () => random))).toEqual([0, 250, 500]);
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    expect(backoff(1)).toBe(250);
  });
});

describe('a date', () => {
  test.each([
    'Xyz, 23 Nov 2026 04:15:45 GMT',
    'Mon, 31 Feb 2026 04:15:45 GMT',
    'Mon, 23 Nov 2026 04:15:65 GMT',
    'Mon. 23 Nov 2026 04:15:45 GMT',
    'Mon, 23 November 2026 04:15:45 GMT',
    'Mon, 23 Nov 2026 04:15:45 GMT, or later',
    'on Mon, 23 Nov 2026 04:15:45 GMT',
    'Mon, 3 Nov 2026 04:15:45 GMT',
    'Mon, 23 Nov 2026 4:15:45 GMT',
  ])('%j is none', (text) => {
    expect(httpDate(text)).toBeUndefined();
  });

  test.each(['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'])('may be on a %s', (day) => {
    expect(httpDate(`${day}, 23 Nov 2026 04:15:45 GMT`)).toBe(NOW);
  });

  test.each(Array.from({ length: 12 }, (_, month) => new Date(Date.UTC(2026, month, 15, 1, 2, 3))))(
    'may be in any month, such as %s',
    (date) => {
      expect(httpDate(date.toUTCString())).toBe(date.getTime());
    },
  );
});

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    ['7', 7_000],
    ['\t12 ', 12_000],
    ['9999999999', 9_999_999_999_000],
    ['Mon, 23 Nov 2026 04:16:00 GMT', 15_000],
    ['Mon, 23 Nov 2026 04:15:00 GMT', 0],
  ])('%j asks for %d ms', (text, ms) => {
    expect(retryAfter(text, NOW)).toBe(ms);
  });

  test.each([null, '', '-1', '1.5', '5 seconds', '99999999999'])('%j asks for nothing', (text) => {
    expect(retryAfter(text, NOW)).toBeUndefined();
  });
});

describe("the server's clock", () => {
  beforeEach(() => void vi.useFakeTimers({ now: NOW }));
  afterEach(() => void vi.useRealTimers());
  const AHEAD = 'Mon, 23 Nov 2026 04:16:45 GMT';

  test('is unknown before an answer has told it, and then this machine counts', () => {
    const clock = new ServerClock();
    expect([clock.known, clock.offset, clock.now()]).toEqual([false, undefined, NOW]);
    clock.learn(null);
    clock.learn('later');
    expect([clock.known, clock.offset, clock.now()]).toEqual([false, undefined, NOW]);
  });

  test('goes on from what an answer has told', () => {
    const clock = new ServerClock();
    clock.learn(AHEAD);
    expect([clock.known, clock.offset, clock.now()]).toEqual([true, 60_000, NOW + 60_000]);
    vi.advanceTimersByTime(5_000);
    expect(clock.now()).toBe(NOW + 65_000);
  });

  test('may be behind, and at the same time', () => {
    const clock = new ServerClock();
    clock.learn('Mon, 23 Nov 2026 04:15:00 GMT');
    expect([clock.offset, clock.now()]).toEqual([-45_000, NOW - 45_000]);
    clock.learn('Mon, 23 Nov 2026 04:15:45 GMT');
    expect([clock.known, clock.offset, clock.now()]).toEqual([true, 0, NOW]);
  });

  test('is read by each answer, also by one that names the same second', () => {
    const clock = new ServerClock();
    clock.learn(AHEAD);
    vi.advanceTimersByTime(400);
    clock.learn(AHEAD);
    expect(clock.offset).toBe(59_600);
  });

  test('stays as it was after an answer that does not tell it', () => {
    const clock = new ServerClock();
    clock.learn(AHEAD);
    vi.advanceTimersByTime(1_000);
    clock.learn(null);
    clock.learn('later');
    expect([clock.offset, clock.now()]).toEqual([60_000, NOW + 61_000]);
  });
});
