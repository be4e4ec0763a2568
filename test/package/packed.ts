// The package as people get it: packed, and unpacked into folders beside nothing but what it asks for. No network:
// what a registry would bring is linked from the repository's own node_modules.

import { execFile } from 'node:child_process';
import { cp, mkdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { inject } from 'vitest';
import { fields, json, repository } from './commands.ts';

/** Where the parts of the packed package are. */
export interface Packed {
  /** The `.tgz` itself. */
  readonly tarball: string;
  /** A project that has installed it: the package, its dependencies and msw. */
  readonly app: string;
  /** Another project with a copy of its own. */
  readonly second: string;
  /** A project that compiles against it, its dependencies and msw: a declaration that names another package does not compile. */
  readonly types: string;
}

/** The folder of the package inside a project. */
export const installed = (project: string): string => join(project, 'node_modules', 'blazemeter-client');

/** Packs, or waits until another test file has done so. */
export async function packed(): Promise<Packed> {
  const folder = inject('packageFolder');
  const parts: Packed = {
    tarball: join(folder, 'package.tgz'),
    app: join(folder, 'app'),
    second: join(folder, 'second'),
    types: join(folder, 'types'),
  };
  const outcome = join(folder, 'outcome');
  const first = await mkdir(join(folder, 'taken')).then(
    () => true,
    () => false,
  );
  if (first) {
    const problem = await pack(folder, parts).then(
      () => '',
      (error: unknown) => String(error),
    );
    // Renamed into place, so that nobody reads half of it.
    await writeFile(`${outcome}.new`, problem);
    await rename(`${outcome}.new`, outcome);
  }
  for (;;) {
    const problem = await readFile(outcome, 'utf8').catch(() => undefined);
    if (problem === '') return parts;
    if (problem !== undefined) throw new Error(problem);
    await sleep(50);
  }
}

async function pack(folder: string, parts: Packed): Promise<void> {
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const options = { cwd: repository, shell: process.platform === 'win32' };
  const { stdout } = await promisify(execFile)(
    npm,
    ['pack', '--json', '--ignore-scripts', '--loglevel=error', '--pack-destination', folder],
    options,
  );
  const name = /"filename":\s*"([^"]+)"/.exec(stdout)?.[1];
  if (name === undefined) throw new Error(`npm pack named no file: ${stdout}`);
  await rename(join(folder, name), parts.tarball);
  await promisify(execFile)('tar', ['-xzf', 'package.tgz'], { cwd: folder });
  const { dependencies } = await json(join(repository, 'package.json'));
  const runtime = Object.keys(fields(dependencies));
  await install(folder, parts.app, [...runtime, 'msw']);
  await install(folder, parts.second, runtime);
  await install(folder, parts.types, [...runtime, 'msw', '@types/node']);
}

async function install(folder: string, project: string, beside: readonly string[]): Promise<void> {
  await cp(join(folder, 'package'), installed(project), { recursive: true });
  await writeFile(join(project, 'package.json'), '{ "private": true }\n');
  for (const name of beside) {
    const link = join(project, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(join(repository, 'node_modules', name), link, 'junction');
  }
}

/** The entry points of the package, by the names that a program imports. */
export async function entryPoints(project: string): Promise<string[]> {
  const { name, exports } = await json(join(installed(project), 'package.json'));
  const ways = Object.keys(fields(exports)).filter((way) => way !== './package.json');
  return ways.map((way) => `${name}${way.slice(1)}`);
}

/** Copies a folder of `consumers/` into a project, and gives back where it is. */
export async function consumer(name: string, project: string): Promise<string> {
  const folder = join(project, name);
  await cp(new URL(`./consumers/${name}/`, import.meta.url), folder, { recursive: true });
  return folder;
}
