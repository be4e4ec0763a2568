// What a run without a record finds: the list of keys is its journal. By their names it knows the keys of the runs before
// it, and by when they were used, how far those runs came.

import { sameKey } from '../../auth/credentials.ts';
import { RotationError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { derivedRecordId, readKeyName } from '../../util/key-name.ts';
import { ownKeys, type Pair, type Service } from '../engine/service.ts';
import type { HeldKey } from '../record/record.ts';
import type { Wishes } from './unrecorded-options.ts';

/**
 * Within this time of its making, or of its last regeneration, a key may still be in the hands of the run that made it,
 * which is about to test it or to put it somewhere. Nobody else touches it so long.
 */
export const IN_HAND = 15 * 60_000;

/** The service tells times in whole seconds, so two readings of its clock may differ by one, and one may be on its way. */
const SECONDS = 2_000;

export interface Survey {
  readonly recordId: string;
  /** Whether the given pair is accepted. */
  readonly accepted: boolean;
  /** Who signs: the given pair wherever that is possible. */
  readonly signer: Pair;
  readonly keys: readonly ApiKey[];
  /** The given pair, with what the list says about its key. */
  readonly current: HeldKey;
  /** The epoch of the given pair; 0 for a key made by hand. */
  readonly epoch: number;
  /** The highest epoch that a key of ours has. */
  readonly top: number;
  /** Whether the service tells last uses, and at once: it told this run's own. */
  readonly tells: boolean;
  /** Whether `updatedAt` tells when a key got its secret: not, where this run's own use has moved it. */
  readonly dates: boolean;
  /** Our keys that came after the given one, the newest last. */
  readonly newer: readonly ApiKey[];
  /** Keys that the given one has replaced: they are to go. */
  readonly older: readonly ApiKey[];
}

/** When a key got the secret that it has. */
export const issuedAt = ({ createdAt, updatedAt }: ApiKey, { dates }: Pick<Survey, 'dates'>): number =>
  Math.max(createdAt.getTime(), (dates ? updatedAt?.getTime() : undefined) ?? 0);

export const epochOf = (key: ApiKey): number => readKeyName(key.name)?.epoch ?? 0;

/** Later epochs later; of two runs at once that both made the same epoch, one is the later by its id. */
const inOrder = (a: ApiKey, b: ApiKey): number =>
  epochOf(a) - epochOf(b) || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);

/** Our keys, in order. */
export const ours = (keys: readonly ApiKey[], recordId: string): ApiKey[] =>
  ownKeys(keys, { id: recordId }).sort(inOrder);

/** Reads all that a run goes by. Changes nothing. */
export async function survey(service: Service, wishes: Wishes): Promise<Survey> {
  const { given, recovery, base, replaces } = wishes;
  let signer: Pair = given;
  let userId = await service.userOf(given);
  const accepted = userId !== undefined;
  if (userId === undefined && recovery !== undefined && !sameKey(recovery.id, given.id)) {
    signer = recovery;
    userId = await service.userOf(recovery);
  }
  if (userId === undefined) throw refused(wishes);
  const askedAt = service.now().getTime();
  const recordId = await derivedRecordId(userId, base);
  const keys = await service.keys(signer);
  const find = (id: string) => keys.find((key) => sameKey(key.id, id));
  const seen = find(given.id);
  const all = ours(keys, recordId);
  if (!accepted && seen === undefined && all.length === 0)
    throw new RotationError(
      `The recovery credential sees neither the key ${given.id} nor any key that was made in its place: it is another user's. Give a key of the same user.`,
      { code: 'rotation_signer' },
    );
  const isOurs = seen !== undefined && all.includes(seen);
  const own = find(signer.id);
  const justNow = (time: Date | null | undefined) => (time?.getTime() ?? 0) >= askedAt - SECONDS;
  const tells = justNow(own?.lastUsedAt);
  const dates = !justNow(own?.updatedAt);
  const isNewer = (key: ApiKey) => {
    if (!isOurs) return true;
    // A key made twice by one run, which nobody has used, is no later than its twin.
    if (epochOf(key) === epochOf(seen) && tells && key.lastUsedAt === null) return false;
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
    top: Math.max(0, ...all.map(epochOf)),
    tells,
    dates,
    newer,
    older,
  };
}

function refused({ given, recovery }: Wishes): RotationError {
  const who =
    recovery === undefined
      ? `The pair of the key ${given.id} is`
      : `The pairs of the keys ${given.id} and ${recovery.id} are`;
  return new RotationError(
    `${who} refused, so nothing can be signed. Likely cause: this run was queued before a rotation whose drain is over (then run it again: a new run is given the new pair), or the key has run out or was deleted. Else make a key in the web interface (Settings > Personal > API keys) and put it where this pair came from; or give another key of the same user as recovery.`,
    { code: 'rotation_signer' },
  );
}
