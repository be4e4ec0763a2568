// Where nothing public says what the service does, the reference has a switch; the client is right under every value.
import assert from 'node:assert/strict';
import {
  AuthenticationError,
  ConflictError,
  ExpirationPolicyError,
  NotFoundError,
  PermissionDeniedError,
  RequestFailedError,
} from 'blazemeter-client';
import type { Behaviour, Context } from '../behaviour.ts';
import { failure, present, secondKey, settle } from '../behaviour.ts';
import { KEY_DAYS, MAIN_MAXIMUM } from '../world.ts';

const DAY = 86_400_000;
const days = (date: Date | null | undefined) => (present(date).getTime() - Date.now()) / DAY;

/** A key of the standard member for a year; then the maximum shrinks to a month. */
async function shrink({ client, world, reference }: Context) {
  const { apiKey, secret } = await client('standard').apiKeys.create({ name: 'long', expiresIn: '1 year' });
  await client().accounts.apiKeyPolicy.set(world.accounts.main, { maximum: '3 months' });
  settle(reference);
  return { id: apiKey.id, credentials: { id: apiKey.id, secret: secret.reveal() } };
}

export const semantics: readonly Behaviour[] = [
  {
    name: 'S1 the maximum shrinks: existing keys are left alone',
    semantics: { shrink: 'new-only' },
    async run(context) {
      const { id, credentials } = await shrink(context);
      await context.client(credentials).user.get();
      assert.ok(days((await context.client('standard').apiKeys.get(id)).expiresAt) > 364);
    },
  },
  {
    name: 'S1 the maximum shrinks: longer keys are refused, before their time',
    semantics: { shrink: 'block-on-use' },
    async run(context) {
      const { id, credentials } = await shrink(context);
      await failure(context.client(credentials).user.get(), AuthenticationError);
      assert.ok(days((await context.client('standard').apiKeys.get(id)).expiresAt) > 364);
    },
  },
  {
    name: 'S1 the maximum shrinks: longer keys end with it',
    semantics: { shrink: 'clamp' },
    async run(context) {
      const { id, credentials } = await shrink(context);
      await context.client(credentials).user.get();
      const { expiresAt } = await context.client('standard').apiKeys.get(id);
      assert.ok(Math.abs(days(expiresAt) - 90) < 0.01);
    },
  },
  {
    name: 'S1 the maximum shrinks: longer keys are gone',
    semantics: { shrink: 'revoke' },
    async run(context) {
      const { id, credentials } = await shrink(context);
      await failure(context.client(credentials).user.get(), AuthenticationError);
      await failure(context.client('standard').apiKeys.get(id), NotFoundError);
    },
  },
  {
    name: 'S1 the maximum shrinks: keys within it are left alone, whatever happens to others',
    async run(context) {
      await shrink(context);
      for (const who of ['owner', 'admin', 'standard'] as const) await context.client(who).user.get();
    },
  },
  ...(['block-on-use', 'revoke'] as const).map(
    (shut): Behaviour => ({
      name: `S1 the maximum shrinks (${shut}) below the key that sets it: it is set, and the key is refused`,
      semantics: { shrink: shut },
      async run({ client, reference, world }) {
        const made = await client('admin').apiKeys.create({ name: 'long', expiresIn: '1 year' });
        settle(reference);
        const long = client({ id: made.apiKey.id, secret: made.secret.reveal() });
        const set = long.accounts.apiKeyPolicy.set(world.accounts.main, { maximum: '3 months' });
        const error = await failure(set, AuthenticationError);
        assert.match(error.message, /apiKeyPolicy/);
        const { maximum } = await client('admin').accounts.apiKeyPolicy.get(world.accounts.main);
        assert.equal(maximum, '3 months');
      },
    }),
  ),
  {
    name: 'S2 a user in two accounts: the client holds to the strictest, and says whose it is',
    semantics: { twoAccounts: 'strictest' },
    async run({ client, world }) {
      const { apiKey, boundBy } = await client('twin').apiKeys.create({ name: 'a', expiresIn: 'max' });
      assert.ok(Math.abs(days(apiKey.expiresAt) - 90) < 0.01);
      assert.deepEqual(boundBy, { accountId: world.accounts.second, maximumDays: 90 });
    },
  },
  {
    name: 'S2 a user in two accounts: as long as possible is never refused, whichever account binds',
    async run({ client }) {
      const { apiKey } = await client('twin').apiKeys.create({ name: 'a', expiresIn: 'max' });
      assert.ok(days(apiKey.expiresAt) <= 90);
    },
  },
  {
    name: 'S2 a user in two accounts: more than the strictest is refused by a client that has read both',
    async run({ client, world, sent }) {
      const twin = client('twin');
      for await (const _ of twin.accounts.list());
      const error = await failure(
        twin.apiKeys.create({ name: 'a', expiresIn: '1 year' }),
        ExpirationPolicyError,
      );
      assert.equal(error.accountId, world.accounts.second);
      assert.equal(sent('apiKeys.create').length, 0);
    },
  },
  {
    name: 'S2 a user in two accounts: the default account may be the one that binds',
    semantics: { twoAccounts: 'default-account' },
    async run({ client }) {
      const { apiKey } = await client('twin').apiKeys.create({ name: 'a', expiresIn: '1 year' });
      assert.ok(days(apiKey.expiresAt) > 364);
    },
  },
  {
    name: 'S2 a user in two accounts: a long key may be let into one and not into the other',
    semantics: { twoAccounts: 'per-account-access' },
    async run({ client, world, reference }) {
      const { apiKey, secret } = await client('twin').apiKeys.create({ name: 'a', expiresIn: '1 year' });
      settle(reference);
      const long = client({ id: apiKey.id, secret: secret.reveal() });
      assert.ok((await long.accounts.users(world.accounts.main)).items.length > 0);
      await failure(long.accounts.users(world.accounts.second), PermissionDeniedError);
    },
  },
  {
    name: 'S3 an expired key: its secret is not regenerated',
    semantics: { regenerateExpired: 'refuse' },
    async run({ send, world }) {
      const response = await send(`POST /api-keys/${world.keys.expired.id}/regenerate`);
      assert.equal(response.status, 402);
    },
  },
  {
    name: 'S3 an expired key: its secret is regenerated, and of no use',
    semantics: { regenerateExpired: 'allow', regenerateExpiry: 'keep' },
    async run({ send, world, reference }) {
      const { status, result } = await send(`POST /api-keys/${world.keys.expired.id}/regenerate`);
      assert.equal(status, 200);
      settle(reference);
      const credentials = { id: String(result.id), secret: String(result.secret) };
      assert.equal((await send('GET /user', { as: credentials })).status, 401);
    },
  },
  ...(['keep', 'renew-period', 'renew-maximum'] as const).map(
    (regenerateExpiry): Behaviour => ({
      name: `S4 after regenerating (${regenerateExpiry}) the expiry is the one in the response`,
      semantics: { regenerateExpiry },
      async run(context) {
        const { client, reference } = context;
        const { id } = secondKey(context);
        reference.clock.advance({ days: 10 });
        const { apiKey } = await client().apiKeys.regenerateSecret(id);
        const expected = {
          keep: KEY_DAYS,
          'renew-period': KEY_DAYS + 10,
          'renew-maximum': MAIN_MAXIMUM + 10,
        }[regenerateExpiry];
        assert.ok(Math.abs(days(apiKey.expiresAt) - expected) < 0.01);
        assert.deepEqual((await client().apiKeys.get(id)).expiresAt, apiKey.expiresAt);
      },
    }),
  ),
  {
    name: 'S7 more than the maximum: refused, with the maximum in the message',
    semantics: { overMaximum: 'refuse' },
    async run({ send }) {
      const expiration = Math.floor(Date.now() / 1000) + 180 * 86_400;
      const response = await send('POST /api-keys', { as: 'outsider', json: { name: 'a', expiration } });
      assert.equal(response.status, 400);
      assert.match(response.message, /\b90\b/);
    },
  },
  {
    name: 'S7 more than the maximum: cut short without a word, which the client notices',
    semantics: { overMaximum: 'clamp' },
    async run({ client }) {
      const made = await client('outsider').apiKeys.create({ name: 'a', expiresIn: '6 months' });
      assert.equal(made.clamped, true);
      assert.ok(Math.abs(days(made.apiKey.expiresAt) - 90) < 0.01);
    },
  },
  {
    name: 'S11 for a while the old secret goes on working beside the new one',
    semantics: { grace: 5_000, propagation: 0 },
    async run(context) {
      const { client, reference } = context;
      const key = secondKey(context);
      const { secret } = await client().apiKeys.regenerateSecret(key.id);
      await client(key).user.get();
      await client({ id: key.id, secret: secret.reveal() }).user.get();
      reference.clock.advance({ seconds: 5 });
      await failure(client(key).user.get(), AuthenticationError);
      await client({ id: key.id, secret: secret.reveal() }).user.get();
    },
  },
  {
    name: 'S12 the service says why credentials are refused, and the client still names every likely cause',
    semantics: { unauthorized: 'distinguish' },
    async run({ client, send, world }) {
      const messages = new Set<string>();
      for (const as of [null, world.keys.expired, { id: world.keys.owner.id, secret: 'wrong' }])
        messages.add((await send('GET /user', { as })).message);
      assert.equal(messages.size, 3);
      const error = await failure(
        client('expired' in world.keys ? world.keys.expired : 'owner').user.get(),
        AuthenticationError,
      );
      assert.match(error.message, /wrong, expired, deleted, or its secret was regenerated/);
    },
  },
  {
    name: 'S13 two keys of one name: allowed',
    semantics: { names: 'free' },
    async run({ client }) {
      for (let time = 0; time < 2; time++)
        await client().apiKeys.create({ name: 'same', expiresIn: { days: 30 } });
      assert.equal((await client().apiKeys.list({ name: 'same' })).items.length, 2);
    },
  },
  {
    name: 'S13 two keys of one name: the second is refused, and reported',
    semantics: { names: 'unique' },
    async run({ client, sent }) {
      const make = () =>
        client('owner', { maxRetries: 2 }).apiKeys.create({ name: 'same', expiresIn: { days: 30 } });
      await make();
      const error = await failure(make(), ConflictError);
      assert.equal(error.status, 409);
      assert.equal(sent('apiKeys.create').length, 2);
    },
  },
  {
    name: 'S14 one key too many is refused, and not tried again',
    semantics: { keyLimit: 5 },
    async run({ client, sent }) {
      const make = (name: string) =>
        client('owner', { maxRetries: 2 }).apiKeys.create({ name, expiresIn: { days: 30 } });
      for (const name of ['three', 'four', 'five']) await make(name);
      const error = await failure(make('six'), RequestFailedError);
      assert.equal(error.status, 402);
      assert.equal(sent('apiKeys.create').length, 4);
    },
  },
  {
    name: 'S14 a key that is deleted makes room',
    semantics: { keyLimit: 5 },
    async run({ client, world }) {
      for (const name of ['three', 'four', 'five'])
        await client().apiKeys.create({ name, expiresIn: { days: 30 } });
      await client().apiKeys.delete(world.keys.expired.id);
      await client().apiKeys.create({ name: 'again', expiresIn: { days: 30 } });
    },
  },
  {
    name: 'S15 a new secret is not known everywhere at once',
    semantics: { propagation: 500 },
    async run({ client, reference }) {
      const { apiKey, secret } = await client().apiKeys.create({ name: 'a', expiresIn: { days: 30 } });
      const credentials = { id: apiKey.id, secret: secret.reveal() };
      await failure(client(credentials).user.get(), AuthenticationError);
      reference.clock.advance({ ms: 500 });
      await client(credentials).user.get();
    },
  },
  {
    name: 'S16 the maximum widens: existing keys keep their end',
    async run({ client, world }) {
      const { apiKey } = await client('outsider').apiKeys.create({ name: 'a', expiresIn: '1 month' });
      await client('outsider').accounts.apiKeyPolicy.set(world.accounts.second, { maximum: '10 years' });
      const later = await client('outsider').apiKeys.get(apiKey.id);
      assert.deepEqual(later.expiresAt, apiKey.expiresAt);
    },
  },
];
