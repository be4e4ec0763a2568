// Many records of one user, and many processes with one record: each key is rotated once, and none is touched by another.
import { BlazeMeterClient } from 'blazemeter-client';
import { adopt, fromStore, memoryStore, resume, rotate, rotateIfExpiring } from 'blazemeter-client/rotation';
import { expect, it } from 'vitest';
import { acceptance, adopted, keyIds, recordOf, rotationWorld } from './support/world.ts';

const timing = { lookAgainMs: 1, testWithinMs: 2_000 };

it('twelve records of one user are rotated at once, and none touches a key of another', async () => {
  const names = Array.from({ length: 12 }, (_, index) => `job${index}`);
  const { reference, client, keys } = rotationWorld();
  const seeded = reference.seed({
    keys: Object.fromEntries(names.map((name) => [name, { user: 'runner', expires: { days: 90 } }])),
  });
  reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit', every: 3 });
  const stores = await Promise.all(
    names.map(async (name) => {
      const store = memoryStore();
      const credentials = seeded.keys[name];
      if (credentials === undefined) throw new Error('It was not seeded.');
      await adopt(client, { store, name: 'ci', credentials });
      return store;
    }),
  );
  for (const epoch of [1, 2]) {
    const reports = await Promise.all(
      stores.map((store) => rotate(client, { store, reason: 'schedule', drain: { minutes: 0 }, timing })),
    );
    expect(reports.map((report) => [report.phase, report.epoch])).toEqual(names.map(() => ['idle', epoch]));
  }
  const records = await Promise.all(stores.map(recordOf));
  expect(new Set(records.map(({ id }) => id)).size).toBe(12);
  expect(records.map(({ current }) => current).every(acceptance(reference))).toBe(true);
  const { ci, spare, theirs } = keys;
  expect(keyIds(reference)).toEqual(
    [...records.map(({ current }) => current.id), ci.id, spare.id, theirs.id].sort(),
  );
});

it('processes that all rotate and all read one record never fail a call, and rotate once', async () => {
  const world = rotationWorld();
  const { client, reference } = world;
  const store = await adopted(world);
  const readers = Array.from(
    { length: 6 },
    () => new BlazeMeterClient({ credentials: fromStore(store), fetch: reference.fetch, logLevel: 'off' }),
  );
  const options = { store, whenBusy: 'read', quietFor: { minutes: 0 }, drain: { hours: 1 }, timing } as const;
  const night = () =>
    Promise.all(
      readers.map(async (reader) => {
        await reader.user.get();
        const report = await rotateIfExpiring(client, options);
        await reader.user.get();
        return report;
      }),
    );
  reference.clock.advance({ days: 85 });
  expect((await night()).filter(({ rotated }) => rotated)).toHaveLength(1);
  reference.clock.advance({ hours: 2 });
  await night();
  await resume(client, { store, quietFor: { minutes: 0 } });
  await Promise.all(readers.map((reader) => reader.user.get()));
  expect(await recordOf(store)).toMatchObject({ phase: 'idle', epoch: 1 });
});
