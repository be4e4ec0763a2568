// The commands that only look: whoami, list, diagnose.

import { sameKey } from '../../auth/credentials.ts';
import { ApiError, AuthenticationError, InvalidResponseError, PermissionDeniedError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { printable, shownId } from '../../util/printable.ts';
import type { Command } from './command.ts';
import { type Context, clientOf, signerOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { expiry, foreign, KEY_COLUMNS, keyData, keyRow, plain } from './shown.ts';
import { fields, table } from './table.ts';

export const whoami: Command = {
  name: 'whoami',
  summary: 'whose key signs, and when it runs out',
  options: {},
  async run(context) {
    const { terminal, interrupt } = context;
    const client = clientOf(context);
    const { id } = await signerOf(context);
    terminal.progress('Asking who this is …');
    const signal = interrupt.now;
    const user = await client.user.get({ signal });
    const key = await lookAt(() => client.apiKeys.get(id, { signal }));
    const { email, displayName, defaultProject } = user;
    const account = defaultProject?.accountId ?? null;
    if (terminal.json)
      await terminal.document({
        user: { id: user.id, email, displayName },
        account: account === null ? null : { id: account, name: defaultProject?.accountName ?? null },
        key: key === undefined ? { id } : keyData(key),
      });
    else
      await terminal.result(
        fields(
          [
            ['User', plain(`${user.id}${displayName ? `, ${printable(displayName)}` : ''}`)],
            ['E-mail', foreign(email)],
            [
              'Account',
              plain(account === null ? '-' : `${account}, ${printable(defaultProject?.accountName) || '-'}`),
            ],
            ['Key', plain(shownId(id))],
            ['Name', foreign(key?.name)],
            ['Expires', key === undefined ? plain('not told') : expiry(key.expiresAt, Date.now())],
          ],
          terminal.paint,
        ),
      );
    return EXIT.done;
  },
};

/** Something that is read besides: that the service does not have it is no failure. */
async function lookAt(read: () => Promise<ApiKey>): Promise<ApiKey | undefined> {
  try {
    return await read();
  } catch (error) {
    const refused = error instanceof AuthenticationError || error instanceof PermissionDeniedError;
    if (!refused && (error instanceof ApiError || error instanceof InvalidResponseError)) return undefined;
    throw error;
  }
}

export const list: Command = {
  name: 'list',
  summary: "the user's keys, the one that runs out first at the top",
  options: {},
  async run(context) {
    const { terminal, interrupt } = context;
    const { id } = await signerOf(context);
    const keys = await readKeys(context);
    interrupt.now.throwIfAborted();
    if (terminal.json)
      await terminal.document({ keys: keys.map((key) => ({ ...keyData(key), inUse: sameKey(key.id, id) })) });
    else if (keys.length === 0) terminal.note('This user has no keys.');
    else {
      const now = Date.now();
      const rows = keys.map((key) => keyRow(key, now, sameKey(key.id, id) ? key.id : undefined));
      await terminal.result(table(KEY_COLUMNS, rows, terminal.paint));
    }
    return EXIT.done;
  },
};

async function readKeys(context: Context): Promise<ApiKey[]> {
  const { terminal, interrupt } = context;
  const keys: ApiKey[] = [];
  terminal.progress('Reading keys …');
  for await (const key of clientOf(context).apiKeys.list({}, { signal: interrupt.now })) {
    keys.push(key);
    if (keys.length % 100 === 0) terminal.progress(`Reading keys … ${keys.length}`);
  }
  const end = (key: ApiKey) => key.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
  return keys.sort((a, b) => end(a) - end(b) || (a.id < b.id ? -1 : 1));
}

export const diagnose: Command = {
  name: 'diagnose',
  summary: 'whether the pair works, what it may do, and what to mend',
  options: { full: { help: 'show the key id and the e-mail address whole' } },
  async run(context) {
    const { terminal, interrupt, given } = context;
    terminal.progress('Looking …');
    const found = await clientOf(context).diagnose({ full: given.flag('full'), signal: interrupt.now });
    interrupt.now.throwIfAborted();
    if (terminal.json) await terminal.document(found);
    else await terminal.result(found.sentences.flatMap((sentence) => sentence.split('\n')));
    return found.ok ? EXIT.done : exitOfProblem(found.problem);
  },
};

function exitOfProblem(code: string | null): ExitCode {
  if (code === 'unauthorized' || code === 'credentials') return EXIT.credentials;
  return code === 'permission_denied' ? EXIT.notPermitted : EXIT.service;
}
