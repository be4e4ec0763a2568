// The table of operations: what each call sends, how sure that is, and what a caller may change in it.

import {
  AuthenticationError,
  BlazeMeterClient,
  type FetchLike,
  type OperationId,
  type OperationOverrides,
  operations,
} from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { describe, expect, it, vi } from 'vitest';
import { calls, operationIds } from '../support/calls.ts';
import { clientOf, failed, rejection, result } from '../support/client.ts';
import { api } from '../support/openapi.ts';

/** The operations as docs/openapi.yaml, which is a reading of the API by itself, has them. Reading the policy is reading the account. */
const published = new Map(
  api().operations.map(({ id, method, template, provenance }) => [id, { method, template, provenance }]),
);
/** A path with nameless parameters. */
const nameless = (path: string): string => path.replaceAll(/\{\w+\}/g, '{}');

const key = { id: 'k1', name: 'ci', created: 1_800_000_000 };

/** The requests of a call, of which the one of the operation fails with a 400. */
async function requestOf(id: OperationId, overrides: OperationOverrides = {}) {
  const reads = id === 'apiKeys.regenerateSecret' ? [result(key)] : [];
  const [first = failed(400), ...others] = [...reads, failed(400)];
  const { client, sent } = clientOf([first, ...others], { operations: overrides });
  const error = await rejection(calls[id](client, { account: 5, key: 'k1' }));
  return { request: sent.at(-1), error };
}

function setUp() {
  const reference = createReference();
  const world = reference.seed();
  return { reference, ...world };
}

describe('the table of operations', () => {
  it.each(operationIds)('has %s as docs/openapi.yaml has it', (id) => {
    const { method, path, provenance } = operations[id];
    if (id === 'apiKeyPolicy.get') {
      expect(`${method} ${path}`).toBe('GET /accounts/{accountId}');
      return;
    }
    const { template = '', ...rest } = published.get(id) ?? {};
    expect({ path: nameless(path), method, provenance }).toEqual({ path: nameless(template), ...rest });
  });

  it('allows every operation to be sent again, but those that issue a secret', () => {
    const others = operationIds.filter((id) => operations[id].replay !== 'safe');
    expect(others.map((id) => [id, operations[id].replay])).toEqual([
      ['apiKeys.create', 'never'],
      ['apiKeys.regenerateSecret', 'other-signer'],
    ]);
  });

  it.each(operationIds)('is what %s sends', async (id) => {
    const { request } = await requestOf(id);
    const { pathname } = new URL(request?.url ?? '');
    const { method, path } = operations[id];
    expect(request?.method).toBe(method);
    expect(pathname).toBe(`/api/v4${path.replace('{accountId}', '5').replace('{id}', 'k1')}`);
  });

  it.each(operationIds)('shows in an error about %s whether it is an assumption', async (id) => {
    const { error } = await requestOf(id);
    expect(error).toMatchObject({ code: 'bad_request', operation: id });
    expect(/is an assumption/.test(String(error))).toBe(operations[id].provenance === 'assumed');
  });

  it('sends the expiry of a new key in whole seconds', async () => {
    const { client, sent } = clientOf([failed(400)]);
    await rejection(client.apiKeys.create({ name: 'ci', expiresAt: new Date('2099-01-01T00:00:00.900Z') }));
    expect(sent.at(-1)?.body).toBe('{"name":"ci","expiration":4070908800}');
  });

  it('sends the maximum in days', async () => {
    const { request } = await requestOf('apiKeyPolicy.set');
    expect(request?.body).toBe('{"apiKeyExpiration":365}');
  });

  it('sends a body with the operations that define one, and with no other', async () => {
    for (const id of operationIds) {
      const { request } = await requestOf(id);
      expect(request?.body !== undefined, id).toBe(operations[id].body !== undefined);
    }
  });

  it('cannot be changed in place', () => {
    expect(Object.isFrozen(operations)).toBe(true);
    for (const id of operationIds) expect(Object.isFrozen(operations[id]), id).toBe(true);
  });
});

describe('an override', () => {
  it.each<[OperationId, string, string]>([
    ['user.get', '/users/self', '/users/self'],
    ['user.get', '/', '/'],
    ['apiKeys.get', '/x/{id}/y', '/x/k1/y'],
    ['apiKeys.delete', '/{id}', '/k1'],
    ['accounts.users', '/users?account={accountId}', '/users'],
  ])('of %s may have the path %s', async (id, path, sent) => {
    const { request } = await requestOf(id, { [id]: { path } });
    expect(new URL(request?.url ?? '').pathname).toBe(`/api/v4${sent}`);
    expect(request?.method).toBe(operations[id].method);
  });

  it('may have another method, in any case', async () => {
    const { request } = await requestOf('apiKeyPolicy.set', { 'apiKeyPolicy.set': { method: 'put' } });
    expect(request?.method).toBe('PUT');
    expect(request?.body).toBe('{"apiKeyExpiration":365}');
  });

  it('of a body gets the ids of the path, so that the path may leave them out', async () => {
    const { request } = await requestOf('apiKeys.delete', {
      'apiKeys.delete': { method: 'POST', path: '/api-keys/delete', body: ({ id }) => ({ keys: [id] }) },
    });
    expect(`${request?.method} ${request?.url}`).toBe('POST https://a.blazemeter.com/api/v4/api-keys/delete');
    expect(request?.body).toBe('{"keys":["k1"]}');
    const policy = await requestOf('apiKeyPolicy.set', {
      'apiKeyPolicy.set': { path: '/policies', body: ({ accountId, days }) => ({ accountId, days }) },
    });
    expect(policy.request?.body).toBe('{"accountId":5,"days":365}');
  });

  it('of a body gets the period of a create in days, and none where a date was given', async () => {
    const body = vi.fn<NonNullable<OperationOverrides['apiKeys.create']>['body'] & object>(() => ({}));
    const { client } = clientOf([failed(400)], { operations: { 'apiKeys.create': { body } } });
    await rejection(client.apiKeys.create({ name: 'ci', expiresIn: '3 months' }));
    await rejection(client.apiKeys.create({ name: 'ci', expiresAt: new Date('2099-01-01') }));
    expect(body.mock.calls.map(([{ days }]) => days)).toEqual([90, undefined]);
  });

  it('of a path may name the user, who is read once', async () => {
    const { client, sent } = clientOf([result({ id: 7 }), result([])], {
      operations: { 'apiKeys.list': { path: '/users/{userId}/api-keys' } },
    });
    await client.apiKeys.list();
    await client.apiKeys.list();
    expect(sent.map(({ url }) => new URL(url).pathname)).toEqual([
      '/api/v4/user',
      '/api/v4/users/7/api-keys',
      '/api/v4/users/7/api-keys',
    ]);
  });

  it('leaves all other operations as they are', async () => {
    const { request } = await requestOf('apiKeys.get', { 'apiKeys.list': { path: '/keys' } });
    expect(request?.url).toBe('https://a.blazemeter.com/api/v4/api-keys/k1');
  });

  it('of a result knows what was asked for, so that it can complete a response that is a secret alone', async () => {
    const { reference, keys } = setUp();
    const { apiKey } = await new BlazeMeterClient({
      credentials: keys.owner,
      fetch: reference.fetch,
    }).apiKeys.create({
      name: 'ci',
      expiresIn: '1 month',
    });
    const bareSecret: FetchLike = async (url, init) => {
      const response = await reference.fetch(url, init);
      if (!url.endsWith('/regenerate')) return response;
      const { result } = await response.json();
      return Response.json({ secret: result.secret });
    };
    const client = new BlazeMeterClient({
      credentials: keys.owner,
      fetch: bareSecret,
      operations: {
        'apiKeys.regenerateSecret': {
          result: (_, response, asked) => ({ ...Object(response), id: asked.id, name: 'ci', created: 0 }),
        },
      },
    });
    const regenerated = await client.apiKeys.regenerateSecret(apiKey.id);
    expect(regenerated.apiKey.id).toBe(apiKey.id);
    const fresh = { id: apiKey.id, secret: regenerated.secret };
    await new BlazeMeterClient({ credentials: fresh, fetch: reference.fetch }).user.get();
  });

  it('of a body gets the expiry twice, as seconds and as a date, of the very same moment', async () => {
    const { reference, keys } = setUp();
    const moments: (number | undefined)[] = [];
    const client = new BlazeMeterClient({
      credentials: keys.owner,
      fetch: reference.fetch,
      operations: {
        'apiKeys.create': {
          body: ({ name, expiration = 0, expiresAt }) => {
            moments.push(expiration * 1000, expiresAt?.getTime());
            return { name, expiration };
          },
        },
      },
    });
    await client.apiKeys.create({ name: 'ci', expiresAt: new Date(Date.now() + 86_400_123) });
    expect(moments[0]).toBe(moments[1]);
  });

  it('leaves alone how an operation is sent again, whatever else stands in it', async () => {
    let sends = 0;
    const given: object = { path: '/keys', replay: 'safe' };
    const client = new BlazeMeterClient({
      credentials: 'my-key:my-secret',
      operations: { 'apiKeys.create': given },
      fetch: async (_, { method }) => {
        if (method === 'GET') return Response.json({ result: { id: 1 } });
        sends++;
        return new Response('{}', { status: 503 });
      },
    });
    await expect(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' })).rejects.toMatchObject({
      code: 'ambiguous_outcome',
    });
    expect(sends).toBe(1);
  });
});

describe('an override that cannot work is refused when the client is created', () => {
  const creating = (overrides: object) => () => clientOf([result({})], { operations: overrides });

  it.each(['apiKeys.crate', 'constructor', 'toString', '__proto__', ''])('for an operation "%s"', (id) => {
    expect(creating(Object.fromEntries([[id, { path: '/x' }]]))).toThrow(TypeError);
  });

  it.each<[OperationId, string]>([
    ['user.get', 'user'],
    ['user.get', ''],
    ['user.get', ' /user'],
    ['user.get', 'https://b.example/user'],
    ['user.get', '/user/{id}'],
    ['apiKeys.get', '/keys'],
    ['apiKeys.get', '/keys/{accountId}'],
    ['apiKeys.get', '/keys/{id}/{id}'],
    ['apiKeys.get', '/keys/{}'],
    ['apiKeys.get', 'keys/{id}'],
    ['user.get', '/users/{userId}'],
  ])('for %s with the path "%s"', (id, path) => {
    expect(creating({ [id]: { path } })).toThrow(TypeError);
    expect(creating({ [id]: { path } })).toThrow(id);
  });

  it('for a part of an operation that is misspelt, but takes a whole definition', () => {
    expect(creating({ 'apiKeys.list': { pth: '/keys' } })).toThrow(/Did you mean "path"\?/);
    expect(creating({ 'apiKeys.list': { path: 5 } })).toThrow(/apiKeys\.list.*path must be a string/);
    expect(creating({ 'apiKeys.list': { ...operations['apiKeys.list'], path: '/keys' } })).not.toThrow();
  });

  it('for a body where there is none', () => {
    expect(creating({ 'apiKeys.get': { path: '/keys', body: () => ({}) } })).toThrow(/a GET has no body/);
  });

  it.each(['', ' ', 'P UT', ' PUT', 'PUT\r\n', 'PUT1', 'GÉT'])('for the method %j', (method) => {
    expect(creating({ 'apiKeys.get': { method } })).toThrow(TypeError);
  });
});

describe('setting the maximum', () => {
  it('reports that it was accepted when the key does not survive to read it back', async () => {
    const { reference, keys, accounts } = setUp();
    reference.setSemantics({ shrink: 'revoke' });
    const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
    const call = client.accounts.apiKeyPolicy.set(accounts.main.id, { maximum: '1 month' });
    await expect(call).rejects.toBeInstanceOf(AuthenticationError);
    await expect(call).rejects.toThrow(/^The maximum was accepted, but reading it back failed/);
  });
});
