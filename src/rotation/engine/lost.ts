// A run that finds somebody else at work, or is overtaken in the middle: who they are, and whether what this run ends with
// still matters to anybody.

import { isBlazeMeterError, RotationError, SecretLostError, UndeliveredSecretError } from '../../errors.ts';
import { printable } from '../../util/printable.ts';
import type { RotationRecord } from '../record/record.ts';
import type { RotationReport } from './report.ts';
import type { Run } from './run.ts';

/** Somebody else has the record. */
export interface Other {
  readonly record: RotationRecord;
  readonly busy: NonNullable<RotationReport['busy']>;
  readonly note: string;
}

/** Who has the record in place of this run; `undefined` where nobody has, or where the error is to be heard in any case. */
export async function lostTo(run: Run, error: unknown): Promise<Other | undefined> {
  if (!isBlazeMeterError(error) || holdsTheOnlySecret(run, error)) return undefined;
  if (error instanceof RotationError && error.code === 'rotation_busy') {
    const { owner = null, until = null } = error;
    const who = owner === null ? 'Somebody else' : printable(owner);
    return {
      record: run.record,
      busy: { owner: owner === null ? null : who, until },
      note: `${who} works on this record: nothing was done here.`,
    };
  }
  // Whatever went wrong, it went wrong with a record that is out of date.
  const record = await run.ledger.overtaken();
  if (record === undefined) return undefined;
  const owner = record.lease === null ? null : printable(record.lease.owner);
  return {
    record,
    busy: { owner, until: record.lease?.until ?? null },
    note: `${owner ?? 'Another run'} has taken this record over meanwhile, so this run did no more (${error.code}).`,
  };
}

/**
 * A new key's secret that came too late is nobody's loss: whoever took over finds the key by its name. The new secret of
 * the key in use is another matter.
 */
function holdsTheOnlySecret(run: Run, error: unknown): boolean {
  if (error instanceof SecretLostError) return true;
  return error instanceof UndeliveredSecretError && run.record.pending?.way !== 'create';
}
