// A lock file beside a record, for the milliseconds that a write takes. Its holder touches it every second. Whether a lock
// is dead is judged by watching it, and by nothing that stands in it: no clock, no process id and no permission can mislead.

import type { BigIntStats } from 'node:fs';
import { builtin } from '../../node/builtin.ts';
import { errorCode } from '../../node/source.ts';
import { newNonce } from '../../util/key-name.ts';

/** How often the holder touches its lock, in milliseconds. */
const HEARTBEAT = 1_000;
/** A lock that does not change while it is watched for this long is dead. */
const DEAD_AFTER = 5_000;
/** How long to wait for a lock whose holder is alive. */
const WAIT_AT_MOST = 15_000;
const LONGEST_PAUSE = 100;

export interface FileLock {
  /** Whether the lock is still ours: a process that was stopped for long may have lost it. */
  held(): Promise<boolean>;
  release(): Promise<void>;
}

/** Takes the lock of a file, or resolves with `undefined` where a live process holds it for too long. */
export async function lockFile(path: string): Promise<FileLock | undefined> {
  const { promises } = builtin('node:fs');
  const lock = `${await realPath(path)}.lock`;
  const token = `${process.pid} ${newNonce()}\n`;
  const deadline = performance.now() + WAIT_AT_MOST;
  let watched: Watched | undefined;
  for (let pause = 2; !(await create(lock, token)); pause = Math.min(pause * 2, LONGEST_PAUSE)) {
    watched = await watch(lock, watched);
    if (watched !== undefined && watched.unchangedFor > DEAD_AFTER) {
      await breakLock(lock, watched);
      watched = undefined;
    } else if (performance.now() > deadline) return undefined;
    await new Promise((done) => setTimeout(done, pause * (0.5 + Math.random())));
  }
  await removeLeftovers(lock);
  const held = () => holds(lock, token);
  const heart = setInterval(() => {
    const now = new Date();
    void held().then((mine) => (mine ? promises.utimes(lock, now, now).catch(() => {}) : undefined));
  }, HEARTBEAT);
  heart.unref();
  return {
    held,
    async release() {
      clearInterval(heart);
      if (await held()) await promises.unlink(lock).catch(() => {});
    },
  };
}

/** The file behind every name and link, so that all of them share one lock. It need not exist yet. */
async function realPath(path: string): Promise<string> {
  const { promises } = builtin('node:fs');
  const { basename, dirname, join, resolve } = builtin('node:path');
  try {
    return await promises.realpath(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    return join(await promises.realpath(dirname(resolve(path))), basename(path));
  }
}

/** Creates the lock file, exclusively. Whether it was free. */
async function create(lock: string, token: string): Promise<boolean> {
  const { promises } = builtin('node:fs');
  let handle: Awaited<ReturnType<typeof promises.open>>;
  try {
    handle = await promises.open(lock, 'wx', 0o600);
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
  try {
    await handle.writeFile(token);
  } catch (error) {
    // The disk is full, say. An empty lock would only keep others waiting.
    await promises.unlink(lock).catch(() => {});
    throw error;
  } finally {
    await handle.close();
  }
  return true;
}

/** Whether the lock file holds our token. What another user may have put in its place is neither followed nor waited for. */
async function holds(lock: string, token: string): Promise<boolean> {
  const { promises, constants } = builtin('node:fs');
  const { O_RDONLY, O_NONBLOCK, O_NOFOLLOW } = constants;
  const handle = await promises.open(lock, O_RDONLY | O_NONBLOCK | O_NOFOLLOW).catch(() => undefined);
  try {
    const stat = await handle?.stat();
    if (handle === undefined || !stat?.isFile() || stat.size !== token.length) return false;
    return (await handle.readFile('utf8')) === token;
  } catch {
    return false;
  } finally {
    await handle?.close();
  }
}

/** A lock as it was seen last, and for how long it has not changed while it was watched. */
interface Watched {
  readonly stat: BigIntStats;
  readonly seenAt: number;
  readonly unchangedFor: number;
}

/** Looks at a lock again; `undefined` where it is gone. */
async function watch(lock: string, before: Watched | undefined): Promise<Watched | undefined> {
  const stat = await statusOf(lock);
  if (stat === undefined) return undefined;
  const seenAt = performance.now();
  if (before === undefined || !sameFile(before.stat, stat) || before.stat.ctimeNs !== stat.ctimeNs)
    return { stat, seenAt, unchangedFor: 0 };
  // Where this process, or the whole machine, was stopped in between, the holder may have been stopped too.
  const passed = Math.min(seenAt - before.seenAt, 2 * LONGEST_PAUSE);
  return { stat, seenAt, unchangedFor: before.unchangedFor + passed };
}

/** Without opening it: it may be of another user, or not a file. */
async function statusOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await builtin('node:fs').promises.lstat(path, { bigint: true });
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

/** Whether it is the same file, untouched since. Renaming it changes neither. */
const sameFile = (one: BigIntStats, other: BigIntStats | undefined): boolean =>
  one.mtimeNs === other?.mtimeNs && one.size === other.size;

/** Removes a dead lock. It is renamed first, so that of several processes that watched it only one removes it. */
async function breakLock(lock: string, { stat }: Watched): Promise<void> {
  const { promises } = builtin('node:fs');
  const aside = `${lock}.${newNonce()}`;
  try {
    if (!sameFile(stat, await statusOf(lock))) return;
    await promises.rename(lock, aside);
    // Another process was faster, and this is its own new lock. Where it cannot be put back, that process notices.
    if (!sameFile(stat, await statusOf(aside))) await promises.link(aside, lock).catch(() => {});
    await promises.unlink(aside);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** Removes what killed runs left behind while they broke or created a lock. */
async function removeLeftovers(lock: string): Promise<void> {
  const { promises } = builtin('node:fs');
  const { basename, dirname, join } = builtin('node:path');
  const prefix = `${basename(lock)}.`;
  for (const name of await promises.readdir(dirname(lock)).catch(() => [])) {
    if (name.startsWith(prefix) && /^[a-z2-9]{16}$/.test(name.slice(prefix.length)))
      await promises.unlink(join(dirname(lock), name)).catch(() => {});
  }
}
