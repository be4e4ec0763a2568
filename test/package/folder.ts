// The folder that the tests of the package share. It is only named here: the first of them that runs packs into it, so
// that other tests do not pay for it.

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

declare module 'vitest' {
  interface ProvidedContext {
    packageFolder: string;
  }
}

export default async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'packed-')));
  provide('packageFolder', folder);
  return () => rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
