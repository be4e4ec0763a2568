// `every`: runs on a fixed schedule. When a key is due, how long the next one lives, and what cannot work.
import { RotationError, rotate } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { madeUpPromotion } from './support/records.ts';
import { FakeSink, refusing } from './support/sinks.ts';
import { at, DAY, HOUR, heldOf, type StageOptions, stage } from './support/stage.ts';
import { unrecordedSetting } from './support/unrecorded.ts';
import { failure, use } from './support/world.ts';

const every = { days: 30 };

/** A key that was created so many days ago and lives for so many more, in the record and in the list. */
const living = (created: number, expires: number, options: StageOptions = {}) =>
  stage({
    ...options,
    keys: { key: { created: { days: -created }, expires: { days: expires } } },
    record: (keyOf) => ({
      current: heldOf(keyOf('key'), { created: -created * DAY, expires: expires * DAY }),
    }),
  });

describe('a key is rotated', () => {
  it.each([
    [61, false],
    [60.5, true],
    [60, true],
    [29, true],
  ])('unless it lives until the run after next: with %d days left', async (left, rotated) => {
    const { rotateIfExpiring } = await living(10, left);
    expect(await rotateIfExpiring({ every })).toMatchObject({ rotated });
    const { rotate: run } = await living(10, left);
    expect(await run({ every, reason: 'schedule' })).toMatchObject({ rotated });
    const { run: unrecorded } = await unrecordedSetting({ keys: { given: { expires: { days: left } } } });
    expect(await unrecorded({ every, reason: 'schedule' })).toMatchObject({ rotated });
    expect(await unrecorded({ every, dryRun: true })).toMatchObject({ rotated: false });
  });

  it('in the run that ends the rotation before it', async () => {
    const { rotateIfExpiring, pass, changes } = await living(0, 30);
    expect(await rotateIfExpiring({ every })).toMatchObject({ phase: 'draining', rotated: true, epoch: 4 });
    pass(30 * DAY);
    expect(await rotateIfExpiring({ every })).toMatchObject({ phase: 'draining', rotated: true, epoch: 5 });
    expect(changes()).toEqual(['apiKeys.create', 'apiKeys.delete key', 'apiKeys.create']);
  });

  it('and the old key goes in a later run, although a reader used it after the promotion', async () => {
    const { rotateIfExpiring, pass, changes, reference, keyOf } = await living(30, 60);
    await rotateIfExpiring({ every });
    pass(60_000);
    await use(reference, keyOf('key'));
    pass(DAY - HOUR);
    expect(await rotateIfExpiring({ every })).toMatchObject({ phase: 'draining' });
    pass(HOUR - 1);
    expect(await rotateIfExpiring({ every })).toHaveProperty('stillUsed');
    pass(DAY);
    expect(await rotateIfExpiring({ every })).toMatchObject({ phase: 'idle' });
    expect(changes()).toEqual(['apiKeys.create', 'apiKeys.delete key']);
  });

  it('not while the one before it is under way, unless it would expire before the next run', async () => {
    for (const [left, rotated] of [
      [31, false],
      [30.5, true],
      [30, true],
    ] as const) {
      const { rotateIfExpiring, keyOf, reference, idOf, record } = await stage({
        keys: { key: { created: { days: -60 }, expires: { days: left } } },
        record: (name) => ({
          phase: 'draining',
          current: heldOf(name('key'), { expires: left * DAY }),
          previous: heldOf(name('ci')),
          promotion: madeUpPromotion({ drainUntil: at(-HOUR) }),
        }),
      });
      await use(reference, keyOf('ci'));
      const report = await rotateIfExpiring({ every });
      expect(report).toMatchObject({ phase: 'draining', rotated });
      // The reader of the old key gets another drain.
      if (rotated) expect((await record()).retire).toMatchObject([{ id: idOf('ci') }]);
    }
  });

  it('although a sink fails, where it would expire before the next run', async () => {
    const { rotateIfExpiring, pass, record } = await living(0, 30);
    const sinks = [new FakeSink('good'), refusing('bad')];
    expect(await rotateIfExpiring({ every, sinks })).toMatchObject({ phase: 'delivering', epoch: 4 });
    pass(30 * DAY);
    expect(await rotateIfExpiring({ every, sinks })).toMatchObject({ phase: 'delivering', epoch: 4 });
    pass(DAY);
    expect(await rotateIfExpiring({ every, sinks })).toMatchObject({ phase: 'delivering', epoch: 5 });
    expect((await record()).sinks).toMatchObject([{ name: 'good', epoch: 5 }, { epoch: null }]);
  });
});

describe('the next key', () => {
  it.each([
    [{ every: { days: 30 } }, 100],
    [{ every: { days: 60 } }, 121],
    [{ every: { days: 60 }, expiresIn: '120 days' }, 120],
    [{ every: { days: 60 }, expiresIn: { days: 121 } }, 121],
    [{ every: { hours: 61 }, expiresIn: { days: 6 } }, 6],
  ] as const)('lives twice as long at least: %o', async (options, days) => {
    const { rotateIfExpiring, keyOf, record, pass } = await living(0, 100);
    expect(keyOf('key').id).toBeDefined();
    pass(99 * DAY);
    await rotateIfExpiring(options);
    expect((await record()).current.expiresAt).toEqual(at((99 + days) * DAY));
  });

  it('outlives a run that fails, and runs that are a little late', async () => {
    const { rotate: run, reference, pass } = await living(0, 60);
    const rotated: unknown[] = [];
    for (const fails of [false, false, true, false, true, false]) {
      const fault = fails ? reference.faults.add({ effect: 'status', status: 503 }) : undefined;
      const work = run({ every, reason: 'schedule' });
      rotated.push(fails ? Reflect.get(await failure(work), 'code') : (await work).rotated);
      fault?.remove();
      pass(30 * DAY + HOUR);
    }
    expect(rotated).toEqual([true, true, 'server_error', true, 'server_error', true]);
  });

  it('that lives exactly twice as long comes with a warning', async () => {
    const { rotateIfExpiring } = await living(0, 60, { maximum: 60 });
    const { notes } = await rotateIfExpiring({ every });
    expect(notes.join()).toContain('if one run fails, the key may expire before the next');
    const { rotateIfExpiring: longer } = await living(0, 60);
    expect((await longer({ every })).notes.join()).not.toContain('if one run fails');
  });

  it('has a drain that ends before the next run, where it is due then', async () => {
    const { rotateIfExpiring } = await living(0, 30);
    const drain = { days: 40 };
    const report = await rotateIfExpiring({ every, drain });
    expect(report.resumeAfter).toEqual(at(27 * DAY));
    // A key of 90 days is due at the next run but for a moment, one of 91 is not.
    for (const [days, drained] of [
      [90, 27],
      [91, 29],
    ] as const) {
      const { rotateIfExpiring: longer } = await living(0, 30);
      const later = await longer({ every, drain: { days: 29 }, expiresIn: { days } });
      expect(later.resumeAfter).toEqual(at(drained * DAY));
    }
  });
});

describe('what cannot work is refused at the first run, with the numbers', () => {
  it.each([
    [{ every: { days: 30 }, expiresIn: { days: 59 } }, 3650, ['30 days', '60 days', '59 days']],
    [{ every: { days: 30 } }, 45, ['30 days', '60 days', '45 days', '22.5 days']],
    [{ every: { days: 30 }, expiresIn: 'max' }, 45, ['30 days', '60 days', '45 days']],
  ] as const)('%o in an account that allows %i days', async (options, maximum, numbers) => {
    const { rotateIfExpiring, changes, record } = await living(0, 90, { maximum });
    const error = await failure(rotateIfExpiring(options));
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({ code: 'rotation_window', hint: { option: 'every' } });
    for (const number of numbers) expect(error.message).toContain(number);
    expect([changes(), (await record()).phase]).toEqual([[], 'idle']);
    const { run } = await unrecordedSetting({ maximum });
    expect(await failure(run(options))).toMatchObject({ code: 'rotation_window' });
  });

  it('with a window, after a leak, or without any time between', async () => {
    const { client, store } = await stage();
    const refused = (more: object) => failure(rotate(client, { store, reason: 'schedule', every, ...more }));
    for (const more of [{ within: { days: 3 } }, { reason: 'leak' }, { every: { days: 0 } }])
      expect(await refused(more)).toBeInstanceOf(TypeError);
  });
});
