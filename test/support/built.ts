// The built package for programs that tests start: a folder where Node finds it by its name, and its commands.

import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { root } from './examples.ts';

/** A new folder from which the packages of this repository are found. */
export function folderInRepository(prefix: string): string {
  const cache = join(root, 'node_modules', '.cache');
  mkdirSync(cache, { recursive: true });
  return mkdtempSync(join(cache, prefix));
}

/** The built package of a test file; its folder is gone after the tests. */
export function builtPackage() {
  let folder = '';
  beforeAll(() => {
    folder = folderInRepository('built-');
    mkdirSync(join(folder, 'node_modules'));
    symlinkSync(root, join(folder, 'node_modules', 'blazemeter-client'), 'junction');
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return {
    /** Programs that start here import the package by its name. */
    folder: () => folder,
    /** The script of a command. */
    command: (name: 'keys' | 'reference') => join(root, 'dist/cli', `${name}.js`),
  };
}
