// A rotation on a record in any phase, over a service whose clock stands still: what is decided can be compared to the second.
import { BlazeMeterClient, type FetchLike } from 'blazemeter-client';
import {
  type CredentialStore,
  type HeldKey,
  memoryStore,
  type RotateIfExpiringOptions,
  type RotateOptions,
  type RotationRecord,
  type RunOptions,
  resume,
  rotate,
  rotateIfExpiring,
  Secret,
} from 'blazemeter-client/rotation';
import {
  createReference,
  type Reference,
  type SeededKey,
  type SeedKey,
  type SemanticsOption,
} from 'blazemeter-client/testing';
import { vi } from 'vitest';
import { madeUpRecord, RECORD_ID } from './records.ts';
import { recordOf } from './world.ts';

export const NOW = new Date('2030-06-01T12:00:00Z');
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A moment that is so many milliseconds from now. */
export const at = (ms: number): Date => new Date(NOW.getTime() + ms);

/** From here to the end of the test the clock of this machine stands still. */
export function stopClock(): void {
  vi.useFakeTimers({ toFake: ['Date'], now: NOW });
}

/** Credentials as a record holds them. */
export const heldOf = (
  { id, secret }: SeededKey,
  { created = -10 * DAY, expires = 90 * DAY, name = 'ci' } = {},
): HeldKey => ({ id, secret: Secret.from(secret), name, createdAt: at(created), expiresAt: at(expires) });

/** The key of a name in the seed. */
export type KeyOf = (name: string) => SeededKey;

/** Stands between a client and the reference. */
export type Between = (inner: Reference['fetch']) => FetchLike;

export interface StageOptions {
  /** Fields of the record, which else is idle and holds the key `ci`. */
  readonly record?: (keyOf: KeyOf) => Partial<RotationRecord>;
  /** Keys besides `ci`, `spare` of the same user, and `theirs` of another one. */
  readonly keys?: Readonly<Record<string, Partial<SeedKey>>>;
  readonly semantics?: SemanticsOption;
  /** The maximum of the account, in days. */
  readonly maximum?: number;
  /** Stands between the client and the service. */
  readonly between?: Between;
  readonly client?: ConstructorParameters<typeof BlazeMeterClient>[0];
}

export async function stage(options: StageOptions = {}) {
  stopClock();
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
  const byName: Readonly<Record<string, SeededKey>> = seeded.keys;
  const keyOf: KeyOf = (name) => {
    const key = byName[name];
    if (key === undefined) throw new Error(`There is no key ${name}.`);
    return key;
  };
  const client = new BlazeMeterClient({
    credentials: 'nobody:nothing',
    fetch: options.between?.(reference.fetch) ?? reference.fetch,
    logLevel: 'off',
    maxRetries: 0,
    ...options.client,
  });
  const inner = memoryStore();
  await inner.write(
    madeUpRecord({ id: RECORD_ID, current: heldOf(keyOf('ci')), ...options.record?.(keyOf) }),
    {
      ifMatch: null,
    },
  );
  /** Each record that was written, in order. */
  const writes: RotationRecord[] = [];
  const store: CredentialStore = {
    read: () => inner.read(),
    async write(record, given) {
      const written = await inner.write(record, given);
      writes.push(record);
      return written;
    },
  };
  const given = { store, timing: { testWithinMs: 0, lookAgainMs: 0 } };
  const { journal } = reference;
  return {
    reference,
    client,
    keyOf,
    idOf: (name: string) => keyOf(name).id,
    accountId: seeded.accounts.main.id,
    store,
    writes,
    record: () => recordOf(inner),
    /** The phases that were written, one after the other. */
    phases: () => writes.map(({ phase }) => phase).filter((phase, index, all) => phase !== all[index - 1]),
    /** What was changed at the service, in order: the operation, and the key of the seed that it was done to. */
    changes: () =>
      journal.entries
        .filter(({ method, committed }) => method !== 'GET' && committed)
        .map(({ operation, path }) => {
          const [, id = ''] = /api-keys\/([^/]+)/.exec(path) ?? [];
          const name = Object.keys(byName).find((one) => byName[one]?.id === id) ?? id;
          return `${operation} ${name}`.trim();
        }),
    /** A client of the same user, past every fault of the client under test. */
    by: (name: string) =>
      new BlazeMeterClient({ credentials: keyOf(name), fetch: reference.fetch, logLevel: 'off' }),
    /** Both clocks go on. */
    pass(ms: number): void {
      reference.clock.advance({ seconds: ms / 1000 });
      vi.setSystemTime(Date.now() + ms);
    },
    rotate: (more: Partial<RotateOptions> = {}) => rotate(client, { ...given, reason: 'schedule', ...more }),
    resume: (more: Partial<RunOptions> = {}) => resume(client, { ...given, ...more }),
    rotateIfExpiring: (more: Partial<RotateIfExpiringOptions> = {}) =>
      rotateIfExpiring(client, { ...given, ...more }),
  };
}

export type Stage = Awaited<ReturnType<typeof stage>>;

/** Changes the text of every response. */
export const rewriting =
  (change: (text: string, path: string) => string): Between =>
  (inner) =>
  async (url, init) => {
    const response = await inner(url, init);
    const { status, headers } = response;
    const text = await response.text();
    return new Response(status === 204 ? null : change(text, new URL(url).pathname), { status, headers });
  };
