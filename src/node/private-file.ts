// Reading a file that holds a secret. It is opened first and judged by its descriptor, so that what was judged is what is
// read: a regular file, mine or root's, small, and not one that another user could have written.

import type { CredentialContext } from '../auth/credentials.ts';
import { CredentialsError } from '../errors.ts';
import { printable } from '../util/printable.ts';
import { builtin } from './builtin.ts';
import { broken, errorCode } from './source.ts';

/** How files that hold credentials are read. */
export interface FileOptions {
  /**
   * Judge neither owner nor permissions of the file and its folder: for file systems that make them up, such as
   * Windows drives in WSL and bind mounts. Default: false.
   */
  readonly allowInsecureFile?: boolean | undefined;
  /** Is told, at each reading, when other users can read the file. Default: the client that asks. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** What of a file's status is judged. */
export interface Ownership {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** The most that is read of a source, in bytes. */
export const MAX_BYTES = 65_536;

/** A path as it may be shown: only where it looks like one, for people put other things in its place. */
export const shownPath = (path: string): string =>
  /^\.{0,2}[\\/]|^[a-z]:[\\/]|^[^:]*\.[a-z]{1,8}$/i.test(path) ? printable(path) : 'not shown';

/** The file's text, or undefined where there is no such file. `source` is its name in errors. */
export async function readPrivateFile(
  path: string,
  source: string,
  options: FileOptions,
  context?: CredentialContext,
): Promise<string | undefined> {
  const { promises, constants } = builtin('node:fs');
  let handle: Awaited<ReturnType<typeof promises.open>> | undefined;
  try {
    // Without O_NONBLOCK a pipe that nobody writes to would be waited for.
    handle = await promises.open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
    const stat = await handle.stat();
    if (!stat.isFile()) throw broken(source, 'is not a regular file.');
    if (options.allowInsecureFile !== true)
      await judge(path, source, stat, options.onWarning ?? context?.warn);
    const buffer = new Uint8Array(MAX_BYTES + 1);
    let length = 0;
    for (let read = 1; read > 0; length += read)
      read = (await handle.read(buffer, length, buffer.length - length)).bytesRead;
    if (length > MAX_BYTES) throw broken(source, 'is larger than 64 KiB.');
    return utf8(buffer.subarray(0, length));
  } catch (error) {
    if (error instanceof CredentialsError) throw error;
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw broken(source, `cannot be read (${code}).`);
  } finally {
    await handle?.close();
  }
}

/** Text of these bytes, without a byte-order mark. Throws where they are not UTF-8. */
export const utf8 = (bytes: Uint8Array): string => new TextDecoder('utf-8', { fatal: true }).decode(bytes);

async function judge(
  path: string,
  source: string,
  file: Ownership,
  onWarning: FileOptions['onWarning'],
): Promise<void> {
  const me = process.geteuid?.();
  // Windows: its modes say nothing.
  if (me === undefined) return;
  const mend = 'Mend that, or set allowInsecureFile.';
  if (file.uid !== me && file.uid !== 0) throw broken(source, `belongs to another user. ${mend}`);
  if (forOthers(file) & 2) throw broken(source, `can be written by other users (chmod 600). ${mend}`);
  const { promises } = builtin('node:fs');
  const { dirname, resolve } = builtin('node:path');
  // The link's folder and the file's: whoever can write to either decides what is read.
  for (const target of [resolve(path), await promises.realpath(path)]) {
    const folder = await promises.stat(dirname(target));
    if (forOthers(folder) & 2 && !(folder.mode & 0o1000))
      throw broken(source, `lies in a folder that other users can write to. ${mend}`);
  }
  if (forOthers(file) & 4) onWarning?.(`${source} can be read by other users (chmod 600).`);
}

/** What users other than the owner may do, as one octal digit. A group of the owner's own number is the owner's alone. */
export function forOthers({ uid, gid, mode }: Ownership): number {
  return (mode | (uid === gid ? 0 : mode >> 3)) & 7;
}
