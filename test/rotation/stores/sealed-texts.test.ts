// The form of a sealed record, held against Node's own crypto, and what is said of a text that does not open.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileStore, RotationError, revealRecord, sealing } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/credentials.ts';
import { madeUpRecord } from '../support/records.ts';
import { failure } from '../support/world.ts';
import { idOf, keyNamed, openedText, sealedText } from './sealed-text.ts';

const PLACE = 'vault:/secret/ci';
const key = keyNamed('now');
const UNUSABLE = { code: 'rotation_record' };

describe('a sealed text', () => {
  it('is AES-256-GCM with the head and the place beside it, and another one each time', async () => {
    const record = madeUpRecord();
    const [one, two] = [
      await sealing({ key }).seal(record, PLACE),
      await sealing({ key }).seal(record, PLACE),
    ];
    for (const text of [one, two]) {
      expect(text).toMatch(new RegExp(`^blazemeter-sealed-1\\.${idOf(key)}\\.[A-Za-z0-9+/]+=*\n$`));
      expect(openedText(key, PLACE, text)).toBe(revealRecord(record));
    }
    expect(one).not.toBe(two);
  });

  it.each(['a', 'ab', 'abc'])('opens, with blanks behind it and without (%s)', async (name) => {
    const text = sealedText(key, PLACE, revealRecord(madeUpRecord({ name })));
    for (const each of [text, text.trimEnd(), `${text}\n `])
      expect((await sealing({ key }).open(each, PLACE)).name).toBe(name);
  });

  it('opens with a former key', async () => {
    const text = sealedText(keyNamed('former'), PLACE, revealRecord(madeUpRecord()));
    const previous = [keyNamed('older'), keyNamed('former')];
    expect((await sealing({ key, previous }).open(text, PLACE)).name).toBe('ci');
  });

  it('is for its place alone, or for the one that was given', async () => {
    const record = madeUpRecord();
    const text = sealedText(key, PLACE, revealRecord(record));
    expect(await failure(sealing({ key }).open(text, 'elsewhere'))).toMatchObject(UNUSABLE);
    const own = sealing({ key, place: 'my own' });
    expect(openedText(key, 'my own', await own.seal(record, PLACE))).toBe(revealRecord(record));
    expect((await own.open(await own.seal(record, PLACE), 'elsewhere')).name).toBe('ci');
    expect(await failure(own.open(text, PLACE))).toMatchObject(UNUSABLE);
  });

  it.each(['', 7])('cannot be for %j', (place) => {
    expect(() => Reflect.apply(sealing, undefined, [{ key, place }])).toThrow(TypeError);
  });
});

describe('a text that does not open', () => {
  const text = sealedText(key, PLACE, revealRecord(madeUpRecord())).trimEnd();
  const head = `blazemeter-sealed-1.${idOf(key)}.`;
  const ofBytes = (count: number) => head + Buffer.alloc(count, 7).toString('base64');
  const open = (spoilt: string) => failure(sealing({ key }).open(spoilt, PLACE));

  it.each([
    ['without a key', 'blazemeter-sealed-1.'],
    ['without its bytes', head],
    ['with more before it', `blazemeter-sealed-1.${text}`],
    ['with more behind it', `${text}!`],
    ['with more behind a line', `${text}\nx`],
    ['with a key of other letters', text.replace(idOf(key), 'g'.repeat(12))],
    ['with a key that is too short', text.replace(idOf(key), 'abc')],
    ['without a version', 'blazemeter-sealed-x'],
    ['with a version that is no number', 'blazemeter-sealed-x2.abc'],
    ['with a version without its end', 'blazemeter-sealed-2'],
    ['with bytes that are no base64', `${head}A`],
    ['with too many signs at its end', `${head}${'A'.repeat(45)}===`],
    ['of a nonce and a tag alone', ofBytes(28)],
  ])('%s is spoilt', async (_, spoilt) => {
    expect(await open(spoilt)).toMatchObject(UNUSABLE);
  });

  it('with one byte more than a nonce and a tag does not open', async () => {
    expect(await open(ofBytes(29))).toMatchObject(UNUSABLE);
  });

  it.each(['blazemeter-sealed-2.abc', 'blazemeter-sealed-12.abc', 'blazemeter-sealed-10.1.'])(
    'may be of another version (%s)',
    async (other) => {
      expect(await open(other)).toMatchObject(UNUSABLE);
    },
  );

  it('may be of another key, and names those that were given', async () => {
    const other = sealedText(keyNamed('other'), PLACE, 'x');
    const [own, former, mine] = [idOf(keyNamed('other')), idOf(keyNamed('former')), idOf(key)];
    const both = sealing({ key, previous: [keyNamed('former')] });
    for (const [error, ids] of [
      [await open(other), [own, mine]],
      [await failure(both.open(other, PLACE)), [own, former, mine]],
    ] as const) {
      expect(error).toMatchObject(UNUSABLE);
      for (const id of ids) expect(error.message).toContain(id);
    }
  });
});

describe('a text that is not sealed', () => {
  const plain = revealRecord(madeUpRecord());

  it('opens while sealing is introduced, and at no other time', async () => {
    expect((await sealing({ key, acceptPlaintext: true }).open(plain, PLACE)).current.id).toBe(
      '7e57ed000000000000000001',
    );
    for (const options of [{ key }, { key, acceptPlaintext: false }])
      expect(await failure(sealing(options).open(plain, PLACE))).toMatchObject(UNUSABLE);
  });

  it('is what a store keeps without a seal, and a sealed one is not mistaken for it', async () => {
    const path = join(temporaryFolder(), 'record.json');
    const record = madeUpRecord();
    await fileStore(path, { seal: sealing({ key }) }).write(record, { ifMatch: null });
    expect(await readFile(path, 'utf8')).toMatch(/^blazemeter-sealed-1\./);
    const error = await failure(fileStore(path).read());
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject(UNUSABLE);
    const held = await fileStore(path, { seal: sealing({ key }) }).read();
    expect(held && revealRecord(held.record)).toBe(revealRecord(record));
  });
});
