// A lock file beside a record, for the milliseconds that a write takes. Its holder keeps it fresh; one that a dead process
// has left is broken. Should two ever hold it at once, a write still checks that the lock is its own just before it counts.

import { builtin } from '../../node/builtin.ts';
import { errorCode } from '../../node/source.ts';
import { abandoned, here } from '../../node/temporary.ts';
import { newNonce } from '../../util/key-name.ts';

/** How often the holder says that it is alive, and after what silence it is not, in milliseconds. */
const HEARTBEAT = 1_000;
const DEAD_AFTER = 10_000;
/** How long a lock is waited for: longer than a dead one stands. */
const WAIT_AT_MOST = 15_000;
const LONGEST_PAUSE = 100;

/** A lock in hand. */
export interface FileLock {
  /** Whether it is still ours: a process that was stopped for long may have lost it. */
  held(): Promise<boolean>;
  release(): Promise<void>;
}

/** Takes the lock, or resolves with `undefined` where a living process keeps it for too long. */
export async function lockFile(path: string): Promise<FileLock | undefined> {
  const { promises } = builtin('node:fs');
  const token = `${here()} ${process.pid} ${newNonce()}\n`;
  const end = performance.now() + WAIT_AT_MOST;
  for (let pause = 2; ; pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    if (await create(path, token)) break;
    if (await breakDead(path)) continue;
    if (performance.now() > end) return undefined;
    await new Promise((done) => setTimeout(done, pause * (0.5 + Math.random())));
  }
  const held = async () => (await promises.readFile(path, 'utf8').catch(() => '')) === token;
  const heart = setInterval(() => {
    const now = new Date();
    void held().then((mine) => (mine ? promises.utimes(path, now, now).catch(() => {}) : undefined));
  }, HEARTBEAT);
  heart.unref();
  return {
    held,
    async release() {
      clearInterval(heart);
      if (await held()) await promises.unlink(path).catch(() => {});
    },
  };
}

/** The file appears with its text or not at all: a lock without its owner's name could not be judged. */
async function create(path: string, token: string): Promise<boolean> {
  const { promises } = builtin('node:fs');
  const temporary = `${path}.${newNonce()}`;
  await promises.writeFile(temporary, token, { flag: 'wx', mode: 0o600 });
  try {
    await promises.link(temporary, path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await promises.unlink(temporary).catch(() => {});
  }
}

/** Removes the lock of a dead process. Whether it is worth trying again at once. */
async function breakDead(path: string): Promise<boolean> {
  const { promises } = builtin('node:fs');
  try {
    const text = await promises.readFile(path, 'utf8');
    const { mtimeMs } = await promises.stat(path);
    const [where, pid] = text.split(' ');
    const silent = Date.now() - mtimeMs > DEAD_AFTER;
    if (!silent && !(where === here() && abandoned(Number(pid), mtimeMs))) return false;
    // Taken aside first: if somebody else has broken it and locked anew meanwhile, it is put back.
    const aside = `${path}.${newNonce()}`;
    await promises.rename(path, aside);
    if ((await promises.readFile(aside, 'utf8')) !== text) await promises.link(aside, path).catch(() => {});
    await promises.unlink(aside);
    return true;
  } catch (error) {
    // Gone: its holder was done.
    if (errorCode(error) === 'ENOENT') return true;
    throw error;
  }
}
