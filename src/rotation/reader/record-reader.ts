// Reads a record for many callers: one read at a time, no more often than needed, again after a failure, and never back to
// an older epoch than the one that is known.

import { scrubbed } from '../../auth/cause.ts';
import { RotationError } from '../../errors.ts';
import { printable } from '../../util/printable.ts';
import type { RotationRecord } from '../record/record.ts';
import type { CredentialStore } from '../stores/store.ts';

/** How often a read that a caller waits for is tried, and the bounds of the waits in between, in milliseconds. */
const TRIES = 3;
const FIRST_WAIT = 200;
/** A store that takes this long to fail is not tried again: a client waits for a source no longer than a minute. */
const PATIENCE = 15_000;
/** The shortest time until a failed read is tried again in the background. */
const FIRST_REST = 30_000;
/** Of the time between two reads, by how much it is more or less. */
const JITTER = 0.2;

export class RecordReader {
  readonly #store: Pick<CredentialStore, 'read'>;
  readonly #everyMs: number;
  readonly #timeoutMs: number;
  #known: RotationRecord | undefined;
  #readAt = Number.NEGATIVE_INFINITY;
  #nextAt = Number.NEGATIVE_INFINITY;
  #failures = 0;
  #reading: Promise<RotationRecord> | undefined;
  #queued: Promise<RotationRecord> | undefined;

  constructor(
    store: Pick<CredentialStore, 'read'>,
    options: { readonly everyMs: number; readonly timeoutMs: number },
  ) {
    this.#store = store;
    this.#everyMs = options.everyMs;
    this.#timeoutMs = options.timeoutMs;
  }

  /** The newest record that was read. */
  get known(): RotationRecord | undefined {
    return this.#known;
  }

  /** Milliseconds since it was read. */
  get age(): number {
    return performance.now() - this.#readAt;
  }

  /** Whether it is time to read again. */
  get due(): boolean {
    return performance.now() >= this.#nextAt;
  }

  /** Milliseconds until it is. */
  get leftMs(): number {
    return Math.max(0, this.#nextAt - performance.now());
  }

  /** Reads, or waits for the read that is under way. `patient`: the caller has no record yet, so it is tried again. */
  read(patient: boolean): Promise<RotationRecord> {
    this.#reading ??= this.#attempts(patient ? TRIES : 1).finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** A read that begins from now on: one that is under way may show the state before a key was refused. */
  readAnew(): Promise<RotationRecord> {
    if (this.#reading === undefined) return this.read(true);
    this.#queued ??= this.#reading
      .catch(() => {})
      .then(() => {
        this.#queued = undefined;
        return this.read(true);
      });
    return this.#queued;
  }

  async #attempts(tries: number): Promise<RotationRecord> {
    const begun = performance.now();
    for (let left = tries - 1, wait = FIRST_WAIT; ; left--, wait *= 4) {
      try {
        const record = this.#newer(await this.#once());
        this.#readAt = performance.now();
        this.#failures = 0;
        this.#nextAt = this.#readAt + this.#everyMs * (1 + JITTER * (2 * Math.random() - 1));
        return record;
      } catch (error) {
        // A record that is missing or broken will be so in a second too.
        const final = error instanceof RotationError && error.code !== 'rotation_store';
        if (left > 0 && !final && performance.now() - begun < PATIENCE) {
          await new Promise((resolve) => setTimeout(resolve, wait * (0.5 + Math.random() / 2)));
          continue;
        }
        const rest = Math.min(this.#everyMs, FIRST_REST * 2 ** this.#failures);
        this.#failures += 1;
        this.#nextAt = performance.now() + rest * (1 - JITTER * Math.random());
        throw error;
      }
    }
  }

  /** A store that is behind, such as a replica, must not bring old credentials back. */
  #newer(found: RotationRecord): RotationRecord {
    const known = this.#known;
    const behind = known !== undefined && known.id === found.id && found.epoch < known.epoch;
    if (!behind) this.#known = found;
    return behind ? known : found;
  }

  async #once(): Promise<RotationRecord> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(failed(`no response within ${Math.round(this.#timeoutMs / 1000)} s`)),
        this.#timeoutMs,
      );
    });
    try {
      const found = await Promise.race([Promise.resolve().then(() => this.#store.read()), late]);
      if (found !== undefined) return found.record;
    } catch (error) {
      if (error instanceof RotationError) throw error;
      const { name, message } = scrubbed(error);
      throw failed(`${name}: ${message}`, error);
    } finally {
      clearTimeout(timer);
    }
    throw new RotationError('The store holds no record yet.', {
      code: 'rotation_record',
      hint: { method: 'adopt', text: 'Begin with adopt(client, { store, name, credentials }).' },
    });
  }
}

function failed(why: string, error?: unknown): RotationError {
  return new RotationError(
    `The record could not be read from the store (${printable(why)}). Check the store: its folder, permissions, network.`,
    { code: 'rotation_store', ...(error === undefined ? {} : { cause: scrubbed(error) }) },
  );
}
