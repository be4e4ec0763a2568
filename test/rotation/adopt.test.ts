// The first record: what adopt writes into an empty store, and what it refuses.
import {
  adopt,
  type CredentialStore,
  memoryStore,
  RotationError,
  StoreConflictError,
} from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { heldOf, stage } from './support/stage.ts';
import { failing, failure, keyIds, recordOf } from './support/world.ts';

async function adopting(store: CredentialStore = memoryStore(), more: object = {}) {
  const setting = await stage();
  const options = { store, name: 'ci', credentials: setting.keyOf('ci'), ...more };
  return { ...setting, work: adopt(setting.client, options) };
}

describe('adopt', () => {
  it('writes a record of epoch 0 with what the service says of the key, and changes nothing there', async () => {
    const store = memoryStore();
    const { work, keyOf, changes, reference } = await adopting(store);
    const before = keyIds(reference);
    const record = await work;
    expect(record).toMatchObject({
      name: 'ci',
      epoch: 0,
      phase: 'idle',
      previous: null,
      pending: null,
      promotion: null,
      sinks: [],
      retire: [],
      lease: null,
    });
    const { secret, ...key } = heldOf(keyOf('ci'));
    expect(record.current).toMatchObject(key);
    expect(record.current.secret.equals(secret)).toBe(true);
    expect(await recordOf(store)).toEqual(record);
    expect([changes(), keyIds(reference)]).toEqual([[], before]);
  });

  it('gives each record an id of its own', async () => {
    const ids = await Promise.all(Array.from({ length: 5 }, async () => (await (await adopting()).work).id));
    expect(new Set(ids).size).toBe(5);
  });

  it('takes credentials as one text', async () => {
    const { client, keyOf } = await stage();
    const { id, secret } = keyOf('ci');
    const record = await adopt(client, { store: memoryStore(), name: 'ci', credentials: `${id}:${secret}` });
    expect(record.current.id).toBe(id);
  });

  it('knows no more than the credentials where the service does not show their key', async () => {
    const { client, keyOf, reference } = await stage();
    reference.faults.add({ operation: 'apiKeys.get', effect: 'status', status: 404 });
    const record = await adopt(client, { store: memoryStore(), name: 'ci', credentials: keyOf('ci') });
    expect(record.current).toMatchObject({ name: null, createdAt: null, expiresAt: null });
  });

  it('refuses a store that holds a record, and leaves that as it is', async () => {
    const { store, client, keyOf, record } = await stage();
    const before = await record();
    expect(await failure(adopt(client, { store, name: 'ci', credentials: keyOf('ci') }))).toMatchObject({
      code: 'rotation_record',
    });
    expect(await record()).toEqual(before);
  });

  it('refuses credentials that the service refuses', async () => {
    const store = memoryStore();
    const { work } = await adopting(store, { credentials: 'nobody:nothing' });
    expect(await failure(work)).toMatchObject({ code: 'rotation_signer' });
    expect(await store.read()).toBeUndefined();
  });

  it.each(['', '  ', 'x'.repeat(81), 'a\nb', 'a\u0000b', 7, null])('refuses the name %j', async (name) => {
    const { work, reference } = await adopting(memoryStore(), { name });
    expect(await failure(work)).toBeInstanceOf(TypeError);
    expect(reference.journal.count()).toBe(0);
  });

  it.each(['c', 'a.b c', 'ü', 'x'.repeat(80)])('takes the name %s', async (name) => {
    expect((await (await adopting(memoryStore(), { name })).work).name).toBe(name);
  });

  it('believes a store that holds the record, whatever its write ended with', async () => {
    const inner = memoryStore();
    const { work } = await adopting(failing(inner, () => true, { how: 'after' }));
    const record = await work;
    expect(await recordOf(inner)).toEqual(record);
  });

  it('fails where the store did not take the record', async () => {
    const full = failing(memoryStore(), () => true, { code: 'ENOSPC' });
    const error = await failure((await adopting(full)).work);
    expect(error).toMatchObject({ code: 'rotation_store' });
    expect(error.message).toContain('ENOSPC');
    const refused = new RotationError('No.', { code: 'rotation_epoch' });
    const refusing = { ...memoryStore(), write: () => Promise.reject(refused) };
    expect(await failure((await adopting(refusing)).work)).toBe(refused);
    let reads = 0;
    const down = {
      read: () => (reads++ === 0 ? Promise.resolve(undefined) : Promise.reject(new Error('down'))),
      write: () => Promise.reject(new StoreConflictError('It')),
    };
    expect(await failure((await adopting(down)).work)).toMatchObject({ code: 'rotation_store' });
  });

  it('ends with the reason of the caller’s abort', async () => {
    const reason = new Error('enough');
    const { work } = await adopting(memoryStore(), { signal: AbortSignal.abort(reason) });
    expect(await failure(work)).toBe(reason);
  });

  it('sends credentials that are bound to an origin nowhere else', async () => {
    const { client, keyOf, reference } = await stage();
    const credentials = { ...keyOf('ci'), origin: 'https://elsewhere.example' };
    const error = await failure(adopt(client, { store: memoryStore(), name: 'ci', credentials }));
    expect(error.message).toContain('https://elsewhere.example');
    expect(reference.journal.count()).toBe(0);
  });
});
