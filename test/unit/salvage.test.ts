// What is saved of an answer that brings a secret and cannot be read as a whole.
import { describe, expect, test } from 'vitest';
import { salvage } from '../../src/wire/schemas.ts';

const SECRET = 'wQ7zR2mK9pX4tB6nV8cL3hJ5';
const saved = (answer: string) => salvage(answer).secret?.reveal();

describe('the secret', () => {
  test.each([
    ['of an answer that is cut right behind it', `{"result":{"id":"7e57","secret":"${SECRET}"`],
    ['with blanks around the colon', `{"secret" :\n "${SECRET}"}`],
    ['before what is no JSON', `{"secret":"${SECRET}"}<html>`],
    ['behind one that was cut by a line end', `{"secret":"wQ7z\n"secret":"${SECRET}"}`],
    ['behind one that is empty', `{"secret":"","secret":"${SECRET}"}`],
    ['behind one whose escapes mean nothing', `{"secret":"\\q","secret":"${SECRET}"}`],
  ])('%s', (_, answer) => {
    expect(saved(answer)).toBe(SECRET);
  });

  test('is what its escapes stand for', () => {
    expect(saved(`{"secret":${JSON.stringify('a"b\\c\u00fc')}}`)).toBe('a"b\\cü');
    expect(saved('{"secret":"\\u0061\\u0062"}')).toBe('ab');
  });

  test.each([
    ['is cut itself', `{"secret":"${SECRET}`],
    ['is no text', '{"secret":7}'],
    ['is empty', '{"secret":""}'],
    ['is somebody else', `{"secrets":"${SECRET}"}`],
    ['is longer than any secret', `{"secret":"${'a'.repeat(4_097)}"}`],
  ])('is not there where it %s', (_, answer) => {
    expect(salvage(answer)).toStrictEqual({});
  });

  test('is there as long as secrets may be', () => {
    expect(saved(`{"secret":"${'a'.repeat(4_096)}"}`)).toHaveLength(4_096);
  });
});

describe('the id of its key', () => {
  test.each([
    ['without blanks', '{"id":"7e57-A_z"'],
    ['with blanks around the colon', '{"id" \n:\t "7e57-A_z"'],
    ['behind an id that is a number', '{"id":7,"key":{"id":"7e57-A_z"}}'],
  ])('is read %s', (_, answer) => {
    expect(salvage(answer)).toStrictEqual({ keyId: '7e57-A_z' });
  });

  test.each([
    ['is empty', '{"id":""}'],
    ['holds a blank', '{"id":"a b"}'],
    ['is no text', '{"id":7}'],
    ['is longer than any id', `{"id":"${'a'.repeat(65)}"}`],
    ['is somebody else', '{"ids":"7e57"}'],
    ['stands behind what is no JSON', '{"id"x:"7e57"}'],
  ])('is not there where it %s', (_, answer) => {
    expect(salvage(answer)).toStrictEqual({});
  });

  test('is there as long as ids may be, and beside the secret', () => {
    const keyId = 'a'.repeat(64);
    const saved = salvage(`{"id":"${keyId}","secret":"${SECRET}"}`);
    expect(saved.keyId).toBe(keyId);
    expect(saved.secret?.reveal()).toBe(SECRET);
  });
});
