// The user's keys as runs before have left them, over a service whose clock stands still, and one run without a record on
// them: what it finds, decides and says can be compared to the second.
import { BlazeMeterClient, type FetchLike } from 'blazemeter-client';
import {
  rotateWithoutRecord,
  type SecretSink,
  type SinkAnswer,
  type SinkDelivery,
  type SinkState,
  type UnrecordedOptions,
} from 'blazemeter-client/rotation';
import {
  createReference,
  type SeededKey,
  type SeedKey,
  type SemanticsOption,
} from 'blazemeter-client/testing';
import { vi } from 'vitest';
import { derivedRecordId, keyName } from '../../src/util/key-name.ts';

export const NOW = new Date('2030-06-01T12:00:00Z');
export const MINUTE = 60_000;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

/** A moment that is so many milliseconds from now. */
export const at = (ms: number): Date => new Date(NOW.getTime() + ms);

/** A sink of which tests say what it tells, and what happens when it is put to. */
export class Place implements SecretSink {
  readonly name: string;
  /** The ids of the keys whose pairs it was given. */
  readonly puts: string[] = [];
  state: SinkState | undefined;
  onPut: ((delivery: SinkDelivery) => SinkAnswer | undefined | Promise<SinkAnswer | undefined>) | undefined;

  constructor(name: string, state?: SinkState) {
    this.name = name;
    this.state = state;
  }

  probe(): SinkState | undefined {
    return this.state;
  }

  async put(delivery: SinkDelivery): Promise<SinkAnswer | undefined> {
    this.puts.push(delivery.id);
    return this.onPut?.(delivery);
  }
}

/** A sink that takes nothing. */
export function broken(name: string, state?: SinkState): Place {
  const place = new Place(name, state);
  place.onPut = () => ({ acknowledged: false });
  return place;
}

/** A key as it is found: with an epoch it is one of ours. */
export interface Found extends Partial<SeedKey> {
  readonly epoch?: number;
  /** Other fields than the service's own, as it shows them. */
  readonly shown?: Readonly<Record<string, unknown>>;
}

export interface UnrecordedSetting {
  /** The key of the given pair, `given`, and others. All are ten days old, have ninety to live, and were never used. */
  readonly keys?: Readonly<Record<string, Found>>;
  readonly semantics?: SemanticsOption;
  readonly maximum?: number;
  /** Stands between the client and the service. */
  readonly between?: (inner: FetchLike) => FetchLike;
}

/** Half of a name, the same for the same key. */
const nonceOf = (name: string): string => name.replace(/[^a-z2-9]|[lo]/g, '').padEnd(16, 'x');

/** The setting: call it with fake timers. */
export async function unrecordedSetting(setting: UnrecordedSetting = {}) {
  vi.setSystemTime(NOW);
  const reference = createReference({
    semantics: setting.semantics,
    clock: { at: NOW.toISOString(), frozen: true },
  });
  const { users, accounts } = reference.seed({
    users: { runner: {}, boss: {} },
    accounts: {
      main: {
        owner: 'boss',
        members: { runner: ['standard'] },
        apiKeyExpiration: setting.maximum ?? 3650,
      },
    },
  });
  const recordId = await derivedRecordId(users.runner.id, 'ci');
  const nameOf = (name: string, epoch: number) => keyName('ci', { recordId, epoch, nonce: nonceOf(name) });
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
    const answer = await reference.fetch(url, init);
    const { status, headers } = answer;
    if (shown.size === 0 || status === 204) return answer;
    return new Response(JSON.stringify(withShown(await answer.json(), shown)), { status, headers });
  };
  const client = new BlazeMeterClient({
    credentials: 'nobody:nothing',
    fetch: setting.between?.(showing) ?? showing,
    logLevel: 'off',
  });
  const place = new Place('first');
  const options = (more: Partial<UnrecordedOptions> = {}): UnrecordedOptions => ({
    name: 'ci',
    credentials: keyOf('given'),
    sinks: [place],
    drain: { hours: 1 },
    timing: { lookAgainMs: 0, testWithinMs: 0 },
    ...more,
  });
  return {
    reference,
    client,
    recordId,
    accountId: accounts.main.id,
    place,
    shown,
    nameOf,
    keyOf,
    idOf: (name: string) => keyOf(name).id,
    /** The name that a key has in the test, or its id. */
    called: (id: string) => Object.keys(all).find((name) => seeded[name]?.id === id) ?? id,
    options,
    run: (more: Partial<UnrecordedOptions> = {}) => rotateWithoutRecord(client, options(more)),
    /** What was changed at the service, in order: the method, and the key where there was one. */
    changes: () =>
      reference.journal.entries
        .filter(({ method, committed }) => method !== 'GET' && committed)
        .map(({ operation, path }) => {
          const [, id = ''] = /api-keys\/([^/]+)/.exec(path) ?? [];
          return `${operation} ${Object.keys(all).find((name) => seeded[name]?.id === id) ?? id}`.trim();
        }),
  };
}

/** An answer with other fields of keys. */
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
