// What can be saved of a response to a create or a regenerate that has another shape, or was cut short.

import { Secret } from '../auth/secret.ts';

/** The first secret in a text that can be read whole, and the id of its key. One before it may have been cut. */
export function extractSecret(text: string): { secret?: Secret; keyId?: string } {
  const secrets = text.matchAll(/"secret"\s*:\s*("(?:[^"\\\p{Cc}]|\\.){1,4096}")/gu);
  const secret = [...secrets].map(([, json]) => unquoted(json)).find((found) => found !== undefined);
  const keyId = /"id"\s*:\s*"([0-9A-Za-z_-]{1,64})"/.exec(text)?.[1];
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
