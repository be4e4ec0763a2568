// Sealing: the text of a record, encrypted and bound to the place where it is kept (AES-256-GCM by WebCrypto), so that read
// access to the store shows no secrets, and write access cannot change them or swap two records.

import * as z from 'zod/mini';
import { summary } from '../../auth/cause.ts';
import type { SecretLike } from '../../auth/secret.ts';
import { type ErrorHint, RotationError } from '../../errors.ts';
import { withAbort } from '../../util/abort.ts';
import { parseOptions, spec } from '../../util/options.ts';
import { printable } from '../../util/printable.ts';
import type { RotationRecord } from '../record/record.ts';
import { readRecord, revealRecord } from '../record/record-text.ts';
import { fromBase64, toBase64 } from './base64.ts';

/** 32 random bytes, raw or as base64, such as from `openssl rand -base64 32`. */
export type SealingKeyMaterial = Uint8Array | string | SecretLike;

/** A key that records are sealed with, or a function that fetches it. The function is called at each use, and has 15 s. */
export type SealingKey = SealingKeyMaterial | (() => SealingKeyMaterial | Promise<SealingKeyMaterial>);

/** How records are sealed. */
export interface SealingOptions {
  /** Seals, and opens. */
  readonly key: SealingKey;
  /** Former keys: they open what they sealed, and the next write seals it with `key`. Default: none. */
  readonly previous?: readonly SealingKey[] | undefined;
  /**
   * What a sealed record is bound to. Default: the store's kind and address (the absolute path of a file; server and path
   * in Vault and Kubernetes; the key in Redis), so that a record which is copied elsewhere does not open there. Set a
   * string of your own, a different one for each record, where a record has to move or its server has several addresses.
   */
  readonly place?: string | undefined;
  /**
   * Also accept a record that is not sealed; the next write seals it. Only while sealing is introduced: as long as it is on,
   * write access to the store is enough to replace the record. Default: false.
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
   * @throws {@link RotationError} (`rotation_record`) that says whether a key is missing, or the text was changed, truncated
   * or moved; never what it holds.
   */
  open(text: string, place: string): Promise<RotationRecord>;
}

const SEALING = { key: spec.any, previous: spec.list, place: spec.string, acceptPlaintext: spec.flag };

/** What every sealed text begins with; the digit is the version of the format. */
const PREFIX = 'blazemeter-sealed-';
const VERSION = '1';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
/** The tag that GCM appends. */
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
 * key's id authenticated with the text. An older sealed text opens as well: encryption cannot show that a whole old record
 * was put back. The rotation notices it by the keys that the service has (`rotation_epoch`).
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
  const given = parseOptions('sealing', SEALING, options);
  const { place: ownPlace, acceptPlaintext = false } = given;
  if (ownPlace === '') throw new TypeError('sealing: place must be a non-empty string.');
  const key = keySource(given.key, 'key');
  const previous = (given.previous ?? []).map((one, at) => keySource(one, `previous[${at}]`));

  return {
    async seal(record, place) {
      const { id, key: sealer } = await key();
      const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
      const head = `${PREFIX}${VERSION}.${id}`;
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
      if (typeof text !== 'string' || !text.startsWith(PREFIX)) {
        if (acceptPlaintext) return readRecord(text);
        throw wrong('it is not sealed, and this store accepts only sealed records', {
          option: 'acceptPlaintext',
          text: 'If you have just introduced sealing, pass acceptPlaintext: true until the record has been written once.',
        });
      }
      const [, id, base64] = FORM.exec(text) ?? [];
      if (id === undefined || base64 === undefined) {
        throw wrong(
          /^\d+\./.test(text.slice(PREFIX.length)) && !text.startsWith(`${PREFIX}${VERSION}.`)
            ? 'it was sealed by another version of blazemeter-client; use that version'
            : 'its seal is broken: the text was truncated or changed',
        );
      }
      const bytes = fromBase64(base64);
      if (bytes === undefined || bytes.length <= NONCE_BYTES + TAG_BYTES)
        throw wrong('its seal is broken: the text was truncated or changed');
      const opener = await keyOf(id, [key, ...previous]);
      const additionalData = bound(`${PREFIX}${VERSION}.${id}`, ownPlace ?? place);
      let opened: ArrayBuffer;
      try {
        opened = await crypto.subtle.decrypt(
          { name: 'AES-GCM', iv: bytes.subarray(0, NONCE_BYTES), additionalData },
          opener,
          bytes.subarray(NONCE_BYTES),
        );
      } catch {
        throw wrong(
          'its seal does not open: the text was truncated or changed, or it was sealed for another place than this one (a record cannot be copied, moved, or reached at another address)',
          {
            option: 'place',
            text: 'If its place or address has changed, set place to the one that it was sealed for.',
          },
        );
      }
      return readRecord(new TextDecoder().decode(opened));
    },
  };
}

/** The text to keep for a record: sealed where a seal is given. */
export const closeRecord = async (
  record: RotationRecord,
  seal: Sealing | undefined,
  place: string,
): Promise<string> => (seal === undefined ? revealRecord(record) : seal.seal(record, place));

/** The record in a text from a store; a sealed one without a seal is distinguished from a broken one. */
export async function openRecord(
  text: string,
  seal: Sealing | undefined,
  place: string,
): Promise<RotationRecord> {
  if (seal !== undefined) return seal.open(text, place);
  if (text.startsWith(PREFIX))
    throw wrong('it is sealed', {
      option: 'seal',
      text: 'Pass the store the seal that it was written with.',
    });
  return readRecord(text);
}

/** Checks the option `seal` of a store. */
export const sealingSpec = z.custom(
  (value) =>
    typeof value === 'object' &&
    value !== null &&
    ['seal', 'open'].every((method) => typeof Reflect.get(value, method) === 'function'),
  'what sealing() returns',
);

const wrong = (what: string, hint?: ErrorHint): RotationError =>
  new RotationError(`The record of the rotation cannot be used: ${what}. Nothing was changed.`, {
    code: 'rotation_record',
    hint,
  });

/** What is authenticated besides the text. The head holds no line break, so the two parts cannot run into each other. */
const bound = (head: string, place: string) => new TextEncoder().encode(`${head}\n${place}`);

/** A key that is passed as a value is checked at once, one that is fetched each time. */
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
      // Ours says what is wrong; that of a callback may quote the key.
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

/** A function that fetches a key may hang, and nothing else would end the wait. */
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
      `${name} must be 32 random bytes, as a Uint8Array or as base64, such as from \`openssl rand -base64 32\`.`,
    );
  // A copy: the caller may clear theirs.
  const copy = new Uint8Array(KEY_BYTES);
  copy.set(new Uint8Array(bytes.buffer, bytes.byteOffset, KEY_BYTES));
  if (copy.every((byte) => byte === copy[0]))
    throw new KeyError(`${name} is the same byte 32 times: a placeholder, not a key.`);
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
    `it was sealed with the key ${id}, and the ${seen.length === 1 ? 'key passed is' : 'keys passed are'} ${seen.join(', ')}`,
    { option: 'previous', text: 'Pass that key, as key or among previous.' },
  );
}
