// Where a record is in Vault: what may be said of the place, and what is asked of it.
import {
  revealRecord,
  StoreConflictError,
  type VaultStoreOptions,
  vaultStore,
} from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { MADE_UP_SECRET, madeUpRecord } from '../support/records.ts';
import { openSeal, type Prepared, responses } from './prepared.ts';

vi.setConfig({ testTimeout: 2_000 });

const usual = { address: 'https://vault.example.com', token: 'made-up-token', path: 'ci/blazemeter' };

function inVault(prepared: Prepared[], options: Partial<VaultStoreOptions> = {}) {
  const service = responses(...prepared);
  return { service, store: vaultStore({ ...usual, fetch: service.fetch, ...options }) };
}

const URL = 'https://vault.example.com/v1/secret/data/ci/blazemeter';
const empty = { status: 404, body: { errors: [] } };
const MADE = '2026-01-01T00:00:00Z';
const holds = (data: object, version = 3, created_time: unknown = MADE): Prepared => ({
  status: 200,
  body: { data: { data, metadata: { version, created_time } } },
});
const wrote = (version: unknown, created_time: unknown = MADE): Prepared => ({
  status: 200,
  body: { data: { version, created_time } },
});

describe('vaultStore', () => {
  it('writes first over version 0, and then over the version that it created', async () => {
    const { service, store } = inVault([empty, wrote(1), wrote(2)]);
    const [one, two] = [madeUpRecord(), madeUpRecord()];
    const { etag } = await store.write(one, { ifMatch: null });
    await store.write(two, { ifMatch: etag });
    expect(service.requests()).toStrictEqual([
      ['GET', URL],
      ['POST', URL, { options: { cas: 0 }, data: { record: revealRecord(one) } }],
      ['POST', URL, { options: { cas: 1 }, data: { record: revealRecord(two) } }],
    ]);
  });

  it('keeps other fields, and the credentials beside the record where that is wanted', async () => {
    const credentialFields = { id: 'key_id', secret: 'key_secret' };
    const { service, store } = inVault([holds({ contact: 'team' }), wrote(4), wrote(5)], {
      credentialFields,
    });
    const record = madeUpRecord();
    const data = {
      contact: 'team',
      record: revealRecord(record),
      key_id: record.current.id,
      key_secret: MADE_UP_SECRET,
    };
    const { etag } = await store.write(record, { ifMatch: null });
    await store.write(record, { ifMatch: etag });
    expect(service.requests().slice(1)).toStrictEqual([
      ['POST', URL, { options: { cas: 3 }, data }],
      ['POST', URL, { options: { cas: 4 }, data }],
    ]);
  });

  it('sends the token, the header that no web page can send, and the namespace where there is one', async () => {
    const plain = inVault([empty]);
    await plain.store.read();
    expect(plain.service.asked[0]?.init.headers).toStrictEqual({
      accept: 'application/json',
      'x-vault-token': 'made-up-token',
      'x-vault-request': 'true',
    });
    const named = inVault([empty], { namespace: 'org/team' });
    await named.store.read();
    expect(named.service.asked[0]?.init.headers['x-vault-namespace']).toBe('org/team');
  });

  it('asks below the mount, each segment as it is written', async () => {
    const { service, store } = inVault([empty], { mount: '//team/kv//', path: '//a b/ü?x/' });
    await store.read();
    expect(service.asked[0]?.url).toBe('https://vault.example.com/v1/team/kv/data/a%20b/%C3%BC%3Fx');
  });

  it.each([
    [{}, 'vault:https://vault.example.com//secret/ci/blazemeter'],
    [
      { address: 'https://example.com/vault/', namespace: '/org/team/', mount: '/kv/', path: '//ci//' },
      'vault:https://example.com/vault/org/team/kv/ci',
    ],
  ])('binds a sealed record to address, namespace, mount and path (%j)', async (where, place) => {
    const seal = openSeal();
    const record = madeUpRecord();
    const { store } = inVault([holds({ record: revealRecord(record) }), wrote(4)], { ...where, seal });
    const held = await store.read();
    await store.write(record, { ifMatch: held?.etag ?? null });
    expect(seal.places).toEqual([`open ${place}`, `open ${place}`, `seal ${place}`]);
  });

  it('refuses a version that another process has written meanwhile', async () => {
    const { store } = inVault([
      empty,
      {
        status: 400,
        body: { errors: ['check-and-set parameter did not match the current version'] },
      },
      holds({ record: revealRecord(madeUpRecord()) }, 1),
    ]);
    await expect(store.write(madeUpRecord(), { ifMatch: null })).rejects.toThrow(StoreConflictError);
  });
});

describe('the options of vaultStore', () => {
  const made = (change: object) => () => Reflect.apply(vaultStore, undefined, [{ ...usual, ...change }]);

  it.each([
    ['an address that is no URL', { address: 'vault' }],
    ['an empty path', { path: '' }],
    ['a path of slashes', { path: '//' }],
    ['a path that is too long', { path: 'a'.repeat(1025) }],
    ['a path that is no text', { path: ['ci'] }],
    ['a path that leads elsewhere', { path: 'a/../b' }],
    ['an empty mount', { mount: '' }],
    ['a namespace with a blank', { namespace: 'a b' }],
    ['a namespace with a blank before it', { namespace: ' a' }],
    ['a namespace with a blank behind it', { namespace: 'a ' }],
    ['an empty namespace', { namespace: '' }],
    ['a namespace that is too long', { namespace: 'a'.repeat(256) }],
    ['a field with a blank before it', { credentialFields: { id: ' a', secret: 'b' } }],
    ['a field with a blank behind it', { credentialFields: { id: 'a ', secret: 'b' } }],
    ['a field that is too long', { credentialFields: { id: 'a'.repeat(129), secret: 'b' } }],
    ['a field named __proto__', { credentialFields: { id: '__proto__', secret: 'b' } }],
    ['a field named constructor', { credentialFields: { id: 'a', secret: 'constructor' } }],
    ['a field named prototype', { credentialFields: { id: 'prototype', secret: 'b' } }],
  ])('cannot have %s', (_, change) => {
    expect(made(change)).toThrow(TypeError);
  });

  it.each([
    { path: 'a'.repeat(1024) },
    { namespace: 'aZ0_.-/'.padEnd(255, 'x') },
    { credentialFields: { id: 'aZ0_.-'.padEnd(128, 'x'), secret: 'b' } },
  ])('can have %j', (change) => {
    expect(made(change)).not.toThrow();
  });
});
