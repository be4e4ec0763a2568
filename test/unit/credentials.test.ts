// What a pair may be made of, said in full: what is kept of it, and the words of every refusal.

import { CredentialsError, parseCredentials, Secret } from 'blazemeter-client';
import { describe, expect, test } from 'vitest';
import { sameKey } from '../../src/auth/credentials.ts';
import { expectHidden, madeUp } from '../support/credentials.ts';

const { id, secret, token } = madeUp('somebody');

/** The error for a value of any form. */
function refused(value: unknown, source?: string): CredentialsError {
  try {
    Reflect.apply(parseCredentials, undefined, [value, source]);
  } catch (error) {
    if (error instanceof CredentialsError) return error;
    throw error;
  }
  throw new Error('It was taken.');
}

describe('a pair', () => {
  test('of an id and a secret has nothing else', () => {
    for (const given of [token, { id, secret }, { id, secret: Secret.from(secret) }]) {
      const pair = parseCredentials(given);
      expect(Object.keys(pair)).toEqual(['id', 'secret']);
      expect(pair.id).toBe(id);
      expect(pair.secret.reveal()).toBe(secret);
    }
    const empty = { expiresAt: undefined, origin: undefined, refreshAfterMs: undefined };
    expect(Object.keys(parseCredentials({ id, secret, ...empty }))).toEqual(['id', 'secret']);
  });

  test('keeps when it runs out, and after how long its source is asked again', () => {
    const expiresAt = new Date(1_900_000_000_000);
    expect(parseCredentials({ id, secret, expiresAt }).expiresAt).toBe(expiresAt);
    for (const refreshAfterMs of [0, 1, Number.POSITIVE_INFINITY])
      expect(parseCredentials({ id, secret, refreshAfterMs }).refreshAfterMs).toBe(refreshAfterMs);
  });

  test('keeps the origin of an address, and nothing of its path or password', () => {
    const origin = 'https://me:password@A.blazemeter.com:443/api/v4?x=1';
    expect(parseCredentials({ id, secret, origin }).origin).toBe('https://a.blazemeter.com');
  });
});

describe('a pair is refused', () => {
  const refusals: readonly [what: string, value: unknown, problem: string][] = [
    ['a text without a colon', secret, 'must have the form id:secret, but there is no colon.'],
    ['a text without an id', `:${secret}`, 'lack the key id: it is empty or not a string.'],
    ['a text without a secret', `${id}:`, 'lack the key secret: it is empty.'],
    ['nothing', undefined, 'must be a pair { id, secret } or the text id:secret.'],
    ['null', null, 'must be a pair { id, secret } or the text id:secret.'],
    ['a number', 7, 'must be a pair { id, secret } or the text id:secret.'],
    ['an id that is empty', { id: '', secret }, 'lack the key id: it is empty or not a string.'],
    ['an id that is no text', { id: 7, secret }, 'lack the key id: it is empty or not a string.'],
    ['no secret', { id }, 'lack the key secret: it is neither a string nor a Secret.'],
    [
      'a secret that is no text',
      { id, secret: 7 },
      'lack the key secret: it is neither a string nor a Secret.',
    ],
    [
      'a secret that cannot be revealed',
      {
        id,
        secret: {
          reveal() {
            throw new Error(secret);
          },
        },
      },
      'lack the key secret: it is neither a string nor a Secret.',
    ],
    ['a secret that is empty', { id, secret: Secret.from('') }, 'lack the key secret: it is empty.'],
    [
      'a colon in the id',
      { id: `${id}:`, secret },
      'have a colon in the key id, which HTTP Basic authentication cannot carry.',
    ],
    [
      'a line break in the id',
      { id: `${id}\n`, secret },
      'have a control character, such as a line break, in the key id.',
    ],
    [
      'a line break in the secret',
      { id, secret: `${secret}\r` },
      'have a control character, such as a line break, in the key secret.',
    ],
    [
      'half of a surrogate pair in the id',
      { id: `${id}\ud800`, secret },
      'hold half of a surrogate pair, which UTF-8 cannot carry.',
    ],
    [
      'half of a surrogate pair in the secret',
      { id, secret: `${secret}\udc00` },
      'hold half of a surrogate pair, which UTF-8 cannot carry.',
    ],
    [
      'an expiry that is a number',
      { id, secret, expiresAt: 1_900_000_000_000 },
      'have an expiry that is not a date.',
    ],
    [
      'an expiry that only has the time of a date',
      { id, secret, expiresAt: { getTime: (): number => 1_900_000_000_000 } },
      'have an expiry that is not a date.',
    ],
    [
      'an expiry that is no moment',
      { id, secret, expiresAt: new Date(Number.NaN) },
      'have an expiry that is not a date.',
    ],
    ...[-1, Number.NaN, '5', null, new Date(5)].map((refreshAfterMs): [string, unknown, string] => [
      `a time of ${String(refreshAfterMs)} to be asked again`,
      { id, secret, refreshAfterMs },
      'have a time to be asked for again that is no number of milliseconds.',
    ]),
    ...['a.blazemeter.com', '', new URL('https://a.blazemeter.com'), null].map(
      (origin): [string, unknown, string] => [
        `an origin of ${JSON.stringify(origin)} (${typeof origin})`,
        { id, secret, origin },
        'have an origin that is not a URL.',
      ],
    ),
  ];
  test.each(refusals)('for %s', (_, value, problem) => {
    const error = refused(value);
    expect(error.message).toBe(`The credentials ${problem}`);
    expect(error).not.toHaveProperty('source');
    expect(error.cause).toBeUndefined();
    expectHidden(error, secret);
  });

  test('in the name of its source, where it has one', () => {
    const error = refused(secret, 'BZ_TOKEN');
    expect(error.message).toBe('BZ_TOKEN must have the form id:secret, but there is no colon.');
    expect(error.source).toBe('BZ_TOKEN');
  });
});

describe('two ids', () => {
  test('name one key in either case of their letters', () => {
    expect(sameKey('7e57aB', '7E57Ab')).toBe(true);
    expect(sameKey(id, id)).toBe(true);
  });

  test('name two keys where they differ otherwise', () => {
    expect(sameKey(id, madeUp('another').id)).toBe(false);
    expect(sameKey('7e57', '7e57 ')).toBe(false);
  });
});
