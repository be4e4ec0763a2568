// Makes dist/: the action in one file, as the runner starts it, and the licences of what is in it. The library comes from
// the build of this repository, so run `npm run build` first. An argument names another folder to write to.
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { licencesOf } from '../../scripts/built-in.mjs';

const here = dirname(fileURLToPath(import.meta.url));
const root = join(here, '../..');
const folder = process.argv[2] ?? join(here, 'dist');

const { metafile } = await build({
  absWorkingDir: root,
  entryPoints: [join(here, 'src/main.ts')],
  outfile: join(folder, 'index.js'),
  bundle: true,
  platform: 'node',
  format: 'cjs',
  target: 'node20',
  minify: true,
  legalComments: 'none',
  metafile: true,
  logLevel: 'error',
  // Only what the action does itself is its own: no setting of a tsconfig changes the library's names for files.
  tsconfigRaw: {},
});

await mkdir(folder, { recursive: true });
await writeFile(join(folder, 'licenses.txt'), await licencesOf(metafile, root));
// Whatever folder the action is copied into: this is what its one file is.
await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
