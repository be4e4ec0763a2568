// The server's clock decides what is past and what is ours, so only a time that an answer states in the form of HTTP
// counts; where no answer states one, nothing is concluded from times.

import { AmbiguousOutcomeError, BlazeMeterClient, type FetchLike } from 'blazemeter-client';
import { describe, expect, test } from 'vitest';

const DAY = 86_400;
const seconds = () => Date.now() / 1000;

/** A service that tells its time as given, and notes the expiry that is asked for. */
function setUp(date: string | undefined, createStatus = 400, keys: readonly object[] = []) {
  const asked: number[] = [];
  const fetch: FetchLike = async (url, { method, body = '' }) => {
    const headers = date === undefined ? undefined : { date };
    if (method !== 'POST') {
      const result = url.includes('/accounts') || url.includes('/api-keys') ? keys : { id: 1 };
      return Response.json({ result, limit: 100 }, headers === undefined ? {} : { headers });
    }
    asked.push(JSON.parse(body).expiration);
    return new Response('{}', { status: createStatus });
  };
  return { asked, client: new BlazeMeterClient({ credentials: 'my-key:my-secret', fetch, maxRetries: 0 }) };
}

describe('the expiry of a new key', () => {
  test('is counted from the time that the service states', async () => {
    const { asked, client } = setUp('Tue, 01 Jan 2030 00:00:00 GMT');
    await client.apiKeys.create({ name: 'ci', expiresIn: { days: 1 } }).catch(() => {});
    expect(asked[0]).toBeGreaterThanOrEqual(Date.UTC(2030, 0, 2) / 1000);
    expect(asked[0]).toBeLessThan(Date.UTC(2030, 0, 2) / 1000 + 60);
  });

  test.each([['5'], ['2001'], ['yesterday'], ['2001-01-01'], ['01 Jan 2001'], [''], [undefined]])(
    'is counted from this clock where the Date header is %j',
    async (date) => {
      const { asked, client } = setUp(date);
      await client.apiKeys.create({ name: 'ci', expiresIn: { days: 1 } }).catch(() => {});
      expect(Math.abs((asked[0] ?? 0) - seconds() - DAY)).toBeLessThan(60);
    },
  );

  test("is a date also where 'max' meets a maximum that no calendar holds", async () => {
    const { asked, client } = setUp(undefined, 400, [{ id: 1, apiKeyExpiration: 2_147_483_647 }]);
    await client.apiKeys.create({ name: 'ci', expiresIn: 'max' }).catch(() => {});
    expect(asked[0]).toBeGreaterThan(seconds() + 3650 * DAY);
  });
});

describe('a create that was lost by a service that does not tell its time', () => {
  const resolved = async (...keys: readonly object[]) => {
    const { client } = setUp(undefined, 503, keys);
    const error: unknown = await client.apiKeys
      .create({ name: 'ci', expiresIn: '1 month' })
      .catch((reason: unknown) => reason);
    if (!(error instanceof AmbiguousOutcomeError)) throw new Error('not ambiguous', { cause: error });
    return error.resolve({ regenerate: true });
  };

  test.each([
    ['an hour ago', -3600],
    ['in an hour', 3600],
  ])('stays unknown where a key of that name was made %s by this clock', async (_, shift) => {
    const key = { id: 'key-1', name: 'ci', created: Math.floor(seconds()) + shift, lastUsed: null };
    expect(await resolved(key)).toMatchObject({ outcome: 'unknown', candidates: [{ id: 'key-1' }] });
  });

  test('was not committed where no key has the name', async () => {
    expect(await resolved({ id: 'key-1', name: 'other', created: 1 })).toEqual({ outcome: 'not-committed' });
  });
});
