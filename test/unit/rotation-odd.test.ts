// Records and answers that are odd: a key without an end, two keys of one name, a secret that comes with an error, a pair
// where none is expected.
import { PermissionDeniedError, UndeliveredSecretError } from 'blazemeter-client';
import { Secret } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { advance } from '../../src/rotation/engine/machine.ts';
import { regenerate, test as tested } from '../../src/rotation/engine/obtain.ts';
import { Service } from '../../src/rotation/engine/service.ts';
import { madeUpPending } from '../stores/records.ts';
import { failure, recordOf } from '../support/rotation.ts';
import { at, creating, heldOf, NOW, name, pending, stageOf, stored } from '../support/rotation-stage.ts';

// Nothing here waits for a real clock: what hangs is wrong.
vi.setConfig({ testTimeout: 5_000 });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a key that is made', () => {
  it('may have no end', async () => {
    const stage: ReturnType<typeof creating> = creating(
      {},
      {
        client: {
          fetch: async (url, init) => {
            const answer = await stage.reference.fetch(url, init);
            const { status, headers } = answer;
            const text = (await answer.text()).replace(/"expiration": \d+/g, '"expiration": null');
            return new Response(text, { status, headers });
          },
        },
      },
    );
    await stage.obtain();
    const { id, expiresAt } = stage.key();
    expect(expiresAt).toBeNull();
    expect(stage.run.steps).toEqual([`got the new key ${id}, until for ever`]);
  });
});

describe('two keys of the name that is to be made', () => {
  it('are left alone where one of them was used, whichever comes first', async () => {
    const fresh = { name, created: { seconds: 0 } };
    const used = { name, created: { seconds: -60 }, lastUsed: { seconds: -59 } };
    for (const keys of [
      { one: fresh, two: used },
      { one: used, two: fresh },
    ]) {
      const stage = creating({}, { keys });
      const error = await failure(stage.obtain());
      expect(error).toMatchObject({ code: 'rotation_unknown' });
      expect(error.message).toContain('somebody has used it');
      expect(stage.count('apiKeys.regenerateSecret')).toBe(0);
    }
  });
});

describe('a create that is refused', () => {
  it('is begun anew where its key is among those of the user by then', async () => {
    const stage = creating();
    const all = await stage.service.keys(heldOf(stage.keys.ci));
    const [mine] = all;
    if (mine === undefined) throw new Error('There is no key.');
    vi.spyOn(stage.service, 'keys')
      .mockResolvedValueOnce(all)
      .mockResolvedValueOnce([...all, { ...mine, name }])
      .mockResolvedValue(all);
    stage.reference.faults.add({ operation: 'apiKeys.create', effect: 'status', status: 403, times: 1 });
    const work = stage.obtain();
    await vi.runAllTimersAsync();
    await work;
    expect(stage.count('apiKeys.create')).toBe(2);
    const refused = creating();
    refused.reference.faults.add({ operation: 'apiKeys.create', effect: 'status', status: 403 });
    expect(await failure(refused.obtain())).toBeInstanceOf(PermissionDeniedError);
  });
});

describe('a secret that comes with an error', () => {
  const newSecret = Secret.from('made up and long enough');

  it('is no secret where it is all of an answer, though its key is there', async () => {
    const stage = creating();
    const { id } = stage.keys.ci;
    const error = new UndeliveredSecretError('It came.', { newSecret, holds: 'answer', keyId: id });
    const client = stage.service.as(stage.run.record.current);
    const create = vi.spyOn(client.apiKeys, 'create').mockImplementation(() => {
      throw error;
    });
    const work = failure(stage.obtain());
    await vi.runAllTimersAsync();
    expect(await work).toBe(error);
    expect(create).toHaveBeenCalledTimes(3);
  });

  it('is the one that is kept, and no other is asked for', async () => {
    const stage = stageOf();
    const { id } = stage.keys.ci;
    const spare = heldOf(stage.keys.spare);
    const client = stage.service.as(spare);
    const again = vi.spyOn(client.apiKeys, 'regenerateSecret').mockImplementationOnce(() => {
      throw new UndeliveredSecretError('It came.', { newSecret, keyId: id });
    });
    const { secret } = await regenerate(stage.run, { id }, spare);
    expect(secret.equals(newSecret)).toBe(true);
    expect(again).toHaveBeenCalledTimes(1);
  });
});

describe('a pending pair', () => {
  it('is dead where its key is there, and it is refused long after it was made', async () => {
    const { run, keys } = stageOf();
    const wrong = { ...heldOf(keys.spare), secret: Secret.from('made up and not known') };
    expect(await tested(run, { ...pending, preparedAt: at(-1) }, wrong)).toBe('dead');
  });

  it('of a leaked key is had by a new secret, and goes its way from there', async () => {
    const { run, keys } = stageOf({
      recovery: ({ spare }) => spare,
      record: () => ({
        phase: 'regenerating',
        pending: madeUpPending({ way: 'regenerate', signer: 'recovery', reason: 'leak', preparedAt: NOW }),
      }),
    });
    expect(await advance(run)).toBe('idle');
    expect(run.steps).toEqual([
      `gave the key ${keys.ci.id} a new secret`,
      `saw the new pair of the key ${keys.ci.id} work`,
      `promoted the key ${keys.ci.id} to epoch 4`,
    ]);
  });

  it('becomes the answer to a leak: no other key is made', async () => {
    vi.spyOn(Service.prototype, 'pause').mockResolvedValue();
    const { rotate, store, write } = await stored(() => ({ phase: 'creating', pending }));
    await rotate({ reason: 'leak' });
    const { current } = await recordOf(store);
    expect(current.name).toBe(name);
    expect(write.mock.calls[1]?.[0].pending).toMatchObject({ reason: 'leak', nonce: pending.nonce });
  });

  it('is promoted in the phase that is for that, and in no other', async () => {
    for (const phase of ['idle', 'retiring'] as const) {
      const { run, keys } = stageOf({
        record: ({ spare }) => ({ phase, pending: madeUpPending({ preparedAt: NOW, key: heldOf(spare) }) }),
      });
      expect(await advance(run)).toBe('idle');
      expect(run.record.current.id).toBe(keys.ci.id);
      expect(run.steps).toEqual([]);
    }
  });
});
