// Key files: `{"id": "…", "secret": "…"}`, as BlazeMeter users keep them.

import { type CredentialContext, type CredentialProvider, VARIABLE } from '../auth/credentials.ts';
import { parseOptions } from '../util/options.ts';
import { FILE_OPTIONS, type FileOptions, fileSource, readPrivateFile } from './private-file.ts';
import { broken, checkedCredentials, type Found, parseKeyJson, providerOf } from './source.ts';

/** What people put in place of a path, by its form. The text completes "BLAZEMETER_API_KEY …". */
const NO_PATH: readonly (readonly [form: RegExp, problem: string])[] = [
  [
    new RegExp(`^(?:~|\\$\\w+)(?:$|[\\\\/])|${VARIABLE}`),
    'contains a variable that was not replaced. Define it, or give the path itself.',
  ],
  [
    /^\s*[{"'`\u2018-\u201f]/,
    'holds JSON or quoted text where the path of a key file belongs. Give the path, without quotes.',
  ],
  // A colon further back may be part of a path; one in front only follows the letter of a Windows drive.
  [
    /^(?![a-z]:[\\/])[^\\/.][^\\/]*:/i,
    'holds id:secret, an address or the like where the path of a key file belongs. Give the path, or put id:secret into BZ_TOKEN.',
  ],
  [
    /^[0-9a-f]{24}$/i,
    'holds a key id where the path of a key file belongs. Put the id into BLAZEMETER_API_KEY_ID and the secret into BLAZEMETER_API_KEY_SECRET.',
  ],
  [
    /^[0-9a-z]{20}$/i,
    'holds 20 characters, an old API user key, where the path of a key file belongs. Create an API key, and give the path of its key file.',
  ],
  [
    /^[0-9a-f]{32,}$/i,
    'holds what looks like a secret where the path of a key file belongs. Put the secret into BLAZEMETER_API_KEY_SECRET and the key id into BLAZEMETER_API_KEY_ID.',
  ],
  [
    /^(?:\*{2,}|\[secret\]|<[^<>]*>)$/i,
    'holds a mask or a placeholder where the path of a key file belongs. Give the path.',
  ],
  [/^[^\s@\\/]+@[^\s@\\/]+$/, 'holds an e-mail address where the path of a key file belongs. Give the path.'],
];

/** Refuses what is not a path: nothing, an unreplaced variable, or credentials, which are never shown. */
export function checkPath(path: string, source: string): void {
  if (typeof path !== 'string' || path === '' || path.includes('\0')) throw broken(source, 'must be a path.');
  const problem = NO_PATH.find(([form]) => form.test(path))?.[1];
  if (problem !== undefined) throw broken(source, problem);
}

/** The credentials in a key file, whose path was found in `name` (a variable, an argument); `source` is the file's name in errors. */
export async function keyFileCredentials(
  path: string,
  name: string,
  source: string,
  options: FileOptions,
  context?: CredentialContext,
): Promise<Found> {
  checkPath(path, name);
  const text = await readPrivateFile(path, source, options, context);
  if (text === undefined) throw broken(source, 'does not exist. Check the path.');
  const key = parseKeyJson(text);
  if (key === undefined) throw broken(source, 'is not JSON of the form {"id": "…", "secret": "…"}.');
  return { source, credentials: checkedCredentials({ id: key.id, secret: key.secret }, source) };
}

/**
 * Credentials from a key file, `{"id": "…", "secret": "…"}`, in UTF-8 with or without a byte-order mark. It is read again at
 * every call, so a file that was replaced is picked up. Links are followed. The file must be a regular one of at most 64 KiB
 * that belongs to this user or root and that others cannot write to, in a folder for which the same is true; a sticky folder
 * of root, as Kubernetes mounts secrets, is accepted. On Windows owners and permissions are not checked.
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
 * console.log(credentials.describe?.()); // the key file /tmp/keys-…/api-key.json, key my-key-id
 * ```
 */
export function fromKeyFile(path: string, options: FileOptions = {}): CredentialProvider {
  const name = 'the path given for the key file';
  const given = parseOptions('fromKeyFile', FILE_OPTIONS, options);
  const find = (context?: CredentialContext) =>
    keyFileCredentials(path, name, fileSource('key file', path), given, context);
  return providerOf('a key file', [{ name, find }]);
}
