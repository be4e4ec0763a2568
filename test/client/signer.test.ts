// Signing for other HTTP clients: RFC 7617 vectors, copies, destinations.

import { CredentialsError, RequestSigner } from 'blazemeter-client';
import { createReference, listen } from 'blazemeter-client/testing';
import { MockAgent } from 'undici';
import { describe, expect, it } from 'vitest';

const API = 'https://a.blazemeter.com/api/v4/user';

describe('the header', () => {
  // id, secret, base64 of their UTF-8 bytes; the first two are the examples of RFC 7617.
  it.each([
    ['Aladdin', 'open sesame', 'QWxhZGRpbjpvcGVuIHNlc2FtZQ=='],
    ['test', '123£', 'dGVzdDoxMjPCow=='],
    ['id', 'with:colon', 'aWQ6d2l0aDpjb2xvbg=='],
    ['名前', '🔑', '5ZCN5YmNOvCflJE='],
  ])('of %s is the base64 of the UTF-8 credentials', async (id, secret, base64) => {
    const signer = new RequestSigner({ id, secret });
    expect(await signer.headers(API)).toEqual({ authorization: `Basic ${base64}` });
  });

  it.each([
    ['an id with a colon', { id: 'a:b', secret: 'c' }],
    ['a line break in the id', { id: 'a\n', secret: 'topsecret' }],
    ['a control character in the secret', { id: 'a', secret: 'topsecret\u0007' }],
    ['an empty id', { id: '', secret: 'topsecret' }],
    ['an empty secret', { id: 'a', secret: '' }],
    ['half of a surrogate pair', { id: 'a', secret: 'topsecret\ud800' }],
  ])('is refused for %s, at once and without the value', (_, credentials) => {
    const make = () => new RequestSigner(credentials);
    expect(make).toThrow(CredentialsError);
    expect(make).not.toThrow(/topsecret/);
  });
});

describe('sign', () => {
  it('gives a signed copy, body and all, that follows no redirect, and leaves the request as it was', async () => {
    const signer = new RequestSigner('id:secret');
    const request = new Request(API, { method: 'POST', body: '{"a":1}', headers: { 'x-mine': 'kept' } });
    const signed = await signer.sign(request);
    expect(signed.headers.get('authorization')).toBe('Basic aWQ6c2VjcmV0');
    expect(signed.headers.get('x-mine')).toBe('kept');
    expect([signed.method, signed.redirect, await signed.text()]).toEqual(['POST', 'manual', '{"a":1}']);
    expect(request.headers.has('authorization')).toBe(false);
    expect(await request.text()).toBe('{"a":1}');
  });
});

describe('the destination', () => {
  it('is the documented origin alone, unless others are named', async () => {
    const signer = new RequestSigner('id:secret');
    await expect(signer.headers('https://example.com/api/v4/user')).rejects.toThrow(
      /not sent to https:\/\/example.com/,
    );
    const named = new RequestSigner('id:secret', { origins: ['https://example.com'] });
    await expect(named.headers('https://example.com/x')).resolves.toHaveProperty('authorization');
    await expect(named.headers(API)).rejects.toThrow(TypeError);
  });

  it.each([
    'http://a.blazemeter.com/x',
    'https://user:password@a.blazemeter.com/x',
    'ftp://a.blazemeter.com',
    'nonsense',
  ])('is never %s', async (url) => {
    await expect(new RequestSigner('id:secret').headers(url)).rejects.toThrow(TypeError);
  });

  it('may be this machine over plain http', async () => {
    const reference = createReference();
    const { keys } = reference.seed();
    await using server = await listen(reference);
    const signer = new RequestSigner(keys.owner, { origins: [server.url] });
    const response = await signer.fetch(`${server.url}/user`);
    expect(response.status).toBe(200);
  });

  it('is the one that the source binds the credentials to', async () => {
    const bound = async () => ({ id: 'id', secret: 'secret', origin: 'https://private.example.com' });
    await expect(new RequestSigner(bound).headers(API)).rejects.toBeInstanceOf(CredentialsError);
  });
});

it("the signer's fetch goes through the dispatcher that it is given, as fetch does", async () => {
  const agent = new MockAgent();
  agent.disableNetConnect();
  const intercepted = agent
    .get('https://a.blazemeter.com')
    .intercept({ path: '/api/v4/user', method: 'GET' });
  intercepted.reply(200, 'by way of the agent');
  const init: RequestInit & { dispatcher: object } = { dispatcher: agent };
  const response = await new RequestSigner('id:secret').fetch(API, init);
  expect(await response.text()).toBe('by way of the agent');
  await agent.close();
});
