// The detector of the leak table itself: it finds the shortest piece that counts in every encoding, and nothing else.
import { describe, expect, it } from 'vitest';
import { createDetector, encodingNames, encodings, PIECE } from './detector.ts';
import { basic, kinds, secretsOf } from './stage.ts';

describe.each(kinds)('with a secret that is %s', (kind) => {
  const { credentials, made } = secretsOf(kind);
  const detect = createDetector({ credentials });

  it.each(encodingNames)('every piece of eight characters is found: %s', (encoding) => {
    for (let from = 0; from + PIECE <= credentials.length; from++) {
      const text = encodings[encoding].write(credentials.slice(from, from + PIECE));
      expect(detect(`x ${text}.`)).toContainEqual({ secret: 'credentials', encoding, from });
    }
  });

  it('a piece of seven is not', () => {
    for (let from = 0; from + 7 <= credentials.length; from++)
      expect(detect(`x ${credentials.slice(from, from + 7)}.`)).toEqual([]);
  });

  it('the header is found, whatever the length of the id', () => {
    for (const id of ['a', 'ab', 'abc', 'abcd'])
      expect(detect(basic({ id, secret: credentials })).length).toBeGreaterThan(50);
  });

  it('upper case hides nothing where case means nothing', () => {
    expect(detect(credentials.toUpperCase()).length).toBeGreaterThan(0);
    expect(detect(encodings.hex.write(credentials).toUpperCase()).length).toBeGreaterThan(0);
  });

  it('another secret, and the id, are not found', () => {
    expect(detect(made)).toEqual([]);
    expect(detect(encodings['base64, first of three'].write(made))).toEqual([]);
    expect(detect(JSON.stringify(process.versions))).toEqual([]);
  });
});

it('the awkward secret is written differently in each encoding, so that none stands for another', () => {
  const { credentials } = secretsOf('awkward');
  const written = encodingNames.map((name) => encodings[name].write(credentials));
  expect(new Set(written).size).toBe(encodingNames.length);
});
