// The options of an audit, checked, with defaults.

import type { ApiKey } from '../schemas/api-key.ts';
import { type Duration, durationMs } from '../util/duration.ts';
import { parseOptions, spec } from '../util/options.ts';
import { daysToMs } from '../util/period.ts';
import { type Owners, readOwners } from './keys.ts';
import { type AuditRule, auditRules, ruleIds, type Severity, severities } from './rules.ts';
import type { KnownRecord } from './stray.ts';

/** A finding that is known and accepted: reported as allowed, and otherwise ignored. */
export interface Allowance {
  readonly rule: AuditRule;
  /** The id of the key, or its name with `*` as a wildcard. */
  readonly key: string;
  /** Why; reports show it. */
  readonly reason?: string | undefined;
  /** Until when, by the server's clock. Default: without end. */
  readonly until?: Date | undefined;
}

/** Options of `audit`. */
export interface AuditOptions {
  /** How long before its expiry a key is reported. Default: a tenth of its lifetime, 5 to 14 days. */
  readonly expiresWithin?: Duration | undefined;
  /** The age from which a key that was never used is reported. Default: 30 days. */
  readonly neverUsedAfter?: Duration | undefined;
  /** The time since its last use from which a key is reported. Default: 90 days. */
  readonly notUsedFor?: Duration | undefined;
  /** The records of all rotations of this user. Keys that a rotation created and no record holds are reported. */
  readonly records?: readonly KnownRecord[] | undefined;
  /** Rules that are not applied. */
  readonly ignore?: readonly AuditRule[] | undefined;
  /** Severities by rule, where they differ from `auditRules`. */
  readonly severity?: Readonly<Partial<Record<AuditRule, Severity>>> | undefined;
  /** Findings that are known and accepted. */
  readonly allow?: readonly Allowance[] | undefined;
  /** Labels of the keys' owners. */
  readonly owners?: Owners | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Checked options. */
export interface Settings {
  /** `undefined`: by the lifetime of each key. */
  readonly expiresWithinMs: number | undefined;
  readonly neverUsedAfterMs: number;
  readonly notUsedForMs: number;
  readonly records: readonly KnownRecord[] | undefined;
  readonly applies: (rule: AuditRule) => boolean;
  readonly severityOf: (rule: AuditRule) => Severity;
  readonly allow: readonly Allowance[];
  readonly ownerOf: (key: ApiKey) => string | null;
  readonly signal: AbortSignal | undefined;
}

const isRule = (rule: unknown): boolean => ruleIds.some((id) => id === rule);

function checkRule(rule: unknown, where: string): void {
  if (!isRule(rule)) throw new TypeError(`${where} must name rules: ${ruleIds.join(', ')}.`);
}

const ALLOWANCE = { rule: spec.any, key: spec.any, reason: spec.string, until: spec.any };

function checkAllowance(allowance: Allowance): Allowance {
  const { rule, key, until } = parseOptions('allow', ALLOWANCE, allowance);
  checkRule(rule, 'allow');
  if (typeof key !== 'string' || key === '')
    throw new TypeError('allow: key must be the id or the name of a key.');
  // An invalid date would compare as past, or as never.
  if (until !== undefined && !(until instanceof Date && Number.isFinite(until.getTime())))
    throw new TypeError('allow: until must be a valid Date.');
  return allowance;
}

const OPTIONS = {
  expiresWithin: spec.any,
  neverUsedAfter: spec.any,
  notUsedFor: spec.any,
  records: spec.list,
  ignore: spec.list,
  severity: spec.record,
  allow: spec.list,
  owners: spec.any,
  signal: spec.signal,
};

export function readAuditOptions(options: AuditOptions): Settings {
  const given = parseOptions('audit', OPTIONS, options);
  const { expiresWithin, neverUsedAfter, notUsedFor, records } = given;
  const { ignore = [], severity = {}, allow = [] } = given;
  for (const rule of ignore) checkRule(rule, 'ignore');
  for (const [rule, level] of Object.entries(severity)) {
    checkRule(rule, 'severity');
    if (level !== undefined && !severities.includes(level))
      throw new TypeError(`severity must be one of ${severities.join(', ')}.`);
  }
  return {
    expiresWithinMs: expiresWithin === undefined ? undefined : durationMs(expiresWithin, 'expiresWithin'),
    neverUsedAfterMs:
      neverUsedAfter === undefined ? daysToMs(30) : durationMs(neverUsedAfter, 'neverUsedAfter'),
    notUsedForMs: notUsedFor === undefined ? daysToMs(90) : durationMs(notUsedFor, 'notUsedFor'),
    records,
    applies: (rule) => !ignore.includes(rule),
    severityOf: (rule) => severity[rule] ?? auditRules[rule].severity,
    allow: allow.map(checkAllowance),
    ownerOf: readOwners(given.owners),
    signal: given.signal,
  };
}
