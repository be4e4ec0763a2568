// The operations on the user, the accounts and their policy.

import type { Context } from './context.ts';
import { one, type Reply, refuse } from './envelope.ts';
import { type ListSpec, page } from './lists.ts';
import { admits, applyShrink, TEN_YEARS } from './policy.ts';
import { type AccountRecord, accountsOf, rolesIn } from './state.ts';
import { accountView, type Member, membersOf, memberView, userView } from './views.ts';

export const getUser = ({ state, caller, now }: Context): Reply => one(userView(state, caller.user, now));

const MEMBERS: ListSpec<Member> = {
  view: memberView,
  sort: {
    id: ({ user }) => user.id,
    name: ({ user }) => user.displayName,
    displayName: ({ user }) => user.displayName,
    email: ({ user }) => user.email,
    created: ({ user }) => user.created,
    updated: ({ user }) => user.updated,
    enabled: ({ user }) => user.enabled,
  },
  texts: ({ user }) => [user.displayName, user.email],
  enabled: ({ user }) => user.enabled,
  roles: ({ roles }) => roles,
};

export function listAccounts(context: Context): Reply {
  const { state, caller } = context;
  const spec: ListSpec<AccountRecord> = {
    view: (account) => accountView(state, account),
    sort: {
      id: (account) => account.id,
      name: (account) => account.name,
      created: (account) => account.created,
      updated: (account) => account.updated,
    },
    texts: (account) => [account.name],
  };
  return page(context, accountsOf(state, caller.user.id), spec);
}

/** Reads an id that is an integer in the API; anything else is an id that does not exist. */
export const integerId = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : -1);

/** An account that the caller's user is in. */
function accountOf(context: Context, id: number): AccountRecord {
  const account = context.state.accounts.get(id) ?? refuse(404, 'Account not found');
  if (rolesIn(account, context.caller.user.id) === undefined)
    refuse(403, 'You are not a member of this account');
  return account;
}

/**
 * The same for what is in the account: that takes a key that the account admits. The account itself, and so its policy, stays
 * accessible, or an owner could lock all users out for good.
 */
export function accountFor(context: Context, id: number): AccountRecord {
  const account = accountOf(context, id);
  if (!admits(context.semantics, account, context.caller.key))
    refuse(403, 'The API key is longer than this account allows');
  return account;
}

const shown = ({ state }: Context, account: AccountRecord): Reply => one(accountView(state, account));

export const getAccount = (context: Context): Reply =>
  shown(context, accountOf(context, integerId(context.id)));

export const listMembers = (context: Context): Reply =>
  page(context, membersOf(context.state, accountFor(context, integerId(context.id))), MEMBERS);

/** Owner and admins set the maximum, and no other member (S17). Fields that are not the policy's are ignored. */
export function setPolicy(context: Context): Reply {
  const { state, semantics, caller, now } = context;
  const account = accountOf(context, integerId(context.id));
  const roles = rolesIn(account, caller.user.id) ?? [];
  if (!roles.includes('owner') && !roles.includes('admin'))
    refuse(403, 'Only the owner or an admin of the account may change it');
  const body = context.body();
  if (!Object.hasOwn(body, 'apiKeyExpiration')) return shown(context, account);
  const days = body.apiKeyExpiration;
  const right = typeof days === 'number' && Number.isInteger(days) && days !== 0 && days >= -1;
  if (!right || days > TEN_YEARS)
    refuse(400, `apiKeyExpiration must be a number of days from 1 to ${TEN_YEARS}, or -1`);
  const before = account.apiKeyExpiration;
  account.apiKeyExpiration = days;
  account.updated = now;
  if (days > 0 && (before < 0 || days < before)) applyShrink(state, semantics, account, now);
  state.version++;
  return shown(context, account);
}
