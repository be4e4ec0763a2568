// Whatever is sent: an answer, an envelope, no 5xx, no secret. `node scripts/deep.mjs` sends 100,000.
import { createHash } from 'node:crypto';
import { createReference } from 'blazemeter-client/testing';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { portable, sha256 } from '../../src/reference/sha256.ts';
import { sendHostile } from '../support/hostile.ts';
import { basic, parsed } from '../support/reference.ts';

const reference = createReference({ clock: { frozen: true } });
const { keys } = reference.seed();

test('thousands of requests that nobody would send are all answered, by the rules, without a secret', () => {
  sendHostile(5_000);
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
