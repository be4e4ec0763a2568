// The plan of a policy: before an account's maximum is changed, which of the visible keys that would end, and when, under
// each reading of what BlazeMeter leaves open; and what of it nobody can see from here. It reads, and changes nothing.

import { type MaximumExpiration, readMaximum, writeMaximum } from '../api/expiration.ts';
import { audited, lookAtKeys, type Owners, readOwners } from '../audit/keys.ts';
import { hasEnded, longerThan } from '../audit/period.ts';
import { maximumOf, optional, readAccounts, strictest } from '../audit/policy.ts';
import type { BlazeMeterClient } from '../client.ts';
import type { Account } from '../schemas/account.ts';
import type { User } from '../schemas/user.ts';
import type { MaySet, PolicyPlan } from './plan.ts';
import { planLines } from './plan-lines.ts';
import { planReadings } from './plan-readings.ts';
import { nextSteps, unseen } from './plan-words.ts';

/** What a plan needs of a client: any {@link BlazeMeterClient} has it. */
export type PlanClient = Pick<BlazeMeterClient, 'user' | 'accounts' | 'apiKeys' | 'diagnose'>;

/** Options of `planPolicy`. */
export interface PlanPolicyOptions {
  /** The maximum that is to be set. */
  readonly maximum: MaximumExpiration;
  /** Who is whose: labels by key id or name. */
  readonly owners?: Owners | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Roles that may set the maximum (documented). */
const SETTERS = ['owner', 'admin'];

async function readMaySet(
  client: PlanClient,
  account: Account,
  user: User,
  signal: AbortSignal | undefined,
): Promise<MaySet> {
  if (account.owner?.id === user.id)
    return {
      answer: 'yes',
      roles: ['owner'],
      why: 'The owner and admins may (documented), and you are the owner.',
    };
  const found = await optional(async () => {
    for await (const member of client.accounts.users(account.id, {}, { signal }))
      if (member.id === user.id) return member.roles;
    return null;
  });
  if (found === undefined || found === null)
    return {
      answer: 'unknown',
      roles: [],
      why: `The owner and admins may (documented). ${found === null ? 'You are not in the list of members' : 'The list of members could not be read'}, so your roles are not known.`,
    };
  const may = found.some((role) => SETTERS.includes(role));
  return {
    answer: may ? 'yes' : 'no',
    roles: found,
    why: `The owner and admins may (documented), and you are ${may ? 'one of them' : 'neither'}.`,
  };
}

/** Compares two maxima, of which `null` is the widest. */
function compared(current: number | null, wanted: number | null): PolicyPlan['change'] {
  const [from, to] = [current ?? Number.POSITIVE_INFINITY, wanted ?? Number.POSITIVE_INFINITY];
  return to < from ? 'shrinks' : to > from ? 'widens' : 'none';
}

/**
 * Tells what a change of an account's maximum would do to the visible keys, under each reading of what BlazeMeter leaves
 * open (S1), and what cannot be seen: a client sees its caller's keys only. Reads with about a dozen requests; sets
 * nothing.
 *
 * Times are by the server's clock, and hold for a change that is made at once.
 *
 * @throws `TypeError` for a maximum that is none; whatever reading the user, the account and its keys throws.
 * @example
 * ```ts
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { planPolicy } from 'blazemeter-client/rotation';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference(); // without `fetch` the client talks to the service
 * const { keys, accounts } = reference.seed();
 * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * const plan = await planPolicy(client, accounts.main.id, { maximum: '3 months' });
 * console.log(plan.change, plan.maySet.answer); // shrinks yes
 * for (const { reading, affected } of plan.readings) console.log(reading, affected); // clamp 1
 * console.log(plan.lines.join('\n'));
 * ```
 */
export async function planPolicy(
  client: PlanClient,
  accountId: number,
  options: PlanPolicyOptions,
): Promise<PolicyPlan> {
  const { signal } = options;
  const wanted = readMaximum(writeMaximum(options.maximum));
  const ownerOf = readOwners(options.owners);
  const user = await client.user.get({ signal });
  const account = await client.accounts.get(accountId, { signal });
  const { maximum, maximumDays } = await client.accounts.apiKeyPolicy.get(accountId, { signal });
  const accounts = await readAccounts(client, signal);
  const others = accounts?.filter(({ id }) => id !== accountId);
  const maySet = await readMaySet(client, account, user, signal);
  const { keyId } = await client.diagnose({ full: true, signal });
  const look = await lookAtKeys(client, signal);

  const elsewhere = (others ?? []).flatMap((other) => {
    const days = maximumOf(other);
    return days === undefined ? [] : [{ accountId: other.id, maximumDays: days }];
  });
  const before = strictest([{ accountId, maximumDays }, ...elsewhere]);
  const boundBy = strictest([{ accountId, maximumDays: wanted.maximumDays }, ...elsewhere]);
  const change = compared(maximumDays, wanted.maximumDays);
  const keys = [...look.keys].sort(
    (one, other) =>
      (one.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) -
        (other.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) || (one.id < other.id ? -1 : 1),
  );
  const keyInUse = keys.find(({ id }) => id === keyId)?.id ?? null;
  const readings = planReadings({
    keys,
    now: look.now,
    shrinks: change === 'shrinks',
    before: before?.maximumDays ?? null,
    after: boundBy?.maximumDays ?? null,
    keyInUse,
  });
  const plan: Omit<PolicyPlan, 'unseen' | 'next' | 'lines'> = {
    kind: 'policy-plan',
    accountId,
    accountName: account.name,
    current: { maximum, maximumDays },
    wanted,
    change,
    boundBy,
    maySet,
    userId: user.id,
    keyInUse,
    keys: keys.map((key) => ({
      ...audited(key, ownerOf),
      longer: longerThan(key, boundBy?.maximumDays ?? null, look.now),
      inUse: key.id === keyInUse,
      expired: hasEnded(key, look.now),
    })),
    readings,
    checkedAt: new Date(look.now),
    clock: look.clock,
  };
  const told = {
    ...plan,
    unseen: unseen(plan, { membersCount: account.membersCount, others }),
    next: nextSteps(plan),
  };
  return { ...told, lines: planLines(told) };
}
