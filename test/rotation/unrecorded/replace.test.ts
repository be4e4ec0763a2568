// A new credentials without a record: made, seen to work, put to every sink; and what becomes of it where one of these steps fails.
import { type FetchLike, UndeliveredSecretError } from 'blazemeter-client';
import type { UnrecordedOptions } from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { FakeSink, refusing } from '../support/sinks.ts';
import { at, DAY, HOUR, MINUTE, NOW } from '../support/stage.ts';
import { type UnrecordedSetting, unrecordedSetting } from '../support/unrecorded.ts';
import { acceptance, failure } from '../support/world.ts';

const ago = (ms: number) => at(-ms);
const schedule = { reason: 'schedule' } as const;

/** Does something before the calls of a method whose path ends so. */
const before =
  (method: string, end: RegExp, what: (url: string) => void | Promise<void>) =>
  (inner: FetchLike): FetchLike =>
  async (url, init) => {
    const path = new URL(String(url)).pathname;
    if ((init?.method ?? 'GET') === method && end.test(path)) await what(path);
    return inner(url, init);
  };

const undelivered = async (work: Promise<unknown>): Promise<UndeliveredSecretError> => {
  const error = await failure(work);
  if (!(error instanceof UndeliveredSecretError)) throw error;
  return error;
};

describe('new credentials', () => {
  it('are created, seen to work and delivered, and the key before has its drain', async () => {
    const { run, idOf, changes, sink } = await unrecordedSetting();
    const report = await run({ ...schedule, replaces: idOf('given').toUpperCase() });
    const { keyId } = report;
    expect(report).toMatchObject({
      phase: 'draining',
      rotated: true,
      epoch: 1,
      resumeAfter: at(HOUR),
      expiresAt: at(100 * DAY),
      notes: [],
      sinks: [{ name: 'first', keyId, acknowledged: true }],
      retire: [{ id: idOf('given') }],
    });
    expect([sink.puts, changes()]).toEqual([[keyId], ['apiKeys.create']]);
  });

  it('leave a key created by hand alone, and say so while that is there', async () => {
    const { run, idOf, sink, client, keyOf } = await unrecordedSetting();
    const given = idOf('given');
    expect(await run(schedule)).toMatchObject({
      phase: 'idle',
      resumeAfter: null,
      retire: [],
      notes: [expect.stringMatching(new RegExp(`${given} .*replaces`))],
    });
    sink.onPut = async () => {
      await client.withOptions({ credentials: keyOf('spare') }).apiKeys.delete(given);
      return undefined;
    };
    expect((await run(schedule)).notes).toEqual([]);
  });

  it('have every older key of ours go, each after its drain, from when it was created', async () => {
    const { run, idOf, sink, reference } = await unrecordedSetting({
      keys: {
        a: { epoch: 1, lastUsed: ago(9 * DAY) },
        b: { epoch: 2, lastUsed: ago(10 * DAY), expires: at(HOUR / 2) },
      },
    });
    sink.onPut = () => {
      reference.clock.advance({ minutes: 1 });
      return undefined;
    };
    const report = await run({ ...schedule, replaces: idOf('given') });
    expect(report).toMatchObject({ phase: 'draining', resumeAfter: at(HOUR / 2) });
    expect(report.retire.map(({ id }) => id).sort()).toEqual(['a', 'b', 'given'].map(idOf).sort());
    expect(report.notes).toEqual([expect.stringContaining(idOf('b'))]);
  });

  it('leave a key created by hand alone although others go', async () => {
    const { run, idOf } = await unrecordedSetting({ keys: { a: { epoch: 1, lastUsed: ago(10 * DAY) } } });
    const report = await run(schedule);
    expect(report.retire).toEqual([{ id: idOf('a') }]);
    expect(report.notes).toEqual([expect.stringMatching(new RegExp(`${idOf('given')} .*replaces`))]);
  });

  it('count the drain from now where the list does not have their key yet', async () => {
    const { run, idOf, sink, shown, reference } = await unrecordedSetting();
    sink.onPut = ({ id }) => {
      shown.set(id, undefined);
      reference.clock.advance({ minutes: 1 });
      return undefined;
    };
    const report = await run({ ...schedule, replaces: idOf('given') });
    expect(report).toMatchObject({ phase: 'draining', resumeAfter: at(HOUR + MINUTE) });
  });

  it('are still to be delivered where a later sink has not taken them', async () => {
    const { run, idOf } = await unrecordedSetting();
    const sinks = [new FakeSink('first'), refusing('second'), new FakeSink('third')];
    expect(await run({ ...schedule, sinks, replaces: idOf('given') })).toMatchObject({
      phase: 'delivering',
      resumeAfter: at(5 * MINUTE),
      sinks: [
        { acknowledged: true },
        { acknowledged: false, problem: expect.any(String) },
        { acknowledged: true },
      ],
      retire: [{ id: idOf('given') }],
    });
  });

  it.each<[string, Partial<UnrecordedOptions>]>([
    ['on a schedule', schedule],
    ['with every', { reason: 'schedule', every: { days: 60 } }],
    ['after a leak', { reason: 'leak' }],
  ])(
    'go to no other sink where the first, which feeds the next run, does not take them: %s',
    async (_, more) => {
      for (const first of [
        refusing('first'),
        new FakeSink('first', () => Promise.reject(new Error('closed'))),
      ]) {
        const { run } = await unrecordedSetting();
        const second = new FakeSink('second');
        const error = await undelivered(run({ ...more, sinks: [first, second] }));
        expect(error.keyId).toBe(first.puts[0]);
        expect(error.message).toContain('No other sink was tried');
        expect(second.puts).toEqual([]);
      }
    },
  );

  it('go to the other sinks where the given credentials, which the first still has, are worthless', async () => {
    const worthless: [UnrecordedSetting, Partial<UnrecordedOptions>][] = [
      [{}, { reason: 'leak' }],
      [{ keys: { given: { epoch: 1, expires: NOW } } }, schedule],
    ];
    for (const [setting, more] of worthless) {
      const { run, keyOf } = await unrecordedSetting(setting);
      const second = new FakeSink('second');
      const sinks = [refusing('first'), second];
      expect(await run({ ...more, sinks, recovery: keyOf('spare') })).toMatchObject({ phase: 'delivering' });
      expect(second.puts).toHaveLength(1);
    }
  });

  it('ask nothing of a recovery credential unless after a leak', async () => {
    const { run, keyOf, changes, reference } = await unrecordedSetting();
    const { keyId } = await run({ ...schedule, recovery: keyOf('theirs') });
    expect(keyId).not.toBe(keyOf('given').id);
    expect([changes(), reference.journal.count('apiKeys.get')]).toEqual([['apiKeys.create'], 0]);
  });
});

describe('a secret that no sink took', () => {
  it('is in the error, with what each sink said', async () => {
    const { run, reference, keyOf } = await unrecordedSetting({
      keys: { given: { epoch: 1, expires: NOW } },
    });
    const sinks = [refusing('first'), refusing('sec\nond')];
    const error = await undelivered(run({ ...schedule, sinks, recovery: keyOf('spare') }));
    expect(error.message).toMatch(/first[^\n]+sec[^\n]+ond/);
    expect(error.message).not.toContain('No other sink was tried');
    const { keyId: id = '', newSecret: secret } = error;
    expect(acceptance(reference)({ id, secret })).toBe(true);
  });

  it('after a leak leaves the leaked key alone: it is all that the sinks have', async () => {
    const { run, keyOf, reference } = await unrecordedSetting();
    const taking = refusing('first');
    const error = await undelivered(run({ reason: 'leak', sinks: [taking] }));
    expect(error.keyId).toBe(taking.puts[0]);
    expect(acceptance(reference)(keyOf('given'))).toBe(true);
  });

  it('is in the error where it was not accepted in time', async () => {
    const { run, sink, changes } = await unrecordedSetting({ semantics: { propagation: 500 } });
    const error = await undelivered(run(schedule));
    expect(error.cause).toMatchObject({ code: 'rotation_untested' });
    expect([sink.puts, changes()]).toEqual([[], ['apiKeys.create']]);
  });

  it('is in the error where the caller ended the run', async () => {
    const { run, sink } = await unrecordedSetting();
    const controller = new AbortController();
    sink.onPut = () => {
      controller.abort(new Error('enough'));
      return new Promise(() => {});
    };
    const error = await undelivered(run({ ...schedule, signal: controller.signal }));
    expect(error.keyId).toBe(sink.puts[0]);
  });

  it('is in no error once one sink has it', async () => {
    const { run, sink } = await unrecordedSetting();
    const controller = new AbortController();
    const reason = new Error('enough');
    sink.onPut = () => {
      controller.abort(reason);
      return new Promise(() => {});
    };
    const sinks = [new FakeSink('taking'), sink];
    expect(await failure(run({ ...schedule, sinks, signal: controller.signal }))).toBe(reason);
  });

  it.each([
    [0, true],
    [1, false],
  ])(
    'is in the error where the run was held up for so long: %i ms more than half of its time',
    async (more, goes) => {
      const { run, sink } = await unrecordedSetting({
        between: before('POST', /api-keys$/, () => void vi.setSystemTime(at(7.5 * MINUTE + more))),
      });
      if (goes) {
        expect(await run(schedule)).toMatchObject({ rotated: true });
        return;
      }
      const error = await undelivered(run(schedule));
      expect(error.cause).toMatchObject({ code: 'rotation_untested' });
      expect(sink.puts).toEqual([]);
    },
  );
});

describe('a key that a dead run has left over', () => {
  const keys = { left: { epoch: 1 } };

  it('is given another secret and put', async () => {
    const { run, idOf, changes } = await unrecordedSetting({ keys });
    expect(await run(schedule)).toMatchObject({ rotated: true, epoch: 1, keyId: idOf('left') });
    expect(changes()).toEqual(['apiKeys.regenerateSecret left']);
  });

  it.each([
    ['is gone', 404],
    ['may not have another secret', 402],
  ])('is followed by a new one where it %s by then', async (_, status) => {
    const { run, reference, changes, nameOf } = await unrecordedSetting({ keys });
    reference.faults.add({ operation: 'apiKeys.regenerateSecret', effect: 'response', status, times: 1 });
    expect(await run(schedule)).toMatchObject({ rotated: true, epoch: 2 });
    expect(changes()).toEqual(['apiKeys.create']);
    const name = String(Reflect.get(reference.snapshot().keys.at(-1) ?? {}, 'name'));
    expect(name).toMatch(/\.e2\.[a-z2-9]{5}$/);
    expect(name).not.toBe(nameOf('left', 2));
  });

  it('is followed by a new one where it was used by then', async () => {
    const showing: (() => void)[] = [];
    const { run, changes, shown, idOf } = await unrecordedSetting({
      keys,
      between: before('GET', /accounts$/, () => {
        for (const show of showing) show();
      }),
    });
    showing.push(() => shown.set(idOf('left'), { lastUsed: NOW.getTime() / 1_000 }));
    expect(await run(schedule)).toMatchObject({ rotated: true, epoch: 2 });
    expect(changes()).toEqual(['apiKeys.create']);
  });

  it('is not followed by another one where the service says no for another reason', async () => {
    const { run, reference, changes } = await unrecordedSetting({ keys });
    reference.faults.add({ operation: 'apiKeys.regenerateSecret', effect: 'response', status: 403 });
    expect(await failure(run(schedule))).toMatchObject({ code: 'permission_denied' });
    expect([changes(), reference.journal.count('apiKeys.create')]).toEqual([[], 0]);
  });
});
