// One run of a rotation on a record in any phase, over a service whose clock stands still: what is decided, said and asked
// can be compared to the second.
import { BlazeMeterClient } from 'blazemeter-client';
import {
  memoryStore,
  type RotateIfExpiringOptions,
  type RotationRecord,
  type RunOptions,
  resume,
  rotate,
  rotateIfExpiring,
  Secret,
} from 'blazemeter-client/rotation';
import {
  createReference,
  type SeededKey,
  type SeedKey,
  type SemanticsOption,
} from 'blazemeter-client/testing';
import { vi } from 'vitest';
import { obtain } from '../../src/rotation/engine/obtain.ts';
import { Run, type RunInit } from '../../src/rotation/engine/run.ts';
import { Service } from '../../src/rotation/engine/service.ts';
import { Ledger } from '../../src/rotation/record/record-session.ts';
import { madeUpPending, madeUpRecord } from '../stores/records.ts';

export const NOW = new Date('2030-06-01T12:00:00Z');
export const RECORD = 'k3v9m2xq7a';
const DAY = 86_400_000;

/** A moment that is so many days, and milliseconds, from now. */
export const at = (days: number, ms = 0): Date => new Date(NOW.getTime() + days * DAY + ms);

/** A pair as a record holds it. */
export const heldOf = ({ id, secret }: SeededKey, { made = -10, ends = 90, name = 'ci' } = {}) => ({
  id,
  secret: Secret.from(secret),
  name,
  createdAt: at(made),
  expiresAt: at(ends),
});

type Keys = Readonly<Record<'ci' | 'spare' | 'theirs', SeededKey>> & Readonly<Record<string, SeededKey>>;

export interface StageOptions {
  readonly record?: (keys: Keys) => Partial<RotationRecord>;
  /** Keys besides the three that there are always. */
  readonly keys?: Readonly<Record<string, Partial<SeedKey>>>;
  readonly semantics?: SemanticsOption;
  /** The maximum of the account. */
  readonly maximum?: number;
  readonly recovery?: (keys: Keys) => SeededKey;
  readonly run?: Partial<Pick<RunInit, 'sinks' | 'dropSinks' | 'timing' | 'quietForMs' | 'resumed'>>;
  readonly signal?: AbortSignal;
  /** What the client is given besides. */
  readonly client?: ConstructorParameters<typeof BlazeMeterClient>[0];
}

/** The stage: call it with fake timers. */
export function stageOf(options: StageOptions = {}) {
  vi.setSystemTime(NOW);
  const reference = createReference({
    semantics: options.semantics,
    clock: { at: NOW.toISOString(), frozen: true },
  });
  const mine = { user: 'runner', created: { days: -10 }, expires: { days: 90 } } as const;
  const more = Object.entries(options.keys ?? {}).map(([name, key]) => [name, { ...mine, ...key }] as const);
  const seeded = reference.seed({
    users: { runner: {}, boss: {} },
    accounts: {
      main: { owner: 'boss', members: { runner: ['standard'] }, apiKeyExpiration: options.maximum ?? 3650 },
    },
    keys: { ci: mine, spare: mine, theirs: { user: 'boss' }, ...Object.fromEntries(more) },
  });
  const { ci, spare, theirs } = seeded.keys;
  const keys: Keys = { ...seeded.keys, ci, spare, theirs };
  const client = new BlazeMeterClient({
    credentials: 'nobody:nothing',
    fetch: reference.fetch,
    logLevel: 'off',
    ...options.client,
  });
  const record = madeUpRecord({ id: RECORD, current: heldOf(ci), ...options.record?.(keys) });
  const ledger = Ledger.passing(record);
  const saved = vi.spyOn(ledger, 'save');
  const recovery = options.recovery?.(keys);
  const service = new Service(client, options.signal);
  const run = new Run({
    sinks: [],
    dropSinks: [],
    timing: { testWithinMs: 0, lookAgainMs: 0 },
    quietForMs: undefined,
    resumed: false,
    ...options.run,
    ledger,
    service,
    recovery: recovery === undefined ? undefined : heldOf(recovery),
  });
  /** What was written, without the leases. */
  const saves = () =>
    saved.mock.calls.map(([change]) => change).filter((change) => Object.keys(change).length > 0);
  return { reference, keys, client, run, service, saves, accountId: seeded.accounts.main.id };
}

/** A key that is to be made. */
export const pending = madeUpPending({ preparedAt: NOW });
export const { name } = pending;

/** A run that is to make it. */
export function creating(change: Partial<RotationRecord> = {}, options: StageOptions = {}) {
  const stage = stageOf({
    ...options,
    client: { maxRetries: 0, ...options.client },
    record: (keys) => ({ phase: 'creating', pending, ...change, ...options.record?.(keys) }),
  });
  const { journal } = stage.reference;
  return {
    ...stage,
    count: (...of: Parameters<typeof journal.count>) => journal.count(...of),
    obtain: () => obtain(stage.run, pending),
    /** The key that is on record by now. */
    key: () => {
      const { pending: now } = stage.run.record;
      if (!now?.key) throw new Error('There is no key.');
      return now.key;
    },
  };
}

/** A store with a record, and the calls on it. */
export async function stored(record: StageOptions['record'] = () => ({}), options: StageOptions = {}) {
  const stage = stageOf({ ...options, record });
  const store = memoryStore();
  await store.write(stage.run.record, { ifMatch: null });
  const write = vi.spyOn(store, 'write');
  stage.reference.journal.clear();
  const { client } = stage;
  const given = { store, timing: { testWithinMs: 0, lookAgainMs: 0 } };
  return {
    ...stage,
    store,
    write,
    rotate: (more: Partial<Parameters<typeof rotate>[1]> = {}) =>
      rotate(client, { ...given, reason: 'schedule', ...more }),
    resume: (more: Partial<RunOptions> = {}) => resume(client, { ...given, ...more }),
    rotateIfExpiring: (more: Partial<RotateIfExpiringOptions> = {}) =>
      rotateIfExpiring(client, { ...given, ...more }),
  };
}
