// Ten thousand histories of fleets, from a seed of the day: `FLEET` plays one again. Prints its figures.
import { expect, it } from 'vitest';
import { ONE_IN } from '../../support/one-in.ts';
import { playHistories } from './fleet-histories.ts';

const HISTORIES = Math.ceil(10_000 / ONE_IN);

it(`a fleet keeps its key through ${HISTORIES} histories`, { timeout: 7_200_000 }, async () => {
  const seed = Math.floor(Date.now() / 86_400_000);
  const started = performance.now();
  const sum = await playHistories(HISTORIES, seed);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`${HISTORIES} histories from seed ${seed} in ${seconds} s: ${JSON.stringify(sum)}`);
  expect(sum.promoted).toBeGreaterThan(HISTORIES);
});
