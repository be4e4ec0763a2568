// All crashes and all meetings of runs without a record, under every row of the switches. Prints its figures.
import { expect, it } from 'vitest';
import { someOf } from '../../support/one-in.ts';
import { ROWS } from './crash-cases.ts';
import { buildChild } from './crash-children.ts';
import { allCollisions, allCrashes, playCollisions, playCrashes } from './unrecorded-cases.ts';
import { allKills, playKills } from './unrecorded-kills.ts';

it('every crash of a run without a record, by simulation', { timeout: 14_400_000 }, async () => {
  const crashes = someOf(await allCrashes());
  const failed = await playCrashes(crashes, 20);
  console.log(
    `${crashes.length} crashes without a record under ${ROWS.length} rows; ${failed.length} violations`,
  );
  expect(failed).toEqual([]);
});

it('every meeting of two runs without a record', { timeout: 14_400_000 }, async () => {
  const collisions = someOf(allCollisions());
  const { failed, stopped } = await playCollisions(collisions);
  console.log(
    `${collisions.length} meetings, ${stopped} in the middle of a run; ${failed.length} violations`,
  );
  expect(failed).toEqual([]);
});

it('every step of a run without a record, with a process that is killed', {
  timeout: 14_400_000,
}, async () => {
  const child = await buildChild('unrecorded-child.ts');
  try {
    const kills = someOf(await allKills());
    const failed = await playKills(child.path, kills);
    console.log(`${kills.length} processes without a record killed; ${failed.length} violations`);
    expect(failed).toEqual([]);
  } finally {
    child.remove();
  }
});
