// What real clients read to find their tests: version, workspaces, projects, tests.

import { accountFor, integerId } from './accounts.ts';
import type { Context } from './context.ts';
import { one, type Reply, refuse } from './envelope.ts';
import { type ListSpec, page } from './lists.ts';
import { admits } from './policy.ts';
import { accountsOf, type ProjectRecord, type TestRecord, type WorkspaceRecord } from './state.ts';
import { multiTestView, projectView, testView, workspaceDetailView, workspaceView } from './views.ts';

/** Needs no credentials: clients use it to see whether the service is there. */
export const getVersion = (): Reply => one({ name: 'blazemeter-reference', version: 4 });

interface Named {
  readonly id: number;
  readonly name: string;
  readonly created: number;
  readonly updated: number;
}

const BY = {
  id: (item: Named) => item.id,
  name: (item: Named) => item.name,
  created: (item: Named) => item.created,
  updated: (item: Named) => item.updated,
};
const texts = (item: Named): readonly string[] => [item.name];

/** A filter such as `accountId`; undefined where it is absent or empty. */
function filterId(context: Context, name: string): number | undefined {
  const value = context.query?.get(name);
  return value === undefined || value === null || value === '' ? undefined : integerId(value);
}

/** The workspaces that the caller sees: those of the accounts that admit the key. */
function visibleWorkspaces(context: Context): WorkspaceRecord[] {
  const { state, semantics, caller } = context;
  const wanted = filterId(context, 'accountId');
  const accounts =
    wanted === undefined
      ? accountsOf(state, caller.user.id).filter((account) => admits(semantics, account, caller.key))
      : [accountFor(context, wanted)];
  const ids = new Set(accounts.map((account) => account.id));
  return [...state.workspaces.values()].filter((workspace) => ids.has(workspace.accountId));
}

export function listWorkspaces(context: Context): Reply {
  const { state } = context;
  const spec: ListSpec<WorkspaceRecord> = {
    view: (workspace) => workspaceView(state, workspace),
    sort: BY,
    texts,
    enabled: (workspace) => workspace.enabled,
  };
  return page(context, visibleWorkspaces(context), spec);
}

/** "not found" is how a real client tells a missing workspace from a broken connection. */
function workspaceFor(context: Context, id: number): WorkspaceRecord {
  const workspace = context.state.workspaces.get(id) ?? refuse(404, 'Workspace not found');
  accountFor(context, workspace.accountId);
  return workspace;
}

export const getWorkspace = (context: Context): Reply =>
  one(workspaceDetailView(context.state, context.ids, workspaceFor(context, integerId(context.id))));

function visibleProjects(context: Context): ProjectRecord[] {
  const wanted = filterId(context, 'workspaceId');
  const workspaces = wanted === undefined ? visibleWorkspaces(context) : [workspaceFor(context, wanted)];
  const ids = new Set(workspaces.map((workspace) => workspace.id));
  return [...context.state.projects.values()].filter((project) => ids.has(project.workspaceId));
}

export function listProjects(context: Context): Reply {
  const { state } = context;
  const spec: ListSpec<ProjectRecord> = { view: (project) => projectView(state, project), sort: BY, texts };
  return page(context, visibleProjects(context), spec);
}

function projectFor(context: Context, id: number): ProjectRecord {
  const project = context.state.projects.get(id) ?? refuse(404, 'Project not found');
  workspaceFor(context, project.workspaceId);
  return project;
}

export const getProject = (context: Context): Reply =>
  one(projectView(context.state, projectFor(context, integerId(context.id))));

function visibleTests(context: Context, all: ReadonlyMap<number, TestRecord>): TestRecord[] {
  const wanted = filterId(context, 'projectId');
  const projects = wanted === undefined ? visibleProjects(context) : [projectFor(context, wanted)];
  const ids = new Set(projects.map((project) => project.id));
  return [...all.values()].filter((test) => ids.has(test.projectId));
}

const TESTS: ListSpec<TestRecord> = { view: testView, sort: BY, texts };
const MULTI_TESTS: ListSpec<TestRecord> = { view: multiTestView, sort: BY, texts };

export const listTests = (context: Context): Reply =>
  page(context, visibleTests(context, context.state.tests), TESTS);

export const listMultiTests = (context: Context): Reply =>
  page(context, visibleTests(context, context.state.multiTests), MULTI_TESTS);

function testFor(context: Context, all: ReadonlyMap<number, TestRecord>): TestRecord {
  const test = all.get(integerId(context.id)) ?? refuse(404, 'Test not found');
  projectFor(context, test.projectId);
  return test;
}

export const getTest = (context: Context): Reply => one(testView(testFor(context, context.state.tests)));

export const getMultiTest = (context: Context): Reply =>
  one(multiTestView(testFor(context, context.state.multiTests)));
