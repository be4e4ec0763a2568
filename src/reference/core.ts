// The core: one synchronous function over a state, from plain values to plain values. No clock but the reference's,
// no I/O, and whatever is sent, an answer.

import { printable } from '../text/printable.ts';
import { getAccount, getUser, listAccounts, listMembers, setPolicy } from './accounts.ts';
import { authenticate, type Caller, type Claim, readClaim } from './authenticate.ts';
import type { InnerClock } from './clock.ts';
import type { Context, OpenContext } from './context.ts';
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
} from './fault-shape.ts';
import type { InnerFaults, Strike } from './faults.ts';
import { looksReal, type Mint } from './identity.ts';
import { type InnerJournal, type JournalEntry, shownHeaders } from './journal.ts';
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

/** What was found out about a request on the way. */
interface Trace {
  readonly operation: ReferenceOperation | null;
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
  if (claim !== undefined) warnOfRealPairs(core, claim);
  const strikes = core.faults.meet(operation, claim?.id, ms);
  const trace: Trace = { operation, userId: null, committed: false };

  const dateMs = ms + core.clock.skewMs() + skewOf(strikes);
  const instead = strikes.filter(({ effect }) => replacesOn(effect) === 'before-commit');
  const draft: Draft = { status: 200, headers: {}, body: '', delivery: WHOLE };
  if (instead.length === 0) {
    const reply = run(core, request, found, query, claim, strikes, ms, trace);
    draft.status = statusOf(reply);
    draft.body = bodyOf(reply, requestId);
  }
  draft.headers = headersOf(draft.status, dateMs, number);
  if (found.kind === 'method') draft.headers.Allow = found.allow;
  // What strikes before the commit is all that is seen of the request; else everything else is laid over the answer.
  for (const strike of instead.length > 0 ? instead : strikes) bendAnswer(draft, strike, requestId, dateMs);
  if (request.method === 'HEAD') draft.body = '';

  core.journal.add(entryOf(core, request, path, claim, strikes, draft, trace, requestId, ms));
  return { ...draft, delayMs: delayOf(strikes) };
}

function run(
  core: Core,
  request: PlainRequest,
  found: Match,
  query: string,
  claim: Claim | undefined,
  strikes: readonly Strike[],
  ms: number,
  trace: Trace,
): Reply {
  const { state, semantics, mint } = core;
  const before = state.version;
  try {
    if ((request.body?.length ?? 0) > MOST_BODY) refuse(413);
    if (found.kind === 'unknown') return errorReply(404);
    if (found.kind === 'method') return errorReply(405);
    const open: OpenContext = {
      state,
      semantics,
      mint,
      ms,
      now: Math.floor(ms / 1000),
      id: found.id,
      query: query === '' ? undefined : new URLSearchParams(query),
      body: () => readBody(request.body),
      bend: bendOf(strikes),
      staleKeys: staleKeysOf(strikes),
    };
    const { operation } = found.route;
    if (operation === 'web.version') return getVersion(open);
    const caller: Caller = authenticate(state, semantics, claim, ms);
    trace.userId = caller.user.id;
    caller.key.lastUsed = open.now;
    const reply = OPERATIONS[operation]({ ...open, caller });
    trace.committed = state.version !== before;
    return reply;
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    // A defect of the reference itself. It is an answer too, so that no test hangs on it; the fuzz test looks for it.
    return errorReply(500, 'The reference implementation failed');
  }
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
function warnOfRealPairs(core: Core, claim: Claim): void {
  if (core.warned || !looksReal(claim.id, claim.secret)) return;
  core.warned = true;
  core.warn(
    'The BlazeMeter reference implementation was sent a key that it did not make and that looks real. ' +
      'It answers 401 and keeps nothing of it; check where the client takes its credentials from.',
  );
}

const SAFE_PATH = /^\/[a-z-]+(?:\/(?:\d{1,15}|[0-9a-f]{24}|version|users)(?:\/[a-z]+)?)?$/;

function entryOf(
  core: Core,
  request: PlainRequest,
  path: string | undefined,
  claim: Claim | undefined,
  strikes: readonly Strike[],
  draft: Draft,
  trace: Trace,
  requestId: string,
  ms: number,
): Omit<JournalEntry, 'number'> {
  const { state } = core;
  const shown = path ?? locateless(request.path);
  const known = claim !== undefined && (state.keys.has(claim.id) || state.deleted.has(claim.id));
  const { delivery } = draft;
  return {
    time: new Date(ms),
    operation: trace.operation,
    method: trace.operation === null ? printable(request.method, 16) : request.method,
    path: SAFE_PATH.test(shown) ? shown : printable(shown),
    keyId: known ? claim.id : null,
    userId: trace.userId,
    status: draft.status,
    committed: trace.committed,
    delivered: delivery.kind !== 'cut' ? 'whole' : delivery.keep === 'nothing' ? 'nothing' : 'part',
    fault: strikes.length === 0 ? null : strikes.map(({ effect }) => faultName(effect)).join(', '),
    requestId,
    headers: shownHeaders(request.headers),
  };
}

/** The path of a request that is not for the API at all, without its query. */
const locateless = (target: string): string => target.split(/[?#]/, 1)[0] ?? '';
