// The contract under all combinations of all switches: `npm test` takes a set in which every pair is met.
import { semanticsSwitches } from 'blazemeter-client/testing';
import { expect, it } from 'vitest';
import type { Combination } from '../support/pairwise.ts';
import { failuresUnder, switchedTopics } from './parity/under.ts';

/** How many combinations are under way at once: behaviours that wait leave the processor to the others. */
const AT_ONCE = 6;

const all = semanticsSwitches.reduce<Combination[]>(
  (rows, { name, values }) => rows.flatMap((row) => values.map((value) => ({ ...row, [name]: value }))),
  [{}],
);

it('the contract holds under all combinations of all switches', { timeout: 6 * 3_600_000 }, async () => {
  const queue = all.values();
  const failures: string[] = [];
  let done = 0;
  const worker = async () => {
    for (const semantics of queue) {
      for (const failure of await failuresUnder(semantics))
        failures.push(`${JSON.stringify(semantics)} ${failure}`);
      done += 1;
      if (done % 100 === 0) console.log(`${done} of ${all.length} combinations, ${failures.length} failures`);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  const behaviours = switchedTopics.reduce((sum, topic) => sum + topic.behaviours.length, 0);
  console.log(`${done} combinations x ${behaviours} behaviours, ${failures.length} failures`);
  expect(failures).toEqual([]);
});
