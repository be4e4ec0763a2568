// Files that hold a secret do not belong where git would pick them up: one `git add .` later the secret is in a history.
// git itself is asked; where it cannot tell, a `.git` above the file is enough to refuse.

import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { shownPath } from '../files.ts';
import { usage } from './exit.ts';
import type { Env } from './network.ts';

const TIMEOUT_MS = 10_000;

/** Refuses a path that git would track. `option` is what named it. */
export function refuseTracked(path: string, option: string, env: Env): void {
  const verdict = wouldTrack(path, env);
  if (verdict === 'no') return;
  const name = basename(path);
  const why = {
    yes: `git would track it: it is in a work tree and not ignored. Choose another folder, or add ${name}* to .gitignore.`,
    beside: `git ignores it, but not the temporary file beside it (${name}.….tmp), which stays behind with the secret if a write is killed. Add ${name}* to .gitignore.`,
    unknown: 'it is below a .git, and git could not be asked whether it is ignored. Choose another folder.',
  }[verdict];
  throw usage(`${option} ${shownPath(path)}: ${why} Or give --allow-in-git.`);
}

/** Whether git would track the file, or only the temporary file that it is written to before it is renamed. */
function wouldTrack(path: string, env: Env): 'yes' | 'beside' | 'no' | 'unknown' {
  let folder = dirname(path);
  try {
    // Where the file would really be: a link may lead into a work tree.
    folder = realpathSync(folder);
  } catch {
    // It does not exist; writing will say so.
  }
  if (!isBelowGit(folder)) return 'no';
  const target = join(folder, basename(path));
  const { status, stdout } = spawnSync(
    'git',
    ['-c', 'core.fsmonitor=false', '-C', folder, 'check-ignore', '-z', '--stdin'],
    {
      // A variable such as GIT_DIR would make git speak of another repository.
      env: {
        ...Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('GIT_'))),
        GIT_ALLOW_PROTOCOL: 'none',
        GIT_NO_LAZY_FETCH: '1',
      },
      input: `${target}\0${target}.00000000.1.000000000000.tmp\0`,
      stdio: ['pipe', 'pipe', 'ignore'],
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
      windowsHide: true,
    },
  );
  if (status !== 0) return status === 1 ? 'yes' : 'unknown';
  const ignored = stdout.split('\0').filter((each) => each !== '');
  return ignored.length === 2 ? 'no' : ignored[0] === target ? 'beside' : 'yes';
}

/** Whether the folder, or one above it, has a `.git`. */
function isBelowGit(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git')) || basename(at) === '.git') return true;
    if (dirname(at) === at) return false;
  }
}
