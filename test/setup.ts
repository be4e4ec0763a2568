// Before the first test: the build must be newer than the sources, since the tests import the package as its users do. And the
// folders of the run, which are gone after it. The first test that needs the packed package packs it, so that others do not
// pay for that.

import { existsSync, readdirSync, statSync } from 'node:fs';
import { chmod, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    /** For what tests write. */
    folder: string;
    /** The same, in memory where the system has that: for what is flushed at every step. */
    memoryFolder: string;
    packageFolder: string;
  }
}

/** What the build writes last, of each of its kinds. */
const BUILT = ['index.js', 'index.cjs', 'index.d.ts', 'index.d.cts', 'testing/msw.d.cts', 'cli/keys.js'];

const MEMORY = '/dev/shm';

const root = join(import.meta.dirname, '..');
const changed = (path: string) => statSync(join(root, path), { throwIfNoEntry: false })?.mtimeMs ?? 0;

function requireBuild(): void {
  const built = Math.min(...BUILT.map((file) => changed(join('dist', file))));
  const inputs = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' });
  const paths = [...inputs.map((file) => join('src', file)), 'tsup.config.ts', 'tsconfig.json'];
  const newer = paths.find((path) => changed(path) > built);
  if (newer !== undefined)
    throw new Error(`${newer} is newer than dist/, which the tests import. Run \`npm run build\` first.`);
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  requireBuild();
  const folders: string[] = [];
  const fresh = async (parent: string): Promise<string> => {
    const folder = await realpath(await mkdtemp(join(parent, 'tests-')));
    folders.push(folder);
    // Tests that act as another user reach what they own in it.
    await chmod(folder, 0o711);
    return folder;
  };
  provide('folder', await fresh(tmpdir()));
  provide('memoryFolder', await fresh(existsSync(MEMORY) ? MEMORY : tmpdir()));
  provide('packageFolder', await fresh(tmpdir()));
  return async () => {
    for (const folder of folders) await rm(folder, { recursive: true, force: true, maxRetries: 3 });
  };
}
