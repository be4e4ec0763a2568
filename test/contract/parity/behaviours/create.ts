// Creating a key: the one time that its secret is shown.
import assert from 'node:assert/strict';
import {
  BadRequestError,
  type BlazeMeterClient,
  ExpirationPolicyError,
  UndeliveredSecretError,
} from 'blazemeter-client';
import type { Behaviour } from '../behaviour.ts';
import { failure, present, settle } from '../behaviour.ts';
import { MAIN_MAXIMUM } from '../world.ts';

const DAY = 86_400_000;
/** Far ahead of the machine's clock. */
const LATER = new Date('2071-03-01T12:00:00Z');

/** Days until a key expires. */
const days = (expiresAt: Date | null) => (present(expiresAt, 'the expiry').getTime() - Date.now()) / DAY;
const near = (actual: number, expected: number) =>
  assert.ok(Math.abs(actual - expected) < 2 / 1440, `${actual} days instead of ${expected}`);

const periods = [
  ['1 month', 30],
  ['3 months', 90],
  ['6 months', 180],
  ['1 year', 365],
  ['10 years', 3650],
  [{ days: 45 }, 45],
  ['max', MAIN_MAXIMUM],
] as const;

const byPeriod: readonly Behaviour[] = periods.map(([expiresIn, expected]) => ({
  name: `a key can be created for ${typeof expiresIn === 'string' ? expiresIn : `${expiresIn.days} days`}`,
  semantics: { dates: 'current' },
  async run({ client }) {
    const { apiKey, clamped } = await client().apiKeys.create({ name: 'nightly', expiresIn });
    near(days(apiKey.expiresAt), expected);
    assert.equal(clamped, false);
  },
}));

const names = [
  'ci',
  'Ünïcode ☃ 漢字',
  '🔑'.repeat(20),
  'a "quoted" \\ name',
  `${'long '.repeat(40)}name`,
  '0',
];

const bodies: readonly (readonly [what: string, body: string])[] = [
  ['no name', '{"expiration":1930000000}'],
  ['an empty name', '{"name":"","expiration":1930000000}'],
  ['a name that is a number', '{"name":5,"expiration":1930000000}'],
  ['no expiration', '{"name":"a"}'],
  ['an expiration that is a text', '{"name":"a","expiration":"1930000000"}'],
  ['an expiration in the past', '{"name":"a","expiration":1600000000}'],
  ['an expiration in milliseconds', '{"name":"a","expiration":1930000000000}'],
  ['a body that is no JSON', '{"name":'],
  ['a body that is a list', '["a",1930000000]'],
  ['no body', ''],
];

const byHand: readonly Behaviour[] = bodies.map(([what, body]) => ({
  name: `${what} is refused with 400, and nothing is created`,
  async run({ send }) {
    const before = (await send('GET /api-keys?limit=0')).results.length;
    const response = await send('POST /api-keys', { body });
    assert.equal(response.status, 400);
    assert.match(response.message, /^Bad Request/);
    assert.equal((await send('GET /api-keys?limit=0')).results.length, before);
  },
}));

const make = (client: BlazeMeterClient, name = 'nightly') =>
  client.apiKeys.create({ name, expiresIn: { days: 30 } });

export const create: readonly Behaviour[] = [
  ...byPeriod,
  ...byHand,
  {
    name: 'a key can be created until a date',
    async run({ client, world }) {
      const expiresAt = new Date(world.start.getTime() + 7 * DAY);
      const { apiKey } = await client().apiKeys.create({ name: 'a', expiresAt });
      assert.deepEqual(apiKey.expiresAt, expiresAt);
    },
  },
  {
    name: 'id and secret have the recorded form, and come with status 201',
    async run({ client }) {
      const { data, response } = await make(client()).withResponse();
      assert.equal(response.status, 201);
      assert.match(data.apiKey.id, /^[0-9a-f]{24}$/);
      assert.match(data.secret.reveal(), /^[0-9a-f]{72}$/);
    },
  },
  {
    name: 'the new credentials sign calls, as the same user',
    async run({ client, reference, world }) {
      const { apiKey, secret } = await make(client());
      settle(reference);
      const found = await client({ id: apiKey.id, secret: secret.reveal() }).user.get();
      assert.equal(found.id, world.users.owner.id);
    },
  },
  {
    name: 'the secret is never shown again',
    async run({ client, send }) {
      const { apiKey, secret } = await make(client());
      for (const call of [`GET /api-keys/${apiKey.id}`, 'GET /api-keys?limit=0', 'GET /user'])
        assert.equal((await send(call)).text.includes(secret.reveal()), false);
    },
  },
  {
    name: 'names are kept letter by letter',
    semantics: { storedNames: 'as-given' },
    async run({ client }) {
      for (const name of names.slice(0, 4)) {
        const { apiKey } = await make(client('admin'), name);
        assert.equal(apiKey.name, name);
        assert.equal((await client('admin').apiKeys.get(apiKey.id)).name, name);
        await client('admin').apiKeys.delete(apiKey.id);
      }
      for (const name of names.slice(4)) assert.equal((await make(client(), name)).apiKey.name, name);
    },
  },
  {
    name: "once the service's time is known, it is one POST with name and Unix seconds",
    semantics: { dates: 'current' },
    async run({ client, world, sent }) {
      const owner = client();
      await owner.user.get();
      await owner.apiKeys.create({ name: 'a', expiresIn: '3 months' });
      const [, post, ...others] = sent();
      assert.equal(others.length, 0);
      assert.equal(post?.operation, 'apiKeys.create');
      const { name, expiration } = JSON.parse(post?.requestBody ?? '');
      assert.equal(name, 'a');
      assert.ok(Number.isInteger(expiration));
      assert.ok(Math.abs(expiration - world.start.getTime() / 1000 - 90 * 86_400) <= 60);
    },
  },
  {
    name: 'each key is another, even with the same name',
    semantics: { names: 'free' },
    async run({ client }) {
      const first = await make(client());
      const second = await make(client());
      assert.notEqual(first.apiKey.id, second.apiKey.id);
      assert.equal(first.secret.equals(second.secret), false);
    },
  },
  {
    name: 'an empty name is refused before anything is sent',
    async run({ client, sent }) {
      for (const name of ['', '   ', '\n']) await failure(make(client(), name), TypeError);
      assert.equal(sent().length, 0);
    },
  },
  {
    name: "a date that is past by the server's clock is refused, though the machine's clock has yet to reach it",
    start: LATER,
    async run({ client, sent }) {
      const owner = client();
      await owner.user.get();
      const expiresAt = new Date(LATER.getTime() - DAY);
      assert.ok(expiresAt.getTime() > Date.now());
      await failure(owner.apiKeys.create({ name: 'a', expiresAt }), ExpirationPolicyError);
      assert.equal(sent('apiKeys.create').length, 0);
    },
  },
  {
    name: 'more than the maximum that the client has read is refused before it is asked for',
    async run({ client, world, sent }) {
      const outsider = client('outsider');
      await outsider.accounts.apiKeyPolicy.get();
      const error = await failure(
        outsider.apiKeys.create({ name: 'a', expiresIn: '6 months' }),
        ExpirationPolicyError,
      );
      assert.equal(error.accountId, world.accounts.second);
      assert.equal(error.maximumDays, 90);
      assert.match(error.message, /90/);
      assert.equal(sent('apiKeys.create').length, 0);
    },
  },
  {
    name: 'more than a maximum that the client has not read is refused by the service',
    semantics: { overMaximum: 'refuse' },
    async run({ client }) {
      const error = await failure(
        client('outsider').apiKeys.create({ name: 'a', expiresIn: '6 months' }),
        BadRequestError,
      );
      assert.match(error.message, /\b90\b/);
    },
  },
  {
    name: 'exactly the maximum is not too much',
    semantics: { dates: 'current' },
    async run({ client }) {
      const outsider = client('outsider');
      await outsider.accounts.apiKeyPolicy.get();
      const { apiKey, clamped } = await outsider.apiKeys.create({ name: 'a', expiresIn: '3 months' });
      near(days(apiKey.expiresAt), 90);
      assert.equal(clamped, false);
    },
  },
  {
    name: 'as long as possible reads the maximum, and says whose it is',
    semantics: { dates: 'current' },
    async run({ client, world }) {
      const { apiKey, boundBy } = await client('outsider').apiKeys.create({ name: 'a', expiresIn: 'max' });
      near(days(apiKey.expiresAt), 90);
      assert.deepEqual(boundBy, { accountId: world.accounts.second, maximumDays: 90 });
    },
  },
  {
    name: 'as long as possible, where nothing limits it, is ten years',
    semantics: { dates: 'current' },
    async run({ client, world }) {
      await client().accounts.apiKeyPolicy.set(world.accounts.main, { maximum: 'unlimited' });
      const { apiKey, boundBy } = await client().apiKeys.create({ name: 'a', expiresIn: 'max' });
      near(days(apiKey.expiresAt), 3650);
      assert.equal(boundBy, undefined);
    },
  },
  {
    name: 'a hook receives the secret before the call ends',
    async run({ client }) {
      const told: string[] = [];
      const watched = client('owner', {
        onNewSecret: ({ keyId, secret }) => void told.push(keyId, secret.reveal()),
      });
      const { apiKey, secret } = await make(watched);
      assert.deepEqual(told, [apiKey.id, secret.reveal()]);
    },
  },
  {
    name: 'a hook that fails does not cost the secret',
    async run({ client, reference, world }) {
      const onNewSecret = () => {
        throw new Error('the store is full');
      };
      const error = await failure(make(client('owner', { onNewSecret })), UndeliveredSecretError);
      settle(reference);
      const credentials = { id: present(error.keyId), secret: error.newSecret.reveal() };
      assert.equal((await client(credentials).user.get()).id, world.users.owner.id);
      assert.equal(JSON.stringify(error).includes(credentials.secret), false);
    },
  },
];
