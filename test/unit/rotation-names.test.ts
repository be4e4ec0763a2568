// By its name a key is known as a rotation's own, and as which; and bytes become base64 without Node's Buffer and back.
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { fromBase64, textFromBase64, textToBase64, toBase64 } from '../../src/rotation/stores/base64.ts';
import {
  checkBase,
  derivedRecordId,
  keyName,
  newNonce,
  newRecordId,
  readKeyName,
} from '../../src/util/key-name.ts';

const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const parts = { recordId: 'k3v9m2xq7a', epoch: 4, nonce: 'abcdefghijkmnpqr' };
const name = 'ci.k3v9m2xq7a.e4.abcdefghijkmnpqr';

describe('the name of a key', () => {
  it('is base, record, epoch and nonce, and says them again', () => {
    expect(keyName('ci', parts)).toBe(name);
    expect(readKeyName(name)).toEqual(parts);
    expect(readKeyName(keyName('a.b c', { ...parts, epoch: 999_999_999 }))).toEqual({
      ...parts,
      epoch: 999_999_999,
    });
    expect(readKeyName(name.slice(2))).toEqual(parts);
  });

  it.each([
    'ci',
    '',
    `${name} `,
    name.replace('.e4', '.4'),
    name.replace('.e4', '.e'),
    name.replace('.e4', '.ex'),
    name.replace('.e4', '.e1234567890'),
    name.replace('.e4', 'xe4'),
    name.replace('.k3v', 'xk3v'),
    name.replace('.abc', 'xabc'),
    name.replace('k3v9', 'k3v'),
    name.replace('k3v9', 'k3v1'),
    name.replace('abc', 'ab'),
    name.replace('abc', 'abcd'),
    name.replace('abc', 'abl'),
  ])('is none of a rotation: %s', (other) => expect(readKeyName(other)).toBeUndefined());

  it('has random parts, each of its length and of letters that are hard to mistake', () => {
    expect(new Set(Array.from({ length: 50 }, newRecordId)).size).toBe(50);
    const seen = new Set(Array.from({ length: 200 }, () => [...newNonce(), ...newRecordId()]).flat());
    expect([...seen].sort().join('')).toBe([...ALPHABET].sort().join(''));
    expect(newRecordId()).toMatch(/^[a-z2-9]{10}$/);
    expect(newNonce()).toMatch(/^[a-z2-9]{16}$/);
  });

  it('has the same record for the same user and base, where no record is kept', async () => {
    const digest = createHash('sha256').update('7\nci').digest().subarray(0, 10);
    const expected = [...digest].map((byte) => ALPHABET[byte % 32]).join('');
    expect(await derivedRecordId(7, 'ci')).toBe(expected);
    expect(await derivedRecordId(8, 'ci')).not.toBe(expected);
    expect(await derivedRecordId(7, 'cd')).not.toBe(expected);
  });
});

describe('the first part of a name', () => {
  it.each(['c', 'a.b c', 'ü', 'x'.repeat(80)])('may be %s', (base) => expect(checkBase(base)).toBe(base));

  it.each([[''], ['  '], ['x'.repeat(81)], ['a\nb'], ['a\u0000b'], [7], [null], [undefined]])(
    'may not be %o',
    (base) => {
      const wrong = new TypeError(
        'name must be a text of 1 to 80 characters, without line breaks or other control characters.',
      );
      expect(() => checkBase(base)).toThrow(wrong);
    },
  );
});

describe('base64', () => {
  it('has every byte, of few and of many, and as Buffer says it', () => {
    for (const length of [0, 1, 2, 3, 255, 8_191, 8_192, 8_193, 20_000]) {
      const bytes = Uint8Array.from({ length }, (_, at) => (at * 7) % 256);
      const text = toBase64(bytes);
      expect(text).toBe(Buffer.from(bytes).toString('base64'));
      expect(fromBase64(text)).toEqual(bytes);
    }
  });

  it('is made of so few bytes at a time that any number of them is taken', () => {
    const bytes = new Uint8Array(1_000_000).fill(1);
    expect(toBase64(bytes).length).toBe(1_333_336);
  });

  it('is read in either alphabet, padded or not', () => {
    const bytes = Uint8Array.of(251, 239, 190, 255, 255, 255, 251);
    for (const text of ['++++////+w==', '++++////+w', '----____-w', '----____-w=='])
      expect(fromBase64(text), text).toEqual(bytes);
  });

  it.each(['!', 'YQ!', '!YQ', 'Y Q', 'A', 'AAAAA', 'YQ=x', 'ab=c', '=ab'])('is not %s', (text) => {
    expect(fromBase64(text)).toBeUndefined();
    expect(textFromBase64(text)).toBeUndefined();
  });

  it('holds text as UTF-8, and bytes that are none are no text', () => {
    expect(textToBase64('ÄÖ €')).toBe(Buffer.from('ÄÖ €').toString('base64'));
    expect(textFromBase64(textToBase64('ÄÖ €'))).toBe('ÄÖ €');
    expect(textFromBase64(toBase64(Uint8Array.of(0xff, 0xfe)))).toBeUndefined();
  });
});
