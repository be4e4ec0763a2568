// The fields of an answer that nobody knows: kept aside in `extra`, where they do no harm and show no secret.

import { Secret } from 'blazemeter-client';
import { describe, expect, test } from 'vitest';
import { readAccount, readAccountUser, readApiKey, readIssued, readUser } from '../../src/wire/schemas.ts';
import { madeUp } from '../support/credentials.ts';

const { id, secret } = madeUp('a key');
const key = { id, name: 'ci', created: 1_700_000_000 };
const issued = { ...key, secret };
const more = { plan: 'pro', tags: ['a'], '': 0, nested: { id: 1 } };

describe('fields that nobody knows', () => {
  test.each([
    ['a user', readUser, { id: 7, email: 'a@b.example', defaultProject: { id: 1, more: 2 } }],
    ['an account', readAccount, { id: 7, apiKeyExpiration: 30, owner: { id: 1, more: 2 } }],
    ['a member of an account', readAccountUser, { id: 7, roles: ['admin'] }],
    ['an API key', readApiKey, { ...key, expiration: 0, lastUsed: 0 }],
  ])('of %s are kept aside, out of sight', (_, read, known) => {
    const model = read({ ...known, ...more });
    expect(model.extra).toStrictEqual(more);
    expect(Object.keys(model)).not.toContain('extra');
    expect({ ...model }).not.toHaveProperty('extra');
    expect(JSON.stringify(model)).not.toContain('pro');
    expect(read(known).extra).toStrictEqual({});
  });

  test('are the same object each time, which cannot be changed', () => {
    const user = readUser({ id: 7, ...more });
    expect(user.extra).toBe(user.extra);
    expect(Object.isFrozen(user.extra)).toBe(true);
  });

  test('never have the names by which objects are changed', () => {
    const hostile = '"__proto__":{"a":1},"constructor":{"b":1},"prototype":{"c":1},"toString":"d"';
    const { extra } = readUser(JSON.parse(`{"id":7,${hostile}}`));
    expect(Object.keys(extra)).toEqual(['toString']);
    expect(Object.getPrototypeOf(extra)).toBe(Object.prototype);
    const { apiKey } = readIssued(JSON.parse(`${JSON.stringify(issued).slice(0, -1)},${hostile}}`));
    expect(Object.keys(apiKey.extra)).toEqual(['toString']);
  });
});

describe('fields that nobody knows, of a key that was just made', () => {
  test('may hold its secret: each is a secret, of its text or of its JSON', () => {
    const wire = { ...issued, token: secret, pair: { id, secret }, count: 7, none: undefined };
    const { extra } = readIssued(wire).apiKey;
    const shown = Object.entries(extra).map(([name, value]) => [
      name,
      Secret.isSecret(value) ? value.reveal() : value,
    ]);
    expect(Object.fromEntries(shown)).toStrictEqual({
      token: secret,
      pair: JSON.stringify({ id, secret }),
      count: '7',
      none: '',
    });
    expect(Object.isFrozen(extra)).toBe(true);
  });

  test('that cannot be written as JSON are empty secrets', () => {
    const circle: Record<string, unknown> = {};
    circle.again = circle;
    const { extra } = readIssued({ ...issued, circle }).apiKey;
    expect(Secret.isSecret(extra.circle) ? extra.circle.reveal() : 'shown').toBe('');
  });

  test('do not have the secret itself among them', () => {
    expect(readIssued(issued).apiKey.extra).toStrictEqual({});
  });
});
