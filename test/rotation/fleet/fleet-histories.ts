// Plays random histories and sums up what they amounted to. A failure prints its seed and path, and its history.
import fc from 'fast-check';
import { plans } from './fleet-plan.ts';
import { playHistory, type Tally } from './fleet-play.ts';

/** How to play one failure again: `FLEET='{"seed":1,"path":"3:0"}' npx vitest run test/rotation/fleet/fleet-histories.test.ts`. */
const again: { readonly seed?: number; readonly path?: string } = JSON.parse(process.env.FLEET ?? '{}');

/** For how long a failure is made smaller, in milliseconds. */
const SHRINKING = 30_000;

export async function playHistories(numRuns: number, seed: number): Promise<Record<keyof Tally, number>> {
  const sum = { promoted: 0, calls: 0, deaths: 0, late: 0, twins: 0, busy: 0, stepIns: 0 };
  let failedAt = Number.POSITIVE_INFINITY;
  await fc.assert(
    fc.asyncProperty(plans, fc.scheduler(), async (plan, scheduler) => {
      // What is found is made smaller, but not for ever.
      if (performance.now() - failedAt > SHRINKING) return;
      const tally = await playHistory(plan, scheduler).catch((error: unknown) => {
        failedAt = Math.min(failedAt, performance.now());
        throw error;
      });
      for (const name of Object.keys(sum)) {
        if (isName(name, sum)) sum[name] += tally[name];
      }
    }),
    { numRuns, seed, ...again, includeErrorInReport: true },
  );
  return sum;
}

const isName = (name: string, sum: object): name is keyof Tally => name in sum;
