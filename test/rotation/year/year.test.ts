// A sample of the simulated years; all of them are in year.deep.ts.
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/credentials.ts';
import { playYear, yearsOf } from './year.ts';

const sample = yearsOf(1).filter(({ every, life }) =>
  every === 1 ? life === 90 : every === 31 || life === 180,
);

it.each(sample)(
  'a key of $life days, run every $every days, kept $kept: a year passes without a gap',
  {
    timeout: 60_000,
  },
  async (year) => {
    const { rotations, runs } = await playYear(year, temporaryFolder());
    expect(runs).toBeGreaterThanOrEqual(Math.floor(365 / year.every));
    expect(rotations).toBeGreaterThan(Math.floor(365 / Math.max(year.life, 2 * year.every)));
  },
);
