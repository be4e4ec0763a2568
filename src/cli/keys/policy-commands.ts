// policy get, set and plan: the maximum expiration of everybody's keys in an account.

import { toJson, toTable } from '../../audit/index.ts';
import type { BlazeMeterClient } from '../../client.ts';
import { type PolicyPlan, planPolicy } from '../../rotation/index.ts';
import type { ApiKeyPolicy } from '../../schemas/policy.ts';
import { agree } from './ask.ts';
import { ACCOUNT, type Command, YES } from './command.ts';
import type { Options } from './command-line.ts';
import { type Context, clientOf } from './context.ts';
import { EXIT, type ExitCode } from './exit-codes.ts';
import { inCommands } from './in-commands.ts';
import { planManifest } from './manifest-plan.ts';
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

/** The account that is meant, by number. */
async function accountOf(context: Context, client: BlazeMeterClient): Promise<number> {
  const account = givenAccount(context);
  if (account !== undefined) return account;
  return (await client.accounts.apiKeyPolicy.get(undefined, { signal: context.interrupt.now })).accountId;
}

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
        terminal.width,
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

/** What would become of the keys that can be seen. */
async function makePlan(context: Context, client: BlazeMeterClient, accountId: number): Promise<PolicyPlan> {
  const { given, terminal, interrupt } = context;
  const maximum = readMaximumOption(given.needed('maximum'), '--maximum');
  terminal.progress('Planning …');
  const plan = await planPolicy(client, accountId, { maximum, signal: interrupt.now });
  return { ...plan, next: plan.next.map(inCommands), lines: plan.lines.map(inCommands) };
}

/** Findings where a living key would end earlier, under any reading of what the service does. */
const planCode = ({ readings }: Pick<PolicyPlan, 'readings'>): ExitCode =>
  readings.some(({ affected }) => affected > 0) ? EXIT.findings : EXIT.done;

export const policyPlan: Command = {
  name: 'policy plan',
  summary: 'what another maximum would do to the keys; changes nothing',
  about: [
    'Exit code 1: a key would end earlier than it does now, if the service works in one of the ways it may.',
    'S1, S2 and so on number what BlazeMeter does not say; docs/api-knowledge.md of the repository has them all.',
  ],
  needs: ['maximum'],
  options: {
    ...ACCOUNT,
    ...MAXIMUM,
    manifest: { value: '<file>', help: 'plan for the keys of every user in this manifest' },
    concurrency: { value: '<number>', help: 'with --manifest: how many at once; default 4' },
    'allow-in-git': { help: 'with --manifest: read a record although git would track it' },
  },
  async run(context) {
    const { terminal, given } = context;
    if (given.text('manifest') !== undefined)
      return planManifest(
        context,
        readMaximumOption(given.needed('maximum'), '--maximum'),
        givenAccount(context),
      );
    const client = clientOf(context);
    const plan = await makePlan(context, client, await accountOf(context, client));
    const { width, color } = terminal;
    await terminal.raw(terminal.json ? toJson(plan) : toTable(plan, { width, color }));
    return planCode(plan);
  },
};

export const policySet: Command = {
  name: 'policy set',
  summary: "set the maximum expiration of everybody's keys in an account",
  about: ['One that shrinks is planned and shown first, on standard error, and needs a yes.'],
  needs: ['maximum'],
  options: { ...ACCOUNT, ...MAXIMUM, ...YES },
  async run(context) {
    const { terminal, interrupt, given } = context;
    const maximum = readMaximumOption(given.needed('maximum'), '--maximum');
    const client = clientOf(context);
    const accountId = await accountOf(context, client);
    const plan = await makePlan(context, client, accountId);
    if (plan.change === 'shrinks') {
      if (terminal.json) terminal.log('note', 'plan', { plan: JSON.parse(toJson(plan)) });
      else terminal.aside(toTable(plan, { width: terminal.width }));
      await agree(context, `Shrinking the maximum of account ${accountId} to ${maximumText(maximum)}`);
    }
    interrupt.now.throwIfAborted();
    terminal.progress('Setting the maximum …');
    await show(
      context,
      await client.accounts.apiKeyPolicy.set(accountId, { maximum }, { signal: interrupt.later }),
    );
    return EXIT.done;
  },
};
