// The temporary files of writeKeyFile: their names, and which of them a crash has left behind. They hold secrets, so they are
// removed as soon as it is certain that no process is still writing them.

import { builtin } from './builtin.ts';
import { errorCode } from './source.ts';

/** After this long, in milliseconds, no process is still writing a file of a hundred bytes. */
const OLD_MS = 10 * 60_000;

/**
 * `<target>.<here>.<process>.<random>.tmp`. It begins with the target's name, so that a rule that keeps the target out of a
 * repository (`api-key.json*`) applies to it too.
 */
export function temporaryName(target: string): string {
  return `${target}.${here()}.${process.pid}.${builtin('node:crypto').randomBytes(6).toString('hex')}.tmp`;
}

/** Removes what earlier writes of this target have left behind. Never fails: the next write tries again. */
export async function removeLeftovers(target: string): Promise<void> {
  const { promises } = builtin('node:fs');
  const { basename, dirname, join } = builtin('node:path');
  const folder = dirname(target);
  const prefix = `${basename(target)}.`;
  for (const name of await promises.readdir(folder).catch(() => [])) {
    if (!name.startsWith(prefix)) continue;
    const parts = /^([\da-f]{8})\.(\d+)\.[\da-f]{12}\.tmp$/.exec(name.slice(prefix.length));
    if (parts === null) continue;
    const path = join(folder, name);
    try {
      const { mtimeMs } = await promises.lstat(path);
      const mine = parts[1] === here();
      if (Date.now() - mtimeMs > OLD_MS || (mine && abandoned(Number(parts[2]), mtimeMs)))
        await promises.unlink(path);
    } catch {
      // Its writer, or another process that cleans up, was faster.
    }
  }
}

/** Whether the process with that id, on this machine, cannot be writing a file of that time any more. */
function abandoned(pid: number, mtimeMs: number): boolean {
  // In a container every run has the same process id: what is older than this run belongs to an earlier one.
  if (pid === process.pid) return mtimeMs < Date.now() - process.uptime() * 1000;
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return errorCode(error) === 'ESRCH';
  }
}

/**
 * Eight hex digits for the set of processes whose ids can be compared: the host and, on Linux, its process namespace,
 * because containers may share a folder and a host name.
 */
function here(): string {
  let namespace = '';
  try {
    namespace = builtin('node:fs').readlinkSync('/proc/self/ns/pid');
  } catch {
    // Not Linux, or no /proc.
  }
  const name = `${builtin('node:os').hostname()} ${namespace}`;
  return builtin('node:crypto').createHash('sha256').update(name).digest('hex').slice(0, 8);
}
