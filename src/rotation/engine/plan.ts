// The plan of a rotation: what is read and checked before anything is changed, and the pending key that is noted first.

import { RotationError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { describeDuration } from '../../util/duration.ts';
import { keyName, newKeyNonce } from '../../util/key-name.ts';
import type { HeldKey, PendingKey, RotationRecord, SinkHolding } from '../record/record.ts';
import { proveRecovery } from './regenerate.ts';
import type { Run } from './run.ts';
import { fitDrain, nextDays } from './schedule.ts';
import { type KeyCredentials, refuseOldRecord } from './service.ts';
import { probeSinks } from './sink.ts';

/** What a plan is made from. */
export interface ServiceState {
  readonly signer: KeyCredentials;
  readonly keys: readonly ApiKey[];
  /** The current key, with its dates as the service has them now. */
  readonly current: HeldKey;
}

/** Reads what a plan is made from. */
export async function fetchState(run: Run): Promise<ServiceState> {
  const { service, record } = run;
  const signer = await run.signer();
  run.maximum = await service.maximum(signer);
  const keys = await service.keys(signer);
  refuseOldRecord(keys, record);
  const seen = keys.find(({ id }) => id === record.current.id);
  const { createdAt, expiresAt } = seen ?? record.current;
  return { signer, keys, current: { ...record.current, createdAt, expiresAt } };
}

/** What is to be done: for the journal, and in words. */
export interface Plan {
  readonly pending: PendingKey;
  readonly sinks: readonly SinkHolding[];
  readonly words: readonly string[];
}

/** A key to be created, or regenerated, as the settings of the run want it. */
export function pendingKey(
  { record, service, settings }: Run,
  {
    current,
    ...key
  }: Pick<PendingKey, 'strategy' | 'signer' | 'days' | 'epoch'> & { readonly current: HeldKey },
): PendingKey {
  const leak = settings.reason === 'leak';
  return {
    ...key,
    ...freshName(record, key.epoch),
    reason: settings.reason,
    preparedAt: service.now(),
    drainMs: leak ? 0 : settings.drainMs,
    leakedSince: leak ? (settings.leakedSince ?? current.createdAt) : null,
    key: null,
  };
}

/** The same plan for another key. */
export function anotherKey(
  { record, service }: Run,
  pending: PendingKey,
  epoch: number = pending.epoch,
): PendingKey {
  return { ...pending, ...freshName(record, epoch), epoch, preparedAt: service.now(), key: null };
}

function freshName({ id: recordId, name: base }: RotationRecord, epoch: number) {
  const nonce = newKeyNonce();
  return { nonce, name: keyName(base, { recordId, epoch, nonce }) };
}

/** Plans a rotation with a record, and refuses what cannot work. Changes nothing. */
export async function plan(run: Run, found: ServiceState): Promise<Plan> {
  const { record, service, settings } = run;
  const { current } = found;
  const { allowSelf, reason, recovery } = settings;
  const leak = reason === 'leak';
  const days = nextDays(run, current);
  if (leak && recovery !== undefined) await proveRecovery(run, recovery);
  const strategy = leak && (recovery !== undefined || allowSelf) ? 'regenerate' : 'create';
  const signer = strategy === 'create' ? 'current' : recovery !== undefined ? 'recovery' : 'self';
  const now = service.now();
  if (strategy === 'regenerate' && current.expiresAt !== null && current.expiresAt <= now)
    throw new RotationError(
      `The key ${current.id} expired on ${current.expiresAt.toISOString()}: it is worthless already, and a new secret would not renew it.`,
      { code: 'rotation_window', hint: { option: 'reason', text: "Rotate with reason: 'expiry'." } },
    );
  const { drainMs, everyMs } = settings;
  const drain = fitDrain(drainMs, current, { days, now: now.getTime(), everyMs });
  if (drain.note !== undefined && !leak) run.note(drain.note);
  const pending = pendingKey(run, { strategy, signer, days, current, epoch: record.epoch + 1 });
  // A sink is remembered until it is dropped: it may hold the key that is replaced.
  const known = new Map(record.sinks.map((holding) => [holding.name, holding]));
  for (const { name } of settings.sinks)
    if (!known.has(name)) known.set(name, { name, keyId: null, epoch: null });
  const sinks = [...known.values()].filter(({ name }) => !settings.dropSinks.includes(name));
  const words = [
    strategy === 'create'
      ? `create the key ${pending.name} for ${days} days, signed by ${found.signer.id}`
      : `regenerate the secret of the key ${current.id}, signed by ${signer === 'self' ? 'itself' : `the recovery key ${recovery?.id}`}`,
    'test the new credentials',
    `promote it to epoch ${pending.epoch}`,
    ...(leak && strategy === 'create' ? [`delete the leaked key ${current.id} at once`] : []),
    ...sinks.map(({ name }) => `write the new credentials to ${name}`),
    ...(leak ? [] : [`delete the old key ${current.id} after a drain of ${describeDuration(drain.ms)}`]),
  ];
  return { pending, sinks, words };
}

/** Checks, and then notes the plan in the record. From here on a run that dies is resumed. */
export async function begin(run: Run, known?: ServiceState): Promise<ServiceState> {
  await probeSinks(run.settings.sinks, run.service.signal, run.secrets);
  const found = known ?? (await fetchState(run));
  const { pending, sinks } = await plan(run, found);
  const { phase, promotion } = run.record;
  // After a leak, or where the key in use is about to expire, these phases do not end first: if the service refuses, they go on.
  const interrupted = phase === 'delivering' || phase === 'draining';
  await run.journal.save({
    phase: pending.strategy === 'create' ? 'creating' : 'regenerating',
    current: found.current,
    pending,
    promotion: interrupted ? promotion : null,
    sinks,
  });
  return found;
}

/** After a leak: a rotation that is under way goes on as the response to the leak, without a drain. */
export async function escalateToLeak(run: Run): Promise<void> {
  const { pending, current } = run.record;
  if (pending === null || pending.reason === 'leak') return;
  await run.journal.save({
    pending: {
      ...pending,
      reason: 'leak',
      drainMs: 0,
      leakedSince: run.settings.leakedSince ?? current.createdAt,
    },
  });
}

/** What `resume` would do from this phase, in words. */
export function remaining(record: RotationRecord): string[] {
  const { phase, pending, current, previous, promotion } = record;
  const steps: string[] = [];
  if (phase === 'creating' && pending !== null)
    steps.push(`create the key ${pending.name}, or find it if it was created already`);
  if (phase === 'regenerating') steps.push(`regenerate the secret of the key ${current.id}`);
  if (pending !== null) steps.push('test the new credentials', `promote it to epoch ${pending.epoch}`);
  const due = record.sinks.filter(({ epoch }) => epoch !== (pending?.epoch ?? record.epoch));
  if (phase !== 'idle' && phase !== 'draining' && phase !== 'retiring')
    for (const { name } of due) steps.push(`write the new credentials to ${name}`);
  const old = pending?.strategy === 'create' ? current : previous;
  if (old !== null && phase !== 'idle')
    steps.push(
      pending !== null || promotion?.drainUntil == null
        ? `delete the old key ${old.id} after the drain`
        : `delete the old key ${old.id}, not before ${promotion.drainUntil.toISOString()}`,
    );
  for (const { id } of record.retire) steps.push(`delete the key ${id}`);
  return steps;
}
