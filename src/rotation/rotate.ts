// The calls: adopt, rotate, resume, rotateIfExpiring. Each is one run: it takes the record, goes as far as it can, gives
// the record back and reports.

import { parseCredentials } from '../auth/credentials.ts';
import { RotationError } from '../errors.ts';
import { spanMs } from '../util/duration.ts';
import { checkBase, newNonce, newRecordId } from '../util/key-name.ts';
import { begin, hasten, look, plan, remaining } from './engine/begin.ts';
import { lostTo } from './engine/lost.ts';
import { advance } from './engine/machine.ts';
import {
  type AdoptOptions,
  checkLeakedSince,
  checkReason,
  type RotateIfExpiringOptions,
  type RotateOptions,
  type RunOptions,
  readDrain,
  readRunOptions,
} from './engine/options.ts';
import { type RotationReport, reportOf } from './engine/report.ts';
import { Run } from './engine/run.ts';
import { nextDays, windowMs } from './engine/schedule.ts';
import { type RotationClient, Service } from './engine/service.ts';
import { probeSinks } from './engine/sink.ts';
import type { RotationPhase, RotationRecord } from './record/record.ts';
import { Ledger, readStore, storeError } from './record/record-session.ts';

const noRecord = () =>
  new RotationError(
    'The store holds no record yet. Begin with adopt(client, { store, name, credentials }), which puts a pair that works into it.',
    { code: 'rotation_record' },
  );

/**
 * Puts a pair that works into an empty store: the first record. The key itself is left as it is; the keys that follow are
 * named after `name`.
 *
 * @throws {@link RotationError} where the store holds a record already, or the pair is refused.
 * @example
 * ```ts
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { adopt, memoryStore } from 'blazemeter-client/rotation';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference(); // without `fetch` the client talks to the service
 * const { keys } = reference.seed();
 * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * const record = await adopt(client, { store: memoryStore(), name: 'ci', credentials: keys.owner });
 * console.log(record.epoch, record.phase); // 0 idle
 * ```
 */
export async function adopt(client: RotationClient, options: AdoptOptions): Promise<RotationRecord> {
  const { store, signal } = options;
  const name = checkBase(options.name);
  const pair = parseCredentials(options.credentials);
  const { id, secret } = pair;
  if ((await readStore(store)) !== undefined)
    throw new RotationError('The store holds a record already; one record is of one key.', {
      code: 'rotation_record',
    });
  const service = new Service(client, signal);
  if ((await service.userOf(pair)) === undefined)
    throw new RotationError(`The pair of the key ${id} is refused, so it was not adopted.`, {
      code: 'rotation_signer',
    });
  const key = await service.key(pair, id);
  const record: RotationRecord = {
    version: 1,
    id: newRecordId(),
    name,
    epoch: 0,
    stamp: newNonce(),
    phase: 'idle',
    current: {
      id,
      secret,
      name: key?.name ?? null,
      createdAt: key?.createdAt ?? null,
      expiresAt: key?.expiresAt ?? null,
    },
    previous: null,
    pending: null,
    promotion: null,
    sinks: [],
    retire: [],
    lease: null,
  };
  try {
    await store.write(record, { ifMatch: null });
  } catch (error) {
    const found = await readStore(store).catch(() => undefined);
    if (found?.record.stamp !== record.stamp)
      throw error instanceof RotationError ? error : storeError('written', error);
  }
  return record;
}

/**
 * Rotates the key of a record, or first ends the rotation that is under way. The reason chooses the way; see the guide
 * in `docs/rotation.md`. Never sleeps through a drain: the report says when to run again.
 *
 * @throws {@link RotationError}, and whatever a call of the client throws. The record then holds how far it came, and
 * `resume` goes on.
 * @example
 * ```ts
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { adopt, memoryStore, rotate } from 'blazemeter-client/rotation';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference();
 * const { keys } = reference.seed();
 * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * const store = memoryStore();
 * await adopt(client, { store, name: 'ci', credentials: keys.owner });
 * const report = await rotate(client, { store, reason: 'schedule', drain: { hours: 1 } });
 * console.log(report.phase, report.epoch, report.resumeAfter); // draining 1 …
 * ```
 */
export async function rotate(client: RotationClient, options: RotateOptions): Promise<RotationReport> {
  checkReason(options.reason);
  checkLeakedSince(options.leakedSince);
  readDrain(options.drain);
  return session(client, options, (run) => rotateRun(run, options));
}

/**
 * Goes on with what the record has under way: after a crash, after a drain, after a failure. Where nothing is under way,
 * nothing is done.
 */
export function resume(client: RotationClient, options: RunOptions): Promise<RotationReport> {
  return session(client, options, async (run, dryRun) => {
    if (run.record.phase === 'idle') return 'idle';
    if (dryRun) return planned(run, remaining(run.record));
    return advance(run);
  });
}

/**
 * For a scheduled job: ends what is under way, and rotates the key if it runs out within the window.
 *
 * @throws {@link RotationError} (`rotation_window`) where the window is half of the new key's life or more.
 */
export async function rotateIfExpiring(
  client: RotationClient,
  options: RotateIfExpiringOptions,
): Promise<RotationReport> {
  if (options.within !== undefined) spanMs(options.within, 'within');
  readDrain(options.drain);
  return session(client, options, async (run, dryRun) => {
    const rotation: RotateOptions = { ...options, reason: 'expiry' };
    if (isUnderWay(run.record)) return rotateRun(run, rotation, dryRun);
    const { current } = await look(run);
    const window = windowMs(options.within, current, nextDays(options.expiresIn, current, run.maximum));
    const now = run.service.now().getTime();
    if (current.expiresAt === null || current.expiresAt.getTime() - now > window) {
      const due = current.expiresAt === null ? 'never' : new Date(current.expiresAt.getTime() - window);
      run.note(
        typeof due === 'string'
          ? `The service gives the key ${current.id} no expiry: it is never due.`
          : `The key ${current.id} is not due before ${due.toISOString()}.`,
      );
      return run.record.phase === 'idle'
        ? 'idle'
        : dryRun
          ? planned(run, remaining(run.record))
          : advance(run);
    }
    return rotateRun(run, rotation, dryRun);
  });
}

/** Whether a rotation is under way; keys that are still to be deleted do not hold up the next one. */
const isUnderWay = ({ phase }: RotationRecord): boolean => phase !== 'idle' && phase !== 'retiring';

async function rotateRun(
  run: Run,
  options: RotateOptions,
  dryRun = options.dryRun === true,
): Promise<RotationPhase> {
  const leak = options.reason === 'leak';
  const { record } = run;
  if (dryRun) {
    if (!leak && isUnderWay(record)) return planned(run, remaining(record));
    await probeSinks(run.sinks, run.service.signal);
    return planned(run, (await plan(run, await look(run), options)).words);
  }
  if (leak) {
    await hasten(run, options.leakedSince);
    if (run.record.pending !== null) return advance(run);
  } else if (record.phase !== 'idle') {
    // A run ends the one before it, or begins one.
    const stop = await advance(run);
    if (stop !== 'retiring' || isUnderWay(record)) return stop;
  }
  await begin(run, options);
  return advance(run);
}

/** A dry run ends where it began. */
function planned(run: Run, words: readonly string[]): RotationPhase {
  for (const step of words) run.did(step);
  return run.record.phase;
}

/** One run, from the record's being taken to its being given back. */
async function session(
  client: RotationClient,
  options: RunOptions,
  work: (run: Run, dryRun: boolean) => Promise<RotationPhase>,
): Promise<RotationReport> {
  const { dryRun = false, store, signal } = options;
  const { writer, ...rest } = readRunOptions(options);
  signal?.throwIfAborted();
  const ledger = await Ledger.open(store, writer);
  if (ledger === undefined) throw noRecord();
  const { epoch, phase } = ledger.record;
  const service = new Service(client, signal);
  const run = new Run({ ...rest, ledger, service, resumed: phase !== 'idle' });
  const result = () => ({
    rotated: run.record.epoch > epoch,
    dryRun,
    steps: run.steps,
    notes: run.notes,
  });
  let stop: RotationPhase;
  try {
    if (!dryRun) await ledger.take();
    stop = await work(run, dryRun);
    if (!dryRun) await ledger.release();
  } catch (error) {
    const other = dryRun || signal?.aborted === true ? undefined : await lostTo(run, error);
    if (other !== undefined && options.whenBusy === 'read') {
      run.note(other.note);
      return reportOf(other.record, other.record.phase, { ...result(), busy: other.busy }, run);
    }
    // So that the next run need not wait. If this fails too, the lease runs out by itself.
    if (!dryRun && ledger.taken) await ledger.release().catch(() => {});
    throw error;
  }
  return reportOf(run.record, stop, result(), run);
}
