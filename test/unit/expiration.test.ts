// Periods, maximums and the wire's number of days, one by one: what each step means, and what is no period at all.
import { describe, expect, test } from 'vitest';
import {
  daysToMs,
  LONGEST_DAYS,
  MOST_DAYS,
  periodDays,
  readMaximum,
  SLACK_MS,
  writeMaximum,
} from '../../src/api/expiration.ts';

const steps = [
  ['1 month', 30],
  ['3 months', 90],
  ['6 months', 180],
  ['1 year', 365],
  ['10 years', 3650],
] as const;

describe.each(steps)('%s', (step, days) => {
  test(`is ${days} days, there and back`, () => {
    expect(periodDays(step)).toBe(days);
    expect(writeMaximum(step)).toBe(days);
    expect(readMaximum(days)).toEqual({ maximum: step, maximumDays: days });
  });
});

test.each([1, 45, MOST_DAYS])('%d days are a period that has no name', (days) => {
  expect(periodDays({ days })).toBe(days);
  expect(writeMaximum({ days })).toBe(days);
  expect(readMaximum(days)).toEqual({ maximum: { days }, maximumDays: days });
});

test('no limit is -1 on the wire, and no number of days', () => {
  expect(writeMaximum('unlimited')).toBe(-1);
  expect(readMaximum(-1)).toEqual({ maximum: 'unlimited', maximumDays: null });
});

test.each([0, -2, 31, 1e9])('the number %d of an answer stays readable', (days) => {
  expect(readMaximum(days)).toEqual({ maximum: { days }, maximumDays: days });
});

test.each([
  ['a step that is none', '2 months'],
  ['the name of something that objects inherit', 'constructor'],
  ['no days', { days: 0 }],
  ['days below none', { days: -1 }],
  ['a part of a day', { days: 1.5 }],
  ['more days than dates have', { days: MOST_DAYS + 1 }],
  ['days without end', { days: Number.POSITIVE_INFINITY }],
  ['a text of digits', { days: '30' }],
  ['an object without days', {}],
  ['a number alone', 30],
  ['nothing', null],
  ['nothing at all', undefined],
  ['no limit, where a period is asked for', 'unlimited'],
])('%s is no period', (_, given) => {
  const read = () => Reflect.apply(periodDays, undefined, [given]);
  expect(read).toThrow(TypeError);
  expect(read).toThrow(
    /^An expiration is one of 1 month, 3 months, 6 months, 1 year, 10 years, or \{ days \} with a whole number of days above 0\.$/,
  );
});

test('the arithmetic: a day has 86,400 s, dates have two minutes of slack, nothing is longer than ten years', () => {
  expect(daysToMs(1)).toBe(86_400_000);
  expect(daysToMs(90)).toBe(90 * 86_400_000);
  expect(SLACK_MS).toBe(120_000);
  expect(LONGEST_DAYS).toBe(3650);
});
