// Creates what a checked seed asks for, and fills in what it leaves out.

import type { IdGenerator } from '../identity.ts';
import { DAY, TEN_YEARS } from '../policy.ts';
import { sha256 } from '../sha256.ts';
import { type AccountRecord, accountsOf, addAccount, addKey, type Kind, type State } from '../state.ts';
import type { Seeded, SeededKey, SeededThing, SeededUser } from './seed.ts';
import { type CheckedSeed, secondsOf } from './seed-read.ts';

const DEFAULT_PERIOD_DAYS = 365;

type Entry<Part extends keyof CheckedSeed> = CheckedSeed[Part][string];

export function applySeed(state: State, ids: IdGenerator, seed: CheckedSeed, nowMs: number): Seeded {
  const now = Math.floor(nowMs / 1000);
  const users = create(seed.users, (name, user) => addUser(state, ids, name, user, now));
  const accounts = create(seed.accounts, (name, account) => seedAccount(state, name, account, now));
  addMissingAccounts(state, seed.users, now);
  const workspaces = create(seed.workspaces, (name, entry) =>
    addWorkspace(state, idOf(state, 'accounts', entry.account), { ref: name, ...entry }, now),
  );
  const projects = create(seed.projects, (name, entry) =>
    addProject(state, idOf(state, 'workspaces', entry.workspace), { ref: name, ...entry }, now),
  );
  addMissingPlaces(state, now);
  setDefaultProjects(state, seed.users);
  const tests = create(seed.tests, (name, test) => addTest(state, 'tests', name, test, now));
  const multiTests = create(seed.multiTests, (name, test) => addTest(state, 'multiTests', name, test, now));
  const keys = create(seed.keys, (name, key) => seedKey(state, ids, name, key, nowMs));
  state.version++;
  return { users, accounts, keys, workspaces, projects, tests, multiTests };
}

const create = <Given, Created>(
  entries: Readonly<Record<string, Given>>,
  add: (name: string, entry: Given) => Created,
): Readonly<Record<string, Created>> =>
  Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, add(name, entry)]));

/** The id behind a name. The seed was checked, so there is one. */
function idOf(state: State, kind: Kind, name: string): number {
  const id = state.names[kind].get(name);
  return typeof id === 'number' ? id : 0;
}

function addUser(state: State, ids: IdGenerator, ref: string, user: Entry<'users'>, now: number): SeededUser {
  const id = ++state.counters.users;
  const { firstName = user.displayName ?? ref, lastName = '' } = user;
  const displayName = user.displayName ?? `${firstName} ${lastName}`.trim();
  const email = user.email ?? `${ref.toLowerCase().replace(/[^a-z0-9]+/g, '.')}@example.com`;
  state.users.set(id, {
    id,
    email,
    firstName,
    lastName,
    displayName,
    enabled: user.enabled ?? true,
    roles: ['user'],
    created: now,
    updated: now,
    elevHash: sha256(ids.named(`elev/${id}`)),
    preferencesId: ids.named(`preferences/${id}`),
    defaultProjectId: 0,
  });
  state.names.users.set(ref, id);
  return { id, name: displayName, email };
}

function newAccount(state: State, name: string, ownerId: number, now: number): AccountRecord {
  return {
    id: ++state.counters.accounts,
    name,
    ownerId,
    members: [],
    description: null,
    aiConsent: true,
    legacyApiKeysDisabled: null,
    apiKeyExpiration: TEN_YEARS,
    created: now,
    updated: now,
  };
}

function seedAccount(state: State, ref: string, entry: Entry<'accounts'>, now: number): SeededThing {
  const { owner, members = {}, name = ref, ...settings } = entry;
  const account = newAccount(state, name, idOf(state, 'users', owner), now);
  addAccount(state, {
    ...account,
    members: Object.entries(members).map(([user, roles]) => ({ userId: idOf(state, 'users', user), roles })),
    description: settings.description ?? null,
    aiConsent: settings.aiConsent ?? true,
    legacyApiKeysDisabled: settings.legacyApiKeysDisabled ?? null,
    apiKeyExpiration: settings.apiKeyExpiration ?? TEN_YEARS,
  });
  state.names.accounts.set(ref, account.id);
  return { id: account.id, name };
}

/** Every user has an account: one without would break clients that start at the user. */
function addMissingAccounts(state: State, users: CheckedSeed['users'], now: number): void {
  for (const ref of Object.keys(users)) {
    const id = idOf(state, 'users', ref);
    if (accountsOf(state, id).length > 0) continue;
    const owner = state.users.get(id)?.displayName ?? ref;
    addAccount(state, newAccount(state, `Account of ${owner}`, id, now));
  }
}

interface Place {
  /** The name in the seed; a place that was filled in has none. */
  readonly ref?: string;
  readonly name?: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly description?: string | undefined;
}

function addWorkspace(state: State, accountId: number, place: Place, now: number): SeededThing {
  const id = ++state.counters.workspaces;
  const name = place.name ?? place.ref ?? 'Default workspace';
  const userId = state.accounts.get(accountId)?.ownerId ?? 0;
  const enabled = place.enabled ?? true;
  state.workspaces.set(id, { id, name, accountId, userId, enabled, created: now, updated: now });
  if (place.ref !== undefined) state.names.workspaces.set(place.ref, id);
  return { id, name };
}

function addProject(state: State, workspaceId: number, place: Place, now: number): SeededThing {
  const id = ++state.counters.projects;
  const name = place.name ?? place.ref ?? 'Default project';
  const userId = state.workspaces.get(workspaceId)?.userId ?? 0;
  const description = place.description ?? '';
  state.projects.set(id, { id, name, workspaceId, userId, description, created: now, updated: now });
  if (place.ref !== undefined) state.names.projects.set(place.ref, id);
  return { id, name };
}

/** Every account has a workspace, every workspace a project. */
function addMissingPlaces(state: State, now: number): void {
  const withWorkspace = new Set([...state.workspaces.values()].map(({ accountId }) => accountId));
  for (const id of state.accounts.keys()) if (!withWorkspace.has(id)) addWorkspace(state, id, {}, now);
  const withProject = new Set([...state.projects.values()].map(({ workspaceId }) => workspaceId));
  for (const id of state.workspaces.keys()) if (!withProject.has(id)) addProject(state, id, {}, now);
}

function setDefaultProjects(state: State, users: CheckedSeed['users']): void {
  const firstOf = new Map<number, number>();
  for (const project of state.projects.values()) {
    const accountId = state.workspaces.get(project.workspaceId)?.accountId ?? 0;
    if (!firstOf.has(accountId)) firstOf.set(accountId, project.id);
  }
  for (const [ref, { defaultProject }] of Object.entries(users)) {
    const user = state.users.get(idOf(state, 'users', ref));
    if (user === undefined) continue;
    const account = accountsOf(state, user.id)[0];
    user.defaultProjectId =
      defaultProject === undefined
        ? (firstOf.get(account?.id ?? 0) ?? 0)
        : idOf(state, 'projects', defaultProject);
  }
}

function addTest(
  state: State,
  kind: 'tests' | 'multiTests',
  ref: string,
  test: Entry<'tests'>,
  now: number,
): SeededThing {
  const id = ++state.counters.tests;
  const name = test.name ?? ref;
  const projectId = idOf(state, 'projects', test.project);
  const userId = state.projects.get(projectId)?.userId ?? 0;
  const type = test.type ?? (kind === 'tests' ? 'taurus' : 'multi');
  state[kind].set(id, { id, name, projectId, userId, type, created: now, updated: now });
  state.names[kind].set(ref, id);
  return { id, name };
}

function seedKey(state: State, ids: IdGenerator, ref: string, key: Entry<'keys'>, nowMs: number): SeededKey {
  const seconds = (moment: typeof key.created, otherwise: number): number =>
    moment === undefined ? otherwise : secondsOf(moment, nowMs);
  const now = Math.floor(nowMs / 1000);
  const secret = ids.secret(++state.counters.secrets);
  const id = ids.key(++state.counters.keys);
  const created = seconds(key.created, now);
  const expiration = seconds(key.expires, now + DEFAULT_PERIOD_DAYS * DAY);
  const name = key.name ?? ref;
  const userId = idOf(state, 'users', key.user);
  addKey(state, {
    id,
    name,
    userId,
    created,
    updated: created,
    expiration,
    lastUsed: key.lastUsed === undefined ? null : secondsOf(key.lastUsed, nowMs),
    issued: created,
    hash: sha256(secret),
    // No delay of propagation: seeded keys are not new.
    liveFrom: 0,
    previous: null,
  });
  state.names.keys.set(ref, id);
  return { id, secret, name, userId, expiration };
}
