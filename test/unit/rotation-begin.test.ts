// The beginning of a rotation: what is read, the plan in data and in words, and what of it goes on record.
import type { RotateOptions, RotationRecord } from 'blazemeter-client/rotation';
import { memoryStore } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { begin, hasten, look, plan } from '../../src/rotation/engine/begin.ts';
import { madeUpPending } from '../stores/records.ts';
import { failure } from '../support/rotation.ts';
import { at, heldOf, NOW, RECORD, type StageOptions, stageOf } from '../support/rotation-stage.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Wanted = Omit<RotateOptions, 'store'>;
const HOUR = 3_600_000;
const DAY = 24 * HOUR;

/** The plan of a rotation on a stage. */
async function planned(wanted: Wanted, options: StageOptions = {}) {
  const stage = stageOf(options);
  const found = await look(stage.run);
  const made = await plan(stage.run, found, { store: memoryStore(), ...wanted });
  return { ...stage, found, ...made };
}

describe('what is read before a plan', () => {
  it('is who signs, the maximum, the keys, and the dates of the current one', async () => {
    const stage = stageOf({
      maximum: 200,
      record: ({ ci }) => ({ current: heldOf(ci, { made: -99, ends: 1 }) }),
    });
    const { run, keys, accountId } = stage;
    const found = await look(run);
    expect(found.signer.id).toBe(keys.ci.id);
    expect(found.keys.map(({ id }) => id).sort()).toEqual([keys.ci.id, keys.spare.id].sort());
    expect(found.current).toEqual({ ...run.record.current, createdAt: at(-10), expiresAt: at(90) });
    expect(run.maximum).toEqual({ accountId, days: 200 });
  });

  it('goes by the record where the service does not list the key', async () => {
    const stage = stageOf();
    vi.spyOn(stage.service, 'keys').mockResolvedValue([]);
    expect((await look(stage.run)).current).toEqual(stage.run.record.current);
  });

  it('refuses a record that went back', async () => {
    const later = { name: `ci.${RECORD}.e9.abcdefghijkmnpqr` };
    expect(await failure(look(stageOf({ keys: { later } }).run))).toMatchObject({ code: 'rotation_epoch' });
  });
});

describe('the plan of two keys', () => {
  it('is made, and said in words', async () => {
    const { pending, sinks, words, run, keys } = await planned(
      { reason: 'schedule', drain: { hours: 2 } },
      {
        run: { sinks: ['one', 'two'].map((name) => ({ name, put: async () => {} })) },
        record: () => ({
          sinks: [
            { name: 'two', keyId: 'x', epoch: 2 },
            { name: 'lost', keyId: 'y', epoch: 1 },
          ],
        }),
      },
    );
    expect(pending.nonce).toMatch(/^[a-z2-9]{16}$/);
    expect(pending).toEqual({
      ...madeUpPending({ reason: 'schedule', preparedAt: NOW, days: 100, drainMs: 2 * HOUR }),
      nonce: pending.nonce,
      name: `ci.${RECORD}.e4.${pending.nonce}`,
    });
    expect(sinks).toEqual([
      { name: 'one', keyId: null, epoch: null },
      { name: 'two', keyId: 'x', epoch: 2 },
    ]);
    expect(words).toEqual([
      `make the key ${pending.name} for 100 days, signed by ${keys.ci.id}`,
      'see the new pair work',
      'promote it to epoch 4',
      'give the new pair to one',
      'give the new pair to two',
      `delete the old key ${keys.ci.id} after a drain of 2 hours`,
    ]);
    expect(run.notes).toEqual([]);
  });

  it('says that the drain is shortened, and writes down the one asked for', async () => {
    const { pending, words, run, keys } = await planned(
      { reason: 'expiry', drain: { days: 60 } },
      { maximum: 60 },
    );
    expect(pending).toMatchObject({ days: 60, drainMs: 60 * DAY, leakedSince: null, way: 'create' });
    expect(words.at(-1)).toBe(`delete the old key ${keys.ci.id} after a drain of 30 days`);
    expect(run.notes).toEqual([
      'The drain of 60 days was shortened to 30 days: the new key lives 60 days, and the drain may take half of that.',
    ]);
  });

  it('uses neither the recovery credential nor the key itself to give a new secret', async () => {
    const recovery: StageOptions['recovery'] = ({ spare }) => spare;
    const { pending } = await planned({ reason: 'expiry', allowSelf: true, leakedSince: NOW }, { recovery });
    expect(pending).toMatchObject({ way: 'create', signer: 'current', leakedSince: null });
    // It is not even asked whether it could.
    const theirs = await planned({ reason: 'expiry' }, { recovery: ({ theirs: key }) => key });
    expect(theirs.pending.signer).toBe('current');
  });

  it('is made for a key that has run out', async () => {
    const { pending, run } = await planned(
      { reason: 'expiry' },
      {
        keys: { dead: { expires: { days: -1 } } },
        recovery: ({ spare }) => spare,
        record: ({ dead, ci }) => ({ current: heldOf(dead ?? ci, { ends: -1 }) }),
      },
    );
    expect(pending).toMatchObject({ way: 'create', days: 9 });
    expect(run.notes[0]).toContain('shortened to 0 seconds');
  });

  it('lives as asked for', async () => {
    const { pending, words } = await planned({ reason: 'schedule', expiresIn: { days: 7 } });
    expect(pending.days).toBe(7);
    expect(words[0]).toContain(' for 7 days, ');
  });
});

describe('the plan of a leak', () => {
  it('is a new key and the end of the leaked one, where nothing else can sign', async () => {
    const { pending, words, keys, run } = await planned({ reason: 'leak', drain: { days: 99 } });
    expect(pending).toMatchObject({
      way: 'create',
      signer: 'current',
      reason: 'leak',
      drainMs: 0,
      leakedSince: at(-10),
    });
    expect(words).toEqual([
      `make the key ${pending.name} for 100 days, signed by ${keys.ci.id}`,
      'see the new pair work',
      'promote it to epoch 4',
      `delete the leaked key ${keys.ci.id} at once`,
    ]);
    expect(run.notes).toEqual([]);
  });

  it('is a new secret, signed by the recovery credential or by the key itself', async () => {
    const one = await planned(
      { reason: 'leak', leakedSince: at(-2), allowSelf: true },
      { recovery: ({ spare }) => spare },
    );
    expect(one.pending).toMatchObject({ way: 'regenerate', signer: 'recovery', leakedSince: at(-2) });
    expect(one.words).toEqual([
      `give the key ${one.keys.ci.id} a new secret, signed by the recovery key ${one.keys.spare.id}`,
      'see the new pair work',
      'promote it to epoch 4',
    ]);
    const two = await planned({ reason: 'leak', allowSelf: true });
    expect(two.pending).toMatchObject({ way: 'regenerate', signer: 'self' });
    expect(two.words[0]).toBe(`give the key ${two.keys.ci.id} a new secret, signed by itself`);
  });

  it('is refused where the recovery credential cannot sign', async () => {
    const wrong = planned({ reason: 'leak' }, { recovery: ({ theirs }) => theirs });
    expect(await failure(wrong)).toMatchObject({ code: 'rotation_signer' });
  });

  it('is no new secret for a key that has run out', async () => {
    const options: StageOptions = {
      keys: { dead: { expires: { days: 0 } } },
      recovery: ({ spare }) => spare,
      record: ({ dead: key, ci }) => ({ current: heldOf(key ?? ci, { ends: 0 }) }),
    };
    const stage = stageOf(options);
    const found = await look(stage.run);
    const error = await failure(plan(stage.run, found, { store: memoryStore(), reason: 'leak' }));
    expect(error).toMatchObject({
      code: 'rotation_window',
      message: `The key ${found.current.id} ran out on ${NOW.toISOString()}: it is worthless already, and a new secret would not renew it. Rotate for the reason expiry.`,
    });
    const endless = { ...found, current: { ...found.current, expiresAt: null } };
    expect((await plan(stage.run, endless, { store: memoryStore(), reason: 'leak' })).pending.way).toBe(
      'regenerate',
    );
    const soon = { ...found, current: { ...found.current, expiresAt: at(0, 1) } };
    expect((await plan(stage.run, soon, { store: memoryStore(), reason: 'leak' })).pending.way).toBe(
      'regenerate',
    );
  });
});

describe('a rotation that begins', () => {
  const promotion = {
    reason: 'schedule',
    promotedAt: at(-1),
    drainMs: 0,
    drainUntil: null,
    leakedSince: null,
  } as const;
  const begun = async (
    change: Partial<RotationRecord>,
    wanted: Wanted = { reason: 'schedule' },
    more: StageOptions = {},
  ) => {
    const stage = stageOf({ ...more, record: ({ ci }) => ({ current: heldOf(ci, { ends: 1 }), ...change }) });
    await begin(stage.run, { store: memoryStore(), ...wanted });
    return stage;
  };

  it('has its plan on record', async () => {
    const { saves, run, keys } = await begun({}, { reason: 'schedule', drain: 0 });
    const { pending } = run.record;
    expect(saves()).toEqual([
      {
        phase: 'creating',
        current: { ...heldOf(keys.ci), secret: run.record.current.secret },
        pending,
        promotion: null,
        sinks: [],
      },
    ]);
    expect(pending?.name).toContain(`ci.${RECORD}.e4.`);
    const self = await begun({}, { reason: 'leak', allowSelf: true });
    expect(self.run.record.phase).toBe('regenerating');
  });

  it('keeps the promotion that a leak interrupts, and no other', async () => {
    for (const phase of ['delivering', 'draining'] as const)
      expect((await begun({ phase, promotion }, { reason: 'leak' })).run.record.promotion).toEqual(promotion);
    for (const phase of ['idle', 'retiring'] as const)
      expect((await begun({ phase, promotion }, { reason: 'leak' })).run.record.promotion).toBeNull();
  });

  it('does not, where a sink would not take the pair', async () => {
    const sink = { name: 'one', put: async () => {}, probe: () => Promise.reject(new Error('down')) };
    const stage = stageOf({ run: { sinks: [sink] } });
    const work = begin(stage.run, { store: memoryStore(), reason: 'schedule' });
    expect(await failure(work)).toMatchObject({ code: 'rotation_sink' });
    expect(stage.reference.journal.count()).toBe(0);
  });

  it('is turned into the answer of a leak, since when it is told or since the key was made', async () => {
    const pending = madeUpPending({ drainMs: 5 });
    for (const [since, expected] of [[undefined, at(-10)] as const, [at(-1), at(-1)] as const]) {
      const { run, saves } = stageOf({ record: () => ({ pending }) });
      await hasten(run, since);
      expect(saves()).toEqual([
        { pending: { ...pending, reason: 'leak', drainMs: 0, leakedSince: expected } },
      ]);
    }
    for (const record of [{}, { pending: madeUpPending({ reason: 'leak' }) }]) {
      const { run, saves } = stageOf({ record: () => record });
      await hasten(run, NOW);
      expect(saves()).toEqual([]);
    }
  });
});
