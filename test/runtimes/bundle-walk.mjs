// The walk and the packed package as one script, for what has no files to import.

import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const walk = fileURLToPath(new URL('./walk.ts', import.meta.url));

/** Bundles a module that imports `walk`, the walk, and the package; `project` has the package installed. */
export async function bundleWalk(project, contents) {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: project },
    write: false,
    bundle: true,
    format: 'esm',
    platform: 'browser',
    alias: { walk },
    nodePaths: [join(project, 'node_modules')],
    // The walk stands in the repository; what it imports is the package that was installed.
    plugins: [
      {
        name: 'installed',
        setup: (plan) => {
          plan.onResolve({ filter: /^blazemeter-client/ }, ({ path, pluginData }) =>
            pluginData === 'again'
              ? undefined
              : plan.resolve(path, { resolveDir: project, kind: 'import-statement', pluginData: 'again' }),
          );
        },
      },
    ],
    logLevel: 'error',
  });
  return outputFiles[0].text;
}
