// The strictest maximum of the accounts that the caller can see, which is assumed to apply.

import { readMaximum } from '../api/expiration.ts';
import type { BlazeMeterClient } from '../client.ts';
import { ApiError, BlazeMeterError } from '../errors.ts';
import type { Bound } from '../resources/policy-memory.ts';
import type { Account } from '../schemas/account.ts';

/** Reads something that a report can do without: `undefined` where the service refuses it or returns another form. */
async function optional<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    const harmless =
      error instanceof ApiError
        ? error.status >= 400 && error.status < 500 && error.status !== 401 && error.status !== 429
        : error instanceof BlazeMeterError && error.code === 'invalid_response';
    if (harmless) return undefined;
    throw error;
  }
}

/** All accounts that the caller can see; `undefined` where the list cannot be read. */
export const readAccounts = (
  client: Pick<BlazeMeterClient, 'accounts'>,
  signal: AbortSignal | undefined,
): Promise<Account[] | undefined> =>
  optional(async () => {
    const accounts: Account[] = [];
    for await (const account of client.accounts.list({}, { signal })) accounts.push(account);
    return accounts;
  });

/** An account's maximum in days; `null`: no limit. `undefined`: not returned, or not in a known form. */
export function maximumOf({
  apiKeyExpirationDays: days,
}: Pick<Account, 'apiKeyExpirationDays'>): number | null | undefined {
  if (days === null) return undefined;
  const { maximumDays } = readMaximum(days);
  return maximumDays === null || maximumDays > 0 ? maximumDays : undefined;
}

/** The strictest of some maxima; `null`: none of them sets a limit. */
export function strictest(
  maxima: Iterable<{ readonly accountId: number; readonly maximumDays: number | null }>,
): Bound | null {
  let bound: Bound | null = null;
  for (const { accountId, maximumDays } of maxima) {
    if (maximumDays !== null && (bound === null || maximumDays < bound.maximumDays))
      bound = { accountId, maximumDays };
  }
  return bound;
}
