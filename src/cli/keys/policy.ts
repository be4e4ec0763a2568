// policy get and set: the maximum expiration of everybody's keys in an account.

import type { ApiKeyPolicy, MaximumExpiration } from '../../index.ts';
import { periodDays } from '../../util/period.ts';
import type { ChangeOptions, Context } from './context.ts';
import { EXIT, type ExitCode, usage } from './exit.ts';
import { maximumText } from './show.ts';

export interface PolicyOptions {
  readonly account?: number;
}

export interface SetOptions extends PolicyOptions, ChangeOptions {
  readonly maximum: MaximumExpiration;
}

async function show({ output }: Context, policy: ApiKeyPolicy): Promise<ExitCode> {
  const { accountId, maximum, maximumDays, accountSource } = policy;
  const days = maximumDays === null ? '' : ` (${maximumDays} days)`;
  await output.result(policy, [
    ['Account', `${accountId}${accountSource === 'default' ? " (the user's default)" : ''}`],
    ['Maximum', `${maximumText(maximum)}${days}`],
  ]);
  return EXIT.done;
}

/** The maximum of the account, or of the user's default account. */
async function current({ client, interrupt }: Context, account: number | undefined): Promise<ApiKeyPolicy> {
  try {
    return await client().accounts.apiKeyPolicy.get(account, { signal: interrupt.now });
  } catch (error) {
    if (account !== undefined || !(error instanceof TypeError)) throw error;
    throw usage('This user has no default account. Give --account <id>.');
  }
}

export async function policyGet(context: Context, { account }: PolicyOptions): Promise<ExitCode> {
  return show(context, await current(context, account));
}

export async function policySet(context: Context, options: SetOptions): Promise<ExitCode> {
  const { output, interrupt } = context;
  const { maximum } = options;
  const { apiKeyPolicy } = context.client().accounts;
  const before = await current(context, options.account);
  const { accountId } = before;
  const most = before.maximumDays ?? Number.POSITIVE_INFINITY;
  if (maximum !== 'unlimited' && periodDays(maximum) < most)
    await context.confirm(
      `Lowering the maximum of account ${accountId} from ${maximumText(before.maximum)} to ${maximumText(maximum)}`,
      options,
      ' Whether that shortens, blocks or deletes keys of its members that live longer is not documented.',
    );
  interrupt.now.throwIfAborted();
  output.progress('Setting the maximum …');
  return show(context, await apiKeyPolicy.set(accountId, { maximum }, { signal: interrupt.later }));
}
