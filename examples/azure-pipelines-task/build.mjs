// Builds dist/, the folder to upload: the task in one file, and its manifest. Run `npm install` before it. An argument names
// another folder.
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = process.argv[2] ?? here('dist');

await mkdir(folder, { recursive: true });
await build({
  entryPoints: [here('src/main.ts')],
  outfile: `${folder}/index.js`,
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  logLevel: 'error',
  tsconfigRaw: {},
});
await copyFile(here('task.json'), `${folder}/task.json`);
await writeFile(`${folder}/package.json`, '{ "type": "commonjs" }\n');
