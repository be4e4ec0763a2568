// The declarations with every TypeScript from the oldest that docs/support.json names to the newest, all checks on.

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { consumer, ended, output, project, support, versionOf } from './project.mjs';

const STRICT = {
  target: 'es2022',
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: false,
  noEmit: true,
};
const ON_NODE = { ...STRICT, lib: ['es2022'], types: ['node'] };
const IN_PAGE = { ...STRICT, lib: ['es2022', 'dom'], types: [] };
const BUNDLED = { module: 'esnext', moduleResolution: 'bundler' };
const NODE16 = { module: 'node16', moduleResolution: 'node16' };
const NODENEXT = { module: 'nodenext', moduleResolution: 'nodenext' };

/** Each is a program of its own: a file beside another would be given what that one has loaded. */
const PROGRAMS = {
  nodenext: { files: ['program.mts'], options: { ...ON_NODE, ...NODENEXT } },
  'nodenext CommonJS': { files: ['program.cts'], options: { ...ON_NODE, ...NODENEXT } },
  node16: { files: ['program.mts'], options: { ...ON_NODE, ...NODE16 } },
  'node16 CommonJS': { files: ['program.cts'], options: { ...ON_NODE, ...NODE16 } },
  'nodenext, both builds': { files: ['both.mts'], options: { ...ON_NODE, ...NODENEXT } },
  bundler: { files: ['program.mts'], options: { ...ON_NODE, ...BUNDLED } },
  'bundler, page': { files: ['page.ts'], options: { ...IN_PAGE, ...BUNDLED } },
  'node16 CommonJS, page': { files: ['page.cts'], options: { ...IN_PAGE, ...NODE16 } },
};

/** 5.2 -> 502, so that versions can be compared. */
const rank = (version) => {
  const [major, minor] = version.split('.').map(Number);
  return major * 100 + minor;
};

/** Every minor version that the registry has, oldest first. */
async function minors(folder) {
  const all = JSON.parse(
    await output('npm', ['view', 'typescript', 'versions', '--json'], folder, {
      shell: process.platform === 'win32',
    }),
  );
  const stable = all.filter((version) => /^\d+\.\d+\.\d+$/.test(version));
  return [...new Set(stable.map((version) => version.split('.').slice(0, 2).join('.')))].sort(
    (a, b) => rank(a) - rank(b),
  );
}

async function compiles(folder, alias, name) {
  const { files, options } = PROGRAMS[name];
  const config = `tsconfig.${name.replaceAll(/\W+/g, '-')}.json`;
  await writeFile(join(folder, config), JSON.stringify({ compilerOptions: options, files }));
  const tsc = join(folder, '..', 'node_modules', alias, 'bin', 'tsc');
  const { code, stdout, stderr } = await ended(
    process.execPath,
    [tsc, '-p', config, '--pretty', 'false'],
    folder,
  );
  if (code !== 0) throw new Error(`${stdout}${stderr}`.slice(0, 600));
}

/** One row for each version; the last row shows that no older one would do. */
export async function typescriptRows(folder, row) {
  const { oldest, newest } = support.typescript;
  const all = await minors(folder);
  const range = all.filter((minor) => rank(minor) >= rank(oldest) && rank(minor) <= rank(newest));
  const before = all.filter((minor) => rank(minor) < rank(oldest)).at(-1);
  const aliases = Object.fromEntries(
    [before, ...range].map((minor) => [`ts-${minor}`, `npm:typescript@~${minor}.0`]),
  );
  const root = await project(folder, 'typescript', { '@types/node': '20', ...aliases });
  const types = await consumer(root, 'types');
  for (const minor of range) {
    const alias = `ts-${minor}`;
    await row(
      `typescript ${await versionOf(root, alias)}`,
      `compiles ${Object.keys(PROGRAMS).length} programs`,
      async () => {
        const problems = [];
        for (const name of Object.keys(PROGRAMS))
          await compiles(types, alias, name).catch((error) => problems.push(`${name}: ${error.message}`));
        if (problems.length > 0) throw new Error(problems.join('\n'));
      },
    );
  }
  await row(
    `typescript ${await versionOf(root, `ts-${before}`)}`,
    'is too old, as docs/support.json says',
    async () => {
      for (const name of Object.keys(PROGRAMS)) {
        const fits = await compiles(types, `ts-${before}`, name).then(
          () => true,
          () => false,
        );
        if (!fits) return;
      }
      throw new Error('It compiles everything: docs/support.json can name it as the oldest.');
    },
  );
  await row(`typescript ${newest}`, 'is the newest, as docs/support.json says', () => {
    if (all.at(-1) !== newest) throw new Error(`${all.at(-1)} is out.`);
  });
}
