// Where a record is kept. A store reads it, and writes it only over the very version that the writer has read.

import * as z from 'zod/mini';
import { type BlazeMeterErrorInit, RotationError, StoreConflictError } from '../../errors.ts';
import type { RotationRecord } from '../record/record.ts';
import { readRecord, revealRecord } from '../record/record-text.ts';

/** A record together with the ETag of this version of it. */
export interface Versioned {
  readonly record: RotationRecord;
  /** Differs between any two versions; its form is up to the store. */
  readonly etag: string;
}

/**
 * Keeps one record. There are {@link fileStore}, {@link vaultStore}, {@link kubernetesStore} and {@link redisStore}; bring
 * your own for a database: {@link revealRecord} returns the text to keep, {@link readRecord} reads it.
 */
export interface CredentialStore {
  /** The record and its ETag; `undefined` where there is none yet. */
  read(): Promise<Versioned | undefined>;
  /**
   * Writes, if the store still holds the version `ifMatch`; `null`: if it holds none. Resolves once the record would
   * survive a crash.
   *
   * @throws {@link StoreConflictError} where it holds another version. Any other error may leave the write done or not:
   * the rotation reads again to find out.
   */
  write(
    record: RotationRecord,
    options: { readonly ifMatch: string | null },
  ): Promise<{ readonly etag: string }>;
}

/** How long a store may wait: `Infinity` counts as the longest time that a timer can hold. */
export const storeTimeoutSpec = z.custom(
  (value) => typeof value === 'number' && value > 0,
  'a number of milliseconds above 0',
);

/** A failure of the store itself. */
export const storeFailure = (
  source: string,
  problem: string,
  init: Pick<BlazeMeterErrorInit, 'cause' | 'hint' | 'retryable'> = {},
): RotationError =>
  new RotationError(`${source} ${problem} The key in use still works; fix this, then run it again.`, {
    code: 'rotation_store',
    ...init,
  });

/** The version that a write replaces. Throws a `TypeError` where its options do not say which. */
export function ifMatchOf(options: { readonly ifMatch: string | null } | null | undefined): string | null {
  const ifMatch = options?.ifMatch;
  if (ifMatch === null || typeof ifMatch === 'string') return ifMatch;
  throw new TypeError(
    'write: ifMatch must be the ETag of the version to replace, or null for a first record.',
  );
}

/** Refuses what no writer who has read the record would write over it. */
export function refuseStepBack(before: RotationRecord | undefined, after: RotationRecord): void {
  // What is no record is refused when it becomes text.
  if (before === undefined || !after) return;
  if (before.id !== after.id)
    throw new RotationError(
      `The store holds the record ${before.id}, which ${after.id} would replace. Give each rotated key a store of its own.`,
      { code: 'rotation_record' },
    );
  if (after.epoch < before.epoch)
    throw new RotationError(
      `The store holds epoch ${before.epoch} of the record, which the earlier epoch ${after.epoch} would replace. Read the record again.`,
      { code: 'rotation_epoch' },
    );
}

/**
 * A store in memory: for tests, and for programs that do not keep their credentials. What it holds ends with the process.
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
    async write(record, options) {
      const text = revealRecord(record);
      if ((held?.etag ?? null) !== ifMatchOf(options)) throw new StoreConflictError('The record in memory');
      refuseStepBack(held === undefined ? undefined : readRecord(held.text), record);
      writes += 1;
      held = { text, etag: String(writes) };
      return { etag: held.etag };
    },
  };
}
