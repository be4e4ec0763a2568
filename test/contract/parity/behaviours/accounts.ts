// Accounts: the ones that a key's user is in.
import assert from 'node:assert/strict';
import { ApiError, NotFoundError } from 'blazemeter-client';
import type { Behaviour } from '../behaviour.ts';
import { failure } from '../behaviour.ts';
import { MAIN_MAXIMUM, SECOND_MAXIMUM } from '../world.ts';

const NOBODY = 999_999_999;

export const accounts: readonly Behaviour[] = [
  {
    name: 'the list holds the accounts of the caller and no others',
    async run({ client, world }) {
      const { items, total } = await client('owner').accounts.list();
      assert.deepEqual(
        items.map(({ id }) => id),
        [world.accounts.main],
      );
      assert.equal(total, 1);
    },
  },
  {
    name: 'a user in two accounts sees both',
    async run({ client, world }) {
      const ids: number[] = [];
      for await (const { id } of client('twin').accounts.list()) ids.push(id);
      assert.deepEqual(ids.sort(), [world.accounts.main, world.accounts.second].sort());
    },
  },
  {
    name: 'accounts can be sorted by name, up and down',
    async run({ client }) {
      const up = await client('twin').accounts.list({ sort: ['name'] });
      const down = await client('twin').accounts.list({ sort: ['-name'] });
      assert.deepEqual(
        up.items.map(({ name }) => name),
        ['Main Street', 'Second Avenue'],
      );
      assert.deepEqual(
        down.items.map(({ name }) => name),
        ['Second Avenue', 'Main Street'],
      );
    },
  },
  {
    name: 'a sorted list of up to a thousand, as real clients ask for it',
    async run({ send }) {
      const plain = await send('GET /accounts?sort[]=name&limit=1000', { as: 'twin' });
      const coded = await send('GET /accounts?sort%5B%5D=name&limit=1000', { as: 'twin' });
      assert.equal(plain.results.length, 2);
      assert.equal(plain.json.limit, 1000);
      assert.deepEqual(coded.results, plain.results);
    },
  },
  {
    name: 'an account has its maximum, its owner and its size',
    async run({ client, world }) {
      const account = await client().accounts.get(world.accounts.main);
      assert.equal(account.apiKeyExpirationDays, MAIN_MAXIMUM);
      assert.equal(account.owner?.id, world.users.owner.id);
      assert.equal(account.owner?.displayName, 'Olive Owner');
      assert.equal(account.membersCount, 6);
      assert.equal(account.workspacesCount, 2);
    },
  },
  {
    name: 'each account has a maximum of its own',
    async run({ client, world }) {
      const account = await client('outsider').accounts.get(world.accounts.second);
      assert.equal(account.apiKeyExpirationDays, SECOND_MAXIMUM);
    },
  },
  {
    name: 'in the list an account looks as it does by itself',
    async run({ send, world }) {
      const list = await send('GET /accounts');
      const one = await send(`GET /accounts/${world.accounts.main}`);
      assert.deepEqual(list.results[0], one.result);
    },
  },
  {
    name: 'an account without a description has no such field, rather than null',
    async run({ send, world }) {
      const { result } = await send(`GET /accounts/${world.accounts.main}`);
      assert.notEqual(result.description, null);
      assert.equal(result.aiConsent, true);
    },
  },
  {
    name: 'an account that is not there is not found',
    async run({ client }) {
      const error = await failure(client().accounts.get(NOBODY), NotFoundError);
      assert.equal(error.status, 404);
      assert.equal(error.operation, 'accounts.get');
      assert.match(error.message, /not found/i);
    },
  },
  {
    name: 'an account of others is not shown',
    async run({ client, world }) {
      const error = await failure(client('outsider').accounts.get(world.accounts.main), ApiError);
      assert.ok(error.status === 403 || error.status === 404);
      assert.equal(error.message.includes('Main Street'), false);
    },
  },
  {
    name: 'an account asked for by something that is no number is not found',
    async run({ send }) {
      for (const id of ['mine', '1e3', '-1', '%00', '1.5']) {
        const { status } = await send(`GET /accounts/${id}`);
        assert.ok(status === 404 || status === 400, `${id} -> ${status}`);
      }
    },
  },
];
