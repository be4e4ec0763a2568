// Files that hold a secret do not belong where git would pick them up: one `git add .` later the secret is in a history,
// and then in everybody's. git itself is asked; where it cannot answer, a `.git` above the file is enough to refuse.

import { spawnSync } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { temporaryName } from '../../node/temporary.ts';
import { printable } from '../../util/printable.ts';
import { shownPath } from '../files.ts';
import { usage } from './exit-codes.ts';
import type { Env } from './proxy.ts';

const TIMEOUT_MS = 10_000;

/** Refuses a path that git would track. `option` is what named it. */
export function refuseTracked(path: string, option: string, env: Env): void {
  const verdict = wouldTrack(path, env);
  if (verdict === 'no') return;
  const name = printable(basename(path), 80);
  const why = {
    yes: `git would track it: it lies in a work tree and is not ignored. Put it elsewhere, or ${name}* into .gitignore.`,
    beside: `git ignores it, but not the temporary file beside it (${name}.….tmp), which is left with the secret where a write is killed. Let .gitignore say ${name}*.`,
    maybe: 'it lies below a .git, and git could not be asked whether it is ignored. Put it elsewhere.',
  }[verdict];
  throw usage(`${option} ${shownPath(path)}: ${why} Or say --allow-in-git.`);
}

/**
 * Whether git would track it; `beside`: not it, but what it is written to before it is renamed; `maybe` where there is a
 * repository and git cannot tell.
 */
export function wouldTrack(path: string, env: Env): 'yes' | 'beside' | 'no' | 'maybe' {
  let folder = dirname(path);
  try {
    // Where the file would really be: a link may lead into a work tree.
    folder = realpathSync(folder);
  } catch {
    // It does not exist; writing will say so.
  }
  if (!below(folder)) return 'no';
  // A variable such as GIT_DIR would make git speak of another repository.
  const clean = Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('GIT_')));
  const target = join(folder, basename(path));
  const asked = [target, join(folder, temporaryName(basename(path)))];
  const { status, stdout } = spawnSync(
    'git',
    ['-c', 'core.fsmonitor=false', '-C', folder, 'check-ignore', '-z', '--stdin'],
    {
      env: clean,
      input: asked.map((each) => `${each}\0`).join(''),
      stdio: ['pipe', 'pipe', 'ignore'],
      encoding: 'utf8',
      timeout: TIMEOUT_MS,
      windowsHide: true,
    },
  );
  if (status === 1) return 'yes';
  if (status !== 0) return 'maybe';
  const ignored = stdout.split('\0').filter((each) => each !== '');
  return ignored.length === 2 ? 'no' : ignored[0] === target ? 'beside' : 'yes';
}

/** Whether the folder, or one above it, has a `.git`. */
function below(folder: string): boolean {
  for (let at = folder; ; at = dirname(at)) {
    if (existsSync(join(at, '.git')) || basename(at) === '.git') return true;
    if (dirname(at) === at) return false;
  }
}
