// Several processes and one record: one of them rotates, the others say who does; and what a request does that arrives
// late, from a process that nobody waits for any more.
import { BlazeMeterClient, type RotationError, UndeliveredSecretError } from 'blazemeter-client';
import {
  type CredentialStore,
  memoryStore,
  type RotationRecord,
  resume,
  rotate,
  rotateIfExpiring,
} from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { pairOf, send } from '../support/reference.ts';
import { accepts, adopted, failure, keyIds, recordOf, rotationWorld } from '../support/rotation.ts';

const timing = { lookAgainMs: 1, testWithinMs: 50 };

/** A world in which somebody else has the lease for another minute. */
async function busyWorld() {
  const world = rotationWorld();
  const store = await adopted(world, memoryStore());
  const held = await store.read();
  if (held === undefined) throw new Error('There is no record.');
  const until = new Date(Date.now() + 60_000);
  await store.write({ ...held.record, stamp: 'x', lease: { owner: 'pod 1', until } }, { ifMatch: held.etag });
  return { ...world, store, until };
}

/** A store in which somebody else writes the record just before this process does so in this phase. */
function overtakenIn(
  store: CredentialStore,
  phase: string,
  change: Partial<RotationRecord> = {},
): CredentialStore {
  let done = false;
  return {
    read: () => store.read(),
    async write(record, options) {
      const held = await store.read();
      if (!done && record.phase === phase && held !== undefined) {
        done = true;
        const lease = { owner: 'pod 2', until: new Date(Date.now() + 60_000) };
        await store.write({ ...held.record, stamp: 'other', lease, ...change }, { ifMatch: held.etag });
      }
      return store.write(record, options);
    },
  };
}

describe('a process of a fleet that finds another one at work', () => {
  it('says who, and until when, and does nothing', async () => {
    const { client, store, until, reference } = await busyWorld();
    const calls = reference.journal.count();
    const report = await rotateIfExpiring(client, { store, whenBusy: 'read' });
    expect(report).toMatchObject({
      phase: 'idle',
      rotated: false,
      steps: [],
      busy: { owner: 'pod 1', until },
    });
    expect(report.notes.join()).toContain('pod 1');
    expect(reference.journal.count()).toBe(calls);
    expect((await recordOf(store)).lease?.owner).toBe('pod 1');
  });

  it('fails where it did not say that it reads, as before', async () => {
    const { client, store } = await busyWorld();
    expect(await failure(rotateIfExpiring(client, { store }))).toMatchObject({ code: 'rotation_busy' });
    expect((await recordOf(store)).lease?.owner).toBe('pod 1');
  });

  it.each(['rotate', 'resume'] as const)('says so with %s as well', async (name) => {
    const { client, store } = await busyWorld();
    const report =
      name === 'rotate'
        ? await rotate(client, { store, reason: 'schedule', whenBusy: 'read' })
        : await resume(client, { store, whenBusy: 'read' });
    expect(report.busy?.owner).toBe('pod 1');
  });

  it('takes a lease that has run out, and says nothing of it', async () => {
    const { client, store, until } = await busyWorld();
    vi.useFakeTimers({ toFake: ['Date'], now: until.getTime() + 1 });
    const report = await resume(client, { store, whenBusy: 'read' });
    vi.useRealTimers();
    expect(report.busy).toBeUndefined();
  });

  it('refuses to be told anything else', async () => {
    const { client, store } = await busyWorld();
    const whenBusy: unknown = 'wait';
    const options = Object.assign({ store }, { whenBusy });
    // @ts-expect-error: as a caller without types would
    await expect(resume(client, options)).rejects.toThrow(TypeError);
  });
});

describe('a process of a fleet that is overtaken in the middle', () => {
  it.each(['idle', 'creating', 'testing', 'delivering', 'draining'])(
    'at %s reports who has it now',
    async (phase) => {
      const world = rotationWorld();
      const store = await adopted(world, memoryStore());
      const options = { reason: 'schedule', whenBusy: 'read', timing } as const;
      const report = await rotate(world.client, { ...options, store: overtakenIn(store, phase) });
      expect(report.busy?.owner).toBe('pod 2');
      expect(report.notes.join()).toContain('pod 2 has taken this record over');
      expect((await recordOf(store)).lease?.owner).toBe('pod 2');
      const error = await failure(
        rotate(world.client, {
          reason: 'schedule',
          timing,
          takeOver: true,
          store: overtakenIn(store, phase),
        }),
      );
      expect(error.message).not.toBe('It did not fail.');
    },
  );

  it('reports the phase and epoch that the other one has come to', async () => {
    const world = rotationWorld();
    const store = await adopted(world, memoryStore());
    const report = await rotate(world.client, {
      store: overtakenIn(store, 'creating', { epoch: 1, lease: null }),
      reason: 'schedule',
      whenBusy: 'read',
    });
    expect(report).toMatchObject({
      phase: 'idle',
      epoch: 1,
      rotated: false,
      busy: { owner: null, until: null },
    });
  });

  it('leaves nothing behind: whoever took over finds its key by the name, and makes no second one', async () => {
    const world = rotationWorld();
    const store = await adopted(world, memoryStore());
    await rotate(world.client, {
      store: overtakenIn(store, 'testing'),
      reason: 'schedule',
      whenBusy: 'read',
      timing,
    });
    const planned = (await recordOf(store)).pending?.nonce;
    await resume(world.client, { store, owner: 'pod 2', timing });
    expect((await recordOf(store)).current.name).toContain(planned);
    expect(world.reference.journal.of('apiKeys.create').filter(({ committed }) => committed)).toHaveLength(1);
  });

  it('does not swallow the only copy of a secret: the new one of a leaked key', async () => {
    const world = rotationWorld();
    const store = await adopted(world, memoryStore());
    const error = await failure(
      rotate(world.client, {
        store: overtakenIn(store, 'testing'),
        reason: 'leak',
        recovery: world.keys.spare,
        whenBusy: 'read',
        timing,
      }),
    );
    expect(error).toBeInstanceOf(UndeliveredSecretError);
  });

  it('is told of its own troubles as ever', async () => {
    const world = rotationWorld();
    const store = await adopted(world, memoryStore());
    world.reference.faults.add({ effect: 'status', status: 403, operation: 'apiKeys.list' });
    const error = await failure(rotate(world.client, { store, reason: 'schedule', whenBusy: 'read' }));
    expect(error).toMatchObject({ code: 'permission_denied' });
    expect((await recordOf(store)).lease).toBeNull();
  });
});

describe('a lease', () => {
  it('is renewed before the next change by a process that the machine has put to sleep meanwhile', async () => {
    const world = rotationWorld();
    const store = await adopted(world, memoryStore());
    // The wall clock goes on while the machine sleeps; the other clock of the process need not.
    let slept = false;
    const sleepy: CredentialStore = {
      read: () => store.read(),
      async write(record, options) {
        const written = await store.write(record, options);
        if (record.phase === 'creating' && !slept) {
          slept = true;
          vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 10 * 60_000 });
          const held = await store.read();
          if (held !== undefined)
            await store.write(
              {
                ...held.record,
                stamp: 'other',
                lease: { owner: 'pod 2', until: new Date(Date.now() + 60_000) },
              },
              { ifMatch: held.etag },
            );
        }
        return written;
      },
    };
    const error = await failure(rotate(world.client, { store: sleepy, reason: 'schedule', timing }));
    vi.useRealTimers();
    expect(error).toMatchObject({ code: 'rotation_conflict' } satisfies Partial<RotationError>);
    expect(world.reference.journal.count('apiKeys.create')).toBe(0);
  });
});

describe('a create that arrives late', () => {
  it('in the way of the last try is found by the next run: the plan is not taken back', async () => {
    const world = rotationWorld({ semantics: { names: 'unique' } });
    const { reference } = world;
    const store = await adopted(world, memoryStore());
    const lost: (() => Promise<unknown>)[] = [];
    const client = new BlazeMeterClient({
      credentials: 'nobody:nothing',
      logLevel: 'off',
      fetch: async (url, init) => {
        if (init.method === 'POST' && lost.length < 2) {
          lost.push(() => reference.fetch(url, init));
          const cause = Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' });
          throw new TypeError('fetch failed', { cause });
        }
        if (init.method === 'POST') await lost[1]?.();
        return reference.fetch(url, init);
      },
    });
    expect(await failure(rotate(client, { store, reason: 'schedule', timing }))).toMatchObject({
      code: 'conflict',
    });
    expect((await recordOf(store)).phase).toBe('creating');
    const report = await resume(world.client, { store, timing });
    expect(report.rotated).toBe(true);
    expect(reference.journal.of('apiKeys.create').filter(({ committed }) => committed)).toHaveLength(1);
  });
});

describe('a regenerate that arrives late, from a process that is dead', () => {
  it('before the promotion: the pair that it spoilt is given up, and another key is made', async () => {
    const world = rotationWorld();
    const { client, reference, keys } = world;
    const inner = await adopted(world, memoryStore());
    const dying: CredentialStore = {
      read: () => inner.read(),
      async write(record, options) {
        if (record.phase === 'delivering') throw new Error('dead');
        return inner.write(record, options);
      },
    };
    await failure(rotate(client, { store: dying, reason: 'schedule', drain: 0, timing }));
    const spoilt = (await recordOf(inner)).pending?.key?.id ?? '';
    pairOf(send(reference, keys.ci, 'POST', `/api-keys/${spoilt}/regenerate`));
    const options = { store: inner, timing, quietFor: 0 };
    expect(await failure(resume(client, options))).toMatchObject({ code: 'rotation_untested' });
    reference.clock.advance({ minutes: 16 });
    const report = await resume(client, options);
    expect(report.notes.join()).toContain(spoilt);
    await resume(client, options);
    const { current, phase } = await recordOf(inner);
    expect(phase).toBe('idle');
    expect(accepts(reference, current)).toBe(true);
    expect(keyIds(reference)).toEqual([current.id, keys.spare.id, keys.theirs.id].sort());
  });

  it('after the promotion: the old key gives the new one a secret that is known, and the drain begins anew', async () => {
    const world = rotationWorld();
    const { client, reference, keys } = world;
    const store = await adopted(world, memoryStore());
    await rotate(client, { store, reason: 'schedule', drain: { hours: 1 }, timing });
    const { current } = await recordOf(store);
    pairOf(send(reference, keys.ci, 'POST', `/api-keys/${current.id}/regenerate`));
    expect(accepts(reference, current)).toBe(false);
    reference.clock.advance({ hours: 1, minutes: 1 });
    const report = await resume(client, { store, timing, quietFor: 0 });
    expect(report).toMatchObject({ phase: 'draining', rotated: true, epoch: 2, keyId: current.id });
    const after = await recordOf(store);
    expect(accepts(reference, after.current)).toBe(true);
    expect(accepts(reference, keys.ci)).toBe(true);
    reference.clock.advance({ hours: 1, minutes: 1 });
    expect((await resume(client, { store, timing, quietFor: 0 })).phase).toBe('idle');
    expect(keyIds(reference)).toEqual([current.id, keys.spare.id, keys.theirs.id].sort());
  });

  it('keeps the old key where the new one was deleted by hand, and says so', async () => {
    const world = rotationWorld();
    const { client, reference, keys } = world;
    const store = await adopted(world, memoryStore());
    await rotate(client, { store, reason: 'schedule', drain: { hours: 1 }, timing });
    const { current } = await recordOf(store);
    expect(send(reference, keys.ci, 'DELETE', `/api-keys/${current.id}`).status).toBe(204);
    reference.clock.advance({ hours: 2 });
    const report = await resume(client, { store, timing, quietFor: 0 });
    expect(report.phase).toBe('draining');
    expect(report.notes.join()).toContain('was deleted by somebody else');
    // The key that readers have fallen back to, whoever signs this run.
    const signed = await resume(client, { store, timing, quietFor: 0, recovery: keys.spare });
    expect(signed.notes.join()).toContain(`the old key ${keys.ci.id}`);
    expect(accepts(reference, keys.ci)).toBe(true);
  });

  it('does not mistake a pair that is slow to be known for one that was spoilt', async () => {
    const world = rotationWorld({ semantics: { propagation: 600_000 } });
    const { client, reference } = world;
    const store = await adopted(world, memoryStore());
    expect(await failure(rotate(client, { store, reason: 'schedule', timing }))).toMatchObject({
      code: 'rotation_untested',
    });
    reference.clock.advance({ minutes: 11 });
    expect((await resume(client, { store, timing })).rotated).toBe(true);
    expect(reference.journal.count('apiKeys.create')).toBe(1);
  });
});
