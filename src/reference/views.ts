// The JSON of records: the recorded fields in the recorded order. Times are Unix seconds, empty maps are `[]`, and nothing
// that real clients read is missing or null.

import type { IdGenerator } from './identity.ts';
import type {
  AccountRecord,
  KeyRecord,
  ProjectRecord,
  State,
  TestRecord,
  UserRecord,
  WorkspaceRecord,
} from './state.ts';
import { rolesIn } from './state.ts';

export function projectView(state: State, project: ProjectRecord): object {
  const { id, name, userId, description, created, updated, workspaceId } = project;
  let testsCount = 0;
  for (const test of state.tests.values()) if (test.projectId === id) testsCount++;
  return { id, name, userId, description, created, updated, workspaceId, testsCount };
}

export function testView(test: TestRecord): object {
  const { id, name, projectId, type, created, updated, userId } = test;
  return { id, name, projectId, configuration: { type }, created, updated, userId };
}

/** A collection of tests, as older clients know them. */
export function multiTestView(test: TestRecord): object {
  const { id, name, projectId, type, created, updated, userId } = test;
  return { id, name, collectionType: type, projectId, userId, created, updated };
}

/** Only the responses to create and regenerate have a `secret`. */
export function keyView(key: KeyRecord, secret?: string): object {
  const { id, name, userId, created, updated, expiration, lastUsed } = key;
  const view = { id, name, userId, created, updated, expiration, lastUsed };
  return secret === undefined ? view : { ...view, secret };
}

const ownerView = (user: UserRecord | undefined): object =>
  user === undefined
    ? { id: 0, email: '', displayName: '' }
    : { id: user.id, email: user.email, displayName: user.displayName };

export function accountView(state: State, account: AccountRecord): object {
  const { id, name, description, aiConsent, apiKeyExpiration, legacyApiKeysDisabled, created, updated } =
    account;
  const owner = state.users.get(account.ownerId);
  let workspacesCount = 0;
  for (const workspace of state.workspaces.values()) if (workspace.accountId === id) workspacesCount++;
  return {
    id,
    name,
    thumbnailUrl: null,
    salesforceId: null,
    totangoId: null,
    apiKeyExpiration,
    inviteContactEmail: null,
    inviteContactName: null,
    legacyApiKeysDisabled,
    appUrl: 'https://a.blazemeter.com',
    inviteUrl: null,
    disclaimerMessage: null,
    sessionDelayedStart: 180,
    created,
    updated,
    owner: ownerView(owner),
    membersCount: account.members.length + 1,
    workspacesCount,
    aiConsent,
    // Absent or a string: null breaks a client.
    ...(description === null ? {} : { description }),
  };
}

/** A user in an account's list of users. */
export interface Member {
  readonly user: UserRecord;
  readonly roles: readonly string[];
}

export function memberView({ user, roles }: Member): object {
  const { id, email, firstName, lastName, displayName, enabled, created, updated } = user;
  return {
    id,
    email,
    login: updated,
    firstName,
    lastName,
    displayName,
    name: displayName,
    enabled,
    roles,
    created,
    updated,
  };
}

export function workspaceView(state: State, workspace: WorkspaceRecord): object {
  const { id, name, userId, created, updated, enabled, accountId } = workspace;
  const members = state.accounts.get(accountId)?.members.length ?? 0;
  return {
    id,
    name,
    userId,
    created,
    updated,
    enabled,
    dedicatedIpsEnabled: false,
    privateLocationsEnabled: true,
    owner: ownerView(state.users.get(userId)),
    membersCount: members + 1,
    allowance: { amount: 0, type: 'UNLIMITED' },
    accountId,
  };
}

/** Where tests run; only the response for one workspace has them. */
export function workspaceDetailView(state: State, ids: IdGenerator, workspace: WorkspaceRecord): object {
  const location = (id: string, title: string, provider: string, sandbox: boolean) => ({
    id,
    title,
    name: title,
    provider,
    limits: { threadsPerEngine: 1000, concurrency: 1000, engines: 20, duration: 240 },
    sandbox,
    purposes: { load: true, functional: true },
  });
  return {
    ...workspaceView(state, workspace),
    locations: [
      location('us-east4-a', 'US East', 'google', false),
      location('harbor-sandbox', 'Sandbox', 'internal', true),
      location(`harbor-${ids.named(`location/${workspace.id}`)}`, 'Private location', 'private', false),
    ],
  };
}

export function userView(state: State, user: UserRecord, lastAccess: number): object {
  const { id, email, firstName, lastName, displayName, enabled, roles, created, updated } = user;
  const project = state.projects.get(user.defaultProjectId);
  const workspace = state.workspaces.get(project?.workspaceId ?? 0);
  const account = state.accounts.get(workspace?.accountId ?? 0);
  return {
    id,
    email,
    passwordUpdateTime: created,
    access: lastAccess,
    login: lastAccess,
    firstName,
    lastName,
    timezone: 0,
    enabled,
    roles,
    keycloakGoogleRegister: false,
    apiTestingVersion: 0,
    created,
    updated,
    elev_io_user_hash: user.elevHash,
    defaultProject: {
      accountId: account?.id ?? 0,
      accountName: account?.name ?? '',
      workspaceName: workspace?.name ?? '',
      id: project?.id ?? 0,
      name: project?.name ?? '',
      userId: project?.userId ?? id,
      description: project?.description ?? '',
      underMigration: false,
      created: project?.created ?? created,
      updated: project?.updated ?? updated,
      organizationId: workspace?.id ?? 0,
      workspaceId: workspace?.id ?? 0,
    },
    defaultProjectId: project?.id ?? 0,
    displayName,
    features: [],
    mail: email,
    name: displayName,
    preferences: {
      id: user.preferencesId,
      userId: id,
      activePlatform: 'performance',
      visitedMockServices: false,
      activeProjectId: project?.id ?? 0,
      activeOrganizationId: workspace?.id ?? 0,
      activeWorkspaceId: workspace?.id ?? 0,
      activeAccountId: account?.id ?? 0,
      aggregateReportFields: [],
    },
  };
}

/** What a member may do, as the list of users shows it. */
export function membersOf(state: State, account: AccountRecord): Member[] {
  const members: Member[] = [];
  for (const id of [account.ownerId, ...account.members.map((member) => member.userId)]) {
    const user = state.users.get(id);
    const roles = rolesIn(account, id);
    if (user !== undefined && roles !== undefined) members.push({ user, roles });
  }
  return members;
}
