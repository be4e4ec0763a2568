// Accounts and their members (observed; the members' call is documented).

import * as z from 'zod/mini';
import { type Extra, numericId, optional, optionalTime, person, withExtra } from './read.ts';

/** An account (observed). A field that the service leaves out is `null`. */
export interface Account {
  /** The id of the account. */
  readonly id: number;
  /** The name of the account. */
  readonly name: string | null;
  /** The owner, who may do everything that admins may. */
  readonly owner: {
    readonly id: number;
    readonly email: string | null;
    readonly displayName: string | null;
  } | null;
  /** The field `apiKeyExpiration` as it came: days, `-1` read as "no limit" (assumed), `null` where it was absent. */
  readonly apiKeyExpirationDays: number | null;
  /** Whether old single-string keys are switched off. */
  readonly legacyApiKeysDisabled: boolean | null;
  /** The number of members. */
  readonly membersCount: number | null;
  /** The number of workspaces. */
  readonly workspacesCount: number | null;
  /** When the account was created. */
  readonly createdAt: Date | null;
  /** When the account was last changed. */
  readonly updatedAt: Date | null;
  /** Fields that this version does not know. */
  readonly extra: Extra;
}

/** A member of an account (documented call; fields observed in part). */
export interface AccountUser {
  /** The id of the user. */
  readonly id: number;
  /** The e-mail address. */
  readonly email: string | null;
  /** The name to show. */
  readonly displayName: string | null;
  /** Whether the user is enabled. */
  readonly enabled: boolean | null;
  /** Roles in the account, by the service's names: `admin`, `billing`, `standard`, `user_manager`, `owner`. */
  readonly roles: readonly string[];
  /** Fields that this version does not know. */
  readonly extra: Extra;
}

const accountFields = {
  id: numericId,
  name: optional('name', z.string()),
  owner: optional('owner', z.object({ id: numericId, ...person('owner.') })),
  apiKeyExpiration: optional('apiKeyExpiration', z.number()),
  legacyApiKeysDisabled: optional('legacyApiKeysDisabled', z.boolean()),
  membersCount: optional('membersCount', z.number()),
  workspacesCount: optional('workspacesCount', z.number()),
  created: optionalTime('created'),
  updated: optionalTime('updated'),
};

/** One account, or an item of the list of accounts. */
export const account: z.ZodMiniType<Account> = z.pipe(
  z.looseObject(accountFields),
  z.transform((found) => {
    const { id, name, owner, apiKeyExpiration, legacyApiKeysDisabled, membersCount, workspacesCount } = found;
    const limits = { apiKeyExpirationDays: apiKeyExpiration, legacyApiKeysDisabled };
    const dates = { createdAt: found.created, updatedAt: found.updated };
    const model = { id, name, owner, ...limits, membersCount, workspacesCount, ...dates };
    return withExtra(model, found, accountFields);
  }),
);

const memberFields = {
  id: numericId,
  ...person(),
  enabled: optional('enabled', z.boolean()),
  roles: optional('roles', z.array(z.unknown())),
};

/** A member of an account. */
export const accountUser: z.ZodMiniType<AccountUser> = z.pipe(
  z.looseObject(memberFields),
  z.transform((found) => {
    const { id, email, displayName, enabled } = found;
    const roles = (found.roles ?? []).filter((role) => typeof role === 'string');
    return withExtra({ id, email, displayName, enabled, roles }, found, memberFields);
  }),
);
