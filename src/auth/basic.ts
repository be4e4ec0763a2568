// HTTP Basic by RFC 7617: id and secret in UTF-8, joined by a colon, in base64.

import type { Credentials } from './credentials.ts';

/** The value of the Authorization header. Keep it on the copy that goes to the wire, and nowhere else. */
export function basicHeader({ id, secret }: Credentials): string {
  let bytes = '';
  for (const byte of new TextEncoder().encode(`${id}:${secret.reveal()}`)) bytes += String.fromCharCode(byte);
  return `Basic ${btoa(bytes)}`;
}
