// The signer at its edges: which addresses count as this machine, what it says when it refuses, what its fetch passes on, and
// when it asks its source again.
import { getEventListeners } from 'node:events';
import { CredentialsError, RequestSigner } from 'blazemeter-client';
import { createReference, listen } from 'blazemeter-client/testing';
import { describe, expect, it, vi } from 'vitest';
import { PolyfilledController } from '../support/polyfill.ts';

const API = 'https://a.blazemeter.com/api/v4/user';
const DAY = 86_400_000;

describe('plain http', () => {
  it.each([
    'http://localhost:8080',
    'http://127.0.0.1',
    'http://127.10.200.30:1',
    'http://127.1',
    'http://[::1]:3000',
  ])('goes to this machine: %s', async (origin) => {
    const signer = new RequestSigner('id:secret', { origins: [origin] });
    expect(await signer.headers(`${origin}/user`)).toEqual({ authorization: 'Basic aWQ6c2VjcmV0' });
  });

  it.each([
    'http://notlocalhost',
    'http://localhost.example.com',
    'http://x127.0.0.1.example.com',
    'http://127.0.0.1.example.com',
    'http://128.0.0.1',
    'http://[::2]',
    'ws://localhost',
    'ftp://127.0.0.1',
  ])('and nothing but http goes nowhere else: %s', (origin) => {
    expect(() => new RequestSigner('id:secret', { origins: [origin] })).toThrow(
      /^An entry of origins must be https; http is allowed to localhost, 127\.0\.0\.0\/8 and \[::1\] only\.$/,
    );
  });
});

describe('a refusal names what is wrong, and never the address, which may hold a password', () => {
  const signer = new RequestSigner('id:secret');

  it('no URL', async () => {
    await expect(signer.headers('nonsense')).rejects.toThrow(/^The URL to sign for is not a URL\.$/);
  });

  it.each([
    'https://jane@a.blazemeter.com',
    'https://:hunter22@a.blazemeter.com',
    'https://jane:hunter22@a.blazemeter.com',
  ])('a name or a password: %s', async (url) => {
    await expect(signer.headers(url)).rejects.toThrow(
      /^The URL to sign for must not hold a user name or password\.$/,
    );
  });

  it('credentials that belong elsewhere, or an origin that was not given', async () => {
    const bound = { id: 'id', secret: 'secret', origin: 'https://private.example.com/path' };
    const both = new RequestSigner(bound, { origins: ['https://private.example.com', API] });
    await expect(both.headers(API)).rejects.toThrow(
      /belong to https:\/\/private\.example\.com and are not sent to https:\/\/a\.blazemeter\.com/,
    );
    await expect(both.headers(API)).rejects.toBeInstanceOf(CredentialsError);
    await expect(both.headers('https://private.example.com/x')).resolves.toHaveProperty('authorization');
  });
});

describe('its fetch', () => {
  const stub = () => {
    const fetch = vi.fn(async (_input: Request, _init: RequestInit) => new Response('ok'));
    vi.stubGlobal('fetch', fetch);
    return () => fetch.mock.calls[0]?.[1];
  };
  const signer = new RequestSigner('id:secret');

  it('takes no cookies along, and adds nothing that it was not given', async () => {
    const init = stub();
    await signer.fetch(API, {});
    await signer.fetch(API);
    const headers = new Headers({ authorization: 'Basic aWQ6c2VjcmV0' });
    expect(init()).toStrictEqual({ headers, redirect: 'manual', credentials: 'omit' });
  });

  it.each(['beside the request', 'within it', 'beside one that has its own'])(
    'ends with the signal: %s',
    async (where) => {
      const controller = new AbortController();
      const { signal } = controller;
      const other = new AbortController();
      const seen = stub();
      if (where === 'beside the request') await signer.fetch(API, { signal });
      else if (where === 'within it') await signer.fetch(new Request(API, { signal }));
      else await signer.fetch(new Request(API, { signal: other.signal }), { signal });
      other.abort('not this one');
      expect(seen()?.signal?.aborted).toBe(false);
      controller.abort('enough');
      expect(seen()?.signal?.reason).toBe('enough');
    },
  );

  it.each([
    ['a URL', API],
    ['a Request', new Request(API)],
  ])('ends with the signal of a polyfill, for %s', async (_, input) => {
    const seen = stub();
    const controller = new PolyfilledController();
    await Reflect.apply(signer.fetch, undefined, [input, { signal: controller.signal }]);
    expect(seen()?.signal?.aborted).toBe(false);
    controller.abort();
    expect(seen()?.signal?.reason).toMatchObject({ name: 'AbortError' });
  });

  it.each<[string, (signal: AbortSignal) => readonly [string | Request, RequestInit?]]>([
    ['given with a URL', (signal: AbortSignal) => [API, { signal }]],
    ['of a Request', (signal: AbortSignal) => [new Request(API, { signal })]],
  ])('ends by a signal %s while its source is awaited, and does not ask it after that', async (_, args) => {
    const source = vi.fn(() => new Promise<never>(() => {}));
    const slow = new RequestSigner(source);
    await expect(slow.fetch(...args(AbortSignal.abort('before')))).rejects.toBe('before');
    expect(source).not.toHaveBeenCalled();
    const controller = new AbortController();
    const response = slow.fetch(...args(controller.signal));
    controller.abort('meanwhile');
    await expect(response).rejects.toBe('meanwhile');
  });

  it('takes null for no options, as fetch does', async () => {
    const fetch = vi.fn(async () => new Response('ok'));
    vi.stubGlobal('fetch', fetch);
    const response: Response = await Reflect.apply(signer.fetch, undefined, [API, null]);
    expect(await response.text()).toBe('ok');
  });

  it('ends while its response is awaited, with the reason that the caller gave', async () => {
    const controller = new AbortController();
    vi.stubGlobal('fetch', (_: string, { signal }: RequestInit) => {
      queueMicrotask(() => controller.abort('enough'));
      return new Promise((_resolve, reject) =>
        signal?.addEventListener('abort', () => reject(signal.reason)),
      );
    });
    await expect(signer.fetch(API, { signal: controller.signal })).rejects.toBe('enough');
  });
});

it('asks its source again shortly before the credentials expire, and not earlier', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'performance'] });
  const source = vi.fn(async () => ({ id: 'id', secret: 'secret', expiresAt: new Date(Date.now() + DAY) }));
  const signer = new RequestSigner(source);
  await signer.headers(API);
  vi.advanceTimersByTime(DAY / 2);
  await signer.headers(API);
  expect(source).toHaveBeenCalledTimes(1);
  vi.advanceTimersByTime(DAY / 2 - 60_000);
  await signer.headers(API);
  expect(source).toHaveBeenCalledTimes(2);
});

it('is called what it is', () => {
  expect(RequestSigner.name).toBe('RequestSigner');
});

it('signs for where the request goes, whatever a subclass reports', async () => {
  class Misleading extends Request {
    override get url() {
      return API;
    }
  }
  const request = new Misleading('https://elsewhere.example/');
  await expect(new RequestSigner('id:secret').sign(request)).rejects.toThrow(/elsewhere\.example/);
});

it('its fetch leaves no listener on a signal, where fetch itself leaves one a call', async () => {
  const reference = createReference();
  const { keys } = reference.seed();
  await using server = await listen(reference);
  const signer = new RequestSigner(keys.owner, { origins: [server.url] });
  const url = `${server.url}/user`;
  const listenersAfter = async (call: (signal: AbortSignal) => Promise<Response>) => {
    const { signal } = new AbortController();
    for (let times = 0; times < 20; times++) await (await call(signal)).text();
    return getEventListeners(signal, 'abort').length;
  };
  const headers = await signer.headers(url);
  const ofFetch = await listenersAfter((signal) => fetch(url, { headers, signal }));
  expect(ofFetch).toBeGreaterThan(0);
  expect(await listenersAfter((signal) => signer.fetch(url, { signal }))).toBe(0);
});

it('works where Request knows no credentials and no redirect: "error", as on Cloudflare Workers', async () => {
  const fetch = vi.fn(async (_input: string | Request, init: RequestInit) => {
    if ('credentials' in init || init.redirect === 'error') throw new TypeError('not implemented');
    return new Response('ok');
  });
  vi.stubGlobal('fetch', fetch);
  const credentials = Object.getOwnPropertyDescriptor(Request.prototype, 'credentials');
  Reflect.deleteProperty(Request.prototype, 'credentials');
  try {
    const signer = new RequestSigner('id:secret');
    for (const input of [API, new URL(API), new Request(API)])
      expect(await (await signer.fetch(input)).text()).toBe('ok');
  } finally {
    if (credentials !== undefined) Object.defineProperty(Request.prototype, 'credentials', credentials);
  }
});
