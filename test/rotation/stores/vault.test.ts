// What is Vault's own about its store: numbers of versions that outlive their data, namespaces, other fields beside the
// record, and responses that each need another fix. Vault is a fake here, on a real socket.
import {
  fromStore,
  readRecord,
  revealRecord,
  rotate,
  StoreConflictError,
  sealing,
  type VaultStoreOptions,
  vaultStore,
} from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { MADE_UP_SECRET, madeUpRecord } from '../support/records.ts';
import { adopted, failure, rotationWorld } from '../support/world.ts';
import { type VaultFake, vaultFake } from './vault-fake.ts';

// The wait before another try is random: none here.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

const open: VaultFake[] = [];
afterEach(async () => {
  for (const fake of open.splice(0)) await fake.close();
});

async function inVault(options: Partial<VaultStoreOptions> = {}) {
  const fake = await vaultFake();
  open.push(fake);
  const store = vaultStore({ address: fake.url, token: fake.token, path: 'ci/blazemeter', ...options });
  return { fake, store };
}

const PATH = 'secret/ci/blazemeter';

describe('vaultStore', () => {
  it('does not take the 404 of a gateway before Vault for a place that is empty', async () => {
    const { fake, store } = await inVault();
    await store.write(madeUpRecord(), { ifMatch: null });
    for (const body of ['<html>404 Not Found</html>', { message: 'no Route matched' }]) {
      fake.troubles.push({ kind: 'reply', reply: { status: 404, body } });
      const error = await failure(store.read());
      expect(error).toMatchObject({ code: 'rotation_store' });
      expect(error.message).toContain('status 404');
    }
    expect(await store.read()).toBeDefined();
  });

  it('asks under mount, path and namespace, each as it is written, with the headers that Vault wants', async () => {
    const { fake, store } = await inVault({ mount: 'team/kv', path: 'a b/ü?x', namespace: 'org/team' });
    await store.write(madeUpRecord(), { ifMatch: null });
    expect(fake.asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      'GET /v1/team/kv/data/a%20b/%C3%BC%3Fx',
      'POST /v1/team/kv/data/a%20b/%C3%BC%3Fx',
    ]);
    expect(fake.asked[1]?.headers).toMatchObject({
      'x-vault-token': fake.token,
      'x-vault-request': 'true',
      'x-vault-namespace': 'org/team',
      'content-type': 'application/json',
    });
    expect([...fake.paths.keys()]).toEqual(['org/team/team/kv/a b/ü?x']);
  });

  it('refuses addresses, paths and tokens that cannot be, without showing them', () => {
    const good = { address: 'https://vault.example.com', token: 't', path: 'ci' };
    const bad: Partial<VaultStoreOptions>[] = [
      { address: 'http://vault.example.com' },
      { address: 'https://me:password@vault.example.com' },
      { address: 'made-up-nonsense' },
      { path: '' },
      { path: '../sys/seal' },
      { path: 'ci//x' },
      { mount: '..' },
      { namespace: 'a\nb' },
      { token: '' },
      { token: 'made-up\ntoken' },
      { timeout: 0 },
      { credentialFields: { id: 'record', secret: 'secret' } },
      { credentialFields: { id: 'same', secret: 'same' } },
      { credentialFields: { id: 'constructor', secret: 'secret' } },
    ];
    for (const change of bad) {
      const options: VaultStoreOptions = { ...good, ...change };
      expect(() => vaultStore(options), JSON.stringify(change)).toThrow(TypeError);
      try {
        vaultStore(options);
      } catch (error) {
        expect(String(error)).not.toMatch(/made-up|password@/);
      }
    }
  });

  it('begins anew over a version that was destroyed, by its number', async () => {
    const { fake, store } = await inVault();
    const { etag } = await store.write(madeUpRecord(), { ifMatch: null });
    await store.write(madeUpRecord(), { ifMatch: etag });
    fake.destroy(PATH);
    const other = vaultStore({ address: fake.url, token: fake.token, path: 'ci/blazemeter' });
    expect(await other.read()).toBeUndefined();
    const again = madeUpRecord({ id: 'aaaaaaaaaa', epoch: 0 });
    await other.write(again, { ifMatch: null });
    expect(fake.asked.at(-1)?.body).toMatchObject({ options: { cas: 2 } });
    const held = await store.read();
    expect(held && revealRecord(held.record)).toBe(revealRecord(again));
  });

  it('says how to bring back a version that Vault deleted, to a run, a reader and an adoption', async () => {
    const { fake, store } = await inVault();
    const world = rotationWorld();
    await adopted(world, store);
    const before = world.reference.journal.count();
    fake.remove(PATH);
    const errors = [
      await failure(rotate(world.client, { store, reason: 'schedule' })),
      (await failure(fromStore(store)())).cause,
      await failure(adopted(world, store)),
    ];
    for (const error of errors) {
      expect(error).toMatchObject({ code: 'rotation_record' });
      expect(Object(error).message).toContain('vault kv undelete -mount=secret -versions=');
    }
    expect(world.reference.journal.count()).toBe(before);
  });

  it('opens a sealed record at its own address alone', async () => {
    const seal = sealing({ key: crypto.getRandomValues(new Uint8Array(32)) });
    const [here, there] = [await inVault({ seal }), await inVault({ seal })];
    await here.store.write(madeUpRecord(), { ifMatch: null });
    there.fake.put(PATH, { ...here.fake.paths.get(PATH)?.at(-1)?.data });
    expect(await failure(there.store.read())).toMatchObject({ code: 'rotation_record' });
  });

  it('neither loses nor trips over a field that another program patches meanwhile', async () => {
    const { fake, store } = await inVault();
    const { etag } = await store.write(madeUpRecord(), { ifMatch: null });
    fake.put(PATH, { ...fake.paths.get(PATH)?.at(-1)?.data, note: 'of a colleague' });
    const record = madeUpRecord();
    await store.write(record, { ifMatch: etag });
    expect(fake.paths.get(PATH)?.at(-1)?.data).toEqual({
      record: revealRecord(record),
      note: 'of a colleague',
    });
  });

  it('keeps the other fields of the secret, and the credentials beside the record where that is wanted', async () => {
    const { fake } = await inVault();
    fake.put(PATH, { contact: 'team@example.com' });
    const store = vaultStore({
      address: fake.url,
      token: fake.token,
      path: 'ci/blazemeter',
      credentialFields: { id: 'key_id', secret: 'key_secret' },
    });
    const record = madeUpRecord();
    await store.write(record, { ifMatch: null });
    expect(fake.paths.get(PATH)?.at(-1)?.data).toEqual({
      contact: 'team@example.com',
      record: revealRecord(record),
      key_id: record.current.id,
      key_secret: MADE_UP_SECRET,
    });
  });

  it('recognises an engine of version 1, which would write without comparing', async () => {
    const { store } = await inVault({ mount: 'old' });
    const error = await failure(store.write(madeUpRecord(), { ifMatch: null }));
    expect(error).toMatchObject({ code: 'rotation_store' });
    expect(error.message).toContain('KV version 2');
    expect((await failure(store.read())).message).toContain('KV version 2');
  });

  it('asks for the token before each request, so that a renewed one is used', async () => {
    const tokens = ['old-token'];
    const { fake, store } = await inVault({ token: async () => ({ reveal: () => tokens.at(-1) ?? '' }) });
    expect((await failure(store.read())).message).toContain('(403)');
    tokens.push(fake.token);
    expect(await store.read()).toBeUndefined();
  });

  const responses: [number, string][] = [
    [307, 'active node'],
    [400, 'did not accept'],
    [403, 'create, read and update on secret/data/ci/blazemeter'],
    [405, 'version 2'],
    [472, 'disaster-recovery'],
    [501, 'not initialised'],
    [418, '(418)'],
  ];
  it.each(responses)('says what to do about a %i, at once and without the body', async (status, fix) => {
    const { fake, store } = await inVault();
    const body = { errors: ['made-up nonsense in the body'] };
    fake.troubles.push({
      kind: 'reply',
      reply: { status, body, headers: { location: 'https://elsewhere.example.com/v1/x' } },
    });
    const error = await failure(store.read());
    expect(error).toMatchObject({ code: 'rotation_store' });
    expect(error.message).toContain(fix);
    expect(error.message).not.toMatch(/nonsense|elsewhere/);
    expect(fake.asked).toHaveLength(1);
  });

  it('says that nothing is mounted there', async () => {
    const { store } = await inVault({ mount: 'nowhere' });
    expect(await failure(store.read())).toMatchObject({ hint: { option: 'mount' } });
  });

  it.each([412, 429, 473, 503, 500])('tries a %i again, and goes on where it was over', async (status) => {
    const { fake, store } = await inVault();
    const trouble = { kind: 'reply', reply: { status, body: { errors: ['Vault is sealed'] } } } as const;
    fake.troubles.push(trouble);
    expect(await store.read()).toBeUndefined();
    const record = madeUpRecord();
    fake.troubles.push({ ...trouble, only: 'writes' });
    await store.write(record, { ifMatch: null });
    expect(fake.paths.get(PATH)).toHaveLength(1);
  });

  it('gives up a sealed Vault after three tries', async () => {
    const { fake, store } = await inVault();
    for (let at = 0; at < 5; at++)
      fake.troubles.push({ kind: 'reply', reply: { status: 503, body: { errors: ['Vault is sealed'] } } });
    expect((await failure(store.read())).message).toContain('sealed');
    expect(fake.asked).toHaveLength(3);
  });

  it('looks up a write whose response was lost: its own counts as done, another process’s as a conflict', async () => {
    const { fake, store } = await inVault();
    fake.troubles.push({ kind: 'lost', only: 'writes' });
    const record = madeUpRecord();
    const { etag } = await store.write(record, { ifMatch: null });
    expect(fake.paths.get(PATH)).toHaveLength(1);
    expect((await store.read())?.etag).toBe(etag);

    fake.troubles.push({ kind: 'reset', only: 'writes' });
    const writing = store.write(madeUpRecord(), { ifMatch: etag });
    fake.put(PATH, { record: revealRecord(madeUpRecord()) });
    await expect(writing).rejects.toThrow(StoreConflictError);
  });

  it('reads nothing but a text under its field', async () => {
    const { fake, store } = await inVault();
    fake.put(PATH, { record: { version: 1 } });
    expect((await failure(store.read())).message).toContain('not this store');
    fake.put(PATH, { record: revealRecord(madeUpRecord()) });
    const held = await store.read();
    expect(held && readRecord(revealRecord(held.record)).name).toBe('ci');
  });
});
