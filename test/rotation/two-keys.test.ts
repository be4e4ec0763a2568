// The strategy of two keys, for the reasons expiry and schedule: a new key beside the old one, delivered, drained, deleted.
import { memoryStore, rotate } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { madeUpPending, madeUpPromotion, toDelete } from './support/records.ts';
import { FakeSink, refusing } from './support/sinks.ts';
import { at, DAY, HOUR, heldOf, MINUTE, NOW, rewriting, stage } from './support/stage.ts';
import { accepts, failure, keyIds } from './support/world.ts';

describe('a rotation with two keys', () => {
  it('creates a key beside the old one, sees it work, delivers it, and deletes the old one after the drain', async () => {
    const { rotate: run, resume, keyOf, idOf, record, phases, changes, pass, reference } = await stage();
    const sink = new FakeSink();
    const first = await run({ drain: { hours: 2 }, sinks: [sink] });
    expect(first).toMatchObject({
      phase: 'draining',
      rotated: true,
      dryRun: false,
      epoch: 4,
      expiresAt: at(100 * DAY),
      resumeAfter: at(2 * HOUR),
      notes: [],
      retire: [],
      sinks: [{ name: 'ci secret', keyId: first.keyId, acknowledged: true }],
    });
    expect(phases()).toEqual(['idle', 'creating', 'testing', 'delivering', 'draining']);
    const { current, previous, pending, promotion, lease } = await record();
    expect([current.id, previous?.id, pending, lease]).toEqual([first.keyId, idOf('ci'), null, null]);
    expect(promotion).toMatchObject({ reason: 'schedule', promotedAt: NOW, drainUntil: at(2 * HOUR) });
    expect([accepts(reference, current), accepts(reference, keyOf('ci'))]).toEqual([true, true]);
    expect(sink.got).toMatchObject([{ id: current.id, epoch: 4, expiresAt: at(100 * DAY) }]);
    expect(sink.got[0]?.secret.equals(current.secret)).toBe(true);

    pass(2 * HOUR - MINUTE);
    const early = await resume({ sinks: [sink] });
    expect(early).toMatchObject({ phase: 'draining', rotated: false, resumeAfter: first.resumeAfter });
    expect(accepts(reference, keyOf('ci'))).toBe(true);

    pass(MINUTE);
    const last = await resume({ sinks: [sink] });
    expect(last).toMatchObject({ phase: 'idle', rotated: false, epoch: 4, resumeAfter: null, retire: [] });
    expect(phases().slice(-3)).toEqual(['draining', 'retiring', 'idle']);
    expect(changes()).toEqual(['apiKeys.create', 'apiKeys.delete ci']);
    expect(sink.got).toHaveLength(1);
    expect(await record()).toMatchObject({ previous: null, pending: null, promotion: null, lease: null });
  });

  it('names the new key after the record, its epoch and a nonce', async () => {
    const { rotate: run, record } = await stage();
    await run();
    const { current, id } = await record();
    expect(current.name).toMatch(new RegExp(`^ci\\.${id}\\.e4\\.[a-z2-9]{5}$`));
  });

  it('has its plan on record before anything is created, and takes the key’s dates from the service', async () => {
    const { rotate: run, writes } = await stage({
      record: (keyOf) => ({ current: heldOf(keyOf('ci'), { expires: DAY }) }),
    });
    await run({ drain: { hours: 2 } });
    const plan = writes.find(({ phase }) => phase === 'creating');
    expect(plan?.pending).toMatchObject({
      strategy: 'create',
      reason: 'schedule',
      epoch: 4,
      preparedAt: NOW,
      days: 100,
      drainMs: 2 * HOUR,
      key: null,
    });
    expect(plan?.current.expiresAt).toEqual(at(90 * DAY));
  });

  it('writes down the secret before the new key is used for anything else', async () => {
    const { rotate: run, writes } = await stage();
    const report = await run();
    const tested = writes.find(({ phase }) => phase === 'testing');
    expect(tested).toMatchObject({ epoch: 3, pending: { key: { id: report.keyId } } });
  });

  it('gives readers a day where no drain is asked for', async () => {
    const { rotate: run } = await stage();
    expect(await run()).toMatchObject({ phase: 'draining', resumeAfter: at(DAY) });
  });

  it('is through in one run where there is no drain', async () => {
    const { rotate: run, idOf, reference } = await stage();
    const report = await run({ drain: { minutes: 0 } });
    expect(report).toMatchObject({ phase: 'idle', rotated: true, epoch: 4, resumeAfter: null });
    expect(keyIds(reference)).toEqual([report.keyId, idOf('spare'), idOf('theirs')].sort());
  });

  it('raises the epoch by one each time', async () => {
    const { rotate: run } = await stage();
    for (const epoch of [4, 5, 6])
      expect(await run({ drain: { minutes: 0 } })).toMatchObject({ epoch, rotated: true });
  });

  it('uses neither a recovery credential nor the key itself to issue a new secret', async () => {
    const { rotate: run, keyOf, changes, writes } = await stage();
    await run({ reason: 'expiry', allowSelf: true, recovery: keyOf('theirs'), leakedSince: NOW });
    expect(changes()).toEqual(['apiKeys.create']);
    expect(writes.map(({ pending }) => pending?.leakedSince ?? null).every((since) => since === null)).toBe(
      true,
    );
  });

  it('signs with the recovery credential where the current key has expired', async () => {
    const {
      rotate: run,
      keyOf,
      reference,
      record,
    } = await stage({
      keys: { dead: { expires: { days: -1 } } },
      record: (keyOf) => ({ current: heldOf(keyOf('dead'), { expires: -DAY }) }),
    });
    expect(await failure(run())).toMatchObject({ code: 'rotation_signer' });
    expect(await run({ recovery: keyOf('spare') })).toMatchObject({ rotated: true, epoch: 4 });
    expect(accepts(reference, (await record()).current)).toBe(true);
  });

  it('needs a record', async () => {
    const { client } = await stage();
    expect(await failure(rotate(client, { store: memoryStore(), reason: 'schedule' }))).toMatchObject({
      code: 'rotation_record',
    });
  });
});

describe('the lifetime of the new key', () => {
  const days = async (options: Parameters<typeof stage>[0], more = {}) => {
    const { rotate: run, reference } = await stage(options);
    const { expiresAt } = await run(more);
    return Math.round(((expiresAt?.getTime() ?? 0) - reference.clock.now().getTime()) / DAY);
  };

  it('is that of the key before it, within the maximum of every account', async () => {
    expect(await days({})).toBe(100);
    expect(await days({ maximum: 60 })).toBe(60);
    expect(await days({ maximum: -1 })).toBe(100);
  });

  it('is as long as asked for, or as long as may be', async () => {
    expect(await days({}, { expiresIn: { days: 7 } })).toBe(7);
    expect(await days({}, { expiresIn: '1 month' })).toBe(30);
    expect(await days({ maximum: 45 }, { expiresIn: 'max' })).toBe(45);
  });

  it('is not longer than the maximum: that is refused with nothing changed', async () => {
    const { rotate: run, changes, record, accountId } = await stage({ maximum: 60 });
    const error = await failure(run({ expiresIn: { days: 61 } }));
    expect(error).toMatchObject({ code: 'expiration_policy', maximumDays: 60, accountId });
    expect([changes(), (await record()).phase]).toEqual([[], 'idle']);
  });

  it('may be shorter than asked for, which is noted', async () => {
    const { rotate: run } = await stage({
      semantics: { overMaximum: 'clamp' },
      maximum: 30,
      between: rewriting((text, path) =>
        path.endsWith('/accounts')
          ? text.replace(/"apiKeyExpiration": ?30/g, '"apiKeyExpiration": 365')
          : text,
      ),
    });
    const report = await run();
    expect(report.expiresAt).toEqual(at(30 * DAY));
    expect(report.notes).toHaveLength(1);
  });

  it('follows a maximum that has shrunk since the plan was written', async () => {
    const { resume, record } = await stage({
      maximum: 30,
      record: () => ({ phase: 'creating', pending: madeUpPending() }),
    });
    const { notes } = await resume();
    expect(notes.join()).toContain('30');
    const { expiresAt } = (await record()).current;
    expect(Math.abs((expiresAt?.getTime() ?? 0) - at(30 * DAY).getTime())).toBeLessThanOrEqual(MINUTE);
  });

  it('may be without an end', async () => {
    const { rotate: run, record } = await stage({
      between: rewriting((text) => text.replace(/"expiration": \d+/g, '"expiration": null')),
    });
    expect(await run({ drain: { days: 60 } })).toMatchObject({ expiresAt: null, resumeAfter: at(60 * DAY) });
    expect((await record()).current.expiresAt).toBeNull();
  });
});

describe('rotate where something is under way', () => {
  it('ends the rotation before it, and does not begin another one', async () => {
    const { rotate: run, pass, changes } = await stage();
    await run({ drain: { hours: 1 } });
    expect(await run()).toMatchObject({ phase: 'draining', rotated: false, epoch: 4 });
    pass(HOUR);
    expect(await run()).toMatchObject({ phase: 'idle', rotated: false, epoch: 4 });
    expect(changes()).toEqual(['apiKeys.create', 'apiKeys.delete ci']);
    expect(await run()).toMatchObject({ phase: 'draining', rotated: true, epoch: 5 });
  });

  it('goes on with a delivery', async () => {
    const { rotate: run, changes } = await stage();
    expect(await run({ sinks: [refusing()] })).toMatchObject({ phase: 'delivering' });
    expect(await run({ sinks: [new FakeSink()] })).toMatchObject({ phase: 'draining', rotated: false });
    expect(changes()).toEqual(['apiKeys.create']);
  });

  it('begins one where only keys that cannot be deleted are left, and not where they can', async () => {
    const retiring = {
      record: (keyOf: (name: string) => { id: string }) => ({
        phase: 'retiring' as const,
        retire: [toDelete(keyOf('spare').id)],
      }),
    };
    const stuck = await stage(retiring);
    stuck.reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 403 });
    expect(await stuck.rotate()).toMatchObject({ phase: 'draining', rotated: true });
    const free = await stage(retiring);
    expect(await free.rotate()).toMatchObject({ phase: 'idle', rotated: false });
    const ending = await stage({
      record: (keyOf) => ({
        phase: 'draining',
        previous: heldOf(keyOf('spare')),
        promotion: madeUpPromotion({ drainUntil: NOW }),
      }),
    });
    ending.reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 403 });
    expect(await ending.rotate()).toMatchObject({ phase: 'retiring', rotated: false });
  });
});

describe('resume', () => {
  it('does nothing where nothing is under way', async () => {
    const { resume, reference, writes } = await stage();
    expect(await resume()).toMatchObject({
      phase: 'idle',
      rotated: false,
      dryRun: false,
      epoch: 3,
      steps: [],
      notes: [],
      resumeAfter: null,
    });
    expect(reference.journal.count()).toBe(0);
    expect(writes.map(({ lease }) => lease === null)).toEqual([false, true]);
  });

  it('goes from any phase to the end', async () => {
    const key = 'made';
    const named = { [key]: { name: madeUpPending().name, created: { seconds: 0 } } };
    const cases = {
      creating: () => ({ pending: madeUpPending() }),
      testing: (keyOf: (name: string) => Parameters<typeof heldOf>[0]) => ({
        pending: madeUpPending({ key: heldOf(keyOf(key)) }),
      }),
    };
    for (const [phase, change] of Object.entries(cases)) {
      const made = await stage({
        keys: phase === 'testing' ? named : {},
        record: (keyOf) => ({ phase: phase === 'testing' ? 'testing' : 'creating', ...change(keyOf) }),
      });
      const report = await made.resume();
      expect(report).toMatchObject({ phase: 'idle', rotated: true, epoch: 4 });
      expect(keyIds(made.reference)).toEqual([report.keyId, made.idOf('spare'), made.idOf('theirs')].sort());
    }
  });
});
