// Parsers of short texts: pairs, headers that tell times, names of keys, lengths of time on a command line, and what is hidden
// in foreign text.
import assert from 'node:assert/strict';
import { parseCredentials } from 'blazemeter-client';
import { readMaximum, writeMaximum } from '../../src/api/expiration.ts';
import { basicHeader } from '../../src/auth/basic.ts';
import { withoutSecrets } from '../../src/auth/redact.ts';
import { readCount, readDate, readLife, readMaximumOption, readSpan } from '../../src/cli/keys/periods.ts';
import { httpDate, retryAfter } from '../../src/http/retry-policy.ts';
import { ServerClock } from '../../src/http/server-clock.ts';
import { spanMs } from '../../src/util/duration.ts';
import { keyName, readKeyName } from '../../src/util/key-name.ts';
import { printable } from '../../src/util/printable.ts';
import { type EncodingName, encodings } from '../leak/detector.ts';
import type { Fuzzed } from './fuzz.ts';
import { assertHarmless, assertHidden, SECRETS } from './oracle.ts';
import { ODD, spoilText } from './spoil.ts';
import { parsed, spoilt, spoiltJson, taken } from './trial.ts';

const ID = '7e57ed0123456789abcdef01';
const secrets = Object.values(SECRETS);
const pairs = secrets.map((secret) => ({ id: ID, secret }));

/** The header as the other side reads it, and what is true of every pair. */
function checkPair(given: unknown, parse: () => ReturnType<typeof parseCredentials>): boolean {
  const pair = taken(parse);
  if (pair === undefined) return false;
  const secret = pair.secret.reveal();
  assert.ok(pair.id !== '' && secret !== '' && !pair.id.includes(':'));
  assert.match(`${pair.id}${secret}`, /^\P{Cc}+$/u);
  if (typeof given === 'string') assert.ok(given.includes(`${pair.id}:${secret}`));
  const [, base64 = ''] = /^Basic ([A-Za-z0-9+/]+={0,2})$/.exec(basicHeader(pair)) ?? [];
  const bytes = Buffer.from(base64, 'base64');
  assert.equal(
    new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes),
    `${pair.id}:${secret}`,
  );
  assertHidden(JSON.stringify(pair.secret));
  return true;
}

const credentials: Fuzzed = {
  name: 'pair and Basic header',
  make(random) {
    if (random.chance(0.6)) {
      const { text, whole } = spoilt(
        random,
        pairs.map(({ id, secret }) => `${id}:${secret}`),
        secrets,
      );
      return {
        shown: text,
        check: () => {
          const good = checkPair(text, () => parseCredentials(text));
          assert.ok(good || !whole);
          return good;
        },
      };
    }
    const roots = pairs.map((pair) => ({ ...pair, origin: 'https://a.blazemeter.com', refreshAfterMs: 5 }));
    const { text, whole } = spoiltJson(random, roots, { secrets });
    return {
      shown: text,
      check: () => {
        const document = parsed(text);
        if (document === undefined) return false;
        // As a program in JavaScript gives it.
        const good = checkPair(document.value, () =>
          Reflect.apply(parseCredentials, undefined, [document.value]),
        );
        assert.ok(good || !whole);
        return good;
      },
    };
  },
};

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
    const serverNow = random.pick([0, 1_795_000_000_000, -1]);
    return {
      shown: text,
      check: () => {
        const wait = taken(() => retryAfter(text, serverNow));
        const date = taken(() => httpDate(text));
        if (wait !== undefined) {
          assert.ok(Number.isFinite(wait) && wait >= 0);
          const trimmed = text.trim();
          assert.ok(/^\d{1,10}$/.test(trimmed) || httpDate(trimmed) !== undefined);
        }
        // A date that is taken is the one that is written there.
        if (date !== undefined) assert.equal(new Date(date).toUTCString().slice(5), text.slice(5));
        const clock = new ServerClock();
        clock.learn(text);
        assert.equal(clock.known, date !== undefined);
        assert.ok(Number.isFinite(clock.now()));
        assert.ok(!(whole && dates.includes(text)) || date === Date.parse(text));
        return wait !== undefined;
      },
    };
  },
};

const LETTERS = [...'abcdefghijkmnpqrstuvwxyz23456789'];

const names: Fuzzed = {
  name: 'names of keys',
  make(random) {
    const letters = (length: number) => Array.from({ length }, () => random.pick(LETTERS)).join('');
    const name = { recordId: letters(10), nonce: letters(16), epoch: random.int(10 ** random.int(9)) };
    const base = random.pick(['ci', 'ci.e4', 'a.b.c', '.', ...ODD]);
    const { text, whole } = spoilt(random, [keyName(base, name)], [...secrets, '.e1.', '.abcdefghij.e1.']);
    return {
      shown: text,
      check: () => {
        const read = taken(() => readKeyName(text));
        if (whole) assert.deepEqual(read, name);
        if (read === undefined) return false;
        assert.ok(Number.isSafeInteger(read.epoch) && read.epoch >= 0);
        assert.match(text, new RegExp(`\\.${read.recordId}\\.e0*${read.epoch}\\.${read.nonce}$`));
        return true;
      },
    };
  },
};

const spans = [
  '3 months',
  '90 days',
  '1 day 12 hours',
  '45 days',
  '2 weeks',
  'max',
  'unlimited',
  '0',
  '10 years',
];

const periods: Fuzzed = {
  name: 'periods and dates of the command line',
  make(random) {
    const texts = [...spans, '2030-01-31', '2030-01-31T12:00:00Z', '2030-01-31T12:00:00.5+02:00', '17'];
    const { text } = spoilt(random, texts, [...secrets, ' days ', '9999999', ' 1 day']);
    return {
      shown: text,
      check: () => {
        const life = taken(() => readLife(text, '--expires-in'), 'command');
        if (life !== undefined && life !== 'max') assert.ok(writeMaximum(life) > 0);
        const maximum = taken(() => readMaximumOption(text, '--maximum'), 'command');
        if (maximum !== undefined) {
          const days = writeMaximum(maximum);
          assert.equal(writeMaximum(readMaximum(days).maximum), days);
        }
        const span = taken(() => readSpan(text, '--drain'), 'command');
        if (span !== undefined) assert.ok(Number.isSafeInteger(spanMs(span, '--drain')));
        const date = taken(() => readDate(text, '--at'), 'command');
        if (date !== undefined) assert.ok(!Number.isNaN(date.getTime()));
        const count = taken(() => readCount(text, '--count', 32), 'command');
        if (count !== undefined) assert.ok(Number.isInteger(count) && count >= 1 && count <= 32);
        return [life, maximum, span, date, count].some((found) => found !== undefined);
      },
    };
  },
};

/** The ways in which requests and answers carry a secret. */
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
  name: 'text that quotes a secret',
  make(random) {
    const pieces = Array.from({ length: 1 + random.int(4) }, () => {
      const secret = random.pick(secrets);
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
    const most = random.pick([64, 200, 1_000]);
    return {
      shown: text,
      check: () => {
        const hidden = withoutSecrets(text, secrets);
        assertHidden(hidden);
        const shown = printable(hidden, most);
        assertHidden(shown);
        assert.ok([...shown].length <= most, 'it is too long');
        assertHarmless(shown);
        return true;
      },
    };
  },
};

export const ofTexts: readonly Fuzzed[] = [credentials, times, names, periods, foreign];
