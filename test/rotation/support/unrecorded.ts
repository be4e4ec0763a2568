// The user's keys as earlier runs have left them, over a service whose clock stands still, and one run without a record on
// them: what it finds and decides can be compared to the second.
import { BlazeMeterClient, type FetchLike } from 'blazemeter-client';
import { rotateWithoutRecord, type UnrecordedOptions } from 'blazemeter-client/rotation';
import {
  createReference,
  type SeededKey,
  type SeedKey,
  type SemanticsOption,
} from 'blazemeter-client/testing';
import { keyName } from './records.ts';
import { FakeSink } from './sinks.ts';
import { NOW, stopClock } from './stage.ts';

/** A key as it is found: with an epoch it is one of those that runs without a record created. */
export interface Found extends Partial<SeedKey> {
  readonly epoch?: number;
  /** Fields that the service shows in place of its own. */
  readonly shown?: Readonly<Record<string, unknown>>;
}

export interface UnrecordedSetting {
  /** The key of the given credentials, `given`, and others. All are ten days old, have ninety to live, and were never used. */
  readonly keys?: Readonly<Record<string, Found>>;
  readonly semantics?: SemanticsOption;
  readonly maximum?: number;
  /** Stands between the client and the service. */
  readonly between?: (inner: FetchLike) => FetchLike;
}

const seedOf = (maximum: number) => ({
  users: { runner: {}, boss: {} },
  accounts: {
    main: { owner: 'boss', members: { runner: ['standard' as const] }, apiKeyExpiration: maximum },
  },
});

/** The record id that the names of the keys have: the same for one user and one name, so a twin of the service tells it. */
async function recordIdOf(userId: number): Promise<string> {
  const twin = createReference();
  const { users } = twin.seed(seedOf(3650));
  if (users.runner.id !== userId) throw new Error('The twin has another user.');
  const { keys } = twin.seed({ keys: { given: { user: 'runner' } } });
  const client = new BlazeMeterClient({ credentials: keys.given, fetch: twin.fetch });
  const sinks = [new FakeSink()];
  const options = { name: 'ci', credentials: keys.given, sinks, dryRun: true };
  return (await rotateWithoutRecord(client, options)).recordId;
}

/** Half of a name, the same for the same key. */
const nonceOf = (name: string): string => name.replace(/[^a-z2-9]|[lo]/g, '').padEnd(16, 'x');

export async function unrecordedSetting(setting: UnrecordedSetting = {}) {
  stopClock();
  const reference = createReference({
    semantics: setting.semantics,
    clock: { at: NOW.toISOString(), frozen: true },
  });
  const { users, accounts } = reference.seed(seedOf(setting.maximum ?? 3650));
  const recordId = await recordIdOf(users.runner.id);
  const nameOf = (name: string, epoch: number) => keyName(epoch, { recordId, nonce: nonceOf(name) });
  const all: Record<string, Found> = { spare: {}, given: {}, theirs: { user: 'boss' }, ...setting.keys };
  const seeds = Object.entries(all).map(([name, { epoch, shown: _, ...key }]): [string, SeedKey] => [
    name,
    {
      user: 'runner',
      created: { days: -10 },
      expires: { days: 90 },
      ...(epoch === undefined ? {} : { name: nameOf(name, epoch) }),
      ...key,
    },
  ]);
  const seeded: Readonly<Record<string, SeededKey>> = reference.seed({
    keys: Object.fromEntries(seeds),
  }).keys;
  const keyOf = (name: string): SeededKey => {
    const key = seeded[name];
    if (key === undefined) throw new Error(`There is no key ${name}.`);
    return key;
  };
  /** What is shown of a key in place of what is so, by its id; `undefined`: it is left out of lists. */
  const shown = new Map<string, Readonly<Record<string, unknown>> | undefined>();
  for (const [name, key] of Object.entries(all)) if (key.shown) shown.set(keyOf(name).id, key.shown);
  const showing: FetchLike = async (url, init) => {
    const response = await reference.fetch(url, init);
    const { status, headers } = response;
    if (shown.size === 0 || status === 204) return response;
    return new Response(JSON.stringify(withShown(await response.json(), shown)), { status, headers });
  };
  const client = new BlazeMeterClient({
    credentials: 'nobody:nothing',
    fetch: setting.between?.(showing) ?? showing,
    logLevel: 'off',
    maxRetries: 0,
  });
  const sink = new FakeSink('first');
  /** The name that a key has in the test, or its id. */
  const called = (id: string) => Object.keys(all).find((name) => seeded[name]?.id === id) ?? id;
  return {
    reference,
    client,
    recordId,
    accountId: accounts.main.id,
    sink,
    shown,
    nameOf,
    keyOf,
    idOf: (name: string) => keyOf(name).id,
    called,
    run: (more: Partial<UnrecordedOptions> = {}) =>
      rotateWithoutRecord(client, {
        name: 'ci',
        credentials: keyOf('given'),
        sinks: [sink],
        drain: { hours: 1 },
        timing: { lookAgainMs: 0, testWithinMs: 0 },
        ...more,
      }),
    /** What was changed at the service, in order: the operation, and the key where there was one. */
    changes: () =>
      reference.journal.entries
        .filter(({ method, committed }) => method !== 'GET' && committed)
        .map(({ operation, path }) => {
          const [, id = ''] = /api-keys\/([^/]+)/.exec(path) ?? [];
          return `${operation} ${called(id)}`.trim();
        }),
  };
}

/** A response with other fields of keys. */
function withShown(body: unknown, shown: ReadonlyMap<string, Readonly<Record<string, unknown>> | undefined>) {
  const of = (key: unknown): unknown[] => {
    if (typeof key !== 'object' || key === null) return [key];
    const id = String(Reflect.get(key, 'id'));
    if (!shown.has(id)) return [key];
    const other = shown.get(id);
    return other === undefined ? [] : [{ ...key, ...other }];
  };
  if (typeof body !== 'object' || body === null) return body;
  const result: unknown = Reflect.get(body, 'result');
  return { ...body, result: Array.isArray(result) ? result.flatMap(of) : (of(result)[0] ?? result) };
}
