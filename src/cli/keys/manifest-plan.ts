// policy plan --manifest: what another maximum would do to the keys of every user that the manifest leads to, by owner.

import { wrapped } from '../../audit/report/width.ts';
import type { PolicyPlan } from '../../rotation/index.ts';
import { planPolicy } from '../../rotation/plan-policy.ts';
import { shownId } from '../../text/printable.ts';
import type { MaximumExpiration } from '../../wire/expiration.ts';
import { eachBounded } from './bounded.ts';
import type { Context } from './context.ts';
import { EXIT, type ExitCode, worst } from './exit-codes.ts';
import { entryOf, lookAtEntries, openManifest, type Seen, unnamedKeys, usersOf } from './manifest-entries.ts';
import {
  byOwner,
  codeOf,
  count,
  type Line,
  linesByOwner,
  linesData,
  ownerText,
  summary,
  unnamedData,
  unnamedLines,
} from './manifest-report.ts';
import { expiry, foreign, plain } from './shown.ts';
import { type Column, table } from './table.ts';
import { type Trouble, troubleOf } from './trouble.ts';

const COLUMNS: readonly Column[] = [
  { title: 'KEY', whole: true },
  { title: 'NAME' },
  { title: 'EXPIRES', whole: true, from: 120 },
  { title: 'IF THE SERVICE …' },
];

type PlannedKey = PolicyPlan['keys'][number];

interface Planned {
  readonly key: PlannedKey;
  /** What becomes of it, by each reading that changes it. */
  readonly changes: readonly { readonly reading: string; readonly outcome: string }[];
}

export async function planManifest(
  context: Context,
  maximum: MaximumExpiration,
  account: number | undefined,
): Promise<ExitCode> {
  const { terminal, interrupt } = context;
  const signal = interrupt.now;
  const opened = openManifest(context);
  const seen = await lookAtEntries(context, opened);
  signal.throwIfAborted();
  const users = [...usersOf(seen)];
  let done = 0;
  const plans = await eachBounded(users, opened.atOnce, async ([userId, { client }]) => {
    try {
      const accountId = account ?? (await client.accounts.apiKeyPolicy.get(undefined, { signal })).accountId;
      const owners = (key: { readonly id: string; readonly name: string }) => entryOf(seen, key)?.owner;
      return { userId, plan: await planPolicy(client, accountId, { maximum, owners, signal }) };
    } catch (error) {
      return { userId, trouble: troubleOf(interrupt.reason ?? error) };
    } finally {
      done += 1;
      terminal.progress(`Planning … ${done} of ${users.length} users`);
    }
  });
  const unnamed = await unnamedKeys(context, seen, opened.atOnce);
  signal.throwIfAborted();
  const broken = seen.filter(({ trouble }) => trouble !== undefined).map(lineOf);
  const planned = plans.flatMap(({ plan }) => (plan === undefined ? [] : changedKeys(plan)));
  const code = worst([
    codeOf(broken, unnamed),
    ...plans.map(({ trouble }) => trouble?.exitCode ?? EXIT.done),
    plans.some(({ plan }) => plan?.readings.some(({ affected }) => affected > 0)) ? EXIT.findings : EXIT.done,
  ]);
  if (terminal.json)
    await terminal.document({
      owners: byOwner(planned, ({ key }) => key.owner).map(([owner, keys]) => ({ owner, keys })),
      accounts: plans.map(accountData),
      broken: linesData(broken),
      unnamed: unnamedData(unnamed),
      exitCode: code,
    });
  else
    await terminal.result([
      ...byOwner(planned, ({ key }) => key.owner).flatMap(([owner, keys]) => [
        terminal.paint('bold', ownerText(owner)),
        ...table(COLUMNS, keys.map(keyRow), terminal.width, terminal.paint),
        '',
      ]),
      ...(broken.length === 0 ? [] : [terminal.paint('bold', 'Entries that could not be looked at'), '']),
      ...linesByOwner(context, broken),
      ...unnamedLines(context, unnamed),
      ...plans.flatMap(({ userId, trouble }) =>
        trouble === undefined ? [] : [`User ${userId} could not be planned for: ${trouble.message}`],
      ),
      ...wrapped(
        `${count(planned.length, 'key', 'keys')} would end earlier in at least one way the service may work (assumed; policy plan without --manifest says more). ${summary(seen.map(lineOf), unnamed, 'looked at')}`,
        terminal.width,
      ),
    ]);
  return code;
}

/** The keys that would end earlier, under any reading. */
function changedKeys({ keys, readings }: PolicyPlan): Planned[] {
  return keys.flatMap((key) => {
    const changes = readings.flatMap(({ reading, keys: outcomes }) =>
      outcomes
        .filter(({ id, outcome }) => id === key.id && ['shortened', 'refused', 'deleted'].includes(outcome))
        .map(({ outcome }) => ({ reading, outcome })),
    );
    return changes.length === 0 ? [] : [{ key, changes }];
  });
}

const WORDS: Readonly<Record<string, string>> = {
  'new-only': 'binds new keys only',
  'block-on-use': 'refuses keys that are too long',
  clamp: 'shortens them',
  revoke: 'deletes them',
};

const keyRow = ({ key, changes }: Planned) => [
  plain(shownId(key.id)),
  foreign(key.inUse ? `${key.name} (this key)` : key.name),
  expiry(key.expiresAt, Date.now()),
  plain(changes.map(({ reading, outcome }) => `${WORDS[reading] ?? reading}: ${outcome}`).join('; ')),
];

const lineOf = ({ entry, keyId, trouble }: Seen): Line => ({
  entry,
  code: trouble?.exitCode ?? EXIT.done,
  outcome: trouble === undefined ? 'looked at' : 'failed',
  keyId,
  trouble,
});

const accountData = ({
  userId,
  plan,
  trouble,
}: {
  userId: number;
  plan?: PolicyPlan;
  trouble?: Trouble;
}) => ({
  userId,
  ...(plan === undefined
    ? {}
    : {
        accountId: plan.accountId,
        current: plan.current,
        wanted: plan.wanted,
        change: plan.change,
        unseen: plan.unseen,
      }),
  ...(trouble === undefined ? {} : { error: trouble }),
});
