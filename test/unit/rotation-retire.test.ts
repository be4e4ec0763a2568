// The clean-up: what is deleted, what is left alone and said, and what is listed after a leak.
import { RotationError, type RotationRecord } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { advance, madeSince, retire } from '../../src/rotation/engine/machine.ts';
import { failure, keyIds } from '../support/rotation.ts';
import { at, heldOf, NOW, RECORD, type StageOptions, stageOf } from '../support/rotation-stage.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const promotion = {
  reason: 'schedule',
  promotedAt: at(-1),
  drainMs: 0,
  drainUntil: null,
  leakedSince: null,
} as const;
const named = (epoch: number, record = RECORD, nonce = 'abcdefghijkmnpqr') => ({
  name: `ci.${record}.e${epoch}.${nonce}`,
});

/** A record whose rotation is done but for the clean-up. */
function retiring(change: Partial<RotationRecord> = {}, options: StageOptions = {}) {
  return stageOf({
    ...options,
    record: (keys) => ({ phase: 'retiring', promotion, ...change, ...options.record?.(keys) }),
  });
}

const toGo = (id: string) => ({ id, name: null, secret: null });

describe('the clean-up', () => {
  it('has nothing to do where there is nothing to delete', async () => {
    const { run, saves, reference } = retiring();
    expect(await advance(run)).toBe('idle');
    expect(saves()).toEqual([{ phase: 'idle', promotion: null }]);
    expect(run.steps).toEqual([]);
    expect(run.madeSinceLeak).toBeUndefined();
    expect(reference.journal.count('apiKeys.delete')).toBe(0);
  });

  it('deletes what is on the list, one after the other, each off the list before the next', async () => {
    const { run, keys, saves } = retiring(
      {},
      {
        keys: { old: {}, older: {} },
        record: ({ old, older }) => ({
          retire: [toGo(old?.id ?? ''), toGo(older?.id ?? ''), toGo('7e57ed0000000000000000ff')],
        }),
      },
    );
    const [old, older] = [keys.old?.id ?? '', keys.older?.id ?? ''];
    expect(await advance(run)).toBe('idle');
    expect(saves()).toEqual([
      { retire: [toGo(older), toGo('7e57ed0000000000000000ff')] },
      { retire: [toGo('7e57ed0000000000000000ff')] },
      { retire: [] },
      { phase: 'idle', promotion: null },
    ]);
    expect(run.steps).toEqual([old, older, '7e57ed0000000000000000ff'].map((id) => `deleted the key ${id}`));
  });

  it('does not delete the only key that is accepted', async () => {
    const { run, keys, reference } = retiring(
      {},
      { record: ({ ci, spare }) => ({ retire: [toGo(ci.id), toGo(spare.id)] }) },
    );
    expect(await advance(run)).toBe('retiring');
    expect(run.record.retire).toEqual([toGo(keys.ci.id)]);
    expect(Object.fromEntries(run.retireProblems)).toEqual({
      [keys.ci.id]: 'it is the only key that is accepted',
    });
    expect(keyIds(reference)).toContain(keys.ci.id);
  });

  it('deletes strays: keys of this record that nobody has, and nobody used', async () => {
    const { run, keys, saves } = retiring(
      {},
      {
        keys: {
          stray: named(3),
          early: { ...named(2), lastUsed: { days: -10 } },
          later: named(4),
          other: named(3, 'aaaaaaaaaa'),
          plain: { name: 'ci' },
          listed: named(1),
          before: named(2),
        },
        record: ({ listed, before }) => ({
          retire: [toGo(listed?.id ?? '')],
          previous: before ? heldOf(before) : null,
        }),
      },
    );
    expect(await advance(run)).toBe('idle');
    const known = toGo(keys.listed?.id ?? '');
    const first = saves()[0]?.retire ?? [];
    expect(first[0]).toEqual(known);
    const stray = { id: keys.stray?.id, name: named(3).name, secret: null };
    const early = { id: keys.early?.id, name: named(2).name, secret: null };
    expect(first).toHaveLength(3);
    expect(first.slice(1)).toEqual(expect.arrayContaining([stray, early]));
    expect(run.steps).toHaveLength(3);
    expect(run.notes).toEqual([]);
  });

  it('takes the pair in use for none, whatever its name', async () => {
    const { run } = retiring(
      {},
      { keys: { mine: named(3) }, record: ({ mine, ci }) => ({ current: heldOf(mine ?? ci) }) },
    );
    await advance(run);
    expect(run.steps).toEqual([]);
  });

  it('leaves a stray that somebody has used, and says so', async () => {
    const { run, keys, saves } = retiring({}, { keys: { stray: { ...named(3), lastUsed: { days: -9 } } } });
    expect(await advance(run)).toBe('idle');
    expect(run.notes).toEqual([
      `The key ${keys.stray?.id} was made for this record, which does not know it, and somebody has used it: it was left alone. Delete it by hand if nobody needs it.`,
    ]);
    expect(saves()).toEqual([{ phase: 'idle', promotion: null }]);
  });

  it('passes on what is no word of the service, and the caller’s abort', async () => {
    const list = { record: (keys: { spare: { id: string } }) => ({ retire: [toGo(keys.spare.id)] }) };
    const lost = retiring({}, list);
    const fault = new TypeError('a fault');
    vi.spyOn(lost.run.service, 'remove').mockRejectedValue(fault);
    expect(await failure(retire(lost.run))).toBe(fault);

    const controller = new AbortController();
    const reason = new Error('enough');
    const ended = retiring({}, { ...list, signal: controller.signal });
    vi.spyOn(ended.run.service, 'remove').mockImplementation(() => {
      controller.abort(reason);
      return Promise.reject(fault);
    });
    expect(await failure(retire(ended.run))).toBe(reason);
  });

  it('keeps on the list what the service or the network did not delete', async () => {
    const { run, keys, reference } = retiring(
      {},
      { client: { maxRetries: 0 }, record: ({ spare }) => ({ retire: [toGo(spare.id)] }) },
    );
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'reset' });
    await retire(run);
    expect(run.retireProblems.get(keys.spare.id)).toMatch(/\w/);
    expect(run.record.retire).toEqual([toGo(keys.spare.id)]);
  });

  it('needs a pair that is accepted only where there is something to delete', async () => {
    const none = retiring();
    await retire(none.run);
    expect(none.reference.journal.count()).toBe(0);
  });

  it('passes on an error of the rotation itself', async () => {
    const stage = retiring({}, { record: ({ spare }) => ({ retire: [toGo(spare.id)] }) });
    const error = new RotationError('Stop.', { code: 'rotation_conflict' });
    vi.spyOn(stage.run.service, 'remove').mockRejectedValue(error);
    expect(await failure(retire(stage.run))).toBe(error);
  });
});

describe('after a leak', () => {
  const leak = { ...promotion, reason: 'leak' } as const;

  it('the clean-up lists other keys of the user, once', async () => {
    const { run, keys } = retiring({ promotion: leak });
    await advance(run);
    expect(run.madeSinceLeak?.map(({ id }) => id)).toEqual([keys.spare.id]);
    const again = retiring({ promotion: leak });
    again.run.madeSinceLeak = [];
    await advance(again.run);
    expect(again.run.madeSinceLeak).toEqual([]);
  });

  it('the leaked key is deleted and others are listed before a sink is asked, once', async () => {
    const waiting = { name: 'one', keyId: null, epoch: null };
    const { run, keys } = retiring(
      { promotion: leak, phase: 'delivering', sinks: [waiting] },
      { keys: { leaked: {} }, record: ({ leaked }) => ({ retire: [toGo(leaked?.id ?? '')] }) },
    );
    expect(await advance(run)).toBe('delivering');
    expect(run.steps).toEqual([`deleted the key ${keys.leaked?.id}`]);
    expect(run.madeSinceLeak?.map(({ id }) => id)).toEqual([keys.spare.id]);
    const again = retiring({ promotion: leak, phase: 'delivering', sinks: [waiting] });
    again.run.madeSinceLeak = [];
    await advance(again.run);
    expect(again.run.madeSinceLeak).toEqual([]);
  });

  it('those are listed that were made since then, and that the record does not know', async () => {
    const stage = (leakedSince: Date | null, withPromotion = true) =>
      retiring(
        { promotion: withPromotion ? { ...leak, leakedSince } : null },
        {
          keys: {
            before: { created: { days: -3 } },
            same: { created: { days: -2 } },
            now: { created: { days: 0 } },
            gone: {},
          },
          recovery: ({ spare }) => spare,
          record: ({ gone }) => ({ retire: [toGo(gone?.id ?? '')] }),
        },
      );
    const names = async ({ run, client, keys }: ReturnType<typeof stage>) => {
      const list = await client.withOptions({ credentials: keys.ci }).apiKeys.list();
      return madeSince(run, list.items)
        .map(({ name }) => name)
        .sort();
    };
    expect(await names(stage(at(-2)))).toEqual(['now', 'same']);
    expect(await names(stage(NOW))).toEqual(['now']);
    expect(await names(stage(null))).toEqual(['before', 'now', 'same']);
    expect(await names(stage(null, false))).toEqual(['before', 'now', 'same']);
    const without = retiring({ promotion: leak });
    expect((await names(without)).length).toBe(1);
  });
});
