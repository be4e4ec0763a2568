// The keys that expire soon, and nothing else: one request where there are few keys.

import type { BlazeMeterClient } from '../client.ts';
import { type Duration, daysLeft, durationMs } from '../util/duration.ts';
import { parseOptions, spec } from '../util/options.ts';
import {
  type AuditedKey,
  audited,
  fetchKeys,
  LOCAL_CLOCK,
  type Owners,
  type ReportClock,
  readOwners,
  type Unknown,
} from './keys.ts';

/** Options of `expiring`. */
export interface ExpiringOptions {
  /** The time ahead: a step such as `'1 month'`, `{ days }` or text such as `'14 days'`. */
  readonly within: Duration;
  /** Labels of the keys' owners. */
  readonly owners?: Owners | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A key that expires soon. */
export interface ExpiringKey extends AuditedKey {
  readonly expiresAt: Date;
  /** Days until then, each counted once it has begun: a key of 90 days has 90 on its first day, and 1 on its last. */
  readonly daysLeft: number;
}

/** The keys that expire soon. */
export interface ExpiringReport {
  readonly kind: 'expiring';
  /** The soonest first, without keys that have expired. */
  readonly keys: readonly ExpiringKey[];
  /** How many keys were checked. */
  readonly total: number;
  /** The time ahead, in milliseconds. */
  readonly withinMs: number;
  /** The end of that time. */
  readonly until: Date;
  readonly checkedAt: Date;
  /** Whose time `checkedAt` is. */
  readonly clock: ReportClock;
  /** What could not be determined. */
  readonly unknown: readonly Unknown[];
}

const OPTIONS = { within: spec.any, owners: spec.any, signal: spec.signal };

/** The last valid date. */
const LATEST = 8.64e15;

/**
 * The keys of the client's user that expire within a time, by the server's clock, the soonest first.
 *
 * @throws `TypeError` for invalid options; whatever `apiKeys.list` throws.
 * @example
 * ```ts
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { expiring } from 'blazemeter-client/audit';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference();
 * const { keys } = reference.seed({
 *   users: { ana: {} },
 *   keys: { ci: { user: 'ana', expires: { days: 10 } }, other: { user: 'ana' } },
 * });
 * const client = new BlazeMeterClient({ credentials: keys.ci, fetch: reference.fetch });
 * const report = await expiring(client, { within: '1 month' });
 * for (const { name, daysLeft } of report.keys) console.log(name, daysLeft); // ci 10
 * ```
 */
export async function expiring(
  client: Pick<BlazeMeterClient, 'apiKeys'>,
  options: ExpiringOptions,
): Promise<ExpiringReport> {
  const { within, owners, signal } = parseOptions('expiring', OPTIONS, options);
  const withinMs = durationMs(within, 'within');
  const ownerOf = readOwners(owners);
  const { keys, now, clock } = await fetchKeys('expiring', client, signal);
  const until = Math.min(now + withinMs, LATEST);
  const expiringKeys = keys.flatMap((key) => {
    const { expiresAt } = key;
    if (expiresAt === null || expiresAt.getTime() <= now || expiresAt.getTime() > until) return [];
    return [{ ...audited(key, ownerOf), expiresAt, daysLeft: daysLeft(expiresAt.getTime() - now) }];
  });
  const withoutExpiry = keys.filter((key) => key.expiresAt === null).map((key) => key.id);
  const unknown: Unknown[] = [];
  if (clock === 'local') unknown.push(LOCAL_CLOCK);
  if (withoutExpiry.length > 0)
    unknown.push({ rule: null, what: 'The service shows no expiry for some keys.', keys: withoutExpiry });
  return {
    kind: 'expiring',
    keys: expiringKeys.sort(
      (one, other) => one.expiresAt.getTime() - other.expiresAt.getTime() || (one.id < other.id ? -1 : 1),
    ),
    total: keys.length,
    withinMs,
    until: new Date(until),
    checkedAt: new Date(now),
    clock,
    unknown,
  };
}
