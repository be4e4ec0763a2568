// node test/package/consumers/deep.mjs: the packed package in empty projects, with what needs a registry: the tools that people have,
// each in its newest version, and every TypeScript that is supported. Prints a table, and ends with 1 where a row failed.
// With names of parts (installed, runners, bundlers, typescript) it does only these.

import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bundlerRows } from './deep/bundlers.mjs';
import { installedRows, runnerRows } from './deep/installed.mjs';
import { pack } from './deep/project.mjs';
import { typescriptRows } from './deep/typescript.mjs';

const PARTS = {
  installed: installedRows,
  runners: runnerRows,
  bundlers: bundlerRows,
  typescript: typescriptRows,
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in PARTS));
if (unknown.length > 0) {
  console.error(`There is no part ${unknown.join(', ')}; there are ${Object.keys(PARTS).join(', ')}.`);
  process.exit(2);
}

let passed = 0;
let failed = 0;

/** Does what a row of the table promises, and prints the row. */
async function row(tool, what, deed) {
  const begin = performance.now();
  const { mark, note } = await Promise.resolve()
    .then(deed)
    .then(
      (told) => ({ mark: 'ok', note: told ?? '' }),
      (error) => ({ mark: 'FAILED', note: error.message }),
    );
  const seconds = ((performance.now() - begin) / 1000).toFixed(1);
  if (mark === 'ok') passed += 1;
  else failed += 1;
  const line = `${mark.padEnd(7)}${tool.padEnd(26)}${seconds.padStart(6)} s  ${what}`;
  console.log(mark === 'ok' ? `${line}${note === '' ? '' : ` (${note})`}` : `${line}\n  ${note}`);
}

// Its real name: tools compare paths.
const folder = await realpath(await mkdtemp(join(tmpdir(), 'deep-')));
try {
  await pack(folder);
  for (const [name, part] of Object.entries(PARTS)) {
    if (asked.length > 0 && !asked.includes(name)) continue;
    // A part that cannot even install is a row that failed.
    await part(folder, row).catch((error) => row(name, 'can be set up', () => Promise.reject(error)));
  }
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
