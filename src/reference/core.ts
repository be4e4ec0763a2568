// The core: one synchronous function over a state, from plain values to plain values. No clock but the reference's,
// no I/O, and whatever is sent, an answer.

import { printable } from '../util/printable.ts';
import { getAccount, getUser, listAccounts, listMembers, setPolicy } from './accounts.ts';
import { authenticate, type Claim, readClaim } from './authenticate.ts';
import type { InnerClock } from './clock.ts';
import type { Context } from './context.ts';
import {
  bodyOf,
  errorReply,
  headersOf,
  Refusal,
  type Reply,
  refuse,
  requestIdOf,
  statusOf,
} from './envelope.ts';
import {
  bendAnswer,
  bendOf,
  type Draft,
  delayOf,
  faultName,
  replacesOn,
  skewOf,
  staleKeysOf,
} from './faults/fault-shape.ts';
import type { InnerFaults, Strike } from './faults/faults.ts';
import { looksReal, type Mint } from './identity.ts';
import { type InnerJournal, type JournalRow, shownHeaders } from './journal.ts';
import { createKey, deleteKey, getKey, listKeys, regenerateSecret } from './keys.ts';
import { header, locate, type PlainAnswer, type PlainRequest, WHOLE } from './plain.ts';
import { type Match, match, type ReferenceOperation } from './routes.ts';
import type { Semantics } from './semantics.ts';
import type { State } from './state.ts';
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
} from './walk.ts';

/** The most that a request's body may hold, in characters. */
export const MOST_BODY = 1_048_576;

/** What the core works on. */
export interface Core {
  state: State;
  semantics: Semantics;
  readonly mint: Mint;
  readonly clock: InnerClock;
  readonly faults: InnerFaults;
  readonly journal: InnerJournal;
  readonly warn: (message: string) => void;
  /** Counts requests: request ids and cookies differ by it. */
  requests: number;
  warned: boolean;
}

type Closed = Exclude<ReferenceOperation, 'web.version'>;

const OPERATIONS: Readonly<Record<Closed, (context: Context) => Reply>> = {
  'user.get': getUser,
  'accounts.list': listAccounts,
  'accounts.get': getAccount,
  'apiKeyPolicy.set': setPolicy,
  'accounts.users': listMembers,
  'apiKeys.list': listKeys,
  'apiKeys.create': createKey,
  'apiKeys.get': getKey,
  'apiKeys.delete': deleteKey,
  'apiKeys.regenerateSecret': regenerateSecret,
  'workspaces.list': listWorkspaces,
  'workspaces.get': getWorkspace,
  'projects.list': listProjects,
  'projects.get': getProject,
  'tests.list': listTests,
  'tests.get': getTest,
  'multiTests.list': listMultiTests,
  'multiTests.get': getMultiTest,
};

/** A request on its way through the core, and what is found out about it. */
interface Exchange {
  readonly request: PlainRequest;
  readonly path: string | undefined;
  readonly query: string;
  readonly found: Match;
  readonly operation: ReferenceOperation | null;
  readonly claim: Claim | undefined;
  /** Whether the claim may be somebody's live credential. */
  readonly real: boolean;
  readonly strikes: readonly Strike[];
  readonly ms: number;
  readonly number: number;
  userId: number | null;
  committed: boolean;
}

/** Answers a request. */
export function handle(core: Core, request: PlainRequest): PlainAnswer {
  const ms = core.clock.ms();
  const number = ++core.requests;
  const requestId = requestIdOf(ms, number);
  const { path, query } = locate(request.path);
  const found = match(request.method, path);
  const operation = found.kind === 'found' ? found.route.operation : null;
  const claim = readClaim(header(request.headers, 'authorization'));
  const real = claim !== undefined && !core.state.keys.has(claim.id) && looksReal(claim.id, claim.secret);
  if (real && !core.warned) warnOfRealPairs(core);
  const strikes = core.faults.meet(operation, claim?.id, ms);
  const exchange: Exchange = {
    request,
    path,
    query,
    found,
    operation,
    claim,
    real,
    strikes,
    ms,
    number,
    userId: null,
    committed: false,
  };

  const instead = strikes.length > 0 && strikes.some(({ effect }) => replacesOn(effect) === 'before-commit');
  const reply: Reply = instead ? NOTHING_DONE : run(core, exchange);
  const status = statusOf(reply);
  const dateMs = ms + core.clock.skewMs() + skewOf(strikes);
  const draft: Draft = {
    status,
    headers: headersOf(status, dateMs, number),
    body: instead ? '' : bodyOf(reply, requestId),
    delayMs: delayOf(strikes),
    delivery: WHOLE,
  };
  if (found.kind === 'method') draft.headers.Allow = found.allow;
  for (const strike of strikes)
    if (!instead || replacesOn(strike.effect) !== 'after-commit')
      bendAnswer(draft, strike, requestId, dateMs);
  if (request.method === 'HEAD') draft.body = '';

  core.journal.add(rowOf(core, exchange, draft));
  return draft;
}

/** What a fault that strikes before the commit is laid over. */
const NOTHING_DONE: Reply = { kind: 'one', status: 200, result: null };

function run(core: Core, exchange: Exchange): Reply {
  const { state } = core;
  const before = state.version;
  try {
    const reply = operate(core, exchange);
    exchange.committed = state.version !== before;
    return reply;
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    // A defect of the reference itself. It is an answer too, so that no test hangs on it; the fuzz test looks for it.
    return errorReply(500, 'The reference implementation failed');
  }
}

function operate(core: Core, exchange: Exchange): Reply {
  const { state, semantics, mint } = core;
  const { request, found, strikes, ms } = exchange;
  if ((request.body?.length ?? 0) > MOST_BODY) return errorReply(413);
  if (found.kind === 'unknown') return errorReply(404);
  if (found.kind === 'method') return errorReply(405);
  const { operation } = found.route;
  if (operation === 'web.version') return getVersion();
  const now = Math.floor(ms / 1000);
  const caller = authenticate(state, semantics, exchange.claim, ms);
  exchange.userId = caller.user.id;
  caller.key.lastUsed = now;
  return OPERATIONS[operation]({
    state,
    semantics,
    mint,
    caller,
    ms,
    now,
    id: found.id,
    query: exchange.query === '' ? undefined : new URLSearchParams(exchange.query),
    body: () => readBody(request.body),
    bend: bendOf(strikes),
    staleKeys: staleKeysOf(strikes),
  });
}

function readBody(body: string | null | undefined): Readonly<Record<string, unknown>> {
  if (body === undefined || body === null || body.trim() === '') return {};
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    refuse(400, 'The body is not valid JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    refuse(400, 'The body must be a JSON object');
  return Object.fromEntries(Object.entries(value));
}

/** A live credential sent to a test double is worth a word; once is enough. */
function warnOfRealPairs(core: Core): void {
  core.warned = true;
  core.warn(
    'The BlazeMeter reference implementation was sent a key that it did not make and that looks real. ' +
      'It answers 401 and keeps nothing of it; check where the client takes its credentials from.',
  );
}

/** A path whose segments are words and ids: it can hold no secret. */
const PLAIN_PATH = /^\/[a-z-]+(?:\/(?:\d{1,15}|[0-9a-f]{24}|version|users)(?:\/[a-z]+)?)?$/;

function rowOf(core: Core, exchange: Exchange, draft: Draft): JournalRow {
  const { state } = core;
  const { request, found, operation, claim, strikes } = exchange;
  // A known key's own id, and a route's own path: a row shall not keep the request's texts alive.
  const known = claim === undefined ? undefined : state.keys.get(claim.id)?.id;
  const { delivery } = draft;
  return {
    number: exchange.number,
    ms: exchange.ms,
    operation,
    method: found.kind === 'found' ? request.method : printable(request.method, 16),
    path: found.kind === 'found' && found.id === '' ? found.route.path : shownPath(exchange),
    keyId: known ?? (claim !== undefined && state.deleted.has(claim.id) ? claim.id : null),
    userId: exchange.userId,
    looksReal: exchange.real,
    status: draft.status,
    committed: exchange.committed,
    delivered: delivery.kind !== 'cut' ? 'whole' : delivery.keep === 'nothing' ? 'nothing' : 'part',
    fault: strikes.length === 0 ? null : strikes.map(({ effect }) => faultName(effect)).join(', '),
    headers: shownHeaders(request.headers),
  };
}

function shownPath({ request, path = withoutQuery(request.path) }: Exchange): string {
  return PLAIN_PATH.test(path) ? path : printable(path);
}

/** The path of a request that is not for the API at all. */
const withoutQuery = (target: string): string => target.split(/[?#]/, 1)[0] ?? '';
