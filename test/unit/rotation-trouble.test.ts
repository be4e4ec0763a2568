// What goes wrong around a rotation: stores that fail, records that were changed, others at work, a service that refuses.
// Each time the key still works, the error says what to do, and resume ends the work.
import { inspect } from 'node:util';
import { BlazeMeterClient, UndeliveredSecretError } from 'blazemeter-client';
import {
  adopt,
  type CredentialStore,
  memoryStore,
  type RotationRecord,
  readRecord,
  resume,
  revealRecord,
  rotate,
} from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import {
  accepts,
  adopted,
  failure,
  keyIds,
  recordOf,
  rotationWorld,
  use,
  type World,
} from '../support/rotation.ts';

const timing = { lookAgainMs: 1, testWithinMs: 2_000 };

/** A store that fails in a given way at its n-th write. */
function failing(
  inner: CredentialStore,
  at: (write: number) => boolean,
  how: 'before' | 'after',
  code: string,
): CredentialStore {
  let writes = 0;
  return {
    read: () => inner.read(),
    async write(record, options) {
      writes += 1;
      const fails = at(writes);
      if (fails && how === 'before') throw Object.assign(new Error('quotes the record'), { code });
      const written = await inner.write(record, options);
      if (fails) throw Object.assign(new Error('quotes the record'), { code });
      return written;
    },
  };
}

const pairOf = ({ id, secret }: RotationRecord['current']) => ({ id, secret });

/** What holds once a rotation with two keys and no drain is through. */
async function expectDone(world: World, store: CredentialStore, epoch = 1) {
  const record = await recordOf(store);
  expect(record).toMatchObject({
    phase: 'idle',
    epoch,
    pending: null,
    previous: null,
    retire: [],
    lease: null,
  });
  expect(accepts(world.reference, record.current)).toBe(true);
  expect(keyIds(world.reference)).toEqual(
    [record.current.id, world.keys.spare.id, world.keys.theirs.id].sort(),
  );
}

describe('a store that fails', () => {
  it.each([
    ['a full disk', 'ENOSPC'],
    ['a read-only folder', 'EROFS'],
  ])('%s, from any write on: nothing is lost, and resume ends the work', async (_, code) => {
    for (let from = 1; from <= 9; from++) {
      const world = rotationWorld();
      const inner = await adopted(world);
      const full = failing(inner, (write) => write >= from, 'before', code);
      const error = await failure(rotate(world.client, { store: full, reason: 'expiry', drain: 0, timing }));
      expect(`${error.message} ${error.cause}`).toContain(code);
      expect(error.message).toContain('resume');
      expect(inspect(error)).not.toContain('quotes');
      expect(accepts(world.reference, (await recordOf(inner)).current), `from write ${from} on`).toBe(true);
      // Somebody has made room. The lease could not be given back, so whoever comes must be sure.
      const again = { store: inner, takeOver: true, timing };
      const resumed = await resume(world.client, again);
      if (resumed.epoch === 0) await rotate(world.client, { ...again, reason: 'expiry', drain: 0 });
      await expectDone(world, inner);
    }
  });

  it('hands over a secret that it could not store', async () => {
    const world = rotationWorld();
    const inner = await adopted(world);
    const full = failing(inner, (write) => write >= 3, 'before', 'ENOSPC');
    const error = await failure(
      rotate(world.client, { store: full, reason: 'leak', recovery: world.keys.spare, timing }),
    );
    if (!(error instanceof UndeliveredSecretError)) throw error;
    expect(accepts(world.reference, { id: error.keyId ?? '', secret: error.newSecret })).toBe(true);
    const report = await resume(world.client, {
      store: inner,
      recovery: world.keys.spare,
      takeOver: true,
      timing,
    });
    expect(report).toMatchObject({ phase: 'idle', epoch: 1 });
    expect(accepts(world.reference, (await recordOf(inner)).current)).toBe(true);
  });

  it('that times out after it wrote, at every write, is looked up and believed', async () => {
    const world = rotationWorld();
    const inner = await adopted(world);
    const slow = failing(inner, () => true, 'after', 'ETIMEDOUT');
    const report = await rotate(world.client, { store: slow, reason: 'expiry', drain: 0, timing });
    expect(report).toMatchObject({ phase: 'idle', epoch: 1 });
    await expectDone(world, inner);
  });

  it('that times out after it wrote, and cannot be read either, is resumed', async () => {
    for (let at = 1; at <= 8; at++) {
      const world = rotationWorld();
      const inner = await adopted(world);
      let down = false;
      const falling = (write: number) => {
        down = write >= at;
        return down;
      };
      const store: CredentialStore = {
        read: () => (down ? Promise.reject(new Error('down')) : inner.read()),
        write: failing(inner, falling, 'after', 'ETIMEDOUT').write,
      };
      const error = await failure(rotate(world.client, { store, reason: 'expiry', drain: 0, timing }));
      expect(`${error.message} ${error.cause}`).toContain('ETIMEDOUT');
      await resume(world.client, { store: inner, takeOver: true, timing });
      if ((await recordOf(inner)).epoch === 0)
        await rotate(world.client, { store: inner, takeOver: true, reason: 'expiry', drain: 0, timing });
      await expectDone(world, inner);
    }
  });
});

describe('a record that was changed by hand', () => {
  const text = async () => revealRecord(await recordOf(await adopted(rotationWorld())));

  it.each([
    ['is no JSON', (good: string) => good.slice(0, -10), 'not valid JSON'],
    ['has no epoch', (good: string) => good.replace('"epoch": 0,', ''), 'epoch is not a whole number'],
    ['has another phase', (good: string) => good.replace('"idle"', '"done"'), 'phase is not one of'],
    [
      'promises what is not there',
      (good: string) => good.replace('"idle"', '"testing"'),
      'pending is missing',
    ],
    [
      'is of a later version',
      (good: string) => good.replace('"version": 1', '"version": 2'),
      'later version',
    ],
    [
      'has lost a secret',
      (good: string) => good.replace(/"secret": "\w+"/, '"secret": ""'),
      'current.secret',
    ],
  ])('and %s is refused by name, without what stands in it', async (_, change, expected) => {
    const good = await text();
    const secret = JSON.parse(good).current.secret;
    let error: unknown;
    try {
      readRecord(change(good));
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({ code: 'rotation_record' });
    expect(String(error)).toContain(expected);
    expect(String(error)).toContain('No key was touched');
    expect(inspect(error, { depth: 9, showHidden: true })).not.toContain(secret.slice(0, 8));
  });

  it('during a run stops that run; the key works, and resume goes on from what is there', async () => {
    const world = rotationWorld();
    const inner = await adopted(world);
    let writes = 0;
    const edited: CredentialStore = {
      read: () => inner.read(),
      async write(record, options) {
        const written = await inner.write(record, options);
        writes += 1;
        if (writes === 3) {
          const held = await inner.read();
          if (held !== undefined)
            await inner.write({ ...held.record, name: 'renamed' }, { ifMatch: held.etag });
        }
        return written;
      },
    };
    const error = await failure(rotate(world.client, { store: edited, reason: 'expiry', drain: 0, timing }));
    expect(error).toMatchObject({ code: 'rotation_conflict' });
    expect(accepts(world.reference, (await recordOf(inner)).current)).toBe(true);
    await resume(world.client, { store: inner, takeOver: true, timing });
    await expectDone(world, inner);
  });

  it('to an older state is refused: by the store, and by the keys that the service has', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const old = await recordOf(store);
    await rotate(world.client, { store, reason: 'schedule', timing });
    const held = await store.read();
    const back = await failure(store.write(old, { ifMatch: held?.etag ?? '' }));
    expect(back).toMatchObject({ code: 'rotation_epoch' });

    const restored = memoryStore();
    await restored.write(old, { ifMatch: null });
    const before = keyIds(world.reference);
    const error = await failure(rotate(world.client, { store: restored, reason: 'schedule', timing }));
    expect(error).toMatchObject({ code: 'rotation_epoch' });
    expect(error.message).toContain(held?.record.current.id ?? '-');
    expect(keyIds(world.reference)).toEqual(before);
  });
});

describe('a record in memory', () => {
  it('shows [secret] wherever it is printed, and comes back whole from its text', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    await rotate(world.client, { store, reason: 'schedule', timing });
    const record = await recordOf(store);
    const secrets = [record.current.secret.reveal(), world.keys.ci.secret];
    const seen = [
      inspect(record, { depth: 9, showHidden: true, customInspect: false }),
      inspect(store, { depth: 9, showHidden: true }),
      JSON.stringify(record),
      String(record.current.secret),
    ].join('\n');
    for (const secret of secrets) expect(seen).not.toContain(secret.slice(0, 16));
    expect(JSON.stringify(record)).toContain('[secret]');
    const again = readRecord(revealRecord(record));
    expect(again).toEqual(record);
    expect(again.current.secret.equals(record.current.secret)).toBe(true);
  });
});

describe('a leak that interrupts another rotation', () => {
  it.each([
    ['draining', 'alone'],
    ['draining', 'with a recovery credential'],
    ['delivering', 'alone'],
    ['delivering', 'with a recovery credential'],
  ])('while it is %s, %s, survives a store that is gone from any write on', async (phase, way) => {
    for (let at = 1, gone = true; gone; at++) {
      const world = rotationWorld();
      const { client, keys, reference } = world;
      const inner = await adopted(world);
      const slow = { name: 'ci secret', put: async () => ({ acknowledged: phase === 'draining' }) };
      await rotate(client, { store: inner, reason: 'schedule', sinks: [slow], timing });
      expect((await recordOf(inner)).phase).toBe(phase);
      gone = false;
      const { write } = failing(
        inner,
        (writes) => {
          gone ||= writes >= at;
          return gone;
        },
        at % 2 === 0 ? 'before' : 'after',
        'EIO',
      );
      const read = () => (gone ? Promise.reject(new Error('down')) : inner.read());
      const sinks = [{ name: 'ci secret', put: async () => {} }];
      const leak = { reason: 'leak', sinks, timing, owner: 'x' } as const;
      const options = way === 'alone' ? leak : { ...leak, recovery: keys.spare };
      await rotate(client, { store: { read, write }, ...options }).catch(() => {});
      const died = await recordOf(inner);
      if (way === 'alone') expect(accepts(reference, died.current)).toBe(true);
      await rotate(client, { store: inner, ...options });
      const record = await recordOf(inner);
      expect(record).toMatchObject({ phase: 'idle', retire: [], previous: null });
      expect(accepts(reference, record.current)).toBe(true);
      expect(keyIds(reference)).toEqual([record.current.id, keys.spare.id, keys.theirs.id].sort());
    }
  });
});

describe('a record that nobody could read again', () => {
  it('is not written: what the store holds stays as it is', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const held = await store.read();
    if (held === undefined) throw new Error('There is no record.');
    const { record, etag } = held;
    const bad: [Partial<RotationRecord>, string][] = [
      [{ lease: { owner: '', until: new Date() } }, 'lease.owner'],
      [{ lease: { owner: 'x', until: new Date(Number.NaN) } }, 'lease.until'],
      [{ epoch: 0.5 }, 'epoch'],
      [{ phase: 'draining' }, 'previous or promotion'],
    ];
    for (const [change, field] of bad) {
      const error = await failure(store.write({ ...record, ...change }, { ifMatch: etag }));
      expect(error).toMatchObject({ code: 'rotation_record' });
      expect(error.message).toContain(field);
      expect(error.message).toContain('not written');
    }
    expect(await store.read()).toEqual(held);
  });

  it('does not come of an owner without a name, nor of times that are no bounds', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const run = (more: object) => rotate(world.client, { store, reason: 'schedule', timing, ...more });
    expect((await failure(run({ owner: '' }))).message).toContain('owner');
    for (const name of ['testWithinMs', 'lookAgainMs'])
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, -1, '5'])
        expect((await failure(run({ timing: { [name]: bad } }))).message).toContain(`timing.${name}`);
    expect(await recordOf(store)).toMatchObject({ phase: 'idle', epoch: 0, lease: null });
  });

  it('does not come of spans longer than any date', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const long = { lease: Number.MAX_SAFE_INTEGER, drain: { days: 1e12 }, quietFor: Number.MAX_VALUE };
    const report = await rotate(world.client, { store, reason: 'schedule', timing, ...long });
    expect(report.phase).toBe('draining');
    world.reference.clock.advance({ days: 60 });
    expect(await resume(world.client, { store, timing })).toMatchObject({ phase: 'idle' });
  });

  it('does not come of what the service says: a key without a name, a maximum that is no whole number', async () => {
    const world = rotationWorld();
    const { client, keys } = world;
    const changed = new BlazeMeterClient({
      credentials: 'nobody:nothing',
      logLevel: 'off',
      async fetch(url, init) {
        const answer = await world.reference.fetch(url, init);
        const { status, headers } = answer;
        const text = await answer.text();
        const told = text.replace('"name": "ci"', '"name": ""').replace(': 3650,', ': 45.5,');
        return new Response(status === 204 ? null : told, { status, headers });
      },
    });
    const store = memoryStore();
    const record = await adopt(changed, { store, name: 'ci', credentials: keys.ci });
    expect(record.current.name).toBe('');
    const report = await rotate(changed, { store, reason: 'schedule', drain: 0, timing });
    expect(report).toMatchObject({ phase: 'idle', epoch: 1 });
    expect(await resume(client, { store, timing })).toMatchObject({ phase: 'idle' });
  });
});

describe('two at work', () => {
  const leased = async (world: World, owner: string, until: Date): Promise<CredentialStore> => {
    const store = await adopted(world);
    const held = await store.read();
    if (held !== undefined)
      await store.write({ ...held.record, lease: { owner, until } }, { ifMatch: held.etag });
    return store;
  };
  const soon = () => new Date(Date.now() + 60_000);

  it('are kept apart by the lease, which tells who and until when', async () => {
    const world = rotationWorld();
    const until = soon();
    const store = await leased(world, 'pipeline 1', until);
    const options = { store, reason: 'expiry', timing } as const;
    expect(await failure(rotate(world.client, options))).toMatchObject({
      code: 'rotation_busy',
      owner: 'pipeline 1',
      until,
    });
    expect(await rotate(world.client, { ...options, owner: 'pipeline 1' })).toMatchObject({ rotated: true });
  });

  it('go on once the lease has run out, or when told that its owner is dead', async () => {
    for (const [until, takeOver] of [[new Date(Date.now() - 1), false] as const, [soon(), true] as const]) {
      const world = rotationWorld();
      const store = await leased(world, 'pipeline 1', until);
      const report = await rotate(world.client, { store, reason: 'expiry', takeOver, timing });
      expect(report).toMatchObject({ rotated: true });
    }
  });

  it('the one that lost the record stops at its next step, and no key is left over', async () => {
    const world = rotationWorld();
    const inner = await adopted(world);
    let taken = false;
    // In the middle of the first run's create, somebody takes the record over and goes on.
    const fetch: typeof world.reference.fetch = async (url, init) => {
      const answer = await world.reference.fetch(url, init);
      if (init?.method === 'POST' && !taken) {
        taken = true;
        await resume(world.client, { store: inner, takeOver: true, timing });
      }
      return answer;
    };
    const client = new BlazeMeterClient({ credentials: 'nobody:nothing', fetch, logLevel: 'off' });
    const error = await failure(rotate(client, { store: inner, reason: 'expiry', drain: 0, timing }));
    expect(error.message).toContain('resume');
    const { phase } = await recordOf(inner);
    if (phase !== 'idle') await resume(world.client, { store: inner, takeOver: true, timing });
    await expectDone(world, inner);
  });

  it('a request of a dead process that arrives late makes a key that the clean-up removes', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const held: (() => Promise<unknown>)[] = [];
    let lost = false;
    const fetch: typeof world.reference.fetch = async (url, init) => {
      if (init?.method === 'POST' && !lost) {
        lost = true;
        held.push(() => world.reference.fetch(url, init));
        throw new TypeError('fetch failed', {
          cause: Object.assign(new Error('reset'), { code: 'ECONNRESET' }),
        });
      }
      if (init?.method === 'POST') {
        const answer = await world.reference.fetch(url, init);
        for (const late of held.splice(0)) await late();
        return answer;
      }
      return world.reference.fetch(url, init);
    };
    const client = new BlazeMeterClient({ credentials: 'nobody:nothing', fetch, logLevel: 'off' });
    await rotate(client, { store, reason: 'expiry', drain: 0, timing });
    expect(world.reference.journal.of('apiKeys.create').filter(({ committed }) => committed)).toHaveLength(2);
    await expectDone(world, store);
  });
});

describe('a service in trouble', () => {
  it.each(['reset', 'empty', 'html'] as const)(
    'that commits a create and answers with %s: the key is found by its name, and no second one is made',
    async (effect) => {
      const world = rotationWorld();
      const store = await adopted(world);
      world.reference.faults.add({ operation: 'apiKeys.create', effect, when: 'after-commit', times: 1 });
      await rotate(world.client, { store, reason: 'expiry', drain: 0, timing });
      expect(world.reference.journal.of('apiKeys.create')).toHaveLength(1);
      expect(world.reference.journal.of('apiKeys.regenerateSecret')).toHaveLength(1);
      await expectDone(world, store);
    },
  );

  it('that loses the answer to a regeneration too is asked again', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const { faults } = world.reference;
    faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit', times: 1 });
    faults.add({ operation: 'apiKeys.regenerateSecret', effect: 'empty', when: 'after-commit', times: 2 });
    await rotate(world.client, { store, reason: 'expiry', drain: 0, timing });
    await expectDone(world, store);
  });

  it('does not touch a key of the right name that somebody has used', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const { faults } = world.reference;
    const cut = faults.add({ operation: 'apiKeys.list', effect: 'status', status: 403, nth: 2 });
    faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit' });
    // The preflight reads the list once; the search that follows the lost answer is refused.
    await failure(rotate(world.client, { store, reason: 'expiry', timing }));
    cut.remove();
    faults.clear();
    const { pending } = await recordOf(store);
    expect(pending?.name).toMatch(/^ci\.[a-z0-9]{10}\.e1\.[a-z0-9]{16}$/);
    const owner = new BlazeMeterClient({ credentials: world.keys.spare, fetch: world.reference.fetch });
    const found = (await owner.apiKeys.list()).items.find(({ name }) => name === pending?.name);
    if (found === undefined) {
      await owner.apiKeys.create({ name: pending?.name ?? '', expiresIn: { days: 3 } });
    }
    const [ours] = (await owner.apiKeys.list()).items.filter(({ name }) => name === pending?.name);
    const { secret } = await owner.apiKeys.regenerateSecret(ours?.id ?? '');
    world.reference.clock.advance({ minutes: 1 });
    await use(world.reference, { id: ours?.id ?? '', secret });
    const error = await failure(resume(world.client, { store, timing }));
    expect(error).toMatchObject({ code: 'rotation_unknown' });
    expect(error.message).toContain(ours?.id ?? '-');
    expect(accepts(world.reference, { id: ours?.id ?? '', secret })).toBe(true);
    await owner.apiKeys.delete(ours?.id ?? '');
    expect(await resume(world.client, { store, timing })).toMatchObject({ phase: 'draining', rotated: true });
  });

  it('that refuses a create leaves nothing to resume', async () => {
    const world = rotationWorld({ semantics: { keyLimit: 2 } });
    const store = await adopted(world);
    const error = await failure(rotate(world.client, { store, reason: 'expiry', timing }));
    expect(error).toMatchObject({ code: 'request_failed' });
    expect(await recordOf(store)).toMatchObject({ phase: 'idle', pending: null, epoch: 0, lease: null });
    expect(accepts(world.reference, world.keys.ci)).toBe(true);
  });

  it('that fails to delete keeps the key on the list, which survives, and does not hold up the next rotation', async () => {
    const world = rotationWorld();
    const { client, keys, reference } = world;
    const store = await adopted(world);
    const fault = reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 403 });
    const first = await rotate(client, { store, reason: 'expiry', drain: 0, timing });
    expect(first).toMatchObject({ phase: 'retiring', rotated: true, epoch: 1 });
    expect(first.retire).toEqual([{ id: keys.ci.id, problem: expect.stringContaining('Forbidden') }]);
    const second = await rotate(client, { store, reason: 'expiry', drain: 0, timing });
    expect(second).toMatchObject({ phase: 'retiring', rotated: true, epoch: 2 });
    expect(second.retire).toHaveLength(2);
    fault.remove();
    expect(await resume(client, { store, timing })).toMatchObject({ phase: 'idle', retire: [] });
    await expectDone(world, store, 2);
  });

  it('that refuses to delete one key of the list keeps that one, and no other', async () => {
    const world = rotationWorld();
    const { keys, reference } = world;
    const store = await adopted(world);
    const forbidden = JSON.stringify({
      error: { code: 403, message: 'Forbidden' },
      api_version: 4,
      result: null,
    });
    const fetch: typeof reference.fetch = async (url, init) =>
      init?.method === 'DELETE' && String(url).endsWith(keys.ci.id)
        ? new Response(forbidden, { status: 403 })
        : reference.fetch(url, init);
    const client = new BlazeMeterClient({ credentials: 'nobody:nothing', fetch, logLevel: 'off' });
    const first = await rotate(client, { store, reason: 'expiry', drain: 0, timing });
    expect(first.retire.map(({ id }) => id)).toEqual([keys.ci.id]);
    const second = await rotate(client, { store, reason: 'expiry', drain: 0, timing });
    expect(second).toMatchObject({ phase: 'retiring', epoch: 2 });
    expect(second.retire.map(({ id }) => id)).toEqual([keys.ci.id]);
    expect(keyIds(reference)).not.toContain(first.keyId);
    expect(await resume(world.client, { store, timing })).toMatchObject({ phase: 'idle', retire: [] });
    await expectDone(world, store, 2);
  });

  it('takes a key that is gone already for deleted', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    await rotate(world.client, { store, reason: 'expiry', drain: 0, timing, sinks: [] });
    await rotate(world.client, { store, reason: 'schedule', drain: { hours: 1 }, timing });
    const { current, previous } = await recordOf(store);
    const owner = new BlazeMeterClient({ credentials: pairOf(current), fetch: world.reference.fetch });
    await owner.apiKeys.delete(previous?.id ?? '');
    world.reference.clock.advance({ hours: 2 });
    expect(await resume(world.client, { store, timing })).toMatchObject({ phase: 'idle', retire: [] });
    await expectDone(world, store, 2);
  });

  it('that does not know a new secret everywhere at once is waited for, within a bound', async () => {
    const world = rotationWorld({ semantics: { propagation: 400 } });
    const store = await adopted(world);
    await rotate(world.client, { store, reason: 'expiry', drain: 0, timing });
    await expectDone(world, store);

    const slow = rotationWorld({ semantics: { propagation: 3_600_000 } });
    const other = await adopted(slow);
    const options = { store: other, timing: { ...timing, testWithinMs: 50 } };
    const error = await failure(rotate(slow.client, { ...options, reason: 'expiry', drain: 0 }));
    expect(error).toMatchObject({ code: 'rotation_untested' });
    expect(accepts(slow.reference, (await recordOf(other)).current)).toBe(true);
    expect(await recordOf(other)).toMatchObject({ phase: 'testing', epoch: 0, lease: null });
    slow.reference.clock.advance({ hours: 2 });
    await resume(slow.client, options);
    await expectDone(slow, other);
  });

  it('makes another key when the new one is deleted before it was promoted', async () => {
    const world = rotationWorld({ semantics: { propagation: 3_600_000 } });
    const store = await adopted(world);
    const options = { store, timing: { ...timing, testWithinMs: 50 } };
    await failure(rotate(world.client, { ...options, reason: 'expiry', drain: 0 }));
    const { pending } = await recordOf(store);
    const owner = new BlazeMeterClient({ credentials: world.keys.spare, fetch: world.reference.fetch });
    await owner.apiKeys.delete(pending?.key?.id ?? '');
    world.reference.setSemantics({ propagation: 0 });
    const report = await resume(world.client, options);
    expect(report.notes.join()).toContain('deleted by somebody else');
    await expectDone(world, store);
  });

  it('keeps a secret that came although the hook of the client failed', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const client = world.client.withOptions({ onNewSecret: () => Promise.reject(new Error('mask failed')) });
    await rotate(client, { store, reason: 'expiry', drain: 0, timing });
    expect(world.reference.journal.count('apiKeys.regenerateSecret')).toBe(0);
    await expectDone(world, store);
  });

  it('that takes away the key which regenerates itself is told apart, and mended with a recovery credential', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const stage: Partial<RotationRecord> = {};
    const dying: CredentialStore = {
      read: () => store.read(),
      write: async (record, options) => {
        if (record.phase === 'testing') throw Object.assign(new Error('killed'), { code: 'EIO' });
        Object.assign(stage, record);
        return store.write(record, options);
      },
    };
    const first = await failure(
      rotate(world.client, { store: dying, reason: 'leak', allowSelf: true, timing }),
    );
    expect(first).toBeInstanceOf(UndeliveredSecretError);
    const lost = await failure(resume(world.client, { store, timing }));
    expect(lost).toMatchObject({ code: 'secret_lost', keyId: world.keys.ci.id });
    expect(await resume(world.client, { store, recovery: world.keys.spare, timing })).toMatchObject({
      epoch: 1,
    });
    expect(accepts(world.reference, (await recordOf(store)).current)).toBe(true);
  });

  it('ends at an abort of the caller, gives the lease back, and is resumed', async () => {
    const world = rotationWorld();
    const store = await adopted(world);
    const controller = new AbortController();
    const reason = new Error('SIGTERM');
    const sink = {
      name: 'sink',
      put: async () => {
        controller.abort(reason);
        await new Promise<void>(() => {});
      },
    };
    const { signal } = controller;
    const error = await failure(
      rotate(world.client, { store, reason: 'expiry', drain: 0, sinks: [sink], signal, timing }),
    );
    expect(error).toBe(reason);
    expect(await recordOf(store)).toMatchObject({ phase: 'delivering', lease: null, epoch: 1 });
    await resume(world.client, { store, sinks: [{ name: 'sink', put: async () => {} }], timing });
    await expectDone(world, store);
  });
});

describe('many records of one user', () => {
  it('are rotated at once, twelve of them, and none touches a key of another', async () => {
    const names = Array.from({ length: 12 }, (_, at) => `job${at}`);
    const world = rotationWorld();
    const { reference, client } = world;
    const { keys } = reference.seed({
      keys: Object.fromEntries(names.map((name) => [name, { user: 'runner', expires: { days: 90 } }])),
    });
    reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit', every: 3 });
    const stores = await Promise.all(
      names.map(async (name) => {
        const pair = keys[name];
        if (pair === undefined) throw new Error('not seeded');
        return adopted({ ...world, keys: { ...world.keys, ci: pair } });
      }),
    );
    const rotateAll = () =>
      Promise.all(stores.map((store) => rotate(client, { store, reason: 'schedule', drain: 0, timing })));
    for (const epoch of [1, 2]) {
      const reports = await rotateAll();
      expect(reports.map((report) => [report.phase, report.epoch])).toEqual(names.map(() => ['idle', epoch]));
    }
    const records = await Promise.all(stores.map(recordOf));
    expect(new Set(records.map(({ id }) => id)).size).toBe(12);
    for (const { current } of records) expect(accepts(reference, current)).toBe(true);
    const { ci, spare, theirs } = world.keys;
    expect(keyIds(reference)).toEqual(
      [...records.map(({ current }) => current.id), ci.id, spare.id, theirs.id].sort(),
    );
  });
});
