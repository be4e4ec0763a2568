// What a seed holds: names that you choose, and the few facts that matter to your test. Everything else is filled in. Plain
// data, so that it can be written in a JSON file.

import type { TimeOffset } from '../clock.ts';

/** A time: a `Date`, text that `Date` reads, or a distance from now (`{ days: 30 }`, `'90 days'`, `{ days: -1 }`). */
export type Moment = Date | TimeOffset;

/** Account roles that BlazeMeter documents; another text is taken as it is. */
export type AccountRole = 'admin' | 'billing' | 'standard' | 'user_manager' | (string & {});

/** A user to create. */
export interface SeedUser {
  /** Default: derived from the name in the seed, at `example.com`. */
  readonly email?: string;
  readonly firstName?: string;
  readonly lastName?: string;
  /** Default: first and last name, else the name in the seed. */
  readonly displayName?: string;
  /** `false`: the user's keys are refused with 401. Default `true`. */
  readonly enabled?: boolean;
  /** The name of the project that the user works in. Default: the first of the user's first account. */
  readonly defaultProject?: string;
}

/** An account to create. */
export interface SeedAccount {
  /** The name, in this or an earlier seed, of the user who owns it. */
  readonly owner: string;
  /** Names of users, each with the roles that they have. */
  readonly members?: Readonly<Record<string, readonly AccountRole[]>>;
  /** Default: the name in the seed. */
  readonly name?: string;
  /** The maximum expiration of API keys, in days; -1: no limit. Default 3650, the documented 10 years. */
  readonly apiKeyExpiration?: number;
  /** Default `null`. */
  readonly legacyApiKeysDisabled?: boolean | null;
  /** Default: absent. */
  readonly description?: string;
  /** Default `true`: some clients refuse to go on without. */
  readonly aiConsent?: boolean;
}

/** An API key to create. */
export interface SeedKey {
  /** The name, in this or an earlier seed, of the user whose key it is. */
  readonly user: string;
  /** Default: the name in the seed. */
  readonly name?: string;
  /** Default: in 365 days. An expired key, or one that is longer than the policy allows, is fine here. */
  readonly expires?: Moment;
  /** Default: now. */
  readonly created?: Moment;
  /** Default: never. */
  readonly lastUsed?: Moment;
}

/** A workspace to create. */
export interface SeedWorkspace {
  /** The name, in this or an earlier seed, of its account. */
  readonly account: string;
  /** Default: the name in the seed. */
  readonly name?: string;
  /** Default `true`. */
  readonly enabled?: boolean;
}

/** A project to create. */
export interface SeedProject {
  /** The name, in this or an earlier seed, of its workspace. */
  readonly workspace: string;
  /** Default: the name in the seed. */
  readonly name?: string;
  /** Default: empty. */
  readonly description?: string;
}

/** A test to create. */
export interface SeedTest {
  /** The name, in this or an earlier seed, of its project. */
  readonly project: string;
  /** Default: the name in the seed. */
  readonly name?: string;
  /** The type in the test's configuration. Default `taurus`. */
  readonly type?: string;
}

/**
 * What to create. The names of the entries are yours: entries refer to each other by them, and what was created is returned
 * under the same names. An account without a workspace, and a workspace without a project, get one; a user who is in no
 * account gets one. No field takes a secret: the reference generates them.
 */
export interface Seed {
  readonly users?: Readonly<Record<string, SeedUser>>;
  readonly accounts?: Readonly<Record<string, SeedAccount>>;
  readonly keys?: Readonly<Record<string, SeedKey>>;
  readonly workspaces?: Readonly<Record<string, SeedWorkspace>>;
  readonly projects?: Readonly<Record<string, SeedProject>>;
  readonly tests?: Readonly<Record<string, SeedTest>>;
  readonly multiTests?: Readonly<Record<string, SeedTest>>;
}

/** A created key. It can be passed to a client as its credentials. */
export interface SeededKey {
  /** 24 hex digits, beginning with {@link REFERENCE_MARKER}. */
  readonly id: string;
  /** 72 hex digits, beginning with the same; this is the one place that shows it. */
  readonly secret: string;
  readonly name: string;
  readonly userId: number;
  /** Unix seconds. */
  readonly expiration: number;
}

/** Something else that was created. */
export interface SeededThing {
  readonly id: number;
  readonly name: string;
}

/** A created user. */
export interface SeededUser extends SeededThing {
  readonly email: string;
}

/** What one part of the seed created, under the names of the seed; empty where the seed has no such part. */
type Under<Part, Created> = { readonly [Name in keyof NonNullable<Part>]: Created };

/** What was created, under the names of the seed. */
export interface Seeded<World extends Seed = Seed> {
  readonly users: Under<World['users'], SeededUser>;
  readonly accounts: Under<World['accounts'], SeededThing>;
  readonly keys: Under<World['keys'], SeededKey>;
  readonly workspaces: Under<World['workspaces'], SeededThing>;
  readonly projects: Under<World['projects'], SeededThing>;
  readonly tests: Under<World['tests'], SeededThing>;
  readonly multiTests: Under<World['multiTests'], SeededThing>;
}

/**
 * What `seed()` creates: one account, its `owner`, an `admin` and a `member` with a key each, a workspace, a
 * project and a test.
 */
export const defaultWorld = {
  users: {
    owner: { firstName: 'Olive', lastName: 'Owner' },
    admin: { firstName: 'Adam', lastName: 'Admin' },
    member: { firstName: 'Mira', lastName: 'Member' },
  },
  accounts: {
    main: { owner: 'owner', members: { admin: ['admin'], member: ['standard'] }, name: 'Main account' },
  },
  workspaces: { main: { account: 'main', name: 'Default workspace' } },
  projects: { main: { workspace: 'main', name: 'Default project' } },
  tests: { main: { project: 'main', name: 'Checkout under load' } },
  keys: {
    owner: { user: 'owner' },
    admin: { user: 'admin' },
    member: { user: 'member' },
  },
} as const satisfies Seed;

/** See {@link defaultWorld}. */
export type DefaultWorld = typeof defaultWorld;
