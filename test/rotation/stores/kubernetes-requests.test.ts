// Where a record is in Kubernetes: what may be said of the Secret, and what is asked of the API server.
import {
  type KubernetesStoreOptions,
  kubernetesStore,
  revealRecord,
  StoreConflictError,
} from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { MADE_UP_SECRET, madeUpRecord } from '../support/records.ts';
import { failure } from '../support/world.ts';
import { openSeal, type Prepared, responses } from './prepared.ts';

vi.setConfig({ testTimeout: 2_000 });

const usual = { server: 'https://10.0.0.1', token: 'made-up-token', name: 'blazemeter' };

function inCluster(prepared: Prepared[], options: Partial<KubernetesStoreOptions> = {}) {
  const service = responses(...prepared);
  return {
    service,
    store: kubernetesStore({ ...usual, namespace: 'ci', fetch: service.fetch, ...options }),
  };
}

const SECRETS = 'https://10.0.0.1/api/v1/namespaces/ci/secrets';
const MANAGER = '?fieldManager=blazemeter-client';
const missing = { status: 404, body: { kind: 'Status', details: { kind: 'secrets' } } };
const base64 = (text: string) => Buffer.from(text).toString('base64');
const secret = (resourceVersion: string, more: object = {}, status = 200): Prepared => ({
  status,
  body: { kind: 'Secret', metadata: { resourceVersion }, ...more },
});

describe('kubernetesStore', () => {
  it('creates a Secret where there is none, and then writes over what it created', async () => {
    const { service, store } = inCluster([missing, secret('7', { type: 'Opaque' }, 201), secret('8')]);
    const [one, two] = [madeUpRecord({ name: 'ü' }), madeUpRecord()];
    const { etag } = await store.write(one, { ifMatch: null });
    await store.write(two, { ifMatch: etag });
    expect(service.requests()).toStrictEqual([
      ['GET', `${SECRETS}/blazemeter`],
      [
        'POST',
        `${SECRETS}${MANAGER}`,
        {
          apiVersion: 'v1',
          kind: 'Secret',
          metadata: { name: 'blazemeter' },
          type: 'Opaque',
          data: { record: base64(revealRecord(one)) },
        },
      ],
      [
        'PUT',
        `${SECRETS}/blazemeter${MANAGER}`,
        {
          kind: 'Secret',
          metadata: { resourceVersion: '7' },
          type: 'Opaque',
          data: { record: base64(revealRecord(two)) },
        },
      ],
    ]);
  });

  it('writes into a Secret that is there, keeps what it has, and puts the credentials beside the record', async () => {
    const there = { metadata: { resourceVersion: '5', labels: { team: 'load' } }, data: { other: 'eA==' } };
    const credentialFields = { id: 'ID', secret: 'SECRET' };
    const { service, store } = inCluster([secret('5', there), secret('6')], { credentialFields });
    const record = madeUpRecord();
    await store.write(record, { ifMatch: null });
    expect(service.requests()[1]).toStrictEqual([
      'PUT',
      `${SECRETS}/blazemeter${MANAGER}`,
      {
        kind: 'Secret',
        ...there,
        data: {
          other: 'eA==',
          record: base64(revealRecord(record)),
          ID: base64(record.current.id),
          SECRET: base64(MADE_UP_SECRET),
        },
      },
    ]);
  });

  it('reads the record that is there', async () => {
    const record = madeUpRecord({ name: 'ü' });
    const { service, store } = inCluster([secret('5', { data: { record: base64(revealRecord(record)) } })]);
    expect(await store.read()).toMatchObject({ record: { name: 'ü' } });
    expect(service.asked[0]?.init.headers).toStrictEqual({
      accept: 'application/json',
      authorization: 'Bearer made-up-token',
    });
  });

  it.each([undefined, null])('is empty where there is no record in the Secret (%s)', async (record) => {
    expect(await inCluster([secret('5', { data: { record } })]).store.read()).toBeUndefined();
  });

  it('is in the namespace default where nothing is said', async () => {
    const { service, store } = inCluster([missing], { namespace: undefined });
    await store.read();
    expect(service.asked[0]?.url).toBe('https://10.0.0.1/api/v1/namespaces/default/secrets/blazemeter');
  });

  it('binds a sealed record to server, namespace and name', async () => {
    const seal = openSeal();
    const { store } = inCluster([missing, secret('1', {}, 201)], { seal });
    await store.write(madeUpRecord(), { ifMatch: null });
    expect(seal.places).toEqual(['seal kubernetes:https://10.0.0.1/ci/blazemeter']);
  });

  it('refuses an immutable Secret before anything is sent', async () => {
    const { service, store } = inCluster([secret('5', { immutable: true })]);
    expect(await failure(store.write(madeUpRecord(), { ifMatch: null }))).toMatchObject({
      code: 'rotation_store',
    });
    expect(service.asked).toHaveLength(1);
    const mutable = inCluster([secret('5', { immutable: false }), secret('6')]);
    await mutable.store.write(madeUpRecord(), { ifMatch: null });
    expect(mutable.service.asked).toHaveLength(2);
  });

  const held = (version: string, record = madeUpRecord()) =>
    secret(version, { data: { record: base64(revealRecord(record)) } });
  const conflict = { status: 409 };

  it('does not write over a record that another process has written meanwhile', async () => {
    const { store } = inCluster([missing, conflict, held('5')]);
    await expect(store.write(madeUpRecord(), { ifMatch: null })).rejects.toThrow(StoreConflictError);
    for (const after of [held('6'), missing]) {
      const { store: other, service } = inCluster([held('5'), conflict, after]);
      const { etag } = (await other.read()) ?? { etag: '' };
      await expect(other.write(madeUpRecord(), { ifMatch: etag })).rejects.toThrow(StoreConflictError);
      expect(service.asked).toHaveLength(3);
    }
  });

  it('writes over the new version where only something beside the record was changed', async () => {
    const [before, after] = [madeUpRecord(), madeUpRecord()];
    const labelled = secret('6', {
      metadata: { resourceVersion: '6', labels: { seen: 'yes' } },
      data: { record: base64(revealRecord(before)), more: 'eA==' },
    });
    const { service, store } = inCluster([held('5', before), conflict, labelled, secret('7')]);
    const { etag } = (await store.read()) ?? { etag: '' };
    await store.write(after, { ifMatch: etag });
    expect(service.requests().at(-1)).toMatchObject([
      'PUT',
      `${SECRETS}/blazemeter${MANAGER}`,
      {
        metadata: { resourceVersion: '6', labels: { seen: 'yes' } },
        data: { record: base64(revealRecord(after)), more: 'eA==' },
      },
    ]);
  });

  it('does not write again for ever where something beside the record changes all the time', async () => {
    const record = madeUpRecord();
    const changes = Array.from({ length: 10 }, (_, at) => [conflict, held(`${at + 6}`, record)]).flat();
    const { store } = inCluster([held('5', record), ...changes]);
    const { etag } = (await store.read()) ?? { etag: '' };
    await expect(store.write(madeUpRecord(), { ifMatch: etag })).rejects.toMatchObject({
      code: 'rotation_store',
      retryable: true,
    });
  });
});

describe('the options of kubernetesStore', () => {
  const made = (change: object) => () => Reflect.apply(kubernetesStore, undefined, [{ ...usual, ...change }]);

  it.each(['', 'Big', '-a', 'a-', 'a b', ' a', 'a ', '../x', 'a'.repeat(254), ['a'], 7])(
    'cannot have the name %j',
    (name) => {
      expect(made({ name })).toThrow(TypeError);
      expect(made({ namespace: name })).toThrow(TypeError);
    },
  );

  it.each(['a', '7', 'a7', 'a-b.c7', 'a'.repeat(253)])('can have the name %s', (name) => {
    expect(made({ name, namespace: name })).not.toThrow();
  });

  it.each(['.', '..', '__proto__', 'a b', ' a', 'a ', '', 'a'.repeat(254)])(
    'cannot keep the credentials under %j',
    (id) => {
      expect(made({ credentialFields: { id, secret: 'b' } })).toThrow(TypeError);
    },
  );

  it.each(['.a', '..a', 'a__proto__', '__proto__a', 'aZ0._-', 'a'.repeat(253)])(
    'can keep the credentials under %s',
    (id) => {
      expect(made({ credentialFields: { id, secret: 'b' } })).not.toThrow();
    },
  );

  it('name the server as it is called', () => {
    expect(made({ server: 'http://10.0.0.1' })).toThrow('server must be https');
  });
});
