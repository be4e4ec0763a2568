// A rotation whose process is really killed: a sample of the crashes, spread over ways, points, sides and rows.
// `node scripts/deep.mjs` plays them all.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { casesOf, ROWS } from './crash-cases.ts';
import { buildChild } from './crash-children.ts';
import { playKills } from './crash-kills.ts';
import { pointsOf } from './crash-play.ts';
import { WAYS } from './crash-run.ts';
import { simulated } from './crash-simulated.ts';

let child: Awaited<ReturnType<typeof buildChild>>;
beforeAll(async () => {
  child = await buildChild();
});
afterAll(() => child.remove());

describe('a rotation whose process is killed with SIGKILL is resumed', () => {
  it.each(WAYS)('%s', { timeout: 180_000 }, async (way) => {
    const all = casesOf(await pointsOf(() => simulated({})), true).filter((crash) => crash.way === way);
    const each = all.length / ROWS.length;
    // One in 25 of the points and sides, each under another row. 25 has no factor in common with the number of sides.
    const sample = Array.from({ length: each }, (_, at) => all[(at % ROWS.length) * each + at])
      .filter((_, at) => at % 25 === 0)
      .filter((crash) => crash !== undefined);
    expect(sample.length).toBeGreaterThan(1);
    expect(await playKills(child.path, sample)).toEqual([]);
  });
});
