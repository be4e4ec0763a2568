// Several processes and one record: the lease keeps all but one out, and who is overtaken stops before it does harm.
import { UndeliveredSecretError } from 'blazemeter-client';
import { type CredentialStore, RotationError, type RotationRecord } from 'blazemeter-client/rotation';
import { describe, expect, it, vi } from 'vitest';
import { PolyfilledController } from '../support/polyfill.ts';
import { madeUpPromotion } from './support/records.ts';
import { FakeSink } from './support/sinks.ts';
import { at, DAY, HOUR, MINUTE, NOW, type StageOptions, stage } from './support/stage.ts';
import { accepts, failure, heldBy, keyIds } from './support/world.ts';

const theirs = { owner: 'pod 1', until: at(1) };
const busy = (more: Partial<RotationRecord> = {}): StageOptions => ({
  record: () => ({ lease: theirs, ...more }),
});

/** What another process writes over a record. */
async function overwrite(store: CredentialStore, change: Partial<RotationRecord>): Promise<void> {
  const { record, etag } = await heldBy(store);
  await store.write({ ...record, stamp: 'other', ...change }, { ifMatch: etag });
}

/** A store in which another process writes just before this one does so in this phase. */
function overtakenIn(
  store: CredentialStore,
  phase: string,
  change: Partial<RotationRecord> = {},
): CredentialStore {
  let done = false;
  return {
    read: () => store.read(),
    async write(record, options) {
      if (!done && record.phase === phase) {
        done = true;
        await overwrite(store, { lease: { owner: 'pod 2', until: at(MINUTE) }, ...change });
      }
      return store.write(record, options);
    },
  };
}

describe('the lease of another run', () => {
  it.each(['rotate', 'resume', 'rotateIfExpiring'] as const)(
    'keeps %s out, which says who has it',
    async (call) => {
      const setting = await stage(busy({ phase: 'retiring' }));
      const error = await failure(setting[call]());
      expect(error).toBeInstanceOf(RotationError);
      expect(error).toMatchObject({ code: 'rotation_busy', ...theirs });
      expect([setting.writes, setting.reference.journal.count()]).toEqual([[], 0]);
      expect((await setting.record()).lease).toEqual(theirs);
    },
  );

  it('does not, once it has ended, for its own owner, or where it is taken over', async () => {
    for (const [lease, more] of [
      [{ ...theirs, until: NOW }, {}],
      [theirs, { owner: 'pod 1' }],
      [theirs, { takeOver: true }],
    ] as const) {
      const { rotate: run, record } = await stage(busy({ lease }));
      expect(await run(more)).toMatchObject({ rotated: true });
      expect((await record()).lease).toBeNull();
    }
  });

  it('is not for every run that gives no owner: each is another one', async () => {
    const { rotate: run, writes } = await stage();
    for (const _ of [1, 2]) await run({ drain: { minutes: 0 } });
    expect(new Set(writes.flatMap(({ lease }) => lease?.owner ?? [])).size).toBe(2);
  });

  it('cannot make a terminal obey', async () => {
    const { rotate: run } = await stage(busy({ lease: { owner: 'they\n\u001b[2J', until: at(1) } }));
    expect((await failure(run())).message).not.toMatch(/\p{Cc}/u);
    expect((await run({ whenBusy: 'read' })).busy?.owner).not.toMatch(/\p{Cc}/u);
  });

  it('is read in place of an error where that is asked for', async () => {
    const setting = await stage(busy({ phase: 'delivering', promotion: madeUpPromotion() }));
    for (const call of ['rotate', 'resume', 'rotateIfExpiring'] as const) {
      const report = await setting[call]({ whenBusy: 'read' });
      expect(report).toMatchObject({
        phase: 'delivering',
        rotated: false,
        epoch: 3,
        steps: [],
        busy: theirs,
        keyId: setting.idOf('ci'),
      });
      expect(report.notes.join()).toContain('pod 1');
    }
    expect([setting.writes, setting.reference.journal.count()]).toEqual([[], 0]);
    expect(await failure(setting.rotate({ whenBusy: 'throw' }))).toMatchObject({ code: 'rotation_busy' });
  });

  it('says when to come again where it lasts longer than a few minutes', async () => {
    for (const [until, resumeAfter] of [
      [at(DAY), at(DAY)],
      [at(1), null],
    ] as const) {
      const { rotate: run } = await stage(busy({ lease: { owner: 'pod 1', until } }));
      expect(await run({ whenBusy: 'read' })).toMatchObject({ phase: 'idle', resumeAfter });
    }
  });
});

describe('the lease of a run', () => {
  it('is written before the service is asked, and given back at the end', async () => {
    const { rotate: run, writes, reference, record, store } = await stage();
    const requests: number[] = [];
    const watched: CredentialStore = {
      ...store,
      write(next, options) {
        requests.push(reference.journal.count());
        return store.write(next, options);
      },
    };
    await run({ store: watched, owner: 'pipeline 1', lease: { minutes: 2 } });
    expect(requests[0]).toBe(0);
    expect(writes[0]?.lease).toEqual({ owner: 'pipeline 1', until: at(2 * MINUTE) });
    expect(writes.slice(0, -1).every(({ lease }) => lease?.owner === 'pipeline 1')).toBe(true);
    expect((await record()).lease).toBeNull();
  });

  it('is five minutes where nothing is said', async () => {
    const { resume, writes } = await stage();
    await resume();
    expect(writes[0]?.lease?.until).toEqual(at(5 * MINUTE));
  });

  it('is given back where the run fails', async () => {
    const { rotate: run, reference, record } = await stage();
    reference.faults.add({ operation: 'apiKeys.list', effect: 'status', status: 403 });
    expect(await failure(run())).toMatchObject({ status: 403 });
    expect((await record()).lease).toBeNull();
  });

  it('does not hide what failed where it cannot be given back', async () => {
    const { rotate: run, reference, store } = await stage();
    reference.faults.add({ operation: 'apiKeys.list', effect: 'status', status: 403 });
    const closing: CredentialStore = {
      ...store,
      write: (record, options) =>
        record.lease === null ? Promise.reject(new Error('down')) : store.write(record, options),
    };
    expect(await failure(run({ store: closing }))).toMatchObject({ status: 403 });
  });

  it('is renewed before the next change where much of it has passed', async () => {
    const { resume, writes, reference } = await stage({
      record: () => ({
        phase: 'delivering',
        promotion: madeUpPromotion(),
        sinks: ['one', 'two'].map((name) => ({ name, keyId: null, epoch: null })),
      }),
    });
    const until: (number | undefined)[] = [];
    const slow = new FakeSink('one', () => void vi.setSystemTime(at(2 * MINUTE)));
    const next = new FakeSink('two', () => void until.push(writes.at(-1)?.lease?.until.getTime()));
    await resume({ sinks: [slow, next] });
    expect(until).toEqual([at(7 * MINUTE).getTime()]);
    expect(reference.journal.count()).toBeGreaterThan(0);
  });

  it('is looked after by a process that the machine has put to sleep: it creates nothing once it was overtaken', async () => {
    const { rotate: run, store, changes } = await stage();
    let slept = false;
    const sleepy: CredentialStore = {
      ...store,
      async write(record, options) {
        const written = await store.write(record, options);
        if (record.phase === 'creating' && !slept) {
          slept = true;
          vi.setSystemTime(at(HOUR));
          await overwrite(store, { lease: { owner: 'pod 2', until: at(HOUR + MINUTE) } });
        }
        return written;
      },
    };
    expect(await failure(run({ store: sleepy }))).toMatchObject({ code: 'rotation_conflict' });
    expect(changes()).toEqual([]);
  });

  it('is looked after where the clock of this machine was set back: it creates nothing once it was overtaken', async () => {
    let setBack = async () => {};
    const world = await stage({
      between: (inner) => async (url, init) => {
        if (url.includes('/api-keys') && (await world.record()).phase === 'creating') await setBack();
        return inner(url, init);
      },
    });
    const { rotate: run, store, changes } = world;
    vi.useFakeTimers({ toFake: ['Date', 'performance'], now: NOW });
    setBack = async () => {
      setBack = async () => {};
      vi.advanceTimersByTime(HOUR);
      vi.setSystemTime(NOW);
      await overwrite(store, { lease: { owner: 'pod 2', until: at(MINUTE) } });
    };
    expect(await failure(run())).toMatchObject({ code: 'rotation_conflict' });
    expect(changes()).toEqual([]);
  });
});

describe('a run that is overtaken in the middle', () => {
  it.each(['idle', 'creating', 'testing', 'delivering', 'draining'])('at %s stops there', async (phase) => {
    const reading = await stage();
    const report = await reading.rotate({ store: overtakenIn(reading.store, phase), whenBusy: 'read' });
    expect(report.busy).toEqual({ owner: 'pod 2', until: at(MINUTE) });
    expect(report.notes.join()).toContain('pod 2');
    expect((await reading.record()).lease?.owner).toBe('pod 2');

    const throwing = await stage();
    const error = await failure(throwing.rotate({ store: overtakenIn(throwing.store, phase) }));
    expect(error).toMatchObject({ code: phase === 'testing' ? 'undelivered_secret' : 'rotation_conflict' });
    expect((await throwing.record()).lease?.owner).toBe('pod 2');
  });

  it('reports the phase and epoch that the other one has come to', async () => {
    const { rotate: run, store } = await stage();
    const overtaken = overtakenIn(store, 'creating', { epoch: 7, lease: null });
    expect(await run({ store: overtaken, whenBusy: 'read' })).toMatchObject({
      phase: 'idle',
      epoch: 7,
      rotated: false,
      busy: { owner: null, until: null },
    });
  });

  it('leaves nothing behind: the other one finds its key by the name, and creates no second one', async () => {
    const { rotate: run, resume, store, record, changes } = await stage();
    await run({ store: overtakenIn(store, 'testing'), whenBusy: 'read' });
    const name = (await record()).pending?.name;
    await resume({ owner: 'pod 2' });
    expect((await record()).current.name).toBe(name);
    expect(changes().filter((change) => change.startsWith('apiKeys.create'))).toHaveLength(1);
  });

  it('does not swallow the only copy of a secret: the new one of a leaked key', async () => {
    const { rotate: run, store, keyOf, idOf, reference } = await stage();
    const error = await failure(
      run({
        store: overtakenIn(store, 'testing'),
        reason: 'leak',
        recovery: keyOf('spare'),
        whenBusy: 'read',
      }),
    );
    if (!(error instanceof UndeliveredSecretError)) throw error;
    expect(accepts(reference, { id: idOf('ci'), secret: error.newSecret })).toBe(true);
  });

  it('throws its own troubles as ever, and the abort of the caller', async () => {
    const { rotate: run, reference, record } = await stage();
    const fault = reference.faults.add({ operation: 'apiKeys.list', effect: 'status', status: 403 });
    expect(await failure(run({ whenBusy: 'read' }))).toMatchObject({ code: 'permission_denied' });
    expect((await record()).lease).toBeNull();
    fault.remove();
    const controller = new AbortController();
    const reason = new RotationError('enough', { code: 'rotation_busy' });
    const sink = new FakeSink();
    sink.onProbe = () => controller.abort(reason);
    const work = run({ whenBusy: 'read', signal: controller.signal, sinks: [sink] });
    expect(await failure(work)).toBe(reason);
  });

  it('by one that was taken for dead leaves no key over', async () => {
    let taken = false;
    const setting = await stage({
      between: (inner) => async (url, init) => {
        const response = await inner(url, init);
        if (init.method === 'POST' && !taken) {
          taken = true;
          await setting.resume({ takeOver: true });
        }
        return response;
      },
    });
    const { rotate: run, resume, record, reference, idOf } = setting;
    await failure(run({ drain: { minutes: 0 } }));
    if ((await record()).phase !== 'idle') await resume({ takeOver: true });
    const { current, phase, epoch } = await record();
    expect([phase, epoch, accepts(reference, current)]).toEqual(['idle', 4, true]);
    expect(keyIds(reference)).toEqual([current.id, idOf('spare'), idOf('theirs')].sort());
  });
});

describe('the signal of a polyfill', () => {
  it.each(['resume', 'rotate', 'rotateIfExpiring'] as const)('is taken by %s', async (call) => {
    const setting = await stage();
    const { signal } = new PolyfilledController();
    const report: unknown = await Reflect.apply(setting[call], setting, [{ signal }]);
    expect(report).toHaveProperty('phase');
  });

  it('ends a run', async () => {
    const setting = await stage();
    const controller = new PolyfilledController();
    const sinks = [new FakeSink('first', async () => controller.abort()), new FakeSink('second')];
    const work = Reflect.apply(setting.rotate, setting, [{ sinks, signal: controller.signal }]);
    expect(await failure(work)).toMatchObject({ name: 'AbortError' });
    expect(sinks[1]?.got).toEqual([]);
  });
});

it('a run does not begin after the abort of the caller: neither the store nor the service is asked', async () => {
  const { resume, rotate: run, rotateIfExpiring, store, reference } = await stage();
  const read = vi.spyOn(store, 'read');
  const reason = new Error('enough');
  const signal = AbortSignal.abort(reason);
  for (const call of [resume, run, rotateIfExpiring]) expect(await failure(call({ signal }))).toBe(reason);
  expect([read.mock.calls.length, reference.journal.count()]).toEqual([0, 0]);
});
