// What can be saved of a response to a create or a regenerate that has another shape, or was cut short.

import { Secret } from '../auth/secret.ts';

/** A whole JSON string. One before it may have been cut. */
const STRING = String.raw`("(?:[^"\\\p{Cc}]|\\.){1,4096}")`;

/** Where a secret may stand, the most certain first: its field, a text of the form of secrets, a field with a like name. */
const PLACES = [
  new RegExp(String.raw`"secret"\s*:\s*${STRING}`, 'gu'),
  /("[0-9a-f]{72}")/g,
  new RegExp(String.raw`"[^"]*secret(?:_?key)?"\s*:\s*${STRING}`, 'giu'),
];
const ID = /"(?:(?:api)?_?key_?)?id"\s*:\s*"([0-9A-Za-z_-]{1,64})"/i;

/** The first secret in a text that can be read whole, and the id of its key. */
export function extractSecret(text: string): { secret?: Secret; keyId?: string } {
  const secret = PLACES.flatMap((place) => [...text.matchAll(place)])
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
