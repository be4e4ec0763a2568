// Key files: `{"id": "…", "secret": "…"}`, as BlazeMeter users keep them.

import type { CredentialContext, CredentialProvider } from '../auth/credentials.ts';
import { type FileOptions, readPrivateFile, shownPath } from './private-file.ts';
import {
  broken,
  checkedPair,
  type Found,
  IN_PATH,
  jsonObject,
  pairOf,
  providerOf,
  refuseVariable,
} from './source.ts';

/** Refuses what is not a path: nothing, an unreplaced variable, or a pair, which is never shown. */
export function checkPath(path: string, source: string): void {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) throw broken(source, 'must be a path.');
  refuseVariable(path, source, IN_PATH);
  // A colon further back may belong to a path, one at the front only to a Windows drive.
  if (/^[^\\/.][^\\/]*:/.test(path) && !/^[a-z]:[\\/]/i.test(path))
    throw broken(
      source,
      'holds id:secret or the like where the path of a key file belongs. A pair belongs into BZ_TOKEN.',
    );
}

/** The pair in the key file that `source` (a variable, a function) points to. */
export async function keyFilePair(
  path: string,
  source: string,
  options: FileOptions,
  context?: CredentialContext,
): Promise<Found> {
  checkPath(path, source);
  const from = `${source} (${shownPath(path)})`;
  const text = await readPrivateFile(path, from, options, context);
  if (text === undefined) throw broken(from, 'names a file that does not exist.');
  const object = jsonObject(text);
  if (object === undefined) throw broken(from, 'is not JSON of the form {"id": "…", "secret": "…"}.');
  return { from, pair: checkedPair(pairOf(object), from) };
}

/**
 * A pair from a key file, `{"id": "…", "secret": "…"}`, as UTF-8 with or without a byte-order mark. It is read anew at
 * every call, so that a file that was replaced is picked up. Links are followed; the file must be a regular one of at
 * most 64 KiB, owned by this user or root, and neither it nor its folder may be writable by others (a sticky folder may).
 * On Windows owner and permissions are not judged.
 *
 * @param path - Relative to the working directory at the time of the call, or absolute.
 * @returns A provider. Its calls reject with a `CredentialsError` that names the file and what is wrong with it.
 * @example
 * ```ts
 * import { mkdtemp } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { fromKeyFile, writeKeyFile } from 'blazemeter-client/node';
 *
 * const path = join(await mkdtemp(join(tmpdir(), 'keys-')), 'api-key.json');
 * await writeKeyFile(path, { id: 'my-key-id', secret: 'my-key-secret' });
 *
 * const credentials = fromKeyFile(path);
 * console.log((await credentials()).id); // my-key-id
 * console.log(credentials.describe?.()); // fromKeyFile (/tmp/keys-…/api-key.json), key my-key-id
 * ```
 */
export function fromKeyFile(path: string, options: FileOptions = {}): CredentialProvider {
  return providerOf('a key file', [
    { name: 'fromKeyFile', look: (context) => keyFilePair(path, 'fromKeyFile', options, context) },
  ]);
}
