// What a run without a record finds in the list of keys: which are ours, older and newer ones, and what their times tell.
import { RotationError } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readUnrecordedOptions } from '../../src/rotation/ci/unrecorded-options.ts';
import { epochOf, issuedAt, ours, type Survey, survey } from '../../src/rotation/ci/unrecorded-survey.ts';
import { Service } from '../../src/rotation/engine/service.ts';
import { madeUp } from '../support/credentials.ts';
import { failure } from '../support/rotation.ts';
import { at, MINUTE, NOW, type UnrecordedSetting, unrecordedSetting } from '../support/unrecorded.ts';

vi.setConfig({ testTimeout: 3_000 });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const seconds = (moment: Date): number => moment.getTime() / 1_000;

/** A look around: what is found, with the names that the keys have in the test. */
async function look(
  setting: UnrecordedSetting = {},
  more: (stage: Awaited<ReturnType<typeof unrecordedSetting>>) => object = () => ({}),
) {
  const stage = await unrecordedSetting(setting);
  const find = () =>
    survey(new Service(stage.client, undefined), readUnrecordedOptions(stage.options({ ...more(stage) })));
  const short = ({ accepted, signer, current, epoch, top, tells, dates, newer, older }: Survey) => ({
    accepted,
    signer: stage.called(signer.id),
    current: stage.called(current.id),
    epoch,
    top,
    tells,
    dates,
    newer: newer.map(({ id }) => stage.called(id)),
    older: older.map(({ id }) => stage.called(id)),
  });
  return { stage, find, seen: async () => short(await find()) };
}

const plain = {
  accepted: true,
  signer: 'given',
  current: 'given',
  epoch: 0,
  top: 0,
  tells: true,
  dates: true,
  newer: [],
  older: [],
};
/** Not in the order of their epochs. */
const three = { third: { epoch: 3 }, first: { epoch: 1 }, tenth: { epoch: 10 } };

describe('a key made by hand', () => {
  it('has the epoch 0, and nothing is older or newer where there are no keys of ours', async () => {
    const { seen, find, stage } = await look();
    expect(await seen()).toEqual(plain);
    const { current, recordId, keys } = await find();
    expect(recordId).toBe(stage.recordId);
    expect(keys.map(({ name }) => name).sort()).toEqual(['given', 'spare']);
    const { id, secret } = stage.keyOf('given');
    expect({ ...current, secret: current.secret.reveal() }).toEqual({
      id,
      secret,
      name: 'given',
      createdAt: at(-10 * 1_440 * MINUTE),
      expiresAt: at(90 * 1_440 * MINUTE),
    });
  });

  it('is older than all keys of ours, which are in the order of their epochs', async () => {
    const { seen } = await look({ keys: three });
    expect(await seen()).toEqual({ ...plain, top: 10, newer: ['first', 'third', 'tenth'] });
  });

  it('replaces nothing, whatever is to be replaced', async () => {
    const { seen } = await look({ keys: three }, ({ idOf }) => ({ replaces: idOf('spare') }));
    expect(await seen()).toMatchObject({ older: [] });
  });
});

describe('a key of ours', () => {
  const keys = { ...three, given: { epoch: 3 }, third: {} };

  it('is older than those of later epochs, and newer than the others', async () => {
    const { seen } = await look({ keys });
    expect(await seen()).toEqual({ ...plain, epoch: 3, top: 10, newer: ['tenth'], older: ['first'] });
  });

  it.each([
    ['a key made by hand', 'spare', ['first', 'spare']],
    ['itself', 'given', ['first']],
    ['an older one of ours', 'first', ['first']],
    ['a newer one of ours', 'tenth', ['first']],
  ])('has replaced %s, where it is told so and that is no newer one', async (_, name, older) => {
    const { seen } = await look({ keys }, ({ idOf }) => ({ replaces: idOf(name).toUpperCase() }));
    expect(await seen()).toMatchObject({ newer: ['tenth'], older });
  });

  it('has replaced no key that is not there', async () => {
    const { seen } = await look({ keys }, () => ({ replaces: madeUp('gone').id }));
    expect(await seen()).toMatchObject({ older: ['first'] });
  });

  it('is no older than its twin that nobody has used, where the service tells uses', async () => {
    const names = [...'abcdefghijklmnopqrstuvwxyz'];
    const { seen } = await look({
      keys: Object.fromEntries([...names, 'given'].map((name) => [name, { epoch: 3 }])),
    });
    const { older, newer } = await seen();
    expect([older.sort(), newer]).toEqual([names, []]);
  });

  it.each([
    ['was used', { lastUsed: { days: -1 } }, {}],
    ['may have been used, since the service does not tell uses', {}, { lastUsed: null }],
  ])('is older than a twin that %s, by the order of their ids', async (_, twin, shown) => {
    const names = ['given', ...'abcdefghijklmnopqrstuvwxyz'];
    const { seen, stage } = await look({
      keys: Object.fromEntries(
        names.map((name) => [name, { epoch: 3, ...twin, ...(name === 'given' ? { shown } : {}) }]),
      ),
    });
    const order = names.sort((a, b) => (stage.idOf(a) < stage.idOf(b) ? -1 : 1));
    const self = order.indexOf('given');
    const found = await seen();
    expect(found).toMatchObject({ older: order.slice(0, self), newer: order.slice(self + 1) });
    expect([found.older.length > 0, found.newer.length > 0]).toEqual([true, true]);
  });

  it('is older than an unused key of a later epoch', async () => {
    const { seen } = await look({ keys: { given: { epoch: 3 }, next: { epoch: 4 } } });
    expect(await seen()).toMatchObject({ newer: ['next'], older: [] });
  });
});

describe('what the times of the signing key tell', () => {
  const shown = (fields: object) => ({ keys: { given: { shown: { ...fields } } } });

  it.each([
    ['at this moment', 0, true],
    ['two seconds ago', -2_000, true],
    ['three seconds ago', -3_000, false],
  ])('uses are told at once where its last use was %s', async (_, ms, tells) => {
    const { seen } = await look(shown({ lastUsed: seconds(at(ms)) }));
    expect(await seen()).toMatchObject({ tells, dates: true });
  });

  it('no uses are told where it has none', async () => {
    const { seen } = await look(shown({ lastUsed: null }));
    expect(await seen()).toMatchObject({ tells: false });
  });

  it.each([
    ['at this moment', seconds(NOW), false],
    ['two seconds ago', seconds(NOW) - 2, false],
    ['three seconds ago', seconds(NOW) - 3, true],
    ['never', null, true],
  ])('an update tells the time of a secret unless its own was %s', async (_, updated, dates) => {
    const { seen } = await look(shown({ updated }));
    expect(await seen()).toMatchObject({ dates, tells: true });
  });

  it('nothing is told by a list that lacks it', async () => {
    const { stage, find, seen } = await look();
    stage.shown.set(stage.idOf('given'), undefined);
    expect(await seen()).toEqual({ ...plain, tells: false });
    const { current } = await find();
    expect(current).toMatchObject({ id: stage.idOf('given'), name: null, createdAt: null, expiresAt: null });
  });
});

describe('when a key got its secret', () => {
  it('is its last update, or its making where that is later or the update tells nothing', async () => {
    const { find } = await look();
    const [key] = (await find()).keys;
    if (key === undefined) throw new Error('There is no key.');
    const of = (created: number, updated: number | null, dates: boolean) =>
      issuedAt(
        { ...key, createdAt: at(created), updatedAt: updated === null ? null : at(updated) },
        { dates },
      );
    expect(of(-5, -2, true)).toBe(at(-2).getTime());
    expect(of(-5, -9, true)).toBe(at(-5).getTime());
    expect(of(-5, -2, false)).toBe(at(-5).getTime());
    expect(of(-5, null, true)).toBe(at(-5).getTime());
    expect(epochOf(key)).toBe(0);
    expect(ours([key], 'another')).toEqual([]);
  });
});

describe('a recovery credential', () => {
  const given = { expires: { days: -1 } };
  const withSpare = ({ keyOf }: Awaited<ReturnType<typeof unrecordedSetting>>) => ({
    recovery: keyOf('spare'),
  });

  it('is not asked where the given pair is accepted', async () => {
    const { seen, stage } = await look({}, withSpare);
    expect(await seen()).toMatchObject({ accepted: true, signer: 'given' });
    expect(stage.reference.journal.count('user.get')).toBe(1);
  });

  it('signs where the given pair is refused, and its own times tell', async () => {
    const { seen } = await look({ keys: { given, ...three } }, withSpare);
    expect(await seen()).toEqual({
      ...plain,
      accepted: false,
      signer: 'spare',
      top: 10,
      newer: ['first', 'third', 'tenth'],
    });
    const untold = await look({ keys: { given, spare: { shown: { lastUsed: null } } } }, withSpare);
    expect(await untold.seen()).toMatchObject({ accepted: false, tells: false });
  });

  it('finds the key of the given pair whatever the case of its digits', async () => {
    const { find, stage } = await look({ keys: { given: { epoch: 1 } } }, ({ keyOf }) => ({
      recovery: keyOf('spare'),
      credentials: { id: keyOf('given').id.toUpperCase(), secret: keyOf('given').secret },
    }));
    expect(await find()).toMatchObject({ accepted: false, epoch: 1, current: { id: stage.idOf('given') } });
  });

  it('finds the keys that were made in place of one that is gone', async () => {
    const gone = { id: `7e57ed${'0'.repeat(18)}`, secret: 'of nobody' };
    const more = (stage: Awaited<ReturnType<typeof unrecordedSetting>>) => ({
      ...withSpare(stage),
      credentials: gone,
    });
    const { find } = await look({ keys: { next: { epoch: 1 } } }, more);
    expect(await find()).toMatchObject({ accepted: false, epoch: 0, top: 1, current: { id: gone.id } });
    const foreign = await look({}, more);
    const error = await failure(foreign.find());
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({
      code: 'rotation_signer',
      message: `The recovery credential sees neither the key ${gone.id} nor any key that was made in its place: it is another user's. Give a key of the same user.`,
    });
  });

  const advice =
    'refused, so nothing can be signed. Likely cause: this run was queued before a rotation whose drain is over (then run it again: a new run is given the new pair), or the key has run out or was deleted. Else make a key in the web interface (Settings > Personal > API keys) and put it where this pair came from; or give another key of the same user as recovery.';

  it('is asked for where there is none', async () => {
    const { find, stage } = await look({ keys: { given } });
    expect(await failure(find())).toMatchObject({
      code: 'rotation_signer',
      message: `The pair of the key ${stage.idOf('given')} is ${advice}`,
    });
  });

  it('is named where it is refused too', async () => {
    const { find, stage } = await look({ keys: { given, spare: given } }, withSpare);
    expect(await failure(find())).toMatchObject({
      code: 'rotation_signer',
      message: `The pairs of the keys ${stage.idOf('given')} and ${stage.idOf('spare')} are ${advice}`,
    });
    expect(stage.reference.journal.count('user.get')).toBe(2);
  });

  it('is not asked where it is the given key itself', async () => {
    const { find, stage } = await look({ keys: { given } }, ({ keyOf }) => ({
      recovery: { id: keyOf('given').id.toUpperCase(), secret: keyOf('given').secret },
    }));
    expect(await failure(find())).toMatchObject({ code: 'rotation_signer' });
    expect(stage.reference.journal.count('user.get')).toBe(1);
  });
});
