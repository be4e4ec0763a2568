// policy get and set: the maximum expiration of everybody's keys in an account.

import { type MaximumExpiration, periodDays } from '../../api/expiration.ts';
import type { ApiKeyPolicy } from '../../schemas/policy.ts';
import { agree } from './ask.ts';
import { ACCOUNT, type Command, YES } from './command.ts';
import type { Options } from './command-line.ts';
import { type Context, clientOf } from './context.ts';
import { EXIT } from './exit-codes.ts';
import { readCount, readMaximumOption } from './periods.ts';
import { maximumText, plain } from './shown.ts';
import { fields } from './table.ts';

const MAXIMUM: Options = {
  maximum: {
    value: '<period>',
    help: "'1 month', '3 months', '6 months', '1 year', '10 years', '45 days', or unlimited",
  },
};

const MOST_ID = Number.MAX_SAFE_INTEGER;

const givenAccount = ({ given }: Context): number | undefined => {
  const text = given.text('account');
  return text === undefined ? undefined : readCount(text, '--account', MOST_ID);
};

const daysOf = (maximum: MaximumExpiration): number =>
  maximum === 'unlimited' ? Number.POSITIVE_INFINITY : periodDays(maximum);

async function show({ terminal }: Context, policy: ApiKeyPolicy): Promise<void> {
  const { accountId, maximum, maximumDays, accountSource } = policy;
  if (terminal.json) await terminal.document(policy);
  else
    await terminal.result(
      fields(
        [
          ['Account', plain(`${accountId}${accountSource === 'default' ? " (the user's default)" : ''}`)],
          [
            'Maximum',
            plain(
              maximumDays === null ? maximumText(maximum) : `${maximumText(maximum)} (${maximumDays} days)`,
            ),
          ],
        ],
        terminal.paint,
      ),
    );
}

export const policyGet: Command = {
  name: 'policy get',
  summary: "read the maximum expiration of an account's keys",
  options: ACCOUNT,
  async run(context) {
    const policy = await clientOf(context).accounts.apiKeyPolicy.get(givenAccount(context), {
      signal: context.interrupt.now,
    });
    await show(context, policy);
    return EXIT.done;
  },
};

export const policySet: Command = {
  name: 'policy set',
  summary: "set the maximum expiration of everybody's keys in an account",
  about: [
    'Below the current one it needs a yes: what becomes of the keys that live longer is not documented.',
    'Only your own keys are visible: blazemeter-keys list shows them.',
  ],
  needs: ['maximum'],
  options: { ...ACCOUNT, ...MAXIMUM, ...YES },
  async run(context) {
    const { terminal, interrupt, given } = context;
    const maximum = readMaximumOption(given.needed('maximum'), '--maximum');
    const client = clientOf(context);
    const current = await client.accounts.apiKeyPolicy.get(givenAccount(context), { signal: interrupt.now });
    const { accountId } = current;
    if (daysOf(maximum) < (current.maximumDays ?? Number.POSITIVE_INFINITY))
      await agree(
        context,
        `Lowering the maximum of account ${accountId} from ${maximumText(current.maximum)} to ${maximumText(maximum)}`,
        ' Whether that shortens, blocks or deletes keys of its members that live longer is not documented.',
      );
    interrupt.now.throwIfAborted();
    terminal.progress('Setting the maximum …');
    await show(
      context,
      await client.accounts.apiKeyPolicy.set(accountId, { maximum }, { signal: interrupt.later }),
    );
    return EXIT.done;
  },
};
