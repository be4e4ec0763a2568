// A reference: the core and its state, clock, faults and journal, behind one object.

import * as z from 'zod/mini';
import { parseOptions, spec } from '../util/options.ts';
import { behaviours, type ExplainedBehaviour } from './behaviours.ts';
import { type ClockOptions, createClock, type ReferenceClock } from './clock.ts';
import { type Core, handle } from './core.ts';
import {
  type AnyHandler,
  type AnyRoute,
  type CustomRoute,
  customRoute,
  parseRouteKey,
  type RouteDefinition,
  type RouteHandler,
  type RouteOptions,
  type RouteParams,
  type Routes,
} from './custom-routes.ts';
import type { FaultRule } from './faults/fault-rules.ts';
import { createFaults, type Faults } from './faults/faults.ts';
import { fetchFrom, type ReferenceFetch } from './fetch.ts';
import { createIdGenerator } from './identity.ts';
import { createJournal, DEFAULT_JOURNAL_LIMIT, type Journal } from './journal.ts';
import type { RouteOverride } from './overrides/override.ts';
import type { PlainRequest, PlainResponse } from './plain.ts';
import { fail, read, readObject, strictObject } from './read.ts';
import {
  type ActiveRoute,
  createRouter,
  operationNames,
  overriddenRoutes,
  type RouteKey,
  type RouteOverrides,
} from './routes.ts';
import { type DefaultWorld, defaultWorld, type Seed, type Seeded } from './seed/seed.ts';
import { applySeed } from './seed/seed-apply.ts';
import { readSeed } from './seed/seed-read.ts';
import { readSnapshot, type Snapshot, takeSnapshot } from './seed/snapshot.ts';
import { readSemantics, type Semantics, type SemanticsOption } from './semantics.ts';
import { createState } from './state.ts';

/** Options of {@link createReference}. */
export interface ReferenceOptions<Key extends string = string> {
  /** Behaviour that BlazeMeter does not document: the preset `documented` (default), or the switches that differ from it. */
  readonly semantics?: SemanticsOption | undefined;
  /** Where the clock starts, and whether it runs. Default: now, running. */
  readonly clock?: ClockOptions | undefined;
  /** Rules in force from the start; {@link Reference.reset} restores them. Default: none. */
  readonly faults?: readonly FaultRule[] | undefined;
  /** Routes of your own, by method and path: `'POST /tests/{id}/start'`. See {@link Reference.routes}. */
  readonly routes?: { readonly [Name in Key]: RouteDefinition<Name> } | undefined;
  /**
   * The option `operations` of the client, so that a client that is corrected for a different service is tested against the
   * same correction: the reference has its methods and paths, reads what its `body` builds, and responds with what its `result`
   * reads. For a service that differs in more than names, places and forms of times, add {@link ReferenceOptions.routes}.
   */
  readonly operations?: RouteOverrides | undefined;
  /** Ids and secrets are derived from this text: the same text, the same ones. Default `blazemeter`. */
  readonly randomSeed?: string | undefined;
  /** How many entries the journal keeps. Default 10,000. */
  readonly journalLimit?: number | undefined;
  /**
   * Receives warnings: real-looking credentials (once), and a request that failed with status 500. Default: `console.warn`.
   */
  readonly warn?: ((message: string) => void) | undefined;
}

const OPTIONS = {
  semantics: spec.any,
  clock: spec.any,
  faults: spec.list,
  routes: spec.record,
  operations: spec.record,
  randomSeed: spec.string,
  journalLimit: spec.count,
  warn: spec.function,
};

const isFunction = (value: unknown): boolean => typeof value === 'function';

const override = z.optional(
  z.looseObject({
    method: z.optional(z.string().check(z.regex(/^[A-Za-z]+$/, 'must be an HTTP method.'))),
    path: z.optional(z.string().check(z.startsWith('/', 'must start with "/".'))),
    body: z.optional(z.custom<NonNullable<RouteOverride['body']>>(isFunction, 'must be a function.')),
    result: z.optional(z.custom<NonNullable<RouteOverride['result']>>(isFunction, 'must be a function.')),
  }),
);

/** The operations by name; what else the client's table holds is for the client alone. */
const overrides = strictObject(Object.fromEntries(operationNames.map((name) => [name, override])));

/**
 * An in-memory BlazeMeter: it keeps state, checks credentials, injects faults and records requests; you set its clock.
 * Pass {@link Reference.fetch} to a client, or put it on a port with {@link listen}.
 */
export interface Reference {
  /** A `fetch` whose responses come from this reference, whatever the origin: everything below `/api/v4`. Needs no `this`. */
  readonly fetch: ReferenceFetch;
  /** Responds to one request without a network: takes and returns plain values. */
  handle(request: PlainRequest): PlainResponse;
  /** Endpoints that you add, with the credentials, envelope, faults, clock and journal of the reference. */
  readonly routes: Routes;
  /** The clock: keys expire by it, and the `Date` header has its time. */
  readonly clock: ReferenceClock;
  /** The rules that make requests fail. */
  readonly faults: Faults;
  /** The requests and their outcome. */
  readonly journal: Journal;
  /** The current value of each switch. */
  readonly semantics: Semantics;
  /** Sets the switches that are named; the others keep their values. `'documented'` resets all of them. */
  setSemantics(change: SemanticsOption): void;
  /**
   * Creates users, accounts, keys and the rest, and returns what was created, secrets included. Without an argument:
   * {@link defaultWorld}. Can be called again; what exists stays.
   *
   * @throws InvalidInputError that names the path of what is wrong; then nothing was created.
   * @example
   * ```ts
   * import { createReference } from 'blazemeter-client/testing';
   *
   * const reference = createReference();
   * const { keys } = reference.seed({
   *   users: { ana: {}, ben: {} },
   *   accounts: { acme: { owner: 'ana', members: { ben: ['standard'] }, apiKeyExpiration: 90 } },
   *   keys: { ci: { user: 'ben', expires: { days: 30 } } },
   * });
   * console.log(keys.ci.id.length, keys.ci.secret.length); // 24 72
   * ```
   */
  seed(): Seeded<DefaultWorld>;
  /** Creates the users, accounts and keys of a world that you describe. */
  seed<const World extends Seed>(world: World): Seeded<World>;
  /** Starts afresh: no users, no keys, an empty journal; faults, switches and clock as in the options. Routes stay. */
  reset(): void;
  /** Returns the state and the clock as JSON, with secrets as hashes only, and without faults and the journal. */
  snapshot(): Snapshot;
  /** Restores a snapshot of this or another reference. @throws InvalidInputError for anything else. */
  restore(snapshot: Snapshot): void;
  /** What the reference does, the values of its switches, and the provenance of each statement. */
  explain(): readonly ExplainedBehaviour[];
}

/**
 * Creates a reference. It is empty; {@link Reference.seed} fills it.
 *
 * @throws `TypeError` for an option that is unknown or invalid.
 * @example
 * ```ts
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference();
 * const { keys } = reference.seed();
 * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * console.log((await client.user.get()).displayName); // Olive Owner
 * ```
 */
export function createReference<const Key extends string = string>(
  options?: ReferenceOptions<Key>,
): Reference {
  const given = parseOptions<ReferenceOptions<Key>>('createReference', OPTIONS, options);
  const clock = createClock(given.clock);
  const ids = createIdGenerator(given.randomSeed ?? 'blazemeter');
  const journal = createJournal(given.journalLimit ?? DEFAULT_JOURNAL_LIMIT);
  const semantics = readSemantics(given.semantics);
  const faults = createFaults(() => new Map([...core.state.keysOf].map(([user, keys]) => [user, [...keys]])));
  const routes = overriddenRoutes(read(overrides, given.operations ?? {}, 'operations'));
  const router = createRouter<ActiveRoute | CustomRoute>();
  for (const route of routes) router.add(route.method, route.path, route);
  const core: Core = {
    state: createState(),
    semantics,
    router,
    ids,
    clock,
    faults,
    journal,
    // biome-ignore lint/suspicious/noConsole: live credentials in a test, or a failed request, are worth a line on the console.
    warn: given.warn ?? ((message) => console.warn(message)),
    requests: 0,
    warned: false,
  };
  const addRoute = (key: string, options: RouteOptions<unknown>, handler: AnyHandler): void => {
    const { method, path } = parseRouteKey(key);
    router.add(method, path, customRoute(method, path, options, handler));
  };
  const own: Readonly<Record<string, AnyRoute>> = given.routes ?? {};
  for (const [key, route] of Object.entries(own))
    if (typeof route === 'function') addRoute(key, {}, route);
    else addRoute(key, readObject<typeof route>(route, `routes['${key}']`), route.handle);
  const addFaults = (): void => {
    for (const rule of given.faults ?? []) faults.add(rule);
  };
  addFaults();

  function seed(): Seeded<DefaultWorld>;
  function seed<const World extends Seed>(world: World): Seeded<World>;
  function seed(world: Seed = defaultWorld): Seeded {
    const ms = clock.ms();
    return applySeed(core.state, ids, readSeed(world, core.state, ms), ms);
  }
  function add<const Name extends RouteKey>(key: Name, handler: RouteHandler<RouteParams<Name>>): void;
  function add<const Name extends RouteKey, Body>(
    key: Name,
    options: RouteOptions<Body>,
    handler: RouteHandler<RouteParams<Name>, Body>,
  ): void;
  function add(key: RouteKey, first: RouteOptions<unknown> | AnyHandler, second?: AnyHandler): void {
    if (typeof first === 'function') addRoute(key, {}, first);
    else addRoute(key, first, second ?? fail(`routes['${key}']`, 'needs a handler.'));
  }
  const respond = (request: PlainRequest): PlainResponse => {
    if (typeof request?.method !== 'string' || typeof request.path !== 'string')
      fail('handle', 'takes a request, { method, path, headers, body }, whose method and path are strings.');
    return handle(core, request);
  };

  return {
    fetch: fetchFrom(respond),
    handle: respond,
    routes: { add },
    clock,
    faults,
    journal,
    get semantics() {
      return core.semantics;
    },
    setSemantics(change) {
      core.semantics = readSemantics(change, core.semantics);
    },
    seed,
    reset() {
      core.state = createState();
      core.semantics = semantics;
      core.requests = 0;
      clock.reset();
      journal.clear();
      faults.clear();
      addFaults();
    },
    snapshot: () => takeSnapshot(core.state, clock.position()),
    restore(snapshot) {
      const { state, position } = readSnapshot(snapshot);
      core.state = state;
      clock.restore(position);
    },
    explain: () => behaviours(core.semantics, routes),
  };
}
