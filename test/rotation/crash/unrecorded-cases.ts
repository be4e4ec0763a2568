// Which crashes and collisions of runs without a record are played, each with its name.
import { playAll, ROWS } from './crash-cases.ts';
import { type Collision, MEETINGS, playCollision, titleOfCollision } from './unrecorded-collide.ts';
import { AFTERS, type Crash, playCrash, SHAPES, stepsOf, titleOf } from './unrecorded-play.ts';
import { WAYS } from './unrecorded-world.ts';

const SIDES = ['before', 'after'] as const;

/** Every crash: all ways, shapes, rows, steps, sides, and what comes after. */
export async function allCrashes(): Promise<Crash[]> {
  const crashes: Crash[] = [];
  for (const way of WAYS)
    for (const shape of SHAPES) {
      const steps = await stepsOf(way, shape);
      for (const row of ROWS.keys())
        for (let step = 1; step <= steps; step++)
          for (const side of SIDES)
            for (const after of AFTERS) crashes.push({ way, shape, row, step, side, after });
    }
  return crashes;
}

/** Each step and side of each way and shape once; what comes after and the row change from one to the next. */
export async function someCrashes(): Promise<Crash[]> {
  const crashes: Crash[] = [];
  for (const way of WAYS)
    for (const shape of SHAPES) {
      const steps = await stepsOf(way, shape);
      for (let step = 1; step <= steps; step++)
        for (const side of SIDES) {
          const at = crashes.length;
          const after = AFTERS[(at + Math.floor(at / 4)) % AFTERS.length] ?? 'at once';
          crashes.push({ way, shape, row: at % ROWS.length, step, side, after });
        }
    }
  return crashes;
}

/** Every credentials of steps at which two runs can stop; the rows change from one to the next. */
export function allCollisions(): Collision[] {
  const collisions: Collision[] = [];
  for (const meeting of MEETINGS)
    for (const shape of SHAPES) {
      const most = 14;
      for (let first = 1; first <= most; first++)
        for (let second = 1; second <= most + 1; second++)
          collisions.push({
            meeting,
            shape,
            row: collisions.length % ROWS.length,
            stops: [first, second],
          });
    }
  return collisions;
}

/** Titles and reasons of the crashes that did not end well. */
export const playCrashes = (crashes: readonly Crash[], width = 10): Promise<string[]> =>
  playAll(
    crashes.map((crash) => ({ ...crash, title: titleOf(crash) })),
    width,
    playCrash,
  );

/** The same of collisions, and how many first runs were stopped before their end. */
export async function playCollisions(
  collisions: readonly Collision[],
): Promise<{ failed: string[]; stopped: number }> {
  let stopped = 0;
  const failed = await playAll(
    collisions.map((collision) => ({ ...collision, title: titleOfCollision(collision) })),
    10,
    async (collision) => {
      if (await playCollision(collision)) stopped += 1;
    },
  );
  return { failed, stopped };
}
