// Makes what a checked seed asks for, and fills in what it leaves out.

import type { Mint } from '../identity.ts';
import { DAY, TEN_YEARS } from '../policy.ts';
import { sha256 } from '../sha256.ts';
import { accountsOf, addAccount, addKey, type Kind, type State, type UserRecord } from '../state.ts';
import type { Seeded, SeededKey, SeededThing, SeededUser } from './seed.ts';
import type { AccountPlan, KeyPlan, PlacePlan, SeedPlan, UserPlan } from './seed-read.ts';

const DEFAULT_PERIOD_DAYS = 365;

export function applySeed(state: State, mint: Mint, plan: SeedPlan, now: number): Seeded {
  const users = made(plan.users, (user) => addUser(state, mint, user, now));
  const accounts = made(plan.accounts, (account) => seedAccount(state, account, now));
  giveAccounts(state, plan.users, now);
  const workspaces = made(plan.workspaces, (place) => addWorkspace(state, place.parent, place, now));
  const projects = made(plan.projects, (place) => addProject(state, place.parent, place, now));
  furnish(state, now);
  giveProjects(state, plan.users);
  const tests = made(plan.tests, (place) => addTest(state, 'tests', place, now));
  const multiTests = made(plan.multiTests, (place) => addTest(state, 'multiTests', place, now));
  const keys = made(plan.keys, (key) => seedKey(state, mint, key, now));
  state.version++;
  return { users, accounts, keys, workspaces, projects, tests, multiTests };
}

const made = <Plan extends { readonly ref: string }, Made>(
  plans: readonly Plan[],
  make: (plan: Plan) => Made,
): Readonly<Record<string, Made>> => Object.fromEntries(plans.map((plan) => [plan.ref, make(plan)]));

/** The id behind a name. The seed was checked, so there is one. */
function idOf(state: State, kind: Kind, ref: string): number {
  const id = state.names[kind].get(ref);
  return typeof id === 'number' ? id : 0;
}

function addUser(state: State, mint: Mint, plan: UserPlan, now: number): SeededUser {
  const id = ++state.counters.users;
  const { ref, firstName = plan.displayName ?? ref, lastName = '' } = plan;
  const displayName = plan.displayName ?? `${firstName} ${lastName}`.trim();
  const email = plan.email ?? `${ref.toLowerCase().replace(/[^a-z0-9]+/g, '.')}@example.com`;
  const user: UserRecord = {
    id,
    email,
    firstName,
    lastName,
    displayName,
    enabled: plan.enabled ?? true,
    roles: ['user'],
    created: now,
    updated: now,
    elevHash: sha256(mint.named(`elev/${id}`)),
    preferencesId: mint.named(`preferences/${id}`),
    defaultProjectId: 0,
  };
  state.users.set(id, user);
  state.names.users.set(ref, id);
  return { id, name: displayName, email };
}

function seedAccount(state: State, plan: AccountPlan, now: number): SeededThing {
  const name = plan.name ?? plan.ref;
  const id = ++state.counters.accounts;
  addAccount(state, {
    id,
    name,
    ownerId: idOf(state, 'users', plan.owner),
    members: plan.members.map(({ user, roles }) => ({ userId: idOf(state, 'users', user), roles })),
    description: plan.description,
    aiConsent: plan.aiConsent ?? true,
    legacyApiKeysDisabled: plan.legacyApiKeysDisabled,
    apiKeyExpiration: plan.apiKeyExpiration ?? TEN_YEARS,
    created: now,
    updated: now,
  });
  state.names.accounts.set(plan.ref, id);
  return { id, name };
}

/** Whoever signs up has an account: a user without one would break the clients that walk from the user down. */
function giveAccounts(state: State, users: readonly UserPlan[], now: number): void {
  for (const { ref } of users) {
    const id = idOf(state, 'users', ref);
    if (accountsOf(state, id).length > 0) continue;
    const owner = state.users.get(id);
    addAccount(state, {
      id: ++state.counters.accounts,
      name: `Account of ${owner?.displayName ?? ref}`,
      ownerId: id,
      members: [],
      description: null,
      aiConsent: true,
      legacyApiKeysDisabled: null,
      apiKeyExpiration: TEN_YEARS,
      created: now,
      updated: now,
    });
  }
}

interface Place {
  readonly ref: string | undefined;
  readonly name: string | undefined;
  readonly enabled?: boolean | undefined;
  readonly description?: string | undefined;
}

function addWorkspace(state: State, account: string | number, place: Place, now: number): SeededThing {
  const accountId = typeof account === 'number' ? account : idOf(state, 'accounts', account);
  const id = ++state.counters.workspaces;
  const name = place.name ?? place.ref ?? 'Default workspace';
  const userId = state.accounts.get(accountId)?.ownerId ?? 0;
  const enabled = place.enabled ?? true;
  state.workspaces.set(id, { id, name, accountId, userId, enabled, created: now, updated: now });
  if (place.ref !== undefined) state.names.workspaces.set(place.ref, id);
  return { id, name };
}

function addProject(state: State, workspace: string | number, place: Place, now: number): SeededThing {
  const workspaceId = typeof workspace === 'number' ? workspace : idOf(state, 'workspaces', workspace);
  const id = ++state.counters.projects;
  const name = place.name ?? place.ref ?? 'Default project';
  const userId = state.workspaces.get(workspaceId)?.userId ?? 0;
  const description = place.description ?? '';
  state.projects.set(id, { id, name, workspaceId, userId, description, created: now, updated: now });
  if (place.ref !== undefined) state.names.projects.set(place.ref, id);
  return { id, name };
}

const UNNAMED: Place = { ref: undefined, name: undefined };

/** Every account has a workspace, every workspace a project. */
function furnish(state: State, now: number): void {
  const withWorkspace = new Set([...state.workspaces.values()].map(({ accountId }) => accountId));
  for (const id of state.accounts.keys()) if (!withWorkspace.has(id)) addWorkspace(state, id, UNNAMED, now);
  const withProject = new Set([...state.projects.values()].map(({ workspaceId }) => workspaceId));
  for (const id of state.workspaces.keys()) if (!withProject.has(id)) addProject(state, id, UNNAMED, now);
}

function giveProjects(state: State, users: readonly UserPlan[]): void {
  const firstOf = new Map<number, number>();
  for (const project of state.projects.values()) {
    const accountId = state.workspaces.get(project.workspaceId)?.accountId ?? 0;
    if (!firstOf.has(accountId)) firstOf.set(accountId, project.id);
  }
  for (const plan of users) {
    const user = state.users.get(idOf(state, 'users', plan.ref));
    if (user === undefined) continue;
    const account = accountsOf(state, user.id)[0];
    user.defaultProjectId =
      plan.defaultProject === undefined
        ? (firstOf.get(account?.id ?? 0) ?? 0)
        : idOf(state, 'projects', plan.defaultProject);
  }
}

function addTest(state: State, kind: 'tests' | 'multiTests', plan: PlacePlan, now: number): SeededThing {
  const id = ++state.counters.tests;
  const name = plan.name ?? plan.ref;
  const projectId = idOf(state, 'projects', plan.parent);
  const userId = state.projects.get(projectId)?.userId ?? 0;
  const type = plan.type ?? (kind === 'tests' ? 'taurus' : 'multi');
  state[kind].set(id, { id, name, projectId, userId, type, created: now, updated: now });
  state.names[kind].set(plan.ref, id);
  return { id, name };
}

function seedKey(state: State, mint: Mint, plan: KeyPlan, now: number): SeededKey {
  const secret = mint.secret(++state.counters.secrets);
  const id = mint.id(++state.counters.keys);
  const created = plan.created ?? now;
  const expiration = plan.expires ?? now + DEFAULT_PERIOD_DAYS * DAY;
  const name = plan.name ?? plan.ref;
  const userId = idOf(state, 'users', plan.user);
  addKey(state, {
    id,
    name,
    userId,
    created,
    updated: created,
    expiration,
    lastUsed: plan.lastUsed,
    issued: created,
    hash: sha256(secret),
    // Seeded keys have been there for long.
    liveFrom: 0,
    previous: null,
  });
  state.names.keys.set(plan.ref, id);
  return { id, secret, name, userId, expiration };
}
