// Values as people write them on a command line. Commander calls each function with the text and, where an option is given
// twice, with the value before it.

import { InvalidArgumentError } from 'commander';
import type { ExpirationPeriod } from '../index.ts';
import { durationMs, isDuration } from '../util/duration.ts';
import { isExpirationPeriod } from '../util/period.ts';
import { printable } from '../util/printable.ts';

type Parser<Value> = (text: string, before?: unknown) => Value;

const DAY_MS = 86_400_000;

export function invalid(form: string): never {
  throw new InvalidArgumentError(`It is ${form}.`);
}

/** Refuses an empty value, and an option that is given a second time: which one was meant cannot be known. */
const once =
  <Value>(parse: (text: string) => Value): Parser<Value> =>
  (text, before) => {
    if (before !== undefined) throw new InvalidArgumentError('It was given twice.');
    return text === '' ? invalid('empty') : parse(text);
  };

export const text = once(String);

/** Values of an option that can be repeated. */
export const many = (given: string, before: readonly string[] = []): string[] => [...before, text(given)];

/** A duration as the library takes it; 0 is none. */
export const duration = once((given) => {
  const wanted = given === '0' ? '0s' : given;
  return isDuration(wanted) ? wanted : invalid("a duration such as 30d, '12 hours' or '1 day 6 hours'");
});

/** A whole number of days, or the word. */
const periodOr = <Word extends string>(word: Word) =>
  once((given): ExpirationPeriod | Word => {
    const wanted = given.trim().toLowerCase().replace(/\s+/g, ' ');
    if (wanted === word) return word;
    if (isExpirationPeriod(wanted)) return wanted;
    const period = { days: isDuration(wanted) ? durationMs(wanted, 'period') / DAY_MS : 0 };
    if (isExpirationPeriod(period)) return period;
    return invalid(`${word}, days such as 90d, or '1 month', '3 months', '6 months', '1 year' or '10 years'`);
  });

/** The lifetime of a new key. */
export const lifetime = periodOr('max');

/** The maximum of an account. */
export const maximum = periodOr('unlimited');

/** A date with time and zone, or a date alone, which is midnight UTC: the same on every machine. */
export function moment(given: string): Date | undefined {
  const form = /^\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?(?:Z|[+-]\d\d:\d\d))?$/;
  const date = new Date(form.test(given) ? given : Number.NaN);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

export const date = once(
  (given) =>
    moment(given) ?? invalid('a date such as 2030-01-31, or with time and zone: 2030-01-31T12:00:00Z'),
);

/** A whole number. */
export const whole = (least: number, most: number): Parser<number> =>
  once((given) => {
    const number = /^\d{1,16}$/.test(given) ? Number(given) : Number.NaN;
    return number >= least && number <= most ? number : invalid(`a whole number from ${least} to ${most}`);
  });

/** What commander says, which repeats arguments as they came. */
export function sentence(message: string): string {
  const [problem = '', near] = message.replace(/^error: /, '').split(/\n\(Did you mean (.*)\?\)$/s);
  const shown = printable(`${problem.charAt(0).toUpperCase()}${problem.slice(1)}`, 400).replace(/\.?$/, '.');
  return `${shown} ${near === undefined ? 'See --help.' : `Did you mean ${printable(near)}?`}`;
}
