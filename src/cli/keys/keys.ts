// whoami, list, get, delete, diagnose: the user's keys, without their secrets.

import { sameKey } from '../../auth/credentials.ts';
import {
  ApiError,
  type ApiKey,
  AuthenticationError,
  InvalidResponseError,
  PermissionDeniedError,
} from '../../index.ts';
import { durationMs } from '../../util/duration.ts';
import { nearest } from '../../util/options.ts';
import { printable } from '../../util/printable.ts';
import type { ChangeOptions, Context } from './context.ts';
import { EXIT, type ExitCode, Stop, usage } from './exit.ts';
import { inWordsOfCommands } from './problem.ts';
import { day, expiry, foreign, keyData, keyFields, keyText, minute, NAME } from './show.ts';

/** A key that was used within this time is in use. */
const RECENT_DAYS = 7;

export async function whoami(context: Context): Promise<ExitCode> {
  const { output, interrupt } = context;
  const client = context.client();
  const { id } = await context.signer();
  const signal = interrupt.now;
  output.progress('Reading the user …');
  const user = await client.user.get({ signal });
  const key = await unlessUnknown(() => client.apiKeys.get(id, { signal }));
  const { email, displayName, defaultProject } = user;
  const account = defaultProject?.accountId ?? null;
  const document = {
    user: { id: user.id, email, displayName },
    account: account === null ? null : { id: account, name: defaultProject?.accountName ?? null },
    key: key === undefined ? { id } : keyData(key),
  };
  await output.result(document, [
    ['User', `${user.id}${displayName ? `, ${printable(displayName)}` : ''}`],
    ['E-mail', foreign(email)],
    ['Account', account === null ? '-' : `${account}, ${foreign(defaultProject?.accountName)}`],
    ...(key === undefined ? ([['Key', printable(id)]] as const) : keyFields(key, context.now())),
  ]);
  return EXIT.done;
}

/** Something that is read besides: that the service does not have it is no failure. */
async function unlessUnknown(read: () => PromiseLike<ApiKey>): Promise<ApiKey | undefined> {
  try {
    return await read();
  } catch (error) {
    const refused = error instanceof AuthenticationError || error instanceof PermissionDeniedError;
    if (!refused && (error instanceof ApiError || error instanceof InvalidResponseError)) return undefined;
    throw error;
  }
}

const endOf = ({ expiresAt }: ApiKey): number => expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;

/** The orders of a list. */
const SORTS = {
  expires: (a: ApiKey, b: ApiKey) => endOf(a) - endOf(b),
  created: (a: ApiKey, b: ApiKey) => (a.createdAt?.getTime() ?? 0) - (b.createdAt?.getTime() ?? 0),
  name: (a: ApiKey, b: ApiKey) => a.name.localeCompare(b.name),
};

export interface ListOptions {
  readonly name?: string;
  readonly expiringWithin?: string;
  readonly sort: keyof typeof SORTS;
}

export async function list(context: Context, options: ListOptions): Promise<ExitCode> {
  const { output } = context;
  const { name = '', expiringWithin, sort } = options;
  const { id } = await context.signer();
  const all = await readKeys(context);
  const end = expiringWithin && context.now() + durationMs(expiringWithin, '--expiring-within');
  const keys = all
    .filter((key) => key.name.toLowerCase().includes(name.toLowerCase()) && (!end || endOf(key) <= end))
    .sort((a, b) => SORTS[sort](a, b) || (a.id < b.id ? -1 : 1));
  if (output.json)
    await output.document({ keys: keys.map((key) => ({ ...keyData(key), inUse: sameKey(key.id, id) })) });
  else if (keys.length === 0) output.note(all.length === 0 ? 'This user has no keys.' : 'No such keys.');
  else await table(context, keys, id);
  return EXIT.done;
}

/** Below this width of a terminal the table has no column CREATED, and names are cut. */
const NARROW = 100;
/** The space between columns, and the width of LAST USED. */
const GAP = 2;
const DAY_WIDTH = 10;
const LEAST_NAME = 16;

/** The keys as a table that fits into the terminal. */
async function table({ output, now }: Context, keys: readonly ApiKey[], usedId: string): Promise<void> {
  const narrow = output.lineWidth < NARROW;
  const rows = keys.map((key) => ({ key, id: foreign(key.id), expires: expiry(key.expiresAt, now()) }));
  const widest = (texts: readonly string[]) => Math.max(...texts.map(({ length }) => length)) + GAP;
  const others =
    widest(rows.map(({ id }) => id)) + widest(rows.map(({ expires }) => expires.text)) + DAY_WIDTH;
  const room = Math.max(LEAST_NAME, output.lineWidth - others);
  const nameOf = (key: ApiKey) => {
    const mark = sameKey(key.id, usedId) ? ' (this key)' : '';
    return `${narrow ? printable(key.name, room - GAP - mark.length) || '-' : foreign(key.name)}${mark}`;
  };
  await output.table(
    ['ID', 'NAME', ...(narrow ? [] : ['CREATED']), 'EXPIRES', 'LAST USED'],
    rows.map(({ key, id, expires }) => {
      const created = narrow ? [] : [day(key.createdAt)];
      return [{ text: id, style: expires.style }, nameOf(key), ...created, expires, day(key.lastUsedAt)];
    }),
    narrow ? [null, room] : [],
  );
}

async function readKeys(context: Context): Promise<ApiKey[]> {
  const { output, interrupt } = context;
  output.progress('Reading keys …');
  const keys: ApiKey[] = [];
  for await (const key of context.client().apiKeys.list({}, { signal: interrupt.now }))
    if (keys.push(key) % 100 === 0) output.progress(`Reading keys … ${keys.length}`);
  interrupt.now.throwIfAborted();
  return keys;
}

/** Whether the text has the form of a key's id. */
export const isId = (text: string): boolean => /^[0-9a-f]{24}$/i.test(text);

/** The key of that id, or of that name if only one has it. */
export async function findKey(context: Context, wanted: string): Promise<ApiKey> {
  // What looks like an id needs no list.
  if (isId(wanted)) return context.client().apiKeys.get(wanted, { signal: context.interrupt.now });
  const keys = await readKeys(context);
  const found = keys.filter(({ id, name }) => sameKey(id, wanted) || name === wanted);
  const [key, ...others] = found;
  if (key !== undefined && others.length === 0) return key;
  const shown = printable(wanted);
  if (key !== undefined)
    throw usage(
      `${found.length} keys have the name ${shown}: ${found.map(keyText).join(', ')}. Give the id of one. Nothing was changed.`,
    );
  const names = keys.map(({ name }) => name);
  const near = nearest(wanted, names);
  const hint = near === undefined ? `${NAME} list shows your keys.` : `Did you mean ${printable(near)}?`;
  throw new Stop(EXIT.notFound, 'not_found', `You have no key of the id or name ${shown}. ${hint}`);
}

export async function get(context: Context, wanted: string): Promise<ExitCode> {
  const key = await findKey(context, wanted);
  await context.output.result(keyData(key), [
    ...keyFields(key, context.now()),
    ['Created', minute(key.createdAt)],
    ['Last used', minute(key.lastUsedAt)],
  ]);
  return EXIT.done;
}

export interface DeleteOptions extends ChangeOptions {
  readonly evenIfUsed?: boolean;
  readonly allowSelf?: boolean;
}

export async function deleteKey(context: Context, wanted: string, options: DeleteOptions): Promise<ExitCode> {
  const { output, interrupt } = context;
  context.needsYes(`Deleting the key ${printable(wanted)}`, options);
  output.progress('Reading the key …');
  const key = await findKey(context, wanted);
  const { id, name, lastUsedAt } = key;
  const idleMs = context.now() - (lastUsedAt?.getTime() ?? Number.NEGATIVE_INFINITY);
  if (idleMs < durationMs({ days: RECENT_DAYS }, 'used') && !options.evenIfUsed)
    throw usage(
      `The key ${keyText(key)} was used on ${minute(lastUsedAt)}, within the last ${RECENT_DAYS} days. Find its user; --even-if-used deletes it all the same. Nothing was changed.`,
    );
  await context.confirm(`Deleting the key ${keyText(key)}`, options);
  interrupt.now.throwIfAborted();
  output.progress('Deleting the key …');
  await context.client().apiKeys.delete(id, { allowSelf: options.allowSelf, signal: interrupt.later });
  if (output.json) await output.document({ deleted: id, name });
  else await output.lines([`Deleted the key ${keyText(key)}.`]);
  return EXIT.done;
}

export async function diagnose(context: Context, { full }: { readonly full?: boolean }): Promise<ExitCode> {
  const { output, interrupt } = context;
  output.progress('Checking …');
  const found = await context.client().diagnose({ full, signal: interrupt.now });
  interrupt.now.throwIfAborted();
  if (output.json) await output.document(found);
  else
    await output.lines(
      found.sentences.flatMap((sentence) => inWordsOfCommands(sentence, found.hint).split('\n')),
    );
  const { ok, problem } = found;
  if (ok) return EXIT.done;
  if (problem === 'unauthorized' || problem === 'credentials') return EXIT.credentials;
  return problem === 'permission_denied' ? EXIT.notPermitted : EXIT.failed;
}
