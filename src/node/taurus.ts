// The credentials that Taurus (bzt) users keep in `~/.bzt-rc`.

import * as z from 'zod/mini';
import type { CredentialProvider } from '../auth/credentials.ts';
import { isPlainObject, parseOptions, spec } from '../util/options.ts';
import { builtin } from './builtin.ts';
import { FILE_OPTIONS, type FileOptions, readPrivateFile, shownPath } from './private-file.ts';
import { broken, checkedCredentials, type Found, type Lookup, providerOf } from './source.ts';

/** Where Taurus's settings are. */
export interface TaurusOptions extends FileOptions {
  /** The file. Default: `.bzt-rc` in the home folder. */
  readonly path?: string | undefined;
}

/** The lookup in Taurus's settings. */
export function taurusLookup(options: TaurusOptions): Lookup {
  const name = options.path === undefined ? '~/.bzt-rc' : shownPath(options.path);
  return {
    name,
    find: async (context) => {
      const path = options.path ?? inHome();
      if (path === undefined) return 'no home folder is known';
      const text = await readPrivateFile(path, name, options, context);
      return text === undefined ? 'no such file' : credentialsIn(text, name);
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
  // A relative home would mean the working directory, where others may have put a file.
  return isAbsolute(home) ? join(home, '.bzt-rc') : undefined;
}

const optionalText = z.nullish(z.string());
const optionalModule = z.nullish(z.object({ token: optionalText, address: optionalText }));
const settingsSchema = z.object({
  modules: z.nullish(z.object({ blazemeter: optionalModule, cloud: optionalModule })),
});

async function credentialsIn(text: string, source: string): Promise<Found | string> {
  const merged = await mergedDocuments(text);
  const parsed = z.safeParse(settingsSchema, merged, { error: () => 'unexpected' });
  if (!parsed.success)
    throw broken(
      source,
      'is not YAML or JSON in which modules.blazemeter.token and modules.cloud.token are strings. Correct it, or put id:secret into BZ_TOKEN.',
    );
  const { blazemeter, cloud } = parsed.data.modules ?? {};
  const module = [blazemeter, cloud].find((candidate) => candidate?.token);
  if (!module?.token) return 'has no modules.blazemeter.token or modules.cloud.token';
  const credentials = checkedCredentials(module.token, source);
  // Taurus merges the settings of the cloud module over those of the blazemeter module.
  const address = module.address || blazemeter?.address;
  if (!address) return { source, credentials };
  if (!/^https?:/i.test(address) || !URL.canParse(address))
    throw broken(source, 'has an address that is not a URL. Give one such as https://a.blazemeter.com.');
  return { source, credentials: { ...credentials, origin: new URL(address).origin } };
}

type Mapping = Record<string, unknown>;

/** All documents of the file as one mapping; undefined where that cannot be read. A parser's error quotes its input: it is dropped. */
async function mergedDocuments(text: string): Promise<Mapping | undefined> {
  // Loaded where it is needed: few programs have this file, and every program imports the client.
  const { parseAllDocuments } = await import('yaml');
  const merged: Mapping = Object.create(null);
  try {
    for (const document of parseAllDocuments(text, {
      merge: true,
      logLevel: 'silent',
      prettyErrors: false,
    })) {
      if (document.errors.length > 0) return undefined;
      const settings: unknown = document.toJS();
      if (settings === null || settings === undefined) continue;
      if (!isPlainObject(settings)) return undefined;
      mergeInto(merged, settings);
    }
    return merged;
  } catch {
    return undefined;
  }
}

/** As Taurus merges settings: mappings key by key, everything else replaced; `~key` replaces a mapping, `^key` removes it. */
function mergeInto(target: Mapping, settings: Readonly<Mapping>): void {
  for (const [key, value] of Object.entries(settings)) {
    const [, sign, name = key] = /^([\^~])(.+)$/s.exec(key) ?? [];
    if (sign === '^') {
      delete target[name];
      continue;
    }
    const present = target[name];
    if (!isPlainObject(value)) {
      target[name] = value;
      continue;
    }
    const mapping: Mapping = Object.create(null);
    if (sign === undefined && isPlainObject(present)) Object.assign(mapping, present);
    mergeInto(mapping, value);
    target[name] = mapping;
  }
}

/**
 * Credentials from Taurus's settings, `~/.bzt-rc`, read at every call: `modules.blazemeter.token` or else
 * `modules.cloud.token`, as `id:secret`. Where an `address` is set beside it, the credentials are bound to that origin and
 * are sent nowhere else. The file is YAML or JSON; several documents are merged as Taurus merges them. Its owner and
 * permissions are checked like those of a key file.
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
  return providerOf("Taurus's settings", [
    taurusLookup(parseOptions('fromTaurus', { ...FILE_OPTIONS, path: spec.string }, options)),
  ]);
}
