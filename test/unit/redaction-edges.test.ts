// Where hiding begins and ends, to the character: in each encoding what stands before and after a secret stays, names and
// codes of errors are whole words or nothing, and chains of causes have an end.
import { BlazeMeterError, CredentialsError } from 'blazemeter-client';
import { describe, expect, test } from 'vitest';
import { codeOf, fieldOf, hasCleanCauses, scrubbed } from '../../src/auth/cause.ts';
import { withoutSecrets } from '../../src/auth/redact.ts';
import { printable } from '../../src/util/printable.ts';

describe('of a secret in an answer nothing is left, and nothing else is taken', () => {
  // Of 24, 25 and 26 bytes: each ends differently in base64.
  const secrets = ['wQ7zR2mK9pX4tB6nV8cL3hJ5', 'wQ7zR2mK9pX4tB6nV8cL3hJ5y', 'wQ7zR2mK9pX4tB6nV8cL3hJ5yD'];

  test.each(secrets)('%s as JSON and as a form', (secret) => {
    expect(withoutSecrets(`{"secret":"${secret}","a":1}`, [secret])).toBe('{"secret":"[redacted]","a":1}');
    expect(withoutSecrets(`a=1&secret=${secret}&b=2`, [secret])).toBe('a=1&secret=[redacted]&b=2');
  });

  test('as base64: what it shares with its neighbours stays', () => {
    const [whole = '', oneMore = '', twoMore = ''] = secrets;
    expect(withoutSecrets(btoa(whole), [whole])).toBe('[redacted]');
    expect(withoutSecrets(btoa(oneMore), [oneMore])).toBe(`[redacted]${btoa(oneMore).slice(-3)}`);
    expect(withoutSecrets(btoa(twoMore), [twoMore])).toBe(`[redacted]${btoa(twoMore).slice(-2)}`);
    for (const [before, shared] of [
      [' ', 2],
      ['  ', 3],
    ] as const) {
      // Filled up to whole groups, so that it ends with the secret.
      const secret = before === ' ' ? twoMore : oneMore;
      const text = btoa(before + secret);
      expect(withoutSecrets(text, [secret])).toBe(`${text.slice(0, shared)}[redacted]`);
    }
  });

  test('as hex, with bytes that begin with a nought', () => {
    expect(withoutSecrets('<0161026203630464>', ['\u0001a\u0002b\u0003c\u0004d'])).toBe('<[redacted]>');
  });

  test('where it is the very word that is put in its place', () => {
    expect(withoutSecrets('a redacted b', ['redacted'])).toBe('a [redacted] b');
  });

  test('where it is as long as a book', () => {
    const book = 'abcdefghij'.repeat(150_000);
    expect(withoutSecrets(`<${book}>`, [book])).toBe('<[redacted]>');
  });
});

describe('the name of an error', () => {
  const nameOf = (name: string) => scrubbed(Object.assign(new Error('x'), { name })).name;

  test.each(['Error', 'TypeError', 'Exception', 'AxiosError', 'IOException', 'H2Error'])(
    '%s is kept',
    (name) => {
      expect(nameOf(name)).toBe(name);
    },
  );

  test.each([
    'hunter22 TypeError',
    'hunter22Error',
    'TypeError: hunter22',
    'Errors',
    'typeError',
    '',
    'Secret',
  ])('%j is none', (name) => {
    expect(nameOf(name)).toBe('Error');
  });
});

describe('the code of an error', () => {
  const shown = (code: unknown) => scrubbed(Object.assign(new Error('x'), { code }));

  test.each(['ENOENT', 'E2BIG', 'ERR_HTTP2_ERROR', 'UND_ERR_SOCKET', 'CERT_HAS_EXPIRED'])(
    '%s is shown',
    (code) => {
      expect(shown(code).message).toBe(code);
      expect(Object.keys(shown(code))).toContain('code');
    },
  );

  test.each(['hunter22 ENOENT', 'ENOENT hunter22', 'enoent', 'ERR_HTTP--', 'HTTP', 7, ['ENOENT'], undefined])(
    '%j is not, and leaves no trace',
    (code) => {
      expect(shown(code).message).toBe('details withheld, because they may quote a secret');
      expect(shown(code)).not.toHaveProperty('code');
    },
  );

  test.each(['ECONNRESET', 'ConnectionRefused', 'UND_ERR_SOCKET', `A${'b'.repeat(60)}`])(
    '%s can be compared with',
    (code) => {
      expect(codeOf({ code })).toBe(code);
    },
  );

  test.each([
    'E',
    'econnreset',
    'x ECONNRESET',
    'ECONNRESET!',
    'E CONN',
    `A${'b'.repeat(61)}`,
    7,
    ['ECONNRESET'],
  ])('%j cannot', (code) => {
    expect(codeOf({ code })).toBeUndefined();
  });

  test('is that of an object alone', () => {
    expect(fieldOf({ length: 7 }, 'length')).toBe(7);
    for (const value of [() => {}, 'text', 7, null, undefined])
      expect(fieldOf(value, 'length')).toBeUndefined();
  });
});

describe('a chain of causes', () => {
  const chain = (length: number, link: (cause: unknown) => Error): Error => {
    let error = link(undefined);
    for (let more = 1; more < length; more++) error = link(error);
    return error;
  };

  test('is kept for six links', () => {
    let kept: unknown = scrubbed(chain(20, (cause) => new Error('x', { cause })));
    let links = 0;
    for (; kept instanceof Error; kept = kept.cause) links += 1;
    expect(links).toBe(6);
  });

  test('is known to be clean for six links, and not trusted beyond', () => {
    const ours = (length: number) =>
      new BlazeMeterError('x', { cause: chain(length, (cause) => new CredentialsError('y', { cause })) });
    expect(hasCleanCauses(ours(6))).toBe(true);
    expect(hasCleanCauses(ours(7))).toBe(false);
    expect(hasCleanCauses(ours(20))).toBe(false);
  });
});

describe('a text from outside', () => {
  test('that is just as long as may be stays whole', () => {
    expect(printable('ab cd', 5)).toBe('ab cd');
    expect(printable('ab '.repeat(66))).toBe('ab '.repeat(66));
  });

  test('is not looked at beyond eight times what is shown', () => {
    expect(printable(`${'a'.repeat(1_600)} and more`)).toBe('[redacted]');
    expect(printable(`${'a'.repeat(1_596)} and more`)).toBe('[redacted] and');
  });
});
