// Ten thousand histories of fleets, from a seed of the day: `FLEET` plays one again. Prints its figures.
import { expect, it } from 'vitest';
import { playHistories } from './fleet-histories.ts';

it('a fleet keeps its key through ten thousand histories', { timeout: 7_200_000 }, async () => {
  const seed = Math.floor(Date.now() / 86_400_000);
  const started = performance.now();
  const sum = await playHistories(10_000, seed);
  const seconds = Math.round((performance.now() - started) / 1000);
  console.log(`10,000 histories from seed ${seed} in ${seconds} s: ${JSON.stringify(sum)}`);
  expect(sum.promoted).toBeGreaterThan(12_000);
});
