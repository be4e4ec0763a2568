// A record in a file: its mark, its size, its lock, and what is said where it cannot be locked. The files are real, the
// clock is not.
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import { join, relative } from 'node:path';
import { CredentialsError } from 'blazemeter-client';
import { RotationError, revealRecord, type Sealing, StoreConflictError } from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { fileStore } from '../../src/rotation/stores/file-store.ts';
import { madeUpRecord } from '../stores/records.ts';
import { temporaryFolder } from '../support/credentials.ts';
import { failure } from '../support/rotation.ts';
import { openSeal } from '../support/store-answers.ts';

vi.setConfig({ testTimeout: 2_000 });

const { promises } = process.getBuiltinModule('node:fs');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

function inFile(seal?: Sealing) {
  const folder = temporaryFolder();
  const path = join(folder, 'record.json');
  return { folder, path, source: `fileStore (${path})`, store: fileStore(path, { seal }) };
}

describe('fileStore', () => {
  it('is empty at first, and then has the hash of the text as its mark', async () => {
    const { folder, path, store } = inFile();
    expect(await store.read()).toBeUndefined();
    const [one, two] = [madeUpRecord(), madeUpRecord()];
    const { etag } = await store.write(one, { ifMatch: null });
    expect(etag).toBe(sha256(revealRecord(one)));
    expect(await store.write(two, { ifMatch: etag })).toEqual({ etag: sha256(revealRecord(two)) });
    expect(await fs.readFile(path, 'utf8')).toBe(revealRecord(two));
    const held = await fileStore(path).read();
    expect(held && [held.etag, revealRecord(held.record)]).toEqual([
      sha256(revealRecord(two)),
      revealRecord(two),
    ]);
    expect(await fs.readdir(folder)).toEqual(['record.json']);
  });

  it('writes over the version of the mark and over no other, and lets go of its lock', async () => {
    const { folder, source, store } = inFile();
    const conflict = new StoreConflictError(source);
    await expect(store.write(madeUpRecord(), { ifMatch: 'x' })).rejects.toThrow(conflict);
    await store.write(madeUpRecord(), { ifMatch: null });
    await expect(store.write(madeUpRecord(), { ifMatch: null })).rejects.toThrow(conflict);
    expect(await fs.readdir(folder)).toEqual(['record.json']);
  });

  it('never goes back', async () => {
    const { store } = inFile();
    const { etag } = await store.write(madeUpRecord({ epoch: 3 }), { ifMatch: null });
    expect(await failure(store.write(madeUpRecord({ epoch: 2 }), { ifMatch: etag }))).toMatchObject({
      code: 'rotation_epoch',
    });
  });

  it('binds a sealed record to the absolute path of the file', async () => {
    const seal = openSeal();
    const { path } = inFile();
    const store = fileStore(relative(process.cwd(), path), { seal });
    const { etag } = await store.write(madeUpRecord(), { ifMatch: null });
    await store.write(madeUpRecord(), { ifMatch: etag });
    await store.read();
    const place = `file:${path}`;
    expect(seal.places).toEqual([`seal ${place}`, `open ${place}`, `seal ${place}`, `open ${place}`]);
  });

  it('keeps a text of 64 KiB, counted in bytes, and no byte more', async () => {
    const most = 'ü'.repeat(32_768);
    const texts = [most, `${most}x`];
    const record = madeUpRecord();
    const { path, source, store } = inFile({
      seal: async () => texts.shift() ?? '',
      open: async () => record,
    });
    const { etag } = await store.write(record, { ifMatch: null });
    expect((await fs.stat(path)).size).toBe(65_536);
    const error = await failure(store.write(record, { ifMatch: etag }));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error.message).toBe(
      `${source} would be larger than 64 KiB, which nobody reads. Nothing was written.`,
    );
    expect(await fs.readFile(path, 'utf8')).toBe(most);
  });

  it('writes nothing where it has lost its lock meanwhile', async () => {
    const seal = openSeal();
    const { folder, path, source, store } = inFile({
      ...seal,
      async seal(record, place) {
        await fs.writeFile(`${path}.lock`, 'elsewhere 1 abc\n');
        return seal.seal(record, place);
      },
    });
    await expect(store.write(madeUpRecord(), { ifMatch: null })).rejects.toThrow(
      new StoreConflictError(source),
    );
    expect(await fs.readdir(folder)).toEqual(['record.json.lock']);
  });

  it('gives up where another process keeps the lock', async () => {
    const { path, source, store } = inFile();
    await fs.writeFile(`${path}.lock`, 'elsewhere 1 abc\n');
    vi.spyOn(performance, 'now').mockReturnValueOnce(0).mockReturnValue(15_001);
    const error = await failure(store.write(madeUpRecord(), { ifMatch: null }));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error.message).toBe(`${source} is locked by another process that is alive. Nothing was written.`);
  });

  it('says why it could not be locked', async () => {
    const { source, store } = inFile();
    const denied = Object.assign(new Error('no'), { code: 'EROFS' });
    vi.spyOn(promises, 'writeFile').mockRejectedValue(denied);
    const error = await failure(store.write(madeUpRecord(), { ifMatch: null }));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error.message).toBe(`${source} could not be locked (EROFS). What was there before is unchanged.`);
  });

  it.each([new CredentialsError('of ours'), new RotationError('of ours', { code: 'rotation_store' })])(
    'lets an error of this library pass as it is ($name)',
    async (own) => {
      const { store } = inFile();
      vi.spyOn(promises, 'writeFile').mockRejectedValue(own);
      expect(await failure(store.write(madeUpRecord(), { ifMatch: null }))).toBe(own);
    },
  );

  it('takes nothing but a path', () => {
    expect(() => fileStore('')).toThrow(
      expect.objectContaining({ message: 'fileStore must be a path.', source: 'fileStore' }),
    );
  });

  it('reads a file that others can write only where it was told to', async () => {
    const { path, source, store } = inFile();
    await store.write(madeUpRecord(), { ifMatch: null });
    await fs.chmod(path, 0o666);
    expect((await failure(store.read())).message).toContain(`${source} can be written by other users`);
    expect(await fileStore(path, { allowInsecureFile: true }).read()).toBeDefined();
  });

  it('writes through a symbolic link only where it was told to', async () => {
    const { folder, source, path, store } = inFile();
    await store.write(madeUpRecord(), { ifMatch: null });
    const link = join(folder, 'link.json');
    await fs.symlink(path, link);
    const etag = sha256(await fs.readFile(path, 'utf8'));
    expect((await failure(fileStore(link).write(madeUpRecord(), { ifMatch: etag }))).message).toContain(
      `${source.replace('record.json', 'link.json')} is a symbolic link`,
    );
    await fileStore(link, { followSymlink: true }).write(madeUpRecord(), { ifMatch: etag });
    expect(sha256(await fs.readFile(path, 'utf8'))).not.toBe(etag);
  });
});
