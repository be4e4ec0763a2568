// The request signer, for programs that bring their own HTTP client: credentials go to the origins that were named, and
// nowhere else.
import { CredentialsError, RequestSigner } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { handlers } from 'blazemeter-client/testing/msw';
import { HttpResponse, http } from 'msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

const API = 'https://a.blazemeter.com/api/v4';

const reference = createReference();
const { keys, users } = reference.seed({
  users: { olive: {} },
  accounts: { acme: { owner: 'olive' } },
  keys: { owner: { user: 'olive' } },
});
const basic = `Basic ${btoa(`${keys.owner.id}:${keys.owner.secret}`)}`;
const start = reference.snapshot();
const server = setupServer(...handlers(reference));
const sent: Request[] = [];
const calls = () => sent.map(({ method, url }) => `${method} ${url.replace(API, '')}`);

server.events.on('request:start', ({ request }) => void sent.push(request.clone()));
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterEach(() => {
  server.resetHandlers();
  reference.reset();
  reference.restore(start);
  sent.length = 0;
});
afterAll(() => server.close());

describe('signer.sign', () => {
  it('returns a signed copy, and leaves the request as it was', async () => {
    const signer = new RequestSigner(keys.owner);
    const request = new Request(`${API}/user`);
    const signed = await signer.sign(request);

    expect(signed.headers.get('authorization') === basic).toBe(true);
    expect(request.headers.has('authorization')).toBe(false);
    expect(calls()).toEqual([]);
  });

  it('the service accepts the signed request', async () => {
    const signer = new RequestSigner(keys.owner);
    const response = await fetch(await signer.sign(new Request(`${API}/user`)));

    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ error: null, result: { id: users.olive.id } });
  });

  it('keeps method, headers and body', async () => {
    const signer = new RequestSigner(keys.owner);
    const body = JSON.stringify({ name: 'ci', expiration: Math.floor(Date.now() / 1000) + 86_400 });
    const headers = { 'content-type': 'application/json', 'x-trace': '42' };
    const response = await fetch(
      await signer.sign(new Request(`${API}/api-keys`, { method: 'POST', headers, body })),
    );

    expect(response.status).toBe(201);
    expect([sent[0]?.method, sent[0]?.headers.get('x-trace')]).toEqual(['POST', '42']);
    expect(await sent[0]?.text()).toBe(body);
  });

  it('the copy follows no redirect', async () => {
    const signer = new RequestSigner(keys.owner);
    expect((await signer.sign(new Request(`${API}/user`))).redirect).toBe('manual');
  });

  it('replaces an authorization header that is already there', async () => {
    const signer = new RequestSigner(keys.owner);
    const request = new Request(`${API}/user`, { headers: { authorization: 'Bearer other' } });
    expect((await signer.sign(request)).headers.get('authorization') === basic).toBe(true);
  });
});

describe('signer.headers', () => {
  it('returns the header for axios, got or http.request', async () => {
    const signer = new RequestSigner(keys.owner);
    const headers = await signer.headers(`${API}/user`);

    expect(Object.keys(headers)).toEqual(['authorization']);
    expect(headers.authorization === basic).toBe(true);
    expect((await fetch(`${API}/user`, { headers })).status).toBe(200);
  });

  it('encodes id:secret as UTF-8', async () => {
    const signer = new RequestSigner({ id: 'schlüssel', secret: 'größe' });
    const { authorization } = await signer.headers(`${API}/user`);
    expect(Buffer.from(authorization.slice('Basic '.length), 'base64').toString('utf8')).toBe(
      'schlüssel:größe',
    );
  });
});

describe('signer.fetch', () => {
  it('signs and sends, without cookies', async () => {
    const signer = new RequestSigner(keys.owner);
    await signer.fetch(`${API}/user`);
    const response = await signer.fetch(`${API}/accounts?limit=5`);

    expect(response.status).toBe(200);
    expect(calls()).toEqual(['GET /user', 'GET /accounts?limit=5']);
    expect(sent.every(({ headers }) => headers.get('authorization') === basic)).toBe(true);
    expect(sent.some(({ headers }) => headers.has('cookie'))).toBe(false);
  });

  it('401, 403, 404, 429 and 503 are the responses of the service: nothing is thrown or sent again', async () => {
    const signer = new RequestSigner(keys.owner);
    for (const status of [401, 403, 404, 429, 503]) {
      reference.faults.add({ operation: 'user.get', effect: 'status', status, times: 1 });
      expect((await signer.fetch(`${API}/user`)).status).toBe(status);
    }
    expect(calls()).toHaveLength(5);
  });

  it('refuses a redirect', async () => {
    reference.faults.add({
      operation: 'user.get',
      effect: 'redirect',
      location: 'https://elsewhere.example/',
    });
    const signer = new RequestSigner(keys.owner);
    await expect(signer.fetch(`${API}/user`)).rejects.toThrow(TypeError);
    expect(calls()).toHaveLength(1);
  });

  it('passes the reason of an abort on', async () => {
    const signer = new RequestSigner(keys.owner);
    const reason = new Error('the user left');
    await expect(signer.fetch(`${API}/user`, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(reference.journal.count()).toBe(0);
  });
});

describe('origins', () => {
  it('by default the credentials go to https://a.blazemeter.com alone', async () => {
    const signer = new RequestSigner(keys.owner);
    await expect(signer.headers('https://elsewhere.example/api/v4/user')).rejects.toThrow(TypeError);
    await expect(signer.sign(new Request('https://a.blazemeter.com.elsewhere.example/'))).rejects.toThrow(
      TypeError,
    );
    await expect(signer.fetch('https://a.blazemeter.com:8443/api/v4/user')).rejects.toThrow(TypeError);
    expect(calls()).toEqual([]);
  });

  it('origins replaces that default', async () => {
    server.use(http.get('https://blazemeter.example.com/ping', () => HttpResponse.text('pong')));
    const signer = new RequestSigner(keys.owner, { origins: ['https://blazemeter.example.com'] });

    expect(await (await signer.fetch('https://blazemeter.example.com/ping')).text()).toBe('pong');
    expect(sent[0]?.headers.get('authorization') === basic).toBe(true);
    await expect(signer.fetch(`${API}/user`)).rejects.toThrow(TypeError);
    expect(calls()).toHaveLength(1);
  });

  it('plain http is for this machine only', async () => {
    expect(() => new RequestSigner(keys.owner, { origins: ['http://blazemeter.example.com'] })).toThrow(
      TypeError,
    );
    const signer = new RequestSigner(keys.owner, { origins: ['http://127.0.0.1:8080'] });
    expect((await signer.headers('http://127.0.0.1:8080/user')).authorization === basic).toBe(true);
  });

  it('credentials that name their origin go to no other', async () => {
    const signer = new RequestSigner({ ...keys.owner, origin: 'https://blazemeter.example.com' });
    await expect(signer.headers(`${API}/user`)).rejects.toThrow(CredentialsError);
  });
});

describe('credentials', () => {
  it('take the form id:secret too', async () => {
    const signer = new RequestSigner(`${keys.owner.id}:${keys.owner.secret}`);
    expect((await signer.headers(API)).authorization === basic).toBe(true);
  });

  it('a provider is asked at the first request, and once', async () => {
    const reasons: (string | undefined)[] = [];
    const signer = new RequestSigner(async (context) => {
      reasons.push(context?.reason);
      return keys.owner;
    });
    expect(reasons).toEqual([]);
    await signer.fetch(`${API}/user`);
    await signer.fetch(`${API}/user`);
    expect(reasons).toEqual(['first']);
  });

  it('a provider that fails is a CredentialsError, which does not quote it', async () => {
    const signer = new RequestSigner(async () => {
      throw new Error(`vault has ${keys.owner.secret}`);
    });
    const error: unknown = await signer.fetch(`${API}/user`).catch((e: unknown) => e);

    expect(error).toMatchObject({ name: 'CredentialsError', code: 'credentials' });
    expect(String(error).includes(keys.owner.secret)).toBe(false);
    expect(calls()).toEqual([]);
  });

  it('that cannot work are refused at once', () => {
    expect(() => new RequestSigner('no colon')).toThrow(CredentialsError);
    expect(() => new RequestSigner({ id: 'with:colon', secret: 'x' })).toThrow(CredentialsError);
    expect(() => new RequestSigner({ id: keys.owner.id, secret: '' })).toThrow(CredentialsError);
    expect(() => new RequestSigner({ id: keys.owner.id, secret: 'two\nlines' })).toThrow(CredentialsError);
  });

  it('are not shown by JSON or String', () => {
    const signer = new RequestSigner(keys.owner);
    expect(`${JSON.stringify(signer)} ${String(signer)}`.includes(keys.owner.secret)).toBe(false);
  });
});
