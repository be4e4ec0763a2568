// The audit: reads the caller's keys and accounts once, then applies every rule to them.

import type { BlazeMeterClient } from '../client.ts';
import type { Bound } from '../resources/policy-memory.ts';
import { checks, type Found } from './findings.ts';
import {
  type AuditedKey,
  audited,
  fetchKeys,
  LOCAL_CLOCK,
  matchesKey,
  type ReportClock,
  type Unknown,
} from './keys.ts';
import { type AuditOptions, readAuditOptions, type Settings } from './options.ts';
import { maximumOf, readAccounts, strictest } from './policy.ts';
import { type AuditRule, ruleIds, type Severity, severities } from './rules.ts';

/** Something that an audit found. */
export interface Finding {
  /** The stable id of the rule. */
  readonly rule: AuditRule;
  readonly severity: Severity;
  /** The key that it is about. */
  readonly key: AuditedKey;
  /** What is wrong, in words. */
  readonly message: string;
  /** What to do, in words. */
  readonly fix: string;
  /** An undocumented behaviour of the service on which the finding depends; `null`: it depends on the list of keys only. */
  readonly assumption: string | null;
  /** The ids of other keys that it is about, 20 at most. */
  readonly related: readonly string[];
}

/** A finding that the caller allows. */
export interface AllowedFinding extends Finding {
  /** Why it is allowed. */
  readonly reason: string | null;
}

/** What an audit found, and what it could not determine. */
export interface AuditReport {
  readonly kind: 'audit';
  /** The worst first; within one severity in the order of the rules, then by expiry. */
  readonly findings: readonly Finding[];
  /** Findings that `allow` names. */
  readonly allowed: readonly AllowedFinding[];
  /** The severity of the worst finding; `null` where there is none. For an exit code. */
  readonly worst: Severity | null;
  /** How many keys were checked: all of the caller's user. Other users' keys are not visible. */
  readonly keys: number;
  /** The account whose maximum is the strictest of those visible; `null` where none sets a limit, or none could be read. */
  readonly policy: Bound | null;
  readonly checkedAt: Date;
  /** Whose time `checkedAt` is. */
  readonly clock: ReportClock;
  /** What could not be determined, because the service does not return it. */
  readonly unknown: readonly Unknown<AuditRule>[];
}

/** What an audit needs of a client: any {@link BlazeMeterClient} has it. */
export type AuditClient = Pick<BlazeMeterClient, 'accounts' | 'apiKeys'>;

const byExpiry = (one: AuditedKey, other: AuditedKey): number =>
  (one.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) -
    (other.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) ||
  (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);

const order = (one: Finding, other: Finding): number =>
  severities.indexOf(one.severity) - severities.indexOf(other.severity) ||
  ruleIds.indexOf(one.rule) - ruleIds.indexOf(other.rule) ||
  byExpiry(one.key, other.key);

function finding(found: Found, { severityOf, ownerOf }: Settings): Finding {
  const { rule, key, message, fix, assumption = null, related = [] } = found;
  return { rule, severity: severityOf(rule), key: audited(key, ownerOf), message, fix, assumption, related };
}

/**
 * Checks every key of the client's user and reports which of them need attention. It only reads: the list of keys (assumed
 * path) and the list of accounts. Times are by the server's clock. Where the service does not return what a rule needs, the
 * rule finds nothing, and `unknown` says so.
 *
 * The key that signs counts as used from then on.
 *
 * @throws `TypeError` for invalid options; whatever `apiKeys.list` throws.
 * @example
 * ```ts
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { audit, toMarkdown } from 'blazemeter-client/audit';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference(); // without `fetch` the client talks to the service
 * const { keys } = reference.seed({
 *   users: { ana: {} },
 *   keys: { ci: { user: 'ana', expires: { days: 3 } }, old: { user: 'ana', created: { days: -60 } } },
 * });
 * const client = new BlazeMeterClient({ credentials: keys.ci, fetch: reference.fetch });
 * const report = await audit(client, { expiresWithin: { days: 7 }, owners: { 'ci*': 'team web' } });
 * for (const { severity, rule, key } of report.findings) console.log(severity, rule, key.name);
 * console.log(report.worst); // error
 * console.log(toMarkdown(report));
 * ```
 */
export async function audit(client: AuditClient, options: AuditOptions = {}): Promise<AuditReport> {
  const settings = readAuditOptions(options);
  const snapshot = await fetchKeys('audit', client, settings.signal);
  const { now, keys, clock } = snapshot;
  const accounts = settings.applies('beyond-policy') ? await readAccounts(client, settings.signal) : [];
  const maxima = accounts?.flatMap((account) => {
    const maximumDays = maximumOf(account);
    return maximumDays === undefined ? [] : [{ accountId: account.id, maximumDays }];
  });
  // Where no account that was read returns its maximum, there is nothing to compare a key with.
  const readable = maxima !== undefined && (maxima.length > 0 || accounts?.length === 0);
  const policy = readable ? strictest(maxima) : undefined;

  const found: Found[] = [];
  const unknown: Unknown<AuditRule>[] = clock === 'local' ? [LOCAL_CLOCK] : [];
  for (const rule of ruleIds) {
    if (!settings.applies(rule)) continue;
    checks[rule](
      { snapshot, settings, policy },
      (finding) => void found.push(finding),
      (reason) => void unknown.push(reason),
    );
  }
  const withoutMaximum = (accounts?.length ?? 0) - (maxima?.length ?? 0);
  if (readable && withoutMaximum > 0)
    unknown.push({
      rule: 'beyond-policy',
      what: `${withoutMaximum} of the visible accounts do not show their maximum, or not in a known form: it may be stricter.`,
      keys: [],
    });
  const findings: Finding[] = [];
  const allowed: AllowedFinding[] = [];
  for (const one of found) {
    const allowance = settings.allow.find(
      ({ rule, key, until }) =>
        rule === one.rule && matchesKey(key, one.key) && (until === undefined || until.getTime() > now),
    );
    if (allowance === undefined) findings.push(finding(one, settings));
    else allowed.push({ ...finding(one, settings), reason: allowance.reason ?? null });
  }
  findings.sort(order);
  return {
    kind: 'audit',
    findings,
    allowed: allowed.sort(order),
    worst: findings[0]?.severity ?? null,
    keys: keys.length,
    policy: policy ?? null,
    checkedAt: new Date(now),
    clock,
    unknown,
  };
}
