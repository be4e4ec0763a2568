// What can be saved of a response to a create or a regenerate that has another shape, failed, or was cut short.

import { Secret } from '../auth/secret.ts';
import { isPlainObject } from '../util/options.ts';

/** A whole JSON string. One before it may have been cut. */
const STRING = String.raw`("(?:[^"\\\p{Cc}]|\\.){1,4096}")`;

const FIELD = new RegExp(String.raw`"secret"\s*:\s*${STRING}`, 'gu');
/** Where else a secret may stand, the most certain first: a text of the form of secrets, a field with a like name. */
const ELSEWHERE = [
  /("[0-9a-f]{72}")/g,
  new RegExp(String.raw`"[^"]{0,64}secret(?:_?key)?"\s*:\s*${STRING}`, 'giu'),
];
const ID = /"(?:(?:api)?_?key_?)?id"\s*:\s*"([0-9A-Za-z_-]{1,64})"/i;
const WHOLE_ID = /^[0-9A-Za-z_-]{1,64}$/;
/** How many different secrets of one text are hidden. No response of the service has more than a few. */
const MOST_HIDDEN = 64;

/** A name with its colon, a text, or a number, an object or a list that holds something. */
const TOKEN = /"((?:[^"\\]|\\.)*)"(\s*:)?|[[{]\s*[\]}]|[[{]|-?\d[\d.eE+-]*/g;
/** Names of fields that may hold a secret in any form. */
const TELLING = /secret|token|pass|key|credential|material|private|auth/i;
/** Fields of the envelope and of a key, of which none holds a secret. */
const HARMLESS = /^(?:api_version|request_id|id|name|userId|created|updated|expiration|lastUsed)$/;
/** Eight numbers or more may be the bytes of a secret. */
const BYTES = /\[(?:\s*\d+\s*,){7}/;
/** A text of this length may be a secret. In a field with a telling name, any is one. */
const SHORT = 8;
/** The same for names and for what stands in harmless fields, where an id or a date is no secret. */
const LONG = 64;
/** A response longer than this is not looked through: it may hold a secret. */
const MOST_CHARACTERS = 20_000;

/** What was saved of a response. */
export interface Extracted {
  /** The new secret, where it is clear which one that is. */
  readonly secret?: Secret;
  /** There are several, and nothing says which one is new. */
  readonly several?: true;
  /** The id of its key. */
  readonly keyId?: string;
}

/** Every text that may be a secret and can be read whole: what must not be shown. */
export function secretsInText(text: string): string[] {
  const found = new Set([FIELD, ...ELSEWHERE].flatMap((place) => textsAt(place, text)));
  return [...found].slice(0, MOST_HIDDEN);
}

/**
 * The new secret in a text, and the id of its key. The secret that signed is not new. In a response that was cut short other
 * fields are searched too. One that is whole and has another shape may not be the service's, so only a field of the right name
 * counts; of several, the one where the schema has it.
 */
export function extractSecret(text: string, signer?: Secret): Extracted {
  const parsed = parseJson(text);
  const places = parsed === undefined ? [FIELD, ...ELSEWHERE] : [FIELD];
  const candidates =
    places
      .map((place) => textsAt(place, text).filter((found) => signer?.equals(found) !== true))
      .find(({ length }) => length > 0) ?? [];
  const key = keyIn(parsed?.value);
  const placed = candidates.find((found) => found === key.secret);
  const secret = candidates.length === 1 ? candidates[0] : placed;
  const ownId =
    placed !== undefined && typeof key.id === 'string' && WHOLE_ID.test(key.id) ? key.id : undefined;
  const keyId = ownId ?? ID.exec(text)?.[1];
  return {
    ...(secret === undefined ? {} : { secret: Secret.from(secret) }),
    ...(secret === undefined && candidates.length > 1 ? { several: true } : {}),
    ...(keyId === undefined ? {} : { keyId }),
  };
}

/**
 * Whether a response in which no secret was found may hold one all the same. Only an empty one, a page, and whole JSON without any
 * text or number that could be one hold none. The text is looked through, not what is parsed of it: that loses repeated fields.
 */
export function mayHoldSecret(body: string): boolean {
  if (body.trim() === '' || /^\s*</.test(body)) return false;
  if (parseJson(body) === undefined || body.length > MOST_CHARACTERS || BYTES.test(body)) return true;
  let name = '';
  for (const [token, text, colon] of body.matchAll(TOKEN)) {
    const telling = TELLING.test(name);
    const least = colon !== undefined || HARMLESS.test(name) ? LONG : telling ? 1 : SHORT;
    if (text === undefined ? telling && /^[[{]$|\d/.test(token) : text.length >= least) return true;
    if (colon !== undefined) name = text ?? '';
  }
  return false;
}

/** The different texts that a pattern finds. */
function textsAt(place: RegExp, text: string): string[] {
  const found = [...text.matchAll(place)].map(([, json]) => parseJson(json ?? '')?.value);
  return [...new Set(found.filter((value) => typeof value === 'string'))];
}

/** The object that has the new key, where the service responds as the schema says. */
function keyIn(whole: unknown): Readonly<Record<string, unknown>> {
  const key = isPlainObject(whole) && Object.hasOwn(whole, 'result') ? whole.result : whole;
  return isPlainObject(key) ? key : {};
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined; // The parser's message quotes the text, so it goes no further.
  }
}
