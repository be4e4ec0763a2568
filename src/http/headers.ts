// The headers that a caller gives: HTTP must be able to carry them, and none may take the signer's place.

import { printable } from '../util/printable.ts';

const NAME = /^[\w!#$%&'*+.^`|~-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
const REFUSED = new Set(['authorization', 'cookie', 'proxy-authorization', 'host', 'content-length']);

/** fetch would refuse these as well, and quote the value. */
export function checkHeader(name: string, value: string): void {
  if (!NAME.test(name) || !VALUE.test(value))
    throw new TypeError(`headers: HTTP cannot carry the name or the value of ${printable(name, 40)}.`);
}

/** The client's headers and those of one call, which win. */
export function headersOf(
  ofClient: Readonly<Record<string, string>>,
  ofCall: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const headers: Record<string, string> = { accept: 'application/json' };
  for (const [given, value] of Object.entries(ofClient)) headers[given.toLowerCase()] = value;
  for (const [given, value] of Object.entries(ofCall)) {
    const name = given.toLowerCase();
    if (REFUSED.has(name))
      throw new TypeError(`The header ${name} cannot be set: the client signs the request itself.`);
    checkHeader(given, value);
    headers[name] = value;
  }
  return headers;
}
