// Where a new secret goes: into a file, or to standard output where that was asked for. It is made sure beforehand that
// there is a way, and what cannot go it is saved elsewhere: a secret that has arrived is never dropped.

import { lstatSync, mkdtempSync, rmSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { sameKey } from '../../auth/credentials.ts';
import type { Secret } from '../../auth/secret.ts';
import { CredentialsError, isBlazeMeterError } from '../../errors.ts';
import { keyFileSink } from '../../node/key-file-sink.ts';
import { replaceFile, writeKeyFile } from '../../node/write-key-file.ts';
import { shownId } from '../../util/printable.ts';
import { readText, shownPath } from '../files.ts';
import type { Options } from './command-line.ts';
import { type Context, pathOf } from './context.ts';
import { EXIT, type ExitCode, Stop, usage } from './exit-codes.ts';
import { refuseTracked } from './git-guard.ts';
import { inCommands } from './in-commands.ts';

/** The options of the commands that bring a secret. */
export const SECRET_OPTIONS: Options = {
  out: { value: '<file>', help: 'write the pair to this file, mode 0600: {"id": …, "secret": …}' },
  'print-secret': { help: 'print the secret on standard output' },
  overwrite: { help: 'replace a file that holds the pair of another key' },
  'allow-in-git': { help: 'write it although git would track it' },
};

/** More than any key file holds. */
const MOST_BYTES = 65_536;

/** A secret that has to go somewhere. */
export interface NewSecret {
  /** Undefined where the answer could not be read. */
  readonly keyId: string | undefined;
  readonly secret: Secret;
}

/** Where it went. */
export interface Kept {
  readonly file: string | undefined;
  readonly code: ExitCode;
}

export interface SecretOut {
  readonly print: boolean;
  /** Puts it where it belongs, or saves it. */
  keep(fresh: NewSecret): Promise<Kept>;
}

/** Refuses, before anything is sent, what would lose the secret. `keyId`: the key that is to get a new one. */
export async function secretOut(context: Context, keyId?: string): Promise<SecretOut> {
  const { given, io } = context;
  const print = given.flag('print-secret');
  const out = given.text('out');
  if (out === undefined && !print)
    throw usage(
      'The secret is shown this one time, so say where it goes: --out <file>, or --print-secret. Nothing was sent.',
    );
  if (out === undefined) return { print, keep: async () => ({ file: undefined, code: EXIT.done }) };
  const file = pathOf(context, out);
  if (!given.flag('allow-in-git')) refuseTracked(file, '--out', io.env);
  if (!given.flag('overwrite')) refuseOther(file, keyId);
  await proven(file);
  return { print, keep: (fresh) => keepInFile(context, file, fresh) };
}

/** Sees that the file could be written. */
async function proven(file: string): Promise<void> {
  try {
    await keyFileSink(file).probe();
  } catch (error) {
    // No question of the pair that signs, though the library has one class for all files that hold a pair.
    throw error instanceof CredentialsError
      ? new Stop(EXIT.service, 'file', `${inCommands(error.message)} Nothing was sent.`)
      : error;
  }
}

/** What is there may be the only copy of another pair. */
function refuseOther(file: string, keyId: string | undefined): void {
  if (lstatSync(file, { throwIfNoEntry: false }) === undefined) return;
  let held: unknown;
  try {
    held = Reflect.get(Object(JSON.parse(readText('--out', file, MOST_BYTES))), 'id');
  } catch {
    // It holds no pair; all the less is it ours to replace.
  }
  if (keyId !== undefined && typeof held === 'string' && sameKey(held, keyId)) return;
  throw usage(
    `--out ${shownPath(file)}: there is a file already, and not of this key. Nothing was sent. --overwrite replaces it.`,
  );
}

async function keepInFile(context: Context, file: string, fresh: NewSecret): Promise<Kept> {
  const { keyId, secret } = fresh;
  if (keyId === undefined) return rescue(context, fresh, 'The answer could not be read.');
  try {
    await writeKeyFile(file, { id: keyId, secret });
    return { file, code: EXIT.done };
  } catch (error) {
    const why = isBlazeMeterError(error) ? error.message : 'The file could not be written.';
    return rescue(context, fresh, why);
  }
}

/** Saves it in a folder of its own that only this user can read. */
export async function rescue(context: Context, { keyId, secret }: NewSecret, why: string): Promise<Kept> {
  const { terminal, io } = context;
  const places = [io.env.TMPDIR || tmpdir(), io.env.HOME || homedir(), io.cwd];
  for (const place of places) {
    let folder: string | undefined;
    try {
      folder = mkdtempSync(join(place, 'blazemeter-key-'));
      const file = join(folder, keyId === undefined ? 'answer' : 'api-key.json');
      const text =
        keyId === undefined
          ? secret.reveal()
          : `${JSON.stringify({ id: keyId, secret: secret.reveal() }, null, 2)}\n`;
      await replaceFile(file, text, 'the rescued secret', {});
      terminal.warn(
        `${inCommands(why)} The secret was saved to ${shownPath(file)} instead, which only you can read: move it from there.`,
      );
      return { file, code: EXIT.findings };
    } catch {
      // The next one may work.
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    }
  }
  const again =
    keyId === undefined
      ? 'regenerate the key'
      : `regenerate it: blazemeter-keys regenerate ${shownId(keyId)} --out <file>`;
  throw new Stop(
    EXIT.secretLost,
    'secret_lost',
    `${inCommands(why)} The secret could not be saved anywhere else either, and is lost. Make room, then ${again}`,
  );
}
