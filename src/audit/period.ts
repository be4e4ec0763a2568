// The period for which a key was created, as far as its dates show: compared with a maximum, and kept by the next key.

import type { ApiKey } from '../schemas/api-key.ts';
import { daysToMs, MOST_DAYS, SLACK_MS } from '../util/period.ts';

/** Whether a key is longer than a maximum. `unclear`: its dates do not show it. */
export type Longer = 'yes' | 'no' | 'unclear';

/** Whether a key has expired, or is about to: the last two minutes are not relied on. */
export const hasExpired = ({ expiresAt }: Pick<ApiKey, 'expiresAt'>, now: number): boolean =>
  expiresAt !== null && now >= expiresAt.getTime() - SLACK_MS;

/**
 * Compares a key's period with a maximum in days. The period counts from when the expiry was set, which the service does not
 * return: at the creation, or at a later change, since a regeneration may have renewed it. Where these two lead to different
 * results it is `unclear`, and always for a key without an expiry.
 */
export function longerThan(
  { createdAt, updatedAt, expiresAt }: Pick<ApiKey, 'createdAt' | 'updatedAt' | 'expiresAt'>,
  maximumDays: number | null,
  now: number,
): Longer {
  if (maximumDays === null) return 'no';
  if (expiresAt === null) return 'unclear';
  const allowed = daysToMs(maximumDays) + SLACK_MS;
  if (createdAt !== null && expiresAt.getTime() - createdAt.getTime() <= allowed) return 'no';
  const latest = Math.max(createdAt?.getTime() ?? 0, updatedAt?.getTime() ?? now);
  return expiresAt.getTime() - latest > allowed ? 'yes' : 'unclear';
}

/**
 * For how many days the next key is to be created, so that it lives as long as this one, within the maximum; `undefined`
 * where this one shows no expiry.
 */
export function keptDays(
  { createdAt, expiresAt }: Pick<ApiKey, 'createdAt' | 'expiresAt'>,
  maximumDays: number = MOST_DAYS,
): number | undefined {
  if (createdAt === null || expiresAt === null) return undefined;
  const days = Math.round((expiresAt.getTime() - createdAt.getTime()) / daysToMs(1));
  return Math.max(1, Math.min(days, maximumDays));
}
