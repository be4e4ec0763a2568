// The operations that the reference knows, each with its provenance: the reference's own reading of the API, as data. And how
// a request finds its route.

import { getAccount, getUser, listAccounts, listMembers, setPolicy } from './accounts.ts';
import type { Context } from './context.ts';
import {
  getMultiTest,
  getProject,
  getTest,
  getVersion,
  getWorkspace,
  listMultiTests,
  listProjects,
  listTests,
  listWorkspaces,
} from './discovery.ts';
import type { Reply } from './envelope.ts';
import { createKey, deleteKey, getKey, listKeys, regenerateSecret } from './keys.ts';
import { bodyReader, type ReadBody } from './overrides/body.ts';
import type { RouteOverride } from './overrides/override.ts';
import { resultWriter, type WriteResult, writeAll } from './overrides/result.ts';

/**
 * The evidence for a statement about the API: `documented` by BlazeMeter; `observed` in recorded responses of the service, or
 * in what real clients send and read; `assumed`: nothing public says it.
 */
export type Provenance = 'documented' | 'observed' | 'assumed';

/** An operation of the API that the reference knows. */
export interface Route {
  /** Its name in the journal and in fault rules. */
  readonly operation: ReferenceOperation;
  readonly method: string;
  /** Below `/api/v4`; a segment in braces is a parameter. */
  readonly path: string;
  readonly provenance: Provenance;
}

/** The name of an operation, as the journal shows it. */
export type ReferenceOperation =
  | 'web.version'
  | 'user.get'
  | 'accounts.list'
  | 'accounts.get'
  | 'apiKeyPolicy.set'
  | 'accounts.users'
  | 'apiKeys.list'
  | 'apiKeys.create'
  | 'apiKeys.get'
  | 'apiKeys.delete'
  | 'apiKeys.regenerateSecret'
  | 'workspaces.list'
  | 'workspaces.get'
  | 'projects.list'
  | 'projects.get'
  | 'tests.list'
  | 'tests.get'
  | 'multiTests.list'
  | 'multiTests.get';

/** A route of your own, which the journal and fault rules name by its method and path: `POST /tests/{id}/start`. */
export type RouteKey = `${string} /${string}`;

/**
 * The name of an operation where you ask for it. Reading the policy is reading the account, so `apiKeyPolicy.get` stands for
 * `accounts.get`.
 */
export type OperationName = ReferenceOperation | 'apiKeyPolicy.get' | RouteKey;

export const operationOf = (name: OperationName): ReferenceOperation | RouteKey =>
  name === 'apiKeyPolicy.get' ? 'accounts.get' : name;

/** A route, and what it does. */
interface Operation extends Route {
  readonly run: (context: Context) => Reply;
}

const route = (
  operation: ReferenceOperation,
  method: string,
  path: string,
  provenance: Provenance,
  run: Operation['run'],
): Operation => ({ operation, method, path, provenance, run });

const ROUTES: readonly Operation[] = [
  route('web.version', 'GET', '/web/version', 'observed', getVersion),
  route('user.get', 'GET', '/user', 'documented', getUser),
  route('accounts.list', 'GET', '/accounts', 'observed', listAccounts),
  route('accounts.get', 'GET', '/accounts/{id}', 'observed', getAccount),
  route('apiKeyPolicy.set', 'PATCH', '/accounts/{id}', 'assumed', setPolicy),
  route('accounts.users', 'GET', '/accounts/{id}/users', 'documented', listMembers),
  route('apiKeys.list', 'GET', '/api-keys', 'assumed', listKeys),
  route('apiKeys.create', 'POST', '/api-keys', 'assumed', createKey),
  route('apiKeys.get', 'GET', '/api-keys/{id}', 'assumed', getKey),
  route('apiKeys.delete', 'DELETE', '/api-keys/{id}', 'assumed', deleteKey),
  route('apiKeys.regenerateSecret', 'POST', '/api-keys/{id}/regenerate', 'assumed', regenerateSecret),
  route('workspaces.list', 'GET', '/workspaces', 'observed', listWorkspaces),
  route('workspaces.get', 'GET', '/workspaces/{id}', 'observed', getWorkspace),
  route('projects.list', 'GET', '/projects', 'observed', listProjects),
  route('projects.get', 'GET', '/projects/{id}', 'observed', getProject),
  route('tests.list', 'GET', '/tests', 'observed', listTests),
  route('tests.get', 'GET', '/tests/{id}', 'observed', getTest),
  route('multiTests.list', 'GET', '/multi-tests', 'observed', listMultiTests),
  route('multiTests.get', 'GET', '/multi-tests/{id}', 'observed', getMultiTest),
];

/** Every operation of the API that the reference knows, with its provenance. */
export const routes: readonly Route[] = ROUTES.map(({ run, ...route }) => route);

export const operationNames: readonly OperationName[] = [
  ...ROUTES.map(({ operation }) => operation),
  'apiKeyPolicy.get',
];

/** Whether it is a name of an operation, or may be that of a route of your own. */
export const isOperationName = (name: unknown): name is OperationName =>
  typeof name === 'string' && (operationNames.some((known) => known === name) || /^[A-Z]+ \//.test(name));

/** What {@link isOperationName} asks for. */
export const OPERATION_NAME = `must be one of ${operationNames.join(', ')}, or a route of your own such as "POST /tests".`;

/** Corrections of operations: the option `operations` of the client. */
export type RouteOverrides = {
  readonly [Name in ReferenceOperation | 'apiKeyPolicy.get']?: RouteOverride | undefined;
};

/** The fields that a correction must not lose: without them the reference could not do the operation, or the client not read it. */
const NEEDED: Readonly<
  Record<keyof RouteOverrides, { readonly body?: readonly string[]; readonly result?: readonly string[] }>
> = {
  'web.version': {},
  'user.get': {},
  'accounts.list': {},
  'accounts.get': {},
  'accounts.users': {},
  'apiKeyPolicy.get': { result: ['apiKeyExpiration'] },
  'apiKeyPolicy.set': { body: ['apiKeyExpiration'] },
  'apiKeys.list': { result: ['id'] },
  'apiKeys.create': { body: ['name', 'expiration'], result: ['id', 'secret'] },
  'apiKeys.get': {},
  'apiKeys.delete': {},
  'apiKeys.regenerateSecret': { result: ['secret'] },
  'workspaces.list': {},
  'workspaces.get': {},
  'projects.list': {},
  'projects.get': {},
  'tests.list': {},
  'tests.get': {},
  'multiTests.list': {},
  'multiTests.get': {},
};

/** A route as the core runs it. */
export interface ActiveRoute extends Operation {
  /** The parameters that the query holds: their names, and those of the query. */
  readonly queryParams: readonly (readonly [name: string, key: string])[];
  /** Reads a body of another form than the reference's own. */
  readonly readBody?: ReadBody | undefined;
  /** Writes a response of another form. */
  readonly writeResult?: WriteResult | undefined;
}

/** The routes of the API, corrected. */
export function overriddenRoutes(overrides: RouteOverrides = {}): readonly ActiveRoute[] {
  const all = ROUTES.map((route) => corrected(route, route.operation, overrides[route.operation]));
  const policy = overrides['apiKeyPolicy.get'];
  const account = ROUTES.find(({ operation }) => operation === 'accounts.get');
  if (policy === undefined || account === undefined) return all;
  // The policy is read from an account: from the same response, unless it has a route of its own.
  const own = corrected(account, 'apiKeyPolicy.get', policy);
  const shared = all.findIndex((route) => sameRoute(route, own));
  const beside = all[shared];
  if (beside === undefined) return [...all, own];
  if (own.writeResult === undefined) return all;
  const whole = beside.writeResult ?? ((result: unknown) => ({ result }));
  return all.with(shared, { ...beside, writeResult: writeAll([whole, own.writeResult]) });
}

const pattern = ({ method, path }: Route): string => `${method} ${path.replace(/\{\w+\}/g, '{}')}`;
const sameRoute = (one: Route, other: Route): boolean => pattern(one) === pattern(other);

function corrected(
  route: Operation,
  name: keyof RouteOverrides,
  override: RouteOverride | undefined,
): ActiveRoute {
  const { method = route.method, path: given = route.path, body, result } = override ?? {};
  const [path = '', query] = given.split('?');
  return {
    ...route,
    method: method.toUpperCase(),
    path,
    queryParams: [...new URLSearchParams(query)].flatMap(([key, value]) => {
      const param = /^\{(\w+)\}$/.exec(value)?.[1];
      return param === undefined ? [] : [[param, key] as const];
    }),
    readBody: body === undefined ? undefined : bodyReader(name, body, NEEDED[name].body ?? []),
    writeResult: result === undefined ? undefined : resultWriter(name, result, NEEDED[name].result ?? []),
  };
}

/** What a method and a path mean. */
export type Match<Target> =
  | { readonly kind: 'found'; readonly route: Target; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'method-not-allowed'; readonly allow: string }
  | { readonly kind: 'unknown' };

/** Finds the route of a request; HEAD is a GET without its body. A route that was added later goes first. */
export interface Router<Target> {
  add(method: string, path: string, target: Target): void;
  match(method: string, path: string | undefined): Match<Target>;
}

interface Entry<Target> {
  readonly method: string;
  /** The segments of the path; a parameter by its name, in braces. */
  readonly segments: readonly string[];
  readonly target: Target;
}

const isParameter = (segment: string): boolean => segment.startsWith('{');
const literals = ({ segments }: Entry<unknown>): number =>
  segments.filter((segment) => !isParameter(segment)).length;

export function createRouter<Target>(): Router<Target> {
  /** By the number of segments; those with fewer parameters first. */
  const byLength = new Map<number, Entry<Target>[]>();
  return {
    add(method, path, target) {
      const entry = { method, segments: path.split('/'), target };
      const entries = [entry, ...(byLength.get(entry.segments.length) ?? [])];
      byLength.set(
        entry.segments.length,
        entries.sort((a, b) => literals(b) - literals(a)),
      );
    },
    match(method, path) {
      const segments = path?.split('/', MAX_SEGMENTS) ?? [];
      const wanted = method === 'HEAD' ? 'GET' : method;
      const allowed = new Set<string>();
      for (const entry of byLength.get(segments.length) ?? []) {
        if (!fits(entry.segments, segments)) continue;
        if (entry.method !== wanted) {
          allowed.add(entry.method);
          continue;
        }
        const params = paramsOf(entry.segments, segments);
        if (params !== undefined) return { kind: 'found', route: entry.target, params };
      }
      return allowed.size === 0
        ? { kind: 'unknown' }
        : { kind: 'method-not-allowed', allow: [...allowed].sort().join(', ') };
    },
  };
}

/** More than any route has; a longer path is not taken apart to its end. */
const MAX_SEGMENTS = 32;

const fits = (pattern: readonly string[], segments: readonly string[]): boolean =>
  pattern.every((part, at) => (isParameter(part) ? segments[at] !== '' : part === segments[at]));

/** The decoded parameters; undefined where a segment is no valid encoding. */
function paramsOf(
  pattern: readonly string[],
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const params: [string, string][] = [];
  for (const [at, part] of pattern.entries()) {
    if (!isParameter(part)) continue;
    const value = decoded(segments[at] ?? '');
    if (value === undefined || value === '') return undefined;
    params.push([part.slice(1, -1), value]);
  }
  return Object.fromEntries(params);
}

function decoded(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
