// The journal: what was asked, by whom, and what became of it; no secret, whatever is sent.
import { createReference, type Reference } from 'blazemeter-client/testing';
import { expect, it } from 'vitest';
import { basic, create, credentialsOf, send } from '../support/reference.ts';

function world(journalLimit?: number) {
  const reference = createReference({ clock: { at: '2026-03-01T12:00:00Z', frozen: true }, journalLimit });
  return { reference, ...reference.seed() };
}

it('an entry says what was asked, by which key and user, and the response', () => {
  const { reference, keys } = world();
  const { json } = create(reference, keys.owner, 30);
  expect(reference.journal.entries).toEqual([
    {
      number: 1,
      time: new Date('2026-03-01T12:00:00Z'),
      operation: 'apiKeys.create',
      method: 'POST',
      path: '/api-keys',
      keyId: keys.owner.id,
      userId: keys.owner.userId,
      status: 201,
      committed: true,
      looksReal: false,
      delivered: 'whole',
      fault: null,
      requestId: json.request_id,
      headers: {},
    },
  ]);
});

it('it can be asked by call, counted, and cleared', () => {
  const { reference, keys, accounts } = world();
  const { journal } = reference;
  send(reference, keys.owner, 'GET', '/user');
  send(reference, keys.owner, 'GET', `/accounts/${accounts.main.id}`);
  send(reference, keys.admin, 'GET', '/user');
  expect([journal.count(), journal.count('user.get'), journal.count('tests.list')]).toEqual([3, 2, 0]);
  expect(journal.of('user.get').map((entry) => entry.keyId)).toEqual([keys.owner.id, keys.admin.id]);
  expect(journal.of('apiKeyPolicy.get')).toEqual(journal.of('accounts.get'));
  expect(journal.last()?.keyId).toBe(keys.admin.id);
  expect(journal.last('accounts.get')?.number).toBe(2);
  journal.clear();
  expect([journal.count(), journal.last()]).toEqual([0, undefined]);
});

it('a refused request names its key if the reference ever created it, and no user', () => {
  const { reference, keys } = world();
  const gone = credentialsOf(create(reference, keys.owner, 1));
  send(reference, keys.owner, 'DELETE', `/api-keys/${gone.id}`);
  for (const key of [{ ...keys.owner, secret: 'wrong' }, gone, { id: 'stranger', secret: 'x' }])
    send(reference, key, 'GET', '/user');
  expect(
    reference.journal.of('user.get').map(({ keyId, userId, status }) => ({ keyId, userId, status })),
  ).toEqual([
    { keyId: keys.owner.id, userId: null, status: 401 },
    { keyId: gone.id, userId: null, status: 401 },
    { keyId: null, userId: null, status: 401 },
  ]);
});

it('what the reference does not know is unhandled, and can fail a test', () => {
  const { reference, keys } = world();
  send(reference, keys.owner, 'GET', '/tests/7');
  expect(() => reference.journal.assertNoUnhandled()).not.toThrow();
  send(reference, keys.owner, 'GET', '/masters?x=secret');
  send(reference, keys.owner, 'DELETE', '/user');
  expect(reference.journal.unhandled.map(({ method, path, status }) => [method, path, status])).toEqual([
    ['GET', '/masters', 404],
    ['DELETE', '/user', 405],
  ]);
  expect(() => reference.journal.assertNoUnhandled()).toThrow(
    'The reference received requests that it has no route for:\n  GET /masters -> 404\n  DELETE /user -> 405',
  );
});

it('only the newest entries are kept, and numbers go on', () => {
  const { reference, keys } = world(5);
  for (let n = 0; n < 100; n++) send(reference, keys.owner, 'GET', '/user');
  expect(reference.journal.entries.map((entry) => entry.number)).toEqual([96, 97, 98, 99, 100]);
  expect(reference.journal.count()).toBe(5);
});

it('a change that a caller makes to the list of entries changes nothing', () => {
  const { reference, keys } = world();
  send(reference, keys.owner, 'GET', '/user');
  expect(reference.journal.entries).not.toBe(reference.journal.entries);
});

const hits = (reference: Reference, secret: string): string[] => {
  const text = JSON.stringify(reference.journal.entries);
  const forms = [
    secret,
    Buffer.from(`x:${secret}`).toString('base64').slice(8, -8),
    encodeURIComponent(secret),
  ];
  return forms.flatMap((form) =>
    Array.from({ length: Math.max(1, form.length - 7) }, (_, at) => form.slice(at, at + 8)).filter((piece) =>
      text.includes(piece),
    ),
  );
};

it('a secret is not in the journal, wherever it was put', () => {
  const { reference, keys } = world();
  const { id, secret } = keys.owner;
  const header = basic(keys.owner);
  const everywhere: [string, string, Record<string, string>, string | undefined][] = [
    ['GET', '/api/v4/user', { authorization: header }, undefined],
    ['GET', `/api/v4/user?api_key=${id}:${secret}`, {}, undefined],
    ['GET', `/api/v4/api-keys/${secret}`, { authorization: header }, undefined],
    ['GET', `/api/v4/${secret}`, {}, undefined],
    ['GET', `/${secret}#${secret}`, {}, undefined],
    [
      'GET',
      '/api/v4/user',
      { 'user-agent': `tool ${secret}`, accept: secret, 'content-type': header },
      undefined,
    ],
    ['GET', '/api/v4/user', { 'x-api-key': secret, cookie: secret, referer: secret }, undefined],
    ['POST', '/api/v4/api-keys', { authorization: header }, JSON.stringify({ name: secret, expiration: 1 })],
    [secret, '/api/v4/user', {}, undefined],
  ];
  for (const [method, path, headers, body] of everywhere) reference.handle({ method, path, headers, body });
  expect(hits(reference, secret)).toEqual([]);
});

it('of the headers, only three are kept, cleaned and cut', () => {
  const { reference } = world();
  reference.handle({
    method: 'GET',
    path: '/api/v4/user',
    headers: {
      accept: '*/*',
      'content-type': 'application/json',
      'user-agent': `a\u001b[31m${' b'.repeat(400)}`,
      host: 'x',
    },
  });
  const headers = reference.journal.last()?.headers;
  expect(Object.keys(headers ?? {})).toEqual(['accept', 'content-type', 'user-agent']);
  expect(headers?.['user-agent']).toMatch(/^a\\u001b\[31m/);
  expect(headers?.['user-agent']?.length).toBeLessThanOrEqual(200);
});
