// Addresses by properties: no id leaves its segment, no path leaves the base, and no query value its place. What cannot
// be sent safely is refused with a TypeError, and nothing is sent.
import assert from 'node:assert/strict';
import { BlazeMeterClient, isBlazeMeterError } from 'blazemeter-client';
import fc from 'fast-check';
import { describe, it } from 'vitest';

const evil = fc.constantFrom(
  '..',
  '.',
  '...',
  '../user',
  '%2e%2e',
  '%2E.',
  '..%2fuser',
  '%252e%252e',
  'a/b',
  'a\\b',
  '//evil.test',
  '\\\\evil.test',
  'https://evil.test/',
  '@evil.test',
  '?admin=1',
  '#top',
  ';a=b',
  '\u2028',
  '\ufeff',
  'a b',
  '\r\nx-evil: 1',
  '\u0000',
  '%',
  '%zz',
  '\ud800',
  'constructor',
  '__proto__',
  '{id}',
);
const piece = fc.oneof({ weight: 2, arbitrary: evil }, fc.string(), fc.string({ unit: 'binary' }));
const anyText = fc.oneof(
  piece,
  fc.array(piece, { maxLength: 4 }).map((pieces) => pieces.join('')),
);
const anyPath = fc.oneof(
  anyText,
  anyText.map((text) => `/${text}`),
  fc.array(anyText, { maxLength: 4 }).map((segments) => `/${segments.join('/')}`),
);
const bases = fc.constantFrom(
  'https://a.blazemeter.com/api/v4',
  'https://gateway.test:8443/some/prefix/api/v4/',
  'http://127.0.0.1:8080',
);

function sender(baseUrl: string) {
  const urls: string[] = [];
  const client = new BlazeMeterClient({
    credentials: 'an-id:a-secret',
    baseUrl,
    logLevel: 'off',
    fetch: async (url) => {
      urls.push(url);
      return Response.json({ result: { id: 'x', name: 'x', created: 1_900_000_000 } });
    },
  });
  return { client, urls };
}

/** The one address that was sent to; undefined where the call was refused before. */
async function sentTo(call: Promise<unknown>, urls: readonly string[]): Promise<URL | undefined> {
  const error = await call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  const [only, ...others] = urls;
  assert.deepEqual(others, []);
  if (only === undefined) assert.ok(error instanceof TypeError, String(error));
  else assert.ok(error === undefined || isBlazeMeterError(error), String(error));
  return only === undefined ? undefined : new URL(only);
}

/** Whether it would lead elsewhere, were it decoded on the way, once or more often, and freed of parameters. */
const hasDots = (id: string, layers = 4): boolean =>
  id.split(/[\\/]/).some((part) => /^\.{1,2}(;|$)/.test(part)) ||
  (layers > 0 &&
    hasDots(
      id.replace(/%([0-9a-f]{2})/gi, (_, code) => String.fromCharCode(Number.parseInt(code, 16))),
      layers - 1,
    ));

const basePath = (baseUrl: string) => new URL(baseUrl).pathname.replace(/\/+$/, '');

const climbing = [
  '..;',
  '..;a=b',
  '.;',
  '..%3b',
  '%2e%2e;a',
  '%252e%252e',
  '%252e%252E%252f',
  '%25252e.',
  '..%5c',
  '..%255cuser',
  '%c0%ae%c0%ae',
  '..%c0%afuser',
];

it.each(climbing)('neither an id nor a path leaves the base by %s', async (dots) => {
  const { client, urls } = sender('https://gateway.test/base/api/v4');
  for (const call of [
    () => client.apiKeys.get(dots),
    () => client.apiKeys.get(`a/${dots}`),
    () => client.request({ path: `/${dots}/admin` }),
    () => client.request({ path: `/api-keys/a/${dots}` }),
  ])
    assert.equal(await sentTo(Promise.resolve().then(call), urls), undefined);
});

it.each(['a..b', '...', '..a', 'a;b', '%2e', '50%25', 'a.;b'].map((id) => [id]))(
  'an id such as %s is sent',
  async (id) => {
    const { client, urls } = sender('https://gateway.test/base/api/v4');
    const url = await sentTo(client.apiKeys.get(`x${id}`), urls);
    assert.equal(decodeURIComponent(url?.pathname.split('/').at(-1) ?? ''), `x${id}`);
  },
);

describe('an id', () => {
  it('is one segment, from which the server reads it back, or nothing is sent', async () => {
    await fc.assert(
      fc.asyncProperty(bases, anyText, async (baseUrl, id) => {
        const { client, urls } = sender(baseUrl);
        const url = await sentTo(client.apiKeys.get(id), urls);
        if (url === undefined) return assert.ok(id === '' || hasDots(id) || !id.isWellFormed(), 'refused');
        assert.equal(url.origin, new URL(baseUrl).origin);
        const rest = url.pathname.slice(`${basePath(baseUrl)}/api-keys/`.length);
        assert.ok(url.pathname.startsWith(`${basePath(baseUrl)}/api-keys/`), url.pathname);
        assert.ok(!rest.includes('/'), rest);
        assert.equal(decodeURIComponent(rest), id);
        assert.deepEqual([url.search, url.hash, url.username, url.password], ['', '', '', '']);
      }),
      { numRuns: 500 },
    );
  });

  it('that is a number is a whole one above 0, or nothing is sent', async () => {
    await fc.assert(
      fc.asyncProperty(fc.oneof(fc.double(), fc.integer(), fc.maxSafeNat()), async (accountId) => {
        const { client, urls } = sender('https://a.blazemeter.com/api/v4');
        const url = await sentTo(client.accounts.get(accountId), urls);
        const good = Number.isSafeInteger(accountId) && accountId > 0;
        assert.equal(url?.pathname, good ? `/api/v4/accounts/${accountId}` : undefined);
      }),
    );
  });
});

describe('a path', () => {
  it('stays below the base, or nothing is sent', async () => {
    await fc.assert(
      fc.asyncProperty(bases, anyPath, async (baseUrl, path) => {
        const { client, urls } = sender(baseUrl);
        const url = await sentTo(client.request({ path }), urls);
        if (url === undefined) return;
        assert.equal(url.origin, new URL(baseUrl).origin);
        assert.ok(url.pathname.startsWith(`${basePath(baseUrl)}/`), url.pathname);
        assert.deepEqual([url.hash, url.username, url.password], ['', '', '']);
        // A server that decodes once more finds no way out either.
        const segments = url.pathname.split(/\/|%2f|%5c/i).map((segment) => segment.replace(/%2e/gi, '.'));
        assert.ok(!segments.includes('..') && !segments.includes('.'), url.pathname);
      }),
      { numRuns: 1_000 },
    );
  });

  it('of letters, digits and the like is sent as it is', async () => {
    const segment = fc.stringMatching(/^[A-Za-z0-9_~-]{1,12}$/);
    await fc.assert(
      fc.asyncProperty(
        bases,
        fc.array(segment, { minLength: 1, maxLength: 5 }),
        async (baseUrl, segments) => {
          const { client, urls } = sender(baseUrl);
          const url = await sentTo(client.request({ path: `/${segments.join('/')}` }), urls);
          assert.equal(url?.pathname, `${basePath(baseUrl)}/${segments.join('/')}`);
        },
      ),
    );
  });
});

describe('a query', () => {
  const value = fc.oneof(anyText, fc.integer(), fc.boolean(), fc.constantFrom(null, undefined));
  const shown = (one: unknown) => String(one).toWellFormed();

  it('is read back by the server as it was given', async () => {
    const query = fc.dictionary(
      anyText.filter((name) => name !== '__proto__'),
      fc.oneof(value, fc.array(value, { maxLength: 3 })),
      { noNullPrototype: true },
    );
    await fc.assert(
      fc.asyncProperty(query, async (given) => {
        const { client, urls } = sender('https://a.blazemeter.com/api/v4');
        const url = await sentTo(client.request({ path: '/tests', query: given }), urls);
        assert.ok(url);
        assert.equal(url.pathname, '/api/v4/tests');
        const expected = Object.entries(given).flatMap(([name, one]) =>
          (Array.isArray(one) ? one : [one])
            .filter((each) => each !== null && each !== undefined)
            .map((each) => [shown(name), shown(each)]),
        );
        assert.deepEqual([...url.searchParams], expected);
      }),
    );
  });
});
