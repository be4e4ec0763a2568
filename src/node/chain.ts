// The default chain: every place where BlazeMeter's clients keep a pair, in one order.

import type { CredentialProvider } from '../auth/credentials.ts';
import { type EnvironmentOptions, environmentPlaces } from './environment.ts';
import { providerOf } from './source.ts';
import { taurusPlace } from './taurus.ts';

/** How the default chain looks. */
export interface DefaultCredentialsOptions extends EnvironmentOptions {
  /** Taurus's settings. Default: `.bzt-rc` in the home folder. */
  readonly taurusPath?: string | undefined;
}

const MEND = '\nSet BLAZEMETER_API_KEY_ID and BLAZEMETER_API_KEY_SECRET, or give `credentials`.';

/**
 * A pair from wherever people keep one: the environment, as {@link fromEnvironment} reads it, then Taurus's settings, as
 * {@link fromTaurus} does. All of it is looked at anew at every call. A place where nothing is configured is passed over;
 * one that is configured but broken stops the search. A client that is made without `credentials` uses this.
 *
 * @returns A provider. Its calls reject with a `CredentialsError` that names the source at fault, or, where nothing
 * is configured, lists every place and why it did not count.
 * @example
 * ```ts
 * import { defaultCredentials } from 'blazemeter-client/node';
 *
 * const env = { BLAZEMETER_API_KEY_ID: 'my-key-id', BLAZEMETER_API_KEY_SECRET: 'my-key-secret' };
 * const credentials = defaultCredentials({ env });
 * console.log((await credentials()).id); // my-key-id
 * ```
 */
export function defaultCredentials(options: DefaultCredentialsOptions = {}): CredentialProvider {
  return providerOf(
    'the default credentials',
    [...environmentPlaces(options), taurusPlace({ ...options, path: options.taurusPath })],
    MEND,
  );
}
