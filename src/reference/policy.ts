// The maximum expiration: which one binds a user, and what happens to keys that are longer (S1, S2, S7, S8).

import type { Semantics } from './semantics.ts';
import type { AccountRecord, KeyRecord, State } from './state.ts';
import { accountsOf, removeKey } from './state.ts';

export const DAY = 86_400;

/** What "as long as possible" means where no account sets a limit. */
export const TEN_YEARS = 3650;

/** A client computes the expiry from its own clock, before the request travels: so many seconds over are accepted. */
export const TOLERANCE = 120;

/** Days of a policy field; null: no limit. */
const days = (account: AccountRecord): number | null =>
  account.apiKeyExpiration < 0 ? null : account.apiKeyExpiration;

/** The maximum that binds a user's keys, in days; null: none (S2). */
export function bindingMaximum(state: State, semantics: Semantics, userId: number): number | null {
  const accounts = accountsOf(state, userId);
  if (semantics.twoAccounts === 'default-account') {
    const project = state.projects.get(state.users.get(userId)?.defaultProjectId ?? 0);
    const workspace = project === undefined ? undefined : state.workspaces.get(project.workspaceId);
    const account = workspace === undefined ? undefined : state.accounts.get(workspace.accountId);
    return account === undefined ? null : days(account);
  }
  const widest = semantics.twoAccounts === 'per-account-access';
  let binding: number | null | undefined;
  for (const account of accounts) {
    const maximum = days(account);
    if (binding === undefined) binding = maximum;
    else if (maximum === null) binding = widest ? null : binding;
    else if (binding === null) binding = widest ? null : maximum;
    else binding = widest ? Math.max(binding, maximum) : Math.min(binding, maximum);
  }
  return binding ?? null;
}

/** Whether the key's period, counted from when its expiry was set, is longer than so many days. */
export const longerThan = (key: KeyRecord, maximum: number | null): boolean =>
  maximum !== null && key.expiration - key.issued > maximum * DAY + TOLERANCE;

/** Whether an account admits a key: always, but under `per-account-access` (S2). */
export const admits = (semantics: Semantics, account: AccountRecord, key: KeyRecord): boolean =>
  semantics.twoAccounts !== 'per-account-access' || !longerThan(key, days(account));

/** Does to existing keys what `shrink` says, after an account's maximum was set (S1). Wider changes nothing (S16). */
export function applyShrink(state: State, semantics: Semantics, account: AccountRecord, now: number): void {
  if (semantics.shrink !== 'clamp' && semantics.shrink !== 'revoke') return;
  const users = [account.ownerId, ...account.members.map((member) => member.userId)];
  for (const userId of users) {
    const maximum = bindingMaximum(state, semantics, userId);
    if (maximum === null) continue;
    for (const key of [...(state.keysOf.get(userId) ?? [])]) {
      if (semantics.shrink === 'clamp') clamp(key, now + maximum * DAY, now);
      else if (longerThan(key, maximum)) removeKey(state, key);
    }
  }
}

function clamp(key: KeyRecord, latest: number, now: number): void {
  if (key.expiration <= latest) return;
  key.expiration = latest;
  key.issued = now;
  key.updated = now;
}
