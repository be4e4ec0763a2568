// The tests import the package by its name, and read what `npm run build` has written, as users do; test/package/ packs it.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

/** Their runs die by standing still in the middle of a step: they would wake up in the tests of another file. */
const DYING = 'test/rotation/{crash,unrecorded}/**';

const dist = fileURLToPath(new URL('./dist', import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      // For the examples, which have package.json files of their own.
      { find: /^blazemeter-client$/, replacement: `${dist}/index.js` },
      { find: /^blazemeter-client\/([a-z/]+)$/, replacement: `${dist}/$1.js` },
    ],
  },
  test: {
    globalSetup: ['test/setup.ts'],
    setupFiles: ['test/each.ts'],
    pool: 'forks',
    // More than a small machine has cores: a third of the time, tests wait for timers and for child processes.
    maxWorkers: 3,
    execArgv: ['--expose-gc'],
    // Loaded by Node itself: to take two hundred modules through Vite in each process costs a quarter of the time.
    server: { deps: { external: [/\/dist\//] } },
    // Some tests start a dozen processes, and the machine may have other work.
    testTimeout: 60_000,
    hookTimeout: 180_000,
    projects: [
      {
        extends: true,
        // One process runs many files: to start one for each, and to load everything anew, costs a fifth of the time.
        // test/each.ts puts back what a test fakes.
        test: {
          name: 'shared',
          include: ['test/**/*.test.ts'],
          exclude: [DYING],
          isolate: false,
        },
      },
      { extends: true, test: { name: 'dying', include: [`${DYING}/*.test.ts`] } },
    ],
  },
});
