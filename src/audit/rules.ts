// The rules: what an audit looks for, how grave it is, and in words for reports. Their ids are stable: allowances, CI
// settings and fingerprints hold them.

/** How grave a finding is. */
export type Severity = 'error' | 'warning' | 'note';

/** The id of a rule. */
export type AuditRule =
  | 'expired'
  | 'expires-soon'
  | 'beyond-policy'
  | 'never-expires'
  | 'never-used'
  | 'not-used-for-long'
  | 'duplicate-name'
  | 'stray-key';

/** A rule, as data. */
export interface AuditRuleInfo {
  /** How grave it is unless you say otherwise. */
  readonly severity: Severity;
  /** In a few words. */
  readonly title: string;
  /** What it means, and why it matters. */
  readonly help: string;
}

const rules = {
  'expires-soon': {
    severity: 'error',
    title: 'The key runs out soon',
    help: 'Whatever uses this key stops working when it runs out. An expiry cannot be moved (assumed): make the next key in time. If the key is rotated, its rotation is late.',
  },
  expired: {
    severity: 'warning',
    title: 'The key has run out',
    help: 'The key is refused from its expiry on; the last two minutes before it are not relied on. Give whoever still uses it a new one, and delete it.',
  },
  'beyond-policy': {
    severity: 'warning',
    title: "The key is longer than the account's maximum",
    help: 'The key was made for a longer time than the strictest maximum that is visible now permits. Whether such a key lives on, is refused, cut or deleted is not documented.',
  },
  'never-expires': {
    severity: 'warning',
    title: 'The key has no expiry',
    help: 'Other keys of the list show when they run out, this one does not: read as a key that never does (assumed). If it leaks, it works until somebody notices.',
  },
  'stray-key': {
    severity: 'warning',
    title: 'The key is left over from a rotation',
    help: 'By its name a rotation made the key, and no record holds it any more: it works, and nobody watches it. Resume the rotation of its record, or delete the key if nobody uses it.',
  },
  'never-used': {
    severity: 'note',
    title: 'The key was never used',
    help: 'The key is older than the time of grace, and the service shows no use of it, though it does for other keys. A key that nobody needs is best deleted.',
  },
  'not-used-for-long': {
    severity: 'note',
    title: 'The key was not used for long',
    help: 'A key that nobody has used for so long is most likely forgotten, and best deleted.',
  },
  'duplicate-name': {
    severity: 'note',
    title: 'Several keys have one name',
    help: 'The service does not keep names apart (assumed). Whoever looks for a key by its name may take the wrong one: tell them apart by their ids, and give new keys names of their own.',
  },
} as const satisfies Record<AuditRule, AuditRuleInfo>;

for (const rule of Object.values(rules)) Object.freeze(rule);

/**
 * Every rule of an audit, by its id.
 *
 * @example
 * ```ts
 * import { auditRules } from 'blazemeter-client/audit';
 *
 * for (const [id, { severity, title }] of Object.entries(auditRules)) console.log(id, severity, title);
 * console.log(auditRules['expires-soon'].severity); // error
 * ```
 */
export const auditRules: Readonly<Record<AuditRule, AuditRuleInfo>> = Object.freeze(rules);

/** The ids, in the order in which reports name them. */
export const ruleIds: readonly AuditRule[] = [
  'expires-soon',
  'expired',
  'beyond-policy',
  'never-expires',
  'stray-key',
  'never-used',
  'not-used-for-long',
  'duplicate-name',
];

/** The severities, the worst first. */
export const severities: readonly Severity[] = ['error', 'warning', 'note'];
