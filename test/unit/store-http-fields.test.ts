// The fields that a store behind an HTTP API keeps, and how values from outside are read: their own properties, no others.
import { describe, expect, it } from 'vitest';
import { at, checkPairKeys, fieldsOf, objectAt, RECORD_FIELD } from '../../src/rotation/stores/http-store.ts';
import { MADE_UP_SECRET, madeUpRecord } from '../stores/records.ts';

describe('a property of a value from outside', () => {
  it('is found along its path', () => {
    expect(at({ a: { b: [7] } }, 'a', 'b', '0')).toBe(7);
    expect(at('whole')).toBe('whole');
  });

  it.each<[string, unknown, ...string[]]>([
    ['of a text', 'abc', 'length'],
    ['of nothing', undefined, 'a'],
    ['of null', null, 'a'],
    ['that is inherited', {}, 'toString'],
    ['below one that is not there', { b: 1 }, 'a', 'b'],
    ['of a function', Object, 'name'],
  ])('%s is not there', (_, value, ...path) => {
    expect(at(value, ...path)).toBeUndefined();
  });
});

describe('the fields of an object from outside', () => {
  it('are its own, without one that would be the prototype', () => {
    const fields = objectAt(JSON.parse('{"a": {"__proto__": {"b": 1}, "c": 2}}'), 'a');
    expect(Object.entries(fields)).toEqual([['c', 2]]);
    expect(fields).not.toHaveProperty('b');
  });

  it.each(['text', null, undefined, 7, ['a list']])('are none where it is %j', (value) => {
    expect(objectAt({ value }, 'value')).toStrictEqual({});
  });
});

describe('the fields of a record', () => {
  const pairKeys = { id: 'key_id', secret: 'key_secret' };
  const FORM = /^[a-z_]+$/;
  const refused = new TypeError(
    'pairKeys names two different fields, { id, secret }, of letters, digits, "-", "_" and "."; neither is "record".',
  );

  it('are its text alone, or the pair in use besides', () => {
    const record = madeUpRecord();
    expect(RECORD_FIELD).toBe('record');
    expect(fieldsOf('the text', record, undefined)).toStrictEqual({ record: 'the text' });
    expect(fieldsOf('the text', record, pairKeys)).toStrictEqual({
      record: 'the text',
      key_id: record.current.id,
      key_secret: MADE_UP_SECRET,
    });
  });

  it('may have any two names of the form', () => {
    expect(() => checkPairKeys(undefined, FORM)).not.toThrow();
    expect(() => checkPairKeys(pairKeys, FORM)).not.toThrow();
  });

  it.each([
    { id: 'same', secret: 'same' },
    { id: 'record', secret: 'b' },
    { id: 'a', secret: 'record' },
    { id: 'A', secret: 'b' },
    { id: 'a', secret: 'B' },
    { id: '', secret: 'b' },
  ])('cannot have the names %j', (keys) => {
    expect(() => checkPairKeys(keys, FORM)).toThrow(refused);
  });

  it('have names that are texts', () => {
    for (const id of [7, undefined, ['a']])
      expect(() => Reflect.apply(checkPairKeys, undefined, [{ id, secret: 'b' }, /^[a-z0-9]+$/])).toThrow(
        refused,
      );
  });
});
