// Whatever is sent: an answer, an envelope, no 5xx, no secret.
import { createHash } from 'node:crypto';
import { createReference } from 'blazemeter-client/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { portable, sha256 } from '../../src/reference/sha256.ts';
import { basic, isObject, parsed } from '../support/reference.ts';

const reference = createReference({ clock: { frozen: true } });
const { keys, accounts } = reference.seed();
const hostile = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '__proto__',
    'constructor',
    '..',
    '%',
    '%00',
    '%ff%fe',
    '\u0000',
    '\ud800',
    '{{x}}',
    '*',
    keys.member.secret,
  ),
);
const known = fc.constantFrom(
  'user',
  'accounts',
  'api-keys',
  'workspaces',
  'projects',
  'tests',
  'multi-tests',
  'web',
  'version',
  'users',
  'regenerate',
  String(accounts.main.id),
  keys.owner.id,
  keys.admin.id,
);
const path = fc
  .array(fc.oneof({ weight: 4, arbitrary: known }, { weight: 1, arbitrary: hostile }), { maxLength: 5 })
  .map((segments) => segments.join('/'));
const query = fc
  .array(
    fc.tuple(
      fc.oneof(
        fc.constantFrom(
          'limit',
          'skip',
          'sort[]',
          'sort[0]',
          'name',
          'textFilter',
          'enabled',
          'accountId',
          'workspaceId',
          'roles[]',
        ),
        hostile,
      ),
      fc.oneof(fc.integer().map(String), fc.double().map(String), hostile),
    ),
    { maxLength: 4 },
  )
  .map((pairs) => pairs.map(([name, value]) => `${name}=${value}`).join('&'));
const authorization = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom(basic(keys.owner), basic(keys.admin)) },
  { weight: 1, arbitrary: fc.constant(undefined) },
  { weight: 1, arbitrary: hostile },
  { weight: 1, arbitrary: hostile.map((text) => `Basic ${text}`) },
  { weight: 1, arbitrary: fc.base64String().map((text) => `basic ${text}`) },
);
const body = fc.oneof(
  fc.constant(undefined),
  hostile,
  fc.json(),
  fc
    .record({
      name: fc.oneof(hostile, fc.jsonValue()),
      expiration: fc.oneof(fc.integer(), fc.double(), fc.jsonValue()),
    })
    .map((value) => JSON.stringify(value)),
  fc
    .record({ apiKeyExpiration: fc.oneof(fc.integer(), fc.jsonValue()) })
    .map((value) => JSON.stringify(value)),
);
const request = fc.record({
  method: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('GET', 'POST', 'PATCH', 'HEAD', 'PUT', 'OPTIONS') },
    { weight: 1, arbitrary: hostile },
  ),
  path: fc
    .tuple(fc.constantFrom('/api/v4/', '/api/v4/', '/api/v4/', '/', ''), path, query)
    .map(([base, at, asked]) => `${base}${at}?${asked}`),
  headers: fc.record({
    authorization,
    'user-agent': fc.option(hostile, { nil: undefined }),
    accept: fc.option(hostile, { nil: undefined }),
  }),
  body,
});

test('thousands of requests that nobody would send are all answered, by the rules, without a secret', () => {
  fc.assert(
    fc.property(request, (sent) => {
      const answer = reference.handle(sent);
      expect(answer.status).toBeGreaterThanOrEqual(200);
      expect(answer.status).toBeLessThan(500);
      for (const value of Object.values(answer.headers)) expect(value).toMatch(/^[\t\x20-\x7e]*$/);
      const envelope = parsed(answer.body);
      if (answer.body !== '') {
        expect(envelope.api_version).toBe(4);
        expect(envelope.request_id).toMatch(/^[0-9a-f]{13}$/);
      }
      const { result } = envelope;
      const madeOne = isObject(result) && 'secret' in result;
      if (madeOne) expect(sent.method).toBe('POST');
      // A name may be anything that was sent, but no stored secret ever comes back.
      for (const key of [keys.owner, keys.admin]) expect(answer.body).not.toContain(key.secret);
      if (answer.status === 401) expect(answer.body.toLowerCase()).not.toContain('expired');
    }),
    { numRuns: 4000 },
  );
  const journal = JSON.stringify(reference.journal.entries);
  for (const { secret } of Object.values(keys)) expect(journal).not.toContain(secret);
});

test('a deep, a wide and a poisoned document are as harmless as any', () => {
  const post = (text: string) =>
    reference.handle({
      method: 'POST',
      path: '/api/v4/api-keys',
      headers: { authorization: basic(keys.owner) },
      body: text,
    }).status;
  expect(post('['.repeat(200_000))).toBe(400);
  expect(post(`{"name":${'['.repeat(200_000)}${']'.repeat(200_000)}}`)).toBe(400);
  expect(post(`{${Array.from({ length: 20_000 }, (_, n) => `"k${n}":${n}`).join()}}`)).toBe(400);
  expect(
    post('{"__proto__":{"name":"x","expiration":9999999999},"constructor":{"prototype":{"polluted":1}}}'),
  ).toBe(400);
  expect('polluted' in {}).toBe(false);
});

test('a name may hold anything, and comes back as it was', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', minLength: 1 }), (name) => {
      fc.pre(name.trim() !== '');
      const text = JSON.stringify({
        name,
        expiration: Math.floor(reference.clock.now().getTime() / 1000) + 60,
      });
      const headers = { authorization: basic(keys.member) };
      const { body: made } = reference.handle({
        method: 'POST',
        path: '/api/v4/api-keys',
        headers,
        body: text,
      });
      expect(parsed(made)).toMatchObject({ result: { name } });
    }),
    { numRuns: 300 },
  );
});

test("the hash is SHA-256, in plain JavaScript and with Node's help", () => {
  for (let length = 0; length < 200; length++) {
    const text = 'aé€😀b'.repeat(length).slice(0, length).toWellFormed();
    const expected = createHash('sha256').update(text).digest('hex');
    expect(portable(text)).toBe(expected);
    expect(sha256(text)).toBe(expected);
  }
});
