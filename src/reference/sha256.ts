// SHA-256, synchronous: WebCrypto costs a promise for each hash, which is more than a whole request takes here. Used for
// stored secrets and for generated ids, never for anything that leaves a machine.

import { sha256 as portable } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';

type Hash = (text: string) => string;

/** Node's own is four times as fast; where there is no Node, the one of @noble/hashes. */
function choose(): Hash {
  const node =
    typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function'
      ? undefined
      : process.getBuiltinModule('node:crypto').hash;
  return node === undefined
    ? (text) => bytesToHex(portable(utf8ToBytes(text)))
    : (text) => node('sha256', text, 'hex');
}

let hash: Hash | undefined;

/** The SHA-256 of the text's UTF-8 bytes, as 64 lower-case hex digits. */
export const sha256: Hash = (text) => {
  hash ??= choose();
  return hash(text);
};
