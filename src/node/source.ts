// What every source has in common: places that are looked at in order, one provider over them, and one way to say what is
// wrong without showing what was found.

import {
  type CredentialContext,
  type CredentialProvider,
  type Credentials,
  parseCredentials,
} from '../auth/credentials.ts';
import { CredentialsError } from '../errors.ts';
import { shownId } from '../util/printable.ts';

/** A pair, and in words where it was found. */
export interface Found {
  readonly pair: Credentials;
  readonly from: string;
}

/** A place to look at. It gives a pair, or the reason why it does not count; it throws where it is configured and broken. */
export interface Place {
  readonly name: string;
  readonly look: (context?: CredentialContext) => Promise<Found | string> | Found | string;
}

/** The error for a source that is configured and broken. */
export const broken = (source: string, problem: string): CredentialsError =>
  new CredentialsError(`${source} ${problem}`, { source });

/** The stable name of an error, such as `ENOENT`: all that is shown of one. */
export const errorCode = (error: unknown): string => String((isObject(error) && error.code) || 'failed');

/** `${NAME}`, `$(NAME)`, `%NAME%`: what shells and CI systems leave where a variable is not defined. */
const VARIABLE = /\$\{.*?\}|\$\(.*?\)|%[A-Za-z_]\w*%/.source;
/** One that is a whole pair or a whole half: within a half, a secret may hold any character. */
const IN_PAIR = new RegExp(`(?:^|:)(?:${VARIABLE})(?:$|:)`);
/** One anywhere in a path, or a `~`. */
export const IN_PATH = new RegExp(`^~(?:$|[\\\\/])|${VARIABLE}`);

/** Refuses text in which a variable still stands. */
export function refuseVariable(text: string, source: string, variable: RegExp): void {
  if (variable.test(text))
    throw broken(source, 'holds a variable that nothing replaced. Define it, or give the value itself.');
}

/** A pair that nobody has looked at yet. */
interface Unchecked {
  readonly id: string;
  readonly secret: string;
  readonly expiresAt?: Date | undefined;
}

/** Checks a pair, or the text `id:secret`. */
export function checkedPair(value: string | Unchecked, source: string): Credentials {
  for (const text of typeof value === 'string' ? [value] : [value.id, value.secret])
    refuseVariable(text, source, IN_PAIR);
  try {
    return parseCredentials(value, `The credentials in ${source}`);
  } catch (error) {
    throw new CredentialsError(error instanceof Error ? error.message : '', { source });
  }
}

/** The object that the JSON text holds, or undefined. No parser's error is passed on: it quotes what it could not read. */
export function jsonObject(text: string): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** Whether the value has properties that may be asked for. */
export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null;

/** The pair in an object of JSON. */
export const pairOf = ({ id, secret }: Readonly<Record<string, unknown>>): Unchecked => ({
  id: typeof id === 'string' ? id : '',
  secret: typeof secret === 'string' ? secret : '',
});

/** A provider that looks at its places anew at every call. The first that is configured decides. */
export function providerOf(title: string, places: readonly Place[], mend = ''): CredentialProvider {
  let description = title;
  const provide: CredentialProvider = async (context) => {
    let misses = '';
    for (const { name, look } of places) {
      const found = await look(context);
      if (typeof found !== 'string') {
        description = `${found.from}, key ${shownId(found.pair.id)}`;
        return { ...found.pair, source: found.from };
      }
      misses += `\n- ${name}: ${found}`;
    }
    throw new CredentialsError(`No BlazeMeter credential was found. Looked at:${misses}${mend}`);
  };
  return Object.assign(provide, { describe: () => description });
}
