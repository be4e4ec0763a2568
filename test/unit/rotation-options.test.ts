// What a caller gives to a rotation as it is used, what is refused of it, and what a report says of a record.
import { CredentialsError } from 'blazemeter-client';
import { memoryStore, type RotationReport, type RunOptions } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  checkLeakedSince,
  checkReason,
  readDrain,
  readRunOptions,
  readTiming,
} from '../../src/rotation/engine/options.ts';
import { reportOf } from '../../src/rotation/engine/report.ts';
import { Run } from '../../src/rotation/engine/run.ts';
import { Service } from '../../src/rotation/engine/service.ts';
import { Ledger } from '../../src/rotation/record/record-session.ts';
import { madeUpRecord } from '../stores/records.ts';
import { madeUp } from '../support/credentials.ts';
import { rotationWorld } from '../support/rotation.ts';

const NOW = new Date('2030-06-01T12:00:00Z');
const at = (ms: number) => new Date(NOW.getTime() + ms);
const MINUTE = 60_000;

beforeEach(() => void vi.useFakeTimers({ now: NOW }));
afterEach(() => void vi.useRealTimers());

const read = (more: object = {}) => readRunOptions({ store: memoryStore(), ...more });

describe('the options of a run', () => {
  it('have their defaults', () => {
    const { writer, ...rest } = read();
    expect(writer).toEqual({
      owner: expect.stringMatching(/^run [a-z2-9]{16}$/),
      leaseMs: 5 * MINUTE,
      takeOver: false,
    });
    expect(rest).toEqual({
      recovery: undefined,
      sinks: [],
      dropSinks: [],
      timing: { testWithinMs: 30_000, lookAgainMs: 1_000 },
      quietForMs: undefined,
    });
    expect(read().writer.owner).not.toBe(writer.owner);
  });

  it('are as they are given', () => {
    const sinks = [{ name: 'ci', put: async () => {} }];
    const pair = madeUp('options');
    const options: Omit<RunOptions, 'store'> = {
      sinks,
      owner: 'pipeline 1',
      lease: { minutes: 2 },
      takeOver: true,
      whenBusy: 'read',
      quietFor: 0,
      dropSinks: ['old'],
      timing: { testWithinMs: 5, lookAgainMs: 0 },
      recovery: pair.token,
    };
    const { recovery, ...rest } = read(options);
    expect(rest).toEqual({
      writer: { owner: 'pipeline 1', leaseMs: 2 * MINUTE, takeOver: true },
      sinks,
      dropSinks: ['old'],
      timing: { testWithinMs: 5, lookAgainMs: 0 },
      quietForMs: 0,
    });
    expect(recovery?.id).toBe(pair.id);
    expect(recovery?.secret.equals(pair.secret)).toBe(true);
    expect(read({ lease: 0 }).writer.leaseMs).toBe(1);
    expect(read({ lease: 2 }).writer.leaseMs).toBe(2);
    expect(read({ whenBusy: 'throw' }).dropSinks).toEqual([]);
    expect(read({ takeOver: 'yes' }).writer.takeOver).toBe(false);
  });

  it.each([
    [{ whenBusy: 'wait' }, "whenBusy is 'throw' or 'read'."],
    [{ whenBusy: null }, "whenBusy is 'throw' or 'read'."],
    [{ owner: '' }, 'owner is a text that is not empty. Leave it out for somebody new each time.'],
    [{ owner: 7 }, 'owner is a text that is not empty. Leave it out for somebody new each time.'],
    [{ owner: null }, 'owner is a text that is not empty. Leave it out for somebody new each time.'],
    [{ sinks: [{ name: '' }] }, 'Each sink needs a name of its own that is not empty.'],
  ])('are refused: %o', (more, message) => expect(() => read(more)).toThrow(new TypeError(message)));

  it('are refused by name where they are no spans, nor a pair', () => {
    expect(() => read({ lease: -1 })).toThrow(/^lease is a length of time/);
    expect(() => read({ quietFor: 'soon' })).toThrow(TypeError);
    expect(() => read({ quietFor: -1 })).toThrow(/^quietFor is a length of time/);
    expect(() => read({ recovery: 'nonsense' })).toThrow(CredentialsError);
    expect(() => read({ recovery: 'nonsense' })).toThrow(/^The recovery credentials must have the form/);
  });

  it('have bounds of time that are numbers', () => {
    expect(readTiming({ lookAgainMs: 7 })).toEqual({ testWithinMs: 30_000, lookAgainMs: 7 });
    expect(readTiming({ testWithinMs: 7 })).toEqual({ testWithinMs: 7, lookAgainMs: 1_000 });
    for (const name of ['testWithinMs', 'lookAgainMs'])
      for (const bad of [-1, Number.NaN, Number.POSITIVE_INFINITY, '5', {}])
        expect(() => Reflect.apply(readTiming, undefined, [{ [name]: bad }])).toThrow(
          new TypeError(`timing.${name} is a number of milliseconds.`),
        );
  });

  it('have a drain of a day unless told otherwise', () => {
    expect(readDrain(undefined)).toBe(24 * 60 * MINUTE);
    expect(readDrain({ minutes: 1 })).toBe(MINUTE);
    expect(() => readDrain(-1)).toThrow(/^drain is a length of time/);
  });

  it('have a date of the leak that is one, or none', () => {
    expect(() => checkLeakedSince(undefined)).not.toThrow();
    expect(() => checkLeakedSince(NOW)).not.toThrow();
    for (const bad of [new Date('never'), '2030-06-01', 7, null, {}])
      expect(() => checkLeakedSince(bad)).toThrow(new TypeError('leakedSince is a Date.'));
  });

  it('have one of the reasons', () => {
    for (const reason of ['expiry', 'schedule', 'leak']) expect(() => checkReason(reason)).not.toThrow();
    for (const bad of ['other', undefined, ''])
      expect(() => checkReason(bad)).toThrow(new TypeError('reason is one of expiry, schedule, leak.'));
  });
});

describe('a report', () => {
  const rest = { rotated: true, dryRun: false, steps: ['did this'], notes: ['know that'] };
  const promotion = (drainUntil: Date | null) => ({
    reason: 'expiry' as const,
    promotedAt: NOW,
    drainMs: 0,
    drainUntil,
    leakedSince: null,
  });
  const resumeAt = (phase: RotationReport['phase'], drainUntil: Date | null, busyUntil?: Date | null) =>
    reportOf(madeUpRecord({ promotion: promotion(drainUntil) }), phase, {
      ...rest,
      ...(busyUntil === undefined ? {} : { busy: { owner: 'they', until: busyUntil } }),
    }).resumeAfter;

  async function runOf(): Promise<Run> {
    const store = memoryStore();
    const writer = { owner: 'me', leaseMs: 1, takeOver: false };
    await store.write(madeUpRecord(), { ifMatch: null });
    const ledger = await Ledger.open(store, writer);
    if (ledger === undefined) throw new Error('There is no record.');
    const { sinks, dropSinks, recovery, timing, quietForMs } = read();
    const service = new Service(rotationWorld().client, undefined);
    return new Run({ sinks, dropSinks, recovery, timing, quietForMs, ledger, service, resumed: false });
  }

  it('has what the record tells', () => {
    const record = madeUpRecord({
      sinks: [
        { name: 'one', keyId: 'a', epoch: 3 },
        { name: 'two', keyId: 'b', epoch: 2 },
        { name: 'three', keyId: null, epoch: null },
      ],
      retire: [{ id: 'old', name: 'ci', secret: null }],
    });
    expect(reportOf(record, 'idle', rest)).toEqual({
      phase: 'idle',
      ...rest,
      recordId: record.id,
      epoch: 3,
      keyId: record.current.id,
      expiresAt: null,
      resumeAfter: null,
      sinks: [
        { name: 'one', keyId: 'a', acknowledged: true },
        { name: 'two', keyId: 'b', acknowledged: false },
        { name: 'three', keyId: null, acknowledged: false },
      ],
      retire: [{ id: 'old' }],
    });
  });

  it('says when to run again: never, after the drain, soon, or once who is busy has ended', () => {
    const soon = at(5 * MINUTE);
    expect(resumeAt('idle', null)).toBeNull();
    expect(resumeAt('draining', at(1))).toEqual(at(1));
    expect(resumeAt('draining', null)).toEqual(soon);
    expect(resumeAt('delivering', at(1))).toEqual(soon);
    expect(resumeAt('retiring', null)).toEqual(soon);
    expect(resumeAt('idle', null, at(5 * MINUTE + 1))).toEqual(at(5 * MINUTE + 1));
    expect(resumeAt('idle', null, at(5 * MINUTE))).toBeNull();
    expect(resumeAt('draining', at(1), at(5 * MINUTE))).toEqual(at(1));
    expect(resumeAt('delivering', null, null)).toEqual(soon);
    expect(reportOf(madeUpRecord(), 'draining', rest).resumeAfter).toEqual(soon);
  });

  it('tells the problems of a run, and what somebody has to look at', async () => {
    const run = await runOf();
    vi.spyOn(run.service, 'now').mockReturnValue(at(MINUTE));
    const record = madeUpRecord({
      promotion: promotion(at(1)),
      sinks: [
        { name: 'one', keyId: null, epoch: null },
        { name: 'two', keyId: null, epoch: null },
      ],
      retire: [
        { id: 'old', name: null, secret: null },
        { id: 'older', name: null, secret: null },
      ],
    });
    const before = reportOf(record, 'draining', rest, run);
    expect(before.resumeAfter).toEqual(at(1));
    expect(before).not.toHaveProperty('stillUsed');
    expect(before).not.toHaveProperty('madeSinceLeak');
    expect(before.sinks[0]).not.toHaveProperty('problem');
    run.sinkProblems.set('one', 'it is full');
    run.retireProblems.set('older', 'it is needed');
    run.stillUsed = { keyId: 'old', lastUsedAt: NOW };
    run.madeSinceLeak = [];
    expect(reportOf(record, 'draining', rest, run)).toMatchObject({
      resumeAfter: at(6 * MINUTE),
      sinks: [{ name: 'one', problem: 'it is full' }, { name: 'two' }],
      retire: [{ id: 'old' }, { id: 'older', problem: 'it is needed' }],
      stillUsed: { keyId: 'old', lastUsedAt: NOW },
      madeSinceLeak: [],
    });
  });
});
