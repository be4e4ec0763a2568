// The calls with a record: adopt, rotate, resume, rotateIfExpiring. Each is one run: it takes the record under its lease,
// goes as far as it can, gives the record back and reports.

import { RotationError } from '../errors.ts';
import { throwIfAborted } from '../util/abort.ts';
import { newNonce, newRecordId } from '../util/key-name.ts';
import { printable } from '../util/printable.ts';
import { lostTo } from './engine/busy.ts';
import { advance } from './engine/machine.ts';
import { rescued } from './engine/obtain.ts';
import type { AdoptOptions, RotateIfExpiringOptions, RotateOptions, RunOptions } from './engine/options.ts';
import { begin, escalateToLeak, fetchState, plan, remaining, type ServiceState } from './engine/plan.ts';
import { type RotationReport, reportOf } from './engine/report.ts';
import { deleteRetired, queueStrays } from './engine/retire.ts';
import { Run } from './engine/run.ts';
import { isDue, isLastChance } from './engine/schedule.ts';
import { type RotationClient, Service } from './engine/service.ts';
import { adoptSettings, type RecordSettings, recordSettings } from './engine/settings.ts';
import { probeSinks } from './engine/sink.ts';
import type { RotationPhase, RotationRecord } from './record/record.ts';
import { RecordSession, readStore, storeError, writeStore } from './record/record-session.ts';

type RecordRun = Run<RecordSession>;

/**
 * Begins a record: stores working credentials in an empty store. The key itself stays unchanged; the keys that follow are named
 * after `name`.
 *
 * @throws {@link RotationError} where the store holds a record already, or the credentials are refused.
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
  const { store, name, credentials, signal } = adoptSettings(options);
  const { id, secret } = credentials;
  if ((await readStore(store, signal)) !== undefined)
    throw new RotationError('The store holds a record already, and a record is of one key.', {
      code: 'rotation_record',
      hint: { option: 'store', text: 'Give each rotated key a store of its own.' },
    });
  const service = new Service(client, signal);
  if ((await service.userOf(credentials)) === undefined)
    throw new RotationError(`The credentials of the key ${id} are refused, so it was not adopted.`, {
      code: 'rotation_signer',
    });
  const key = await service.key(credentials, id);
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
    await writeStore(store, record, null, signal);
  } catch (error) {
    const found = await readStore(store, signal).catch(() => undefined);
    if (found?.record.stamp === record.stamp) return record;
    throwIfAborted(signal);
    throw error instanceof RotationError ? error : storeError('written', error);
  }
  return record;
}

/**
 * Rotates the key of a record, or completes the rotation that is under way. `reason` decides the strategy; see
 * `docs/rotation.md`. Never waits for the end of a drain: the report says when to run again.
 *
 * @throws {@link RotationError}, and what a call of the client throws. The record then holds the progress, and `resume`
 * continues.
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
  const settings = recordSettings('rotate', options);
  return session(client, settings, settings.everyMs === undefined ? rotateOnce : rotateIfDue);
}

/**
 * Continues the rotation that is under way: after a crash, a drain or a failure. If none is, it does nothing.
 */
export async function resume(client: RotationClient, options: RunOptions): Promise<RotationReport> {
  return session(client, recordSettings('resume', options), goOn);
}

/**
 * For a scheduled job: completes the rotation that is under way, and in the same run rotates the key if it expires within the
 * window, or before the run after next (`every`).
 *
 * @throws {@link RotationError} (`rotation_window`) where the window is half of the new key's lifetime or more, or a key that
 * lives twice as long as `every` is not allowed.
 */
export async function rotateIfExpiring(
  client: RotationClient,
  options: RotateIfExpiringOptions,
): Promise<RotationReport> {
  return session(client, recordSettings('rotateIfExpiring', options), rotateIfDue);
}

/** Whether a rotation is under way; keys that are still to be deleted do not hold up the next one. */
const isUnderWay = ({ phase }: RotationRecord): boolean => phase !== 'idle' && phase !== 'retiring';

/** Ends what is under way, and then rotates in the same run where the key is due. */
async function rotateIfDue(run: RecordRun): Promise<RotationPhase> {
  const stop = await goOn(run);
  if (isUnderWay(run.record)) {
    // A sink that fails, or a reader that stays on the old key, must not let the key in use expire.
    const held = stop === 'delivering' || (stop === 'draining' && run.stillUsed !== undefined);
    if (!held || run.settings.dryRun || !isLastChance(run, run.record.current)) return stop;
  }
  const found = await fetchState(run);
  if (!isDue(run, found.current)) return stop;
  if (run.settings.dryRun) {
    await probeSinks(run.settings.sinks, run.settings.signal, run.secrets);
    return planned(run, (await plan(run, found)).words);
  }
  return beginNext(run, found);
}

/** Begins a rotation. A key of the record that it does not know, as a late request creates one, goes first: it takes up room. */
async function beginNext(run: RecordRun, known?: ServiceState): Promise<RotationPhase> {
  const { keys } = await begin(run, known);
  if (await queueStrays(run, keys)) await deleteRetired(run);
  return advance(run);
}

/** Ends what is under way. */
async function goOn(run: RecordRun): Promise<RotationPhase> {
  if (run.record.phase === 'idle') return 'idle';
  return run.settings.dryRun ? planned(run, remaining(run.record)) : advance(run);
}

/** Ends what is under way, and then rotates. A leak waits for nothing: it takes over what is under way. */
async function rotateOnce(run: RecordRun): Promise<RotationPhase> {
  const { record, settings } = run;
  const leak = settings.reason === 'leak';
  if (settings.dryRun) {
    if (!leak && isUnderWay(record)) return planned(run, remaining(record));
    await probeSinks(settings.sinks, settings.signal, run.secrets);
    return planned(run, (await plan(run, await fetchState(run))).words);
  }
  if (leak) {
    await escalateToLeak(run);
    if (run.record.pending !== null) return advance(run);
  } else if (record.phase !== 'idle') {
    // A run ends the rotation before it, or begins one.
    const stop = await advance(run);
    if (stop !== 'retiring' || isUnderWay(record)) return stop;
  }
  return beginNext(run);
}

/** A dry run ends in the phase in which it began. */
function planned(run: RecordRun, words: readonly string[]): RotationPhase {
  for (const step of words) run.did(step);
  return run.record.phase;
}

/**
 * Notes the names in `dropSinks` that drop nothing, and those of sinks that were given. They are no errors: an option that stays
 * set must not fail a later run.
 */
function noteDropped(run: RecordRun): void {
  const { record, settings } = run;
  const known = record.sinks.map(({ name }) => name);
  const given = settings.sinks.map(({ name }) => name);
  const shown = (names: readonly string[]) => names.map((name) => printable(name)).join(', ') || 'none';
  const both = settings.dropSinks.filter((name) => given.includes(name));
  if (both.length > 0)
    run.note(
      `These sinks were given, but get no credentials, because they are to be dropped: ${shown(both)}.`,
    );
  const unknown = settings.dropSinks.filter((name) => ![...known, ...given].includes(name));
  if (unknown.length > 0)
    run.note(
      `No sink on record is called ${shown(unknown)}: it was dropped before, or its name is misspelt. On record: ${shown(known)}.`,
    );
}

/** One run, from taking the record to giving it back. */
async function session(
  client: RotationClient,
  settings: RecordSettings,
  work: (run: RecordRun) => Promise<RotationPhase>,
): Promise<RotationReport> {
  const { dryRun, signal, store, whenBusy, writer } = settings;
  throwIfAborted(signal);
  const journal = await RecordSession.open(store, writer, signal);
  if (journal === undefined)
    throw new RotationError('The store holds no record yet.', {
      code: 'rotation_record',
      hint: {
        method: 'adopt',
        text: 'Begin with adopt(client, { store, name, credentials }), which stores credentials that work.',
      },
    });
  const { epoch, phase } = journal.record;
  const run: RecordRun = new Run(journal, new Service(client, signal), settings, phase !== 'idle');
  const rotated = () => run.record.epoch > epoch;
  noteDropped(run);
  try {
    if (!dryRun) await journal.take();
    const stop = await work(run);
    if (!dryRun) await journal.release();
    return reportOf(run, stop, rotated());
  } catch (error) {
    const other = dryRun || signal?.aborted === true ? undefined : await lostTo(run, error);
    if (other !== undefined && whenBusy === 'read') {
      run.note(other.note);
      return reportOf(run, other.record.phase, rotated(), other);
    }
    // So that the next run need not wait. If this fails too, the lease expires.
    if (!dryRun && journal.taken) await journal.release().catch(() => {});
    const { pending, current } = run.record;
    const obtained = pending?.key ?? (rotated() ? current : undefined);
    throw (obtained && rescued(obtained, error)) ?? error;
  }
}
