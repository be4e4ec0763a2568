// What a run reports: how far the rotation is, what was done, and what needs attention.

import type { ApiKey } from '../../schemas/api-key.ts';
import type { RotationPhase, RotationRecord } from '../record/record.ts';
import type { Run } from './run.ts';

/** The outcome of a run. It holds no secret. */
export interface RotationReport {
  /**
   * - `idle`: the rotation is complete, or none was due.
   * - `draining`: the new credentials are in use, and the old key is deleted after `resumeAfter`.
   * - `delivering`: the new credentials are in use, and a sink has not acknowledged them.
   * - `retiring`: a key could not be deleted yet.
   * - any other: a rotation is under way, and this was a dry run, or another run works on it (`busy`).
   */
  readonly phase: RotationPhase;
  /** Whether this run promoted new credentials. */
  readonly rotated: boolean;
  /** Whether this was a dry run: `steps` then lists what would be done. */
  readonly dryRun: boolean;
  readonly recordId: string;
  readonly epoch: number;
  /** The key in use. */
  readonly keyId: string;
  readonly expiresAt: Date | null;
  /** When to run again, where something is left to do. */
  readonly resumeAfter: Date | null;
  /** What the run did, or with `dryRun` would do. */
  readonly steps: readonly string[];
  /** Remarks, such as when the key will be due. */
  readonly notes: readonly string[];
  readonly sinks: readonly {
    readonly name: string;
    /** The key that it has acknowledged last; `null`: none. */
    readonly keyId: string | null;
    readonly acknowledged: boolean;
    readonly problem?: string;
  }[];
  /** Keys that are still to be deleted. */
  readonly retire: readonly { readonly id: string; readonly problem?: string }[];
  /**
   * With `whenBusy: 'read'`: which run works on the record instead, and until when at the latest. Both `null`: another run has
   * taken the record over and released it already.
   */
  readonly busy?: { readonly owner: string | null; readonly until: Date | null };
  /** An old key that was not deleted because it is still in use. */
  readonly stillUsed?: { readonly keyId: string; readonly lastUsedAt: Date };
  /** After a leak: other keys of the user that were created since. Look at each of them. */
  readonly madeSinceLeak?: readonly ApiKey[];
}

/** How long to wait where only a failure stands in the way, in milliseconds. */
const SOON = 5 * 60_000;

/** The outcome of a rotation without a record. It holds no secret. */
export interface UnrecordedReport extends RotationReport {
  /**
   * The key of the credentials that the run was given. Where `rotated` is false and this is not `keyId`, the run was given
   * older credentials than the sinks hold, as a job is that was queued before a rotation: it has changed nothing.
   */
  readonly givenKeyId: string;
}

/** The report of a run; of another run's record where that has taken over. */
export function reportOf(
  run: Run,
  phase: RotationReport['phase'],
  rotated: boolean,
  {
    record = run.record,
    busy,
  }: { readonly record?: RotationRecord; readonly busy?: RotationReport['busy'] } = {},
): RotationReport {
  const { id, epoch, current, promotion } = record;
  const soon = new Date(run.service.now().getTime() + SOON);
  const drainUntil = promotion?.drainUntil ?? null;
  const busyUntil = busy?.until ?? null;
  const resumeAfter =
    busyUntil !== null && busyUntil > soon
      ? busyUntil
      : phase === 'idle'
        ? null
        : phase === 'draining' && drainUntil !== null && !run.stillUsed
          ? drainUntil
          : soon;
  const problemOf = (map: ReadonlyMap<string, string>, key: string) => {
    const problem = map.get(key);
    return problem === undefined ? {} : { problem };
  };
  return {
    phase,
    rotated,
    dryRun: run.settings.dryRun,
    steps: run.steps,
    notes: run.notes,
    ...(busy === undefined ? {} : { busy }),
    recordId: id,
    epoch,
    keyId: current.id,
    expiresAt: current.expiresAt,
    resumeAfter,
    sinks: record.sinks.map(({ name, keyId, epoch: held }) => ({
      name,
      keyId,
      acknowledged: held === epoch,
      ...problemOf(run.sinkProblems, name),
    })),
    retire: record.retire.map((key) => ({ id: key.id, ...problemOf(run.retireProblems, key.id) })),
    ...(run.stillUsed === undefined ? {} : { stillUsed: run.stillUsed }),
    ...(run.madeSinceLeak === undefined ? {} : { madeSinceLeak: run.madeSinceLeak }),
  };
}
