// Makes the playground for the site: one script, one sheet, one page. The plugin of the theme calls it with the folder to
// write to; scripts/playground.mjs does so by hand.

import { copyFileSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const here = fileURLToPath(new URL('.', import.meta.url));

/** The doors by their names, as the sources of the repository: see `paths` there. */
const tsconfig = (root) => join(root, 'tsconfig.json');

/** A module of TypeScript, bundled and loaded, for a program that must know what the page knows. */
export async function load(entry, root) {
  const folder = mkdtempSync(join(tmpdir(), 'playground-'));
  try {
    const outfile = join(folder, 'module.mjs');
    await build({
      entryPoints: [entry],
      bundle: true,
      format: 'esm',
      platform: 'neutral',
      tsconfig: tsconfig(root),
      outfile,
      logLevel: 'silent',
    });
    return await import(pathToFileURL(outfile).href);
  } finally {
    rmSync(folder, { recursive: true });
  }
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
  copyFileSync(join(here, 'playground.html'), join(out, 'index.html'));
}
