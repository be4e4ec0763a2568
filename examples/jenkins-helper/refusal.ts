// What a sink says when the service refuses. A rotation's report shows the message of this class of errors and withholds that
// of any other: so it holds a status and our own words, never the body of a response or anything that was sent.
import { RotationError } from 'blazemeter-client/rotation';

export const refusal = (message: string) => new RotationError(message, { code: 'rotation_sink' });

/** A status that is no success, and what that means where it is known. */
export const refused = (what: string, status: number, why: Readonly<Record<number, string>> = {}) =>
  refusal(`${what} responded with ${status}. ${why[status] ?? ''}`.trim());

/** The address, if a token may be sent there: https, or this machine. */
export function safeUrl(address: string): string {
  const { protocol, hostname, username, password } = new URL(address);
  const here = /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname);
  if ((protocol !== 'https:' && !(protocol === 'http:' && here)) || username !== '' || password !== '')
    throw refusal('A token is sent to an https address only.');
  return address.replace(/\/+$/, '');
}
