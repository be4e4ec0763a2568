// Before the first test: the build must be newer than the sources, since the tests import the package as its users do. And the
// folder that the tests of the package share. It is only named here: the first of them that runs packs into it, so that
// other tests do not pay for it.

import { readdirSync, statSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    packageFolder: string;
  }
}

/** What the build writes last, of each of its kinds. */
const BUILT = ['index.js', 'index.cjs', 'index.d.ts', 'index.d.cts', 'testing/msw.d.cts', 'cli/keys.js'];

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
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'packed-')));
  provide('packageFolder', folder);
  return () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
