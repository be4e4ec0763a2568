// What can be saved of a response to a create or a regenerate that has another shape, or was cut short.

import { Secret } from '../auth/secret.ts';

/** A whole JSON string. One before it may have been cut. */
const STRING = String.raw`("(?:[^"\\\p{Cc}]|\\.){1,4096}")`;

const FIELD = new RegExp(String.raw`"secret"\s*:\s*${STRING}`, 'gu');
/** Where else a secret may stand, the most certain first: a text of the form of secrets, a field with a like name. */
const ELSEWHERE = [
  /("[0-9a-f]{72}")/g,
  new RegExp(String.raw`"[^"]{0,64}secret(?:_?key)?"\s*:\s*${STRING}`, 'giu'),
];
const ID = /"(?:(?:api)?_?key_?)?id"\s*:\s*"([0-9A-Za-z_-]{1,64})"/i;

/**
 * The first secret in a text that can be read whole, and the id of its key. In a response that was cut short other fields are
 * searched too. One that is whole and has another shape may not be the service's, so only a field of the right name counts.
 */
export function extractSecret(text: string, everywhere = !isJson(text)): { secret?: Secret; keyId?: string } {
  const places = everywhere ? [FIELD, ...ELSEWHERE] : [FIELD];
  const secret = places
    .flatMap((place) => [...text.matchAll(place)])
    .map(([, json]) => unquoted(json))
    .find((found) => found !== undefined);
  const keyId = ID.exec(text)?.[1];
  return {
    ...(secret === undefined ? {} : { secret: Secret.from(secret) }),
    ...(keyId === undefined ? {} : { keyId }),
  };
}

/** The text that a JSON string stands for. */
function unquoted(json: string | undefined): string | undefined {
  try {
    return json === undefined ? undefined : String(JSON.parse(json));
  } catch {
    return undefined;
  }
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
