// A call is one run: the first record, and then from its being taken to its being given back, whatever happens between.
import { BlazeMeterClient } from 'blazemeter-client';
import {
  adopt,
  type CredentialStore,
  memoryStore,
  RotationError,
  rotate,
  StoreConflictError,
} from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { madeUpRecord } from '../stores/records.ts';
import { failure, recordOf } from '../support/rotation.ts';
import { at, heldOf, NOW, stageOf, stored } from '../support/rotation-stage.ts';

// Nothing here waits for a real clock: what hangs is wrong.
vi.setConfig({ testTimeout: 5_000 });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const HOUR = 3_600_000;
const promotion = {
  reason: 'schedule',
  promotedAt: at(0, -2 * HOUR),
  drainMs: HOUR,
  drainUntil: NOW,
  leakedSince: null,
} as const;

describe('adopt', () => {
  const adopting = async (store: CredentialStore = memoryStore(), more: object = {}) => {
    const stage = stageOf();
    const options = { store, name: 'ci', credentials: stage.keys.ci, ...more };
    return { ...stage, store, work: adopt(stage.client, options) };
  };

  it('writes the first record, with what the service says of the key', async () => {
    const { work, store, keys } = await adopting();
    const record = await work;
    expect(record.id).toMatch(/^[a-z2-9]{10}$/);
    expect(record.stamp).toMatch(/^[a-z2-9]{16}$/);
    expect(record).toEqual({
      ...madeUpRecord(),
      id: record.id,
      stamp: record.stamp,
      epoch: 0,
      current: { ...heldOf(keys.ci), secret: record.current.secret },
    });
    expect(await recordOf(store)).toEqual(record);
  });

  it('knows no more than the pair where the service does not show its key', async () => {
    const { client, keys, reference } = stageOf();
    reference.faults.add({ operation: 'apiKeys.get', effect: 'status', status: 404 });
    const record = await adopt(client, { store: memoryStore(), name: 'ci', credentials: keys.ci });
    expect(record.current).toMatchObject({ name: null, createdAt: null, expiresAt: null });
  });

  it('refuses a store that holds a record, a pair that is refused, and a name that is none', async () => {
    const full = await stored();
    expect(await failure((await adopting(full.store)).work)).toMatchObject({
      code: 'rotation_record',
      message: 'The store holds a record already; one record is of one key.',
    });
    const { keys, work } = await adopting(memoryStore(), { credentials: 'nobody:nothing' });
    expect(keys.ci.id).not.toBe('nobody');
    expect(await failure(work)).toMatchObject({
      code: 'rotation_signer',
      message: 'The pair of the key nobody is refused, so it was not adopted.',
    });
    expect((await failure((await adopting(memoryStore(), { name: '' })).work)).message).toContain(
      'name must be',
    );
  });

  it('believes a store that holds the record, whatever it said, and no other', async () => {
    const inner = memoryStore();
    const lost = {
      ...inner,
      write: async (...given: Parameters<typeof inner.write>) => {
        await inner.write(...given);
        throw new Error('lost');
      },
    };
    const record = await (await adopting(lost)).work;
    expect(await recordOf(inner)).toEqual(record);

    const full = {
      ...memoryStore(),
      write: () => Promise.reject(Object.assign(new Error('x'), { code: 'ENOSPC' })),
    };
    expect(await failure((await adopting(full)).work)).toMatchObject({
      code: 'rotation_store',
      message: expect.stringContaining('could not be written (Error: ENOSPC)'),
    });
    const refused = new RotationError('No.', { code: 'rotation_epoch' });
    const refusing = { ...memoryStore(), write: () => Promise.reject(refused) };
    expect(await failure((await adopting(refusing)).work)).toBe(refused);
    let reads = 0;
    const down = {
      read: () => (reads++ === 0 ? Promise.resolve(undefined) : Promise.reject(new Error('down'))),
      write: () => Promise.reject(new StoreConflictError('It')),
    };
    expect(await failure((await adopting(down)).work)).toMatchObject({ code: 'rotation_store' });
  });

  it('hears of the caller’s abort', async () => {
    const reason = new Error('enough');
    const { work } = await adopting(memoryStore(), { signal: AbortSignal.abort(reason) });
    expect(await failure(work)).toBe(reason);
  });
});

describe('a run', () => {
  it('needs a record', async () => {
    const { client } = stageOf();
    expect(await failure(rotate(client, { store: memoryStore(), reason: 'schedule' }))).toMatchObject({
      code: 'rotation_record',
      message:
        'The store holds no record yet. Begin with adopt(client, { store, name, credentials }), which puts a pair that works into it.',
    });
  });

  it('takes the record, gives it back, and says what it did', async () => {
    const { rotate: run, store, write } = await stored();
    const report = await run();
    const record = await recordOf(store);
    expect(write.mock.calls[0]?.[0].lease).not.toBeNull();
    expect(record.lease).toBeNull();
    expect(report).toMatchObject({ rotated: true, dryRun: false, phase: 'draining', epoch: 4, notes: [] });
    expect(report.steps).toHaveLength(3);
    expect(report.keyId).toBe(record.current.id);
  });

  it('that does nothing has not rotated', async () => {
    const { resume: run, write, reference } = await stored();
    expect(await run()).toMatchObject({ phase: 'idle', rotated: false, dryRun: false, steps: [], notes: [] });
    expect(write).toHaveBeenCalledTimes(2);
    expect(reference.journal.count()).toBe(0);
  });

  it('does not begin after the caller’s abort', async () => {
    const reason = new Error('enough');
    const { resume: run, store } = await stored();
    const read = vi.spyOn(store, 'read');
    expect(await failure(run({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(read).not.toHaveBeenCalled();
  });

  it('gives the record back where it fails, if it had taken it', async () => {
    const { rotate: run, store, reference } = await stored();
    reference.faults.add({ operation: 'apiKeys.list', effect: 'status', status: 403 });
    expect(await failure(run())).toMatchObject({ status: 403 });
    expect((await recordOf(store)).lease).toBeNull();
    const other = await stored(() => ({ lease: { owner: 'they', until: at(1) } }));
    expect(await failure(other.rotate())).toMatchObject({ code: 'rotation_busy' });
    expect((await recordOf(other.store)).lease?.owner).toBe('they');
    expect(other.write).not.toHaveBeenCalled();
  });

  it('says what failed, also where the record cannot be given back', async () => {
    const { rotate: run, write, reference } = await stored();
    reference.faults.add({ operation: 'apiKeys.list', effect: 'status', status: 403 });
    write
      .mockImplementationOnce(async (record) => ({ etag: record.stamp }))
      .mockRejectedValue(new Error('down'));
    expect(await failure(run())).toMatchObject({ status: 403 });
  });

  it('reads in place of an error where somebody else works on the record, if that is asked for', async () => {
    const lease = { owner: 'they', until: at(1) };
    const { rotate: run, write } = await stored(() => ({ lease, phase: 'delivering', promotion }));
    expect(await run({ whenBusy: 'read' })).toMatchObject({
      phase: 'delivering',
      rotated: false,
      busy: lease,
      resumeAfter: at(1),
      notes: ['they works on this record: nothing was done here.'],
    });
    expect(write).not.toHaveBeenCalled();
    expect(await failure(run({ whenBusy: 'throw' }))).toMatchObject({ code: 'rotation_busy' });
  });

  it('does not read in place of an error of a dry run, nor of the caller’s abort', async () => {
    const { rotate: run, store, reference } = await stored();
    reference.faults.add({ operation: 'apiKeys.list', effect: 'status', status: 403 });
    const overtaken = vi.spyOn(store, 'read');
    expect(await failure(run({ whenBusy: 'read', dryRun: true }))).toMatchObject({ status: 403 });
    expect(overtaken).toHaveBeenCalledTimes(1);
    expect(await failure(run({ whenBusy: 'read' }))).toMatchObject({ status: 403 });
    expect(overtaken).toHaveBeenCalledTimes(3);

    const controller = new AbortController();
    const reason = new RotationError('enough', { code: 'rotation_busy' });
    const ended = await stored();
    const fetch: typeof ended.reference.fetch = async (url, init) => {
      controller.abort(reason);
      return ended.reference.fetch(url, init);
    };
    const client = new BlazeMeterClient({ credentials: 'nobody:nothing', logLevel: 'off', fetch });
    const work = rotate(client, {
      store: ended.store,
      reason: 'schedule',
      whenBusy: 'read',
      signal: controller.signal,
    });
    expect(await failure(work)).toBe(reason);
  });

  it('checks what it is given before it reads anything', async () => {
    const { rotate: run, rotateIfExpiring: expiring, store } = await stored();
    const read = vi.spyOn(store, 'read');
    const no = async (work: Promise<unknown>) => (await failure(work)).message;
    expect(await no(Reflect.apply(run, undefined, [{ reason: 'other' }]))).toContain('reason is one of');
    expect(await no(run({ leakedSince: new Date('never') }))).toContain('leakedSince');
    expect(await no(run({ drain: -1 }))).toContain('drain is');
    expect(await no(expiring({ drain: -1 }))).toContain('drain is');
    expect(await no(expiring({ within: -1 }))).toContain('within is');
    expect(read).not.toHaveBeenCalled();
  });
});
