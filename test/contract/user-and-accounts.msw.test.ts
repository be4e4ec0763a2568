// Whose key it is, the accounts that the user is in, and their members.
import { BlazeMeterClient } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { handlers } from 'blazemeter-client/testing/msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const API = 'https://a.blazemeter.com/api/v4';

// Tina is a member of both accounts; each other member of acme has one role.
const reference = createReference();
const { accounts, keys, users } = reference.seed({
  users: {
    olive: { firstName: 'Olive', lastName: 'Owner', email: 'olive@example.com' },
    adam: { firstName: 'Adam', lastName: 'Admin' },
    stan: { firstName: 'Stan', lastName: 'Standard' },
    berta: { firstName: 'Berta', lastName: 'Billing' },
    uma: { firstName: 'Uma', lastName: 'Manager' },
    dora: { firstName: 'Dora', lastName: 'Disabled', enabled: false },
    tina: { firstName: 'Tina', lastName: 'Twin' },
    otto: { firstName: 'Otto', lastName: 'Outsider' },
  },
  accounts: {
    acme: {
      name: 'Acme',
      owner: 'olive',
      members: {
        adam: ['admin'],
        stan: ['standard'],
        berta: ['billing'],
        uma: ['user_manager'],
        dora: ['standard'],
        tina: ['standard'],
      },
    },
    umbrella: { name: 'Umbrella', owner: 'otto', members: { tina: ['admin'] }, apiKeyExpiration: 90 },
  },
  keys: {
    owner: { user: 'olive' },
    admin: { user: 'adam' },
    standard: { user: 'stan' },
    billing: { user: 'berta' },
    twin: { user: 'tina' },
    outsider: { user: 'otto' },
    manager: { user: 'uma' },
    disabled: { user: 'dora' },
  },
});
const acme = accounts.acme.id;
const start = reference.snapshot();
const server = setupServer(...handlers(reference));
const sent: Request[] = [];
const calls = () => sent.map(({ method, url }) => `${method} ${decodeURIComponent(url.replace(API, ''))}`);

server.events.on('request:start', ({ request }) => void sent.push(request.clone()));
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => {
  reference.reset();
  reference.restore(start);
  sent.length = 0;
});
afterAll(() => server.close());

describe('user.get', () => {
  it('GET /user returns the user that the key belongs to', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const user = await client.user.get();

    expect(calls()).toEqual(['GET /user']);
    expect(user).toMatchObject({
      id: users.olive.id,
      email: 'olive@example.com',
      displayName: 'Olive Owner',
      enabled: true,
      defaultProject: { accountId: acme, accountName: 'Acme' },
    });
    expect(user.createdAt).toBeInstanceOf(Date);
  });

  it('signs with HTTP Basic, id:secret in Base64', async () => {
    const client = new BlazeMeterClient({ credentials: `${keys.owner.id}:${keys.owner.secret}` });
    await client.user.get();

    const basic = `Basic ${btoa(`${keys.owner.id}:${keys.owner.secret}`)}`;
    expect(sent[0]?.headers.get('authorization') === basic).toBe(true);
    expect(sent[0]?.headers.get('user-agent')).toMatch(/^blazemeter-client\//);
  });

  it('keeps fields that this version does not know in extra, out of JSON', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const user = await client.user.get();

    expect(user.extra.features).toEqual([]);
    expect(JSON.stringify(user)).not.toContain('features');
  });

  it('each role has its own user', async () => {
    for (const credentials of [keys.owner, keys.admin, keys.standard, keys.billing, keys.manager]) {
      const client = new BlazeMeterClient({ credentials });
      expect((await client.user.get()).id).toBe(credentials.userId);
    }
  });

  it('401: a wrong secret, an unknown key and a disabled user fail alike, after one request each', async () => {
    const wrong = [
      { id: keys.owner.id, secret: 'wrong' },
      { id: 'facadefacadefacade000001', secret: keys.owner.secret },
      keys.disabled,
    ];
    for (const credentials of wrong) {
      const client = new BlazeMeterClient({ credentials });
      await expect(client.user.get()).rejects.toMatchObject({
        name: 'AuthenticationError',
        code: 'unauthorized',
        status: 401,
      });
    }
    expect(calls()).toHaveLength(3);
  });

  it('401: an expired key', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await client.user.get();
    reference.clock.advance({ days: 365 });
    await expect(client.user.get()).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
  });

  it('no error shows the secret', async () => {
    reference.faults.add({ effect: 'status', status: 400, message: `no such key: ${keys.owner.secret}` });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const error: unknown = await client.user.get().catch((e: unknown) => e);

    expect(error).toMatchObject({ code: 'bad_request' });
    expect(JSON.stringify(error).includes(keys.owner.secret)).toBe(false);
    expect(String(error).includes(keys.owner.secret)).toBe(false);
  });

  it('429: sent again after the time that Retry-After names', async () => {
    reference.faults.add({ operation: 'user.get', effect: 'status', status: 429, retryAfter: 0, times: 1 });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    expect((await client.user.get().withResponse()).attempts).toBe(2);
  });

  it('429: with maxRetries: 0 the error says how long to wait', async () => {
    reference.faults.add({ operation: 'user.get', effect: 'rate-limit', requests: 1, windowMs: 60_000 });
    const client = new BlazeMeterClient({ credentials: keys.owner, maxRetries: 0 });
    await client.user.get();
    const error: unknown = await client.user.get().catch((e: unknown) => e);

    expect(error).toMatchObject({ name: 'RateLimitError', code: 'rate_limited', status: 429 });
    expect(error).toHaveProperty('retryAfterMs', 60_000);
  });

  it('500, 502, 503 and 504 are a ServerError once the retries are used up', async () => {
    for (const status of [500, 502, 503, 504]) {
      reference.faults.add({ operation: 'user.get', effect: 'status', status, times: 1 });
      const client = new BlazeMeterClient({ credentials: keys.owner, maxRetries: 0 });
      await expect(client.user.get()).rejects.toMatchObject({
        name: 'ServerError',
        code: 'server_error',
        status,
        retryable: true,
      });
    }
  });

  it('a 502 that is a page of a proxy is a ServerError too; a 200 of that kind an InvalidResponseError', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner, maxRetries: 0 });
    reference.faults.add({ operation: 'user.get', effect: 'html', status: 502, times: 1 });
    await expect(client.user.get()).rejects.toMatchObject({ code: 'server_error', status: 502 });
    reference.faults.add({ operation: 'user.get', effect: 'html', status: 200, times: 1 });
    await expect(client.user.get()).rejects.toMatchObject({ code: 'invalid_response', status: 200 });
  });

  it('a 200 whose envelope holds an error is that error', async () => {
    reference.faults.add({ operation: 'user.get', effect: 'ok-with-error', code: 403 });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.user.get()).rejects.toMatchObject({ code: 'permission_denied' });
  });

  it('a redirect is not followed', async () => {
    reference.faults.add({ operation: 'user.get', effect: 'redirect', location: `${API}/web/version` });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.user.get()).rejects.toMatchObject({ code: 'invalid_response', status: 302 });
    expect(calls()).toEqual(['GET /user']);
  });

  it('a broken connection is sent again, then a ConnectionError', async () => {
    reference.faults.add({ operation: 'user.get', effect: 'reset' });
    const client = new BlazeMeterClient({ credentials: keys.owner, maxRetries: 1 });
    await expect(client.user.get()).rejects.toMatchObject({
      name: 'ConnectionError',
      code: 'connection_failed',
      attempts: 2,
    });
  });
});

describe('accounts.list', () => {
  it('GET /accounts returns the accounts that the user is in', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { items, total } = await client.accounts.list();

    expect(calls()).toEqual(['GET /accounts?limit=100&skip=0']);
    expect(items.map(({ id }) => id)).toEqual([acme]);
    expect(total).toBe(1);
  });

  it('sorts and pages as asked', async () => {
    const client = new BlazeMeterClient({ credentials: keys.twin });
    const names: (string | null)[] = [];
    for await (const { name } of client.accounts.list({ sort: '-name', limit: 1 })) names.push(name);

    expect(names).toEqual(['Umbrella', 'Acme']);
    expect(calls().slice(0, 2)).toEqual([
      'GET /accounts?limit=1&skip=0&sort[]=-name',
      'GET /accounts?limit=1&skip=1&sort[]=-name',
    ]);
  });
});

describe('accounts.get', () => {
  it('GET /accounts/{id} returns one account', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const account = await client.accounts.get(acme);

    expect(calls()).toEqual([`GET /accounts/${acme}`]);
    expect(account).toMatchObject({
      id: acme,
      name: 'Acme',
      owner: { id: users.olive.id, displayName: 'Olive Owner' },
      apiKeyExpirationDays: 3650,
      membersCount: 7,
    });
  });

  it('each role may read its account', async () => {
    for (const credentials of [keys.owner, keys.admin, keys.standard, keys.billing, keys.manager]) {
      const client = new BlazeMeterClient({ credentials });
      expect((await client.accounts.get(acme)).name).toBe('Acme');
    }
  });

  it('403: the account of other users', async () => {
    const client = new BlazeMeterClient({ credentials: keys.outsider });
    await expect(client.accounts.get(acme)).rejects.toMatchObject({
      name: 'PermissionDeniedError',
      code: 'permission_denied',
      status: 403,
      message: expect.not.stringContaining('Acme'),
    });
  });

  it('404: an account that does not exist', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.accounts.get(999_999)).rejects.toMatchObject({
      name: 'NotFoundError',
      code: 'not_found',
      status: 404,
      operation: 'accounts.get',
    });
  });

  it('402 and 409 have classes of their own', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    reference.faults.add({ operation: 'accounts.get', effect: 'status', status: 402, times: 1 });
    await expect(client.accounts.get(acme)).rejects.toMatchObject({ code: 'request_failed', status: 402 });
    reference.faults.add({ operation: 'accounts.get', effect: 'status', status: 409, times: 1 });
    await expect(client.accounts.get(acme)).rejects.toMatchObject({ code: 'conflict', status: 409 });
  });
});

describe('accounts.users', () => {
  it('GET /accounts/{id}/users returns the members with their roles', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { items } = await client.accounts.users(acme);

    expect(calls()).toEqual([`GET /accounts/${acme}/users?limit=100&skip=0`]);
    expect(items.map(({ displayName, roles }) => [displayName, ...roles])).toEqual([
      ['Olive Owner', 'owner'],
      ['Adam Admin', 'admin'],
      ['Stan Standard', 'standard'],
      ['Berta Billing', 'billing'],
      ['Uma Manager', 'user_manager'],
      ['Dora Disabled', 'standard'],
      ['Tina Twin', 'standard'],
    ]);
  });

  it('filters by roles[] and excludeRoles[]', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const some = await client.accounts.users(acme, { roles: ['admin', 'billing'] });
    const others = await client.accounts.users(acme, { excludeRoles: ['standard', 'user_manager'] });

    expect(some.items.map(({ displayName }) => displayName)).toEqual(['Adam Admin', 'Berta Billing']);
    expect(others.items).toHaveLength(3);
    expect(new URL(sent[0]?.url ?? '').searchParams.getAll('roles[]')).toEqual(['admin', 'billing']);
    expect(new URL(sent[1]?.url ?? '').searchParams.getAll('excludeRoles[]')).toEqual([
      'standard',
      'user_manager',
    ]);
  });

  it('filters by enabled and textFilter', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const disabled = await client.accounts.users(acme, { enabled: false });
    const twins = await client.accounts.users(acme, { textFilter: 'twin' });

    expect(disabled.items.map(({ displayName }) => displayName)).toEqual(['Dora Disabled']);
    expect(twins.items.map(({ displayName }) => displayName)).toEqual(['Tina Twin']);
    expect(new URL(sent[0]?.url ?? '').searchParams.get('enabled')).toBe('false');
  });

  it('for await reads page after page', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const ids: number[] = [];
    for await (const { id } of client.accounts.users(acme, { limit: 4 })) ids.push(id);

    expect(new Set(ids).size).toBe(7);
    expect(sent.map(({ url }) => new URL(url).searchParams.get('skip'))).toEqual(['0', '4']);
  });

  it('403: the members of another account', async () => {
    const client = new BlazeMeterClient({ credentials: keys.outsider });
    await expect(client.accounts.users(acme)).rejects.toMatchObject({
      code: 'permission_denied',
      status: 403,
      operation: 'accounts.users',
    });
  });
});
