// What becomes of keys when a maximum changes, under each reading: key by key, to the millisecond, with the words for it.
import { describe, expect, it } from 'vitest';
import { type Change, planReadings } from '../../src/rotation/plan-readings.ts';

const DAY = 86_400_000;
const SLACK = 120_000;
const NOW = Date.UTC(2030, 5, 1, 12);

const ID = '7e57ed000000000000000001';
const at = (days: number, ms = 0) => new Date(NOW + days * DAY + ms);

/** A key that was made so many days ago, changed never since, and ends in so many days. */
const keyOf = (made: number, ends: number | null, { id = ID, ms = 0 } = {}) => ({
  id,
  name: 'ci',
  userId: 1,
  createdAt: at(-made),
  updatedAt: at(-made),
  expiresAt: ends === null ? null : at(ends, ms),
  lastUsedAt: null,
  extra: {},
});

const change = (more: Partial<Change>): Change => ({
  keys: [],
  now: NOW,
  shrinks: true,
  before: 3650,
  after: 90,
  keyInUse: null,
  ...more,
});

type Key = Change['keys'][number];

/** What becomes of one key under a reading. */
function endOf(reading: string, key: Key, more: Partial<Change> = {}) {
  const end = planReadings(change({ keys: [key], ...more })).find((one) => one.reading === reading)?.keys[0];
  if (end === undefined) throw new Error(`There is no reading ${reading}.`);
  expect(end.id).toBe(key.id);
  const { outcome, endsAt, endsEarlier, why } = end;
  return [outcome, endsAt, endsEarlier, why];
}

const against = (more: Partial<Change>) => planReadings(change(more)).map((reading) => reading.against);

const kept = (endsAt: Date | null) => ['unchanged', endsAt, false, 'keeps its expiry'];
const unclear = ['unclear', null, false, 'its dates do not tell whether it is longer'];
const changedSince = (ends: number) => ({ ...keyOf(60, ends), updatedAt: at(0) });

describe('the readings', () => {
  it('are four, each with its meaning and assumed, in this order', () => {
    const empty = { provenance: 'assumed', keys: [], affected: 0, unclear: 0, against: null };
    expect(planReadings(change({}))).toEqual([
      {
        reading: 'new-only',
        meaning: 'the maximum holds for new keys, and existing keys keep their expiry',
        ...empty,
      },
      {
        reading: 'block-on-use',
        meaning: 'existing keys that are longer are refused (401) while they are longer than the maximum',
        ...empty,
      },
      {
        reading: 'clamp',
        meaning: 'existing keys end, at the latest, when the new maximum ends, counted from the change',
        ...empty,
      },
      { reading: 'revoke', meaning: 'existing keys that are longer are deleted', ...empty },
    ]);
  });

  it('count what ends earlier, and what is unclear', () => {
    const keys = [keyOf(0, 91), keyOf(0, 92), keyOf(0, 20), changedSince(40), keyOf(0, null)];
    expect(planReadings(change({ keys })).map((one) => [one.affected, one.unclear])).toEqual([
      [0, 0],
      [2, 2],
      [2, 1],
      [2, 2],
    ]);
  });
});

describe('a key under new-only', () => {
  it('keeps its expiry, or none', () => {
    expect(endOf('new-only', keyOf(0, 3000))).toEqual(kept(at(3000)));
    expect(endOf('new-only', keyOf(0, null))).toEqual(kept(null));
  });
});

describe('a key under block-on-use', () => {
  it('is refused at once where it is longer', () => {
    expect(endOf('block-on-use', keyOf(0, 91))).toEqual(['refused', at(0), true, 'longer than 90 days']);
    expect(endOf('block-on-use', keyOf(0, 90, { ms: SLACK }))).toEqual(kept(at(90, SLACK)));
  });

  it('does not end earlier where it is refused already, or has run out', () => {
    expect(endOf('block-on-use', keyOf(0, 91), { before: 60 })).toEqual([
      'refused',
      at(0),
      false,
      'longer than 90 days, and refused already',
    ]);
    expect(endOf('block-on-use', keyOf(100, 0, { ms: SLACK }))).toEqual([
      'refused',
      at(0),
      false,
      'longer than 90 days',
    ]);
    expect(endOf('block-on-use', keyOf(100, 0, { ms: SLACK + 1 }))[2]).toBe(true);
  });

  it('is accepted again where a wider maximum allows it', () => {
    const wider = { shrinks: false, before: 30 };
    expect(endOf('block-on-use', keyOf(0, 80), wider)).toEqual([
      'accepted-again',
      at(80),
      false,
      'longer than 30 days, within 90 days',
    ]);
    expect(endOf('block-on-use', keyOf(0, 80), { ...wider, after: null })[3]).toBe(
      'longer than 30 days, within no limit',
    );
    expect(endOf('block-on-use', keyOf(0, 20), wider)).toEqual(kept(at(20)));
  });

  it('is unclear where its dates do not tell', () => {
    expect(endOf('block-on-use', changedSince(40))).toEqual(unclear);
    expect(endOf('block-on-use', keyOf(0, null))).toEqual(unclear);
  });
});

describe('a key under clamp', () => {
  it('ends when the new maximum does, counted from the change', () => {
    expect(endOf('clamp', keyOf(0, 90, { ms: 1 }))).toEqual([
      'shortened',
      at(90),
      true,
      '90 days from the change',
    ]);
    expect(endOf('clamp', keyOf(0, 90))).toEqual(kept(at(90)));
    expect(endOf('clamp', keyOf(100, 89))).toEqual(kept(at(89)));
  });

  it('keeps its expiry where the maximum does not shrink, or none binds', () => {
    expect(endOf('clamp', keyOf(0, 3000), { shrinks: false })).toEqual(kept(at(3000)));
    expect(endOf('clamp', keyOf(0, 3000), { after: null })).toEqual(kept(at(3000)));
    expect(endOf('clamp', keyOf(0, null), { shrinks: false })).toEqual(kept(null));
  });

  it('is unclear without an expiry', () => expect(endOf('clamp', keyOf(0, null))).toEqual(unclear));
});

describe('a key under revoke', () => {
  it('is deleted where it is longer', () => {
    expect(endOf('revoke', keyOf(0, 91))).toEqual(['deleted', at(0), true, 'longer than 90 days']);
    expect(endOf('revoke', keyOf(0, 90))).toEqual(kept(at(90)));
  });

  it('ends no earlier where it has run out, and does where it was longer before', () => {
    expect(endOf('revoke', keyOf(100, -1))).toEqual(['deleted', at(0), false, 'longer than 90 days']);
    expect(endOf('revoke', keyOf(0, 91), { before: 60, after: 50 })).toEqual([
      'deleted',
      at(0),
      true,
      'longer than 50 days',
    ]);
  });

  it('keeps its expiry where the maximum does not shrink', () => {
    expect(endOf('revoke', keyOf(0, 91), { shrinks: false })).toEqual(kept(at(91)));
    expect(endOf('revoke', keyOf(0, null), { shrinks: false })).toEqual(kept(null));
  });

  it('is unclear where its dates do not tell', () => {
    expect(endOf('revoke', changedSince(40))).toEqual(unclear);
    expect(endOf('revoke', keyOf(0, null))).toEqual(unclear);
  });
});

describe('what speaks against a reading', () => {
  const but = 'It is a hint and no proof: how the key came to be so long is not known.';
  const long = (id: string) => keyOf(0, 400, { id });

  it('is a key that it would have ended, were the maximum of today ever made smaller', () => {
    expect(against({ keys: [long(ID)], before: 365, keyInUse: ID })).toEqual([
      null,
      `The key in use is longer than the 365 days of today, and is accepted. ${but}`,
      `1 visible key ends later than 365 days from now, though that is the maximum of today. ${but}`,
      `1 visible key is longer than the 365 days of today, and not deleted. ${but}`,
    ]);
  });

  it('is counted', () => {
    const keys = [long(ID), long('7e57ed000000000000000002'), keyOf(0, 20)];
    expect(against({ keys, before: 365 })).toEqual([
      null,
      null,
      `2 visible keys end later than 365 days from now, though that is the maximum of today. ${but}`,
      `2 visible keys are longer than the 365 days of today, and not deleted. ${but}`,
    ]);
  });

  it('is nothing without a maximum today, or without keys that are longer', () => {
    const none = [null, null, null, null];
    expect(against({ keys: [long(ID)], before: null, keyInUse: ID })).toEqual(none);
    expect(against({ keys: [keyOf(0, 365), keyOf(0, null)], before: 365, keyInUse: ID })).toEqual(none);
  });

  it('is no key that has run out, nor one that is not in use, nor one within the slack', () => {
    expect(against({ keys: [keyOf(400, -1)], before: 365, keyInUse: ID })).toEqual([null, null, null, null]);
    expect(against({ keys: [keyOf(0, 365, { ms: SLACK })], before: 365 })).toEqual([null, null, null, null]);
    expect(against({ keys: [keyOf(0, 365, { ms: SLACK + 1 })], before: 365 })[2]).toContain(
      '1 visible key ends',
    );
    expect(against({ keys: [keyOf(100, 300)], before: 365, keyInUse: ID })).toEqual([
      null,
      `The key in use is longer than the 365 days of today, and is accepted. ${but}`,
      null,
      `1 visible key is longer than the 365 days of today, and not deleted. ${but}`,
    ]);
  });
});
