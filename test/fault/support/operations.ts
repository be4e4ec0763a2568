// The operations that every failure is tried on. They stand for the kinds that the rules tell apart: harmless to send
// again; never to be sent again; only where another key signs; and done when the thing is gone.
import type { BlazeMeterClient, CallOptions, OperationId } from 'blazemeter-client';
import type { World } from './world.ts';

export interface TriedOperation {
  readonly name: string;
  readonly id: Exclude<OperationId, 'apiKeyPolicy.get'>;
  /** Matches `METHOD path` of the request that is to go wrong. */
  readonly target: RegExp;
  /** Requests that the call makes before that one. */
  readonly preparations: number;
  call(client: BlazeMeterClient, world: World, options?: CallOptions): Promise<unknown>;
}

export const tried = [
  {
    name: 'user.get',
    id: 'user.get',
    target: /^GET \/api\/v4\/user$/,
    preparations: 0,
    call: (client, _, options) => client.user.get(options),
  },
  {
    name: 'accounts.list',
    id: 'accounts.list',
    target: /^GET \/api\/v4\/accounts\?/,
    preparations: 0,
    call: (client, _, options) => client.accounts.list({}, options),
  },
  {
    name: 'apiKeys.list',
    id: 'apiKeys.list',
    target: /^GET \/api\/v4\/api-keys\?/,
    preparations: 0,
    call: (client, _, options) => client.apiKeys.list({}, options),
  },
  {
    name: 'apiKeyPolicy.set',
    id: 'apiKeyPolicy.set',
    target: /^PATCH \/api\/v4\/accounts\/\d+$/,
    preparations: 0,
    call: (client, { accountId }, options) =>
      client.accounts.apiKeyPolicy.set(accountId, { maximum: '1 year' }, options),
  },
  {
    name: 'apiKeys.create',
    id: 'apiKeys.create',
    target: /^POST \/api\/v4\/api-keys$/,
    preparations: 0,
    call: (client, _, options) =>
      client.apiKeys.create({ name: 'nightly', expiresIn: { days: 30 } }, options),
  },
  {
    name: 'regenerate (other)',
    id: 'apiKeys.regenerateSecret',
    target: /^POST \/api\/v4\/api-keys\/\w+\/regenerate$/,
    preparations: 1,
    call: (client, { spare }, options) => client.apiKeys.regenerateSecret(spare.id, options),
  },
  {
    name: 'regenerate (self)',
    id: 'apiKeys.regenerateSecret',
    target: /^POST \/api\/v4\/api-keys\/\w+\/regenerate$/,
    preparations: 1,
    call: (client, { owner }, options) =>
      client.apiKeys.regenerateSecret(owner.id, { allowSelf: true, ...options }),
  },
  {
    name: 'apiKeys.delete',
    id: 'apiKeys.delete',
    target: /^DELETE \/api\/v4\/api-keys\/\w+$/,
    preparations: 0,
    call: (client, { spare }, options) => client.apiKeys.delete(spare.id, options),
  },
] as const satisfies readonly TriedOperation[];

/**
 * The same, without their names as types.
 * @alias
 */
export const operations: readonly TriedOperation[] = tried;
