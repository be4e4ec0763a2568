// The entries of a manifest at work: opened, looked at, and the keys of their users that none of them names.

import { dirname } from 'node:path';
import type { Credentials } from '../../auth/credentials.ts';
import { fromStore } from '../../rotation/from-store.ts';
import { readKeyName } from '../../rotation/names.ts';
import type { RotationRecord } from '../../rotation/record.ts';
import type { SecretSink } from '../../rotation/sink.ts';
import type { CredentialStore } from '../../rotation/store.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { eachBounded } from './bounded.ts';
import { type Context, clientOf, pathOf } from './context.ts';
import { Interrupted } from './exit-codes.ts';
import { type ManifestEntry, readManifest } from './manifest.ts';
import { readCount } from './periods.ts';
import { type Timing, timingOf } from './rotate-options.ts';
import { pairOf, sinksOf, storeOf } from './stores.ts';
import { type Trouble, troubleOf } from './trouble.ts';

const DEFAULT_AT_ONCE = 4;
const MOST_AT_ONCE = 32;

/** An entry, checked. Making its store and its sinks is part of using it: what is wrong there stops no other entry. */
export interface Entry {
  readonly name: string;
  readonly owner: string | null;
  readonly timing: Timing;
  store(): CredentialStore;
  sinks(): SecretSink[];
  /** The pair to begin with. */
  pair(): Promise<Credentials>;
}

export interface Opened {
  readonly entries: readonly Entry[];
  readonly atOnce: number;
}

/** Reads the manifest of the command line. */
export function openManifest(context: Context): Opened {
  const { given } = context;
  const path = pathOf(context, given.needed('manifest'));
  const base = dirname(path);
  const { keys, defaults = {} } = readManifest(path);
  const many = given.text('concurrency');
  return {
    entries: keys.map((entry, at) => openEntry(context, entry, defaults, base, at)),
    atOnce: many === undefined ? DEFAULT_AT_ONCE : readCount(many, '--concurrency', MOST_AT_ONCE),
  };
}

function openEntry(
  context: Context,
  entry: ManifestEntry,
  defaults: Partial<Pick<ManifestEntry, 'drain' | 'within' | 'expiresIn'>>,
  base: string,
  at: number,
): Entry {
  const { name, owner = null, source, sinks = [] } = entry;
  return {
    name,
    owner,
    timing: timingOf({ ...defaults, ...entry }, (field) => `--manifest: keys[${at}].${field}`),
    store: () => storeOf(context, entry.store, base),
    sinks: () => sinksOf(context, sinks, base),
    pair: () => pairOf(context, source, base),
  };
}

/** What an entry has now. */
export interface Seen {
  readonly entry: Entry;
  readonly record?: RotationRecord;
  /** The pair that works for it, and whose it is. */
  readonly userId?: number;
  readonly keyId?: string;
  readonly client?: ReturnType<typeof clientOf>;
  /** Ids of its keys, as far as they are known. */
  readonly ids: readonly string[];
  readonly trouble?: Trouble;
}

/** Reads the records, or the pairs to begin with, and asks whose they are. Changes nothing. */
export function lookAtEntries(context: Context, { entries, atOnce }: Opened): Promise<Seen[]> {
  let done = 0;
  return eachBounded(entries, atOnce, async (entry) => {
    const seen = await lookAt(context, entry);
    done += 1;
    context.terminal.progress(`Looking … ${done} of ${entries.length}`);
    return seen;
  });
}

async function lookAt(context: Context, entry: Entry): Promise<Seen> {
  const { interrupt } = context;
  const signal = interrupt.now;
  let ids: readonly string[] = [];
  try {
    signal.throwIfAborted();
    const store = entry.store();
    const record = (await store.read())?.record;
    const pair = record?.current ?? (await entry.pair());
    ids = record === undefined ? [pair.id] : idsOf(record);
    const client = clientOf(
      context,
      record === undefined ? { id: pair.id, secret: pair.secret } : fromStore(store),
    );
    const { id: userId } = await client.user.get({ signal });
    return { entry, ids, userId, keyId: pair.id, client, ...(record === undefined ? {} : { record }) };
  } catch (error) {
    return { entry, ids, trouble: troubleOf(interrupt.reason ?? error) };
  }
}

const idsOf = ({ current, previous, pending, retire }: RotationRecord): string[] =>
  [current, previous, pending?.key, ...retire].flatMap((key) => (key == null ? [] : [key.id]));

/** The entries by user; of each user the first that works. */
export function usersOf(
  seen: readonly Seen[],
): Map<number, Seen & { readonly client: ReturnType<typeof clientOf> }> {
  const users = new Map<number, Seen & { readonly client: ReturnType<typeof clientOf> }>();
  for (const each of seen) {
    const { userId, client } = each;
    if (userId !== undefined && client !== undefined && !users.has(userId))
      users.set(userId, { ...each, client });
  }
  return users;
}

/** Which entry a key belongs to: by its id, or by the record that its name tells of. */
export function entryOf(seen: readonly Seen[], { id, name }: Pick<ApiKey, 'id' | 'name'>): Entry | undefined {
  const recordId = readKeyName(name)?.recordId;
  return seen.find(
    ({ ids, record }) => ids.includes(id) || (recordId !== undefined && record?.id === recordId),
  )?.entry;
}

/** A key of one of our users that no entry names. */
export interface Unnamed {
  readonly userId: number;
  readonly key: ApiKey;
  /** Its name says that a rotation made it. */
  readonly rotated: boolean;
}

/** Reads the keys of every user, and gives back those that no entry names. */
export async function unnamedKeys(
  context: Context,
  seen: readonly Seen[],
  atOnce: number,
): Promise<Unnamed[]> {
  const users = [...usersOf(seen)];
  context.terminal.progress('Looking for keys that no entry names …');
  const lists = await eachBounded(users, atOnce, async ([userId, { client }]) => {
    const found: Unnamed[] = [];
    try {
      for await (const key of client.apiKeys.list({}, { signal: context.interrupt.now }))
        if (entryOf(seen, key) === undefined)
          found.push({ userId, key, rotated: readKeyName(key.name) !== undefined });
    } catch (error) {
      if (!(error instanceof Interrupted))
        context.terminal.warn(`The keys of user ${userId} could not be read: ${troubleOf(error).message}`);
    }
    return found;
  });
  return lists.flat();
}
