// What no test sees: files, exports and packages that nobody uses, files that import each other in a circle, and licences.
// node scripts/check-house.mjs: runs all three, and fails if one of them finds something.

import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));

/** The file behind the command of an installed package: found without a shell, so that it runs on every system. */
function commandOf(name) {
  const { bin } = JSON.parse(readFileSync(`${root}/node_modules/${name}/package.json`, 'utf8'));
  return `${root}/node_modules/${name}/${typeof bin === 'string' ? bin : bin[name]}`;
}

const checks = {
  'nothing unused': [commandOf('knip'), '--no-progress'],
  // Types included: two files that know each other's types are one file, or three.
  'no circles': [
    commandOf('dpdm'),
    '--no-tree',
    '--no-warning',
    '--progress=false',
    '--exit-code=circular:1',
    'src/**/*.ts',
  ],
  'free licences': ['scripts/licences.mjs'],
};

for (const [name, args] of Object.entries(checks)) {
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
  process.stdout.write(`${status === 0 ? 'ok    ' : 'failed'} ${name}\n`);
  if (status === 0) continue;
  process.stdout.write(`${stdout}${stderr}\n`);
  process.exitCode = 1;
}
