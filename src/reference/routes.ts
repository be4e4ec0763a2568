// The operations that the reference knows, each with its provenance: the reference's own reading of the API, as data. And how
// a request finds its route.

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

const ROUTES = [
  { operation: 'web.version', method: 'GET', path: '/web/version', provenance: 'observed' },
  { operation: 'user.get', method: 'GET', path: '/user', provenance: 'documented' },
  { operation: 'accounts.list', method: 'GET', path: '/accounts', provenance: 'observed' },
  { operation: 'accounts.get', method: 'GET', path: '/accounts/{id}', provenance: 'observed' },
  { operation: 'apiKeyPolicy.set', method: 'PATCH', path: '/accounts/{id}', provenance: 'assumed' },
  { operation: 'accounts.users', method: 'GET', path: '/accounts/{id}/users', provenance: 'documented' },
  { operation: 'apiKeys.list', method: 'GET', path: '/api-keys', provenance: 'assumed' },
  { operation: 'apiKeys.create', method: 'POST', path: '/api-keys', provenance: 'assumed' },
  { operation: 'apiKeys.get', method: 'GET', path: '/api-keys/{id}', provenance: 'assumed' },
  { operation: 'apiKeys.delete', method: 'DELETE', path: '/api-keys/{id}', provenance: 'assumed' },
  {
    operation: 'apiKeys.regenerateSecret',
    method: 'POST',
    path: '/api-keys/{id}/regenerate',
    provenance: 'assumed',
  },
  { operation: 'workspaces.list', method: 'GET', path: '/workspaces', provenance: 'observed' },
  { operation: 'workspaces.get', method: 'GET', path: '/workspaces/{id}', provenance: 'observed' },
  { operation: 'projects.list', method: 'GET', path: '/projects', provenance: 'observed' },
  { operation: 'projects.get', method: 'GET', path: '/projects/{id}', provenance: 'observed' },
  { operation: 'tests.list', method: 'GET', path: '/tests', provenance: 'observed' },
  { operation: 'tests.get', method: 'GET', path: '/tests/{id}', provenance: 'observed' },
  { operation: 'multiTests.list', method: 'GET', path: '/multi-tests', provenance: 'observed' },
  { operation: 'multiTests.get', method: 'GET', path: '/multi-tests/{id}', provenance: 'observed' },
] as const satisfies readonly {
  operation: string;
  method: string;
  path: string;
  provenance: Provenance;
}[];

/** The name of an operation, as the journal shows it. */
export type ReferenceOperation = (typeof ROUTES)[number]['operation'];

/** A route of your own, which the journal and fault rules name by its method and path: `POST /tests/{id}/start`. */
export type RouteKey = `${string} /${string}`;

/**
 * The name of an operation where you ask for it. Reading the policy is reading the account, so `apiKeyPolicy.get` stands for
 * `accounts.get`.
 */
export type OperationName = ReferenceOperation | 'apiKeyPolicy.get' | RouteKey;

export const operationOf = (name: OperationName): ReferenceOperation | RouteKey =>
  name === 'apiKeyPolicy.get' ? 'accounts.get' : name;

/** Every operation of the API that the reference knows, with its provenance. */
export const routes: readonly Route[] = ROUTES;

export const operationNames: readonly OperationName[] = [
  ...ROUTES.map((route) => route.operation),
  'apiKeyPolicy.get',
];

/** Corrections of operations: the option `operations` of the client. */
export type RouteOverrides = {
  readonly [Name in ReferenceOperation | 'apiKeyPolicy.get']?: RouteOverride | undefined;
};

/** A route as the core runs it. */
export interface ActiveRoute extends Route {
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
  const account = routes.find(({ operation }) => operation === 'accounts.get');
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

function corrected(route: Route, name: string, override: RouteOverride | undefined): ActiveRoute {
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
    readBody: body === undefined ? undefined : bodyReader(name, body),
    writeResult: result === undefined ? undefined : resultWriter(name, result),
  };
}

/** What a method and a path mean. */
export type Match<Target> =
  | { readonly kind: 'found'; readonly route: Target; readonly params: Readonly<Record<string, string>> }
  | { readonly kind: 'method'; readonly allow: string }
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
        : { kind: 'method', allow: [...allowed].sort().join(', ') };
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
