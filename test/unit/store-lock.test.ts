// The lock file beside a record: who gets it and for how long others wait, how it is kept fresh, and when one that was left
// behind is broken. The files are real, the clock is not.
import fs from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { here } from '../../src/node/temporary.ts';
import { lockFile } from '../../src/rotation/stores/file-lock.ts';
import { temporaryFolder } from '../support/credentials.ts';
import { failure } from '../support/rotation.ts';

vi.setConfig({ testTimeout: 2_000 });

const { promises } = process.getBuiltinModule('node:fs');
/** A whole second, so that a file's time is exactly what it is set to. */
const NOW = Math.floor(Date.now() / 1000) * 1000;
/** No system has a process of that number. */
const NOBODY = 2 ** 30;

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
    now: NOW,
  });
});
afterEach(() => void vi.useRealTimers());

const inFolder = () => {
  const folder = temporaryFolder();
  return { folder, path: join(folder, 'record.lock') };
};

/** A lock of somebody else, which has been silent for so long. */
async function locked(path: string, text: string, silentMs = 0) {
  await fs.writeFile(path, text);
  const then = new Date(NOW - silentMs);
  await fs.utimes(path, then, then);
}

let over = false;
beforeEach(() => {
  over = false;
});
afterEach(() => {
  over = true;
});

/** Files answer when they do: the loop of the process is turned until they have, or the test is over. */
async function turned(until: () => unknown): Promise<void> {
  while (!until()) {
    if (over) throw new Error('The test was over before.');
    await new Promise((done) => setImmediate(done));
  }
}

/** The wait for a lock, with its pauses. Each is over at once. */
async function waited(path: string) {
  const pauses: (number | undefined)[] = [];
  const begun = vi.getTimerCount();
  const timer = vi.spyOn(globalThis, 'setTimeout');
  let done = false;
  const lock = lockFile(path).finally(() => {
    done = true;
  });
  await turned(() => {
    if (!done && vi.getTimerCount() > begun) vi.advanceTimersByTime(100);
    return done;
  });
  pauses.push(...timer.mock.calls.map(([, ms]) => ms));
  timer.mockRestore();
  return { lock: await lock, pauses };
}

async function taken(path: string) {
  const lock = await lockFile(path);
  if (lock === undefined) throw new Error('The lock was not given.');
  return lock;
}

describe('a lock', () => {
  it('names its machine and its process, for its owner alone, and leaves nothing behind', async () => {
    const { folder, path } = inFolder();
    const write = vi.spyOn(promises, 'writeFile');
    const lock = await taken(path);
    const text = await fs.readFile(path, 'utf8');
    expect(text).toMatch(new RegExp(`^${here()} ${process.pid} [a-z0-9]+\n$`));
    expect((await fs.stat(path)).mode & 0o777).toBe(0o600);
    expect(write).toHaveBeenCalledExactlyOnceWith(expect.stringContaining(`${path}.`), text, {
      flag: 'wx',
      mode: 0o600,
    });
    expect(await fs.readdir(folder)).toEqual(['record.lock']);
    expect(await lock.held()).toBe(true);
    await lock.release();
    expect(await fs.readdir(folder)).toEqual([]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('that somebody else has by now is not held any more, and is left to them', async () => {
    const { path } = inFolder();
    const lock = await taken(path);
    await fs.writeFile(path, 'elsewhere 1 abc\n');
    expect(await lock.held()).toBe(false);
    await lock.release();
    expect(await fs.readFile(path, 'utf8')).toBe('elsewhere 1 abc\n');
  });

  it('that is gone is not held any more', async () => {
    const { path } = inFolder();
    const lock = await taken(path);
    await fs.rm(path);
    expect(await lock.held()).toBe(false);
    await lock.release();
  });

  it('is kept fresh each second, as long as it is held', async () => {
    const { path } = inFolder();
    const lock = await taken(path);
    const touch = vi.spyOn(promises, 'utimes');
    const read = vi.spyOn(promises, 'readFile');
    vi.advanceTimersByTime(999);
    expect(read).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    await turned(() => touch.mock.settledResults[0]?.type === 'fulfilled');
    expect((await fs.stat(path)).mtimeMs).toBe(NOW + 1000);
    await fs.writeFile(path, 'elsewhere 1 abc\n');
    read.mockClear();
    vi.advanceTimersByTime(1000);
    await turned(() => read.mock.settledResults[0]?.type === 'fulfilled');
    await new Promise((done) => setImmediate(done));
    expect(touch).toHaveBeenCalledTimes(1);
    await lock.release();
  });

  it('that cannot be touched or removed is let be', async () => {
    const { path } = inFolder();
    const lock = await taken(path);
    const touch = vi.spyOn(promises, 'utimes').mockRejectedValue(new Error('no'));
    vi.advanceTimersByTime(1000);
    await turned(() => touch.mock.settledResults.length > 0);
    vi.spyOn(promises, 'unlink').mockRejectedValue(new Error('no'));
    await lock.release();
  });
});

describe('a lock of somebody else', () => {
  it('is waited for, in longer and longer pauses, and taken when it is free', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.25);
    const { path } = inFolder();
    await locked(path, 'elsewhere 1 abc\n');
    let looks = 0;
    const real = promises.stat;
    vi.spyOn(promises, 'stat').mockImplementation(async (...given) => {
      looks += 1;
      if (looks === 9) await fs.rm(path);
      return Reflect.apply(real, promises, given);
    });
    const { lock, pauses } = await waited(path);
    expect(pauses).toEqual([1.5, 3, 6, 12, 24, 48, 75, 75]);
    expect(await lock?.held()).toBe(true);
    await lock?.release();
  });

  it('is waited for 15 seconds, and no longer', async () => {
    const { path } = inFolder();
    await locked(path, 'elsewhere 1 abc\n');
    const clock = vi.spyOn(performance, 'now').mockReturnValue(115_001);
    for (const time of [100_000, 114_999, 115_000]) clock.mockReturnValueOnce(time);
    const { lock, pauses } = await waited(path);
    expect(lock).toBeUndefined();
    expect(pauses).toHaveLength(2);
    expect(await fs.readFile(path, 'utf8')).toBe('elsewhere 1 abc\n');
  });

  it.each([
    ['of a process of this machine that is gone', `${here()} ${NOBODY} abc\n`, 0],
    ['that was silent for longer than 10 seconds', 'elsewhere 1 abc\n', 11_000],
  ])('%s is broken at once', async (_, text, silentMs) => {
    const { folder, path } = inFolder();
    await locked(path, text, silentMs);
    const { lock, pauses } = await waited(path);
    expect(pauses).toEqual([]);
    expect(await lock?.held()).toBe(true);
    expect(await fs.readdir(folder)).toEqual(['record.lock']);
    await lock?.release();
  });

  it.each([
    ['of a process of this machine that is alive', `${here()} ${process.ppid} abc\n`, 0],
    ['of another machine, whatever its process', `elsewhere ${NOBODY} abc\n`, 0],
    ['that was silent for 10 seconds', `elsewhere ${NOBODY} abc\n`, 10_000],
  ])('%s is respected', async (_, text, silentMs) => {
    const { path } = inFolder();
    await locked(path, text, silentMs);
    vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValue(15_001);
    expect((await waited(path)).lock).toBeUndefined();
    expect(await fs.readFile(path, 'utf8')).toBe(text);
  });

  it('that is gone when it is looked at is no reason for a pause', async () => {
    const { path } = inFolder();
    await locked(path, 'elsewhere 1 abc\n');
    vi.spyOn(promises, 'stat').mockImplementationOnce(async () => {
      await fs.rm(path);
      throw Object.assign(new Error('gone'), { code: 'ENOENT' });
    });
    const { lock, pauses } = await waited(path);
    expect(pauses).toEqual([]);
    await lock?.release();
  });

  it('that was taken anew while a dead one was broken is put back', async () => {
    const { folder, path } = inFolder();
    await locked(path, `${here()} ${NOBODY} abc\n`);
    const real = promises.rename;
    vi.spyOn(promises, 'rename').mockImplementationOnce(async (...given) => {
      await fs.writeFile(path, 'elsewhere 1 anew\n');
      return Reflect.apply(real, promises, given);
    });
    vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValue(15_001);
    expect((await waited(path)).lock).toBeUndefined();
    expect(await fs.readFile(path, 'utf8')).toBe('elsewhere 1 anew\n');
    expect(await fs.readdir(folder)).toEqual(['record.lock']);
  });

  it('that was taken by a third one meanwhile is not put back over theirs', async () => {
    const { path } = inFolder();
    await locked(path, `${here()} ${NOBODY} abc\n`);
    const real = promises.rename;
    vi.spyOn(promises, 'rename').mockImplementationOnce(async (from, to) => {
      await fs.writeFile(path, 'elsewhere 1 anew\n');
      await Reflect.apply(real, promises, [from, to]);
      await fs.writeFile(path, 'elsewhere 2 third\n');
    });
    vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValue(15_001);
    expect((await waited(path)).lock).toBeUndefined();
    expect(await fs.readFile(path, 'utf8')).toBe('elsewhere 2 third\n');
  });
});

describe('a folder that refuses', () => {
  const denied = Object.assign(new Error('no'), { code: 'EACCES' });

  it.each(['writeFile', 'link', 'readFile'] as const)('a lock (%s) is an error', async (what) => {
    const { folder, path } = inFolder();
    await locked(path, 'elsewhere 1 abc\n');
    vi.spyOn(promises, what).mockRejectedValue(denied);
    expect(await failure(lockFile(path))).toBe(denied);
    expect(await fs.readdir(folder)).toEqual(['record.lock']);
  });
});
