// The form of a sealed record, held against Node's own crypto, and what is said of a text that does not open.
import { RotationError, revealRecord } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { closeRecord, openRecord, sealing } from '../../src/rotation/stores/sealing.ts';
import { madeUpRecord } from '../stores/records.ts';
import { failure } from '../support/rotation.ts';
import { idOf, keyNamed, openedText, sealedText } from '../support/sealed-text.ts';

const PLACE = 'vault:/secret/ci';
const key = keyNamed('now');
const unusable = (what: string) => ({
  code: 'rotation_record',
  message: `The record of the rotation cannot be used: ${what}. Nothing was changed.`,
});
const SPOILT = unusable('its seal is spoilt: the text was cut short or changed');
const CLOSED = unusable(
  'its seal does not open: the text was cut short or changed, or it was sealed for another place than this one (a record cannot be copied or moved)',
);

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
    expect(await failure(sealing({ key }).open(text, 'elsewhere'))).toMatchObject(CLOSED);
    const own = sealing({ key, place: 'my own' });
    expect(openedText(key, 'my own', await own.seal(record, PLACE))).toBe(revealRecord(record));
    expect((await own.open(await own.seal(record, PLACE), 'elsewhere')).name).toBe('ci');
    expect(await failure(own.open(text, PLACE))).toMatchObject(CLOSED);
  });

  it.each(['', 7])('cannot be for %j', (place) => {
    expect(() => Reflect.apply(sealing, undefined, [{ key, place }])).toThrow(
      new TypeError('place is a text that is not empty.'),
    );
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
    expect(await open(spoilt)).toMatchObject(SPOILT);
  });

  it('with one byte more than a nonce and a tag does not open', async () => {
    expect(await open(ofBytes(29))).toMatchObject(CLOSED);
  });

  it.each(['blazemeter-sealed-2.abc', 'blazemeter-sealed-12.abc', 'blazemeter-sealed-10.1.'])(
    'may be of another version (%s)',
    async (other) => {
      expect(await open(other)).toMatchObject(
        unusable('it was sealed by another version of blazemeter-client; use that one'),
      );
    },
  );

  it('may be of another key, and names those that were given', async () => {
    const other = sealedText(keyNamed('other'), PLACE, 'x');
    const [own, former, mine] = [idOf(keyNamed('other')), idOf(keyNamed('former')), idOf(key)];
    expect(await open(other)).toMatchObject(
      unusable(
        `it was sealed with the key ${own}, and the key given is ${mine}. Give that key, or give it as previous`,
      ),
    );
    const both = sealing({ key, previous: [keyNamed('former')] });
    expect(await failure(both.open(other, PLACE))).toMatchObject(
      unusable(
        `it was sealed with the key ${own}, and the keys given are ${mine}, ${former}. Give that key, or give it as previous`,
      ),
    );
  });
});

describe('a text that is not sealed', () => {
  const plain = revealRecord(madeUpRecord());

  it('opens while sealing is introduced, and at no other time', async () => {
    expect((await sealing({ key, acceptPlaintext: true }).open(plain, PLACE)).current.id).toBe(
      '7e57ed000000000000000001',
    );
    for (const options of [{ key }, { key, acceptPlaintext: false }])
      expect(await failure(sealing(options).open(plain, PLACE))).toMatchObject(
        unusable(
          'it is not sealed, and this store takes sealed records alone. If you have just introduced sealing, say acceptPlaintext: true until the record was written once',
        ),
      );
  });

  it('is what a store keeps without a seal, and with a seal it is asked', async () => {
    const record = madeUpRecord();
    expect(await closeRecord(record, undefined, PLACE)).toBe(revealRecord(record));
    expect(revealRecord(await openRecord(plain, undefined, PLACE))).toBe(plain);
    const seal = sealing({ key });
    const text = await closeRecord(record, seal, PLACE);
    expect(revealRecord(await openRecord(text, seal, PLACE))).toBe(revealRecord(record));
    const error = await failure(openRecord(text, undefined, PLACE));
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject(unusable('it is sealed: give the store the seal that it was written with'));
  });
});
