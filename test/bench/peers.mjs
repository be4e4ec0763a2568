// The client beside its peers: npm run bench:peers. One signed, validated call, fifty at a time, a hundred thousand keys, the
// cold import, and what it weighs: medians of one interleaved run, printed and not judged. The peers are installed into a
// folder of their own. With --write the figures go into docs/benchmarks.md and a plot of them beside it.

import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { median } from './measure.mjs';
import { plot } from './plot.mjs';
import { start } from './start.mjs';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../../', import.meta.url));
const here = (name) => fileURLToPath(new URL(name, import.meta.url));

/** Each the newest that runs on Node 20. */
const PEERS = {
  '@octokit/request': '10',
  axios: '1',
  got: '14',
  openai: '6',
  stripe: '23',
};

const folder = join(tmpdir(), 'blazemeter-client-bench-peers');
const versionOf = (name) =>
  JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;

async function installPeers() {
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), JSON.stringify({ private: true, dependencies: PEERS }));
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: folder });
}

async function calls() {
  const server = await start('user');
  try {
    const { stdout } = await run(process.execPath, [here('peers-calls.mjs'), server.port, folder]);
    return JSON.parse(stdout);
  } finally {
    server.stop();
  }
}

/** Milliseconds that a process takes until a module is there, over that of one which imports nothing. */
async function imports() {
  const ours = pathToFileURL(join(repository, 'dist', 'index.js')).href;
  const local = (name) => import.meta.resolve(name);
  const peer = (path) => pathToFileURL(join(folder, 'node_modules', path)).href;
  const modules = {
    'blazemeter-client': [ours],
    'ky + zod/mini': [local('ky'), local('zod/mini')],
    openai: [peer('openai/index.mjs')],
    stripe: [peer('stripe/esm/stripe.esm.node.js')],
    axios: [peer('axios/index.js')],
    got: [peer('got/dist/source/index.js')],
    '@octokit/request': [peer('@octokit/request/dist-bundle/index.js')],
  };
  const times = Object.fromEntries(Object.keys(modules).map((name) => [name, []]));
  for (let round = 0; round < 15; round++) {
    for (const [name, urls] of Object.entries(modules)) {
      const code = `const t = performance.now(); ${urls.map((url) => `await import(${JSON.stringify(url)});`).join(' ')} console.log(performance.now() - t)`;
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', code]);
      times[name].push(Number(stdout));
    }
  }
  return Object.fromEntries(Object.entries(times).map(([name, each]) => [name, median(each)]));
}

async function bundled() {
  const { outputFiles } = await build({
    stdin: {
      contents: "export { BlazeMeterClient } from 'blazemeter-client';",
      resolveDir: repository,
    },
    bundle: true,
    write: false,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    logLevel: 'error',
  });
  return gzipSync(outputFiles[0].contents, { level: 9 }).length / 1000;
}

/** What `npm install` of a package brings: packages, and megabytes on the disk. */
async function installed(name, spec) {
  const at = mkdtempSync(join(tmpdir(), 'install-'));
  try {
    writeFileSync(join(at, 'package.json'), '{ "private": true }');
    await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', spec], { cwd: at });
    const { stdout } = await run('du', ['-sk', '--apparent-size', 'node_modules'], { cwd: at });
    const lock = JSON.parse(readFileSync(join(at, 'package-lock.json'), 'utf8'));
    return {
      name,
      packages: Object.keys(lock.packages).length - 1,
      megabytes: Number.parseInt(stdout, 10) / 1024,
    };
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}

async function installs() {
  const at = mkdtempSync(join(tmpdir(), 'pack-'));
  try {
    const { stdout } = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', at], {
      cwd: repository,
    });
    const tarball = join(at, /"filename":\s*"([^"]+)"/.exec(stdout)[1]);
    const rows = [await installed('blazemeter-client', tarball)];
    for (const [name, version] of Object.entries(PEERS))
      rows.push(await installed(name, `${name}@${version}`));
    return rows;
  } finally {
    rmSync(at, { recursive: true, force: true });
  }
}

const load = loadavg()[0].toFixed(1);
await installPeers();
const rows = await calls();
const cold = await imports();
const { stdout } = await run(process.execPath, ['--expose-gc', here('walk-keys.mjs')]);
const walked = JSON.parse(stdout);
const kilobytes = await bundled();
const weights = await installs();

const us = rows.find(({ name }) => name === 'blazemeter-client');
const number = (value) => (value >= 1000 ? Math.round(value).toLocaleString('en') : value.toFixed(2));
const table = (head, lines) =>
  [head, head.map(() => '---'), ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
const versions = ['ky', 'zod']
  .map((name) => [
    name,
    JSON.parse(readFileSync(join(repository, 'node_modules', name, 'package.json'), 'utf8')).version,
  ])
  .concat(Object.keys(PEERS).map((name) => [name, versionOf(name)]))
  .map(([name, version]) => `${name} ${version}`);

const report = [
  `Measured on ${new Date().toISOString().slice(0, 10)} with Node ${process.versions.node} on ${cpus().length} cores of ${cpus()[0].model.trim()} (load ${load} at the start); ${versions.join(', ')}.`,
  '',
  '## One call, and fifty at a time',
  '',
  'A `GET /user` against a server on the same machine with a constant response: medians of 15 interleaved rounds of 150 calls. A ratio is one median divided by the other.',
  '',
  table(
    ['client', 'one call, ms', 'to bare fetch', 'to ky + zod/mini', 'fifty at a time, calls/s'],
    rows.map((row) => [
      row.name,
      row.ms.toFixed(3),
      row.toFetch.toFixed(2),
      row.toKyZod.toFixed(2),
      number(row.perSecond),
    ]),
  ),
  '',
  `blazemeter-client to ky + zod/mini: ${us.toKyZod.toFixed(2)} for one call, ${us.throughputToKyZod.toFixed(2)} of its calls fifty at a time. The design aims at 1.15 for one call at most; the other figures have no aim.`,
  '',
  '## Cold import',
  '',
  table(
    ['module', 'ms'],
    Object.entries(cold).map(([name, value]) => [name, value.toFixed(1)]),
  ),
  '',
  '## Weight',
  '',
  table(
    ['install', 'packages', 'MB on the disk'],
    weights.map(({ name, packages, megabytes }) => [name, packages, megabytes.toFixed(1)]),
  ),
  '',
  `The client bundled for a program: ${kilobytes.toFixed(1)} kB minified and compressed.`,
  '',
  '## A long list',
  '',
  `${walked.seen.toLocaleString('en')} keys by \`for await\`, 1,000 on a page: ${number(walked.ms)} ms, and at most ${walked.overStart.toFixed(1)} MB over the memory of the start.`,
].join('\n');
console.log(report);

if (process.argv.includes('--write')) {
  const head = `---\ntitle: Benchmarks\ngroup: Project\n---\n\n# Benchmarks\n\nMade by \`npm run bench:peers -- --write\`: every figure below was measured in that one run. The peers send the same\nrequest; of them only ky + zod/mini validates the response.\n\n![One call by each client, in milliseconds: the table below holds the figures](images/benchmarks.svg)\n\n`;
  mkdirSync(join(repository, 'docs', 'images'), { recursive: true });
  writeFileSync(join(repository, 'docs', 'benchmarks.md'), `${head}${report}\n`);
  writeFileSync(join(repository, 'docs', 'images', 'benchmarks.svg'), plot(rows));
}
