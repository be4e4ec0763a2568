// The step in which request and credential meet: what fetch is called with, where nothing is sent, and what counts as an answer.
import { CredentialsError, InvalidResponseError } from 'blazemeter-client';
import { describe, expect, test, vi } from 'vitest';
import {
  type FetchLike,
  isResponse,
  type SignedFetchOptions,
  signedFetch,
  type Unsigned,
} from '../../src/transport/signed-fetch.ts';
import { pairOf } from '../support/transport.ts';

const ORIGIN = 'https://a.blazemeter.com';
const pair = pairOf('the signer');
const signature = `Basic ${Buffer.from(`${pair.id}:${pair.secret.reveal()}`).toString('base64')}`;

function sendingOf(request: Partial<Unsigned> = {}, options: Partial<SignedFetchOptions> = {}) {
  const { signal } = new AbortController();
  const order: string[] = [];
  const fetch = vi.fn<FetchLike>(async () => {
    order.push('fetch');
    return new Response('{}');
  });
  const work = signedFetch(
    { url: `${ORIGIN}/api/v4/user`, method: 'GET', headers: { accept: '*/*' }, body: undefined, ...request },
    {
      fetch,
      fetchOptions: {},
      origin: ORIGIN,
      pair,
      signal,
      operation: 'user.get',
      attempts: 2,
      onSend: () => void order.push('may leave'),
      ...options,
    },
  );
  return { work, fetch, signal, order };
}

describe('fetch is called', () => {
  test('with plain values, signed, after it was told that the request may leave', async () => {
    const { work, fetch, signal, order } = sendingOf();
    expect((await work).status).toBe(200);
    expect(fetch.mock.calls).toStrictEqual([
      [
        `${ORIGIN}/api/v4/user`,
        {
          method: 'GET',
          headers: { accept: '*/*', authorization: signature },
          redirect: 'manual',
          credentials: 'omit',
          signal,
        },
      ],
    ]);
    expect(order).toEqual(['may leave', 'fetch']);
  });

  test('with the body, where there is one', async () => {
    const { work, fetch } = sendingOf({ method: 'POST', body: '' });
    await work;
    expect(fetch.mock.calls[0]?.[1]).toMatchObject({ method: 'POST', body: '' });
  });

  test('with the further options, which change nothing else and bring no body', async () => {
    const dispatcher = { dispatch: true };
    const fetchOptions = {
      dispatcher,
      body: 'not mine',
      method: 'DELETE',
      headers: { authorization: 'mine' },
      redirect: 'follow',
      credentials: 'include',
      signal: AbortSignal.abort(),
    };
    const { work, fetch, signal } = sendingOf({}, { fetchOptions });
    await work;
    expect(fetch.mock.calls[0]?.[1]).toStrictEqual({
      dispatcher,
      method: 'GET',
      headers: { accept: '*/*', authorization: signature },
      redirect: 'manual',
      credentials: 'omit',
      signal,
    });
    expect(Object.keys(fetchOptions)).toContain('body');
  });
});

describe('nothing is sent', () => {
  test.each([
    'https://a.blazemeter.com.evil.test/',
    'https://evil.test/https://a.blazemeter.com/',
    ORIGIN,
    '',
  ])('to %j, which is not below the origin', async (url) => {
    const { work, order } = sendingOf({ url });
    await expect(work).rejects.toThrow(new TypeError('The request left the origin of baseUrl.'));
    expect(order).toEqual([]);
  });

  test('with a pair that belongs to another origin', async () => {
    const { work, order } = sendingOf({}, { pair: { ...pair, origin: 'https://other.test' } });
    await expect(work).rejects.toThrow(CredentialsError);
    await expect(work).rejects.toThrow(
      /^The credential belongs to https:\/\/other\.test and is not sent to https:\/\/a\.blazemeter\.com: set baseUrl to it, or use another\.$/,
    );
    expect(order).toEqual([]);
  });

  test('once the signal has aborted', async () => {
    const reason = new Error('enough');
    const { work, order } = sendingOf({}, { signal: AbortSignal.abort(reason) });
    await expect(work).rejects.toBe(reason);
    expect(order).toEqual([]);
  });

  test('but a pair that belongs to this origin signs', async () => {
    const { work, order } = sendingOf({}, { pair: { ...pair, origin: ORIGIN } });
    await work;
    expect(order).toEqual(['may leave', 'fetch']);
  });
});

const headers = { get: () => null };

describe('an answer', () => {
  test.each<[string, unknown]>([
    ['a Response', new Response('{}')],
    ['a Response without a body', new Response(null)],
    ['one of another package', { status: 200, headers, body: { getReader: () => ({}) } }],
    ['one of another package without a body', { status: 204, headers, body: null }],
  ])('is %s', (_, value) => {
    expect(isResponse(value)).toBe(true);
  });

  test.each<[string, unknown]>([
    ['nothing', undefined],
    ['null', null],
    ['a text', 'HTTP/1.1 200 OK'],
    ['a function', Object.assign(() => {}, { status: 200, headers, body: null })],
    ['something without a status', { headers, body: null }],
    ['something whose status is a text', { status: '200', headers, body: null }],
    ['something without headers', { status: 200, body: null }],
    ['something whose headers are null', { status: 200, headers: null, body: null }],
    ['something whose headers are a text', { status: 200, headers: 'a: b', body: null }],
    [
      'something whose headers are a function',
      { status: 200, headers: Object.assign(() => {}, headers), body: null },
    ],
    ['something whose headers are a record', { status: 200, headers: { get: 'x' }, body: null }],
    ['something whose body is missing', { status: 200, headers }],
    ['something whose body is a text', { status: 200, headers, body: '{}' }],
    ['something whose body is a stream of Node', { status: 200, headers, body: { pipe: () => {} } }],
    ['a stream without headers', { status: 200, headers: {}, body: { getReader: () => ({}) } }],
  ])('is not %s', (_, value) => {
    expect(isResponse(value)).toBe(false);
  });

  test('that is none is told of, with the operation and the attempts', async () => {
    const { work } = sendingOf({}, { fetch: async () => Object({}) });
    await expect(work).rejects.toThrow(InvalidResponseError);
    await expect(work).rejects.toMatchObject({
      message:
        'The fetch given in the options did not return a Response with headers and, as its body, a web stream or null.',
      operation: 'user.get',
      attempts: 2,
    });
  });
});
