// Accounts, their members, and the maximum expiration of all keys under an account.

import * as z from 'zod/mini';
import { type MaximumExpiration, readMaximum, writeMaximum } from '../api/expiration.ts';
import { assumptionHint } from '../api/operations.ts';
import { BlazeMeterError, InvalidResponseError } from '../errors.ts';
import { call, perform } from '../http/call.ts';
import type { CallPromise } from '../http/call-promise.ts';
import { outcomeOf, readResult } from '../http/call-result.ts';
import type { CallOptions } from '../http/call-types.ts';
import type { Deadline } from '../http/deadline.ts';
import type { PagePromise } from '../http/pagination.ts';
import { pathSegment } from '../http/path.ts';
import { type Account, type AccountUser, account, accountUser } from '../schemas/account.ts';
import { type ApiKeyPolicy, apiKeyPolicy, type Maximum } from '../schemas/policy.ts';
import { user } from '../schemas/user.ts';
import { isPlainObject, parseOptions } from '../util/options.ts';
import { isExpirationPeriod, PERIOD_FORM } from '../util/period.ts';
import type { ClientContext } from './context.ts';
import { type ListDefinition, type ListParams, list } from './lists.ts';

/** Parameters of `accounts.list`. */
export interface AccountListParams extends ListParams {
  /** Only accounts of this name (documented). */
  readonly name?: string | undefined;
  /** Only accounts that contain this text (documented). */
  readonly textFilter?: string | undefined;
}

/** Parameters of `accounts.users`. */
export interface AccountUserListParams extends ListParams {
  /** `true`: only enabled members; `false`: only disabled ones (documented). Default: both. */
  readonly enabled?: boolean | undefined;
  /** Only members of this name (documented). */
  readonly name?: string | undefined;
  /** Only members that contain this text (documented). */
  readonly textFilter?: string | undefined;
  /** Only members with one of these roles (documented). */
  readonly roles?: readonly string[] | undefined;
  /** Only members without these roles (documented). */
  readonly excludeRoles?: readonly string[] | undefined;
}

/** The maximum expiration of all keys under an account. */
export interface ApiKeyPolicyResource {
  /**
   * Reads the maximum expiration of an account: from the account itself (assumed) or, if it is missing there, from the list of
   * accounts (observed), with one more request. Without an id it first reads the user and takes the user's default account;
   * `accountSource` is then `default`.
   */
  get(accountId?: number, options?: CallOptions): CallPromise<ApiKeyPolicy>;
  /**
   * Sets the maximum for all users of the account (assumed path), then reads it back, because a service may ignore a field that it
   * does not know. Only the owner and admins may set it (documented).
   *
   * @throws {@link PermissionDeniedError} without that role; {@link InvalidResponseError} if the service reports success but the
   * maximum has not changed.
   * @example
   * ```ts
   * import { BlazeMeterClient } from 'blazemeter-client';
   * import { createReference } from 'blazemeter-client/testing';
   *
   * const reference = createReference();
   * const { keys, accounts } = reference.seed();
   * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
   * const policy = await client.accounts.apiKeyPolicy.set(accounts.main.id, { maximum: '3 months' });
   * console.log(policy.maximumDays); // 90
   * ```
   */
  set(
    accountId: number,
    input: { readonly maximum: MaximumExpiration },
    options?: CallOptions,
  ): CallPromise<ApiKeyPolicy>;
}

/** The accounts that the user can see. */
export interface AccountsResource {
  /** Lists the accounts that the user can see: `GET /accounts` (observed). */
  list(params?: AccountListParams, options?: CallOptions): PagePromise<Account>;
  /** Reads one account: `GET /accounts/{id}` (observed). */
  get(accountId: number, options?: CallOptions): CallPromise<Account>;
  /** Lists the members of an account: `GET /accounts/{id}/users` (documented). */
  users(accountId: number, params?: AccountUserListParams, options?: CallOptions): PagePromise<AccountUser>;
  /** The maximum expiration of all keys under an account. */
  readonly apiKeyPolicy: ApiKeyPolicyResource;
}

const ACCOUNTS: ListDefinition<Account, AccountListParams> = {
  operation: 'accounts.list',
  filters: { name: 'name', textFilter: 'textFilter' },
  schema: z.array(account),
};

const MEMBERS: ListDefinition<AccountUser, AccountUserListParams> = {
  operation: 'accounts.users',
  filters: {
    enabled: 'enabled',
    name: 'name',
    textFilter: 'textFilter',
    roles: 'roles[]',
    excludeRoles: 'excludeRoles[]',
  },
  schema: z.array(accountUser),
};

const listAccounts = (context: ClientContext, params?: AccountListParams, options?: CallOptions) =>
  list(context, ACCOUNTS, params, options, {}, (found) => context.policies.learn(found));

/** Reads the maximum of every account that the user can see, into the memory of the client. */
export async function readAllPolicies(
  context: ClientContext,
  options: CallOptions,
  deadline: Deadline,
): Promise<void> {
  for await (const _ of listAccounts(context, {}, within(options, deadline)));
}

/** The options of calls that are part of another one, and end with it. */
const within = (options: CallOptions, deadline: Deadline): CallOptions => ({
  ...options,
  signal: deadline.signal,
  totalTimeout: deadline.remaining() || 1,
});

async function readPolicy(
  context: ClientContext,
  accountId: number,
  options: CallOptions,
  deadline: Deadline,
) {
  const args = { params: { accountId } };
  const reply = await perform(context, 'apiKeyPolicy.get', args, options, deadline);
  const { result } = reply;
  const listed =
    context.operations['apiKeyPolicy.get'].result === undefined &&
    isPlainObject(result) &&
    !Object.hasOwn(result, 'apiKeyExpiration')
      ? await listedMaximum(context, accountId, options, deadline)
      : undefined;
  const maximum = listed ?? readResult(context, 'apiKeyPolicy.get', reply, apiKeyPolicy, args);
  context.policies.learn({ id: accountId, apiKeyExpirationDays: maximum.maximumDays });
  return { reply, policy: { accountId, ...maximum } };
}

/** The maximum of an account in the list of accounts, where it was observed. */
async function listedMaximum(
  context: ClientContext,
  accountId: number,
  options: CallOptions,
  deadline: Deadline,
): Promise<Maximum | undefined> {
  for await (const { id, apiKeyExpirationDays: days } of listAccounts(context, {}, within(options, deadline)))
    if (id === accountId) return days === null ? undefined : readMaximum(days);
  return undefined;
}

/** Reads what was just set. Where that fails, the error says that setting it did not. */
async function readBack(...args: Parameters<typeof readPolicy>) {
  try {
    return await readPolicy(...args);
  } catch (error) {
    if (error instanceof BlazeMeterError) {
      error.message = `The maximum was accepted, but reading it back failed (a shorter one may have ended the key in use): ${error.message}`;
    }
    throw error;
  }
}

async function defaultAccount(
  context: ClientContext,
  options: CallOptions,
  deadline: Deadline,
): Promise<number> {
  const reply = await perform(context, 'user.get', {}, options, deadline);
  const id = readResult(context, 'user.get', reply, user).defaultProject?.accountId;
  if (id == null)
    throw new TypeError('apiKeyPolicy.get: this user has no default account. Pass the id of the account.');
  return id;
}

const MAXIMUM = z.custom<MaximumExpiration>(
  (value) => value === 'unlimited' || isExpirationPeriod(value),
  `'unlimited', ${PERIOD_FORM}`,
);

const policyResource = (context: ClientContext): ApiKeyPolicyResource => ({
  get: (accountId, options) =>
    call(context, 'apiKeyPolicy.get', options, async (deadline, given) => {
      const id = accountId ?? (await defaultAccount(context, given, deadline));
      const { policy, reply } = await readPolicy(context, id, given, deadline);
      const accountSource: ApiKeyPolicy['accountSource'] = accountId === undefined ? 'default' : 'given';
      return outcomeOf({ ...policy, accountSource }, reply);
    }),
  set: (accountId, input, options) =>
    call(context, 'apiKeyPolicy.set', options, async (deadline, given) => {
      pathSegment('accountId', accountId);
      if (!isPlainObject(input)) throw new TypeError('apiKeyPolicy.set: the input must be { maximum }.');
      const days = writeMaximum(parseOptions('apiKeyPolicy.set', { maximum: MAXIMUM }, input).maximum);
      const args = { params: { accountId }, input: { days } };
      await perform(context, 'apiKeyPolicy.set', args, given, deadline);
      const { policy, reply } = await readBack(context, accountId, given, deadline);
      if ((policy.maximumDays ?? -1) !== days) {
        throw new InvalidResponseError(
          `apiKeyPolicy.set reported success, but the maximum of account ${accountId} did not change to the one set.`,
          {
            hint: assumptionHint('apiKeyPolicy.set'),
            operation: 'apiKeyPolicy.set',
            attempts: reply.response.attempts,
            status: reply.response.status,
          },
        );
      }
      return outcomeOf({ ...policy, accountSource: 'given' as const }, reply);
    }),
});

export const accountsResource = (context: ClientContext): AccountsResource => ({
  list: (params, options) => listAccounts(context, params, options),
  get: (accountId, options) =>
    call(context, 'accounts.get', options, async (deadline, given) => {
      const reply = await perform(context, 'accounts.get', { params: { accountId } }, given, deadline);
      const found = readResult(context, 'accounts.get', reply, account);
      context.policies.learn(found);
      return outcomeOf(found, reply);
    }),
  users: (accountId, params, options) => list(context, MEMBERS, params, options, { params: { accountId } }),
  apiKeyPolicy: policyResource(context),
});
