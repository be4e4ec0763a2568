// All simulated years, under several seeds. Prints its figures.
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/credentials.ts';
import { someOf } from '../../support/one-in.ts';
import { playYear, yearsOf } from './year.ts';

const SEEDS = 5;
const years = someOf(Array.from({ length: SEEDS }, (_, seed) => yearsOf(seed + 1)).flat());
const sum = { runs: 0, rotations: 0, calls: 0, failedCalls: 0, failedRuns: 0 };

it.each(years)('$lifetime days, every $every days, $kept, seed $seed', { timeout: 600_000 }, async (year) => {
  const figures = await playYear(year, temporaryFolder());
  sum.runs += figures.runs;
  sum.rotations += figures.rotations;
  sum.calls += figures.calls;
  sum.failedCalls += figures.failedCalls;
  sum.failedRuns += figures.failedRuns;
});

it('is summed up', () => {
  console.log(`${years.length} years: ${JSON.stringify(sum)}`);
  expect(sum.failedCalls / sum.calls).toBeGreaterThan(0.005);
});
