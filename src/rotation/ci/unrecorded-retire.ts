// The end of a rotation without a record: older keys go when every sink has been given the one in use, readers have had
// the drain, and nobody has used the older key for a while.

import type { ApiKey } from '../../schemas/api-key.ts';
import { putToSinks, retire } from '../engine/machine.ts';
import type { Run } from '../engine/run.ts';
import { fitDrain, lifeOf } from '../engine/schedule.ts';
import { CLOCK_SLACK } from '../engine/service.ts';
import type { SinkState } from '../engine/sink.ts';
import type { RotationPhase, RotationRecord } from '../record/record.ts';
import type { Wishes } from './unrecorded-options.ts';
import { IN_HAND, issuedAt, ours, type Survey } from './unrecorded-survey.ts';

const DAY_MS = 86_400_000;

const AGAIN = 'the pair in use once more';

/** What is known of the sinks, each by its name. */
export type Told = ReadonlyMap<string, SinkState>;

/** How the older keys stand. */
export interface Settled {
  readonly phase: RotationPhase;
  /** When the next of them may go, where only time stands in the way. */
  readonly resumeAfter?: Date;
}

/** Since when a sink holds the pair of a key, as it tells; `'now'`: it does not hold it; `undefined`: it tells nothing. */
function holdsSince(state: SinkState | undefined, keyId: string, issued: number): number | 'now' | undefined {
  const told = state?.since instanceof Date ? state.since.getTime() : Number.NaN;
  const since = Number.isNaN(told) ? undefined : told;
  if (typeof state?.keyId === 'string' || state?.keyId === null)
    return state.keyId === keyId ? (since ?? issued) : 'now';
  if (since === undefined) return undefined;
  return since >= issued - CLOCK_SLACK ? since : 'now';
}

/** What the record of a run begins with: a sink that tells that it has the pair need not be given it again. */
export const holdingsOf = (
  wishes: Wishes,
  told: Told,
  keyId: string,
  issued: number,
  epoch: number,
): RotationRecord['sinks'] =>
  wishes.sinks.map(({ name }) => {
    const state = told.get(name);
    const since = holdsSince(state, keyId, issued);
    return typeof since === 'number'
      ? { name, keyId, epoch }
      : { name, keyId: state?.keyId ?? null, epoch: null };
  });

/** How long readers of an older key get from the moment at which the one in use was issued. */
export function drainOf(
  run: Run,
  wishes: Wishes,
  old: Pick<ApiKey, 'id' | 'expiresAt'>,
  issued: number,
): number {
  const { current } = run.record;
  const life = (lifeOf(current) ?? Number.POSITIVE_INFINITY) / DAY_MS;
  const held = { ...current, id: old.id, expiresAt: old.expiresAt };
  const { ms, note } = fitDrain(wishes.drainMs, held, Math.round(life * 10) / 10, issued);
  if (note !== undefined) run.note(note);
  return Math.max(ms, IN_HAND);
}

/**
 * Gives the pair in use to every sink that may lack it, and deletes the older keys whose time has come. Called only where
 * the pair in use is ours and the newest.
 */
export async function settle(run: Run, found: Survey, wishes: Wishes, told: Told): Promise<Settled> {
  const { service } = run;
  const { current } = run.record;
  const all = await putToSinks(run, AGAIN);
  const list = (keys: readonly ApiKey[]) =>
    run.ledger.save({ retire: keys.map(({ id, name }) => ({ id, name, secret: null })) });
  if (!all || found.older.length === 0) {
    await list(found.older);
    return { phase: all ? 'idle' : 'delivering' };
  }
  // Read again: what happened while the sinks were put to counts.
  const keys = await service.keys(found.signer);
  const inUse = keys.find(({ id }) => id === current.id);
  if (inUse === undefined || ours(keys, found.recordId).some((key) => isNews(key, found))) {
    run.note('Another run began meanwhile, so this one stops and deletes nothing.');
    await list(found.older);
    return { phase: 'draining' };
  }
  const issued = issuedAt(inUse, found);
  const starts = wishes.sinks.map(({ name }) => holdsSince(told.get(name), current.id, issued) ?? issued);
  const now = service.now().getTime();
  const start = Math.max(issued, ...starts.map((since) => (since === 'now' ? now : since)));
  const waiting: number[] = [];
  const ready: ApiKey[] = [];
  const left = keys.filter((key) => found.older.some(({ id }) => id === key.id));
  for (const key of left) {
    const expired = key.expiresAt !== null && key.expiresAt.getTime() <= now;
    const drain = drainOf(run, wishes, key, start);
    const until = Math.max(start, issuedAt(key, found)) + drain;
    const quiet = wishes.quietForMs ?? drain;
    const used = key.lastUsedAt?.getTime() ?? 0;
    if (expired) ready.push(key);
    else if (now < until) waiting.push(until);
    else if (used > issued && now - used < quiet) {
      waiting.push(used + quiet);
      run.stillUsed ??= { keyId: key.id, lastUsedAt: new Date(used) };
      run.note(
        `The older key ${key.id} was used on ${new Date(used).toISOString()}: somebody has not moved yet, so it was not deleted. Find them; or say quietFor, after how long without a use it may go.`,
      );
    } else ready.push(key);
  }
  if (ready.length > 0) {
    // Whatever a sink tells: it is given the pair in use before any other pair becomes worthless.
    await run.ledger.save({
      sinks: run.record.sinks.map((sink) => (told.has(sink.name) ? { ...sink, epoch: null } : sink)),
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

/** A key of ours that was not there when this run looked around. */
const isNews = (key: ApiKey, { keys }: Survey): boolean => !keys.some(({ id }) => id === key.id);
