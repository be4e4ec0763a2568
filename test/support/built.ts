// The package as programs have it: its entry points and commands, bundled from the sources into a folder where Node finds
// them by name. No test depends on an earlier build.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build } from 'esbuild';
import { afterAll, beforeAll } from 'vitest';
import { root } from './examples.ts';

const NAME = 'blazemeter-client';
const COMMANDS = { 'cli/keys': 'src/cli/keys/main.ts', 'cli/reference': 'src/cli/reference/main.ts' };

/** The source of each entry point, by the name that it is imported by. */
function entryPoints(): [name: string, source: string][] {
  const config: { compilerOptions: { paths: Record<string, [string]> } } = JSON.parse(
    readFileSync(join(root, 'tsconfig.json'), 'utf8'),
  );
  return Object.entries(config.compilerOptions.paths).map(([name, [source]]) => [name, source]);
}

/** A new folder from which the packages of this repository are found. */
export function folderInRepository(prefix: string): string {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  return mkdtempSync(join(cache, prefix));
}

/** Bundles the package into `node_modules` of the folder. */
async function installInto(folder: string): Promise<void> {
  const home = join(folder, 'node_modules', NAME);
  const file = (name: string): string => name.replace(/^blazemeter-client\/?/, '') || 'index';
  const entries = entryPoints();
  await build({
    entryPoints: {
      ...Object.fromEntries(entries.map(([name, source]) => [file(name), source])),
      ...COMMANDS,
    },
    absWorkingDir: root,
    outdir: home,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    tsconfigRaw: {},
    packages: 'external',
    logLevel: 'error',
  });
  const exports = Object.fromEntries(
    entries.map(([name]) => [name.replace(NAME, '.'), `./${file(name)}.js`]),
  );
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: NAME, type: 'module', exports }));
}

/** The built package of a test file, gone after its tests. */
export function builtPackage() {
  let folder = '';
  beforeAll(async () => {
    folder = folderInRepository('built-');
    await installInto(folder);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    /** Programs that start here import the package by its name. */
    folder: () => folder,
    /** The script of a command. */
    command: (name: 'keys' | 'reference') => join(folder, 'node_modules', NAME, 'cli', `${name}.js`),
  };
}
