// The signer at its edges: which addresses count as this machine, what it says when it refuses, what its fetch passes on, and
// when it asks its source again.
import { CredentialsError, RequestSigner } from 'blazemeter-client';
import { afterEach, describe, expect, it, vi } from 'vitest';

const API = 'https://a.blazemeter.com/api/v4/user';
const DAY = 86_400_000;

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

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

  it('a pair that belongs elsewhere, or an origin that nobody named', async () => {
    const bound = { id: 'id', secret: 'secret', origin: 'https://private.example.com/path' };
    const both = new RequestSigner(bound, { origins: ['https://private.example.com', API] });
    await expect(both.headers(API)).rejects.toThrow(
      /https:\/\/private\.example\.com .*not sent to https:\/\/a\.blazemeter\.com/,
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
    expect(init()).toStrictEqual({ credentials: 'omit' });
    await signer.fetch(API);
    expect(init()).toStrictEqual({ credentials: 'omit' });
  });

  it('passes the signal on as it is, whether it comes beside the request or within it', async () => {
    const { signal } = new AbortController();
    const beside = stub();
    await signer.fetch(API, { signal });
    expect(beside()?.signal).toBe(signal);
    const within = stub();
    const request = new Request(API, { signal });
    await signer.fetch(request);
    expect(within()?.signal).toBe(request.signal);
    const both = stub();
    await signer.fetch(request, { signal });
    expect(both()?.signal).toBe(signal);
  });
});

it('asks its source again shortly before the pair runs out, and not before', async () => {
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
  expect(Object.prototype.toString.call(new RequestSigner('id:secret'))).toBe('[object RequestSigner]');
});
