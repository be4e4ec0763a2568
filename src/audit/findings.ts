// The rules, one after the other, over the keys: what is found, and what cannot be determined.

import type { Bound } from '../resources/policy-memory.ts';
import type { ApiKey } from '../schemas/api-key.ts';
import { describeDuration } from '../util/duration.ts';
import { readKeyName } from '../util/key-name.ts';
import { daysToMs } from '../util/period.ts';
import { printable } from '../util/printable.ts';
import type { KeySnapshot, Unknown } from './keys.ts';
import type { Settings } from './options.ts';
import { hasExpired, keptDays, longerThan } from './period.ts';
import type { AuditRule } from './rules.ts';
import { findStrays, othersOf } from './stray.ts';

/** A finding, before its severity and the key's owner are added. */
export interface Found {
  readonly rule: AuditRule;
  readonly key: ApiKey;
  readonly message: string;
  readonly fix: string;
  readonly assumption?: string;
  readonly related?: readonly string[];
}

/** What the rules are applied to. */
export interface Subject {
  readonly snapshot: KeySnapshot;
  readonly settings: Settings;
  /** The strictest maximum that is visible; `null`: there is none. `undefined`: it could not be read. */
  readonly policy: Bound | null | undefined;
}

type Check = (
  subject: Subject,
  report: (found: Found) => void,
  skip: (unknown: Unknown<AuditRule>) => void,
) => void;

/**
 * The default window before an expiry: a part of the key's lifetime, within bounds. A rotation begins at a fifth of the
 * lifetime, so a key that is found here was not rotated in time.
 */
const WINDOW_PART = 0.1;
const LONGEST_WINDOW = daysToMs(14);
const SHORTEST_WINDOW = daysToMs(5);

const defaultWindow = (lifetimeMs: number): number =>
  Math.max(SHORTEST_WINDOW, Math.min(LONGEST_WINDOW, lifetimeMs * WINDOW_PART));

const day = (date: Date): string => date.toISOString().slice(0, 10);
const idsOf = (keys: readonly ApiKey[]): string[] => keys.map((key) => key.id);

/** Keys that still work according to their dates. Other rules do not apply to expired ones. */
const active = ({ snapshot: { keys, now } }: Subject): ApiKey[] =>
  keys.filter((key) => !hasExpired(key, now));

/** Text as a literal of a program, which ends where the text ends. */
const literal = (text: string): string => `'${printable(text).replace(/[\\']/g, String.raw`\$&`)}'`;

const deletion = (key: ApiKey): string => `client.apiKeys.delete(${literal(key.id)})`;
const deleting = (key: ApiKey): string => `If it is not needed: ${deletion(key)}.`;

/** How to replace a key by one that lives as long, within the maximum. */
function nextKey(key: ApiKey, { policy }: Subject): string {
  const record = readKeyName(key.name)?.recordId;
  if (record !== undefined) return `Run rotateIfExpiring or rotate with the store of record ${record}.`;
  const days = keptDays(key, policy?.maximumDays);
  const expiresIn = days === undefined ? "'max'" : `{ days: ${days} }`;
  return `Create a new key, client.apiKeys.create({ name: ${literal(key.name)}, expiresIn: ${expiresIn} }), give it to the users of this one, then ${deletion(key)}.`;
}

const expired: Check = (subject, report) => {
  const { keys, now } = subject.snapshot;
  for (const key of keys) {
    if (key.expiresAt === null || !hasExpired(key, now)) continue;
    const past = now >= key.expiresAt.getTime();
    report({
      rule: 'expired',
      key,
      message: past
        ? `It expired on ${day(key.expiresAt)}, ${describeDuration(now - key.expiresAt.getTime())} ago.`
        : `It expires within two minutes, at ${key.expiresAt.toISOString()}.`,
      fix: `An expired key needs a new key (assumed). ${nextKey(key, subject)}`,
    });
  }
};

const expiresSoon: Check = (subject, report) => {
  const { now } = subject.snapshot;
  for (const key of active(subject)) {
    if (key.expiresAt === null) continue;
    const left = key.expiresAt.getTime() - now;
    const lifetime = key.expiresAt.getTime() - (key.createdAt?.getTime() ?? now);
    const window = subject.settings.expiresWithinMs ?? defaultWindow(lifetime);
    if (left > window) continue;
    report({
      rule: 'expires-soon',
      key,
      message: `It expires on ${day(key.expiresAt)}, in ${describeDuration(left)}.`,
      fix: nextKey(key, subject),
    });
  }
};

const beyondPolicy: Check = (subject, report, skip) => {
  const { policy, snapshot } = subject;
  if (policy === undefined) {
    skip({
      rule: 'beyond-policy',
      what: 'The maximum could not be read, so no key was compared with it: the list of accounts was refused, or has no maximum in a known form.',
      keys: [],
    });
    return;
  }
  if (policy === null) return;
  const { accountId, maximumDays } = policy;
  const unclear: ApiKey[] = [];
  for (const key of active(subject)) {
    const longer = longerThan(key, maximumDays, snapshot.now);
    if (longer === 'unclear' && key.expiresAt !== null) unclear.push(key);
    if (longer !== 'yes' || key.expiresAt === null) continue;
    const period = key.expiresAt.getTime() - (key.createdAt?.getTime() ?? snapshot.now);
    report({
      rule: 'beyond-policy',
      key,
      message: `It was created for ${describeDuration(period)}, and account ${accountId} now permits ${maximumDays} days. It expires on ${day(key.expiresAt)} unless the service ends it earlier.`,
      fix: nextKey(key, subject),
      assumption:
        'That the strictest maximum of the visible accounts applies to the key (S2). What happens to longer keys is not documented (S1).',
    });
  }
  if (unclear.length > 0)
    skip({
      rule: 'beyond-policy',
      what: `Keys that were changed after their creation may have received a new expiry then, so their period is not known: it may be more or less than ${maximumDays} days.`,
      keys: idsOf(unclear),
    });
};

const neverExpires: Check = (subject, report, skip) => {
  const withoutExpiry = subject.snapshot.keys.filter((key) => key.expiresAt === null);
  if (withoutExpiry.length === 0) return;
  if (withoutExpiry.length === subject.snapshot.keys.length) {
    skip({
      rule: 'never-expires',
      what: 'The service shows no expiry for any key: whether they have one is not known.',
      keys: idsOf(withoutExpiry),
    });
    return;
  }
  for (const key of withoutExpiry)
    report({
      rule: 'never-expires',
      key,
      message: 'The service shows no expiry for it, though it does for other keys.',
      fix: nextKey(key, subject),
      assumption: 'That a key without an expiry in the list never expires.',
    });
};

const strayKeys: Check = (subject, report, skip) => {
  const { created, strays } = findStrays(active(subject), subject.settings.records);
  const found = new Set(strays.map(({ key }) => key));
  for (const { key, why, related } of strays)
    report({
      rule: 'stray-key',
      key,
      message: `A rotation created it, and ${why}.`,
      fix: `Run resume with the store of its record. ${deleting(key)}`,
      related,
    });
  if (subject.settings.records === undefined && created.length > 0)
    skip({
      rule: 'stray-key',
      what: 'No records were given, so a key that is the only one of its record cannot be distinguished from one that was left over.',
      keys: idsOf(created.filter((key) => !found.has(key))),
    });
};

/** Whether the service returns uses at all: some key has one. */
const returnsUses = ({ snapshot: { keys } }: Subject): boolean => keys.some((key) => key.lastUsedAt !== null);

const created = ({ createdAt }: ApiKey): string =>
  createdAt === null ? 'created at an unknown time' : `created on ${day(createdAt)}`;

const neverUsed: Check = (subject, report, skip) => {
  const { now } = subject.snapshot;
  const old = active(subject).filter(
    ({ lastUsedAt, createdAt }) =>
      lastUsedAt === null && now - (createdAt?.getTime() ?? now) > subject.settings.neverUsedAfterMs,
  );
  if (old.length === 0) return;
  if (!returnsUses(subject)) {
    skip({
      rule: 'never-used',
      what: 'The service shows no last use for any key, not even for the one that asked: whether a key was ever used is not known.',
      keys: idsOf(old),
    });
    return;
  }
  for (const key of old)
    report({
      rule: 'never-used',
      key,
      message: `It was ${created(key)}, ${describeDuration(now - (key.createdAt?.getTime() ?? now))} ago, and never used.`,
      fix: deleting(key),
      assumption: 'That a key without a last use in the list was never used.',
    });
};

const notUsedForLong: Check = (subject, report, skip) => {
  const { now } = subject.snapshot;
  if (!returnsUses(subject)) {
    if (subject.snapshot.keys.length > 0)
      skip({
        rule: 'not-used-for-long',
        what: 'The service shows no last use for any key.',
        keys: [],
      });
    return;
  }
  for (const key of active(subject)) {
    if (key.lastUsedAt === null) continue;
    const ago = now - key.lastUsedAt.getTime();
    if (ago <= subject.settings.notUsedForMs) continue;
    report({
      rule: 'not-used-for-long',
      key,
      message: `It was last used on ${day(key.lastUsedAt)}, ${describeDuration(ago)} ago.`,
      fix: deleting(key),
    });
  }
};

const duplicateNames: Check = (subject, report) => {
  const named = new Map<string, ApiKey[]>();
  for (const key of active(subject)) {
    const group = named.get(key.name);
    if (group === undefined) named.set(key.name, [key]);
    else group.push(key);
  }
  for (const keys of named.values()) {
    if (keys.length < 2) continue;
    for (const key of keys)
      report({
        rule: 'duplicate-name',
        key,
        message: `${keys.length} keys have this name; this one was ${created(key)}.`,
        fix: `Use their ids to distinguish them. ${deleting(key)}`,
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
