// Regenerating a secret: a new secret, not a new key.
import assert from 'node:assert/strict';
import {
  AuthenticationError,
  ExpirationPolicyError,
  LockoutError,
  NotFoundError,
  UndeliveredSecretError,
} from 'blazemeter-client';
import type { Behaviour } from '../behaviour.ts';
import { failure, secondKey, settle } from '../behaviour.ts';

export const regenerate: readonly Behaviour[] = [
  {
    name: 'the id stays and the secret is new',
    async run(context) {
      const key = secondKey(context);
      const { apiKey, secret } = await context.client().apiKeys.regenerateSecret(key.id);
      assert.equal(apiKey.id, key.id);
      assert.equal(apiKey.name, 'second');
      assert.match(secret.reveal(), /^[0-9a-f]{72}$/);
      assert.equal(secret.equals(key.secret), false);
    },
  },
  {
    name: 'no key is added',
    async run(context) {
      const key = secondKey(context);
      const before = (await context.send('GET /api-keys?limit=0')).results.length;
      await context.client().apiKeys.regenerateSecret(key.id);
      assert.equal((await context.send('GET /api-keys?limit=0')).results.length, before);
    },
  },
  {
    name: 'the new secret signs calls, the old one no longer',
    async run(context) {
      const { client, reference, world } = context;
      const key = secondKey(context);
      const { secret } = await client().apiKeys.regenerateSecret(key.id);
      settle(reference);
      assert.equal(
        (await client({ id: key.id, secret: secret.reveal() }).user.get()).id,
        world.users.owner.id,
      );
      await failure(client(key).user.get(), AuthenticationError);
    },
  },
  {
    name: 'the old secret dies at that instant',
    semantics: { grace: 0 },
    async run(context) {
      const key = secondKey(context);
      await context.client().apiKeys.regenerateSecret(key.id);
      assert.equal((await context.send('GET /user', { as: key })).status, 401);
    },
  },
  {
    name: 'the new secret is never shown again',
    async run(context) {
      const key = secondKey(context);
      const { secret } = await context.client().apiKeys.regenerateSecret(key.id);
      for (const call of [`GET /api-keys/${key.id}`, 'GET /api-keys?limit=0'])
        assert.equal((await context.send(call)).text.includes(secret.reveal()), false);
    },
  },
  {
    name: 'the time of creation stays, the time of the last change does not',
    async run(context) {
      const key = secondKey(context);
      context.reference.clock.advance({ days: 1 });
      const { apiKey } = await context.client().apiKeys.regenerateSecret(key.id);
      assert.deepEqual(apiKey.createdAt, context.world.start);
      assert.deepEqual(apiKey.updatedAt, context.reference.clock.now());
    },
  },
  {
    name: 'each time the secret is another',
    async run(context) {
      const { id } = secondKey(context);
      const first = await context.client().apiKeys.regenerateSecret(id);
      const next = await context.client().apiKeys.regenerateSecret(id);
      assert.equal(first.secret.equals(next.secret), false);
    },
  },
  {
    name: 'the key that signs the call is refused before it is changed',
    async run({ client, world, sent }) {
      const error = await failure(client().apiKeys.regenerateSecret(world.keys.owner.id), LockoutError);
      assert.equal(error.keyId, world.keys.owner.id);
      assert.match(error.message, /allowSelf/);
      assert.equal(sent().length, 0);
    },
  },
  {
    name: 'with allowSelf the key that signs is changed, and the client goes on with the new credentials',
    semantics: { propagation: 0 },
    async run({ client, world }) {
      const owner = client();
      const { secret } = await owner.apiKeys.regenerateSecret(world.keys.owner.id, { allowSelf: true });
      assert.equal((await owner.user.get()).id, world.users.owner.id);
      assert.equal(secret.equals(world.keys.owner.secret), false);
    },
  },
  {
    name: 'with allowSelf the response still arrives, and the old secret is dead',
    semantics: { grace: 0 },
    async run({ client, world, send }) {
      await client().apiKeys.regenerateSecret(world.keys.owner.id, { allowSelf: true });
      assert.equal((await send('GET /user', { as: world.keys.owner })).status, 401);
    },
  },
  {
    name: 'a key of another user is not found, and keeps its secret',
    async run({ client, world, send }) {
      await failure(client().apiKeys.regenerateSecret(world.keys.standard.id), NotFoundError);
      assert.equal((await send('GET /user', { as: 'standard' })).status, 200);
    },
  },
  {
    name: 'a key that is not there is not found',
    async run({ client }) {
      const error = await failure(
        client().apiKeys.regenerateSecret('facadefacadefacade000001'),
        NotFoundError,
      );
      assert.match(error.message, /apiKeys\.regenerateSecret/);
    },
  },
  {
    name: 'an expired key is refused before it is sent, since a new secret would not renew it',
    async run({ client, world, sent }) {
      await failure(client().apiKeys.regenerateSecret(world.keys.expired.id), ExpirationPolicyError);
      assert.equal(sent('apiKeys.regenerateSecret').length, 0);
    },
  },
  {
    name: 'a hook receives the secret, and if it fails the secret is not lost',
    async run(context) {
      const { client, reference } = context;
      const key = secondKey(context);
      const onNewSecret = () => Promise.reject(new Error('the store is full'));
      const error = await failure(
        client('owner', { onNewSecret }).apiKeys.regenerateSecret(key.id),
        UndeliveredSecretError,
      );
      settle(reference);
      assert.equal(error.keyId, key.id);
      await client({ id: key.id, secret: error.newSecret.reveal() }).user.get();
    },
  },
];
