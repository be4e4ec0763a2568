// Key id and secret: the forms in which callers give them, the providers that fetch them, and the check that all of them pass.

import { CredentialsError } from '../errors.ts';
import { Secret, type SecretLike } from './secret.ts';

/** Credentials as callers pass them. */
export interface CredentialsInput {
  /** The API key's id: 24 lower-case hex digits as observed, but any non-empty string without `:` is accepted. */
  readonly id: string;
  /** The API key's secret. */
  readonly secret: string | SecretLike;
  /** When the key expires, if known. The client calls its provider again shortly before. */
  readonly expiresAt?: Date | undefined;
  /** The only origin that these credentials may be sent to, if their source names one. Default: any. */
  readonly origin?: string | undefined;
  /**
   * After how many milliseconds the client calls the provider again in the background, for a source whose credentials may change
   * at any time. Default: only shortly before {@link CredentialsInput.expiresAt}.
   */
  readonly refreshAfterMs?: number | undefined;
  /** Where the credentials come from, in a few words such as `BZ_TOKEN`. Errors about them name it. */
  readonly source?: string | undefined;
}

/** Checked credentials. */
export interface Credentials {
  /** The API key's id. */
  readonly id: string;
  /** The API key's secret. */
  readonly secret: Secret;
  /** When the key expires, where that is known. */
  readonly expiresAt?: Date;
  /** The only origin that they may be sent to, where there is one. */
  readonly origin?: string;
  /** After how many milliseconds the provider is called again, if that is before the key expires. */
  readonly refreshAfterMs?: number;
  /** Where they come from, in a few words. */
  readonly source?: string;
}

/** Why a provider is called. */
export interface CredentialContext {
  /** `first`: there are none yet; `expiring`: they expire soon; `unauthorized`: the service refused the last ones. */
  readonly reason: 'first' | 'expiring' | 'unauthorized';
  /** With `unauthorized`: the credentials that were refused. */
  readonly refused?: { readonly id: string; readonly secret: SecretLike };
  /** Aborts when the client gives up on the provider, after 60 s. */
  readonly signal?: AbortSignal;
  /** Receives warnings, such as one about a key file that others can read. A client logs them. */
  readonly warn?: (message: string) => void;
}

/**
 * A function that returns credentials. It is called again when they expire or are refused. To have its message shown, throw
 * a {@link CredentialsError}; of other errors only the name and the code are reported, because their text may quote the
 * secret.
 */
export interface CredentialProvider {
  (context?: CredentialContext): Promise<CredentialsInput>;
  /** Where the credentials come from, in words, and the key id once it is known; never more. */
  describe?(): string;
}

/** What `credentials` may be: an object, `id:secret` as one string, or a provider. */
export type CredentialsOption = CredentialsInput | string | CredentialProvider;

/** A key counts as expired this long before it expires, in milliseconds. */
export const EXPIRED_EARLY = 120_000;

/** Whether two ids name one key: a service that reads hex digits accepts both cases. */
export const sameKey = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** `${NAME}`, `$(NAME)`, `{{ name }}`, `%NAME%`, `$env:NAME`: what shells, CI systems and templates leave of an undefined variable. */
export const VARIABLE =
  /\$\{{1,2}[^}]{0,200}\}{1,2}|\$\([^)]{0,200}\)|\{\{[^}]{0,200}\}\}|%[A-Za-z_]\w{0,200}%|\$env:\w{1,200}/
    .source;
/** `$NAME`. A secret may begin with a dollar sign, so only the usual forms of names count. */
const SHELL_VARIABLE = /\$(?:[A-Z_][A-Z\d_]*|[a-z][a-z\d]*(?:_[a-z\d]+)+)/.source;
/** The address of a secret that a tool should have replaced with the secret itself. */
const ADDRESS =
  /[A-Za-z][A-Za-z\d+.-]{1,15}:\/\/|arn:aws[\w-]*:|vault:(?:[^#]+#|v\d+:)|encrypted:B|secretref:|ssm:\/|projects\/[^/]+\/secrets\/|@Microsoft\.KeyVault\(/
    .source;
/** One of these as a whole key id, secret or token, or before a colon: elsewhere a secret may contain them. */
const REFERENCE = new RegExp(`^(?:(?:${VARIABLE}|${SHELL_VARIABLE})(?:$|:)|${ADDRESS})`);

/** Forms that neither an id nor a secret can have, and what is wrong. The text completes "The credentials …". */
const IMPOSSIBLE: readonly (readonly [form: RegExp, problem: string])[] = [
  [
    REFERENCE,
    'hold a variable or a reference, such as $NAME or op://vault/item, as the %. Have it replaced with its value, or give the value itself.',
  ],
  [
    /^(?:export\s+\w+|[A-Z][A-Z\d_]{4,})=[^=]/,
    'hold NAME=value as the %. Give what follows the equals sign.',
  ],
  [
    /^(?:ENC[[(]|EJ\[1:|\$ANSIBLE_VAULT;|-----BEGIN )/,
    'hold encrypted text as the %. Decrypt it, and give the value itself.',
  ],
  [/\p{Cc}/u, 'contain a control character, such as a line break, in the %. Remove it.'],
  [
    /[\p{Cf}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u00a0]/u,
    'contain an invisible character in the %, as text copied from a web page may. Copy it again as plain text.',
  ],
  [/^\s|\s$/u, 'have a space at the start or end of the %. Remove it.'],
  [
    /^\[secret\]$/i,
    'hold the placeholder [secret] as the %, which is how a Secret appears in strings and JSON. Write secret.reveal() there.',
  ],
  [
    /^(?:\*{2}|x{3,})$|^\*{3}|\*{3}$|\*{4}|[•●]{2}|x{6}|^[\w-]+…|(?:…|\.{3})$|[<[(](?:redacted|masked|hidden)[>\])]/i,
    'hold a mask such as *** or a shortened value as the %. Copy the whole value from where it is kept, not from a log.',
  ],
  [
    /^<[^<>]+>$|^your[-_ ]|^(?:undefined|null|nan|none|change[-_ ]?me)$|^\[object \w+\]$/i,
    'hold a placeholder as the %, as templates such as <key id>:<key secret> do. Put the real value there.',
  ],
  [
    /^(?:basic|bearer)\s/i,
    'hold an Authorization header as the %. Give the key id and the secret themselves.',
  ],
  [
    /^(?:~|\.{1,2})[\\/]|^[a-z]:\\|^\\\\|^\/(?:app|data|etc|home|mnt|opt|private|root|run|secrets?|srv|tmp|usr|users|vault|var|workspace)\/|^[^:]{1,200}\.(?:json|txt|ya?ml)$/i,
    'hold a path as the %. Give the text in the file. The path of a key file belongs in BLAZEMETER_API_KEY.',
  ],
];

const QUOTE = '["\'`\u2018-\u201f\u00ab\u00bb]';
const BEGINS_OR_ENDS_QUOTED = new RegExp(`^${QUOTE}|${QUOTE}$`);
const QUOTED = new RegExp(`^${QUOTE}.*${QUOTE}$`, 's');
const EMAIL = /^[^\s@]+@[^\s@]+\.[a-z]{2,}$/i;

/** What is wrong with one half by its form, if anything is. */
const problemOf = (text: string, half: string): string | undefined =>
  IMPOSSIBLE.find(([form]) => form.test(text))?.[1].replace('%', half);

/** What a string without a colon is, where its form says so. */
function problemWithoutColon(text: string): string {
  if (/^[0-9a-z]{20}$/i.test(text))
    return 'hold 20 characters without a colon: an old API user key, which cannot sign requests. Create an API key and give its id:secret.';
  if (/^[0-9a-f]{24}$/i.test(text)) return 'hold a key id alone. Give id:secret.';
  return problemOf(text, 'whole value') ?? 'have no colon. Give id:secret.';
}

/**
 * Parses `id:secret`, or checks an object. The service's rules for length and alphabet are not known, so only what cannot be
 * credentials is refused, by its form: an empty id or secret, control and invisible characters, quotation marks around a
 * value, masks, shortened values and placeholders, variables and references to secrets that were not replaced, encrypted
 * text, a path, an e-mail address, JSON, or a `:` in the id.
 *
 * @throws {@link CredentialsError} that says what is wrong, without the value.
 * @example
 * ```ts
 * import { parseCredentials } from 'blazemeter-client';
 *
 * const { id, secret } = parseCredentials('my-key-id:my-key-secret');
 * console.log(id, `${secret}`); // my-key-id [secret]
 * ```
 */
export function parseCredentials(value: string | CredentialsInput, source?: string): Credentials {
  const where = source === undefined ? 'The credentials' : source;
  const fail = (problem: string): never => {
    throw new CredentialsError(`${where} ${problem}`, { source });
  };
  if (typeof value === 'string') {
    const trimmed = value.trim();
    if (trimmed === '') return fail('are empty. Give id:secret.');
    if (/^(?:\{|\[\s*[{"\]])/.test(trimmed) && !/^\{\{/.test(trimmed))
      return fail(
        'hold JSON where id:secret belongs. Save it as a key file and give its path in BLAZEMETER_API_KEY.',
      );
    // Before it is split, because many have colons of their own.
    if (REFERENCE.test(trimmed)) return fail(problemOf(trimmed, 'value') ?? '');
    const colon = trimmed.indexOf(':');
    if (colon < 0 || /^[a-z]:\\/i.test(trimmed)) return fail(problemWithoutColon(trimmed));
    return checked({ id: trimmed.slice(0, colon), secret: trimmed.slice(colon + 1) }, fail);
  }
  if (typeof value !== 'object' || value === null)
    return fail('must be an object { id, secret } or the string id:secret.');
  if ('credentials' in value && !('id' in value))
    return fail('must be { id, secret } themselves, not an object with them in a field credentials.');
  return checked(value, fail);
}

function checked(input: CredentialsInput, fail: (problem: string) => never): Credentials {
  const { id, expiresAt, origin, refreshAfterMs, source } = input;
  if (typeof id !== 'string' || id === '') return fail('lack the key id: it is empty or not a string.');
  let secret: Secret;
  try {
    secret = Secret.from(input.secret);
  } catch {
    return fail('lack the key secret: it is neither a string nor a Secret.');
  }
  const text = secret.reveal();
  if (text === '') return fail('lack the key secret: it is empty.');
  if (BEGINS_OR_ENDS_QUOTED.test(id) || QUOTED.test(text))
    return fail(
      'have quotation marks around a value, as `docker run --env-file` keeps them. Remove the quotes.',
    );
  const impossible = problemOf(id, 'key id') ?? problemOf(text, 'key secret');
  if (impossible !== undefined) return fail(impossible);
  if (id.includes(':'))
    return fail('have a colon in the key id, which HTTP Basic authentication cannot carry.');
  if (EMAIL.test(id))
    return fail(
      'hold an e-mail address as the key id. The API takes API keys, not user names and passwords.',
    );
  if (/^[0-9a-f]{20}$/i.test(id))
    return fail(
      'hold an old API user key of 20 characters as the key id. Create an API key and give its id and secret.',
    );
  if (text.startsWith(`${id}:`))
    return fail('hold id:secret as the key secret. Give the part after the colon.');
  if (!id.isWellFormed() || !text.isWellFormed())
    return fail('contain half of a surrogate pair, which UTF-8 cannot encode. Copy the value again.');
  if (expiresAt !== undefined && !(expiresAt instanceof Date && !Number.isNaN(expiresAt.getTime())))
    return fail('have an expiresAt that is not a valid Date.');
  if (refreshAfterMs !== undefined && !(typeof refreshAfterMs === 'number' && refreshAfterMs >= 0))
    return fail('have a refreshAfterMs that is not a number of milliseconds.');
  if (origin !== undefined && !(typeof origin === 'string' && URL.canParse(origin)))
    return fail('have an origin that is not a URL.');
  return {
    id,
    secret,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    // Only the origin: messages name it, and an address may hold a password.
    ...(origin === undefined ? {} : { origin: new URL(origin).origin }),
    ...(refreshAfterMs === undefined ? {} : { refreshAfterMs }),
    ...(typeof source === 'string' ? { source } : {}),
  };
}
