// Files that hold a secret do not belong where git would pick them up: one `git add .` later the secret is in a history.

import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { harmless } from '../../util/printable.ts';
import { usage } from './exit.ts';
import type { Env } from './network.ts';

/** Refuses a path that git would track, or whose temporary file it would. `option` is what named it. */
export function refuseTracked(path: string, option: string, env: Env): void {
  let folder = dirname(path);
  try {
    // Where the file would really be: a link may lead into a work tree.
    folder = realpathSync(folder);
  } catch {
    // It does not exist; writing will say so.
  }
  if (!isBelowGit(folder)) return;
  const name = basename(path);
  const target = join(folder, name);
  const { status, stdout } = spawnSync(
    'git',
    ['-c', 'core.fsmonitor=false', '-C', folder, 'check-ignore', '-z', '--stdin'],
    {
      // Not where the file goes: Windows looks for programs in the working directory first.
      cwd: dirname(process.execPath),
      env: {
        // A variable such as GIT_DIR would make git speak of another repository.
        ...Object.fromEntries(Object.entries(env).filter(([variable]) => !variable.startsWith('GIT_'))),
        // Nothing that the repository configures may be fetched.
        ...{ GIT_ALLOW_PROTOCOL: 'none', GIT_NO_LAZY_FETCH: '1' },
      },
      // What a write that is killed leaves behind holds the secret, too.
      input: `${target}\0${target}.00000000.1.000000000000.tmp\0`,
      encoding: 'utf8',
      timeout: 10_000,
      windowsHide: true,
    },
  );
  if (status === 0 && stdout.split('\0').length === 3) return;
  const why =
    status === 0 || status === 1
      ? `git would track it, or the temporary file beside it while it is written. Choose another folder, or add ${name}* to .gitignore.`
      : 'it is below a .git, and git could not be asked whether it is ignored. Choose another folder.';
  throw usage(`${option} ${harmless(path)}: ${why} --allow-in-git writes it all the same.`);
}

/** Whether the folder, or one above it, has a `.git`. */
function isBelowGit(folder: string): boolean {
  if (existsSync(join(folder, '.git')) || basename(folder) === '.git') return true;
  return dirname(folder) !== folder && isBelowGit(dirname(folder));
}
