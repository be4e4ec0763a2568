// The rules: what an audit looks for, its severity, and the words for reports. Their ids are stable, because allowances and CI
// settings contain them.

/** The severity of a finding. */
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
  /** Its severity, unless the option `severity` overrides it. */
  readonly severity: Severity;
  /** In a few words. */
  readonly title: string;
  /** What it means, and why it matters. */
  readonly help: string;
}

const rules = {
  'expires-soon': {
    severity: 'error',
    title: 'The key expires soon',
    help: 'What uses this key stops working when it expires. An expiry cannot be moved (assumed): create a new key in time. If the key is rotated, its rotation is late.',
  },
  expired: {
    severity: 'warning',
    title: 'The key has expired',
    help: 'The key is refused from its expiry on; the last two minutes before it are not relied on. Replace it where it is still used, and delete it.',
  },
  'beyond-policy': {
    severity: 'warning',
    title: "The key is longer than the account's maximum",
    help: 'The key was created for a longer time than the strictest visible maximum now permits. Whether such a key stays valid, is refused, shortened or deleted is not documented.',
  },
  'never-expires': {
    severity: 'warning',
    title: 'The key has no expiry',
    help: 'Other keys of the list show when they expire, this one does not: it is taken for a key that never expires (assumed). If it leaks, it works until it is deleted.',
  },
  'stray-key': {
    severity: 'warning',
    title: 'The key is left over from a rotation',
    help: 'According to its name a rotation created the key, and no record holds it any more: it works and is not monitored. Resume the rotation of its record, or delete the key if it is not used.',
  },
  'never-used': {
    severity: 'note',
    title: 'The key was never used',
    help: 'The key is older than the grace period, and the service shows no use of it, though it does for other keys. Delete keys that are not needed.',
  },
  'not-used-for-long': {
    severity: 'note',
    title: 'The key has not been used for a long time',
    help: 'A key that has not been used for so long is probably forgotten. Delete keys that are not needed.',
  },
  'duplicate-name': {
    severity: 'note',
    title: 'Several keys have the same name',
    help: 'The service does not require names to be unique (assumed). A search by name may find the wrong key: use ids, and give new keys unique names.',
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
