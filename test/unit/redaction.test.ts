// What is shown of text from outside and of errors that others make, to the character: pure functions with a table of
// their own, since a leak of one character is a leak.
import { inspect } from 'node:util';
import { BlazeMeterError, CredentialsError } from 'blazemeter-client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { codeOf, fieldOf, hasCleanCauses, scrubbed, summary } from '../../src/auth/cause.ts';
import { withoutSecrets } from '../../src/auth/redact.ts';
import { printable, shownId } from '../../src/util/printable.ts';
import { createDetector, encodingNames, encodings } from '../leak/detector.ts';
import { kinds, secretsOf } from '../leak/stage.ts';

describe('text from outside', () => {
  it('stays as it is where it only shows', () => {
    for (const text of [
      'Not Found: Project not found',
      'Übergröße 7 %',
      'a: b, "c" [d] #1 {e}',
      '日本語',
      '😀',
    ])
      expect(printable(text)).toBe(text);
  });

  it('shows characters that act as escapes', () => {
    expect(printable('a\u001b[31m\r\n\t\u202e\u2028\u200b\u{e0041}\ud800')).toBe(
      'a\\u001b[31m\\u000d\\u000a\\u0009\\u202e\\u2028\\u200b\\u{e0041}\\ud800',
    );
  });

  it('breaks the commands of CI systems', () => {
    expect(printable('##vso[task.complete]')).toBe('# #vso[task.complete]');
    expect(printable('a ##[error] ###VSO[b]')).toBe('a # #[error] ## #VSO[b]');
    expect(printable(' ::error::a')).toBe(' : :error::a');
    expect(printable('std::string')).toBe('std::string');
  });

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

  it('is safe whatever it is', () => {
    const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
    const piece = fc.constantFrom('#', '##', 'vso[', '[', ':', '::', ' ', '\n', '\u200b', '\ufeff', 'a');
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(hostile, (text) => {
        const shown = printable(text);
        return !acting.test(shown) && !/##(vso)?\[/i.test(shown) && !/^\s*::/.test(shown);
      }),
      { numRuns: 1000 },
    );
  });

  it('a key id is shown where it looks like one', () => {
    for (const id of ['7e57ed1d0123456789abcdef', 'my-key-id', 'a']) expect(shownId(id)).toBe(id);
    for (const id of ['', 'a b', '##[a', secretsOf('hex').pair, secretsOf('awkward').pair])
      expect(shownId(id)).toBe('[redacted]');
  });
});

/** Every other character of it is written differently by some encoding. */
const dense = Array.from('abcdefghijklmnopqrstuvwxyz', (letter, at) => letter + `"' ~\\ü€!`[at % 8]).join('');
const hidden = {
  hex: secretsOf('hex'),
  awkward: secretsOf('awkward'),
  dense: { pair: dense, made: 'made up 12' },
};

describe.each(Object.entries(hidden))('hiding a secret that is %s', (_kind, { pair, made }) => {
  const detect = createDetector({ pair, made });
  const wire = encodingNames.filter((name) => !name.includes('inspected') && !name.startsWith('bytes'));

  it.each(wire)('every piece of eight and more is hidden: %s', (encoding) => {
    // Every fifth place: with the three lengths, each place is inside of some piece.
    for (let from = 0; from + 8 <= pair.length; from += 5) {
      for (const length of [8, 11, 80]) {
        const text = encodings[encoding].write(pair.slice(from, from + length));
        expect(detect(withoutSecrets(`before ${text} after`, [made, pair]))).toEqual([]);
      }
    }
  });

  it('what stands around it stays', () => {
    expect(withoutSecrets(`key ${pair}, again ${made}.`, [pair, made])).toBe(
      'key [redacted], again [redacted].',
    );
    expect(withoutSecrets('nothing to see', [pair])).toBe('nothing to see');
    expect(withoutSecrets(pair.slice(0, 7), [pair])).toBe(pair.slice(0, 7));
  });

  it('writing it in capitals makes no difference', () => {
    const upper = encodings.hex.write(pair).toUpperCase();
    expect(detect(withoutSecrets(`${upper} ${pair.toUpperCase()}`, [pair]))).toEqual([]);
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

  it.each([
    'ENOENT',
    'EAI_AGAIN',
    'UND_ERR_CONNECT_TIMEOUT',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_HTTP2_ERROR',
  ])('the code %s is shown', (code) => {
    const kept = scrubbed(Object.assign(new Error('x'), { code }));
    expect(kept.message === code || code === 'ERR_HTTP2_ERROR').toBe(true);
  });

  it.each(kinds)('a name or a code that is a secret (%s) is neither', (kind) => {
    const { pair, made } = secretsOf(kind);
    const detect = createDetector({ pair, made });
    for (const text of [
      pair,
      made,
      pair.slice(0, 30),
      `A${made.slice(0, 20)}`,
      made.slice(0, 12).toUpperCase(),
    ]) {
      const kept = scrubbed(Object.assign(new Error('x'), { name: text, code: text }));
      expect(detect(inspect(kept, { showHidden: true }))).toEqual([]);
    }
  });

  it.each([undefined, null, 'text', 7, Symbol('s'), () => 1, []])('may be no errors (%#)', (value) => {
    expect(scrubbed(value).name).toBe('Error');
    expect(scrubbed(value).cause).toBeUndefined();
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

  it.each(secrets)('%s as JSON and as a form', (secret) => {
    expect(withoutSecrets(`{"secret":"${secret}","a":1}`, [secret])).toBe('{"secret":"[redacted]","a":1}');
    expect(withoutSecrets(`a=1&secret=${secret}&b=2`, [secret])).toBe('a=1&secret=[redacted]&b=2');
  });

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
    expect(withoutSecrets(`<${book}>`, [book])).toBe('<[redacted]>');
  });
});

describe('the name of an error', () => {
  const nameOf = (name: string) => scrubbed(Object.assign(new Error('x'), { name })).name;

  it.each(['Error', 'TypeError', 'Exception', 'AxiosError', 'IOException', 'H2Error'])(
    '%s is kept',
    (name) => {
      expect(nameOf(name)).toBe(name);
    },
  );

  it.each([
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

  it.each(['ENOENT', 'E2BIG', 'ERR_HTTP2_ERROR', 'UND_ERR_SOCKET', 'CERT_HAS_EXPIRED'])(
    '%s is shown',
    (code) => {
      expect(shown(code).message).toBe(code);
      expect(Object.keys(shown(code))).toContain('code');
    },
  );

  it.each(['hunter22 ENOENT', 'ENOENT hunter22', 'enoent', 'ERR_HTTP--', 'HTTP', 7, ['ENOENT'], undefined])(
    '%j is not, and leaves no trace',
    (code) => {
      expect(shown(code).message).toBe('details withheld, because they may quote a secret');
      expect(shown(code)).not.toHaveProperty('code');
    },
  );

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
