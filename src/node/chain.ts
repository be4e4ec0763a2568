// The default credentials: every source that BlazeMeter's clients use, in one order.

import type { CredentialProvider } from '../auth/credentials.ts';
import type { ErrorHint } from '../errors.ts';
import { parseOptions, spec } from '../util/options.ts';
import { ENVIRONMENT_OPTIONS, type EnvironmentOptions, environmentLookups } from './environment.ts';
import { providerOf } from './source.ts';
import { taurusLookup } from './taurus.ts';

/** Options of `defaultCredentials`. */
export interface DefaultCredentialsOptions extends EnvironmentOptions {
  /** Taurus's settings. Default: `.bzt-rc` in the home folder. */
  readonly taurusPath?: string | undefined;
}

const HINT: ErrorHint = {
  option: 'credentials',
  text: 'Set BLAZEMETER_API_KEY_ID and BLAZEMETER_API_KEY_SECRET, or pass `credentials`.',
};

/**
 * Credentials from the usual places: the environment, as {@link fromEnvironment} reads it, then Taurus's settings, as
 * {@link fromTaurus} reads them. All of it is read again at every call. A source that is not configured is skipped; one that
 * is configured but unusable ends the search. A client that is constructed without `credentials` uses this.
 *
 * @returns A provider. Its calls reject with a `CredentialsError` that names the source at fault or, where nothing is
 * configured, lists every source and why it was skipped.
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
  const specs = { ...ENVIRONMENT_OPTIONS, taurusPath: spec.string };
  const given = parseOptions('defaultCredentials', specs, options);
  return providerOf(
    'the default credentials',
    [...environmentLookups(given), taurusLookup({ ...given, path: given.taurusPath })],
    HINT,
  );
}
