// The record in a file: private, replaced in one step, by one writer at a time, whoever died before.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import fs from 'node:fs/promises';
import { join } from 'node:path';
import { fileStore, type RotationRecord, resume, rotate } from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { here } from '../../src/node/temporary.ts';
import { temporaryFolder } from '../support/credentials.ts';
import { accepts, adopted, failure, recordOf, rotationWorld } from '../support/rotation.ts';

const timing = { lookAgainMs: 1 };

async function inFile() {
  const world = rotationWorld();
  const path = join(temporaryFolder(), 'record.json');
  const store = fileStore(path);
  await adopted(world, store);
  return { world, path, store };
}

const stamped = (record: RotationRecord): RotationRecord => ({
  ...record,
  stamp: randomBytes(6).toString('hex'),
});

describe('fileStore', () => {
  it('keeps the record in a file that its owner alone can read, and leaves nothing else behind', async () => {
    const { world, path, store } = await inFile();
    await rotate(world.client, { store, reason: 'expiry', drain: 0, timing });
    expect((await fs.stat(path)).mode & 0o777).toBe(0o600);
    expect(await fs.readdir(join(path, '..'))).toEqual(['record.json']);
    const again = await recordOf(fileStore(path));
    expect(again).toMatchObject({ epoch: 1, phase: 'idle' });
    expect(accepts(world.reference, again.current)).toBe(true);
  });

  it('writes over the version that was read, and over no other', async () => {
    const { path, store } = await inFile();
    const held = await store.read();
    if (held === undefined) throw new Error('no record');
    const { etag } = await store.write(stamped(held.record), { ifMatch: held.etag });
    for (const ifMatch of [held.etag, null, 'something'])
      expect(await failure(store.write(stamped(held.record), { ifMatch }))).toMatchObject({
        code: 'store_conflict',
      });
    await store.write(stamped(held.record), { ifMatch: etag });
    await fs.appendFile(path, ' ');
    const now = await store.read();
    expect(now?.etag).not.toBe(etag);
  });

  it('lets one of many writers win each version', async () => {
    const { path } = await inFile();
    const held = await fileStore(path).read();
    if (held === undefined) throw new Error('no record');
    const { record, etag } = held;
    const outcomes = await Promise.allSettled(
      Array.from({ length: 20 }, () => fileStore(path).write(stamped(record), { ifMatch: etag })),
    );
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect(await fs.readdir(join(path, '..'))).toEqual(['record.json']);
  });

  it('breaks the lock of a process that died, at once where that can be told', async () => {
    const { world, path, store } = await inFile();
    const dead = Number(execFileSync(process.execPath, ['-p', 'process.pid']).toString());
    await fs.writeFile(`${path}.lock`, `${here()} ${dead} abcdefgh\n`);
    await rotate(world.client, { store, reason: 'expiry', drain: 0, timing });
    expect(await recordOf(store)).toMatchObject({ epoch: 1 });
  });

  it('breaks a lock that nobody has kept fresh, and respects one that is', async () => {
    const { path, store } = await inFile();
    const held = await store.read();
    if (held === undefined) throw new Error('no record');
    const lock = `${path}.lock`;
    await fs.writeFile(lock, 'elsewhere 1 abcdefgh\n');
    let released = false;
    const writing = store.write(stamped(held.record), { ifMatch: held.etag }).then((written) => {
      expect(released).toBe(true);
      return written;
    });
    await new Promise((done) => setTimeout(done, 300));
    released = true;
    const old = new Date(Date.now() - 60_000);
    await fs.utimes(lock, old, old);
    await writing;
    await expect(fs.stat(lock)).rejects.toThrow('ENOENT');
  });

  it('leaves the old record as it was where the disk is full, and says what to do', async () => {
    const { world, path, store } = await inFile();
    const before = await fs.readFile(path, 'utf8');
    const full = Object.assign(new Error('no space left'), { code: 'ENOSPC' });
    const spy = vi.spyOn(process.getBuiltinModule('node:fs').promises, 'rename').mockRejectedValue(full);
    const error = await failure(rotate(world.client, { store, reason: 'expiry', timing }));
    spy.mockRestore();
    expect(error).toMatchObject({ code: 'rotation_store' });
    expect(error.message).toContain('ENOSPC');
    expect(error.message).toContain('run resume');
    expect(await fs.readFile(path, 'utf8')).toBe(before);
    expect(await resume(world.client, { store, timing })).toMatchObject({ phase: 'idle' });
  });

  it('says so where the folder cannot be written', async () => {
    const { world, store } = await inFile();
    const denied = Object.assign(new Error('read-only file system'), { code: 'EROFS' });
    const spy = vi.spyOn(process.getBuiltinModule('node:fs').promises, 'writeFile').mockRejectedValue(denied);
    const error = await failure(rotate(world.client, { store, reason: 'expiry', timing }));
    spy.mockRestore();
    expect(error).toMatchObject({ code: 'rotation_store' });
    expect(error.message).toContain('EROFS');
  });

  it('refuses a file that others can write, and names the field of one that was spoilt', async () => {
    const { path, store } = await inFile();
    await fs.chmod(path, 0o666);
    expect((await failure(store.read())).message).toContain('chmod 600');
    await fs.chmod(path, 0o600);
    await fs.writeFile(path, '{"version": 1, "id": 7}');
    expect(await failure(store.read())).toMatchObject({ code: 'rotation_record' });
  });
});
