// What errors show of text from outside: messages of the service, and errors that a fetch rejects with. Both may quote the
// credentials, and both may hold characters that act on a terminal or a CI system.

import { inspect } from 'node:util';
import { BlazeMeterClient, isBlazeMeterError } from 'blazemeter-client';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createDetector, encodingNames, encodings } from '../leak/detector.ts';
import { kinds, secretsOf } from '../leak/stage.ts';
import { clientOf, json, rejection } from '../support/client.ts';

const ID = '7e57ed0123456789abcdef01';
/** What is shown of a text that may quote a secret in an encoding that is not decoded. */
const WITHHELD = '[withheld, because it may quote a secret]';

/** What an error shows of a message of the service. */
async function shown(message: unknown, secret = 'the-secret-that-signs'): Promise<string> {
  const { client } = clientOf([json({ error: { code: 409, message }, result: null }, 409)], {
    credentials: { id: ID, secret },
  });
  const error = await rejection(client.user.get());
  if (!isBlazeMeterError(error)) throw error;
  expect(error.code).toBe('conflict');
  return /409 Conflict: "(.*)"\. Something/.exec(error.message)?.[1] ?? '';
}

describe('a message of the service', () => {
  it.each([
    'Project not found',
    'Übergröße 7 %',
    'a: b, "c" [d] #1 {e}',
    '日本語',
    '😀',
    'std::string',
    'x'.repeat(31),
  ])('such as %s is shown as it is', async (text) => {
    expect(await shown(text)).toBe(text);
  });

  it.each([
    [
      'a\u001b[31m\r\n\t\u202e\u2028\u200b\u{e0041}\ud800',
      'a\\u001b[31m\\u000d\\u000a\\u0009\\u202e\\u2028\\u200b\\u{e0041}\\ud800',
    ],
    ['##vso[task.complete]', '# #vso[task.complete]'],
    ['a ##[error] ###VSO[b]', 'a # #[error] ## #VSO[b]'],
    [' ::error::a', ' : :error::a'],
    [`a ${'0f'.repeat(16)} b`, 'a [redacted] b'],
    [`##${'0f'.repeat(16)}`, '# #[redacted]'],
  ])('such as %j is made harmless', async (text, harmless) => {
    expect(await shown(text)).toBe(harmless);
  });

  it('is cut at 200 characters, between two characters', async () => {
    // Words that do not look like bytes in hex: those are withheld.
    expect(await shown('so '.repeat(66))).toBe('so '.repeat(66));
    const long = await shown('so '.repeat(1000));
    expect(long).toHaveLength(200);
    expect(long.endsWith('…')).toBe(true);
    expect((await shown('😀'.repeat(300))).isWellFormed()).toBe(true);
  });

  it('that is long is cut', async () => {
    const seen = await shown('so '.repeat(20_000));
    expect(seen).toMatch(/^so so /);
    expect(seen.length).toBeLessThanOrEqual(200);
  });

  it('in a body beyond the limit of an error is left out, since the body is no whole JSON', async () => {
    expect(await shown('so '.repeat(4_000_000))).toBe('');
  });

  it('of megabytes inside a success is cut, and no expression fails on it', async () => {
    const error = { code: 409, message: 'so '.repeat(5_000_000) };
    const client = new BlazeMeterClient({
      credentials: 'an-id:a-secret',
      logLevel: 'off',
      fetch: async () => new Response(JSON.stringify({ result: null, error })),
    });
    const thrown = await rejection(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    expect(String(thrown)).toMatch(/^ConflictError: .*"so so /);
    expect(String(thrown).length).toBeLessThan(500);
  });

  it('that is no text is left out', async () => {
    for (const message of [undefined, null, 7, {}, ['a']]) expect(await shown(message)).toBe('');
  });

  it('is harmless whatever it is', async () => {
    const acting = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}]/u;
    const piece = fc.constantFrom('#', '##', 'vso[', '[', ':', '::', ' ', '\n', '\u200b', '\ufeff', 'a');
    const hostile = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    await fc.assert(
      fc.asyncProperty(hostile, async (text) => {
        const seen = await shown(text);
        return !acting.test(seen) && !/##(vso)?\[/i.test(seen) && !/^\s*::/.test(seen);
      }),
      { numRuns: 300 },
    );
  });
});

/** Every other character of it is written differently by some encoding. */
const dense = Array.from('abcdefghijklmnopqrstuvwxyz', (letter, at) => letter + `"' ~\\ü€!`[at % 8]).join('');

describe.each([
  ['hex', secretsOf('hex').credentials],
  ['awkward', secretsOf('awkward').credentials],
  ['dense', dense],
])('a message that quotes the secret, which is %s,', (_, secret) => {
  const detect = createDetector({ secret });
  const wire = encodingNames.filter((name) => !name.includes('inspected') && !name.startsWith('bytes'));

  it.each(wire)('shows no piece of eight characters and more of it: %s', async (encoding) => {
    // Samples: unit/redaction.test.ts tries every piece.
    for (let from = 0; from + 8 <= secret.length; from += 13) {
      for (const length of [8, 80]) {
        const text = encodings[encoding].write(secret.slice(from, from + length));
        const seen = await shown(`before ${text} after`, secret);
        expect(detect(seen)).toEqual([]);
        // Either the piece is hidden, or the whole text is.
        if (seen !== WITHHELD) expect(seen).toMatch(/^before.*\[redacted\].*after$/s);
      }
    }
  });

  it('shows the rest, and less than eight characters', async () => {
    expect(await shown(`key ${secret}, again.`, secret)).toBe('key [redacted], again.');
    expect(await shown('nothing to see', secret)).toBe('nothing to see');
  });
});

describe('a message that quotes a secret', () => {
  it('of less than eight characters hides it whole', async () => {
    expect(await shown('a hunter2 b', 'hunter2')).toBe('a [redacted] b');
  });

  it.each(['wQ7zR2mK9pX4tB6nV8cL3hJ5', 'wQ7zR2mK9pX4tB6nV8cL3hJ5y', 'wQ7zR2mK9pX4tB6nV8cL3hJ5yD'])(
    'takes nothing else away: %s',
    async (secret) => {
      expect(await shown(`{"secret":"${secret}","a":1}`, secret)).toBe('{"secret":"[redacted]","a":1}');
      expect(await shown(`a=1&secret=${secret}&b=2`, secret)).toBe('a=1&secret=[redacted]&b=2');
      expect(await shown(btoa(`${ID}:${secret}`), secret)).not.toContain(btoa(secret).slice(4, 12));
    },
  );
});

describe('an error that a fetch rejects with', () => {
  /** The cause that the client's error has for it. */
  async function causeOf(thrown: unknown): Promise<Error> {
    const { client } = clientOf([() => Promise.reject(thrown)], { maxRetries: 0 });
    const error = await rejection(client.user.get());
    if (!isBlazeMeterError(error) || !(error.cause instanceof Error)) throw error;
    expect(error.code).toBe('connection_failed');
    return error.cause;
  }

  it('keeps its name and its code, and nothing else', async () => {
    const quoting = Object.assign(new TypeError('with Basic abc', { cause: new Error('inner') }), {
      code: 'ECONNRESET',
      headers: { authorization: 'Basic abc' },
    });
    const cause = await causeOf(quoting);
    expect(cause).toMatchObject({ name: 'TypeError', message: 'ECONNRESET', code: 'ECONNRESET' });
    expect(cause.cause).toMatchObject({ name: 'Error' });
    expect(inspect(cause, { depth: null, showHidden: true })).not.toMatch(/abc|inner/);
  });

  it.each(['Error', 'TypeError', 'Exception', 'AxiosError', 'IOException', 'H2Error'])(
    'keeps the name %s',
    async (name) => {
      expect((await causeOf(Object.assign(new Error('x'), { name }))).name).toBe(name);
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
  ])('does not keep the name %j', async (name) => {
    expect((await causeOf(Object.assign(new Error('x'), { name }))).name).toBe('Error');
  });

  it.each(['ENOENT', 'E2BIG', 'ERR_HTTP2_ERROR', 'UND_ERR_SOCKET', 'CERT_HAS_EXPIRED'])(
    'keeps the code %s',
    async (code) => {
      expect(await causeOf(Object.assign(new Error('x'), { code }))).toMatchObject({ code, message: code });
    },
  );

  it.each(['hunter22 ENOENT', 'ENOENT hunter22', 'enoent', 'ERR_HTTP--', 'HTTP', 7, ['ENOENT'], undefined])(
    'does not keep the code %j',
    async (code) => {
      const cause = await causeOf(Object.assign(new Error('x'), { code }));
      expect(cause).not.toHaveProperty('code');
      expect(cause.message).toContain('withheld');
    },
  );

  it.each(kinds)('shows no secret (%s) that stands for its name or code', async (kind) => {
    const { credentials, made } = secretsOf(kind);
    const detect = createDetector({ credentials, made });
    for (const text of [
      credentials,
      made,
      credentials.slice(0, 30),
      `A${made.slice(0, 20)}`,
      made.slice(0, 12).toUpperCase(),
    ]) {
      const cause = await causeOf(Object.assign(new Error('x'), { name: text, code: text }));
      expect(detect(inspect(cause, { showHidden: true }))).toEqual([]);
    }
  });

  it.each([undefined, null, 'text', 7, Symbol('s'), () => 1, []])('may be none (%#)', async (thrown) => {
    const cause = await causeOf(thrown);
    expect([cause.name, cause.cause]).toEqual(['Error', undefined]);
  });

  it('may resist being looked at, or be its own cause', async () => {
    const trap = new Proxy(new Error('x'), {
      get() {
        throw new Error('the secret');
      },
    });
    expect((await causeOf(trap)).message).toContain('withheld');
    const round = new Error('x');
    round.cause = round;
    let depth = 0;
    for (let link: unknown = await causeOf(round); link instanceof Error; link = link.cause) depth += 1;
    expect(depth).toBeLessThan(10);
  });
});
