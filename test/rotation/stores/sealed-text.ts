// Sealed texts as Node's own crypto makes and opens them, to hold the sealing of the library against.
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';

const hash = (text: string) => createHash('sha256').update(text).digest();

/** 32 bytes that look random, the same for the same name. */
export const keyNamed = (name: string): Uint8Array<ArrayBuffer> =>
  new Uint8Array(hash(`sealing key ${name}`));

/** The id of a key, as a sealed text names it. */
export const idOf = (key: Uint8Array): string =>
  createHash('sha256').update('blazemeter-client key id\n').update(key).digest('hex').slice(0, 12);

/** Seals a text for a place. */
export function sealedText(key: Uint8Array, place: string, text: string): string {
  const head = `blazemeter-sealed-1.${idOf(key)}`;
  const nonce = hash(`nonce for ${text}`).subarray(0, 12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce).setAAD(Buffer.from(`${head}\n${place}`));
  const bytes = Buffer.concat([nonce, cipher.update(text), cipher.final(), cipher.getAuthTag()]);
  return `${head}.${bytes.toString('base64')}\n`;
}

/** Opens a sealed text. */
export function openedText(key: Uint8Array, place: string, sealed: string): string {
  const [head, id, base64 = ''] = sealed.split('.');
  const bytes = Buffer.from(base64, 'base64');
  const cipher = createDecipheriv('aes-256-gcm', key, bytes.subarray(0, 12))
    .setAAD(Buffer.from(`${head}.${id}\n${place}`))
    .setAuthTag(bytes.subarray(-16));
  return Buffer.concat([cipher.update(bytes.subarray(12, -16)), cipher.final()]).toString();
}
