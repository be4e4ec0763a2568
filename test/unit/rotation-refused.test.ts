// A create that the service refuses, or that fails after the secret came: what is given up, and what is kept or left.
import { BlazeMeterError, PermissionDeniedError, UndeliveredSecretError } from 'blazemeter-client';
import { Secret } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { failure } from '../support/rotation.ts';
import { at, creating, NOW, name } from '../support/rotation-stage.ts';

// Nothing here waits for a real clock: what hangs is wrong.
vi.setConfig({ testTimeout: 5_000 });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a create that is refused', () => {
  it.each([400, 401, 402, 403, 404, 409])('with %i leaves nothing to resume', async (status) => {
    const stage = creating();
    stage.reference.faults.add({ operation: 'apiKeys.create', effect: 'status', status });
    const work = failure(stage.obtain());
    await vi.runAllTimersAsync();
    expect(await work).toBeInstanceOf(BlazeMeterError);
    expect(stage.run.steps).toEqual(['The service refused to make a key; nothing is left to resume.']);
    expect(stage.saves()).toEqual([{ phase: 'idle', pending: null }]);
    // A name that is taken may be by the very key that is to be made.
    expect(stage.count('apiKeys.create')).toBe(status === 409 ? 3 : 1);
  });

  it('goes back to where it was, with what is still to be done there', async () => {
    const promotion = {
      reason: 'schedule',
      promotedAt: NOW,
      drainMs: 0,
      drainUntil: null,
      leakedSince: null,
    } as const;
    const retire = [{ id: 'old', name: null, secret: null }];
    for (const [change, phase] of [
      [{ retire }, 'retiring'],
      [{ promotion }, 'delivering'],
      [{ promotion: { ...promotion, drainUntil: NOW }, retire }, 'draining'],
    ] as const) {
      const stage = creating(change);
      stage.reference.faults.add({ operation: 'apiKeys.create', effect: 'status', status: 403 });
      expect(await failure(stage.obtain())).toBeInstanceOf(PermissionDeniedError);
      expect(stage.saves()).toEqual([{ phase, pending: null }]);
    }
  });

  it('is left on record where the key is there all the same', async () => {
    const stage = creating();
    const { keys } = stage.service;
    const [mine] = await keys.call(stage.service, {
      id: stage.keys.ci.id,
      secret: stage.run.record.current.secret,
    });
    if (mine === undefined) throw new Error('There is no key.');
    let looks = 0;
    vi.spyOn(stage.service, 'keys').mockImplementation(async () => {
      looks += 1;
      // Seen by the look after the refusal alone.
      return looks === 1 || looks % 3 !== 2 ? [] : [{ ...mine, name }];
    });
    stage.reference.faults.add({ operation: 'apiKeys.create', effect: 'status', status: 403 });
    const work = failure(stage.obtain());
    await vi.runAllTimersAsync();
    expect(await work).toBeInstanceOf(PermissionDeniedError);
    expect(stage.count('apiKeys.create')).toBe(3);
    expect(stage.saves()).toEqual([]);
  });

  it('because the name is taken finds the key that has it', async () => {
    const stage = creating({}, { semantics: { names: 'unique' } });
    stage.reference.faults.add({ operation: 'apiKeys.list', effect: 'stale-list', times: 1 });
    await stage.client
      .withOptions({ credentials: stage.keys.spare })
      .apiKeys.create({ name, expiresIn: { days: 9 } });
    const work = stage.obtain();
    await vi.runAllTimersAsync();
    await work;
    expect(stage.count('apiKeys.regenerateSecret')).toBe(1);
    expect(stage.saves()[0]?.phase).toBe('testing');
  });

  it('without certainty is passed on, and left on record', async () => {
    const stage = creating();
    const fault = new TypeError('a fault');
    const { as } = stage.service;
    vi.spyOn(stage.service, 'as').mockImplementation((pair) => {
      const client = as.call(stage.service, pair);
      vi.spyOn(client.apiKeys, 'create').mockImplementation(() => {
        throw fault;
      });
      return client;
    });
    expect(await failure(stage.obtain())).toBe(fault);
    expect(stage.saves()).toEqual([]);
    expect(stage.count('apiKeys.list')).toBe(1);
  });
});

describe('a secret that came with an error', () => {
  const hook = { onNewSecret: () => Promise.reject(new Error('mask failed')) };

  it('is kept, where its key is there', async () => {
    const stage = creating({}, { client: hook });
    await stage.obtain();
    const made = stage.key();
    expect(stage.run.notes).toEqual([
      `The key ${made.id} was made, although the call that made it failed afterwards (undelivered_secret).`,
    ]);
    expect(made).toMatchObject({ name, createdAt: NOW, expiresAt: at(90) });
    expect(await stage.service.userOf(made)).toBeTypeOf('number');
    expect(stage.count('apiKeys.create')).toBe(1);
  });

  it.each([
    ['is no more than an answer', { holds: 'answer' as const, keyId: '7e57ed000000000000000009' }],
    ['has no key', {}],
    ['has a key that is not there', { keyId: '7e57ed000000000000000009' }],
  ])('is passed on after three tries where it %s', async (_, init) => {
    const stage = creating();
    const error = new UndeliveredSecretError('It came.', { newSecret: Secret.from('made up'), ...init });
    const { as } = stage.service;
    let tries = 0;
    const client = as.call(stage.service, stage.run.record.current);
    vi.spyOn(client.apiKeys, 'create').mockImplementation(() => {
      tries += 1;
      throw error;
    });
    vi.spyOn(stage.service, 'as').mockReturnValue(client);
    const work = failure(stage.obtain());
    await vi.runAllTimersAsync();
    expect(await work).toBe(error);
    expect(tries).toBe(3);
    expect(stage.run.notes).toEqual([]);
  });
});
