// What all stores share whose place holds a text and can compare and set: sealing, refusing to step back, and the memory
// of the version that was seen last, so that a write over it needs no further reading.

import { StoreConflictError } from '../../errors.ts';
import type { RotationRecord } from '../record/record.ts';
import { closeRecord, openRecord, type Sealing } from './sealing.ts';
import { type CredentialStore, refuseStepBack } from './store.ts';

/** What is in a place: a version even where there is no record, since an empty place may have a history. */
export interface Held<Beside> {
  readonly version: string;
  /** The record's text, or `undefined` where there is none. */
  readonly text: string | undefined;
  /** What stands beside the record and is kept as it is. */
  readonly beside: Beside;
}

/** A place that can compare and set. */
export interface Place<Beside> {
  /** In errors. */
  readonly source: string;
  /** What a sealed record is bound to. */
  readonly name: string;
  look(): Promise<Held<Beside>>;
  /** Writes over that version. @throws {@link StoreConflictError} where there is another one. */
  put(text: string, over: Held<Beside>, record: RotationRecord): Promise<Held<Beside>>;
}

/** A store over such a place. */
export function textStore<Beside>(place: Place<Beside>, seal: Sealing | undefined): CredentialStore {
  const { source, name } = place;
  let seen: Held<Beside> | undefined;
  const look = async () => {
    const held = await place.look();
    seen = held;
    return held;
  };
  const etagOf = ({ version, text }: Held<Beside>): string | null => (text === undefined ? null : version);
  return {
    async read() {
      const { text, version } = await look();
      return text === undefined ? undefined : { record: await openRecord(text, seal, name), etag: version };
    },
    async write(record, { ifMatch }) {
      const before = seen !== undefined && etagOf(seen) === ifMatch ? seen : await look();
      if (etagOf(before) !== ifMatch) throw new StoreConflictError(source);
      refuseStepBack(
        before.text === undefined ? undefined : await openRecord(before.text, seal, name),
        record,
      );
      const text = await closeRecord(record, seal, name);
      // Until it is done, nobody knows what is there.
      seen = undefined;
      const after = await place.put(text, before, record);
      seen = after;
      return { etag: after.version };
    },
  };
}
