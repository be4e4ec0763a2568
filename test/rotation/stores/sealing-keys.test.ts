// The keys of a seal: what may be one, how it is called, and what is said where it cannot be had.
import { type SealingKey, Secret, sealing } from 'blazemeter-client/rotation';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { madeUpRecord } from '../support/records.ts';
import { failure } from '../support/world.ts';
import { idOf, keyNamed } from './sealed-text.ts';

vi.setConfig({ testTimeout: 2_000 });
beforeEach(() => void vi.useFakeTimers());

const bytes = keyNamed('now');
const base64 = Buffer.from(bytes).toString('base64');
const sealed = (key: SealingKey) => sealing({ key }).seal(madeUpRecord(), 'a place');
const idIn = async (key: SealingKey) => (await sealed(key)).split('.')[1];

const bad: readonly unknown[] = [
  '',
  'made-up nonsense!',
  Buffer.from(bytes.subarray(1)).toString('base64'),
  bytes.subarray(1),
  new Uint8Array([...bytes, 7]),
  Array.from(bytes),
  bytes.buffer,
  7,
  null,
  undefined,
  {},
  { reveal: base64 },
  new Uint8Array(32),
  new Uint8Array(32).fill(200),
];

describe('a sealing key', () => {
  it.each<[string, SealingKey]>([
    ['bytes', bytes],
    ['a part of more bytes', new Uint8Array([1, 2, 3, ...bytes, 4]).subarray(3, 35)],
    ['base64', base64],
    ['base64 with blanks around it', ` ${base64}\n`],
    ['a Secret', Secret.from(base64)],
    ['a function that gives bytes', () => bytes],
    ['a function that promises base64', async () => base64],
  ])('may be %s', async (_, key) => {
    expect(await idIn(key)).toBe(idOf(bytes));
  });

  it('may be an object that reveals bytes', async () => {
    const key = { reveal: () => bytes };
    expect(await Reflect.apply(idIn, undefined, [key])).toBe(idOf(bytes));
  });

  it('is called by twelve digits of a hash', async () => {
    for (let at = 0; at < 12; at++) expect(await idIn(keyNamed(`${at}`))).toBe(idOf(keyNamed(`${at}`)));
  });

  it('is copied: the caller may clear theirs', async () => {
    const mine = keyNamed('now');
    const seal = sealing({ key: mine });
    mine.fill(0);
    expect((await seal.seal(madeUpRecord(), 'a place')).split('.')[1]).toBe(idOf(bytes));
  });

  it('cannot be taken out of the seal again', async () => {
    const taken = vi.spyOn(crypto.subtle, 'importKey');
    await sealed(bytes);
    const [made] = taken.mock.settledResults;
    expect(made?.type === 'fulfilled' && made.value.extractable).toBe(false);
  });

  it.each(bad.map((given) => [given]))('cannot be %j', async (given) => {
    const make = (options: object) => () => Reflect.apply(sealing, undefined, [options]);
    expect(make({ key: given })).toThrow(TypeError);
    const error = await failure(make({ key: () => given })().seal(madeUpRecord(), 'a place'));
    expect(error).toMatchObject({ code: 'rotation_store' });
    expect(error).not.toHaveProperty('cause');
  });

  it('of former times is called by its place in the list', () => {
    const [before, wrong] = [keyNamed('former'), new Uint8Array(32)];
    expect(() => sealing({ key: bytes, previous: [before, wrong] })).toThrow(TypeError);
  });
});

describe('a sealing key that is fetched', () => {
  it('is fetched for each use, and no timer is left', async () => {
    const key = vi.fn(async () => bytes);
    const seal = sealing({ key });
    expect(key).not.toHaveBeenCalled();
    await seal.open(await seal.seal(madeUpRecord(), 'a place'), 'a place');
    expect(key).toHaveBeenCalledTimes(2);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('has 15 seconds to come', async () => {
    let over = false;
    const ended = failure(sealed(() => new Promise<never>(() => {}))).finally(() => {
      over = true;
    });
    await vi.advanceTimersByTimeAsync(14_999);
    expect(over).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toMatchObject({
      code: 'rotation_store',
    });
    expect(await ended).not.toHaveProperty('cause');
  });

  it('that cannot be had is reported by the name and the code of what was thrown', async () => {
    const thrown = Object.assign(new TypeError('quotes a key'), { code: 'EACCES' });
    expect(await failure(sealed(() => Promise.reject(thrown)))).toMatchObject({
      code: 'rotation_store',
      cause: { name: 'TypeError', code: 'EACCES' },
    });
  });
});
