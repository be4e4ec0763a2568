// rotateIfExpiring: when a key is due, and what else such a run does.
import { RotationError } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { madeUpPromotion, toDelete } from './support/records.ts';
import { at, DAY, HOUR, heldOf, rewriting, type StageOptions, stage } from './support/stage.ts';
import { failure } from './support/world.ts';

/** A key that was created and expires so many days from now. */
const living = (created: number, expires: number, options: StageOptions = {}) =>
  stage({
    ...options,
    keys: { key: { created: { days: created }, expires: { seconds: (expires * DAY) / 1000 } } },
    record: (keyOf) => ({ current: heldOf(keyOf('key')) }),
  });

const SECOND = 1_000 / DAY;

describe('the window', () => {
  it('is the last fifth of a key’s lifetime', async () => {
    const early = await living(-80, 20 + SECOND);
    expect(await early.rotateIfExpiring()).toMatchObject({ phase: 'idle', rotated: false, epoch: 3 });
    expect([early.changes(), (await early.record()).phase]).toEqual([[], 'idle']);
    const due = await living(-80, 20);
    expect(await due.rotateIfExpiring()).toMatchObject({ phase: 'draining', rotated: true, epoch: 4 });
    expect(due.writes.some(({ promotion }) => promotion?.reason === 'expiry')).toBe(true);
  });

  it('is 30 days at most', async () => {
    const early = await living(-969, 31);
    expect(await early.rotateIfExpiring()).toMatchObject({ rotated: false });
    const due = await living(-970, 30);
    expect(await due.rotateIfExpiring()).toMatchObject({ rotated: true });
  });

  it('is as asked for, from its first moment on', async () => {
    for (const [within, rotated] of [
      [{ days: 9, hours: 23 }, false],
      [{ days: 10 }, true],
      ['1 month', true],
    ] as const) {
      const { rotateIfExpiring } = await living(-90, 10, { maximum: 3650 });
      expect(await rotateIfExpiring({ within, expiresIn: { days: 100 } })).toMatchObject({ rotated });
    }
  });

  it('is less than half of the new key’s lifetime, else keys would be rotated for ever', async () => {
    const refused = async (within: number, options: StageOptions = {}) => {
      const { rotateIfExpiring, changes, record } = await living(-10, 90, options);
      const error = await failure(rotateIfExpiring({ within: { days: within } }));
      if (error instanceof RotationError) {
        expect([error.code, changes(), (await record()).lease]).toEqual(['rotation_window', [], null]);
        return true;
      }
      return false;
    };
    expect(await refused(50)).toBe(true);
    expect(await refused(49)).toBe(false);
    expect(await refused(15, { maximum: 30 })).toBe(true);
    expect(await refused(14, { maximum: 30 })).toBe(false);
  });

  it('is of the next key’s lifetime where that of this one is not known', async () => {
    const { rotateIfExpiring } = await stage({
      between: rewriting((text) => text.replace(/"expiration": \d+/g, '"expiration": null')),
    });
    expect(await rotateIfExpiring({ expiresIn: { days: 50 } })).toMatchObject({
      phase: 'idle',
      rotated: false,
    });
  });

  it('goes by the dates that the service gives, and not by those of the record', async () => {
    const { rotateIfExpiring } = await stage({
      record: (keyOf) => ({ current: heldOf(keyOf('ci'), { expires: HOUR }) }),
    });
    expect(await rotateIfExpiring()).toMatchObject({ rotated: false });
  });
});

describe('a run for a key that is not due', () => {
  it('says when it will be', async () => {
    const { rotateIfExpiring, idOf } = await stage();
    const { notes, resumeAfter } = await rotateIfExpiring();
    expect(notes).toHaveLength(1);
    expect(notes[0]).toContain(at(70 * DAY).toISOString());
    expect(notes[0]).toContain(idOf('ci'));
    expect(resumeAfter).toBeNull();
  });

  it('ends a drain that is over', async () => {
    const { rotate: run, rotateIfExpiring, pass, changes } = await stage();
    await run({ drain: { hours: 1 } });
    expect(await rotateIfExpiring()).toMatchObject({ phase: 'draining', rotated: false });
    pass(HOUR);
    expect(await rotateIfExpiring()).toMatchObject({ phase: 'idle', rotated: false });
    expect(changes()).toEqual(['apiKeys.create', 'apiKeys.delete ci']);
  });

  it('deletes what is still to be deleted', async () => {
    const { rotateIfExpiring, changes } = await stage({
      record: (keyOf) => ({ phase: 'retiring', retire: [toDelete(keyOf('spare').id)] }),
    });
    expect(await rotateIfExpiring()).toMatchObject({ phase: 'idle', rotated: false, retire: [] });
    expect(changes()).toEqual(['apiKeys.delete spare']);
  });
});

it('a run for a key that is due goes on with a rotation under way, and begins no other', async () => {
  const { rotateIfExpiring, changes } = await stage({
    keys: { key: { created: { days: -99 }, expires: { days: 1 } } },
    record: (keyOf) => ({
      phase: 'draining',
      current: heldOf(keyOf('key'), { expires: DAY }),
      previous: heldOf(keyOf('ci')),
      promotion: madeUpPromotion({ drainUntil: at(DAY) }),
    }),
  });
  expect(await rotateIfExpiring()).toMatchObject({ phase: 'draining', rotated: false });
  expect(changes()).toEqual([]);
});
