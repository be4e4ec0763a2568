// The names of the keys that a rotation creates: base, record id, epoch and nonce. They tell which keys belong to which
// record, and find a key again when the response to its creation was lost. A service may trim, cut, fold or normalise names,
// so they are short and plain.

/** 32 letters and digits that are hard to mistake for each other. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const RECORD_LENGTH = 7;
const NONCE_LENGTH = 5;
const LONG_NONCE = 16;
const LONGEST_BASE = 80;
/** Of the base, a name holds so many characters at most. */
const SHOWN_BASE = 32;

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

/** Tells keys of one record and epoch apart. */
export const newKeyNonce = (): string => randomText(NONCE_LENGTH);

/** Tells writes of a record apart, and the runs that write. */
export const newNonce = (): string => randomText(LONG_NONCE);

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

/** `ci.k3v9m2x.e4.abcde`: base, record, epoch, nonce. */
export const keyName = (base: string, { recordId, epoch, nonce }: KeyName): string =>
  `${plain(base)}.${recordId}.e${epoch}.${nonce}`;

/** Lower-case ASCII without anything that a service might change. The record id tells bases apart that become the same. */
const plain = (base: string): string =>
  base
    .normalize('NFKD')
    .toLowerCase()
    .replace(/\p{M}/gu, '')
    .replace(/[^a-z0-9.]+/g, '-')
    .slice(0, SHOWN_BASE)
    .replace(/^[-.]+|(?<![-.])[-.]+$/g, '') || 'key';

/** Before 0.2 a record had 10 letters and a nonce 16. */
const FORM = new RegExp(
  `\\.([${ALPHABET}]{${RECORD_LENGTH}}|[${ALPHABET}]{10})\\.e(\\d{1,9})\\.([${ALPHABET}]{${NONCE_LENGTH}}|[${ALPHABET}]{16})$`,
);

/** Reads the name of a key; `undefined` for one that no rotation created. */
export function readKeyName(name: string): KeyName | undefined {
  const [, recordId, epoch, nonce] = FORM.exec(name) ?? [];
  return recordId === undefined || nonce === undefined
    ? undefined
    : { recordId, epoch: Number(epoch), nonce };
}
