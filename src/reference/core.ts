// The core: one synchronous function over a state, from plain values to plain values. It uses no clock but the reference's
// and does no I/O; every request gets a response.

import { printable } from '../util/printable.ts';
import { authenticate, type Credentials, readBasicAuth } from './authenticate.ts';
import type { InnerClock } from './clock.ts';
import type { Context } from './context.ts';
import type { CustomRoute } from './custom-routes.ts';
import { getVersion } from './discovery.ts';
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
  applyFault,
  delayOf,
  faultName,
  listFaultOf,
  type ResponseDraft,
  replacesAt,
  skewOf,
  staleKeysOf,
} from './faults/fault-shape.ts';
import type { AppliedFault, InnerFaults } from './faults/faults.ts';
import { type IdGenerator, looksReal } from './identity.ts';
import { type InnerJournal, type JournalRecord, shownHeaders } from './journal.ts';
import type { WriteResult } from './overrides/result.ts';
import { header, locate, type PlainRequest, type PlainResponse, WHOLE } from './plain.ts';
import { dateAge, withTimes } from './rewrites.ts';
import type { ActiveRoute, Match, ReferenceOperation, RouteKey, Router } from './routes.ts';
import type { Semantics } from './semantics.ts';
import type { State } from './state.ts';

/** The largest body of a request, in characters. */
export const MAX_BODY = 1_048_576;

/** What the core works on. */
export interface Core {
  state: State;
  semantics: Semantics;
  readonly router: Router<ActiveRoute | CustomRoute>;
  readonly ids: IdGenerator;
  readonly clock: InnerClock;
  readonly faults: InnerFaults;
  readonly journal: InnerJournal;
  readonly warn: (message: string) => void;
  /** Counts requests: request ids and cookies differ by it. */
  requests: number;
  warned: boolean;
}

/** A request on its way through the core, and what is known about it. */
interface Exchange {
  readonly request: PlainRequest;
  readonly path: string | undefined;
  readonly query: string;
  readonly found: Match<ActiveRoute | CustomRoute>;
  readonly operation: ReferenceOperation | RouteKey | null;
  readonly credentials: Credentials | undefined;
  /** Whether the credentials may be live ones of BlazeMeter. */
  readonly mayBeReal: boolean;
  readonly faults: readonly AppliedFault[];
  readonly ms: number;
  readonly number: number;
  userId: number | null;
  committed: boolean;
}

/** Handles a request. */
export function handle(core: Core, request: PlainRequest): PlainResponse {
  const ms = core.clock.ms();
  const number = ++core.requests;
  const requestId = requestIdOf(ms, number);
  const { path, query } = locate(request.path);
  const found = core.router.match(request.method, path);
  const operation = found.kind === 'found' ? found.route.operation : null;
  const credentials = readBasicAuth(header(request.headers, 'authorization'));
  const mayBeReal =
    credentials !== undefined &&
    !core.state.keys.has(credentials.id) &&
    looksReal(credentials.id, credentials.secret);
  if (mayBeReal && !core.warned) warnOfRealCredentials(core);
  const faults = core.faults.match(operation, credentials?.id, ms);
  const exchange: Exchange = {
    request,
    path,
    query,
    found,
    operation,
    credentials,
    mayBeReal,
    faults,
    ms,
    number,
    userId: null,
    committed: false,
  };

  const skipsOperation = faults.some(({ effect }) => replacesAt(effect) === 'before-commit');
  const reply: Reply = skipsOperation ? NOTHING_DONE : runCatchingErrors(core, exchange);
  const status = statusOf(reply);
  const dateMs = ms + core.clock.skewMs() + skewOf(faults) - dateAge(core.semantics.dates, request.method);
  const draft: ResponseDraft = {
    status,
    headers: headersOf(status, dateMs, number),
    body: skipsOperation ? '' : bodyOf(withTimeUnits(reply, core.semantics), requestId),
    delayMs: delayOf(faults),
    delivery: WHOLE,
  };
  if (found.kind === 'method-not-allowed') draft.headers.Allow = found.allow;
  for (const fault of faults)
    if (!skipsOperation || replacesAt(fault.effect) !== 'after-commit')
      applyFault(draft, fault, requestId, dateMs);
  if (request.method === 'HEAD') draft.body = '';

  core.journal.add(journalRecordOf(core, exchange, draft));
  return draft;
}

/** The same with its times in the unit that the semantics say. */
const withTimeUnits = (reply: Reply, { times }: Semantics): Reply =>
  reply.kind === 'one' || reply.kind === 'list'
    ? { ...reply, result: withTimes(reply.result, times) }
    : reply;

/** What a fault before the commit is applied to. */
const NOTHING_DONE: Reply = { kind: 'one', status: 200, result: null };

function runCatchingErrors(core: Core, exchange: Exchange): Reply {
  const { state } = core;
  const before = state.version;
  try {
    const reply = runOperation(core, exchange);
    exchange.committed = state.version !== before;
    return reply;
  } catch (error) {
    if (error instanceof Refusal) return error.reply;
    // A defect of the reference or of a route of one's own. It gets a response too, so that no test hangs on it.
    const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'an unknown error';
    core.warn(`The BlazeMeter reference implementation failed: ${printable(reason)}`);
    return errorReply(500, 'The reference implementation failed');
  }
}

function runOperation(core: Core, exchange: Exchange): Reply {
  const { state, semantics, ids } = core;
  const { request, found, faults, ms } = exchange;
  if ((request.body?.length ?? 0) > MAX_BODY) return errorReply(413);
  if (found.kind === 'unknown') return errorReply(404);
  if (found.kind === 'method-not-allowed') return errorReply(405);
  const { route, params } = found;
  if (route.operation === 'web.version') return getVersion();
  const now = Math.floor(ms / 1000);
  const caller = authenticate(state, semantics, exchange.credentials, ms);
  exchange.userId = caller.user.id;
  caller.key.lastUsed = now;
  const query = exchange.query === '' ? undefined : new URLSearchParams(exchange.query);
  const read = 'readBody' in route ? route.readBody : undefined;
  const body = () => (read === undefined ? readBody(request.body) : read(readBody(request.body), now));
  const context: Context = {
    state,
    semantics,
    ids,
    caller,
    ms,
    now,
    params,
    id: idOf(route, params, query) ?? (read === undefined ? '' : String(body().id ?? '')),
    query,
    body,
    json: () => readJson(request.body),
    listFault: listFaultOf(faults),
    staleKeys: staleKeysOf(faults),
  };
  if ('provenance' in route) {
    if (params.userId !== undefined && params.userId !== String(caller.user.id))
      refuse(404, 'User not found');
    return encodeResult(route.run(context), route.writeResult);
  }
  const reply = route.run(context);
  if (request.method !== 'GET' && request.method !== 'HEAD') state.version++;
  return reply;
}

/** What the operation is about, in the path or in the query. */
function idOf(
  route: ActiveRoute | CustomRoute,
  params: Readonly<Record<string, string>>,
  query: URLSearchParams | undefined,
): string | undefined {
  const key = 'queryParams' in route ? route.queryParams.find(([name]) => name !== 'userId')?.[1] : undefined;
  return params.id ?? params.accountId ?? (key === undefined ? undefined : (query?.get(key) ?? ''));
}

/** The reply in the form that the corrected client reads. */
function encodeResult(reply: Reply, write: WriteResult | undefined): Reply {
  if (write === undefined || (reply.kind !== 'one' && reply.kind !== 'list')) return reply;
  const { result = null, ...beside } = write(reply.result);
  return { ...reply, result, beside };
}

function readJson(body: string | null | undefined): unknown {
  if (body === undefined || body === null || body.trim() === '') return {};
  try {
    return JSON.parse(body);
  } catch {
    return refuse(400, 'The body is not valid JSON');
  }
}

function readBody(body: string | null | undefined): Readonly<Record<string, unknown>> {
  const value = readJson(body);
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    refuse(400, 'The body must be a JSON object');
  return Object.fromEntries(Object.entries(value));
}

/** Live credentials sent to a test double are worth a warning; one is enough. */
function warnOfRealCredentials(core: Core): void {
  core.warned = true;
  core.warn(
    'The BlazeMeter reference implementation received an API key that it did not create and that looks real. ' +
      'It responds with 401 and keeps nothing of it; check where the client takes its credentials from.',
  );
}

/** A path whose segments are words and ids: it can hold no secret. */
const PLAIN_PATH = /^\/[a-z-]+(?:\/(?:\d{1,15}|[0-9a-f]{24}|version|users)(?:\/[a-z]+)?)?$/;

function journalRecordOf(core: Core, exchange: Exchange, response: PlainResponse): JournalRecord {
  const { state } = core;
  const { request, found, operation, credentials, faults } = exchange;
  // A known key's own id, and a route's own path: a record must not keep the strings of the request alive.
  const known = credentials === undefined ? undefined : state.keys.get(credentials.id)?.id;
  const { delivery } = response;
  return {
    number: exchange.number,
    ms: exchange.ms,
    operation,
    method: found.kind === 'found' ? request.method : printable(request.method, 16),
    path: found.kind === 'found' && !found.route.path.includes('{') ? found.route.path : shownPath(exchange),
    keyId: known ?? (credentials !== undefined && state.deleted.has(credentials.id) ? credentials.id : null),
    userId: exchange.userId,
    looksReal: exchange.mayBeReal,
    status: response.status,
    committed: exchange.committed,
    delivered: delivery.kind !== 'cut' ? 'whole' : delivery.keep === 'nothing' ? 'nothing' : 'part',
    fault: faults.length === 0 ? null : faults.map(({ effect }) => faultName(effect)).join(', '),
    headers: shownHeaders(request.headers),
  };
}

function shownPath({ request, path = withoutQuery(request.path) }: Exchange): string {
  return PLAIN_PATH.test(path) ? path : printable(path);
}

/** The path of a request that is not for the API at all. */
const withoutQuery = (target: string): string => target.split(/[?#]/, 1)[0] ?? '';
