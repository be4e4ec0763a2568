// A sealed record opens with its key at its place, and in no other way; what is wrong is said without what is in it.
import { join } from 'node:path';
import {
  fileStore,
  redisStore,
  revealRecord,
  rotate,
  type SealingKey,
  Secret,
  sealing,
} from 'blazemeter-client/rotation';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/credentials.ts';
import { MADE_UP_SECRET, madeUpRecord } from '../support/records.ts';
import { adopted, failure, keyIds, recordOf, rotationWorld } from '../support/world.ts';
import { redisFake } from './redis-fake.ts';

const aKey = () => crypto.getRandomValues(new Uint8Array(32));
const PLACE = 'vault:/secret/ci';

describe('sealing', () => {
  it('opens what it has sealed, and seals the same record differently each time', async () => {
    const seal = sealing({ key: aKey() });
    const record = madeUpRecord();
    const [one, two] = [await seal.seal(record, PLACE), await seal.seal(record, PLACE)];
    expect(one).not.toBe(two);
    for (const text of [one, two, two.trimEnd(), `${one}\n`])
      expect(revealRecord(await seal.open(text, PLACE))).toBe(revealRecord(record));
    expect(one).toMatch(/^blazemeter-sealed-1\.[0-9a-f]{12}\.[A-Za-z0-9+/]+=*\n$/);
  });

  it('takes the key as bytes, base64, a Secret or a function, and they are one key', async () => {
    const bytes = aKey();
    const base64 = Buffer.from(bytes).toString('base64');
    const forms: SealingKey[] = [
      bytes,
      Buffer.from(bytes),
      base64,
      `${base64}\n`,
      Buffer.from(bytes).toString('base64url'),
      Secret.from(base64),
      () => bytes,
      async () => base64,
    ];
    const text = await sealing({ key: bytes }).seal(madeUpRecord(), PLACE);
    for (const key of forms) expect((await sealing({ key }).open(text, PLACE)).name).toBe('ci');
  });

  it('has a copy of its key: the caller may clear theirs', async () => {
    const key = aKey();
    const seal = sealing({ key });
    const text = await seal.seal(madeUpRecord(), PLACE);
    key.fill(0);
    expect((await seal.open(text, PLACE)).name).toBe('ci');
  });

  it('refuses what is no key of 32 bytes, at once where it can, and never shows it', async () => {
    const bad: unknown[] = [
      '',
      'made-up-nonsense!',
      'a'.repeat(64),
      new Uint8Array(16),
      new Uint8Array(32),
      7,
      null,
    ];
    for (const key of bad) {
      expect(() => Reflect.apply(sealing, undefined, [{ key }])).toThrow(TypeError);
      expect(() => Reflect.apply(sealing, undefined, [{ key: aKey(), previous: [key] }])).toThrow(
        'previous[0]',
      );
      const late = sealing({ key: async () => Reflect.apply(JSON.parse, undefined, [JSON.stringify(key)]) });
      const error = await failure(late.seal(madeUpRecord(), PLACE));
      expect(error).toMatchObject({ code: 'rotation_store' });
      expect(error.message).not.toContain('nonsense');
    }
    const broken = sealing({ key: () => Promise.reject(new Error('made-up nonsense')) });
    const error = await failure(broken.seal(madeUpRecord(), PLACE));
    expect(error.message).toContain('could not be fetched');
    expect(String(error.cause) + error.message).not.toContain('nonsense');
  });

  it('waits no longer than 15 seconds for a key that has to be fetched', async () => {
    vi.useFakeTimers();
    const seal = sealing({ key: () => new Promise(() => {}) });
    const sealed = failure(seal.seal(madeUpRecord(), PLACE));
    await vi.advanceTimersByTimeAsync(15_000);
    expect(await sealed).toMatchObject({ code: 'rotation_store' });
    expect((await sealed).message).toContain('did not come within 15 s');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('opens what a previous key has sealed, and seals it anew with the key of now', async () => {
    const [old, now] = [aKey(), aKey()];
    const text = await sealing({ key: old }).seal(madeUpRecord(), PLACE);
    const both = sealing({ key: now, previous: [old] });
    const again = await both.seal(await both.open(text, PLACE), PLACE);
    expect((await sealing({ key: now }).open(again, PLACE)).name).toBe('ci');
    const error = await failure(sealing({ key: old }).open(again, PLACE));
    expect(error).toMatchObject({ code: 'rotation_record' });
    // It names the key by its id, which says nothing of the key.
    expect(error.message).toContain(`sealed with the key ${again.split('.')[1]}`);
  });

  it('opens nowhere but at its place, unless it was given a place of its own', async () => {
    const key = aKey();
    const text = await sealing({ key }).seal(madeUpRecord(), PLACE);
    const error = await failure(sealing({ key }).open(text, `${PLACE}2`));
    expect(error).toMatchObject({ code: 'rotation_record' });
    expect(error.message).toContain('another place');
    const own = sealing({ key, place: 'ci' });
    const free = await own.seal(madeUpRecord(), PLACE);
    expect((await own.open(free, 'elsewhere')).name).toBe('ci');
    await expect(sealing({ key }).open(free, PLACE)).rejects.toThrow('another place');
    expect(() => sealing({ key, place: '' })).toThrow(TypeError);
  });

  it('opens no text in which anything was changed or cut', async () => {
    const seal = sealing({ key: aKey() });
    const text = (await seal.seal(madeUpRecord(), PLACE)).trimEnd();
    const letters = [...'ABCDEFabcdef0123456789+/.=\n '];
    await fc.assert(
      fc.asyncProperty(
        fc.nat(text.length - 1),
        fc.constantFrom(...letters),
        fc.nat(3),
        async (at, letter, way) => {
          const spoilt =
            way === 0
              ? text.slice(0, at)
              : way === 1
                ? text.slice(0, at) + letter + text.slice(at + 1)
                : way === 2
                  ? text.slice(0, at) + text.slice(at + 1)
                  : text.slice(0, at) + letter + text.slice(at);
          // The same bytes can be written in two ways at the very end of base64, and blanks behind it count for nothing.
          const bytes = (one: string) => Buffer.from(one.split('.')[2] ?? '', 'base64').toString('hex');
          const head = (one: string) => one.split('.').slice(0, 2).join('.');
          if (bytes(spoilt) === bytes(text) && head(spoilt) === head(text)) return;
          const error = await failure(seal.open(spoilt, PLACE));
          expect(error).toMatchObject({ code: 'rotation_record' });
          expect(error.message).not.toContain('0123456789abcdef');
        },
      ),
      { numRuns: 150 },
    );
  });

  it('knows a text of another version, and does not guess at it', async () => {
    const error = await failure(sealing({ key: aKey() }).open('blazemeter-sealed-2.whatever', PLACE));
    expect(error.message).toContain('another version');
  });

  it('takes no record that is not sealed, unless it is being introduced', async () => {
    const world = rotationWorld();
    const path = join(temporaryFolder(), 'record.json');
    await adopted(world, fileStore(path));
    const key = aKey();
    const error = await failure(fileStore(path, { seal: sealing({ key }) }).read());
    expect(error.message).toContain('acceptPlaintext');
    const introducing = fileStore(path, { seal: sealing({ key, acceptPlaintext: true }) });
    await rotate(world.client, { store: introducing, reason: 'schedule', drain: { minutes: 0 } });
    expect(await recordOf(fileStore(path, { seal: sealing({ key }) }))).toMatchObject({ epoch: 1 });
    expect((await failure(fileStore(path).read())).message).toContain('it is sealed');
  });

  it('cannot tell a whole old text that was put back, but the rotation can, by the keys of the service', async () => {
    const world = rotationWorld();
    const redis = redisFake();
    const store = redisStore(redis.eval, { key: 'ci', seal: sealing({ key: aKey() }) });
    await adopted(world, store);
    const old = redis.keys.get('ci') ?? '';
    await rotate(world.client, { store, reason: 'schedule', drain: { minutes: 0 } });
    redis.keys.set('ci', old);
    expect((await recordOf(store)).epoch).toBe(0);
    const before = keyIds(world.reference);
    const error = await failure(
      rotate(world.client, { store, reason: 'schedule', recovery: world.keys.spare }),
    );
    expect(error).toMatchObject({ code: 'rotation_epoch' });
    expect(keyIds(world.reference)).toEqual(before);
  });

  it('holds no trace of the secret in its text', async () => {
    const text = await sealing({ key: aKey() }).seal(madeUpRecord(), PLACE);
    for (const piece of [MADE_UP_SECRET, Buffer.from(MADE_UP_SECRET).toString('base64').slice(4, 40)])
      expect(text).not.toContain(piece);
  });
});
