// The end of a rotation without a record: an older key is deleted once every sink has the credentials in use, its readers
// have had the drain, and it was not used for a while.

import { sameKey } from '../../auth/credentials.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { putToSinks, retire } from '../engine/machine.ts';
import type { Run } from '../engine/run.ts';
import { DAY_MS, fitDrain, lifetimeOf, retirementOf } from '../engine/schedule.ts';
import type { RotationPhase } from '../record/record.ts';
import {
  heldSince,
  IN_HAND,
  issuedAt,
  type KeyList,
  ours,
  type SinkStates,
  usedByCreatorOnly,
} from './key-list.ts';

const AGAIN = 'the credentials in use once more';

/** Where a run without a record stops. */
export interface Outcome {
  readonly phase: RotationPhase;
  /** When the next of the older keys may be deleted, where only time stands in the way. */
  readonly resumeAfter?: Date;
}

/** How long readers of an older key get from the moment at which the one in use was issued. */
export function drainOf(run: Run, old: Pick<ApiKey, 'id' | 'expiresAt'>, issued: number): number {
  const { current } = run.record;
  const days = (lifetimeOf(current) ?? Number.POSITIVE_INFINITY) / DAY_MS;
  const { drainMs, everyMs } = run.settings;
  const { ms, note } = fitDrain(drainMs, old, { days: Math.round(days * 10) / 10, now: issued, everyMs });
  if (note !== undefined) run.note(note);
  return Math.max(ms, IN_HAND);
}

/**
 * Writes the credentials in use to every sink that may lack them, and deletes the older keys that are due. Called only
 * where the key in use is ours and the newest.
 */
export async function settle(run: Run, found: KeyList, states: SinkStates): Promise<Outcome> {
  const { service, settings } = run;
  const { current } = run.record;
  const all = await putToSinks(run, AGAIN);
  const list = (keys: readonly ApiKey[]) =>
    run.journal.save({ retire: keys.map(({ id, name }) => ({ id, name, secret: null })) });
  if (!all || found.older.length === 0) {
    await list(found.older);
    return { phase: all ? 'idle' : 'delivering' };
  }
  // Read again: what happened while the sinks were written counts.
  const keys = await service.keys(found.signer);
  const inUse = keys.find(({ id }) => id === current.id);
  if (inUse === undefined || ours(keys, found.recordId).some((key) => isNew(key, found))) {
    run.note('Another run began meanwhile, so this one stops and deletes nothing.');
    await list(found.older);
    return { phase: 'draining' };
  }
  const issued = issuedAt(inUse, found);
  const starts = settings.sinks.map(({ name }) => heldSince(states.get(name), current.id, issued) ?? issued);
  const now = service.now().getTime();
  const start = Math.max(issued, ...starts.map((since) => (since === 'now' ? now : since)));
  const waiting: number[] = [];
  const ready: ApiKey[] = [];
  const left = keys.filter((key) => found.older.some(({ id }) => id === key.id));
  for (const key of left) {
    const drain = drainOf(run, key, start);
    // A left-over key that the caller names goes at once, unless it was used by another than the run that created it.
    const named = found.newer.some(({ id }) => id === key.id) && sameKey(key.id, found.replaces ?? '');
    const leftOver = named && usedByCreatorOnly(run, key, found);
    const retirement = retirementOf(key, {
      now,
      drainUntil: leftOver ? now : Math.max(start, issuedAt(key, found)) + drain,
      replacedAt: leftOver ? now : issued,
      quietForMs: settings.quietForMs ?? drain,
    });
    if (retirement === 'due') {
      ready.push(key);
      continue;
    }
    if (retirement.until !== undefined) waiting.push(retirement.until);
    if (retirement.usedAt !== undefined) run.keepUsed(key.id, retirement.usedAt);
  }
  if (ready.length > 0) {
    // Whatever a sink reports: it gets the credentials in use before any others become worthless.
    await run.journal.save({
      sinks: run.record.sinks.map((sink) => (states.has(sink.name) ? { ...sink, epoch: null } : sink)),
    });
    if (!(await putToSinks(run, AGAIN))) {
      await list(left);
      return { phase: 'delivering' };
    }
    await list(ready);
    await retire(run);
  }
  const stuck = run.record.retire.map(({ id }) => id);
  await list(left.filter((key) => stuck.includes(key.id) || !ready.includes(key)));
  if (waiting.length > 0) return { phase: 'draining', resumeAfter: new Date(Math.min(...waiting)) };
  return { phase: stuck.length > 0 ? 'retiring' : 'idle' };
}

/** A key of ours that was created since this run read the list. */
const isNew = (key: ApiKey, { keys }: KeyList): boolean => !keys.some(({ id }) => id === key.id);
