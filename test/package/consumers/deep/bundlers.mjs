// The package through the bundlers: a program for Node, and the walk for web pages without anything of Node. What the bundler
// wrote is then run alone, in an empty folder.

import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transform } from 'esbuild';
import { consumer, installedCommand, project, repository, saysOk, versionOf } from './project.mjs';

const PACKAGES = {
  '@rollup/plugin-commonjs': '*',
  '@rollup/plugin-node-resolve': '*',
  '@vercel/ncc': '*',
  esbuild: '*',
  rollup: '4',
  webpack: '5',
};

/** The walk of the runtimes without its types, and a line that runs it: what a page has. */
async function page(root) {
  const walk = await readFile(join(repository, 'test', 'runtimes', 'walk.ts'), 'utf8');
  const { code } = await transform(walk, { loader: 'ts', format: 'esm' });
  const end = `walk().then((looked) => console.log(looked > 12 ? 'OK' : looked));`;
  await writeFile(join(root, 'page.mjs'), `${code}\n${end}\n`);
}

/** Every bundler as a function from an entry to one file; `format` is 'esm' or 'cjs', `web` leaves Node out. */
async function bundlers(root) {
  const require = createRequire(join(root, 'x.js'));
  const load = async (name) => {
    const loaded = await import(pathToFileURL(require.resolve(name)).href);
    return loaded.default ?? loaded;
  };
  const [esbuild, rollup, webpack] = await Promise.all(['esbuild', 'rollup', 'webpack'].map(load));
  const commonjs = await load('@rollup/plugin-commonjs');
  const nodeResolve = await load('@rollup/plugin-node-resolve');

  return {
    async esbuild({ entry, outfile, format, web }) {
      const platform = web ? 'browser' : 'node';
      await esbuild.build({
        entryPoints: [entry],
        outfile,
        bundle: true,
        minify: true,
        platform,
        format,
        logLevel: 'error',
      });
    },

    async rollup({ entry, outfile, format, web }) {
      const bundle = await rollup.rollup({
        input: entry,
        external: web ? [] : [/^node:/],
        plugins: [nodeResolve({ preferBuiltins: !web, browser: web }), commonjs()],
        onwarn({ message, id, ids = [id] }) {
          // Of zod alone: modules that import each other, and comments that rollup takes for annotations.
          if (!ids.every((file) => file?.includes('/node_modules/zod/'))) throw new Error(message);
        },
      });
      await bundle.write({ file: outfile, format, inlineDynamicImports: true });
      await bundle.close();
    },

    webpack({ entry, folder, name, format, web }) {
      return new Promise((resolve, reject) => {
        const asModule = format === 'esm';
        const settings = {
          mode: 'production',
          entry,
          target: web ? 'web' : 'node20',
          output: {
            path: folder,
            filename: name,
            ...(asModule ? { module: true, library: { type: 'module' }, chunkFormat: 'module' } : {}),
          },
          ...(asModule ? { experiments: { outputModule: true } } : {}),
          // How large the client is, another test says.
          performance: false,
        };
        webpack(settings, (error, stats) => {
          const { errors = [], warnings = [] } =
            stats?.toJson({ all: false, errors: true, warnings: true }) ?? {};
          const [problem] = [...(error === null ? [] : [error]), ...errors, ...warnings];
          if (problem === undefined) resolve();
          else reject(new Error(problem.message));
        });
      });
    },

    // Its command, as actions use it. It knows programs for Node only.
    ncc: ({ entry, folder }) => installedCommand(root, 'ncc', ['build', entry, '--out', folder]),
  };
}

const ENTRIES = [
  { of: 'ES modules for Node', entry: ['smoke', 'walk.mjs'], format: 'esm', name: 'index.mjs' },
  { of: 'CommonJS for Node', entry: ['smoke', 'walk.cjs'], format: 'cjs', name: 'index.cjs' },
  { of: 'ES modules for a web page', entry: ['page.mjs'], format: 'esm', name: 'index.mjs', web: true },
];

/** One row for each bundler and kind of program. */
export async function bundlerRows(folder, row) {
  const root = await project(folder, 'bundlers', PACKAGES);
  await consumer(root, 'smoke');
  await page(root);
  for (const [tool, bundle] of Object.entries(await bundlers(root))) {
    const version = await versionOf(root, tool === 'ncc' ? '@vercel/ncc' : tool);
    for (const { of, entry, format, name, web = false } of ENTRIES) {
      if (tool === 'ncc' && web) continue;
      await row(`${tool} ${version}`, of, async () => {
        // Outside of the project: nothing can be found there that was not bundled.
        const alone = join(folder, 'alone', `${tool}-${format}${web ? '-web' : ''}`);
        await mkdir(alone, { recursive: true });
        const outfile = join(alone, name);
        await bundle({ entry: join(root, ...entry), outfile, folder: alone, name, format, web });
        // Where a bundler splits, the parser of YAML is a file of its own, which is loaded for Taurus's settings alone.
        const made = (await readdir(alone)).filter((file) => !file.endsWith('.LICENSE.txt'));
        if (made.length > 2 || !made.includes(name)) throw new Error(`It made ${made.join(', ')}`);
        const texts = await Promise.all(made.map((file) => readFile(join(alone, file), 'utf8')));
        const text = texts.join('\n');
        if (
          web &&
          /\b(?:from|import|require)\b\s*\(?\s*["'](?:node:)?(?:fs|http|https|net|path|crypto|os)\b/.test(
            text,
          )
        )
          throw new Error('It imports something of Node.');
        await saysOk(outfile, alone);
        return `${Math.round(text.length / 1024)} KiB in ${made.length === 1 ? '1 file' : `${made.length} files`}`;
      });
    }
  }
}
