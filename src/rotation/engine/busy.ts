// A run that finds another one at work on its record, or is overtaken by one: which one, and whether the error that this run
// ends with still matters.

import { isBlazeMeterError, RotationError, SecretLostError, UndeliveredSecretError } from '../../errors.ts';
import { printable } from '../../util/printable.ts';
import type { RotationRecord } from '../record/record.ts';
import type { RecordSession } from '../record/record-session.ts';
import type { RotationReport } from './report.ts';
import type { Run } from './run.ts';

/** Another run has the record. */
export interface OtherRun {
  readonly record: RotationRecord;
  readonly busy: NonNullable<RotationReport['busy']>;
  readonly note: string;
}

/** Which run has the record in place of this one; `undefined` where none has, or where the error matters in any case. */
export async function lostTo(run: Run<RecordSession>, error: unknown): Promise<OtherRun | undefined> {
  if (!isBlazeMeterError(error) || holdsTheOnlySecret(run, error)) return undefined;
  if (error instanceof RotationError && error.code === 'rotation_busy') {
    const { owner = null, until = null } = error;
    const who = owner === null ? 'Another run' : printable(owner);
    return {
      record: run.record,
      busy: { owner: owner === null ? null : who, until },
      note: `${who} works on this record: nothing was done here.`,
    };
  }
  // What failed, failed with a record that is out of date.
  const record = await run.journal.overtaken();
  if (record === undefined) return undefined;
  const owner = record.lease === null ? null : printable(record.lease.owner);
  return {
    record,
    busy: { owner, until: record.lease?.until ?? null },
    note: `${owner ?? 'Another run'} has taken this record over meanwhile, so this run did no more (${error.code}).`,
  };
}

/** The secret of a new key is not lost: the other run finds the key by its name. That of a regenerated key would be. */
function holdsTheOnlySecret(run: Run, error: unknown): boolean {
  if (error instanceof SecretLostError) return true;
  return error instanceof UndeliveredSecretError && run.record.pending?.strategy !== 'create';
}
