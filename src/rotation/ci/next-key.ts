// The next key without a record: one that a dead run left over, or a new one; and which keys it replaces. A key is tested before
// it is delivered. So one of ours that was never used was delivered nowhere, and its secret may be regenerated; one that was
// used may be in a sink, and is left as it is.

import { sameKey } from '../../auth/credentials.ts';
import { RotationError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { readKeyName } from '../../util/key-name.ts';
import { pendingKey } from '../engine/plan.ts';
import type { Run } from '../engine/run.ts';
import { DAY_MS, nextDays } from '../engine/schedule.ts';
import type { PendingKey, RotationReason } from '../record/record.ts';
import { IN_HAND_MS, issuedAt, type KeyList, ours } from './key-list.ts';

/** Newer keys that may be in a sink: with so many, one more would not help. */
const MOST_NEWER = 5;

/** The next key: one left over by a run that died, or a new one. Changes nothing. */
export function planNext(run: Run, found: KeyList): PendingKey {
  const { service, settings } = run;
  const { current, newer, highestEpoch } = found;
  const days = nextDays(run, current);
  const now = service.now();
  const next = pendingKey(run, {
    strategy: 'create',
    signer: 'current',
    days,
    current,
    epoch: highestEpoch + 1,
  });
  const left = newer.at(-1);
  const name = left === undefined ? undefined : readKeyName(left.name);
  if (left !== undefined && name !== undefined && leftOver(left, found, now, days))
    return {
      ...next,
      nonce: name.nonce,
      epoch: name.epoch,
      name: left.name,
      preparedAt: left.createdAt ?? now,
    };
  if (newer.length >= MOST_NEWER && settings.reason !== 'leak')
    throw new RotationError(
      `There are ${newer.length} newer keys than the given one, and each may be in a sink: ${newer.map(({ id }) => id).join(', ')}. So the credentials that were delivered do not come back to the next run.`,
      {
        code: 'rotation_unknown',
        hint: {
          option: 'sinks',
          text: 'Make sure that the first of the sinks feeds the credentials, and that no other place uses the same name; then delete those of these keys that are not in use.',
        },
      },
    );
  return next;
}

/** Whether a key was surely delivered nowhere, no run works on it, and it lives long enough to be delivered now. */
function leftOver(key: ApiKey, found: KeyList, now: Date, days: number): boolean {
  const lives = key.expiresAt === null || key.expiresAt.getTime() - now.getTime() >= (days / 2) * DAY_MS;
  const { showsUses, showsUpdates } = found;
  const unused = showsUses && showsUpdates && key.lastUsedAt === null;
  return unused && now.getTime() - issuedAt(key, found) >= IN_HAND_MS && lives;
}

/** What the creation of a key would do, in words. */
export function wordsOf({ settings }: Run, found: KeyList, pending: PendingKey): string[] {
  const { newer, signer, current } = found;
  const reused = newer.find(({ name }) => name === pending.name);
  const first = settings.reason === 'leak' && settings.recovery !== undefined;
  const leaked = `delete the leaked key ${current.id} at once`;
  return [
    reused === undefined
      ? `create the key ${pending.name} for ${pending.days} days, signed by ${signer.id}`
      : `regenerate the secret of the key ${reused.id}, which an earlier run created and which was never used`,
    'test the new credentials',
    ...(first ? [leaked] : []),
    ...settings.sinks.map(({ name }) => `write the new credentials to ${name}`),
    ...(settings.reason === 'leak' && !first ? [leaked] : []),
    ...replacedKeys(found.keys, found, settings.reason, reused?.id)
      .filter(({ id }) => settings.reason !== 'leak' || id !== current.id)
      .map(({ id }) => `delete the key ${id}${settings.reason === 'leak' ? '' : ' after a drain'}`),
  ];
}

/** The keys that the new one replaces. */
export function replacedKeys(
  keys: readonly ApiKey[],
  found: KeyList,
  reason: RotationReason,
  next?: string,
): ApiKey[] {
  const { replaces } = found;
  const known = new Set(ours(keys, found.recordId).map(({ id }) => id));
  if (reason === 'leak') known.add(found.current.id);
  const goes = (id: string) => known.has(id) || (replaces !== undefined && sameKey(id, replaces));
  return keys.filter(({ id }) => goes(id) && id !== next);
}
