// Credentials by properties: what can be carried is carried unchanged, what cannot is refused, and no refusal shows it.
import assert from 'node:assert/strict';
import { BlazeMeterClient, CredentialsError, parseCredentials, RequestSigner } from 'blazemeter-client';
import fc from 'fast-check';
import { describe, it } from 'vitest';

const CONTROL = /\p{Cc}/u;
/** Any text of any alphabet, lone surrogates and control characters included. */
const anyText = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: 'grapheme' }), lone());

function lone() {
  return fc
    .tuple(fc.string(), fc.integer({ min: 0xd800, max: 0xdfff }), fc.string())
    .map(([before, code, after]) => before.concat(String.fromCharCode(code), after));
}

const carried = (text: string) => text !== '' && !CONTROL.test(text) && text.isWellFormed();
const goodId = anyText.filter((text) => carried(text) && !text.includes(':'));
const goodSecret = anyText.filter(carried);

/** How the other side reads a header, by RFC 7617 and without this package. */
function decoded(header: string): { id: string; secret: string } {
  const [, base64] = /^Basic ([A-Za-z0-9+/]+={0,2})$/.exec(header) ?? [];
  assert.ok(base64, 'the header is not of the form that Basic has');
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(
    Buffer.from(base64, 'base64'),
  );
  const colon = text.indexOf(':');
  return { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}

describe('parseCredentials', () => {
  it('keeps a pair as it is', () => {
    fc.assert(
      fc.property(goodId, goodSecret, (id, secret) => {
        const pair = parseCredentials({ id, secret });
        assert.equal(pair.id, id);
        assert.equal(pair.secret.reveal(), secret);
      }),
    );
  });

  it('splits a text at its first colon, whatever the secret holds', () => {
    fc.assert(
      fc.property(goodId, goodSecret, (id, secret) => {
        fc.pre(id.trimStart() === id && secret.trimEnd() === secret);
        const pair = parseCredentials(`${id}:${secret}`);
        assert.equal(pair.id, id);
        assert.equal(pair.secret.reveal(), secret);
      }),
    );
  });

  it('forgives blanks and line ends around a text', () => {
    const around = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r') });
    fc.assert(
      fc.property(around, around, (before, after) => {
        assert.equal(parseCredentials(`${before}id:secret${after}`).secret.reveal(), 'secret');
      }),
    );
  });

  it('takes a pair or refuses it with an error that shows nothing of it', () => {
    fc.assert(
      fc.property(anyText, anyText, (id, secret) => {
        const good = carried(id) && !id.includes(':') && carried(secret);
        try {
          parseCredentials({ id, secret });
          assert.ok(good, 'it was taken');
        } catch (error) {
          if (!(error instanceof CredentialsError)) throw error;
          assert.ok(!good, error.message);
          for (const hidden of [id, secret])
            if (hidden.length >= 8) assert.ok(!error.message.includes(hidden));
        }
      }),
    );
  });

  it('reads any text as a pair or refuses it, and never throws anything else', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        try {
          const { id, secret } = parseCredentials(text);
          assert.equal(`${id}:${secret.reveal()}`, text.trim());
        } catch (error) {
          assert.ok(error instanceof CredentialsError, String(error));
          if (text.length >= 8) assert.ok(!error.message.includes(text));
        }
      }),
    );
  });

  it('refuses any value that is no pair', () => {
    fc.assert(
      fc.property(fc.anything({ maxDepth: 2 }), (value) => {
        fc.pre(typeof value !== 'string');
        const called: unknown = Reflect.apply.bind(undefined, parseCredentials, undefined, [value]);
        assert.ok(typeof called === 'function');
        assert.throws(() => called(), CredentialsError);
      }),
    );
  });
});

describe('the Authorization header', () => {
  it('of a signer is read by the other side as the pair', async () => {
    await fc.assert(
      fc.asyncProperty(goodId, goodSecret, async (id, secret) => {
        const signer = new RequestSigner({ id, secret });
        const { authorization } = await signer.headers('https://a.blazemeter.com/api/v4/user');
        assert.deepEqual(decoded(authorization), { id, secret });
        const signed = await signer.sign(new Request('https://a.blazemeter.com/api/v4/user'));
        assert.equal(signed.headers.get('authorization'), authorization);
      }),
    );
  });

  it('of a client is the same, and the pair stands nowhere else in the request', async () => {
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
        assert.ok(seen);
        const { authorization = '', ...others } = seen.headers;
        assert.deepEqual(decoded(authorization), { id, secret });
        assert.equal(new Headers(seen.headers).get('authorization'), authorization);
        if (secret.length >= 8) assert.ok(!JSON.stringify([seen.url, others]).includes(secret));
      }),
    );
  });
});
