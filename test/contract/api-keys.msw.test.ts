// API keys: create, list, get, regenerate, delete. msw intercepts the global fetch, and the in-memory reference
// implementation responds, so each test shows what a program writes and what it gets. The paths are assumed: the service
// documents none for API keys.
import {
  AmbiguousOutcomeError,
  BlazeMeterClient,
  LockoutError,
  UndeliveredSecretError,
} from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { handlers } from 'blazemeter-client/testing/msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, assert, beforeAll, describe, expect, it } from 'vitest';
import { awayFromTurn } from '../support/turn.ts';

const DAY = 86_400_000;
const API = 'https://a.blazemeter.com/api/v4';

// Olive owns the account and has two keys; each other member has one role and one key.
const reference = createReference();
const { accounts, keys, users } = reference.seed({
  users: { olive: {}, adam: {}, stan: {}, berta: {}, uma: {} },
  accounts: {
    acme: {
      owner: 'olive',
      members: { adam: ['admin'], stan: ['standard'], berta: ['billing'], uma: ['user_manager'] },
      apiKeyExpiration: 365,
    },
  },
  keys: {
    owner: { user: 'olive', expires: { days: 60 } },
    nightly: { user: 'olive', created: { days: -1 }, expires: { days: 60 } },
    admin: { user: 'adam' },
    standard: { user: 'stan' },
    billing: { user: 'berta' },
    manager: { user: 'uma' },
  },
});
const start = reference.snapshot();
const server = setupServer(...handlers(reference));
const sent: Request[] = [];
const calls = () => sent.map(({ method, url }) => `${method} ${url.replace(API, '')}`);

server.events.on('request:start', ({ request }) => void sent.push(request.clone()));
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => {
  reference.reset();
  reference.restore(start);
  sent.length = 0;
});
afterAll(() => server.close());

describe('apiKeys.create', () => {
  it('POST /api-keys returns the secret once', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { apiKey, secret } = await client.apiKeys.create({ name: 'ci', expiresIn: '3 months' });

    expect(apiKey.id).toMatch(/^[0-9a-f]{24}$/);
    expect(secret.reveal().length).toBe(72);
    expect(`${secret} ${JSON.stringify({ secret })}`).toBe('[secret] {"secret":"[secret]"}');
    const again = [await client.apiKeys.get(apiKey.id), ...(await client.apiKeys.list()).items];
    expect(again.some((key) => 'secret' in key || 'secret' in key.extra)).toBe(false);
  });

  it('POST /api-keys sends the name and the expiration in Unix seconds', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const expiresAt = new Date(Math.floor(Date.now() / 1000) * 1000 + 30 * DAY);
    const { apiKey } = await client.apiKeys.create({ name: 'ci', expiresAt });

    expect(calls().at(-1)).toBe('POST /api-keys');
    expect(sent.at(-1)?.headers.get('content-type')).toContain('application/json');
    expect(await sent.at(-1)?.json()).toEqual({ name: 'ci', expiration: expiresAt.getTime() / 1000 });
    expect(apiKey).toMatchObject({ name: 'ci', userId: users.olive.id, expiresAt, lastUsedAt: null });
  });

  it('signs with HTTP Basic and sends no cookie', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await client.apiKeys.create({ name: 'one', expiresIn: '1 month' });
    await client.apiKeys.create({ name: 'two', expiresIn: '1 month' });

    const basic = `Basic ${btoa(`${keys.owner.id}:${keys.owner.secret}`)}`;
    expect(sent.every(({ headers }) => headers.get('authorization') === basic)).toBe(true);
    expect(sent.some(({ headers }) => headers.has('cookie'))).toBe(false);
  });

  it('responds with 201, and withResponse() shows status, request id and attempts', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const created = await client.apiKeys.create({ name: 'ci', expiresIn: '3 months' }).withResponse();

    expect(created.response.status).toBe(201);
    expect(created.requestId).toMatch(/^[0-9a-f]{13}$/);
    expect(created.attempts).toBe(1);
    expect(created.data.apiKey.name).toBe('ci');
  });

  it('gives credentials that sign calls at once', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { apiKey, secret } = await client.apiKeys.create({ name: 'ci', expiresIn: { days: 7 } });

    const ci = new BlazeMeterClient({ credentials: { id: apiKey.id, secret } });
    expect((await ci.user.get()).id).toBe(users.olive.id);
  });

  it('passes the new secret to onNewSecret before it returns', async () => {
    const stored = new Map<string, string>();
    const client = new BlazeMeterClient({
      credentials: keys.owner,
      onNewSecret: ({ keyId, secret }) => void stored.set(keyId, secret.reveal()),
    });
    const { apiKey, secret } = await client.apiKeys.create({ name: 'ci', expiresIn: { days: 7 } });

    expect(secret.equals(stored.get(apiKey.id) ?? '')).toBe(true);
  });

  it("'max' reads the accounts and asks for the maximum, a minute short", async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { apiKey, clamped, boundBy } = await client.apiKeys.create({ name: 'ci', expiresIn: 'max' });

    expect(calls()).toEqual(['GET /accounts?limit=100&skip=0', 'POST /api-keys']);
    expect(boundBy).toEqual({ accountId: accounts.acme.id, maximumDays: 365 });
    expect(clamped).toBe(false);
    const short = Date.now() + 365 * DAY - Number(apiKey.expiresAt);
    expect(short).toBeGreaterThan(50_000);
    expect(short).toBeLessThan(120_000);
  });

  it("'max' in two accounts is the shorter maximum, and boundBy names its account", async () => {
    const { accounts: more } = reference.seed({
      accounts: { strict: { owner: 'olive', apiKeyExpiration: 30 } },
    });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { apiKey, boundBy } = await client.apiKeys.create({ name: 'ci', expiresIn: 'max' });

    expect(boundBy).toEqual({ accountId: more.strict.id, maximumDays: 30 });
    expect(Math.round((Number(apiKey.expiresAt) - Date.now()) / DAY)).toBe(30);
  });

  it("'max' is ten years where no account has a limit", async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await client.accounts.apiKeyPolicy.set(accounts.acme.id, { maximum: 'unlimited' });
    const { apiKey, boundBy } = await client.apiKeys.create({ name: 'ci', expiresIn: 'max' });

    expect(boundBy).toBeUndefined();
    expect(Math.round((Number(apiKey.expiresAt) - Date.now()) / DAY)).toBe(3650);
  });

  it('reports an expiration that the service clamped', async () => {
    reference.setSemantics({ overMaximum: 'clamp' });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { apiKey, clamped } = await client.apiKeys.create({ name: 'ci', expiresIn: '10 years' });

    expect(clamped).toBe(true);
    expect(Math.round((Number(apiKey.expiresAt) - Date.now()) / DAY)).toBe(365);
  });

  it('400: the service refuses more than the maximum, and names it', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.apiKeys.create({ name: 'ci', expiresIn: '10 years' })).rejects.toMatchObject({
      name: 'BadRequestError',
      code: 'bad_request',
      status: 400,
      message: expect.stringContaining('365 days'),
    });
  });

  it('sends nothing where the client has read a maximum that is shorter', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await client.accounts.apiKeyPolicy.get(accounts.acme.id);
    await expect(client.apiKeys.create({ name: 'ci', expiresIn: '10 years' })).rejects.toMatchObject({
      name: 'ExpirationPolicyError',
      code: 'expiration_policy',
      accountId: accounts.acme.id,
      maximumDays: 365,
    });
    expect(reference.journal.count('apiKeys.create')).toBe(0);
  });

  it('sends nothing for a date in the past or an empty name', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const expiresAt = new Date(Date.now() - DAY);
    await expect(client.apiKeys.create({ name: 'ci', expiresAt })).rejects.toMatchObject({
      code: 'expiration_policy',
    });
    await expect(client.apiKeys.create({ name: ' ', expiresIn: '1 month' })).rejects.toThrow(TypeError);
    expect(reference.journal.count('apiKeys.create')).toBe(0);
  });

  it('401: wrong credentials are not tried again', async () => {
    const client = new BlazeMeterClient({ credentials: { id: keys.owner.id, secret: 'wrong' } });
    await expect(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' })).rejects.toMatchObject({
      name: 'AuthenticationError',
      code: 'unauthorized',
      status: 401,
    });
    expect(calls()).toHaveLength(1);
  });

  it('402: the user has as many keys as the service allows', async () => {
    reference.setSemantics({ keyLimit: 2 });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' })).rejects.toMatchObject({
      name: 'RequestFailedError',
      code: 'request_failed',
      status: 402,
    });
  });

  it('403: the message of the service is quoted', async () => {
    const message = 'Not enough available resources';
    reference.faults.add({ operation: 'apiKeys.create', effect: 'status', status: 403, message });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' })).rejects.toMatchObject({
      name: 'PermissionDeniedError',
      code: 'permission_denied',
      status: 403,
      message: expect.stringContaining(message),
    });
  });

  it('409: the name is taken, where the service wants unique names', async () => {
    reference.setSemantics({ names: 'unique' });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.apiKeys.create({ name: 'nightly', expiresIn: '1 month' })).rejects.toMatchObject({
      name: 'ConflictError',
      code: 'conflict',
      status: 409,
    });
  });

  it('429: a create is not sent again, and the error says how long to wait', async () => {
    reference.faults.add({ operation: 'apiKeys.create', effect: 'status', status: 429, retryAfter: 7 });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' })).rejects.toMatchObject({
      name: 'RateLimitError',
      code: 'rate_limited',
      retryAfterMs: 7000,
    });
    expect(reference.journal.count('apiKeys.create')).toBe(1);
  });

  it('503: whether the key exists is unknown, so the create is not sent again', async () => {
    reference.faults.add({ operation: 'apiKeys.create', effect: 'status', status: 503 });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' })).rejects.toMatchObject({
      name: 'AmbiguousOutcomeError',
      code: 'ambiguous_outcome',
    });
    expect(reference.journal.count('apiKeys.create')).toBe(1);
  });

  it('each role creates keys of its own', async () => {
    for (const credentials of [keys.owner, keys.admin, keys.standard, keys.billing, keys.manager]) {
      const client = new BlazeMeterClient({ credentials });
      const { apiKey } = await client.apiKeys.create({ name: 'mine', expiresIn: '1 month' });
      expect(apiKey.userId).toBe(credentials.userId);
    }
  });
});

describe('apiKeys.create, when the response is lost', () => {
  it('is sent once, and resolve() finds the key that was created', async () => {
    reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit' });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await awayFromTurn();
    const error = await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }).catch((e: unknown) => e);

    assert.instanceOf(error, AmbiguousOutcomeError);
    expect(await error.resolve()).toMatchObject({ outcome: 'committed', apiKey: { name: 'ci' } });
    expect(reference.journal.count('apiKeys.create')).toBe(1);
  });

  it('resolve({ regenerate: true }) also gives that key a new secret', async () => {
    reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit' });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await awayFromTurn();
    const error = await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }).catch((e: unknown) => e);

    assert.instanceOf(error, AmbiguousOutcomeError);
    const resolution = await error.resolve({ regenerate: true });
    assert(resolution.outcome === 'committed' && resolution.secret !== undefined);
    const ci = new BlazeMeterClient({ credentials: { id: resolution.apiKey.id, secret: resolution.secret } });
    expect((await ci.user.get()).id).toBe(users.olive.id);
  });

  it('resolve() reports that nothing was created', async () => {
    reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'before-commit' });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await awayFromTurn();
    const error = await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }).catch((e: unknown) => e);

    assert.instanceOf(error, AmbiguousOutcomeError);
    expect(await error.resolve()).toEqual({ outcome: 'not-committed' });
  });

  it('resolve() does not guess between two new keys of that name', async () => {
    reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit' });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const input = { name: 'ci', expiresIn: '1 month' } as const;
    const error = await client.apiKeys.create(input).catch((e: unknown) => e);
    await client.apiKeys.create(input).catch((e: unknown) => e);

    assert.instanceOf(error, AmbiguousOutcomeError);
    const resolution = await error.resolve({ regenerate: true });
    expect(resolution).toMatchObject({ outcome: 'unknown', candidates: [{ name: 'ci' }, { name: 'ci' }] });
    expect(reference.journal.count('apiKeys.regenerateSecret')).toBe(0);
  });

  it('a response that is cut off after the secret still hands the secret over', async () => {
    reference.faults.add({ operation: 'apiKeys.create', effect: 'wrong-json', when: 'after-commit' });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await awayFromTurn();
    const error = await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }).catch((e: unknown) => e);

    assert.instanceOf(error, UndeliveredSecretError);
    assert(error.keyId !== undefined);
    const ci = new BlazeMeterClient({ credentials: { id: error.keyId, secret: error.newSecret } });
    expect((await ci.user.get()).id).toBe(users.olive.id);
  });
});

describe('apiKeys.list', () => {
  it('GET /api-keys returns the keys of the caller, without secrets', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { items, total } = await client.apiKeys.list();

    expect(calls()).toEqual(['GET /api-keys?limit=100&skip=0']);
    expect(items.map(({ name, userId }) => [name, userId])).toEqual([
      ['owner', users.olive.id],
      ['nightly', users.olive.id],
    ]);
    expect(total).toBe(2);
    expect(items.some((key) => 'secret' in key || 'secret' in key.extra)).toBe(false);
  });

  it('for await reads page after page', async () => {
    reference.seed({ keys: { a: { user: 'olive' }, b: { user: 'olive' }, c: { user: 'olive' } } });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const names: string[] = [];
    for await (const { name } of client.apiKeys.list({ limit: 2, sort: '-name' })) names.push(name);

    expect(names).toEqual(['owner', 'nightly', 'c', 'b', 'a']);
    expect(sent.map(({ url }) => new URL(url).searchParams.get('skip'))).toEqual(['0', '2', '4']);
    expect(new URL(sent[0]?.url ?? '').searchParams.getAll('sort[]')).toEqual(['-name']);
  });

  it('one page at a time: hasMore and next()', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const first = await client.apiKeys.list({ limit: 1 });
    const second = await first.next();

    expect([first.items[0]?.name, first.hasMore]).toEqual(['owner', true]);
    expect([second.items[0]?.name, sent.length]).toEqual(['nightly', 2]);
  });

  it('neither a missing total nor smaller pages than asked for hide a key', async () => {
    reference.faults.add({ operation: 'apiKeys.list', effect: 'total', total: null });
    reference.faults.add({ operation: 'apiKeys.list', effect: 'cap-limit', limit: 1 });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const names: string[] = [];
    for await (const { name } of client.apiKeys.list({ limit: 1000 })) names.push(name);

    expect(names).toEqual(['owner', 'nightly']);
  });

  it('a service that repeats its first page does not page for ever', async () => {
    reference.faults.add({ operation: 'apiKeys.list', effect: 'repeat-page' });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const names: string[] = [];
    for await (const { name } of client.apiKeys.list({ limit: 1 })) names.push(name);

    expect(names).toEqual(['owner']);
    expect(calls()).toHaveLength(2);
  });

  it('each role sees its own keys and no others', async () => {
    for (const credentials of [keys.admin, keys.standard, keys.billing, keys.manager]) {
      const client = new BlazeMeterClient({ credentials });
      expect((await client.apiKeys.list()).items.map(({ id }) => id)).toEqual([credentials.id]);
    }
  });

  it('a page of a proxy instead of JSON is an InvalidResponseError', async () => {
    reference.faults.add({ operation: 'apiKeys.list', effect: 'html' });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.apiKeys.list()).rejects.toMatchObject({
      name: 'InvalidResponseError',
      code: 'invalid_response',
      status: 200,
      operation: 'apiKeys.list',
    });
  });
});

describe('apiKeys.get', () => {
  it('GET /api-keys/{id} returns one key, with dates', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const key = await client.apiKeys.get(keys.nightly.id);

    expect(calls()).toEqual([`GET /api-keys/${keys.nightly.id}`]);
    expect(key).toMatchObject({ id: keys.nightly.id, name: 'nightly', lastUsedAt: null });
    expect(key.expiresAt).toEqual(new Date(keys.nightly.expiration * 1000));
  });

  it('404: a key that does not exist, and one of another user, even for the owner of the account', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const notFound = { name: 'NotFoundError', code: 'not_found', status: 404, operation: 'apiKeys.get' };
    await expect(client.apiKeys.get('facadefacadefacade000001')).rejects.toMatchObject(notFound);
    await expect(client.apiKeys.get(keys.standard.id)).rejects.toMatchObject(notFound);
  });

  it('503: a read is tried again', async () => {
    reference.faults.add({ operation: 'apiKeys.get', effect: 'status', status: 503, times: 1 });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { data, attempts } = await client.apiKeys.get(keys.nightly.id).withResponse();

    expect([data.name, attempts]).toEqual(['nightly', 2]);
  });
});

describe('apiKeys.regenerateSecret', () => {
  it('POST /api-keys/{id}/regenerate returns a new secret for the same id', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { apiKey, secret } = await client.apiKeys.regenerateSecret(keys.nightly.id);

    expect(calls().at(-1)).toBe(`POST /api-keys/${keys.nightly.id}/regenerate`);
    expect(await sent.at(-1)?.text()).toBe('');
    expect(reference.journal.last()?.status).toBe(200);
    expect(apiKey).toMatchObject({ id: keys.nightly.id, name: 'nightly' });
    expect(apiKey.expiresAt).toEqual(new Date(keys.nightly.expiration * 1000));
    expect(secret.equals(keys.nightly.secret)).toBe(false);
  });

  it('ends the old secret', async () => {
    const owner = new BlazeMeterClient({ credentials: keys.owner });
    const { apiKey, secret } = await owner.apiKeys.regenerateSecret(keys.nightly.id);

    const before = new BlazeMeterClient({ credentials: keys.nightly });
    await expect(before.user.get()).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
    const after = new BlazeMeterClient({ credentials: { id: apiKey.id, secret } });
    expect((await after.user.get()).id).toBe(users.olive.id);
  });

  it('refuses the key that signs the call, before anything is sent', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const error = await client.apiKeys.regenerateSecret(keys.owner.id).catch((e: unknown) => e);

    assert.instanceOf(error, LockoutError);
    expect(error).toMatchObject({ code: 'lockout', keyId: keys.owner.id });
    expect(calls()).toEqual([]);
  });

  it('allowSelf: true regenerates the key that signs, and the client goes on with the new secret', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { secret } = await client.apiKeys.regenerateSecret(keys.owner.id, { allowSelf: true });

    expect((await client.user.get()).id).toBe(users.olive.id);
    const basic = `Basic ${btoa(`${keys.owner.id}:${secret.reveal()}`)}`;
    expect(sent.at(-1)?.headers.get('authorization') === basic).toBe(true);
  });

  it('refuses an expired key before the POST: a new secret would not renew it', async () => {
    const { keys: more } = reference.seed({ keys: { old: { user: 'olive', expires: { days: -1 } } } });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.apiKeys.regenerateSecret(more.old.id)).rejects.toMatchObject({
      code: 'expiration_policy',
    });
    expect(reference.journal.count('apiKeys.regenerateSecret')).toBe(0);
  });

  it('404: a key of another user keeps its secret', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.apiKeys.regenerateSecret(keys.admin.id)).rejects.toMatchObject({
      code: 'not_found',
      status: 404,
    });
    const admin = new BlazeMeterClient({ credentials: keys.admin });
    expect((await admin.user.get()).id).toBe(users.adam.id);
  });

  it('each role regenerates the key that signs, with allowSelf', async () => {
    for (const credentials of [keys.admin, keys.standard, keys.billing, keys.manager]) {
      const client = new BlazeMeterClient({ credentials });
      const { apiKey } = await client.apiKeys.regenerateSecret(credentials.id, { allowSelf: true });
      expect(apiKey.id).toBe(credentials.id);
    }
  });

  it('a lost response, signed by another key: regenerated again, and the last secret is the valid one', async () => {
    reference.faults.add({
      operation: 'apiKeys.regenerateSecret',
      effect: 'reset',
      when: 'after-commit',
      times: 1,
    });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { apiKey, secret } = await client.apiKeys.regenerateSecret(keys.nightly.id);

    expect(reference.journal.count('apiKeys.regenerateSecret')).toBe(2);
    const nightly = new BlazeMeterClient({ credentials: { id: apiKey.id, secret } });
    expect((await nightly.user.get()).id).toBe(users.olive.id);
  });

  it('a lost response, signed by the key itself: the secret is lost, and the error says so', async () => {
    reference.faults.add({ operation: 'apiKeys.regenerateSecret', effect: 'reset', when: 'after-commit' });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const regenerated = client.apiKeys.regenerateSecret(keys.owner.id, { allowSelf: true });
    await expect(regenerated).rejects.toMatchObject({
      name: 'SecretLostError',
      code: 'secret_lost',
      keyId: keys.owner.id,
    });
    expect(reference.journal.count('apiKeys.regenerateSecret')).toBe(1);
  });
});

describe('apiKeys.delete', () => {
  it('DELETE /api-keys/{id} responds with 204, and the key is gone', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { data, response } = await client.apiKeys.delete(keys.nightly.id).withResponse();

    expect([data, response.status]).toEqual([undefined, 204]);
    expect(calls()).toEqual([`DELETE /api-keys/${keys.nightly.id}`]);
    expect(await sent[0]?.text()).toBe('');
    await expect(client.apiKeys.get(keys.nightly.id)).rejects.toMatchObject({ status: 404 });
    const nightly = new BlazeMeterClient({ credentials: keys.nightly });
    await expect(nightly.user.get()).rejects.toMatchObject({ status: 401 });
  });

  it('404: a key that is already deleted, and one of another user', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await client.apiKeys.delete(keys.nightly.id);
    await expect(client.apiKeys.delete(keys.nightly.id)).rejects.toMatchObject({ code: 'not_found' });
    await expect(client.apiKeys.delete(keys.admin.id)).rejects.toMatchObject({ code: 'not_found' });
  });

  it('refuses the key that signs the call, before anything is sent', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.apiKeys.delete(keys.owner.id)).rejects.toMatchObject({
      name: 'LockoutError',
      code: 'lockout',
      keyId: keys.owner.id,
    });
    expect(calls()).toEqual([]);
  });

  it('allowSelf: true deletes the key that signs; the next call is a 401', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await client.apiKeys.delete(keys.owner.id, { allowSelf: true });
    await expect(client.user.get()).rejects.toMatchObject({ code: 'unauthorized', status: 401 });
  });

  it('a lost response: sent again, and the 404 then means that the key is gone', async () => {
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'reset', when: 'after-commit', times: 1 });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await client.apiKeys.delete(keys.nightly.id);

    expect(reference.journal.of('apiKeys.delete').map(({ status }) => status)).toEqual([204, 404]);
  });

  it('each role deletes keys of its own', async () => {
    for (const credentials of [keys.admin, keys.standard, keys.billing, keys.manager]) {
      const client = new BlazeMeterClient({ credentials });
      const { apiKey } = await client.apiKeys.create({ name: 'mine', expiresIn: '1 month' });
      await client.apiKeys.delete(apiKey.id);
      await expect(client.apiKeys.get(apiKey.id)).rejects.toMatchObject({ status: 404 });
    }
  });
});
