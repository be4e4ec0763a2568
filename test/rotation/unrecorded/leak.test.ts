// After a leak, and where somebody takes a new key away: what a run without a record does at once, and in which order.
import { RotationError } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { FakeSink, refusing } from '../support/sinks.ts';
import { at, DAY, MINUTE } from '../support/stage.ts';
import { unrecordedSetting } from '../support/unrecorded.ts';
import { failure } from '../support/world.ts';

const leak = { reason: 'leak' } as const;
const ours = { given: { epoch: 2 }, old: { epoch: 1 } };

describe('a leaked key', () => {
  it('goes with the older ones once every sink has the new credentials', async () => {
    const { run, sink, changes, idOf } = await unrecordedSetting({
      keys: { ...ours, thief: { created: at(-DAY) }, hand: { created: at(-20 * DAY) } },
    });
    let seen: string[] = [];
    sink.onPut = () => {
      seen = changes();
      return undefined;
    };
    const report = await run({ ...leak, replaces: idOf('hand') });
    expect(report).toMatchObject({
      phase: 'idle',
      rotated: true,
      epoch: 3,
      retire: [],
      notes: [],
      resumeAfter: null,
    });
    expect(report.madeSinceLeak?.map(({ id }) => id).sort()).toEqual([idOf('spare'), idOf('thief')].sort());
    expect(seen).toEqual(['apiKeys.create']);
    expect(changes().sort()).toEqual([
      'apiKeys.create',
      'apiKeys.delete given',
      'apiKeys.delete hand',
      'apiKeys.delete old',
    ]);
  });

  it('created by hand goes too, whatever is to be replaced', async () => {
    const { run, changes } = await unrecordedSetting();
    expect(await run(leak)).toMatchObject({ phase: 'idle', notes: [] });
    expect(changes()).toEqual(['apiKeys.create', 'apiKeys.delete given']);
  });

  it('goes before any sink is put to with a recovery credential', async () => {
    const { run, sink, changes, keyOf } = await unrecordedSetting({ keys: ours });
    let seen: string[] = [];
    sink.onPut = () => {
      seen = changes();
      return undefined;
    };
    expect(await run({ ...leak, recovery: keyOf('spare') })).toMatchObject({
      phase: 'idle',
      madeSinceLeak: [],
    });
    expect(seen).toEqual(['apiKeys.create', 'apiKeys.delete given']);
    expect(changes()).toEqual([...seen, 'apiKeys.delete old']);
  });

  it('stays while a sink has only its credentials', async () => {
    const { run, changes, idOf } = await unrecordedSetting({ keys: ours });
    const report = await run({ ...leak, sinks: [new FakeSink('first'), refusing('second')] });
    expect(report).toMatchObject({
      phase: 'delivering',
      notes: [expect.any(String)],
    });
    expect(report.retire.map(({ id }) => id).sort()).toEqual([idOf('given'), idOf('old')].sort());
    expect(report.madeSinceLeak?.map(({ id }) => id)).toEqual([idOf('spare')]);
    expect(changes()).toEqual(['apiKeys.create']);
  });

  it('is to be deleted by the next run where the service did not', async () => {
    const { run, reference, idOf } = await unrecordedSetting();
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'response', status: 403 });
    expect(await run(leak)).toMatchObject({
      phase: 'retiring',
      retire: [{ id: idOf('given') }],
      resumeAfter: at(5 * MINUTE),
    });
  });

  it('is not touched where the recovery credential cannot sign for it', async () => {
    const { run, changes, keyOf } = await unrecordedSetting();
    for (const name of ['theirs', 'given'])
      expect(await failure(run({ ...leak, recovery: keyOf(name) }))).toMatchObject({
        code: 'rotation_signer',
      });
    expect(changes()).toEqual([]);
  });

  it('that is gone already needs no such proof', async () => {
    const { run, keyOf, reference, client, changes } = await unrecordedSetting({
      keys: { next: { epoch: 1 } },
    });
    await client.withOptions({ credentials: keyOf('spare') }).apiKeys.delete(keyOf('given').id);
    reference.journal.clear();
    expect(await run({ ...leak, recovery: keyOf('spare') })).toMatchObject({ rotated: true });
    expect(changes()).toEqual(['apiKeys.create', 'apiKeys.delete next']);
    expect(reference.journal.count('apiKeys.get')).toBe(0);
  });
});

describe('a new key that is taken away before it is delivered', () => {
  /** A setting in which the first of the keys that are put are deleted then. */
  async function thief(times: number) {
    const setting = await unrecordedSetting();
    const { sink, client, keyOf } = setting;
    sink.onPut = async ({ id }) => {
      if (sink.puts.length <= times)
        await client.withOptions({ credentials: keyOf('spare') }).apiKeys.delete(id);
      return undefined;
    };
    return setting;
  }

  it('is followed by another one, which goes to every sink', async () => {
    const { run, sink, idOf } = await thief(2);
    const report = await run({ reason: 'schedule', replaces: idOf('given') });
    const [first, second, third] = sink.puts;
    expect(report).toMatchObject({
      phase: 'draining',
      rotated: true,
      epoch: 3,
      keyId: third,
      notes: [expect.stringContaining(first ?? '-'), expect.stringContaining(second ?? '-')],
      retire: [{ id: idOf('given') }],
    });
    expect(new Set(sink.puts).size).toBe(3);
  });

  it('is followed by one that goes to every sink, although the first of them fails: it holds nothing that works', async () => {
    const { run, sink, client, keyOf } = await unrecordedSetting();
    sink.onPut = async ({ id }) => {
      if (sink.puts.length > 1) return { acknowledged: false };
      await client.withOptions({ credentials: keyOf('spare') }).apiKeys.delete(id);
      return undefined;
    };
    const second = new FakeSink('second');
    const report = await run({ reason: 'schedule', sinks: [sink, second] });
    expect(report).toMatchObject({ phase: 'delivering', epoch: 2 });
    expect(second.puts.at(-1)).toBe(report.keyId);
  });

  it('is given up where that happens three times', async () => {
    const { run, sink } = await thief(3);
    const error = await failure(run({ reason: 'schedule' }));
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({ code: 'rotation_untested' });
    expect(sink.puts).toHaveLength(3);
  });

  it('is followed by one that the recovery credential signs for, where the leaked key is deleted by then', async () => {
    const { run, sink, keyOf, changes } = await thief(1);
    const report = await run({ ...leak, recovery: keyOf('spare') });
    expect(report).toMatchObject({ phase: 'idle', epoch: 2, keyId: sink.puts[1], retire: [] });
    expect(changes()).toEqual([
      'apiKeys.create',
      'apiKeys.delete given',
      `apiKeys.delete ${sink.puts[0]}`,
      'apiKeys.create',
    ]);
  });
});
