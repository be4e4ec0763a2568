// Whole rotations through each store, and rotations that die at every write: before it, after it, and with a response that
// nobody heard. Whoever comes next ends them.
import { type CredentialStore, resume, rotate } from 'blazemeter-client/rotation';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { accepts, adopted, keyIds, recordOf, rotationWorld } from '../support/world.ts';
import { benches } from './benches.ts';
import type { Bench } from './conformance.ts';

// The wait before another try is random: none here.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

const timing = { lookAgainMs: 1 };
const drain = { minutes: 0 };

/** Three ways for a process to be cut off at its n-th write. After `lost`, it lives on and can look; after the others it is dead. */
type Cut = 'before' | 'after' | 'lost';

/** A store for a run that is cut off at its n-th write; counts the writes. */
function cutAt(inner: CredentialStore, at: number, cut: Cut, loseAnswer: () => void) {
  const run = { writes: 0, dead: false };
  const die = (): never => {
    run.dead = true;
    throw new Error('dead');
  };
  const store: CredentialStore = {
    read: async () => (run.dead ? die() : inner.read()),
    async write(record, options) {
      if (run.dead) die();
      run.writes += 1;
      if (run.writes !== at) return inner.write(record, options);
      if (cut === 'before') die();
      if (cut === 'lost') loseAnswer();
      const written = await inner.write(record, options);
      if (cut === 'after') die();
      return written;
    },
  };
  return { store, run };
}

async function playedOn(bench: Bench, at: number, cut: Cut): Promise<number> {
  const world = rotationWorld();
  const before = keyIds(world.reference);
  await adopted(world, bench.open());
  const cutOff = cutAt(bench.open(), at, cut, () => bench.behind?.loseAnswer?.());
  const options = { reason: 'schedule', drain, timing } as const;
  const first = await rotate(world.client, { ...options, store: cutOff.store }).catch((error: unknown) => {
    if (!cutOff.run.dead) throw error;
  });
  const current = (await recordOf(bench.open())).current;
  expect(accepts(world.reference, current)).toBe(true);
  // Another process, which knows that the first one is dead.
  const store = bench.open();
  if (first === undefined) await resume(world.client, { store, timing, takeOver: true });
  if ((await recordOf(store)).epoch === 0) await rotate(world.client, { ...options, store, takeOver: true });
  const record = await recordOf(store);
  expect(record).toMatchObject({ epoch: 1, phase: 'idle', retire: [], previous: null, pending: null });
  expect(accepts(world.reference, record.current)).toBe(true);
  expect(keyIds(world.reference)).toEqual(
    [...before.filter((id) => id !== world.keys.ci.id), record.current.id].sort(),
  );
  return cutOff.run.writes;
}

/** One of each kind: whether a record is sealed makes no difference to where a run can die. */
const oneOfEach = benches.filter(({ name }) => !/^(?:fileStore|.* on a fake|.*, not sealed)$/.test(name));

describe.each(benches)('a rotation with its record in $name', ({ name, make }) => {
  const onBench = async (at: number, cut: Cut): Promise<number> => {
    const bench = await make();
    try {
      return await playedOn(bench, at, cut);
    } finally {
      await bench.close();
    }
  };

  it('goes from its adoption to its end', async () => {
    expect(await onBench(0, 'before')).toBeGreaterThan(6);
  });

  if (!oneOfEach.some((one) => one.name === name)) return;

  it('is ended by the next process wherever one died, and goes on itself where only a response was lost', async () => {
    const writes = await onBench(0, 'before');
    const bench = await make();
    const losesAnswers = bench.behind?.loseAnswer !== undefined;
    await bench.close();
    for (let at = 1; at <= writes; at++) {
      // The first write of all takes the lease.
      for (const cut of ['before', 'after'] as const) await onBench(at, cut);
      if (losesAnswers) await onBench(at, 'lost');
    }
  });
});

describe.each(benches.filter(({ name }) => name.includes('fake')))('$name', ({ make }) => {
  it('adopts credentials although the response to the first write is lost', async () => {
    const bench = await make();
    const world = rotationWorld();
    bench.behind?.loseAnswer?.();
    await adopted(world, bench.open());
    expect(await recordOf(bench.open())).toMatchObject({ epoch: 0, current: { id: world.keys.ci.id } });
    await bench.close();
  });

  it('lets two runs at once end as one rotation, and a conflict or none', async () => {
    const bench = await make();
    const world = rotationWorld();
    await adopted(world, bench.open());
    const runs = await Promise.allSettled(
      [1, 2, 3].map(() => rotate(world.client, { store: bench.open(), reason: 'schedule', drain, timing })),
    );
    const codes = runs.flatMap((run) =>
      run.status === 'rejected' ? [String(Reflect.get(Object(run.reason), 'code'))] : [],
    );
    expect(codes).toHaveLength(2);
    for (const code of codes) expect(['rotation_busy', 'rotation_conflict']).toContain(code);
    expect(await recordOf(bench.open())).toMatchObject({ epoch: 1, phase: 'idle' });
    await bench.close();
  });
});
