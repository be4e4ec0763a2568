// What Vault may respond, what it is taken for, and how often it is asked: never its own words in an error.
import { revealRecord, StoreConflictError, vaultStore } from 'blazemeter-client/rotation';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { madeUpRecord } from '../support/records.ts';
import { failure } from '../support/world.ts';
import { type Prepared, responses } from './prepared.ts';

// The wait before another try is random: none here.
beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0));

function inVault(...prepared: Prepared[]) {
  const service = responses(...prepared);
  const store = vaultStore({
    address: 'https://vault.example.com',
    token: 'made-up-token',
    path: 'ci/blazemeter',
    fetch: service.fetch,
  });
  return { service, store };
}

const says = (status: number, ...errors: unknown[]): Prepared => ({ status, body: { errors } });
const empty = says(404);
const holds = (data: unknown, metadata: object): Prepared => ({
  status: 200,
  body: { data: { data, metadata } },
});
const writing = (...prepared: Prepared[]) =>
  failure(inVault(empty, ...prepared).store.write(madeUpRecord(), { ifMatch: null }));

describe('vaultStore', () => {
  it.each([
    [400, 1],
    [403, 1],
    [405, 1],
    [412, 3],
    [418, 1],
    [429, 3],
    [472, 1],
    [473, 3],
    [499, 1],
    [500, 3],
    [501, 1],
    [502, 3],
    [503, 3],
  ])('after a %i is asked %i times in all', async (status, times) => {
    const trouble = says(status, 'made-up nonsense');
    const { service, store } = inVault(trouble, trouble, trouble);
    const error = await failure(store.read());
    expect(error).toMatchObject({ code: 'rotation_store' });
    expect(error.message).toContain(String(status));
    expect(error.message).not.toContain('nonsense');
    expect(service.asked).toHaveLength(times);
  });

  it('takes a version that does not match for a conflict, and no other refusal of a write', async () => {
    const words = 'check-and-set parameter did not match the current version';
    const record = revealRecord(madeUpRecord());
    expect(await writing(says(400, words), holds({ record }, { version: 1 }))).toBeInstanceOf(
      StoreConflictError,
    );
    for (const other of [
      says(400, 'made-up nonsense'),
      says(418, words),
      { status: 400, body: {} },
      { status: 400, body: { errors: words } },
      says(400, 7, null),
      says(404, 'no handler for route'),
      says(404),
      says(405, 'no handler for route'),
    ])
      expect(await writing(other)).toMatchObject({ code: 'rotation_store' });
  });

  it('takes a 404 of Vault for an empty place, and none of a mount that is not there or of a gateway', async () => {
    for (const response of [empty, says(404, 'made-up nonsense')])
      expect(await inVault(response).store.read()).toBeUndefined();
    const others: Prepared[] = [
      says(404, 'no handler for route'),
      { status: 404, body: { message: 'no Route matched' } },
      { status: 404, body: 'not found' },
      { status: 404 },
      { status: 404, body: { errors: 'none' } },
    ];
    for (const other of others)
      expect(await failure(inVault(other).store.read())).toMatchObject({ code: 'rotation_store' });
  });

  it('writes over a version that was destroyed, by its number', async () => {
    const gone = { status: 404, body: { data: { data: null, metadata: { version: 7, destroyed: true } } } };
    const { service, store } = inVault(gone, { status: 200, body: { data: { version: 8 } } });
    await store.write(madeUpRecord(), { ifMatch: null });
    expect(service.requests()[1]).toMatchObject(['POST', expect.any(String), { options: { cas: 7 } }]);
  });

  it.each([
    [
      'all of it',
      { version: 7, deletion_time: '2030-01-01T00:00:00Z', destroyed: false },
      /version 7 at 2030.*-versions=7 /,
    ],
    ['no time', { version: 7 }, /version 7,.*-versions=7 /],
    ['no number', { deletion_time: '2030-01-01T00:00:00Z' }, /its newest version,.*vault kv metadata get/],
    ['a number that is none', { version: 'seven' }, /its newest version,.*vault kv metadata get/],
    ['nothing', null, /its newest version,.*vault kv metadata get/],
  ])(
    'takes a deleted version for no empty place where its metadata shows %s, and names undelete',
    async (_, metadata, said) => {
      const gone = { status: 404, body: { data: { data: null, metadata } } };
      for (const error of [
        await failure(inVault(gone).store.read()),
        await failure(inVault(gone).store.write(madeUpRecord(), { ifMatch: null })),
      ]) {
        expect(error).toMatchObject({ code: 'rotation_record' });
        expect(error.message).toMatch(said);
        expect(error.message).toContain('vault kv undelete -mount=secret');
      }
    },
  );

  it('names a response that is wrapped, and one that is denied, by what denies it', async () => {
    const wrapped = { status: 200, body: { data: null, wrap_info: { token: 'made-up nonsense', ttl: 60 } } };
    const policy = says(403, 'permission denied');
    const token = says(403, 'permission denied', 'invalid token');
    const proxy = { status: 403, body: '<html>403 Forbidden: nonsense</html>' };
    const errors = [
      await failure(inVault(wrapped).store.read()),
      await writing(wrapped),
      ...(await Promise.all([policy, token, proxy].map((one) => failure(inVault(one).store.read())))),
    ];
    const words = ['wrapped', 'wrapped', 'policy', 'expired', 'proxy'];
    for (const [at, error] of errors.entries()) {
      expect(error).toMatchObject({ code: 'rotation_store' });
      expect(error.message).toContain(words[at]);
      expect(error.message).not.toContain('nonsense');
    }
  });

  it('takes a whole number for that of a version, and nothing else: version 1 of the engine has none', async () => {
    const record = revealRecord(madeUpRecord());
    for (const version of [0, 5])
      expect(await inVault(holds({ record }, { version, created_time: 7 })).store.read()).toBeDefined();
    for (const version of [-1, 1.5, '5', null, undefined]) {
      const read = failure(inVault(holds({ record }, { version })).store.read());
      expect(await read).toMatchObject({ code: 'rotation_store' });
      expect(await writing({ status: 200, body: { data: { version } } })).toMatchObject({
        code: 'rotation_store',
      });
    }
    expect(await writing({ status: 204 })).toMatchObject({ code: 'rotation_store' });
  });

  it('reads nothing but a text under its field', async () => {
    expect(await inVault(holds({ other: 1 }, { version: 1 })).store.read()).toBeUndefined();
    for (const record of [{ version: 1 }, null, 7])
      expect(await failure(inVault(holds({ record }, { version: 1 })).store.read())).toMatchObject({
        code: 'rotation_store',
      });
  });
});
