// After a leak: the leaked secret becomes worthless at once, by a new secret for the same key or by a new key, whatever was
// under way before.
import type { RotationRecord } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { holding, madeUpPending, madeUpPromotion, toDelete } from './support/records.ts';
import { FakeSink, refusing } from './support/sinks.ts';
import { at, DAY, HOUR, heldOf, NOW, type StageOptions, stage } from './support/stage.ts';
import { accepts, failing, failure, keyIds, recordOf, stoppedBefore } from './support/world.ts';

const leak = { reason: 'leak' } as const;

const draining: StageOptions['record'] = (keyOf) => ({
  phase: 'draining',
  previous: heldOf(keyOf('old')),
  promotion: madeUpPromotion({ drainUntil: at(DAY) }),
});

describe('a leaked key with a recovery credential', () => {
  it('gets a new secret, signed by the recovery credential, and no other key is created', async () => {
    const { rotate: run, keyOf, idOf, reference, record, phases } = await stage();
    const sink = new FakeSink();
    const report = await run({ ...leak, recovery: keyOf('spare'), sinks: [sink] });
    expect(report).toMatchObject({
      phase: 'idle',
      rotated: true,
      epoch: 4,
      keyId: idOf('ci'),
      resumeAfter: null,
    });
    expect(phases()).toEqual(['idle', 'regenerating', 'testing', 'delivering', 'retiring', 'idle']);
    const { current } = await record();
    expect([accepts(reference, keyOf('ci')), accepts(reference, current)]).toEqual([false, true]);
    expect(sink.got).toMatchObject([{ id: idOf('ci'), epoch: 4 }]);
    expect(sink.got[0]?.secret.equals(current.secret)).toBe(true);
    const { journal } = reference;
    expect(journal.of('apiKeys.regenerateSecret').map(({ keyId }) => keyId)).toEqual([idOf('spare')]);
    expect([journal.count('apiKeys.create'), journal.count('apiKeys.delete')]).toEqual([0, 0]);
  });

  it.each([
    ['is of another user', 'theirs', undefined],
    ['is the leaked key itself', 'ci', undefined],
    ['is refused', 'spare', 'wrong'],
  ])('is not touched where that %s', async (_, name, secret) => {
    const { rotate: run, keyOf, record, changes } = await stage();
    const { id } = keyOf(name);
    const recovery = { id, secret: secret ?? keyOf(name).secret };
    expect(await failure(run({ ...leak, recovery }))).toMatchObject({ code: 'rotation_signer' });
    expect(changes()).toEqual([]);
    expect(await record()).toMatchObject({ phase: 'idle', pending: null, epoch: 3, lease: null });
  });

  it('gets no new secret where it has expired: that would renew nothing', async () => {
    const expiring = (days: number) =>
      stage({
        keys: { dead: { expires: { days } } },
        record: (keyOf) => ({ current: heldOf(keyOf('dead'), { expires: days * DAY }) }),
      });
    const dead = await expiring(0);
    expect(await failure(dead.rotate({ ...leak, recovery: dead.keyOf('spare') }))).toMatchObject({
      code: 'rotation_window',
    });
    expect(dead.changes()).toEqual([]);
    const alive = await expiring(1);
    expect(await alive.rotate({ ...leak, recovery: alive.keyOf('spare') })).toMatchObject({
      keyId: alive.idOf('dead'),
    });
  });

  it('sends a recovery credential that is bound to an origin nowhere else', async () => {
    const { rotate: run, keyOf, idOf, reference } = await stage();
    const recovery = { ...keyOf('spare'), origin: 'https://elsewhere.example' };
    const error = await failure(run({ ...leak, recovery }));
    expect(error.message).toContain('https://elsewhere.example');
    expect(reference.journal.entries.some(({ keyId }) => keyId === idOf('spare'))).toBe(false);
  });
});

describe('a leaked key without a recovery credential', () => {
  it('is replaced by a new key, and deleted before any sink is asked', async () => {
    const { rotate: run, keyOf, idOf, reference, phases, changes } = await stage();
    const accepted: boolean[] = [];
    const sink = new FakeSink('slow', () => void accepted.push(accepts(reference, keyOf('ci'))));
    const report = await run({ ...leak, sinks: [sink], drain: { days: 9 } });
    expect(report).toMatchObject({ phase: 'idle', rotated: true, epoch: 4, retire: [], notes: [] });
    expect(accepted).toEqual([false]);
    expect(changes()).toEqual(['apiKeys.create', 'apiKeys.delete ci']);
    expect(phases()).toEqual(['idle', 'creating', 'testing', 'delivering', 'retiring', 'idle']);
    expect(keyIds(reference)).toEqual([report.keyId, idOf('spare'), idOf('theirs')].sort());
  });

  it('is deleted although a sink does not take the new credentials, which is tried again', async () => {
    const { rotate: run, resume, keyOf, reference } = await stage();
    expect(await run({ ...leak, sinks: [refusing()] })).toMatchObject({ phase: 'delivering', retire: [] });
    expect(accepts(reference, keyOf('ci'))).toBe(false);
    expect(await resume({ sinks: [new FakeSink()] })).toMatchObject({ phase: 'idle', rotated: false });
  });

  it('issues itself a new secret only with allowSelf', async () => {
    const { rotate: run, keyOf, idOf, reference, record, changes } = await stage();
    expect(await run({ ...leak, allowSelf: true })).toMatchObject({ phase: 'idle', keyId: idOf('ci') });
    expect(changes()).toEqual(['apiKeys.regenerateSecret ci']);
    expect(accepts(reference, keyOf('ci'))).toBe(false);
    expect(accepts(reference, (await record()).current)).toBe(true);
  });

  it('is signed for by a recovery credential where both are given', async () => {
    const { rotate: run, keyOf, idOf, reference } = await stage();
    await run({ ...leak, allowSelf: true, recovery: keyOf('spare') });
    expect(reference.journal.of('apiKeys.regenerateSecret').map(({ keyId }) => keyId)).toEqual([
      idOf('spare'),
    ]);
  });
});

describe('the keys that may have been created with a leaked one', () => {
  it('are the other keys of the user since the leak, and none that the record knows', async () => {
    const keys = {
      before: { created: { days: -3 } },
      same: { created: { days: -2 } },
      later: { created: { days: 0 } },
    };
    const since = async (leakedSince: Date | undefined, recovery = false) => {
      const { rotate: run, keyOf, idOf } = await stage({ keys });
      const report = await run({ ...leak, leakedSince, ...(recovery ? { recovery: keyOf('spare') } : {}) });
      return ['before', 'same', 'later', 'spare', 'theirs', 'ci'].filter((name) =>
        report.madeSinceLeak?.some(({ id }) => id === idOf(name)),
      );
    };
    expect(await since(at(-2 * DAY))).toEqual(['same', 'later']);
    expect(await since(NOW)).toEqual(['later']);
    expect(await since(undefined)).toEqual(['before', 'same', 'later', 'spare']);
    expect(await since(undefined, true)).toEqual(['before', 'same', 'later']);
  });

  it('are listed by a run that resumes, and are left alone', async () => {
    const { resume, idOf, changes } = await stage({
      keys: { leaked: {} },
      record: (keyOf) => ({
        phase: 'delivering',
        promotion: madeUpPromotion({ reason: 'leak' }),
        sinks: [holding('one')],
        retire: [toDelete(keyOf('leaked').id)],
      }),
    });
    const report = await resume();
    expect(report.phase).toBe('delivering');
    expect(report.madeSinceLeak?.map(({ id }) => id)).toEqual([idOf('spare')]);
    expect(changes()).toEqual(['apiKeys.delete leaked']);
  });

  it('are listed only after a leak', async () => {
    const { rotate: run } = await stage();
    expect(await run({ drain: { minutes: 0 } })).not.toHaveProperty('madeSinceLeak');
  });
});

describe('a leak that interrupts another rotation', () => {
  it('waits for nothing: the drained key goes at once, too', async () => {
    const { rotate: run, idOf, reference, changes } = await stage({ keys: { old: {} }, record: draining });
    const report = await run(leak);
    expect(report).toMatchObject({ phase: 'idle', epoch: 4, retire: [] });
    expect(changes().sort()).toEqual(['apiKeys.create', 'apiKeys.delete ci', 'apiKeys.delete old']);
    expect(keyIds(reference)).toEqual([report.keyId, idOf('spare'), idOf('theirs')].sort());
  });

  it('finds the keys on the list to be deleted, and deletes them with the rest', async () => {
    const { rotate: run, changes } = await stage({
      keys: { old: {} },
      record: (keyOf) => ({ phase: 'retiring', retire: [toDelete(keyOf('old').id)] }),
    });
    expect(await run(leak)).toMatchObject({ phase: 'idle', rotated: true, epoch: 4 });
    expect(changes().sort()).toEqual(['apiKeys.create', 'apiKeys.delete ci', 'apiKeys.delete old']);
  });

  it('turns a key that is being created into the response to it: no second one is created', async () => {
    const {
      rotate: run,
      record,
      changes,
      writes,
    } = await stage({
      record: () => ({ phase: 'creating', pending: madeUpPending({ drainMs: HOUR }) }),
    });
    const leakedSince = at(-3 * DAY);
    const report = await run({ ...leak, leakedSince });
    expect(report).toMatchObject({ phase: 'idle', rotated: true, epoch: 4, madeSinceLeak: [] });
    expect((await record()).current.name).toBe(madeUpPending().name);
    expect(changes()).toEqual(['apiKeys.create', 'apiKeys.delete ci']);
    expect(writes.find(({ pending }) => pending?.reason === 'leak')?.pending).toMatchObject({
      leakedSince,
      drainMs: 0,
    });
  });

  it('counts from the creation of the key where no date is given', async () => {
    const { rotate: run, writes } = await stage({
      record: () => ({ phase: 'creating', pending: madeUpPending() }),
    });
    await run(leak);
    expect(writes.find(({ pending }) => pending?.reason === 'leak')?.pending?.leakedSince).toEqual(
      at(-10 * DAY),
    );
  });

  it('leaves the drain as it was where it cannot begin', async () => {
    const {
      rotate: run,
      resume,
      record,
      idOf,
      keyOf,
      pass,
      reference,
    } = await stage({
      keys: { old: {} },
      record: draining,
    });
    const down = new FakeSink('down');
    down.onProbe = () => Promise.reject(new Error('down'));
    expect(await failure(run({ ...leak, sinks: [down] }))).toMatchObject({ code: 'rotation_sink' });
    expect(await record()).toMatchObject({ phase: 'draining', previous: { id: idOf('old') } });
    pass(DAY);
    expect(await resume()).toMatchObject({ phase: 'idle', retire: [] });
    expect(accepts(reference, keyOf('old'))).toBe(false);
  });

  it.each([
    ['draining', { drainUntil: at(DAY) }],
    ['delivering', { drainUntil: null }],
  ] as const)('goes back to %s where the service refuses to create a key', async (phase, more) => {
    const {
      rotate: run,
      record,
      keyOf,
      idOf,
      reference,
    } = await stage({
      keys: { old: {} },
      semantics: { keyLimit: 3 },
      record: (keyOf) => ({
        phase,
        previous: heldOf(keyOf('old')),
        promotion: madeUpPromotion(more),
        sinks: [holding('one', phase === 'draining' ? 3 : null)],
      }),
    });
    expect(await failure(run(leak))).toMatchObject({ code: 'request_failed' });
    expect(await record()).toMatchObject({
      phase,
      pending: null,
      epoch: 3,
      previous: { id: idOf('old') },
      promotion: more,
      retire: [],
    });
    expect([accepts(reference, keyOf('old')), accepts(reference, keyOf('ci'))]).toEqual([true, true]);
  });

  it('keeps the list of keys to be deleted where the service refuses to create one', async () => {
    const {
      rotate: run,
      resume,
      idOf,
      reference,
      changes,
    } = await stage({
      keys: { old: {} },
      semantics: { keyLimit: 3 },
      record: (keyOf) => ({ phase: 'retiring', retire: [toDelete(keyOf('old').id)] }),
    });
    const fault = reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 403 });
    expect(await failure(run())).toMatchObject({ code: 'request_failed' });
    fault.remove();
    expect(await resume()).toMatchObject({ phase: 'idle', retire: [] });
    expect(changes()).toEqual(['apiKeys.delete old']);
    expect(keyIds(reference)).not.toContain(idOf('old'));
  });

  it.each([
    ['draining', false],
    ['draining', true],
    ['delivering', false],
    ['delivering', true],
  ])(
    'while it is %s (recovery: %s) survives a store that is gone from any write on',
    async (phase, recovered) => {
      for (let gone = true, from = 1; gone; from++) {
        const { rotate: run, keyOf, idOf, reference, store } = await stage();
        const sink = phase === 'draining' ? new FakeSink() : refusing();
        await run({ sinks: [sink] });
        expect((await recordOf(store)).phase).toBe(phase);
        gone = false;
        const how = from % 2 === 0 ? 'before' : 'after';
        const broken = failing(
          store,
          (write) => {
            gone ||= write >= from;
            return gone;
          },
          { how },
        );
        const read = () => (gone ? Promise.reject(new Error('down')) : store.read());
        const more = recovered ? { recovery: keyOf('spare') } : {};
        const options = { ...leak, ...more, sinks: [new FakeSink()], owner: 'x' };
        await run({ ...options, store: { read, write: broken.write } }).catch(() => {});
        if (!recovered) expect(accepts(reference, (await recordOf(store)).current)).toBe(true);
        await run(options);
        const record = await recordOf(store);
        expect(record).toMatchObject({
          phase: 'idle',
          retire: [],
          previous: null,
        } satisfies Partial<RotationRecord>);
        expect(accepts(reference, record.current)).toBe(true);
        expect(keyIds(reference)).toEqual([record.current.id, idOf('spare'), idOf('theirs')].sort());
      }
    },
  );
});

it('is resumed with what it was begun with, and not without its recovery credential', async () => {
  const { rotate: run, resume, store, keyOf, reference, record } = await stage();
  const recovery = keyOf('spare');
  await failure(run({ ...leak, recovery, store: stoppedBefore(store, 'testing') }));
  expect((await record()).phase).toBe('regenerating');
  const calls = reference.journal.count('apiKeys.regenerateSecret');
  expect(await failure(resume())).toMatchObject({ code: 'rotation_signer' });
  expect(reference.journal.count('apiKeys.regenerateSecret')).toBe(calls);
  expect(await resume({ recovery })).toMatchObject({ phase: 'idle', rotated: true, epoch: 4 });
  expect(accepts(reference, (await record()).current)).toBe(true);
});
