// A reader whose pair was refused: which other pair it gives, when it warns, and how long it looks for one. Times are exact.
import { CredentialsError } from 'blazemeter-client';
import { RotationError, type RotationRecord } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { madeUpPending } from '../stores/records.ts';
import {
  current,
  following,
  heldPair,
  MINUTE,
  older,
  previous,
  promoted,
  stillClock,
} from '../support/followed-record.ts';
import { failure } from '../support/rotation.ts';

vi.setConfig({ testTimeout: 2_000 });
beforeEach(stillClock);
afterEach(() => void vi.useRealTimers());

const young = promoted(10 * MINUTE - 1);
const old = promoted(10 * MINUTE);
const next = heldPair('next');
/** The same key with its new secret. */
const renewed = { ...current, secret: next.secret };

type Case = readonly [string, Partial<RotationRecord>, typeof current, typeof current];

const cases: readonly Case[] = [
  ['the current one, just promoted, by the one before it', { previous, promotion: young }, current, previous],
  ['the current one by itself where there is no other', { promotion: young }, current, current],
  ['the one before it by the current one', { previous, promotion: young }, previous, current],
  ['one that is older than both by the one before', { previous, promotion: young }, older, previous],
  ['an older one by the current one where there is none before', { promotion: young }, older, current],
  ['an older one by the current one, long after', { previous, promotion: old }, older, current],
  ['an older one by the current one that was not promoted', { previous }, older, current],
  ['one of the same key by its secret of now', { previous, promotion: old }, renewed, current],
  [
    'one with the same secret by the current one',
    { previous, promotion: old },
    { ...older, secret: current.secret },
    current,
  ],
  [
    'a leaked one by its new secret, which is being tested',
    {
      previous,
      promotion: young,
      phase: 'testing',
      pending: madeUpPending({ way: 'regenerate', key: renewed }),
    },
    current,
    renewed,
  ],
  [
    'one by the one before it, though a new one is tested',
    { previous, promotion: young, phase: 'testing', pending: madeUpPending({ way: 'create', key: next }) },
    current,
    previous,
  ],
  [
    'a leaked one by the one before it where the new secret is not known',
    { previous, promotion: young, phase: 'regenerating', pending: madeUpPending({ way: 'regenerate' }) },
    current,
    previous,
  ],
];

describe('a pair that was refused', () => {
  it.each(cases)('is followed: %s', async (_, change, pair, expected) => {
    const { refused, warn } = following(change);
    const given = await refused(pair);
    expect([given.id, given.secret]).toEqual([expected.id, expected.secret]);
    expect(given.refreshAfterMs).toBe(expected === current ? 5 * MINUTE : 30_000);
    expect(warn).not.toHaveBeenCalled();
  });

  it('long after its promotion is followed by the one before it, with a warning to those who listen', async () => {
    for (const promotion of [old, null]) {
      const { credentials, refused, warn } = following({ previous, promotion });
      expect((await refused(current)).id).toBe(previous.id);
      expect(warn).toHaveBeenCalledExactlyOnceWith(
        `The service refuses the key ${current.id}, which was promoted long ago; the key ${previous.id}, which is being drained, is used instead. Likely cause: somebody deleted or regenerated it. Rotate again before the drain is over.`,
      );
      const quiet = credentials({ reason: 'unauthorized', refused: current });
      expect((await quiet).id).toBe(previous.id);
    }
  });

  it('counts as young for as long as was said', async () => {
    const { refused, warn } = following({ previous, promotion: promoted(MINUTE) }, { propagation: MINUTE });
    await refused(current);
    expect(warn).toHaveBeenCalledOnce();
    const patient = following({ previous, promotion: old }, { propagation: 11 * MINUTE });
    await patient.refused(current);
    expect(patient.warn).not.toHaveBeenCalled();
  });

  it('is the one that was given last, where nobody says which', async () => {
    const { credentials, refused } = following({ previous, promotion: young });
    await credentials();
    expect((await refused()).id).toBe(previous.id);
    expect((await refused()).id).toBe(current.id);
    expect((await refused(current)).id).toBe(previous.id);
  });

  it('is tried again after less than half a minute where the record is read more often', async () => {
    const { refused } = following({ previous, promotion: young }, { refreshEvery: 20_000 });
    expect((await refused(current)).refreshAfterMs).toBe(20_000);
  });
});

describe('a refused pair without another', () => {
  /** Turns of the loop in which no clock goes on. */
  const still = () => vi.advanceTimersByTimeAsync(0);

  it('is given again, and the store is not read again within a second', async () => {
    const { refused, times } = following();
    expect((await refused(current)).id).toBe(current.id);
    await vi.advanceTimersByTimeAsync(400);
    const again = refused(current);
    await vi.advanceTimersByTimeAsync(599);
    expect(times).toEqual([0]);
    await vi.advanceTimersByTimeAsync(1);
    expect((await again).id).toBe(current.id);
    expect(times).toEqual([0, 1000]);
  });

  it.each([1000, 1500])('is looked for at once after %i ms', async (ms) => {
    const { refused, times } = following();
    await refused(current);
    await vi.advanceTimersByTimeAsync(ms);
    const timer = vi.spyOn(globalThis, 'setTimeout');
    const again = refused(current);
    await still();
    expect(times).toEqual([0, ms]);
    await again;
    // One bounds the read: nothing was waited for.
    expect(timer).toHaveBeenCalledTimes(1);
  });

  it('is looked for each half second, ten seconds long, while the answer to a leak is under way', async () => {
    const pending = madeUpPending({ way: 'regenerate' });
    const { refused, times } = following({ phase: 'regenerating', pending });
    const given = refused(current);
    await vi.advanceTimersByTimeAsync(30_000);
    expect((await given).id).toBe(current.id);
    expect(times).toEqual(Array.from({ length: 22 }, (_, index) => index * 500));
  });

  it('is followed by the new secret as soon as it is on record', async () => {
    const pending = madeUpPending({ way: 'regenerate' });
    const { refused, times, say } = following({ phase: 'regenerating', pending });
    const given = refused(current);
    await vi.advanceTimersByTimeAsync(600);
    say({ phase: 'testing', pending: { ...pending, key: renewed } });
    await vi.advanceTimersByTimeAsync(400);
    expect((await given).secret).toBe(renewed.secret);
    expect(times).toEqual([0, 500, 1000]);
  });
});

describe('a refused pair whose store fails', () => {
  const down = () => Promise.reject(new RotationError('It is down.', { code: 'rotation_store' }));
  const refusal = `The service refused the key ${current.id}, and no other can be had: It is down.`;

  async function outcome(world: ReturnType<typeof following>) {
    const error = failure(world.refused(current));
    await vi.advanceTimersByTimeAsync(30_000);
    return error;
  }

  it('cannot be followed where nothing was read before', async () => {
    const world = following();
    world.answers(down);
    const error = await outcome(world);
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({
      code: 'rotation_store',
      source: 'the record of a rotation',
      message: refusal,
      cause: { message: 'It is down.' },
    });
  });

  it.each<[string, Partial<RotationRecord>]>([
    ['idle', {}],
    ['regenerating', { phase: 'regenerating', pending: madeUpPending({ way: 'regenerate' }) }],
  ])(
    'cannot be followed by what was read before without another (%s), and is not looked for',
    async (_, change) => {
      const world = following(change);
      await world.soon();
      world.answers(down);
      expect((await outcome(world)).message).toBe(refusal);
      expect(world.times).toHaveLength(4);
    },
  );

  it('is followed by the other pair that was read before', async () => {
    const world = following({ previous, promotion: young });
    await world.soon();
    world.answers(down);
    const given = world.refused(current);
    await vi.advanceTimersByTimeAsync(30_000);
    expect((await given).id).toBe(previous.id);
  });

  it('rests for a second, too', async () => {
    const world = following();
    await world.soon();
    world.answers(down);
    await outcome(world);
    world.answers(undefined);
    await world.refused(current);
    const begun = world.times.length;
    void world.refused(current);
    await vi.advanceTimersByTimeAsync(999);
    expect(world.times).toHaveLength(begun);
  });
});
