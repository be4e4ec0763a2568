// Which crashes are played: every point of every way, on every side of it, under rows in which each value of each switch
// of the reference meets each value of every other.
import { parseSemantics, type Semantics, semanticsSwitches } from 'blazemeter-client/testing';
import { pairwise } from '../../support/pairwise.ts';
import type { Crash } from './crash-play.ts';
import type { Side } from './crash-points.ts';
import type { Way } from './crash-run.ts';

/**
 * The rows of the switches. By dates out of a cache the old key seems to have been used after it was replaced, so it is kept:
 * that is safe, but no end.
 */
export const ROWS: readonly Semantics[] = pairwise(semanticsSwitches).map((row) =>
  Object.entries({ ...row, dates: 'current' }).reduce(
    (semantics, [name, value]) => parseSemantics(`${name}=${value}`, semantics),
    parseSemantics('grace=0'),
  ),
);

const sidesOf = (name: string, real: boolean): readonly Side[] => {
  if (!real || name === 'put') return ['before', 'after'];
  return name.startsWith('write') ? ['before', 'in', 'after'] : ['before', 'during', 'after'];
};

/** A crash, the row under which it is played, and its name. */
export interface Case extends Crash {
  readonly row: number;
  readonly title: string;
}

/** Every point, on every side, under every row. */
export function casesOf(points: ReadonlyMap<Way, readonly string[]>, real: boolean): Case[] {
  const cases: Case[] = [];
  for (const row of ROWS.keys()) {
    for (const [way, names] of points) {
      for (const [at, name] of names.entries()) {
        for (const side of sidesOf(name, real)) {
          const resumedBy = cases.length % 2 === 0 ? 'same' : 'other';
          const title = `${way}, killed ${side} point ${at + 1} (${name}), row ${row}, resumed by ${resumedBy}`;
          cases.push({ way, kill: { at: at + 1, side }, resumedBy, row, title });
        }
      }
    }
  }
  return cases;
}

/** Plays many at once, and gives the titles and reasons of those that failed. */
export async function playAll<One extends { readonly title: string }>(
  cases: readonly One[],
  width: number,
  one: (crash: One) => Promise<void>,
): Promise<string[]> {
  const failed: string[] = [];
  const queue = [...cases];
  const work = async () => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const { title } = next;
      await one(next).catch((error: unknown) => {
        failed.push(`${title}: ${error instanceof Error ? `${error.message}` : error}`);
      });
    }
  };
  await Promise.all(Array.from({ length: width }, work));
  return failed;
}
