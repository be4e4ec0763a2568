// Periods and dates by properties, for a client that has seen a response: whatever the machine's clock says, however the server's Date header is off within
// the slack, a key gets the lifetime that was asked for, and what is refused is refused by the server's time.
import assert from 'node:assert/strict';
import {
  BadRequestError,
  BlazeMeterClient,
  type ExpirationPeriod,
  ExpirationPolicyError,
  RateLimitError,
} from 'blazemeter-client';
import { createReference, type Semantics } from 'blazemeter-client/testing';
import fc from 'fast-check';
import { describe, it } from 'vitest';

const DAY_MS = 86_400_000;
const STEPS: readonly (readonly [step: Extract<ExpirationPeriod, string>, days: number])[] = [
  ['1 month', 30],
  ['3 months', 90],
  ['6 months', 180],
  ['1 year', 365],
  ['10 years', 3650],
];

/** A moment by the server: the machine that runs this test is decades off, in either direction. */
const serverTime = fc.date({
  min: new Date('1995-01-01T00:00:00Z'),
  max: new Date('2300-01-01T00:00:00Z'),
  noInvalidDate: true,
});
/** By how much the Date header is wrong: less than the two minutes that the service grants. */
const skew = fc.integer({ min: -100_000, max: 100_000 });
const days = fc.integer({ min: 1, max: 3_650 });
const period = fc.oneof(
  fc.constantFrom(...STEPS.map(([step, length]) => ({ asked: step, length }))),
  days.map((length) => ({ asked: { days: length }, length })),
);

function world(at: Date, skewMs: number, maximum: number, semantics: Partial<Semantics> = {}) {
  const reference = createReference({ clock: { at, frozen: true }, semantics });
  const { keys, accounts } = reference.seed({
    users: { ana: {} },
    accounts: { acme: { owner: 'ana', apiKeyExpiration: maximum } },
    keys: { ana: { user: 'ana', expires: { days: 30 } } },
  });
  reference.clock.skew(skewMs);
  const client = new BlazeMeterClient({
    credentials: keys.ana,
    fetch: reference.fetch,
    logLevel: 'off',
    maxRetries: 0,
  });
  return { reference, client, accountId: accounts.acme.id, at: at.getTime() };
}

const failure = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => assert.fail('it succeeded'),
    (error: unknown) => error,
  );

/** The client knows the time to a second, and runs while the clock of the reference stands. */
const NEARLY = 5_000;
/** A period that equals the maximum is asked for a minute short. */
const MARGIN = 60_000;

describe('a period', () => {
  it('within the maximum is never refused or clamped, known or not, by any clock', async () => {
    await fc.assert(
      fc.asyncProperty(
        serverTime,
        skew,
        period,
        days,
        fc.boolean(),
        async (at, skewMs, asked, spare, known) => {
          const maximum = asked.length + (spare % 3);
          const { client, reference } = world(at, skewMs, maximum);
          await client.user.get();
          if (known) await client.accounts.list();
          const { apiKey, clamped } = await client.apiKeys.create({ name: 'p', expiresIn: asked.asked });
          const lifetime = (apiKey.expiresAt?.getTime() ?? 0) - at.getTime() - skewMs;
          assert.ok(lifetime <= asked.length * DAY_MS + NEARLY, `${lifetime} ms`);
          assert.ok(lifetime >= asked.length * DAY_MS - MARGIN - NEARLY, `${lifetime} ms`);
          assert.equal(clamped, false);
          reference.journal.assertNoUnhandled();
        },
      ),
    );
  });

  it('over a maximum that was read is refused before anything is sent', async () => {
    await fc.assert(
      fc.asyncProperty(serverTime, skew, days, days, async (at, skewMs, maximum, over) => {
        const { client, reference, accountId } = world(at, skewMs, maximum);
        await client.accounts.get(accountId);
        const error = await failure(
          client.apiKeys.create({ name: 'p', expiresIn: { days: maximum + over } }),
        );
        assert.ok(error instanceof ExpirationPolicyError, String(error));
        assert.deepEqual([error.maximumDays, error.accountId], [maximum, accountId]);
        assert.equal(reference.journal.count('apiKeys.create'), 0);
      }),
    );
  });

  it('over a maximum that was not read is for the service to judge', async () => {
    await fc.assert(
      fc.asyncProperty(serverTime, skew, days, days, async (at, skewMs, maximum, over) => {
        const refusing = world(at, skewMs, maximum);
        await refusing.client.user.get();
        const input = { name: 'p', expiresIn: { days: maximum + over } };
        const error = await failure(refusing.client.apiKeys.create(input));
        assert.ok(error instanceof BadRequestError, String(error));

        const clamping = world(at, skewMs, maximum, { overMaximum: 'clamp' });
        await clamping.client.user.get();
        const { clamped, boundBy } = await clamping.client.apiKeys.create(input);
        assert.deepEqual([clamped, boundBy], [true, undefined]);
      }),
    );
  });

  it("'max' is as long as the account allows, and never more", async () => {
    await fc.assert(
      fc.asyncProperty(serverTime, skew, fc.option(days, { nil: -1 }), async (at, skewMs, maximum) => {
        const { client, accountId } = world(at, skewMs, maximum);
        const { apiKey, clamped, boundBy } = await client.apiKeys.create({ name: 'p', expiresIn: 'max' });
        const longest = (maximum === -1 ? 3650 : maximum) * DAY_MS;
        const lifetime = (apiKey.expiresAt?.getTime() ?? 0) - at.getTime() - skewMs;
        assert.ok(
          lifetime <= longest + NEARLY && lifetime >= longest - MARGIN - NEARLY,
          `${lifetime} of ${longest}`,
        );
        assert.equal(clamped, false);
        assert.deepEqual(boundBy, maximum === -1 ? undefined : { accountId, maximumDays: maximum });
      }),
    );
  });
});

describe('a date', () => {
  const ahead = fc.integer({ min: 10_000, max: 3_000 * DAY_MS });

  it('in the future by the server is taken to the second, whatever the machine says', async () => {
    await fc.assert(
      fc.asyncProperty(serverTime, ahead, async (at, ms) => {
        const { client } = world(at, 0, -1);
        await client.user.get();
        const expiresAt = new Date(at.getTime() + ms);
        const { apiKey, clamped } = await client.apiKeys.create({ name: 'd', expiresAt });
        assert.equal(apiKey.expiresAt?.getTime(), Math.floor(expiresAt.getTime() / 1000) * 1000);
        assert.equal(clamped, false);
      }),
    );
  });

  it('in the past by the server is refused before anything is sent, whatever the machine says', async () => {
    await fc.assert(
      fc.asyncProperty(serverTime, ahead, async (at, ms) => {
        const { client, reference } = world(at, 0, -1);
        await client.user.get();
        const expiresAt = new Date(at.getTime() - ms);
        const error = await failure(client.apiKeys.create({ name: 'd', expiresAt }));
        assert.ok(error instanceof ExpirationPolicyError, String(error));
        assert.equal(reference.journal.count('apiKeys.create'), 0);
      }),
    );
  });

  it('over a maximum that was read is refused only beyond two minutes of slack', async () => {
    const off = fc.integer({ min: -110_000, max: 300_000 }).filter((ms) => Math.abs(ms - 120_000) > NEARLY);
    await fc.assert(
      fc.asyncProperty(serverTime, days, off, async (at, maximum, ms) => {
        const { client, reference } = world(at, 0, maximum);
        await client.accounts.list();
        const expiresAt = new Date(at.getTime() + maximum * DAY_MS + ms);
        const call = client.apiKeys.create({ name: 'd', expiresAt });
        if (ms <= 120_000) await call;
        else assert.ok((await failure(call)) instanceof ExpirationPolicyError);
        assert.equal(reference.journal.count('apiKeys.create'), ms <= 120_000 ? 1 : 0);
      }),
    );
  });
});

describe('a key', () => {
  it('counts as expired two minutes before it is, by the server', async () => {
    const left = fc.integer({ min: -DAY_MS, max: DAY_MS }).filter((ms) => Math.abs(ms - 120_000) > NEARLY);
    await fc.assert(
      fc.asyncProperty(serverTime, left, async (at, ms) => {
        const { client, reference } = world(at, 0, -1);
        const { keys } = reference.seed({
          keys: { old: { user: 'ana', expires: { ms }, created: { days: -9 } } },
        });
        const call = client.apiKeys.regenerateSecret(keys.old.id);
        if (ms > 120_000) await call;
        else assert.ok((await failure(call)) instanceof ExpirationPolicyError);
        assert.equal(reference.journal.count('apiKeys.regenerateSecret'), ms > 120_000 ? 1 : 0);
      }),
    );
  });
});

describe('a policy', () => {
  it('of any number of days is read back as it was set; only a step has the name of one', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.oneof(period, fc.constant({ asked: 'unlimited', length: -1 } as const)),
        async (set) => {
          const { client, accountId } = world(new Date('2031-01-01T00:00:00Z'), 0, 7);
          const policy = await client.accounts.apiKeyPolicy.set(accountId, { maximum: set.asked });
          assert.deepEqual(policy, await client.accounts.apiKeyPolicy.get(accountId));
          assert.equal(policy.maximumDays, set.length === -1 ? null : set.length);
          const step = STEPS.find(([, length]) => length === set.length)?.[0];
          assert.deepEqual(policy.maximum, set.length === -1 ? 'unlimited' : (step ?? { days: set.length }));
        },
      ),
    );
  });
});

describe('Retry-After', () => {
  it('as a date is read by the clock of the server that sent it', async () => {
    await fc.assert(
      fc.asyncProperty(
        serverTime,
        fc.integer({ min: -DAY_MS, max: DAY_MS }),
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.constantFrom('seconds' as const, 'date' as const),
        async (at, skewMs, retryAfter, retryAfterForm) => {
          const { client, reference } = world(at, skewMs, -1);
          reference.faults.add({ effect: 'status', status: 429, retryAfter, retryAfterForm });
          const error = await failure(client.user.get());
          assert.ok(error instanceof RateLimitError, String(error));
          const wait = error.retryAfterMs ?? 0;
          assert.ok(Math.abs(wait - retryAfter * 1000) <= NEARLY, `${wait} for ${retryAfter}`);
        },
      ),
    );
  });
});
