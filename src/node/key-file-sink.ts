// A key file as a sink of a rotation: proven before anything is changed, replaced in one step, and never set back. Beside
// it stands a small file with the epoch that it was given last: the key file itself holds the pair and nothing else.

import type { SecretLike } from '../auth/secret.ts';
import { CredentialsError } from '../errors.ts';
import { builtin } from './builtin.ts';
import { checkPath } from './key-file.ts';
import { type FileOptions, forOthers, readPrivateFile, shownPath } from './private-file.ts';
import { broken, errorCode } from './source.ts';
import { removeLeftovers, temporaryName } from './temporary.ts';
import { existing, replaceFile, type WriteKeyFileOptions, writeKeyFile } from './write-key-file.ts';

/** How the file of a sink is written. */
export interface KeyFileSinkOptions extends WriteKeyFileOptions, Pick<FileOptions, 'allowInsecureFile'> {
  /** The sink's name, under which a record keeps what it holds. Default: `key file <path>`. */
  readonly name?: string | undefined;
}

/** A key file as a sink: what `rotate` and its like take among their `sinks`. */
export interface KeyFileSink {
  readonly name: string;
  /** Throws where {@link KeyFileSink.put} could not work, or would put the pair where others decide what is read. */
  probe(): Promise<void>;
  /** Replaces the key file. Throws, and leaves it as it is, where it was given a newer pair of the same record. */
  put(delivery: {
    readonly id: string;
    readonly secret: SecretLike;
    readonly recordId: string;
    readonly epoch: number;
  }): Promise<void>;
}

/**
 * A key file (`{"id": "…", "secret": "…"}`, mode 0600) that a rotation writes each new pair to, as {@link writeKeyFile}
 * does: readers see the old pair or the new one. The folder must exist, and must not be one that other users can write
 * to. `<path>.epoch` beside it says which epoch of which record the file was given last, so that a run that was
 * overtaken does not set it back; two runs at the very same moment are kept apart by the record's lease.
 *
 * @param path - Relative to the working directory as it is at the call, or absolute. Keep it out of your repository.
 * @throws `CredentialsError`, from `probe` and `put`, that names the file and says what is wrong.
 * @example
 * ```ts
 * import { mkdtemp, readFile } from 'node:fs/promises';
 * import { tmpdir } from 'node:os';
 * import { join } from 'node:path';
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { keyFileSink } from 'blazemeter-client/node';
 * import { adopt, memoryStore, rotate } from 'blazemeter-client/rotation';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference(); // without `fetch` the client talks to the service
 * const { keys } = reference.seed();
 * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * const store = memoryStore();
 * await adopt(client, { store, name: 'ci', credentials: keys.owner });
 *
 * const path = join(await mkdtemp(join(tmpdir(), 'keys-')), 'api-key.json');
 * const { keyId } = await rotate(client, { store, reason: 'schedule', sinks: [keyFileSink(path)] });
 * console.log(JSON.parse(await readFile(path, 'utf8')).id === keyId); // true
 * ```
 */
export function keyFileSink(path: string, options: KeyFileSinkOptions = {}): KeyFileSink {
  checkPath(path, 'keyFileSink');
  const { resolve } = builtin('node:path');
  const target = resolve(path);
  const source = `keyFileSink (${shownPath(path)})`;
  const notes = `${target}.epoch`;
  return {
    name: options.name ?? `key file ${shownPath(path)}`,
    probe: () => probe(target, source, options),
    async put({ id, secret, recordId, epoch }) {
      const text = await readPrivateFile(notes, `${source}, its epoch,`, options);
      const [, held, last] = /^(\S{1,64}) (\d{1,15})\s*$/.exec(text ?? '') ?? [];
      if (held === recordId && Number(last) > epoch)
        throw broken(
          source,
          `was given epoch ${last} already: epoch ${epoch} is older, and was not written.`,
        );
      // First the note: should the process die in between, an older pair is refused already, and this one is put again.
      await replaceFile(notes, `${recordId} ${epoch}\n`, `${source}, its epoch,`, options);
      await writeKeyFile(target, { id, secret }, options);
    },
  };
}

/** As much as a key file takes, and no secret. */
const TRIAL = `${' '.repeat(511)}\n`;

async function probe(path: string, source: string, options: KeyFileSinkOptions): Promise<void> {
  const { basename, dirname, join } = builtin('node:path');
  const { promises } = builtin('node:fs');
  try {
    const { target } = await existing(path, source, options.followSymlink === true);
    // The link's folder and the file's: whoever can write to either decides what is read.
    for (const folder of new Set([dirname(path), dirname(target)])) {
      const stat = await promises.stat(folder);
      if (!stat.isDirectory()) throw broken(source, 'does not lie in a folder.');
      // Windows: its modes say nothing.
      const judged = process.geteuid !== undefined && options.allowInsecureFile !== true;
      if (judged && forOthers(stat) & 2 && !(stat.mode & 0o1000))
        throw broken(
          source,
          'lies in a folder that other users can write to. Mend that, or set allowInsecureFile.',
        );
    }
    await removeLeftovers(target);
    const trial = join(dirname(target), temporaryName(basename(target)));
    const handle = await promises.open(trial, 'wx', 0o600);
    try {
      await handle.writeFile(TRIAL);
      await handle.sync();
    } finally {
      await handle.close();
      await promises.unlink(trial);
    }
  } catch (error) {
    if (error instanceof CredentialsError) throw error;
    throw broken(source, `could not be written (${errorCode(error)}).`);
  }
}
