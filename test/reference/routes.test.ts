// Routes of your own, and other methods and paths of the API.
import { BlazeMeterClient, isBlazeMeterError, type OperationOverrides } from 'blazemeter-client';
import {
  createReference,
  InvalidInputError,
  listen,
  type Reference,
  type SeededKey,
} from 'blazemeter-client/testing';
import { handlers } from 'blazemeter-client/testing/msw';
import { setupServer } from 'msw/node';
import { describe, expect, expectTypeOf, it, vi } from 'vitest';
import * as z from 'zod';
import { basic, send } from '../support/reference.ts';

const clientOf = (reference: Reference, credentials: SeededKey) =>
  new BlazeMeterClient({ credentials, fetch: reference.fetch, maxRetries: 0 });

describe('a route of your own', () => {
  it('receives parameters, query, body, user and time, and its result is in the envelope', () => {
    const seen: unknown[] = [];
    const reference = createReference({
      clock: { at: '2030-01-01T00:00:00Z', frozen: true },
      routes: {
        'POST /tests/{id}/files/{name}': ({ params, query, body, user, now }) => {
          expectTypeOf(params).toEqualTypeOf<{ readonly id: string; readonly name: string }>();
          seen.push(params, query.get('a'), body, user.email, now.toISOString());
          return { stored: true };
        },
      },
    });
    const { keys } = reference.seed();
    const response = send(reference, keys.owner, 'POST', '/tests/7/files/a%2Fb?a=1', { x: 1 });
    expect(response).toMatchObject({
      status: 200,
      json: { api_version: 4, error: null },
      result: { stored: true },
    });
    expect(seen).toEqual([
      { id: '7', name: 'a/b' },
      '1',
      { x: 1 },
      'owner@example.com',
      '2030-01-01T00:00:00.000Z',
    ]);
  });

  it('needs credentials, as every other', () => {
    const handler = vi.fn();
    const reference = createReference({ routes: { 'GET /masters': handler } });
    expect(send(reference, undefined, 'GET', '/masters').status).toBe(401);
    expect(handler).not.toHaveBeenCalled();
  });

  it('can be added later, with a status, and has no body where there is no result', () => {
    const reference = createReference();
    const { keys } = reference.seed();
    reference.routes.add('POST /tests/{id}/start', { status: 202 }, ({ params }) => ({
      id: Number(params.id),
    }));
    reference.routes.add('DELETE /tests/{id}', () => undefined);
    expect(send(reference, keys.owner, 'POST', '/tests/7/start')).toMatchObject({
      status: 202,
      result: { id: 7 },
    });
    expect(send(reference, keys.owner, 'DELETE', '/tests/7')).toMatchObject({ status: 204, text: '' });
    expect(send(reference, keys.owner, 'PUT', '/tests/7').headers.Allow).toBe('DELETE, GET');
  });

  it('refuses a body that its schema does not fit, and receives what the schema makes of it', () => {
    const reference = createReference();
    const { keys } = reference.seed();
    const body = z.object({ name: z.string(), at: z.object({ count: z.coerce.number() }) });
    reference.routes.add('POST /tests', { status: 201, body }, (request) => {
      expectTypeOf(request.body).toEqualTypeOf<{ name: string; at: { count: number } }>();
      return request.body;
    });
    expect(send(reference, keys.owner, 'POST', '/tests', { name: 'a', at: { count: '7' } })).toMatchObject({
      status: 201,
      result: { name: 'a', at: { count: 7 } },
    });
    expect(send(reference, keys.owner, 'POST', '/tests', { name: 'a', at: {} })).toMatchObject({
      status: 400,
      message: 'Bad Request: at.count is not valid',
    });
    expect(send(reference, keys.owner, 'POST', '/tests', '{').status).toBe(400);
  });

  it('receives any JSON that its schema fits, and without a schema an object alone', () => {
    const reference = createReference();
    const { keys } = reference.seed();
    reference.routes.add('POST /bulk', { body: z.array(z.int()) }, ({ body }) => ({ count: body.length }));
    reference.routes.add('POST /word', { body: z.nullable(z.string()) }, ({ body }) => ({ word: body }));
    reference.routes.add('POST /plain', ({ body }) => body);
    expect(send(reference, keys.owner, 'POST', '/bulk', '[1, 2]')).toMatchObject({ result: { count: 2 } });
    expect(send(reference, keys.owner, 'POST', '/bulk', '[1, "2"]')).toMatchObject({
      status: 400,
      message: 'Bad Request: 1 is not valid',
    });
    expect(send(reference, keys.owner, 'POST', '/bulk').status).toBe(400);
    expect(send(reference, keys.owner, 'POST', '/word', '"x"')).toMatchObject({ result: { word: 'x' } });
    expect(send(reference, keys.owner, 'POST', '/word', 'null')).toMatchObject({ result: { word: null } });
    for (const body of ['[1, 2]', '"x"', 'null'])
      expect(send(reference, keys.owner, 'POST', '/plain', body).status, body).toBe(400);
  });

  it('throws a problem, and reads the roles of the user', () => {
    const reference = createReference({
      routes: {
        'GET /accounts/{id}/limits': ({ params, user, problem }) => {
          const roles = user.roles(Number(params.id));
          if (roles.length === 0) throw problem(404, 'Account not found');
          if (!roles.includes('admin')) throw problem(403);
          return { roles };
        },
      },
    });
    const { keys, accounts } = reference.seed();
    const path = `/accounts/${accounts.main.id}/limits`;
    expect(send(reference, keys.admin, 'GET', path).result).toEqual({ roles: ['admin'] });
    expect(send(reference, keys.member, 'GET', path)).toMatchObject({ status: 403, message: 'Forbidden' });
    expect(send(reference, keys.admin, 'GET', '/accounts/1/limits')).toMatchObject({
      status: 404,
      message: 'Not Found: Account not found',
    });
  });

  it('pages a list by the query, and a fault changes the list', () => {
    const sessions = Array.from({ length: 12 }, (_, n) => ({ id: n, name: `s${n}` }));
    const reference = createReference({ routes: { 'GET /sessions': ({ paginate }) => paginate(sessions) } });
    const { keys } = reference.seed();
    expect(send(reference, keys.owner, 'GET', '/sessions').json).toMatchObject({
      limit: 10,
      skip: 0,
      total: 12,
    });
    expect(send(reference, keys.owner, 'GET', '/sessions?sort[]=-id&limit=2&skip=1').rows).toEqual([
      { id: 10, name: 's10' },
      { id: 9, name: 's9' },
    ]);
    reference.faults.add({ operation: 'GET /sessions', effect: 'total', total: null });
    expect(send(reference, keys.owner, 'GET', '/sessions?name=s11').json).toMatchObject({
      total: null,
      result: [{ id: 11 }],
    });
  });

  it('is in the journal, and in the reach of faults', () => {
    const handler = vi.fn(() => ({ id: 1 }));
    const reference = createReference({ routes: { 'POST /tests': handler } });
    const { keys } = reference.seed();
    reference.faults.add({ operation: 'POST /tests', effect: 'status', status: 503, nth: 1 });
    reference.faults.add({ operation: 'POST /tests', effect: 'reset', when: 'after-commit', nth: 2 });
    const committed = () => {
      send(reference, keys.owner, 'POST', '/tests', {});
      return reference.journal.last('POST /tests')?.committed;
    };
    expect([committed(), handler.mock.calls.length]).toEqual([false, 0]);
    expect([committed(), handler.mock.calls.length]).toEqual([true, 1]);
    expect(reference.journal.of('POST /tests').map(({ fault }) => fault)).toEqual([
      'status 503 before-commit',
      'reset after-commit',
    ]);
    reference.journal.assertNoUnhandled();
  });

  it('keeps its state until reset, and gets ids of its own', () => {
    const reference = createReference({
      routes: {
        'POST /tests': ({ state, nextId }) => {
          const id = nextId();
          state.set('last', id);
          return { id };
        },
        'GET /last': ({ state }) => ({ id: state.get('last') ?? null }),
      },
    });
    const first = reference.seed().keys.owner;
    const { id } = send(reference, first, 'POST', '/tests').result;
    expect(send(reference, first, 'POST', '/tests').result.id).not.toBe(id);
    expect(send(reference, first, 'GET', '/last').result.id).not.toBeNull();
    reference.reset();
    expect(send(reference, reference.seed().keys.owner, 'GET', '/last').result.id).toBeNull();
  });

  it.each<[string, () => unknown]>([
    ['throws', () => Reflect.get(Object(undefined), 'x').y],
    ['is asynchronous', async () => ({})],
  ])('that %s is a 500 and a warning', (_, handler) => {
    const warn = vi.fn();
    const reference = createReference({ warn, routes: { 'GET /masters': handler } });
    const { keys } = reference.seed();
    expect(send(reference, keys.owner, 'GET', '/masters').status).toBe(500);
    expect(warn).toHaveBeenCalledOnce();
    expect(send(reference, keys.owner, 'GET', '/user').status).toBe(200);
  });

  it.each<[string, () => unknown]>([
    ['a number too large for JSON', () => 10n],
    ['a function', () => () => 1],
    ['a page inside of something', () => undefined],
  ])('that returns %s fails with 500 and a warning', (what, handle) => {
    const warn = vi.fn();
    const reference = createReference({
      warn,
      routes: { 'GET /x': what.startsWith('a page') ? ({ paginate }) => ({ data: paginate([]) }) : handle },
    });
    const { keys } = reference.seed();
    expect(send(reference, keys.owner, 'GET', '/x').status).toBe(500);
    expect(warn).toHaveBeenCalledOnce();
  });

  it('responds with a problem that is returned as with one that is thrown', () => {
    const reference = createReference({ routes: { 'GET /x': ({ problem }) => problem(404, 'No x') } });
    const { keys } = reference.seed();
    expect(send(reference, keys.owner, 'GET', '/x')).toMatchObject({ status: 404 });
  });

  it.each([200, 204, 999, Number.NaN])('has no problem with the status %s', (status) => {
    const warn = vi.fn();
    const reference = createReference({
      warn,
      routes: {
        'GET /x': ({ problem }) => {
          throw problem(status);
        },
      },
    });
    const { keys } = reference.seed();
    expect(send(reference, keys.owner, 'GET', '/x').status).toBe(500);
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('from 400 to 599'));
  });

  it.each<[definition: unknown, named: string]>([
    [null, 'must be an object'],
    [{ handle: () => 1, staus: 201 }, 'staus'],
    [{ handle: () => 1, status: 204 }, 'status'],
    [{ handle: () => 1, body: {} }, 'body'],
    [{ status: 201 }, 'handle'],
  ])('is refused when it is defined as %j', (definition, named) => {
    expect(() => Reflect.apply(createReference, undefined, [{ routes: { 'GET /x': definition } }])).toThrow(
      named,
    );
  });

  it.each(['GET /tests/:id', 'HEAD /tests', 'GET /api/v4/tests', 'GET /a/{id}/b/{id}', 'GET /ü', 'GET /a b'])(
    'is refused when its key is %j, which would never match or match by chance',
    (key) => {
      expect(() => createReference({ routes: { [key]: () => 1 } })).toThrow(InvalidInputError);
    },
  );

  it.each(['tests', 'POST tests', 'post /tests', 'GET /tests/{id', 'GET /tests?x=1'])(
    'is refused under the name %j',
    (key) => {
      expect(() => createReference({ routes: { [key]: () => ({}) } })).toThrow(InvalidInputError);
    },
  );

  it('works through a socket, msw and client.request()', async () => {
    const reference = createReference({
      routes: { 'GET /masters/{id}': ({ params }) => ({ id: Number(params.id) }) },
    });
    const { keys } = reference.seed();
    expect(await clientOf(reference, keys.owner).request({ path: '/masters/5' })).toEqual({ id: 5 });
    const headers = { authorization: basic(keys.owner) };
    await using server = await listen(reference);
    expect((await fetch(`${server.url}/masters/5`, { headers })).status).toBe(200);
    const msw = setupServer(...handlers(reference));
    msw.listen();
    expect((await fetch('https://a.blazemeter.com/api/v4/masters/5', { headers })).status).toBe(200);
    msw.close();
  });
});

describe('other methods and paths of the API', () => {
  const operations = {
    'apiKeys.list': { path: '/keys' },
    'apiKeys.create': { method: 'PUT', path: '/keys' },
    'apiKeys.delete': { method: 'post', path: '/keys/{id}/revoke' },
    'apiKeyPolicy.get': { path: '/accounts/{accountId}/settings' },
  } satisfies OperationOverrides;

  it('a client with the same overrides works, and one without does not', async () => {
    const reference = createReference({ operations });
    const { keys, accounts } = reference.seed();
    const options = { credentials: keys.owner, fetch: reference.fetch, maxRetries: 0 };
    const client = new BlazeMeterClient({ ...options, operations });
    const { apiKey } = await client.apiKeys.create({ name: 'ci', expiresIn: { days: 30 } });
    expect((await client.apiKeys.list()).total).toBe(2);
    await client.apiKeys.delete(apiKey.id);
    expect((await client.apiKeys.list()).total).toBe(1);
    await client.accounts.apiKeyPolicy.get(accounts.main.id);
    expect(reference.journal.unhandled).toEqual([]);
    const error: unknown = await new BlazeMeterClient(options).apiKeys
      .list()
      .catch((reason: unknown) => reason);
    expect(isBlazeMeterError(error) && error.code).toBe('not_found');
  });

  it('explain() has the paths in use', () => {
    const explained = createReference({ operations }).explain();
    expect(explained.find(({ id }) => id === 'apiKeys.create')?.behaviour).toBe('PUT /keys');
  });

  it.each<[object, string]>([
    [{ 'apiKeys.lst': {} }, 'operations.apiKeys.lst'],
    [{ 'apiKeys.list': { path: 'keys' } }, 'operations.apiKeys.list.path'],
    [{ 'apiKeys.list': { method: 'G T' } }, 'operations.apiKeys.list.method'],
  ])('%j is refused', (wrong, path) => {
    expect(() => Reflect.apply(createReference, undefined, [{ operations: wrong }])).toThrow(path);
  });
});

describe('options', () => {
  const create = (options: unknown) => () => Reflect.apply(createReference, undefined, [options]);

  it('that are unknown are refused with the nearest', () => {
    expect(create({ fault: [] })).toThrow('Did you mean "faults"?');
    expect(create({ clock: { frozn: true } })).toThrow('clock.frozn');
  });

  it.each([
    ['text', 'frozen'],
    ['an instance of a class', new URL('https://a.example')],
    ['a list', []],
  ])('%s is refused', (_, options) => {
    expect(create(options)).toThrow(TypeError);
  });
});
