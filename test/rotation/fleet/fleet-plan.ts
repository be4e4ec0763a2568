// The plan of a history: who runs when, what goes wrong, and how far the clock leaps. It is data, so that fast-check can
// make it smaller, and a failure can be played again.
import type { FaultRule, Semantics } from 'blazemeter-client/testing';
import fc from 'fast-check';

/** What becomes of one request of a writer or reader. */
export type NetFault =
  | 'lost request'
  | 'lost response'
  | 'no response, not done'
  | 'no response, done'
  | '503'
  | '500, done'
  | '429'
  | 'broken JSON, done'
  | 'late';

/** What becomes of one write of the record. */
export type StoreFault = 'failed' | 'written, response lost' | 'conflict' | 'late';

/** The same, as rules of the reference. */
export const RULES: Readonly<Record<Exclude<NetFault, 'late'>, FaultRule>> = {
  'lost request': { effect: 'reset' },
  'lost response': { effect: 'reset', when: 'after-commit' },
  'no response, not done': { effect: 'stall' },
  'no response, done': { effect: 'stall', when: 'after-commit' },
  '503': { effect: 'status', status: 503 },
  '500, done': { effect: 'status', status: 500, when: 'after-commit' },
  '429': { effect: 'status', status: 429, retryAfter: 2 },
  'broken JSON, done': { effect: 'wrong-json', when: 'after-commit' },
};

/** Where a writer dies: at the n-th thing that outlasts it, with the request not sent, on its way, or done. */
interface Crash {
  readonly at: number;
  readonly side: 'before' | 'on its way' | 'after';
}

/** Something that happens once so many steps are done. */
export type Event =
  | {
      readonly kind: 'run';
      readonly step: number;
      readonly writer: number;
      readonly call: 'rotate' | 'rotateIfExpiring' | 'resume';
      readonly takeOver: boolean;
      readonly crash: Crash | null;
      /** How many steps an abandoned request is under way. */
      readonly flight: number;
      /** Of the requests of this run, by their number or their method, and of its writes by their number. */
      readonly net: readonly (readonly [at: number | 'POST' | 'DELETE', fault: NetFault])[];
      readonly store: readonly (readonly [at: number, fault: StoreFault])[];
    }
  | {
      readonly kind: 'call';
      readonly step: number;
      readonly reader: number;
      readonly net: readonly NetFault[];
      readonly storeFails: number;
    }
  | { readonly kind: 'leap'; readonly step: number; readonly seconds: number };

export interface Plan {
  readonly seed: number;
  readonly writers: number;
  readonly readers: number;
  /** Milliseconds for which each reader's part of the service does not know a new secret. */
  readonly lags: readonly number[];
  readonly drainMinutes: number;
  readonly quietMinutes: number | null;
  readonly leaseSeconds: number;
  readonly semantics: Partial<Semantics>;
  readonly events: readonly Event[];
}

const STEPS = 420;
const step = fc.integer({ min: 0, max: STEPS });

const crash: fc.Arbitrary<Crash> = fc.record({
  at: fc.integer({ min: 1, max: 16 }),
  side: fc.constantFrom('before' as const, 'on its way' as const, 'after' as const),
});

const netFault = fc.constantFrom<NetFault>(
  'lost request',
  'lost response',
  'no response, not done',
  'no response, done',
  '503',
  '500, done',
  '429',
  'broken JSON, done',
);

const run = (writers: number): fc.Arbitrary<Event> =>
  fc.record({
    kind: fc.constant('run' as const),
    step,
    writer: fc.nat({ max: writers - 1 }),
    call: fc.constantFrom(
      'rotate' as const,
      'rotate' as const,
      'rotateIfExpiring' as const,
      'resume' as const,
    ),
    takeOver: fc.oneof(
      { weight: 5, arbitrary: fc.constant(false) },
      { weight: 1, arbitrary: fc.constant(true) },
    ),
    crash: fc.option(crash, { freq: 2, nil: null }),
    flight: fc.integer({ min: 0, max: 150 }),
    net: fc.array(
      fc.oneof(
        fc.tuple(fc.integer({ min: 1, max: 30 }), netFault),
        // What changes something: make, give a new secret, delete.
        fc.tuple(
          fc.constantFrom('POST' as const, 'DELETE' as const),
          fc.oneof(netFault, fc.constant('late' as const)),
        ),
      ),
      { maxLength: 4 },
    ),
    store: fc.array(
      fc.tuple(
        fc.integer({ min: 1, max: 10 }),
        fc.constantFrom<StoreFault>('failed', 'written, response lost', 'conflict', 'late'),
      ),
      { maxLength: 2 },
    ),
  });

const call = (readers: number): fc.Arbitrary<Event> =>
  fc.record({
    kind: fc.constant('call' as const),
    step,
    reader: fc.nat({ max: readers - 1 }),
    // The client tries three times: what it cannot survive is not what is looked at.
    net: fc.oneof(
      { weight: 4, arbitrary: fc.constant([]) },
      { weight: 1, arbitrary: fc.array(netFault, { minLength: 1, maxLength: 2 }) },
    ),
    storeFails: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: 1, max: 2 }) },
    ),
  });

const leap: fc.Arbitrary<Event> = fc.record({
  kind: fc.constant('leap' as const),
  step,
  seconds: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 40 }) },
    { weight: 3, arbitrary: fc.integer({ min: 60, max: 900 }) },
    { weight: 3, arbitrary: fc.integer({ min: 1200, max: 9000 }) },
  ),
});

/** The leap after which `rotateIfExpiring` finds the first key due. At most one: no key expires. */
const longLeap: fc.Arbitrary<Event> = fc.record({
  kind: fc.constant('leap' as const),
  step,
  seconds: fc.constant(55 * 86_400),
});

/** Histories, most of them of small fleets, since these are played fastest and break as well. */
export const plans: fc.Arbitrary<Plan> = fc
  .record({
    writers: fc.integer({ min: 2, max: 5 }),
    readers: fc.oneof(
      { weight: 9, arbitrary: fc.integer({ min: 5, max: 12 }) },
      { weight: 1, arbitrary: fc.integer({ min: 13, max: 50 }) },
    ),
  })
  .chain(({ writers, readers }) =>
    fc.record({
      seed: fc.nat(),
      writers: fc.constant(writers),
      readers: fc.constant(readers),
      lags: fc.array(fc.constantFrom(0, 0, 2_000, 20_000, 90_000), {
        minLength: readers,
        maxLength: readers,
      }),
      drainMinutes: fc.constantFrom(15, 30, 120),
      quietMinutes: fc.constantFrom(0, 5, 10),
      leaseSeconds: fc.constantFrom(10, 60, 300),
      semantics: fc.record({
        names: fc.constantFrom('free' as const, 'free' as const, 'unique' as const),
        propagation: fc.constantFrom(0, 0, 0, 3_000),
        grace: fc.constantFrom(0, 0, 5_000),
        regenerateExpiry: fc.constantFrom('keep' as const, 'renew-period' as const),
      }),
      events: fc
        .tuple(
          fc.array(run(writers), { minLength: 2, maxLength: 6 }),
          fc.array(call(readers), { minLength: 4, maxLength: Math.ceil(readers * 1.5), size: 'max' }),
          fc.array(leap, { maxLength: 6 }),
          fc.array(longLeap, { maxLength: 1 }),
        )
        .map((parts) => parts.flat().sort((a, b) => a.step - b.step)),
    }),
  );
