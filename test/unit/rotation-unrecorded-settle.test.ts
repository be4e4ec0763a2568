// The end of a rotation without a record: when older keys go, what they wait for, and what a run says of those that stay.
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  at,
  broken,
  DAY,
  type Found,
  HOUR,
  MINUTE,
  NOW,
  Place,
  type UnrecordedSetting,
  unrecordedSetting,
} from '../support/unrecorded.ts';

vi.setConfig({ testTimeout: 3_000 });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const AGAIN = 'gave the pair in use once more to first';
const ago = (ms: number) => at(-ms);
const unix = (moment: Date) => moment.getTime() / 1_000;

/** The given key is the second of ours, made at some moment; `old` is the first. */
async function two(made: Date = ago(2 * HOUR), old: Found = {}, more: UnrecordedSetting = {}) {
  const setting = await unrecordedSetting({
    ...more,
    keys: { given: { epoch: 2, created: made }, old: { epoch: 1, ...old }, ...more.keys },
  });
  const { idOf, place } = setting;
  return { ...setting, place, old: idOf('old'), given: idOf('given') };
}

describe('an older key', () => {
  it('goes once the drain is over and the sinks have been given the pair in use', async () => {
    const { run, place, changes, given, old, reference } = await two(ago(HOUR));
    let deleted = -1;
    place.onPut = () => {
      deleted = reference.journal.count('apiKeys.delete');
      return undefined;
    };
    expect(await run()).toMatchObject({
      phase: 'idle',
      rotated: false,
      keyId: given,
      epoch: 2,
      steps: [AGAIN, `deleted the key ${old}`],
      retire: [],
      resumeAfter: null,
      sinks: [{ name: 'first', keyId: given, acknowledged: true }],
    });
    expect([place.puts, deleted, changes()]).toEqual([[given], 0, ['apiKeys.delete old']]);
  });

  it('waits for the end of the drain, which begins when the key in use got its secret', async () => {
    const { run, changes, old } = await two(ago(HOUR - 1_000));
    expect(await run()).toMatchObject({
      phase: 'draining',
      resumeAfter: at(1_000),
      retire: [{ id: old }],
      steps: [AGAIN],
    });
    expect(changes()).toEqual([]);
    const anew = await two(ago(9 * HOUR));
    anew.shown.set(anew.given, { updated: unix(ago(20 * MINUTE)) });
    // The signing key's own update is believed where its own use has not moved it.
    expect(await anew.run()).toMatchObject({ phase: 'draining', resumeAfter: at(40 * MINUTE) });
  });

  it('has a drain of its own where it got its secret later', async () => {
    const { run } = await two(ago(9 * HOUR), { shown: { updated: unix(ago(10 * MINUTE)) } });
    expect(await run()).toMatchObject({ phase: 'draining', resumeAfter: at(50 * MINUTE) });
  });

  it('is in the hands of a run for a quarter of an hour, however short the drain', async () => {
    const early = await two(ago(14 * MINUTE));
    expect(await early.run({ drain: 0 })).toMatchObject({ phase: 'draining', resumeAfter: at(MINUTE) });
    const late = await two(ago(15 * MINUTE));
    expect(await late.run({ drain: 0 })).toMatchObject({ phase: 'idle' });
    expect(late.changes()).toEqual(['apiKeys.delete old']);
  });

  it('goes at once where it has run out', async () => {
    const over = await two(ago(MINUTE), { expires: NOW });
    expect(await over.run()).toMatchObject({ phase: 'idle', retire: [] });
    expect(over.changes()).toEqual(['apiKeys.delete old']);
    const nearly = await two(ago(30 * MINUTE), { expires: at(10 * MINUTE) });
    expect(await nearly.run()).toMatchObject({
      phase: 'draining',
      resumeAfter: at(10 * MINUTE),
      notes: [
        expect.stringContaining('not due'),
        `The drain of 1 hour was shortened to 40 minutes: the old key ${nearly.old} runs out then.`,
      ],
    });
    const never = await two(ago(30 * MINUTE), { shown: { expiration: null } });
    expect(await never.run()).toMatchObject({ phase: 'draining', resumeAfter: at(30 * MINUTE) });
  });

  it('has half the life of a key in use that does not live long', async () => {
    const { run, given, shown } = await two(ago(HOUR));
    shown.set(given, { created: unix(ago(HOUR)), expiration: unix(at(1.26 * DAY - HOUR)) });
    const report = await run({ drain: { days: 1 }, within: { ms: 1 } });
    expect(report.notes[1]).toBe(
      'The drain of 1 day was shortened to 15.6 hours: the new key lives 1.3 days, and the drain may take half of that.',
    );
    expect(report.resumeAfter).toEqual(at(14.6 * HOUR));
    shown.set(given, { expiration: null });
    expect((await run({ drain: { days: 1 } })).resumeAfter).toEqual(at(23 * HOUR));
  });

  it('stays while it could not be deleted', async () => {
    const { run, old, reference } = await two();
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'answer', status: 403 });
    expect(await run()).toMatchObject({
      phase: 'retiring',
      retire: [{ id: old, problem: expect.any(String) }],
      resumeAfter: at(5 * MINUTE),
    });
  });
});

describe('an older key that was used', () => {
  const said = (id: string, used: Date) =>
    `The older key ${id} was used on ${used.toISOString()}: somebody has not moved yet, so it was not deleted. Find them; or say quietFor, after how long without a use it may go.`;

  it('stays until nobody has used it for as long as the drain', async () => {
    const used = ago(HOUR - 1_000);
    const { run, old, changes } = await two(ago(2 * HOUR), { lastUsed: used });
    expect(await run()).toMatchObject({
      phase: 'draining',
      resumeAfter: at(1_000),
      stillUsed: { keyId: old, lastUsedAt: used },
      retire: [{ id: old }],
      notes: [expect.stringContaining('not due'), said(old, used)],
    });
    expect(changes()).toEqual([]);
    const quiet = await two(ago(2 * HOUR), { lastUsed: ago(HOUR) });
    expect(await quiet.run()).toMatchObject({ phase: 'idle', retire: [] });
  });

  it('stays for as long as quietFor says, and goes in any case where that is nothing', async () => {
    const { run } = await two(ago(2 * HOUR), { lastUsed: ago(HOUR) });
    expect(await run({ quietFor: { days: 1 } })).toMatchObject({
      phase: 'draining',
      resumeAfter: at(23 * HOUR),
    });
    const moment = await two(ago(2 * HOUR), { lastUsed: NOW });
    const report = await moment.run({ quietFor: 0 });
    expect([report.phase, report.stillUsed]).toEqual(['idle', undefined]);
  });

  it('goes where all its uses were before the key in use got its secret', async () => {
    const before = await two(ago(2 * HOUR), { lastUsed: ago(2 * HOUR) });
    expect(await before.run({ quietFor: { days: 1 } })).toMatchObject({ phase: 'idle' });
    const after = await two(ago(2 * HOUR), { lastUsed: ago(2 * HOUR - 1_000) });
    expect(await after.run({ quietFor: { days: 1 } })).toMatchObject({ phase: 'draining' });
  });

  it('holds up no other one, and the first to be free says when to run again', async () => {
    const keys = {
      given: { epoch: 5, created: ago(2 * HOUR) },
      one: { epoch: 1, lastUsed: ago(10 * MINUTE) },
      two: { epoch: 2, lastUsed: ago(20 * MINUTE) },
      three: { epoch: 3 },
      four: { epoch: 4 },
    };
    const { run, called, changes, reference } = await unrecordedSetting({ keys });
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'answer', status: 403, times: 1 });
    const report = await run();
    expect(report).toMatchObject({ phase: 'draining', resumeAfter: at(40 * MINUTE) });
    const [deleted] = changes();
    const stuck = deleted === 'apiKeys.delete three' ? 'four' : 'three';
    const left = report.retire.map(({ id }) => called(id));
    expect([...left].sort()).toEqual(['one', 'two', stuck].sort());
    expect(report.retire.find(({ problem }) => problem !== undefined)?.id).toBe(
      report.retire[left.indexOf(stuck)]?.id,
    );
    // The first of the two in the list.
    expect(called(report.stillUsed?.keyId ?? '')).toBe(left.find((name) => name !== stuck));
    expect(changes()).toHaveLength(1);
  });
});

describe('the sinks', () => {
  it('are given the pair in use where nothing is to go, and the list is not read again', async () => {
    const { run, place, idOf, reference } = await unrecordedSetting({ keys: { given: { epoch: 1 } } });
    expect(await run()).toMatchObject({ phase: 'idle', steps: [AGAIN], retire: [] });
    expect([place.puts, reference.journal.count('apiKeys.list')]).toEqual([[idOf('given')], 1]);
    expect(await run({ sinks: [broken('first')] })).toMatchObject({ phase: 'delivering', retire: [] });
  });

  it('keep the older key where one does not take the pair', async () => {
    const { run, old, changes } = await two();
    expect(await run({ sinks: [new Place('first'), broken('second')] })).toMatchObject({
      phase: 'delivering',
      retire: [{ id: old }],
      sinks: [{ acknowledged: true }, { acknowledged: false, problem: 'it did not acknowledge' }],
      resumeAfter: at(5 * MINUTE),
    });
    expect(changes()).toEqual([]);
  });

  it('are left alone where they tell that they have the pair, while nothing is to go', async () => {
    const { run, place, given } = await two(ago(30 * MINUTE));
    place.state = { keyId: given };
    expect(await run()).toMatchObject({ phase: 'draining', resumeAfter: at(30 * MINUTE), steps: [] });
    expect(place.puts).toEqual([]);
  });

  it('are given it before an older key goes, whatever they tell', async () => {
    const { run, given, old, changes } = await two();
    const sinks = [new Place('first', { keyId: given }), new Place('second')];
    expect(await run({ sinks })).toMatchObject({
      phase: 'idle',
      steps: ['gave the pair in use once more to second', AGAIN, `deleted the key ${old}`],
    });
    expect(sinks.map(({ puts }) => puts.length)).toEqual([1, 1]);
    const refusing = await two();
    const report = await refusing.run({ sinks: [broken('first', { keyId: refusing.given })] });
    expect(report).toMatchObject({ phase: 'delivering', retire: [{ id: refusing.old }] });
    expect([changes(), refusing.changes()]).toEqual([['apiKeys.delete old'], []]);
  });

  it('have the drain from when the last of them tells that it was given the pair', async () => {
    const { run, given } = await two();
    const since = (ms: number) => ({ keyId: given, since: ago(ms) });
    const places = (...states: Place['state'][]) => states.map((state, at) => new Place(`${at}`, state));
    expect(await run({ sinks: places(since(50 * MINUTE), since(20 * MINUTE)) })).toMatchObject({
      resumeAfter: at(40 * MINUTE),
    });
    expect(await run({ sinks: places({ keyId: 'another' }, since(20 * MINUTE)) })).toMatchObject({
      resumeAfter: at(HOUR),
    });
  });
});

describe('while the sinks are put to', () => {
  const meanwhile = 'Another run began meanwhile, so this one stops and deletes nothing.';

  it('another run may begin: then nothing is deleted', async () => {
    const { run, place, client, keyOf, nameOf, old, changes } = await two();
    place.onPut = async () => {
      const { apiKeys } = client.withOptions({ credentials: keyOf('spare') });
      await apiKeys.create({ name: nameOf('next', 3), expiresIn: '1 month' });
      return undefined;
    };
    const report = await run();
    expect(report).toMatchObject({ phase: 'draining', retire: [{ id: old }], resumeAfter: at(5 * MINUTE) });
    expect(report.notes[1]).toBe(meanwhile);
    expect(changes()).toEqual(['apiKeys.create']);
  });

  it('the key in use may vanish: then nothing is deleted', async () => {
    const { run, place, shown, given, old, changes } = await two();
    place.onPut = () => {
      shown.set(given, undefined);
      return undefined;
    };
    const report = await run();
    expect(report).toMatchObject({ phase: 'draining', retire: [{ id: old }] });
    expect([report.notes[1], changes()]).toEqual([meanwhile, []]);
  });

  it('the older key may vanish, and keys of others may come: that is nothing to wait for', async () => {
    const { run, place, client, keyOf, old, changes } = await two();
    place.onPut = async () => {
      const { apiKeys } = client.withOptions({ credentials: keyOf('spare') });
      await apiKeys.create({ name: 'of somebody', expiresIn: '1 month' });
      await apiKeys.delete(old);
      return undefined;
    };
    expect(await run()).toMatchObject({ phase: 'idle', retire: [], steps: [AGAIN] });
    expect(changes()).toEqual(['apiKeys.create', 'apiKeys.delete old']);
  });
});
