// create and regenerate: the commands that bring a secret. It is made sure beforehand that there is a place for it; what
// cannot go there is saved elsewhere, since a secret that has arrived is never dropped. Nothing is sent a second time blindly.

import { existsSync, lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  AmbiguousOutcomeError,
  type ApiKey,
  type CreatedApiKey,
  CredentialsError,
  type ExpirationPeriod,
  isBlazeMeterError,
  type Resolution,
  type Secret,
  UndeliveredSecretError,
} from '../../index.ts';
import { keyFileSink, writeKeyFile } from '../../node/index.ts';
import { harmless, printable, safeJson } from '../../util/printable.ts';
import { readText, shownPath } from '../files.ts';
import type { ChangeOptions, Context } from './context.ts';
import { EXIT, type ExitCode, Stop, usage } from './exit.ts';
import { findKey, isId } from './keys.ts';
import type { Cell } from './output.ts';
import { messageOf } from './problem.ts';
import { keyData, keyFields, keyText } from './show.ts';

/** Where a new secret goes. */
export interface SecretOptions extends ChangeOptions {
  readonly out?: string;
  readonly printSecret?: boolean;
  readonly overwrite?: boolean;
}

export interface CreateOptions extends SecretOptions {
  readonly name: string;
  readonly expiresIn?: ExpirationPeriod | 'max';
  readonly expiresAt?: Date;
}

export interface RegenerateOptions extends SecretOptions {
  readonly allowSelf?: boolean;
}

/** A key with its new secret. */
type Fresh = Pick<CreatedApiKey, 'apiKey' | 'secret'> & Partial<CreatedApiKey>;

/** A secret that has to go somewhere; without an id where the response could not be read. */
interface NewSecret {
  readonly keyId: string | undefined;
  readonly secret: Secret;
}

/** More than any key file holds. */
const MOST_BYTES = 65_536;

export async function create(context: Context, options: CreateOptions): Promise<ExitCode> {
  const { name, expiresIn, expiresAt } = options;
  if ((expiresIn === undefined) === (expiresAt === undefined))
    throw usage('create needs either --expires-in <period> or --expires-at <date>.');
  const file = await placeFor(context, options);
  const lifetime = expiresAt === undefined ? { expiresIn: expiresIn ?? 'max' } : { expiresAt };
  context.output.progress('Creating the key …');
  const signal = context.interrupt.later;
  return issue(context, options, file, () =>
    context.client().apiKeys.create({ name, ...lifetime }, { signal }),
  );
}

export async function regenerate(
  context: Context,
  wanted: string,
  options: RegenerateOptions,
): Promise<ExitCode> {
  const { output, interrupt } = context;
  const effect = ' The old one then works nowhere.';
  context.needsYes(`Regenerating the secret of the key ${printable(wanted)}`, options);
  const key = isId(wanted) ? { id: wanted, name: undefined } : await findKey(context, wanted);
  const file = await placeFor(context, options, key.id);
  const shown = key.name === undefined ? key.id : keyText({ id: key.id, name: key.name });
  await context.confirm(`Regenerating the secret of the key ${shown}`, options, effect);
  output.progress('Regenerating the secret …');
  const { allowSelf } = options;
  return issue(context, options, file, () =>
    context.client().apiKeys.regenerateSecret(key.id, { allowSelf, signal: interrupt.later }),
  );
}

/** The file for the secret, if it goes to one. Refuses, before anything is sent, what would lose it. */
async function placeFor(
  context: Context,
  options: SecretOptions,
  keyId?: string,
): Promise<string | undefined> {
  const { out, printSecret, overwrite } = options;
  if (out === undefined && !printSecret)
    throw usage('The secret is shown only once: give --out <file>, or --print-secret. Nothing was sent.');
  if (out === undefined) return undefined;
  const file = context.secretPath(out, '--out', options);
  if (!overwrite && lstatSync(file, { throwIfNoEntry: false }) !== undefined && heldIn(file) !== keyId)
    throw usage(
      `--out ${shownPath(file)}: there is a file already, and not of this key. Nothing was sent. --overwrite replaces it.`,
    );
  if (!existsSync(dirname(file)))
    throw new Stop(EXIT.failed, 'file', `The folder of ${shownPath(file)} does not exist. Nothing was sent.`);
  try {
    await keyFileSink(file).probe();
  } catch (error) {
    if (!(error instanceof CredentialsError)) throw error;
    throw new Stop(EXIT.failed, 'file', `${messageOf(error)} Nothing was sent.`);
  }
  return file;
}

/** The id of the key in a file, which may hold the only copy of its secret. */
function heldIn(file: string): string | null {
  try {
    return String(Reflect.get(Object(JSON.parse(readText('--out', file, MOST_BYTES))), 'id'));
  } catch {
    return null;
  }
}

/** Gets a secret, and puts it where it belongs. */
async function issue(
  context: Context,
  { printSecret }: SecretOptions,
  file: string | undefined,
  call: () => Promise<Fresh>,
): Promise<ExitCode> {
  const { output } = context;
  const { apiKey, secret, clamped = false, boundBy } = await settled(context, file, call);
  const fresh = { keyId: apiKey.id, secret };
  const written = file === undefined ? undefined : await keep(context, file, fresh);
  const text = secret.reveal();
  // A secret in which characters act is printed as JSON.
  const printed = harmless(text) === text ? text : safeJson(text);
  const shown: [string, Cell][] = [
    ...keyFields(apiKey, context.now()),
    ...(written === undefined ? [] : [['Written to', written] satisfies [string, Cell]]),
    ...(printSecret ? [['Secret', printed] satisfies [string, Cell]] : []),
  ];
  const done = output.json
    ? await output.document({
        key: keyData(apiKey),
        ...{ clamped, boundBy: boundBy ?? null, file: written ?? null },
        ...(printSecret ? { secret: text } : {}),
      })
    : await output.fields(shown);
  if (clamped)
    output.warn(
      `The key expires earlier than was asked for${boundBy === undefined ? '' : `: account ${boundBy.accountId} allows ${boundBy.maximumDays} days`}.`,
    );
  if (!done && written === undefined) await rescue(context, fresh, 'Standard output was closed.');
  return clamped || !done || written !== file ? EXIT.findings : EXIT.done;
}

/** Writes the secret to its file, or saves it elsewhere. Resolves with the file that it is in. */
async function keep(context: Context, file: string, fresh: NewSecret): Promise<string> {
  const { keyId, secret } = fresh;
  if (keyId === undefined) return rescue(context, fresh, 'The response could not be read.');
  try {
    await writeKeyFile(file, { id: keyId, secret });
    return file;
  } catch (error) {
    return rescue(context, fresh, isBlazeMeterError(error) ? messageOf(error) : 'The file failed.');
  }
}

/** Saves the secret in a new folder that only this user can read. */
export async function rescue(context: Context, { keyId, secret }: NewSecret, why: string): Promise<string> {
  const { output, io } = context;
  for (const place of [io.env.TMPDIR || tmpdir(), io.env.HOME || homedir(), io.cwd]) {
    let folder: string | undefined;
    try {
      folder = mkdtempSync(join(place, 'blazemeter-key-'));
      const file = join(folder, keyId === undefined ? 'response' : 'api-key.json');
      const text = secret.reveal();
      const content =
        keyId === undefined ? text : `${JSON.stringify({ id: keyId, secret: text }, null, 2)}\n`;
      writeFileSync(file, content, { flag: 'wx', mode: 0o600, flush: true });
      output.warn(
        `${why} The secret was saved to ${shownPath(file)}, which only you can read: move it from there.`,
      );
      return file;
    } catch {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
    }
  }
  const again = keyId === undefined ? '' : `: blazemeter-keys regenerate ${printable(keyId)} --out <file>`;
  throw new Stop(
    EXIT.secretLost,
    'secret_lost',
    `${why} The secret could not be saved anywhere else either, and is lost. Make room, then regenerate the key${again}`,
  );
}

/** The outcome of a call that may have happened although its response was lost. */
async function settled(
  context: Context,
  file: string | undefined,
  call: () => Promise<Fresh>,
): Promise<Fresh> {
  const { output, interrupt } = context;
  try {
    return await call();
  } catch (error) {
    if (error instanceof UndeliveredSecretError) {
      const { newSecret, keyId } = error;
      const why = messageOf(error);
      if (keyId === undefined || file === undefined) await rescue(context, { keyId, secret: newSecret }, why);
      else if ((await keep(context, file, { keyId, secret: newSecret })) === file)
        output.warn(`${why} It was written to ${shownPath(file)}.`);
      throw new Stop(EXIT.findings, error.code, 'The secret is kept, but not all went well: see above.');
    }
    if (!(error instanceof AmbiguousOutcomeError)) throw error;
    if (error.newSecret !== undefined)
      await rescue(context, { keyId: undefined, secret: error.newSecret }, 'The response could not be read.');
    if (interrupt.reason !== undefined) throw error;
    output.warn(
      `${error.operation ?? 'The call'} was sent, and its response was lost. Looking what became of it.`,
    );
    return resolved(context, await error.resolve({ regenerate: true, signal: interrupt.later }));
  }
}

function resolved({ output }: Context, found: Resolution): Fresh {
  if (found.outcome === 'committed' && found.secret !== undefined) {
    output.note(
      `It had happened: the key ${printable(found.apiKey.id)} exists, and was given another secret.`,
    );
    return { apiKey: found.apiKey, secret: found.secret };
  }
  if (found.outcome === 'not-committed')
    throw new Stop(EXIT.failed, 'not_committed', 'Nothing was created. Run it again.');
  const keys: readonly ApiKey[] = found.outcome === 'unknown' ? found.candidates : [found.apiKey];
  const why =
    found.outcome === 'unknown' ? printable(found.reason, 400) : 'It happened, and its secret is lost.';
  throw new Stop(
    EXIT.ambiguous,
    'ambiguous_outcome',
    `${why} Nothing was changed.${keys.length === 0 ? '' : ` Keys to look at: ${keys.map(keyText).join(', ')}.`} Delete what is not yours (blazemeter-keys delete <id>), then run it again.`,
  );
}
