// What the stores share whose place holds a text and can compare and set: sealing, refusing to step back, and telling a
// change of the record from a change of what is kept beside it.

import { StoreConflictError } from '../../errors.ts';
import { sentence } from '../../node/source.ts';
import { sleep } from '../../util/abort.ts';
import type { RotationRecord } from '../record/record.ts';
import { closeRecord, openRecord, type Sealing } from './sealing.ts';
import { type CredentialStore, ifMatchOf, refuseStepBack, storeFailure } from './store.ts';

/** What a place holds. */
export interface Held<Version> {
  /** The text of the record, or `undefined` where there is none. */
  readonly text: string | undefined;
  /** What the place compares, and what it keeps beside the record: even an empty place may have a history. */
  readonly version: Version;
}

/** A place that can compare and set. */
export interface Place<Version> {
  /** In errors. */
  readonly source: string;
  /** What a sealed record is bound to. */
  readonly name: string | (() => string);
  /** Whether `replace` may send a request twice, so that a conflict can be with its own first request. */
  readonly resends: boolean;
  read(): Promise<Held<Version>>;
  /** Writes over that version. Resolves with `undefined` where the place holds another one. */
  replace(text: string, over: Held<Version>, record: RotationRecord): Promise<Held<Version> | undefined>;
}

/** How often a record is written again because something beside it was changed meanwhile. */
const ATTEMPTS = 5;
/**
 * The longest first pause between them, in milliseconds; each is up to twice as long as the one before. All together take less
 * than the second that an aborted run leaves to a store.
 */
const FIRST_PAUSE = 50;

/** A store over such a place. Its ETag is a hash of the text, so that it changes with the record and with nothing else. */
export function textStore<Version>(place: Place<Version>, seal: Sealing | undefined): CredentialStore {
  const { source } = place;
  const name = () => (typeof place.name === 'string' ? place.name : place.name());
  /** What was read or written last: a write over it needs no further read. */
  let known: Held<Version> | undefined;
  const read = async () => {
    const held = await place.read();
    known = held;
    return held;
  };
  return {
    async read() {
      const { text } = await read();
      return text === undefined
        ? undefined
        : { record: await openRecord(text, seal, name()), etag: await hash(text) };
    },

    async write(record, options) {
      const ifMatch = ifMatchOf(options);
      const matches = async ({ text }: Held<Version>) =>
        ifMatch === (text === undefined ? null : await hash(text));
      let over = known !== undefined && (await matches(known)) ? known : await read();
      if (!(await matches(over))) throw new StoreConflictError(sentence(source));
      const before = over.text === undefined ? undefined : await openRecord(over.text, seal, name());
      refuseStepBack(before, record);
      const text = await closeRecord(record, seal, name());
      // Not known again until the write is done.
      known = undefined;
      for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
        const written = await place.replace(text, over, record);
        const now: Held<Version> = written ?? (await place.read());
        // After a conflict the place may hold our text: a first request wrote it, and its response was lost.
        if (now.text === text && (written !== undefined || place.resends)) {
          known = now;
          return { etag: await hash(text) };
        }
        if (now.text !== over.text) throw new StoreConflictError(sentence(source));
        over = now;
        if (attempt < ATTEMPTS) await sleep(FIRST_PAUSE * 2 ** (attempt - 1) * (0.5 + Math.random() / 2));
      }
      throw storeFailure(
        source,
        `refused ${ATTEMPTS} writes in a row, as after a change, although the record in it stayed the same. Likely another program keeps changing what is stored beside it, such as labels, or reads come from a server that is behind.`,
        { retryable: true },
      );
    },
  };
}

/** The digest of a text in hex. */
export async function hexDigest(algorithm: 'SHA-1' | 'SHA-256', text: string): Promise<string> {
  const digest = await crypto.subtle.digest(algorithm, new TextEncoder().encode(text));
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

const hash = (text: string): Promise<string> => hexDigest('SHA-256', text);
