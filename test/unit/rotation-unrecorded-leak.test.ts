// After a leak, and where somebody takes a new key away: what a run without a record does at once, and in which order.
import { RotationError } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure } from '../support/rotation.ts';
import { at, broken, DAY, MINUTE, Place, unrecordedSetting } from '../support/unrecorded.ts';

vi.setConfig({ testTimeout: 3_000 });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const leak = { reason: 'leak' } as const;
const ours = { given: { epoch: 2 }, old: { epoch: 1 } };

describe('a leaked key', () => {
  it('goes with the older ones once every sink has the new pair', async () => {
    const { run, place, changes, idOf } = await unrecordedSetting({
      keys: { ...ours, thief: { created: at(-DAY) }, hand: { created: at(-20 * DAY) } },
    });
    let seen: string[] = [];
    place.onPut = () => {
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
    expect(report.steps.slice(3, 4)).toEqual(['gave the new pair to first']);
  });

  it('made by hand goes too, whatever is to be replaced', async () => {
    const { run, changes } = await unrecordedSetting();
    expect(await run(leak)).toMatchObject({ phase: 'idle', notes: [] });
    expect(changes()).toEqual(['apiKeys.create', 'apiKeys.delete given']);
  });

  it('goes before any sink is put to with a recovery credential', async () => {
    const { run, place, changes, keyOf } = await unrecordedSetting({ keys: ours });
    let seen: string[] = [];
    place.onPut = () => {
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

  it('stays while a sink has only its pair', async () => {
    const { run, changes, idOf } = await unrecordedSetting({ keys: ours });
    const report = await run({ ...leak, sinks: [new Place('first'), broken('second')] });
    expect(report).toMatchObject({
      phase: 'delivering',
      notes: ['The old keys are not deleted before every sink has the new pair: run it again.'],
    });
    expect(report.retire.map(({ id }) => id).sort()).toEqual([idOf('given'), idOf('old')].sort());
    expect(report.madeSinceLeak?.map(({ id }) => id)).toEqual([idOf('spare')]);
    expect(changes()).toEqual(['apiKeys.create']);
  });

  it('is to be deleted by the next run where the service did not', async () => {
    const { run, reference, idOf } = await unrecordedSetting();
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'answer', status: 403 });
    expect(await run(leak)).toMatchObject({
      phase: 'retiring',
      retire: [{ id: idOf('given') }],
      resumeAfter: at(5 * MINUTE),
    });
  });

  it('is not touched where the recovery credential cannot sign for it', async () => {
    const { run, changes, keyOf } = await unrecordedSetting();
    const said = async (name: string) => {
      const error = await failure(run({ ...leak, recovery: keyOf(name) }));
      expect(error).toMatchObject({ code: 'rotation_signer' });
      return error.message;
    };
    expect(await said('theirs')).toContain('its user has no such key');
    expect(await said('given')).toContain('it is that key itself');
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

describe('a new key that somebody takes away before it is put', () => {
  const gone = (id: string | undefined) =>
    `The pair of the key ${id} was accepted before it was put to the sinks, and is refused since: somebody deleted or regenerated that key.`;

  /** A setting in which the first of the keys that are put are deleted then. */
  async function thief(times: number) {
    const setting = await unrecordedSetting();
    const { place, client, keyOf } = setting;
    place.onPut = async ({ id }) => {
      if (place.puts.length <= times)
        await client.withOptions({ credentials: keyOf('spare') }).apiKeys.delete(id);
      return undefined;
    };
    return setting;
  }

  it('is followed by another one, which goes to every sink', async () => {
    const { run, place, idOf } = await thief(2);
    const report = await run({ reason: 'schedule', replaces: idOf('given') });
    const [first, second, third] = place.puts;
    expect(report).toMatchObject({
      phase: 'draining',
      rotated: true,
      epoch: 3,
      keyId: third,
      notes: [`${gone(first)} Another one was made.`, `${gone(second)} Another one was made.`],
      retire: [{ id: idOf('given') }],
    });
    expect(new Set(place.puts).size).toBe(3);
  });

  it('is given up where that happens three times', async () => {
    const { run, place } = await thief(3);
    const error = await failure(run({ reason: 'schedule' }));
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({
      code: 'rotation_untested',
      message: `${gone(place.puts.at(-1))} Run it again.`,
    });
    expect(place.puts).toHaveLength(3);
  });

  it('is followed by one that the recovery credential signs for, where the leaked key is deleted by then', async () => {
    const { run, place, keyOf, changes } = await thief(1);
    const report = await run({ ...leak, recovery: keyOf('spare') });
    expect(report).toMatchObject({ phase: 'idle', epoch: 2, keyId: place.puts[1], retire: [] });
    expect(changes()).toEqual([
      'apiKeys.create',
      'apiKeys.delete given',
      `apiKeys.delete ${place.puts[0]}`,
      'apiKeys.create',
    ]);
  });
});
