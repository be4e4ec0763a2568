// What the reference's responses look like on the wire: every byte that a recorded response has.
import { createReference } from 'blazemeter-client/testing';
import { expect, it } from 'vitest';
import { create, send } from '../support/reference.ts';

const NOON = '2026-03-01T12:00:00Z';

function world() {
  const reference = createReference({ clock: { at: NOON, frozen: true } });
  return { reference, ...reference.seed() };
}

it('a result stands between api_version, error and request_id, pretty-printed with four blanks', () => {
  const { reference, keys } = world();
  const { text, json } = send(reference, keys.owner, 'GET', '/user');
  expect(Object.keys(json)).toEqual(['api_version', 'error', 'result', 'request_id']);
  expect(json).toMatchObject({ api_version: 4, error: null });
  expect(text).toBe(JSON.stringify(json, null, 4));
});

it('a list begins with limit, skip, total and hidden', () => {
  const { reference, keys } = world();
  const { json } = send(reference, keys.owner, 'GET', '/accounts');
  expect(Object.keys(json)).toEqual([
    'limit',
    'skip',
    'total',
    'hidden',
    'api_version',
    'error',
    'result',
    'request_id',
  ]);
  expect(json).toMatchObject({ limit: 10, skip: 0, total: 1, hidden: 0 });
});

it('an error begins with error', () => {
  const { reference } = world();
  const { status, json } = send(reference, undefined, 'GET', '/user');
  expect(status).toBe(401);
  expect(Object.keys(json)).toEqual(['error', 'api_version', 'result', 'request_id']);
  expect(json).toMatchObject({ error: { code: 401, message: 'Unauthorized' }, api_version: 4, result: null });
});

it('a 401 has the recorded headers', () => {
  const { reference } = world();
  const { headers } = send(reference, undefined, 'GET', '/user');
  expect(headers).toEqual({
    Date: 'Sun, 01 Mar 2026 12:00:00 GMT',
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-cache, must-revalidate',
    Vary: 'Accept',
    'Set-Cookie': expect.stringMatching(/^bzm_sess=[0-9a-f]+; path=\/; secure; HttpOnly$/),
    'WWW-Authenticate': 'Basic realm=api',
  });
});

it('every response sets the session cookie, and no two the same', () => {
  const { reference, keys } = world();
  const cookies = ['/user', '/nope', '/web/version', '/api-keys'].map(
    (path) => send(reference, keys.owner, 'GET', path).headers['Set-Cookie'],
  );
  expect(new Set(cookies).size).toBe(4);
});

it('the request id is the time: 8 hex digits of seconds, 5 of microseconds, no two the same', () => {
  const { reference } = world();
  const ids = Array.from({ length: 20 }, () =>
    String(send(reference, undefined, 'GET', '/user').json.request_id),
  );
  for (const id of ids) {
    expect(id).toMatch(/^[0-9a-f]{13}$/);
    expect(Number.parseInt(id.slice(0, 8), 16)).toBe(Date.parse(NOON) / 1000);
    expect(Number.parseInt(id.slice(8), 16)).toBeLessThan(1_000_000);
  }
  expect(new Set(ids).size).toBe(20);
});

it('messages are the reason phrase and the detail', () => {
  const { reference, keys } = world();
  const message = (path: string) => send(reference, keys.owner, 'GET', path).message;
  expect(message('/nope')).toBe('Not Found');
  expect(message('/projects/1')).toBe('Not Found: Project not found');
  expect(message('/workspaces/1')).toBe('Not Found: Workspace not found');
  expect(message('/accounts/1')).toBe('Not Found: Account not found');
  expect(message('/tests/1')).toBe('Not Found: Test not found');
  expect(message('/api-keys/1')).toBe('Not Found: API key not found');
});

it('a delete responds with 204, without a body and without a content type', () => {
  const { reference, keys } = world();
  const { status, text, headers } = send(reference, keys.owner, 'DELETE', `/api-keys/${keys.owner.id}`);
  expect({ status, text }).toEqual({ status: 204, text: '' });
  expect(headers).not.toHaveProperty('Content-Type');
});

it('a create responds with 201 and the key and, last, the secret', () => {
  const { reference, keys } = world();
  const { status, result } = create(reference, keys.owner, 90);
  expect(status).toBe(201);
  expect(Object.keys(result)).toEqual([
    'id',
    'name',
    'userId',
    'created',
    'updated',
    'expiration',
    'lastUsed',
    'secret',
  ]);
  expect(result.id).toMatch(/^7e57ed[0-9a-f]{18}$/);
  expect(result.secret).toMatch(/^7e57ed[0-9a-f]{66}$/);
});

it('unknown paths are 404, for strangers too', () => {
  const { reference, keys } = world();
  for (const path of [
    '/',
    '',
    '/users',
    '/user/',
    '/user/1',
    '/accounts//users',
    '/accounts/',
    '/a/b/c/d',
    '/*',
    '/accounts/*/x',
  ])
    for (const key of [undefined, keys.owner])
      expect(send(reference, key, 'GET', path).status, path).toBe(404);
  expect(reference.handle({ method: 'GET', path: '/user' }).status).toBe(404);
  expect(reference.handle({ method: 'GET', path: '/api/v3/user' }).status).toBe(404);
});

it('a wrong method is 405 and names the right ones', () => {
  const { reference, keys } = world();
  const { status, headers } = send(reference, keys.owner, 'PUT', '/accounts/1');
  expect(status).toBe(405);
  expect(headers.Allow).toBe('GET, PATCH');
});

it('HEAD is GET without the body', () => {
  const { reference, keys } = world();
  expect(send(reference, keys.owner, 'HEAD', '/user')).toMatchObject({ status: 200, text: '' });
});

it('a body that is no JSON object is a 400', () => {
  const { reference, keys } = world();
  for (const body of ['{', 'name=ci', '[]', '"x"', '7', 'null', '{"a":1}}'])
    expect(send(reference, keys.owner, 'POST', '/api-keys', body).status, body).toBe(400);
});

it('a body of more than a mebibyte is refused', () => {
  const { reference, keys } = world();
  const { status, json } = send(reference, keys.owner, 'POST', '/api-keys', `"${'x'.repeat(1_048_576)}"`);
  expect(status).toBe(413);
  expect(json.error).toEqual({ code: 413, message: 'Payload Too Large' });
});

it('a path may be percent-encoded, stand behind a prefix, or be a whole URL', () => {
  const { reference, keys, accounts } = world();
  const coded = `%3${String(accounts.main.id).charAt(0)}${String(accounts.main.id).slice(1)}`;
  expect(send(reference, keys.owner, 'GET', `/accounts/${coded}`).status).toBe(200);
  const headers = { authorization: `Basic ${btoa(`${keys.owner.id}:${keys.owner.secret}`)}` };
  expect(reference.handle({ method: 'GET', path: '/gate/api/v4/user?x=1#y', headers }).status).toBe(200);
  expect(reference.handle({ method: 'GET', path: 'https://bm.example/api/v4/user', headers }).status).toBe(
    200,
  );
});

it('parameters and headers that are not known change nothing', () => {
  const { reference, keys } = world();
  const { status } = send(
    reference,
    keys.owner,
    'GET',
    '/accounts?app_key=x&_clientId=y&_clientVersion=z&sort=name',
  );
  expect(status).toBe(200);
});
