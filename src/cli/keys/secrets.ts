// create and regenerate: the commands that bring a secret. It is made sure beforehand that there is a place for it; what
// cannot go there is saved elsewhere, since a secret that has arrived is never dropped. Nothing is sent a second time blindly.

import { lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  AmbiguousOutcomeError,
  type CreatedApiKey,
  CredentialsError,
  type ExpirationPeriod,
  isBlazeMeterError,
  type Resolution,
  type Secret,
  UndeliveredSecretError,
} from '../../index.ts';
import { keyFileSink, writeKeyFile } from '../../node/index.ts';
import { parseKeyJson } from '../../node/source.ts';
import { harmless, printable, safeJson } from '../../util/printable.ts';
import { FileProblem, readText } from '../files.ts';
import type { ChangeOptions, Context } from './context.ts';
import { EXIT, type ExitCode, Stop, usage } from './exit.ts';
import { findKey, isId } from './keys.ts';
import { messageOf } from './problem.ts';
import { keyData, keyFields, keyText, NAME } from './show.ts';

/** Where a new secret goes. */
interface SecretOptions extends ChangeOptions {
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

export async function create(context: Context, options: CreateOptions): Promise<ExitCode> {
  const { name, expiresIn, expiresAt } = options;
  if (expiresIn === undefined && expiresAt === undefined)
    throw usage('create needs either --expires-in <period> or --expires-at <date>.');
  const file = await placeFor(context, options);
  const lifetime = expiresAt === undefined ? { expiresIn: expiresIn ?? 'max' } : { expiresAt };
  const signal = context.interrupt.later;
  context.output.progress('Creating the key …');
  return issue(context, options, file, () =>
    context.client().apiKeys.create({ name, ...lifetime }, { signal }),
  );
}

export async function regenerate(
  context: Context,
  wanted: string,
  options: RegenerateOptions,
): Promise<ExitCode> {
  const doing = 'Regenerating the secret of the key';
  context.needsYes(`${doing} ${printable(wanted)}`, options);
  const key = isId(wanted) ? undefined : await findKey(context, wanted);
  const id = key?.id ?? wanted;
  const file = await placeFor(context, options, id);
  const shown = key === undefined ? id : keyText(key);
  await context.confirm(`${doing} ${shown}`, options, ' The old one then works nowhere.');
  const given = { allowSelf: options.allowSelf, signal: context.interrupt.later };
  context.output.progress('Regenerating the secret …');
  return issue(context, options, file, () => context.client().apiKeys.regenerateSecret(id, given));
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
  const shown = harmless(file);
  if (!overwrite && lstatSync(file, { throwIfNoEntry: false }) !== undefined && heldIn(file) !== keyId)
    throw usage(
      `--out ${shown}: there is a file already, and not of this key. Nothing was sent. --overwrite replaces it.`,
    );
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
    return parseKeyJson(readText('--out', file))?.id ?? null;
  } catch (error) {
    if (error instanceof FileProblem) return null;
    throw error;
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
  const written = file === undefined ? undefined : await keep(context, file, apiKey.id, secret);
  const text = secret.reveal();
  // A secret in which characters act is printed as JSON.
  const printed = harmless(text) === text ? text : safeJson(text);
  const document = {
    ...{ key: keyData(apiKey), clamped, boundBy: boundBy ?? null, file: written ?? null },
    secret: printSecret ? text : undefined,
  };
  const done = await output.result(document, [
    ...keyFields(apiKey, context.now()),
    ['Written to', written],
    ['Secret', printSecret ? printed : undefined],
  ]);
  const why = boundBy && `: account ${boundBy.accountId} allows ${boundBy.maximumDays} days`;
  if (clamped) output.say('warning', `The key expires earlier than was asked for${why ?? ''}.`);
  const unread = file === undefined && (!done || context.io.discards === true);
  if (unread) rescue(context, apiKey.id, secret, 'Nothing reads standard output.');
  return clamped || unread || written !== file ? EXIT.findings : EXIT.done;
}

/** Writes the secret to its file, or saves it elsewhere. Resolves with the file that it is in. */
async function keep(context: Context, file: string, id: string, secret: Secret): Promise<string> {
  try {
    await writeKeyFile(file, { id, secret });
    return file;
  } catch (error) {
    return rescue(context, id, secret, isBlazeMeterError(error) ? messageOf(error) : 'The file failed.');
  }
}

/**
 * Saves a secret in a new folder that only this user can read. Without the key's id it is all that is known; unless `surely`,
 * it is a whole response that may hold one. Returns the file.
 */
export function rescue(
  context: Context,
  keyId: string | undefined,
  secret: Secret,
  why: string,
  surely = true,
): string {
  const { output, io } = context;
  const text = secret.reveal();
  const what = surely ? 'The secret' : 'What arrived, which may hold a secret,';
  const content = keyId === undefined ? text : `${JSON.stringify({ id: keyId, secret: text }, null, 2)}\n`;
  for (const place of [io.env.TMPDIR || tmpdir(), io.env.HOME || homedir(), io.cwd]) {
    let folder: string | undefined;
    let file: string;
    try {
      folder = mkdtempSync(join(place, 'blazemeter-key-'));
      file = join(folder, keyId === undefined ? 'response' : 'api-key.json');
      writeFileSync(file, content, { flag: 'wx', mode: 0o600, flush: true });
    } catch {
      if (folder !== undefined) rmSync(folder, { recursive: true, force: true });
      continue;
    }
    output.say(
      'warning',
      `${why} ${what} was saved to ${file}, which only you can read: move it from there.`,
    );
    return file;
  }
  const again = keyId === undefined ? '' : `: ${NAME} regenerate ${printable(keyId)} --out <file>`;
  throw new Stop(
    EXIT.secretLost,
    'secret_lost',
    `${why} ${what} could not be saved anywhere else either, and is lost. Make room, then regenerate the key${again}`,
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
      if (keyId === undefined || file === undefined) rescue(context, keyId, newSecret, why);
      else if ((await keep(context, file, keyId, newSecret)) === file)
        output.say('warning', `${why} It was written to ${file}.`);
      throw new Stop(EXIT.findings, error.code, 'The secret is kept, but not all went well: see above.');
    }
    if (!(error instanceof AmbiguousOutcomeError)) throw error;
    if (error.newSecret !== undefined)
      rescue(context, undefined, error.newSecret, 'The response could not be read.', false);
    if (interrupt.reason !== undefined) throw error;
    const sent = `${error.operation ?? 'The call'} was sent, and its response was lost`;
    output.say('warning', `${sent}. Looking what became of it.`);
    return resolved(context, await error.resolve({ regenerate: true, signal: interrupt.later }));
  }
}

function resolved({ output }: Context, found: Resolution): Fresh {
  if (found.outcome === 'not-committed')
    throw new Stop(
      EXIT.failed,
      'not_committed',
      'The service lists no key that this call created. Run it again.',
    );
  if (found.outcome === 'committed' && found.secret !== undefined) {
    const { apiKey, secret } = found;
    output.note(`It had happened: the key ${printable(apiKey.id)} exists, and was given another secret.`);
    return { apiKey, secret };
  }
  const [why, keys] =
    found.outcome === 'unknown'
      ? [printable(found.reason, 400), found.candidates]
      : ['It happened, and its secret is lost.', [found.apiKey]];
  throw new Stop(
    EXIT.ambiguous,
    'ambiguous_outcome',
    `${why} Nothing was changed.${keys.length === 0 ? '' : ` Keys to look at: ${keys.map(keyText).join(', ')}.`} Delete what is not yours (${NAME} delete <id>), then run it again.`,
  );
}
