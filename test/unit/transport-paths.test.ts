// Addresses, each rule by itself: what fills a segment, which paths are refused, and how a query is joined to what is there.
import { describe, expect, test } from 'vitest';
import { fillPath, type Query, resolveUrl } from '../../src/transport/path.ts';

const BASE = 'https://a.blazemeter.com/api/v4';
const urlOf = (path: string, query?: Query, base = BASE) => resolveUrl(new URL(base), path, query);
const REFUSED = new TypeError(
  'The path must start with "/", stay below baseUrl and hold no "//", "\\", "." or ".." segment.',
);

describe('a template', () => {
  test('is filled with encoded values', () => {
    expect(fillPath('/accounts/{account_id}/users/{userId}', { account_id: 7, userId: 'a/b ?' })).toBe(
      '/accounts/7/users/a%2Fb%20%3F',
    );
    expect(fillPath('/user', {})).toBe('/user');
    expect(fillPath('/a/{}/{b c}', {})).toBe('/a/{}/{b c}');
  });

  test.each([1, Number.MAX_SAFE_INTEGER])('takes the number %d', (id) => {
    expect(fillPath('/{id}', { id })).toBe(`/${id}`);
  });

  test.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY, 2 ** 53])('refuses the number %d', (id) => {
    expect(() => fillPath('/{id}', { id })).toThrow(new TypeError('id must be a whole number above 0.'));
  });

  test.each(['...', '.a', 'a..', ' '])('takes the text %j', (id) => {
    expect(fillPath('/{id}', { id })).toBe(`/${encodeURIComponent(id)}`);
  });

  test.each(['', '.', '..', '\ud800'])('refuses the text %j', (id) => {
    expect(() => fillPath('/{id}', { id })).toThrow(
      new TypeError('id must be an id: not empty, not "." or "..".'),
    );
  });

  test('refuses what is not given, and what is only inherited', () => {
    expect(() => fillPath('/{id}', {})).toThrow(/^id must be an id/);
    expect(() => fillPath('/{id}', Object.create({ id: 'inherited' }))).toThrow(/^id must be an id/);
    expect(() => fillPath('/{id}', JSON.parse('{"id":true}'))).toThrow(/^id must be an id/);
  });
});

describe('a path', () => {
  test.each(['/user', '/', '/a/b/', '/.well-known/a', '/a.b/c..d', '/.../a', '/a/%2e%2e%2e', '/a%20b'])(
    '%s is put below the base',
    (path) => {
      expect(urlOf(path)).toBe(`${BASE}${path}`);
    },
  );

  test.each(['', 'user', '@evil.test/', 'user/'])(
    'that does not begin with a slash is refused: %j',
    (path) => {
      expect(() => urlOf(path)).toThrow(REFUSED);
    },
  );

  test.each(['/a\\b', '/a#top', '/a\u0001', '/a\u007f', '/a b', '/a\u2028', '/a?b=c#d', '/a?b c'])(
    'with a character that has no place there is refused: %j',
    (path) => {
      expect(() => urlOf(path)).toThrow(REFUSED);
    },
  );

  test.each(['//evil.test', '/a//b', '/a//'])('with an empty segment is refused: %s', (path) => {
    expect(() => urlOf(path)).toThrow(REFUSED);
  });

  test.each([
    '/.',
    '/..',
    '/a/.',
    '/a/..',
    '/a/./b',
    '/a/../b',
    '/%2e',
    '/a/%2E%2e/b',
    '/a/.%2e',
    '/a%2f..',
    '/a%5C..%5Cb',
  ])('with a segment of dots is refused: %s', (path) => {
    expect(() => urlOf(path)).toThrow(REFUSED);
  });

  test('may have slashes and dots in its query', () => {
    expect(urlOf('/a?u=https://b/../c')).toBe(`${BASE}/a?u=https://b/../c`);
  });

  test.each([
    'https://a.test',
    'https://a.test/',
    'https://a.test/x/y',
    'https://a.test/x/y/',
    'https://a.test/x//',
  ])('is joined to the base %s with one slash', (base) => {
    expect(urlOf('/user', undefined, base)).toBe(`${base.replace(/(?<=[a-z])\/+$/, '')}/user`);
  });
});

describe('a query', () => {
  test('is added, a list by its name again and again', () => {
    const query = { a: 1, b: ['x', 'y'], c: true, d: 'ä &' };
    expect(urlOf('/user', query)).toBe(`${BASE}/user?a=1&b=x&b=y&c=true&d=%C3%A4+%26`);
  });

  test('leaves out what is undefined or null, and what is false or empty it keeps', () => {
    const query = { a: undefined, b: null, c: [null, 'x', undefined], d: false, e: '', f: 0 };
    expect(urlOf('/user', query)).toBe(`${BASE}/user?c=x&d=false&e=&f=0`);
  });

  test.each<[string, Query | undefined]>([
    ['not given', undefined],
    ['empty', {}],
    ['of nothing but nothing', { a: undefined, b: [] }],
  ])('that is %s changes nothing', (_, query) => {
    expect(urlOf('/user', query)).toBe(`${BASE}/user`);
    expect(urlOf('/user?', query)).toBe(`${BASE}/user?`);
    expect(urlOf('/user?a=1', query)).toBe(`${BASE}/user?a=1`);
  });

  test('goes behind the one that the path has', () => {
    expect(urlOf('/user?a=1', { b: 2 })).toBe(`${BASE}/user?a=1&b=2`);
    expect(urlOf('/user?', { b: 2 })).toBe(`${BASE}/user?b=2`);
  });
});
