// What a run without a record finds in the list of keys: which are its own, older and newer ones, whose times tell what, and
// who signs.
import { RotationError, type UnrecordedOptions } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { madeUp } from '../../support/credentials.ts';
import { at, DAY, HOUR, MINUTE, NOW } from '../support/stage.ts';
import { type UnrecordedSetting, unrecordedSetting } from '../support/unrecorded.ts';
import { failure } from '../support/world.ts';

type Setting = Awaited<ReturnType<typeof unrecordedSetting>>;
type Keys = NonNullable<UnrecordedSetting['keys']>;
type More = (setting: Setting) => Partial<UnrecordedOptions>;

/** The keys that a run for a key of ours would delete once a drain of many days is over, by their names in the test. */
async function older(keys: Keys, more: More = () => ({})): Promise<string[]> {
  const setting = await unrecordedSetting({ keys });
  const report = await setting.run({ drain: { days: 40 }, ...more(setting) });
  expect(report.rotated).toBe(false);
  return report.retire.map(({ id }) => setting.called(id)).sort();
}

/** The keys that a rotation replaces, and its epoch. */
async function replaced(keys: Keys, more: More = () => ({})) {
  const setting = await unrecordedSetting({ keys });
  const report = await setting.run({ reason: 'schedule', ...more(setting) });
  expect(report.rotated).toBe(true);
  return { epoch: report.epoch, going: report.retire.map(({ id }) => setting.called(id)).sort() };
}

/** As the run used it that created it. */
const used = { lastUsed: { days: -10 } };
/** Not in the order of their epochs. */
const three = { third: { epoch: 3, ...used }, first: { epoch: 1, ...used }, tenth: { epoch: 10, ...used } };

describe('a key created by hand', () => {
  it('is of epoch 0, and nothing goes but what is to be replaced', async () => {
    const { run, recordId, idOf } = await unrecordedSetting();
    expect(await run()).toMatchObject({
      epoch: 0,
      recordId,
      keyId: idOf('given'),
      givenKeyId: idOf('given'),
    });
    expect(await replaced({})).toEqual({ epoch: 1, going: [] });
    expect(await replaced({}, ({ idOf: id }) => ({ replaces: id('spare') }))).toEqual({
      epoch: 1,
      going: ['spare'],
    });
  });

  it('is older than all keys of ours: the next has the epoch after the highest, and they go', async () => {
    expect(await replaced(three)).toEqual({ epoch: 11, going: ['first', 'tenth', 'third'] });
  });
});

describe('a key of ours', () => {
  const keys = { first: three.first, other: {}, given: { epoch: 3 } };

  it('has replaced those of earlier epochs, and no key of another name', async () => {
    expect(await older(keys)).toEqual(['first']);
  });

  it.each([
    ['a key created by hand', 'spare', ['first', 'spare']],
    ['itself', 'given', ['first']],
    ['an older one of ours', 'first', ['first']],
  ])('has replaced %s, where that is asked for, in either case of its digits', async (_, name, expected) => {
    expect(await older(keys, ({ idOf }) => ({ replaces: idOf(name).toUpperCase() }))).toEqual(expected);
  });

  it('has replaced no key that is not there', async () => {
    expect(await older(keys, () => ({ replaces: madeUp('gone').id }))).toEqual(['first']);
  });

  it('is older than one of a later epoch: then another one is created', async () => {
    expect(await replaced({ ...keys, tenth: three.tenth })).toMatchObject({ epoch: 11 });
  });

  it('is no older than its twins that were never used, where the service shows uses', async () => {
    const twins = [...'abcdefgh'];
    expect(await older(Object.fromEntries([...twins, 'given'].map((name) => [name, { epoch: 3 }])))).toEqual(
      twins,
    );
  });

  it.each([
    ['were used', { lastUsed: { days: -10 } }],
    ['may have been used, since the service does not show uses', { shown: { lastUsed: null } }],
  ])('is older than some twins that %s, by the order of their ids', async (_, twin) => {
    const names = ['given', ...'abcd'];
    const keys = Object.fromEntries(names.map((name) => [name, { epoch: 3, ...twin }]));
    const order = async () => {
      const setting = await unrecordedSetting({ keys });
      return { ...setting, sorted: [...names].sort((a, b) => (setting.idOf(a) < setting.idOf(b) ? -1 : 1)) };
    };
    const { sorted, run, keyOf, called } = await order();
    const last = await run({ credentials: keyOf(sorted.at(-1) ?? ''), drain: { days: 40 } });
    expect(last.rotated).toBe(false);
    expect(last.retire.map(({ id }) => called(id)).sort()).toEqual(sorted.slice(0, -1).sort());
    const again = await order();
    const first = await again.run({ credentials: again.keyOf(again.sorted[0] ?? '') });
    expect(first).toMatchObject({ rotated: true, epoch: 4 });
  });
});

describe('what the times of the signing key tell', () => {
  const seconds = (moment: Date): number => moment.getTime() / 1_000;
  const left = { epoch: 1, created: at(-20 * MINUTE) };

  it.each([
    ['at this moment', 0, true],
    ['two seconds ago', -2_000, true],
    ['three seconds ago', -3_000, false],
  ])(
    'uses are shown at once where its last one was %s: then a key never used may be taken',
    async (_, ms, tells) => {
      const { run, idOf } = await unrecordedSetting({
        keys: { left, given: { shown: { lastUsed: seconds(at(ms)) } } },
      });
      const { keyId } = await run({ reason: 'schedule' });
      expect(keyId === idOf('left')).toBe(tells);
    },
  );

  it('no uses are shown where it has none', async () => {
    const { run, idOf } = await unrecordedSetting({ keys: { left, given: { shown: { lastUsed: null } } } });
    expect((await run({ reason: 'schedule' })).keyId).not.toBe(idOf('left'));
  });

  it.each([
    ['at this moment', seconds(NOW), false],
    ['two seconds ago', seconds(NOW) - 2, false],
    ['three seconds ago', seconds(NOW) - 3, true],
    ['half an hour ago', seconds(at(-HOUR / 2)), true],
  ])(
    'an update of its own %s says when it got its secret, or that updates say nothing',
    async (_, updated, tells) => {
      const { run } = await unrecordedSetting({
        keys: { given: { epoch: 2, created: at(-2 * HOUR), shown: { updated } }, old: { epoch: 1 } },
      });
      const { phase, resumeAfter } = await run();
      expect([phase, resumeAfter]).toEqual(
        tells ? ['draining', new Date(updated * 1_000 + HOUR)] : ['idle', null],
      );
    },
  );
});

describe('who signs', () => {
  const expired = { expires: { days: -1 } };
  const withSpare: More = ({ keyOf }) => ({ recovery: keyOf('spare'), reason: 'schedule' });

  it('is the given key where it is accepted, and the recovery credential is not asked', async () => {
    const setting = await unrecordedSetting();
    await setting.run(withSpare(setting));
    const { journal } = setting.reference;
    expect(journal.entries.every(({ keyId }) => keyId !== setting.idOf('spare'))).toBe(true);
  });

  it('is the recovery credential where the given key is refused', async () => {
    expect(await replaced({ given: expired, ...three }, withSpare)).toMatchObject({ epoch: 11 });
  });

  it('is found whatever the case of the digits of the given key', async () => {
    const setting = await unrecordedSetting({ keys: { given: { epoch: 1 }, old: { epoch: 0 } } });
    const { id, secret } = setting.keyOf('given');
    const credentials = { id: id.toUpperCase(), secret };
    const report = await setting.run({ credentials, recovery: setting.keyOf('spare') });
    expect(report.givenKeyId).toBe(id);
  });

  it('finds the keys that were created in place of one that is gone, and none of another user', async () => {
    const credentials = { id: `7e57ed${'0'.repeat(18)}`, secret: 'of nobody' };
    const found = await unrecordedSetting({ keys: { next: { epoch: 1, ...used } } });
    expect(await found.run({ credentials, recovery: found.keyOf('spare') })).toMatchObject({
      rotated: true,
      epoch: 2,
      givenKeyId: credentials.id,
    });
    const foreign = await unrecordedSetting();
    const error = await failure(foreign.run({ credentials, recovery: foreign.keyOf('spare') }));
    expect(error).toMatchObject({ code: 'rotation_signer' });
    expect(foreign.changes()).toEqual([]);
  });

  it.each<[string, Keys, More, number]>([
    ['there is no other', { given: expired }, () => ({}), 1],
    ['the recovery credential is refused, too', { given: expired, spare: expired }, withSpare, 2],
    [
      'the recovery credential is the given key itself',
      { given: expired },
      ({ keyOf }) => ({ recovery: { id: keyOf('given').id.toUpperCase(), secret: keyOf('given').secret } }),
      1,
    ],
  ])('is nobody where %s', async (_, keys, more, asked) => {
    const setting = await unrecordedSetting({ keys });
    const error = await failure(setting.run(more(setting)));
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({ code: 'rotation_signer' });
    expect(setting.reference.journal.count('user.get')).toBe(asked);
    expect(setting.changes()).toEqual([]);
  });

  it('sends credentials that are bound to an origin nowhere else', async () => {
    const { run, keyOf, reference } = await unrecordedSetting();
    const error = await failure(
      run({ credentials: { ...keyOf('given'), origin: 'https://elsewhere.example' } }),
    );
    expect(error.message).toContain('https://elsewhere.example');
    expect(reference.journal.count()).toBe(0);
  });
});

it('a day is the drain where nothing is asked for', async () => {
  const { run } = await unrecordedSetting({
    keys: { given: { epoch: 2, created: at(-HOUR) }, old: { epoch: 1 } },
  });
  expect(await run({ drain: undefined })).toMatchObject({ phase: 'draining', resumeAfter: at(DAY - HOUR) });
});
