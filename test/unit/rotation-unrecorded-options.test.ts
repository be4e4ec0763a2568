// What a caller gives to a rotation that keeps no record, as it is used, and what is refused of it.
import { CredentialsError } from 'blazemeter-client';
import type { UnrecordedOptions } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { readUnrecordedOptions } from '../../src/rotation/ci/unrecorded-options.ts';
import { madeUp } from '../support/credentials.ts';

const HOUR = 3_600_000;
const pair = madeUp('unrecorded');
const sinks = [{ name: 'ci', put: async () => {} }];
const least: UnrecordedOptions = { name: 'ci', credentials: pair, sinks };
const read = (more: object = {}): ReturnType<typeof readUnrecordedOptions> =>
  Reflect.apply(readUnrecordedOptions, undefined, [{ ...least, ...more }]);

describe('the options of a run without a record', () => {
  it('have their defaults', () => {
    const { given, ...rest } = read();
    expect([given.id, given.secret.reveal()]).toEqual([pair.id, pair.secret]);
    expect(rest).toEqual({
      base: 'ci',
      sinks,
      reason: 'expiry',
      within: undefined,
      expiresIn: undefined,
      drainMs: 24 * HOUR,
      quietForMs: undefined,
      replaces: undefined,
      recovery: undefined,
      leakedSince: undefined,
      dryRun: false,
      timing: { testWithinMs: 30_000, lookAgainMs: 1_000 },
    });
  });

  it('are as they are given', () => {
    const other = madeUp('recovery');
    const leakedSince = new Date('2030-01-01T00:00:00Z');
    const { given, recovery, ...rest } = read({
      credentials: pair.token,
      reason: 'leak',
      within: { days: 3 },
      expiresIn: '1 month',
      drain: { hours: 2 },
      quietFor: { hours: 3 },
      replaces: 'made by hand',
      recovery: other,
      leakedSince,
      dryRun: true,
      timing: { testWithinMs: 5, lookAgainMs: 6 },
    });
    expect([given.id, recovery?.id, recovery?.secret.reveal()]).toEqual([pair.id, other.id, other.secret]);
    expect(rest).toEqual({
      base: 'ci',
      sinks,
      reason: 'leak',
      within: { days: 3 },
      expiresIn: '1 month',
      drainMs: 2 * HOUR,
      quietForMs: 3 * HOUR,
      replaces: 'made by hand',
      leakedSince,
      dryRun: true,
      timing: { testWithinMs: 5, lookAgainMs: 6 },
    });
  });

  it('change nothing on a mere word for a dry run', () => {
    expect(read({ dryRun: 'yes' }).dryRun).toBe(false);
    expect(read({ quietFor: 0 }).quietForMs).toBe(0);
  });
});

describe('what is refused', () => {
  const none = 'Without a record there must be a sink that keeps the new pair: give at least one.';

  it.each([
    ['no sinks', { sinks: undefined }, none],
    ['an empty list of sinks', { sinks: [] }, none],
    ['something that is no list', { sinks: { length: 1 } }, none],
    ['a sink that is not in a list', { sinks: sinks[0] }, none],
    ['two sinks of one name', { sinks: [...sinks, ...sinks] }, /^Each sink needs a name of its own/],
    ['an empty name', { name: ' ' }, /^name must be a text/],
    ['another reason', { reason: 'boredom' }, /^reason is one of expiry, schedule, leak\.$/],
    ['a leak since a date that is none', { leakedSince: new Date('soon') }, /^leakedSince is a Date\.$/],
    ['a window that is no time', { within: { weeks: 1 } }, /^within is a length of time/],
    ['a drain that is no time', { drain: -1 }, /^drain is a length of time/],
    ['a quiet time that is no time', { quietFor: Number.NaN }, /^quietFor is a length of time/],
    ['a bound that is no time', { timing: { testWithinMs: -1 } }, /^timing\.testWithinMs is a number/],
  ])('%s', (_, more, message) => {
    const reading = () => read(more);
    expect(reading).toThrow(TypeError);
    expect(reading).toThrow(message);
  });

  it('says which of the two pairs is none', () => {
    const reading = (more: object) => () => read(more);
    expect(reading({ credentials: 'no pair' })).toThrow(/^The credentials must have the form id:secret/);
    expect(reading({ recovery: 'no pair' })).toThrow(/^The recovery credentials must have the form/);
    expect(reading({ recovery: 'no pair' })).toThrow(CredentialsError);
  });
});
