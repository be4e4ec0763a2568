// Periods and maximums: what each step means in days, and what is refused before anything is sent.
import { BlazeMeterClient } from 'blazemeter-client';
import { describe, expect, it } from 'vitest';

/** A client of a service whose only account has this maximum, and the bodies that were sent to it. */
function service(apiKeyExpiration: unknown = 3650) {
  const sent: unknown[] = [];
  let stored = apiKeyExpiration;
  const client = new BlazeMeterClient({
    credentials: 'an-id:a-secret',
    logLevel: 'off',
    async fetch(_url, { method, body }) {
      if (method !== 'GET') {
        const change = JSON.parse(body ?? '');
        sent.push(change);
        stored = change.apiKeyExpiration;
      }
      return Response.json({ error: null, result: { id: 1, apiKeyExpiration: stored } });
    },
  });
  return { client, sent };
}

const steps = [
  ['1 month', 30],
  ['3 months', 90],
  ['6 months', 180],
  ['1 year', 365],
  ['10 years', 3650],
] as const;

describe.each(steps)('%s', (maximum, days) => {
  it(`is ${days} days, there and back`, async () => {
    const { client, sent } = service(7);
    const policy = await client.accounts.apiKeyPolicy.set(1, { maximum });
    expect(sent).toEqual([{ apiKeyExpiration: days }]);
    expect(policy).toMatchObject({ maximum, maximumDays: days });
  });
});

describe('a maximum', () => {
  it.each([1, 45, 100_000])('of %d days has no other name', async (days) => {
    const { client, sent } = service();
    const policy = await client.accounts.apiKeyPolicy.set(1, { maximum: { days } });
    expect(sent).toEqual([{ apiKeyExpiration: days }]);
    expect(policy).toMatchObject({ maximum: { days }, maximumDays: days });
  });

  it('without a limit is sent as -1, and has no number of days', async () => {
    const { client, sent } = service();
    const policy = await client.accounts.apiKeyPolicy.set(1, { maximum: 'unlimited' });
    expect(sent).toEqual([{ apiKeyExpiration: -1 }]);
    expect(policy).toMatchObject({ maximum: 'unlimited', maximumDays: null });
  });

  it.each([0, -2, 31, 1e9])('of %d days in a response stays readable', async (days) => {
    const policy = await service(days).client.accounts.apiKeyPolicy.get(1);
    expect(policy).toMatchObject({ maximum: { days }, maximumDays: days });
  });
});

describe('what is no period is refused before anything is sent', () => {
  const wrong: readonly [what: string, given: unknown][] = [
    ['a step that is none', '2 months'],
    ['the name of something that objects inherit', 'constructor'],
    ['no days', { days: 0 }],
    ['days below none', { days: -1 }],
    ['a part of a day', { days: 1.5 }],
    ['more days than dates have', { days: 100_001 }],
    ['days without end', { days: Number.POSITIVE_INFINITY }],
    ['a text of digits', { days: '30' }],
    ['an object without days', {}],
    ['a number alone', 30],
    ['null', null],
  ];

  it.each([...wrong, ['no limit', 'unlimited']])('for a key: %s', async (_, expiresIn) => {
    const { client, sent } = service();
    // @ts-expect-error: what a caller without types might give
    await expect(client.apiKeys.create({ name: 'n', expiresIn })).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });

  it.each(wrong)('for a policy: %s', async (_, maximum) => {
    const { client, sent } = service();
    // @ts-expect-error: what a caller without types might give
    await expect(client.accounts.apiKeyPolicy.set(1, { maximum })).rejects.toThrow(TypeError);
    expect(sent).toEqual([]);
  });
});
