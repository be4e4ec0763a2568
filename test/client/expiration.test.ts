// Periods and maximums: what each step means in days, and what is no period.

import { schemas } from 'blazemeter-client/schemas';
import { describe, expect, it } from 'vitest';
import { clientOf, rejection, result } from '../support/client.ts';

const steps = [
  ['1 month', 30],
  ['3 months', 90],
  ['6 months', 180],
  ['1 year', 365],
  ['10 years', 3650],
  ['90 days', 90],
  ['1 day', 1],
  ['45d', 45],
] as const;
const DAY = 86_400_000;

/** A maximum as it is read: a step, where there is one of so many days. */
const readAs = (days: number) => steps.slice(0, 5).find(([, length]) => length === days)?.[0] ?? { days };

describe.each(steps)('%s', (step, days) => {
  it(`is ${days} days of a new key`, async () => {
    const { client, sent } = clientOf([
      result({ id: 'k1', name: 'ci', created: 1_800_000_000, secret: 'a-new-secret' }),
    ]);
    await client.apiKeys.create({ name: 'ci', expiresIn: step });
    const { expiration } = JSON.parse(sent[0]?.body ?? '{}');
    expect(Math.round((expiration * 1000 - Date.now()) / DAY)).toBe(days);
  });

  it(`is a maximum of ${days} days, as it is set and as it is read`, async () => {
    const { client, sent } = clientOf([result({}), result({ apiKeyExpiration: days })]);
    const policy = await client.accounts.apiKeyPolicy.set(5, { maximum: step });
    expect(sent[0]?.body).toBe(JSON.stringify({ apiKeyExpiration: days }));
    expect(policy).toEqual({
      accountId: 5,
      accountSource: 'given',
      maximum: readAs(days),
      maximumDays: days,
    });
  });
});

describe('a maximum', () => {
  it.each([
    [-1, 'unlimited', null],
    [1, { days: 1 }, 1],
    [45, { days: 45 }, 45],
    [0, { days: 0 }, 0],
    [-2, { days: -2 }, -2],
    [31, { days: 31 }, 31],
    [1e9, { days: 1e9 }, 1e9],
  ])('of %d in a response is readable', (apiKeyExpiration, maximum, maximumDays) => {
    expect(schemas.apiKeyPolicy.parse({ apiKeyExpiration })).toEqual({ maximum, maximumDays });
  });

  it.each([1, 45, 100_000])('of %d days is sent as that number', async (days) => {
    const { client, sent } = clientOf([result({}), result({ apiKeyExpiration: days })]);
    const policy = await client.accounts.apiKeyPolicy.set(5, { maximum: { days } });
    expect(sent[0]?.body).toBe(JSON.stringify({ apiKeyExpiration: days }));
    expect(policy).toMatchObject({ maximum: { days }, maximumDays: days });
  });

  it("'unlimited' is sent as -1", async () => {
    const { client, sent } = clientOf([result({}), result({ apiKeyExpiration: -1 })]);
    await client.accounts.apiKeyPolicy.set(5, { maximum: 'unlimited' });
    expect(sent[0]?.body).toBe('{"apiKeyExpiration":-1}');
  });
});

describe('what is no period', () => {
  const noPeriods: readonly (readonly [string, unknown])[] = [
    ['an unknown step', '2 months'],
    ['a text of no days', '0 days'],
    ['a text of a part of a day', '1.5 days'],
    ['a text of days below none', '-1 days'],
    ['a text of more days than may be asked for', '100001 days'],
    ['a text of hours', '12h'],
    ['a text of days and more', '90 days 1 hour'],
    ['the name of something that objects inherit', 'constructor'],
    ['no days', { days: 0 }],
    ['days below none', { days: -1 }],
    ['a part of a day', { days: 1.5 }],
    ['days without end', { days: Number.POSITIVE_INFINITY }],
    ['more days than may be asked for', { days: 100_001 }],
    ['more days than dates have', { days: 1e9 }],
    ['a text of digits', { days: '30' }],
    ['an object without days', {}],
    ['a number alone', 30],
    ['null', null],
  ];

  it.each([...noPeriods, ['a maximum without limit', 'unlimited'] as const])(
    '(%s) is refused as the lifetime of a key before anything is sent',
    async (_, expiresIn) => {
      const { client, sent } = clientOf([result({})]);
      const call = Reflect.apply(client.apiKeys.create, client.apiKeys, [{ name: 'ci', expiresIn }]);
      expect(await rejection(call)).toBeInstanceOf(TypeError);
      expect(sent).toEqual([]);
    },
  );

  it.each(noPeriods)('(%s) is refused as a maximum before anything is sent', async (_, maximum) => {
    const { client, sent } = clientOf([result({})]);
    const { apiKeyPolicy } = client.accounts;
    expect(await rejection(Reflect.apply(apiKeyPolicy.set, apiKeyPolicy, [5, { maximum }]))).toBeInstanceOf(
      TypeError,
    );
    expect(sent).toEqual([]);
  });
});
