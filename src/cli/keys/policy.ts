// policy get and set: the maximum expiration of everybody's keys in an account.

import type { ApiKeyPolicy, MaximumExpiration } from '../../index.ts';
import { periodDays } from '../../util/period.ts';
import type { ChangeOptions, Context } from './context.ts';
import { EXIT, type ExitCode } from './exit.ts';
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

export async function policyGet(context: Context, { account }: PolicyOptions): Promise<ExitCode> {
  const { apiKeyPolicy } = context.client().accounts;
  return show(context, await apiKeyPolicy.get(account, { signal: context.interrupt.now }));
}

export async function policySet(context: Context, options: SetOptions): Promise<ExitCode> {
  const { output, interrupt } = context;
  const { maximum } = options;
  const { apiKeyPolicy } = context.client().accounts;
  const current = await apiKeyPolicy.get(options.account, { signal: interrupt.now });
  const { accountId } = current;
  const most = current.maximumDays ?? Number.POSITIVE_INFINITY;
  if (maximum !== 'unlimited' && periodDays(maximum) < most)
    await context.confirm(
      `Lowering the maximum of account ${accountId} from ${maximumText(current.maximum)} to ${maximumText(maximum)}`,
      options,
      ' Whether that shortens, blocks or deletes keys of its members that live longer is not documented.',
    );
  interrupt.now.throwIfAborted();
  output.progress('Setting the maximum …');
  return show(context, await apiKeyPolicy.set(accountId, { maximum }, { signal: interrupt.later }));
}
