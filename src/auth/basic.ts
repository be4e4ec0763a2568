// HTTP Basic authentication (RFC 7617), in UTF-8.

import type { Credentials } from './credentials.ts';

/** Headers by credentials, so that each is encoded once. Inspecting the credentials never leads here. */
const headers = new WeakMap<Credentials, string>();

/** The value of the Authorization header. Set it on the request that is sent, and nowhere else. */
export function basicHeader(credentials: Credentials): string {
  const known = headers.get(credentials);
  if (known !== undefined) return known;
  let bytes = '';
  for (const byte of new TextEncoder().encode(`${credentials.id}:${credentials.secret.reveal()}`))
    bytes += String.fromCharCode(byte);
  const header = `Basic ${btoa(bytes)}`;
  headers.set(credentials, header);
  return header;
}
