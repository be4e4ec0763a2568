// The record in memory, and what no store writes over another: an earlier epoch, and another record.
import { RotationError, revealRecord, StoreConflictError } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { memoryStore, refuseStepBack } from '../../src/rotation/stores/store.ts';
import { madeUpRecord } from '../stores/records.ts';
import { failure } from '../support/rotation.ts';

const textIn = async (store: ReturnType<typeof memoryStore>) => {
  const held = await store.read();
  return held && { etag: held.etag, text: revealRecord(held.record) };
};

describe('memoryStore', () => {
  it('is empty at first, and then holds what was written last', async () => {
    const store = memoryStore();
    expect(await store.read()).toBeUndefined();
    const [one, two] = [madeUpRecord(), madeUpRecord()];
    expect(await store.write(one, { ifMatch: null })).toEqual({ etag: '1' });
    expect(await textIn(store)).toEqual({ etag: '1', text: revealRecord(one) });
    expect(await store.write(two, { ifMatch: '1' })).toEqual({ etag: '2' });
    expect(await textIn(store)).toEqual({ etag: '2', text: revealRecord(two) });
    expect(await memoryStore().read()).toBeUndefined();
  });

  it('writes over the version of the mark, and over no other', async () => {
    const store = memoryStore();
    const conflict = new StoreConflictError('The record in memory');
    await expect(store.write(madeUpRecord(), { ifMatch: '1' })).rejects.toThrow(conflict);
    await store.write(madeUpRecord(), { ifMatch: null });
    for (const ifMatch of [null, '0', '2'])
      await expect(store.write(madeUpRecord(), { ifMatch })).rejects.toThrow(conflict);
    expect((await store.read())?.etag).toBe('1');
  });

  it('does not go back', async () => {
    const store = memoryStore();
    await store.write(madeUpRecord({ epoch: 3 }), { ifMatch: null });
    expect(await failure(store.write(madeUpRecord({ epoch: 2 }), { ifMatch: '1' }))).toMatchObject({
      code: 'rotation_epoch',
    });
  });
});

describe('a record that is written over another', () => {
  const before = madeUpRecord({ id: 'aaaaaaaaaa', epoch: 3 });
  const over = (change: object) => () => refuseStepBack(before, { ...before, ...change });

  it('has its id, and an epoch that is not earlier', () => {
    expect(() => refuseStepBack(undefined, before)).not.toThrow();
    for (const epoch of [3, 4]) expect(over({ epoch })).not.toThrow();
  });

  it.each([
    [
      { id: 'bbbbbbbbbb', epoch: 2 },
      'rotation_record',
      'The store holds the record aaaaaaaaaa, and bbbbbbbbbb was to be written over it. Give each rotated key a store of its own.',
    ],
    [
      { epoch: 2 },
      'rotation_epoch',
      'The store holds epoch 3 of the record, and epoch 2 was to be written over it: a record never goes back. Read it again.',
    ],
  ] as const)('is refused with %j', (change, code, message) => {
    expect(over(change)).toThrow(new RotationError(message, { code }));
    expect(over(change)).toThrow(expect.objectContaining({ code }));
  });
});
