// Accounts, their members, and the maximum expiration of everybody's keys.

import { BlazeMeterError, InvalidResponseError } from '../errors.ts';
import type { Account, AccountUser } from '../models.ts';
import type { CallPromise } from '../transport/call-promise.ts';
import type { PagePromise } from '../transport/pagination.ts';
import type { CallScope } from '../transport/scope.ts';
import type { CallOptions } from '../transport/transport.ts';
import { type MaximumExpiration, readMaximum, writeMaximum } from '../wire/expiration.ts';
import { assumptionHint } from '../wire/operations.ts';
import { readAccount, readAccountUser, readUser, ShapeError } from '../wire/schemas.ts';
import {
  type Answered,
  type ClientContext,
  call,
  invoke,
  readResult,
  simpleCall,
  withAnswer,
} from './context.ts';
import { type ListParams, list } from './lists.ts';

/** Parameters of `accounts.list`. */
export interface AccountListParams extends ListParams {
  readonly name?: string | undefined;
  readonly textFilter?: string | undefined;
}

/** Parameters of `accounts.users`. */
export interface AccountUserListParams extends ListParams {
  readonly enabled?: boolean | undefined;
  readonly name?: string | undefined;
  readonly textFilter?: string | undefined;
  readonly roles?: readonly string[] | undefined;
  readonly excludeRoles?: readonly string[] | undefined;
}

/** The maximum expiration of all API keys under an account. */
export interface ApiKeyPolicy {
  /** The account that it holds for. */
  readonly accountId: number;
  /** A step as the web interface names it, `{ days }` for any other number, or `'unlimited'` (assumed reading of -1). */
  readonly maximum: MaximumExpiration;
  /** The same in days; `null`: no limit. */
  readonly maximumDays: number | null;
  /** Whose account it is: the one named, or the user's default account where none was. */
  readonly accountSource: 'given' | 'default';
}

/** The account-wide maximum expiration. */
export interface ApiKeyPolicyResource {
  /**
   * The maximum of an account (observed: a field of the account). Without an id: of the user's default account, which
   * `accountSource` then says.
   */
  get(accountId?: number, options?: CallOptions): CallPromise<ApiKeyPolicy>;
  /**
   * Sets the maximum for everybody in the account (assumed path), then reads it back. Only the owner and admins may.
   * @throws {@link PermissionDeniedError}, or {@link InvalidResponseError} where the service said yes and did nothing.
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
  /** `GET /accounts` (observed). */
  list(params?: AccountListParams, options?: CallOptions): PagePromise<Account>;
  /** `GET /accounts/{id}` (observed). */
  get(accountId: number, options?: CallOptions): CallPromise<Account>;
  /** `GET /accounts/{id}/users` (documented). */
  users(accountId: number, params?: AccountUserListParams, options?: CallOptions): PagePromise<AccountUser>;
  /** The maximum expiration of everybody's keys. */
  readonly apiKeyPolicy: ApiKeyPolicyResource;
}

const reading = (context: ClientContext) => (wire: unknown) => context.policies.learnFrom(readAccount(wire));

const listAccounts = (
  context: ClientContext,
  params: AccountListParams,
  options?: CallOptions,
): PagePromise<Account> => {
  const { name, textFilter, ...paging } = params;
  return list(context, 'accounts.list', {}, paging, { name, textFilter }, reading(context), options);
};

/** Reads the maximum of every account that the user can see, into the memory of the client. */
export async function readAllPolicies(
  context: ClientContext,
  options: CallOptions,
  scope: CallScope,
): Promise<void> {
  const pages = listAccounts(
    context,
    {},
    { ...options, signal: scope.signal, totalTimeout: scope.remaining() || 1 },
  );
  for await (const _ of pages);
}

function readPolicy(
  context: ClientContext,
  id: 'apiKeyPolicy.get' | 'apiKeyPolicy.set',
  answered: Answered,
  accountId: number,
) {
  const days = readResult(context, id, answered, (wire) => {
    const { apiKeyExpirationDays } = readAccount(wire);
    if (apiKeyExpirationDays === null)
      throw new ShapeError('"result.apiKeyExpiration" is missing or not a number');
    return apiKeyExpirationDays;
  });
  context.policies.learn(accountId, days);
  return { accountId, ...readMaximum(days) };
}

async function fetchPolicy(
  context: ClientContext,
  accountId: number,
  options: CallOptions,
  scope: CallScope,
) {
  const answered = await invoke(context, 'apiKeyPolicy.get', { params: { accountId } }, options, scope);
  return { answered, policy: readPolicy(context, 'apiKeyPolicy.get', answered, accountId) };
}

/** Reads what was just set. Where that fails, the error says that setting it did not. */
async function readBack(context: ClientContext, accountId: number, options: CallOptions, scope: CallScope) {
  try {
    return await fetchPolicy(context, accountId, options, scope);
  } catch (error) {
    if (error instanceof BlazeMeterError) {
      error.message = `The maximum was accepted, but reading it back failed (a shorter one may have ended the key in use): ${error.message}`;
    }
    throw error;
  }
}

function policyResource(context: ClientContext): ApiKeyPolicyResource {
  return {
    get: (accountId, options) =>
      call(context, 'apiKeyPolicy.get', options, async (scope, given) => {
        const id = accountId ?? (await defaultAccount(context, given, scope));
        const { policy, answered } = await fetchPolicy(context, id, given, scope);
        const accountSource: ApiKeyPolicy['accountSource'] = accountId === undefined ? 'default' : 'given';
        return withAnswer({ ...policy, accountSource }, answered);
      }),
    set: (accountId, input, options) =>
      call(context, 'apiKeyPolicy.set', options, async (scope, given) => {
        const days = writeMaximum(input.maximum);
        await invoke(context, 'apiKeyPolicy.set', { params: { accountId }, input: { days } }, given, scope);
        // The path is an assumption: a service may answer 200 and do nothing, so the value is read back.
        const { policy, answered } = await readBack(context, accountId, given, scope);
        if ((policy.maximumDays ?? -1) !== days) {
          throw new InvalidResponseError(
            `apiKeyPolicy.set was answered with success, but the maximum of account ${accountId} did not change to what was asked.${assumptionHint('apiKeyPolicy.set')}`,
            {
              operation: 'apiKeyPolicy.set',
              attempts: answered.answer.attempts,
              status: answered.answer.status,
            },
          );
        }
        return withAnswer({ ...policy, accountSource: 'given' as const }, answered);
      }),
  };
}

async function defaultAccount(
  context: ClientContext,
  options: CallOptions,
  scope: CallScope,
): Promise<number> {
  const answered = await invoke(context, 'user.get', {}, options, scope);
  const id = readResult(context, 'user.get', answered, readUser).defaultProject?.accountId;
  if (id == null) throw new TypeError('This user has no default account: name the account.');
  return id;
}

export const accountsResource = (context: ClientContext): AccountsResource => ({
  list: (params = {}, options) => listAccounts(context, params, options),
  get: (accountId, options) =>
    simpleCall(context, 'accounts.get', () => ({ params: { accountId } }), reading(context), options),
  users: (accountId, { enabled, name, textFilter, roles, excludeRoles, ...paging } = {}, options) => {
    const filters = { enabled, name, textFilter, 'roles[]': roles, 'excludeRoles[]': excludeRoles };
    return list(
      context,
      'accounts.users',
      { params: { accountId } },
      paging,
      filters,
      readAccountUser,
      options,
    );
  },
  apiKeyPolicy: policyResource(context),
});
