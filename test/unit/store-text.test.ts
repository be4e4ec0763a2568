// What all stores share whose place holds a text: when they look, what they write over, and what they remember.
import { revealRecord, StoreConflictError, sealing } from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { type Held, textStore } from '../../src/rotation/stores/text-store.ts';
import { madeUpRecord } from '../stores/records.ts';
import { failure } from '../support/rotation.ts';
import { openSeal } from '../support/store-answers.ts';

const SOURCE = 'theStore (here)';

/** A place that numbers its versions, and the store over it. */
function inPlace(seal = openSeal()) {
  let held: Held<string> = { version: '0', text: undefined, beside: 'what stands beside' };
  const next = (text: string | undefined) => {
    held = { ...held, version: String(Number(held.version) + 1), text };
    return held;
  };
  const look = vi.fn(async () => held);
  const put = vi.fn(async (text: string, over: Held<string>) => {
    if (over.version !== held.version) throw new StoreConflictError('the place itself');
    return next(text);
  });
  const store = textStore({ source: SOURCE, name: 'a place', look, put }, seal);
  return { store, look, put, next, seal };
}

describe('a store over a place that holds a text', () => {
  it('is empty where the place has a version and no text', async () => {
    const { store, look } = inPlace();
    expect(await store.read()).toBeUndefined();
    expect(await store.read()).toBeUndefined();
    expect(look).toHaveBeenCalledTimes(2);
  });

  it('gives back what was written, with the version as its mark', async () => {
    const { store } = inPlace();
    const record = madeUpRecord();
    expect(await store.write(record, { ifMatch: null })).toEqual({ etag: '1' });
    const held = await store.read();
    expect(held && [revealRecord(held.record), held.etag]).toEqual([revealRecord(record), '1']);
  });

  it('looks once where it knows nothing, and writes over what it has seen', async () => {
    const { store, look, put } = inPlace();
    const record = madeUpRecord();
    await store.write(record, { ifMatch: null });
    const before: Held<string> = { version: '0', text: undefined, beside: 'what stands beside' };
    expect(put).toHaveBeenCalledExactlyOnceWith(revealRecord(record), before, record);
    await store.write(madeUpRecord(), { ifMatch: '1' });
    await store.write(madeUpRecord(), { ifMatch: '2' });
    expect(look).toHaveBeenCalledTimes(1);
  });

  it('does not look again after it has read, be it that there was nothing', async () => {
    const { store, look } = inPlace();
    await store.read();
    await store.write(madeUpRecord(), { ifMatch: null });
    await store.read();
    await store.write(madeUpRecord(), { ifMatch: '1' });
    expect(look).toHaveBeenCalledTimes(2);
  });

  it('looks again where it is to write over a version that it has not seen', async () => {
    const { store, look, next } = inPlace();
    await store.write(madeUpRecord(), { ifMatch: null });
    next(revealRecord(madeUpRecord()));
    expect(await store.write(madeUpRecord(), { ifMatch: '2' })).toEqual({ etag: '3' });
    expect(look).toHaveBeenCalledTimes(2);
  });

  it('refuses a version that is not there, without writing', async () => {
    const { store, put } = inPlace();
    for (const ifMatch of ['0', '1'])
      await expect(store.write(madeUpRecord(), { ifMatch })).rejects.toThrow(new StoreConflictError(SOURCE));
    expect(put).not.toHaveBeenCalled();
  });

  it('never goes back, whether it has seen the record or looks first', async () => {
    const { store, put, look } = inPlace();
    await store.write(madeUpRecord({ epoch: 3 }), { ifMatch: null });
    const other = textStore({ source: SOURCE, name: 'a place', look, put }, undefined);
    for (const each of [store, other])
      expect(await failure(each.write(madeUpRecord({ epoch: 2 }), { ifMatch: '1' }))).toMatchObject({
        code: 'rotation_epoch',
      });
    expect(put).toHaveBeenCalledTimes(1);
  });

  it('forgets what it has seen where a write failed: nobody knows what is there', async () => {
    const { store, look, put, next } = inPlace();
    const { etag } = await store.write(madeUpRecord(), { ifMatch: null });
    put.mockImplementationOnce(async (text) => {
      next(text);
      throw new Error('The answer was lost.');
    });
    await failure(store.write(madeUpRecord(), { ifMatch: etag }));
    await expect(store.write(madeUpRecord(), { ifMatch: etag })).rejects.toThrow(StoreConflictError);
    expect(look).toHaveBeenCalledTimes(2);
  });

  it('seals and opens for the name of the place', async () => {
    const { store, seal } = inPlace();
    await store.write(madeUpRecord(), { ifMatch: null });
    await store.write(madeUpRecord(), { ifMatch: '1' });
    await store.read();
    expect(seal.places).toEqual(['seal a place', 'open a place', 'seal a place', 'open a place']);
    const key = Uint8Array.from({ length: 32 }, (_, at) => at);
    const sealed = { ...sealing({ key }), places: [] };
    const { store: closed, put } = inPlace(sealed);
    await closed.write(madeUpRecord(), { ifMatch: null });
    expect(put.mock.calls[0]?.[0]).toMatch(/^blazemeter-sealed-1\./);
  });
});
