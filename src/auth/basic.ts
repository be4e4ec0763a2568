// HTTP Basic as RFC 7617 has it, in UTF-8.

import type { Credentials } from './credentials.ts';

/** Made once for a pair. Nothing that can be looked at leads here. */
const made = new WeakMap<Credentials, string>();

/** The value of the Authorization header. Keep it on the copy that goes to the wire, and nowhere else. */
export function basicHeader(pair: Credentials): string {
  const before = made.get(pair);
  if (before !== undefined) return before;
  let bytes = '';
  for (const byte of new TextEncoder().encode(`${pair.id}:${pair.secret.reveal()}`))
    bytes += String.fromCharCode(byte);
  const header = `Basic ${btoa(bytes)}`;
  made.set(pair, header);
  return header;
}
