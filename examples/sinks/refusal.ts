// What the sinks here say when they are refused. An error of this class is shown by a rotation's report, where the text of
// any other is withheld: so it holds a status and our own words, never the body of an answer or anything that was sent.
import { RotationError } from 'blazemeter-client/rotation';

export const refusal = (message: string) => new RotationError(message, { code: 'rotation_sink' });

/** A status that is no success, and what that means where it is known. */
export const refused = (what: string, status: number, why: Readonly<Record<number, string>> = {}) =>
  refusal(`${what} answered ${status}. ${why[status] ?? ''}`.trim());

/** The address, if a token may be sent there: https, or this very machine. */
export function safeUrl(address: string): string {
  const { protocol, hostname, username, password } = new URL(address);
  const here = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
  if ((protocol !== 'https:' && !(protocol === 'http:' && here)) || username !== '' || password !== '')
    throw refusal('A token is sent to an https address only.');
  return address.replace(/\/+$/, '');
}
