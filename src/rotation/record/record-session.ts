// The journal of a rotation with a record: each transition is written to the store before the run goes on, over the very
// version that was read (etag) and under a lease. Where the response to a write was lost, the store is read again.

import { scrubbed } from '../../auth/cause.ts';
import { RotationError, StoreConflictError } from '../../errors.ts';
import { onAbort, reasonOf, throwIfAborted } from '../../util/abort.ts';
import { newNonce } from '../../util/key-name.ts';
import { printable } from '../../util/printable.ts';
import type { Change, Journal } from '../engine/journal.ts';
import type { CredentialStore, Versioned } from '../stores/store.ts';
import type { RotationRecord } from './record.ts';

/** Who writes, and for how long other owners are kept out after each write. */
export interface Writer {
  readonly owner: string;
  /** Milliseconds. */
  readonly leaseMs: number;
  /** Work on although another owner's lease has not expired: that run is known to be dead. */
  readonly takeOver: boolean;
}

export class RecordSession implements Journal {
  readonly #store: CredentialStore;
  readonly #writer: Writer;
  readonly #signal: AbortSignal | undefined;
  #held: Versioned;
  #renewedAt = Number.NEGATIVE_INFINITY;

  private constructor(
    store: CredentialStore,
    held: Versioned,
    writer: Writer,
    signal: AbortSignal | undefined,
  ) {
    this.#store = store;
    this.#held = held;
    this.#writer = writer;
    this.#signal = signal;
  }

  /** The record of a store; `undefined` where there is none. */
  static async open(
    store: CredentialStore,
    writer: Writer,
    signal: AbortSignal | undefined,
  ): Promise<RecordSession | undefined> {
    const held = await readStore(store, signal);
    return held === undefined ? undefined : new RecordSession(store, held, writer, signal);
  }

  get record(): RotationRecord {
    return this.#held.record;
  }

  /** Whether this run has written its lease, as far as it knows. */
  get taken(): boolean {
    return this.#renewedAt > Number.NEGATIVE_INFINITY;
  }

  /** Takes the record for this writer. Shows also that the store can be written, before anything else is changed. */
  async take(): Promise<void> {
    const { lease } = this.record;
    const { owner, takeOver } = this.#writer;
    const busy = lease !== null && lease.owner !== owner && lease.until.getTime() > Date.now();
    if (busy && !takeOver) {
      throw new RotationError(
        `${printable(lease.owner)} works on this record, until ${lease.until.toISOString()} at the latest.`,
        {
          code: 'rotation_busy',
          owner: lease.owner,
          until: lease.until,
          hint: {
            option: 'takeOver',
            text: 'Wait until then. If that run is certainly dead, pass takeOver: true.',
          },
        },
      );
    }
    await this.save({});
  }

  /** Writes a change. The lease is renewed with it. */
  async save(change: Change): Promise<void> {
    const { owner, leaseMs } = this.#writer;
    await this.#write({ ...change, lease: { owner, until: new Date(Date.now() + leaseMs) } });
    this.#renewedAt = performance.now();
  }

  /** Renews the lease where a long call could outlast it. Fails where another run has taken the record. */
  async hold(): Promise<void> {
    const { leaseMs } = this.#writer;
    // Either clock may have stood still: the one while the machine slept, the other when it was set back.
    const left = (this.record.lease?.until.getTime() ?? 0) - Date.now();
    const held = performance.now() - this.#renewedAt;
    if (Math.min(left, leaseMs - held) < (leaseMs * 2) / 3) await this.save({});
  }

  /** The record as another run has written it since; `undefined` where none has, or it cannot be read. */
  async overtaken(): Promise<RotationRecord | undefined> {
    const found = await readStore(this.#store, this.#signal).catch(() => undefined);
    const { id, stamp } = this.record;
    return found?.record.id === id && found.record.stamp !== stamp ? found.record : undefined;
  }

  /** Gives the lease back. */
  async release(change: Change = {}): Promise<void> {
    await this.#write({ ...change, lease: null });
  }

  async #write(change: Partial<RotationRecord>): Promise<void> {
    const record: RotationRecord = { ...this.record, ...change, stamp: newNonce() };
    const { etag: ifMatch } = this.#held;
    try {
      const { etag } = await writeStore(this.#store, record, ifMatch, this.#signal);
      this.#held = { record, etag };
    } catch (error) {
      const read = await readStore(this.#store, this.#signal).then(
        (found) => ({ found }),
        () => undefined,
      );
      const found = read?.found;
      if (found?.record.stamp === record.stamp) {
        // It was written, and only the response was lost.
        this.#held = found;
        return;
      }
      if (error instanceof RotationError) throw error;
      if (read !== undefined && found === undefined)
        throw new RotationError(
          'The record is no longer in the store: something deleted it while this run worked on it, so this run stopped.',
          {
            code: 'rotation_record',
            hint: {
              method: 'adopt',
              text: 'Restore the last copy of the record and run resume, or begin a new record: adopt(client, { store, name, credentials }), with credentials that work.',
            },
          },
        );
      if (error instanceof StoreConflictError || (found !== undefined && found.etag !== ifMatch)) {
        throw new RotationError(
          'Something else changed the record while this run worked on it, so this run stopped. Likely another run; if there is none, the record was edited by hand. Check the record.',
          {
            code: 'rotation_conflict',
            hint: { method: 'resume', text: 'Then run resume.' },
          },
        );
      }
      throwIfAborted(this.#signal);
      throw storeError('written', error);
    }
  }
}

/**
 * After an abort a store has this long to answer, in milliseconds: what is known to be written is no conflict for the next run,
 * and the lease can be given back.
 */
const GRACE_MS = 1_000;

/** Waits for a store, which must not keep an aborted run if it hangs. */
async function answered<T>(answer: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return answer;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let off = () => {};
  const late = new Promise<never>((_, reject) => {
    off = onAbort(signal, () => {
      timer = setTimeout(() => reject(reasonOf(signal)), GRACE_MS);
    });
  });
  try {
    return await Promise.race([answer, late]);
  } finally {
    off();
    clearTimeout(timer);
  }
}

/** Writes over the version `ifMatch`, or into an empty store (`null`). */
export const writeStore = (
  store: CredentialStore,
  record: RotationRecord,
  ifMatch: string | null,
  signal: AbortSignal | undefined,
): Promise<{ readonly etag: string }> => answered(store.write(record, { ifMatch }), signal);

/** Reads a store. What it throws is reported by its code: its text may quote the record. */
export async function readStore(
  store: CredentialStore,
  signal: AbortSignal | undefined,
): Promise<Versioned | undefined> {
  try {
    return await answered(store.read(), signal);
  } catch (error) {
    throwIfAborted(signal);
    throw error instanceof RotationError ? error : storeError('read', error);
  }
}

/** The error for a store that failed. */
export function storeError(what: 'read' | 'written', error: unknown): RotationError {
  const { name, message } = scrubbed(error);
  return new RotationError(
    `The record could not be ${what} (${printable(`${name}: ${message}`)}). The key in use still works. Fix the store (free space, permissions, network).`,
    {
      code: 'rotation_store',
      cause: scrubbed(error),
      hint: { method: 'resume', text: 'Then run resume.' },
    },
  );
}
