// The maximum expiration of all API keys under an account: who reads it, who sets it, and what it does to new keys.
// That PATCH /accounts/{id} takes the field apiKeyExpiration is assumed.
import { BlazeMeterClient } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { handlers } from 'blazemeter-client/testing/msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const API = 'https://a.blazemeter.com/api/v4';

// The account acme has a member for each role; the account umbrella belongs to another user.
const reference = createReference();
const { accounts, keys } = reference.seed({
  users: { olive: {}, adam: {}, stan: {}, berta: {}, uma: {}, otto: {} },
  accounts: {
    acme: {
      owner: 'olive',
      members: { adam: ['admin'], stan: ['standard'], berta: ['billing'], uma: ['user_manager'] },
    },
    umbrella: { owner: 'otto', apiKeyExpiration: 90 },
  },
  keys: {
    owner: { user: 'olive' },
    admin: { user: 'adam' },
    standard: { user: 'stan' },
    billing: { user: 'berta' },
    manager: { user: 'uma' },
    outsider: { user: 'otto' },
  },
});
const acme = accounts.acme.id;
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

describe('accounts.apiKeyPolicy.get', () => {
  it('GET /accounts/{id} returns the maximum as a step and in days', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const policy = await client.accounts.apiKeyPolicy.get(acme);

    expect(calls()).toEqual([`GET /accounts/${acme}`]);
    expect(policy).toEqual({
      accountId: acme,
      maximum: '10 years',
      maximumDays: 3650,
      accountSource: 'given',
    });
  });

  it('signs with HTTP Basic', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await client.accounts.apiKeyPolicy.get(acme);

    const basic = `Basic ${btoa(`${keys.owner.id}:${keys.owner.secret}`)}`;
    expect(sent[0]?.headers.get('authorization') === basic).toBe(true);
  });

  it("without an account id it is the user's default account, and accountSource says so", async () => {
    const client = new BlazeMeterClient({ credentials: keys.outsider });
    const policy = await client.accounts.apiKeyPolicy.get();

    expect(calls()).toEqual(['GET /user', `GET /accounts/${accounts.umbrella.id}`]);
    expect(policy).toMatchObject({ accountId: accounts.umbrella.id, accountSource: 'default' });
    expect(policy.maximum).toBe('3 months');
  });

  it('each role may read it', async () => {
    for (const credentials of [keys.owner, keys.admin, keys.standard, keys.billing, keys.manager]) {
      const client = new BlazeMeterClient({ credentials });
      expect((await client.accounts.apiKeyPolicy.get(acme)).maximumDays).toBe(3650);
    }
  });

  it('401: wrong credentials', async () => {
    const client = new BlazeMeterClient({ credentials: { id: keys.owner.id, secret: 'wrong' } });
    await expect(client.accounts.apiKeyPolicy.get(acme)).rejects.toMatchObject({
      name: 'AuthenticationError',
      code: 'unauthorized',
      status: 401,
    });
  });

  it('403: the account of other users', async () => {
    const client = new BlazeMeterClient({ credentials: keys.outsider });
    await expect(client.accounts.apiKeyPolicy.get(acme)).rejects.toMatchObject({
      name: 'PermissionDeniedError',
      code: 'permission_denied',
      status: 403,
      operation: 'apiKeyPolicy.get',
    });
  });

  it('404: an account that does not exist', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.accounts.apiKeyPolicy.get(999_999)).rejects.toMatchObject({
      name: 'NotFoundError',
      code: 'not_found',
      status: 404,
    });
  });

  it('where the account alone does not show it, it is read from the list of accounts', async () => {
    const api = createReference({
      routes: { 'GET /accounts/{id}': ({ params }) => ({ id: Number(params.id) }) },
    });
    const world = api.seed();
    const client = new BlazeMeterClient({ credentials: world.keys.owner, fetch: api.fetch });
    const policy = await client.accounts.apiKeyPolicy.get(world.accounts.main.id);

    expect(api.journal.entries.map(({ method, path }) => `${method} ${path}`)).toEqual([
      `GET /accounts/${world.accounts.main.id}`,
      'GET /accounts',
    ]);
    expect(policy.maximumDays).toBe(3650);
    await expect(client.accounts.apiKeyPolicy.get(1)).rejects.toThrow('"result.apiKeyExpiration" is missing');
  });

  it('a maximum that is not a number is an InvalidResponseError, which does not quote it', async () => {
    const body = JSON.stringify({ error: null, result: { id: acme, apiKeyExpiration: 'soon' } });
    reference.faults.add({ operation: 'accounts.get', effect: 'response', body });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.accounts.apiKeyPolicy.get(acme)).rejects.toMatchObject({
      name: 'InvalidResponseError',
      code: 'invalid_response',
      message: expect.not.stringContaining('soon'),
    });
  });
});

describe('accounts.apiKeyPolicy.set', () => {
  it('PATCH /accounts/{id} sends the maximum in days, then reads it back', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const policy = await client.accounts.apiKeyPolicy.set(acme, { maximum: '3 months' });

    expect(calls()).toEqual([`PATCH /accounts/${acme}`, `GET /accounts/${acme}`]);
    expect(await sent[0]?.json()).toEqual({ apiKeyExpiration: 90 });
    expect(policy).toMatchObject({ accountId: acme, maximum: '3 months', maximumDays: 90 });
  });

  it('1 month, 3 months, 6 months, 1 year and 10 years are 30, 90, 180, 365 and 3650 days', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const { apiKeyPolicy } = client.accounts;
    expect((await apiKeyPolicy.set(acme, { maximum: '1 month' })).maximumDays).toBe(30);
    expect((await apiKeyPolicy.set(acme, { maximum: '3 months' })).maximumDays).toBe(90);
    expect((await apiKeyPolicy.set(acme, { maximum: '6 months' })).maximumDays).toBe(180);
    expect((await apiKeyPolicy.set(acme, { maximum: '1 year' })).maximumDays).toBe(365);
    expect((await apiKeyPolicy.set(acme, { maximum: '10 years' })).maximumDays).toBe(3650);
  });

  it('any other number of days stays readable', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const policy = await client.accounts.apiKeyPolicy.set(acme, { maximum: { days: 45 } });

    expect(await sent[0]?.json()).toEqual({ apiKeyExpiration: 45 });
    expect(policy).toMatchObject({ maximum: { days: 45 }, maximumDays: 45 });
  });

  it.each<[string, number]>([
    ['90 days', 90],
    ['90d', 90],
    ['2w', 14],
    ['12 weeks', 84],
    ['1 week', 7],
    ['90 Days', 90],
    [' 90 days ', 90],
    ['6 Months', 180],
  ])('the text %j is %d days, as the command takes it', async (maximum, days) => {
    const { apiKeyPolicy } = new BlazeMeterClient({ credentials: keys.owner }).accounts;
    const policy: unknown = await Reflect.apply(apiKeyPolicy.set, apiKeyPolicy, [acme, { maximum }]);
    expect(policy).toMatchObject({ maximumDays: days });
  });

  it("'unlimited' is sent as -1, and has no number of days", async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    const policy = await client.accounts.apiKeyPolicy.set(acme, { maximum: 'unlimited' });

    expect(await sent[0]?.json()).toEqual({ apiKeyExpiration: -1 });
    expect(policy).toMatchObject({ maximum: 'unlimited', maximumDays: null });
  });

  it('the owner may set it', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    expect((await client.accounts.apiKeyPolicy.set(acme, { maximum: '1 year' })).maximumDays).toBe(365);
  });

  it('an admin may set it', async () => {
    const client = new BlazeMeterClient({ credentials: keys.admin });
    expect((await client.accounts.apiKeyPolicy.set(acme, { maximum: '1 year' })).maximumDays).toBe(365);
  });

  it('403: standard, billing and user_manager may not set it, and it stays', async () => {
    for (const credentials of [keys.standard, keys.billing, keys.manager]) {
      const client = new BlazeMeterClient({ credentials });
      await expect(client.accounts.apiKeyPolicy.set(acme, { maximum: '1 month' })).rejects.toMatchObject({
        name: 'PermissionDeniedError',
        code: 'permission_denied',
        status: 403,
        operation: 'apiKeyPolicy.set',
      });
      expect((await client.accounts.apiKeyPolicy.get(acme)).maximumDays).toBe(3650);
    }
  });

  it('403: the owner of another account may not set it', async () => {
    const client = new BlazeMeterClient({ credentials: keys.outsider });
    await expect(client.accounts.apiKeyPolicy.set(acme, { maximum: '1 month' })).rejects.toMatchObject({
      code: 'permission_denied',
      status: 403,
    });
  });

  it('404: an account that does not exist', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.accounts.apiKeyPolicy.set(999_999, { maximum: '1 month' })).rejects.toMatchObject({
      code: 'not_found',
      status: 404,
    });
  });

  it('sends nothing for a period that does not exist', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.accounts.apiKeyPolicy.set(acme, { maximum: { days: 0 } })).rejects.toThrow(TypeError);
    await expect(client.accounts.apiKeyPolicy.set(acme, { maximum: { days: 1.5 } })).rejects.toThrow(
      TypeError,
    );
    expect(calls()).toEqual([]);
  });

  it('400: more days than the service allows', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.accounts.apiKeyPolicy.set(acme, { maximum: { days: 3651 } })).rejects.toMatchObject({
      name: 'BadRequestError',
      code: 'bad_request',
      status: 400,
    });
  });

  it('a lost response: sent again, since the same value does no harm', async () => {
    reference.faults.add({ operation: 'apiKeyPolicy.set', effect: 'reset', when: 'after-commit', times: 1 });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    expect((await client.accounts.apiKeyPolicy.set(acme, { maximum: '1 year' })).maximumDays).toBe(365);
    expect(reference.journal.count('apiKeyPolicy.set')).toBe(2);
  });

  it('a service that responds with 200 and changes nothing is an InvalidResponseError', async () => {
    const body = JSON.stringify({ api_version: 4, error: null, result: { id: acme }, request_id: '0' });
    reference.faults.add({ operation: 'apiKeyPolicy.set', effect: 'response', status: 200, body });
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await expect(client.accounts.apiKeyPolicy.set(acme, { maximum: '1 month' })).rejects.toMatchObject({
      name: 'InvalidResponseError',
      code: 'invalid_response',
      operation: 'apiKeyPolicy.set',
    });
  });
});

describe('a new maximum', () => {
  it('400: the service refuses longer keys of every member', async () => {
    const owner = new BlazeMeterClient({ credentials: keys.owner });
    await owner.accounts.apiKeyPolicy.set(acme, { maximum: '1 month' });

    const standard = new BlazeMeterClient({ credentials: keys.standard });
    await expect(standard.apiKeys.create({ name: 'ci', expiresIn: '3 months' })).rejects.toMatchObject({
      code: 'bad_request',
      status: 400,
      message: expect.stringContaining('30 days'),
    });
  });

  it('the client that set it refuses longer keys before anything is sent', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await client.accounts.apiKeyPolicy.set(acme, { maximum: '1 month' });
    await expect(client.apiKeys.create({ name: 'ci', expiresIn: '3 months' })).rejects.toMatchObject({
      name: 'ExpirationPolicyError',
      code: 'expiration_policy',
      accountId: acme,
      maximumDays: 30,
    });
    expect(reference.journal.count('apiKeys.create')).toBe(0);
  });

  it('allows a key of exactly that length', async () => {
    const client = new BlazeMeterClient({ credentials: keys.owner });
    await client.accounts.apiKeyPolicy.set(acme, { maximum: '1 month' });
    const { apiKey, clamped } = await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' });

    expect([apiKey.name, clamped]).toEqual(['ci', false]);
  });

  it('holds for one account, and the others keep theirs', async () => {
    const owner = new BlazeMeterClient({ credentials: keys.owner });
    await owner.accounts.apiKeyPolicy.set(acme, { maximum: '1 month' });

    const outsider = new BlazeMeterClient({ credentials: keys.outsider });
    expect((await outsider.accounts.apiKeyPolicy.get(accounts.umbrella.id)).maximumDays).toBe(90);
  });

  it('leaves existing keys as they are (assumed: the reference has a switch for it)', async () => {
    const owner = new BlazeMeterClient({ credentials: keys.owner });
    const before = await owner.apiKeys.get(keys.owner.id);
    await owner.accounts.apiKeyPolicy.set(acme, { maximum: '1 month' });
    expect((await owner.apiKeys.get(keys.owner.id)).expiresAt).toEqual(before.expiresAt);

    reference.setSemantics({ shrink: 'revoke' });
    await expect(owner.accounts.apiKeyPolicy.set(acme, { maximum: { days: 7 } })).rejects.toMatchObject({
      code: 'unauthorized',
      status: 401,
    });
  });
});
