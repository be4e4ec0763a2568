// The calls on the user, the accounts and their policy.

import type { Context } from './context.ts';
import { type Reply, refuse } from './envelope.ts';
import { type ListSpec, page } from './lists.ts';
import { admits, applyShrink, TEN_YEARS } from './policy.ts';
import { type AccountRecord, accountsOf, rolesIn } from './state.ts';
import { accountView, type MemberRow, memberRows, memberView, userView } from './views.ts';

export const getUser = ({ state, caller, now }: Context): Reply => ({
  kind: 'one',
  status: 200,
  result: userView(state, caller.user, now),
});

const MEMBERS: ListSpec<MemberRow> = {
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
  return page(accountsOf(state, caller.user.id), spec, context.query, context.bend);
}

/** Reads an id that is an integer on the wire; anything else is the id of nothing. */
export const integerId = (text: string): number => (/^\d{1,15}$/.test(text) ? Number(text) : -1);

/** An account that the caller's user is in. */
function accountOf(context: Context, id: number): AccountRecord {
  const account = context.state.accounts.get(id) ?? refuse(404, 'Account not found');
  if (rolesIn(account, context.caller.user.id) === undefined)
    refuse(403, 'You are not a member of this account');
  return account;
}

/**
 * The same, where the call is about what is in the account: into that the key must be let. The account itself, and so
 * its policy, stays open, or an owner could lock everybody out for good.
 */
export function accountFor(context: Context, id: number): AccountRecord {
  const account = accountOf(context, id);
  if (!admits(context.semantics, account, context.caller.key))
    refuse(403, 'The API key is longer than this account allows');
  return account;
}

const answer = ({ state }: Context, account: AccountRecord): Reply => ({
  kind: 'one',
  status: 200,
  result: accountView(state, account),
});

export const getAccount = (context: Context): Reply =>
  answer(context, accountOf(context, integerId(context.id)));

export const listMembers = (context: Context): Reply =>
  page(
    memberRows(context.state, accountFor(context, integerId(context.id))),
    MEMBERS,
    context.query,
    context.bend,
  );

/** Owner and admins set the maximum, nobody else (S17). Fields that are not the policy's are ignored. */
export function setPolicy(context: Context): Reply {
  const { state, semantics, caller, now } = context;
  const account = accountOf(context, integerId(context.id));
  const roles = rolesIn(account, caller.user.id) ?? [];
  if (!roles.includes('owner') && !roles.includes('admin'))
    refuse(403, 'Only the owner or an admin of the account may change it');
  const body = context.body();
  if (!Object.hasOwn(body, 'apiKeyExpiration')) return answer(context, account);
  const days = body.apiKeyExpiration;
  const right = typeof days === 'number' && Number.isInteger(days) && days !== 0 && days >= -1;
  if (!right || days > TEN_YEARS)
    refuse(400, `apiKeyExpiration must be a number of days from 1 to ${TEN_YEARS}, or -1`);
  const before = account.apiKeyExpiration;
  account.apiKeyExpiration = days;
  account.updated = now;
  if (days > 0 && (before < 0 || days < before)) applyShrink(state, semantics, account, now);
  state.version++;
  return answer(context, account);
}
