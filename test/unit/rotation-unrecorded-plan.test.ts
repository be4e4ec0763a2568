// Which key a run without a record is to put next: one that a dead run has left over, or a new one; and how a dry run says it.
import { RotationError, type UnrecordedOptions } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readUnrecordedOptions } from '../../src/rotation/ci/unrecorded-options.ts';
import { planNext } from '../../src/rotation/ci/unrecorded-replace.ts';
import { survey } from '../../src/rotation/ci/unrecorded-survey.ts';
import { Run } from '../../src/rotation/engine/run.ts';
import { Service } from '../../src/rotation/engine/service.ts';
import { Ledger } from '../../src/rotation/record/record-session.ts';
import { madeUpRecord } from '../stores/records.ts';
import { failure } from '../support/rotation.ts';
import {
  at,
  broken,
  DAY,
  type Found,
  HOUR,
  MINUTE,
  NOW,
  Place,
  type UnrecordedSetting,
  unrecordedSetting,
} from '../support/unrecorded.ts';

vi.setConfig({ testTimeout: 3_000 });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const ago = (ms: number) => at(-ms);
const unix = (moment: Date) => moment.getTime() / 1_000;

async function planned(setting: UnrecordedSetting = {}, more: Partial<UnrecordedOptions> = {}) {
  const stage = await unrecordedSetting(setting);
  const service = new Service(stage.client, undefined);
  const wishes = readUnrecordedOptions(stage.options(more));
  const found = await survey(service, wishes);
  const { current, recordId } = found;
  const ledger = Ledger.passing(madeUpRecord({ current, id: recordId }));
  const { sinks, recovery, timing, quietForMs } = wishes;
  const run = new Run({
    ledger,
    service,
    sinks,
    dropSinks: [],
    recovery,
    timing,
    quietForMs,
    resumed: false,
  });
  return { ...stage, plan: () => planNext(run, found, wishes) };
}

describe('the next key', () => {
  it('is a new one, of the epoch after the highest', async () => {
    const { plan, recordId } = await planned({
      keys: { given: { epoch: 3 }, old: { epoch: 4, lastUsed: ago(9 * DAY) } },
    });
    const pending = plan();
    expect(pending).toEqual({
      way: 'create',
      signer: 'current',
      reason: 'expiry',
      days: 100,
      drainMs: HOUR,
      leakedSince: null,
      key: null,
      nonce: expect.stringMatching(/^[a-z2-9]{16}$/),
      epoch: 5,
      name: `ci.${recordId}.e5.${pending.nonce}`,
      preparedAt: NOW,
    });
    expect(plan().nonce).not.toBe(pending.nonce);
  });

  it('has no drain after a leak, which began when the key was made or as told', async () => {
    const { plan } = await planned({}, { reason: 'leak' });
    expect(plan()).toMatchObject({ reason: 'leak', drainMs: 0, leakedSince: ago(10 * DAY), epoch: 1 });
    const told = await planned({}, { reason: 'leak', leakedSince: ago(DAY) });
    expect(told.plan()).toMatchObject({ leakedSince: ago(DAY) });
    const other = await planned({}, { reason: 'schedule', leakedSince: ago(DAY) });
    expect(other.plan()).toMatchObject({ leakedSince: null, drainMs: HOUR });
  });

  const spared = { created: ago(15 * MINUTE), expires: at(50 * DAY) };

  it('is the newest, where nobody ever used it: under its name, and as of its making', async () => {
    const { plan, nameOf } = await planned({ keys: { used: { epoch: 1 }, left: { epoch: 2, ...spared } } });
    const pending = plan();
    expect(pending).toMatchObject({ name: nameOf('left', 2), epoch: 2, preparedAt: ago(15 * MINUTE) });
    expect(pending.name.endsWith(`.${pending.nonce}`)).toBe(true);
    const endless = await planned({ keys: { left: { epoch: 2, ...spared, shown: { expiration: null } } } });
    expect(endless.plan()).toMatchObject({ epoch: 2 });
  });

  it.each<[string, Found, Found]>([
    ['it is in the hands of its maker', { created: ago(15 * MINUTE - 1_000) }, {}],
    ['it was given a secret just now', { shown: { updated: unix(ago(15 * MINUTE - 1_000)) } }, {}],
    ['it was used', { lastUsed: ago(MINUTE) }, {}],
    ['it has less than half a life to live', { expires: at(50 * DAY - 1_000) }, {}],
    ['uses are not told at once', {}, { shown: { lastUsed: null } }],
    ['a use counts as an update', {}, { shown: { updated: unix(NOW) } }],
  ])('is a new one where %s', async (_, left, given) => {
    const { plan } = await planned({ keys: { left: { epoch: 2, ...spared, ...left }, given } });
    expect(plan()).toMatchObject({ epoch: 3, preparedAt: NOW });
  });

  const used = (...names: string[]): Readonly<Record<string, Found>> =>
    Object.fromEntries(names.map((name, at) => [name, { epoch: at + 1, lastUsed: ago(DAY) }]));

  it('is none where five keys may each be in a sink, unless after a leak', async () => {
    const four = await planned({ keys: used('a', 'b', 'c', 'd') });
    expect(four.plan()).toMatchObject({ epoch: 5 });
    const names = ['a', 'b', 'c', 'd', 'e'];
    const { plan, idOf } = await planned({ keys: used(...names) });
    const error = await failure(Promise.resolve().then(plan));
    expect(error).toBeInstanceOf(RotationError);
    expect(error).toMatchObject({
      code: 'rotation_unknown',
      message: `There are 5 newer keys than the given one, and each may be in a sink: ${names.map(idOf).join(', ')}. So the pairs that were put do not come back as credentials of the next run. See that the first sink feeds them, and that no other place uses the same name; then delete those of these keys that nobody uses.`,
    });
    const leak = await planned({ keys: used(...names) }, { reason: 'leak' });
    expect(leak.plan()).toMatchObject({ epoch: 6 });
  });
});

describe('a dry run says', () => {
  const afterDrain = (id: string) => `delete the key ${id} after a drain`;

  it('what would be done to sinks and older keys first, and then all steps of a rotation', async () => {
    const { run, idOf, changes, recordId } = await unrecordedSetting({
      keys: { given: { epoch: 2 }, old: { epoch: 1 } },
    });
    const sinks = [new Place('first'), new Place('second', { keyId: idOf('given') })];
    const order = { sinks, replaces: idOf('spare').toUpperCase() };
    const settling = [
      `give the pair of the key ${idOf('given')} to first again`,
      `delete the key ${idOf('old')}, once the drain is over and nobody uses it`,
      `delete the key ${idOf('spare')}, once the drain is over and nobody uses it`,
    ];
    const idle = await run({ ...order, dryRun: true });
    expect(idle).toMatchObject({ phase: 'idle', dryRun: true, rotated: false, steps: settling });
    const { steps, phase } = await run({ ...order, dryRun: true, reason: 'schedule' });
    expect(phase).toBe('idle');
    expect(steps.slice(0, 3)).toEqual(settling);
    expect(steps[3]).toMatch(
      new RegExp(`^make the key ci\\.${recordId}\\.e3\\.\\w{16} for 100 days, signed by ${idOf('given')}$`),
    );
    expect(steps.slice(4, 7)).toEqual([
      'see the new pair work',
      'give the new pair to first',
      'give the new pair to second',
    ]);
    expect(steps.slice(7).sort()).toEqual(
      ['old', 'given', 'spare'].map((name) => afterDrain(idOf(name))).sort(),
    );
    expect([changes(), sinks.flatMap(({ puts }) => puts)]).toEqual([[], []]);
  });

  it('that a key which was left over would be given a new secret, and not that it would be deleted', async () => {
    const { run, idOf } = await unrecordedSetting({
      keys: { used: { epoch: 1, lastUsed: ago(10 * DAY) }, left: { epoch: 2 } },
    });
    expect((await run({ dryRun: true })).steps).toEqual([
      `give the key ${idOf('left')}, which a run before made and nobody has used, a new secret`,
      'see the new pair work',
      'give the new pair to first',
      afterDrain(idOf('used')),
    ]);
  });

  it('when the leaked key would be deleted: after the sinks were put to, or before with a recovery', async () => {
    const { run, idOf, keyOf } = await unrecordedSetting({
      keys: { given: { epoch: 2 }, old: { epoch: 1 } },
    });
    const leak = { dryRun: true, reason: 'leak' } as const;
    const leaked = `delete the leaked key ${idOf('given')} at once`;
    const { steps } = await run(leak);
    expect(steps.slice(1)).toEqual([
      'see the new pair work',
      'give the new pair to first',
      leaked,
      `delete the key ${idOf('old')}`,
    ]);
    expect((await run({ ...leak, recovery: keyOf('spare') })).steps.slice(1)).toEqual([
      'see the new pair work',
      leaked,
      'give the new pair to first',
      `delete the key ${idOf('old')}`,
    ]);
  });

  it('who would sign where the given pair is refused', async () => {
    const { run, idOf, keyOf } = await unrecordedSetting({ keys: { given: { epoch: 1, expires: NOW } } });
    const report = await run({ dryRun: true, recovery: keyOf('spare') });
    expect(report.steps[0]).toMatch(new RegExp(`, signed by ${idOf('spare')}$`));
    expect([report.notes, report.steps.slice(-1)]).toEqual([[], [afterDrain(idOf('given'))]]);
    expect(report.steps).not.toContain(`delete the leaked key ${idOf('given')} at once`);
  });
});

describe('where no other key can be made', () => {
  const names = ['a', 'b', 'c', 'd', 'e'];
  /** Each was used by the run that made it; but for the newest, others may have used them since. */
  const made = ago(10 * DAY);
  const crowd = (lastUsed = made): Readonly<Record<string, Found>> =>
    Object.fromEntries(
      names.map((name, at) => [name, { epoch: at + 3, lastUsed: name === 'e' ? made : lastUsed }]),
    );
  const ours = { given: { epoch: 2 }, old: { epoch: 1 } };
  const note = (code: string) =>
    `No other key could be made (${code}), so keys of runs before, which nobody uses, were deleted: run it again.`;

  it('all that nobody uses is deleted but the given key and the newest, for the next run', async () => {
    const { run, changes, place, idOf } = await unrecordedSetting({ keys: { ...ours, ...crowd() } });
    expect(await run()).toMatchObject({
      phase: 'draining',
      rotated: false,
      notes: [expect.stringContaining('not due'), note('rotation_unknown')],
      retire: [],
      keyId: idOf('given'),
    });
    const deleted = ['old', 'a', 'b', 'c', 'd'].map((name) => `apiKeys.delete ${name}`);
    expect(changes().sort()).toEqual(deleted.sort());
    expect(place.puts).toEqual([idOf('given')]);
  });

  it('one that was deleted is enough', async () => {
    const keys = { ...ours, ...crowd(ago(MINUTE)) };
    const { run, changes } = await unrecordedSetting({ keys });
    expect((await run()).notes).toContain(note('rotation_unknown'));
    expect(changes()).toEqual(['apiKeys.delete old']);
  });

  it('so it is under a limit of keys', async () => {
    const { run, changes } = await unrecordedSetting({
      semantics: { keyLimit: 5 },
      keys: { ...ours, a: { epoch: 3, lastUsed: made }, b: { epoch: 4, lastUsed: made } },
    });
    expect((await run()).notes).toContain(note('request_failed'));
    expect(changes().sort()).toEqual(['apiKeys.delete a', 'apiKeys.delete old']);
  });

  it.each<[string, UnrecordedSetting, (given: string) => Partial<UnrecordedOptions>]>([
    ['all are in use', { keys: crowd(ago(MINUTE)) }, () => ({})],
    ['a sink does not take the pair', { keys: crowd() }, () => ({ sinks: [broken('first')] })],
    ['uses are not told', { keys: { ...crowd(), given: { shown: { lastUsed: null } } } }, () => ({})],
    ['it is a dry run', { keys: crowd() }, () => ({ dryRun: true })],
  ])('the error stands where %s', async (_, setting, more) => {
    const { run, changes, idOf } = await unrecordedSetting(setting);
    expect(await failure(run(more(idOf('given'))))).toMatchObject({ code: 'rotation_unknown' });
    expect(changes()).toEqual([]);
  });

  it('the error of a leak stands, since nothing waits for room', async () => {
    const { run, changes } = await unrecordedSetting({
      semantics: { keyLimit: 4 },
      keys: { a: { epoch: 1, lastUsed: made }, b: { epoch: 2, lastUsed: made } },
    });
    const error = await failure(run({ reason: 'leak' }));
    expect([error, changes()]).toEqual([expect.objectContaining({ code: 'request_failed' }), []]);
  });

  it('what was put and is gone makes no room', async () => {
    const keys = { a: { epoch: 1, lastUsed: made }, b: { epoch: 2, lastUsed: made } };
    const { run, place, client, keyOf, changes } = await unrecordedSetting({ keys });
    place.onPut = async ({ id }) => {
      await client.withOptions({ credentials: keyOf('spare') }).apiKeys.delete(id);
      return undefined;
    };
    const other = broken('second');
    expect(await failure(run({ sinks: [place, other] }))).toMatchObject({ code: 'rotation_untested' });
    expect(changes()).not.toContain('apiKeys.delete a');
    // No sink is given a pair once more that is known to be refused.
    expect(other.puts).toHaveLength(3);
  });

  it('an error of another kind stands', async () => {
    const keys = { a: { epoch: 1, lastUsed: made }, b: { epoch: 2, lastUsed: made } };
    const { run, changes, reference } = await unrecordedSetting({ keys });
    reference.faults.add({ operation: 'apiKeys.create', effect: 'answer', status: 403 });
    expect(await failure(run())).toMatchObject({ code: 'permission_denied' });
    expect(changes()).toEqual([]);
  });
});
