// The reader's side of a rotation: a source of credentials that reads a record and never writes it. It needs no message from
// the program that rotates: it reads again now and then, and at once when the service refuses the key that it has.

import type { CredentialContext, CredentialProvider, CredentialsInput } from '../../auth/credentials.ts';
import type { Secret, SecretLike } from '../../auth/secret.ts';
import { CredentialsError, RotationError } from '../../errors.ts';
import { type Duration, durationMs } from '../../util/duration.ts';
import { parseOptions, spec } from '../../util/options.ts';
import { printable, shownId } from '../../util/printable.ts';
import type { HeldKey, RotationRecord } from '../record/record.ts';
import type { CredentialStore } from '../stores/store.ts';
import { RecordReader } from './record-reader.ts';

/** How a record is read. */
export interface FromStoreOptions {
  /**
   * How old the known record may become while calls are made, before it is read again in the background. Each time 20 %
   * more or less, so that a fleet does not read in step. At least half a minute. Default: 5 minutes.
   */
  readonly refreshEvery?: Duration | undefined;
  /**
   * How long after a promotion it is normal that the service refuses the new key now and then. Default: 10 minutes. If the new
   * key is refused later, the previous one is still used while it drains, and a warning is logged.
   */
  readonly propagation?: Duration | undefined;
  /** How long one read may take before it counts as failed. Default: 20 seconds. */
  readonly readTimeout?: Duration | undefined;
}

/** Their values are checked as durations where they are read. */
const OPTIONS = { refreshEvery: spec.any, propagation: spec.any, readTimeout: spec.any };

const MINUTE = 60_000;
/** Within this time before a key expires, the store is read again. */
const EXPIRES_SOON = 15 * MINUTE;
/** How soon the current key is tried again after the previous one was used instead, in milliseconds. */
const TRY_AGAIN = 30_000;
/** Between two reads of a record that holds nothing new about a refused key, in milliseconds. */
const FRUITLESS_PAUSE = 1_000;
/** For how long, and how often, a reader reads again while the rotation of a leaked key is under way, in milliseconds. */
const LEAK_WAIT = 10_000;
const LEAK_PAUSE = 500;

interface Refused {
  readonly id: string;
  readonly secret: SecretLike;
}

interface KeyInUse {
  readonly id: string;
  readonly secret: Secret;
}

const same = (a: KeyInUse, b: Refused): boolean => a.id === b.id && a.secret.equals(b.secret);

/**
 * Credentials from the record of a rotation, for programs that only sign: the current key, read again every few minutes while
 * calls are made, and at once after a 401. If the service refuses a key that was just promoted, the previous key is used
 * while it drains. While the store fails, the last known key stays in use, with a warning to the client's logger.
 *
 * Nothing is written, and no timer runs: a process that makes no calls reads nothing, and is free to end. Many clients of
 * a process may share one of these; they share its reads.
 *
 * @param store - Any store; only its `read` is used.
 * @returns A provider. Its first call rejects with a `CredentialsError` whose `cause.code` is `rotation_store` (the store
 * failed) or `rotation_record` (no record, or a broken one).
 * @example
 * ```ts
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { adopt, fromStore, memoryStore, rotate } from 'blazemeter-client/rotation';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference(); // without `fetch` the client talks to the service
 * const { keys } = reference.seed();
 * const store = memoryStore();
 * const rotator = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * await adopt(rotator, { store, name: 'ci', credentials: keys.owner });
 *
 * const reader = new BlazeMeterClient({ credentials: fromStore(store), fetch: reference.fetch });
 * console.log((await reader.user.get()).id === keys.owner.userId); // true
 * await rotate(rotator, { store, reason: 'leak' }); // the old key is gone
 * console.log((await reader.user.get()).id === keys.owner.userId); // true
 * ```
 */
export function fromStore(
  store: Pick<CredentialStore, 'read'>,
  options: FromStoreOptions = {},
): CredentialProvider {
  const reader = new StoreReader(store, options);
  return Object.assign((context?: CredentialContext) => reader.provide(context), {
    describe: () => reader.describe(),
  });
}

class StoreReader {
  readonly #reader: RecordReader;
  readonly #propagationMs: number;
  /** The key that was returned last: the refused one, where the caller does not say which it was. */
  #given: KeyInUse | undefined;
  #fruitlessAt = Number.NEGATIVE_INFINITY;

  constructor(store: Pick<CredentialStore, 'read'>, options: FromStoreOptions) {
    const { refreshEvery, propagation, readTimeout } = parseOptions('fromStore', OPTIONS, options);
    const ms = (span: Duration | undefined, name: string, fallback: number): number =>
      span === undefined ? fallback : durationMs(span, name);
    this.#propagationMs = ms(propagation, 'propagation', 10 * MINUTE);
    this.#reader = new RecordReader(store, {
      everyMs: ms(refreshEvery, 'refreshEvery', 5 * MINUTE),
      timeoutMs: ms(readTimeout, 'readTimeout', 20_000),
    });
  }

  describe(): string {
    const { known } = this.#reader;
    return known === undefined
      ? 'the record of a rotation'
      : `the record of a rotation, key ${shownId((this.#given ?? known.current).id)}`;
  }

  provide(context: CredentialContext = { reason: 'first' }): Promise<CredentialsInput> {
    const { reason, refused } = context;
    const last = refused ?? this.#given;
    return reason === 'unauthorized' && last !== undefined
      ? this.#another(last, context.warn)
      : this.#current(context.warn);
  }

  /** The current key of the record as it is known, while that is not too old. */
  async #current(warn?: (message: string) => void): Promise<CredentialsInput> {
    const reader = this.#reader;
    const { known } = reader;
    if (known === undefined) {
      try {
        return this.#give((await reader.read(true)).current);
      } catch (error) {
        throw unread('The credentials could not be read', error);
      }
    }
    const { expiresAt } = known.current;
    const soon = expiresAt !== null && expiresAt.getTime() - Date.now() < EXPIRES_SOON;
    if (reader.due || (soon && reader.age > TRY_AGAIN / 2)) {
      try {
        return this.#give((await reader.read(false)).current);
      } catch (error) {
        warn?.(
          `The record of the rotation could not be read again (${shown(error)}): the key ${shownId(known.current.id)}, read before, stays in use.`,
        );
      }
    }
    return this.#give(known.current);
  }

  /** Another key than the one that the service refused, if there is one. */
  async #another(refused: Refused, warn?: (message: string) => void): Promise<CredentialsInput> {
    const reader = this.#reader;
    const rest = this.#fruitlessAt + FRUITLESS_PAUSE - performance.now();
    if (rest > 0) await pause(rest);
    const begun = performance.now();
    let failed: unknown;
    for (;;) {
      const record = await reader.readAnew().catch((error: unknown) => {
        failed = error;
        return reader.known;
      });
      if (record === undefined)
        throw unread(
          `The service refused the key ${shownId(refused.id)}, and no other could be read`,
          failed,
        );
      const next = this.#besides(refused, record, warn);
      if (next !== undefined) return this.#give(next, same(next, record.current) ? undefined : TRY_AGAIN);
      // A leaked key is worthless from the moment that it gets its new secret, which is on record a moment later.
      const late = performance.now() - begun > LEAK_WAIT;
      if (record.phase !== 'regenerating' || late || failed !== undefined) {
        this.#fruitlessAt = performance.now();
        if (failed !== undefined)
          throw unread(
            `The service refused the key ${shownId(refused.id)}, and no other could be read`,
            failed,
          );
        return this.#give(record.current);
      }
      await pause(LEAK_PAUSE);
    }
  }

  #besides(
    refused: Refused,
    { current, previous, pending, promotion }: RotationRecord,
    warn?: (message: string) => void,
  ): HeldKey | undefined {
    const young = promotion !== null && Date.now() - promotion.promotedAt.getTime() < this.#propagationMs;
    if (!same(current, refused)) {
      // A caller whose key is older than both has one try, and the service knows the previous key everywhere.
      return young && previous !== null && !same(previous, refused) ? previous : current;
    }
    // The key itself has a new secret already, which is being tested.
    if (pending?.strategy === 'regenerate' && pending.key !== null) return pending.key;
    if (previous === null) return undefined;
    if (!young)
      warn?.(
        `The service refuses the key ${shownId(current.id)}, which was promoted long ago; the key ${shownId(previous.id)}, which is being drained, is used instead. Likely cause: it was deleted or regenerated by hand. Rotate again before the drain is over.`,
      );
    return previous;
  }

  #give(key: HeldKey, soonerMs?: number): CredentialsInput {
    const { id, secret, expiresAt } = key;
    this.#given = { id, secret };
    return {
      id,
      secret,
      ...(expiresAt === null ? {} : { expiresAt }),
      refreshAfterMs: Math.min(soonerMs ?? Number.POSITIVE_INFINITY, this.#reader.leftMs),
    };
  }
}

/** A caller waits for this, so it keeps the process alive. */
const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** What may be said of why a store failed. */
const shown = (error: unknown): string =>
  error instanceof RotationError ? error.code : error instanceof Error ? printable(error.name) : 'failed';

function unread(what: string, error: unknown): CredentialsError {
  const known = error instanceof RotationError;
  return new CredentialsError(
    `${what}: ${known ? error.message : 'the record of the rotation could not be read.'}`,
    {
      source: 'the record of a rotation',
      ...(known ? { cause: error } : {}),
    },
  );
}
