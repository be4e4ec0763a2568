// What a request is: its address, its headers, its body, and how much of a response is read.

import { BlazeMeterClient } from 'blazemeter-client';
import { describe, expect, it, vi } from 'vitest';
import { CREDENTIALS, clientOf, json, rejection, type Step, user } from '../support/client.ts';

describe('a request', () => {
  it('is sent as plain values: signed, as JSON, without redirects and cookies', async () => {
    const { client, sent } = clientOf([user]);
    await client.request({ method: 'post', path: '/tests', json: { name: 'ü' } });
    const { signal, ...rest } = sent[0] ?? {};
    expect(signal).toBeInstanceOf(AbortSignal);
    expect(rest).toEqual({
      url: 'https://a.blazemeter.com/api/v4/tests',
      method: 'POST',
      headers: {
        accept: 'application/json',
        authorization: `Basic ${btoa(CREDENTIALS.token)}`,
        'content-type': 'application/json',
        'user-agent': expect.stringMatching(/^blazemeter-client\/\d/),
      },
      body: '{"name":"ü"}',
      redirect: 'manual',
      credentials: 'omit',
    });
  });

  it('without a body has no content type', async () => {
    const { client, sent } = clientOf([user]);
    await client.user.get();
    expect(sent[0]).not.toHaveProperty('body');
    expect(sent[0]?.headers).not.toHaveProperty('content-type');
  });

  it('has the headers of the call, which win, and the product of the caller', async () => {
    const { client, sent } = clientOf([user], { userAgent: 'my-plugin/2.1' });
    await client.user.get({ headers: { 'X-Trace': '1', ACCEPT: 'application/vnd.api+json' } });
    expect(sent[0]?.headers).toMatchObject({
      'x-trace': '1',
      accept: 'application/vnd.api+json',
      'user-agent': expect.stringMatching(/^my-plugin\/2\.1 blazemeter-client\/\d/),
    });
  });

  it.each(['Authorization', 'cookie', 'Proxy-Authorization', 'HOST', 'content-length'])(
    'with the header %s is refused before anything is sent',
    async (name) => {
      const { client, sent } = clientOf([user]);
      expect(await rejection(client.user.get({ headers: { [name]: 'x' } }))).toBeInstanceOf(TypeError);
      expect(sent).toEqual([]);
    },
  );

  it.each([
    ['a line break', { 'x-trace': 'hunter2\r\nx-admin: 1' }],
    ['a character beyond Latin-1', { 'x-trace': 'hunter2日' }],
    ['a name that is none', { 'x trace': 'hunter2' }],
  ])('with %s in a header is refused, and the value is not quoted', async (_, headers) => {
    const { client, sent } = clientOf([user]);
    const error = await rejection(client.user.get({ headers }));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).not.toContain('hunter2');
    expect(sent).toEqual([]);
  });

  it('has the further fields of fetchOptions, which change nothing of the above', async () => {
    const dispatcher = { dispatch: vi.fn() };
    const fetchOptions = {
      dispatcher,
      method: 'DELETE',
      headers: {},
      redirect: 'follow',
      body: 'theirs',
      credentials: 'include',
    };
    const { client, sent } = clientOf([user], { fetchOptions });
    await client.user.get();
    // It is watched, so what fetch gets passes everything on to it.
    Reflect.get(Object(sent[0]), 'dispatcher').dispatch({}, {});
    expect(dispatcher.dispatch).toHaveBeenCalledOnce();
    expect(sent[0]).toMatchObject({ method: 'GET', redirect: 'manual', credentials: 'omit' });
    expect(sent[0]?.headers.authorization).toBe(`Basic ${btoa(CREDENTIALS.token)}`);
    expect(sent[0]).not.toHaveProperty('body');
  });

  it('keeps the path of baseUrl, with or without a slash at its end', async () => {
    for (const baseUrl of ['https://b.example.com/gateway/api/v4', 'https://b.example.com/gateway/api/v4/']) {
      const { client, sent } = clientOf([user], { baseUrl });
      await client.user.get();
      expect(sent[0]?.url).toBe('https://b.example.com/gateway/api/v4/user');
    }
  });

  it('joins the query of the path with the one given', async () => {
    const { client, sent } = clientOf([user]);
    await client.request({
      path: '/tests?a=1&a=2',
      query: { b: ['x y', 'z'], c: null, d: undefined, e: true },
    });
    expect(sent[0]?.url).toBe('https://a.blazemeter.com/api/v4/tests?a=1&a=2&b=x+y&b=z&e=true');
  });

  it.each([
    'tests',
    'https://elsewhere.example.com/',
    '//elsewhere.example.com/',
    '/a//b',
    '/../evil',
    '/a/../../evil',
    '/a/./b',
    '/%2e%2e/evil',
    '/a%2f..%2fb',
    '/a%2f..%2f..%2fb',
    '/a/%2e%2e%2Fb',
    '/a%5C..',
    '/..%2f',
    '/a\\b',
    '/a#b',
    '/a b',
    '/a\nb',
  ])('to the path %j is refused before anything is sent', async (path) => {
    const { client, sent } = clientOf([user]);
    expect(await rejection(client.request({ path }))).toBeInstanceOf(TypeError);
    expect(sent).toEqual([]);
  });

  it('goes nowhere but to the origin that the source of the credentials names', async () => {
    const credentials = { ...CREDENTIALS, origin: 'https://private.example.com' };
    const { client, sent } = clientOf([user], { credentials });
    expect(await rejection(client.user.get())).toMatchObject({ code: 'credentials' });
    expect(sent).toEqual([]);
  });
});

describe('a response', () => {
  const text =
    (body: string, status = 200): Step =>
    async () =>
      new Response(body, { status, headers: { 'content-type': 'application/json' } });

  it('of up to 16 MB is read, and a larger one is refused', async () => {
    const fill = 'x'.repeat(15 * 1024 * 1024);
    const { client } = clientOf([text(`{"result":{"id":7,"note":"${fill}"}}`)]);
    expect(await client.user.get()).toMatchObject({ id: 7 });
    const { client: other, sent } = clientOf([text(`{"result":{"id":7,"note":"${fill}${fill}"}}`)]);
    expect(await rejection(other.user.get())).toMatchObject({ code: 'invalid_response' });
    expect(sent).toHaveLength(1);
  });

  it('that is an error is read to 64 kB, and its status decides', async () => {
    const { client } = clientOf([text(`{"error":{"message":"${'y'.repeat(1024 * 1024)}"}}`, 404)]);
    const error = await rejection(client.user.get());
    expect(error).toMatchObject({ code: 'not_found', status: 404 });
    expect(String(error).length).toBeLessThan(1_000);
  });

  it.each([301, 302, 303, 307, 308])('that redirects (%d) is not followed', async (status) => {
    const { client, sent } = clientOf([json({}, status, { location: 'https://elsewhere.example.com/' })]);
    expect(await rejection(client.user.get())).toMatchObject({ code: 'invalid_response', status });
    expect(sent).toHaveLength(1);
  });

  it.each<[string, object]>([
    ['an empty object', {}],
    ['a stand-in without headers', { status: 200, body: null }],
    ['a stand-in with json() alone', { status: 200, headers: new Headers(), json: user }],
    ['a body that is a stream of Node', { status: 200, headers: new Headers(), body: { pipe: () => {} } }],
  ])('that is none, such as %s, is refused and not asked for again', async (_, found) => {
    const { client, sent } = clientOf([async () => Object(found)], { maxRetries: 2 });
    expect(await rejection(client.user.get())).toMatchObject({ code: 'invalid_response' });
    expect(sent).toHaveLength(1);
  });

  it('that is null is refused and not asked for again', async () => {
    const { client, sent } = clientOf([async () => JSON.parse('null')], { maxRetries: 2 });
    expect(await rejection(client.user.get())).toMatchObject({ code: 'invalid_response' });
    expect(sent).toHaveLength(1);
  });

  it('of an instance of another fetch is read by what it has', async () => {
    const body = new Response('{"result":{"id":7}}').body;
    const foreign: Step = async () => ({ status: 200, headers: { get: () => null }, body });
    expect(await clientOf([foreign]).client.user.get()).toMatchObject({ id: 7 });
  });
});

describe('a client in a web page', () => {
  it('is refused, unless that is allowed', async () => {
    const { process: before } = globalThis;
    const page = { window: globalThis, document: {} };
    Object.assign(globalThis, page);
    Reflect.deleteProperty(globalThis, 'process');
    const create = (options: object) => {
      try {
        return new BlazeMeterClient({ credentials: 'id:secret', logLevel: 'off', ...options });
      } catch (error) {
        return error;
      }
    };
    const refused = create({});
    const allowed = create({ dangerouslyAllowBrowser: true });
    globalThis.process = before;
    for (const name of Object.keys(page)) Reflect.deleteProperty(globalThis, name);
    expect(refused).toBeInstanceOf(TypeError);
    expect(allowed).toBeInstanceOf(BlazeMeterClient);
  });
});
