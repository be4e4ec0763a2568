// Every sample of the README, of docs/ and of the TSDoc as a reader runs it: node test/docs/packed.mjs, after a build. The tarball is
// installed from a registry into an empty folder, and each sample is a program of its own there. Samples marked `no-run` are left out.

import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { build, transform } from 'esbuild';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../../', import.meta.url));
const folder = await mkdtemp(join(tmpdir(), 'reader-'));
const reports = [];

/** What finds the samples for the tests is TypeScript. */
async function loadFinder() {
  const outfile = join(root, 'test/support/examples.tmp.mjs');
  await build({ entryPoints: [join(root, 'test/support/examples.ts')], outfile, format: 'esm' });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(outfile);
  }
}

/** Runs a sample, and resolves with what is wrong with it. */
async function play({ code, language, where }, at, unkeptPromises) {
  const file = join(folder, `sample-${at}.mjs`);
  const program = await transform(code, { loader: language, target: 'node20' });
  await writeFile(file, program.code);
  // Tests of node:test run when the file is started, too.
  return run(process.execPath, [file], { cwd: folder, timeout: 60_000 }).then(
    ({ stdout }) => unkeptPromises(code, stdout).map((promise) => `${where} does not print: ${promise}`),
    (error) => [`${where}: ${String(error.stderr ?? error.message).slice(0, 300)}`],
  );
}

try {
  const { findExamples, unkeptPromises } = await loadFinder();
  await run('npm', ['pack', '--ignore-scripts', '--pack-destination', folder], { cwd: root });
  const { version } = JSON.parse(
    (await run('npm', ['pkg', 'get', 'version', 'name', '--json'], { cwd: root })).stdout,
  );
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  const packages = [`./blazemeter-client-${version}.tgz`, 'msw', 'undici@7'];
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], { cwd: folder });

  const samples = findExamples().filter(({ runs }) => runs);
  const waiting = [...samples.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      reports.push(...(await play(next[1], next[0], unkeptPromises)));
  };
  await Promise.all([work(), work()]);
  for (const report of reports) console.log(report);
  console.log(`${samples.length - reports.length} passed, ${reports.length} failed`);
} finally {
  await rm(folder, { recursive: true, force: true, maxRetries: 3 });
}
process.exitCode = reports.length === 0 ? 0 : 1;
