// The table of operations, said a second time and row by row: a change of a path, of a mark, or of what is sent again has to be
// meant. And what a caller may change in it, and may not.

import { describe, expect, test } from 'vitest';
import {
  assumptionHint,
  type OperationId,
  type OperationOverride,
  operations,
  overridden,
} from '../../src/api/operations.ts';

const rows: readonly [id: OperationId, call: string, provenance: string, replay: string][] = [
  ['user.get', 'GET /user', 'documented', 'safe'],
  ['accounts.list', 'GET /accounts', 'observed', 'safe'],
  ['accounts.get', 'GET /accounts/{accountId}', 'observed', 'safe'],
  ['accounts.users', 'GET /accounts/{accountId}/users', 'documented', 'safe'],
  ['apiKeyPolicy.get', 'GET /accounts/{accountId}', 'observed', 'safe'],
  ['apiKeyPolicy.set', 'PATCH /accounts/{accountId}', 'assumed', 'safe'],
  ['apiKeys.list', 'GET /api-keys', 'assumed', 'safe'],
  ['apiKeys.get', 'GET /api-keys/{id}', 'assumed', 'safe'],
  ['apiKeys.create', 'POST /api-keys', 'assumed', 'never'],
  ['apiKeys.regenerateSecret', 'POST /api-keys/{id}/regenerate', 'assumed', 'other-signer'],
  ['apiKeys.delete', 'DELETE /api-keys/{id}', 'assumed', 'safe'],
];
const ids = rows.map(([id]) => id);

/** The table with a change that the compiler may not know. */
const changed = (overrides: object): unknown => Reflect.apply(overridden, undefined, [overrides]);
const refusal = (problem: string) => new TypeError(problem);

describe('the table', () => {
  test('has these rows, and no others', () => {
    expect(Object.keys(operations)).toEqual(ids);
  });

  test.each(rows)('%s: %s, which is %s, and sent again: %s', (id, call, provenance, replay) => {
    const row = operations[id];
    expect(`${row.method} ${row.path}`).toBe(call);
    expect(row.provenance).toBe(provenance);
    expect(row.replay).toBe(replay);
    expect(row.result).toBeUndefined();
  });

  test('makes a body for a new key and for a maximum, of what each needs and nothing else', () => {
    const input = { name: 'ci', expiration: 1_900_000_000, expiresAt: new Date(0), days: 30 };
    const bodies = ids.map((id) => [id, operations[id].body?.(input)]).filter(([, body]) => body);
    expect(Object.fromEntries(bodies)).toStrictEqual({
      'apiKeyPolicy.set': { apiKeyExpiration: 30 },
      'apiKeys.create': { name: 'ci', expiration: 1_900_000_000 },
    });
  });

  test('cannot be changed in place, nor can a row of it', () => {
    expect(Object.isFrozen(operations)).toBe(true);
    for (const id of ids) expect(Object.isFrozen(operations[id]), id).toBe(true);
  });
});

describe('a change of the table', () => {
  test('may be none at all', () => {
    expect(overridden(undefined)).toBe(operations);
    expect(overridden({})).toEqual(operations);
    expect(changed({ 'user.get': undefined, 'apiKeys.get': undefined })).toEqual(operations);
  });

  test('changes one row, and leaves all others as they are', () => {
    const table = overridden({ 'apiKeys.list': { path: '/keys' } });
    expect(Object.keys(table)).toEqual(ids);
    for (const id of ids) expect(table[id] === operations[id], id).toBe(id !== 'apiKeys.list');
    expect(operations['apiKeys.list'].path).toBe('/api-keys');
  });

  test('changes what it names, and leaves the rest of the row as it is', () => {
    const before = operations['apiKeys.create'];
    const of = (change: OperationOverride) => overridden({ 'apiKeys.create': change })['apiKeys.create'];
    const body = () => ({ label: 'ci' });
    const result = () => ({ id: 'x' });
    expect(of({})).toStrictEqual(before);
    expect(of({ path: '/keys' })).toStrictEqual({ ...before, path: '/keys' });
    expect(of({ method: 'put' })).toStrictEqual({ ...before, method: 'PUT' });
    expect(of({ body })).toStrictEqual({ ...before, body });
    expect(of({ result })).toStrictEqual({ ...before, result });
  });

  test('changes neither how a row is sent again nor how sure we are of it', () => {
    const given = { replay: 'safe', provenance: 'documented', more: 1 };
    expect(changed({ 'apiKeys.create': given })).toEqual(operations);
  });

  test.each<[OperationId, string]>([
    ['user.get', '/'],
    ['user.get', '/users/self'],
    ['apiKeys.get', '/x/{id}/y'],
    ['apiKeys.delete', '/{id}'],
    ['accounts.users', '/users?account={accountId}'],
  ])('of %s may have the path %s', (id, path) => {
    expect(overridden({ [id]: { path } })[id].path).toBe(path);
  });
});

describe('a change that cannot work is refused', () => {
  test.each(['apiKeys.crate', 'constructor', 'toString', '__proto__', ''])('for a row "%s"', (id) => {
    expect(() => changed(Object.fromEntries([[id, { path: '/x' }]]))).toThrow(
      refusal(`operations: there is no operation of that name; known are ${ids.join(', ')}.`),
    );
  });

  test.each<[OperationId, string]>([
    ['user.get', 'user'],
    ['user.get', 'user/'],
    ['user.get', ''],
    ['user.get', ' /user'],
    ['user.get', 'https://b.example/user'],
    ['user.get', '/user/{id}'],
    ['apiKeys.get', '/keys'],
    ['apiKeys.get', '/keys/{accountId}'],
    ['apiKeys.get', '/keys/{id}/{id}'],
    ['apiKeys.get', '/keys/{accountId}/{id}'],
    ['apiKeys.get', '/keys/{}'],
    ['apiKeys.get', 'keys/{id}'],
  ])('for %s with the path "%s"', (id, path) => {
    expect(() => overridden({ [id]: { path } })).toThrow(
      refusal(
        `operations['${id}'].path must start with "/" and hold the placeholders of ${operations[id].path}.`,
      ),
    );
  });

  test.each(['', ' ', 'P UT', ' PUT', 'PUT ', 'PUT\r\n', 'PUT1', '1PUT', 'GÉT'])(
    'for the method "%s"',
    (method) => {
      expect(() => overridden({ 'apiKeys.get': { method } })).toThrow(
        refusal("operations['apiKeys.get'].method must be an HTTP method."),
      );
    },
  );
});

describe('the hint of an error', () => {
  test.each(rows)('about %s (%s), which is %s', (id, _, provenance) => {
    expect(assumptionHint(id)).toBe(
      provenance === 'assumed'
        ? ` How the service does ${id} is an assumption: if it differs, give the client operations: { '${id}': { … } }.`
        : '',
    );
  });

  test('about anything else is none', () => {
    for (const id of [undefined, '', 'apiKeys', 'constructor', '__proto__'])
      expect(assumptionHint(id)).toBe('');
  });
});
