// What is Kubernetes' own about its store: Secrets with more in them than the record, the credentials that pods mount, roles, and
// Secrets that can never change. The API server is a fake here, on a real socket.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CredentialsError } from 'blazemeter-client';
import { serviceAccount } from 'blazemeter-client/node';
import {
  type KubernetesStoreOptions,
  kubernetesStore,
  revealRecord,
  rotate,
  sealing,
} from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../../support/credentials.ts';
import { madeUpRecord } from '../support/records.ts';
import { accepts, adopted, failure, recordOf, rotationWorld } from '../support/world.ts';
import { type KubernetesFake, kubernetesFake } from './kubernetes-fake.ts';

// The wait before another try is random: none here.
beforeEach(() => {
  vi.spyOn(Math, 'random').mockReturnValue(0);
});

const open: KubernetesFake[] = [];
afterEach(async () => {
  for (const fake of open.splice(0)) await fake.close();
});

const PATH = 'ci/blazemeter';
const credentialFields = { id: 'BLAZEMETER_API_KEY_ID', secret: 'BLAZEMETER_API_KEY_SECRET' };

async function inCluster(options: Partial<KubernetesStoreOptions> = {}) {
  const fake = await kubernetesFake();
  open.push(fake);
  const store = kubernetesStore({
    server: fake.url,
    token: () => fake.token,
    namespace: 'ci',
    name: 'blazemeter',
    ...options,
  });
  return { fake, store };
}

const dataOf = (fake: KubernetesFake): Record<string, string> =>
  Object.fromEntries(
    Object.entries(Object(fake.secrets.get(PATH)?.data)).map(([key, base64]) => [
      key,
      Buffer.from(String(base64), 'base64').toString(),
    ]),
  );

describe('kubernetesStore', () => {
  it('makes an Opaque Secret with the record, and nothing else', async () => {
    const { fake, store } = await inCluster();
    const record = madeUpRecord();
    await store.write(record, { ifMatch: null });
    expect(fake.secrets.get(PATH)).toMatchObject({ kind: 'Secret', type: 'Opaque' });
    expect(dataOf(fake)).toEqual({ record: revealRecord(record) });
    expect(fake.asked.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  it('writes into a Secret that was created for it, and keeps what else it has', async () => {
    const { fake, store } = await inCluster({ credentialFields });
    const metadata = { name: 'blazemeter', labels: { team: 'load' }, annotations: { note: 'ü' } };
    fake.change(PATH, () => ({ metadata, type: 'Opaque', data: { other: 'b3RoZXI=' } }));
    expect(await store.read()).toBeUndefined();
    const { etag } = await store.write(madeUpRecord(), { ifMatch: null });
    await store.write(madeUpRecord({ epoch: 4 }), { ifMatch: etag });
    expect(dataOf(fake)).toMatchObject({ other: 'other' });
    expect(fake.secrets.get(PATH)).toMatchObject({ type: 'Opaque', metadata });
    expect(fake.asked.map(({ method }) => method)).toEqual(['GET', 'PUT', 'PUT']);
  });

  it('gives pods the credentials in use, changed together with the record, at every moment of a rotation', async () => {
    const world = rotationWorld();
    const seal = sealing({ key: crypto.getRandomValues(new Uint8Array(32)) });
    const { fake, store } = await inCluster({ credentialFields, seal });
    await adopted(world, store);
    let looks = 0;
    const watched = {
      read: () => store.read(),
      async write(...given: Parameters<typeof store.write>) {
        const written = await store.write(...given);
        const { BLAZEMETER_API_KEY_ID: id = '', BLAZEMETER_API_KEY_SECRET: secret = '' } = dataOf(fake);
        expect(accepts(world.reference, { id, secret })).toBe(true);
        expect(id).toBe((await recordOf(store)).current.id);
        looks += 1;
        return written;
      },
    };
    const report = await rotate(world.client, { store: watched, reason: 'schedule', drain: { minutes: 0 } });
    expect(report).toMatchObject({ phase: 'idle', epoch: 1 });
    expect(looks).toBeGreaterThan(6);
    expect(dataOf(fake).BLAZEMETER_API_KEY_ID).toBe(report.keyId);
    expect(dataOf(fake).record).toMatch(/^blazemeter-sealed-1\./);
  });

  it('neither loses nor trips over what another program puts into the Secret meanwhile', async () => {
    const { fake, store } = await inCluster();
    const { etag } = await store.write(madeUpRecord(), { ifMatch: null });
    fake.change(PATH, (secret) => ({
      ...secret,
      metadata: { ...Object(secret.metadata), labels: { 'backup/seen': 'yes' } },
      data: { ...Object(secret.data), more: 'bW9yZQ==' },
    }));
    const record = madeUpRecord();
    await store.write(record, { ifMatch: etag });
    expect(dataOf(fake)).toEqual({ record: revealRecord(record), more: 'more' });
    expect(fake.secrets.get(PATH)).toMatchObject({ metadata: { labels: { 'backup/seen': 'yes' } } });
  });

  it.each([
    ['is written after pauses that grow where the Secret is changed before four attempts', 4],
    ['is not written where the Secret is changed before every attempt, and the error says so', 5],
  ])('a record %s', async (_, times) => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] });
    onTestFinished(() => void vi.useRealTimers());
    const { fake, store } = await inCluster();
    const { etag } = await store.write(madeUpRecord(), { ifMatch: null });
    const before = fake.secrets.get(PATH);
    const tried: number[] = [];
    const { store: relabelled } = await inCluster({
      server: fake.url,
      fetch: async (url, init) => {
        if (init?.method === 'PUT' && tried.push(Date.now()) <= times)
          fake.change(PATH, (secret) => ({
            ...secret,
            metadata: { ...Object(secret.metadata), labels: { tried: `${tried.length}` } },
          }));
        return fetch(url, init);
      },
    });
    const record = madeUpRecord();
    let over = false;
    const writing = relabelled.write(record, { ifMatch: etag }).catch((error: unknown) => error);
    void writing.finally(() => {
      over = true;
    });
    while (!over) {
      await vi.advanceTimersByTimeAsync(5);
      await new Promise((done) => setImmediate(done));
    }
    const pauses = tried.slice(1).map((at, index) => at - (tried[index] ?? 0));
    expect(pauses).toHaveLength(4);
    expect(pauses).toEqual([...pauses].sort((a, b) => a - b));
    expect(pauses[0]).toBeGreaterThan(20);
    if (times === 4) {
      expect(await writing).toEqual({ etag: expect.any(String) });
      expect(dataOf(fake)).toEqual({ record: revealRecord(record) });
    } else {
      expect(await writing).toMatchObject({ code: 'rotation_store', retryable: true });
      expect(String(await writing)).toMatch(/5 writes in a row.*labels/);
      expect(fake.secrets.get(PATH)?.data).toEqual(before?.data);
    }
  });

  it('ends a rotation although a label was put on the Secret in the middle of it', async () => {
    const { fake, store } = await inCluster();
    const world = rotationWorld();
    await adopted(world, store);
    const touched = {
      read: () => store.read(),
      async write(...given: Parameters<typeof store.write>) {
        const written = await store.write(...given);
        fake.change(PATH, (secret) => ({
          ...secret,
          metadata: { ...Object(secret.metadata), labels: { version: written.etag.slice(0, 8) } },
        }));
        return written;
      },
    };
    const report = await rotate(world.client, { store: touched, reason: 'schedule', drain: { minutes: 0 } });
    expect(report).toMatchObject({ phase: 'idle', epoch: 1 });
  });

  it('opens a sealed record at its own server alone', async () => {
    const seal = sealing({ key: crypto.getRandomValues(new Uint8Array(32)) });
    const [here, there] = [await inCluster({ seal }), await inCluster({ seal })];
    await here.store.write(madeUpRecord(), { ifMatch: null });
    there.fake.change(PATH, () => ({ ...here.fake.secrets.get(PATH) }));
    expect(await failure(there.store.read())).toMatchObject({ code: 'rotation_record' });
  });

  it('refuses an immutable Secret before anything is touched', async () => {
    const { fake, store } = await inCluster();
    await store.write(madeUpRecord(), { ifMatch: null });
    fake.change(PATH, (secret) => ({ ...secret, immutable: true }));
    const world = rotationWorld();
    const error = await failure(rotate(world.client, { store, reason: 'schedule' }));
    expect(error.message).toContain('immutable');
    expect(fake.asked.filter(({ method }) => method === 'PUT')).toEqual([]);
    expect(world.reference.journal.entries).toEqual([]);
  });

  it.each([
    ['get', 'refused to get'],
    ['create', 'refused to create'],
  ])('names the verbs that the role lacks (%s)', async (verb, said) => {
    const { fake, store } = await inCluster();
    fake.verbs.delete(verb);
    const error = await failure(store.write(madeUpRecord(), { ifMatch: null }));
    expect(error.message).toContain(said);
    expect(error.message).toContain('verbs get and update');
  });

  it('says so where the token has expired, and takes the renewed one next time', async () => {
    const tokens = ['stale'];
    const { fake, store } = await inCluster({ token: () => tokens.at(-1) ?? '' });
    expect((await failure(store.read())).message).toContain('(401)');
    tokens.push(fake.token);
    expect(await store.read()).toBeUndefined();
  });

  it('distinguishes a missing namespace, and a server that is none of Kubernetes, from a missing Secret', async () => {
    const { fake, store } = await inCluster({ namespace: 'nowhere' });
    expect((await failure(store.write(madeUpRecord(), { ifMatch: null }))).message).toContain(
      'no such namespace',
    );
    fake.troubles.push({ kind: 'reply', reply: { status: 404, body: 'not found' } });
    expect(await failure(store.read())).toMatchObject({ hint: { option: 'server' } });
    fake.troubles.push({ kind: 'reply', reply: { status: 200, body: { kind: 'Pod' } } });
    expect(await failure(store.read())).toMatchObject({ hint: { option: 'server' } });
  });

  it.each([413, 422])('says what a refused write is (%i)', async (status) => {
    const { fake, store } = await inCluster();
    fake.troubles.push({ kind: 'reply', reply: { status, body: {} }, only: 'writes' });
    expect(await failure(store.write(madeUpRecord(), { ifMatch: null }))).toMatchObject({
      code: 'rotation_store',
    });
    expect(fake.asked).toHaveLength(2);
  });

  it('waits out a server that is too busy', async () => {
    const { fake, store } = await inCluster();
    fake.troubles.push({ kind: 'reply', reply: { status: 429 } });
    expect(await store.read()).toBeUndefined();
  });

  it('refuses names that would lead elsewhere', () => {
    const good = { server: 'https://10.0.0.1', token: 't', name: 'blazemeter' };
    for (const change of [
      { name: '../x' },
      { name: '' },
      { name: 'Big' },
      { namespace: 'a/b' },
      { server: 'http://10.0.0.1' },
      { credentialFields: { id: 'a b', secret: 'c' } },
      { credentialFields: { id: '..', secret: 'c' } },
    ])
      expect(() => kubernetesStore({ ...good, ...change }), JSON.stringify(change)).toThrow(TypeError);
  });
});

describe('serviceAccount', () => {
  const env = { KUBERNETES_SERVICE_HOST: '10.0.0.1', KUBERNETES_SERVICE_PORT: '443' };

  async function aPod(files: Record<string, string>) {
    const folder = join(temporaryFolder(), 'serviceaccount');
    await mkdir(folder, { mode: 0o700 });
    for (const [name, text] of Object.entries(files))
      await writeFile(join(folder, name), text, { mode: 0o600 });
    return folder;
  }

  it('finds the cluster of a pod, and reads the token anew each time', async () => {
    const folder = await aPod({ namespace: 'ci\n', token: 'first' });
    const account = await serviceAccount({ folder, env });
    expect(account).toMatchObject({ server: 'https://10.0.0.1:443', namespace: 'ci' });
    await writeFile(join(folder, 'token'), 'second\n');
    expect(await account.token()).toBe('second');
    const v6 = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
    expect((await serviceAccount({ folder, env: v6 })).server).toBe('https://[fd00::1]:6443');
  });

  it('says so where this is no pod, or its token is not mounted or not its own', async () => {
    /** It fails for its credentials; its message names these. */
    const expectFailure = async (options: Parameters<typeof serviceAccount>[0], ...names: string[]) => {
      const error = await failure(serviceAccount(options));
      expect(error).toBeInstanceOf(CredentialsError);
      expect(error).toMatchObject({ code: 'credentials' });
      for (const name of names) expect(error.message).toContain(name);
    };
    await expectFailure({ env: {} }, 'KUBERNETES_SERVICE_HOST', 'KUBERNETES_SERVICE_PORT');
    const folder = await aPod({ namespace: 'ci' });
    const token = join(folder, 'token');
    await expectFailure({ folder, env }, token, 'automountServiceAccountToken');
    await writeFile(token, 'first', { mode: 0o600 });
    await chmod(token, 0o666);
    await expectFailure({ folder, env }, token, 'chmod 600');
    await chmod(token, 0o600);
    expect(await (await serviceAccount({ folder, env })).token()).toBe('first');
  });
});
