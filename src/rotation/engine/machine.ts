// The machine: from whatever phase the record is in, one step after the other, each written down before the next. It
// never sleeps through a drain: it stops there, and the next run goes on.

import { isBlazeMeterError, RotationError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { keyName, newNonce, readKeyName } from '../../util/key-name.ts';
import type {
  HeldKey,
  PendingKey,
  Promotion,
  RetiringKey,
  RotationRecord,
  SinkHolding,
} from '../record/record.ts';
import { obtain, regenerate, SETTLED_MS, test } from './obtain.ts';
import type { Run } from './run.ts';
import { fitDrain } from './schedule.ts';
import { ownKeys, type Pair } from './service.ts';
import { putToSink } from './sink.ts';

/** The service tells times in whole seconds, so two readings of its clock may differ by one. */
const SECOND = 1_000;

/** Where a run stops: everything is done, or something has to happen first. */
export type Stop = 'idle' | 'draining' | 'delivering' | 'retiring';

/** Goes on until nothing more can be done now. */
export async function advance(run: Run): Promise<Stop> {
  for (;;) {
    run.service.signal?.throwIfAborted();
    const { phase, pending, promotion } = run.record;
    if ((phase === 'creating' || phase === 'regenerating') && pending !== null) await obtain(run, pending);
    else if (phase === 'testing' && pending?.key) await promoteTested(run, pending, pending.key);
    else if (phase === 'delivering' && promotion !== null) {
      if (promotion.reason === 'leak') await closeLeak(run);
      if (!(await deliver(run))) return 'delivering';
    } else if (phase === 'draining') {
      if (!(await drained(run))) return 'draining';
    } else if (phase === 'retiring') {
      await finish(run);
      if (run.record.phase === 'retiring') return 'retiring';
    } else return 'idle';
  }
}

const retiring = ({ id, name, secret }: HeldKey): RetiringKey => ({ id, name, secret });

/** Sees the pending pair work, and makes it the one to use. */
export async function promoteTested(run: Run, pending: PendingKey, key: HeldKey): Promise<void> {
  const { current, previous, sinks, retire: waiting } = run.record;
  const outcome = await test(run, pending, key);
  if (outcome !== 'works') {
    run.note(
      outcome === 'gone'
        ? `The new key ${key.id} was deleted by somebody else before it was promoted: another one is made.`
        : `The new key ${key.id} is refused although it was made long ago: another one is made, and this one will be deleted.`,
    );
    const again = { ...pending, key: null, nonce: newNonce(), preparedAt: run.service.now() };
    await run.ledger.save({
      phase: 'creating',
      pending: { ...again, name: renamed(run.record, again) },
      retire: outcome === 'gone' ? waiting : [...waiting, retiring(key)],
    });
    return;
  }
  const { way, reason, drainMs, leakedSince, epoch } = pending;
  const twoKeys = way === 'create';
  // A leaked key gets no drain: it goes at once, before anything else.
  const drains = twoKeys && reason !== 'leak';
  // The drain that a leak has interrupted is over.
  const gone = previous === null ? waiting : [...waiting, retiring(previous)];
  await run.ledger.save({
    phase: 'delivering',
    epoch,
    current: key,
    previous: drains ? current : null,
    retire: twoKeys && !drains ? [...gone, retiring(current)] : gone,
    pending: null,
    promotion: { reason, promotedAt: run.service.now(), drainMs, drainUntil: null, leakedSince },
    sinks,
  });
  run.did(`promoted the key ${key.id} to epoch ${epoch}`);
}

/** The name of a pending key, by its nonce. */
export const renamed = (
  record: RotationRecord,
  { nonce, epoch }: Pick<PendingKey, 'nonce' | 'epoch'>,
): string => keyName(record.name, { recordId: record.id, epoch, nonce });

/** Puts the new pair to every sink that has not acknowledged it. Whether all have. */
export async function putToSinks(run: Run, what = 'the new pair'): Promise<boolean> {
  const { service, ledger } = run;
  const { current, epoch, id: recordId } = run.record;
  const { secret, expiresAt } = current;
  const remaining = run.record.sinks.filter(({ name }) => !run.dropSinks.includes(name));
  const acknowledged = (holding: SinkHolding) => holding.epoch === epoch;
  for (const { name } of remaining.filter((holding) => !acknowledged(holding))) {
    const sink = run.sinks.find((one) => one.name === name);
    await ledger.hold();
    const problem =
      sink === undefined
        ? 'it was not given to this run'
        : await putToSink(sink, { id: current.id, secret, expiresAt, recordId, epoch }, service.signal);
    if (problem !== undefined) {
      run.sinkProblems.set(name, problem);
      continue;
    }
    const at = remaining.findIndex((holding) => holding.name === name);
    remaining[at] = { name, keyId: current.id, epoch };
    await ledger.save({ sinks: [...remaining] });
    run.did(`gave ${what} to ${name}`);
  }
  return remaining.every(acknowledged);
}

/** The sinks, and then the drain. Whether all sinks have the pair. */
async function deliver(run: Run): Promise<boolean> {
  if (!(await putToSinks(run))) return false;
  const { promotion, previous, current } = run.record;
  const sinks = run.record.sinks.filter(({ name }) => !run.dropSinks.includes(name));
  if (promotion === null || previous === null) {
    await run.ledger.save({ phase: 'retiring', sinks });
    return true;
  }
  await run.signer(); // Tells the time: the drain is counted by the server's clock.
  const now = run.service.now();
  const newDays =
    current.expiresAt === null
      ? Number.POSITIVE_INFINITY
      : (current.expiresAt.getTime() - promotion.promotedAt.getTime()) / 86_400_000;
  const { ms, note } = fitDrain(promotion.drainMs, previous, Math.round(newDays * 10) / 10, now.getTime());
  if (note !== undefined) run.note(note);
  // Readers of a sink see the new pair only now, so the drain begins now.
  const drainUntil = new Date(now.getTime() + ms);
  await run.ledger.save({ phase: 'draining', sinks, promotion: { ...promotion, drainUntil } });
  return true;
}

/** Whether the old key may go. */
async function drained(run: Run): Promise<boolean> {
  const { current, previous, promotion, retire: waiting } = run.record;
  if (previous === null || promotion?.drainUntil == null) {
    await run.ledger.save({ phase: 'retiring' });
    return true;
  }
  const signer = await run.signer();
  const now = run.service.now();
  const over = now.getTime() + SECOND >= promotion.drainUntil.getTime();
  const settled = now.getTime() - promotion.promotedAt.getTime() > SETTLED_MS;
  if (signer.id !== current.id && (over || settled)) return revive(run, signer, promotion);
  if (!over) return false;
  const { lastUsedAt } = (await run.service.key(signer, previous.id)) ?? {};
  const expired = previous.expiresAt !== null && previous.expiresAt <= now;
  const promotedAt = promotion.promotedAt.getTime() + SECOND;
  if (lastUsedAt != null && lastUsedAt.getTime() > promotedAt && !expired) {
    const quiet = run.quietForMs;
    if (quiet === undefined || now.getTime() - lastUsedAt.getTime() < quiet) {
      run.stillUsed = { keyId: previous.id, lastUsedAt };
      run.note(
        `The old key ${previous.id} was used on ${lastUsedAt.toISOString()}, after the new one was promoted: somebody has not moved yet, so it was not deleted. Find them; or say quietFor, after how long without a use it may go.`,
      );
      return false;
    }
  }
  await run.ledger.save({ phase: 'retiring', previous: null, retire: [...waiting, retiring(previous)] });
  return true;
}

/**
 * The current pair is refused, after it was promoted: a regenerate that was sent before, and arrived late, has given the key
 * another secret. The old key is there still, and signs for one that is known. Then its drain begins anew.
 */
async function revive(run: Run, signer: Pair, promotion: Promotion): Promise<boolean> {
  const { service, timing, ledger } = run;
  const { current, previous, epoch } = run.record;
  if ((await service.key(signer, current.id)) === undefined) {
    run.note(
      `The key ${current.id} was deleted by somebody else, so the old key ${previous?.id}, which is in use in its place, was not deleted. Rotate with the reason leak, or adopt that key into an empty store.`,
    );
    return false;
  }
  if ((await service.answers(current, timing.testWithinMs)) !== undefined) return true;
  const key = await regenerate(run, current, signer);
  if ((await service.answers(key, timing.testWithinMs)) === undefined)
    throw new RotationError(
      `The new secret of the key ${key.id} was not accepted in time. The key before it works still. Run resume to try again.`,
      { code: 'rotation_untested' },
    );
  await ledger.save({
    phase: 'delivering',
    epoch: epoch + 1,
    current: key,
    promotion: { ...promotion, promotedAt: service.now(), drainUntil: null },
  });
  run.note(
    `The key ${key.id} was refused although it had been promoted: its secret had been replaced. It was given a new one.`,
  );
  run.did(`promoted the new secret of the key ${key.id} to epoch ${epoch + 1}`);
  return true;
}

/** The end of a rotation: the clean-up of this record's own keys, and nobody else's. */
async function finish(run: Run): Promise<void> {
  const signer = await run.signer();
  const keys = await run.service.keys(signer);
  const strays = strayKeys(run, keys);
  if (strays.length > 0) {
    const more = strays.map(({ id, name }) => ({ id, name, secret: null }));
    await run.ledger.save({ retire: [...run.record.retire, ...more] });
  }
  await retire(run);
  if (run.record.promotion?.reason === 'leak') run.madeSinceLeak ??= madeSince(run, keys);
  if (run.record.retire.length === 0) await run.ledger.save({ phase: 'idle', promotion: null });
}

/** Keys of this record that nobody has: made twice, by a request that arrived late. None that was ever used. */
function strayKeys(run: Run, keys: readonly ApiKey[]): ApiKey[] {
  const { epoch, current, previous, retire: waiting } = run.record;
  const known = new Set([current.id, previous?.id, ...waiting.map(({ id }) => id)]);
  return ownKeys(keys, run.record).filter((key) => {
    const made = readKeyName(key.name);
    if (made === undefined || made.epoch > epoch || known.has(key.id)) return false;
    if (key.lastUsedAt === null || key.lastUsedAt <= key.createdAt) return true;
    run.note(
      `The key ${key.id} was made for this record, which does not know it, and somebody has used it: it was left alone. Delete it by hand if nobody needs it.`,
    );
    return false;
  });
}

/** Deletes what is to be deleted. What fails stays on the list. */
export async function retire(run: Run): Promise<void> {
  if (run.record.retire.length === 0) return;
  const signer = await run.signer();
  for (const key of run.record.retire) {
    await run.ledger.hold();
    const problem =
      key.id === signer.id
        ? 'it is the only key that is accepted'
        : await run.service.remove(signer, key.id).catch((error: unknown) => {
            run.service.signal?.throwIfAborted();
            if (isBlazeMeterError(error) && !(error instanceof RotationError)) return error.message;
            throw error;
          });
    if (problem !== undefined) {
      run.retireProblems.set(key.id, problem);
      continue;
    }
    await run.ledger.save({ retire: run.record.retire.filter(({ id }) => id !== key.id) });
    run.did(`deleted the key ${key.id}`);
  }
}

/** Takes the leaked key away before any sink is asked, and looks for what was done with it. */
async function closeLeak(run: Run): Promise<void> {
  await retire(run);
  run.madeSinceLeak ??= madeSince(run, await run.service.keys(await run.signer()));
}

/** Keys of the user that somebody else may have made with the leaked one. */
export function madeSince(run: Run, keys: readonly ApiKey[]): ApiKey[] {
  const { current, promotion, retire: waiting } = run.record;
  const known = new Set([current.id, run.recovery?.id, ...waiting.map(({ id }) => id)]);
  const since = promotion?.leakedSince ?? null;
  return keys.filter(({ id, createdAt }) => !known.has(id) && (since === null || createdAt >= since));
}
