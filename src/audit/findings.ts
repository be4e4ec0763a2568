// One rule after the other over the keys of a look: what is found, and what cannot be told.

import { daysToMs } from '../api/expiration.ts';
import type { Bound } from '../resources/policy-memory.ts';
import type { ApiKey } from '../schemas/api-key.ts';
import { shownSpan } from '../util/duration.ts';
import { readKeyName } from '../util/key-name.ts';
import { printable } from '../util/printable.ts';
import type { Look, Unknown } from './keys.ts';
import type { Settings } from './options.ts';
import { hasEnded, longerThan } from './period.ts';
import type { AuditRule } from './rules.ts';
import { findStrays, othersOf } from './stray.ts';

/** A finding, before it is known how grave it is and whose key it is. */
export interface Found {
  readonly rule: AuditRule;
  readonly key: ApiKey;
  readonly message: string;
  readonly fix: string;
  readonly assumption?: string;
  readonly related?: readonly string[];
}

/** What the rules look at. */
export interface Subject {
  readonly look: Look;
  readonly settings: Settings;
  /** The strictest maximum that is visible; `null`: there is none. `undefined`: it could not be read. */
  readonly policy: Bound | null | undefined;
}

type Check = (
  subject: Subject,
  say: (found: Found) => void,
  skip: (unknown: Unknown<AuditRule>) => void,
) => void;

/**
 * The default window before an expiry: a part of the key's life, within bounds. A rotation begins at a fifth of the life, so
 * a key that is found here was not rotated in time.
 */
const WINDOW_PART = 0.1;
const LONGEST_WINDOW = daysToMs(14);
const SHORTEST_WINDOW = daysToMs(5);

const defaultWindow = (lifeMs: number): number =>
  Math.max(SHORTEST_WINDOW, Math.min(LONGEST_WINDOW, lifeMs * WINDOW_PART));

const day = (date: Date): string => date.toISOString().slice(0, 10);
const id = (key: ApiKey): string => printable(key.id);
const idsOf = (keys: readonly ApiKey[]): string[] => keys.map((key) => key.id);

/** Keys that still work, as far as their dates tell. With one that does not, all else is of no interest. */
const living = ({ look: { keys, now } }: Subject): ApiKey[] => keys.filter((key) => !hasEnded(key, now));

const deleting = (key: ApiKey): string => `If nobody needs it: client.apiKeys.delete('${id(key)}').`;

/** How to come to a next key, with a life as told. */
function nextKey(key: ApiKey, life = "expiresIn: 'max'"): string {
  const record = readKeyName(key.name)?.recordId;
  return record === undefined
    ? `Make the next key (client.apiKeys.create, ${life}), give it to whoever uses this one, then client.apiKeys.delete('${id(key)}').`
    : `Run rotateIfExpiring or rotate with the store of record ${record}.`;
}

const expired: Check = ({ look: { keys, now } }, say) => {
  for (const key of keys) {
    if (key.expiresAt === null || !hasEnded(key, now)) continue;
    const past = now >= key.expiresAt.getTime();
    say({
      rule: 'expired',
      key,
      message: past
        ? `It ran out on ${day(key.expiresAt)}, ${shownSpan(now - key.expiresAt.getTime())} ago.`
        : `It runs out within two minutes, at ${key.expiresAt.toISOString()}.`,
      fix: `An expired key needs a new key (assumed). ${nextKey(key)}`,
    });
  }
};

const expiresSoon: Check = (subject, say) => {
  const { now } = subject.look;
  for (const key of living(subject)) {
    if (key.expiresAt === null) continue;
    const left = key.expiresAt.getTime() - now;
    const life = key.expiresAt.getTime() - key.createdAt.getTime();
    const window = subject.settings.expiresWithinMs ?? defaultWindow(life);
    if (left > window) continue;
    say({
      rule: 'expires-soon',
      key,
      message: `It runs out on ${day(key.expiresAt)}, in ${shownSpan(left)}.`,
      fix: nextKey(key),
    });
  }
};

const beyondPolicy: Check = (subject, say, skip) => {
  const { policy, look } = subject;
  if (policy === undefined) {
    skip({
      rule: 'beyond-policy',
      what: "The maximum could not be read, so no key was held against it: the list of accounts was refused, or names an account's maximum in no form that is known.",
      keys: [],
    });
    return;
  }
  if (policy === null) return;
  const { accountId, maximumDays } = policy;
  const unclear: ApiKey[] = [];
  for (const key of living(subject)) {
    const longer = longerThan(key, maximumDays, look.now);
    if (longer === 'unclear' && key.expiresAt !== null) unclear.push(key);
    if (longer !== 'yes' || key.expiresAt === null) continue;
    const period = key.expiresAt.getTime() - key.createdAt.getTime();
    say({
      rule: 'beyond-policy',
      key,
      message: `It was made for ${shownSpan(period)}, and account ${accountId} now permits ${maximumDays} days. It ends on ${day(key.expiresAt)} unless the service ends it earlier.`,
      fix: nextKey(key, `${maximumDays} days at most`),
      assumption:
        'That the strictest of the visible accounts binds the key (S2). What becomes of longer keys is not documented (S1).',
    });
  }
  if (unclear.length > 0)
    skip({
      rule: 'beyond-policy',
      what: `Keys that were changed after they were made may have got a new expiry then, so their period is not known: it may be more than ${maximumDays} days, or less.`,
      keys: idsOf(unclear),
    });
};

const neverExpires: Check = (subject, say, skip) => {
  const endless = subject.look.keys.filter((key) => key.expiresAt === null);
  if (endless.length === 0) return;
  if (endless.length === subject.look.keys.length) {
    skip({
      rule: 'never-expires',
      what: 'The service shows no expiry for any key: whether they have one cannot be told.',
      keys: idsOf(endless),
    });
    return;
  }
  for (const key of endless)
    say({
      rule: 'never-expires',
      key,
      message: 'The service shows no expiry for it, though it does for other keys.',
      fix: nextKey(key),
      assumption: 'That a key without an expiry in the list never runs out.',
    });
};

const strayKeys: Check = (subject, say, skip) => {
  const { made, strays } = findStrays(living(subject), subject.settings.records);
  const found = new Set(strays.map(({ key }) => key));
  for (const { key, why, related } of strays)
    say({
      rule: 'stray-key',
      key,
      message: `A rotation made it, and ${why}.`,
      fix: `Run resume with the store of its record. ${deleting(key)}`,
      related,
    });
  if (subject.settings.records === undefined && made.length > 0)
    skip({
      rule: 'stray-key',
      what: 'No records were given, so a key that is the only one of its record cannot be told from one that was left over.',
      keys: idsOf(made.filter((key) => !found.has(key))),
    });
};

/** Whether the service tells of uses at all: some key shows one. */
const tellsUses = ({ look: { keys } }: Subject): boolean => keys.some((key) => key.lastUsedAt !== null);

const neverUsed: Check = (subject, say, skip) => {
  const { now } = subject.look;
  const old = living(subject).filter(
    ({ lastUsedAt, createdAt }) =>
      lastUsedAt === null && now - createdAt.getTime() > subject.settings.neverUsedAfterMs,
  );
  if (old.length === 0) return;
  if (!tellsUses(subject)) {
    skip({
      rule: 'never-used',
      what: 'The service shows no last use for any key, not even for the one that asked: whether a key was ever used cannot be told.',
      keys: idsOf(old),
    });
    return;
  }
  for (const key of old)
    say({
      rule: 'never-used',
      key,
      message: `It was made on ${day(key.createdAt)}, ${shownSpan(now - key.createdAt.getTime())} ago, and never used.`,
      fix: deleting(key),
      assumption: 'That a key without a last use in the list was never used.',
    });
};

const notUsedForLong: Check = (subject, say, skip) => {
  const { now } = subject.look;
  if (!tellsUses(subject)) {
    if (subject.look.keys.length > 0)
      skip({
        rule: 'not-used-for-long',
        what: 'The service shows no last use for any key.',
        keys: [],
      });
    return;
  }
  for (const key of living(subject)) {
    if (key.lastUsedAt === null) continue;
    const ago = now - key.lastUsedAt.getTime();
    if (ago <= subject.settings.notUsedForMs) continue;
    say({
      rule: 'not-used-for-long',
      key,
      message: `It was last used on ${day(key.lastUsedAt)}, ${shownSpan(ago)} ago.`,
      fix: deleting(key),
    });
  }
};

const duplicateNames: Check = (subject, say) => {
  const named = new Map<string, ApiKey[]>();
  for (const key of living(subject)) {
    const group = named.get(key.name);
    if (group === undefined) named.set(key.name, [key]);
    else group.push(key);
  }
  for (const keys of named.values()) {
    if (keys.length < 2) continue;
    for (const key of keys)
      say({
        rule: 'duplicate-name',
        key,
        message: `${keys.length} keys have this name; this one was made on ${day(key.createdAt)}.`,
        fix: `Tell them apart by their ids. ${deleting(key)}`,
        related: othersOf(keys, key),
      });
  }
};

/** The check of each rule. */
export const checks: Readonly<Record<AuditRule, Check>> = {
  'expires-soon': expiresSoon,
  expired,
  'beyond-policy': beyondPolicy,
  'never-expires': neverExpires,
  'stray-key': strayKeys,
  'never-used': neverUsed,
  'not-used-for-long': notUsedForLong,
  'duplicate-name': duplicateNames,
};
