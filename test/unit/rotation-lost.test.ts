// A run that finds somebody else at work, or is overtaken: who they are, and which errors are to be heard in any case.
import { BlazeMeterError, SecretLostError, UndeliveredSecretError } from 'blazemeter-client';
import {
  type CredentialStore,
  memoryStore,
  RotationError,
  type RotationRecord,
  Secret,
} from 'blazemeter-client/rotation';
import { describe, expect, it } from 'vitest';
import { lostTo } from '../../src/rotation/engine/lost.ts';
import { Run } from '../../src/rotation/engine/run.ts';
import { Service } from '../../src/rotation/engine/service.ts';
import { Ledger } from '../../src/rotation/record/record-session.ts';
import { madeUpPending, madeUpRecord } from '../stores/records.ts';
import { rotationWorld } from '../support/rotation.ts';

const NOW = new Date('2030-06-01T12:00:00Z');
const until = (ms: number) => new Date(NOW.getTime() + ms);

/** What somebody else writes over it. */
async function overwrite(store: CredentialStore, change: Partial<RotationRecord>): Promise<void> {
  const held = await store.read();
  if (held === undefined) throw new Error('There is no record.');
  await store.write({ ...held.record, stamp: 'theirs', ...change }, { ifMatch: held.etag });
}

describe('who has the record in place of a run', () => {
  async function runOf(record: Partial<RotationRecord> = {}) {
    const store = memoryStore();
    await store.write(madeUpRecord(record), { ifMatch: null });
    const ledger = await Ledger.open(store, { owner: 'me', leaseMs: 1, takeOver: false });
    if (ledger === undefined) throw new Error('There is no record.');
    const service = new Service(rotationWorld().client, undefined);
    const timing = { testWithinMs: 1, lookAgainMs: 1 };
    const rest = {
      sinks: [],
      dropSinks: [],
      recovery: undefined,
      timing,
      quietForMs: undefined,
      resumed: false,
    };
    return { run: new Run({ ...rest, ledger, service }), store };
  }
  const failed = new RotationError('It failed.', { code: 'rotation_conflict' });
  const newSecret = Secret.from('made up and long enough');
  const undelivered = new UndeliveredSecretError('It came.', { newSecret });

  it('is nobody, where nobody wrote, or the error is not of ours', async () => {
    const { run, store } = await runOf();
    expect(await lostTo(run, failed)).toBeUndefined();
    await overwrite(store, {});
    expect(await lostTo(run, new Error('It failed.'))).toBeUndefined();
  });

  it('is told by a record that is busy', async () => {
    const { run } = await runOf();
    const busy = (more: object) => new RotationError('Busy.', { code: 'rotation_busy', ...more });
    expect(await lostTo(run, busy({ owner: 'they', until: NOW }))).toEqual({
      record: run.record,
      busy: { owner: 'they', until: NOW },
      note: 'they works on this record: nothing was done here.',
    });
    expect(await lostTo(run, busy({}))).toEqual({
      record: run.record,
      busy: { owner: null, until: null },
      note: 'Somebody else works on this record: nothing was done here.',
    });
    expect((await lostTo(run, busy({ owner: 'a\nb' })))?.busy.owner).not.toContain('\n');
  });

  it('is whoever wrote, whatever the error', async () => {
    const { run, store } = await runOf();
    await overwrite(store, { lease: { owner: 'they', until: until(5) } });
    const found = await lostTo(run, failed);
    expect(found).toMatchObject({
      record: { stamp: 'theirs' },
      busy: { owner: 'they', until: until(5) },
      note: 'they has taken this record over meanwhile, so this run did no more (rotation_conflict).',
    });
    expect((await lostTo(run, new BlazeMeterError('Other.', { code: 'config' })))?.note).toContain(
      '(config)',
    );
    await overwrite(store, { lease: null });
    expect(await lostTo(run, failed)).toMatchObject({
      busy: { owner: null, until: null },
      note: 'Another run has taken this record over meanwhile, so this run did no more (rotation_conflict).',
    });
    await overwrite(store, { lease: { owner: 'a\nb', until: until(5) } });
    expect((await lostTo(run, failed))?.busy.owner).not.toContain('\n');
  });

  it('does not matter where the error holds the only secret', async () => {
    for (const record of [{}, { pending: madeUpPending({ way: 'regenerate' }) }]) {
      const { run, store } = await runOf(record);
      await overwrite(store, {});
      expect(await lostTo(run, undelivered)).toBeUndefined();
    }
    const { run, store } = await runOf({ pending: madeUpPending() });
    await overwrite(store, {});
    expect(await lostTo(run, undelivered)).toMatchObject({ record: { stamp: 'theirs' } });
    expect(await lostTo(run, new SecretLostError('Lost.', { keyId: 'a' }))).toBeUndefined();
  });
});
