// What is shown of text from outside, of errors that others make, and in log lines.
import { inspect } from 'node:util';
import { BlazeMeterError, CredentialsError } from 'blazemeter-client';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { codeOf, fieldOf, hasCleanCauses, scrubbed, summary } from '../../src/auth/cause.ts';
import { withoutSecrets } from '../../src/auth/redact.ts';
import { type Logger, makeLog } from '../../src/http/log.ts';
import { printable, shownId } from '../../src/util/printable.ts';
import { createDetector, encodingNames, encodings } from '../leak/detector.ts';
import { kinds, secretsOf } from '../leak/stage.ts';

describe('text from outside', () => {
  test('stays as it is where it only shows', () => {
    for (const text of [
      'Not Found: Project not found',
      'Übergröße 7 %',
      'a: b, "c" [d] #1 {e}',
      '日本語',
      '😀',
    ])
      expect(printable(text)).toBe(text);
  });

  test('shows characters that act as escapes', () => {
    expect(printable('a\u001b[31m\r\n\t\u202e\u2028\u200b\u{e0041}\ud800')).toBe(
      'a\\u001b[31m\\u000d\\u000a\\u0009\\u202e\\u2028\\u200b\\u{e0041}\\ud800',
    );
  });

  test('breaks the commands of CI systems', () => {
    expect(printable('##vso[task.complete]')).toBe('# #vso[task.complete]');
    expect(printable('a ##[error] ###VSO[b]')).toBe('a # #[error] ## #VSO[b]');
    expect(printable(' ::error::a')).toBe(' : :error::a');
    expect(printable('std::string')).toBe('std::string');
  });

  test('hides long runs that look like an encoded credential', () => {
    expect(printable(`a ${'0f'.repeat(16)} b`)).toBe('a [redacted] b');
    expect(printable(`a ${'0f'.repeat(15)} b`)).toBe(`a ${'0f'.repeat(15)} b`);
    // What is put in must not complete a command.
    expect(printable(`##${'0f'.repeat(16)}`)).toBe('# #[redacted]');
  });

  test('is cut at 200 characters, or where it is told', () => {
    expect(printable('ab '.repeat(1000))).toHaveLength(200);
    expect(printable('ab '.repeat(1000)).endsWith('…')).toBe(true);
    expect(printable('abcdef', 4)).toBe('abc…');
    expect(printable('😀'.repeat(300)).isWellFormed()).toBe(true);
  });

  test('may be no text at all', () => {
    expect(printable(undefined)).toBe('');
    expect(printable(null)).toBe('');
    expect(printable(12)).toBe('12');
  });

  test('is safe whatever it is', () => {
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

  test('a key id is shown where it looks like one', () => {
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

  test.each(wire)('every piece of eight and more is hidden: %s', (encoding) => {
    for (let from = 0; from + 8 <= pair.length; from++) {
      for (const length of [8, 11, 80]) {
        const text = encodings[encoding].write(pair.slice(from, from + length));
        expect(detect(withoutSecrets(`before ${text} after`, [made, pair]))).toEqual([]);
      }
    }
  });

  test('what stands around it stays', () => {
    expect(withoutSecrets(`key ${pair}, again ${made}.`, [pair, made])).toBe(
      'key [redacted], again [redacted].',
    );
    expect(withoutSecrets('nothing to see', [pair])).toBe('nothing to see');
    expect(withoutSecrets(pair.slice(0, 7), [pair])).toBe(pair.slice(0, 7));
  });

  test('writing it in capitals helps nobody', () => {
    const upper = encodings.hex.write(pair).toUpperCase();
    expect(detect(withoutSecrets(`${upper} ${pair.toUpperCase()}`, [pair]))).toEqual([]);
  });
});

test('a secret that is shorter than eight characters is hidden whole', () => {
  expect(withoutSecrets('a hunter2 b', ['hunter2', ''])).toBe('a [redacted] b');
});

test('secrets that begin alike are both hidden to their ends', () => {
  const secrets = ['abcdefgh12345678', 'abcdefgh87654321'];
  expect(withoutSecrets(`${secrets[1]}${secrets[0]}`, secrets)).toBe('[redacted][redacted]');
});

describe('errors that others make', () => {
  const quoting = Object.assign(new TypeError('with Basic abc', { cause: new Error('inner') }), {
    code: 'ECONNRESET',
    headers: { authorization: 'Basic abc' },
  });

  test('keep their names and codes, and nothing else', () => {
    const kept = scrubbed(quoting);
    expect(kept).toMatchObject({ name: 'TypeError', message: 'ECONNRESET', code: 'ECONNRESET' });
    expect(kept.stack).toBe('TypeError: ECONNRESET');
    expect(kept.cause).toMatchObject({ name: 'Error', message: expect.stringContaining('withheld') });
    expect(inspect(kept, { depth: null, showHidden: true })).not.toMatch(/abc|inner/);
  });

  test.each([
    'ENOENT',
    'EAI_AGAIN',
    'UND_ERR_CONNECT_TIMEOUT',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'ERR_HTTP2_ERROR',
  ])('the code %s is shown', (code) => {
    const kept = scrubbed(Object.assign(new Error('x'), { code }));
    expect(kept.message === code || code === 'ERR_HTTP2_ERROR').toBe(true);
  });

  test.each(kinds)('a name or a code that is a secret (%s) is neither', (kind) => {
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

  test.each([undefined, null, 'text', 7, Symbol('s'), () => 1, []])('may be no errors (%#)', (value) => {
    expect(scrubbed(value).name).toBe('Error');
    expect(scrubbed(value).cause).toBeUndefined();
  });

  test('may resist being looked at', () => {
    const trap = new Proxy(new Error('x'), {
      get() {
        throw new Error('the secret');
      },
    });
    expect(scrubbed(trap).message).toContain('withheld');
    expect(fieldOf(trap, 'cause')).toBeUndefined();
    expect(codeOf(trap)).toBeUndefined();
  });

  test('may be their own cause', () => {
    const round = new Error('x');
    round.cause = round;
    let depth = 0;
    for (let link: unknown = scrubbed(round); link instanceof Error; link = link.cause) depth++;
    expect(depth).toBeLessThan(10);
    expect(hasCleanCauses(new BlazeMeterError('x', { cause: round }))).toBe(false);
  });

  test('errors of ours pass as they are, and can be reduced as well', () => {
    const ours = new CredentialsError('said by us');
    expect(scrubbed(ours)).toBe(ours);
    expect(summary(ours).name).toBe('CredentialsError');
    expect(summary(ours).message).not.toContain('said');
  });

  test('whether the causes of an error of ours are clean is known', () => {
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

describe('log lines', () => {
  const lines: [string, string, unknown][] = [];
  const note = (level: string) => (message: string, fields?: object) =>
    void lines.push([level, message, fields]);
  const logger: Logger = {
    error: note('error'),
    warn: note('warn'),
    info: note('info'),
    debug: note('debug'),
  };
  beforeEach(() => void lines.splice(0));
  afterEach(() => void vi.unstubAllEnvs());

  test('carry cleaned fields, and leave out those without a value', () => {
    makeLog(logger, 'debug')('debug', 'answered', {
      operation: 'a\u001b##[b',
      status: 200,
      requestId: undefined,
    });
    expect(lines).toEqual([['debug', 'answered', { operation: 'a\\u001b# #[b', status: 200 }]]);
  });

  test.each([
    ['off', []],
    ['error', ['error']],
    ['warn', ['error', 'warn']],
    ['info', ['error', 'warn', 'info']],
    ['debug', ['error', 'warn', 'info', 'debug']],
  ] as const)('at the level %s are %j', (level, expected) => {
    const log = makeLog(logger, level);
    for (const at of ['error', 'warn', 'info', 'debug'] as const) log(at, 'x');
    expect(lines.map(([at]) => at)).toEqual(expected);
  });

  test('take their level from BLAZEMETER_LOG, and warn where it says nothing that is known', () => {
    for (const [value, count] of [
      ['DEBUG', 4],
      ['off', 0],
      ['loud', 2],
      ['', 2],
    ] as const) {
      lines.splice(0);
      vi.stubEnv('BLAZEMETER_LOG', value);
      const log = makeLog(logger);
      for (const at of ['error', 'warn', 'info', 'debug'] as const) log(at, 'x');
      expect([value, lines.length]).toEqual([value, count]);
    }
  });

  test('go to standard error by default, never to standard output', () => {
    const out = vi.spyOn(console, 'log').mockImplementation(() => {});
    const info = vi.spyOn(console, 'info').mockImplementation(() => {});
    const error = vi.spyOn(console, 'error').mockImplementation(() => {});
    const log = makeLog(undefined, 'debug');
    for (const at of ['error', 'warn', 'info', 'debug'] as const) log(at, 'said', { attempt: 1 });
    expect(error.mock.calls).toEqual(
      ['error', 'warn', 'info', 'debug'].map((level) => [`[blazemeter] ${level}: said attempt=1`]),
    );
    expect([...out.mock.calls, ...info.mock.calls]).toEqual([]);
  });

  test('never disturb a call: a logger that throws is not heard', () => {
    const fail = () => {
      throw new Error('disk full');
    };
    const log = makeLog({ error: fail, warn: fail, info: fail, debug: fail }, 'debug');
    expect(() => log('warn', 'x')).not.toThrow();
  });

  test('an unknown level is refused', () => {
    expect(() => Reflect.apply(makeLog, undefined, [logger, 'loud'])).toThrow(TypeError);
  });
});
