// A store that fails, a record that was changed or put back, a record that could not be read again: nothing is lost, the
// error says which it is, and the next run ends the work.
import { UndeliveredSecretError } from 'blazemeter-client';
import {
  adopt,
  type CredentialStore,
  memoryStore,
  RotationError,
  type RotationRecord,
  StoreConflictError,
} from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { type Stage, stage } from './support/stage.ts';
import { accepts, failing, failure, heldBy, keyIds, recordOf, seen } from './support/world.ts';

/** What holds once a rotation with two keys and no drain is through. */
async function expectDone({ record, reference, idOf }: Stage): Promise<void> {
  const { current, ...rest } = await record();
  expect(rest).toMatchObject({
    phase: 'idle',
    epoch: 4,
    pending: null,
    previous: null,
    retire: [],
    lease: null,
  });
  expect(accepts(reference, current)).toBe(true);
  expect(keyIds(reference)).toEqual([current.id, idOf('spare'), idOf('theirs')].sort());
}

/** The work of a run that died, done by the next one. */
async function goOn({ resume, rotate: run, record }: Stage): Promise<void> {
  await resume({ takeOver: true });
  if ((await record()).epoch === 3) await run({ takeOver: true, drain: { minutes: 0 } });
}

describe('a store that fails', () => {
  it('before anything was begun keeps the service from being asked at all', async () => {
    const { rotate: run, store, reference } = await stage();
    const error = await failure(run({ store: failing(store, () => true, { code: 'EROFS' }) }));
    expect(error).toMatchObject({ code: 'rotation_store' });
    expect(error.message).toContain('EROFS');
    expect(reference.journal.count()).toBe(0);
  });

  it.each(['ENOSPC', 'EROFS'])(
    'with %s from any write on loses nothing, and resume ends the work',
    async (code) => {
      for (let from = 1; from <= 9; from++) {
        const setting = await stage();
        const full = failing(setting.store, (write) => write >= from, { code });
        const error = await failure(setting.rotate({ store: full, drain: { minutes: 0 } }));
        expect(['rotation_store', 'undelivered_secret']).toContain(Reflect.get(error, 'code'));
        expect(`${error.message} ${error.cause}`).toContain(code);
        expect(seen(error)).not.toContain('quotes');
        const { current } = await setting.record();
        expect(accepts(setting.reference, current), `from write ${from} on`).toBe(true);
        await goOn(setting);
        await expectDone(setting);
      }
    },
  );

  it('after every write is looked up, and believed', async () => {
    const setting = await stage();
    const slow = failing(setting.store, () => true, { how: 'after', code: 'ETIMEDOUT' });
    expect(await setting.rotate({ store: slow, drain: { minutes: 0 } })).toMatchObject({
      phase: 'idle',
      epoch: 4,
    });
    await expectDone(setting);
  });

  it('after a write, and cannot be read either, is resumed from what is there', async () => {
    for (let from = 1; from <= 8; from++) {
      const setting = await stage();
      let down = false;
      const falling = failing(
        setting.store,
        (write) => {
          down = write >= from;
          return down;
        },
        { how: 'after', code: 'ETIMEDOUT' },
      );
      const store: CredentialStore = {
        read: () => (down ? Promise.reject(new Error('down')) : setting.store.read()),
        write: falling.write,
      };
      const error = await failure(setting.rotate({ store, drain: { minutes: 0 } }));
      expect(`${error.message} ${error.cause}`).toContain('ETIMEDOUT');
      await goOn(setting);
      await expectDone(setting);
    }
  });

  it('to be read says so by name and code, and passes an error of a rotation on', async () => {
    const { client, resume } = await stage();
    expect(client).toBeDefined();
    const broken = (error: Error): CredentialStore => ({
      ...memoryStore(),
      read: () => Promise.reject(error),
    });
    const disk = Object.assign(new TypeError('quotes the record'), { code: 'EACCES' });
    const error = await failure(resume({ store: broken(disk) }));
    expect(error).toMatchObject({ code: 'rotation_store', cause: { name: 'TypeError', code: 'EACCES' } });
    expect(seen(error)).not.toContain('quotes');
    const spoilt = new RotationError('It is spoilt.', { code: 'rotation_record' });
    expect(await failure(resume({ store: broken(spoilt) }))).toBe(spoilt);
  });

  it('to be written passes an error of a rotation on', async () => {
    const { resume, store } = await stage();
    const refused = new RotationError('It went back.', { code: 'rotation_epoch' });
    expect(await failure(resume({ store: { ...store, write: () => Promise.reject(refused) } }))).toBe(
      refused,
    );
  });

  it('and holds no record says so', async () => {
    const { resume, rotateIfExpiring } = await stage();
    for (const call of [resume, rotateIfExpiring])
      expect(await failure(call({ store: memoryStore() }))).toMatchObject({ code: 'rotation_record' });
  });
});

describe('a record that was changed by another process', () => {
  /** A store whose record somebody changes by hand after the n-th write. */
  const edited = (store: CredentialStore, at: number): CredentialStore => {
    let writes = 0;
    return {
      read: () => store.read(),
      async write(record, options) {
        const written = await store.write(record, options);
        writes += 1;
        if (writes !== at) return written;
        const { record: now, etag } = await heldBy(store);
        await store.write({ ...now, stamp: 'by hand' }, { ifMatch: etag });
        return written;
      },
    };
  };

  it('stops the run at its next write, and resume goes on from what is there', async () => {
    for (let at = 1; at <= 6; at++) {
      const setting = await stage();
      const error = await failure(
        setting.rotate({ store: edited(setting.store, at), drain: { minutes: 0 } }),
      );
      expect(['rotation_conflict', 'undelivered_secret']).toContain(Reflect.get(error, 'code'));
      expect(accepts(setting.reference, (await setting.record()).current)).toBe(true);
      await goOn(setting);
      await expectDone(setting);
    }
  });

  it('is a conflict also where the store says so in its own words, or fails otherwise', async () => {
    const one = await stage();
    const said = { ...one.store, write: () => Promise.reject(new StoreConflictError('It')) };
    expect(await failure(one.resume({ store: said }))).toMatchObject({ code: 'rotation_conflict' });
    const two = await stage();
    const failed: CredentialStore = {
      ...two.store,
      async write() {
        const { record, etag } = await heldBy(two.store);
        await two.store.write({ ...record, stamp: 'other' }, { ifMatch: etag });
        throw new Error('down');
      },
    };
    expect(await failure(two.resume({ store: failed }))).toMatchObject({ code: 'rotation_conflict' });
  });
});

describe('a record that is deleted while a run works on it', () => {
  /** A store that is empty after the n-th write. */
  const emptied = (store: CredentialStore, at: number) => {
    let [now, writes] = [store, 0];
    const emptied: CredentialStore = {
      read: () => now.read(),
      async write(record, options) {
        const written = await now.write(record, options);
        writes += 1;
        if (writes === at) now = memoryStore();
        return written;
      },
    };
    return emptied;
  };

  it.each(['create', 'regenerate'] as const)(
    'stops the run, and is begun anew with credentials that work (%s)',
    async (strategy) => {
      const codes = new Set<string>();
      const writes = strategy === 'create' ? 4 : 6;
      for (let at = 1; at <= writes; at++) {
        const setting = await stage();
        const { client, keyOf, reference } = setting;
        const store = emptied(setting.store, at);
        const leak = { reason: 'leak', recovery: keyOf('spare') } as const;
        const error = await failure(setting.rotate({ store, ...(strategy === 'create' ? {} : leak) }));
        codes.add(`${Reflect.get(error, 'code')}`);
        expect(error).toMatchObject({ hint: { method: 'adopt' } });
        expect(error.message).toMatch(/deleted/);
        const left = error instanceof UndeliveredSecretError ? error : undefined;
        const credentials = left && { id: left.keyId ?? '', secret: left.newSecret };
        const record = await adopt(client, { store, name: 'ci', credentials: credentials ?? keyOf('ci') });
        expect(accepts(reference, record.current)).toBe(true);
        expect(await setting.rotate({ store })).toMatchObject({ rotated: true });
      }
      expect([...codes].sort()).toEqual(['rotation_record', 'undelivered_secret']);
    },
  );

  it('is not taken for deleted where it cannot be read', async () => {
    const { resume, store } = await stage();
    let reads = 0;
    const gone: CredentialStore = {
      read: () => (++reads === 1 ? store.read() : Promise.reject(new Error('down'))),
      write: () => Promise.reject(new StoreConflictError('It')),
    };
    expect(await failure(resume({ store: gone }))).toMatchObject({ code: 'rotation_conflict' });
  });
});

describe('a record that went back', () => {
  it('is refused by the store, and where that is new, by the keys that the service has', async () => {
    const { rotate: run, store, record, reference } = await stage();
    const old = await record();
    const { keyId } = await run();
    const { etag } = await heldBy(store);
    expect(await failure(store.write(old, { ifMatch: etag }))).toMatchObject({ code: 'rotation_epoch' });

    const restored = memoryStore();
    await restored.write(old, { ifMatch: null });
    const before = keyIds(reference);
    const error = await failure(run({ store: restored }));
    expect(error).toMatchObject({ code: 'rotation_epoch' });
    expect(error.message).toContain(keyId);
    expect(keyIds(reference)).toEqual(before);
    expect((await recordOf(restored)).lease).toBeNull();
  });
});

describe('a record that could not be read again', () => {
  it('is not written: what the store holds stays as it is', async () => {
    const { store } = await stage();
    const held = await heldBy(store);
    const bad: Partial<RotationRecord>[] = [
      { lease: { owner: '', until: new Date() } },
      { lease: { owner: 'x', until: new Date(Number.NaN) } },
      { epoch: 3.5 },
      { phase: 'draining' },
    ];
    for (const change of bad)
      expect(await failure(store.write({ ...held.record, ...change }, { ifMatch: held.etag }))).toMatchObject(
        {
          code: 'rotation_record',
        },
      );
    expect(await store.read()).toEqual(held);
  });

  it('does not come of durations longer than any date', async () => {
    const { rotate: run, resume, pass } = await stage();
    const long = {
      lease: { days: Number.MAX_SAFE_INTEGER },
      drain: { days: 1e12 },
      quietFor: { days: Number.MAX_VALUE },
    };
    expect(await run(long)).toMatchObject({ phase: 'draining' });
    pass(60 * 86_400_000);
    expect(await resume(long)).toMatchObject({ phase: 'idle' });
  });

  it('does not come of what the service says: a key without a name, a maximum that is no whole number', async () => {
    const { rotate: run, record } = await stage({
      between: (inner) => async (url, init) => {
        const response = await inner(url, init);
        const { status, headers } = response;
        const text = (await response.text())
          .replace(/"name": "ci"/g, '"name": ""')
          .replace(/: 3650,/g, ': 45.5,');
        return new Response(status === 204 ? null : text, { status, headers });
      },
    });
    expect(await run({ drain: { minutes: 0 } })).toMatchObject({ phase: 'idle', epoch: 4 });
    expect((await record()).phase).toBe('idle');
  });
});

describe('a store that hangs', () => {
  const reason = new Error('the pod is shut down');
  const never = new Promise<never>(() => {});

  /** A store whose reads or writes hang from the nth on; the signal is aborted when the first does. */
  const hanging = (store: CredentialStore, method: 'read' | 'write', from: number) => {
    const controller = new AbortController();
    let calls = 0;
    const hangs = (name: string) => {
      if (name !== method) return false;
      calls += 1;
      if (calls === from) setTimeout(() => controller.abort(reason), 20);
      return calls >= from;
    };
    const wrapped: CredentialStore = {
      read: async () => (hangs('read') ? never : store.read()),
      write: async (record, options) => (hangs('write') ? never : store.write(record, options)),
    };
    return { store: wrapped, signal: controller.signal };
  };

  it('does not keep a run from ending when its signal is aborted', async () => {
    const setting = await stage();
    expect(await failure(setting.rotate(hanging(setting.store, 'read', 1)))).toBe(reason);
    expect(await failure(setting.rotate(hanging(setting.store, 'write', 1)))).toBe(reason);
    expect(setting.reference.journal.count()).toBe(0);
  });

  it('loses no secret then, and the next run ends the work', async () => {
    const each = async (from: number) => {
      const setting = await stage();
      const hung = hanging(setting.store, 'write', from);
      const error = await failure(setting.rotate({ ...hung, drain: { minutes: 0 } }));
      expect([error, error.cause], `from write ${from} on`).toContain(reason);
      const { current } = await setting.record();
      expect(accepts(setting.reference, current)).toBe(true);
      await goOn(setting);
      await expectDone(setting);
    };
    await Promise.all([2, 3, 4, 5, 6, 7].map(each));
  });

  it('ends adopt too', async () => {
    const { client, keyOf } = await stage();
    for (const method of ['read', 'write'] as const) {
      const hung = hanging(memoryStore(), method, 1);
      expect(await failure(adopt(client, { ...hung, name: 'ci', credentials: keyOf('ci') }))).toBe(reason);
    }
  });

  it('gets a moment to answer, so that the lease is given back', async () => {
    const { rotate: run, store, record } = await stage();
    const controller = new AbortController();
    const slow: CredentialStore = {
      read: () => store.read(),
      async write(next, options) {
        controller.abort(reason);
        await new Promise((resolve) => setTimeout(resolve, 100));
        return store.write(next, options);
      },
    };
    expect(await failure(run({ store: slow, signal: controller.signal }))).toBe(reason);
    expect((await record()).lease).toBeNull();
  });
});
