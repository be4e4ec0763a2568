// A record in a file: replaced in one step, by one process at a time.

import { CredentialsError } from '../../errors.ts';
import { builtin } from '../../node/builtin.ts';
import { checkPath } from '../../node/key-file.ts';
import {
  FILE_OPTIONS,
  type FileOptions,
  fileSource,
  MAX_BYTES,
  readPrivateFile,
} from '../../node/private-file.ts';
import { broken, errorCode } from '../../node/source.ts';
import { replaceFile, type WriteKeyFileOptions } from '../../node/write-key-file.ts';
import { type OptionSpecs, parseOptions, spec } from '../../util/options.ts';
import { type FileLock, lockFile } from './file-lock.ts';
import { type Sealing, sealingSpec } from './sealing.ts';
import type { CredentialStore } from './store.ts';
import { textStore } from './text-store.ts';

/** How a record's file is read and written. */
export interface FileStoreOptions extends FileOptions, WriteKeyFileOptions {
  /** Seals the record, bound to the file's absolute path. Default: the file's permissions alone. */
  readonly seal?: Sealing | undefined;
}

const specs: OptionSpecs = {
  ...FILE_OPTIONS,
  followSymlink: spec.flag,
  seal: sealingSpec,
};

/**
 * A record in a file that only its owner can read (mode 0600), on Node. A write replaces the file in one step and is
 * flushed to the disk; a lock file beside it (`….lock`) keeps other processes out meanwhile, by whatever name or link they
 * reach the file. The lock of a process that died is removed after five seconds. The folder must exist. For machines that share no disk there are {@link vaultStore},
 * {@link kubernetesStore} and {@link redisStore}.
 *
 * @param path - Relative to the working directory, or absolute. Keep it out of your repository: it holds the secret.
 * @example
 * ```ts
 * import { mkdtemp } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { fileStore } from 'blazemeter-client/rotation';
 *
 * const store = fileStore(join(await mkdtemp(join(tmpdir(), 'keys-')), 'ci.json'));
 * console.log(await store.read()); // undefined
 * ```
 */
export function fileStore(path: string, options: FileStoreOptions = {}): CredentialStore {
  checkPath(path, 'the path given for the record');
  const given = parseOptions('fileStore', specs, options);
  const source = fileSource('record', path);
  const readText = () => readPrivateFile(path, source, given);

  return textStore<undefined>(
    {
      source,
      name: () => `file:${builtin('node:path').resolve(path)}`,
      resends: false,
      async read() {
        return { text: await readText(), version: undefined };
      },
      async replace(text, over) {
        if (new TextEncoder().encode(text).length > MAX_BYTES)
          throw broken(source, 'would be larger than 64 KiB, the most that is read. Nothing was written.');
        const lock = await take(path, source);
        try {
          if ((await readText()) !== over.text || !(await lock.held())) return undefined;
          await replaceFile(path, text, source, given);
          return { text, version: undefined };
        } finally {
          await lock.release();
        }
      },
    },
    given.seal,
  );
}

async function take(path: string, source: string): Promise<FileLock> {
  let lock: FileLock | undefined;
  try {
    lock = await lockFile(path);
  } catch (error) {
    if (error instanceof CredentialsError) throw error;
    throw broken(
      source,
      `could not be locked (${errorCode(error)}): its folder must exist, and this user must be able to create and remove ….lock in it. Nothing was written.`,
    );
  }
  if (lock !== undefined) return lock;
  throw broken(
    source,
    'is locked by another process, which is alive. Wait for it, or end it. Nothing was written.',
  );
}
