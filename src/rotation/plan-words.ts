// What a plan says in words beyond its data: what cannot be seen from here, and what to do.

import { maximumOf } from '../audit/policy.ts';
import type { Account } from '../schemas/account.ts';
import { printable } from '../text/printable.ts';
import type { PlannedKey, PlannedMaximum, PlanUnseen, PolicyPlan } from './plan.ts';

type Told = Omit<PolicyPlan, 'unseen' | 'next' | 'lines'>;

/** A maximum as people say it. */
export function sayMaximum({ maximum, maximumDays }: PlannedMaximum): string {
  if (maximumDays === null) return 'no limit';
  return typeof maximum === 'string' ? `${maximum} (${maximumDays} days)` : `${maximumDays} days`;
}

/** A maximum as code has it. */
const codeOf = ({ maximum }: PlannedMaximum): string =>
  typeof maximum === 'string' ? `'${maximum}'` : `{ days: ${maximum.days} }`;

/** A key as people say it. */
export const sayKey = ({ id, name, owner, inUse }: PlannedKey): string =>
  `"${printable(name)}" (${printable(id)}${owner === null ? '' : `, ${printable(owner)}`}${inUse ? ', in use by this client' : ''})`;

/** So many keys are named in one sentence; the readings name all. */
const NAMED = 20;

function sayKeys(keys: readonly PlannedKey[]): string {
  const more = keys.length > NAMED ? ` and ${keys.length - NAMED} more` : '';
  return `${keys.slice(0, NAMED).map(sayKey).join(', ')}${more}`;
}

/** What cannot be seen. */
export function unseen(
  plan: Told,
  seen: { readonly membersCount: number | null; readonly others: readonly Account[] | undefined },
): PlanUnseen[] {
  const { membersCount, others } = seen;
  const list: PlanUnseen[] = [];
  const more =
    membersCount === null ? 'Everybody else' : `The account has ${membersCount} members; everybody else`;
  if (membersCount === null || membersCount > 1)
    list.push({
      code: 'other-users',
      what: `${more}'s keys are not visible: a client sees the keys of its own user. The maximum holds for all of them (documented).`,
    });
  const silent = others?.filter((other) => maximumOf(other) === undefined).length ?? 0;
  const which =
    others === undefined
      ? 'The list of your accounts could not be read.'
      : others.length === 0
        ? 'No other account of yours is visible.'
        : `You are in ${others.length + 1} visible accounts${silent === 0 ? '' : `, of which ${silent} show no maximum`}.`;
  list.push({
    code: 'other-accounts',
    what: `${which} Which account binds a user of several is not documented (S2): this plan takes the strictest of those visible, ${plan.boundBy === null ? 'and none sets a limit' : `account ${plan.boundBy.accountId} with ${plan.boundBy.maximumDays} days`}.`,
  });
  if (plan.keys.some(({ longer }) => longer !== 'no'))
    list.push({
      code: 'per-account',
      what: 'An account may refuse (403) its own content to keys that are longer than its maximum, though they work elsewhere (S2): under any reading, and for the keys that are longer.',
    });
  const unclear = plan.keys.filter(({ longer }) => longer === 'unclear').length;
  if (unclear > 0)
    list.push({
      code: 'period',
      what: `For how long ${unclear} of the keys were made is not known: they show no expiry, or were changed later, which may have renewed it (S4).`,
    });
  if (plan.keyInUse === null)
    list.push({
      code: 'key-in-use',
      what: 'The key that this client signs with is not in the list of keys.',
    });
  if (plan.clock === 'local')
    list.push({ code: 'clock', what: "No answer told the time, so this machine's clock was used." });
  return list;
}

/** The keys that end earlier under some reading, or may. */
function endangered({ keys, readings }: Pick<PolicyPlan, 'keys' | 'readings'>): PlannedKey[] {
  const ids = new Set(
    readings.flatMap((reading) =>
      reading.keys
        .filter(({ endsEarlier, outcome }) => endsEarlier || outcome === 'unclear')
        .map(({ id }) => id),
    ),
  );
  return keys.filter(({ id, expired }) => ids.has(id) && !expired);
}

/** What to do. */
export function nextSteps(plan: Told): string[] {
  const { accountId, wanted, change, maySet, boundBy, current } = plan;
  if (change === 'none') return ['Nothing: the account has this maximum already.'];
  const setting = `client.accounts.apiKeyPolicy.set(${accountId}, { maximum: ${codeOf(wanted)} })`;
  const set =
    maySet.answer === 'no'
      ? `Have the owner or an admin of the account set it: ${setting}`
      : `Set it: ${setting}`;
  if (change === 'widens') return [`${set}. Existing keys keep their expiry (assumed, S16).`];
  const hit = endangered(plan);
  const fits =
    boundBy === null
      ? "'max'"
      : boundBy.maximumDays === wanted.maximumDays
        ? codeOf(wanted)
        : `{ days: ${boundBy.maximumDays} }`;
  const steps: string[] = [];
  if (hit.length > 0)
    steps.push(
      `Before it is set, rotate ${hit.length === 1 ? 'this key' : `these ${hit.length} keys`} to a life that fits, each with its store: rotate(client, { store, reason: 'schedule', expiresIn: ${fits} }). ${sayKeys(hit)}.`,
    );
  if (hit.some(({ inUse }) => inUse))
    steps.push(
      'The key in use is among them: sign with a new one before you set it, or you may lock yourself out.',
    );
  steps.push('Have everybody else in the account make this plan with a key of their own.');
  steps.push(
    `${set}. To take it back: { maximum: ${codeOf(current)} }; what was cut or deleted by then stays so.`,
  );
  steps.push("Run the audit: its rule 'beyond-policy' names the keys that are still longer.");
  return steps;
}
