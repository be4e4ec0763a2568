// A dry run of each call: it says what would be done, and changes nothing, neither at the service nor in the store nor in
// a sink.
import { describe, expect, it } from 'vitest';
import { holding, madeUpPending, madeUpPromotion, toDelete } from './support/records.ts';
import { FakeSink } from './support/sinks.ts';
import { at, DAY, heldOf, type Stage, type StageOptions, stage } from './support/stage.ts';
import { failure } from './support/world.ts';

const dryRun = true;

const draining: StageOptions['record'] = (keyOf) => ({
  phase: 'draining',
  previous: heldOf(keyOf('spare')),
  promotion: madeUpPromotion({ drainUntil: at(DAY) }),
});

/** Runs, and looks that nothing was changed. */
async function untouched<T>({ changes, writes }: Stage, work: () => Promise<T>): Promise<T> {
  const before = changes().length;
  const result = await work();
  expect([changes().length, writes]).toEqual([before, []]);
  return result;
}

describe('a dry run of a rotation', () => {
  it('says what would be done, having probed the sinks', async () => {
    const setting = await stage();
    const sink = new FakeSink('github');
    const report = await untouched(setting, () =>
      setting.rotate({ dryRun, sinks: [sink], drain: { hours: 1 } }),
    );
    expect(report).toMatchObject({
      phase: 'idle',
      dryRun,
      rotated: false,
      epoch: 3,
      keyId: setting.idOf('ci'),
      resumeAfter: null,
    });
    const steps = report.steps.join('\n');
    expect(steps).toMatch(/ci\.\w{10}\.e4\.\w{5}/);
    expect(steps).toContain('github');
    expect(report.steps.at(-1)).toContain(setting.idOf('ci'));
    expect([sink.probes, sink.got]).toEqual([1, []]);
  });

  it('of a leak says which key would be deleted, or given a new secret, and by whom', async () => {
    const setting = await stage();
    const { rotate: run, keyOf, idOf } = setting;
    const leak = { dryRun, reason: 'leak' } as const;
    const sinks = [new FakeSink('github')];
    const { steps } = await untouched(setting, () => run({ ...leak, sinks }));
    const order = [idOf('ci'), 'github'].map((text) => steps.findLastIndex((step) => step.includes(text)));
    expect(order[0]).toBeLessThan(order[1] ?? -1);
    const recovered = await untouched(setting, () => run({ ...leak, recovery: keyOf('spare') }));
    expect(recovered.steps[0]).toContain(idOf('spare'));
    expect(recovered.steps.join()).not.toContain('.e4.');
    expect((await untouched(setting, () => run({ ...leak, allowSelf: true }))).steps[0]).toContain(
      idOf('ci'),
    );
  });

  it('fails where the rotation would not begin', async () => {
    const setting = await stage();
    const { rotate: run, keyOf } = setting;
    const bad = new FakeSink();
    bad.onProbe = () => Promise.reject(new Error('down'));
    const code = (more: object) => untouched(setting, () => failure(run({ dryRun, ...more })));
    expect(await code({ sinks: [bad] })).toMatchObject({ code: 'rotation_sink' });
    expect(await code({ reason: 'leak', recovery: keyOf('theirs') })).toMatchObject({
      code: 'rotation_signer',
    });
  });

  it('of a rotation under way says what is left of it, unless there was a leak', async () => {
    const setting = await stage({ record: draining });
    const { rotate: run, idOf } = setting;
    const report = await untouched(setting, () => run({ dryRun }));
    expect(report).toMatchObject({ phase: 'draining', dryRun, epoch: 3 });
    expect(report.steps).toHaveLength(1);
    expect(report.steps[0]).toContain(idOf('spare'));
    const leak = await untouched(setting, () => run({ dryRun, reason: 'leak' }));
    expect(leak.phase).toBe('draining');
    expect(leak.steps[0]).toContain('.e4.');
  });

  it('says what it would do where only keys are left to be deleted', async () => {
    const setting = await stage({
      record: (keyOf) => ({ phase: 'retiring', retire: [toDelete(keyOf('spare').id)] }),
    });
    expect((await untouched(setting, () => setting.rotate({ dryRun }))).steps[0]).toContain('.e4.');
  });

  it('does not wait for the lease of another run', async () => {
    const setting = await stage({ record: () => ({ lease: { owner: 'they', until: at(DAY) } }) });
    expect(await untouched(setting, () => setting.rotate({ dryRun }))).toMatchObject({ dryRun });
  });
});

describe('a dry run of resume', () => {
  const left = async (options: StageOptions) => {
    const setting = await stage(options);
    const report = await untouched(setting, () => setting.resume({ dryRun, sinks: [new FakeSink('one')] }));
    return { ...report, idOf: setting.idOf };
  };
  const sinks = [holding('one', 3), holding('two', 4), holding('new')];

  it('says nothing where nothing is under way', async () => {
    expect(await left({})).toMatchObject({ phase: 'idle', dryRun, steps: [] });
  });

  it('says what is left from each phase on', async () => {
    const pending = madeUpPending();
    const creating = await left({ record: () => ({ phase: 'creating', pending, sinks }) });
    expect(creating).toMatchObject({ phase: 'creating', epoch: 3 });
    expect(creating.steps[0]).toContain(pending.name);
    for (const name of ['one', 'new']) expect(creating.steps.some((step) => step.endsWith(name))).toBe(true);
    expect(creating.steps.some((step) => step.endsWith('two'))).toBe(false);
    expect(creating.steps.at(-1)).toContain(creating.idOf('ci'));

    const testing = await left({
      record: (keyOf) => ({ phase: 'testing', pending: madeUpPending({ key: heldOf(keyOf('spare')) }) }),
    });
    expect(testing.steps.length).toBe(creating.steps.length - 3);

    const regenerating = await left({
      record: () => ({ phase: 'regenerating', pending: madeUpPending({ strategy: 'regenerate' }) }),
    });
    expect(regenerating.steps[0]).toContain(regenerating.idOf('ci'));

    const delivering = await left({
      record: (keyOf) => ({
        phase: 'delivering',
        previous: heldOf(keyOf('spare')),
        promotion: madeUpPromotion(),
        sinks,
      }),
    });
    expect(delivering.steps).toHaveLength(3);
    expect(delivering.steps.at(-1)).toContain(delivering.idOf('spare'));

    const drained = await left({ record: draining });
    expect(drained.steps).toEqual([expect.stringContaining(at(DAY).toISOString())]);

    const retiring = await left({
      record: (keyOf) => ({ phase: 'retiring', retire: [toDelete(keyOf('spare').id)] }),
    });
    expect(retiring.steps).toEqual([expect.stringContaining(retiring.idOf('spare'))]);
  });
});

describe('a dry run of rotateIfExpiring', () => {
  it('says what it would do in the window, and when that begins', async () => {
    const soon = await stage({
      keys: { key: { created: { days: -90 }, expires: { days: 10 } } },
      record: (keyOf) => ({ current: heldOf(keyOf('key')) }),
    });
    const due = await untouched(soon, () => soon.rotateIfExpiring({ dryRun }));
    expect(due.steps[0]).toContain('.e4.');
    const early = await stage();
    expect(await untouched(early, () => early.rotateIfExpiring({ dryRun }))).toMatchObject({ steps: [] });
  });

  it('says what is left of what is under way, though the key is not due', async () => {
    const setting = await stage({ record: draining });
    const { steps } = await untouched(setting, () => setting.rotateIfExpiring({ dryRun }));
    expect(steps[0]).toContain(setting.idOf('spare'));
    const retiring = await stage({
      record: (keyOf) => ({ phase: 'retiring', retire: [toDelete(keyOf('spare').id)] }),
    });
    expect((await untouched(retiring, () => retiring.rotateIfExpiring({ dryRun }))).steps).toHaveLength(1);
  });
});
