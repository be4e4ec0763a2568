// The reader's side of a rotation: a source of credentials that follows a record and never writes it. A reader needs no
// word from whoever rotates: it reads again now and then, and at once when the service refuses the pair that it has.

import type { CredentialContext, CredentialProvider, CredentialsInput } from '../../auth/credentials.ts';
import type { Secret, SecretLike } from '../../auth/secret.ts';
import { CredentialsError, RotationError } from '../../errors.ts';
import { type Span, spanMs } from '../../util/duration.ts';
import { printable, shownId } from '../../util/printable.ts';
import type { HeldKey, RotationRecord } from '../record/record.ts';
import type { CredentialStore } from '../stores/store.ts';
import { RecordReader } from './record-reader.ts';

/** How a record is followed. */
export interface FromStoreOptions {
  /**
   * How old what is known of the record may become while calls are made: then it is read again, behind their backs. Each
   * time 20 % more or less, so that a fleet does not read in step. Half a minute at least. Default: 5 minutes.
   */
  readonly refreshEvery?: Span | undefined;
  /**
   * For how long after a promotion the service may refuse the new pair here and there. Default: 10 minutes. Where the new
   * pair is refused later than that, the one before it still steps in while it is drained, but with a warning.
   */
  readonly propagation?: Span | undefined;
  /** How long one read may take before it counts as failed. Default: 20 seconds. */
  readonly readTimeout?: Span | undefined;
}

const MINUTE = 60_000;
/** A source is asked again this long before a pair runs out: then what is known is not good enough. */
const RUNS_OUT_SOON = 15 * MINUTE;
/** How soon the current pair is tried again after the one before it has stepped in, in milliseconds. */
const TRY_AGAIN = 30_000;
/** Between two reads of a record that says nothing new about a refused pair, in milliseconds. */
const FRUITLESS_PAUSE = 1_000;
/** How long, and after what time each, a reader looks again while the answer to a leak is under way, in milliseconds. */
const LEAK_WAIT = 10_000;
const LEAK_PAUSE = 500;

interface Refused {
  readonly id: string;
  readonly secret: SecretLike;
}

interface Pair {
  readonly id: string;
  readonly secret: Secret;
}

const same = (a: Pair, b: Refused): boolean => a.id === b.id && a.secret.equals(b.secret);

/**
 * Credentials from the record of a rotation, for those who only sign: the current pair, read again every few minutes while
 * calls are made, and at once after a 401. Where the service refuses a pair that was just promoted, the pair before it
 * steps in while it is drained. While the store fails, the last pair is used on, with a warning to the client's logger.
 *
 * Nothing is written, and no timer runs: a process that makes no calls reads nothing, and is free to end. Many clients of
 * a process may share one of these; they share its reads.
 *
 * @param store - Any store; only its `read` is used.
 * @returns A provider. Its first answer rejects with a `CredentialsError` whose `code` is `rotation_store` (the store
 * failed) or `rotation_record` (no record, or one that was spoilt).
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
  const follower = new Follower(store, options);
  return Object.assign((context?: CredentialContext) => follower.provide(context), {
    describe: () => follower.describe(),
  });
}

class Follower {
  readonly #reader: RecordReader;
  readonly #propagationMs: number;
  /** The pair that was given last: the refused one, where whoever asks does not say which it was. */
  #given: Pair | undefined;
  #fruitlessAt = Number.NEGATIVE_INFINITY;

  constructor(store: Pick<CredentialStore, 'read'>, options: FromStoreOptions) {
    const { refreshEvery, propagation, readTimeout } = options;
    const ms = (span: Span | undefined, name: string, fallback: number): number =>
      span === undefined ? fallback : spanMs(span, name);
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

  /** The record's current pair. What is known of it does while it is not too old. */
  async #current(warn?: (message: string) => void): Promise<CredentialsInput> {
    const reader = this.#reader;
    const { known } = reader;
    if (known === undefined) {
      try {
        return this.#give((await reader.read(true)).current);
      } catch (error) {
        throw unread('The pair to sign with could not be had', error);
      }
    }
    const { expiresAt } = known.current;
    const soon = expiresAt !== null && expiresAt.getTime() - Date.now() < RUNS_OUT_SOON;
    if (reader.due || (soon && reader.age > TRY_AGAIN / 2)) {
      try {
        return this.#give((await reader.read(false)).current);
      } catch (error) {
        warn?.(
          `The record of the rotation could not be read again (${shown(error)}): the key ${shownId(known.current.id)}, read before, is used on.`,
        );
      }
    }
    return this.#give(known.current);
  }

  /** Another pair than the one that the service has refused, if there is any. */
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
        throw unread(`The service refused the key ${shownId(refused.id)}, and no other can be had`, failed);
      const next = this.#besides(refused, record, warn);
      if (next !== undefined) return this.#give(next, same(next, record.current) ? undefined : TRY_AGAIN);
      // A leaked key is worthless from the moment that it gets its new secret, which is on record a moment later.
      const late = performance.now() - begun > LEAK_WAIT;
      if (record.phase !== 'regenerating' || late || failed !== undefined) {
        this.#fruitlessAt = performance.now();
        if (failed !== undefined)
          throw unread(`The service refused the key ${shownId(refused.id)}, and no other can be had`, failed);
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
      // Somebody whose pair is older than both has one try: the pair that is known everywhere is the better one.
      return young && previous !== null && !same(previous, refused) ? previous : current;
    }
    // The key itself has a new secret already, which is being tested.
    if (pending?.way === 'regenerate' && pending.key !== null) return pending.key;
    if (previous === null) return undefined;
    if (!young)
      warn?.(
        `The service refuses the key ${shownId(current.id)}, which was promoted long ago; the key ${shownId(previous.id)}, which is being drained, is used instead. Likely cause: somebody deleted or regenerated it. Rotate again before the drain is over.`,
      );
    return previous;
  }

  #give(pair: HeldKey, soonerMs?: number): CredentialsInput {
    const { id, secret, expiresAt } = pair;
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
