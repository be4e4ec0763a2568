// node test/runtimes/run.mjs: the contract, by the packed package, on every runtime that is supported, as ES modules and as
// CommonJS. With --here only on the runtime that runs this. Prints a line for each, and their figures.

import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { walkInBrowser } from './browser.mjs';
import { here, runtimes } from './runtimes.mjs';
import { walkInWorker } from './worker.mjs';

const run = promisify(execFile);
const repository = fileURLToPath(new URL('../../', import.meta.url));
const shell = process.platform === 'win32';

/** A project that has installed the tarball from a registry, as its users do. */
async function project(folder) {
  const packed = await run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder], {
    cwd: repository,
    shell,
  });
  const tarball = /"filename":\s*"([^"]+)"/.exec(packed.stdout)?.[1];
  await rename(join(folder, tarball), join(folder, 'package.tgz'));
  await writeFile(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', './package.tgz'], {
    cwd: folder,
    shell,
  });
  const installed = (await readdir(join(folder, 'node_modules'))).filter((name) => !name.startsWith('.'));
  console.log(`installed: ${installed.sort().join(', ')}`);
  // The contract reads the document beside it.
  await cp(join(repository, 'docs', 'openapi.yaml'), join(folder, 'docs', 'openapi.yaml'));
}

/** The contract as one file; the package stays outside, so that each runtime finds the build that it would. */
async function bundle(folder, format, extension) {
  const outfile = join(folder, 'test', 'support', `contract${extension}`);
  await mkdir(join(folder, 'test', 'support'), { recursive: true });
  await build({
    entryPoints: [join(repository, 'test', 'runtimes', 'contract.ts')],
    outfile,
    bundle: true,
    format,
    platform: 'node',
    target: 'node20',
    external: ['blazemeter-client', 'blazemeter-client/*'],
    logLevel: 'error',
    // Some of what is bundled is CommonJS, and asks for Node's own modules by require.
    ...(format === 'esm'
      ? {
          banner: {
            js: "import { createRequire as makeRequire } from 'node:module'; const require = makeRequire(import.meta.url);",
          },
        }
      : {
          define: { 'import.meta.url': 'moduleUrl' },
          banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
        }),
  });
  return outfile;
}

/** Runs the contract once, and reads its line. */
async function play({ command, args }, file, cwd) {
  const child = spawn(command, [...args, file], { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), 300_000);
  let out = '';
  let err = '';
  child.stdout.on('data', (chunk) => {
    out += chunk;
  });
  child.stderr.on('data', (chunk) => {
    err += chunk;
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  clearTimeout(timer);
  const line = out
    .split('\n')
    .reverse()
    .find((each) => each.startsWith('{'));
  if (line === undefined)
    return { passed: 0, failed: [`It ended with ${code} and said nothing.\n${err.slice(-2_000)}`] };
  return JSON.parse(line);
}

const folder = await mkdtemp(join(tmpdir(), 'runtimes-'));
let broken = 0;
let all = 0;
try {
  await project(folder);
  const files = [
    ['ES modules', await bundle(folder, 'esm', '.mjs')],
    ['CommonJS', await bundle(folder, 'cjs', '.cjs')],
  ];
  for (const runtime of process.argv.includes('--here') ? [here] : await runtimes()) {
    for (const [kind, file] of files) {
      const begin = performance.now();
      const { passed, failed } = await play(runtime, file, folder);
      const seconds = ((performance.now() - begin) / 1000).toFixed(1);
      console.log(`${runtime.name}, ${kind}: ${passed} passed, ${failed.length} failed (${seconds} s)`);
      for (const each of failed.slice(0, 5)) console.log(`  ${each}`);
      broken += failed.length;
      all += passed;
    }
  }
  if (!process.argv.includes('--here')) {
    for (const walkIn of [walkInBrowser, walkInWorker]) {
      const { version, looked, complaints } = await walkIn(folder);
      console.log(`${version}, ES modules: ${looked} passed, ${complaints.length} failed`);
      for (const each of complaints) console.log(`  ${each}`);
      broken += complaints.length;
      all += looked;
    }
  }
} finally {
  await rm(folder, { recursive: true, force: true });
}
console.log(`${all} passed, ${broken} failed`);
process.exitCode = broken === 0 && all > 0 ? 0 : 1;
