// The pair of key id and secret: its forms, where it may come from, and the check that every pair passes.

import { CredentialsError } from '../errors.ts';
import { Secret, type SecretLike } from './secret.ts';

/** A pair as callers give it. */
export interface CredentialsInput {
  /** The API key's id: 24 lower-case hex digits as seen so far, but any text without `:` is taken. */
  readonly id: string;
  /** The API key's secret. */
  readonly secret: string | SecretLike;
  /** When the pair runs out, where that is known. The client asks its source again shortly before. */
  readonly expiresAt?: Date | undefined;
  /** The only origin that this pair may be sent to, where its source names one. */
  readonly origin?: string | undefined;
  /**
   * After how many milliseconds the source is to be asked again, behind the callers' backs, although the pair does not run
   * out: for a source whose pair may change at any time. Default: not before {@link CredentialsInput.expiresAt} is near.
   */
  readonly refreshAfterMs?: number | undefined;
  /** Where the credentials come from, in a few words such as `BZ_TOKEN`: errors about them name it. */
  readonly source?: string | undefined;
}

/** Checked credentials. */
export interface Credentials {
  /** The API key's id. */
  readonly id: string;
  /** The API key's secret. */
  readonly secret: Secret;
  /** When the pair runs out, where that is known. */
  readonly expiresAt?: Date;
  /** The only origin that it may be sent to, where there is one. */
  readonly origin?: string;
  /** After how many milliseconds its source is to be asked again, where that is to be before it runs out. */
  readonly refreshAfterMs?: number;
  /** Where they come from, in a few words. */
  readonly source?: string;
}

/** Why a provider is asked. */
export interface CredentialContext {
  /** `first`: none yet; `expiring`: the pair runs out soon; `unauthorized`: the service refused the last one. */
  readonly reason: 'first' | 'expiring' | 'unauthorized';
  /** With `unauthorized`: the pair that was refused. */
  readonly refused?: { readonly id: string; readonly secret: SecretLike };
  /** Aborts when the client gives up on the source, after 60 s. */
  readonly signal?: AbortSignal;
  /** Takes what is worth a warning but no error, such as a file that others can read. A client logs it. */
  readonly warn?: (message: string) => void;
}

/**
 * Where a pair comes from: a function that is asked for it, and asked again when the pair expires or is refused.
 * Throw a {@link CredentialsError} that says what is wrong; other errors are reported by their name and code alone, since
 * their text may quote the secret.
 */
export interface CredentialProvider {
  (context?: CredentialContext): Promise<CredentialsInput>;
  /** Where the pair comes from, in words, and its id once known; never more. */
  describe?(): string;
}

/** What `credentials` may be: a pair, `id:secret` in one text, or a provider. */
export type CredentialsOption = CredentialsInput | string | CredentialProvider;

/** A pair counts as run out this long before it does, in milliseconds. */
export const EXPIRED_EARLY = 120_000;

/** Whether two ids name one key: a service that reads hex digits takes them in either case. */
export const sameKey = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const CONTROL = /\p{Cc}/u;

/**
 * Reads `id:secret`, or checks a pair. Nothing is known of the service's rules for length or alphabet, so only what
 * cannot work is refused: an empty half, a control character, a `:` in the id.
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
    const colon = trimmed.indexOf(':');
    if (colon < 0) return fail('must have the form id:secret, but there is no colon.');
    return checked({ id: trimmed.slice(0, colon), secret: trimmed.slice(colon + 1) }, fail);
  }
  if (typeof value !== 'object' || value === null)
    return fail('must be a pair { id, secret } or the text id:secret.');
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
  if (id.includes(':'))
    return fail('have a colon in the key id, which HTTP Basic authentication cannot carry.');
  if (CONTROL.test(id)) return fail('have a control character, such as a line break, in the key id.');
  if (CONTROL.test(text)) return fail('have a control character, such as a line break, in the key secret.');
  if (!id.isWellFormed() || !text.isWellFormed())
    return fail('hold half of a surrogate pair, which UTF-8 cannot carry.');
  if (expiresAt !== undefined && !(expiresAt instanceof Date && !Number.isNaN(expiresAt.getTime())))
    return fail('have an expiry that is not a date.');
  if (refreshAfterMs !== undefined && !(typeof refreshAfterMs === 'number' && refreshAfterMs >= 0))
    return fail('have a time to be asked for again that is no number of milliseconds.');
  if (origin !== undefined && !(typeof origin === 'string' && URL.canParse(origin)))
    return fail('have an origin that is not a URL.');
  return {
    id,
    secret,
    ...(expiresAt === undefined ? {} : { expiresAt }),
    // Only the origin of what was given: messages name it, and an address may hold a password.
    ...(origin === undefined ? {} : { origin: new URL(origin).origin }),
    ...(refreshAfterMs === undefined ? {} : { refreshAfterMs }),
    ...(typeof source === 'string' ? { source } : {}),
  };
}
