// Makes the playground for the site: one script, one sheet, one page. The plugin of the theme calls it with the folder to
// write to; scripts/playground.mjs does so by hand.

import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The doors by their names, as the sources of the repository: see `paths` there. */
const tsconfig = (root) => join(root, 'tsconfig.json');

/** A module of the playground, bundled and loaded: what the page and the program both know stands in one place. */
export async function load(name, root) {
  const { outputFiles } = await build({
    entryPoints: [join(here, `${name}.ts`)],
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'neutral',
    tsconfig: tsconfig(root),
    logLevel: 'silent',
  });
  return import(`data:text/javascript;base64,${Buffer.from(outputFiles[0].contents).toString('base64')}`);
}

export default async function makePlayground({ out, root }) {
  mkdirSync(out, { recursive: true });
  await build({
    entryPoints: [join(here, 'main.ts')],
    bundle: true,
    minify: true,
    format: 'iife',
    platform: 'browser',
    target: 'es2022',
    charset: 'utf8',
    legalComments: 'none',
    tsconfig: tsconfig(root),
    outfile: join(out, 'playground.js'),
    logLevel: 'warning',
  });
  copyFileSync(join(here, 'playground.css'), join(out, 'playground.css'));
  const { lessons } = await load('lessons', root);
  // Each has its place in the page under the name of its address, so that links to it can be checked.
  const links = lessons.map(
    ({ id, title }) => `<li><a id="lesson=${id}" href="#lesson=${id}">${title}</a></li>`,
  );
  const page = readFileSync(join(here, 'playground.html'), 'utf8');
  const filled = page.replace('<!-- lessons -->', () => links.join('\n'));
  if (filled === page) throw new Error('docs/pages/playground/playground.html has no place for the lessons.');
  writeFileSync(join(out, 'index.html'), filled);
}
