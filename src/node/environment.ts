// Credentials in environment variables, under the names that BlazeMeter's clients use.

import * as z from 'zod/mini';
import type { CredentialContext, CredentialProvider } from '../auth/credentials.ts';
import { parseOptions } from '../util/options.ts';
import { keyFileCredentials } from './key-file.ts';
import { FILE_OPTIONS, type FileOptions, shownPath } from './private-file.ts';
import { broken, checkedCredentials, type Lookup, providerOf } from './source.ts';

/** How the environment is read. */
export interface EnvironmentOptions extends FileOptions {
  /** The variables. Default: `process.env`, at the time of each call. */
  readonly env?: Readonly<Record<string, string | undefined>> | undefined;
}

/** The checks of {@link EnvironmentOptions}. `process.env` is no plain object everywhere. */
export const ENVIRONMENT_OPTIONS = {
  ...FILE_OPTIONS,
  env: z.custom(
    (value) => typeof value === 'object' && value !== null,
    'an object of variables, such as process.env',
  ),
};

/** The lookups in the environment, in their order. */
export function environmentLookups(options: EnvironmentOptions): Lookup[] {
  // An empty variable counts as not set: that is how CI systems pass a secret that is not defined.
  const read = (name: string): string => (options.env ?? globalThis.process?.env)?.[name]?.trim() ?? '';

  const one = (
    name: string,
    found: (value: string, context?: CredentialContext) => ReturnType<Lookup['find']>,
  ): Lookup => ({
    name,
    find: (context) => {
      const value = read(name);
      return value ? found(value, context) : 'not set';
    },
  });
  const file = (name: string): Lookup =>
    one(name, (path, context) =>
      keyFileCredentials(path, name, `${name} (${shownPath(path)})`, options, context),
    );

  const two = (prefix: string, halfIsError: boolean): Lookup => {
    const idName = `${prefix}_ID`;
    const secretName = `${prefix}_SECRET`;
    const source = `${idName} + ${secretName}`;
    return {
      name: source,
      find: () => {
        const id = read(idName);
        const secret = read(secretName);
        if (id && secret) return { source, credentials: checkedCredentials({ id, secret }, source) };
        if (!id && !secret) return 'not set';
        if (halfIsError)
          throw broken(source, `are half set: the ${id ? 'secret' : 'id'} is missing. Set both, or neither.`);
        return 'half set, which may be meant for another tool';
      },
    };
  };

  return [
    two('BLAZEMETER_API_KEY', true),
    one('BZ_TOKEN', (token) => ({
      source: 'BZ_TOKEN',
      credentials: checkedCredentials(token, 'BZ_TOKEN'),
    })),
    file('BLAZEMETER_API_KEY'),
    file('API_KEY_PATH'),
    two('API_KEY', false),
  ];
}

/**
 * Credentials from the environment, read at every call. The first of these that is set decides:
 * `BLAZEMETER_API_KEY_ID` + `BLAZEMETER_API_KEY_SECRET`; `BZ_TOKEN` (`id:secret`); `BLAZEMETER_API_KEY` and then
 * `API_KEY_PATH`, each the path of a key file; `API_KEY_ID` + `API_KEY_SECRET`. Spaces around a value are ignored, and an
 * empty variable counts as not set.
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
  return providerOf(
    'the environment',
    environmentLookups(parseOptions('fromEnvironment', ENVIRONMENT_OPTIONS, options)),
  );
}
