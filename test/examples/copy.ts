// Copies an example out of the repository, as a reader does.
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { installed, packed } from '../package/packed.ts';
import { temporaryFolder } from '../support/credentials.ts';
import { root } from '../support/examples.ts';

const examples = join(root, 'examples');

const { app } = await packed();

/** The script of the reference command, as the packed package has it. */
export const referenceScript = (): string => join(installed(app), 'dist/cli/reference.js');

export interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly bin?: string | Readonly<Record<string, string>>;
}

export function manifestOf(name: string): Manifest {
  const file = join(examples, name, 'package.json');
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
}

export const packagesOf = ({ dependencies, devDependencies }: Manifest): string[] =>
  Object.keys({ ...dependencies, ...devDependencies });

/** Copies the folder alone, and installs what its package.json names. */
export function copied(name: string): string {
  const folder = join(temporaryFolder(), name);
  cpSync(join(examples, name), folder, { recursive: true });
  const modules = join(folder, 'node_modules');
  mkdirSync(join(modules, '.bin'), { recursive: true });
  for (const one of packagesOf(manifestOf(name))) {
    const from = join(one === 'blazemeter-client' ? app : root, 'node_modules', one);
    // axios, got and express are not installed here.
    if (!existsSync(from)) continue;
    symlinkSync(from, join(modules, one), 'junction');
    const { bin = {} }: Manifest = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8'));
    if (typeof bin === 'string') continue;
    for (const [command, file] of Object.entries(bin))
      symlinkSync(join(from, file), join(modules, '.bin', command));
  }
  return folder;
}
