// A record in a file: private, replaced in one step, by one writer at a time, whoever died before. The files are real.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import { join, relative } from 'node:path';
import { CredentialsError } from 'blazemeter-client';
import {
  fileStore,
  revealRecord,
  rotate,
  type Sealing,
  StoreConflictError,
} from 'blazemeter-client/rotation';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { temporaryFolder } from '../../support/credentials.ts';
import { madeUpRecord } from '../support/records.ts';
import { adopted, failure, heldBy, recordOf, rotationWorld } from '../support/world.ts';
import { openSeal } from './prepared.ts';

const { promises } = process.getBuiltinModule('node:fs');
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
    await rotate(world.client, { store, reason: 'expiry', drain: 0, timing: { lookAgainMs: 1 } });
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

  it('leaves the old record as it was where the disk is full, and names the failure', async () => {
    const { path, store, folder } = inFile();
    const { etag } = await store.write(madeUpRecord(), { ifMatch: null });
    const before = await fs.readFile(path, 'utf8');
    for (const [name, code] of [
      ['rename', 'ENOSPC'],
      ['writeFile', 'EROFS'],
    ] as const) {
      const spy = vi.spyOn(promises, name).mockRejectedValue(Object.assign(new Error('no'), { code }));
      const error = await failure(store.write(madeUpRecord(), { ifMatch: etag }));
      spy.mockRestore();
      expect(error).toBeInstanceOf(CredentialsError);
      expect(error.message).toContain(code);
      expect(await fs.readFile(path, 'utf8')).toBe(before);
    }
    expect(await fs.readdir(folder)).toContain('record.json');
    expect(await fs.readdir(folder)).not.toContain('record.json.lock');
  });

  it('reads a file that others can write only where that is allowed', async () => {
    const { path, store } = inFile();
    await store.write(madeUpRecord(), { ifMatch: null });
    await fs.chmod(path, 0o666);
    expect(await failure(store.read())).toBeInstanceOf(CredentialsError);
    expect(await fileStore(path, { allowInsecureFile: true }).read()).toBeDefined();
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
  /** The text of a lock, as another process of this machine would have it. */
  async function lockOf(pid: number): Promise<string> {
    let text = '';
    const seal = openSeal();
    const { lock, store } = inFile({
      ...seal,
      async seal(record, place) {
        text = await fs.readFile(lock, 'utf8');
        return seal.seal(record, place);
      },
    });
    await store.write(madeUpRecord(), { ifMatch: null });
    const [machine, mine] = text.split(' ');
    expect(mine).toBe(String(process.pid));
    return `${machine} ${pid} abcdefgh\n`;
  }

  /** So that a lock that is respected need not be waited for. */
  const impatient = () => vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValue(15_001);

  it('is there while the record is written, for its owner alone, and gone afterwards', async () => {
    const modes: number[] = [];
    const seal = openSeal();
    const { folder, lock, store } = inFile({
      ...seal,
      async seal(record, place) {
        modes.push((await fs.stat(lock)).mode & 0o777);
        return seal.seal(record, place);
      },
    });
    await store.write(madeUpRecord(), { ifMatch: null });
    await failure(store.write(madeUpRecord(), { ifMatch: null }));
    expect([modes, await fs.readdir(folder)]).toEqual([[0o600], ['record.json']]);
  });

  it('that was lost meanwhile keeps anything from being written, and is left to who has it', async () => {
    const seal = openSeal();
    const { folder, lock, store } = inFile({
      ...seal,
      async seal(record, place) {
        await fs.writeFile(lock, 'elsewhere 1 abc\n');
        return seal.seal(record, place);
      },
    });
    expect(await failure(store.write(madeUpRecord(), { ifMatch: null }))).toBeInstanceOf(StoreConflictError);
    expect(await fs.readdir(folder)).toEqual(['record.json.lock']);
    expect(await fs.readFile(lock, 'utf8')).toBe('elsewhere 1 abc\n');
  });

  it('of a process of this machine that is dead is broken at once', async () => {
    const dead = Number(execFileSync(process.execPath, ['-p', 'process.pid']).toString());
    const { folder, lock, store } = inFile();
    await fs.writeFile(lock, await lockOf(dead));
    await store.write(madeUpRecord(), { ifMatch: null });
    expect(await fs.readdir(folder)).toEqual(['record.json']);
  });

  it('that was silent for more than ten seconds is broken, wherever it is from', async () => {
    const { lock, store, folder } = inFile();
    await fs.writeFile(lock, 'elsewhere 1 abc\n');
    const then = new Date(Date.now() - 11_000);
    await fs.utimes(lock, then, then);
    await store.write(madeUpRecord(), { ifMatch: null });
    expect(await fs.readdir(folder)).toEqual(['record.json']);
  });

  it.each(['of a living process of this machine', 'of another machine'])('%s is respected', async (whose) => {
    const { lock, store, path } = inFile();
    const text = whose.includes('another') ? 'elsewhere 1 abc\n' : await lockOf(process.ppid);
    await fs.writeFile(lock, text);
    impatient();
    expect(await failure(store.write(madeUpRecord(), { ifMatch: null }))).toBeInstanceOf(CredentialsError);
    expect(await fs.readFile(lock, 'utf8')).toBe(text);
    await expect(fs.stat(path)).rejects.toThrow('ENOENT');
  });

  it('is waited for, and taken when it is free', async () => {
    const { lock, store } = inFile();
    await fs.writeFile(lock, 'elsewhere 1 abc\n');
    let released = false;
    const writing = store.write(madeUpRecord(), { ifMatch: null }).then(() => released);
    await new Promise((done) => setTimeout(done, 100));
    released = true;
    await fs.rm(lock);
    expect(await writing).toBe(true);
  });

  it('is kept fresh each second, so that a slow writer does not lose it', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] });
    onTestFinished(() => void vi.useRealTimers());
    const fresh: boolean[] = [];
    const seal = openSeal();
    const { lock, store } = inFile({
      ...seal,
      async seal(record, place) {
        const old = new Date(Date.now() - 60_000);
        await fs.utimes(lock, old, old);
        vi.advanceTimersByTime(1_000);
        await vi.waitUntil(async () => (await fs.stat(lock)).mtimeMs > Date.now() - 10_000);
        fresh.push(true);
        return seal.seal(record, place);
      },
    });
    await store.write(madeUpRecord(), { ifMatch: null });
    expect([fresh, vi.getTimerCount()]).toEqual([[true], 0]);
  });

  it('that was taken anew while a dead one was broken is put back', async () => {
    const { lock, store } = inFile();
    await fs.writeFile(lock, 'elsewhere 1 abc\n');
    const then = new Date(Date.now() - 11_000);
    await fs.utimes(lock, then, then);
    const real = promises.rename;
    vi.spyOn(promises, 'rename').mockImplementationOnce(async (...given) => {
      await fs.writeFile(lock, 'elsewhere 1 anew\n');
      return Reflect.apply(real, promises, given);
    });
    impatient();
    expect(await failure(store.write(madeUpRecord(), { ifMatch: null }))).toBeInstanceOf(CredentialsError);
    expect(await fs.readFile(lock, 'utf8')).toBe('elsewhere 1 anew\n');
  });

  it.each(['link', 'readFile'] as const)(
    'in a folder that refuses (%s) is an error that names the failure',
    async (what) => {
      const { lock, store } = inFile();
      await fs.writeFile(lock, 'elsewhere 1 abc\n');
      vi.spyOn(promises, what).mockRejectedValue(Object.assign(new Error('no'), { code: 'EACCES' }));
      const error = await failure(store.write(madeUpRecord(), { ifMatch: null }));
      expect(error).toBeInstanceOf(CredentialsError);
      expect(error.message).toContain('EACCES');
    },
  );
});
