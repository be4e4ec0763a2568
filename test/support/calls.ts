// One call of each operation. Suites that hold a promise for every operation go through this table, so an operation without
// an entry does not compile.
import type { BlazeMeterClient, OperationId } from 'blazemeter-client';

/** What a call is about. */
export interface Subject {
  readonly account: number;
  /** The id of a key, which is not the one that signs. */
  readonly key: string;
}

type Call = (client: BlazeMeterClient, subject: Subject) => Promise<unknown>;

/** The last request that a call sends is that of its operation. */
export const calls: Readonly<Record<OperationId, Call>> = {
  'user.get': (client) => client.user.get(),
  'accounts.list': (client) => client.accounts.list(),
  'accounts.get': (client, { account }) => client.accounts.get(account),
  'accounts.users': (client, { account }) => client.accounts.users(account),
  'apiKeyPolicy.get': (client, { account }) => client.accounts.apiKeyPolicy.get(account),
  'apiKeyPolicy.set': (client, { account }) =>
    client.accounts.apiKeyPolicy.set(account, { maximum: '1 year' }),
  'apiKeys.list': (client) => client.apiKeys.list(),
  'apiKeys.get': (client, { key }) => client.apiKeys.get(key),
  'apiKeys.create': (client) => client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }),
  'apiKeys.regenerateSecret': (client, { key }) => client.apiKeys.regenerateSecret(key),
  'apiKeys.delete': (client, { key }) => client.apiKeys.delete(key),
};

/** The names of all operations. */
export const operationIds = Object.keys(calls).filter((id): id is OperationId => Object.hasOwn(calls, id));

/** Each operation with a call about things that need not exist. */
export const namedCalls = operationIds.map(
  (id) => [id, (client: BlazeMeterClient) => calls[id](client, { account: 5, key: 'k1' })] as const,
);
