// Crashes with processes: the reference listens on a port, a child rotates a record in a file and kills itself.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fileStore } from 'blazemeter-client/rotation';
import { listen, type Semantics } from 'blazemeter-client/testing';
import { build } from 'esbuild';
import { adopted, recordOf, rotationWorld } from '../support/world.ts';
import type { Ended, Stage } from './crash-play.ts';
import { type Kill, Points } from './crash-points.ts';
import { type Orders, perform } from './crash-run.ts';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** A child's program in one file, made from the sources. Gives its path, and how to remove it. */
export async function buildChild(name = 'crash-child.ts'): Promise<{ path: string; remove: () => void }> {
  const folder = mkdtempSync(join(tmpdir(), 'crash-child-'));
  const path = join(folder, 'child.mjs');
  await build({
    entryPoints: [join(root, 'test/rotation/crash', name)],
    outfile: path,
    bundle: true,
    platform: 'node',
    format: 'esm',
    target: 'node20',
    tsconfig: join(root, 'tsconfig.json'),
  });
  return { path, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Runs the child. Killed means: by SIGKILL, and by nothing else. */
export function runChild(program: string, told: object): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, JSON.stringify(told)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let out = '';
    let err = '';
    child.stdout.on('data', (chunk) => {
      out += chunk;
    });
    child.stderr.on('data', (chunk) => {
      err += chunk;
    });
    child.on('error', reject);
    child.on('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve({ killed: true });
      else if (code === 0) resolve({ killed: false, ...JSON.parse(out) });
      else reject(new Error(`The child ended with ${code ?? signal}: ${err.slice(0, 600)}`));
    });
  });
}

export interface ChildStage extends Stage {
  end(): Promise<void>;
}

export async function withChildren(program: string, semantics: Partial<Semantics>): Promise<ChildStage> {
  const world = rotationWorld({ semantics });
  const { reference, keys } = world;
  const folder = mkdtempSync(join(tmpdir(), 'crash-'));
  const server = await listen(reference);
  const store = fileStore(join(folder, 'record.json'));
  await adopted(world, store);
  const { id, secret } = keys.spare;
  writeFileSync(join(folder, 'recovery.json'), JSON.stringify({ id, secret }), { mode: 0o600 });
  const sink = () => {
    try {
      return JSON.parse(readFileSync(join(folder, 'sink.json'), 'utf8'));
    } catch {
      return undefined;
    }
  };
  return {
    world,
    sink,
    record: () => recordOf(store),
    run: (orders: Orders, kill?: Kill) => runChild(program, { ...orders, url: server.url, folder, kill }),
    // This very process is the other one.
    async runElsewhere(orders) {
      const points = new Points(undefined, () => Promise.reject(new Error('no kill was ordered')));
      const put = async (delivery: { id: string; secret: { reveal(): string } }) =>
        writeFileSync(
          join(folder, 'sink.json'),
          JSON.stringify({ id: delivery.id, secret: delivery.secret.reveal() }),
        );
      const { phase } = await perform(
        orders,
        { fetch: reference.fetch, store, sink: { name: 'sink', put }, recovery: { id, secret } },
        points,
      );
      return { killed: false, phase, points: points.names };
    },
    async end() {
      await server.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
