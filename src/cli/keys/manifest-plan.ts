// policy plan --manifest: what another maximum would do to the keys of every user that the manifest leads to, by owner.

import type { MaximumExpiration } from '../../api/expiration.ts';
import { wrapped } from '../../audit/report/width.ts';
import type { PolicyPlan } from '../../rotation/index.ts';
import { planPolicy } from '../../rotation/plan-policy.ts';
import { shownId } from '../../text/printable.ts';
import type { Context } from './context.ts';
import type { ExitCode } from './exit-codes.ts';
import { byOwner, count, ownerTables } from './manifest-report.ts';
import {
  codeOfUsers,
  eachUser,
  lookedSummary,
  troubleData,
  troubleLines,
  userData,
} from './manifest-users.ts';
import { expiry, foreign, plain } from './shown.ts';
import type { Column } from './table.ts';

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
  const { terminal } = context;
  const looked = await eachUser(context, 'Planning', async ({ client, owners, signal }) => {
    const accountId = account ?? (await client.accounts.apiKeyPolicy.get(undefined, { signal })).accountId;
    return planPolicy(client, accountId, { maximum, owners, signal });
  });
  const planned = looked.users.flatMap(({ found }) => (found === undefined ? [] : changedKeys(found)));
  const code = codeOfUsers(
    looked,
    looked.users.some(({ found }) => found?.readings.some(({ affected }) => affected > 0)),
  );
  const ownerOf = ({ key }: Planned) => key.owner;
  if (terminal.json)
    await terminal.document({
      owners: byOwner(planned, ownerOf).map(([owner, keys]) => ({ owner, keys })),
      accounts: looked.users.map((user) => userData(user, plannedData)),
      ...troubleData(looked),
      exitCode: code,
    });
  else
    await terminal.result([
      ...ownerTables(context, planned, ownerOf, COLUMNS, keyRow),
      ...troubleLines(context, looked, 'planned for'),
      ...wrapped(
        `${count(planned.length, 'key', 'keys')} would end earlier in at least one way the service may work (assumed; policy plan without --manifest says more). ${lookedSummary(looked)}`,
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

const plannedData = ({ accountId, current, wanted, change, unseen }: PolicyPlan) => ({
  accountId,
  current,
  wanted,
  change,
  unseen,
});
