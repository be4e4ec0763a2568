// The names of the keys that a rotation creates: base, record id, epoch and nonce. They tell which keys belong to which
// record, and find a key again when the response to its creation was lost.

/** 32 letters and digits that are hard to mistake for each other. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const RECORD_LENGTH = 10;
const NONCE_LENGTH = 16;
const LONGEST_BASE = 80;

/** Five bits of each byte, as text. */
const lettersOf = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => ALPHABET.charAt(byte & 31)).join('');

const randomText = (length: number): string => lettersOf(crypto.getRandomValues(new Uint8Array(length)));

export const newRecordId = (): string => randomText(RECORD_LENGTH);

/**
 * The record id of a rotation without a record: the same for one user and base, so that each run knows the keys of earlier
 * runs.
 */
export async function derivedRecordId(userId: number, base: string): Promise<string> {
  const digest = await crypto.subtle.digest('SHA-256', new TextEncoder().encode(`${userId}\n${base}`));
  return lettersOf(new Uint8Array(digest, 0, RECORD_LENGTH));
}

export const newNonce = (): string => randomText(NONCE_LENGTH);

/** The parts of such a name, but for the base. */
export interface KeyName {
  readonly recordId: string;
  readonly epoch: number;
  readonly nonce: string;
}

/** Checks the first part of the names of a record's keys. */
export function checkBase(base: unknown): string {
  const good =
    typeof base === 'string' && base.trim() !== '' && base.length <= LONGEST_BASE && !/\p{Cc}/u.test(base);
  if (!good)
    throw new TypeError(
      `name must be a string of 1 to ${LONGEST_BASE} characters, without line breaks or other control characters.`,
    );
  return base;
}

/** `ci.k3v9m2xq7a.e4.…`: base, record, epoch, nonce. */
export const keyName = (base: string, { recordId, epoch, nonce }: KeyName): string =>
  `${base}.${recordId}.e${epoch}.${nonce}`;

const FORM = new RegExp(
  `\\.([${ALPHABET}]{${RECORD_LENGTH}})\\.e(\\d{1,9})\\.([${ALPHABET}]{${NONCE_LENGTH}})$`,
);

/** Reads the name of a key; `undefined` for one that no rotation created. */
export function readKeyName(name: string): KeyName | undefined {
  const [, recordId, epoch, nonce] = FORM.exec(name) ?? [];
  return recordId === undefined || nonce === undefined
    ? undefined
    : { recordId, epoch: Number(epoch), nonce };
}
