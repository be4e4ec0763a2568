// Plays crashes in which a child process is really killed, and counts them.
import { availableParallelism } from 'node:os';
import { type Case, playAll, ROWS } from './crash-cases.ts';
import { withChildren } from './crash-children.ts';
import { play } from './crash-play.ts';

/** The titles and reasons of the crashes that did not end well. */
export function playKills(program: string, cases: readonly Case[]): Promise<string[]> {
  return playAll(cases, Math.max(2, availableParallelism()), async (crash) => {
    const stage = await withChildren(program, ROWS[crash.row] ?? {});
    try {
      await play(stage, crash);
    } finally {
      await stage.end();
    }
  });
}
