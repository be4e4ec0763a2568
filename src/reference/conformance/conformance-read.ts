// What of the table of behaviours can be seen without changing anything: one look each.

import type { Look, Probe, Seen } from './conformance-probe.ts';
import { differs, fits, statusOf, unseen } from './conformance-probe.ts';

const whole = (value: unknown): boolean => Number.isSafeInteger(value);
const field = (value: unknown, name: string): unknown =>
  typeof value === 'object' && value !== null ? new Map(Object.entries(value)).get(name) : undefined;

/** Unix seconds of this century: the same in milliseconds would be far beyond. */
const seconds = (value: unknown): boolean =>
  typeof value === 'number' && whole(value) && value < 4_102_444_800;

const ANSWERED: Seen = fits('answered');

const judged = (good: boolean, seen: string, otherwise: string): Seen =>
  good ? fits(seen) : differs(otherwise);

/** The first id of a list, by the list's path and query. */
async function firstOf({ client }: Probe, path: string, query: Record<string, number>): Promise<unknown> {
  const rows = await client.request({ path, query: { ...query, limit: 5, skip: 0 } });
  return Array.isArray(rows) ? field(rows[0], 'id') : undefined;
}

/** A list that hangs below something, and one of it. */
const listAndGet = (operation: string, path: string, parent: string, parentPath: string): Look[] => [
  {
    id: `${operation}.list`,
    async look(probe) {
      const above = await parentOf(probe, parentPath);
      if (above === undefined) return unseen('there is nothing to look into');
      await firstOf(probe, path, { [parent]: above });
      return ANSWERED;
    },
  },
  {
    id: `${operation}.get`,
    async look(probe) {
      const above = await parentOf(probe, parentPath);
      const id = above === undefined ? undefined : await firstOf(probe, path, { [parent]: above });
      if (id === undefined) return unseen('there is none');
      const one = await probe.client.request({ path: `${path}/${String(id)}` });
      return judged(field(one, 'id') === id, 'answered', 'answered with another id');
    },
  },
];

async function parentOf(probe: Probe, parentPath: string): Promise<number | undefined> {
  const account = await probe.account();
  if (account === undefined || parentPath === '/accounts') return account;
  const id = await firstOf(probe, '/workspaces', { accountId: account });
  return typeof id === 'number' ? id : undefined;
}

export const READS: readonly Look[] = [
  {
    id: 'web.version',
    look: async ({ client }) => {
      await client.request({ path: '/web/version' });
      return ANSWERED;
    },
  },
  {
    id: 'user.get',
    look: async ({ client }) => {
      const { email } = await client.user.get();
      return judged(email !== null, 'answered', 'answered without an e-mail');
    },
  },
  {
    id: 'accounts.list',
    look: async ({ client }) => {
      await client.accounts.list({ limit: 5, sort: ['name'] });
      return ANSWERED;
    },
  },
  {
    id: 'accounts.get',
    look: async (probe) => {
      const account = await probe.account();
      if (account === undefined) return unseen('there is no account');
      const { id } = await probe.client.accounts.get(account);
      return judged(id === account, 'answered', 'answered with another account');
    },
  },
  {
    id: 'accounts.users',
    look: async (probe) => {
      const account = await probe.account();
      if (account === undefined) return unseen('there is no account');
      await probe.client.accounts.users(account, { limit: 5, enabled: true });
      return ANSWERED;
    },
  },
  {
    id: 'apiKeys.list',
    look: async ({ client }) => {
      await client.apiKeys.list({ limit: 5 });
      return ANSWERED;
    },
  },
  {
    id: 'apiKeys.get',
    look: async (probe) => {
      const key = await probe.key();
      if (key === undefined) return unseen('there is no key in the list');
      const { id } = await probe.client.apiKeys.get(key.id);
      return judged(id === key.id, 'answered', 'answered with another key');
    },
  },
  ...listAndGet('workspaces', '/workspaces', 'accountId', '/accounts'),
  ...listAndGet('projects', '/projects', 'workspaceId', '/workspaces'),
  ...listAndGet('tests', '/tests', 'workspaceId', '/workspaces'),
  ...listAndGet('multiTests', '/multi-tests', 'workspaceId', '/workspaces'),
  {
    id: 'W2',
    look: async ({ client }) => {
      const { requestId = '' } = await client.user.get().withResponse();
      return judged(/^[0-9a-f]{13}$/.test(requestId), '13 hex digits', 'of another form, or missing');
    },
  },
  {
    id: 'W6',
    look: async (probe) => {
      const user = await probe.client.request({ path: '/user' });
      const key = await probe.key();
      const hex = key === undefined || /^[0-9a-f]{24}$/.test(key.id);
      return judged(
        whole(field(user, 'id')) && hex,
        key === undefined
          ? 'a user: an integer; no key to look at'
          : 'a user: an integer; a key: 24 hex digits',
        'of another form',
      );
    },
  },
  {
    id: 'W7',
    look: async ({ client }) => {
      const user = await client.request({ path: '/user' });
      const times = [field(user, 'created'), field(user, 'updated')];
      return judged(times.every(seconds), 'Unix seconds', 'of another form, or missing');
    },
  },
  {
    id: 'W8',
    look: async ({ client }) => {
      const features = field(await client.request({ path: '/user' }), 'features');
      if (Array.isArray(features) && features.length === 0) return fits('[]');
      const filled = typeof features === 'object' && features !== null && Object.keys(features).length > 0;
      return filled ? unseen('this user has a filled map') : differs('an empty map of another form, or none');
    },
  },
  {
    id: 'W9',
    look: async ({ client }) => {
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
    look: async (probe) => {
      const key = await probe.key();
      if (key === undefined) return unseen('there is no key in the list');
      const part = key.name.slice(1).toUpperCase() || key.name;
      const { items } = await probe.client.apiKeys.list({ name: part, limit: 100 });
      const found = items.some(({ id }) => id === key.id);
      const others = items.some(({ name }) => !name.toUpperCase().includes(part));
      return judged(found && !others, 'name matches anywhere, in any case', 'name filters in another way');
    },
  },
  {
    id: 'W11',
    look: async ({ client }) => {
      const query = { app_key: 'conformance', _clientId: 'conformance', _clientVersion: '1' };
      await client.request({ path: '/user', query });
      return fits('ignored');
    },
  },
  {
    id: 'W12',
    look: async ({ client, nonce }) => {
      const status = await statusOf(client.request({ path: `/no-such-path-${nonce}` }), 404);
      return judged(status === 404, '404', `${status} for an unknown path`);
    },
  },
  {
    id: 'W15',
    look: async (probe) => {
      const key = await probe.key();
      if (key === undefined) return unseen('there is no key in the list');
      const known = key.userId !== null && key.updatedAt !== null && key.expiresAt !== null;
      if ('secret' in key.extra) return differs('a secret in a list');
      return judged(known, 'as described', 'a field is missing');
    },
  },
  {
    id: 'W17',
    look: async (probe) => {
      const account = await probe.account();
      if (account === undefined) return unseen('there is no account');
      const { apiKeyExpirationDays: days } = await probe.client.accounts.get(account);
      return judged(whole(days), 'a number of days', 'not there');
    },
  },
  {
    id: 'P1',
    look: async (probe) => {
      // An id and a secret that are nobody's: no key of the account is tried with a wrong secret.
      const wrong = { id: `7e57ed1d${'0'.repeat(16)}`, secret: `7e57ed5e${'0'.repeat(64)}` };
      const status = await statusOf(probe.client.withOptions({ credentials: wrong }).user.get(), 401);
      return judged(status === 401, '401 for a wrong pair', `${status} for a wrong pair`);
    },
  },
  {
    id: 'P3',
    look: async ({ client }) => {
      const status = await statusOf(client.apiKeys.get(`7e57ed1d${'0'.repeat(16)}`), 404);
      return judged(
        status === 404,
        '404 for a key that is not there',
        `${status} for a key that is not there`,
      );
    },
  },
];
