// What a run tells: how far the rotation is, what was done, and what somebody has to look at.

import type { ApiKey } from '../../schemas/api-key.ts';
import type { RotationPhase, RotationRecord } from '../record/record.ts';
import type { Run } from './run.ts';

/** The outcome of a run. It holds no secret. */
export interface RotationReport {
  /**
   * - `idle`: all is done, or nothing was to be done.
   * - `draining`: the new pair is in use, and the old key goes after `resumeAfter`.
   * - `delivering`: the new pair is in use, and a sink has not acknowledged it.
   * - `retiring`: a key could not be deleted yet.
   * - any other: a rotation is under way, and this was a dry run, or somebody else works on it (`busy`).
   */
  readonly phase: RotationPhase;
  /** Whether this run promoted a new pair. */
  readonly rotated: boolean;
  /** Whether this was a dry run: `steps` then says what would be done. */
  readonly dryRun: boolean;
  readonly recordId: string;
  readonly epoch: number;
  /** The key in use. */
  readonly keyId: string;
  readonly expiresAt: Date | null;
  /** When to run again, where something is left to do. */
  readonly resumeAfter: Date | null;
  /** What was done, or would be. */
  readonly steps: readonly string[];
  /** What you should know. */
  readonly notes: readonly string[];
  readonly sinks: readonly {
    readonly name: string;
    /** The key that it holds, as far as it has acknowledged one. */
    readonly keyId: string | null;
    readonly acknowledged: boolean;
    readonly problem?: string;
  }[];
  /** Keys that are still to be deleted. */
  readonly retire: readonly { readonly id: string; readonly problem?: string }[];
  /**
   * With `whenBusy: 'read'`: who works on the record in place of this run, and until when at the latest. Both `null`:
   * somebody has taken the record over, and given it back already.
   */
  readonly busy?: { readonly owner: string | null; readonly until: Date | null };
  /** An old key that is not deleted because somebody uses it. */
  readonly stillUsed?: { readonly keyId: string; readonly lastUsedAt: Date };
  /** After a leak: other keys of the user that were made since. Look at each of them. */
  readonly madeSinceLeak?: readonly ApiKey[];
}

/** How long to wait where only a failure stands in the way, in milliseconds. */
const SOON = 5 * 60_000;

/** The part of a report that the record alone tells. */
export function reportOf(
  record: RotationRecord,
  phase: RotationReport['phase'],
  rest: Pick<RotationReport, 'rotated' | 'dryRun' | 'steps' | 'notes' | 'busy'>,
  run?: Run,
): RotationReport {
  const { id, epoch, current, promotion } = record;
  const soon = new Date((run?.service.now().getTime() ?? Date.now()) + SOON);
  const drainUntil = promotion?.drainUntil ?? null;
  const busyUntil = rest.busy?.until ?? null;
  const resumeAfter =
    busyUntil !== null && busyUntil > soon
      ? busyUntil
      : phase === 'idle'
        ? null
        : phase === 'draining' && drainUntil !== null && !run?.stillUsed
          ? drainUntil
          : soon;
  const problemOf = (map: ReadonlyMap<string, string> | undefined, key: string) => {
    const problem = map?.get(key);
    return problem === undefined ? {} : { problem };
  };
  return {
    phase,
    ...rest,
    recordId: id,
    epoch,
    keyId: current.id,
    expiresAt: current.expiresAt,
    resumeAfter,
    sinks: record.sinks.map(({ name, keyId, epoch: held }) => ({
      name,
      keyId,
      acknowledged: held === epoch,
      ...problemOf(run?.sinkProblems, name),
    })),
    retire: record.retire.map((key) => ({ id: key.id, ...problemOf(run?.retireProblems, key.id) })),
    ...(run?.stillUsed === undefined ? {} : { stillUsed: run.stillUsed }),
    ...(run?.madeSinceLeak === undefined ? {} : { madeSinceLeak: run.madeSinceLeak }),
  };
}
