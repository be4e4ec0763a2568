// New secrets for keys that there are: signed by another key or by the key itself, tried again, given up, or lost.
import {
  AmbiguousOutcomeError,
  BlazeMeterError,
  SecretLostError,
  UndeliveredSecretError,
} from 'blazemeter-client';
import { RotationError, type RotationRecord, Secret } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { obtain, proveRecovery, regenerate, test as tested } from '../../src/rotation/engine/obtain.ts';
import { madeUpPending } from '../stores/records.ts';
import { failure } from '../support/rotation.ts';
import { heldOf, NOW, type StageOptions, stageOf } from '../support/rotation-stage.ts';

// Nothing here waits for a real clock: what hangs is wrong.
vi.setConfig({ testTimeout: 5_000 });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const recovery: StageOptions['recovery'] = ({ spare }) => spare;

/** A run that is to give the current key a new secret. */
function regenerating(
  signer: 'recovery' | 'self',
  options: StageOptions = {},
  change: Partial<RotationRecord> = {},
) {
  const pending = madeUpPending({ way: 'regenerate', signer, reason: 'leak', preparedAt: NOW });
  const stage = stageOf({
    ...options,
    client: { maxRetries: 0, ...options.client },
    record: () => ({ phase: 'regenerating', pending, ...change }),
  });
  const signers = () => stage.reference.journal.of('apiKeys.regenerateSecret').map(({ keyId }) => keyId);
  /** Has each regeneration end in these errors, one after the other, and then in the answer of the service. */
  const ending = (...errors: Error[]) => {
    const { as } = stage.service;
    const clients = new Map<object, ReturnType<typeof as>>();
    vi.spyOn(stage.service, 'as').mockImplementation((pair) => {
      const known = clients.get(pair.secret);
      if (known !== undefined) return known;
      const client = as.call(stage.service, pair);
      const real = client.apiKeys.regenerateSecret.bind(client.apiKeys);
      vi.spyOn(client.apiKeys, 'regenerateSecret').mockImplementation((...given) => {
        const error = errors.shift();
        if (error !== undefined) throw error;
        return real(...given);
      });
      clients.set(pair.secret, client);
      return client;
    });
  };
  return { ...stage, pending, signers, ending, obtain: () => obtain(stage.run, pending) };
}

const ambiguous = () =>
  new AmbiguousOutcomeError('Lost.', { resolve: () => Promise.reject(new Error('not asked')) });

describe('a leaked key', () => {
  it('gets a new secret, signed by the recovery credential', async () => {
    const stage = regenerating('recovery', { recovery });
    await stage.obtain();
    const key = stage.run.record.pending?.key;
    expect(stage.signers()).toEqual([stage.keys.spare.id]);
    expect(key?.id).toBe(stage.keys.ci.id);
    expect(stage.saves()).toEqual([{ phase: 'testing', pending: { ...stage.pending, key } }]);
    expect(stage.run.steps).toEqual([`gave the key ${stage.keys.ci.id} a new secret`]);
    expect(key?.secret.equals(stage.keys.ci.secret)).toBe(false);
  });

  it('gets it from itself, where nothing else was given', async () => {
    const stage = regenerating('self');
    await stage.obtain();
    expect(stage.signers()).toEqual([stage.keys.ci.id]);
    expect(stage.run.record).toMatchObject({
      phase: 'testing',
      pending: { key: { id: stage.keys.ci.id, name: 'ci' } },
    });
  });

  it('gets it from a recovery credential that is given by now', async () => {
    const stage = regenerating('self', { recovery });
    await stage.obtain();
    expect(stage.signers()).toEqual([stage.keys.spare.id]);
  });

  it('is not touched without the recovery credential that was there before', async () => {
    const stage = regenerating('recovery');
    expect(await failure(stage.obtain())).toMatchObject({
      code: 'rotation_signer',
      message:
        'This rotation was begun with a recovery credential, and cannot go on without one: give it again (recovery). The secret in the record may be worthless by now.',
    });
    expect(stage.signers()).toEqual([]);
  });

  it.each(['recovery', 'self'] as const)(
    'keeps its secret where the service refuses (%s): nothing is left to resume',
    async (signer) => {
      const stage = regenerating(signer, signer === 'recovery' ? { recovery } : {});
      stage.reference.faults.add({ operation: 'apiKeys.regenerateSecret', effect: 'status', status: 403 });
      expect(await failure(stage.obtain())).toBeInstanceOf(BlazeMeterError);
      expect(stage.saves()).toEqual([{ phase: 'idle', pending: null }]);
      expect(stage.run.steps).toEqual(['The service refused to regenerate the key.']);
    },
  );

  it.each(['recovery', 'self'] as const)(
    'is left on record where it is not certain that nothing was done (%s)',
    async (signer) => {
      const stage = regenerating(signer, signer === 'recovery' ? { recovery } : {});
      const error = ambiguous();
      stage.ending(error, error, error);
      expect(await failure(stage.obtain())).toBe(error);
      expect([stage.saves(), stage.run.steps]).toEqual([[], []]);
    },
  );

  it('is not proven by a recovery credential that is refused', async () => {
    const stage = regenerating('recovery', { recovery: ({ theirs }) => theirs });
    expect(await failure(stage.obtain())).toMatchObject({ code: 'rotation_signer' });
    expect(stage.signers()).toEqual([]);
  });

  it('that regenerated itself keeps the secret that came with an error', async () => {
    const stage = regenerating('self');
    const newSecret = Secret.from('made up and long enough');
    stage.ending(new UndeliveredSecretError('It came.', { newSecret }));
    await stage.obtain();
    const { current, pending } = stage.run.record;
    expect(pending?.key).toEqual({ ...current, secret: newSecret });
    const answer = regenerating('self');
    const error = new UndeliveredSecretError('It came.', { newSecret, holds: 'answer' });
    answer.ending(error);
    expect(await failure(answer.obtain())).toBe(error);
  });

  it('that regenerated itself before this run began may have lost its secret', async () => {
    const stage = regenerating('self', { run: { resumed: true } });
    await stage.client
      .withOptions({ credentials: stage.keys.spare })
      .apiKeys.regenerateSecret(stage.keys.ci.id);
    const error = await failure(stage.obtain());
    expect(error).toBeInstanceOf(SecretLostError);
    expect(error).toMatchObject({
      keyId: stage.keys.ci.id,
      message: `The key ${stage.keys.ci.id} regenerated its own secret, the process died before the new one was stored, and the old one is refused now. Run resume with a recovery credential of the same user, or regenerate the key in the web interface (Settings > Personal > API keys) and adopt it anew.`,
    });
    const works = regenerating('self', { run: { resumed: true } });
    await works.obtain();
    expect(works.signers()).toEqual([works.keys.ci.id]);
  });

  it('whose secret was replaced is refused in a run that has just begun: that is no loss', async () => {
    const stage = regenerating('self');
    await stage.client
      .withOptions({ credentials: stage.keys.spare })
      .apiKeys.regenerateSecret(stage.keys.ci.id);
    expect(await failure(stage.obtain())).not.toBeInstanceOf(SecretLostError);
    expect(stage.saves()).toEqual([{ phase: 'idle', pending: null }]);
  });

  it('has its new secret handed over where that could not be stored', async () => {
    const stage = regenerating('recovery', { recovery });
    const cause = new RotationError('Full.', { code: 'rotation_store' });
    vi.spyOn(stage.run.ledger, 'save').mockImplementation((change) =>
      change.phase === undefined ? Promise.resolve() : Promise.reject(cause),
    );
    const error = await failure(stage.obtain());
    if (!(error instanceof UndeliveredSecretError)) throw error;
    expect(error.message).toBe(
      `The new secret of the key ${stage.keys.ci.id} came, but was not stored (rotation_store). The secret that the record still holds is worthless: keep this one, mend the store, then run resume with the recovery credential.`,
    );
    expect(error.keyId).toBe(stage.keys.ci.id);
  });
});

describe('a regeneration that another key signs', () => {
  const signed = (stage: ReturnType<typeof regenerating>) =>
    regenerate(stage.run, { id: stage.keys.ci.id }, heldOf(stage.keys.spare));

  it('is done again where its answer is lost, three times in all', async () => {
    const stage = regenerating('recovery', { recovery });
    stage.ending(ambiguous(), ambiguous());
    expect((await signed(stage)).id).toBe(stage.keys.ci.id);
    const given = regenerating('recovery', { recovery });
    const last = ambiguous();
    given.ending(ambiguous(), ambiguous(), last, ambiguous());
    expect(await failure(signed(given))).toBe(last);
  });

  it('is not done again where it is refused, or the caller has ended the run', async () => {
    const stage = regenerating('recovery', { recovery });
    const fault = new TypeError('a fault');
    stage.ending(fault);
    expect(await failure(signed(stage))).toBe(fault);
    const reason = new Error('enough');
    const ended = regenerating('recovery', { recovery, signal: AbortSignal.abort(reason) });
    ended.ending(ambiguous());
    expect(await failure(signed(ended))).toBe(reason);
  });

  it('keeps the secret that came with an error, or is done again without it', async () => {
    const stage = regenerating('recovery', { recovery });
    const newSecret = Secret.from('made up and long enough');
    const { id } = stage.keys.ci;
    stage.ending(new UndeliveredSecretError('It came.', { newSecret, keyId: id }));
    expect(await signed(stage)).toMatchObject({ id, secret: newSecret, name: 'ci' });
    expect(stage.run.notes).toEqual([
      `The key ${id} was made, although the call that made it failed afterwards (undelivered_secret).`,
    ]);
    const unknown = regenerating('recovery', { recovery });
    unknown.ending(new UndeliveredSecretError('It came.', { newSecret }));
    const made = await signed(unknown);
    expect(made.secret.equals(newSecret)).toBe(false);
  });
});

describe('a recovery credential', () => {
  const proven = async (of: StageOptions['recovery'], secret?: string) => {
    const stage = stageOf({ recovery: of ?? recovery });
    const { recovery: pair } = stage.run;
    if (pair === undefined) throw new Error('There is none.');
    const work = proveRecovery(
      stage.run,
      secret === undefined ? pair : { ...pair, secret: Secret.from(secret) },
    );
    return { ...stage, work };
  };
  const refusal = (id: string, why: string) => ({
    code: 'rotation_signer',
    message: `The recovery credential cannot sign for the key ${id}: ${why}.`,
  });

  it('is another key that is accepted, of the same user', async () => {
    await expect((await proven(recovery)).work).resolves.toBeUndefined();
    const self = await proven(({ ci }) => ci);
    expect(await failure(self.work)).toMatchObject(
      refusal(
        self.keys.ci.id,
        'it is that key itself. Give another key of the same user, or say allowSelf: true',
      ),
    );
    const refused = await proven(recovery, 'made up and not known');
    expect(await failure(refused.work)).toMatchObject(refusal(refused.keys.ci.id, 'it is refused'));
    const theirs = await proven(({ theirs: key }) => key);
    expect(await failure(theirs.work)).toMatchObject(
      refusal(theirs.keys.ci.id, 'its user has no such key. Give one of the same user'),
    );
  });
});

describe('a pair that is tested', () => {
  const dead = { ...madeUpPending({ way: 'regenerate', preparedAt: new Date(0) }) };
  const wrong = (stage: ReturnType<typeof stageOf>, id = stage.keys.ci.id) => ({
    ...heldOf(stage.keys.ci),
    id,
    secret: Secret.from('made up and not known'),
  });

  it('works', async () => {
    const stage = stageOf();
    expect(await tested(stage.run, dead, heldOf(stage.keys.ci))).toBe('works');
    expect(stage.run.steps).toEqual([`saw the new pair of the key ${stage.keys.ci.id} work`]);
  });

  it('of a regenerated key is never given up: nothing else is valid', async () => {
    for (const options of [{}, { recovery }]) {
      const stage = stageOf(options);
      expect(await failure(tested(stage.run, dead, wrong(stage)))).toMatchObject({
        code: 'rotation_untested',
        message: `The new pair of the key ${stage.keys.ci.id} was not accepted within 0 seconds. It is in the record, and nothing else is valid. Run resume to test it again.`,
      });
    }
    const gone = stageOf({ recovery });
    expect(await tested(gone.run, dead, wrong(gone, '7e57ed000000000000000009'))).toBe('gone');
  });

  it('is not asked about with itself', async () => {
    const stage = stageOf({ recovery });
    const { spare } = stage.keys;
    const asked = vi.spyOn(stage.service, 'key');
    expect(await failure(tested(stage.run, dead, wrong(stage, spare.id)))).toMatchObject({
      code: 'rotation_untested',
    });
    expect(asked).not.toHaveBeenCalled();
  });
});
