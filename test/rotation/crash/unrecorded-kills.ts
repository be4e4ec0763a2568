// Runs without a record whose process is really killed: the reference listens on a port, and the sinks are files.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { listen } from 'blazemeter-client/testing';
import { playAll, ROWS } from './crash-cases.ts';
import { runChild } from './crash-children.ts';
import { AFTERS, type After, recover, SHAPES, stepsOf } from './unrecorded-play.ts';
import { must, type Shape, Stage, WAYS, type Way } from './unrecorded-world.ts';

const SIDES = ['before', 'during', 'after'] as const;

export interface Kill {
  readonly way: Way;
  readonly shape: Shape;
  readonly row: number;
  readonly step: number;
  readonly side: (typeof SIDES)[number];
  readonly after: After;
  readonly title: string;
}

/** Every kill: each step and side of each way; the row and what comes after change from one to the next. */
export async function allKills(): Promise<Kill[]> {
  const kills: Kill[] = [];
  for (const way of WAYS)
    for (const shape of SHAPES.filter(({ telling }) => !telling)) {
      const steps = await stepsOf(way, shape);
      for (const after of AFTERS)
        for (let step = 1; step <= steps; step++)
          for (const side of SIDES) {
            const row = kills.length % ROWS.length;
            const title = `${way}, ${shape.sinks} sinks, killed ${side} step ${step}, next ${after}, row ${row}`;
            kills.push({ way, shape, row, step, side, after, title });
          }
    }
  return kills;
}

async function playKill(program: string, { way, shape, row, step, side, after }: Kill): Promise<void> {
  const stage = new Stage(ROWS[row] ?? {}, shape, way);
  const { reference, keys } = stage.world;
  const folder = mkdtempSync(join(tmpdir(), 'unrecorded-'));
  const server = await listen(reference);
  try {
    const write = (name: string, { id, secret }: { id: string; secret: string }) =>
      writeFileSync(join(folder, name), JSON.stringify({ id, secret }), { mode: 0o600 });
    write('recovery', keys.spare);
    write('replaces', keys.ci);
    for (const at of stage.held.keys()) write(`sink ${at}`, keys.ci);
    const told = { url: server.url, folder, way, sinks: shape.sinks, kill: { step, side } };
    must((await runChild(program, told)).killed, 'the step to die at was reached');
    for (const [at, { id }] of [...stage.held.entries()]) {
      const now = JSON.parse(readFileSync(join(folder, `sink ${at}`), 'utf8'));
      if (now.id !== id) stage.store(at, now, now.epoch);
    }
    await recover(stage, way, after);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The titles and reasons of the kills that did not end well. */
export const playKills = (program: string, kills: readonly Kill[]): Promise<string[]> =>
  playAll(kills, 3, (kill) => playKill(program, kill));
