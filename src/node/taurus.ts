// The pair that Taurus (bzt) users keep in `~/.bzt-rc`.

import type { CredentialProvider } from '../auth/credentials.ts';
import { builtin } from './builtin.ts';
import { readSettings, setting } from './bzt-rc.ts';
import { type FileOptions, readPrivateFile, shownPath } from './private-file.ts';
import { broken, checkedPair, type Found, type Place, providerOf } from './source.ts';

/** Where Taurus's settings are. */
export interface TaurusOptions extends FileOptions {
  /** The file. Default: `.bzt-rc` in the home folder. */
  readonly path?: string | undefined;
}

/** The place in Taurus's settings. */
export function taurusPlace(options: TaurusOptions): Place {
  const name = options.path === undefined ? '~/.bzt-rc' : shownPath(options.path);
  return {
    name,
    look: async (context) => {
      const path = options.path ?? inHome();
      if (path === undefined) return 'no home folder is known';
      const text = await readPrivateFile(path, name, options, context);
      return text === undefined ? 'no such file' : settingsPair(text, name);
    },
  };
}

function inHome(): string | undefined {
  const { isAbsolute, join } = builtin('node:path');
  let home = '';
  try {
    home = builtin('node:os').homedir();
  } catch {
    // There is no such user.
  }
  // A relative home would be looked for in the working directory, where anyone may have put a file.
  return isAbsolute(home) ? join(home, '.bzt-rc') : undefined;
}

function settingsPair(text: string, from: string): Found | string {
  const unreadable = broken(
    from,
    'is neither JSON nor YAML of plain mappings. A pair belongs into BZ_TOKEN.',
  );
  const settings = readSettings(text);
  for (const module of ['blazemeter', 'cloud']) {
    const token = setting(settings, module, 'token', unreadable);
    if (token === undefined) continue;
    const pair = checkedPair(token, from);
    // Taurus lays the settings of the cloud module over those of the other.
    const address =
      setting(settings, module, 'address', unreadable) ??
      setting(settings, 'blazemeter', 'address', unreadable);
    if (address === undefined) return { from, pair };
    if (!/^https?:/i.test(address) || !URL.canParse(address))
      throw broken(from, 'holds an address that is not a URL.');
    return { from, pair: { ...pair, origin: new URL(address).origin } };
  }
  return 'has no modules.blazemeter.token or modules.cloud.token';
}

/**
 * A pair from Taurus's settings, `~/.bzt-rc`, read at every call: `modules.blazemeter.token` or else
 * `modules.cloud.token`, as `id:secret`. Where an `address` stands beside it, the pair is bound to that origin and is
 * sent nowhere else. The file may be JSON, or YAML of plain nested mappings; it is judged like a key file.
 *
 * @returns A provider. Its calls reject with a `CredentialsError` that says what is wrong with the file.
 * @example
 * ```ts
 * import { mkdtemp, writeFile } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { fromTaurus } from 'blazemeter-client/node';
 *
 * const path = join(await mkdtemp(join(tmpdir(), 'home-')), '.bzt-rc');
 * await writeFile(path, 'modules:\n  blazemeter:\n    token: my-key-id:my-key-secret\n', { mode: 0o600 });
 *
 * const credentials = fromTaurus({ path });
 * console.log((await credentials()).id); // my-key-id
 * ```
 */
export function fromTaurus(options: TaurusOptions = {}): CredentialProvider {
  return providerOf("Taurus's settings", [taurusPlace(options)]);
}
