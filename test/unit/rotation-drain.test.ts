// When a drain begins, how long it is, and when the old key may go: to the millisecond, by the service's clock.
import type { RotationRecord } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { advance } from '../../src/rotation/engine/machine.ts';
import { failure } from '../support/rotation.ts';
import { at, heldOf, NOW, type StageOptions, stageOf } from '../support/rotation-stage.ts';

// Nothing here waits for a real clock: what hangs is wrong.
vi.setConfig({ testTimeout: 5_000 });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const HOUR = 3_600_000;
const SETTLED = 15 * 60_000;
const holding = (name: string, epoch: number | null) => ({ name, keyId: null, epoch });

const promotion = (more: Partial<NonNullable<RotationRecord['promotion']>> = {}) => ({
  reason: 'schedule' as const,
  promotedAt: at(0, -2 * HOUR),
  drainMs: HOUR,
  drainUntil: null,
  leakedSince: null,
  ...more,
});

/** The current key was promoted two hours ago, and the old one is drained; its record may be changed. */
function draining(
  change: Partial<RotationRecord> = {},
  { ends = 90, used, ...options }: StageOptions & { ends?: number; used?: Date } = {},
) {
  const old = { expires: { days: ends }, ...(used === undefined ? {} : { lastUsed: used }) };
  return stageOf({
    ...options,
    keys: { old },
    record: ({ old: key, ...keys }) => ({
      phase: 'draining',
      previous: key ? heldOf(key, { ends, name: 'old' }) : null,
      promotion: promotion({ drainUntil: NOW }),
      ...change,
      ...options.record?.({ ...keys, ...(key ? { old: key } : {}) }),
    }),
  });
}

describe('a drain that begins', () => {
  const begins = (change: Partial<RotationRecord>, more = {}) =>
    draining({ phase: 'delivering', promotion: promotion(), sinks: [holding('one', 3)], ...change }, more);

  it('is as long as asked for, counted from now', async () => {
    const { run, saves } = begins({});
    expect(await advance(run)).toBe('draining');
    expect(saves()).toEqual([
      {
        phase: 'draining',
        sinks: [holding('one', 3)],
        promotion: promotion({ drainUntil: at(0, HOUR) }),
      },
    ]);
    expect(run.notes).toEqual([]);
  });

  it('lets go of sinks that are no longer there', async () => {
    const sinks = [holding('one', 3), holding('gone', 2)];
    const { run, saves } = begins({ sinks }, { run: { dropSinks: ['gone'] } });
    await advance(run);
    expect(saves()[0]?.sinks).toEqual([holding('one', 3)]);
  });

  it('is shortened where the old key ends, or the new one would live too short', async () => {
    const early = begins({ promotion: promotion({ drainMs: 5 * 24 * HOUR }) }, { ends: 2 });
    await advance(early.run);
    expect(early.run.record.promotion?.drainUntil).toEqual(at(2));
    expect(early.run.notes).toEqual([
      `The drain of 5 days was shortened to 2 days: the old key ${early.keys.old?.id} runs out then.`,
    ]);
    const short = draining({
      phase: 'delivering',
      promotion: promotion({ drainMs: 100 * 24 * HOUR, promotedAt: at(0, -3 * HOUR) }),
    });
    await advance(short.run);
    expect(short.run.notes).toEqual([
      'The drain of 100 days was shortened to 45.1 days: the new key lives 90.1 days, and the drain may take half of that.',
    ]);
    expect(short.run.record.promotion?.drainUntil).toEqual(at(45.05));
  });

  it('is as long as asked for where the new key has no end', async () => {
    const endless = draining(
      { phase: 'delivering', promotion: promotion({ drainMs: 60 * 24 * HOUR }) },
      { record: ({ ci }) => ({ current: { ...heldOf(ci), expiresAt: null } }) },
    );
    await advance(endless.run);
    expect(endless.run.notes).toEqual([]);
    expect(endless.run.record.promotion?.drainUntil).toEqual(at(60));
  });

  it('is none where there is no old key: then the clean-up is next', async () => {
    const sinks = [holding('one', 3), holding('gone', 2)];
    const { run, saves } = begins({ previous: null, sinks }, { run: { dropSinks: ['gone'] } });
    expect(await advance(run)).toBe('idle');
    expect(saves()).toEqual([
      { phase: 'retiring', sinks: [holding('one', 3)] },
      { phase: 'idle', promotion: null },
    ]);
  });
});

describe('an old key that is drained', () => {
  it('goes once the drain is over, with a second to spare', async () => {
    const { run, keys, saves, reference } = draining({
      promotion: promotion({ drainUntil: at(0, 1_000) }),
      retire: [{ id: 'waiting', name: null, secret: null }],
    });
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 403 });
    expect(await advance(run)).toBe('retiring');
    const { id, secret, name } = heldOf(keys.old ?? keys.ci, { name: 'old' });
    expect(saves()).toEqual([
      {
        phase: 'retiring',
        previous: null,
        retire: [
          { id: 'waiting', name: null, secret: null },
          { id, secret, name },
        ],
      },
    ]);
  });

  it('stays until then', async () => {
    const { run, saves } = draining({ promotion: promotion({ drainUntil: at(0, 1_001) }) });
    expect(await advance(run)).toBe('draining');
    expect(saves()).toEqual([]);
  });

  it.each([{ previous: null }, { promotion: null }, { promotion: promotion() }])(
    'is none, or has no drain, in a record like %o: then the clean-up is next',
    async (change) => {
      const { run, saves } = draining(change);
      expect(await advance(run)).toBe('idle');
      expect(saves()[0]).toEqual({ phase: 'retiring' });
    },
  );

  it('stays while somebody uses it after the promotion, and the report says so', async () => {
    const used = at(0, -2 * HOUR + 2_000);
    const { run, keys, saves } = draining({}, { used });
    const id = keys.old?.id;
    expect(await advance(run)).toBe('draining');
    expect(run.stillUsed).toEqual({ keyId: id, lastUsedAt: used });
    expect(run.notes).toEqual([
      `The old key ${id} was used on ${used.toISOString()}, after the new one was promoted: somebody has not moved yet, so it was not deleted. Find them; or say quietFor, after how long without a use it may go.`,
    ]);
    expect(saves()).toEqual([]);
  });

  it('goes where it was used before the promotion, or in its second', async () => {
    for (const used of [at(-5), at(0, -2 * HOUR), at(0, -2 * HOUR + 1_000)]) {
      const { run } = draining({}, { used });
      expect(await advance(run)).toBe('idle');
      expect(run.stillUsed).toBeUndefined();
    }
  });

  it('goes where it was used, and has run out', async () => {
    const { run } = draining({}, { used: at(0, -HOUR), ends: 0 });
    expect(await advance(run)).toBe('idle');
    const unknown = draining(
      {},
      {
        used: at(0, -HOUR),
        record: ({ old, ci }) => ({ previous: { ...heldOf(old ?? ci), expiresAt: null } }),
      },
    );
    expect(await advance(unknown.run)).toBe('draining');
  });

  it.each([
    [HOUR + 1, 'draining'],
    [HOUR, 'idle'],
    [0, 'idle'],
  ])('that was used an hour ago, with quietFor %i, ends in %s', async (quietForMs, stop) => {
    const { run } = draining({}, { used: at(0, -HOUR), run: { quietForMs } });
    expect(await advance(run)).toBe(stop);
  });

  it('goes where it is gone already', async () => {
    const stage = draining();
    const { client, keys, run } = stage;
    await client.withOptions({ credentials: keys.spare }).apiKeys.delete(keys.old?.id ?? '');
    expect(await advance(run)).toBe('idle');
    expect(run.record).toMatchObject({ previous: null, retire: [] });
  });
});

describe('a current key that is refused after its promotion', () => {
  /** Its secret was replaced by a late request. */
  async function replaced(change: Partial<RotationRecord> = {}, options: StageOptions = {}) {
    const stage = draining(change, options);
    const { client, keys, reference } = stage;
    await client.withOptions({ credentials: keys.spare }).apiKeys.regenerateSecret(keys.ci.id);
    reference.journal.clear();
    return stage;
  }

  it('gets a new secret, signed by the old key, and is promoted once more', async () => {
    const { run, keys, saves, reference } = await replaced();
    expect(await advance(run)).toBe('draining');
    expect(reference.journal.of('apiKeys.regenerateSecret').map(({ keyId }) => keyId)).toEqual([
      keys.old?.id,
    ]);
    const { current } = run.record;
    expect(current.id).toBe(keys.ci.id);
    expect(current.secret.equals(keys.ci.secret)).toBe(false);
    expect(saves()).toEqual([
      {
        phase: 'delivering',
        epoch: 4,
        current,
        promotion: promotion({ promotedAt: NOW }),
      },
      { phase: 'draining', sinks: [], promotion: promotion({ promotedAt: NOW, drainUntil: at(0, HOUR) }) },
    ]);
    expect(run.notes).toEqual([
      `The key ${keys.ci.id} was refused although it had been promoted: its secret had been replaced. It was given a new one.`,
    ]);
    expect(run.steps).toEqual([`promoted the new secret of the key ${keys.ci.id} to epoch 4`]);
  });

  it('is waited for while the drain lasts, until a new pair is surely known', async () => {
    const until = { drainUntil: at(1) };
    const young = await replaced({ promotion: promotion({ ...until, promotedAt: at(0, -SETTLED) }) });
    expect(await advance(young.run)).toBe('draining');
    expect(young.saves()).toEqual([]);
    const settled = await replaced({ promotion: promotion({ ...until, promotedAt: at(0, -SETTLED - 1) }) });
    expect(await advance(settled.run)).toBe('draining');
    expect(settled.run.record.epoch).toBe(4);
    const over = await replaced({ promotion: promotion({ drainUntil: NOW, promotedAt: at(0, -1) }) });
    await advance(over.run);
    expect(over.run.record.epoch).toBe(4);
  });

  it('keeps the old key in use where it was deleted', async () => {
    const { run, keys, client, saves } = draining();
    await client.withOptions({ credentials: keys.spare }).apiKeys.delete(keys.ci.id);
    expect(await advance(run)).toBe('draining');
    expect(run.notes).toEqual([
      `The key ${keys.ci.id} was deleted by somebody else, so the old key ${keys.old?.id}, which is in use in its place, was not deleted. Rotate with the reason leak, or adopt that key into an empty store.`,
    ]);
    expect(saves()).toEqual([]);
  });

  it('goes on where it is accepted after all', async () => {
    // The old key has signed, which counts as a use.
    const { run, keys, reference } = draining({}, { run: { quietForMs: 0 } });
    let asked = 0;
    const { userOf } = run.service;
    vi.spyOn(run.service, 'userOf').mockImplementation((pair) => {
      asked += 1;
      return asked === 1 ? Promise.resolve(undefined) : userOf.call(run.service, pair);
    });
    expect(await advance(run)).toBe('idle');
    expect(reference.journal.count('apiKeys.regenerateSecret')).toBe(0);
    expect(run.record).toMatchObject({ epoch: 3, current: { id: keys.ci.id }, previous: null });
  });

  it('is told where its new secret is not accepted in time either', async () => {
    const { run, keys, reference, saves } = await replaced();
    reference.setSemantics({ propagation: HOUR });
    const error = await failure(advance(run));
    expect(error).toMatchObject({
      code: 'rotation_untested',
      message: `The new secret of the key ${keys.ci.id} was not accepted in time. The key before it works still. Run resume to try again.`,
    });
    expect(saves()).toEqual([]);
  });
});
