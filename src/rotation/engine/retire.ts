// The end of a rotation: which keys go, the old ones and those that no record knows, and their deletion.

import { isBlazeMeterError, RotationError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { throwIfAborted } from '../../util/abort.ts';
import { readKeyName } from '../../util/key-name.ts';
import type { HeldKey, RetiringKey } from '../record/record.ts';
import type { Run } from './run.ts';
import { ownKeys } from './service.ts';

export const toRetiringKey = ({ id, name, secret }: HeldKey): RetiringKey => ({ id, name, secret });

/** The end of a rotation: deletes the keys of this record that are not in use, and no others. */
export async function retire(run: Run): Promise<boolean> {
  throwIfAborted(run.service.signal);
  const signer = await run.signer();
  const keys = await run.service.keys(signer);
  await queueStrays(run, keys);
  await deleteRetired(run);
  if (run.record.promotion?.reason === 'leak') run.madeSinceLeak ??= madeSince(run, keys);
  if (run.record.retire.length === 0) await run.journal.save({ phase: 'idle', promotion: null });
  return run.record.phase === 'idle';
}

/** Puts keys of this record that it does not know on the list of those to be deleted. Returns whether there were any. */
export async function queueStrays(run: Run, keys: readonly ApiKey[]): Promise<boolean> {
  const strays = strayKeys(run, keys);
  const more = strays.map(({ id, name }) => ({ id, name, secret: null }));
  if (more.length > 0) await run.journal.save({ retire: [...run.record.retire, ...more] });
  return more.length > 0;
}

/** Keys of this record that it does not know: created twice, by a request that arrived late. None that was ever used. */
function strayKeys(run: Run, keys: readonly ApiKey[]): ApiKey[] {
  const { epoch, current, previous, retire: waiting } = run.record;
  const known = new Set([current.id, previous?.id, ...waiting.map(({ id }) => id)]);
  return ownKeys(keys, run.record).filter((key) => {
    const name = readKeyName(key.name);
    if (name === undefined || name.epoch > epoch || known.has(key.id)) return false;
    if (key.lastUsedAt === null || (key.createdAt !== null && key.lastUsedAt <= key.createdAt)) return true;
    run.note(
      `The key ${key.id} was created for this record, which does not know it, and was used: it was left alone. Delete it by hand if it is not needed.`,
    );
    return false;
  });
}

/** Deletes the keys on the list. What cannot be deleted stays on it. */
export async function deleteRetired(run: Run): Promise<void> {
  if (run.record.retire.length === 0) return;
  const signer = await run.signer();
  for (const key of run.record.retire) {
    await run.journal.hold();
    const problem =
      key.id === signer.id
        ? 'it is the only key that is accepted'
        : await run.service.remove(signer, key.id).catch((error: unknown) => {
            throwIfAborted(run.service.signal);
            if (isBlazeMeterError(error) && !(error instanceof RotationError)) return error.message;
            throw error;
          });
    if (problem !== undefined) {
      run.retireProblems.set(key.id, problem);
      continue;
    }
    await run.journal.save({ retire: run.record.retire.filter(({ id }) => id !== key.id) });
    run.did(`deleted the key ${key.id}`);
  }
}

/** Deletes the leaked key before any sink is written, and looks for keys that were created with it. */
export async function closeLeak(run: Run): Promise<void> {
  await deleteRetired(run);
  run.madeSinceLeak ??= madeSince(run, await run.service.keys(await run.signer()));
}

/** Keys of the user that may have been created with the leaked one. */
export function madeSince(run: Run, keys: readonly ApiKey[]): ApiKey[] {
  const { current, promotion, retire: waiting } = run.record;
  const known = new Set([current.id, run.settings.recovery?.id, ...waiting.map(({ id }) => id)]);
  const since = promotion?.leakedSince ?? null;
  return keys.filter(
    ({ id, createdAt }) => !known.has(id) && (since === null || createdAt === null || createdAt >= since),
  );
}
