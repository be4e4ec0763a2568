// What is sent again, and when.

import type { BlazeMeterClient } from 'blazemeter-client';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { broken, clientOf, failed, rejection, result, type Step, silent, user } from '../support/client.ts';

/** The longest wait before the first retry where the service does not say how long. */
const BACKOFF = 500;

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
    now: new Date('2026-11-27T12:00:00Z'),
  });
});

const inSeconds = (seconds: number) => new Date(Date.now() + seconds * 1000);

describe('a 429 with', () => {
  const asking = (value: string) => failed(429, { 'retry-after': value });

  it('Retry-After: 30 is sent again after 30 seconds', async () => {
    const { client, sent } = clientOf([asking('30'), user]);
    const call = client.user.get();
    await vi.advanceTimersByTimeAsync(29_900);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(sent).toHaveLength(2);
    expect(await call).toMatchObject({ id: 7 });
  });

  it('Retry-After: a date is sent again at that date', async () => {
    const { client, sent } = clientOf([asking(inSeconds(20).toUTCString()), user]);
    const call = client.user.get();
    await vi.advanceTimersByTimeAsync(19_900);
    expect(sent).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(200);
    expect(await call).toMatchObject({ id: 7 });
    expect(sent).toHaveLength(2);
  });

  it.each([
    ['behind', -600],
    ['ahead', 600],
  ])(
    'Retry-After: a date of a server ten minutes %s is sent again at that date by its clock',
    async (_, off) => {
      const headers = {
        date: inSeconds(off).toUTCString(),
        'retry-after': inSeconds(off + 20).toUTCString(),
      };
      const { client, sent } = clientOf([failed(429, headers), user]);
      const call = client.user.get();
      await vi.advanceTimersByTimeAsync(18_900);
      expect(sent).toHaveLength(1);
      await vi.advanceTimersByTimeAsync(1_200);
      expect(sent).toHaveLength(2);
      expect(await call).toMatchObject({ id: 7 });
    },
  );

  it.each(['soon', '-5', '1e3', '30, 40', 'Fri, 31 Feb 2030 00:00:00 GMT', '2030-01-01T00:00:00Z'])(
    'Retry-After: %s is sent again after the usual backoff, as without the header',
    async (value) => {
      const { client, sent } = clientOf([asking(value), user]);
      const call = client.user.get();
      await vi.advanceTimersByTimeAsync(BACKOFF);
      expect(sent).toHaveLength(2);
      expect(await call).toMatchObject({ id: 7 });
    },
  );

  it('Retry-After: 3600 fails at once and says how long to wait', async () => {
    const { client, sent } = clientOf([asking('3600'), user], {
      totalTimeout: 7_200_000,
      timeout: 7_200_000,
    });
    const error = await rejection(client.user.get());
    expect(error).toMatchObject({ code: 'rate_limited', retryAfterMs: 3_600_000, retryable: true });
    expect(sent).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('a Retry-After longer than the time that is left fails at once, not with a timeout', async () => {
    const { client, sent } = clientOf([asking('5'), user], { totalTimeout: 3_000 });
    expect(await rejection(client.user.get())).toMatchObject({ code: 'rate_limited', retryAfterMs: 5_000 });
    expect(sent).toHaveLength(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it.each(['3600', '9999999999', String(Date.parse('2026-11-27T13:00:00Z') / 1000)])(
    'X-RateLimit-Reset: %s alone is sent again after the usual backoff',
    async (value) => {
      const { client, sent } = clientOf([failed(429, { 'x-ratelimit-reset': value }), user]);
      const call = client.user.get();
      await vi.advanceTimersByTimeAsync(BACKOFF);
      expect(sent).toHaveLength(2);
      await call;
    },
  );
});

describe('a read', () => {
  it.each<[string, Step]>([
    ['a 500', failed(500)],
    ['a 502', failed(502)],
    ['a 503', failed(503)],
    ['a 504', failed(504)],
    ['a connection that breaks', broken('ECONNRESET')],
    ['a connection that is refused', broken('ECONNREFUSED')],
  ])('is sent again after %s, as often as maxRetries says', async (_, step) => {
    const { client, sent } = clientOf([step], { maxRetries: 3 });
    const call = rejection(client.user.get());
    await vi.advanceTimersByTimeAsync(10_000);
    expect(await call).toMatchObject({ attempts: 4 });
    expect(sent).toHaveLength(4);
  });

  it.each([400, 401, 402, 403, 404, 408, 409, 413, 501])('is not sent again after a %d', async (status) => {
    const { client, sent } = clientOf([failed(status)]);
    expect(await rejection(client.user.get())).toMatchObject({ status });
    expect(sent).toHaveLength(1);
  });

  it('is sent once where maxRetries is 0', async () => {
    const { client, sent } = clientOf([failed(503)]);
    await rejection(client.user.get({ maxRetries: 0 }));
    expect(sent).toHaveLength(1);
  });

  it('waits at most half a second, a second, two, and so on up to eight', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(1 - Number.EPSILON);
    const { client } = clientOf([
      (...args) => {
        times.push(Date.now());
        return failed(503)(...args);
      },
    ]);
    const times: number[] = [];
    const call = rejection(client.user.get({ maxRetries: 6 }));
    await vi.advanceTimersByTimeAsync(60_000);
    await call;
    const waits = times.slice(1).map((time, at) => time - (times[at] ?? 0));
    expect(waits.map((wait) => Math.round(wait / 500) * 500)).toEqual([500, 1000, 2000, 4000, 8000, 8000]);
  });
});

describe('a create', () => {
  const create = (client: BlazeMeterClient) =>
    client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }, { maxRetries: 5 });

  it.each<[string, Step]>([
    ['the connection breaks after it was sent', broken('ECONNRESET')],
    ['the service fails with a 503', failed(503)],
    ['the gateway times out', failed(504, { 'retry-after': '1' })],
    ['the connection breaks in an unknown way', () => Promise.reject(new TypeError('fetch failed'))],
  ])('is sent once when %s, and its outcome is ambiguous', async (_, step) => {
    const { client, sent } = clientOf([step]);
    const call = rejection(create(client));
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await call).toMatchObject({ code: 'ambiguous_outcome', attempts: 1 });
    expect(sent.map(({ method }) => method)).toEqual(['POST']);
  });

  it('is sent again where it certainly did not leave', async () => {
    const key = { id: 'k1', name: 'ci', created: 1_800_000_000, secret: 'a-new-secret' };
    const { client, sent } = clientOf([broken('ECONNREFUSED'), result(key)]);
    const call = create(client);
    await vi.advanceTimersByTimeAsync(BACKOFF);
    expect((await call).apiKey.id).toBe('k1');
    expect(sent).toHaveLength(2);
  });

  it('is not sent again after a 429, whose wait the error names', async () => {
    const { client, sent } = clientOf([failed(429, { 'retry-after': '1' })]);
    expect(await rejection(create(client))).toMatchObject({ code: 'rate_limited', retryAfterMs: 1000 });
    expect(sent).toHaveLength(1);
  });
});

describe('an error is retryable', () => {
  const post = (client: BlazeMeterClient) => client.request({ method: 'POST', path: '/tests', json: {} });

  it.each<[string, Step]>([
    ['a connection that breaks', broken('ECONNRESET')],
    ['a 500', failed(500)],
    ['a timeout', silent],
  ])('after %s where sending the call again does no harm, and only there', async (_, step) => {
    const { client } = clientOf([step], { timeout: 1_000, maxRetries: 0 });
    const errors = [rejection(client.user.get()), rejection(post(client))];
    await vi.advanceTimersByTimeAsync(1_000);
    expect(await Promise.all(errors)).toMatchObject([{ retryable: true }, { retryable: false }]);
  });

  it('for any call that was not sent', async () => {
    const { client } = clientOf([broken('ECONNREFUSED')], { maxRetries: 0 });
    expect(await rejection(post(client))).toMatchObject({ retryable: true });
  });
});

describe('client.request', () => {
  it('sends a POST again only where replay says that it is safe', async () => {
    const { client, sent } = clientOf([failed(503)], { maxRetries: 1 });
    await rejection(client.request({ method: 'POST', path: '/tests', json: {} }));
    expect(sent).toHaveLength(1);
    const call = rejection(client.request({ method: 'POST', path: '/tests', json: {}, replay: 'safe' }));
    await vi.advanceTimersByTimeAsync(BACKOFF);
    await call;
    expect(sent).toHaveLength(3);
  });
});
