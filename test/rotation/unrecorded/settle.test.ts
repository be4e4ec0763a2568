// The end of a rotation without a record: when older keys go, what they wait for, and what a run says of those that stay.
import type { SinkState } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { FakeSink, knowing, refusing } from '../support/sinks.ts';
import { at, DAY, HOUR, MINUTE, NOW } from '../support/stage.ts';
import { type Found, type UnrecordedSetting, unrecordedSetting } from '../support/unrecorded.ts';

const ago = (ms: number) => at(-ms);
const unix = (moment: Date) => moment.getTime() / 1_000;

/** The given key is the second of ours, made at some moment; `old` is the first. */
async function two(made: Date = ago(2 * HOUR), old: Found = {}, more: UnrecordedSetting = {}) {
  const setting = await unrecordedSetting({
    ...more,
    keys: { given: { epoch: 2, created: made }, old: { epoch: 1, ...old }, ...more.keys },
  });
  const { idOf, sink } = setting;
  return { ...setting, sink, old: idOf('old'), given: idOf('given') };
}

describe('an older key', () => {
  it('goes once the drain is over and the sinks have been given the credentials in use', async () => {
    const { run, sink, changes, given, reference } = await two(ago(HOUR));
    let deleted = -1;
    sink.onPut = () => {
      deleted = reference.journal.count('apiKeys.delete');
      return undefined;
    };
    expect(await run()).toMatchObject({
      phase: 'idle',
      rotated: false,
      keyId: given,
      epoch: 2,
      retire: [],
      resumeAfter: null,
      sinks: [{ name: 'first', keyId: given, acknowledged: true }],
    });
    expect([sink.puts, deleted, changes()]).toEqual([[given], 0, ['apiKeys.delete old']]);
  });

  it('waits for the end of the drain, which begins when the key in use got its secret', async () => {
    const { run, changes, old } = await two(ago(HOUR - 1_000));
    expect(await run()).toMatchObject({
      phase: 'draining',
      resumeAfter: at(1_000),
      retire: [{ id: old }],
    });
    expect(changes()).toEqual([]);
    const anew = await two(ago(9 * HOUR));
    anew.shown.set(anew.given, { updated: unix(ago(20 * MINUTE)) });
    // The signing key's own update is believed where its own use has not moved it.
    expect(await anew.run()).toMatchObject({ phase: 'draining', resumeAfter: at(40 * MINUTE) });
  });

  it('stays while only the Date of responses says that its drain is over', async () => {
    const { run, changes, reference } = await two(ago(HOUR / 2));
    reference.clock.skew(2 * DAY);
    const report = await run();
    expect(report).toMatchObject({ phase: 'draining', resumeAfter: at(HOUR / 2) });
    expect(report.notes).toContainEqual(expect.stringMatching(/Old keys stay .*clock/));
    expect(changes()).toEqual([]);
  });

  it('has a drain of its own where it got its secret later', async () => {
    const { run } = await two(ago(9 * HOUR), { shown: { updated: unix(ago(10 * MINUTE)) } });
    expect(await run()).toMatchObject({ phase: 'draining', resumeAfter: at(50 * MINUTE) });
  });

  it('is in the hands of a run for a quarter of an hour, however short the drain', async () => {
    const early = await two(ago(14 * MINUTE));
    expect(await early.run({ drain: { minutes: 0 } })).toMatchObject({
      phase: 'draining',
      resumeAfter: at(MINUTE),
    });
    const late = await two(ago(15 * MINUTE));
    expect(await late.run({ drain: { minutes: 0 } })).toMatchObject({ phase: 'idle' });
    expect(late.changes()).toEqual(['apiKeys.delete old']);
  });

  it('goes at once where it has expired', async () => {
    const over = await two(ago(MINUTE), { expires: NOW });
    expect(await over.run()).toMatchObject({ phase: 'idle', retire: [] });
    expect(over.changes()).toEqual(['apiKeys.delete old']);
    const nearly = await two(ago(30 * MINUTE), { expires: at(10 * MINUTE) });
    expect(await nearly.run()).toMatchObject({
      phase: 'draining',
      resumeAfter: at(10 * MINUTE),
      notes: [expect.any(String), expect.stringContaining(nearly.old)],
    });
    const never = await two(ago(30 * MINUTE), { shown: { expiration: null } });
    expect(await never.run()).toMatchObject({ phase: 'draining', resumeAfter: at(30 * MINUTE) });
  });

  it('has half the lifetime of a key in use that does not live long', async () => {
    const { run, given, shown } = await two(ago(HOUR));
    shown.set(given, { created: unix(ago(HOUR)), expiration: unix(at(1.26 * DAY - HOUR)) });
    const report = await run({ drain: { days: 1 }, within: { seconds: 0.001 } });
    expect(report.notes).toHaveLength(2);
    expect(report.resumeAfter).toEqual(at(14.6 * HOUR));
    shown.set(given, { expiration: null });
    expect((await run({ drain: { days: 1 } })).resumeAfter).toEqual(at(23 * HOUR));
  });

  it('stays while it could not be deleted', async () => {
    const { run, old, reference } = await two();
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'response', status: 403 });
    expect(await run()).toMatchObject({
      phase: 'retiring',
      retire: [{ id: old, problem: expect.any(String) }],
      resumeAfter: at(5 * MINUTE),
    });
  });
});

describe('an older key that was used', () => {
  it('stays until it was not used for as long as the drain', async () => {
    const used = ago(HOUR - 1_000);
    const { run, old, changes } = await two(ago(2 * HOUR), { lastUsed: used });
    expect(await run()).toMatchObject({
      phase: 'draining',
      resumeAfter: at(1_000),
      stillUsed: { keyId: old, lastUsedAt: used },
      retire: [{ id: old }],
      notes: [expect.any(String), expect.stringContaining(used.toISOString())],
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
    const report = await moment.run({ quietFor: { minutes: 0 } });
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
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'response', status: 403, times: 1 });
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
  it('are given the credentials in use where nothing is to go, and the list is not read again', async () => {
    const { run, sink, idOf, reference } = await unrecordedSetting({ keys: { given: { epoch: 1 } } });
    expect(await run()).toMatchObject({ phase: 'idle', retire: [] });
    expect([sink.puts, reference.journal.count('apiKeys.list')]).toEqual([[idOf('given')], 1]);
    expect(await run({ sinks: [refusing('first')] })).toMatchObject({ phase: 'delivering', retire: [] });
  });

  it('keep the older key where one does not take the credentials', async () => {
    const { run, old, changes } = await two();
    expect(await run({ sinks: [new FakeSink('first'), refusing('second')] })).toMatchObject({
      phase: 'delivering',
      retire: [{ id: old }],
      sinks: [{ acknowledged: true }, { acknowledged: false, problem: expect.any(String) }],
      resumeAfter: at(5 * MINUTE),
    });
    expect(changes()).toEqual([]);
  });

  it('keep no older key that has expired, since no reader can use it and it takes up room', async () => {
    const keys = {
      given: { epoch: 3 },
      expired: { epoch: 1, expires: { days: -1 } },
      older: { epoch: 2 },
    };
    const { run, changes, idOf } = await unrecordedSetting({ keys });
    expect(await run({ sinks: [new FakeSink('first'), refusing('second')] })).toMatchObject({
      phase: 'delivering',
      retire: [{ id: idOf('older') }],
    });
    expect(changes()).toEqual(['apiKeys.delete expired']);
  });

  it('are left alone where they tell that they have the credentials, while nothing is to go', async () => {
    const { run, sink, given } = await two(ago(30 * MINUTE));
    sink.state = { keyId: given };
    expect(await run()).toMatchObject({ phase: 'draining', resumeAfter: at(30 * MINUTE), steps: [] });
    expect(sink.puts).toEqual([]);
  });

  it('are given it before an older key goes, whatever they tell', async () => {
    const { run, given, changes } = await two();
    const sinks = [knowing('first', { keyId: given }), new FakeSink('second')];
    expect(await run({ sinks })).toMatchObject({
      phase: 'idle',
    });
    expect(sinks.map(({ puts }) => puts.length)).toEqual([1, 1]);
    const other = await two();
    const taking = refusing('first');
    taking.state = { keyId: other.given };
    const report = await other.run({ sinks: [taking] });
    expect(report).toMatchObject({ phase: 'delivering', retire: [{ id: other.old }] });
    expect([changes(), other.changes()]).toEqual([['apiKeys.delete old'], []]);
  });

  it('have the drain from when the last of them says that it was given the credentials', async () => {
    const { run, given } = await two();
    const since = (ms: number) => ({ keyId: given, since: ago(ms) });
    const sinksOf = (...states: SinkState[]) => states.map((state, index) => knowing(`${index}`, state));
    expect(await run({ sinks: sinksOf(since(50 * MINUTE), since(20 * MINUTE)) })).toMatchObject({
      resumeAfter: at(40 * MINUTE),
    });
    expect(await run({ sinks: sinksOf({ keyId: 'another' }, since(20 * MINUTE)) })).toMatchObject({
      resumeAfter: at(HOUR),
    });
  });
});

describe('while the sinks are put to', () => {
  it('another run may begin: then nothing is deleted', async () => {
    const { run, sink, client, keyOf, nameOf, old, changes } = await two();
    sink.onPut = async () => {
      const { apiKeys } = client.withOptions({ credentials: keyOf('spare') });
      await apiKeys.create({ name: nameOf('next', 3), expiresIn: '1 month' });
      return undefined;
    };
    const report = await run();
    expect(report).toMatchObject({ phase: 'draining', retire: [{ id: old }], resumeAfter: at(5 * MINUTE) });
    expect(report.notes).toHaveLength(2);
    expect(changes()).toEqual(['apiKeys.create']);
  });

  it('the key in use may vanish: then nothing is deleted', async () => {
    const { run, sink, shown, given, old, changes } = await two();
    sink.onPut = () => {
      shown.set(given, undefined);
      return undefined;
    };
    const report = await run();
    expect(report).toMatchObject({ phase: 'draining', retire: [{ id: old }] });
    expect([report.notes.length, changes()]).toEqual([2, []]);
  });

  it('the older key may vanish, and keys of others may come: that is nothing to wait for', async () => {
    const { run, sink, client, keyOf, old, changes } = await two();
    sink.onPut = async () => {
      const { apiKeys } = client.withOptions({ credentials: keyOf('spare') });
      await apiKeys.create({ name: 'of somebody', expiresIn: '1 month' });
      await apiKeys.delete(old);
      return undefined;
    };
    expect(await run()).toMatchObject({ phase: 'idle', retire: [] });
    expect(changes()).toEqual(['apiKeys.create', 'apiKeys.delete old']);
  });
});
