// Which key a run without a record delivers next: one that a dead run has left over, or a new one; how a dry run says it; and
// what happens where no other key can be created.
import { RotationError, type UnrecordedOptions } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { FakeSink, knowing, refusing } from '../support/sinks.ts';
import { at, DAY, HOUR, MINUTE, NOW } from '../support/stage.ts';
import { type Found, type UnrecordedSetting, unrecordedSetting } from '../support/unrecorded.ts';
import { accepts, failure } from '../support/world.ts';

const ago = (ms: number) => at(-ms);
const unix = (moment: Date) => moment.getTime() / 1_000;
const schedule = { reason: 'schedule' } as const;

describe('the next key', () => {
  it('is a new one, of the epoch after the highest, named after the name and the record', async () => {
    const { run, recordId, client, keyOf } = await unrecordedSetting({
      keys: { given: { epoch: 3 }, old: { epoch: 4, lastUsed: ago(10 * DAY) } },
    });
    const { keyId, epoch } = await run(schedule);
    expect(epoch).toBe(5);
    expect((await client.withOptions({ credentials: keyOf('spare') }).apiKeys.get(keyId)).name).toMatch(
      new RegExp(`^ci\\.${recordId}\\.e5\\.[a-z2-9]{5}$`),
    );
  });

  it('lives as long as the given one, or as asked for, within the maximum', async () => {
    const days = async (setting: UnrecordedSetting, more: Partial<UnrecordedOptions> = {}) => {
      const { expiresAt } = await (await unrecordedSetting(setting)).run({ ...schedule, ...more });
      return Math.round(((expiresAt?.getTime() ?? 0) - NOW.getTime()) / DAY);
    };
    expect(await days({})).toBe(100);
    expect(await days({ maximum: 30 })).toBe(30);
    expect(await days({}, { expiresIn: { days: 7 } })).toBe(7);
    expect(await days({ maximum: 45 }, { expiresIn: 'max' })).toBe(45);
  });

  const spared = { created: ago(15 * MINUTE), expires: at(50 * DAY) };

  it('is the newest, where it was never used: it gets another secret', async () => {
    for (const more of [{}, { shown: { expiration: null } }]) {
      const { run, idOf, changes, sink, reference } = await unrecordedSetting({
        keys: { used: { epoch: 1, lastUsed: ago(9 * DAY) }, left: { epoch: 2, ...spared, ...more } },
      });
      expect(await run(schedule)).toMatchObject({ rotated: true, epoch: 2, keyId: idOf('left') });
      expect(changes()).toEqual(['apiKeys.regenerateSecret left']);
      const [delivery] = sink.got;
      expect(delivery && accepts(reference, delivery)).toBe(true);
    }
  });

  it.each<[string, Found, Found]>([
    ['it is in the hands of the run that created it', { created: ago(15 * MINUTE - 1_000) }, {}],
    ['it was given a secret just now', { shown: { updated: unix(ago(15 * MINUTE - 1_000)) } }, {}],
    ['it was used', { lastUsed: ago(MINUTE) }, {}],
    ['it has less than half a lifetime to live', { expires: at(50 * DAY - 1_000) }, {}],
    ['uses are not shown at once', {}, { shown: { lastUsed: null } }],
    ['a use counts as an update', {}, { shown: { updated: unix(NOW) } }],
  ])('is a new one where %s', async (_, left, given) => {
    const { run, changes } = await unrecordedSetting({
      keys: { left: { epoch: 2, ...spared, ...left }, given },
    });
    expect(await run(schedule)).toMatchObject({ rotated: true, epoch: 3 });
    expect(changes()).toEqual(['apiKeys.create']);
  });

  const used = (...names: string[]): Readonly<Record<string, Found>> =>
    Object.fromEntries(
      names.map((name, index) => [
        name,
        { epoch: index + 1, lastUsed: ago(index === names.length - 1 ? 10 * DAY : MINUTE) },
      ]),
    );

  it('is none where five keys may each be in a sink, unless after a leak', async () => {
    const names = ['a', 'b', 'c', 'd', 'e'];
    expect(await (await unrecordedSetting({ keys: used(...names.slice(1)) })).run(schedule)).toMatchObject({
      epoch: 5,
    });
    const { run, idOf, changes } = await unrecordedSetting({ keys: used(...names) });
    const error = await failure(run(schedule));
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({ code: 'rotation_unknown' });
    for (const name of names) expect(error.message).toContain(idOf(name));
    expect(changes()).toEqual([]);
    const leak = await unrecordedSetting({ keys: used(...names) });
    expect(await leak.run({ reason: 'leak' })).toMatchObject({ rotated: true, epoch: 6 });
  });
});

describe('a dry run', () => {
  const dryRun = true;

  it('says what would be done to sinks and older keys first, and then all steps of a rotation', async () => {
    const { run, idOf, changes, recordId } = await unrecordedSetting({
      keys: { given: { epoch: 2 }, old: { epoch: 1 } },
    });
    const sinks = [new FakeSink('first'), knowing('second', { keyId: idOf('given') })];
    const order = { sinks, replaces: idOf('spare').toUpperCase(), dryRun };
    const idle = await run(order);
    expect(idle).toMatchObject({ phase: 'idle', dryRun, rotated: false, keyId: idOf('given') });
    expect(idle.steps).toEqual([
      expect.stringContaining('first'),
      expect.stringContaining(idOf('old')),
      expect.stringContaining(idOf('spare')),
    ]);
    const { steps, phase } = await run({ ...order, ...schedule });
    expect([phase, steps.slice(0, 3)]).toEqual(['idle', idle.steps]);
    expect(steps[3]).toContain(`ci.${recordId}.e3.`);
    expect(steps.some((step) => step.endsWith('second'))).toBe(true);
    for (const name of ['old', 'given', 'spare'])
      expect(steps.slice(4).filter((step) => step.includes(idOf(name)))).toHaveLength(1);
    expect([changes(), sinks.flatMap(({ puts }) => puts)]).toEqual([[], []]);
  });

  it('says that a key which was left over would be used, and not that it would be deleted', async () => {
    const { run, idOf } = await unrecordedSetting({
      keys: { used: { epoch: 1, lastUsed: ago(10 * DAY) }, left: { epoch: 2 } },
    });
    const { steps } = await run({ dryRun });
    expect(steps.map((step) => step.includes(idOf('left')))).toEqual([true, false, false, false]);
    expect(steps.at(-1)).toContain(idOf('used'));
  });

  it('says when the leaked key would be deleted: after the sinks have the new credentials, or before with a recovery', async () => {
    const { run, idOf, keyOf } = await unrecordedSetting({
      keys: { given: { epoch: 2 }, old: { epoch: 1 } },
    });
    const order = async (more: Partial<UnrecordedOptions>) => {
      const { steps } = await run({ dryRun, reason: 'leak', ...more });
      return [idOf('given'), 'first', idOf('old')].map((text) =>
        steps.slice(1).findIndex((step) => step.includes(text)),
      );
    };
    expect(await order({})).toEqual([2, 1, 3]);
    expect(await order({ recovery: keyOf('spare') })).toEqual([1, 2, 3]);
  });

  it('says who would sign where the given key is refused', async () => {
    const { run, idOf, keyOf } = await unrecordedSetting({ keys: { given: { epoch: 1, expires: NOW } } });
    const { steps } = await run({ dryRun, recovery: keyOf('spare') });
    expect(steps[0]).toContain(idOf('spare'));
    expect(steps.filter((step) => step.includes(idOf('given')))).toHaveLength(1);
  });
});

describe('where no other key can be created', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  /** Each was used by the run that made it; but for the newest, others may have used them since. */
  const made = ago(10 * DAY);
  const crowd = (lastUsed = made): Readonly<Record<string, Found>> =>
    Object.fromEntries(
      names.map((name, at) => [name, { epoch: at + 3, lastUsed: name === 'e' ? made : lastUsed }]),
    );
  const ours = { given: { epoch: 2 }, old: { epoch: 1 } };

  it('all that are not used is deleted but the given key and the newest, and then one is created', async () => {
    const { run, changes, sink, idOf } = await unrecordedSetting({ keys: { ...ours, ...crowd() } });
    const report = await run();
    expect(report).toMatchObject({ phase: 'draining', rotated: true, epoch: 8 });
    expect(report.notes.join()).toContain('rotation_unknown');
    const deleted = ['old', 'a', 'b', 'c', 'd'].map((name) => `apiKeys.delete ${name}`);
    expect(changes().sort()).toEqual(['apiKeys.create', ...deleted].sort());
    expect(sink.puts).toEqual([idOf('given'), report.keyId]);
  });

  it('what is not used is deleted although the newer ones are', async () => {
    const keys = { ...ours, ...crowd(ago(MINUTE)) };
    const { run, changes } = await unrecordedSetting({ keys });
    expect(await failure(run())).toMatchObject({ code: 'rotation_unknown' });
    expect(changes()).toEqual(['apiKeys.delete old']);
  });

  it('so it is under a limit of keys', async () => {
    const { run, changes } = await unrecordedSetting({
      semantics: { keyLimit: 5 },
      keys: { ...ours, a: { epoch: 3, lastUsed: made }, b: { epoch: 4, lastUsed: made } },
    });
    expect((await run()).notes.join()).toContain('request_failed');
    expect(changes().sort()).toEqual(['apiKeys.create', 'apiKeys.delete a', 'apiKeys.delete old']);
  });

  /** The given key, another of the user, and one left over: as many as the service allows. */
  const full = (left: Found) => ({ semantics: { keyLimit: 3 }, keys: { left: { epoch: 1, ...left } } });

  it('under a limit of two, the only newer key goes where nothing but the run that created it has used it', async () => {
    const { run, changes, sink, idOf } = await unrecordedSetting(full({ lastUsed: made }));
    expect(await run()).toMatchObject({ rotated: true, epoch: 2 });
    expect(changes()).toEqual(['apiKeys.delete left', 'apiKeys.create']);
    // Any sink that had its credentials has those in use before it goes.
    expect(sink.puts[0]).toBe(idOf('given'));
  });

  it.each<[string, Found, Partial<UnrecordedOptions>]>([
    ['a reader has used it', { lastUsed: ago(9 * DAY) }, { sinks: [new FakeSink('a'), new FakeSink('b')] }],
    [
      'it was created within the drain',
      { created: ago(2 * DAY), lastUsed: ago(2 * DAY) },
      { drain: { days: 3 } },
    ],
    ['a sink does not take the credentials in use', { lastUsed: made }, { sinks: [refusing('first')] }],
  ])('it stays where %s, and the error names it', async (_, left, options) => {
    const { run, changes, idOf } = await unrecordedSetting(full(left));
    const error = await failure(run(options));
    expect(error).toMatchObject({ code: 'request_failed', hint: { option: 'replaces' } });
    expect(error.message).toContain(idOf('left'));
    expect(changes()).toEqual([]);
  });

  it('a key that the caller names goes although its drain is not over', async () => {
    const left = { created: ago(2 * DAY), lastUsed: ago(2 * DAY) };
    const { run, changes, idOf } = await unrecordedSetting(full(left));
    const replaces = idOf('left');
    expect(await run({ drain: { days: 3 }, replaces })).toMatchObject({ rotated: true });
    expect(changes()).toEqual(['apiKeys.delete left', 'apiKeys.create']);
  });

  it.each<[string, UnrecordedSetting, (given: string) => Partial<UnrecordedOptions>]>([
    ['all are in use', { keys: crowd(ago(MINUTE)) }, () => ({})],
    ['a sink does not take the credentials', { keys: crowd() }, () => ({ sinks: [refusing('first')] })],
    ['uses are not told', { keys: { ...crowd(), given: { shown: { lastUsed: null } } } }, () => ({})],
    ['it is a dry run', { keys: crowd() }, () => ({ dryRun: true })],
  ])('the error stands where %s', async (_, setting, more) => {
    const { run, changes, idOf } = await unrecordedSetting(setting);
    expect(await failure(run(more(idOf('given'))))).toMatchObject({ code: 'rotation_unknown' });
    expect(changes()).toEqual([]);
  });

  const lately = (ms: number): Found => ({ created: ago(ms), lastUsed: ago(ms) });
  /** Longer than a run is at work on a key of its own, and shorter than the drain. */
  const idle = lately(16 * MINUTE);

  it.each<[string, Partial<UnrecordedOptions>, Partial<Found>]>([
    ['after a leak', { reason: 'leak' }, {}],
    ['where the given key expires before the drain is over', schedule, { expires: at(HOUR / 2) }],
    [
      'where the given key expires before the next run',
      { ...schedule, every: { days: 40 } },
      { expires: at(30 * DAY) },
    ],
  ])('a key that only its creator has used goes before its drain is over: %s', async (_, options, given) => {
    const attempt = async (left: Found) => {
      const setting = full(left);
      const found = await unrecordedSetting({ ...setting, keys: { ...setting.keys, given } });
      const sinks = [found.sink, new FakeSink('second')];
      return { ...found, failed: await failure(found.run({ ...options, sinks })) };
    };
    const { changes, sink, idOf } = await attempt(idle);
    expect(changes().slice(0, 2)).toEqual(['apiKeys.delete left', 'apiKeys.create']);
    expect(sink.puts[0]).toBe(idOf('given'));
    // A run may still be at work on it, or a reader of a sink has it.
    for (const left of [lately(14 * MINUTE), { created: ago(50 * MINUTE), lastUsed: ago(MINUTE) }]) {
      const other = await attempt(left);
      expect(other.failed).toMatchObject({ code: 'request_failed', hint: { option: 'replaces' } });
      expect(other.changes()).toEqual([]);
    }
  });

  it('a key has its drain where the given one outlives it, and there is no leak', async () => {
    for (const more of [schedule, { ...schedule, every: { days: 46 } }]) {
      const { run, changes } = await unrecordedSetting(full(idle));
      expect(await failure(run(more))).toMatchObject({ code: 'request_failed' });
      expect(changes()).toEqual([]);
    }
  });

  it('a leak does not wait for the drain of an older key', async () => {
    const keys = {
      old: { epoch: 1, lastUsed: ago(MINUTE) },
      given: { epoch: 2 },
      left: { epoch: 3, ...idle },
    };
    const { run, changes } = await unrecordedSetting({ semantics: { keyLimit: 4 }, keys });
    expect(await run({ reason: 'leak' })).toMatchObject({ phase: 'idle', rotated: true, epoch: 4 });
    expect(changes().slice(0, 2)).toEqual(['apiKeys.delete left', 'apiKeys.create']);
  });

  it('what was delivered and is gone makes no room', async () => {
    const keys = { a: { epoch: 1, lastUsed: made }, b: { epoch: 2, lastUsed: made } };
    const { run, sink, client, keyOf, changes } = await unrecordedSetting({ keys });
    sink.onPut = async ({ id }) => {
      await client.withOptions({ credentials: keyOf('spare') }).apiKeys.delete(id);
      return undefined;
    };
    const other = refusing('second');
    expect(await failure(run({ sinks: [sink, other] }))).toMatchObject({ code: 'rotation_untested' });
    expect(changes()).not.toContain('apiKeys.delete a');
    // No sink is given credentials once more that are known to be refused.
    expect(other.puts).toHaveLength(3);
  });

  it('an error of another kind stands', async () => {
    const keys = { a: { epoch: 1, lastUsed: made }, b: { epoch: 2, lastUsed: made } };
    const { run, changes, reference } = await unrecordedSetting({ keys });
    reference.faults.add({ operation: 'apiKeys.create', effect: 'response', status: 403 });
    expect(await failure(run())).toMatchObject({ code: 'permission_denied' });
    expect(changes()).toEqual([]);
  });
});
