// A reader whose credentials were refused: which others it gives, when it warns, and how long it looks for one. Times are exact.
import { CredentialsError } from 'blazemeter-client';
import { RotationError, type RotationRecord } from 'blazemeter-client/rotation';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { current, heldNamed, older, previous, promoted, reading, withoutChance } from './support/readers.ts';
import { madeUpPending } from './support/records.ts';
import { MINUTE } from './support/stage.ts';
import { failure } from './support/world.ts';

vi.setConfig({ testTimeout: 2_000 });
beforeEach(() => withoutChance());

const young = promoted(10 * MINUTE - 1);
const old = promoted(10 * MINUTE);
const next = heldNamed('next');
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
      pending: madeUpPending({ strategy: 'regenerate', key: renewed }),
    },
    current,
    renewed,
  ],
  [
    'one by the one before it, though a new one is tested',
    {
      previous,
      promotion: young,
      phase: 'testing',
      pending: madeUpPending({ strategy: 'create', key: next }),
    },
    current,
    previous,
  ],
  [
    'a leaked one by the one before it where the new secret is not known',
    { previous, promotion: young, phase: 'regenerating', pending: madeUpPending({ strategy: 'regenerate' }) },
    current,
    previous,
  ],
];

describe('credentials that were refused', () => {
  it.each(cases)('are followed: %s', async (_, change, credentials, expected) => {
    const { refused, warn } = reading(change);
    const given = await refused(credentials);
    expect([given.id, given.secret]).toEqual([expected.id, expected.secret]);
    expect(given.refreshAfterMs).toBe(expected === current ? 5 * MINUTE : 30_000);
    expect(warn).not.toHaveBeenCalled();
  });

  it('long after their promotion are followed by the one before it, with a warning to those who listen', async () => {
    for (const promotion of [old, null]) {
      const { credentials, refused, warn } = reading({ previous, promotion });
      expect((await refused(current)).id).toBe(previous.id);
      expect(warn).toHaveBeenCalledOnce();
      for (const { id } of [current, previous]) expect(warn.mock.calls.join()).toContain(id);
      const quiet = credentials({ reason: 'unauthorized', refused: current });
      expect((await quiet).id).toBe(previous.id);
    }
  });

  it('count as young for as long as was asked for', async () => {
    const { refused, warn } = reading(
      { previous, promotion: promoted(MINUTE) },
      { propagation: { minutes: 1 } },
    );
    await refused(current);
    expect(warn).toHaveBeenCalledOnce();
    const patient = reading({ previous, promotion: old }, { propagation: { minutes: 11 } });
    await patient.refused(current);
    expect(patient.warn).not.toHaveBeenCalled();
  });

  it('are those that were given last, where that is not said', async () => {
    const { credentials, refused } = reading({ previous, promotion: young });
    await credentials();
    expect((await refused()).id).toBe(previous.id);
    expect((await refused()).id).toBe(current.id);
    expect((await refused(current)).id).toBe(previous.id);
  });

  it('are tried again after less than half a minute where the record is read more often', async () => {
    const { refused } = reading({ previous, promotion: young }, { refreshEvery: { seconds: 20 } });
    expect((await refused(current)).refreshAfterMs).toBe(20_000);
  });
});

describe('refused credentials without others', () => {
  /** Turns of the loop in which no clock goes on. */
  const still = () => vi.advanceTimersByTimeAsync(0);

  it('are given again, and the store is not read again within a second', async () => {
    const { refused, times } = reading();
    expect((await refused(current)).id).toBe(current.id);
    await vi.advanceTimersByTimeAsync(400);
    const again = refused(current);
    await vi.advanceTimersByTimeAsync(599);
    expect(times).toEqual([0]);
    await vi.advanceTimersByTimeAsync(1);
    expect((await again).id).toBe(current.id);
    expect(times).toEqual([0, 1000]);
  });

  it.each([1000, 1500])('are looked for at once after %i ms', async (ms) => {
    const { refused, times } = reading();
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

  it('are looked for each half second, ten seconds long, while the response to a leak is under way', async () => {
    const pending = madeUpPending({ strategy: 'regenerate' });
    const { refused, times } = reading({ phase: 'regenerating', pending });
    const given = refused(current);
    await vi.advanceTimersByTimeAsync(30_000);
    expect((await given).id).toBe(current.id);
    expect(times).toEqual(Array.from({ length: 22 }, (_, index) => index * 500));
  });

  it('are followed by the new secret as soon as it is on record', async () => {
    const pending = madeUpPending({ strategy: 'regenerate' });
    const { refused, times, say } = reading({ phase: 'regenerating', pending });
    const given = refused(current);
    await vi.advanceTimersByTimeAsync(600);
    say({ phase: 'testing', pending: { ...pending, key: renewed } });
    await vi.advanceTimersByTimeAsync(400);
    expect((await given).secret).toBe(renewed.secret);
    expect(times).toEqual([0, 500, 1000]);
  });
});

describe('refused credentials whose store fails', () => {
  const down = () => Promise.reject(new RotationError('It is down.', { code: 'rotation_store' }));

  async function outcome(world: ReturnType<typeof reading>) {
    const error = failure(world.refused(current));
    await vi.advanceTimersByTimeAsync(30_000);
    return error;
  }

  it('cannot be followed where nothing was read before', async () => {
    const world = reading();
    world.replies(down);
    const error = await outcome(world);
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({
      code: 'credentials',
      source: expect.any(String),
      cause: { code: 'rotation_store', message: 'It is down.' },
    });
  });

  it.each<[string, Partial<RotationRecord>]>([
    ['idle', {}],
    ['regenerating', { phase: 'regenerating', pending: madeUpPending({ strategy: 'regenerate' }) }],
  ])(
    'cannot be followed by what was read before without others (%s), and are not looked for',
    async (_, change) => {
      const world = reading(change);
      await world.again();
      world.replies(down);
      expect(await outcome(world)).toMatchObject({ cause: { code: 'rotation_store' } });
      expect(world.times).toHaveLength(4);
    },
  );

  it('are followed by the others that were read before', async () => {
    const world = reading({ previous, promotion: young });
    await world.again();
    world.replies(down);
    const given = world.refused(current);
    await vi.advanceTimersByTimeAsync(30_000);
    expect((await given).id).toBe(previous.id);
  });

  it('rest for a second, too', async () => {
    const world = reading();
    await world.again();
    world.replies(down);
    await outcome(world);
    world.replies(undefined);
    await world.refused(current);
    const begun = world.times.length;
    void world.refused(current);
    await vi.advanceTimersByTimeAsync(999);
    expect(world.times).toHaveLength(begun);
  });
});
