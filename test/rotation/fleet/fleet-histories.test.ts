// Fleets: a few processes that rotate and many that only sign, in random histories with faults, crashes, late requests and
// leaps of the clock. `node scripts/deep.mjs` plays four hundred times as many.
import { expect, it } from 'vitest';
import { playHistories } from './fleet-histories.ts';

it('a fleet keeps its key through every history, and no reader is refused', {
  timeout: 600_000,
}, async () => {
  const sum = await playHistories(25, 20310301);
  // A harness in which nothing happens would find nothing.
  expect(sum.promoted).toBeGreaterThan(25);
  expect(sum.calls).toBeGreaterThan(200);
  for (const often of [sum.deaths, sum.late, sum.busy, sum.stepIns]) expect(often).toBeGreaterThan(1);
  expect(sum.twins).toBeGreaterThan(0);
});
