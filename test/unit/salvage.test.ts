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
    expect(salvage(answer)).toEqual({});
  });

  test('is there as long as secrets may be', () => {
    expect(saved(`{"secret":"${'a'.repeat(4_096)}"}`)).toHaveLength(4_096);
  });
});

test('the id of its key, where it looks like one', () => {
  expect(salvage('{"id": "7e57-A_z"').keyId).toBe('7e57-A_z');
  for (const id of ['""', '"a b"', '7', `"${'a'.repeat(65)}"`]) expect(salvage(`{"id":${id}}`)).toEqual({});
});
