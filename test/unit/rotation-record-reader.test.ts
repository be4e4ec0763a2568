// How a record is read for many: together, no more often than needed, again after a failure, and never back. Times are exact:
// what is random is fixed.
import { RotationError } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { RecordReader } from '../../src/rotation/reader/record-reader.ts';
import type { Versioned } from '../../src/rotation/stores/store.ts';
import { madeUpRecord } from '../stores/records.ts';
import { failure } from '../support/rotation.ts';

// Nothing here waits for a real clock: what hangs is wrong.
vi.setConfig({ testTimeout: 5_000 });

const EVERY = 300_000;
const held = (epoch: number, id = 'k3v9m2xq7a'): Versioned => ({
  record: madeUpRecord({ epoch, id }),
  etag: `${epoch}`,
});

beforeEach(() => {
  vi.useFakeTimers();
  vi.advanceTimersByTime(60_000);
  random(0.5);
});
afterEach(() => void vi.useRealTimers());

const random = (value: number) => void vi.spyOn(Math, 'random').mockReturnValue(value);

/** A reader of a store that answers with what is next on the list, and then with the last. */
function reading(...answers: (() => Promise<Versioned | undefined>)[]) {
  const times: number[] = [];
  const begun = performance.now();
  const read = vi.fn(() => {
    times.push(performance.now() - begun);
    return (answers[Math.min(times.length, answers.length) - 1] ?? (async () => held(1)))();
  });
  return { reader: new RecordReader({ read }, { everyMs: EVERY, timeoutMs: 1_600 }), read, times };
}

const gives = (found: Versioned | undefined) => async () => found;
const fails = () => Promise.reject(Object.assign(new Error('quotes a secret'), { code: 'EIO' }));
const late = (ms: number, then: () => Promise<Versioned | undefined>) => () =>
  new Promise<void>((resolve) => setTimeout(resolve, ms)).then(then);

describe('a reader of a record', () => {
  it('knows nothing at first, and is due', () => {
    const { reader, read } = reading();
    expect([reader.known, reader.due, reader.leftMs, reader.age]).toEqual([
      undefined,
      true,
      0,
      Number.POSITIVE_INFINITY,
    ]);
    expect(read).not.toHaveBeenCalled();
  });

  it.each([
    [0, 240_000],
    [0.5, 300_000],
    [1, 360_000],
  ])('with a chance of %s is due again after %i ms, and knows its age', async (chance, wait) => {
    random(chance);
    const { reader } = reading(gives(held(1)));
    const record = await reader.read(true);
    expect(reader.known).toBe(record);
    expect([reader.due, reader.leftMs, reader.age]).toEqual([false, wait, 0]);
    vi.advanceTimersByTime(wait - 1);
    expect([reader.due, reader.leftMs, reader.age]).toEqual([false, 1, wait - 1]);
    vi.advanceTimersByTime(1);
    expect([reader.due, reader.leftMs, reader.age]).toEqual([true, 0, wait]);
    vi.advanceTimersByTime(1);
    expect([reader.due, reader.leftMs]).toEqual([true, 0]);
  });

  it('reads once for all who ask at the same time, and anew for who asks later', async () => {
    const { reader, read } = reading(gives(held(1)), gives(held(2)));
    const [one, two] = await Promise.all([reader.read(true), reader.read(false)]);
    expect(one).toBe(two);
    expect(read).toHaveBeenCalledTimes(1);
    expect((await reader.read(false)).epoch).toBe(2);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('takes what is newer or as new, and never an older epoch of the same record', async () => {
    const same = held(3);
    const { reader } = reading(
      gives(held(3)),
      gives(same),
      gives(held(2)),
      gives(held(4)),
      gives(held(1, 'another')),
    );
    await reader.read(false);
    expect(await reader.read(false)).toBe(same.record);
    expect(await reader.read(false)).toBe(same.record);
    expect(reader.known).toBe(same.record);
    expect((await reader.read(false)).epoch).toBe(4);
    expect(await reader.read(false)).toMatchObject({ epoch: 1, id: 'another' });
    expect(reader.known?.epoch).toBe(1);
  });
});

describe('a read that fails', () => {
  it.each([
    [0, [0, 100, 500]],
    [0.5, [0, 150, 750]],
    [1, [0, 200, 1_000]],
  ])('with a chance of %s is tried three times where somebody waits for it', async (chance, expected) => {
    random(chance);
    const { reader, times } = reading(fails);
    const failed = failure(reader.read(true));
    await vi.runAllTimersAsync();
    expect((await failed).message).toContain('EIO');
    expect(times).toEqual(expected);
  });

  it('is tried until it succeeds', async () => {
    const { reader, times } = reading(fails, fails, gives(held(1)));
    const read = reader.read(true);
    await vi.runAllTimersAsync();
    expect((await read).epoch).toBe(1);
    expect(times).toEqual([0, 150, 750]);
    expect(reader.due).toBe(false);
  });

  it('is tried once where nobody waits', async () => {
    const { reader, read } = reading(fails);
    await failure(reader.read(false));
    await vi.runAllTimersAsync();
    expect(read).toHaveBeenCalledTimes(1);
  });

  it('is not tried again where the record is spoilt or not there, but is where the store says that it failed', async () => {
    const spoilt = new RotationError('It is spoilt.', { code: 'rotation_record' });
    const one = reading(() => Promise.reject(spoilt));
    expect(await failure(one.reader.read(true))).toBe(spoilt);
    expect(one.read).toHaveBeenCalledTimes(1);
    const down = new RotationError('It is down.', { code: 'rotation_store' });
    const two = reading(() => Promise.reject(down));
    const failed = failure(two.reader.read(true));
    await vi.runAllTimersAsync();
    expect(await failed).toBe(down);
    expect(two.read).toHaveBeenCalledTimes(3);
  });

  it.each([
    [14_999, 2],
    [15_000, 1],
  ])('after %i ms is tried %i times in all', async (ms, tries) => {
    const read = vi.fn(late(ms, fails));
    const reader = new RecordReader({ read }, { everyMs: EVERY, timeoutMs: 60_000 });
    const failed = failure(reader.read(true));
    await vi.runAllTimersAsync();
    await failed;
    expect(read).toHaveBeenCalledTimes(tries);
  });

  it.each([
    [0, [30_000, 60_000, 120_000, 240_000, 300_000]],
    [1, [24_000, 48_000, 96_000, 192_000, 240_000]],
  ])('with a chance of %s leaves the store alone, longer each time', async (chance, rests) => {
    random(chance);
    const { reader } = reading(fails);
    for (const rest of rests) {
      await failure(reader.read(false));
      expect(reader.leftMs).toBeCloseTo(rest, 6);
    }
  });

  it('begins again with a short rest once a read has succeeded', async () => {
    random(0);
    const { reader } = reading(fails, fails, gives(held(1)), fails);
    for (const work of [failure, failure]) await work(reader.read(false));
    await reader.read(false);
    await failure(reader.read(false));
    expect(reader.leftMs).toBe(30_000);
    expect(reader.known?.epoch).toBe(1);
  });

  it('never answers within its time: it is given up, and no timer is left', async () => {
    const { reader } = reading(() => new Promise(() => {}));
    const failed = failure(reader.read(false));
    await vi.advanceTimersByTimeAsync(1_599);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    const error = await failed;
    expect(error).toMatchObject({
      code: 'rotation_store',
      message:
        'The record could not be read from the store (no answer within 2 s). Mend the store: its folder, permissions, network.',
    });
    expect('cause' in error).toBe(false);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('leaves no timer behind, whether it succeeds or fails', async () => {
    const { reader } = reading(gives(held(1)), fails);
    await reader.read(false);
    expect(vi.getTimerCount()).toBe(0);
    await failure(reader.read(false));
    expect(vi.getTimerCount()).toBe(0);
  });

  it('is told by name and code alone, also where it is thrown at once', async () => {
    const broken = Object.assign(new TypeError('quotes a secret'), { code: 'EIO' });
    const { reader } = reading(() => {
      throw broken;
    });
    const error = await failure(reader.read(false));
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({
      code: 'rotation_store',
      message:
        'The record could not be read from the store (TypeError: EIO). Mend the store: its folder, permissions, network.',
      cause: { name: 'TypeError', code: 'EIO', message: 'EIO' },
    });
  });

  it('says how to begin where there is no record', async () => {
    const { reader, read } = reading(gives(undefined));
    expect(await failure(reader.read(true))).toMatchObject({
      code: 'rotation_record',
      message: 'The store holds no record yet. Begin with adopt(client, { store, name, credentials }).',
    });
    expect(read).toHaveBeenCalledTimes(1);
  });
});

describe('a read that begins from now on', () => {
  it('is a plain read where none is under way, and tried again', async () => {
    const { reader, read } = reading(fails, gives(held(1)));
    const record = reader.readAnew();
    await vi.runAllTimersAsync();
    expect((await record).epoch).toBe(1);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('waits for the one under way, and is one for all who ask for it', async () => {
    const { reader, read } = reading(late(500, gives(held(1))), fails, gives(held(2)));
    const first = reader.read(false);
    const anew = [reader.readAnew(), reader.readAnew()];
    await vi.advanceTimersByTimeAsync(499);
    expect(read).toHaveBeenCalledTimes(1);
    await vi.runAllTimersAsync();
    expect((await first).epoch).toBe(1);
    expect((await Promise.all(anew)).map(({ epoch }) => epoch)).toEqual([2, 2]);
    expect(read).toHaveBeenCalledTimes(3);
  });

  it('begins also after one that failed', async () => {
    const { reader, read } = reading(late(500, fails), gives(held(1)));
    const first = failure(reader.read(false));
    const anew = reader.readAnew();
    await vi.runAllTimersAsync();
    await first;
    expect((await anew).epoch).toBe(1);
    expect(read).toHaveBeenCalledTimes(2);
  });

  it('is another one each time', async () => {
    const slow = (epoch: number) => late(500, gives(held(epoch)));
    const { reader, read } = reading(slow(1), slow(2), slow(3), slow(4));
    for (const epoch of [2, 4]) {
      const first = reader.read(false);
      const anew = reader.readAnew();
      await vi.runAllTimersAsync();
      expect((await first).epoch).toBe(epoch - 1);
      expect((await anew).epoch).toBe(epoch);
    }
    expect(read).toHaveBeenCalledTimes(4);
  });
});
