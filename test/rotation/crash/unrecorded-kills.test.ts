// A run without a record whose process is really killed: a sample. `node scripts/deep.mjs` kills at every step.
import { afterAll, beforeAll, expect, it } from 'vitest';
import { buildChild } from './crash-children.ts';
import { allKills, playKills } from './unrecorded-kills.ts';
import { WAYS } from './unrecorded-world.ts';

let child: Awaited<ReturnType<typeof buildChild>>;
beforeAll(async () => {
  child = await buildChild('unrecorded-child.ts');
});
afterAll(() => child.remove());

it.each(WAYS)(
  '%s: killed with SIGKILL, and made good by the next runs',
  { timeout: 180_000 },
  async (way) => {
    // 211 has no factor in common with the number of sides, so all of them come up.
    const some = (await allKills()).filter((kill) => kill.way === way).filter((_, at) => at % 211 === 0);
    expect(some.length).toBeGreaterThan(1);
    expect(await playKills(child.path, some)).toEqual([]);
  },
);
