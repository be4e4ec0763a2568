// Whatever is sent: a response, an envelope, no 5xx, no secret. `node scripts/deep.mjs` sends 100,000.
import { createReference } from 'blazemeter-client/testing';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { sendHostile } from '../support/hostile.ts';
import { basic, parsed } from '../support/reference.ts';

const reference = createReference({ clock: { frozen: true } });
const { keys } = reference.seed();

it('requests of any kind all get a response by the rules, without a secret', () => {
  sendHostile(1_500);
});

it('a deep, a wide and a poisoned document are as harmless as any', () => {
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

it('a name may hold anything, and comes back as it was', () => {
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
    { numRuns: 100 },
  );
});
