// A record in a file: read and replaced in one step, by one process of this machine at a time.

import { CredentialsError, RotationError, StoreConflictError } from '../../errors.ts';
import { builtin } from '../../node/builtin.ts';
import { checkPath } from '../../node/key-file.ts';
import { type FileOptions, MAX_BYTES, readPrivateFile, shownPath } from '../../node/private-file.ts';
import { broken, errorCode } from '../../node/source.ts';
import { replaceFile, type WriteKeyFileOptions } from '../../node/write-key-file.ts';
import { lockFile } from './file-lock.ts';
import { closeRecord, openRecord, type Sealing } from './sealing.ts';
import { type CredentialStore, refuseStepBack } from './store.ts';

/** How a record's file is read and written. */
export interface FileStoreOptions extends FileOptions, WriteKeyFileOptions {
  /** Seals the record, bound to the file's absolute path. Default: the file's permissions alone. */
  readonly seal?: Sealing | undefined;
}

/**
 * A record in a file that only its owner can read (mode 0600), on Node. A write replaces the file in one step and is
 * flushed to the disk; a lock file beside it (`….lock`) keeps other processes of this machine out meanwhile, and is
 * broken where its holder has died. The folder must exist. For machines that share no disk there are {@link vaultStore},
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
  checkPath(path, 'fileStore');
  const source = `fileStore (${shownPath(path)})`;
  const { seal } = options;
  const place = () => `file:${builtin('node:path').resolve(path)}`;

  const readText = () => readPrivateFile(path, source, options);
  const etagOf = (text: string | undefined): string | null =>
    text === undefined ? null : builtin('node:crypto').createHash('sha256').update(text).digest('hex');

  return {
    async read() {
      const text = await readText();
      const etag = etagOf(text);
      return text === undefined || etag === null
        ? undefined
        : { record: await openRecord(text, seal, place()), etag };
    },
    async write(record, { ifMatch }) {
      const lock = await take(`${path}.lock`, source);
      try {
        const before = await readText();
        if (etagOf(before) !== ifMatch) throw new StoreConflictError(source);
        refuseStepBack(before === undefined ? undefined : await openRecord(before, seal, place()), record);
        const text = await closeRecord(record, seal, place());
        if (new TextEncoder().encode(text).length > MAX_BYTES)
          throw broken(source, 'would be larger than 64 KiB, which nobody reads. Nothing was written.');
        if (!(await lock.held())) throw new StoreConflictError(source);
        await replaceFile(path, text, source, options);
        return { etag: etagOf(text) ?? '' };
      } finally {
        await lock.release();
      }
    },
  };
}

async function take(path: string, source: string) {
  try {
    const lock = await lockFile(path);
    if (lock !== undefined) return lock;
  } catch (error) {
    if (error instanceof CredentialsError || error instanceof RotationError) throw error;
    throw broken(source, `could not be locked (${errorCode(error)}). What was there before is unchanged.`);
  }
  throw broken(source, 'is locked by another process that is alive. Nothing was written.');
}
