// The maximum expiration of an account's API keys: who may read it, who may set it, and what it does.
import assert from 'node:assert/strict';
import {
  ApiError,
  BadRequestError,
  ExpirationPolicyError,
  NotFoundError,
  PermissionDeniedError,
} from 'blazemeter-client';
import type { Behaviour } from '../behaviour.ts';
import { failure } from '../behaviour.ts';
import { MAIN_MAXIMUM, roles } from '../world.ts';

const setting: readonly Behaviour[] = roles.map(({ role, who, manages }) => ({
  name: manages ? `the account's ${role} may set it` : `the account's ${role} may not set it, and it stays`,
  async run({ client, world }) {
    const set = client(who).accounts.apiKeyPolicy.set(world.accounts.main, { maximum: '6 months' });
    if (manages) assert.equal((await set).maximum, '6 months');
    else {
      const error = await failure(set, PermissionDeniedError);
      assert.equal(error.status, 403);
      assert.equal(error.operation, 'apiKeyPolicy.set');
    }
    const { maximumDays } = await client().accounts.apiKeyPolicy.get(world.accounts.main);
    assert.equal(maximumDays, manages ? 180 : MAIN_MAXIMUM);
  },
}));

export const policy: readonly Behaviour[] = [
  ...setting,
  {
    name: 'a number of days that is no step can be set and stays readable',
    async run({ client, world }) {
      const account = world.accounts.main;
      await client().accounts.apiKeyPolicy.set(account, { maximum: { days: 45 } });
      const found = await client().accounts.apiKeyPolicy.get(account);
      assert.deepEqual([found.maximum, found.maximumDays], [{ days: 45 }, 45]);
    },
  },
  {
    name: "without an account's id the user's default account is read, and the policy says which it is",
    async run({ client, world }) {
      const found = await client('standard').accounts.apiKeyPolicy.get();
      assert.equal(found.accountId, world.accounts.main);
      assert.equal(found.accountSource, 'default');
      assert.equal(found.maximum, '10 years');
    },
  },
  {
    name: 'setting it reads it back',
    async run({ client, world, sent }) {
      await client().accounts.apiKeyPolicy.set(world.accounts.main, { maximum: '1 year' });
      assert.deepEqual(
        sent().map(({ operation }) => operation),
        ['apiKeyPolicy.set', 'accounts.get'],
      );
    },
  },
  {
    name: 'setting the same value again changes nothing',
    async run({ client, world }) {
      for (let time = 0; time < 2; time++) {
        const found = await client().accounts.apiKeyPolicy.set(world.accounts.main, { maximum: '1 year' });
        assert.equal(found.maximumDays, 365);
      }
    },
  },
  {
    name: 'it is one account that is set, and no other',
    async run({ client, world }) {
      await client().accounts.apiKeyPolicy.set(world.accounts.main, { maximum: '1 month' });
      const other = await client('outsider').accounts.apiKeyPolicy.get(world.accounts.second);
      assert.equal(other.maximum, '3 months');
    },
  },
  {
    name: 'the maximum of another account cannot be set',
    async run({ client, world }) {
      const set = client('outsider').accounts.apiKeyPolicy.set(world.accounts.main, { maximum: '1 month' });
      const error = await failure(set, ApiError);
      assert.ok(error.status === 403 || error.status === 404);
      assert.equal((await client().accounts.apiKeyPolicy.get(world.accounts.main)).maximumDays, MAIN_MAXIMUM);
    },
  },
  {
    name: 'the maximum of an account that is not there cannot be set',
    async run({ client }) {
      await failure(client().accounts.apiKeyPolicy.set(999_999_999, { maximum: '1 month' }), NotFoundError);
    },
  },
  {
    name: 'what is no period is refused before anything is sent',
    async run({ client, world, sent }) {
      const wrong: unknown[] = ['2 fortnights', { days: 0 }, { days: 1.5 }, { days: -5 }, 90, null];
      for (const maximum of wrong) {
        const set = Reflect.apply(client().accounts.apiKeyPolicy.set, undefined, [
          world.accounts.main,
          { maximum },
        ]);
        await failure(Promise.resolve(set), TypeError);
      }
      assert.equal(sent().length, 0);
    },
  },
  {
    name: 'what is no number of days is refused by the service',
    async run({ send, world }) {
      for (const apiKeyExpiration of ['90', 1.5, null, true, [90], {}]) {
        const response = await send(`PATCH /accounts/${world.accounts.main}`, { json: { apiKeyExpiration } });
        assert.equal(response.status, 400, JSON.stringify(apiKeyExpiration));
        assert.match(response.message, /^Bad Request/);
      }
    },
  },
  {
    name: 'once it shrinks, a longer key is refused before it is asked for, by a client that has read it',
    async run({ client, world, sent }) {
      const owner = client();
      await owner.accounts.apiKeyPolicy.set(world.accounts.main, { maximum: '1 month' });
      const error = await failure(
        owner.apiKeys.create({ name: 'a', expiresIn: '3 months' }),
        ExpirationPolicyError,
      );
      assert.equal(error.maximumDays, 30);
      assert.equal(error.accountId, world.accounts.main);
      assert.equal(sent('apiKeys.create').length, 0);
    },
  },
  {
    name: 'once it shrinks, a longer key is refused by the service, which says the maximum',
    semantics: { overMaximum: 'refuse' },
    async run({ client, world }) {
      await client().accounts.apiKeyPolicy.set(world.accounts.main, { maximum: '1 month' });
      const create = client('standard').apiKeys.create({ name: 'a', expiresIn: '3 months' });
      const error = await failure(create, BadRequestError);
      assert.match(error.message, /\b30\b/);
    },
  },
  {
    name: 'once it widens, longer keys can be created',
    async run({ client, world }) {
      const outsider = client('outsider');
      await outsider.accounts.apiKeyPolicy.set(world.accounts.second, { maximum: '1 year' });
      const { apiKey } = await outsider.apiKeys.create({ name: 'a', expiresIn: '1 year' });
      const year = (Number(apiKey.expiresAt) - Date.now()) / 86_400_000;
      assert.ok(Math.abs(year - 365) < 0.01);
    },
  },
];
