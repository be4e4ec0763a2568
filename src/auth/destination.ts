// Where credentials may be sent: https, or http to this machine only, and never inside a URL.

/** The documented address of the API. */
export const DEFAULT_BASE_URL = 'https://a.blazemeter.com/api/v4';

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/;

/**
 * Parses an address that signed calls may be sent to. Throws a `TypeError` that says what is wrong with it; the address
 * itself is not quoted because it may hold a password.
 */
export function signedDestination(address: string | URL, name: string): URL {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw new TypeError(`${name} is not a URL.`);
  }
  if (url.username !== '' || url.password !== '')
    throw new TypeError(`${name} must not hold a user name or password.`);
  const safe = url.protocol === 'https:' || (url.protocol === 'http:' && LOOPBACK.test(url.hostname));
  if (!safe)
    throw new TypeError(`${name} must be https; http is allowed to localhost, 127.0.0.0/8 and [::1] only.`);
  return url;
}

/** The address of an API, below which the paths of its operations are. */
export function apiAddress(address: string | URL, name: string): URL {
  const url = signedDestination(address, name);
  if (url.search !== '' || url.hash !== '')
    throw new TypeError(`${name} must not have a query or a fragment.`);
  return url;
}
