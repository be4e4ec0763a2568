// What a service may do to what it was given and to what it shows: names that are stored in another form, times in another
// unit, dates out of a cache.

import type { Semantics } from './semantics.ts';

/** The longest name under `storedNames: 'cut'`, in characters. */
const LONGEST = 20;

/** The name as the service keeps it. */
export function storedName(name: string, how: Semantics['storedNames']): string {
  switch (how) {
    case 'as-given':
      return name;
    case 'trimmed':
      return name.trim();
    case 'cut':
      return [...name].slice(0, LONGEST).join('');
    case 'lower-case':
      return name.toLowerCase();
    case 'normalized':
      return name.normalize('NFC');
  }
}

const TIMES = new Set([
  'access',
  'created',
  'expiration',
  'lastUsed',
  'login',
  'passwordUpdateTime',
  'updated',
]);

/** The same with every time in another unit; `0` and `null` stay, since they say that there is none. */
export function withTimes(value: unknown, unit: Semantics['times']): unknown {
  if (unit === 'seconds' || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => withTimes(one, unit));
  return Object.fromEntries(
    Object.entries(value).map(([name, field]) => [
      name,
      TIMES.has(name) && typeof field === 'number' && field !== 0
        ? inUnit(field, unit)
        : withTimes(field, unit),
    ]),
  );
}

const inUnit = (seconds: number, unit: 'milliseconds' | 'iso'): number | string =>
  unit === 'milliseconds' ? seconds * 1000 : new Date(seconds * 1000).toISOString();

/** How old the `Date` of a response out of a cache is, in milliseconds. */
const CACHED_FOR = 600_000;

/** How much a `Date` lies behind: a cache keeps responses to reads alone. */
export const dateAge = (dates: Semantics['dates'], method: string): number =>
  dates === 'cached' && (method === 'GET' || method === 'HEAD') ? CACHED_FOR : 0;
