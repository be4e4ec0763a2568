// New credentials are seen to work before anything relies on them: how long that may take, and what becomes of those that
// are never accepted.

import { rotate } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { holding, madeUpPending, toDelete } from './support/records.ts';
import { FakeSink } from './support/sinks.ts';
import { at, heldOf, MINUTE, type StageOptions, stage } from './support/stage.ts';
import { accepts, adopted, failure, keyIds, recordOf, rotationWorld } from './support/world.ts';

const SETTLED = 15 * MINUTE;

/** A rotation whose new credentials are on record, and were planned at this moment. */
const testing = (preparedAt = at(0), options: StageOptions & { way?: 'create' | 'regenerate' } = {}) =>
  stage({
    keys: { next: { name: madeUpPending().name } },
    ...options,
    record: (keyOf) => ({
      phase: 'testing',
      pending: madeUpPending({ preparedAt, key: heldOf(keyOf('next')) }),
      retire: [toDelete(keyOf('spare').id)],
      ...options.record?.(keyOf),
    }),
  });

describe('new credentials', () => {
  it('are promoted once they are accepted, and the ones before them are drained', async () => {
    const { resume, writes, idOf, record } = await testing(at(0), {
      record: (keyOf) => ({
        pending: madeUpPending({ key: heldOf(keyOf('next')), drainMs: 60_000, reason: 'schedule' }),
      }),
    });
    expect(await resume()).toMatchObject({ phase: 'draining', rotated: true, keyId: idOf('next') });
    expect(writes.find(({ phase }) => phase === 'delivering')).toMatchObject({
      epoch: 4,
      current: { id: idOf('next') },
      previous: { id: idOf('ci') },
      pending: null,
      promotion: { reason: 'schedule', promotedAt: at(0), drainMs: 60_000, drainUntil: null },
    });
    expect((await record()).retire.map(({ id }) => id)).toEqual([idOf('spare')]);
  });

  it('are delivered to no sink before', async () => {
    const { resume } = await testing(at(0), {
      semantics: { propagation: 60_000 },
      record: () => ({ sinks: [holding('ci secret')] }),
    });
    const sink = new FakeSink();
    // The seeded key is accepted at once: only one that has a new secret is not.
    await resume({ sinks: [sink] });
    const late = await stage({ semantics: { propagation: 60_000 } });
    const unasked = new FakeSink();
    expect(await failure(late.rotate({ sinks: [unasked] }))).toMatchObject({ code: 'rotation_untested' });
    expect([sink.got.length, unasked.got.length]).toEqual([1, 0]);
  });

  it('are waited for, within a bound', async () => {
    const world = rotationWorld({ semantics: { propagation: 300 } });
    const store = await adopted(world);
    const options = { store, reason: 'expiry', drain: { minutes: 0 } } as const;
    const report = await rotate(world.client, { ...options, timing: { testWithinMs: 5_000 } });
    expect(report).toMatchObject({ phase: 'idle', epoch: 1 });
    expect(accepts(world.reference, (await recordOf(store)).current)).toBe(true);
  });

  it('that are not accepted in time stay on record, and are tested again by the next run', async () => {
    const {
      rotate: run,
      resume,
      reference,
      record,
      pass,
      keyOf,
    } = await stage({
      semantics: { propagation: 10 * MINUTE },
    });
    expect(await failure(run({ drain: { minutes: 0 } }))).toMatchObject({ code: 'rotation_untested' });
    expect(await record()).toMatchObject({ phase: 'testing', epoch: 3, lease: null });
    expect(accepts(reference, keyOf('ci'))).toBe(true);
    pass(11 * MINUTE);
    expect(await resume({ quietFor: { minutes: 0 } })).toMatchObject({
      phase: 'idle',
      rotated: true,
      epoch: 4,
    });
    expect(reference.journal.count('apiKeys.create')).toBe(1);
  });

  it('whose key was deleted are replaced by those of another key', async () => {
    const { resume, by, idOf, record, reference, changes } = await testing();
    await by('spare').apiKeys.delete(idOf('next'));
    const report = await resume();
    expect(report).toMatchObject({ phase: 'idle', rotated: true, epoch: 4 });
    expect(report.notes.join()).toContain(idOf('next'));
    const { current } = await record();
    expect(current.name).not.toBe(madeUpPending().name);
    expect(changes()).toContain('apiKeys.create');
    expect(keyIds(reference)).toEqual([current.id, idOf('theirs')].sort());
  });

  it('that lost their secret to a late request are given up after a quarter of an hour, and not before', async () => {
    const young = await testing(at(-SETTLED));
    await young.by('spare').apiKeys.regenerateSecret(young.idOf('next'));
    expect(await failure(young.resume())).toMatchObject({ code: 'rotation_untested' });
    expect(young.writes.every(({ phase }) => phase === 'testing')).toBe(true);

    const old = await testing(at(-SETTLED - 1));
    await old.by('spare').apiKeys.regenerateSecret(old.idOf('next'));
    const report = await old.resume();
    expect(report).toMatchObject({ phase: 'idle', rotated: true, epoch: 4, retire: [] });
    expect(report.notes.join()).toContain(old.idOf('next'));
    expect(old.changes()).toContain('apiKeys.delete next');
    expect(keyIds(old.reference)).toEqual([report.keyId, old.idOf('theirs')].sort());
  });

  it('of a regenerated key are never given up: nothing else is valid', async () => {
    for (const recovered of [false, true]) {
      const { resume, keyOf, by, idOf, record, changes } = await testing(at(-SETTLED - 1), {
        record: (keyOf) => ({
          retire: [],
          pending: madeUpPending({
            strategy: 'regenerate',
            signer: 'recovery',
            reason: 'leak',
            preparedAt: at(-SETTLED - 1),
            key: heldOf(keyOf('ci')),
          }),
        }),
      });
      await by('spare').apiKeys.regenerateSecret(idOf('ci'));
      const work = resume(recovered ? { recovery: keyOf('spare') } : {});
      expect(await failure(work)).toMatchObject({ code: 'rotation_untested' });
      expect([changes().length, (await record()).phase]).toEqual([1, 'testing']);
    }
  });
});
