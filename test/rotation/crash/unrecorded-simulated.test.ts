// Runs without a record that die at any step, or meet another run, simulated: one in seventeen of the steps and sides, and a part of the
// meetings. `node scripts/deep.mjs` plays all, under all rows of the switches.
import { describe, expect, it } from 'vitest';
import { allCollisions, playCollisions, playCrashes, someCrashes } from './unrecorded-cases.ts';
import { WAYS } from './unrecorded-world.ts';

describe('a run without a record that dies is made good by those after it: no gap, no orphan', () => {
  it.each(WAYS)('%s, dead before and after every request and put', { timeout: 180_000 }, async (way) => {
    const mine = (await someCrashes()).filter((crash) => crash.way === way).filter((_, at) => at % 17 === 0);
    expect(mine.length).toBeGreaterThan(3);
    expect(await playCrashes(mine)).toEqual([]);
  });
});

it('two runs at once converge: no gap for a reader that took credentials, and no orphan', {
  timeout: 180_000,
}, async () => {
  const some = allCollisions().filter((_, at) => at % 251 === 0);
  const { failed, stopped } = await playCollisions(some);
  expect(failed).toEqual([]);
  expect(stopped).toBeGreaterThan(some.length / 2);
});
