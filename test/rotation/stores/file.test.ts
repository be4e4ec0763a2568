// A record in a file: private, replaced in one step, by one writer at a time, whoever died before. The files are real.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import fs from 'node:fs/promises';
import { join, relative } from 'node:path';
import { CredentialsError } from 'blazemeter-client';
import { fileStore, revealRecord, rotate, type Sealing, sealing } from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/credentials.ts';
import { madeUpRecord } from '../support/records.ts';
import { adopted, failure, heldBy, recordOf, rotationWorld } from '../support/world.ts';
import { openSeal } from './prepared.ts';

const { promises } = process.getBuiltinModule('node:fs');
const root = process.geteuid?.() === 0;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function inFile(seal?: Sealing) {
  const folder = temporaryFolder();
  const path = join(folder, 'record.json');
  return { folder, path, lock: `${path}.lock`, store: fileStore(path, { seal }) };
}

describe('fileStore', () => {
  it('keeps the record in a file that its owner alone can read, and leaves nothing else behind', async () => {
    const { folder, path, store } = inFile();
    const world = rotationWorld();
    await adopted(world, store);
    await rotate(world.client, {
      store,
      reason: 'expiry',
      drain: { minutes: 0 },
      timing: { lookAgainMs: 1 },
    });
    expect((await fs.stat(path)).mode & 0o777).toBe(0o600);
    expect(await fs.readdir(folder)).toEqual(['record.json']);
    expect(await recordOf(fileStore(path))).toMatchObject({ epoch: 1, phase: 'idle' });
  });

  it('has another etag for each text, and knows that another process has edited it', async () => {
    const { path, store } = inFile();
    const record = madeUpRecord();
    const { etag } = await store.write(record, { ifMatch: null });
    expect(await fs.readFile(path, 'utf8')).toBe(revealRecord(record));
    expect((await heldBy(fileStore(path))).etag).toBe(etag);
    await fs.appendFile(path, ' ');
    expect((await heldBy(store)).etag).not.toBe(etag);
  });

  it('binds a sealed record to the absolute path of the file', async () => {
    const seal = openSeal();
    const { path } = inFile();
    const store = fileStore(relative(process.cwd(), path), { seal });
    const { etag } = await store.write(madeUpRecord(), { ifMatch: null });
    await store.write(madeUpRecord(), { ifMatch: etag });
    expect(seal.places).toEqual(['seal', 'open', 'seal'].map((what) => `${what} file:${path}`));
  });

  it('keeps a text of 64 KiB, counted in bytes, and no byte more', async () => {
    const most = 'ü'.repeat(32_768);
    const texts = [most, `${most}x`];
    const record = madeUpRecord();
    const { path, store } = inFile({ seal: async () => texts.shift() ?? '', open: async () => record });
    const { etag } = await store.write(record, { ifMatch: null });
    expect((await fs.stat(path)).size).toBe(65_536);
    expect(await failure(store.write(record, { ifMatch: etag }))).toBeInstanceOf(CredentialsError);
    expect(await fs.readFile(path, 'utf8')).toBe(most);
  });

  it.each([
    ['rename', 'ENOSPC'],
    ['open', 'EROFS'],
  ] as const)('leaves the old record as it was where %s fails, and names the failure', async (name, code) => {
    const { path, store, folder } = inFile();
    const { etag } = await store.write(madeUpRecord(), { ifMatch: null });
    const before = await fs.readFile(path, 'utf8');
    const real = promises[name];
    vi.spyOn(promises, name).mockImplementation((...given: unknown[]) =>
      name === 'open' && given[0] === path
        ? Reflect.apply(real, promises, given)
        : Promise.reject(Object.assign(new Error('no'), { code })),
    );
    const error = await failure(store.write(madeUpRecord(), { ifMatch: etag }));
    vi.restoreAllMocks();
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error.message).toContain(code);
    expect(await fs.readFile(path, 'utf8')).toBe(before);
    expect(await fs.readdir(folder)).toEqual(['record.json']);
  });

  it.runIf(process.platform !== 'win32')(
    'neither waits for a pipe nor reads a huge file or a device in its place',
    async () => {
      const { folder, path } = inFile();
      execFileSync('mkfifo', [path]);
      const huge = join(folder, 'huge.json');
      await fs.writeFile(huge, '');
      await fs.truncate(huge, 3 * 1024 ** 3);
      for (const place of [path, huge, '/dev/zero']) {
        const store = fileStore(place);
        expect(await failure(store.read())).toBeInstanceOf(CredentialsError);
        expect(await failure(store.write(madeUpRecord(), { ifMatch: null }))).toBeInstanceOf(
          CredentialsError,
        );
      }
    },
  );

  it('acknowledges one of two writes of the same text over the same version', async () => {
    const { path, store } = inFile();
    const { etag } = await store.write(madeUpRecord(), { ifMatch: null });
    const record = madeUpRecord();
    const outcomes = await Promise.allSettled(
      [store, fileStore(path)].map((one) => one.write(record, { ifMatch: etag })),
    );
    expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  });

  it('opens a sealed record at its own path alone', async () => {
    const seal = sealing({ key: crypto.getRandomValues(new Uint8Array(32)) });
    const { folder, path, store } = inFile(seal);
    await store.write(madeUpRecord(), { ifMatch: null });
    const moved = join(folder, 'moved.json');
    await fs.copyFile(path, moved);
    expect(await failure(fileStore(moved, { seal }).read())).toMatchObject({ code: 'rotation_record' });
  });

  it('refuses options that it does not know', () => {
    expect(() => Reflect.apply(fileStore, undefined, ['ci.json', { followSymlinks: true }])).toThrow(
      TypeError,
    );
    expect(() => Reflect.apply(fileStore, undefined, ['ci.json', { seal: 'yes' }])).toThrow(TypeError);
  });

  it('reads a file that others can write only where that is allowed', async () => {
    const { path, store } = inFile();
    await store.write(madeUpRecord(), { ifMatch: null });
    await fs.chmod(path, 0o666);
    expect(await failure(store.read())).toBeInstanceOf(CredentialsError);
    expect(await fileStore(path, { allowInsecureFile: true }).read()).toBeDefined();
  });

  const theirs = (path: string) => fs.chown(path, 4711, 4711);
  const spoilt: [what: string, spoil: (folder: string) => Promise<void>][] = [
    ['that others can write to', (folder) => fs.chmod(folder, 0o777)],
    ['that is sticky, and others can write to', (folder) => fs.chmod(folder, 0o1777)],
  ];
  if (process.geteuid?.() === 0) spoilt.push(['of another user', theirs]);
  it.each(spoilt)('writes no record into a folder %s, unless that is allowed', async (_, spoil) => {
    const { folder, path, store } = inFile();
    await spoil(folder);
    expect(await failure(store.write(madeUpRecord(), { ifMatch: null }))).toBeInstanceOf(CredentialsError);
    expect(await fs.readdir(folder)).toEqual([]);
    await fileStore(path, { allowInsecureFile: true }).write(madeUpRecord(), { ifMatch: null });
    expect(await fileStore(path, { allowInsecureFile: true }).read()).toBeDefined();
  });

  it.skipIf(process.geteuid?.() !== 0)('never gives a record to the user who planted its file', async () => {
    for (const plant of [
      (path: string) => fs.writeFile(path, '').then(() => theirs(path)),
      (path: string) => fs.symlink('/tmp/of-another-user', path).then(() => fs.lchown(path, 4711, 4711)),
    ]) {
      const { folder, path, store } = inFile();
      await plant(path);
      const before = await fs.lstat(path);
      expect(await failure(store.write(madeUpRecord(), { ifMatch: null }))).toBeInstanceOf(CredentialsError);
      expect(await fs.readdir(folder)).toEqual(['record.json']);
      const { uid, size } = await fs.lstat(path);
      expect([uid, size]).toEqual([4711, before.size]);
    }
  });

  it('writes through a symbolic link only where that is allowed', async () => {
    const { folder, path, store } = inFile();
    const { etag } = await store.write(madeUpRecord(), { ifMatch: null });
    const link = join(folder, 'link.json');
    await fs.symlink(path, link);
    expect(await failure(fileStore(link).write(madeUpRecord(), { ifMatch: etag }))).toBeInstanceOf(
      CredentialsError,
    );
    expect((await heldBy(store)).etag).toBe(etag);
    await fileStore(link, { followSymlink: true }).write(madeUpRecord(), { ifMatch: etag });
    expect(sha256(await fs.readFile(path, 'utf8'))).not.toBe(etag);
    expect((await fs.lstat(link)).isSymbolicLink()).toBe(true);
  });

  it('takes nothing but a path', () => {
    expect(() => fileStore('')).toThrow(CredentialsError);
  });
});

describe('the lock beside the file', () => {
  /** Does something while a writer has the lock, whenever it reads the record. */
  function whileLocked(path: string, run: () => Promise<unknown>): void {
    const real = promises.open;
    vi.spyOn(promises, 'open').mockImplementation(async (...given) => {
      const locked = await fs.lstat(`${path}.lock`).catch(() => undefined);
      if (given[0] === path && locked !== undefined) await run();
      return Reflect.apply(real, promises, given);
    });
  }

  /** Lets time pass in which the lock is only watched, as fast as the disk allows. */
  async function watching<T>(work: () => Promise<T>, beat?: () => Promise<unknown>): Promise<T> {
    vi.useFakeTimers({ toFake: ['setTimeout', 'setInterval', 'clearInterval', 'performance'] });
    let over = false;
    const done = work().finally(() => {
      over = true;
    });
    done.catch(() => {});
    for (let passed = 0; !over; passed += 50) {
      if (passed % 1_000 === 0) await beat?.();
      await vi.advanceTimersByTimeAsync(50);
      await new Promise((next) => setImmediate(next));
      await fs.stat('.');
    }
    vi.useRealTimers();
    return done;
  }

  it('is there while the record is written, for its owner alone, and gone afterwards', async () => {
    const { folder, path, lock, store } = inFile();
    const modes: number[] = [];
    whileLocked(path, async () => modes.push((await fs.stat(lock)).mode & 0o777));
    await store.write(madeUpRecord(), { ifMatch: null });
    await failure(store.write(madeUpRecord(), { ifMatch: null }));
    expect([modes, await fs.readdir(folder)]).toEqual([[0o600], ['record.json']]);
  });

  it('is not held while a key of a seal is fetched', async () => {
    const seal = openSeal();
    const { lock, store } = inFile({
      ...seal,
      async seal(record, place) {
        await expect(fs.lstat(lock)).rejects.toThrow('ENOENT');
        return seal.seal(record, place);
      },
    });
    await store.write(madeUpRecord(), { ifMatch: null });
  });

  it('is one for all names of a file: a link to it, and a link to its folder', async () => {
    const { folder, path, store } = inFile();
    await store.write(madeUpRecord(), { ifMatch: null });
    const link = join(folder, 'link.json');
    await fs.symlink(path, link);
    const linked = join(temporaryFolder(), 'folder');
    await fs.symlink(folder, linked);
    for (const name of [link, join(linked, 'record.json'), join(linked, 'new.json')]) {
      const other = fileStore(name, { followSymlink: true });
      const locks: string[] = [];
      const real = promises.open;
      vi.spyOn(promises, 'open').mockImplementation((...given) => {
        if (given[1] === 'wx' && String(given[0]).endsWith('.lock')) locks.push(String(given[0]));
        return Reflect.apply(real, promises, given);
      });
      const etag = (await other.read())?.etag ?? null;
      await other.write(madeUpRecord(), { ifMatch: etag });
      vi.restoreAllMocks();
      expect(locks).toEqual([join(folder, `${name.endsWith('new.json') ? 'new' : 'record'}.json.lock`)]);
    }
  });

  it('that another process has taken meanwhile keeps anything from being written, and stays', async () => {
    const { path, lock, store } = inFile();
    whileLocked(path, () => fs.writeFile(lock, 'of another process\n'));
    const error = await watching(
      () => failure(store.write(madeUpRecord(), { ifMatch: null })),
      async () => {
        const text = await fs.readFile(lock, 'utf8').catch(() => '');
        if (text.startsWith('of another')) await fs.appendFile(lock, '.');
      },
    );
    expect(error).toBeInstanceOf(CredentialsError);
    expect(await fs.readFile(lock, 'utf8')).toContain('of another process');
    await expect(fs.stat(path)).rejects.toThrow('ENOENT');
  });

  it.each([
    ['of another machine', async (lock: string) => fs.writeFile(lock, 'elsewhere 1 abc\n')],
    [
      'of a time in the future',
      async (lock: string) => {
        await fs.writeFile(lock, 'x');
        await fs.utimes(lock, new Date('2100-01-01'), new Date('2100-01-01'));
      },
    ],
    ['that cannot be read', async (lock: string) => fs.writeFile(lock, 'x', { mode: 0o000 })],
    ['that is empty', async (lock: string) => fs.writeFile(lock, '')],
    ['that is a pipe', async (lock: string) => execFileSync('mkfifo', [lock])],
    ['that is a link to nothing', async (lock: string) => fs.symlink('nowhere', lock)],
  ])('%s is removed where it does not change for five seconds', async (_, leave) => {
    const { folder, lock, store } = inFile();
    await leave(lock);
    await watching(() => store.write(madeUpRecord(), { ifMatch: null }));
    expect(await fs.readdir(folder)).toEqual(['record.json']);
  });

  it.runIf(root)('of another user in a folder of one’s own is removed without being opened', async () => {
    const { folder, lock, store } = inFile();
    await fs.chown(folder, 12_345, 12_345);
    await fs.writeFile(lock, 'of root', { mode: 0o600 });
    process.seteuid?.(12_345);
    try {
      expect((await failure(fs.readFile(lock))).message).toContain('EACCES');
      await watching(() => store.write(madeUpRecord(), { ifMatch: null }));
      expect(await fs.readdir(folder)).toEqual(['record.json']);
    } finally {
      process.seteuid?.(0);
    }
  });

  it('is waited for as long as before, although the clock is put forward', async () => {
    const { folder, lock, store } = inFile();
    await fs.writeFile(lock, 'x');
    let beats = 0;
    await watching(
      () => store.write(madeUpRecord(), { ifMatch: null }),
      async () => {
        vi.spyOn(Date, 'now').mockReturnValue(++beats * 3_600_000);
        if (beats < 4) await fs.utimes(lock, beats, beats);
        else if (beats === 4) await fs.rm(lock);
      },
    );
    expect(beats).toBeGreaterThanOrEqual(4);
    expect(await fs.readdir(folder)).toEqual(['record.json']);
  });

  it('is not taken for dead where the machine was asleep, as its holder was', async () => {
    const { lock, store } = inFile();
    await fs.writeFile(lock, 'x');
    let slept = false;
    await watching(
      async () => failure(store.write(madeUpRecord(), { ifMatch: null })),
      async () => {
        // It sleeps for an hour, after which the holder has not yet had its turn.
        if (slept) return;
        slept = true;
        vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValueOnce(0).mockReturnValue(3_600_000);
      },
    );
    expect(await fs.readFile(lock, 'utf8')).toBe('x');
  });

  it('that changes every second is respected, whatever its time and content are', async () => {
    const { lock, store, path } = inFile();
    await fs.writeFile(lock, 'x');
    let beats = 0;
    const error = await watching(
      () => failure(store.write(madeUpRecord(), { ifMatch: null })),
      () => fs.utimes(lock, beats, ++beats),
    );
    expect(error).toBeInstanceOf(CredentialsError);
    expect(await fs.readFile(lock, 'utf8')).toBe('x');
    await expect(fs.stat(path)).rejects.toThrow('ENOENT');
  });

  it('is waited for, and taken when it is free', async () => {
    const { lock, store } = inFile();
    await fs.writeFile(lock, 'of another process\n');
    let released = false;
    const writing = store.write(madeUpRecord(), { ifMatch: null }).then(() => released);
    await new Promise((done) => setTimeout(done, 100));
    released = true;
    await fs.rm(lock);
    expect(await writing).toBe(true);
  });

  it('is touched each second, so that a slow writer does not lose it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    const { path, lock, store } = inFile();
    let touched = 0;
    whileLocked(path, async () => {
      await fs.utimes(lock, 0, 0);
      vi.advanceTimersByTime(1_000);
      await vi.waitUntil(async () => (await fs.stat(lock)).mtimeMs > 0);
      touched += 1;
    });
    await store.write(madeUpRecord(), { ifMatch: null });
    expect([touched, vi.getTimerCount()]).toEqual([1, 0]);
  });

  it('that was taken anew while a dead one was removed is put back', async () => {
    const { lock, store } = inFile();
    await fs.writeFile(lock, 'dead');
    const real = promises.rename;
    vi.spyOn(promises, 'rename').mockImplementationOnce(async (...given) => {
      await fs.writeFile(lock, 'of another process');
      return Reflect.apply(real, promises, given);
    });
    const error = await watching(
      () => failure(store.write(madeUpRecord(), { ifMatch: null })),
      async () => {
        // Not created where it was just renamed.
        const flag = constants.O_WRONLY | constants.O_APPEND;
        if ((await fs.readFile(lock, 'utf8')) !== 'dead') await fs.appendFile(lock, '.', { flag });
      },
    );
    expect(error).toBeInstanceOf(CredentialsError);
    expect(await fs.readFile(lock, 'utf8')).toContain('of another process');
  });

  it('needs no hard links', async () => {
    const { folder, lock, store } = inFile();
    vi.spyOn(promises, 'link').mockRejectedValue(Object.assign(new Error('no'), { code: 'EPERM' }));
    await fs.writeFile(lock, 'dead');
    await watching(() => store.write(madeUpRecord(), { ifMatch: null }));
    expect(await fs.readdir(folder)).toEqual(['record.json']);
  });

  it('leaves nothing behind where the disk is full, and removes what killed runs have left', async () => {
    const { folder, path, lock, store } = inFile();
    const real = promises.open;
    vi.spyOn(promises, 'open').mockImplementation(async (...given) => {
      const handle: Awaited<ReturnType<typeof real>> = await Reflect.apply(real, promises, given);
      const full = Object.assign(new Error('no'), { code: 'ENOSPC' });
      if (given[0] === lock) vi.spyOn(handle, 'writeFile').mockRejectedValue(full);
      return handle;
    });
    expect((await failure(store.write(madeUpRecord(), { ifMatch: null }))).message).toContain('ENOSPC');
    expect(await fs.readdir(folder)).toEqual([]);
    vi.restoreAllMocks();
    await fs.writeFile(`${lock}.abcdefghjkmnpqrs`, 'left behind');
    await fs.writeFile(`${path}.bak`, 'of the user');
    const held = await store.read();
    await store.write(madeUpRecord(), { ifMatch: held?.etag ?? null });
    expect((await fs.readdir(folder)).sort()).toEqual(['record.json', 'record.json.bak']);
  });

  it.each(['lstat', 'realpath'] as const)(
    'in a folder that refuses (%s) is an error that names the failure',
    async (what) => {
      const { lock, store } = inFile();
      await fs.writeFile(lock, 'of another process');
      vi.spyOn(promises, what).mockRejectedValue(Object.assign(new Error('no'), { code: 'EACCES' }));
      const error = await failure(store.write(madeUpRecord(), { ifMatch: null }));
      expect(error).toBeInstanceOf(CredentialsError);
      expect(error.message).toContain('EACCES');
    },
  );

  it('in a folder that does not exist is an error that says so', async () => {
    const store = fileStore(join(temporaryFolder(), 'missing', 'record.json'));
    expect((await failure(store.write(madeUpRecord(), { ifMatch: null }))).message).toContain('ENOENT');
  });
});
