// Retry-After and Date are taken at their word or not at all: Date.parse would make another moment of what no calendar has.
import { parseCredentials } from 'blazemeter-client';
import { describe, expect, test } from 'vitest';
import { httpDate, retryAfter } from '../../src/transport/retry.ts';
import { ServerClock } from '../../src/transport/server-clock.ts';

const NOW = Date.UTC(2026, 10, 23, 4, 15, 45);

describe('a date', () => {
  test.each([
    ['Mon, 23 Nov 2026 04:15:45 GMT', NOW],
    ['Thu, 01 Jan 1970 00:00:00 GMT', 0],
    ['Fri, 31 Dec 9999 23:59:59 GMT', 253_402_300_799_000],
    ['Thu, 29 Feb 2024 12:00:00 GMT', Date.UTC(2024, 1, 29, 12)],
  ])('%s', (text, ms) => {
    expect(httpDate(text)).toBe(ms);
  });

  test.each([
    'Mon, 23 Nov 2026 04:15:65 GMT',
    'Mon, 23 Nov 2026 24:00:00 GMT',
    'Mon, 31 Feb 2026 04:15:45 GMT',
    'Thu, 29 Feb 2026 12:00:00 GMT',
    'Mon, 00 Nov 2026 04:15:45 GMT',
    'Mon, 23 Nov 0026 04:15:45 GMT',
    'Mon, 23 Nov 2026 04:15:45 UTC',
    'Mon, 23 Nov 2026 04:15:45',
    '2026-11-23T04:15:45Z',
    'Invalid Date',
    '',
  ])('%j is none: neither a time to wait nor a clock to go by', (text) => {
    expect(httpDate(text)).toBeUndefined();
    expect(retryAfter(text, NOW)).toBeUndefined();
    const clock = new ServerClock();
    clock.learn(text);
    expect(clock.known).toBe(false);
  });
});

describe('Retry-After', () => {
  test.each([
    ['0', 0],
    ['120', 120_000],
    [' 7 ', 7_000],
    ['9999999999', 9_999_999_999_000],
    ['Mon, 23 Nov 2026 04:16:00 GMT', 15_000],
    ['Mon, 23 Nov 2026 04:15:00 GMT', 0],
  ])('%j', (text, ms) => {
    expect(retryAfter(text, NOW)).toBe(ms);
  });

  test.each([null, '-1', '1.5', '1e3', '99999999999', '0x10', 'soon'])(
    '%j is as if it were absent',
    (text) => {
      expect(retryAfter(text, NOW)).toBeUndefined();
    },
  );
});

test('an origin that is no text is refused like one that is no URL', () => {
  const origin = JSON.parse('{"toString":1,"valueOf":2}');
  expect(() => parseCredentials({ id: 'id', secret: 'secret', origin })).toThrow(
    /have an origin that is not a URL/,
  );
});
