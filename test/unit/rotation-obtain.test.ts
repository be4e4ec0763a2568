// The key that must not be made twice: made, found again by its name, given up, or left alone, each as the service answers.
import { AmbiguousOutcomeError, UndeliveredSecretError } from 'blazemeter-client';
import { RotationError } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure } from '../support/rotation.ts';
import { at, creating, NOW, name, pending } from '../support/rotation-stage.ts';

// Nothing here waits for a real clock: what hangs is wrong.
vi.setConfig({ testTimeout: 5_000 });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a key that is made', () => {
  it('is on record with its secret', async () => {
    const stage = creating();
    await stage.obtain();
    const made = stage.key();
    expect(stage.saves()).toEqual([{ phase: 'testing', pending: { ...pending, key: made } }]);
    expect(made).toEqual({ id: made.id, secret: made.secret, name, createdAt: NOW, expiresAt: at(90) });
    expect(stage.run.steps).toEqual([`got the new key ${made.id}, until ${at(90).toISOString()}`]);
    expect(stage.run.notes).toEqual([]);
    expect([stage.count('apiKeys.list'), stage.count('apiKeys.create')]).toEqual([1, 1]);
    expect(await stage.service.userOf(made)).toBeTypeOf('number');
  });

  it('lives as long as the accounts allow by now', async () => {
    const stage = creating({}, { maximum: 30 });
    await stage.obtain();
    // The client leaves the clocks a minute.
    expect(stage.key().expiresAt).toEqual(at(30, -60_000));
    expect(stage.run.notes).toEqual([
      `Account ${stage.accountId} allows 30 days by now: the new key gets as many.`,
    ]);
    const known = creating({}, { maximum: 90 });
    known.run.maximum = { accountId: known.accountId, days: 90 };
    await known.obtain();
    expect(known.run.notes).toEqual([]);
    expect(known.count('accounts.list')).toBe(0);
    const none = creating({}, { maximum: -1 });
    await none.obtain();
    expect(none.run.notes).toEqual([]);
  });

  it('may get a shorter life than asked for, which is said', async () => {
    const stage = creating({}, { maximum: 30, semantics: { overMaximum: 'clamp' } });
    stage.run.maximum = { accountId: 1, days: 365 };
    await stage.obtain();
    expect(stage.run.notes).toEqual([
      `The service gave the new key a shorter life than the 90 days asked for: until ${at(30).toISOString()}.`,
    ]);
  });

  it('is handed over where it could not be stored', async () => {
    for (const [cause, why] of [
      [new RotationError('Full.', { code: 'rotation_store' }), ' (rotation_store)'],
      [new Error('full'), ''],
    ] as const) {
      const stage = creating();
      vi.spyOn(stage.run.ledger, 'save').mockImplementation((change) =>
        change.phase === undefined ? Promise.resolve() : Promise.reject(cause),
      );
      const error = await failure(stage.obtain());
      if (!(error instanceof UndeliveredSecretError)) throw error;
      expect(error.message).toBe(
        `The new secret of the key ${error.keyId} came, but was not stored${why}. Mend the store, then run resume: it finds the key by its name.`,
      );
      expect(error.cause).toBe(cause);
      expect(await stage.service.userOf({ id: error.keyId ?? '', secret: error.newSecret })).toBeTypeOf(
        'number',
      );
      expect(stage.run.steps).toEqual([]);
    }
  });
});

describe('a key that was made before', () => {
  const there = { [name]: { name, created: { seconds: 0 } } };

  it('is found by its name and given a new secret', async () => {
    const stage = creating({}, { keys: there });
    await stage.obtain();
    const { id } = stage.keys[name] ?? { id: '' };
    expect(stage.key().id).toBe(id);
    expect([stage.count('apiKeys.create'), stage.count('apiKeys.regenerateSecret')]).toEqual([0, 1]);
    expect(stage.run.notes).toEqual([
      `A key that had been made before, ${id}, was found by its name and given a new secret.`,
    ]);
  });

  it('may be there twice: one is used, and the other is left to the clean-up', async () => {
    const stage = creating({}, { keys: { ...there, twice: { name, created: { seconds: 0 } } } });
    await stage.obtain();
    const ids = [stage.keys[name]?.id, stage.keys.twice?.id];
    const used = stage.key().id;
    const other = ids.find((id) => id !== used);
    expect(ids).toContain(used);
    expect(stage.run.notes[0]).toBe(`The key ${other} was made twice; it will be deleted.`);
  });

  it.each([
    ['it was made before this rotation was begun', { created: { seconds: -121 } }],
    ['somebody has used it', { created: { seconds: -60 }, lastUsed: { seconds: -59 } }],
  ])('is left alone where %s', async (why, more) => {
    const stage = creating({}, { keys: { [name]: { name, ...more } } });
    const { id } = stage.keys[name] ?? { id: '' };
    expect(await failure(stage.obtain())).toMatchObject({
      code: 'rotation_unknown',
      message: `The key ${id} has the name of the key to be made, but ${why}. Nothing was changed. If nobody needs it, delete it; else put the record back that knows it. Then run resume.`,
    });
    expect(stage.count('apiKeys.regenerateSecret')).toBe(0);
  });

  it('is ours where its times allow that', async () => {
    for (const more of [
      { created: { seconds: -120 } },
      { created: { seconds: -60 }, lastUsed: { seconds: -60 } },
    ]) {
      const stage = creating({}, { keys: { [name]: { name, ...more } } });
      await stage.obtain();
      expect(stage.count('apiKeys.regenerateSecret')).toBe(1);
    }
  });

  it('is looked for twice where it may have been made, for a list may lag behind', async () => {
    const resumed = creating({}, { run: { resumed: true, timing: { testWithinMs: 0, lookAgainMs: 50 } } });
    const work = resumed.obtain();
    await vi.advanceTimersByTimeAsync(49);
    expect([resumed.count('apiKeys.list'), resumed.count('apiKeys.create')]).toEqual([1, 0]);
    await vi.advanceTimersByTimeAsync(1);
    await work;
    expect([resumed.count('apiKeys.list'), resumed.count('apiKeys.create')]).toEqual([2, 1]);
    const found = creating({}, { keys: there, run: { resumed: true } });
    await found.obtain();
    expect(found.count('apiKeys.list')).toBe(1);
  });

  it('is seen by the second look', async () => {
    const stage = creating({}, { keys: there, run: { resumed: true } });
    const { keys } = stage.service;
    vi.spyOn(stage.service, 'keys')
      .mockImplementationOnce(async () => [])
      .mockImplementation((signer) => keys.call(stage.service, signer));
    const work = stage.obtain();
    await vi.runAllTimersAsync();
    await work;
    expect(stage.count('apiKeys.create')).toBe(0);
  });
});

describe('a create whose answer is lost', () => {
  it('is begun anew by looking for the key', async () => {
    const stage = creating();
    stage.reference.faults.add({
      operation: 'apiKeys.create',
      effect: 'reset',
      when: 'after-commit',
      times: 1,
    });
    const work = stage.obtain();
    await vi.runAllTimersAsync();
    await work;
    expect([stage.count('apiKeys.create'), stage.count('apiKeys.regenerateSecret')]).toEqual([1, 1]);
  });

  it('is given up after the third, and left on record', async () => {
    const stage = creating();
    stage.reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'before-commit' });
    const work = failure(stage.obtain());
    await vi.runAllTimersAsync();
    expect(await work).toBeInstanceOf(AmbiguousOutcomeError);
    // The second and the third time a list that lags behind is read again.
    expect([stage.count('apiKeys.create'), stage.count('apiKeys.list')]).toEqual([3, 5]);
    expect(stage.saves()).toEqual([]);
  });

  it('is not begun anew after the caller’s abort', async () => {
    const controller = new AbortController();
    const reason = new Error('enough');
    const stage = creating({}, { signal: controller.signal });
    const { as } = stage.service;
    vi.spyOn(stage.service, 'as').mockImplementation((pair) => {
      const client = as.call(stage.service, pair);
      vi.spyOn(client.apiKeys, 'create').mockImplementation(() => {
        controller.abort(reason);
        throw new AmbiguousOutcomeError('Lost.', { resolve: () => Promise.reject(new Error('not asked')) });
      });
      return client;
    });
    expect(await failure(stage.obtain())).toBe(reason);
  });
});
