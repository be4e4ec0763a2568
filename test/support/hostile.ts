// Hostile requests, and what must be true of every response to them.
import assert from 'node:assert/strict';
import { createReference } from 'blazemeter-client/testing';
import fc from 'fast-check';
import { basic, isObject, parsed } from './reference.ts';

const reference = createReference({ clock: { frozen: true } });
const { keys, accounts } = reference.seed();
const start = reference.snapshot();
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
    { weight: 8, arbitrary: fc.constantFrom('GET', 'POST', 'PATCH', 'DELETE', 'HEAD', 'PUT', 'OPTIONS') },
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

/** Sends so many of them; throws at the first response that breaks a rule. */
export function sendHostile(numRuns: number): void {
  fc.assert(
    fc.property(request, (sent) => {
      // A key that was regenerated or deleted on the way would make the rest a row of 401s.
      reference.restore(start);
      const response = reference.handle(sent);
      assert.ok(response.status >= 200 && response.status < 500, `status ${response.status}`);
      for (const value of Object.values(response.headers)) assert.match(value, /^[\t\x20-\x7e]*$/);
      const envelope = parsed(response.body);
      if (response.body !== '') {
        assert.equal(envelope.api_version, 4);
        assert.match(String(envelope.request_id), /^[0-9a-f]{13}$/);
      }
      const { result } = envelope;
      if (isObject(result) && 'secret' in result) assert.equal(sent.method, 'POST');
      // A name may be anything that was sent, but no stored secret ever comes back.
      for (const key of [keys.owner, keys.admin]) assert.ok(!response.body.includes(key.secret));
      if (response.status === 401) assert.ok(!response.body.toLowerCase().includes('expired'));
    }),
    { numRuns },
  );
  const journal = JSON.stringify(reference.journal.entries);
  for (const { secret } of Object.values(keys)) assert.ok(!journal.includes(secret));
}
