// From the wire to the models, field by field: what each field becomes, what reads as null, and what is refused and in which
// words.

import { describe, expect, test } from 'vitest';
import {
  readAccount,
  readAccountUser,
  readApiKey,
  readIssued,
  readUser,
  ShapeError,
} from '../../src/wire/schemas.ts';
import { madeUp } from '../support/credentials.ts';

const { id, secret } = madeUp('a key');
const CREATED = 1_700_000_000;
const UPDATED = 1_700_000_060;
const createdAt = new Date('2023-11-14T22:13:20Z');
const updatedAt = new Date('2023-11-14T22:14:20Z');

const readers = { readUser, readAccount, readAccountUser, readApiKey, readIssued };
/** The least that each is read of. */
const least = {
  readUser: { id: 7 },
  readAccount: { id: 7 },
  readAccountUser: { id: 7 },
  readApiKey: { id, name: 'ci', created: CREATED },
  readIssued: { id, name: 'ci', created: CREATED, secret },
};
const refusal = (words: string) => new ShapeError(words);

describe('a user', () => {
  test('has all its fields', () => {
    const user = readUser({
      id: 7,
      email: 'a@b.example',
      displayName: 'A B',
      firstName: 'A',
      lastName: 'B',
      enabled: false,
      created: CREATED,
      updated: UPDATED,
      defaultProject: { id: 1, name: 'P', accountId: 2, accountName: 'Q', workspaceId: 3, more: 4 },
    });
    expect(user).toStrictEqual({
      id: 7,
      email: 'a@b.example',
      displayName: 'A B',
      firstName: 'A',
      lastName: 'B',
      enabled: false,
      createdAt,
      updatedAt,
      defaultProject: { id: 1, name: 'P', accountId: 2, accountName: 'Q', workspaceId: 3 },
    });
    expect(user.extra).toEqual({});
  });

  test('has null for what is not there', () => {
    const nobody = { email: null, displayName: null, firstName: null, lastName: null, enabled: null };
    expect(readUser({ id: 7 })).toStrictEqual({
      id: 7,
      ...nobody,
      createdAt: null,
      updatedAt: null,
      defaultProject: null,
    });
    expect(readUser({ id: 7, defaultProject: { id: 1 } }).defaultProject).toStrictEqual({
      id: 1,
      name: null,
      accountId: null,
      accountName: null,
      workspaceId: null,
    });
  });
});

describe('an account', () => {
  test('has all its fields', () => {
    const account = readAccount({
      id: 7,
      name: 'A',
      owner: { id: 8, email: 'a@b.example', displayName: 'A B', roles: ['x'] },
      apiKeyExpiration: -1,
      legacyApiKeysDisabled: true,
      membersCount: 9,
      workspacesCount: 0,
      created: CREATED,
      updated: UPDATED,
    });
    expect(account).toStrictEqual({
      id: 7,
      name: 'A',
      owner: { id: 8, email: 'a@b.example', displayName: 'A B' },
      apiKeyExpirationDays: -1,
      legacyApiKeysDisabled: true,
      membersCount: 9,
      workspacesCount: 0,
      createdAt,
      updatedAt,
    });
    expect(account.extra).toEqual({});
  });

  test('has null for what is not there', () => {
    const account = readAccount({ id: 7, owner: { id: 8 } });
    expect(account).toStrictEqual({
      id: 7,
      name: null,
      owner: { id: 8, email: null, displayName: null },
      apiKeyExpirationDays: null,
      legacyApiKeysDisabled: null,
      membersCount: null,
      workspacesCount: null,
      createdAt: null,
      updatedAt: null,
    });
  });

  test.each([undefined, null, 'A B', 8, [], {}, { id: '8' }, { id: null }])('has no owner in %j', (owner) => {
    expect(readAccount({ id: 7, owner }).owner).toBeNull();
  });
});

describe('a member of an account', () => {
  test('has all its fields, of its roles those that are texts', () => {
    const wire = { id: 7, email: 'a@b.example', displayName: 'A B', enabled: true };
    const user = readAccountUser({ ...wire, roles: ['admin', 7, null, 'owner'] });
    expect(user).toStrictEqual({ ...wire, roles: ['admin', 'owner'] });
    expect(user.extra).toEqual({});
  });

  test.each([undefined, null, 'admin', { 0: 'admin', length: 1 }])('has no roles in %j', (roles) => {
    const nobody = { email: null, displayName: null, enabled: null };
    expect(readAccountUser({ id: 7, roles })).toStrictEqual({ id: 7, ...nobody, roles: [] });
  });
});

describe('an API key', () => {
  test('has all its fields', () => {
    const key = readApiKey({
      id,
      name: '',
      userId: 7,
      created: CREATED,
      updated: UPDATED,
      expiration: 1_800_000_000,
      lastUsed: 1_750_000_000,
    });
    expect(key).toStrictEqual({
      id,
      name: '',
      userId: 7,
      createdAt,
      updatedAt,
      expiresAt: new Date(1_800_000_000_000),
      lastUsedAt: new Date(1_750_000_000_000),
    });
    expect(key.extra).toEqual({});
  });

  test('has null for what is not there', () => {
    const nothing = { userId: null, updatedAt: null, expiresAt: null, lastUsedAt: null };
    expect(readApiKey(least.readApiKey)).toStrictEqual({ id, name: 'ci', createdAt, ...nothing });
  });

  test('with a zero for a moment never expires and was never used, but was made at that moment', () => {
    const key = readApiKey({ id, name: 'ci', created: 0, updated: 0, expiration: 0, lastUsed: 0 });
    expect(key).toMatchObject({ expiresAt: null, lastUsedAt: null });
    expect(key).toMatchObject({ createdAt: new Date(0), updatedAt: new Date(0) });
  });

  test('with its secret is both, and the secret stands nowhere else', () => {
    const issued = readIssued({ ...least.readIssued, more: 1 });
    expect(Object.keys(issued)).toEqual(['apiKey', 'secret']);
    expect(issued.secret.reveal()).toBe(secret);
    expect(issued.apiKey).toStrictEqual(readApiKey(least.readApiKey));
    expect(Object.keys(issued.apiKey.extra)).toEqual(['more']);
  });
});

describe('a field of an unexpected form is null', () => {
  test.each([7, true, {}, ['x'], null])('a text that is %j', (email) => {
    expect(readUser({ id: 7, email }).email).toBeNull();
  });

  test.each(['7', true, {}, [7], null, Number.NaN, Number.POSITIVE_INFINITY])(
    'a number that is %j',
    (count) => {
      expect(readAccount({ id: 7, membersCount: count }).membersCount).toBeNull();
    },
  );

  test.each(['true', 1, 0, {}, null])('a yes or no that is %s', (enabled) => {
    expect(readUser({ id: 7, enabled }).enabled).toBeNull();
  });

  test.each(['2023-11-14', `${CREATED}`, {}, null, Number.NaN, 8.64e12 + 1])('a date that is %s', (date) => {
    expect(readUser({ id: 7, updated: date }).updatedAt).toBeNull();
    expect(readApiKey({ ...least.readApiKey, expiration: date }).expiresAt).toBeNull();
  });

  test('a date before 1970, or with a fraction, is one', () => {
    const { createdAt, updatedAt } = readUser({ id: 7, created: -1, updated: 0.5 });
    expect([createdAt?.getTime(), updatedAt?.getTime()]).toEqual([-1_000, 500]);
  });
});

describe('what cannot be read is refused, in words that hold nothing of it', () => {
  for (const [name, read] of Object.entries(readers))
    test.each([undefined, null, 'words', 7, true])(`${name} of %j`, (wire) => {
      expect(() => read(wire)).toThrow(ShapeError);
      expect(() => read(wire)).toThrow(refusal('"result" is missing or not an object'));
    });

  test.each([undefined, null, '7', Number.NaN])('a user, an account or a member with the id %s', (number) => {
    for (const read of [readUser, readAccount, readAccountUser])
      expect(() => read({ id: number })).toThrow(refusal('"result.id" is missing or not a number'));
  });

  test.each([
    ['id', undefined, '"result.id" is missing or not a string'],
    ['id', 7, '"result.id" is missing or not a string'],
    ['id', '', '"result.id" is not as expected'],
    ['name', null, '"result.name" is missing or not a string'],
    ['created', undefined, '"result.created" is missing or not a number'],
    ['created', '2023-11-14', '"result.created" is missing or not a number'],
    ['created', 8.64e12 + 1, '"result.created" is not as expected'],
  ])('a key whose %s is %j', (field, value, words) => {
    const wire = { ...least.readIssued, [field]: value };
    expect(() => readApiKey(wire)).toThrow(refusal(words));
    expect(() => readIssued(wire)).toThrow(refusal(words));
    expect(() => readApiKey(wire)).toThrow(ShapeError);
  });

  test.each([
    [undefined, '"result.secret" is missing or not a string'],
    [{ value: 'x' }, '"result.secret" is missing or not a string'],
    ['', '"result.secret" is empty'],
  ])('an issued key whose secret is %j', (value, words) => {
    expect(() => readIssued({ ...least.readIssued, secret: value })).toThrow(refusal(words));
    expect(() => readIssued({ ...least.readIssued, secret: value })).toThrow(ShapeError);
  });

  test('fields that are only inherited', () => {
    expect(() => readUser(Object.create({ id: 7 }))).toThrow(ShapeError);
    expect(() => readUser(JSON.parse('{"__proto__":{"id":7}}'))).toThrow(ShapeError);
    expect(readUser(JSON.parse('{"id":7,"__proto__":{"email":"x"}}')).email).toBeNull();
  });
});
