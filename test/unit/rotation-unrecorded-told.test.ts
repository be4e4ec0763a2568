// What a run without a record takes from what a sink tells of itself: which key it holds, and since when.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readUnrecordedOptions } from '../../src/rotation/ci/unrecorded-options.ts';
import { holdingsOf } from '../../src/rotation/ci/unrecorded-retire.ts';
import { at, DAY, HOUR, MINUTE, NOW, Place, unrecordedSetting } from '../support/unrecorded.ts';

vi.setConfig({ testTimeout: 3_000 });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const issued = NOW.getTime();
const SLACK = 2 * MINUTE;

/** What the record begins with, for a sink that tells this. */
function heldBy(state: unknown): unknown {
  const sinks = [new Place('untold'), new Place('first')];
  const wishes = readUnrecordedOptions({ name: 'ci', credentials: 'a:b', sinks });
  const told = new Map(state === undefined ? [] : [['first', state]]);
  const [untold, held]: unknown[] = Reflect.apply(holdingsOf, undefined, [wishes, told, 'this', issued, 7]);
  expect(untold).toEqual({ name: 'untold', keyId: null, epoch: null });
  return held;
}

describe('a sink', () => {
  it.each([
    ['tells of the key', { keyId: 'this' }],
    ['tells of the key, and of a moment before that was made', { keyId: 'this', since: at(-DAY) }],
    ['tells of the key, and of a moment that is none', { keyId: 'this', since: new Date('soon') }],
    ['was stored when the key was made', { since: NOW }],
    ['was stored a little earlier, by another clock', { since: at(-SLACK) }],
    ['was stored later', { keyId: undefined, since: at(DAY) }],
  ])('has the pair where it %s', (_, state) => {
    expect(heldBy(state)).toEqual({ name: 'first', keyId: 'this', epoch: 7 });
  });

  it.each([
    ['tells nothing', undefined, null],
    ['tells of nothing', {}, null],
    ['tells of another key', { keyId: 'another', since: NOW }, 'another'],
    ['tells that it holds none', { keyId: null, since: NOW }, null],
    ['was stored before the key was made', { since: at(-SLACK - 1) }, null],
    ['was stored at no moment', { since: null }, null],
    ['was stored at a moment that is none', { since: new Date('soon') }, null],
    ['tells the moment in words', { since: NOW.toISOString() }, null],
    ['tells of a key that is no text', { keyId: 5 }, 5],
  ])('may lack the pair where it %s', (_, state, keyId) => {
    expect(heldBy(state)).toEqual({ name: 'first', keyId, epoch: null });
  });
});

describe('a run', () => {
  const keys = { given: { epoch: 2, created: at(-2 * HOUR) }, old: { epoch: 1 } };

  it('puts the pair again to a sink that was stored before, and its readers have all of the drain', async () => {
    const { run, place, idOf } = await unrecordedSetting({ keys });
    place.state = { since: at(-3 * HOUR) };
    expect(await run()).toMatchObject({ phase: 'draining', resumeAfter: at(HOUR) });
    expect(place.puts).toEqual([idOf('given')]);
  });

  it('has the drain begin when the sink was stored', async () => {
    const { run, place } = await unrecordedSetting({ keys });
    place.state = { since: at(-20 * MINUTE) };
    expect(await run()).toMatchObject({ phase: 'draining', resumeAfter: at(40 * MINUTE) });
    expect(place.puts).toEqual([]);
  });

  it('does not rotate a key that the list does not show, and believes every moment then', async () => {
    const { run, place, shown, idOf, changes } = await unrecordedSetting({ keys });
    shown.set(idOf('given'), undefined);
    shown.set(idOf('old'), undefined);
    place.state = { since: at(-9 * DAY) };
    expect(await run()).toMatchObject({
      phase: 'idle',
      notes: [`The service gives the key ${idOf('given')} no expiry: it is never due.`],
      sinks: [{ name: 'first', keyId: idOf('given'), acknowledged: true }],
    });
    expect([place.puts, changes()]).toEqual([[], []]);
  });
});
