// The state machine: from the phase that the journal is in, one transition after the other, each saved before the next. It
// never waits for the end of a drain: it stops there, and the next run goes on.
//
//   creating or regenerating → testing → delivering → draining → retiring → idle
//
// Rotations with and without a record take the same transitions. The steps of the latter differ (ci/steps.ts), because without
// a store only the key list and the sinks show what was done.

import { RotationError } from '../../errors.ts';
import { throwIfAborted } from '../../util/abort.ts';
import { printable } from '../../util/printable.ts';
import type { HeldKey, PendingKey, Promotion, RotationPhase, SinkHolding } from '../record/record.ts';
import { obtain, SETTLED_MS, test } from './obtain.ts';
import { anotherKey } from './plan.ts';
import { regenerate } from './regenerate.ts';
import { closeLeak, retire, toRetiringKey } from './retire.ts';
import type { Run } from './run.ts';
import { DAY_MS, fitDrain, retirementOf } from './schedule.ts';
import type { KeyCredentials } from './service.ts';
import { putToSink } from './sink.ts';

/** The service tells times in whole seconds, so two readings of its clock may differ by one. */
const SECOND_MS = 1_000;

/** A run gives up after this many new keys that did not work. */
const MAX_DISCARDED = 3;

/** What a run does in each phase. All but the first return whether it goes on. */
export interface Steps {
  prepare(run: Run, pending: PendingKey): Promise<void>;
  deliver(run: Run): Promise<boolean>;
  drain(run: Run): Promise<boolean>;
  retire(run: Run): Promise<boolean>;
}

/** Goes on until nothing more can be done now. Returns the phase in which it stops. */
export async function advance(run: Run, steps: Steps = WITH_RECORD): Promise<RotationPhase> {
  for (let goesOn = true; goesOn; ) {
    const { phase, pending } = run.record;
    if (pending !== null) await steps.prepare(run, pending);
    else if (phase === 'delivering') goesOn = await steps.deliver(run);
    else if (phase === 'draining') goesOn = await steps.drain(run);
    else if (phase === 'retiring') goesOn = await steps.retire(run);
    else goesOn = false;
  }
  return run.record.phase;
}

/** One transition towards a promoted key. */
export async function prepare(run: Run, pending: PendingKey): Promise<void> {
  throwIfAborted(run.service.signal);
  if (run.record.phase === 'testing' && pending.key !== null) await testAndPromote(run, pending, pending.key);
  else await obtain(run, pending);
}

/** Tests the pending credentials, and makes them the current ones. */
async function testAndPromote(run: Run, pending: PendingKey, key: HeldKey): Promise<void> {
  const { current, previous, sinks, retire: waiting } = run.record;
  const outcome = await test(run, pending, key);
  if (outcome !== 'works') {
    run.discarded += 1;
    // A service that reports one id and accepts another would make this run create keys without end.
    if (run.discarded === MAX_DISCARDED)
      throw new RotationError(
        `The new key ${key.id} ${outcome === 'gone' ? 'does not exist' : 'is refused'}, as those that this run created before it, so no other one is created. Look in the list of keys whether something deletes them, or whether the service states other ids there.`,
        {
          code: 'rotation_untested',
          hint: { method: 'resume', text: 'Then run resume.' },
        },
      );
    run.note(
      outcome === 'gone'
        ? `The new key ${key.id} was deleted before it was promoted: another one is created.`
        : `The new key ${key.id} is refused although it was created long ago: another one is created, and this one will be deleted.`,
    );
    await run.journal.save({
      phase: 'creating',
      pending: anotherKey(run, pending),
      retire: outcome === 'gone' ? waiting : [...waiting, toRetiringKey(key)],
    });
    return;
  }
  const { strategy, reason, drainMs, leakedSince, epoch } = pending;
  const twoKeys = strategy === 'create';
  // A leaked key gets no drain: it goes at once, before anything else.
  const drains = twoKeys && reason !== 'leak';
  // The drain that a leak has interrupted is over.
  const toDelete = previous === null ? waiting : [...waiting, toRetiringKey(previous)];
  await run.journal.save({
    phase: 'delivering',
    epoch,
    current: key,
    previous: drains ? current : null,
    retire: twoKeys && !drains ? [...toDelete, toRetiringKey(current)] : toDelete,
    pending: null,
    promotion: { reason, promotedAt: run.service.now(), drainMs, drainUntil: null, leakedSince },
    sinks,
  });
  run.did(`promoted the key ${key.id} to epoch ${epoch}`);
}

/**
 * Writes the current credentials to every sink that has not acknowledged them; with `leads`, stops if the first one fails.
 * Returns whether all have them.
 */
export async function putToSinks(
  run: Run,
  what = 'the new credentials',
  { leads = false }: { readonly leads?: boolean } = {},
): Promise<boolean> {
  const { service, journal, settings } = run;
  const { current, epoch, id: recordId } = run.record;
  const { secret, expiresAt } = current;
  const remaining = run.record.sinks.filter(({ name }) => !settings.dropSinks.includes(name));
  const acknowledged = (holding: SinkHolding) => holding.epoch === epoch;
  for (const { name } of remaining.filter((holding) => !acknowledged(holding))) {
    const sink = settings.sinks.find((one) => one.name === name);
    await journal.hold();
    const problem =
      sink === undefined
        ? 'it was not given to this run: give it, or drop it (dropSinks) if it no longer exists'
        : await putToSink(
            sink,
            { id: current.id, secret, expiresAt, recordId, epoch },
            service.signal,
            run.secrets,
          );
    if (problem !== undefined) {
      run.sinkProblems.set(name, problem);
      if (leads && name === remaining[0]?.name) break;
      continue;
    }
    const at = remaining.findIndex((holding) => holding.name === name);
    remaining[at] = { name, keyId: current.id, epoch };
    await journal.save({ sinks: [...remaining] });
    run.did(`wrote ${what} to ${name}`);
  }
  return remaining.every(acknowledged);
}

/** Writes to the sinks, and begins the drain. Returns whether all sinks have the credentials. */
async function deliver(run: Run): Promise<boolean> {
  throwIfAborted(run.service.signal);
  const { promotion, previous, current } = run.record;
  if (promotion?.reason === 'leak') await closeLeak(run);
  const all = await putToSinks(run);
  if (!all) {
    const names = [...run.sinkProblems.keys()].map((name) => printable(name)).join(', ');
    run.note(
      promotion?.reason === 'leak'
        ? `A leak cannot wait: what these sinks hold is worthless, until a run gives them the new credentials: ${names}.`
        : `The old key is not deleted before these sinks have the new credentials: ${names}.`,
    );
    return false;
  }
  const sinks = run.record.sinks.filter(({ name }) => !run.settings.dropSinks.includes(name));
  if (promotion === null || previous === null) {
    await run.journal.save({ phase: 'retiring', sinks });
    return true;
  }
  // A response of this run has shown the server's clock then, by which the drain is counted.
  await run.signer();
  // By a `Date` that is behind, it would be over too early; the service itself has dated the new key.
  const now = new Date(Math.max(run.service.now().getTime(), current.createdAt?.getTime() ?? 0));
  const newDays =
    current.expiresAt === null
      ? Number.POSITIVE_INFINITY
      : (current.expiresAt.getTime() - promotion.promotedAt.getTime()) / DAY_MS;
  const days = Math.round(newDays * 10) / 10;
  const { everyMs } = run.settings;
  const { ms, note } = fitDrain(promotion.drainMs, previous, { days, now: now.getTime(), everyMs });
  if (note !== undefined) run.note(note);
  // Readers of a sink see the new credentials only now, so the drain begins now.
  const drainUntil = new Date(now.getTime() + ms);
  await run.journal.save({ phase: 'draining', sinks, promotion: { ...promotion, drainUntil } });
  return true;
}

/** Waits for the end of the drain. Returns whether the run goes on: to delete the old key, or to deliver a secret that was issued again. */
async function drain(run: Run): Promise<boolean> {
  throwIfAborted(run.service.signal);
  const { current, previous, promotion, retire: waiting } = run.record;
  if (previous === null || promotion?.drainUntil == null) {
    await run.journal.save({ phase: 'retiring' });
    return true;
  }
  const signer = await run.signer();
  const now = run.service.now();
  const drainUntil = promotion.drainUntil.getTime() - SECOND_MS;
  const over = now.getTime() >= drainUntil;
  const settled = now.getTime() - promotion.promotedAt.getTime() > SETTLED_MS;
  if (signer.id !== current.id && (over || settled)) return reissueSecret(run, signer, promotion);
  if (!over) return false;
  const certainNow = await run.certainNow(signer);
  if (certainNow < drainUntil) return false;
  const { lastUsedAt = null } = (await run.service.key(signer, previous.id)) ?? {};
  const { quietForMs, everyMs } = run.settings;
  const retirement = retirementOf(
    { expiresAt: previous.expiresAt, lastUsedAt },
    {
      now: certainNow,
      drainUntil,
      replacedAt: promotion.promotedAt.getTime() + SECOND_MS,
      // A schedule runs unattended: a key that no reader has used for a whole drain is no longer in use.
      quietForMs: quietForMs ?? (everyMs === undefined ? undefined : promotion.drainMs),
    },
  );
  if (retirement !== 'due') {
    if (retirement.usedAt !== undefined) run.keepUsed(previous.id, retirement.usedAt);
    return false;
  }
  await run.journal.save({
    phase: 'retiring',
    previous: null,
    retire: [...waiting, toRetiringKey(previous)],
  });
  return true;
}

/**
 * The current credentials are refused after they were promoted: a regenerate that was sent before, and arrived late, has
 * replaced the secret. The old key still works, so it signs a new regenerate, whose secret is known. Its drain then starts over.
 */
async function reissueSecret(run: Run, signer: KeyCredentials, promotion: Promotion): Promise<boolean> {
  const { service, journal } = run;
  const { testWithinMs } = run.settings.timing;
  const { current, previous, epoch } = run.record;
  if ((await service.key(signer, current.id)) === undefined) {
    run.note(
      `The key ${current.id} was deleted, so the old key ${previous?.id}, which is in use in its place, was not deleted. Rotate with the reason leak, or adopt that key into an empty store.`,
    );
    return false;
  }
  if ((await service.accepted(current, testWithinMs)) !== undefined) return true;
  const key = await regenerate(run, current, signer);
  if ((await service.accepted(key, testWithinMs)) === undefined)
    throw new RotationError(
      `The new secret of the key ${key.id} was not accepted in time. The key before it still works.`,
      { code: 'rotation_untested', hint: { method: 'resume', text: 'Run resume to try again.' } },
    );
  await journal.save({
    phase: 'delivering',
    epoch: epoch + 1,
    current: key,
    promotion: { ...promotion, promotedAt: service.now(), drainUntil: null },
  });
  run.note(
    `The key ${key.id} was refused although it had been promoted: its secret had been replaced. It got a new one.`,
  );
  run.did(`promoted the new secret of the key ${key.id} to epoch ${epoch + 1}`);
  return true;
}

const WITH_RECORD: Steps = { prepare, deliver, drain, retire };
