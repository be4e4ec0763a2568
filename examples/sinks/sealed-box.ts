// libsodium's sealed box, which GitHub takes secrets in: everyone with the public key can seal one, only GitHub can open it.
import { blake2b } from 'blakejs';
import nacl from 'tweetnacl';

/** Seals the text for the key. Both are base64, as in GitHub's requests and responses. */
export function seal(text: string, publicKey: string): string {
  const theirs = new Uint8Array(Buffer.from(publicKey, 'base64'));
  if (theirs.length !== nacl.box.publicKeyLength)
    throw new TypeError('This is not a public key of 32 bytes.');
  const once = nacl.box.keyPair();
  const nonce = blake2b(Buffer.concat([once.publicKey, theirs]), undefined, nacl.box.nonceLength);
  const box = nacl.box(new TextEncoder().encode(text), nonce, theirs, once.secretKey);
  once.secretKey.fill(0);
  return Buffer.concat([once.publicKey, box]).toString('base64');
}
