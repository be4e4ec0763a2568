// An account's maximum expiration on the wire, which is a number of days.

import { type ExpirationPeriod, periodDays, stepOf } from '../util/period.ts';

/** An account's maximum: a period, or no limit. */
export type MaximumExpiration = ExpirationPeriod | 'unlimited';

/** On the wire: no limit (assumed). */
const UNLIMITED = -1;

/** The wire's number of days as people say it. A number that is no step stays readable: `{ days: 45 }`. */
export function readMaximum(days: number): { maximum: MaximumExpiration; maximumDays: number | null } {
  if (days === UNLIMITED) return { maximum: 'unlimited', maximumDays: null };
  return { maximum: stepOf(days) ?? { days }, maximumDays: days };
}

/** The number of days to send for a maximum. Throws a `TypeError` for what is none. */
export const writeMaximum = (maximum: MaximumExpiration): number =>
  maximum === 'unlimited' ? UNLIMITED : periodDays(maximum);
