// How the client keeps its credentials fresh: one question for many callers, early renewal, one more try after a 401, and no
// late response in place of a newer credentials.

import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AuthenticationError, BlazeMeterClient, type CredentialContext } from 'blazemeter-client';
import { fromKeyFile, writeKeyFile } from 'blazemeter-client/node';
import { createReference } from 'blazemeter-client/testing';
import { beforeEach, describe, expect, it, vi } from 'vitest';

const MINUTE = 60_000;

function setUp() {
  const reference = createReference();
  const { keys } = reference.seed();
  const asked: CredentialContext['reason'][] = [];
  const clientOf = (response: (reason: CredentialContext['reason'], times: number) => unknown) =>
    new BlazeMeterClient({
      credentials: async (context) => {
        asked.push(context?.reason ?? 'first');
        const credentials = await response(context?.reason ?? 'first', asked.length);
        if (
          typeof credentials !== 'object' ||
          credentials === null ||
          !('id' in credentials) ||
          !('secret' in credentials)
        )
          throw new Error('no credentials');
        return { ...credentials, id: String(credentials.id), secret: String(credentials.secret) };
      },
      fetch: reference.fetch,
      maxRetries: 0,
    });
  return { reference, keys, asked, clientOf };
}

describe('a 401 of a key whose source does not know when it expires', () => {
  const reads: readonly [name: string, read: (client: BlazeMeterClient, id: string) => Promise<unknown>][] = [
    ['a list', (client) => client.apiKeys.list().toArray()],
    ['a read of the key', (client, id) => client.apiKeys.get(id)],
  ];
  const setUpKeys = () => {
    const reference = createReference();
    const { keys } = reference.seed({
      users: { ana: {} },
      keys: { own: { user: 'ana', expires: { days: 30 } }, other: { user: 'ana', expires: { days: 3 } } },
    });
    const credentials = { id: keys.own.id, secret: keys.own.secret };
    const client = new BlazeMeterClient({
      credentials,
      fetch: reference.fetch,
      maxRetries: 0,
      logLevel: 'off',
    });
    return { reference, keys, client };
  };

  it.each(reads)('says that it has expired, once %s has shown when', async (_, read) => {
    const { reference, keys, client } = setUpKeys();
    const expiresAt = reference.clock.now().getTime() + 30 * 86_400_000;
    await read(client, keys.own.id);
    reference.clock.advance({ days: 31 });
    await expect(client.withOptions({ timeout: 5_000 }).user.get()).rejects.toThrow(
      `has most likely expired: its expiry was ${new Date(expiresAt).toISOString().slice(0, 10)}`,
    );
  });

  it('believes the service about it, not the source of the credentials', async () => {
    const { reference, keys } = setUpKeys();
    const credentials = { ...keys.own, expiresAt: new Date(reference.clock.now().getTime() - 86_400_000) };
    const client = new BlazeMeterClient({
      credentials,
      fetch: reference.fetch,
      maxRetries: 0,
      logLevel: 'off',
    });
    await client.apiKeys.get(keys.own.id);
    reference.faults.add({ effect: 'status', status: 401 });
    await expect(client.user.get()).rejects.not.toThrow('most likely expired');
  });

  it('does not say so of another secret of the key, whose expiry it has not read', async () => {
    const reference = createReference({ semantics: { regenerateExpiry: 'renew-period' } });
    const { keys } = reference.seed({
      users: { ana: {} },
      keys: { own: { user: 'ana', expires: { days: 30 } }, other: { user: 'ana', expires: { days: 300 } } },
    });
    const options = { fetch: reference.fetch, maxRetries: 0, logLevel: 'off' } as const;
    let { secret } = keys.own;
    const client = new BlazeMeterClient({
      ...options,
      credentials: async () => ({ id: keys.own.id, secret }),
    });
    await client.apiKeys.get(keys.own.id);
    reference.clock.advance({ days: 20 });
    const elsewhere = new BlazeMeterClient({ ...options, credentials: keys.other });
    secret = (await elsewhere.apiKeys.regenerateSecret(keys.own.id)).secret.reveal();
    reference.clock.advance({ days: 20 });
    await client.user.get();
    reference.faults.add({ effect: 'status', status: 401 });
    await expect(client.user.get()).rejects.not.toThrow('most likely expired');
  });

  it('does not say so before that, nor for the expiry of another key', async () => {
    const { reference, keys, client } = setUpKeys();
    await client.apiKeys.list();
    await client.apiKeys.get(keys.other.id);
    reference.clock.advance({ days: 4 });
    reference.faults.add({ effect: 'status', status: 401 });
    const error: unknown = await client.user.get().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AuthenticationError);
    expect(String(error)).not.toContain('most likely expired');
  });
});

describe('a credential provider', () => {
  it('is asked once for many concurrent calls, and not again for later ones', async () => {
    const { keys, asked, clientOf } = setUp();
    const client = clientOf(() => keys.owner);
    await Promise.all([client.user.get(), client.user.get(), client.accounts.list()]);
    await client.user.get();
    expect(asked).toEqual(['first']);
  });

  it('is not asked before the first call', () => {
    const { keys, asked, clientOf } = setUp();
    clientOf(() => keys.owner);
    expect(asked).toEqual([]);
  });

  it('that has the same credentials still does not make the client try again', async () => {
    const { reference, asked, clientOf } = setUp();
    const client = clientOf(() => ({ id: 'somebody', secret: 'somebodys-secret' }));
    await expect(client.user.get()).rejects.toBeInstanceOf(AuthenticationError);
    expect(asked).toEqual(['first', 'unauthorized']);
    expect(reference.journal.entries).toHaveLength(1);
  });

  describe('whose credentials expire', () => {
    beforeEach(() => void vi.useFakeTimers({ toFake: ['Date', 'performance'] }));

    it('and that has nothing newer is not asked at every call', async () => {
      const { keys, asked, clientOf } = setUp();
      const expiresAt = new Date(Date.now() + 5 * MINUTE);
      const client = clientOf(() => ({ ...keys.owner, expiresAt }));
      await client.user.get();
      vi.advanceTimersByTime(MINUTE);
      for (let times = 0; times < 5; times++) await client.user.get();
      expect(asked).toEqual(['first', 'expiring']);
    });

    it('is waited for by all calls that begin meanwhile, not by the first alone', async () => {
      const { reference, keys, asked, clientOf } = setUp();
      let response: (credentials: unknown) => void = () => {};
      const expiresAt = new Date(Date.now() + 20 * MINUTE);
      const client = clientOf((reason) =>
        reason === 'first'
          ? { ...keys.owner, expiresAt }
          : new Promise((resolve) => {
              response = resolve;
            }),
      );
      await client.user.get();
      vi.advanceTimersByTime(18.5 * MINUTE);
      const calls = [client.user.get(), client.user.get(), client.user.get()];
      await vi.waitFor(() => expect(asked).toEqual(['first', 'expiring']));
      response(keys.admin);
      await Promise.all(calls);
      const { owner, admin } = keys;
      expect(reference.journal.entries.map(({ keyId }) => keyId)).toEqual([
        owner.id,
        admin.id,
        admin.id,
        admin.id,
      ]);
    });

    it('is asked because of a 401 even while it is being asked for another reason', async () => {
      const { reference, keys, asked, clientOf } = setUp();
      const expiresAt = new Date(Date.now() + 20 * MINUTE);
      const client = clientOf((reason) => {
        if (reason === 'first') return { ...keys.owner, expiresAt };
        return reason === 'unauthorized' ? keys.admin : new Promise<never>(() => {});
      });
      await client.user.get();
      vi.advanceTimersByTime(12 * MINUTE);
      reference.faults.add({ operation: 'user.get', effect: 'status', status: 401, times: 1 });
      await client.user.get({ totalTimeout: 5_000 });
      expect(asked).toEqual(['first', 'expiring', 'unauthorized']);
    });

    it('never replaces newer credentials with a late result', async () => {
      const { keys, clientOf, reference } = setUp();
      let late: (credentials: unknown) => void = () => {};
      const expiresAt = new Date(Date.now() + 20 * MINUTE);
      const client = clientOf((reason) => {
        if (reason === 'first') return { ...keys.owner, expiresAt };
        return new Promise((resolve) => {
          late = resolve;
        });
      });
      await client.user.get();
      vi.advanceTimersByTime(12 * MINUTE);
      await client.user.get(); // Asks behind the scenes; the response will come late.
      await client.apiKeys.regenerateSecret(keys.owner.id, { allowSelf: true });
      late(keys.owner); // The secret of before.
      await client.user.get();
      expect(reference.journal.entries.at(-1)).toMatchObject({ keyId: keys.owner.id, status: 200 });
    });
  });
});

describe('a source that lags behind a secret which the client gave itself', () => {
  it('is asked no more often than it said', async () => {
    const { reference, keys } = setUp();
    vi.useFakeTimers({ toFake: ['Date', 'performance'] });
    const credentials = { ...keys.owner, refreshAfterMs: 5 * MINUTE };
    const source = vi.fn(async () => credentials);
    const client = new BlazeMeterClient({ credentials: source, fetch: reference.fetch });
    await client.user.get();
    await client.apiKeys.regenerateSecret(keys.owner.id, { allowSelf: true });
    for (let minute = 1; minute <= 30; minute++) {
      vi.advanceTimersByTime(MINUTE);
      await client.user.get();
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(source).toHaveBeenCalledTimes(7);
  });
});

it('a key file that others can read is worth a line in the log of the client', async () => {
  const reference = createReference();
  const { owner } = reference.seed().keys;
  const folder = await mkdtemp(join(tmpdir(), 'readable-'));
  try {
    const path = join(folder, 'api-key.json');
    await writeKeyFile(path, owner);
    await chmod(path, 0o644);
    const warn = vi.fn();
    const logger = { error: vi.fn(), warn, info: vi.fn(), debug: vi.fn() };
    await new BlazeMeterClient({ credentials: fromKeyFile(path), fetch: reference.fetch, logger }).user.get();
    expect(warn).toHaveBeenCalledOnce();
    expect(warn.mock.calls[0]?.[0]).toMatch(/can be read by other users/);
  } finally {
    await rm(folder, { recursive: true });
  }
});
