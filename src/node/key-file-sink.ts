// A key file as a sink of a rotation: probed before anything is changed, replaced in one step, and never set back to an older
// key. A small file beside it holds the epoch of the last delivery, since the key file itself holds only the key.

import type { SecretLike } from '../auth/secret.ts';
import { parseOptions, spec } from '../util/options.ts';
import { builtin } from './builtin.ts';
import { checkPath } from './key-file.ts';
import { fileSource, readPrivateFile, shownPath } from './private-file.ts';
import { broken, errorCode } from './source.ts';
import { removeLeftovers, temporaryName } from './temporary.ts';
import {
  createFile,
  notWritten,
  replaceable,
  replaceFile,
  type WriteKeyFileOptions,
  writeKeyFile,
} from './write-key-file.ts';

const OPTIONS = { name: spec.string, allowInsecureFile: spec.flag, followSymlink: spec.flag };

/** How the file of a sink is written. */
export interface KeyFileSinkOptions extends WriteKeyFileOptions {
  /**
   * The sink's name, under which a record keeps what was delivered to it. Default: `key file <path>`, with a piece of a hash if
   * the path cannot be shown whole.
   */
  readonly name?: string | undefined;
}

/** A key file as a sink: an item of `sinks` of `rotate` and the other rotation functions. */
export interface KeyFileSink {
  readonly name: string;
  /** Throws if {@link KeyFileSink.put} could not work, or if other users could replace the file. Changes nothing. */
  probe(): Promise<void>;
  /** Replaces the key file. Throws, and leaves it unchanged, where it already has a newer key of the same record. */
  put(delivery: {
    readonly id: string;
    readonly secret: SecretLike;
    readonly recordId: string;
    readonly epoch: number;
  }): Promise<void>;
}

/**
 * A key file (`{"id": "…", "secret": "…"}`, mode 0600) to which a rotation writes each new key, as {@link writeKeyFile}
 * does: readers see the old key or the new one. The folder must exist, belong to this user or root, and not be writable by
 * others. `<path>.epoch` beside it holds the record and the epoch of the last delivery, so that a run that was overtaken does
 * not set the file back; the record's lease keeps two runs at the same moment apart.
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
  checkPath(path, 'the path given for the key file');
  const given = parseOptions('keyFileSink', OPTIONS, options);
  const { resolve } = builtin('node:path');
  const target = resolve(path);
  const source = fileSource('key file', path);
  const notes = `${target}.epoch`;
  const notesSource = fileSource('file', `${path}.epoch`);
  return {
    name: given.name ?? nameOf(path),
    async probe() {
      await probe(target, source, given);
      await probe(notes, notesSource, given);
    },
    async put({ id, secret, recordId, epoch }) {
      const text = await readPrivateFile(notes, notesSource, given);
      const [, held, last] = /^(\S{1,64}) (\d{1,15})\s*$/.exec(text ?? '') ?? [];
      if (held === recordId && Number(last) > epoch)
        throw broken(
          source,
          `already has epoch ${last}, so the older epoch ${epoch} was not written. Another run has overtaken this one.`,
        );
      // The epoch first: after a crash in between, an older key is refused, and this one can be put again.
      await replaceFile(notes, `${recordId} ${epoch}\n`, notesSource, given);
      await writeKeyFile(target, { id, secret }, given);
    },
  };
}

/** Of two files never the same, though their paths may not be shown whole: what a sink has acknowledged is kept under its name. */
function nameOf(path: string): string {
  const shown = shownPath(path);
  if (shown === path) return `key file ${path}`;
  const { createHash } = builtin('node:crypto');
  return `key file ${shown} (${createHash('sha256').update(path).digest('hex').slice(0, 8)})`;
}

/** As long as a key file, and no secret. */
const TRIAL = `${' '.repeat(511)}\n`;

/** Does what a write does, short of replacing the file. */
async function probe(path: string, source: string, options: KeyFileSinkOptions): Promise<void> {
  const { promises } = builtin('node:fs');
  try {
    const target = await replaceable(path, source, options);
    await removeLeftovers(target);
    const trial = temporaryName(target);
    let created = false;
    try {
      await createFile(trial, TRIAL);
      created = true;
    } finally {
      // An append-only folder keeps what was created in it, and takes no rename.
      await promises.unlink(trial).catch((error: unknown) => {
        if (created) throw error;
      });
    }
    await refuseProtected(target);
    if (await isMountPoint(target))
      throw broken(
        source,
        'is a mount point, as a single file mounted into a container is, and cannot be replaced. Mount its folder instead.',
      );
  } catch (error) {
    throw notWritten(error, source);
  }
}

/**
 * Throws where the file is immutable or append-only. Opening it for writing changes nothing, and fails with EPERM for such a file
 * alone: any other code says nothing about replacing it.
 */
async function refuseProtected(target: string): Promise<void> {
  try {
    const handle = await builtin('node:fs').promises.open(target, 'r+');
    await handle.close();
  } catch (error) {
    if (errorCode(error) === 'EPERM') throw error;
  }
}

/** Whether a file is mounted by itself: a hard link out of a mount fails, also where both are on one device. */
async function isMountPoint(target: string): Promise<boolean> {
  const { promises } = builtin('node:fs');
  const link = temporaryName(target);
  try {
    await promises.link(target, link);
    await promises.unlink(link);
    return false;
  } catch (error) {
    // Other codes: the file does not exist yet, or its file system has no links.
    return errorCode(error) === 'EXDEV';
  }
}
