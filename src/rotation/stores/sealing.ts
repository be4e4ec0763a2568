// Sealing: the text of a record, encrypted and bound to the place where it is kept (AES-256-GCM by WebCrypto), so that
// whoever can read the store cannot read the secrets, and whoever can write to it cannot change them or swap two records.

import { summary } from '../../auth/cause.ts';
import type { SecretLike } from '../../auth/secret.ts';
import { RotationError } from '../../errors.ts';
import { withAbort } from '../../http/abort.ts';
import { printable } from '../../util/printable.ts';
import type { RotationRecord } from '../record/record.ts';
import { readRecord, revealRecord } from '../record/record-text.ts';
import { fromBase64, toBase64 } from './base64.ts';

/** 32 random bytes, as they are or as base64. `openssl rand -base64 32` makes some. */
export type SealingKeyMaterial = Uint8Array | string | SecretLike;

/** A key that records are sealed with, or a function that fetches it. The function is called at each use, and has 15 s. */
export type SealingKey = SealingKeyMaterial | (() => SealingKeyMaterial | Promise<SealingKeyMaterial>);

/** How records are sealed. */
export interface SealingOptions {
  /** Seals, and opens. */
  readonly key: SealingKey;
  /** Keys of former times: they open what they sealed, and the next write seals it with `key`. Default: none. */
  readonly previous?: readonly SealingKey[] | undefined;
  /**
   * What a sealed record is bound to. Default: the store's own name for its place (a path, a Secret's name, a key), so
   * that a record which is copied to another place cannot be opened there. Give a text of your own, one for each record,
   * where a record is to move.
   */
  readonly place?: string | undefined;
  /**
   * Also take a record that is not sealed; the next write seals it. For the time in which sealing is introduced: while it
   * is on, whoever can write to the store can put a record of their own there. Default: false.
   */
  readonly acceptPlaintext?: boolean | undefined;
}

/** Seals records and opens them: see {@link sealing}. A store of your own calls these in place of `revealRecord` and `readRecord`. */
export interface Sealing {
  /** The sealed text of a record for this place. Two texts of one record differ. */
  seal(record: RotationRecord, place: string): Promise<string>;
  /**
   * The record of a sealed text from this place.
   *
   * @throws {@link RotationError} (`rotation_record`) that says whether a key is missing, or the text was changed, cut or
   * moved; never what is in it.
   */
  open(text: string, place: string): Promise<RotationRecord>;
}

/** What every sealed text begins with; the digit is the form's version. */
const MARK = 'blazemeter-sealed-';
const VERSION = '1';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
/** The tag that GCM puts behind the text. */
const TAG_BYTES = 16;
/** How long a function that fetches a key may take, in milliseconds. */
const KEY_TIMEOUT = 15_000;
const FORM = /^blazemeter-sealed-1\.([0-9a-f]{12})\.([A-Za-z0-9+/]+={0,2})\s*$/;

interface ReadyKey {
  readonly id: string;
  readonly key: CryptoKey;
}

/**
 * Seals records for a store that others can read: AES-256-GCM, a random nonce for each write, the store's place and the
 * key's id authenticated with the text. A sealed text that is older than the last one opens as well: encryption cannot tell
 * that somebody has put a whole old record back. The rotation does, by the keys that the service has (`rotation_epoch`).
 *
 * @throws `TypeError` where a key that is given as a value is not 32 bytes.
 * @example
 * ```ts
 * import { fileStore, sealing } from 'blazemeter-client/rotation';
 *
 * const seal = sealing({ key: crypto.getRandomValues(new Uint8Array(32)) }); // yours comes from a KMS or a file
 * const store = fileStore('no-such-record.json', { seal });
 * console.log(await store.read()); // undefined
 * ```
 */
export function sealing(options: SealingOptions): Sealing {
  const { place: ownPlace, acceptPlaintext = false } = options;
  if (ownPlace !== undefined && (typeof ownPlace !== 'string' || ownPlace === ''))
    throw new TypeError('place is a text that is not empty.');
  const key = keySource(options.key, 'key');
  const previous = (options.previous ?? []).map((one, at) => keySource(one, `previous[${at}]`));

  return {
    async seal(record, place) {
      const { id, key: sealer } = await key();
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const head = `${MARK}${VERSION}.${id}`;
      const sealed = await crypto.subtle.encrypt(
        { name: 'AES-GCM', iv: nonce, additionalData: bound(head, ownPlace ?? place) },
        sealer,
        new TextEncoder().encode(revealRecord(record)),
      );
      const bytes = new Uint8Array(NONCE_BYTES + sealed.byteLength);
      bytes.set(nonce);
      bytes.set(new Uint8Array(sealed), NONCE_BYTES);
      return `${head}.${toBase64(bytes)}\n`;
    },

    async open(text, place) {
      if (!text.startsWith(MARK)) {
        if (acceptPlaintext) return readRecord(text);
        throw wrong(
          'it is not sealed, and this store takes sealed records alone. If you have just introduced sealing, say acceptPlaintext: true until the record was written once',
        );
      }
      const [, id, base64] = FORM.exec(text) ?? [];
      if (id === undefined || base64 === undefined) {
        throw wrong(
          /^\d+\./.test(text.slice(MARK.length)) && !text.startsWith(`${MARK}${VERSION}.`)
            ? 'it was sealed by another version of blazemeter-client; use that one'
            : 'its seal is spoilt: the text was cut short or changed',
        );
      }
      const bytes = fromBase64(base64);
      if (bytes === undefined || bytes.length <= NONCE_BYTES + TAG_BYTES)
        throw wrong('its seal is spoilt: the text was cut short or changed');
      const opener = await keyOf(id, [key, ...previous]);
      const additionalData = bound(`${MARK}${VERSION}.${id}`, ownPlace ?? place);
      let opened: ArrayBuffer;
      try {
        opened = await crypto.subtle.decrypt(
          { name: 'AES-GCM', iv: bytes.subarray(0, NONCE_BYTES), additionalData },
          opener,
          bytes.subarray(NONCE_BYTES),
        );
      } catch {
        throw wrong(
          'its seal does not open: the text was cut short or changed, or it was sealed for another place than this one (a record cannot be copied or moved)',
        );
      }
      return readRecord(new TextDecoder().decode(opened));
    },
  };
}

/** The text to keep for a record: sealed where there is a seal. */
export const closeRecord = async (
  record: RotationRecord,
  seal: Sealing | undefined,
  place: string,
): Promise<string> => (seal === undefined ? revealRecord(record) : seal.seal(record, place));

/** The record in a text from a store; a sealed one without a seal is told apart from a spoilt one. */
export async function openRecord(
  text: string,
  seal: Sealing | undefined,
  place: string,
): Promise<RotationRecord> {
  if (seal !== undefined) return seal.open(text, place);
  if (text.startsWith(MARK)) throw wrong('it is sealed: give the store the seal that it was written with');
  return readRecord(text);
}

const wrong = (what: string): RotationError =>
  new RotationError(`The record of the rotation cannot be used: ${what}. Nothing was changed.`, {
    code: 'rotation_record',
  });

/** What is authenticated besides the text. The head holds no line break, so the two parts cannot run into each other. */
const bound = (head: string, place: string) => new TextEncoder().encode(`${head}\n${place}`);

/** A key that is given as a value is checked at once, one that is fetched whenever it comes. */
function keySource(given: SealingKey, name: string): () => Promise<ReadyKey> {
  if (typeof given !== 'function') {
    const bytes = keyBytes(given, name);
    return () => readyKey(bytes);
  }
  return async () => {
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = keyBytes(await inTime(given, name), name);
    } catch (error) {
      // Ours says what is wrong; anybody else's may quote the key.
      const known = error instanceof KeyError;
      const { name: kind, message } = summary(error);
      throw new RotationError(
        known
          ? `The sealing key cannot be used: ${error.message}`
          : `The sealing key could not be fetched (${printable(`${kind}: ${message}`)}). Nothing was changed.`,
        { code: 'rotation_store', ...(known ? {} : { cause: summary(error) }) },
      );
    }
    return readyKey(bytes);
  };
}

class KeyError extends TypeError {}

/** What fetches a key may hang, and nobody else ends the wait of a rotation. */
async function inTime<T>(fetch: () => T | Promise<T>, name: string): Promise<T> {
  const controller = new AbortController();
  const late = () => controller.abort(new KeyError(`${name} did not come within ${KEY_TIMEOUT / 1000} s.`));
  const timer = setTimeout(late, KEY_TIMEOUT);
  try {
    return await withAbort(Promise.resolve().then(fetch), controller.signal);
  } finally {
    clearTimeout(timer);
  }
}

function keyBytes(given: unknown, name: string): Uint8Array<ArrayBuffer> {
  const text =
    typeof given === 'object' && given !== null && 'reveal' in given && typeof given.reveal === 'function'
      ? given.reveal()
      : given;
  const bytes: unknown = typeof text === 'string' ? fromBase64(text.trim()) : text;
  if (!ArrayBuffer.isView(bytes) || bytes.byteLength !== KEY_BYTES)
    throw new KeyError(
      `${name} is 32 random bytes, as a Uint8Array or as base64: \`openssl rand -base64 32\` makes some.`,
    );
  // A copy: the caller may clear theirs.
  const copy = new Uint8Array(KEY_BYTES);
  copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset, KEY_BYTES));
  if (copy.every((byte) => byte === copy[0]))
    throw new KeyError(`${name} is the same byte 32 times: a placeholder, and no key.`);
  return copy;
}

async function readyKey(bytes: Uint8Array<ArrayBuffer>): Promise<ReadyKey> {
  const marked = new Uint8Array([...new TextEncoder().encode('blazemeter-client key id\n'), ...bytes]);
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', marked));
  const id = Array.from(digest.subarray(0, 6), (byte) => byte.toString(16).padStart(2, '0')).join('');
  return { id, key: await crypto.subtle.importKey('raw', bytes, 'AES-GCM', false, ['encrypt', 'decrypt']) };
}

async function keyOf(id: string, sources: readonly (() => Promise<ReadyKey>)[]): Promise<CryptoKey> {
  const seen: string[] = [];
  for (const source of sources) {
    const ready = await source();
    if (ready.id === id) return ready.key;
    seen.push(ready.id);
  }
  throw wrong(
    `it was sealed with the key ${id}, and the ${seen.length === 1 ? 'key given is' : 'keys given are'} ${seen.join(', ')}. Give that key, or give it as previous`,
  );
}
