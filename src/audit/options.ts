// What callers give to an audit, checked and with the defaults laid in.

import { daysToMs } from '../api/expiration.ts';
import type { ApiKey } from '../schemas/api-key.ts';
import { type Span, spanMs } from '../util/duration.ts';
import { type Owners, readOwners } from './keys.ts';
import { type AuditRule, auditRules, ruleIds, type Severity, severities } from './rules.ts';
import type { KnownRecord } from './stray.ts';

/** A finding that is known and accepted. It is reported among the allowed ones, and counts for nothing else. */
export interface Allowance {
  readonly rule: AuditRule;
  /** The id of the key, or its name, in which `*` stands for anything. */
  readonly key: string;
  /** Why; reports show it. */
  readonly reason?: string | undefined;
  /** Until when, by the server's clock. Default: for good. */
  readonly until?: Date | undefined;
}

/** Options of `audit`. */
export interface AuditOptions {
  /** How long before its end a key is found. Default: a tenth of its life, 5 to 14 days. */
  readonly expiresWithin?: Span | undefined;
  /** How old a key may become without ever being used. Default: 30 days. */
  readonly neverUsedAfter?: Span | undefined;
  /** How long ago its last use may be. Default: 90 days. */
  readonly notUsedFor?: Span | undefined;
  /** The records of all rotations of this user: keys that rotations made and that none of them holds are strays. */
  readonly records?: readonly KnownRecord[] | undefined;
  /** Rules that are not looked at. */
  readonly ignore?: readonly AuditRule[] | undefined;
  /** How grave findings are, by rule, where it is to differ from `auditRules`. */
  readonly severity?: Readonly<Partial<Record<AuditRule, Severity>>> | undefined;
  /** Findings that are known and accepted. */
  readonly allow?: readonly Allowance[] | undefined;
  /** Who is whose. */
  readonly owners?: Owners | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Options as they are used. */
export interface Settings {
  /** `undefined`: by the life of each key. */
  readonly expiresWithinMs: number | undefined;
  readonly neverUsedAfterMs: number;
  readonly notUsedForMs: number;
  readonly records: readonly KnownRecord[] | undefined;
  readonly looksAt: (rule: AuditRule) => boolean;
  readonly severityOf: (rule: AuditRule) => Severity;
  readonly allow: readonly Allowance[];
  readonly ownerOf: (key: ApiKey) => string | null;
}

const isRule = (rule: unknown): boolean => ruleIds.some((id) => id === rule);

function checkRule(rule: unknown, where: string): void {
  if (!isRule(rule)) throw new TypeError(`${where} names a rule: one of ${ruleIds.join(', ')}.`);
}

function checkAllowance(allowance: Allowance): Allowance {
  const { rule, key, until } = allowance;
  checkRule(rule, 'allow');
  if (typeof key !== 'string' || key === '')
    throw new TypeError('allow names a key, by its id or by its name.');
  // A date that is none would compare as passed, or as never.
  if (until !== undefined && !(until instanceof Date && Number.isFinite(until.getTime())))
    throw new TypeError('until of an allowance is a valid Date.');
  return allowance;
}

export function readAuditOptions(options: AuditOptions): Settings {
  const {
    expiresWithin,
    neverUsedAfter,
    notUsedFor,
    records,
    ignore = [],
    severity = {},
    allow = [],
  } = options;
  for (const rule of ignore) checkRule(rule, 'ignore');
  for (const [rule, level] of Object.entries(severity)) {
    checkRule(rule, 'severity');
    if (level !== undefined && !severities.includes(level))
      throw new TypeError(`severity is one of ${severities.join(', ')}.`);
  }
  return {
    expiresWithinMs: expiresWithin === undefined ? undefined : spanMs(expiresWithin, 'expiresWithin'),
    neverUsedAfterMs: neverUsedAfter === undefined ? daysToMs(30) : spanMs(neverUsedAfter, 'neverUsedAfter'),
    notUsedForMs: notUsedFor === undefined ? daysToMs(90) : spanMs(notUsedFor, 'notUsedFor'),
    records,
    looksAt: (rule) => !ignore.includes(rule),
    severityOf: (rule) => severity[rule] ?? auditRules[rule].severity,
    allow: allow.map(checkAllowance),
    ownerOf: readOwners(options.owners),
  };
}
