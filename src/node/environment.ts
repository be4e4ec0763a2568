// Credentials in environment variables, under the names that BlazeMeter's clients use.

import type { CredentialContext, CredentialProvider } from '../auth/credentials.ts';
import { keyFilePair } from './key-file.ts';
import type { FileOptions } from './private-file.ts';
import { broken, checkedPair, type Place, providerOf } from './source.ts';

/** How the environment is read. */
export interface EnvironmentOptions extends FileOptions {
  /** The variables. Default: `process.env`, at the time of each call. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The places in the environment, in their order. */
export function environmentPlaces(options: EnvironmentOptions): Place[] {
  // An empty variable counts as not set: CI systems define a missing secret so.
  const read = (name: string): string => (options.env ?? globalThis.process?.env)?.[name]?.trim() ?? '';

  const one = (
    name: string,
    found: (value: string, context?: CredentialContext) => ReturnType<Place['look']>,
  ): Place => ({
    name,
    look: (context) => {
      const value = read(name);
      return value ? found(value, context) : 'not set';
    },
  });
  const file = (name: string): Place =>
    one(name, (path, context) => keyFilePair(path, name, options, context));

  const pair = (prefix: string, halfStops: boolean): Place => {
    const idName = `${prefix}_ID`;
    const name = `${idName} + ${prefix}_SECRET`;
    return {
      name,
      look: () => {
        const id = read(idName);
        const secret = read(`${prefix}_SECRET`);
        if (id && secret) return { from: name, pair: checkedPair({ id, secret }, name) };
        if (!id && !secret) return 'not set';
        if (halfStops) throw broken(name, `are half set: ${id ? 'the secret' : 'the id'} is missing.`);
        return 'half set, which may be meant for another tool';
      },
    };
  };

  return [
    pair('BLAZEMETER_API_KEY', true),
    one('BZ_TOKEN', (token) => ({ from: 'BZ_TOKEN', pair: checkedPair(token, 'BZ_TOKEN') })),
    file('BLAZEMETER_API_KEY'),
    file('API_KEY_PATH'),
    pair('API_KEY', false),
  ];
}

/**
 * A pair from the environment, read at every call. The first of these that is set decides:
 * `BLAZEMETER_API_KEY_ID` + `BLAZEMETER_API_KEY_SECRET`; `BZ_TOKEN` (`id:secret`); `BLAZEMETER_API_KEY` and then
 * `API_KEY_PATH`, each the path of a key file; `API_KEY_ID` + `API_KEY_SECRET`. Blanks around a value do not count, and
 * an empty variable counts as not set.
 *
 * @returns A provider. Its calls reject with a `CredentialsError` that names the variable at fault, or lists all.
 * @example
 * ```ts
 * import { fromEnvironment } from 'blazemeter-client/node';
 *
 * const credentials = fromEnvironment({ env: { BZ_TOKEN: 'my-key-id:my-key-secret' } });
 * console.log((await credentials()).id, credentials.describe?.()); // my-key-id BZ_TOKEN, key my-key-id
 * ```
 */
export function fromEnvironment(options: EnvironmentOptions = {}): CredentialProvider {
  return providerOf('the environment', environmentPlaces(options));
}
