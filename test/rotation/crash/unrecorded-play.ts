// Crashes and collisions of runs without a record, played through: a run that dies at one step, or two that stop for each
// other, and then later runs until nothing is left to do.
import type { Semantics } from 'blazemeter-client/testing';
import { ROWS } from './crash-cases.ts';
import { type At, must, type Shape, Stage, type Way } from './unrecorded-world.ts';

export const SHAPES: readonly Shape[] = [
  { sinks: 1, telling: false },
  { sinks: 2, telling: false },
  { sinks: 3, telling: true },
];

/** What the run after the dead one is given, and when it begins. */
export const AFTERS = ['at once', 'later', 'at once, queued before', 'later, queued before'] as const;
export type After = (typeof AFTERS)[number];

export interface Crash {
  readonly way: Way;
  readonly shape: Shape;
  readonly row: number;
  readonly step: number;
  readonly side: 'before' | 'after';
  readonly after: After;
}

export const titleOf = ({ way, shape, row, step, side, after }: Crash): string =>
  `${way}, ${shape.sinks} sinks${shape.telling ? ' that tell' : ''}, dead ${side} step ${step}, next ${after}, row ${row}`;

/** A run that dies, by stopping for ever. Whether it did. */
async function dies(stage: Stage, way: Way, step: number, side: 'before' | 'after'): Promise<boolean> {
  let died: (dead: boolean) => void = () => {};
  const death = new Promise<boolean>((resolve) => {
    died = resolve;
  });
  const at: At = async (now, where) => {
    if (now !== step || where !== side) return;
    died(true);
    await new Promise(() => {});
  };
  return Promise.race([death, stage.run({ way }, at).then(() => false)]);
}

/** The runs after a crash. */
export async function recover(stage: Stage, way: Way, after: After): Promise<void> {
  const queued = stage.world.keys.ci;
  stage.check('after the crash');
  if (after.startsWith('later')) {
    await stage.read();
    stage.world.reference.clock.advance({ minutes: 20 });
  }
  const { code } = await stage.run({ way, ...(after.endsWith('before') ? { given: queued } : {}) });
  // A leaked key may be gone by then, and with it what the queued run was given.
  must(
    code === undefined || (code === 'rotation_signer' && way === 'leak' && after.endsWith('before')),
    `the next run goes on (${code})`,
  );
  if (way !== 'expiry') await stage.run({ way });
  await stage.toTheEnd();
  stage.checkEpochs();
}

export async function playCrash(crash: Crash): Promise<void> {
  const { way, shape, row, step, side, after } = crash;
  const stage = new Stage(ROWS[row] ?? {}, shape, way);
  must(await dies(stage, way, step, side), 'the step to die at was reached');
  await recover(stage, way, after);
}

/** How many steps a run takes that nobody disturbs. */
export async function stepsOf(way: Way, shape: Shape, semantics: Partial<Semantics> = {}): Promise<number> {
  const stage = new Stage(semantics, shape, way);
  const { steps, code } = await stage.run({ way });
  must(code === undefined, `an undisturbed run works (${code})`);
  await stage.toTheEnd(3);
  return steps;
}
