// What a report says, and what it never shows: where the rotation stands, when to run again, what somebody has to look at.
import { rotateWithoutRecord } from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { holding, madeUpPromotion, toDelete } from './support/records.ts';
import { FakeSink, refusing } from './support/sinks.ts';
import { at, DAY, HOUR, heldOf, MINUTE, stage } from './support/stage.ts';
import { seen } from './support/world.ts';

describe('a report', () => {
  it('has every field of a run that rotated', async () => {
    const { rotate: run, record } = await stage();
    const report = await run({ drain: { hours: 1 }, sinks: [new FakeSink('one'), refusing('two')] });
    const { id } = await record();
    expect(report).toEqual({
      phase: 'delivering',
      rotated: true,
      dryRun: false,
      recordId: id,
      epoch: 4,
      keyId: report.keyId,
      expiresAt: at(100 * DAY),
      resumeAfter: at(5 * MINUTE),
      steps: expect.any(Array),
      notes: [expect.stringContaining('two')],
      sinks: [
        { name: 'one', keyId: report.keyId, acknowledged: true },
        { name: 'two', keyId: null, acknowledged: false, problem: expect.any(String) },
      ],
      retire: [],
    });
    expect(report.steps.length).toBeGreaterThan(2);
  });

  it('says when to run again: never, after the drain, or soon', async () => {
    const drained = { previous: null, promotion: madeUpPromotion({ drainUntil: at(HOUR) }) };
    const soon = at(5 * MINUTE);
    const idle = await stage();
    expect((await idle.resume()).resumeAfter).toBeNull();
    const draining = await stage({
      record: (keyOf) => ({ ...drained, phase: 'draining', previous: heldOf(keyOf('spare')) }),
    });
    expect((await draining.resume()).resumeAfter).toEqual(at(HOUR));
    const delivering = await stage({
      record: () => ({ phase: 'delivering', promotion: madeUpPromotion(), sinks: [holding('lost')] }),
    });
    expect((await delivering.resume()).resumeAfter).toEqual(soon);
    const retiring = await stage({
      record: (keyOf) => ({ phase: 'retiring', retire: [toDelete(keyOf('spare').id)] }),
    });
    retiring.reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 403 });
    expect((await retiring.resume()).resumeAfter).toEqual(soon);
  });

  it('goes by the clock of the service, whatever that of this machine says', async () => {
    const { rotate: run, reference } = await stage();
    reference.clock.advance({ hours: 3 });
    expect((await run({ drain: { hours: 1 } })).resumeAfter).toEqual(at(4 * HOUR));
  });

  it('says each note once', async () => {
    const { rotate: run } = await stage({ maximum: 60 });
    const { notes } = await run({ drain: { days: 60 } });
    expect(new Set(notes).size).toBe(notes.length);
  });
});

it('a rotation shows its secrets in no report, and in the record only where they are revealed', async () => {
  const { rotate: run, resume, record, store, client, keyOf } = await stage();
  const sinks = [
    new FakeSink('one'),
    new FakeSink('two', ({ secret }) => Promise.reject(new Error(secret.reveal()))),
  ];
  const reports: unknown[] = [
    await run({ sinks }),
    await resume({ sinks, dryRun: true }),
    await resume({ sinks }),
  ];
  const other = new FakeSink('other');
  reports.push(
    await rotateWithoutRecord(client, {
      name: 'other',
      credentials: keyOf('spare'),
      sinks: [other],
      reason: 'schedule',
    }),
  );
  const now = await record();
  const secrets = [now.current, now.previous, keyOf('ci'), keyOf('spare'), ...other.got].map((one) =>
    typeof one?.secret === 'string' ? one.secret : (one?.secret.reveal() ?? ''),
  );
  const text = seen([...reports, now, store]);
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(20);
    for (const form of [secret, btoa(secret), encodeURIComponent(secret)])
      expect(text).not.toContain(form.slice(0, 12));
  }
  expect(JSON.stringify(now)).toContain('[secret]');
});
