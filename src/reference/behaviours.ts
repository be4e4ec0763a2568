// Everything the reference does that somebody could ask "says who?" about, with its mark, as data.

import type { Mark } from './marks.ts';
import { routes } from './routes.ts';
import { type Semantics, semanticsSwitches } from './semantics.ts';

/** One line of {@link Reference.explain}. */
export interface ExplainedBehaviour {
  /** Stable: `S…` semantics, `W…` the wire, `P…` who may do what, and the names of the calls. */
  readonly id: string;
  readonly behaviour: string;
  /** How the reference behaves, as its switches stand. */
  readonly value: string;
  readonly mark: Mark;
}

const line = (id: string, mark: Mark, behaviour: string, value: string): ExplainedBehaviour => ({
  id,
  behaviour,
  value,
  mark,
});

/** What no switch changes. */
const FIXED: readonly ExplainedBehaviour[] = [
  line(
    'S5',
    'assumed',
    'regenerating the key that signs the call',
    'allowed; the old secret is dead at once; the answer still arrives',
  ),
  line('S6', 'assumed', 'deleting the key that signs the call', 'allowed; the next call is a 401'),
  line(
    'S8',
    'assumed',
    'period arithmetic',
    'days of 86,400 s from the clock; 120 s over the maximum are let through',
  ),
  line('S9', 'assumed', 'a create whose answer is lost', "the commit stands (fault: reset, 'after-commit')"),
  line(
    'S10',
    'assumed',
    'a regeneration whose answer is lost',
    "the commit stands (fault: reset, 'after-commit')",
  ),
  line('S16', 'assumed', 'the maximum grows', 'existing keys keep their expiry'),
  line(
    'S17',
    'documented',
    'who may set the policy',
    'the owner and admins; others 403; every member may read it',
  ),
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
    'Set-Cookie bzm_sess on every answer; WWW-Authenticate: Basic realm=api on a 401; no rate-limit headers',
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
    'the policy on the wire',
    'apiKeyExpiration of an account, in days; 3650 by default',
  ),
  line('W18', 'assumed', 'other values of the policy', '1 to 3650 days; -1 is no limit'),
  line('P1', 'observed', 'a wrong pair, and none', 'the same 401'),
  line(
    'P2',
    'assumed',
    'a deleted key, one that has run out, a disabled user',
    'a 401 too; its body never holds the word that a client rewrites',
  ),
  line('P3', 'assumed', 'keys of others', 'not listed, and 404 by id, for the owner of the account too'),
  line('P4', 'assumed', 'accounts of others, and what is in them', '403 where they exist, else 404'),
  line('P5', 'documented', 'roles in an account', 'owner, admin, billing, standard, user_manager'),
  line('P6', 'observed', 'the version', 'answers anyone'),
];

/** The whole table under these switches. */
export function behaviours(semantics: Semantics): readonly ExplainedBehaviour[] {
  const switched = semanticsSwitches.map(({ id, name, behaviour }) =>
    line(id, 'assumed', behaviour, `${name}: ${String(semantics[name])}`),
  );
  const rules = [...switched, ...FIXED].sort((a, b) => order(a.id) - order(b.id));
  const calls = routes.map(({ operation, method, path, mark }) =>
    line(operation, mark, `${method} ${path.replace('*', '{id}')}`, 'answered'),
  );
  return [...rules, ...calls];
}

/** S1, S2, …, S10, …, then W, then P. */
const order = (id: string): number => 'SWP'.indexOf(id.charAt(0)) * 1000 + Number(id.slice(1));
