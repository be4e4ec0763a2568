// The runtimes that docs/support.json names, as programs: fetched from the npm registry into a folder of their own, which is
// kept for the next run.

import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What is supported, as data. */
export const support = JSON.parse(readFileSync(new URL('../../docs/support.json', import.meta.url), 'utf8'));

/** The runtime that this program runs on. */
export const here = { name: `node ${process.versions.node}`, command: process.execPath, args: [] };

const platform = process.platform === 'win32' ? 'win' : process.platform;

/** Package and program of a runtime. */
function wanted() {
  const nodes = support.node.map((major) => ({
    label: `node ${major}`,
    folder: `node-${major}`,
    spec: `npm:node-${platform}-${process.arch}@${major}`,
    program: platform === 'win' ? 'bin/node.exe' : 'bin/node',
    args: [],
  }));
  const others = {
    bun: { label: 'bun', folder: 'bun', spec: 'latest', program: 'bin/bun.exe', args: ['run'] },
    deno: {
      label: 'deno',
      folder: 'deno',
      spec: 'latest',
      program: 'bin.cjs',
      args: ['run', '--allow-all', '--quiet'],
    },
  };
  return [...nodes, ...support.others.map((name) => others[name])];
}

/** Installs a package into a folder of its own, unless it is there. Returns the folder. */
export async function install(name, spec) {
  const home = join(tmpdir(), 'blazemeter-client-runtimes', name);
  if (existsSync(join(home, 'package-lock.json'))) return home;
  mkdirSync(home, { recursive: true });
  writeFileSync(
    join(home, 'package.json'),
    JSON.stringify({ private: true, dependencies: { [name]: spec } }),
  );
  // Bun, Deno and workerd put their program in place by a script of their own.
  await run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], {
    cwd: home,
    shell: process.platform === 'win32',
  });
  return home;
}

/** Each runtime with the version that it says it is. */
export async function runtimes() {
  const found = [];
  for (const each of wanted()) {
    const home = await install(each.folder, each.spec);
    const installed = join(home, 'node_modules', each.folder);
    const { command, args } = programOf(installed, home, each);
    const { stdout } = await run(command, ['--version']);
    const version = /\d+\.\d+\.\d+/.exec(stdout)?.[0];
    found.push({ name: `${each.label.split(' ')[0]} ${version}`, command, args });
  }
  return found;
}

/** Bun moves its program into its own package when it is installed; otherwise it is in the package of the platform. */
function programOf(installed, home, { folder, program, args }) {
  if (folder.startsWith('node')) return { command: join(installed, program), args };
  const scope = join(home, 'node_modules', { bun: '@oven', deno: '@deno' }[folder]);
  const packages = existsSync(scope) ? readdirSync(scope).map((name) => join(scope, name)) : [];
  for (const place of [...packages, installed]) {
    for (const file of [folder, `${folder}.exe`]) {
      for (const path of [join(place, 'bin', file), join(place, file)])
        if (existsSync(path)) return { command: path, args };
    }
  }
  throw new Error(`${folder} was installed, and its program is not found.`);
}
