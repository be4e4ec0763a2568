// The ways of a rotation, one run after the other, and what each report says.
import { inspect } from 'node:util';
import {
  adopt,
  type CredentialStore,
  memoryStore,
  RotationError,
  resume,
  rotate,
  rotateIfExpiring,
  rotateWithoutRecord,
  type SecretSink,
  type SinkDelivery,
} from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { accepts, adopted, failure, keyIds, recordOf, rotationWorld, use } from '../support/rotation.ts';

const timing = { lookAgainMs: 1, testWithinMs: 3_000 };

function collecting(name = 'ci secret') {
  const got: SinkDelivery[] = [];
  const sink: SecretSink = { name, put: async (delivery) => void got.push(delivery) };
  return { got, sink };
}

describe('two keys, for the reasons expiry and schedule', () => {
  it('makes a key beside the old one, puts it where it is read, and deletes the old one after the drain', async () => {
    const world = rotationWorld();
    const { reference, client, keys } = world;
    const store = await adopted(world);
    const { got, sink } = collecting();

    const first = await rotate(client, {
      store,
      reason: 'schedule',
      drain: { hours: 2 },
      sinks: [sink],
      timing,
    });
    expect(first).toMatchObject({ phase: 'draining', rotated: true, epoch: 1, retire: [] });
    expect(first.sinks).toEqual([{ name: 'ci secret', keyId: first.keyId, acknowledged: true }]);
    const { current, previous } = await recordOf(store);
    expect(previous?.id).toBe(keys.ci.id);
    expect(accepts(reference, current)).toBe(true);
    expect(accepts(reference, keys.ci)).toBe(true);
    expect(got.map(({ id, epoch }) => [id, epoch])).toEqual([[current.id, 1]]);
    expect(got[0]?.secret.equals(current.secret)).toBe(true);

    const early = await resume(client, { store, sinks: [sink], timing });
    expect(early).toMatchObject({ phase: 'draining', rotated: false, resumeAfter: first.resumeAfter });
    expect(accepts(reference, keys.ci)).toBe(true);

    reference.clock.advance({ hours: 2, minutes: 1 });
    const last = await resume(client, { store, sinks: [sink], timing });
    expect(last).toMatchObject({ phase: 'idle', epoch: 1, resumeAfter: null, retire: [] });
    expect(keyIds(reference)).toEqual([current.id, keys.spare.id, keys.theirs.id].sort());
    expect(got).toHaveLength(1);
    expect(await recordOf(store)).toMatchObject({
      previous: null,
      pending: null,
      lease: null,
      phase: 'idle',
    });
  });

  it('ends the rotation before, when rotate is called again, and does not begin another', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    await rotate(world.client, { store, reason: 'expiry', drain: { hours: 1 }, timing });
    world.reference.clock.advance({ hours: 3 });
    const again = await rotate(world.client, { store, reason: 'expiry', drain: { hours: 1 }, timing });
    expect(again).toMatchObject({ phase: 'idle', rotated: false, epoch: 1 });
    const next = await rotate(world.client, { store, reason: 'expiry', drain: { hours: 1 }, timing });
    expect(next).toMatchObject({ phase: 'draining', rotated: true, epoch: 2 });
  });

  it('asks for a key that lives as long as the one before it, and no longer than every account allows', async () => {
    const world = rotationWorld({ life: 100, maximum: 60 });
    const store = await adopted(world);
    const { expiresAt } = await rotate(world.client, { store, reason: 'schedule', timing });
    const days = ((expiresAt?.getTime() ?? 0) - world.reference.clock.now().getTime()) / 86_400_000;
    expect(days).toBeGreaterThan(59.9);
    expect(days).toBeLessThan(60.1);
    const refused = await failure(
      rotate(rotationWorld().client, { store: memoryStore(), reason: 'schedule', expiresIn: { days: 90 } }),
    );
    expect(refused).toMatchObject({ code: 'rotation_record' });
  });

  it('keeps the old key while a sink has not acknowledged, and asks that sink alone again', async () => {
    const world = rotationWorld();
    const { client, reference, keys } = world;
    const store = await adopted(world);
    const good = collecting('good');
    let broken = true;
    const bad: SecretSink = {
      name: 'bad',
      put: async ({ secret }) => {
        if (broken) throw new Error(`could not store ${secret.reveal()}`);
      },
    };
    const sinks = [good.sink, bad];
    const first = await rotate(client, { store, reason: 'expiry', drain: 0, sinks, timing });
    expect(first).toMatchObject({ phase: 'delivering', rotated: true });
    expect(first.sinks[0]).toEqual({ name: 'good', keyId: first.keyId, acknowledged: true });
    expect(first.sinks[1]).toMatchObject({ name: 'bad', keyId: null, acknowledged: false });
    const { current } = await recordOf(store);
    expect(JSON.stringify(first)).not.toContain(current.secret.reveal().slice(0, 8));
    expect(accepts(reference, keys.ci)).toBe(true);

    reference.clock.advance({ days: 3 });
    expect(await resume(client, { store, sinks: [good.sink], timing })).toMatchObject({
      phase: 'delivering',
    });
    expect(accepts(reference, keys.ci)).toBe(true);
    broken = false;
    expect(await resume(client, { store, sinks, timing })).toMatchObject({ phase: 'idle' });
    expect(accepts(reference, keys.ci)).toBe(false);
    expect(good.got).toHaveLength(1);
  });

  it('lets go of a sink that is no longer there, when told so', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const bad: SecretSink = { name: 'gone', put: async () => ({ acknowledged: false }) };
    const first = await rotate(world.client, { store, reason: 'expiry', drain: 0, sinks: [bad], timing });
    expect(first.sinks).toEqual([
      { name: 'gone', keyId: null, acknowledged: false, problem: 'it did not acknowledge' },
    ]);
    expect(await resume(world.client, { store, dropSinks: ['gone'], timing })).toMatchObject({
      phase: 'idle',
      sinks: [],
    });
  });

  it('does not delete an old key that was used after the promotion, and says who has not moved', async () => {
    const world = rotationWorld();
    const { client, reference, keys } = world;
    const store = await adopted(world);
    await rotate(client, { store, reason: 'expiry', drain: { hours: 1 }, timing });
    reference.clock.advance({ minutes: 30 });
    expect(await use(reference, keys.ci)).toBe(200);
    reference.clock.advance({ hours: 2 });

    const report = await resume(client, { store, timing });
    expect(report).toMatchObject({ phase: 'draining', stillUsed: { keyId: keys.ci.id } });
    expect(report.notes.join()).toContain('somebody has not moved');
    expect(report.resumeAfter?.getTime()).toBeGreaterThan(Date.now());
    expect(accepts(reference, keys.ci)).toBe(true);

    expect(await resume(client, { store, quietFor: { hours: 3 }, timing })).toMatchObject({
      phase: 'draining',
    });
    expect(await resume(client, { store, quietFor: { hours: 1 }, timing })).toMatchObject({ phase: 'idle' });
    expect(accepts(reference, keys.ci)).toBe(false);
  });

  it('shortens a drain that the old key would not live to see, and says so', async () => {
    const world = rotationWorld({ life: 3 });
    const store = await adopted(world);
    world.reference.clock.advance({ days: 2, hours: 22 });
    const report = await rotate(world.client, { store, reason: 'expiry', drain: { days: 1 }, timing });
    expect(report.notes.join()).toMatch(/drain of 1 day was shortened to (2|1\.\d|1) hour/);
    const { previous } = await recordOf(store);
    expect(report.resumeAfter?.getTime()).toBeLessThanOrEqual(previous?.expiresAt?.getTime() ?? 0);
    expect(report.phase).toBe('draining');
  });

  it('signs with the recovery credential where the current key has run out', async () => {
    const world = rotationWorld({ life: 3 });
    const store = await adopted(world);
    const { keys } = world.reference.seed({ keys: { late: { user: 'runner', expires: { days: 900 } } } });
    world.reference.clock.advance({ days: 4 });
    const refused = await failure(rotate(world.client, { store, reason: 'expiry', timing }));
    expect(refused).toMatchObject({ code: 'rotation_signer' });
    expect(refused.message).toContain('has run out');
    const report = await rotate(world.client, { store, reason: 'expiry', recovery: keys.late, timing });
    expect(report).toMatchObject({ rotated: true, epoch: 1 });
    expect(accepts(world.reference, (await recordOf(store)).current)).toBe(true);
  });
});

describe('a leak', () => {
  it('is answered at once with a new secret for the same key, signed by the recovery credential', async () => {
    const world = rotationWorld();
    const { client, reference, keys } = world;
    const store = await adopted(world);
    const { got, sink } = collecting();
    const report = await rotate(client, {
      store,
      reason: 'leak',
      recovery: keys.spare,
      sinks: [sink],
      timing,
    });
    expect(report).toMatchObject({
      phase: 'idle',
      rotated: true,
      epoch: 1,
      keyId: keys.ci.id,
      resumeAfter: null,
    });
    expect(accepts(reference, keys.ci)).toBe(false);
    expect(accepts(reference, (await recordOf(store)).current)).toBe(true);
    expect(got).toHaveLength(1);
    expect(reference.journal.of('apiKeys.regenerateSecret').map(({ keyId }) => keyId)).toEqual([
      keys.spare.id,
    ]);
    expect(reference.journal.count('apiKeys.create')).toBe(0);
  });

  it('without one, is answered with a new key, and the leaked one is deleted before any sink is asked', async () => {
    const world = rotationWorld();
    const { client, reference, keys } = world;
    const store = await adopted(world);
    const atPut: boolean[] = [];
    const sink: SecretSink = { name: 'slow', put: async () => void atPut.push(accepts(reference, keys.ci)) };
    const report = await rotate(client, { store, reason: 'leak', sinks: [sink], timing });
    expect(report).toMatchObject({ phase: 'idle', epoch: 1 });
    expect(report.keyId).not.toBe(keys.ci.id);
    expect(atPut).toEqual([false]);
    expect(keyIds(reference)).toEqual([report.keyId, keys.spare.id, keys.theirs.id].sort());
  });

  it('lists every other key of the user that was made since', async () => {
    const world = rotationWorld();
    const { client, reference } = world;
    const store = await adopted(world);
    reference.clock.advance({ days: 2 });
    const leakedSince = reference.clock.now();
    reference.clock.advance({ minutes: 5 });
    const { keys: planted } = reference.seed({
      keys: { planted: { user: 'runner' }, hers: { user: 'boss' } },
    });
    const report = await rotate(client, { store, reason: 'leak', leakedSince, timing });
    expect(report.madeSinceLeak?.map(({ id }) => id)).toEqual([planted.planted.id]);
    expect(accepts(reference, planted.planted)).toBe(true);
  });

  it('lists them since the same moment where a rotation that was under way becomes its answer', async () => {
    const world = rotationWorld();
    const { client, reference } = world;
    const inner = await adopted(world);
    const full: CredentialStore = {
      read: () => inner.read(),
      write: (record, options) =>
        record.phase === 'testing' ? Promise.reject(new Error('full')) : inner.write(record, options),
    };
    await failure(rotate(client, { store: full, reason: 'schedule', timing }));
    expect((await recordOf(inner)).phase).toBe('creating');
    reference.clock.advance({ days: 2 });
    const leakedSince = reference.clock.now();
    const report = await rotate(client, { store: inner, reason: 'leak', leakedSince, timing });
    expect(report).toMatchObject({ phase: 'idle', madeSinceLeak: [] });
  });

  it('is not answered with a date that is none: nothing would have been made since', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const options = { store, reason: 'leak', leakedSince: new Date('last week'), timing } as const;
    expect((await failure(rotate(world.client, options))).message).toContain('leakedSince');
    expect((await recordOf(store)).epoch).toBe(0);
  });

  it('leaves the drain as it was where its answer cannot begin, so that the old key does not stay for ever', async () => {
    const world = rotationWorld();
    const { client, keys, reference } = world;
    const store = await adopted(world);
    await rotate(client, { store, reason: 'schedule', drain: { hours: 1 }, timing });
    const down: SecretSink = {
      name: 'down',
      probe: () => Promise.reject(new Error('down')),
      put: async () => {},
    };
    const leak = rotate(client, { store, reason: 'leak', sinks: [down], timing });
    expect(await failure(leak)).toMatchObject({ code: 'rotation_sink' });
    expect(await recordOf(store)).toMatchObject({ phase: 'draining', previous: { id: keys.ci.id } });
    reference.clock.advance({ hours: 1, minutes: 1 });
    expect(await resume(client, { store, timing })).toMatchObject({ phase: 'idle', retire: [] });
    expect(accepts(reference, keys.ci)).toBe(false);
  });

  it('gives back what it interrupted where the service refuses to make a key', async () => {
    const world = rotationWorld({ semantics: { keyLimit: 3 } });
    const { client, keys, reference } = world;
    const store = await adopted(world);
    await rotate(client, { store, reason: 'schedule', drain: { hours: 1 }, timing });
    const leak = () => rotate(client, { store, reason: 'leak', timing });
    expect(await failure(leak())).toMatchObject({ code: 'request_failed' });
    expect(await recordOf(store)).toMatchObject({
      phase: 'draining',
      previous: { id: keys.ci.id },
      retire: [],
    });
    expect(accepts(reference, keys.ci)).toBe(true);
    reference.clock.advance({ hours: 1, minutes: 1 });
    expect(await resume(client, { store, timing })).toMatchObject({ phase: 'idle', retire: [] });
    expect(await leak()).toMatchObject({ phase: 'idle', epoch: 2 });
    expect(keyIds(reference)).toHaveLength(3);
  });

  it('keeps the list of keys to be deleted where the service refuses to make one', async () => {
    const world = rotationWorld({ semantics: { keyLimit: 3 } });
    const { client, keys, reference } = world;
    const store = await adopted(world);
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 403, times: 2 });
    const run = { store, reason: 'schedule', drain: 0, quietFor: 0, timing } as const;
    expect((await rotate(client, run)).phase).toBe('retiring');
    expect(await failure(rotate(client, run))).toMatchObject({ code: 'request_failed' });
    expect(await resume(client, { store, timing })).toMatchObject({ phase: 'idle', retire: [] });
    expect(accepts(reference, keys.ci)).toBe(false);
  });

  it('lets a key give itself a new secret only when that is allowed in so many words', async () => {
    const world = rotationWorld();
    const { client, keys, reference } = world;
    const store = await adopted(world);
    const report = await rotate(client, { store, reason: 'leak', allowSelf: true, timing });
    expect(report).toMatchObject({ phase: 'idle', keyId: keys.ci.id });
    expect(accepts(reference, keys.ci)).toBe(false);
    expect(accepts(reference, (await recordOf(store)).current)).toBe(true);
  });

  it('is refused, with nothing changed, where the recovery credential is of somebody else or the key itself', async () => {
    const world = rotationWorld();
    const { client, keys, reference } = world;
    const store = await adopted(world);
    for (const recovery of [keys.theirs, keys.ci, { id: keys.spare.id, secret: 'wrong' }]) {
      const error = await failure(rotate(client, { store, reason: 'leak', recovery, timing }));
      expect(error).toMatchObject({ code: 'rotation_signer' });
    }
    expect(accepts(reference, keys.ci)).toBe(true);
    expect(await recordOf(store)).toMatchObject({ phase: 'idle', pending: null, epoch: 0, lease: null });
  });

  it('cuts the drain of the rotation before it short', async () => {
    const world = rotationWorld();
    const { client, keys, reference } = world;
    const store = await adopted(world);
    await rotate(client, { store, reason: 'schedule', drain: { days: 5 }, timing });
    const second = (await recordOf(store)).current;
    const report = await rotate(client, { store, reason: 'leak', timing });
    expect(report).toMatchObject({ phase: 'idle', epoch: 2, retire: [] });
    expect(accepts(reference, keys.ci)).toBe(false);
    expect(accepts(reference, second)).toBe(false);
    expect(keyIds(reference)).toEqual([report.keyId, keys.spare.id, keys.theirs.id].sort());
  });
});

describe('the window', () => {
  it('is a fifth of the key’s life, and a key outside of it is left alone', async () => {
    const world = rotationWorld({ life: 100 });
    const store = await adopted(world);
    world.reference.clock.advance({ days: 79 });
    const early = await rotateIfExpiring(world.client, { store, timing });
    expect(early).toMatchObject({ phase: 'idle', rotated: false });
    expect(early.notes.join()).toContain('not due before');
    world.reference.clock.advance({ days: 1, minutes: 5 });
    expect(await rotateIfExpiring(world.client, { store, timing })).toMatchObject({ rotated: true });
  });

  it('is 30 days at most', async () => {
    const world = rotationWorld({ life: 1000 });
    const store = await adopted(world);
    world.reference.clock.advance({ days: 965 });
    expect(await rotateIfExpiring(world.client, { store, timing })).toMatchObject({ rotated: false });
    world.reference.clock.advance({ days: 5, minutes: 5 });
    expect(await rotateIfExpiring(world.client, { store, timing })).toMatchObject({ rotated: true });
  });

  it('is refused, with the numbers, where it is half of the new key’s life or more', async () => {
    const world = rotationWorld({ life: 100 });
    const store = await adopted(world);
    const error = await failure(rotateIfExpiring(world.client, { store, within: { days: 50 }, timing }));
    expect(error).toMatchObject({ code: 'rotation_window' });
    expect(error.message).toContain('50 days');
    expect(error.message).toContain('100 days');
    const fine = await rotateIfExpiring(world.client, { store, within: { days: 49 }, timing });
    expect(fine).toMatchObject({ rotated: false });
  });

  it('ends a drain that is over although the new key is not due', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    await rotate(world.client, { store, reason: 'schedule', drain: { hours: 1 }, timing });
    world.reference.clock.advance({ hours: 2 });
    expect(await rotateIfExpiring(world.client, { store, timing })).toMatchObject({
      phase: 'idle',
      rotated: false,
    });
    expect(accepts(world.reference, world.keys.ci)).toBe(false);
  });
});

describe('a dry run', () => {
  it('says what would be done, and does nothing', async () => {
    const world = rotationWorld();
    const { client, reference, keys } = world;
    const store = await adopted(world);
    const before = JSON.stringify(await store.read());
    const { got, sink } = collecting();
    for (const reason of ['expiry', 'leak'] as const) {
      const report = await rotate(client, { store, reason, sinks: [sink], dryRun: true, timing });
      expect(report).toMatchObject({ dryRun: true, rotated: false, phase: 'idle', epoch: 0 });
      expect(report.steps.join('\n')).toContain(
        `delete the ${reason === 'leak' ? 'leaked' : 'old'} key ${keys.ci.id}`,
      );
    }
    reference.clock.advance({ days: 95 });
    const due = await rotateIfExpiring(client, { store, dryRun: true, timing });
    expect(due.steps[0]).toMatch(/^make the key ci\./);
    expect(JSON.stringify(await store.read())).toBe(before);
    expect(got).toEqual([]);
    expect(reference.journal.entries.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('of resume tells what is left', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const { resumeAfter } = await rotate(world.client, { store, reason: 'expiry', timing });
    const before = JSON.stringify(await store.read());
    const report = await resume(world.client, { store, dryRun: true, timing });
    expect(report.phase).toBe('draining');
    expect(report.steps).toEqual([
      `delete the old key ${world.keys.ci.id}, not before ${resumeAfter?.toISOString()}`,
    ]);
    expect(JSON.stringify(await store.read())).toBe(before);
    expect(await resume(world.client, { store: await adopted(rotationWorld()), dryRun: true })).toMatchObject(
      {
        phase: 'idle',
        steps: [],
      },
    );
  });
});

describe('the preflight', () => {
  it('sends a pair that is bound to an origin nowhere else', async () => {
    const world = rotationWorld();
    const { client, keys, reference } = world;
    const credentials = { ...keys.ci, origin: 'https://elsewhere.example' };
    const store = memoryStore();
    const bound = [
      adopt(client, { store, name: 'ci', credentials }),
      rotateWithoutRecord(client, { name: 'ci', credentials, sinks: [collecting().sink] }),
    ];
    for (const run of bound) expect((await failure(run)).message).toContain('https://elsewhere.example');
    await adopt(client, { store, name: 'ci', credentials: keys.ci });
    const recovery = { ...keys.spare, origin: 'https://elsewhere.example' };
    const leak = rotate(client, { store, reason: 'leak', recovery, timing });
    expect((await failure(leak)).message).toContain('https://elsewhere.example');
    expect(reference.journal.entries.some(({ keyId }) => keyId === keys.spare.id)).toBe(false);
  });

  it('repeats no cause that a sink gives to an error of ours', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const request = Object.assign(new Error('request failed'), { config: { token: 'made-up-token' } });
    const sink: SecretSink = {
      name: 'down',
      probe: () => Promise.reject(new RotationError('No.', { code: 'rotation_sink', cause: request })),
      put: async () => {},
    };
    const error = await failure(rotate(world.client, { store, reason: 'schedule', sinks: [sink], timing }));
    expect(error).toMatchObject({ code: 'rotation_sink' });
    expect(inspect(error, { showHidden: true, depth: 9 })).not.toContain('made-up-token');
  });

  it('asks the sinks before anything is made', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const sink: SecretSink = {
      name: 'github',
      probe: () => Promise.reject(new TypeError('a token of 40 characters')),
      put: async () => {},
    };
    const error = await failure(rotate(world.client, { store, reason: 'expiry', sinks: [sink], timing }));
    expect(error).toMatchObject({ code: 'rotation_sink' });
    expect(error.message).toContain('github');
    expect(error.message).not.toContain('token of 40');
    expect(world.reference.journal.entries.filter(({ method }) => method !== 'GET')).toEqual([]);
  });

  it('proves that the store can be written before BlazeMeter hears of it', async () => {
    const world = rotationWorld();
    const inner = await adopted(world);
    world.reference.journal.clear();
    const store = {
      ...inner,
      write: () => Promise.reject(Object.assign(new Error('no'), { code: 'EROFS' })),
    };
    const error = await failure(rotate(world.client, { store, reason: 'expiry', timing }));
    expect(error).toMatchObject({ code: 'rotation_store' });
    expect(error.message).toContain('EROFS');
    expect(error.message).toContain('The key in use still works');
    expect(world.reference.journal.entries).toEqual([]);
  });

  it('needs a record, a pair that works to begin one, and one store for each', async () => {
    const world = rotationWorld();
    const { client, keys } = world;
    expect(await failure(rotate(client, { store: memoryStore(), reason: 'expiry' }))).toMatchObject({
      code: 'rotation_record',
    });
    const wrong = { id: keys.ci.id, secret: 'wrong' };
    expect(
      await failure(adopt(client, { store: memoryStore(), name: 'ci', credentials: wrong })),
    ).toMatchObject({
      code: 'rotation_signer',
    });
    const store = await adopted(world);
    expect(await failure(adopt(client, { store, name: 'ci', credentials: keys.ci }))).toMatchObject({
      code: 'rotation_record',
    });
    const other = rotationWorld();
    const elsewhere = await recordOf(await adopted(other));
    const etag = (await store.read())?.etag ?? '';
    expect(await failure(store.write(elsewhere, { ifMatch: etag }))).toMatchObject({
      code: 'rotation_record',
    });
  });

  it.each([
    ['reason', () => ({ reason: 'boredom' })],
    ['drain', () => ({ reason: 'expiry', drain: { weeks: 2 } })],
    ['drain', () => ({ reason: 'expiry', drain: -1 })],
    ['quietFor', () => ({ reason: 'expiry', quietFor: 'soon' })],
    ['sinks', () => ({ reason: 'expiry', sinks: [collecting('a').sink, collecting('a').sink] })],
  ])('refuses a %s that is none', async (_, wrong) => {
    const world = rotationWorld();
    const store = await adopted(world);
    const options: unknown = { store, timing, ...wrong() };
    const error = await failure(Promise.resolve(Reflect.apply(rotate, undefined, [world.client, options])));
    expect(error).toBeInstanceOf(TypeError);
    expect((await recordOf(store)).phase).toBe('idle');
  });
});
