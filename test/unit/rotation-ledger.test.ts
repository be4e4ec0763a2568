// The record in the hand of one run: the lease, each write over the version that was read, and a lost answer.
import {
  type CredentialStore,
  memoryStore,
  RotationError,
  type RotationRecord,
  StoreConflictError,
} from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Ledger, readStore, storeError, type Writer } from '../../src/rotation/record/record-session.ts';
import { madeUpRecord } from '../stores/records.ts';
import { failure } from '../support/rotation.ts';

const NOW = new Date('2030-06-01T12:00:00Z');
const LEASE = 300_000;
const writer: Writer = { owner: 'me', leaseMs: LEASE, takeOver: false };
const until = (ms: number) => new Date(NOW.getTime() + ms);

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  vi.advanceTimersByTime(0);
});
afterEach(() => void vi.useRealTimers());

async function opened(record: Partial<RotationRecord> = {}, as: Partial<Writer> = {}) {
  const store = memoryStore();
  await store.write(madeUpRecord(record), { ifMatch: null });
  const inner = store.write;
  const write = vi.spyOn(store, 'write');
  const ledger = await Ledger.open(store, { ...writer, ...as });
  if (ledger === undefined) throw new Error('There is no record.');
  const stored = async () => (await store.read())?.record;
  return { store, ledger, inner, write, stored };
}

/** What somebody else writes over it. */
async function overwrite(store: CredentialStore, change: Partial<RotationRecord>): Promise<void> {
  const held = await store.read();
  if (held === undefined) throw new Error('There is no record.');
  await store.write({ ...held.record, stamp: 'theirs', ...change }, { ifMatch: held.etag });
}

const disk = () => Object.assign(new TypeError('quotes the record'), { code: 'ENOSPC' });

describe('a ledger', () => {
  it('has what the store holds, and there is none where it holds nothing', async () => {
    const { ledger, stored, write } = await opened();
    expect(ledger.record).toEqual(await stored());
    expect(ledger.taken).toBe(false);
    expect(write).not.toHaveBeenCalled();
    expect(await Ledger.open(memoryStore(), writer)).toBeUndefined();
  });

  it('takes the record by writing its lease', async () => {
    const { ledger, stored } = await opened();
    const before = ledger.record;
    await ledger.take();
    expect(ledger.taken).toBe(true);
    expect(ledger.record).toEqual({
      ...before,
      stamp: ledger.record.stamp,
      lease: { owner: 'me', until: until(LEASE) },
    });
    expect(ledger.record.stamp).toMatch(/^[a-z2-9]{16}$/);
    expect(await stored()).toEqual(ledger.record);
  });

  it('writes changes one over the other, each with a stamp of its own and a lease from then on', async () => {
    const { ledger, stored } = await opened();
    await ledger.save({ name: 'renamed' });
    const { stamp } = ledger.record;
    vi.advanceTimersByTime(1_000);
    await ledger.save({ epoch: 9 });
    expect(await stored()).toMatchObject({
      name: 'renamed',
      epoch: 9,
      lease: { until: until(LEASE + 1_000) },
    });
    expect(ledger.record.stamp).not.toBe(stamp);
  });

  it('gives the lease back, alone or with a change', async () => {
    const { ledger, stored } = await opened();
    await ledger.take();
    await ledger.release();
    expect(await stored()).toMatchObject({ lease: null, name: 'ci' });
    await ledger.release({ name: 'renamed' });
    expect(await stored()).toMatchObject({ lease: null, name: 'renamed' });
  });

  it('may live only as long as its run', async () => {
    const record = madeUpRecord({ lease: { owner: 'x', until: until(1) } });
    const ledger = Ledger.passing(record);
    expect(ledger.record).toBe(record);
    await ledger.take();
    expect(ledger.record.lease).toEqual({ owner: 'this run', until: until(86_400_000) });
    await ledger.save({ epoch: 7 });
    expect(ledger.record.epoch).toBe(7);
    expect(await ledger.overtaken()).toBeUndefined();
  });
});

describe('the lease of somebody else', () => {
  const lease = { owner: 'they\n', until: until(1) };

  it('keeps others out', async () => {
    const { ledger, write } = await opened({ lease });
    const error = await failure(ledger.take());
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({ code: 'rotation_busy', owner: 'they\n', until: until(1) });
    expect(error.message).toMatch(
      /^they\S* works on this record, until 2030-06-01T12:00:00\.001Z at the latest\. Wait for it; if it is surely dead, say takeOver: true\.$/,
    );
    expect(write).not.toHaveBeenCalled();
    expect(ledger.taken).toBe(false);
  });

  it('does not, once it has run out, or where it is this owner’s, or is taken over', async () => {
    for (const [record, as] of [
      [{ lease: { ...lease, until: NOW } }, {}],
      [{ lease: { ...lease, owner: 'me' } }, {}],
      [{ lease }, { takeOver: true }],
    ] as const) {
      const { ledger } = await opened(record, as);
      await ledger.take();
      expect(ledger.record.lease?.owner).toBe('me');
    }
  });
});

describe('a lease that is held', () => {
  it('is renewed once less than two thirds of it are left', async () => {
    const { ledger, write } = await opened();
    await ledger.take();
    await ledger.hold();
    vi.advanceTimersByTime(LEASE / 3);
    await ledger.hold();
    expect(write).toHaveBeenCalledTimes(1);
    vi.advanceTimersByTime(1);
    await ledger.hold();
    expect(write).toHaveBeenCalledTimes(2);
    expect(ledger.record.lease?.until).toEqual(until(LEASE / 3 + 1 + LEASE));
    await ledger.hold();
    expect(write).toHaveBeenCalledTimes(2);
  });

  it('is renewed whichever of the two clocks stood still', async () => {
    const { ledger, write } = await opened();
    await ledger.take();
    vi.setSystemTime(until(LEASE / 3 + 1));
    await ledger.hold();
    expect(write).toHaveBeenCalledTimes(2);
    vi.advanceTimersByTime(LEASE / 3 + 1);
    vi.setSystemTime(until(-86_400_000));
    await ledger.hold();
    expect(write).toHaveBeenCalledTimes(3);
  });

  it('is written where there was none yet', async () => {
    const { ledger, write } = await opened();
    await ledger.hold();
    expect(write).toHaveBeenCalledTimes(1);
    expect(ledger.taken).toBe(true);
  });
});

describe('a write that fails', () => {
  it('is believed where the store holds it', async () => {
    const { ledger, inner, write, stored } = await opened();
    write.mockImplementationOnce(async (record, options) => {
      await inner(record, options);
      throw disk();
    });
    await ledger.save({ name: 'renamed' });
    expect(ledger.record).toMatchObject({ name: 'renamed', lease: { owner: 'me' } });
    await ledger.save({ epoch: 8 });
    expect(await stored()).toMatchObject({ name: 'renamed', epoch: 8 });
  });

  it('is reported by its code where nothing was written, and the run may try again', async () => {
    const { ledger, write, stored } = await opened();
    write.mockRejectedValueOnce(disk());
    const error = await failure(ledger.save({ name: 'renamed' }));
    expect(error).toMatchObject({
      code: 'rotation_store',
      message:
        'The record could not be written (TypeError: ENOSPC). The key in use still works, and nothing is lost. Mend the store (free space, permissions, network), then run resume.',
      cause: { name: 'TypeError', message: 'ENOSPC' },
    });
    expect(ledger.taken).toBe(false);
    expect(await stored()).toMatchObject({ name: 'ci', lease: null });
    await ledger.save({ name: 'renamed' });
    expect((await stored())?.name).toBe('renamed');
  });

  it('is so too where the store cannot be read either', async () => {
    const { ledger, store, write } = await opened();
    write.mockRejectedValueOnce(disk());
    vi.spyOn(store, 'read').mockRejectedValue(new Error('down'));
    expect(await failure(ledger.save({}))).toMatchObject({
      code: 'rotation_store',
      cause: { message: 'ENOSPC' },
    });
  });

  it('is a conflict where the store says so, or holds something else', async () => {
    const message =
      'The record was changed by somebody else while this run worked on it, so this run stops. If no other run is at work, somebody changed it by hand: look at it, then run resume.';
    const one = await opened();
    one.write.mockRejectedValueOnce(new StoreConflictError('The record'));
    expect(await failure(one.ledger.save({}))).toMatchObject({ code: 'rotation_conflict', message });
    const two = await opened();
    await overwrite(two.store, {});
    two.write.mockRejectedValueOnce(disk());
    expect(await failure(two.ledger.save({}))).toMatchObject({ code: 'rotation_conflict', message });
    const three = await opened();
    await overwrite(three.store, {});
    expect(await failure(three.ledger.save({}))).toMatchObject({ code: 'rotation_conflict', message });
  });

  it('is passed on where the error is of a rotation', async () => {
    const { ledger, write } = await opened();
    const refused = new RotationError('It went back.', { code: 'rotation_epoch' });
    write.mockRejectedValueOnce(refused);
    expect(await failure(ledger.save({}))).toBe(refused);
  });
});

describe('a read that fails', () => {
  it('is reported by its code, and passed on where the error is of a rotation', async () => {
    const broken = (error: Error): CredentialStore => ({
      ...memoryStore(),
      read: () => Promise.reject(error),
    });
    expect(await failure(readStore(broken(disk())))).toMatchObject({
      code: 'rotation_store',
      message: expect.stringContaining('The record could not be read (TypeError: ENOSPC). The key in use'),
    });
    const spoilt = new RotationError('It is spoilt.', { code: 'rotation_record' });
    expect(await failure(readStore(broken(spoilt)))).toBe(spoilt);
    expect(await failure(Ledger.open(broken(spoilt), writer))).toBe(spoilt);
    expect(storeError('read', disk()).cause).toMatchObject({ code: 'ENOSPC' });
  });
});

describe('a ledger that somebody else has written over', () => {
  it('tells what they wrote', async () => {
    const { ledger, store } = await opened();
    expect(await ledger.overtaken()).toBeUndefined();
    await overwrite(store, { name: 'theirs' });
    expect(await ledger.overtaken()).toMatchObject({ name: 'theirs' });
  });

  it('tells nothing of another record, of none, or of a store that cannot be read', async () => {
    const { ledger, store } = await opened();
    const read = vi.spyOn(store, 'read');
    read.mockResolvedValueOnce({ record: madeUpRecord({ id: 'another' }), etag: 'x' });
    expect(await ledger.overtaken()).toBeUndefined();
    read.mockResolvedValueOnce(undefined);
    expect(await ledger.overtaken()).toBeUndefined();
    read.mockRejectedValueOnce(new Error('down'));
    expect(await ledger.overtaken()).toBeUndefined();
  });
});
