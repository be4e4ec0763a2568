// The end of a rotation: which keys are deleted, which are left alone, and what becomes of those that cannot be deleted.
import { describe, expect, it } from 'vitest';
import { keyName, madeUpPromotion, toDelete } from './support/records.ts';
import { type Between, heldOf, type KeyOf, type StageOptions, stage } from './support/stage.ts';
import { accepts, failure, keyIds } from './support/world.ts';

/** A record whose rotation is done but for the keys to be deleted. */
const retiring = (names: readonly string[] = [], options: StageOptions = {}) =>
  stage({
    ...options,
    record: (keyOf: KeyOf) => ({
      phase: 'retiring',
      promotion: madeUpPromotion({ promotedAt: new Date('2030-05-31T12:00:00Z'), drainMs: 0 }),
      retire: names.map((name) => toDelete(keyOf(name).id)),
      ...options.record?.(keyOf),
    }),
  });

const FORBIDDEN = { operation: 'apiKeys.delete', effect: 'status', status: 403 } as const;

describe('the clean-up', () => {
  it('has nothing to do where there is nothing to delete', async () => {
    const { resume, changes, record } = await retiring();
    expect(await resume()).toMatchObject({ phase: 'idle', steps: [], retire: [] });
    expect(changes()).toEqual([]);
    expect(await record()).toMatchObject({ phase: 'idle', promotion: null });
  });

  it('deletes what is on the list, each off the list before the next, and does not miss what is gone', async () => {
    const { resume, changes, writes, by, idOf } = await retiring(['old', 'gone', 'older'], {
      keys: { old: {}, gone: {}, older: {} },
    });
    await by('spare').apiKeys.delete(idOf('gone'));
    expect(await resume()).toMatchObject({ phase: 'idle', retire: [] });
    expect(changes()).toEqual(['apiKeys.delete gone', 'apiKeys.delete old', 'apiKeys.delete older']);
    expect(writes.map(({ retire }) => retire.length)).toEqual([3, 2, 1, 0, 0, 0]);
  });

  it('does not delete the only key that is accepted', async () => {
    const { resume, idOf, keyOf, record, reference } = await retiring(['ci', 'spare']);
    const report = await resume();
    expect(report).toMatchObject({
      phase: 'retiring',
      retire: [{ id: idOf('ci'), problem: expect.any(String) }],
    });
    expect((await record()).retire.map(({ id }) => id)).toEqual([idOf('ci')]);
    expect(accepts(reference, keyOf('ci'))).toBe(true);
  });

  it('keeps on the list what the service or the network did not delete, and no more than that', async () => {
    for (const fault of [FORBIDDEN, { operation: 'apiKeys.delete', effect: 'reset' } as const]) {
      const { resume, idOf, reference } = await retiring(['spare']);
      const rule = reference.faults.add(fault);
      const report = await resume();
      expect(report).toMatchObject({
        phase: 'retiring',
        retire: [{ id: idOf('spare'), problem: expect.any(String) }],
      });
      expect(report.resumeAfter).not.toBeNull();
      rule.remove();
      expect(await resume()).toMatchObject({ phase: 'idle', retire: [] });
    }
  });

  it('does not hold up the next rotation', async () => {
    const { rotate: run, resume, idOf, reference } = await stage();
    const fault = reference.faults.add(FORBIDDEN);
    const first = await run({ drain: { minutes: 0 } });
    expect(first).toMatchObject({ phase: 'retiring', rotated: true, epoch: 4, retire: [{ id: idOf('ci') }] });
    const second = await run({ drain: { minutes: 0 } });
    expect(second).toMatchObject({ phase: 'retiring', rotated: true, epoch: 5 });
    expect(second.retire.map(({ id }) => id)).toEqual([idOf('ci'), first.keyId]);
    fault.remove();
    expect(await resume()).toMatchObject({ phase: 'idle', retire: [] });
    expect(keyIds(reference)).toEqual([second.keyId, idOf('spare'), idOf('theirs')].sort());
  });

  it('keeps one key that may not be deleted, and deletes the others', async () => {
    const forbidden = { error: { code: 403, message: 'Forbidden' }, api_version: 4, result: null };
    let protectedId = '';
    const between: Between = (inner) => async (url, init) =>
      init.method === 'DELETE' && url.endsWith(protectedId)
        ? new Response(JSON.stringify(forbidden), { status: 403 })
        : inner(url, init);
    const { rotate: run, idOf, reference } = await stage({ between });
    protectedId = idOf('ci');
    const first = await run({ drain: { minutes: 0 } });
    const second = await run({ drain: { minutes: 0 } });
    expect(second).toMatchObject({ phase: 'retiring', epoch: 5, retire: [{ id: idOf('ci') }] });
    expect(keyIds(reference)).not.toContain(first.keyId);
  });
});

describe('keys of a record that it does not know', () => {
  const keys = {
    stray: { name: keyName(3) },
    early: { name: keyName(2), lastUsed: { days: -10 } },
    used: { name: keyName(3, { nonce: 'zzzzzzzzzzzzzzzz' }), lastUsed: { days: -9 } },
    other: { name: keyName(3, { recordId: 'aaaaaaaaaa' }) },
    plain: { name: 'ci' },
    before: { name: keyName(2, { nonce: 'yyyyyyyyyyyyyyyy' }) },
  };

  it('are deleted where they were never used; all others are left alone', async () => {
    const { resume, changes, idOf } = await retiring([], {
      keys,
      record: (keyOf) => ({ previous: heldOf(keyOf('before')) }),
    });
    const report = await resume();
    expect(report.phase).toBe('idle');
    expect(changes().sort()).toEqual(['apiKeys.delete early', 'apiKeys.delete stray']);
    expect(report.notes).toHaveLength(1);
    expect(report.notes[0]).toContain(idOf('used'));
  });

  it('are known by their whole name', async () => {
    const name = keyName(3);
    const near = [
      `${name} `,
      name.replace('.e3', '.3'),
      name.replace('.e3', '.e'),
      name.replace('.e3', '.e1234567890'),
      name.replace('.k3v', 'xk3v'),
      name.replace('k3v9', 'k3v1'),
      name.replace('abc', 'ab'),
      name.replace('abc', 'abcd'),
      name.replace('abc', 'abl'),
    ];
    const { resume, changes } = await retiring([], {
      keys: Object.fromEntries(near.map((one, index) => [`near${index}`, { name: one }])),
    });
    await resume();
    expect(changes()).toEqual([]);
  });

  it('are not taken for strays where it is the key in use', async () => {
    const { resume, changes } = await retiring([], {
      keys: { mine: { name: keyName(3) } },
      record: (keyOf) => ({ current: heldOf(keyOf('mine')) }),
    });
    expect(await resume()).toMatchObject({ phase: 'idle' });
    expect(changes()).toEqual([]);
  });

  it('say that the record went back where they are of a later epoch', async () => {
    const later = { name: keyName(4) };
    const { rotate: run, rotateIfExpiring, changes, idOf, record } = await stage({ keys: { later } });
    for (const work of [() => run({ drain: { days: 1 } }), rotateIfExpiring]) {
      const error = await failure(work());
      expect(error).toMatchObject({ code: 'rotation_epoch' });
      expect(error.message).toContain(idOf('later'));
    }
    expect(changes()).toEqual([]);
    expect(await record()).toMatchObject({ phase: 'idle', epoch: 3 });
  });

  it('do not say so where the record is another one, or has them on the list to be deleted', async () => {
    const other = await stage({ keys: { later: { name: keyName(9, { recordId: 'aaaaaaaaaa' }) } } });
    expect(await other.rotate()).toMatchObject({ rotated: true });
    const listed = await stage({
      keys: { later: { name: keyName(4) } },
      record: (keyOf) => ({ phase: 'retiring', retire: [toDelete(keyOf('later').id)] }),
    });
    listed.reference.faults.add({ ...FORBIDDEN, times: 1 });
    expect(await listed.rotate()).toMatchObject({ rotated: true, epoch: 4 });
  });
});
