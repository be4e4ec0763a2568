// delete: what is gone stays gone, so it is asked for twice where somebody seems to use the key.

import type { ApiKey } from '../../schemas/api-key.ts';
import { printable, shownId } from '../../util/printable.ts';
import { agree } from './ask.ts';
import { ALLOW_SELF, type Command, YES } from './command.ts';
import { clientOf } from './context.ts';
import { EXIT, usage } from './exit-codes.ts';

/** A key that was used within this time is in use. */
const LATELY_DAYS = 7;
const DAY_MS = 86_400_000;

export const deleteKey: Command = {
  name: 'delete',
  argument: '<id>',
  summary: 'delete a key',
  about: [
    `A key that was used within the last ${LATELY_DAYS} days, as far as the service says so, is deleted with --even-if-used only.`,
  ],
  options: {
    ...YES,
    'even-if-used': { help: `delete it although it was used within the last ${LATELY_DAYS} days` },
    ...ALLOW_SELF,
  },
  async run(context) {
    const { given, terminal, interrupt } = context;
    const id = given.argument;
    const client = clientOf(context);
    terminal.progress('Looking at the key …');
    const { data: key, response } = await client.apiKeys.get(id, { signal: interrupt.now }).withResponse();
    const served = Date.parse(response.headers.get('date') ?? '');
    const now = Number.isNaN(served) ? Date.now() : served;
    if (usedLately(key, now) && !given.flag('even-if-used'))
      throw usage(
        `The key ${shownId(key.id)} was used on ${key.lastUsedAt?.toISOString()}, within the last ${LATELY_DAYS} days. Find out by whom; --even-if-used deletes it all the same. Nothing was done.`,
      );
    await agree(context, `Deleting the key ${shownId(key.id)} (${printable(key.name)})`);
    interrupt.now.throwIfAborted();
    terminal.progress('Deleting the key …');
    await client.apiKeys.delete(key.id, {
      allowSelf: given.flag('allow-self'),
      signal: interrupt.later,
    });
    if (terminal.json) await terminal.document({ deleted: key.id, name: key.name });
    else await terminal.result([`Deleted the key ${shownId(key.id)} (${printable(key.name)}).`]);
    return EXIT.done;
  },
};

const usedLately = ({ lastUsedAt }: ApiKey, now: number): boolean =>
  lastUsedAt !== null && now - lastUsedAt.getTime() < LATELY_DAYS * DAY_MS;
