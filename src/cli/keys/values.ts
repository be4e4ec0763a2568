// Values as people write them on a command line: '3 months', 90d, '1 day 12 hours', 2030-01-31. Commander calls these with
// the text and with the value before it, if an option is given twice.

import { InvalidArgumentError } from 'commander';
import { isExpirationPeriod, periodDays } from '../../api/expiration.ts';
import type { ExpirationPeriod, ExpirationStep, LogLevel, MaximumExpiration } from '../../index.ts';

type Parser<Value> = (text: string, before?: unknown) => Value;

const PART = /^(\d{1,6}) ?(d|days?|w|weeks?|h|hours?|min|minutes?|s|seconds?)$/;
const STEPS = "'1 month', '3 months', '6 months', '1 year', '10 years'";

const isStep = (text: string): text is ExpirationStep => isExpirationPeriod(text);

const tidy = (text: string): string => text.trim().toLowerCase().replace(/\s+/g, ' ');

/** Refuses an empty value, and an option that is given a second time: which one was meant cannot be known. */
const once =
  <Value>(parse: (text: string) => Value): Parser<Value> =>
  (text, before) => {
    if (before !== undefined) throw new InvalidArgumentError('It was given twice.');
    if (text === '') throw new InvalidArgumentError('It is empty.');
    return parse(text);
  };

/** Any text. */
export const text = once((given) => given);

/** Values of an option that can be repeated. */
export const many = (given: string, before: readonly string[] = []): string[] => [
  ...before,
  once(String)(given),
];

/** A number of days: a step of the web interface, or days and weeks. */
function period(given: string): ExpirationPeriod {
  const wanted = tidy(given);
  if (isStep(wanted)) return wanted;
  const [, amount = '', unit = ''] = PART.exec(wanted) ?? [];
  const days = Number(amount) * (unit.startsWith('d') ? 1 : unit.startsWith('w') ? 7 : 0);
  if (isExpirationPeriod({ days })) return { days };
  throw new InvalidArgumentError(`It is one of ${STEPS}, or days or weeks such as 90d or '45 days'.`);
}

/** The lifetime of a new key. */
export const lifetime = once((given): ExpirationPeriod | 'max' =>
  tidy(given) === 'max' ? 'max' : period(given),
);

/** The maximum of an account. */
export const maximum = once(
  (given): MaximumExpiration => (tidy(given) === 'unlimited' ? 'unlimited' : period(given)),
);

/** A duration in parts, as the library takes it. */
export interface Parts {
  readonly days: number;
  readonly hours: number;
  readonly minutes: number;
  readonly seconds: number;
}

export const millisecondsOf = ({ days, hours, minutes, seconds }: Parts): number =>
  1000 * (seconds + 60 * (minutes + 60 * (hours + 24 * days)));

/** A duration, in parts that add up; 0 is none. */
export const duration = once((given): Parts => {
  const wanted = tidy(given.slice(0, 100));
  const total = { days: 0, hours: 0, minutes: 0, seconds: 0 };
  if (isStep(wanted)) return { ...total, days: periodDays(wanted) };
  if (wanted === '0') return total;
  const parts = wanted.match(/\d+ ?[a-z]+/g) ?? [''];
  const complete = parts.join('').replaceAll(' ', '') === wanted.replaceAll(' ', '');
  for (const part of parts) {
    const [, amount = '', unit] = PART.exec(part) ?? [];
    if (unit === undefined || !complete)
      throw new InvalidArgumentError("It is a duration such as 30d, '12 hours' or '1 day 6 hours'.");
    if (unit.startsWith('w')) total.days += 7 * Number(amount);
    else if (unit.startsWith('d')) total.days += Number(amount);
    else if (unit.startsWith('h')) total.hours += Number(amount);
    else if (unit.startsWith('m')) total.minutes += Number(amount);
    else total.seconds += Number(amount);
  }
  return total;
});

/** A date with time and zone, or a date alone, which is midnight UTC. */
export const date = once((given): Date => {
  const form = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;
  const read = new Date(form.test(given.trim()) ? given.trim() : Number.NaN);
  if (!Number.isNaN(read.getTime())) return read;
  throw new InvalidArgumentError(
    'It is a date such as 2030-01-31, or with time and zone: 2030-01-31T12:00:00Z.',
  );
});

/** A whole number from 1 on. */
export const count = (most: number): Parser<number> =>
  once((given) => {
    const number = /^\d{1,16}$/.test(given.trim()) ? Number(given) : 0;
    if (number >= 1 && number <= most) return number;
    throw new InvalidArgumentError(`It is a whole number from 1 to ${most}.`);
  });

/** The values of --log-level. */
export const LEVELS: readonly LogLevel[] = ['off', 'error', 'warn', 'info', 'debug'];
