// The audit: one look at the caller's keys and at the accounts, then every rule over them.

import type { BlazeMeterClient } from '../client.ts';
import type { Bound } from '../resources/policy-memory.ts';
import { checks, type Found } from './findings.ts';
import { type AuditedKey, audited, lookAtKeys, meansKey, type ReportClock, type Unknown } from './keys.ts';
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
  /** What is the matter, for a person. */
  readonly message: string;
  /** What to do, for a person. */
  readonly fix: string;
  /** What must be true of the service for the finding to hold, where nothing public says it; `null`: nothing more than the list of keys. */
  readonly assumption: string | null;
  /** The ids of other keys that it is about, 20 at most. */
  readonly related: readonly string[];
}

/** A finding that the caller allows. */
export interface AllowedFinding extends Finding {
  /** Why it is allowed. */
  readonly reason: string | null;
}

/** What an audit found, and what it could not tell. */
export interface AuditReport {
  readonly kind: 'audit';
  /** The worst first; of one severity in the order of the rules, and by the key's end. */
  readonly findings: readonly Finding[];
  /** Findings that `allow` names. */
  readonly allowed: readonly AllowedFinding[];
  /** The severity of the worst finding; `null` where there is none. For an exit code. */
  readonly worst: Severity | null;
  /** How many keys were looked at: all of the caller's user. Other users' keys are not visible. */
  readonly keys: number;
  /** The account whose maximum is the strictest of those visible; `null` where none sets a limit, or none could be read. */
  readonly policy: Bound | null;
  readonly checkedAt: Date;
  /** Whose time `checkedAt` is. */
  readonly clock: ReportClock;
  /** What the service did not say, so that it could not be told. */
  readonly unknown: readonly Unknown<AuditRule>[];
}

/** What an audit needs of a client: any {@link BlazeMeterClient} has it. */
export type AuditClient = Pick<BlazeMeterClient, 'accounts' | 'apiKeys'>;

const byEnd = (one: AuditedKey, other: AuditedKey): number =>
  (one.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) -
    (other.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY) ||
  (one.id < other.id ? -1 : one.id > other.id ? 1 : 0);

const order = (one: Finding, other: Finding): number =>
  severities.indexOf(one.severity) - severities.indexOf(other.severity) ||
  ruleIds.indexOf(one.rule) - ruleIds.indexOf(other.rule) ||
  byEnd(one.key, other.key);

function finding(found: Found, { severityOf, ownerOf }: Settings): Finding {
  const { rule, key, message, fix, assumption = null, related = [] } = found;
  return { rule, severity: severityOf(rule), key: audited(key, ownerOf), message, fix, assumption, related };
}

const SECONDS_UNSURE: Unknown<AuditRule> = {
  rule: null,
  what: "No answer told the time, so this machine's clock was used.",
  keys: [],
};

/**
 * Looks at every key of the client's user, and tells which of them need somebody's attention. It only reads: the list of
 * keys (assumed path) and the list of accounts. Times are by the server's clock. Where the service does not say what a
 * rule needs, the rule finds nothing, and `unknown` says so.
 *
 * The key that signs counts as used from then on.
 *
 * @throws `TypeError` for options that are wrong; whatever `apiKeys.list` throws.
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
  const look = await lookAtKeys(client, options.signal);
  const { now, keys, clock } = look;
  const accounts = settings.looksAt('beyond-policy') ? await readAccounts(client, options.signal) : [];
  const maxima = accounts?.flatMap((account) => {
    const maximumDays = maximumOf(account);
    return maximumDays === undefined ? [] : [{ accountId: account.id, maximumDays }];
  });
  // Where no account that was read names its maximum, there is nothing to hold a key against.
  const readable = maxima !== undefined && (maxima.length > 0 || accounts?.length === 0);
  const policy = readable ? strictest(maxima) : undefined;

  const found: Found[] = [];
  const unknown: Unknown<AuditRule>[] = clock === 'local' ? [SECONDS_UNSURE] : [];
  for (const rule of ruleIds) {
    if (!settings.looksAt(rule)) continue;
    checks[rule](
      { look, settings, policy },
      (one) => void found.push(one),
      (one) => void unknown.push(one),
    );
  }
  const silent = (accounts?.length ?? 0) - (maxima?.length ?? 0);
  if (readable && silent > 0)
    unknown.push({
      rule: 'beyond-policy',
      what: `${silent} of the visible accounts do not show their maximum, or in no form that is known: it may be stricter.`,
      keys: [],
    });
  const findings: Finding[] = [];
  const allowed: AllowedFinding[] = [];
  for (const one of found) {
    const allowance = settings.allow.find(
      ({ rule, key, until }) =>
        rule === one.rule && meansKey(key, one.key) && (until === undefined || until.getTime() > now),
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
