// Who sends a request: HTTP Basic by RFC 7617 in UTF-8, compared with hashes.

import { refuse } from './envelope.ts';
import { bindingMaximum, longerThan } from './policy.ts';
import type { Semantics } from './semantics.ts';
import { sha256 } from './sha256.ts';
import type { KeyRecord, State, UserRecord } from './state.ts';

/** The credentials of a request. They are held while the request is handled, and not stored. */
export interface Credentials {
  readonly id: string;
  readonly secret: string;
}

const decoder = new TextDecoder('utf-8', { fatal: true });
const ASCII = /^[\x20-\x7e]*$/;

/** Reads an `Authorization` header; undefined for one that is not Basic or malformed. */
export function readBasicAuth(authorization: string | undefined): Credentials | undefined {
  const encoded = authorization === undefined ? undefined : /^basic +(\S+) *$/i.exec(authorization)?.[1];
  if (encoded === undefined) return undefined;
  let text: string;
  try {
    const bytes = atob(encoded);
    text = ASCII.test(bytes) ? bytes : decoder.decode(Uint8Array.from(bytes, (byte) => byte.charCodeAt(0)));
  } catch {
    return undefined;
  }
  const colon = text.indexOf(':');
  return colon < 0 ? undefined : { id: text.slice(0, colon), secret: text.slice(colon + 1) };
}

export interface Caller {
  readonly user: UserRecord;
  readonly key: KeyRecord;
}

/**
 * Finds the caller, or refuses with 401. The reasons differ only under `distinguish` (S12), and none of them holds the
 * word "expired": a real client rewrites every 401 that does.
 */
export function authenticate(
  state: State,
  semantics: Semantics,
  credentials: Credentials | undefined,
  ms: number,
): Caller {
  const no = (why: string): never => refuse(401, semantics.unauthorized === 'distinguish' ? why : undefined);
  if (credentials === undefined) return no('No credentials');
  const key = state.keys.get(credentials.id);
  if (key === undefined)
    return no(state.deleted.has(credentials.id) ? 'The API key was deleted' : 'Unknown API key');
  const hash = sha256(credentials.secret);
  const { previous } = key;
  if (hash !== key.hash) {
    if (previous === null || hash !== previous.hash) return no('Wrong secret');
    if (ms >= previous.until) return no('The secret was replaced');
  } else if (ms < key.liveFrom) return no('The secret is not known everywhere yet');
  if (Math.floor(ms / 1000) >= key.expiration) return no('The API key is past its expiration date');
  const user = state.users.get(key.userId);
  if (user === undefined || !user.enabled) return no('The user is disabled');
  if (semantics.shrink === 'block-on-use' && longerThan(key, bindingMaximum(state, semantics, user.id)))
    return no('The API key is longer than its account allows');
  return { user, key };
}
