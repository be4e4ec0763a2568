// Whether a run without a record has to rotate, and what it says where it has not.
import { PermissionDeniedError } from 'blazemeter-client';
import { describe, expect, it } from 'vitest';
import { FakeSink, knowing } from '../support/sinks.ts';
import { at, DAY, HOUR, MINUTE, NOW } from '../support/stage.ts';
import { type Found, type UnrecordedSetting, unrecordedSetting } from '../support/unrecorded.ts';
import { failure } from '../support/world.ts';

const ago = (ms: number) => at(-ms);
const withGiven = (given: Found, more: UnrecordedSetting = {}) =>
  unrecordedSetting({ ...more, keys: { given, ...more.keys } });

describe('with the reason expiry', () => {
  it('a key is due in the last fifth of its lifetime', async () => {
    const early = await withGiven({ created: ago(80 * DAY - 1_000), expires: at(20 * DAY + 1_000) });
    expect(await early.run()).toMatchObject({
      phase: 'idle',
      rotated: false,
      epoch: 0,
      steps: [],
      notes: [expect.stringContaining(at(1_000).toISOString())],
      retire: [],
      resumeAfter: null,
      sinks: [{ name: 'first', keyId: null, acknowledged: false }],
      recordId: early.recordId,
      keyId: early.idOf('given'),
      givenKeyId: early.idOf('given'),
    });
    expect([early.changes(), early.sink.puts]).toEqual([[], []]);
    const due = await withGiven({ created: ago(80 * DAY), expires: at(20 * DAY) });
    expect(await due.run()).toMatchObject({ rotated: true, epoch: 1, givenKeyId: due.idOf('given') });
    expect(due.changes()).toEqual(['apiKeys.create']);
  });

  it('a key is due within the window that is asked for', async () => {
    const { run } = await withGiven({});
    const report = await run({ within: { days: 40 } });
    expect(report.notes).toEqual([expect.stringContaining(at(50 * DAY).toISOString())]);
    const { run: later } = await withGiven({ expires: at(39 * DAY), created: ago(61 * DAY) });
    expect(await later({ within: { days: 40 } })).toMatchObject({ rotated: true });
  });

  it('a window has to fit the lifetime that the account allows', async () => {
    const { run } = await withGiven({}, { maximum: 30 });
    expect(await failure(run({ within: { days: 15 } }))).toMatchObject({ code: 'rotation_window' });
    expect(await run({ within: { days: 14 } })).toMatchObject({ rotated: false });
  });

  it('a key without an end is never due', async () => {
    const { run, idOf, changes } = await withGiven({ shown: { expiration: null } });
    const report = await run();
    expect(report).toMatchObject({
      rotated: false,
      notes: [expect.stringContaining(idOf('given'))],
    });
    expect(changes()).toEqual([]);
  });
});

describe('with the reason schedule', () => {
  const begun = (until: Date) => expect.stringContaining(until.toISOString());

  it('a key created by hand is due at any time', async () => {
    const { run } = await withGiven({ created: ago(MINUTE) });
    const report = await run({ reason: 'schedule' });
    expect(report).toMatchObject({ rotated: true, epoch: 1 });
    expect(report.notes.join()).not.toContain(at(HOUR).toISOString());
  });

  it.each([
    ['an hour', { drain: { hours: 1 } }, {}, HOUR],
    ['a quarter of an hour at least', { drain: { minutes: 0 } }, {}, 15 * MINUTE],
    ['half of a short lifetime', { drain: { hours: 1 } }, { lifetime: HOUR }, HOUR / 2],
  ])(
    'a key of ours is due after its drain: %s',
    async (_, options, { lifetime }: { lifetime?: number }, drain) => {
      const key = (made: Date): Found => ({
        epoch: 1,
        created: made,
        expires: new Date(made.getTime() + (lifetime ?? 100 * DAY)),
      });
      const early = await withGiven(key(ago(drain - 1_000)));
      expect(await early.run({ reason: 'schedule', ...options })).toMatchObject({
        phase: 'idle',
        rotated: false,
        notes: [begun(at(1_000))],
      });
      expect(early.changes()).toEqual([]);
      const late = await withGiven(key(ago(drain)));
      expect(await late.run({ reason: 'schedule', ...options })).toMatchObject({ rotated: true, epoch: 2 });
    },
  );

  it('a key without an end has all of its drain', async () => {
    const { run } = await withGiven({ epoch: 1, created: ago(HOUR / 2), shown: { expiration: null } });
    expect((await run({ reason: 'schedule' })).notes).toEqual([begun(at(HOUR / 2))]);
  });

  it('the older keys go first, and then a new one is created', async () => {
    const { run, changes, sink, idOf } = await withGiven({ epoch: 2 }, { keys: { old: { epoch: 1 } } });
    const report = await run({ reason: 'schedule' });
    expect(report).toMatchObject({ phase: 'draining', epoch: 3, retire: [{ id: idOf('given') }] });
    expect(changes()).toEqual(['apiKeys.delete old', 'apiKeys.create']);
    expect(sink.puts).toEqual([idOf('given'), report.keyId]);
  });
});

describe('a run with an old environment', () => {
  const old = { created: ago(50 * DAY), expires: at(50 * DAY) };
  const next: Found = { epoch: 4, created: ago(9 * DAY), expires: at(91 * DAY), lastUsed: ago(9 * DAY) };
  const telling = (...ids: (string | null)[]) => ids.map((keyId, index) => knowing(`${index}`, { keyId }));

  it('changes nothing where every sink says that it has the newest key', async () => {
    const { run, idOf, changes, reference } = await withGiven(old, { keys: { one: { epoch: 3 }, next } });
    const sinks = telling(idOf('next'), idOf('next'));
    expect(await run({ reason: 'schedule', sinks })).toEqual({
      phase: 'idle',
      rotated: false,
      dryRun: false,
      recordId: expect.any(String),
      epoch: 4,
      keyId: idOf('next'),
      expiresAt: at(91 * DAY),
      resumeAfter: null,
      steps: [],
      notes: [expect.stringContaining(idOf('next'))],
      sinks: [
        { name: '0', keyId: idOf('next'), acknowledged: false },
        { name: '1', keyId: idOf('next'), acknowledged: false },
      ],
      retire: [],
      givenKeyId: idOf('given'),
    });
    expect([changes(), sinks.flatMap(({ puts }) => puts)]).toEqual([[], []]);
    expect(reference.journal.count()).toBe(3);
  });

  it.each([
    ['one tells of another key', ['next', 'one']],
    ['one tells that it has none', ['next', null]],
  ])('creates another key where %s', async (_, names) => {
    const { run, idOf } = await withGiven(old, { keys: { one: { epoch: 3 }, next } });
    const sinks = telling(...names.map((name) => (name === null ? null : idOf(name))));
    expect(await run({ sinks })).toMatchObject({ rotated: true, epoch: 5 });
  });

  it('creates another key after a leak, and where its credentials are refused', async () => {
    const { run, idOf } = await withGiven(old, { keys: { next } });
    expect(await run({ reason: 'leak', sinks: telling(idOf('next')) })).toMatchObject({ rotated: true });
    const dead = await withGiven({ expires: NOW }, { keys: { next } });
    const sinks = telling(dead.idOf('next'));
    expect(await dead.run({ sinks, recovery: dead.keyOf('spare') })).toMatchObject({ rotated: true });
  });

  it.each([
    [100, 3],
    [20, 2],
  ])('is not believed near the end of a lifetime of %i days', async (lifetime, days) => {
    const left = async (ms: number) => {
      const { run, idOf } = await withGiven(
        { created: at(ms - lifetime * DAY), expires: at(ms) },
        { keys: { next } },
      );
      return (await run({ reason: 'schedule', sinks: telling(idOf('next')) })).rotated;
    };
    expect(await left(days * DAY)).toBe(true);
    expect(await left(days * DAY + 1_000)).toBe(false);
  });

  it('is believed where its key has no end', async () => {
    const { run, idOf } = await withGiven({ ...old, shown: { expiration: null } }, { keys: { next } });
    expect(await run({ reason: 'schedule', sinks: telling(idOf('next')) })).toMatchObject({ rotated: false });
  });

  describe('and one sink that says nothing', () => {
    const maker = 15 * MINUTE + 30_000;
    const usedAfter = (ms: number, given: Found = old) =>
      withGiven(given, { keys: { next: { ...next, created: ago(DAY), lastUsed: ago(DAY - ms) } } });
    const order = { reason: 'schedule', timing: { lookAgainMs: 0, testWithinMs: 30_000 } } as const;

    it('changes nothing where the newest key was used later than the run that created it can have', async () => {
      const { run, idOf } = await usedAfter(maker + 1_000);
      expect(await run(order)).toMatchObject({ rotated: false, keyId: idOf('next') });
      const since = await usedAfter(maker + 1_000);
      since.sink.state = { since: NOW };
      expect(await since.run(order)).toMatchObject({ rotated: false });
    });

    it('creates another key where the run that created it can have used it', async () => {
      const { run } = await usedAfter(maker);
      expect(await run(order)).toMatchObject({ rotated: true, epoch: 5 });
      const { run: unused } = await withGiven(old, { keys: { next: { epoch: 4, created: ago(MINUTE) } } });
      expect(await unused(order)).toMatchObject({ rotated: true, epoch: 5 });
    });

    it('creates another key where uses are not shown at once, or another sink may lack the credentials', async () => {
      const { run } = await usedAfter(HOUR, { ...old, shown: { lastUsed: null } });
      expect(await run(order)).toMatchObject({ rotated: true });
      const two = await usedAfter(HOUR);
      const sinks = [new FakeSink('first'), new FakeSink('second')];
      expect(await two.run({ ...order, sinks })).toMatchObject({ rotated: true });
      const other = await usedAfter(HOUR);
      other.sink.state = { keyId: other.idOf('given') };
      expect(await other.run(order)).toMatchObject({ rotated: true });
    });
  });
});

describe('a run that does not begin', () => {
  it('has asked the service for nothing where it was ended before', async () => {
    const { run, reference } = await unrecordedSetting();
    const reason = new Error('enough');
    expect(await failure(run({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(reference.journal.count()).toBe(0);
  });

  it('has changed nothing where a sink says that it would not work', async () => {
    const { run, changes } = await unrecordedSetting();
    const sink = {
      name: 'closed',
      probe: () => {
        throw new Error('no access');
      },
      put: async () => {},
    };
    expect(await failure(run({ reason: 'schedule', sinks: [sink] }))).toMatchObject({
      code: 'rotation_sink',
    });
    expect(changes()).toEqual([]);
  });

  it('says why the service created no key', async () => {
    const { run, reference, changes } = await unrecordedSetting({
      keys: { next: { epoch: 1, created: NOW } },
    });
    reference.faults.add({ operation: 'apiKeys.create', effect: 'response', status: 403 });
    expect(await failure(run())).toBeInstanceOf(PermissionDeniedError);
    expect(changes()).toEqual([]);
  });
});
