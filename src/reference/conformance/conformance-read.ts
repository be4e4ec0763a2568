// The behaviours that can be checked without changing anything, one check each.

import type { BlazeMeterClient } from '../../client.ts';
import type { Check, Finding, Probe } from './conformance-probe.ts';
import { agrees, differs, statusOf, unchecked } from './conformance-probe.ts';

const whole = (value: unknown): boolean => Number.isSafeInteger(value);
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined;

/** Unix seconds of this century: the same in milliseconds would be far beyond. */
const seconds = (value: unknown): boolean =>
  typeof value === 'number' && whole(value) && value < 4_102_444_800;

const SUPPORTED: Finding = agrees('supported');

const judged = (good: boolean, seen: string, otherwise: string): Finding =>
  good ? agrees(seen) : differs(otherwise);

/** The user as the service sends it, or as the client's own correction finds it. */
async function userOf(client: BlazeMeterClient): Promise<unknown> {
  const { method, path, result } = client.operations['user.get'];
  const found = await client.request({ method, path });
  return result === undefined ? found : result(found, { result: found }, {});
}

/** The first id of a list, by the list's path and query. */
async function firstOf({ client }: Probe, path: string, query: Record<string, number>): Promise<unknown> {
  const items = await client.request({ path, query: { ...query, limit: 5, skip: 0 } });
  return Array.isArray(items) ? field(items[0], 'id') : undefined;
}

/** A list below something else, and one item of it. */
const listAndGet = (operation: string, path: string, parent: string, parentPath: string): Check[] => [
  {
    id: `${operation}.list`,
    async run(probe) {
      const above = await parentOf(probe, parentPath);
      if (above === undefined) return unchecked('there is nothing above it');
      await firstOf(probe, path, { [parent]: above });
      return SUPPORTED;
    },
  },
  {
    id: `${operation}.get`,
    async run(probe) {
      const above = await parentOf(probe, parentPath);
      const id = above === undefined ? undefined : await firstOf(probe, path, { [parent]: above });
      if (id === undefined) return unchecked('there is none');
      const one = await probe.client.request({ path: `${path}/${String(id)}` });
      return judged(field(one, 'id') === id, 'supported', 'responds with another id');
    },
  },
];

async function parentOf(probe: Probe, parentPath: string): Promise<number | undefined> {
  const account = await probe.account();
  if (account === undefined || parentPath === '/accounts') return account;
  const id = await firstOf(probe, '/workspaces', { accountId: account });
  return typeof id === 'number' ? id : undefined;
}

export const READS: readonly Check[] = [
  {
    id: 'web.version',
    run: async ({ client }) => {
      await client.request({ path: '/web/version' });
      return SUPPORTED;
    },
  },
  {
    id: 'user.get',
    run: async ({ client }) => {
      const { email } = await client.user.get();
      return judged(email !== null, 'supported', 'responds without an e-mail');
    },
  },
  {
    id: 'accounts.list',
    run: async ({ client }) => {
      await client.accounts.list({ limit: 5, sort: ['name'] });
      return SUPPORTED;
    },
  },
  {
    id: 'accounts.get',
    run: async (probe) => {
      const account = await probe.account();
      if (account === undefined) return unchecked('there is no account');
      const { id } = await probe.client.accounts.get(account);
      return judged(id === account, 'supported', 'responds with another account');
    },
  },
  {
    id: 'accounts.users',
    run: async (probe) => {
      const account = await probe.account();
      if (account === undefined) return unchecked('there is no account');
      await probe.client.accounts.users(account, { limit: 5, enabled: true });
      return SUPPORTED;
    },
  },
  {
    id: 'apiKeys.list',
    run: async ({ client }) => {
      await client.apiKeys.list({ limit: 5 });
      return SUPPORTED;
    },
  },
  {
    id: 'apiKeys.get',
    run: async (probe) => {
      const key = await probe.key();
      if (key === undefined) return unchecked('there is no key in the list');
      const { id } = await probe.client.apiKeys.get(key.id);
      return judged(id === key.id, 'supported', 'responds with another key');
    },
  },
  ...listAndGet('workspaces', '/workspaces', 'accountId', '/accounts'),
  ...listAndGet('projects', '/projects', 'workspaceId', '/workspaces'),
  ...listAndGet('tests', '/tests', 'workspaceId', '/workspaces'),
  ...listAndGet('multiTests', '/multi-tests', 'workspaceId', '/workspaces'),
  {
    id: 'W2',
    run: async ({ client }) => {
      const { requestId = '' } = await client.user.get().withResponse();
      return judged(/^[0-9a-f]{13}$/.test(requestId), '13 hex digits', 'of another form, or missing');
    },
  },
  {
    id: 'W6',
    run: async (probe) => {
      const user = await userOf(probe.client);
      const key = await probe.key();
      const hex = key === undefined || /^[0-9a-f]{24}$/.test(key.id);
      return judged(
        whole(field(user, 'id')) && hex,
        key === undefined
          ? 'a user: an integer; no key to check'
          : 'a user: an integer; a key: 24 hex digits',
        'of another form',
      );
    },
  },
  {
    id: 'W7',
    run: async ({ client }) => {
      const user = await userOf(client);
      const times = [field(user, 'created'), field(user, 'updated')];
      return judged(times.every(seconds), 'Unix seconds', 'of another form, or missing');
    },
  },
  {
    id: 'W8',
    run: async ({ client }) => {
      const features = field(await userOf(client), 'features');
      if (Array.isArray(features) && features.length === 0) return agrees('[]');
      const filled = typeof features === 'object' && features !== null && Object.keys(features).length > 0;
      return filled
        ? unchecked('this user has a filled map')
        : differs('an empty map of another form, or none');
    },
  },
  {
    id: 'W9',
    run: async ({ client }) => {
      const one = await client.apiKeys.list({ limit: 1 });
      const { total } = await client.apiKeys.list({ limit: 1, skip: 1 });
      return judged(
        one.items.length <= 1 && typeof total === 'number',
        'limit and skip are obeyed; total is a number',
        'limit is not obeyed, or total is no number',
      );
    },
  },
  {
    id: 'W10',
    run: async (probe) => {
      const key = await probe.key();
      if (key === undefined) return unchecked('there is no key in the list');
      const part = key.name.slice(1).toUpperCase() || key.name;
      const { items } = await probe.client.apiKeys.list({ name: part, limit: 100 });
      const found = items.some(({ id }) => id === key.id);
      const others = items.some(({ name }) => !name.toUpperCase().includes(part));
      return judged(found && !others, 'name matches anywhere, in any case', 'name filters in another way');
    },
  },
  {
    id: 'W11',
    run: async ({ client }) => {
      const query = { app_key: 'conformance', _clientId: 'conformance', _clientVersion: '1' };
      const { method, path } = client.operations['user.get'];
      await client.request({ method, path, query });
      return agrees('ignored');
    },
  },
  {
    id: 'W12',
    run: async ({ client, nonce }) => {
      const status = await statusOf(client.request({ path: `/no-such-path-${nonce}` }), 404);
      return judged(status === 404, '404', `${status} for an unknown path`);
    },
  },
  {
    id: 'W15',
    run: async (probe) => {
      const key = await probe.key();
      if (key === undefined) return unchecked('there is no key in the list');
      const known = key.userId !== null && key.updatedAt !== null && key.expiresAt !== null;
      if ('secret' in key.extra) return differs('a secret in a list');
      return judged(known, 'as described', 'a field is missing');
    },
  },
  {
    id: 'W17',
    run: async ({ client }) => {
      const [account] = (await client.accounts.list({ limit: 1 })).items;
      if (account === undefined) return unchecked('there is no account');
      return judged(whole(account.apiKeyExpirationDays), 'a number of days', 'not there');
    },
  },
  {
    id: 'P8',
    run: async (probe) => {
      const account = await probe.account();
      if (account === undefined) return unchecked('there is no account');
      const { apiKeyExpirationDays: days } = await probe.client.accounts.get(account);
      return judged(whole(days), 'a number of days', 'not there');
    },
  },
  {
    id: 'P1',
    run: async (probe) => {
      // Credentials that do not exist: no key of the account is tried with a wrong secret.
      const wrong = { id: `7e57ed1d${'0'.repeat(16)}`, secret: `7e57ed5e${'0'.repeat(64)}` };
      const status = await statusOf(probe.client.withOptions({ credentials: wrong }).user.get(), 401);
      return judged(status === 401, '401 for wrong credentials', `${status} for wrong credentials`);
    },
  },
  {
    id: 'P3',
    run: async (probe) => {
      // A 404 says something about a key only where another key is found: the path itself could be missing.
      const key = await probe.key();
      if (key === undefined) return unchecked('there is no key in the list');
      const { client } = probe;
      await client.apiKeys.get(key.id);
      const status = await statusOf(client.apiKeys.get(`7e57ed1d${'0'.repeat(16)}`), 404);
      return judged(
        status === 404,
        '404 for a key that is not there',
        `${status} for a key that is not there`,
      );
    },
  },
];
