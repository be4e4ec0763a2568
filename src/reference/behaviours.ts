// Everything that the reference does, with the provenance of each statement, as data.

import { routes as defaultRoutes, type Provenance, type Route } from './routes.ts';
import { type Semantics, semanticsSwitches } from './semantics.ts';

/** One line of {@link Reference.explain}. */
export interface ExplainedBehaviour {
  /** Stable: `S…` semantics, `W…` the protocol, `P…` permissions, and the names of the operations. */
  readonly id: string;
  readonly behaviour: string;
  /** What the reference does under its current switches. */
  readonly value: string;
  readonly provenance: Provenance;
}

const line = (id: string, provenance: Provenance, behaviour: string, value: string): ExplainedBehaviour => ({
  id,
  behaviour,
  value,
  provenance,
});

/** What no switch changes. */
const FIXED: readonly ExplainedBehaviour[] = [
  line(
    'S5',
    'assumed',
    'regenerating the key that signs the call',
    'allowed; the old secret is refused at once; the response still arrives',
  ),
  line('S6', 'assumed', 'deleting the key that signs the call', 'allowed; the next call is a 401'),
  line(
    'S8',
    'assumed',
    'period arithmetic',
    'days of 86,400 s from the clock; up to 120 s over the maximum are accepted',
  ),
  line(
    'S9',
    'assumed',
    'a create whose response is lost',
    "the commit stands (fault: reset, 'after-commit')",
  ),
  line(
    'S10',
    'assumed',
    'a regeneration whose response is lost',
    "the commit stands (fault: reset, 'after-commit')",
  ),
  line('S16', 'assumed', 'the maximum grows', 'existing keys keep their expiry'),
  line('S17', 'documented', 'who may set the policy', 'the owner and admins'),
  line('S18', 'assumed', 'the instant of expiry', 'refused from the very second of expiration on'),
  line(
    'W1',
    'observed',
    'envelope',
    'api_version, error, result, request_id; lists with limit, skip, total, hidden first; errors with error first; pretty-printed with four blanks',
  ),
  line('W2', 'observed', 'request_id', '13 hex digits: 8 of Unix seconds, 5 of microseconds'),
  line('W3', 'observed', 'error message', 'reason phrase, then a colon and the detail'),
  line(
    'W4',
    'observed',
    'headers',
    'Set-Cookie bzm_sess on every response; WWW-Authenticate: Basic realm=api on a 401; no rate-limit headers',
  ),
  line(
    'W5',
    'documented',
    'status codes',
    '200, 201, 204, 400, 401, 402, 403, 404, 409, 429, 5xx (429 and 5xx by faults alone)',
  ),
  line('W6', 'observed', 'ids', 'integers; API keys and preferences 24 hex digits; secrets 72 hex digits'),
  line('W7', 'documented', 'times', 'Unix seconds, integers'),
  line('W8', 'observed', 'empty maps', '[] where filled ones are objects'),
  line('W9', 'observed', 'paging', 'skip and limit; limit 10 by default, 0 for everything, no upper bound'),
  line(
    'W10',
    'documented',
    'sorting and filters',
    'sort[], name, textFilter, enabled, roles[], excludeRoles[]; texts match anywhere, in any case',
  ),
  line('W11', 'observed', 'unknown parameters and headers', 'ignored'),
  line('W12', 'assumed', 'unknown path, wrong method', '404; 405 with Allow'),
  line('W13', 'assumed', 'body that is not a JSON object, over 1 MiB', '400; 413'),
  line('W14', 'documented', 'authentication', 'HTTP Basic, id and secret, in UTF-8'),
  line(
    'W15',
    'assumed',
    'an API key object',
    'id, name, userId, created, updated, expiration, lastUsed; secret on create and regenerate alone',
  ),
  line('W16', 'assumed', 'expiration in a create', 'required; Unix seconds, in the future'),
  line(
    'W17',
    'observed',
    'the policy in the API',
    'apiKeyExpiration of an account in GET /accounts, in days; 3650 by default',
  ),
  line('W18', 'assumed', 'other values of the policy', '1 to 3650 days; -1 is no limit'),
  line('P1', 'observed', 'wrong credentials, and none', 'the same 401'),
  line(
    'P2',
    'assumed',
    'a deleted key, an expired one, a disabled user',
    'a 401 too; its body never holds the word that a client rewrites',
  ),
  line('P3', 'assumed', 'keys of others', 'not listed, and 404 by id, also for the owner of the account'),
  line('P4', 'assumed', 'accounts of others, and what is in them', '403 where they exist, else 404'),
  line('P5', 'documented', 'roles in an account', 'owner, admin, billing, standard, user_manager'),
  line('P6', 'observed', 'the version', 'needs no credentials'),
  line('P7', 'assumed', 'other members and the policy', '403 where they set it; they may read it'),
  line(
    'P8',
    'assumed',
    'the policy of one account',
    'in GET /accounts/{id} as in the list, where it was observed',
  ),
];

/** The whole table under these switches. */
export function behaviours(
  semantics: Semantics,
  routes: readonly Route[] = defaultRoutes,
): readonly ExplainedBehaviour[] {
  const switched = semanticsSwitches.map(({ id, name, behaviour }) =>
    line(id, 'assumed', behaviour, `${name}: ${String(semantics[name])}`),
  );
  const rules = [...switched, ...FIXED].sort((a, b) => order(a.id) - order(b.id));
  const operations = routes.map(({ operation, method, path, provenance }) =>
    line(operation, provenance, `${method} ${path}`, 'supported'),
  );
  return [...rules, ...operations];
}

/** S1, S2, …, S10, …, then W, then P. */
const order = (id: string): number => 'SWP'.indexOf(id.charAt(0)) * 1000 + Number(id.slice(1));
