// The strategy of a new secret for the same key: issued once, tried again where that does no harm, given up, or lost.
import { AmbiguousOutcomeError, SecretLostError, UndeliveredSecretError } from 'blazemeter-client';
import { describe, expect, it } from 'vitest';
import { madeUpPending } from './support/records.ts';
import { type StageOptions, stage } from './support/stage.ts';
import { accepts, failure, recordOf, seen, stoppedBefore } from './support/world.ts';

const leak = { reason: 'leak' } as const;
const LOST = { operation: 'apiKeys.regenerateSecret', effect: 'empty', when: 'after-commit' } as const;
const REFUSED = { operation: 'apiKeys.regenerateSecret', effect: 'status', status: 403 } as const;

/** A rotation that a dead process has left with a secret to be issued. */
const regenerating = (signer: 'recovery' | 'self', options: StageOptions = {}) =>
  stage({
    ...options,
    record: () => ({
      phase: 'regenerating',
      pending: madeUpPending({ strategy: 'regenerate', signer, reason: 'leak' }),
    }),
  });

const signers = ({ reference }: Awaited<ReturnType<typeof stage>>) =>
  reference.journal.of('apiKeys.regenerateSecret').map(({ keyId }) => keyId);

describe('a new secret that another key signs for', () => {
  it('is asked for again where the response is lost, three times in all', async () => {
    const setting = await stage();
    const { rotate: run, keyOf, reference, record } = setting;
    reference.faults.add({ ...LOST, times: 2 });
    expect(await run({ ...leak, recovery: keyOf('spare') })).toMatchObject({ phase: 'idle', epoch: 4 });
    expect(signers(setting)).toHaveLength(3);
    expect(accepts(reference, (await record()).current)).toBe(true);
  });

  it('is left on record after the third, and resumed', async () => {
    const { rotate: run, resume, keyOf, reference, record } = await stage();
    const fault = reference.faults.add(LOST);
    const recovery = keyOf('spare');
    expect(await failure(run({ ...leak, recovery }))).toBeInstanceOf(AmbiguousOutcomeError);
    expect(fault.timesApplied).toBe(3);
    expect(await record()).toMatchObject({ phase: 'regenerating', epoch: 3, lease: null });
    fault.remove();
    expect(await resume({ recovery })).toMatchObject({ phase: 'idle', rotated: true, epoch: 4 });
    expect(accepts(reference, (await record()).current)).toBe(true);
  });

  it('is kept although the hook of the client failed', async () => {
    const setting = await stage({ client: { onNewSecret: () => Promise.reject(new Error('mask failed')) } });
    const { rotate: run, keyOf, reference, record } = setting;
    expect(await run({ ...leak, recovery: keyOf('spare') })).toMatchObject({ phase: 'idle', epoch: 4 });
    expect(signers(setting)).toHaveLength(1);
    expect(accepts(reference, (await record()).current)).toBe(true);
  });

  it('is in the error where it could not be stored, since the one on record is worthless by then', async () => {
    const { rotate: run, resume, keyOf, idOf, store, reference } = await stage();
    const recovery = keyOf('spare');
    const error = await failure(run({ ...leak, recovery, store: stoppedBefore(store, 'testing') }));
    if (!(error instanceof UndeliveredSecretError)) throw error;
    expect(error.keyId).toBe(idOf('ci'));
    expect(accepts(reference, { id: idOf('ci'), secret: error.newSecret })).toBe(true);
    expect(seen(error)).not.toContain(error.newSecret.reveal().slice(0, 8));
    expect(await resume({ recovery })).toMatchObject({ phase: 'idle', epoch: 4 });
    expect(accepts(reference, (await recordOf(store)).current)).toBe(true);
  });

  it('goes back to where it was where the service refuses', async () => {
    const { rotate: run, keyOf, reference, record } = await stage();
    reference.faults.add(REFUSED);
    expect(await failure(run({ ...leak, recovery: keyOf('spare') }))).toMatchObject({
      code: 'permission_denied',
    });
    expect(await record()).toMatchObject({ phase: 'idle', pending: null, epoch: 3, lease: null });
    expect(accepts(reference, keyOf('ci'))).toBe(true);
  });

  it('is not asked for with a recovery credential that cannot sign', async () => {
    const setting = await regenerating('recovery');
    const { resume, keyOf } = setting;
    for (const recovery of [undefined, keyOf('theirs')])
      expect(await failure(resume({ recovery }))).toMatchObject({ code: 'rotation_signer' });
    expect(signers(setting)).toEqual([]);
  });
});

describe('a new secret that a key issues to itself', () => {
  it('goes on in the next run, where its old secret is still accepted', async () => {
    const setting = await regenerating('self');
    expect(await setting.resume()).toMatchObject({ phase: 'idle', epoch: 4, keyId: setting.idOf('ci') });
    expect(signers(setting)).toEqual([setting.idOf('ci')]);
  });

  it('is signed by a recovery credential that is given by then', async () => {
    const setting = await regenerating('self');
    await setting.resume({ recovery: setting.keyOf('spare') });
    expect(signers(setting)).toEqual([setting.idOf('spare')]);
  });

  it('is not asked for again where the response is lost: every run says so until a recovery credential is given', async () => {
    const setting = await stage();
    const { rotate: run, resume, keyOf, idOf, reference, record } = setting;
    reference.faults.add({ ...LOST, times: 1 });
    for (const work of [() => run({ ...leak, allowSelf: true }), resume]) {
      const lost = await failure(work());
      expect(lost).toBeInstanceOf(SecretLostError);
      expect(lost).toMatchObject({ code: 'secret_lost', keyId: idOf('ci') });
      expect(await record()).toMatchObject({ phase: 'regenerating', lease: null });
    }
    expect(signers(setting)).toHaveLength(1);
    expect(await resume({ recovery: keyOf('spare') })).toMatchObject({ phase: 'idle', epoch: 4 });
    expect(accepts(reference, (await record()).current)).toBe(true);
  });

  it('is in the error where it could not be stored', async () => {
    const { rotate: run, store, idOf, reference } = await stage();
    const error = await failure(run({ ...leak, allowSelf: true, store: stoppedBefore(store, 'testing') }));
    if (!(error instanceof UndeliveredSecretError)) throw error;
    expect(accepts(reference, { id: idOf('ci'), secret: error.newSecret })).toBe(true);
  });

  it('is kept although the hook of the client failed', async () => {
    const setting = await stage({ client: { onNewSecret: () => Promise.reject(new Error('mask failed')) } });
    expect(await setting.rotate({ ...leak, allowSelf: true })).toMatchObject({ phase: 'idle', epoch: 4 });
    expect(signers(setting)).toHaveLength(1);
    expect(accepts(setting.reference, (await setting.record()).current)).toBe(true);
  });

  it('goes back to where it was where the service refuses', async () => {
    const { rotate: run, keyOf, reference, record } = await stage();
    reference.faults.add(REFUSED);
    expect(await failure(run({ ...leak, allowSelf: true }))).toMatchObject({ code: 'permission_denied' });
    expect(await record()).toMatchObject({ phase: 'idle', pending: null, epoch: 3 });
    expect(accepts(reference, keyOf('ci'))).toBe(true);
  });
});
