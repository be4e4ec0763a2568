// Deleting a key.
import assert from 'node:assert/strict';
import { AuthenticationError, LockoutError, NotFoundError } from 'blazemeter-client';
import type { Behaviour } from '../behaviour.ts';
import { failure, secondKey, settle } from '../behaviour.ts';

export const deletion: readonly Behaviour[] = [
  {
    name: 'the key is gone: by itself, from the list, and as credentials',
    async run(context) {
      const { client } = context;
      const key = secondKey(context);
      await client(key).user.get();
      await client().apiKeys.delete(key.id);
      await failure(client().apiKeys.get(key.id), NotFoundError);
      for await (const { id } of client().apiKeys.list()) assert.notEqual(id, key.id);
      await failure(client(key).user.get(), AuthenticationError);
    },
  },
  {
    name: 'it gives nothing back, with status 204',
    async run(context) {
      const { data, response } = await context.client().apiKeys.delete(secondKey(context).id).withResponse();
      assert.equal(data, undefined);
      assert.equal(response.status, 204);
    },
  },
  {
    name: 'the other keys stay',
    async run(context) {
      const { client, world } = context;
      await client().apiKeys.delete(secondKey(context).id);
      await client().user.get();
      await client('standard').user.get();
      assert.equal((await client().apiKeys.get(world.keys.owner.id)).id, world.keys.owner.id);
    },
  },
  {
    name: 'what is deleted already is not found',
    async run(context) {
      const { id } = secondKey(context);
      await context.client().apiKeys.delete(id);
      const error = await failure(context.client().apiKeys.delete(id), NotFoundError);
      assert.match(error.message, /apiKeys\.delete/);
    },
  },
  {
    name: 'a key of another user is not found, and stays',
    async run({ client, world }) {
      await failure(client().apiKeys.delete(world.keys.standard.id), NotFoundError);
      await client('standard').user.get();
    },
  },
  {
    name: 'an expired key can be deleted',
    async run({ client, world }) {
      await client().apiKeys.delete(world.keys.expired.id);
      await failure(client().apiKeys.get(world.keys.expired.id), NotFoundError);
    },
  },
  {
    name: 'the key that signs the call is refused before anything is sent',
    async run({ client, world, sent }) {
      const error = await failure(client().apiKeys.delete(world.keys.owner.id), LockoutError);
      assert.equal(error.keyId, world.keys.owner.id);
      assert.equal(sent().length, 0);
      await client().user.get();
    },
  },
  {
    name: 'with allowSelf the key that signs is deleted, and the next call is refused',
    async run({ client, world }) {
      const owner = client();
      await owner.apiKeys.delete(world.keys.owner.id, { allowSelf: true });
      await failure(owner.user.get(), AuthenticationError);
    },
  },
  {
    name: 'a new secret does not bring a deleted key back',
    async run(context) {
      const { client, reference } = context;
      const { id } = secondKey(context);
      await client().apiKeys.delete(id);
      settle(reference);
      await failure(client().apiKeys.regenerateSecret(id), NotFoundError);
    },
  },
];
