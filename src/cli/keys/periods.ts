// Lengths of time as people write them on a command line: '3 months', '90 days', '1 day 12 hours'.

import { type ExpirationPeriod, type MaximumExpiration, periodDays } from '../../api/expiration.ts';
import type { Span } from '../../util/duration.ts';
import { usage } from './exit-codes.ts';

const PART = /^(\d{1,6}) *(day|week|hour|minute|second)s?$/;
const STEP = /^(?:1 month|3 months|6 months|1 year|10 years)$/;

const isStep = (text: string): text is ExpirationPeriod & string => STEP.test(text);

const tidy = (text: string): string => text.trim().toLowerCase().replace(/\s+/g, ' ');

/** A number of whole days: a step of the web interface, days or weeks. */
export function readPeriod(given: string, option: string): ExpirationPeriod {
  const text = tidy(given);
  if (isStep(text)) return text;
  const [, amount = '', unit = ''] = PART.exec(text) ?? [];
  const each = unit === 'day' ? 1 : unit === 'week' ? 7 : 0;
  const period = { days: Number(amount) * each };
  try {
    periodDays(period);
  } catch {
    throw usage(
      `${option} is '1 month', '3 months', '6 months', '1 year', '10 years', or a number of days or weeks such as '45 days'.`,
    );
  }
  return period;
}

/** The life of a new key: a period, or as long as its account allows. */
export const readLife = (given: string, option: string): ExpirationPeriod | 'max' =>
  tidy(given) === 'max' ? 'max' : readPeriod(given, option);

/** The maximum of an account. */
export const readMaximumOption = (given: string, option: string): MaximumExpiration =>
  tidy(given) === 'unlimited' ? 'unlimited' : readPeriod(given, option);

/** A length of time, in parts that add up; '0' is none. */
export function readSpan(given: string, option: string): Span {
  // Longer than anybody writes; what follows takes its time with long texts.
  if (given.length > 100) throw notASpan(option);
  const text = tidy(given);
  if (isStep(text)) return text;
  if (text === '0') return 0;
  const total = { days: 0, hours: 0, minutes: 0, seconds: 0 };
  const parts = text.match(/\d+ *[a-z]+/g) ?? [];
  if (parts.length === 0 || parts.join(' ').replaceAll(' ', '') !== text.replaceAll(' ', ''))
    throw notASpan(option);
  for (const part of parts) {
    const [, amount = '', unit = ''] = PART.exec(part) ?? [];
    if (unit === 'day') total.days += Number(amount);
    else if (unit === 'week') total.days += 7 * Number(amount);
    else if (unit === 'hour') total.hours += Number(amount);
    else if (unit === 'minute') total.minutes += Number(amount);
    else if (unit === 'second') total.seconds += Number(amount);
    else throw notASpan(option);
  }
  return total;
}

const notASpan = (option: string) =>
  usage(
    `${option} is a length of time such as '30 days', '12 hours' or '1 day 6 hours', or a step such as '1 month'.`,
  );

/** A date with its time and zone, or a date alone, which is midnight UTC. */
export function readDate(given: string, option: string): Date {
  const form = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;
  const date = new Date(form.test(given.trim()) ? given.trim() : Number.NaN);
  if (Number.isNaN(date.getTime()))
    throw usage(`${option} is a date such as 2030-01-31, or one with time and zone: 2030-01-31T12:00:00Z.`);
  return date;
}

/** A whole number above 0. */
export function readCount(given: string, option: string, most: number): number {
  const count = /^\d{1,15}$/.test(given.trim()) ? Number(given) : 0;
  if (count < 1 || count > most) throw usage(`${option} is a whole number from 1 to ${most}.`);
  return count;
}
