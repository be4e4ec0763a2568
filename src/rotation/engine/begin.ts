// The beginning of a rotation: what is proven and read before anything is changed, and the plan that is written down.

import { RotationError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { shownSpan } from '../../util/duration.ts';
import { newNonce } from '../../util/key-name.ts';
import type { HeldKey, PendingKey, RotationRecord, SinkHolding } from '../record/record.ts';
import { renamed } from './machine.ts';
import { proveRecovery } from './obtain.ts';
import type { RotateOptions } from './options.ts';
import { readDrain } from './options.ts';
import type { Run } from './run.ts';
import { fitDrain, nextDays } from './schedule.ts';
import { type Pair, refuseOldRecord } from './service.ts';
import { probeSinks } from './sink.ts';

/** What the preflight found. */
export interface Found {
  readonly signer: Pair;
  readonly keys: readonly ApiKey[];
  /** The current key with the expiry that the service gives it by now. */
  readonly current: HeldKey;
}

/** Reads what a plan is made from. Changes nothing. */
export async function look(run: Run): Promise<Found> {
  const { service, record } = run;
  const signer = await run.signer();
  run.maximum = await service.maximum(signer);
  const keys = await service.keys(signer);
  refuseOldRecord(keys, record);
  const seen = keys.find(({ id }) => id === record.current.id);
  const { createdAt, expiresAt } = seen ?? record.current;
  return { signer, keys, current: { ...record.current, createdAt, expiresAt } };
}

/** The plan of a rotation from here, in the record's own terms, and in words. */
export interface Plan {
  readonly pending: PendingKey;
  readonly sinks: readonly SinkHolding[];
  readonly words: readonly string[];
}

/** Makes the plan, and refuses one that cannot work. Changes nothing. */
export async function plan(run: Run, found: Found, options: RotateOptions): Promise<Plan> {
  const { record, recovery, service } = run;
  const { current } = found;
  const { reason, allowSelf = false } = options;
  const leak = reason === 'leak';
  const days = nextDays(options.expiresIn, current, run.maximum);
  if (leak && recovery !== undefined) await proveRecovery(run, recovery);
  const way = leak && (recovery !== undefined || allowSelf) ? 'regenerate' : 'create';
  const signer = way === 'create' ? 'current' : recovery !== undefined ? 'recovery' : 'self';
  const now = service.now();
  if (way === 'regenerate' && current.expiresAt !== null && current.expiresAt <= now)
    throw new RotationError(
      `The key ${current.id} ran out on ${current.expiresAt.toISOString()}: it is worthless already, and a new secret would not renew it. Rotate for the reason expiry.`,
      { code: 'rotation_window' },
    );
  const drain = fitDrain(readDrain(options.drain), current, days, now.getTime());
  if (drain.note !== undefined && !leak) run.note(drain.note);
  const made = { nonce: newNonce(), epoch: record.epoch + 1 };
  const pending: PendingKey = {
    ...made,
    way,
    signer,
    reason,
    name: renamed(record, made),
    preparedAt: now,
    days,
    drainMs: leak ? 0 : readDrain(options.drain),
    leakedSince: leak ? (options.leakedSince ?? current.createdAt) : null,
    key: null,
  };
  const sinks = run.sinks.map(
    ({ name }) => record.sinks.find((holding) => holding.name === name) ?? { name, keyId: null, epoch: null },
  );
  const words = [
    way === 'create'
      ? `make the key ${pending.name} for ${days} days, signed by ${found.signer.id}`
      : `give the key ${current.id} a new secret, signed by ${signer === 'self' ? 'itself' : `the recovery key ${recovery?.id}`}`,
    'see the new pair work',
    `promote it to epoch ${pending.epoch}`,
    ...(leak && way === 'create' ? [`delete the leaked key ${current.id} at once`] : []),
    ...sinks.map(({ name }) => `give the new pair to ${name}`),
    ...(leak ? [] : [`delete the old key ${current.id} after a drain of ${shownSpan(drain.ms)}`]),
  ];
  return { pending, sinks, words };
}

/** The preflight, and then the plan on record. From here on a run that dies is resumed. */
export async function begin(run: Run, options: RotateOptions): Promise<void> {
  await probeSinks(run.sinks, run.service.signal);
  const found = await look(run);
  const { pending, sinks } = await plan(run, found, options);
  const { phase, promotion } = run.record;
  // Only a leak begins in here: should the service refuse, what was under way goes on.
  const interrupted = phase === 'delivering' || phase === 'draining';
  await run.ledger.save({
    phase: pending.way === 'create' ? 'creating' : 'regenerating',
    current: found.current,
    pending,
    promotion: interrupted ? promotion : null,
    sinks,
  });
}

/** A leak stands back for nothing: a key that is being made is turned into its answer. A drain ends with the promotion. */
export async function hasten(run: Run, leakedSince: Date | undefined): Promise<void> {
  const { pending, current } = run.record;
  if (pending === null || pending.reason === 'leak') return;
  await run.ledger.save({
    pending: { ...pending, reason: 'leak', drainMs: 0, leakedSince: leakedSince ?? current.createdAt },
  });
}

/** What `resume` would do from this phase, in words. */
export function remaining(record: RotationRecord): string[] {
  const { phase, pending, current, previous, promotion } = record;
  const steps: string[] = [];
  if (phase === 'creating' && pending !== null)
    steps.push(`make the key ${pending.name}, or find it if it was made already`);
  if (phase === 'regenerating') steps.push(`give the key ${current.id} a new secret`);
  if (pending !== null) steps.push('see the new pair work', `promote it to epoch ${pending.epoch}`);
  const due = record.sinks.filter(({ epoch }) => epoch !== (pending?.epoch ?? record.epoch));
  if (phase !== 'idle' && phase !== 'draining' && phase !== 'retiring')
    for (const { name } of due) steps.push(`give the new pair to ${name}`);
  const old = pending?.way === 'create' ? current : previous;
  if (old !== null && phase !== 'idle')
    steps.push(
      pending !== null || promotion?.drainUntil == null
        ? `delete the old key ${old.id} after the drain`
        : `delete the old key ${old.id}, not before ${promotion.drainUntil.toISOString()}`,
    );
  for (const { id } of record.retire) steps.push(`delete the key ${id}`);
  return steps;
}
