// The state of a rotation without a store, derived from the list of keys: their names show which keys earlier runs created
// and in which order, their last uses how far those runs came, and the sinks what they hold.

import { sameKey } from '../../auth/credentials.ts';
import { RotationError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { derivedRecordId, readKeyName } from '../../util/key-name.ts';
import { SLACK_MS } from '../../util/period.ts';
import { MemoryJournal } from '../engine/journal.ts';
import type { Run } from '../engine/run.ts';
import { type KeyCredentials, ownKeys, type Service } from '../engine/service.ts';
import type { UnrecordedSettings } from '../engine/settings.ts';
import type { SinkState } from '../engine/sink.ts';
import type { HeldKey } from '../record/record.ts';

/**
 * Within this time after its creation, or its last regeneration, a key may still be worked on by the run that created it,
 * which is about to test or to deliver it. No other run touches it until then.
 */
export const IN_HAND_MS = 15 * 60_000;

/** The service tells times in whole seconds, so two readings of its clock may differ by one, and one may be on its way. */
const CLOCK_SLACK_MS = 2_000;

export interface KeyList {
  readonly recordId: string;
  /** Whether the given credentials are accepted. */
  readonly accepted: boolean;
  /** What signs: the given credentials wherever possible. */
  readonly signer: KeyCredentials;
  readonly keys: readonly ApiKey[];
  /** The key created by hand that is to be replaced. */
  readonly replaces: string | undefined;
  /** The given credentials, with the dates of their key in the list. */
  readonly current: HeldKey;
  /** The epoch of the given key; 0 for a key created by hand. */
  readonly epoch: number;
  /** The highest epoch that a key of ours has. */
  readonly highestEpoch: number;
  /** Whether the service shows last uses at once: it showed this run's own. */
  readonly showsUses: boolean;
  /** When the list was read, in milliseconds. */
  readonly askedAt: number;
  /** Whether `updatedAt` shows when a key got its secret: not where this run's own use has moved it. */
  readonly showsUpdates: boolean;
  /** Our keys that came after the given one, the newest last. */
  readonly newer: readonly ApiKey[];
  /** Keys that the given one has replaced: they are to be deleted. */
  readonly older: readonly ApiKey[];
}

/** When a key got the secret that it has. Just now, where the service shows no dates: nothing is then taken for old. */
export const issuedAt = (
  { createdAt, updatedAt }: ApiKey,
  { showsUpdates, askedAt }: Pick<KeyList, 'showsUpdates' | 'askedAt'>,
): number =>
  Math.max(createdAt?.getTime() ?? askedAt, (showsUpdates ? updatedAt?.getTime() : undefined) ?? 0);

/** Whether no use of a key is later than one by the run that created it can be. */
export const usedByCreatorOnly = (
  { settings: { timing } }: Run,
  key: ApiKey,
  found: Pick<KeyList, 'showsUpdates' | 'askedAt'>,
): boolean => (key.lastUsedAt?.getTime() ?? 0) <= issuedAt(key, found) + IN_HAND_MS + timing.testWithinMs;

export const epochOf = (key: ApiKey): number => readKeyName(key.name)?.epoch ?? 0;

/** By epoch; keys of one epoch, created by two runs at once, by id. */
const inOrder = (a: ApiKey, b: ApiKey): number =>
  epochOf(a) - epochOf(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Our keys, in order. */
export const ours = (keys: readonly ApiKey[], recordId: string): ApiKey[] =>
  ownKeys(keys, { id: recordId }).sort(inOrder);

/** Reads the list and derives the state. Changes nothing. */
export async function fetchKeys(service: Service, settings: UnrecordedSettings): Promise<KeyList> {
  const { given, recovery, base, replaces } = settings;
  let signer: KeyCredentials = given;
  let userId = await service.userOf(given);
  const accepted = userId !== undefined;
  if (userId === undefined && recovery !== undefined && !sameKey(recovery.id, given.id)) {
    signer = recovery;
    userId = await service.userOf(recovery);
  }
  if (userId === undefined) throw refused(settings);
  const askedAt = service.now().getTime();
  const recordId = await derivedRecordId(userId, base);
  const keys = await service.keys(signer);
  const find = (id: string) => keys.find((key) => sameKey(key.id, id));
  const seen = find(given.id);
  const all = ours(keys, recordId);
  if (!accepted && seen === undefined && all.length === 0)
    throw new RotationError(
      `The recovery credentials see neither the key ${given.id} nor any key that was created in its place, so they are another user's.`,
      {
        code: 'rotation_signer',
        hint: { option: 'recovery', text: 'Give a key of the same user as recovery.' },
      },
    );
  const isOurs = seen !== undefined && all.includes(seen);
  const own = find(signer.id);
  const justNow = (time: Date | null | undefined) => (time?.getTime() ?? 0) >= askedAt - CLOCK_SLACK_MS;
  const showsUses = justNow(own?.lastUsedAt);
  const showsUpdates = !justNow(own?.updatedAt);
  const isNewer = (key: ApiKey) => {
    if (!isOurs) return true;
    // A key created twice by one run, which was never used, is no later than its twin.
    if (epochOf(key) === epochOf(seen) && showsUses && key.lastUsedAt === null) return false;
    return inOrder(key, seen) > 0;
  };
  const newer = all.filter((key) => key !== seen && isNewer(key));
  const replaced = isOurs && replaces !== undefined ? find(replaces) : undefined;
  const older = all.filter((key) => key !== seen && !newer.includes(key));
  if (replaced !== undefined && replaced !== seen && !all.includes(replaced)) older.push(replaced);
  return {
    recordId,
    accepted,
    signer,
    keys,
    current: {
      id: seen?.id ?? given.id,
      secret: given.secret,
      name: seen?.name ?? null,
      createdAt: seen?.createdAt ?? null,
      expiresAt: seen?.expiresAt ?? null,
    },
    epoch: isOurs ? epochOf(seen) : 0,
    highestEpoch: Math.max(0, ...all.map(epochOf)),
    showsUses,
    askedAt,
    showsUpdates,
    replaces,
    newer,
    older,
  };
}

function refused({ given, recovery }: UnrecordedSettings): RotationError {
  const keys = recovery === undefined ? `the key ${given.id}` : `the keys ${given.id} and ${recovery.id}`;
  return new RotationError(
    `The credentials of ${keys} are refused, so nothing can be signed. Likely this run was queued before a rotation whose drain is over; or the key has expired or was deleted.`,
    {
      code: 'rotation_signer',
      hint: {
        option: 'recovery',
        text: 'Run it again: a new run is given the new credentials. Else create a key in the web interface (Settings > Personal > API keys) and put it where these credentials came from; or give another key of the same user as recovery.',
      },
    },
  );
}

/** What the sinks report of themselves, by name. */
export type SinkStates = ReadonlyMap<string, SinkState>;

/**
 * Since when a sink holds the credentials of a key, as it reports. `'now'`: it does not hold them, and is given them now.
 * `undefined`: it reports nothing.
 */
export function heldSince(
  state: SinkState | undefined,
  keyId: string,
  issued: number,
): number | 'now' | undefined {
  const since = state?.since?.getTime();
  if (typeof state?.keyId === 'string' || state?.keyId === null)
    return state.keyId === keyId ? (since ?? issued) : 'now';
  if (since === undefined) return undefined;
  return since >= issued - SLACK_MS ? since : 'now';
}

/** The journal of a run without a store: a sink that reports the current credentials need not be given them again. */
export function derivedJournal(
  { sinks, base }: UnrecordedSettings,
  { recordId, epoch, current, keys, showsUpdates, askedAt }: KeyList,
  states: SinkStates,
): MemoryJournal {
  const seen = keys.find(({ id }) => id === current.id);
  const issued = seen === undefined ? 0 : issuedAt(seen, { showsUpdates, askedAt });
  const holdings = sinks.map(({ name }) => {
    const state = states.get(name);
    return typeof heldSince(state, current.id, issued) === 'number'
      ? { name, keyId: current.id, epoch }
      : { name, keyId: state?.keyId ?? null, epoch: null };
  });
  return new MemoryJournal({
    id: recordId,
    name: base,
    epoch,
    phase: 'idle',
    current,
    sinks: holdings,
    retire: [],
  });
}
