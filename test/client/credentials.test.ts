// Credentials: what they may be made of, what is refused without showing it, and how they are sent.
import {
  BlazeMeterClient,
  CredentialsError,
  parseCredentials,
  RequestSigner,
  Secret,
} from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { expectHidden, madeUp } from '../support/credentials.ts';

const { id, secret, token } = madeUp('a user');

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

describe('credentials', () => {
  it('of an id and a secret have nothing else', () => {
    for (const given of [token, { id, secret }, { id, secret: Secret.from(secret) }]) {
      const credentials = parseCredentials(given);
      expect(Object.keys(credentials)).toEqual(['id', 'secret']);
      expect(credentials.id).toBe(id);
      expect(credentials.secret.reveal()).toBe(secret);
    }
    const empty = { expiresAt: undefined, origin: undefined, refreshAfterMs: undefined };
    expect(Object.keys(parseCredentials({ id, secret, ...empty }))).toEqual(['id', 'secret']);
  });

  it('keep when they expire, and after how long their source is asked again', () => {
    const expiresAt = new Date(1_900_000_000_000);
    expect(parseCredentials({ id, secret, expiresAt }).expiresAt).toBe(expiresAt);
    for (const refreshAfterMs of [0, 1, Number.POSITIVE_INFINITY])
      expect(parseCredentials({ id, secret, refreshAfterMs }).refreshAfterMs).toBe(refreshAfterMs);
  });

  it('keep the origin of an address, and nothing of its path or password', () => {
    const origin = 'https://me:password@A.blazemeter.com:443/api/v4?x=1';
    expect(parseCredentials({ id, secret, origin }).origin).toBe('https://a.blazemeter.com');
  });
});

describe('credentials are refused', () => {
  const unrevealable = {
    reveal() {
      throw new Error(secret);
    },
  };
  const refusals: readonly [what: string, value: unknown, hint?: RegExp][] = [
    ['a text without a colon', secret, /id:secret/],
    ['a text without an id', `:${secret}`, /key id/],
    ['a text without a secret', `${id}:`, /key secret/],
    ['nothing', undefined],
    ['null', null],
    ['a number', 7],
    ['an object that has them in a field', { credentials: { id, secret } }, /field credentials/],
    ['an id that is empty', { id: '', secret }, /key id/],
    ['an id that is no string', { id: 7, secret }, /key id/],
    ['no secret', { id }, /key secret/],
    ['a secret that is no string', { id, secret: 7 }, /key secret/],
    ['a secret that cannot be revealed', { id, secret: unrevealable }, /key secret/],
    ['a secret that is empty', { id, secret: Secret.from('') }, /key secret/],
    ['a colon in the id', { id: `${id}:`, secret }, /colon/],
    ['a line break in the id', { id: `${id}\n`, secret }, /control character.*key id/],
    ['a line break in the secret', { id, secret: `${secret}\r` }, /control character.*key secret/],
    ['half of a surrogate pair in the id', { id: `${id}\ud800`, secret }, /UTF-8/],
    ['half of a surrogate pair in the secret', { id, secret: `${secret}\udc00` }, /UTF-8/],
    ['an expiry that is a number', { id, secret, expiresAt: 1_900_000_000_000 }, /expiresAt/],
    [
      'an expiry that only has the time of a date',
      { id, secret, expiresAt: { getTime: () => 1 } },
      /expiresAt/,
    ],
    ['an expiry that is no moment', { id, secret, expiresAt: new Date(Number.NaN) }, /expiresAt/],
    ...[-1, Number.NaN, '5', null, new Date(5)].map((refreshAfterMs): [string, unknown, RegExp] => [
      `a time of ${String(refreshAfterMs)} to be asked again`,
      { id, secret, refreshAfterMs },
      /milliseconds/,
    ]),
    ...['a.blazemeter.com', '', new URL('https://a.blazemeter.com'), null].map(
      (origin): [string, unknown, RegExp] => [
        `an origin of ${JSON.stringify(origin)} (${typeof origin})`,
        { id, secret, origin },
        /origin/,
      ],
    ),
  ];
  it.each(refusals)('for %s', (_, value, hint = /./) => {
    const error = refused(value);
    expect(error.code).toBe('credentials');
    expect(error.message).toMatch(hint);
    expect(error).not.toHaveProperty('source');
    expect(error.cause).toBeUndefined();
    expectHidden(error, secret);
  });

  const mistaken: readonly [what: string, value: unknown, hint: RegExp][] = [
    ['the stand-in of a Secret', JSON.parse(JSON.stringify({ id, secret: Secret.from(secret) })), /reveal/],
    ['a mask of a CI system', { id, secret: '***' }, /mask/],
    ['a secret of which a part is masked', `${id}:${secret.slice(0, 6)}****`, /mask/],
    ["a template's placeholders", '<key id>:<key secret>', /placeholder/],
    ['a placeholder in words', 'YOUR_KEY_ID:YOUR_KEY_SECRET', /placeholder/],
    ['an undefined that became text', `${id}:undefined`, /placeholder/],
    ['quotes around both', { id: `"${id}"`, secret: `"${secret}"` }, /quot/],
    ['quotes around the secret', { id, secret: `'${secret}'` }, /quot/],
    ['typographic quotes around the whole', `\u201c${token}\u201d`, /quot/],
    ['a zero-width space', { id, secret: `${secret}\u200b` }, /invisible/],
    ['a no-break space', { id: `${id}\u00a0`, secret }, /invisible/],
    ['a blank behind the colon', `${id}: ${secret}`, /space/],
    ['JSON', JSON.stringify({ id, secret }), /JSON/],
    ['a list in JSON', JSON.stringify([id, secret]), /JSON/],
    ['paths of files', { id: '/run/secrets/id', secret: '/run/secrets/secret' }, /path/],
    ['the path of a file as the secret', { id, secret: '/run/secrets/secret' }, /path/],
    ['the path of a key file', '/home/me/api-key.json', /path/],
    ['the path of a key file on Windows', 'C:\\keys\\api-key.json', /path/],
    ['the name of a key file', './api-key.json', /path/],
    ['an e-mail address', 'me@example.com:password', /e-mail/],
    ['a key id alone', id, /id alone/],
    ['an old key of 20 characters', id.slice(0, 20), /old/],
    ['an old key in place of an id', { id: id.slice(0, 20), secret }, /old/],
    ['the whole in place of the secret', { id, secret: token }, /id:secret/],
    ['a header', { id, secret: `Basic ${btoa(token)}` }, /Authorization/],
    ['a shortened secret', { id, secret: `${secret.slice(0, 8)}…` }, /shortened/],
    ['a secret shortened with dots', `${id}:${secret.slice(0, 8)}...`, /shortened/],
    ['an id as messages show it', { id: `${id.slice(0, 4)}…${id.slice(-4)}`, secret }, /shortened/],
    ['a mask at the end of a secret', { id, secret: `${secret.slice(0, 8)}***` }, /mask/],
    ['bullets in a secret', { id, secret: `${secret.slice(0, 8)}••••` }, /mask/],
    ['a secret of which a part is crossed out', { id, secret: `${secret.slice(0, 8)}xxxxxxxx` }, /mask/],
    ['a secret of which a part is redacted', { id, secret: `${secret.slice(0, 8)}[REDACTED]` }, /mask/],
    ['the line of an environment file', `BZ_TOKEN=${token}`, /equals sign/],
    ['the line of a shell script', `export BZ_TOKEN=${token}`, /equals sign/],
    ['the line of a secret', { id, secret: `API_KEY_SECRET=${secret}` }, /equals sign/],
    ['a value that sops has encrypted', { id, secret: 'ENC[AES256_GCM,data:abc=,type:str]' }, /encrypted/],
    ['a value that Ansible has encrypted', { id, secret: '$ANSIBLE_VAULT;1.1;AES256' }, /encrypted/],
  ];
  it.each(mistaken)('for %s, by its name', (_, value, hint) => {
    const error = refused(value);
    expect(error.message).toMatch(hint);
    expectHidden(error, secret);
  });

  it.each([
    '$BZ_SECRET',
    '$bz_secret',
    '$env:BZ_SECRET',
    '%BZ_SECRET%',
    '$(BZ_SECRET)',
    `\${BZ_SECRET}`,
    `\${BZ_SECRET:-none}`,
    `\${{ secrets.BZ_SECRET }}`,
    '{{ bz_secret }}',
    '{{resolve:secretsmanager:bz:SecretString:secret}}',
    'op://vault/item/secret',
    'file:///run/secrets/bz',
    'gcp-sm://project/bz',
    'https://bz.vault.azure.net/secrets/bz',
    'ref+vault://secret/bz#/secret',
    'vault:secret/data/bz#secret',
    'arn:aws:secretsmanager:eu-west-1:123456789012:secret:bz',
    'projects/p/secrets/bz/versions/latest',
    'secretref:bz',
    '@Microsoft.KeyVault(SecretUri=https://bz.vault.azure.net/secrets/bz)',
  ])('for %s, which nothing replaced, as either half, as both, or as the whole', (reference) => {
    for (const value of [
      reference,
      ` ${reference}\n`,
      `${reference}:${secret}`,
      `${id}:${reference}`,
      `${reference}:${reference}`,
      { id: reference, secret },
      { id, secret: reference },
      { id, secret: Secret.from(reference) },
    ]) {
      const error = refused(value);
      expect(error.message).toContain('reference');
      expect(error.message).not.toContain(reference);
      expectHidden(error, secret);
    }
  });

  it.each([
    '$ecret9',
    '$Ab9_xyz',
    'a$BZ_SECRET',
    '$BZ-SECRET',
    `a\${b}c`,
    '100%AB%cd',
    'op:x',
    '//x',
    '://x',
    'a://b',
    'projects/secrets',
    'A=b',
    'AAAAAAA=',
    'AAAAAAA======',
    'ENCODED',
    'a..b',
    'a***b',
    'axxxxxa',
    'a...b',
    'vault',
    'ключ',
  ])('but not for the secret %s, which may be one', (odd) => {
    for (const value of [{ id, secret: odd }, `${id}:${odd}`])
      expect(parseCredentials(value).secret.reveal()).toBe(odd);
  });

  it('by the name of their source, where they have one', () => {
    const error = refused(secret, 'BZ_TOKEN');
    expect(error.message).toContain('BZ_TOKEN');
    expect(error.source).toBe('BZ_TOKEN');
  });
});

describe('a key', () => {
  it('is its own in either case of its id: it does not delete itself', async () => {
    const reference = createReference();
    const { owner } = reference.seed().keys;
    const client = new BlazeMeterClient({ credentials: owner, fetch: reference.fetch, logLevel: 'off' });
    await expect(client.apiKeys.delete(owner.id.toUpperCase())).rejects.toMatchObject({ code: 'lockout' });
    expect(reference.journal.count('apiKeys.delete')).toBe(0);
  });
});

const CONTROL = /\p{Cc}/u;
/** Any text of any alphabet, lone surrogates and control characters included. */
const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), lone());

function lone() {
  return fc
    .tuple(fc.string(), fc.integer({ min: 0xd800, max: 0xdfff }), fc.string())
    .map(([before, code, after]) => before.concat(String.fromCharCode(code), after));
}

const carried = (text: string) => text !== '' && !CONTROL.test(text) && text.isWellFormed();
/** What is also taken for a mask or a shortened value inside a text. */
const MASK = /\*{4}|…|[•●]{2}|x{6}/i;
const INVISIBLE = /[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0]/u;
/** Any text between letters and a digit, so that it is neither quoted nor a placeholder nor a path. */
const goodText = (before: string) =>
  anyText
    .map((text) => `${before}${text}9`)
    .filter((text) => carried(text) && !INVISIBLE.test(text) && !MASK.test(text));
const goodSecret = goodText('secret');
/** Nor an address. */
const goodId = goodText('id').filter((text) => !/[:@]/.test(text));

/** How the other side reads a header, by RFC 7617 and without this package. */
function decoded(header: string): { id: string; secret: string } {
  const [, base64] = /^Basic ([A-Za-z0-9+/]+={0,2})$/.exec(header) ?? [];
  if (base64 === undefined) throw new Error('The header is not of the form that Basic has.');
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
    Buffer.from(base64, 'base64'),
  );
  const colon = text.indexOf(':');
  return { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}

describe('parseCredentials', () => {
  it('keeps credentials as they are', () => {
    fc.assert(
      fc.property(goodId, goodSecret, (id, secret) => {
        const credentials = parseCredentials({ id, secret });
        expect(credentials.id).toBe(id);
        expect(credentials.secret.reveal()).toBe(secret);
      }),
    );
  });

  it('splits a text at its first colon, whatever the secret holds', () => {
    fc.assert(
      fc.property(goodId, goodSecret, (id, secret) => {
        const credentials = parseCredentials(`${id}:${secret}`);
        expect(credentials.id).toBe(id);
        expect(credentials.secret.reveal()).toBe(secret);
      }),
    );
  });

  it('forgives blanks and line ends around a text', () => {
    const around = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r') });
    fc.assert(
      fc.property(around, around, (before, after) => {
        expect(parseCredentials(`${before}id:secret${after}`).secret.reveal()).toBe('secret');
      }),
    );
  });

  it('takes credentials or refuses them with an error that shows nothing of them', () => {
    fc.assert(
      fc.property(anyText, anyText, (id, secret) => {
        try {
          parseCredentials({ id, secret });
          expect(carried(id) && !id.includes(':') && carried(secret)).toBe(true);
        } catch (error) {
          if (!(error instanceof CredentialsError)) throw error;
          for (const hidden of [id, secret])
            if (hidden.length >= 8) expect(error.message).not.toContain(hidden);
        }
      }),
    );
  });

  it('reads any text as credentials or refuses it, and never throws anything else', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        try {
          const { id, secret } = parseCredentials(text);
          expect(`${id}:${secret.reveal()}`).toBe(text.trim());
        } catch (error) {
          if (!(error instanceof CredentialsError)) throw error;
          if (text.length >= 8) expect(error.message).not.toContain(text);
        }
      }),
    );
  });

  it('refuses any value that cannot be credentials', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 2 }), (value) => {
        fc.pre(typeof value !== 'string');
        refused(value);
      }),
    );
  });
});

describe('the Authorization header', () => {
  it('of a signer is read by the other side as the credentials', async () => {
    await fc.assert(
      fc.asyncProperty(goodId, goodSecret, async (id, secret) => {
        const signer = new RequestSigner({ id, secret });
        const { authorization } = await signer.headers('https://a.blazemeter.com/api/v4/user');
        expect(decoded(authorization)).toEqual({ id, secret });
        const signed = await signer.sign(new Request('https://a.blazemeter.com/api/v4/user'));
        expect(signed.headers.get('authorization')).toBe(authorization);
      }),
    );
  });

  it('of a client is the same, and the credentials stand nowhere else in the request', async () => {
    await fc.assert(
      fc.asyncProperty(goodId, goodSecret, async (id, secret) => {
        let seen: { url: string; headers: Record<string, string> } | undefined;
        const client = new BlazeMeterClient({
          credentials: { id, secret },
          fetch: async (url, { headers }) => {
            seen = { url, headers };
            return Response.json({ result: { id: 1 } });
          },
        });
        await client.user.get();
        if (seen === undefined) throw new Error('Nothing was sent.');
        const { authorization = '', ...others } = seen.headers;
        expect(decoded(authorization)).toEqual({ id, secret });
        expect(new Headers(seen.headers).get('authorization')).toBe(authorization);
        if (secret.length >= 8) expect(JSON.stringify([seen.url, others])).not.toContain(secret);
      }),
    );
  });
});
