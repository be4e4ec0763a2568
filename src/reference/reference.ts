// A reference: the core, a state, and what moves them, behind one object.

import { parseOptions, spec } from '../util/options.ts';
import { behaviours, type ExplainedBehaviour } from './behaviours.ts';
import { type ClockOptions, createClock, type ReferenceClock } from './clock.ts';
import { type Core, handle } from './core.ts';
import type { FaultRule } from './faults/fault-rules.ts';
import { createFaults, type Faults } from './faults/faults.ts';
import { fetchFrom, type ReferenceFetch } from './fetch.ts';
import { createMint } from './identity.ts';
import { createJournal, DEFAULT_JOURNAL_LIMIT, type Journal } from './journal.ts';
import type { PlainAnswer, PlainRequest } from './plain.ts';
import { type DefaultWorld, defaultWorld, type Seed, type Seeded } from './seed/seed.ts';
import { applySeed } from './seed/seed-apply.ts';
import { readSeed } from './seed/seed-read.ts';
import { readSnapshot, type Snapshot, takeSnapshot } from './seed/snapshot.ts';
import { readSemantics, type Semantics, type SemanticsOption } from './semantics.ts';
import { createState } from './state.ts';

/** How a reference is made. */
export interface ReferenceOptions {
  /** Where BlazeMeter is silent: the preset `documented` (default), or what differs from it. */
  readonly semantics?: SemanticsOption | undefined;
  /** Where the clock starts, and whether it runs. Default: now, running. */
  readonly clock?: ClockOptions | undefined;
  /** Rules in force from the start; {@link Reference.reset} brings them back. Default: none. */
  readonly faults?: readonly FaultRule[] | undefined;
  /** Ids and secrets follow from this text: the same text, the same ones. Default `blazemeter`. */
  readonly randomSeed?: string | undefined;
  /** How many entries the journal keeps. Default 10,000. */
  readonly journalLimit?: number | undefined;
  /**
   * Told, once, when somebody sends a pair that looks like a real one. Default: `console.warn`.
   */
  readonly warn?: ((message: string) => void) | undefined;
}

const OPTIONS = {
  semantics: spec.any,
  clock: spec.any,
  faults: spec.list,
  randomSeed: spec.text,
  journalLimit: spec.count,
  warn: spec.run,
};

/**
 * An in-memory BlazeMeter: real state, real credential checks, a clock that can be moved, faults and a journal.
 * Give {@link Reference.fetch} to a client, or put it on a port with {@link listen}.
 */
export interface Reference {
  /** A `fetch` that this reference answers, whatever the origin: everything below `/api/v4`. Needs no `this`. */
  readonly fetch: ReferenceFetch;
  /** The core itself: plain values in, plain values out. */
  handle(request: PlainRequest): PlainAnswer;
  /** The clock: keys run out by it, and the `Date` header tells it. */
  readonly clock: ReferenceClock;
  /** What goes wrong, and when. */
  readonly faults: Faults;
  /** What was asked, and what became of it. */
  readonly journal: Journal;
  /** The switches as they stand. */
  readonly semantics: Semantics;
  /** Turns switches; those not named stay. `'documented'` puts all of them back. */
  setSemantics(change: SemanticsOption): void;
  /**
   * Makes users, accounts, keys and the rest, and gives back what was made, secrets included. Without an argument:
   * {@link defaultWorld}. Can be called again; what is there stays.
   *
   * @throws InvalidInputError that names the path of what is wrong; then nothing was made.
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
  /** The same with a world of your own. */
  seed<const World extends Seed>(world: World): Seeded<World>;
  /** Everything back to the start: no users, no keys, empty journal, faults, switches and clock as in the options. */
  reset(): void;
  /** The state and the clock as JSON; secrets only as hashes. Faults and journal are not in it. */
  snapshot(): Snapshot;
  /** Back to a snapshot, of this or another reference. @throws InvalidInputError for anything else. */
  restore(snapshot: Snapshot): void;
  /** What the reference does, how its switches stand, and where each statement comes from. */
  explain(): readonly ExplainedBehaviour[];
}

/**
 * Makes a reference. It is empty; {@link Reference.seed} fills it.
 *
 * @throws `TypeError` for an option that is unknown or cannot be right.
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
export function createReference(options?: ReferenceOptions): Reference {
  const given = parseOptions<ReferenceOptions>('createReference', OPTIONS, options);
  const clock = createClock(given.clock);
  const mint = createMint(given.randomSeed ?? 'blazemeter');
  const journal = createJournal(given.journalLimit ?? DEFAULT_JOURNAL_LIMIT);
  const semantics = readSemantics(given.semantics);
  const faults = createFaults(() => new Map([...core.state.keysOf].map(([user, keys]) => [user, [...keys]])));
  const core: Core = {
    state: createState(),
    semantics,
    mint,
    clock,
    faults,
    journal,
    // biome-ignore lint/suspicious/noConsole: a live credential in a test is worth a line on the console.
    warn: given.warn ?? ((message) => console.warn(message)),
    requests: 0,
    warned: false,
  };
  const addFaults = (): void => {
    for (const rule of given.faults ?? []) faults.add(rule);
  };
  addFaults();

  function seed(): Seeded<DefaultWorld>;
  function seed<const World extends Seed>(world: World): Seeded<World>;
  function seed(world: Seed = defaultWorld): Seeded {
    const plan = readSeed(world, core.state, clock.ms());
    return applySeed(core.state, mint, plan, Math.floor(clock.ms() / 1000));
  }
  const answer = (request: PlainRequest): PlainAnswer => handle(core, request);

  return {
    fetch: fetchFrom(answer),
    handle: answer,
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
    explain: () => behaviours(core.semantics),
  };
}
