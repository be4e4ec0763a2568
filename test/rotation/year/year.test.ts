// A sample of the simulated years; all of them are in year.deep.ts.
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/credentials.ts';
import { playYear, type Year, yearsOf } from './year.ts';

/** Daily runs of short keys, for 40 days; weekly ones of longer keys, for a quarter; and monthly ones of the shortest and the longest keys. */
const sample = yearsOf(1).flatMap((year): Year[] => {
  if (year.every === 1) return year.lifetime === 30 ? [{ ...year, days: 40 }] : [];
  if (year.every === 7) return year.lifetime === 90 ? [{ ...year, days: 91 }] : [];
  return year.lifetime === 30 || year.lifetime === 365 ? [year] : [];
});

it.each(sample)(
  'a key of $lifetime days, run every $every days, kept $kept: a year passes without a gap',
  {
    timeout: 60_000,
  },
  async (year) => {
    const { rotations, runs } = await playYear(year, temporaryFolder());
    expect(runs).toBeGreaterThanOrEqual(Math.floor(year.days / year.every));
    expect(rotations).toBeGreaterThanOrEqual(Math.floor(year.days / Math.max(year.lifetime, 2 * year.every)));
  },
);
