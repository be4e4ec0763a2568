// The tests read the sources; test/package/ reads the packed tarball.
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./src/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    alias: [
      { find: /^blazemeter-client$/, replacement: source('index.ts') },
      { find: /^blazemeter-client\/schemas$/, replacement: source('schemas/index.ts') },
      { find: /^blazemeter-client\/node$/, replacement: source('node/index.ts') },
      { find: /^blazemeter-client\/rotation$/, replacement: source('rotation/index.ts') },
      { find: /^blazemeter-client\/audit$/, replacement: source('audit/index.ts') },
      { find: /^blazemeter-client\/testing$/, replacement: source('reference/index.ts') },
      { find: /^blazemeter-client\/testing\/msw$/, replacement: source('reference/msw.ts') },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/package/folder.ts'],
    pool: 'forks',
    // One less than there are cores by default, which leaves half of a small machine idle.
    maxWorkers: 2,
    execArgv: ['--expose-gc'],
    restoreMocks: true,
    unstubEnvs: true,
    testTimeout: 20_000,
    hookTimeout: 180_000,
  },
});
