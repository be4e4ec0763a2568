// Periods: the steps of an account's maximum expiration, and the arithmetic between them, days and dates.

/** The steps of an account's maximum (documented); in days by the arithmetic of the observed 3650 (assumed). */
const STEPS: Readonly<Record<ExpirationStep, number>> = {
  '1 month': 30,
  '3 months': 90,
  '6 months': 180,
  '1 year': 365,
  '10 years': 3650,
};

/** A step of the web interface. */
export type ExpirationStep = '1 month' | '3 months' | '6 months' | '1 year' | '10 years';

/** A period: a step, or a whole number of days or weeks, such as `'90 days'`, `'2w'` or `{ days: 90 }`. */
export type ExpirationPeriod =
  | ExpirationStep
  | `${number} days`
  | `${number} day`
  | `${number}d`
  | `${number} weeks`
  | `${number} week`
  | `${number}w`
  | { readonly days: number };

/** What a period looks like: completes "<name> must be …". */
export const PERIOD_FORM =
  "a number of days such as '90 days' or { days: 90 }, or '1 month', '3 months', '6 months', '1 year' or '10 years'";

const DAY_MS = 86_400_000;

/** Dates are compared with this slack, in milliseconds: clocks differ, and an answer takes time. */
export const SLACK_MS = 120_000;

/** What `'max'` means where no account sets a limit: the longest step. */
export const LONGEST_DAYS = STEPS['10 years'];

/** No period is longer: beyond this, dates come to an end. */
export const MOST_DAYS = 100_000;

export const daysToMs = (days: number): number => days * DAY_MS;

/** In any case, with blanks around, as the command takes it. */
function daysInText(given: string): number {
  // Longer than any period: bounds the work on text from outside.
  const text = given.length > 100 ? '' : given.trim().toLowerCase().replace(/\s+/g, ' ');
  if (isStep(text)) return STEPS[text];
  const [, amount, unit] = /^(\d{1,6}) ?(?:(d)(?:ays?)?|w(?:eeks?)?)$/.exec(text) ?? [];
  return Number(amount) * (unit === 'd' ? 1 : 7);
}

const daysInObject = (period: unknown): unknown =>
  typeof period === 'object' && period !== null ? Reflect.get(period, 'days') : undefined;

function daysIn(period: unknown): number | undefined {
  const days = typeof period === 'string' ? daysInText(period) : daysInObject(period);
  return typeof days === 'number' && Number.isInteger(days) && days > 0 && days <= MOST_DAYS
    ? days
    : undefined;
}

/** Whether the value is a period. */
export const isExpirationPeriod = (value: unknown): value is ExpirationPeriod => daysIn(value) !== undefined;

/** A period in days. Throws a `TypeError` for what is none. */
export function periodDays(period: ExpirationPeriod): number {
  const days = daysIn(period);
  if (days !== undefined) return days;
  throw new TypeError(`An expiration must be ${PERIOD_FORM}.`);
}

/** The step of so many days, if there is one. */
export const stepOf = (days: number): ExpirationStep | undefined =>
  Object.keys(STEPS).find((step): step is ExpirationStep => isStep(step) && STEPS[step] === days);

function isStep(text: string): text is ExpirationStep {
  return Object.hasOwn(STEPS, text);
}
