// What all credential sources share: lookups that are tried in order, one provider over them, and errors that name the source
// without showing what was found in it.

import * as z from 'zod/mini';
import {
  type CredentialContext,
  type CredentialProvider,
  type Credentials,
  type CredentialsInput,
  parseCredentials,
} from '../auth/credentials.ts';
import { CredentialsError, type ErrorHint } from '../errors.ts';
import { shownId } from '../util/printable.ts';

/** Credentials, and where they were found. */
export interface Found {
  readonly credentials: Credentials;
  readonly source: string;
}

/** One place where credentials may be. `find` returns why they are not there, and throws where they are there and unusable. */
export interface Lookup {
  readonly name: string;
  readonly find: (context?: CredentialContext) => Promise<Found | string> | Found | string;
}

/** A sentence that begins with a source, such as `the key file ./key.json`. */
export const sentence = (text: string): string => text.replace(/^the /, 'The ');

/** The error for a source that is configured and unusable. */
export const broken = (source: string, problem: string, hint?: ErrorHint): CredentialsError =>
  new CredentialsError(sentence(`${source} ${problem}`), { source, hint });

/** The stable code of an error, such as `ENOENT`: all that is shown of a system error. */
export const errorCode = (error: unknown): string =>
  String((typeof error === 'object' && error !== null && 'code' in error && error.code) || 'failed');

/** Checks credentials that a source holds: an object, or the string `id:secret`. */
export function checkedCredentials(value: string | CredentialsInput, source: string): Credentials {
  try {
    return parseCredentials(value, `The credentials in ${source}`);
  } catch (error) {
    throw new CredentialsError(error instanceof Error ? error.message : '', { source });
  }
}

const text = z.catch(z.string(), '');
/** Key files and what commands print. A missing half becomes empty, which {@link checkedCredentials} names. */
const keyJson = z.object({ id: text, secret: text, expiresAt: z.optional(z.unknown()) });

/** Parses `{"id": "…", "secret": "…"}`; undefined where it is no JSON object. A parser's error quotes its input: it is dropped. */
export function parseKeyJson(json: string): z.infer<typeof keyJson> | undefined {
  try {
    const result = z.safeParse(keyJson, JSON.parse(json), { error: () => 'unexpected' });
    return result.success ? result.data : undefined;
  } catch {
    return undefined;
  }
}

/** A provider that tries its lookups again at every call. The first that is configured decides. */
export function providerOf(title: string, lookups: readonly Lookup[], hint?: ErrorHint): CredentialProvider {
  let description = title;
  const provide: CredentialProvider = async (context) => {
    let misses = '';
    for (const { name, find } of lookups) {
      const found = await find(context);
      if (typeof found !== 'string') {
        const { credentials, source } = found;
        description = `${source}, key ${shownId(credentials.id)}`;
        return { ...credentials, source };
      }
      misses += `\n- ${name}: ${found}`;
    }
    throw new CredentialsError(`No BlazeMeter credentials were found in:${misses}`, { hint });
  };
  return Object.assign(provide, { describe: () => description });
}
