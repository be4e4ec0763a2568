// The members of an account, with their roles.
import assert from 'node:assert/strict';
import { type AccountUser, ApiError } from 'blazemeter-client';
import type { Behaviour, Context } from '../behaviour.ts';
import { failure } from '../behaviour.ts';
import { roles } from '../world.ts';

async function names(
  { client, world }: Context,
  params: Parameters<ReturnType<Context['client']>['accounts']['users']>[1],
): Promise<(string | null)[]> {
  const found: AccountUser[] = [];
  for await (const member of client().accounts.users(world.accounts.main, params)) found.push(member);
  return found.map(({ displayName }) => displayName);
}

export const members: readonly Behaviour[] = [
  {
    name: 'everybody in the account is there, with their roles',
    async run({ client, world }) {
      const found = new Map<number, readonly string[]>();
      for await (const { id, roles: held } of client().accounts.users(world.accounts.main))
        found.set(id, held);
      assert.equal(found.size, 6);
      for (const { role, who } of roles) assert.ok(found.get(world.users[who].id)?.includes(role), role);
      assert.deepEqual(found.get(world.users.twin.id), ['standard']);
    },
  },
  {
    name: 'a member is a person with a name and an address',
    async run({ client, world }) {
      const { items } = await client().accounts.users(world.accounts.main, { textFilter: 'Uma' });
      assert.equal(items.length, 1);
      assert.equal(items[0]?.email, world.users.manager.email);
      assert.equal(items[0]?.displayName, 'Uma Manager');
      assert.equal(items[0]?.enabled, true);
    },
  },
  {
    name: 'members can be asked for by one role',
    async run(context) {
      assert.deepEqual(await names(context, { roles: ['admin'] }), ['Adam Admin']);
    },
  },
  {
    name: 'members can be asked for by several roles: any of them will do',
    async run(context) {
      const found = await names(context, { roles: ['admin', 'billing'], sort: ['displayName'] });
      assert.deepEqual(found, ['Adam Admin', 'Berta Billing']);
    },
  },
  {
    name: 'roles can be left out',
    async run(context) {
      const found = await names(context, { excludeRoles: ['standard', 'billing', 'user_manager'] });
      assert.deepEqual(found.sort(), ['Adam Admin', 'Olive Owner']);
    },
  },
  {
    name: 'a role that no member has gives an empty list',
    async run(context) {
      assert.deepEqual(await names(context, { roles: ['astronaut'] }), []);
    },
  },
  {
    name: 'members can be asked for by whether they are enabled',
    async run({ reference, client }) {
      const made = reference.seed({
        users: { boss: {}, here: { firstName: 'Hera' }, gone: { firstName: 'Gerd', enabled: false } },
        accounts: { third: { owner: 'boss', members: { here: ['standard'], gone: ['standard'] } } },
        keys: { boss: { user: 'boss', expires: { days: 30 } } },
      });
      const boss = client(made.keys.boss);
      const enabled = await boss.accounts.users(made.accounts.third.id, { enabled: true });
      const disabled = await boss.accounts.users(made.accounts.third.id, { enabled: false });
      assert.deepEqual(
        enabled.items.map(({ id }) => id).sort(),
        [made.users.boss.id, made.users.here.id].sort(),
      );
      assert.deepEqual(
        disabled.items.map(({ id }) => id),
        [made.users.gone.id],
      );
    },
  },
  {
    name: 'members can be sorted, up and down',
    async run(context) {
      const up = await names(context, { sort: ['displayName'] });
      const down = await names(context, { sort: ['-displayName'] });
      assert.deepEqual(up, [...up].sort());
      assert.deepEqual(down, [...up].reverse());
    },
  },
  {
    name: 'a text is looked for as it stands, not as a pattern',
    async run(context) {
      assert.deepEqual(await names(context, { textFilter: '.*' }), []);
      assert.deepEqual(await names(context, { textFilter: 'oLiVe' }), ['Olive Owner']);
    },
  },
  {
    name: 'members come in pages',
    async run({ client, world, sent }) {
      const ids: number[] = [];
      for await (const { id } of client().accounts.users(world.accounts.main, { limit: 2 })) ids.push(id);
      assert.equal(new Set(ids).size, 6);
      assert.ok(sent('accounts.users').length >= 3);
    },
  },
  {
    name: 'ten thousand at once, as a real client asks for them',
    async run({ send, world }) {
      const { results, json } = await send(
        `GET /accounts/${world.accounts.main}/users?limit=10000&enabled=true`,
      );
      assert.equal(results.length, 6);
      assert.equal(json.total, 6);
    },
  },
  {
    name: 'the members of an account of others are not shown',
    async run({ client, world }) {
      const error = await failure(client('outsider').accounts.users(world.accounts.main), ApiError);
      assert.ok(error.status === 403 || error.status === 404);
    },
  },
];
