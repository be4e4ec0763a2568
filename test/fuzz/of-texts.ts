// Short texts: credentials, headers that name times, and messages of the service that quote a secret.
import assert from 'node:assert/strict';
import { BlazeMeterClient, isBlazeMeterError, parseCredentials, RequestSigner } from 'blazemeter-client';
import { type EncodingName, encodings } from '../leak/detector.ts';
import type { Fuzzed } from './fuzz.ts';
import { assertHarmless, assertHidden, assertOurs, SECRETS } from './oracle.ts';
import { ODD, spoilText } from './spoil.ts';
import { parsed, spoilt, spoiltJson, taken } from './trial.ts';

const ID = '7e57ed0123456789abcdef01';
const secrets = Object.values(SECRETS);
const pairs = secrets.map((secret) => ({ id: ID, secret }));

/** The header as the other side reads it, and what is true of all credentials. */
async function checkCredentials(
  given: unknown,
  parse: () => ReturnType<typeof parseCredentials>,
): Promise<boolean> {
  const credentials = taken(parse);
  if (credentials === undefined) return false;
  const secret = credentials.secret.reveal();
  assert.ok(credentials.id !== '' && secret !== '' && !credentials.id.includes(':'));
  assert.match(`${credentials.id}${secret}`, /^\P{Cc}+$/u);
  if (typeof given === 'string') assert.ok(given.includes(`${credentials.id}:${secret}`));
  const { origin: _, ...anywhere } = credentials;
  const { authorization } = await new RequestSigner(anywhere).headers('https://a.blazemeter.com/api/v4/user');
  const [, base64 = ''] = /^Basic ([A-Za-z0-9+/]+={0,2})$/.exec(authorization) ?? [];
  assert.equal(
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(Buffer.from(base64, 'base64')),
    `${credentials.id}:${secret}`,
  );
  assertHidden(JSON.stringify(credentials.secret));
  return true;
}

const credentials: Fuzzed = {
  name: 'credentials and Basic header',
  make(random) {
    if (random.chance(0.6)) {
      const { text, whole } = spoilt(
        random,
        pairs.map(({ id, secret }) => `${id}:${secret}`),
        secrets,
      );
      return {
        shown: text,
        check: async () => {
          const good = await checkCredentials(text, () => parseCredentials(text));
          assert.ok(good || !whole);
          return good;
        },
      };
    }
    const roots = pairs.map((credentials) => ({
      ...credentials,
      origin: 'https://a.blazemeter.com',
      refreshAfterMs: 5,
    }));
    const { text, whole } = spoiltJson(random, roots, { secrets });
    return {
      shown: text,
      check: async () => {
        const document = parsed(text);
        if (document === undefined) return false;
        // As a program in JavaScript gives it.
        const good = await checkCredentials(document.value, () =>
          Reflect.apply(parseCredentials, undefined, [document.value]),
        );
        assert.ok(good || !whole);
        return good;
      },
    };
  },
};

/** What the next call of a client that repeats nothing rejects with. */
async function failure(response: () => Response): Promise<unknown> {
  const client = new BlazeMeterClient({
    credentials: { id: ID, secret: SECRETS.credentials },
    fetch: async () => response(),
    maxRetries: 0,
    logLevel: 'off',
  });
  return client.user.get().then(
    () => undefined,
    (error: unknown) => error,
  );
}

const dates = [
  'Mon, 23 Nov 2026 04:15:45 GMT',
  'Thu, 01 Jan 1970 00:00:00 GMT',
  'Fri, 31 Dec 9999 23:59:59 GMT',
];

const times: Fuzzed = {
  name: 'Retry-After and Date',
  make(random) {
    const number = String(10 ** random.int(14) + random.int(1_000));
    const { text, whole } = spoilt(random, [...dates, '0', '120', number], secrets);
    // HTTP carries Latin-1 without control characters.
    const value = text.replace(/[^\t\x20-\x7e]/g, '?').trim();
    return {
      shown: value,
      check: async () => {
        const headers = { 'content-type': 'application/json', 'retry-after': value, date: value };
        const error = await failure(() => new Response('{}', { status: 429, headers }));
        assertOurs(error);
        assert.ok(isBlazeMeterError(error) && error.code === 'rate_limited');
        const wait = error.retryAfterMs;
        const seconds = /^\d{1,10}$/.test(value);
        if (seconds) assert.equal(wait, Number(value) * 1000);
        if (wait === undefined) {
          assert.ok(!whole || !dates.includes(value));
          return false;
        }
        assert.ok(Number.isFinite(wait) && wait >= 0);
        // A date that is read is the one that is written there.
        if (!seconds) assert.equal(new Date(value).toUTCString().slice(5), value.slice(5));
        return true;
      },
    };
  },
};

/** The ways in which requests and responses carry a secret. */
const CARRIED: readonly EncodingName[] = [
  'raw',
  'base64, first of three',
  'base64, second of three',
  'base64, third of three',
  'base64url, second of three',
  'URL-encoded',
  'form-encoded',
  'hex',
  'JSON-escaped',
  'escaped to ASCII',
];

const foreign: Fuzzed = {
  name: 'a message that quotes the secret',
  make(random) {
    const secret = SECRETS.credentials;
    const pieces = Array.from({ length: 1 + random.int(4) }, () => {
      const from = random.int(secret.length - 8);
      const piece = secret.slice(from, from + 8 + random.int(secret.length - from - 7)).toWellFormed();
      return encodings[random.pick(CARRIED)].write(piece);
    });
    const prose = random.pick(['Bad Request: ', '<html>', '{"error":"', 'id=', '::', '']);
    const text = spoilText(
      random,
      `${prose}${pieces.join(random.pick(['', ' ', ':', '\n']))}`,
      random.int(3),
      ODD,
    );
    const status = random.pick([400, 403, 404, 409, 500]);
    return {
      shown: text,
      check: async () => {
        const body = JSON.stringify({ error: { code: status, message: text }, result: null });
        const error = await failure(() => new Response(body, { status }));
        assertOurs(error);
        assert.ok(isBlazeMeterError(error));
        assertHidden(error.message);
        assertHarmless(error.message);
        return true;
      },
    };
  },
};

export const ofTexts: readonly Fuzzed[] = [credentials, times, foreign];
