// The caller's own keys: seen without their secrets.
import assert from 'node:assert/strict';
import { type ApiKey, NotFoundError } from 'blazemeter-client';
import type { Behaviour, Context } from '../behaviour.ts';
import { failure, present } from '../behaviour.ts';
import { KEY_DAYS } from '../world.ts';

async function listed({ client }: Context, params = {}): Promise<ApiKey[]> {
  const found: ApiKey[] = [];
  for await (const key of client().apiKeys.list(params)) found.push(key);
  return found;
}

export const keys: readonly Behaviour[] = [
  {
    name: 'a key has a name, an owner and dates',
    async run({ client, world }) {
      const key = await client().apiKeys.get(world.keys.owner.id);
      assert.equal(key.id, world.keys.owner.id);
      assert.equal(key.name, 'key of owner');
      assert.equal(key.userId, world.users.owner.id);
      assert.deepEqual(key.createdAt, world.start);
      assert.equal(key.expiresAt?.getTime(), world.start.getTime() + KEY_DAYS * 86_400_000);
    },
  },
  {
    name: 'in the list a key looks as it does by itself',
    async run({ send, world }) {
      const list = await send('GET /api-keys');
      const one = await send(`GET /api-keys/${world.keys.owner.id}`);
      assert.deepEqual(
        list.results.find(({ id }) => id === world.keys.owner.id),
        one.result,
      );
    },
  },
  {
    name: 'no key shows a secret, neither in the list nor by itself',
    async run({ send, world }) {
      const list = await send('GET /api-keys?limit=0');
      const one = await send(`GET /api-keys/${world.keys.owner.id}`);
      for (const { text } of [list, one]) {
        assert.equal(text.includes(world.keys.owner.secret), false);
        assert.equal(/"secret"/i.test(text), false);
      }
    },
  },
  {
    name: 'an expired key stays in the list',
    async run(context) {
      const key = (await listed(context)).find(({ id }) => id === context.world.keys.expired.id);
      assert.ok(present(present(key).expiresAt) < context.world.start);
    },
  },
  {
    name: 'a key shows when it was last used',
    async run({ reference, client, send }) {
      const { id } = await client()
        .apiKeys.create({ name: 'fresh', expiresIn: { days: 30 } })
        .then(async ({ apiKey, secret }) => {
          assert.equal((await client().apiKeys.get(apiKey.id)).lastUsedAt, null);
          reference.clock.advance({ hours: 1 });
          const response = await send('GET /user', { as: { id: apiKey.id, secret: secret.reveal() } });
          assert.equal(response.status, 200);
          return apiKey;
        });
      assert.deepEqual((await client().apiKeys.get(id)).lastUsedAt, reference.clock.now());
    },
  },
  {
    name: 'keys can be sorted by name, up and down',
    async run(context) {
      const up = await listed(context, { sort: ['name'] });
      const down = await listed(context, { sort: ['-name'] });
      const names = up.map(({ name }) => name);
      assert.deepEqual(names, [...names].sort());
      assert.deepEqual(
        down.map(({ name }) => name),
        [...names].reverse(),
      );
    },
  },
  {
    name: 'keys can be sorted by expiration',
    async run(context) {
      const [first] = await listed(context, { sort: 'expiration' });
      assert.equal(first?.id, context.world.keys.expired.id);
    },
  },
  {
    name: 'keys can be looked for by name, as it stands and not as a pattern',
    async run(context) {
      assert.deepEqual(
        (await listed(context, { name: 'long gone' })).map(({ id }) => id),
        [context.world.keys.expired.id],
      );
      assert.deepEqual(await listed(context, { name: 'long.*' }), []);
      assert.deepEqual(await listed(context, { textFilter: '(' }), []);
    },
  },
  {
    name: 'a key that is not there is not found',
    async run({ client }) {
      const error = await failure(client().apiKeys.get('facadefacadefacade000001'), NotFoundError);
      assert.equal(error.operation, 'apiKeys.get');
      assert.match(error.message, /apiKeys\.get/);
    },
  },
  {
    name: 'a key of another user is not found either, even for the owner of the account',
    async run({ client, world }) {
      const missing = await failure(client().apiKeys.get('facadefacadefacade000001'), NotFoundError);
      const theirs = await failure(client().apiKeys.get(world.keys.standard.id), NotFoundError);
      assert.equal(theirs.message, missing.message);
    },
  },
  {
    name: 'an id is one segment of the path, whatever is in it',
    async run({ client, sent }) {
      const odd = ['../user', '..', 'a/b', 'a?b', 'a#b', '%2e%2e', '.'];
      for (const id of odd)
        await client()
          .apiKeys.get(id)
          .catch(() => undefined);
      for (const { path } of sent()) assert.match(path, /^\/api-keys\/[^/]+$/);
    },
  },
];
