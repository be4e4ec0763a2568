// The contract under combinations in which every value of a switch meets every value of each other one, and under a few
// hundred of all the others, drawn by chance from a seed that is printed. SWITCHES=all plays every one, for hours.
import { semanticsSwitches } from 'blazemeter-client/testing';
import { expect, it } from 'vitest';
import { ONE_IN } from '../support/one-in.ts';
import { type Combination, pairwise } from '../support/pairwise.ts';
import { failuresUnder, switchedTopics } from './parity/under.ts';

const DRAWN = Math.ceil(200 / ONE_IN);

const all = semanticsSwitches.reduce<Combination[]>(
  (rows, { name, values }) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
  [{}],
);

/** Some of all, the same for the same seed. */
function drawn(seed: number): Combination[] {
  let state = seed;
  return Array.from({ length: DRAWN }, () => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
    return all[(state >>> 8) % all.length] ?? {};
  });
}

it('the contract holds under combinations of all switches', { timeout: 24 * 3_600_000 }, async () => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  const combinations =
    process.env.SWITCHES === 'all' ? all : [...pairwise(semanticsSwitches), ...drawn(seed)];
  const failures: string[] = [];
  // One after the other: side by side, the clocks that they simulate would contradict each other.
  for (const semantics of combinations)
    for (const failure of await failuresUnder(semantics))
      failures.push(`${JSON.stringify(semantics)} ${failure}`);
  const behaviours = switchedTopics.reduce((sum, topic) => sum + topic.behaviours.length, 0);
  console.log(
    `${combinations.length} of ${all.length} combinations x ${behaviours} behaviours, seed ${seed}, ${failures.length} failures`,
  );
  expect(failures).toEqual([]);
});
