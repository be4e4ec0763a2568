// Makes dist/: the action in one file, as the runner starts it, and the licences of what is in it. The library comes from
// the build of this repository, so run `npm run build` first. An argument names another folder to write to.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

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

const packages = new Set(
  Object.keys(metafile.inputs).flatMap(
    (file) => /node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? [],
  ),
);
const texts = [];
for (const name of [...packages].sort()) {
  const home = join(root, 'node_modules', name);
  const { version, license } = JSON.parse(await readFile(join(home, 'package.json'), 'utf8'));
  const file = ['LICENSE', 'license', 'LICENSE.md'].map((one) => join(home, one));
  const read = await Promise.allSettled(file.map((one) => readFile(one, 'utf8')));
  const text = read.find(({ status }) => status === 'fulfilled')?.value;
  if (text === undefined) throw new Error(`${relative(root, home)} has no licence.`);
  texts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
}
await mkdir(folder, { recursive: true });
await writeFile(join(folder, 'licenses.txt'), texts.join(`\n${'-'.repeat(80)}\n\n`));
// Whatever folder the action is copied into: this is what its one file is.
await writeFile(join(folder, 'package.json'), '{ "type": "commonjs" }\n');
