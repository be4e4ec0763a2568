// Writing a key file so that at every moment, and after every crash, the path holds either the whole old pair or the whole
// new one: a temporary file beside it, flushed, then renamed over it.

import { type CredentialsInput, parseCredentials } from '../auth/credentials.ts';
import { CredentialsError } from '../errors.ts';
import { printable } from '../util/printable.ts';
import { builtin } from './builtin.ts';
import { checkPath } from './key-file.ts';
import { shownPath } from './private-file.ts';
import { broken, errorCode } from './source.ts';
import { removeLeftovers, temporaryName } from './temporary.ts';

/** How a key file is written. */
export interface WriteKeyFileOptions {
  /** Where the path is a symbolic link, replace the file that it points to. Default: false, which refuses. */
  readonly followSymlink?: boolean | undefined;
}

/** How often a rename is tried where Windows says that the file is in use (by a scanner, by a reader), and the first wait. */
const RENAMES = 8;
const FIRST_WAIT_MS = 10;

/**
 * Writes `{"id": "…", "secret": "…"}` to a key file that only its owner can read (mode 0600), replacing the old one in
 * one step: a reader sees the old pair or the new one, and after any failure the old file is as it was. What a crash
 * left behind beside the file is removed by the next write. The folder must exist.
 *
 * @param path - Relative to the working directory, or absolute. What is there must be a regular file or nothing.
 * @throws `CredentialsError` that names the file and says what failed, and that the old file still stands.
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
  checkPath(path, 'writeKeyFile');
  const { id, secret } = parseCredentials(credentials);
  const text = `${JSON.stringify({ id, secret: secret.reveal() }, null, 2)}\n`;
  await replaceFile(path, text, `writeKeyFile (${shownPath(path)})`, options);
}

/** Replaces a file that holds a secret in one step; `source` is its name in errors. See {@link writeKeyFile}. */
export async function replaceFile(
  path: string,
  text: string,
  source: string,
  options: WriteKeyFileOptions,
): Promise<void> {
  const { basename, dirname, join, resolve } = builtin('node:path');
  const { promises } = builtin('node:fs');
  let temporary: string | undefined;
  try {
    const { target, owner } = await existing(resolve(path), source, options.followSymlink === true);
    await removeLeftovers(target);
    temporary = join(dirname(target), temporaryName(basename(target)));
    // `wx` opens nothing that is already there, be it a link that somebody put in the way.
    const handle = await promises.open(temporary, 'wx', 0o600);
    try {
      if (owner !== undefined) await handle.chown(owner.uid, owner.gid);
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, target);
    temporary = undefined;
    await flushFolder(dirname(target), source);
  } catch (error) {
    if (temporary !== undefined) await promises.unlink(temporary).catch(() => {});
    if (error instanceof CredentialsError) throw error;
    throw broken(
      source,
      `could not be written (${printable(errorCode(error))}). What was there before is unchanged.`,
    );
  }
}

/** The file to replace, and its owner where root writes for somebody else, who must still be able to read it. */
export async function existing(
  path: string,
  source: string,
  follow: boolean,
): Promise<{ target: string; owner?: { uid: number; gid: number } }> {
  const { promises } = builtin('node:fs');
  let target = path;
  let stat = await status(target);
  if (stat?.isSymbolicLink()) {
    if (!follow)
      throw broken(source, 'is a symbolic link. Write to what it points to, or set followSymlink.');
    target = await promises.realpath(target);
    stat = await status(target);
  }
  if (stat === undefined) return { target };
  if (!stat.isFile()) throw broken(source, 'is not a regular file.');
  return process.geteuid?.() === 0 && stat.uid !== 0 ? { target, owner: stat } : { target };
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
      // Not unref'd: the process must not end between the new secret and its file.
      await new Promise((done) => setTimeout(done, FIRST_WAIT_MS * 2 ** (attempt - 1)));
    }
  }
}

/** Makes the rename itself last. Windows, and some file systems, cannot flush a folder. */
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
      `was written, but may not outlast a power failure: its folder was not flushed (${code}).`,
    );
  }
}
