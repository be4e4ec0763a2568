// Everything the reference knows, as records and a few indexes over them. The rules of the API are elsewhere.

/** What can be seeded, and referred to by name. */
export const KINDS = ['users', 'accounts', 'keys', 'workspaces', 'projects', 'tests', 'multiTests'] as const;

export type Kind = (typeof KINDS)[number];

export interface UserRecord {
  readonly id: number;
  readonly email: string;
  readonly firstName: string;
  readonly lastName: string;
  readonly displayName: string;
  readonly enabled: boolean;
  readonly roles: readonly string[];
  readonly created: number;
  readonly updated: number;
  /** Computed once: hashing them for each response would cost more than all the rest. */
  readonly elevHash: string;
  readonly preferencesId: string;
  /** The project that the user works in by default. */
  defaultProjectId: number;
}

export interface Membership {
  readonly userId: number;
  readonly roles: readonly string[];
}

export interface AccountRecord {
  readonly id: number;
  readonly name: string;
  readonly ownerId: number;
  readonly description: string | null;
  readonly aiConsent: boolean;
  readonly legacyApiKeysDisabled: boolean | null;
  readonly created: number;
  /** The owner is not among them. */
  readonly members: readonly Membership[];
  updated: number;
  /** Days; -1: no limit. */
  apiKeyExpiration: number;
}

export interface WorkspaceRecord {
  readonly id: number;
  readonly name: string;
  readonly accountId: number;
  readonly userId: number;
  readonly enabled: boolean;
  readonly created: number;
  readonly updated: number;
}

export interface ProjectRecord {
  readonly id: number;
  readonly name: string;
  readonly workspaceId: number;
  readonly userId: number;
  readonly description: string;
  readonly created: number;
  readonly updated: number;
}

export interface TestRecord {
  readonly id: number;
  readonly name: string;
  readonly projectId: number;
  readonly userId: number;
  readonly type: string;
  readonly created: number;
  readonly updated: number;
}

/** Times in Unix seconds, but for the two that decide between milliseconds. */
export interface KeyRecord {
  readonly id: string;
  readonly name: string;
  readonly userId: number;
  readonly created: number;
  updated: number;
  expiration: number;
  lastUsed: number | null;
  /** When the expiration was set: the key's period is `expiration - issued`. */
  issued: number;
  /** SHA-256 of the secret. */
  hash: string;
  /** Milliseconds: from when on the secret is accepted. */
  liveFrom: number;
  /** The secret before the last regeneration, and until when (milliseconds) it still works. */
  previous: { readonly hash: string; readonly until: number } | null;
}

export interface Counters {
  users: number;
  accounts: number;
  workspaces: number;
  projects: number;
  tests: number;
  /** Ids of routes of one's own. */
  custom: number;
  keys: number;
  secrets: number;
}

/** The records alone: what a snapshot holds. */
export interface Records {
  readonly counters: Counters;
  readonly users: Map<number, UserRecord>;
  readonly accounts: Map<number, AccountRecord>;
  readonly workspaces: Map<number, WorkspaceRecord>;
  readonly projects: Map<number, ProjectRecord>;
  readonly tests: Map<number, TestRecord>;
  readonly multiTests: Map<number, TestRecord>;
  readonly keys: Map<string, KeyRecord>;
  /** Ids of deleted keys. */
  readonly deleted: Set<string>;
  /** The ids of what seeds created, by the names in the seed. */
  readonly names: Readonly<Record<Kind, Map<string, number | string>>>;
}

export interface State extends Records {
  readonly keysOf: Map<number, KeyRecord[]>;
  readonly accountsOf: Map<number, AccountRecord[]>;
  /** What routes of one's own keep. */
  readonly custom: Map<string, unknown>;
  /** Grows with every change but a key's `lastUsed`. */
  version: number;
}

export function createState(): State {
  return {
    // Ranges of their own: an account's id given for a workspace's is then a 404, and not something else.
    counters: {
      users: 1_000_000,
      accounts: 2_000_000,
      workspaces: 3_000_000,
      projects: 4_000_000,
      tests: 5_000_000,
      custom: 6_000_000,
      keys: 0,
      secrets: 0,
    },
    users: new Map(),
    accounts: new Map(),
    workspaces: new Map(),
    projects: new Map(),
    tests: new Map(),
    multiTests: new Map(),
    keys: new Map(),
    deleted: new Set(),
    names: {
      users: new Map(),
      accounts: new Map(),
      keys: new Map(),
      workspaces: new Map(),
      projects: new Map(),
      tests: new Map(),
      multiTests: new Map(),
    },
    keysOf: new Map(),
    accountsOf: new Map(),
    custom: new Map(),
    version: 0,
  };
}

const append = <Key, Value>(index: Map<Key, Value[]>, key: Key, value: Value): void => {
  const list = index.get(key);
  if (list === undefined) index.set(key, [value]);
  else list.push(value);
};

export function addAccount(state: State, account: AccountRecord): void {
  state.accounts.set(account.id, account);
  append(state.accountsOf, account.ownerId, account);
  for (const member of account.members) append(state.accountsOf, member.userId, account);
  state.version++;
}

export function addKey(state: State, key: KeyRecord): void {
  state.keys.set(key.id, key);
  append(state.keysOf, key.userId, key);
  state.version++;
}

export function removeKey(state: State, key: KeyRecord): void {
  state.keys.delete(key.id);
  state.deleted.add(key.id);
  const list = state.keysOf.get(key.userId) ?? [];
  const at = list.indexOf(key);
  if (at >= 0) list.splice(at, 1);
  state.version++;
}

/** The accounts a user belongs to, in the order in which they were created. */
export const accountsOf = (state: State, userId: number): readonly AccountRecord[] =>
  state.accountsOf.get(userId) ?? [];

/** The roles of a user in an account, `owner` first; undefined for a user who is not a member. */
export function rolesIn(account: AccountRecord, userId: number): readonly string[] | undefined {
  if (account.ownerId === userId) return ['owner'];
  return account.members.find((member) => member.userId === userId)?.roles;
}
