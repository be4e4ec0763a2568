import { afterEach, beforeEach, describe, expect, it, type MockInstance, vi } from 'vitest';
import { Service } from '../../src/rotation/engine/service.ts';
import { madeUpPending } from '../stores/records.ts';
import { at, heldOf, NOW, type StageOptions, stored } from '../support/rotation-stage.ts';

// Nothing here waits for a real clock: what hangs is wrong.
vi.setConfig({ testTimeout: 5_000 });
let pauses: MockInstance<Service['pause']>;
beforeEach(() => {
  vi.useFakeTimers();
  pauses = vi.spyOn(Service.prototype, 'pause').mockResolvedValue();
});
afterEach(() => void vi.useRealTimers());

const HOUR = 3_600_000;
const promotion = {
  reason: 'schedule',
  promotedAt: at(0, -2 * HOUR),
  drainMs: HOUR,
  drainUntil: NOW,
  leakedSince: null,
} as const;

const draining: StageOptions['record'] = ({ spare }) => ({
  phase: 'draining',
  previous: heldOf(spare),
  promotion: { ...promotion, drainUntil: at(1) },
});
const retiring: StageOptions['record'] = ({ spare }) => ({
  phase: 'retiring',
  retire: [{ id: spare.id, name: null, secret: null }],
});

describe('rotate', () => {
  it('ends the rotation before it, and does not begin another', async () => {
    const { rotate: run, reference } = await stored(draining);
    expect(await run()).toMatchObject({ phase: 'draining', rotated: false, epoch: 3 });
    expect(reference.journal.count('apiKeys.create')).toBe(0);
    const over = await stored((keys) => ({ ...draining(keys), promotion }));
    expect(await over.rotate()).toMatchObject({ phase: 'idle', rotated: false });
  });

  it('begins one where only keys that cannot be deleted are left, and not where they can', async () => {
    const { rotate: run, reference } = await stored(retiring);
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 403 });
    expect(await run({ drain: HOUR })).toMatchObject({ phase: 'draining', rotated: true });
    const free = await stored(retiring);
    expect(await free.rotate()).toMatchObject({ phase: 'idle', rotated: false });
    const ending = await stored((keys) => ({ ...draining(keys), promotion }));
    ending.reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 403 });
    expect(await ending.rotate()).toMatchObject({ phase: 'retiring', rotated: false });
  });

  it('answers a leak at once, whatever is under way', async () => {
    for (const record of [undefined, draining, retiring])
      expect(await (await stored(record)).rotate({ reason: 'leak' })).toMatchObject({
        phase: 'idle',
        rotated: true,
        epoch: 4,
      });
    const making = await stored(() => ({ phase: 'creating', pending: madeUpPending({ preparedAt: NOW }) }));
    const leakedSince = at(-3);
    const report = await making.rotate({ reason: 'leak', leakedSince });
    expect(report).toMatchObject({ phase: 'idle', rotated: true, madeSinceLeak: [] });
    expect(making.write.mock.calls.map(([{ pending }]) => pending?.leakedSince)).toContainEqual(leakedSince);
  });
});

describe('a dry run', () => {
  it('of a rotation says its plan, having asked the sinks, and changes nothing', async () => {
    const probe = vi.fn();
    const sinks = [{ name: 'one', put: async () => {}, probe }];
    const { rotate: run, write, keys } = await stored();
    const report = await run({ dryRun: true, sinks, drain: HOUR });
    expect(report).toMatchObject({ phase: 'idle', dryRun: true, rotated: false, resumeAfter: null });
    expect(report.steps.at(-1)).toBe(`delete the old key ${keys.ci.id} after a drain of 1 hour`);
    expect(probe).toHaveBeenCalledTimes(1);
    expect(write).not.toHaveBeenCalled();
  });

  it('of a rotation under way says what is left of it, unless there was a leak', async () => {
    const { rotate: run, keys, write } = await stored(draining);
    const left = [`delete the old key ${keys.spare.id}, not before ${at(1).toISOString()}`];
    expect(await run({ dryRun: true })).toMatchObject({ phase: 'draining', steps: left });
    const leak = await run({ dryRun: true, reason: 'leak' });
    expect(leak.steps[0]).toMatch(/^make the key/);
    expect(leak.phase).toBe('draining');
    expect(write).not.toHaveBeenCalled();
    const clean = await stored(retiring);
    expect((await clean.rotate({ dryRun: true })).steps[0]).toMatch(/^make the key/);
  });

  it('of a resumption says what is left, or nothing', async () => {
    const { resume: run, keys, write } = await stored(draining);
    expect((await run({ dryRun: true })).steps).toEqual([
      `delete the old key ${keys.spare.id}, not before ${at(1).toISOString()}`,
    ]);
    expect(write).not.toHaveBeenCalled();
    expect(await (await stored()).resume({ dryRun: true })).toMatchObject({
      phase: 'idle',
      steps: [],
      dryRun: true,
    });
  });
});

describe('resume', () => {
  it('goes on with what is under way', async () => {
    const { resume: run, keys } = await stored(retiring);
    expect(await run()).toMatchObject({ phase: 'idle', steps: [`deleted the key ${keys.spare.id}`] });
  });

  it('looks twice for a key that may have been made, which a run that has just begun does not', async () => {
    const pending = madeUpPending({ preparedAt: NOW });
    const fresh = await stored();
    await fresh.rotate();
    expect(pauses).not.toHaveBeenCalled();
    const { resume: run } = await stored(() => ({ phase: 'creating', pending }));
    await run();
    expect(pauses).toHaveBeenCalledTimes(1);
  });
});

describe('rotateIfExpiring', () => {
  const ends = (days: number): [StageOptions['record'], StageOptions] => [
    ({ soon, ci }) => ({ current: heldOf(soon ?? ci, { ends: days }) }),
    { keys: { soon: { expires: { days } } } },
  ];

  it('leaves a key alone that is not due, and says when it is', async () => {
    const { rotateIfExpiring: run, keys, reference } = await stored();
    // A fifth of 100 days.
    expect(await run()).toMatchObject({
      phase: 'idle',
      rotated: false,
      notes: [`The key ${keys.ci.id} is not due before ${at(70).toISOString()}.`],
    });
    expect(reference.journal.count('apiKeys.create')).toBe(0);
  });

  it('rotates from the first moment of the window on', async () => {
    for (const [within, rotated] of [
      [{ days: 9, hours: 23 }, false],
      [{ days: 10 }, true],
    ] as const) {
      const [record, options] = ends(10);
      const { rotateIfExpiring: run, write } = await stored(record, options);
      expect(await run({ within, expiresIn: { days: 50 } })).toMatchObject({ rotated });
      const reasons = write.mock.calls.map(([{ pending }]) => pending?.reason);
      if (rotated) expect(reasons).toContain('expiry');
    }
  });

  it('never finds a key due that has no end', async () => {
    const { rotateIfExpiring: run, keys, service } = await stored();
    const list = await service.keys(heldOf(keys.ci));
    vi.spyOn(Service.prototype, 'keys').mockResolvedValue(list.map((key) => ({ ...key, expiresAt: null })));
    expect(await run()).toMatchObject({
      phase: 'idle',
      notes: [`The service gives the key ${keys.ci.id} no expiry: it is never due.`],
    });
  });

  it('goes on with what is under way, and says in a dry run what that is', async () => {
    const { rotateIfExpiring: run } = await stored(draining);
    expect(await run()).toMatchObject({ phase: 'draining', rotated: false, notes: [] });
    expect((await run({ dryRun: true })).steps[0]).toContain('not before');
  });

  it('deletes what is left to delete though the key is not due', async () => {
    const { rotateIfExpiring: run, keys } = await stored(retiring);
    expect((await run({ dryRun: true })).steps).toEqual([`delete the key ${keys.spare.id}`]);
    expect(await run()).toMatchObject({ phase: 'idle', steps: [`deleted the key ${keys.spare.id}`] });
  });

  it('says in a dry run what it would do in the window', async () => {
    const [record, options] = ends(10);
    const { rotateIfExpiring: run, write } = await stored(record, options);
    expect((await run({ dryRun: true, within: { days: 10 }, expiresIn: { days: 50 } })).steps[0]).toMatch(
      /^make the key/,
    );
    expect(write).not.toHaveBeenCalled();
  });
});
