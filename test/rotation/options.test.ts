// What the calls refuse of their options: before the store or the service is asked for anything.
import { CredentialsError } from 'blazemeter-client';
import {
  adopt,
  fromStore,
  memoryStore,
  resume,
  rotate,
  rotateIfExpiring,
  rotateWithoutRecord,
} from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { FakeSink } from './support/sinks.ts';
import { stage } from './support/stage.ts';
import { failure } from './support/world.ts';

const notDurations: readonly unknown[] = [
  null,
  true,
  'soon',
  '',
  '12',
  '1 month 2 days',
  '1 day, 2 hours',
  60_000,
  -1,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  { days: -1 },
  { days: '1' },
  { weeks: 1 },
  { days: 1, toString: 1 },
  { ms: 1 },
];

const CALLS = { rotate, resume, rotateIfExpiring, rotateWithoutRecord };
type Call = keyof typeof CALLS;

/** A call with options that are usual but for these. */
async function called(name: Call, more: object) {
  const { client, store, keyOf, reference } = await stage();
  const read = vi.spyOn(store, 'read');
  const options = {
    reason: 'schedule',
    ...(name === 'rotateWithoutRecord'
      ? { name: 'ci', credentials: keyOf('ci'), sinks: [new FakeSink()] }
      : { store }),
    ...more,
  };
  const work = Promise.resolve().then(() => Reflect.apply(CALLS[name], undefined, [client, options]));
  return { work, untouched: () => [read.mock.calls.length, reference.journal.count()] };
}

async function refused(name: Call, more: object, kind: new (...args: never[]) => Error = TypeError) {
  const { work, untouched } = await called(name, more);
  const error = await failure(work);
  expect(error).toBeInstanceOf(kind);
  expect(untouched()).toEqual([0, 0]);
  return error.message;
}

describe.each<[Call, readonly string[]]>([
  ['rotate', ['every', 'drain', 'quietFor', 'lease']],
  ['resume', ['quietFor', 'lease']],
  ['rotateIfExpiring', ['within', 'drain', 'quietFor', 'lease']],
  ['rotateWithoutRecord', ['within', 'drain', 'quietFor']],
])('%s refuses', (name, durations) => {
  it.each(durations)('a %s that is no duration, by the name of the option', async (option) => {
    for (const bad of notDurations) {
      const { work } = await called(name, { [option]: bad });
      const error = await failure(work);
      expect(error).toBeInstanceOf(TypeError);
      expect(error.message).toContain(option);
    }
  });

  it('bounds of time that are none', async () => {
    for (const option of ['testWithinMs', 'lookAgainMs'])
      for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY, '5', {}])
        expect(await refused(name, { timing: { [option]: bad } })).toContain(option);
  });

  it('two sinks of one name, and one without', async () => {
    await refused(name, { sinks: [new FakeSink('a'), new FakeSink('a')] });
    await refused(name, { sinks: [new FakeSink('')] });
  });

  it.each([
    [[undefined]],
    [['a path']],
    [[{ name: 'x' }]],
    [[{ name: 'x', put: 'y' }]],
    [[{ name: 'x', put() {}, probe: true }]],
    [[{ put() {} }]],
    [[{ name: 5, put() {} }]],
  ])('what is no sink, before a key is created for it: %o', async (sinks) => {
    expect(await refused(name, { sinks })).toContain('sink');
  });

  it('recovery credentials that are none', async () => {
    await refused(name, { recovery: 'nonsense' }, CredentialsError);
  });
});

describe.each<Call>(['rotate', 'resume', 'rotateIfExpiring'])('%s refuses', (name) => {
  it.each([{ whenBusy: 'wait' }, { whenBusy: null }, { owner: '' }, { owner: 7 }, { owner: null }])(
    '%o',
    async (more) => {
      await refused(name, more);
    },
  );
});

describe.each<Call>(['rotate', 'rotateWithoutRecord'])('%s refuses', (name) => {
  it.each([
    { reason: 'boredom' },
    { reason: '' },
    { reason: null },
    { leakedSince: new Date('last week') },
    { leakedSince: '2030-06-01' },
    { leakedSince: 7 },
  ])('%o', async (more) => {
    await refused(name, more);
  });
});

describe('rotateWithoutRecord refuses', () => {
  it.each([
    ['no sinks', { sinks: undefined }],
    ['an empty list of sinks', { sinks: [] }],
    ['sinks that are no list', { sinks: { length: 1 } }],
    ['a sink that is not in a list', { sinks: new FakeSink() }],
    ['a name of blanks', { name: ' ' }],
    ['a name that is too long', { name: 'x'.repeat(81) }],
  ])('%s', async (_, more) => {
    await refused('rotateWithoutRecord', more);
  });

  it('credentials that are none', async () => {
    await refused('rotateWithoutRecord', { credentials: 'no credentials' }, CredentialsError);
  });
});

it('adopt refuses credentials that are none', async () => {
  const { client } = await stage();
  const options = { store: memoryStore(), name: 'ci', credentials: 'nonsense' };
  expect(await failure(adopt(client, options))).toBeInstanceOf(CredentialsError);
});

it.each(['refreshEvery', 'propagation', 'readTimeout'])(
  'fromStore refuses a %s that is no duration',
  (name) => {
    for (const bad of [-1, 60_000, { minutes: Number.NaN }, { weeks: 1 }])
      expect(() => fromStore(memoryStore(), { [name]: bad })).toThrow(TypeError);
  },
);

it.each([
  [{ minutes: 0 }, 0],
  [{ seconds: 0.0006 }, 1],
  [{ seconds: 1.5 }, 1500],
  ['1 month', 30 * 86_400_000],
  ['90 days', 90 * 86_400_000],
  ['90d', 90 * 86_400_000],
  ['12h', 12 * 3_600_000],
  ['1.5 hours', 5_400_000],
  ['2 weeks', 14 * 86_400_000],
  [' 1 Day  12 hours 5 min 30s ', 129_930_000],
  ['1d12h', 129_600_000],
  [{ days: 2 }, 2 * 86_400_000],
  [{ days: 1, hours: 1, minutes: 1, seconds: 1 }, 90_061_000],
  [{ hours: 0.5, days: undefined }, 1_800_000],
  [{}, 0],
])('a duration may be %o', async (drain, ms) => {
  const { client, store, writes } = await stage();
  await Reflect.apply(rotate, undefined, [client, { store, reason: 'schedule', drain }]);
  expect(writes.find(({ phase }) => phase === 'creating')?.pending?.drainMs).toBe(ms);
});
