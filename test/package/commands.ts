// Runs programs the way a consumer would: as processes of their own, in an environment that holds nothing of ours.

import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository. */
export const repository = fileURLToPath(new URL('../..', import.meta.url));

/** What a program left behind. */
export interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const KEPT = ['PATH', 'Path', 'HOME', 'USERPROFILE', 'SystemRoot', 'TMPDIR', 'TEMP', 'TMP', 'APPDATA'];

/** The environment without what vitest, npm and whoever runs the tests put there. */
function plainEnvironment(): Record<string, string> {
  const kept = KEPT.map((name): [string, string | undefined] => [name, process.env[name]]);
  return Object.fromEntries(kept.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** Runs Node with these arguments and waits for its end, whatever its exit code. */
export function node(args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((resolve, reject) => {
    const options = { cwd, env: plainEnvironment(), maxBuffer: 64 * 1024 * 1024, timeout: 120_000 };
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error === null) resolve({ code: 0, stdout, stderr });
      else if (typeof error.code === 'number') resolve({ code: error.code, stdout, stderr });
      else reject(error);
    });
  });
}

/** The same for a command of an installed package, without a shell and without the `.cmd` files of Windows. */
export async function tool(
  name: string,
  command: string,
  args: readonly string[],
  cwd: string,
): Promise<Ended> {
  const folder = join(repository, 'node_modules', name);
  const { bin } = await json(join(folder, 'package.json'));
  const path = typeof bin === 'string' ? bin : fields(bin)[command];
  if (typeof path !== 'string') throw new Error(`${name} has no command ${command}`);
  return node([join(folder, path), ...args], cwd);
}

/** A JSON file that holds an object. */
export async function json(path: string): Promise<Record<string, unknown>> {
  return fields(JSON.parse(await readFile(path, 'utf8')));
}

/** The fields of an object; of anything else, none. */
export function fields(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? { ...value } : {};
}

/** The output of a program that must succeed. */
export function output({ code, stdout, stderr }: Ended): string {
  if (code !== 0) throw new Error(`exit code ${code}\n${stdout}\n${stderr}`);
  return stdout;
}
