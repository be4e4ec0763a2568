// Writing a key file so that at any moment, and after any crash, the path holds either all of the old key or all of the new
// one: a temporary file beside it is written, flushed and renamed over it.

import { type CredentialsInput, parseCredentials } from '../auth/credentials.ts';
import { CredentialsError } from '../errors.ts';
import { printable } from '../util/printable.ts';
import { builtin } from './builtin.ts';
import { checkPath } from './key-file.ts';
import { checkFolder, type FileOptions, fileSource } from './private-file.ts';
import { broken, errorCode } from './source.ts';
import { removeLeftovers, temporaryName } from './temporary.ts';

/** How a key file is written. */
export interface WriteKeyFileOptions extends Pick<FileOptions, 'allowInsecureFile'> {
  /** Where the path is a symbolic link, replace the file that it points to. Default: false, which refuses. */
  readonly followSymlink?: boolean | undefined;
}

/** How often a rename is tried where Windows reports that the file is in use (by a scanner or a reader), and the first wait. */
const RENAMES = 8;
const FIRST_WAIT_MS = 10;

/**
 * Writes `{"id": "…", "secret": "…"}` to a key file that only this user can read (mode 0600), replacing the old one in one
 * step: a reader sees the old key or the new one, and after any failure the old file is unchanged. A temporary file that a
 * crash left beside it is removed by the next write. The folder must exist, belong to this user or root, and not be writable
 * by others, a sticky folder included.
 *
 * @param path - Relative to the working directory, or absolute. If it exists, it must be a regular file, of this user or root.
 * @throws `CredentialsError` that names the file and says what failed, and that the old file is unchanged.
 * @example
 * ```ts
 * import { mkdtemp, readFile } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { writeKeyFile } from 'blazemeter-client/node';
 *
 * const path = join(await mkdtemp(join(tmpdir(), 'keys-')), 'api-key.json');
 * await writeKeyFile(path, { id: 'my-key-id', secret: 'my-key-secret' });
 * console.log(JSON.parse(await readFile(path, 'utf8')).id); // my-key-id
 * ```
 */
export async function writeKeyFile(
  path: string,
  credentials: CredentialsInput,
  options: WriteKeyFileOptions = {},
): Promise<void> {
  checkPath(path, 'the path given for the key file');
  const { id, secret } = parseCredentials(credentials);
  const text = `${JSON.stringify({ id, secret: secret.reveal() }, null, 2)}\n`;
  await replaceFile(path, text, fileSource('key file', path), options);
}

/** Replaces a file that holds a secret in one step; `source` is its name in errors. See {@link writeKeyFile}. */
export async function replaceFile(
  path: string,
  text: string,
  source: string,
  options: WriteKeyFileOptions,
): Promise<void> {
  const { dirname, resolve } = builtin('node:path');
  const { promises } = builtin('node:fs');
  let temporary: string | undefined;
  try {
    const target = await replaceable(resolve(path), source, options);
    await removeLeftovers(target);
    temporary = temporaryName(target);
    await createFile(temporary, text);
    await rename(temporary, target);
    temporary = undefined;
    await flushFolder(dirname(target), source);
  } catch (error) {
    if (temporary !== undefined) await promises.unlink(temporary).catch(() => {});
    throw notWritten(error, source);
  }
}

/** Creates a file that only this user can read, and flushes it. */
export async function createFile(path: string, text: string): Promise<void> {
  // `wx` opens nothing that exists, not even a link that another user has put there.
  const handle = await builtin('node:fs').promises.open(path, 'wx', 0o600);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** The error for a write that failed, which has changed nothing. */
export function notWritten(error: unknown, source: string): CredentialsError {
  if (error instanceof CredentialsError) return error;
  const code = errorCode(error);
  return broken(
    source,
    `could not be written (${printable(code)})${CAUSES[code] ?? ''}. What was there before is unchanged.`,
  );
}

const CAUSES: Readonly<Record<string, string>> = {
  EROFS: ': the file system is read-only',
  ENOSPC: ': the disk is full',
  ENOENT: ': the folder does not exist',
  EPERM: ': it or its folder is immutable or append-only (see lsattr), or in use',
  EBUSY: ': the file is a mount point or in use; mount its folder instead of the file',
};

/** The file to replace: the path, or where its link points. Refuses what must not be replaced. */
export async function replaceable(
  path: string,
  source: string,
  { followSymlink = false, allowInsecureFile = false }: WriteKeyFileOptions,
): Promise<string> {
  const { promises } = builtin('node:fs');
  const { dirname } = builtin('node:path');
  let target = path;
  let stat = await status(target);
  if (stat?.isSymbolicLink()) {
    if (!followSymlink)
      throw broken(source, 'is a symbolic link: give the file that it points to.', {
        option: 'followSymlink',
        text: 'Or set followSymlink.',
      });
    target = await promises.realpath(target);
    stat = await status(target);
  }
  if (stat !== undefined && !stat.isFile())
    throw broken(source, 'is not a regular file. Give the path of one.');
  // The folder of a link and that of the file: who can write to either decides what is read.
  if (!allowInsecureFile)
    for (const entry of new Set([path, target])) await checkFolder(entry, source, false);
  const me = process.geteuid?.();
  if (stat === undefined || me === undefined || stat.uid === me) return target;
  if (stat.uid !== 0 && !allowInsecureFile)
    throw broken(source, 'belongs to another user, who could not read the new file. Write it as that user.');
  const folder = await promises.stat(dirname(target));
  if ((folder.mode & 0o1000) !== 0 && folder.uid !== me && me !== 0)
    throw broken(
      source,
      'belongs to another user in a sticky folder, where it cannot be replaced. Use another folder.',
    );
  return target;
}

async function status(path: string) {
  try {
    return await builtin('node:fs').promises.lstat(path);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

async function rename(from: string, to: string): Promise<void> {
  const { promises } = builtin('node:fs');
  for (let attempt = 1; ; attempt++) {
    try {
      return await promises.rename(from, to);
    } catch (error) {
      const busy = process.platform === 'win32' && /^(?:EBUSY|EPERM|EACCES)$/.test(errorCode(error));
      if (!busy || attempt === RENAMES) throw error;
      // Keeps the process alive: it must not exit before the new secret is in its file.
      await new Promise((done) => setTimeout(done, FIRST_WAIT_MS * 2 ** (attempt - 1)));
    }
  }
}

/** Makes the rename durable. Windows and some file systems cannot flush a folder. */
async function flushFolder(folder: string, source: string): Promise<void> {
  if (process.platform === 'win32') return;
  try {
    const handle = await builtin('node:fs').promises.open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (error) {
    const code = errorCode(error);
    if (/^(?:EINVAL|ENOTSUP|ENOSYS|EACCES|EPERM|EISDIR)$/.test(code)) return;
    throw broken(
      source,
      `was written, but may be lost in a power failure, because its folder could not be flushed (${code}).`,
    );
  }
}
