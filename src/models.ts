// What the client gives back: plain objects with dates as Date. They name no type of any other package. A field that may
// be missing, or have a form that this version does not understand, is `null` then.

/** The unknown fields of an answer, by the service's own names. Not shown by inspection or JSON. */
export type Extra = Readonly<Record<string, unknown>>;

/** The project, workspace and account that a user works in unless told otherwise. */
export interface DefaultProject {
  /** Of the project. */
  readonly id: number;
  readonly name: string | null;
  readonly accountId: number | null;
  readonly accountName: string | null;
  readonly workspaceId: number | null;
}

/** A user (answer of `GET /user`: documented; its fields: observed). */
export interface User {
  readonly id: number;
  readonly email: string | null;
  readonly displayName: string | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly enabled: boolean | null;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
  /** Where the user works unless told otherwise; `null`: nowhere yet. */
  readonly defaultProject: DefaultProject | null;
  /** Fields that this version does not know. */
  readonly extra: Extra;
}

/** A member of an account (documented call; fields observed in part). */
export interface AccountUser {
  readonly id: number;
  readonly email: string | null;
  readonly displayName: string | null;
  readonly enabled: boolean | null;
  /** Roles in the account, by the service's names: `admin`, `billing`, `standard`, `user_manager`, `owner`. */
  readonly roles: readonly string[];
  /** Fields that this version does not know. */
  readonly extra: Extra;
}

/** An account (observed). */
export interface Account {
  readonly id: number;
  readonly name: string | null;
  /** Who owns it: may do all that admins may. */
  readonly owner: {
    readonly id: number;
    readonly email: string | null;
    readonly displayName: string | null;
  } | null;
  /** The field `apiKeyExpiration` as it came: days, `-1` read as "no limit" (assumed), `null` where it was absent. */
  readonly apiKeyExpirationDays: number | null;
  /** Whether old single-string keys are switched off. */
  readonly legacyApiKeysDisabled: boolean | null;
  readonly membersCount: number | null;
  readonly workspacesCount: number | null;
  readonly createdAt: Date | null;
  readonly updatedAt: Date | null;
  /** Fields that this version does not know. */
  readonly extra: Extra;
}

/** An API key, without its secret (assumed: no public source shows one). */
export interface ApiKey {
  /** 24 lower-case hex digits (observed). */
  readonly id: string;
  /** As it was given; the service does not keep names apart (assumed). */
  readonly name: string;
  /** Whose key it is. */
  readonly userId: number | null;
  readonly createdAt: Date;
  readonly updatedAt: Date | null;
  /** `null`: the service gave no expiry. */
  readonly expiresAt: Date | null;
  /** `null`: never used, or the service does not say. */
  readonly lastUsedAt: Date | null;
  /** Fields that this version does not know. On the answer to a create or a regenerate each value is a Secret. */
  readonly extra: Extra;
}
