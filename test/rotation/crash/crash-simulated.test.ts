// Every point of every way at which a rotation can die, simulated: each under one in thirty-one of the rows of the switches.
// `node scripts/deep.mjs` plays them under all.
import { beforeAll, describe, expect, it } from 'vitest';
import { type Case, casesOf, playAll, ROWS } from './crash-cases.ts';
import { play, pointsOf } from './crash-play.ts';
import { WAYS } from './crash-run.ts';
import { simulated } from './crash-simulated.ts';

let cases: Case[];
beforeAll(async () => {
  const all = casesOf(await pointsOf(() => simulated({})), false);
  const each = all.length / ROWS.length;
  cases = all.filter(({ row }, at) => (row + (at % each)) % 31 === 0);
});

describe('a rotation that dies is resumed: always valid credentials, never a stray key', () => {
  it.each(WAYS)('%s, at every point', { timeout: 120_000 }, async (way) => {
    const mine = cases.filter((crash) => crash.way === way);
    expect(mine.length).toBeGreaterThan(3);
    const failed = await playAll(mine, 20, async (crash) =>
      play(await simulated(ROWS[crash.row] ?? {}), crash),
    );
    expect(failed).toEqual([]);
  });
});
