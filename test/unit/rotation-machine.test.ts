// From each phase the machine takes one step after the other, each written down before the next, and stops where it has to.
import { RotationError, type SecretSink } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { advance, promoteTested } from '../../src/rotation/engine/machine.ts';
import { madeUpPending } from '../stores/records.ts';
import { failure } from '../support/rotation.ts';
import { at, heldOf, NOW, RECORD, type StageOptions, stageOf } from '../support/rotation-stage.ts';

// Nothing here waits for a real clock: what hangs is wrong.
vi.setConfig({ testTimeout: 5_000 });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const promotion = {
  reason: 'schedule',
  promotedAt: at(-1),
  drainMs: 7_200_000,
  drainUntil: null,
  leakedSince: null,
} as const;
const sink = (name: string, put: SecretSink['put'] = async () => {}): SecretSink => ({ name, put });
const holding = (name: string, epoch: number | null = null) => ({ name, keyId: null, epoch });

describe('the machine', () => {
  it('has nothing to do where nothing is under way', async () => {
    const { run, reference, saves } = stageOf();
    expect(await advance(run)).toBe('idle');
    expect([saves(), run.steps, run.notes, reference.journal.count()]).toEqual([[], [], [], 0]);
  });

  it('stops at once where the caller has ended it', async () => {
    const reason = new Error('enough');
    const { run } = stageOf({ signal: AbortSignal.abort(reason) });
    expect(await failure(advance(run))).toBe(reason);
  });

  it.each(['creating', 'regenerating', 'testing', 'delivering'] as const)(
    'does nothing in the phase %s without what that promises',
    async (phase) => {
      const { run, reference } = stageOf({ record: () => ({ phase }) });
      expect(await advance(run)).toBe('idle');
      expect(reference.journal.count()).toBe(0);
      const without = stageOf({ record: () => ({ phase: 'testing', pending: madeUpPending() }) });
      expect(await advance(without.run)).toBe('idle');
    },
  );

  it('does not take a pending key for one to be made once a rotation is beyond that', async () => {
    const { run, reference } = stageOf({ record: () => ({ pending: madeUpPending(), promotion }) });
    expect(await advance(run)).toBe('idle');
    expect(reference.journal.count()).toBe(0);
  });

  it('goes from making a key to its drain, and says each step', async () => {
    const { run, keys, saves } = stageOf({
      run: { sinks: [sink('one')] },
      record: () => ({
        phase: 'creating',
        pending: madeUpPending({ reason: 'schedule', drainMs: 7_200_000 }),
        sinks: [holding('one')],
      }),
    });
    expect(await advance(run)).toBe('draining');
    const { id } = run.record.current;
    expect(run.steps).toEqual([
      `got the new key ${id}, until ${at(90).toISOString()}`,
      `saw the new pair of the key ${id} work`,
      `promoted the key ${id} to epoch 4`,
      `gave the new pair to one`,
    ]);
    expect(saves().map((change) => change.phase)).toEqual(['testing', 'delivering', undefined, 'draining']);
    expect(run.record).toMatchObject({ phase: 'draining', epoch: 4, previous: { id: keys.ci.id } });
  });

  it('goes from a leak to its end, and deletes the leaked key before any sink is asked', async () => {
    const order: string[] = [];
    const { run, keys, reference, saves } = stageOf({
      run: {
        sinks: [
          sink('one', async () => void order.push(`put after ${reference.journal.count('apiKeys.delete')}`)),
        ],
      },
      record: () => ({
        phase: 'creating',
        pending: madeUpPending({ reason: 'leak' }),
        sinks: [holding('one')],
      }),
    });
    expect(await advance(run)).toBe('idle');
    expect(order).toEqual(['put after 1']);
    expect(saves().map(({ phase, retire }) => [phase, retire?.map(({ id }) => id)])).toEqual([
      ['testing', undefined],
      ['delivering', [keys.ci.id]],
      [undefined, []],
      [undefined, undefined],
      ['retiring', undefined],
      ['idle', undefined],
    ]);
    expect(run.steps).toContain(`deleted the key ${keys.ci.id}`);
    expect(run.madeSinceLeak?.map(({ id }) => id)).toEqual([keys.spare.id]);
  });

  it('waits for sinks, and for keys that cannot be deleted', async () => {
    const record = () => ({ phase: 'delivering' as const, promotion, sinks: [holding('one')] });
    expect(await advance(stageOf({ record }).run)).toBe('delivering');
    const stuck = stageOf({
      record: ({ spare }) => ({
        phase: 'retiring',
        promotion,
        retire: [{ id: spare.id, name: 'ci', secret: null }],
      }),
    });
    stuck.reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 403 });
    expect(await advance(stuck.run)).toBe('retiring');
    expect(stuck.run.retireProblems.get(stuck.keys.spare.id)).toContain('Forbidden');
  });

  it('looks for a leak only where there was one', async () => {
    const record = () => ({ phase: 'delivering' as const, promotion });
    const { run } = stageOf({ record });
    expect(await advance(run)).toBe('idle');
    expect(run.madeSinceLeak).toBeUndefined();
  });
});

describe('a pending pair that is tested', () => {
  const testing = (
    options: StageOptions & { way?: 'create' | 'regenerate'; leak?: boolean; drained?: boolean } = {},
  ) => {
    const { way = 'create', leak = false, drained = false, ...rest } = options;
    const made = stageOf({
      ...rest,
      keys: { next: {}, old: {}, ...rest.keys },
      record: (keys) => ({
        phase: 'testing',
        previous: drained && keys.old ? heldOf(keys.old, { name: 'old' }) : null,
        retire: [{ id: 'waiting', name: null, secret: null }],
        sinks: [holding('one')],
        pending: madeUpPending({
          way,
          reason: leak ? 'leak' : 'schedule',
          drainMs: 5,
          leakedSince: leak ? at(-3) : null,
          preparedAt: NOW,
          key: keys.next ? heldOf(keys.next, { name: 'next' }) : null,
        }),
        ...rest.record?.(keys),
      }),
    });
    const { pending } = made.run.record;
    if (!pending?.key) throw new Error('There is no pending pair.');
    const { key } = pending;
    return { ...made, pending, key, promote: () => promoteTested(made.run, pending, key) };
  };
  const ids = (retire: readonly { id: string }[] | undefined) => retire?.map(({ id }) => id);

  it('is promoted, and the one before it is drained', async () => {
    const { promote, run, key, keys, saves } = testing();
    await promote();
    expect(saves()).toEqual([
      {
        phase: 'delivering',
        epoch: 4,
        current: key,
        previous: heldOf(keys.ci),
        retire: [{ id: 'waiting', name: null, secret: null }],
        pending: null,
        promotion: { reason: 'schedule', promotedAt: NOW, drainMs: 5, drainUntil: null, leakedSince: null },
        sinks: [holding('one')],
      },
    ]);
    expect(run.steps.at(-1)).toBe(`promoted the key ${key.id} to epoch 4`);
  });

  it('ends the drain that it interrupts', async () => {
    const { promote, saves, keys } = testing({ drained: true });
    await promote();
    expect(ids(saves()[0]?.retire)).toEqual(['waiting', keys.old?.id]);
    expect(saves()[0]?.retire?.[1]).toEqual({
      id: keys.old?.id,
      name: 'old',
      secret: heldOf(keys.old ?? keys.ci).secret,
    });
    expect(saves()[0]?.previous?.id).toBe(keys.ci.id);
  });

  it('after a leak leaves no drain to the leaked key, which goes first', async () => {
    const { promote, saves, keys } = testing({ leak: true, drained: true });
    await promote();
    expect(saves()[0]).toMatchObject({ previous: null, promotion: { reason: 'leak', leakedSince: at(-3) } });
    expect(ids(saves()[0]?.retire)).toEqual(['waiting', keys.old?.id, keys.ci.id]);
  });

  it.each([true, false])(
    'with a new secret for the same key leaves nothing to delete (leak: %s)',
    async (leak) => {
      const { promote, saves } = testing({ way: 'regenerate', leak });
      await promote();
      expect(saves()[0]).toMatchObject({ previous: null, phase: 'delivering' });
      expect(ids(saves()[0]?.retire)).toEqual(['waiting']);
    },
  );

  it('is made anew where somebody has deleted its key', async () => {
    const { promote, run, key, saves, reference, client, keys } = testing();
    await client.withOptions({ credentials: keys.spare }).apiKeys.delete(key.id);
    reference.journal.clear();
    await promote();
    const nonce = saves()[0]?.pending?.nonce ?? '';
    expect(nonce).toMatch(/^[a-z2-9]{16}$/);
    expect(nonce).not.toBe('abcdefghijkmnpqr');
    expect(saves()).toEqual([
      {
        phase: 'creating',
        pending: {
          ...madeUpPending({ reason: 'schedule', drainMs: 5, preparedAt: NOW }),
          nonce,
          name: `ci.${RECORD}.e4.${nonce}`,
        },
        retire: [{ id: 'waiting', name: null, secret: null }],
      },
    ]);
    expect(run.notes).toEqual([
      `The new key ${key.id} was deleted by somebody else before it was promoted: another one is made.`,
    ]);
  });

  it('is made anew where its secret is another one by now, and its key is to be deleted', async () => {
    const dead = testing({ record: () => ({}) });
    await dead.client.withOptions({ credentials: dead.keys.spare }).apiKeys.regenerateSecret(dead.key.id);
    const late = { ...dead.pending, preparedAt: at(0, -15 * 60_000 - 1) };
    await promoteTested(dead.run, late, dead.key);
    expect(dead.saves()[0]).toMatchObject({ phase: 'creating', pending: { key: null, preparedAt: NOW } });
    expect(ids(dead.saves()[0]?.retire)).toEqual(['waiting', dead.key.id]);
    expect(dead.run.notes).toEqual([
      `The new key ${dead.key.id} is refused although it was made long ago: another one is made, and this one will be deleted.`,
    ]);
    expect(dead.run.steps).toEqual([]);
  });

  it('is tested again later where it may only not be known yet', async () => {
    const { run, pending, key, client, keys, saves } = testing();
    await client.withOptions({ credentials: keys.spare }).apiKeys.regenerateSecret(key.id);
    const young = { ...pending, preparedAt: at(0, -15 * 60_000) };
    const error = await failure(promoteTested(run, young, key));
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({
      code: 'rotation_untested',
      message: `The new pair of the key ${key.id} was not accepted within 0 seconds. It is in the record, and the key in use is untouched. Run resume to test it again.`,
    });
    expect(saves()).toEqual([]);
  });
});
