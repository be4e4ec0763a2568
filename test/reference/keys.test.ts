// Keys, their secrets, and who is let in: the rules that no switch changes.
import { createReference, REFERENCE_MARKER } from 'blazemeter-client/testing';
import { expect, it, vi } from 'vitest';
import { basic, create, credentialsOf, DAY, nowOf, send } from '../support/reference.ts';

function world() {
  const reference = createReference({ clock: { at: '2026-03-01T12:00:00Z', frozen: true } });
  return { reference, ...reference.seed() };
}

const withHeader = (reference: ReturnType<typeof createReference>, authorization: string) =>
  reference.handle({ method: 'GET', path: '/api/v4/user', headers: { authorization } });

it('the header is read by RFC 7617: any case of the scheme, UTF-8, a colon in the secret', () => {
  const { reference, keys } = world();
  const credentials = basic(keys.owner);
  expect(withHeader(reference, credentials).status).toBe(200);
  expect(withHeader(reference, credentials.replace('Basic', 'bAsIc')).status).toBe(200);
  expect(withHeader(reference, credentials.replace('Basic ', 'Basic   ')).status).toBe(200);
  for (const wrong of [
    '',
    'Basic',
    'Basic ',
    'Basic ????',
    'Basic /w==',
    `Bearer ${credentials.slice(6)}`,
    `${credentials} x`,
    basic({ id: keys.owner.id, secret: `${keys.owner.secret}:` }),
    basic({ id: keys.owner.id, secret: '' }),
    basic({ id: 'ключ', secret: 'секрет' }),
    `Basic ${btoa('no colon')}`,
  ])
    expect(withHeader(reference, wrong).status, wrong).toBe(401);
});

it('no key, a wrong one, a deleted one and one that has expired get the same 401, but for its request id', () => {
  const { reference, keys } = world();
  const short = credentialsOf(create(reference, keys.owner, 1));
  const gone = credentialsOf(create(reference, keys.owner, 1));
  send(reference, keys.owner, 'DELETE', `/api-keys/${gone.id}`);
  reference.clock.advance({ days: 1 });
  const bodies = [undefined, { id: 'x', secret: 'y' }, { ...keys.owner, secret: 'wrong' }, short, gone].map(
    (key) => {
      const { status, text } = send(reference, key, 'GET', '/user');
      expect(status).toBe(401);
      return text.replace(/"request_id": "\w+"/, '');
    },
  );
  expect(new Set(bodies).size).toBe(1);
});

it('a key works up to the second before its expiration, and not in that second', () => {
  const { reference, keys } = world();
  const credentials = credentialsOf(create(reference, keys.owner, 30));
  reference.clock.advance({ days: 30, seconds: -1 });
  expect(send(reference, credentials, 'GET', '/user').status).toBe(200);
  reference.clock.advance({ seconds: 1 });
  expect(send(reference, credentials, 'GET', '/user').status).toBe(401);
});

it('a secret is shown by create and by regenerate, and nowhere else', () => {
  const { reference, keys } = world();
  const { id, secret } = credentialsOf(create(reference, keys.owner, 30));
  for (const path of ['/api-keys', `/api-keys/${id}`, '/user', '/accounts']) {
    const { text } = send(reference, keys.owner, 'GET', path);
    expect(text).not.toContain(secret);
    expect(text).not.toContain('"secret"');
  }
  const again = credentialsOf(send(reference, keys.owner, 'POST', `/api-keys/${id}/regenerate`));
  expect(again.id).toBe(id);
  expect(again.secret).not.toBe(secret);
});

it('after a regeneration the old secret is dead and the new one works', () => {
  const { reference, keys } = world();
  const old = credentialsOf(create(reference, keys.owner, 30));
  const fresh = credentialsOf(send(reference, keys.owner, 'POST', `/api-keys/${old.id}/regenerate`, {}));
  expect(send(reference, old, 'GET', '/user').status).toBe(401);
  expect(send(reference, fresh, 'GET', '/user').status).toBe(200);
});

it('a key may regenerate itself and delete itself; the response still arrives', () => {
  const { reference, keys } = world();
  const old = credentialsOf(create(reference, keys.owner, 30));
  const fresh = credentialsOf(send(reference, old, 'POST', `/api-keys/${old.id}/regenerate`));
  expect(send(reference, old, 'GET', '/user').status).toBe(401);
  expect(send(reference, fresh, 'DELETE', `/api-keys/${fresh.id}`).status).toBe(204);
  expect(send(reference, fresh, 'GET', '/user').status).toBe(401);
});

it('a second delete is a 404', () => {
  const { reference, keys } = world();
  const { id } = credentialsOf(create(reference, keys.owner, 30));
  expect(send(reference, keys.owner, 'DELETE', `/api-keys/${id}`).status).toBe(204);
  expect(send(reference, keys.owner, 'DELETE', `/api-keys/${id}`).status).toBe(404);
});

it("another user's keys are neither listed nor found, not even by the owner of the account", () => {
  const { reference, keys } = world();
  expect(send(reference, keys.owner, 'GET', '/api-keys').rows.map((row) => row.id)).toEqual([keys.owner.id]);
  for (const [method, end] of [
    ['GET', ''],
    ['DELETE', ''],
    ['POST', '/regenerate'],
  ] as const)
    expect(send(reference, keys.owner, method, `/api-keys/${keys.member.id}${end}`).status).toBe(404);
  expect(send(reference, keys.member, 'GET', '/user').status).toBe(200);
});

it('lastUsed is null until the key signs a call', () => {
  const { reference, keys } = world();
  const credentials = credentialsOf(create(reference, keys.owner, 30));
  const lastUsed = () => send(reference, keys.owner, 'GET', `/api-keys/${credentials.id}`).result.lastUsed;
  expect(lastUsed()).toBeNull();
  send(reference, { ...credentials, secret: 'wrong' }, 'GET', '/user');
  expect(lastUsed()).toBeNull();
  reference.clock.advance({ hours: 1 });
  send(reference, credentials, 'GET', '/user');
  expect(lastUsed()).toBe(nowOf(reference));
});

it.each([
  ['no name', { expiration: 1_900_000_000 }],
  ['an empty name', { name: ' ', expiration: 1_900_000_000 }],
  ['a name that is no text', { name: 7, expiration: 1_900_000_000 }],
  ['no expiration', { name: 'ci' }],
  ['an expiration as text', { name: 'ci', expiration: '1900000000' }],
  ['a fraction', { name: 'ci', expiration: 1_900_000_000.5 }],
  ['null', { name: 'ci', expiration: null }],
  ['milliseconds', { name: 'ci', expiration: 1_900_000_000_000 }],
  ['a past time', { name: 'ci', expiration: 1_700_000_000 }],
])('a create with %s is a 400', (_, body) => {
  const { reference, keys } = world();
  expect(send(reference, keys.owner, 'POST', '/api-keys', body).status).toBe(400);
  expect(send(reference, keys.owner, 'GET', '/api-keys').json.total).toBe(1);
});

it('two minutes over the maximum are let through, three are not', () => {
  const { reference, keys, accounts } = world();
  send(reference, keys.owner, 'PATCH', `/accounts/${accounts.main.id}`, { apiKeyExpiration: 30 });
  const at = (seconds: number) =>
    send(reference, keys.member, 'POST', '/api-keys', {
      name: 'ci',
      expiration: nowOf(reference) + 30 * DAY + seconds,
    });
  expect(at(120).status).toBe(201);
  const { status, message } = at(121);
  expect(status).toBe(400);
  expect(message).toContain('30 days');
});

it('owner and admin set the policy, a member reads it, a stranger does neither', () => {
  const { reference, keys, accounts } = world();
  const { keys: strange } = reference.seed({ users: { eve: {} }, keys: { eve: { user: 'eve' } } });
  const path = `/accounts/${accounts.main.id}`;
  const set = (key: typeof keys.owner, days: unknown) =>
    send(reference, key, 'PATCH', path, { apiKeyExpiration: days });
  expect(set(keys.owner, 90)).toMatchObject({ status: 200, result: { apiKeyExpiration: 90 } });
  expect(set(keys.admin, 45)).toMatchObject({ status: 200, result: { apiKeyExpiration: 45 } });
  expect(set(keys.member, 10).status).toBe(403);
  expect(set(strange.eve, 10).status).toBe(403);
  expect(send(reference, keys.member, 'GET', path).result.apiKeyExpiration).toBe(45);
  expect(send(reference, strange.eve, 'GET', path).status).toBe(403);
});

it.each(['billing', 'standard', 'user_manager', 'other'])('the role %s may not set the policy', (role) => {
  const reference = createReference();
  const { keys, accounts } = reference.seed({
    users: { o: {}, m: {} },
    accounts: { a: { owner: 'o', members: { m: [role] } } },
    keys: { m: { user: 'm' } },
  });
  expect(send(reference, keys.m, 'PATCH', `/accounts/${accounts.a.id}`, { apiKeyExpiration: 1 }).status).toBe(
    403,
  );
});

it('a policy is whole days from 1 to 3650, or -1; other fields are ignored', () => {
  const { reference, keys, accounts } = world();
  const path = `/accounts/${accounts.main.id}`;
  for (const wrong of [0, -2, 1.5, '30', null, true, 3651, []])
    expect(send(reference, keys.owner, 'PATCH', path, { apiKeyExpiration: wrong }).status).toBe(400);
  expect(send(reference, keys.owner, 'PATCH', path, { name: 'Mine', id: 7 })).toMatchObject({
    status: 200,
    result: { name: 'Main account', apiKeyExpiration: 3650 },
  });
  expect(send(reference, keys.owner, 'PATCH', path, { apiKeyExpiration: -1 }).status).toBe(200);
  expect(create(reference, keys.owner, 20_000).status).toBe(201);
});

it("a disabled user's keys are refused", () => {
  const reference = createReference();
  const { keys } = reference.seed({ users: { off: { enabled: false } }, keys: { k: { user: 'off' } } });
  expect(send(reference, keys.k, 'GET', '/user').status).toBe(401);
});

it('ids and secrets carry the marker, are the same in every run, and no piece of a secret is a piece of an id', () => {
  const make = (randomSeed?: string) => createReference({ randomSeed }).seed().keys;
  const { owner } = make();
  expect(make().owner).toMatchObject({ id: owner.id, secret: owner.secret });
  expect(make('other').owner.secret).not.toBe(owner.secret);
  for (const { id, secret } of Object.values(make())) {
    expect(id).toMatch(/^[0-9a-f]{24}$/);
    expect(secret).toMatch(/^[0-9a-f]{72}$/);
    expect(id.startsWith(REFERENCE_MARKER) && secret.startsWith(REFERENCE_MARKER)).toBe(true);
    for (let at = 0; at + 8 <= id.length; at++) expect(secret).not.toContain(id.slice(at, at + 8));
  }
});

it('credentials that look real cause one warning, without any of them; invented ones do not', () => {
  const warn = vi.fn<(message: string) => void>();
  const reference = createReference({ warn });
  const { keys } = reference.seed();
  const real = { id: '0123456789abcdef01234567', secret: '89abcdef'.repeat(9) };
  for (const key of [
    keys.owner,
    { id: 'a', secret: 'b' },
    { ...keys.owner, id: `${REFERENCE_MARKER}${'0'.repeat(18)}` },
  ])
    send(reference, key, 'GET', '/user');
  expect(warn).not.toHaveBeenCalled();
  for (let i = 0; i < 3; i++) expect(send(reference, real, 'GET', '/user').status).toBe(401);
  expect(warn).toHaveBeenCalledOnce();
  expect(warn.mock.calls[0]?.[0]).not.toMatch(/01234567|89abcdef/);
});
