// Which calls there are, each with its mark: the reference's own reading of the API, as data.

import type { Mark } from './marks.ts';

/** A call that the reference knows. */
export interface Route {
  /** Its name in the journal and in fault rules. */
  readonly operation: ReferenceOperation;
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  /** Below `/api/v4`; `*` stands for one segment. */
  readonly path: string;
  readonly mark: Mark;
}

const ROUTES = [
  { operation: 'web.version', method: 'GET', path: '/web/version', mark: 'observed' },
  { operation: 'user.get', method: 'GET', path: '/user', mark: 'documented' },
  { operation: 'accounts.list', method: 'GET', path: '/accounts', mark: 'observed' },
  { operation: 'accounts.get', method: 'GET', path: '/accounts/*', mark: 'observed' },
  { operation: 'apiKeyPolicy.set', method: 'PATCH', path: '/accounts/*', mark: 'assumed' },
  { operation: 'accounts.users', method: 'GET', path: '/accounts/*/users', mark: 'documented' },
  { operation: 'apiKeys.list', method: 'GET', path: '/api-keys', mark: 'assumed' },
  { operation: 'apiKeys.create', method: 'POST', path: '/api-keys', mark: 'assumed' },
  { operation: 'apiKeys.get', method: 'GET', path: '/api-keys/*', mark: 'assumed' },
  { operation: 'apiKeys.delete', method: 'DELETE', path: '/api-keys/*', mark: 'assumed' },
  { operation: 'apiKeys.regenerateSecret', method: 'POST', path: '/api-keys/*/regenerate', mark: 'assumed' },
  { operation: 'workspaces.list', method: 'GET', path: '/workspaces', mark: 'observed' },
  { operation: 'workspaces.get', method: 'GET', path: '/workspaces/*', mark: 'observed' },
  { operation: 'projects.list', method: 'GET', path: '/projects', mark: 'observed' },
  { operation: 'projects.get', method: 'GET', path: '/projects/*', mark: 'observed' },
  { operation: 'tests.list', method: 'GET', path: '/tests', mark: 'observed' },
  { operation: 'tests.get', method: 'GET', path: '/tests/*', mark: 'observed' },
  { operation: 'multiTests.list', method: 'GET', path: '/multi-tests', mark: 'observed' },
  { operation: 'multiTests.get', method: 'GET', path: '/multi-tests/*', mark: 'observed' },
] as const satisfies readonly { operation: string; method: Route['method']; path: string; mark: Mark }[];

/** The name of a call, as the journal shows it. */
export type ReferenceOperation = (typeof ROUTES)[number]['operation'];

/**
 * The name of a call where you ask for it. Reading the policy is reading the account, so `apiKeyPolicy.get` stands for
 * `accounts.get`.
 */
export type OperationName = ReferenceOperation | 'apiKeyPolicy.get';

export const operationOf = (name: OperationName): ReferenceOperation =>
  name === 'apiKeyPolicy.get' ? 'accounts.get' : name;

/** Every call that the reference answers, with its mark. */
export const routes: readonly Route[] = ROUTES;

export const operationNames: readonly OperationName[] = [
  ...ROUTES.map((route) => route.operation),
  'apiKeyPolicy.get',
];

/** What a method and a path mean. */
export type Match =
  | { readonly kind: 'found'; readonly route: Route; readonly id: string }
  | { readonly kind: 'method'; readonly allow: string }
  | { readonly kind: 'unknown' };

/** The routes by their path, `*` included: one look-up per request. */
const byPath = new Map<string, Route[]>();
for (const route of routes) byPath.set(route.path, [...(byPath.get(route.path) ?? []), route]);

const UNKNOWN: Match = { kind: 'unknown' };

/** Finds the route of a request. HEAD is a GET without its body. */
export function match(method: string, path: string | undefined): Match {
  if (path === undefined || path.includes('*')) return UNKNOWN;
  const exact = byPath.get(path);
  if (exact !== undefined) return choose(exact, method, '');
  const [, first = '', coded = '', last, more] = path.split('/', 5);
  const id = decoded(coded);
  const candidates = byPath.get(last === undefined ? `/${first}/*` : `/${first}/*/${last}`);
  return candidates === undefined || more !== undefined || id === undefined || id === ''
    ? UNKNOWN
    : choose(candidates, method, id);
}

function choose(candidates: readonly Route[], method: string, id: string): Match {
  const wanted = method === 'HEAD' ? 'GET' : method;
  for (const route of candidates) if (route.method === wanted) return { kind: 'found', route, id };
  return { kind: 'method', allow: candidates.map((candidate) => candidate.method).join(', ') };
}

function decoded(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}
