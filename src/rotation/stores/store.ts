// Where a record is kept. A store does two things, and the second is the one that matters: it writes only over the very
// version that the writer has read.

import { RotationError, StoreConflictError } from '../../errors.ts';
import type { RotationRecord } from '../record/record.ts';
import { readRecord, revealRecord } from '../record/record-text.ts';

/** A record together with the mark of this version of it. */
export interface Versioned {
  readonly record: RotationRecord;
  /** Differs between any two versions; its form is the store's own affair. */
  readonly etag: string;
}

/**
 * Keeps one record. There are {@link fileStore}, {@link vaultStore}, {@link kubernetesStore} and {@link redisStore}; bring
 * your own for a database: {@link revealRecord} gives the text to keep, {@link readRecord} reads it.
 */
export interface CredentialStore {
  /** The record and its mark; `undefined` where there is none yet. */
  read(): Promise<Versioned | undefined>;
  /**
   * Writes, if what is there is still the version of the mark `ifMatch`; `null`: if nothing is there. Resolves once the
   * record would survive a crash.
   *
   * @throws {@link StoreConflictError} where something else is there. Any other error may leave the write done or not:
   * the rotation reads again to find out.
   */
  write(
    record: RotationRecord,
    options: { readonly ifMatch: string | null },
  ): Promise<{ readonly etag: string }>;
}

/** Refuses what no writer who has read the record would write over it. */
export function refuseStepBack(before: RotationRecord | undefined, after: RotationRecord): void {
  if (before === undefined) return;
  if (before.id !== after.id)
    throw new RotationError(
      `The store holds the record ${before.id}, and ${after.id} was to be written over it. Give each rotated key a store of its own.`,
      { code: 'rotation_record' },
    );
  if (after.epoch < before.epoch)
    throw new RotationError(
      `The store holds epoch ${before.epoch} of the record, and epoch ${after.epoch} was to be written over it: a record never goes back. Read it again.`,
      { code: 'rotation_epoch' },
    );
}

/**
 * A store in memory: for tests, and for programs that keep the pair nowhere. What it holds is gone with the process.
 *
 * @example
 * ```ts
 * import { memoryStore } from 'blazemeter-client/rotation';
 *
 * const store = memoryStore();
 * console.log(await store.read()); // undefined
 * ```
 */
export function memoryStore(): CredentialStore {
  let held: { text: string; etag: string } | undefined;
  let writes = 0;
  return {
    async read() {
      return held === undefined ? undefined : { record: readRecord(held.text), etag: held.etag };
    },
    async write(record, { ifMatch }) {
      if ((held?.etag ?? null) !== ifMatch) throw new StoreConflictError('The record in memory');
      refuseStepBack(held === undefined ? undefined : readRecord(held.text), record);
      writes += 1;
      held = { text: revealRecord(record), etag: String(writes) };
      return { etag: held.etag };
    },
  };
}
