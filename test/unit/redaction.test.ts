// What is shown of text from outside and of errors that others make, to the character: pure functions with a table of
// their own, since a leak of one character is a leak. client/quoted-text.test.ts shows the same through the client.
import { inspect } from 'node:util';
import { BlazeMeterError, CredentialsError } from 'blazemeter-client';
import { describe, expect, it } from 'vitest';
import { codeOf, fieldOf, hasCleanCauses, scrubbed, summary } from '../../src/auth/cause.ts';
import { withoutSecrets } from '../../src/auth/redact.ts';
import { printable, shownId } from '../../src/util/printable.ts';
import { createDetector, encodingNames, encodings } from '../leak/detector.ts';
import { secretsOf } from '../leak/stage.ts';

describe('text from outside', () => {
  it('hides long runs that look like an encoded credential', () => {
    expect(printable(`a ${'0f'.repeat(16)} b`)).toBe('a [redacted] b');
    expect(printable(`a ${'0f'.repeat(15)} b`)).toBe(`a ${'0f'.repeat(15)} b`);
    // What is put in must not complete a command.
    expect(printable(`##${'0f'.repeat(16)}`)).toBe('# #[redacted]');
  });

  it('is cut at 200 characters, or where an argument says', () => {
    expect(printable('ab '.repeat(1000))).toHaveLength(200);
    expect(printable('ab '.repeat(1000)).endsWith('…')).toBe(true);
    expect(printable('abcdef', 4)).toBe('abc…');
    expect(printable('😀'.repeat(300)).isWellFormed()).toBe(true);
  });

  it('may be no text at all', () => {
    expect(printable(undefined)).toBe('');
    expect(printable(null)).toBe('');
    expect(printable(12)).toBe('12');
  });

  it('a key id is shown where it looks like one', () => {
    for (const id of ['7e57ed1d0123456789abcdef', 'my-key-id', 'a']) expect(shownId(id)).toBe(id);
    for (const id of ['', 'a b', '##[a', secretsOf('hex').credentials, secretsOf('awkward').credentials])
      expect(shownId(id)).toBe('[redacted]');
  });
});

/** Every other character of it is written differently by some encoding. */
const dense = Array.from('abcdefghijklmnopqrstuvwxyz', (letter, at) => letter + `"' ~\\ü€!`[at % 8]).join('');
const hidden = {
  hex: secretsOf('hex'),
  awkward: secretsOf('awkward'),
  dense: { credentials: dense, made: 'made up 12' },
};

describe.each(Object.entries(hidden))('hiding a secret that is %s', (_kind, { credentials, made }) => {
  const detect = createDetector({ credentials, made });
  const wire = encodingNames.filter((name) => !name.includes('inspected') && !name.startsWith('bytes'));

  it.each(wire)('every piece of eight and more is hidden: %s', (encoding) => {
    for (let from = 0; from + 8 <= credentials.length; from += 3) {
      for (const length of [8, 11, 80]) {
        const text = encodings[encoding].write(credentials.slice(from, from + length));
        expect(detect(withoutSecrets(`before ${text} after`, [made, credentials]))).toEqual([]);
      }
    }
  });

  it('what stands around it stays', () => {
    expect(withoutSecrets(`key ${credentials}, again ${made}.`, [credentials, made])).toBe(
      'key [redacted], again [redacted].',
    );
    expect(withoutSecrets('nothing to see', [credentials])).toBe('nothing to see');
    expect(withoutSecrets(credentials.slice(0, 7), [credentials])).toBe(credentials.slice(0, 7));
  });

  it('writing it in capitals makes no difference', () => {
    const upper = encodings.hex.write(credentials).toUpperCase();
    expect(detect(withoutSecrets(`${upper} ${credentials.toUpperCase()}`, [credentials]))).toEqual([]);
  });
});

it('a secret that is shorter than eight characters is hidden whole', () => {
  expect(withoutSecrets('a hunter2 b', ['hunter2', ''])).toBe('a [redacted] b');
});

it('secrets that begin alike are both hidden to their ends', () => {
  const secrets = ['abcdefgh12345678', 'abcdefgh87654321'];
  expect(withoutSecrets(`${secrets[1]}${secrets[0]}`, secrets)).toBe('[redacted][redacted]');
});

describe('errors that others make', () => {
  const quoting = Object.assign(new TypeError('with Basic abc', { cause: new Error('inner') }), {
    code: 'ECONNRESET',
    headers: { authorization: 'Basic abc' },
  });

  it('keep their names and codes, and nothing else', () => {
    const kept = scrubbed(quoting);
    expect(kept).toMatchObject({ name: 'TypeError', message: 'ECONNRESET', code: 'ECONNRESET' });
    expect(kept.stack).toBe('TypeError: ECONNRESET');
    expect(kept.cause).toMatchObject({ name: 'Error', message: expect.stringContaining('withheld') });
    expect(inspect(kept, { depth: null, showHidden: true })).not.toMatch(/abc|inner/);
  });

  it('may resist being looked at', () => {
    const trap = new Proxy(new Error('x'), {
      get() {
        throw new Error('the secret');
      },
    });
    expect(scrubbed(trap).message).toContain('withheld');
    expect(fieldOf(trap, 'cause')).toBeUndefined();
    expect(codeOf(trap)).toBeUndefined();
  });

  it('may be their own cause', () => {
    const round = new Error('x');
    round.cause = round;
    let depth = 0;
    for (let link: unknown = scrubbed(round); link instanceof Error; link = link.cause) depth++;
    expect(depth).toBeLessThan(10);
    expect(hasCleanCauses(new BlazeMeterError('x', { cause: round }))).toBe(false);
  });

  it('errors of ours pass as they are, and can be reduced as well', () => {
    const ours = new CredentialsError('said by us');
    expect(scrubbed(ours)).toBe(ours);
    expect(summary(ours).name).toBe('CredentialsError');
    expect(summary(ours).message).not.toContain('said');
  });

  it('whether the causes of an error of ours are clean is known', () => {
    expect(hasCleanCauses(new BlazeMeterError('x'))).toBe(true);
    expect(hasCleanCauses(new BlazeMeterError('x', { cause: scrubbed(quoting) }))).toBe(true);
    expect(hasCleanCauses(new BlazeMeterError('x', { cause: new CredentialsError('y') }))).toBe(true);
    expect(hasCleanCauses(new BlazeMeterError('x', { cause: quoting }))).toBe(false);
    let endless = new CredentialsError('y', { cause: quoting });
    for (let times = 0; times < 20; times++) endless = new CredentialsError('y', { cause: endless });
    expect(hasCleanCauses(endless)).toBe(false);
    const deep = new CredentialsError('y', { cause: quoting });
    expect(hasCleanCauses(new BlazeMeterError('x', { cause: deep }))).toBe(false);
  });
});

describe('of a secret in a response nothing is left, and nothing else is taken', () => {
  // Of 24, 25 and 26 bytes: each ends differently in base64.
  const secrets = ['wQ7zR2mK9pX4tB6nV8cL3hJ5', 'wQ7zR2mK9pX4tB6nV8cL3hJ5y', 'wQ7zR2mK9pX4tB6nV8cL3hJ5yD'];

  it('as base64: what it shares with its neighbours stays', () => {
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

  it('as hex, with bytes that begin with a nought', () => {
    expect(withoutSecrets('<0161026203630464>', ['\u0001a\u0002b\u0003c\u0004d'])).toBe('<[redacted]>');
  });

  it('where it is the very word that is put in its place', () => {
    expect(withoutSecrets('a redacted b', ['redacted'])).toBe('a [redacted] b');
  });

  it('where it is as long as a book', () => {
    const book = 'abcdefghij'.repeat(150_000);
    expect(withoutSecrets(`<${book}>`, [book])).toBe('<[redacted]');
  });

  it('of a text of megabytes only the beginning is looked at, and returned', () => {
    expect(withoutSecrets('ab '.repeat(5e6), secrets).length).toBeLessThan(10_000);
  });
});

describe('a text that may quote a secret in another encoding is withheld', () => {
  const secret = hidden.hex.credentials;
  const units = Array.from(secret.slice(0, 24));
  const each = (write: (code: number) => string, between = '') =>
    units.map((unit) => write(unit.charCodeAt(0))).join(between);
  const hexOf = (code: number) => code.toString(16).padStart(2, '0');

  it.each([
    ['spaced hex', each(hexOf, ' ')],
    ['hex with colons, in capitals', each(hexOf, ':').toUpperCase()],
    ['a dump of bytes', each((code) => `0x${hexOf(code)}`, ', ')],
    ['\\x escapes', each((code) => `\\x${hexOf(code)}`)],
    ['\\u escapes', each((code) => `\\u00${hexOf(code)}`)],
    ['\\u{} escapes', each((code) => `\\u{${hexOf(code)}}`)],
    ['octal escapes', each((code) => `\\${code.toString(8).padStart(3, '0')}`)],
    ['decimal bytes', each(String, ' ')],
    ['decimal bytes in a list', `[${each(String, ',')}]`],
    ['decimal entities', each((code) => `&#${code};`)],
    ['hex entities', each((code) => `&#x${hexOf(code)};`)],
    [
      'an entity for some characters',
      units.map((unit, at) => (at % 5 ? unit : `&#${unit.charCodeAt(0)};`)).join(''),
    ],
    ['binary', each((code) => code.toString(2).padStart(8, '0'), ' ')],
    ['quoted-printable', each((code) => `=${hexOf(code).toUpperCase()}`)],
    ['lines of six', secret.replace(/.{6}/g, '$&\n')],
    ['lines with a soft break', secret.replace(/.{6}/g, '$&=\r\n')],
    ['lines of base64', btoa(secret).replace(/.{7}/g, '$& ')],
    ['characters apart', units.join(' ')],
    ['zero-width spaces', units.join('\u200b')],
    ['letters of full width', each((code) => String.fromCharCode(code + 0xfee0))],
    ['pieces in tags', secret.replace(/.{5}/g, '<b>$&</b>')],
    ['a table of characters', units.map((unit, at) => `[${at}]="${unit}"`).join(' ')],
    ['a table of codes', units.map((unit, at) => `${at}:${unit.charCodeAt(0)}`).join(' ')],
    ['the bytes that its hex stands for', [...Buffer.from(secret.slice(0, 48), 'hex')].join(' ')],
    ['backwards', units.reverse().join('')],
  ])('%s', (_what, written) => {
    const shown = withoutSecrets(`bad request: ${written} is not allowed`, [secret]);
    expect(shown).toContain('withheld');
    expect(shown).not.toContain('bad request');
  });

  it.each([
    'Invalid value for expiration: must be one of 30, 60, 90, 120, 180, 270, 365, 730 days.',
    'Project 1234567 (id 0123456789abcdef01234567) was not found at 2030-01-02T03:04:05.678Z.',
    'Reached from 10.0.0.1, 10.0.0.2 and 192.168.17.254 at 12:30:59: <b>not</b> "a" or "b".',
    'It isn&#039;t allowed to use &quot;x&quot;.',
    'No route to https://a.blazemeter.com/api/v4/tests?limit=50&skip=100&sort=-updated&name=my%20test',
    'Cannot reach 2001:db8:0:0:0:0:2:1, request 550e8400-e29b-41d4-a716-446655440000.',
  ])('an honest one is not: %s', (text) => {
    expect(withoutSecrets(text, [secret])).toBe(text);
  });
});

describe('the code of an error', () => {
  it.each(['ECONNRESET', 'ConnectionRefused', 'UND_ERR_SOCKET', `A${'b'.repeat(60)}`])(
    '%s can be compared with',
    (code) => {
      expect(codeOf({ code })).toBe(code);
    },
  );

  it.each([
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

  it('is that of an object alone', () => {
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

  it('is kept for six links', () => {
    let kept: unknown = scrubbed(chain(20, (cause) => new Error('x', { cause })));
    let links = 0;
    for (; kept instanceof Error; kept = kept.cause) links += 1;
    expect(links).toBe(6);
  });

  it('is known to be clean for six links, and not trusted beyond', () => {
    const ours = (length: number) =>
      new BlazeMeterError('x', { cause: chain(length, (cause) => new CredentialsError('y', { cause })) });
    expect(hasCleanCauses(ours(6))).toBe(true);
    expect(hasCleanCauses(ours(7))).toBe(false);
    expect(hasCleanCauses(ours(20))).toBe(false);
  });
});

describe('a text from outside', () => {
  it('that is just as long as may be stays whole', () => {
    expect(printable('ab cd', 5)).toBe('ab cd');
    expect(printable('ab '.repeat(66))).toBe('ab '.repeat(66));
  });

  it('is not looked at beyond eight times what is shown', () => {
    expect(printable(`${'a'.repeat(1_600)} and more`)).toBe('[redacted]');
    expect(printable(`${'a'.repeat(1_596)} and more`)).toBe('[redacted] and');
  });
});
