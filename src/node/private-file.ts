// Reading a file that holds a secret. It is opened first and checked by its descriptor, so that the file that was checked is
// the file that is read: a regular one, of this user or root, small, and not writable by others, nor is its folder.

import type { CredentialContext } from '../auth/credentials.ts';
import { CredentialsError, type ErrorHint } from '../errors.ts';
import { spec } from '../util/options.ts';
import { printable } from '../util/printable.ts';
import { builtin } from './builtin.ts';
import { broken, errorCode, sentence } from './source.ts';

/** How files that hold credentials are read. */
export interface FileOptions {
  /**
   * Check neither owner nor permissions of the file and its folder: for file systems that do not keep them, such as Windows
   * drives in WSL and some bind mounts. Default: false.
   */
  readonly allowInsecureFile?: boolean | undefined;
  /** Called at each reading when other users can read the file. Default: the client's logger. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** The checks of {@link FileOptions}. */
export const FILE_OPTIONS = { allowInsecureFile: spec.flag, onWarning: spec.function };

/** What of a file's status is checked. */
interface Ownership {
  readonly uid: number;
  readonly gid: number;
  readonly mode: number;
}

/** The most that is read from a source, in bytes. */
export const MAX_BYTES = 65_536;

/** How often a file is read again whose link changes meanwhile, and the pause before that. */
const SWAPS = 10;
const PAUSE_MS = 10;

/** A path as it may be shown: only where it looks like one, because people put other things in its place. */
export const shownPath = (path: string): string => (looksLikePath(path) ? printable(path) : 'not shown');

/** A file in a sentence, such as `the key file ./key.json`. */
export const fileSource = (kind: string, path: string): string =>
  `the ${kind} ${looksLikePath(path) ? printable(path) : '(its path is not shown)'}`;

const looksLikePath = (path: string): boolean => /^\.{0,2}[\\/]|^[a-z]:[\\/]|^[^:]*\.[a-z]{1,8}$/i.test(path);

/** The file's text, or undefined where there is no such file. `source` is its name in errors. */
export async function readPrivateFile(
  path: string,
  source: string,
  options: FileOptions,
  context?: CredentialContext,
): Promise<string | undefined> {
  const { promises } = builtin('node:fs');
  for (let attempt = 1; ; attempt++) {
    try {
      return await readOnce(path, source, options, context);
    } catch (error) {
      if (error instanceof CredentialsError) throw error;
      const code = errorCode(error);
      if (code !== 'ENOENT' && code !== 'ENOTDIR') throw broken(source, `cannot be read (${code}).`);
      // Kubernetes replaces a mounted secret by swapping a link and removing what it pointed to.
      const isLink = await promises.lstat(path).then(
        (stat) => stat.isSymbolicLink(),
        () => false,
      );
      if (!isLink || attempt === SWAPS) return undefined;
      await new Promise((done) => setTimeout(done, PAUSE_MS));
    }
  }
}

async function readOnce(
  path: string,
  source: string,
  options: FileOptions,
  context?: CredentialContext,
): Promise<string> {
  const { promises, constants } = builtin('node:fs');
  // Without O_NONBLOCK, opening a pipe waits for a writer.
  const handle = await promises.open(path, constants.O_RDONLY | constants.O_NONBLOCK | constants.O_NOCTTY);
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw broken(source, 'is not a regular file. Give the path of one.');
    if (options.allowInsecureFile !== true)
      await checkFile(path, source, stat, options.onWarning ?? context?.warn);
    const buffer = new Uint8Array(MAX_BYTES + 1);
    let length = 0;
    for (let read = 1; read > 0; length += read)
      read = (await handle.read(buffer, length, buffer.length - length)).bytesRead;
    if (length > MAX_BYTES) throw broken(source, 'is larger than 64 KiB. Check the path.');
    const bytes = buffer.subarray(0, length);
    const foreign = foreignForm(bytes);
    if (foreign !== undefined) throw broken(source, `holds ${foreign}`);
    return new TextDecoder().decode(bytes);
  } finally {
    await handle.close();
  }
}

/** Forms other than UTF-8 text, by how they begin as Latin-1. What they are completes "The file holds …" and "It printed …". */
const FOREIGN: readonly (readonly [form: RegExp, what: string])[] = [
  [/^\0GITCRYPT\0/, 'data encrypted with git-crypt. Decrypt it (git-crypt unlock).'],
  [
    /^(?:age-encryption\.org\/|-----BEGIN AGE ENCRYPTED FILE-----)/,
    'data encrypted with age. Decrypt it (age --decrypt).',
  ],
  [/^-----BEGIN PGP MESSAGE-----/, 'data encrypted with PGP. Decrypt it (gpg --decrypt).'],
  [/^\$ANSIBLE_VAULT;/, 'data encrypted with Ansible Vault. Decrypt it (ansible-vault decrypt).'],
  [/^[\s{"]*\w+"?\s*[:=]\s*"?ENC\[AES256_GCM,/, 'data encrypted with sops. Decrypt it (sops --decrypt).'],
  [/^version https:\/\/git-lfs\.github\.com\//, 'a pointer of Git LFS. Get the file itself (git lfs pull).'],
  [/^(?:ÿþ|þÿ)|^(?:\0[\t-~]){2}|^(?:[\t-~]\0){2}/, 'UTF-16 text. Convert it to UTF-8.'],
];

/** What these bytes hold other than UTF-8 text, and what to do about it; never what they say. */
export function foreignForm(bytes: Uint8Array): string | undefined {
  const text = new TextDecoder('latin1').decode(bytes);
  const known = FOREIGN.find(([form]) => form.test(text))?.[1];
  if (known !== undefined) return known;
  // Control characters that no text has. Escape (27) is one that terminals understand.
  if (bytes.some((byte) => byte < 9 || (byte > 13 && byte < 32 && byte !== 27)))
    return 'binary data, which may be encrypted. Give the text itself.';
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes);
    return undefined;
  } catch {
    return 'text that is not UTF-8: probably Latin-1 or Windows-1252. Convert it to UTF-8.';
  }
}

/** What helps where owner or permissions are wrong. */
const INSECURE: ErrorHint = {
  option: 'allowInsecureFile',
  text: 'Correct that, or set allowInsecureFile where the file system keeps no owners and modes.',
};

async function checkFile(
  path: string,
  source: string,
  file: Ownership,
  onWarning: FileOptions['onWarning'],
): Promise<void> {
  if (!hasOwners()) return;
  if (!isTrusted(file)) throw broken(source, 'belongs to another user.', INSECURE);
  if (forOthers(file) & 2) throw broken(source, 'can be written by other users (chmod 600).', INSECURE);
  const { promises } = builtin('node:fs');
  const { resolve } = builtin('node:path');
  // The folder of a link and that of the file: who can write to either decides what is read.
  for (const entry of [resolve(path), await promises.realpath(path)]) {
    const sticky = await checkFolder(entry, source, true);
    // In a sticky folder others can add entries, but not replace those of this user or root.
    if (sticky && !isTrusted(await promises.lstat(entry)))
      throw broken(source, 'is a link of another user.', INSECURE);
  }
  if (forOthers(file) & 4) onWarning?.(sentence(`${source} can be read by other users (chmod 600).`));
}

/**
 * Checks the folder that an entry is in: it belongs to this user or root, and others cannot write to it. A sticky folder,
 * such as Kubernetes mounts secrets in, is accepted where that is allowed; returns whether it is one.
 */
export async function checkFolder(entry: string, source: string, allowSticky: boolean): Promise<boolean> {
  if (!hasOwners()) return false;
  const { dirname } = builtin('node:path');
  const { promises } = builtin('node:fs');
  for (let at = dirname(entry); at !== dirname(at); at = dirname(at)) {
    const above = await promises.lstat(at);
    if (above.isSymbolicLink() && !isTrusted(above))
      throw broken(source, 'is behind a link of another user.', INSECURE);
  }
  const folder = await promises.stat(dirname(entry));
  if (!isTrusted(folder)) throw broken(source, 'is in a folder of another user.', INSECURE);
  if ((forOthers(folder) & 2) === 0) return false;
  const sticky = (folder.mode & 0o1000) !== 0;
  if (!sticky || !allowSticky)
    throw broken(source, 'is in a folder that other users can write to.', INSECURE);
  return true;
}

/** Whether files have owners and modes here. On Windows they do not say anything. */
const hasOwners = (): boolean => process.geteuid !== undefined;

/** Whether something belongs to this user or to root. */
const isTrusted = ({ uid }: Pick<Ownership, 'uid'>): boolean => uid === 0 || uid === process.geteuid?.();

/** What users other than the owner may do, as one octal digit. A group with the owner's own number is the owner's alone. */
function forOthers({ uid, gid, mode }: Ownership): number {
  return (mode | (uid === gid ? 0 : mode >> 3)) & 7;
}
