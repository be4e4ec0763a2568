// Does what the reader chose, with the real client against the reference, and tells what came of it and the code for it.

import type { Action } from './actions.ts';
import { generate, list, regenerate, remove, sign } from './key-steps.ts';
import type { Step, Told } from './outcome.ts';
import { resumeRun, rotateRun } from './rotation.ts';
import { inject, mend, moveClock, readPolicy, resolveLast, setMaximum, turn } from './setting-steps.ts';
import type { World } from './world.ts';

async function told(world: World, action: Action, n: number): Promise<Told> {
  switch (action.do) {
    case 'generate':
      return generate(world, action, n);
    case 'list':
      return list(world, action, n);
    case 'sign':
      return sign(world, action, n);
    case 'regenerate':
      return regenerate(world, action, n);
    case 'delete':
      return remove(world, action, n);
    case 'maximum':
      return setMaximum(world, action, n);
    case 'policy':
      return readPolicy(world, action, n);
    case 'clock':
      return moveClock(world, action);
    case 'switch':
      return turn(world, action);
    case 'fault':
      return inject(world, action);
    case 'mend':
      return mend(world);
    case 'resolve':
      return resolveLast(world, n);
    case 'rotate':
      return rotateRun(world, action, n);
    case 'resume':
      return resumeRun(world, action, n);
  }
}

/** Does one action, and looks at the world after it. */
export async function perform(world: World, action: Action, n: number): Promise<Step> {
  const { title, code, outcome } = await told(world, action, n);
  await world.look();
  return { action, title, code, outcome };
}
