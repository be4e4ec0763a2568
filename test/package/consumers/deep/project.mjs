// Empty projects that have installed the tarball by npm from a registry, as its users do, and programs run in them.

import { execFile, spawn } from 'node:child_process';
import { cp, mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const isWindows = process.platform === 'win32';
const consumers = fileURLToPath(new URL('..', import.meta.url));

/** The repository. */
export const repository = fileURLToPath(new URL('../../../../', import.meta.url));

const readJson = async (...path) => JSON.parse(await readFile(join(repository, ...path), 'utf8'));

/** The manifest of the package. */
export const manifest = await readJson('package.json');

/** What docs/support.json says. */
export const support = await readJson('docs', 'support.json');

/** Packs what is built into `package.tgz`. */
export async function pack(folder) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder];
  const { stdout } = await run('npm', args, { cwd: repository, shell: isWindows });
  const name = /"filename":\s*"([^"]+)"/.exec(stdout)?.[1];
  await rename(join(folder, name), join(folder, 'package.tgz'));
}

/** A project of its own in `<folder>/<name>`, with the tarball and these packages: a range for each name. */
export async function project(folder, name, packages = {}) {
  const root = join(folder, name);
  await mkdir(root);
  // What the repository holds back in its own tree is held back here, too.
  const dependencies = { 'blazemeter-client': 'file:../package.tgz', ...packages };
  const held = Object.entries(manifest.overrides ?? {}).filter(([each]) => !(each in dependencies));
  await writeFile(
    join(root, 'package.json'),
    JSON.stringify({ private: true, dependencies, overrides: Object.fromEntries(held) }),
  );
  const args = ['install', '--no-audit', '--no-fund', '--loglevel=error'];
  await run('npm', args, { cwd: root, shell: isWindows });
  return root;
}

/** Copies a folder of the consumers into a project. */
export async function consumer(root, name) {
  await cp(join(consumers, name), join(root, name), { recursive: true });
  return join(root, name);
}

const KEPT = ['PATH', 'Path', 'HOME', 'USERPROFILE', 'SystemRoot', 'TMPDIR', 'TEMP', 'TMP', 'APPDATA'];
const env = Object.fromEntries(
  KEPT.filter((name) => process.env[name] !== undefined).map((name) => [name, process.env[name]]),
);

/** Runs a program to its end: exit code and output. Two minutes at most. */
export async function ended(command, args, cwd, { shell = false } = {}) {
  const child = spawn(command, args, { cwd, env, shell, stdio: ['ignore', 'pipe', 'pipe'] });
  const timer = setTimeout(() => child.kill('SIGKILL'), 120_000);
  const told = { stdout: '', stderr: '' };
  for (const stream of ['stdout', 'stderr'])
    child[stream].on('data', (chunk) => {
      told[stream] += chunk;
    });
  const code = await new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('close', resolve);
  });
  clearTimeout(timer);
  return { code, ...told };
}

/** The output of a program that must succeed. */
export async function output(command, args, cwd, options) {
  const { code, stdout, stderr } = await ended(command, args, cwd, options);
  if (code !== 0) throw new Error(`exit code ${code}\n${stdout}${stderr}`);
  return stdout;
}

/** Runs a file by Node; it must print OK, and nothing else. */
export async function saysOk(file, cwd) {
  const { code, stdout, stderr } = await ended(process.execPath, [file], cwd);
  if (code !== 0 || stdout !== 'OK\n' || stderr !== '')
    throw new Error(`exit code ${code}\n${stdout}${stderr}`);
}

/** A command of an installed package, by its file in node_modules/.bin: what npm has put there has to start. */
export function installedCommand(root, name, args, cwd = root) {
  const file = join(root, 'node_modules', '.bin', name);
  return isWindows ? output(`"${file}.cmd"`, args, cwd, { shell: true }) : output(file, args, cwd);
}

/** npx in a project, without leave to install anything. */
export const npx = (root, args) => output('npx', ['--no-install', ...args], root, { shell: isWindows });

/** The version of a package that a project has got. */
export async function versionOf(root, name) {
  return JSON.parse(await readFile(join(root, 'node_modules', name, 'package.json'), 'utf8')).version;
}
