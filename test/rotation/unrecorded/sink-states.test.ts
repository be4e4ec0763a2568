// What a run without a record takes from what a sink says of itself: which key it holds, and since when.
import type { SinkState } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { FakeSink, knowing } from '../support/sinks.ts';
import { at, DAY, HOUR, MINUTE } from '../support/stage.ts';
import { unrecordedSetting } from '../support/unrecorded.ts';
import { failure } from '../support/world.ts';

const CREATED = -20 * MINUTE;
const SLACK = 2 * MINUTE;

/** The keys of a rotation whose drain lasts until long after now. */
const young = { given: { epoch: 2, created: at(CREATED) }, old: { epoch: 1 } };

/** Whether a sink that says this of itself is given the credentials in use once more. */
async function isGiven(state: unknown): Promise<boolean> {
  const { run, idOf } = await unrecordedSetting({ keys: young });
  const sink = new FakeSink('first');
  const named = (key: unknown) => (key === 'given' ? idOf('given') : key);
  const said =
    typeof state === 'object' && state !== null && 'keyId' in state
      ? { ...state, keyId: named(state.keyId) }
      : state;
  const telling = Object.assign(sink, { probe: async () => said });
  const report = await run({ sinks: [telling], drain: { days: 1 } });
  expect(report.sinks).toMatchObject([{ keyId: idOf('given'), acknowledged: true }]);
  expect(sink.puts.length).toBeLessThan(2);
  return sink.puts.length === 1;
}

describe('a sink', () => {
  it.each([
    ['names the key', { keyId: 'given' }],
    ['names the key, and a moment before that was created', { keyId: 'given', since: at(-DAY) }],
    ['was stored when the key was created', { since: at(CREATED) }],
    ['was stored a little earlier, by another clock', { since: at(CREATED - SLACK) }],
    ['was stored later', { keyId: undefined, since: at(0) }],
  ])('has the credentials where it %s', async (_, state) => {
    expect(await isGiven(state)).toBe(false);
  });

  it.each([
    ['says nothing', undefined],
    ['knows nothing', {}],
    ['names another key', { keyId: 'another', since: at(0) }],
    ['says that it holds none', { keyId: null, since: at(0) }],
    ['was stored before the key was created', { since: at(CREATED - SLACK - 1) }],
    ['was stored at no moment', { since: null }],
    ['names a key that is no text', { keyId: 5 }],
  ])('may lack the credentials where it %s', async (_, state) => {
    expect(await isGiven(state)).toBe(true);
  });
});

it.each([
  ['as text', at(0).toISOString()],
  ['that is none', new Date('soon')],
])('a sink that reports a moment %s is named before anything is changed', async (_, since) => {
  const { run, changes } = await unrecordedSetting({ keys: { given: { created: at(CREATED) } } });
  const telling = Object.assign(knowing('vault', {}), { probe: async () => ({ since }) });
  const error = await failure(run({ sinks: [telling] }));
  expect(error).toMatchObject({ code: 'rotation_sink' });
  expect(error.message).toMatch(/vault.*since.*Date/);
  expect(changes()).toEqual([]);
});

describe('the drain', () => {
  const keys = { given: { epoch: 2, created: at(-2 * HOUR) }, old: { epoch: 1 } };
  const resumeAfter = async (...states: SinkState[]) => {
    const { run, idOf } = await unrecordedSetting({ keys });
    const sinks = states.map((state, index) =>
      knowing(`${index}`, state.keyId === 'given' ? { ...state, keyId: idOf('given') } : state),
    );
    const report = await run({ sinks });
    return { ...report, puts: sinks.map(({ puts }) => puts.length) };
  };

  it('begins when the sink was stored', async () => {
    expect(await resumeAfter({ since: at(-20 * MINUTE) })).toMatchObject({
      phase: 'draining',
      resumeAfter: at(40 * MINUTE),
      puts: [0],
    });
  });

  it('begins now where the sink was stored before the key was created, and is given the credentials', async () => {
    expect(await resumeAfter({ since: at(-3 * HOUR) })).toMatchObject({
      phase: 'draining',
      resumeAfter: at(HOUR),
      puts: [1],
    });
  });

  it('begins with the last of the sinks', async () => {
    const early = { keyId: 'given', since: at(-50 * MINUTE) };
    const late = { keyId: 'given', since: at(-20 * MINUTE) };
    expect((await resumeAfter(early, late)).resumeAfter).toEqual(at(40 * MINUTE));
    expect((await resumeAfter({ keyId: 'another' }, late)).resumeAfter).toEqual(at(HOUR));
  });
});

it('a key that the list does not show is not rotated, and every moment is believed then', async () => {
  const { run, sink, shown, idOf, changes } = await unrecordedSetting({ keys: young });
  for (const name of ['given', 'old']) shown.set(idOf(name), undefined);
  sink.state = { since: at(-9 * DAY) };
  expect(await run()).toMatchObject({
    phase: 'idle',
    rotated: false,
    sinks: [{ name: 'first', keyId: idOf('given'), acknowledged: true }],
  });
  expect([sink.puts, changes()]).toEqual([[], []]);
});
