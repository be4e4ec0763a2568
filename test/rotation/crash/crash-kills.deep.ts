// All crashes: every point of every way, on every side, under every row of the switches, each with a process that is
// really killed; and the same by simulation. Prints its figures.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { ONE_IN, someOf } from '../../support/one-in.ts';
import { casesOf, playAll, ROWS } from './crash-cases.ts';
import { buildChild } from './crash-children.ts';
import { playKills } from './crash-kills.ts';
import { play, pointsOf } from './crash-play.ts';
import { simulated } from './crash-simulated.ts';

let child: Awaited<ReturnType<typeof buildChild>>;
beforeAll(async () => {
  child = await buildChild();
});
afterAll(() => child.remove());

it('every crash with a process that is killed', { timeout: 14_400_000 }, async () => {
  const cases = someOf(casesOf(await pointsOf(() => simulated({})), true));
  const started = performance.now();
  const failed = await playKills(child.path, cases);
  const seconds = Math.round((performance.now() - started) / 1000);
  const tally = (name: (crash: (typeof cases)[number]) => string) => {
    const counts: Record<string, number> = {};
    for (const crash of cases) counts[name(crash)] = (counts[name(crash)] ?? 0) + 1;
    return JSON.stringify(counts);
  };
  console.log(`${cases.length} processes killed in ${seconds} s under ${ROWS.length} rows; ${failed.length} violations
  by way:        ${tally(({ way }) => way)}
  by side:       ${tally(({ kill }) => kill.side)}
  by resumption: ${tally(({ resumedBy }) => resumedBy)}`);
  expect(cases.length).toBeGreaterThanOrEqual(550 / ONE_IN);
  expect(failed).toEqual([]);
});

it('every crash by simulation', { timeout: 14_400_000 }, async () => {
  const cases = someOf(casesOf(await pointsOf(() => simulated({})), false));
  const failed = await playAll(cases, 20, async (crash) =>
    play(await simulated(ROWS[crash.row] ?? {}), crash),
  );
  console.log(`${cases.length} crashes simulated; ${failed.length} violations`);
  expect(failed).toEqual([]);
});
