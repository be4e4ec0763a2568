// What a rotation asks of BlazeMeter: who is accepted, by which clock, how long it waits for a pair, and what it makes of the answers.
import { BlazeMeterClient, PermissionDeniedError } from 'blazemeter-client';
import { Secret } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { type Pair, Service } from '../../src/rotation/engine/service.ts';
import { isObject } from '../support/reference.ts';
import { failure, rotationWorld } from '../support/rotation.ts';

// Nothing here waits for a real clock: what hangs is wrong.
vi.setConfig({ testTimeout: 5_000 });

const NOW = new Date('2030-06-01T12:00:00Z');
const REFUSED = { error: { code: 401, message: 'Unauthorized' }, api_version: 4, result: null };

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
  vi.advanceTimersByTime(60_000);
  vi.setSystemTime(NOW);
});
afterEach(() => void vi.useRealTimers());

interface Options {
  readonly signal?: AbortSignal;
  /** The `Date` header of the answers; none where it is empty. */
  readonly date?: () => string | undefined;
  /** The status of an answer in place of its own. */
  readonly refuse?: () => boolean;
  readonly accounts?: readonly unknown[];
}

/** A service on a reference, with answers that are changed. */
function serviceOf({ signal, date, refuse, accounts }: Options = {}) {
  const world = rotationWorld();
  const { reference, keys } = world;
  const times: number[] = [];
  const begun = performance.now();
  const client = new BlazeMeterClient({
    credentials: 'nobody:nothing',
    logLevel: 'off',
    fetch: async (url, init) => {
      times.push(performance.now() - begun);
      const answer = await reference.fetch(url, init);
      const headers = new Headers(answer.headers);
      const told = date?.();
      if (told === '') headers.delete('date');
      else if (told !== undefined) headers.set('date', told);
      const { status } = answer;
      const text = await answer.text();
      if (refuse?.() === true) return new Response(JSON.stringify(REFUSED), { status: 401, headers });
      const json: unknown = text === '' ? undefined : JSON.parse(text);
      if (accounts !== undefined && isObject(json) && Array.isArray(json.result)) {
        const row: unknown = json.result[0];
        if (!isObject(row)) throw new Error('There is no account.');
        const result = accounts.map((days, at) => ({ ...row, id: at + 1, apiKeyExpiration: days }));
        const body = JSON.stringify({ ...json, total: result.length, result });
        return new Response(body, { status, headers });
      }
      return new Response(text === '' ? null : text, { status, headers });
    },
  });
  const pair = ({ id, secret }: { id: string; secret: string }): Pair => ({
    id,
    secret: Secret.from(secret),
  });
  return {
    ...world,
    service: new Service(client, signal),
    client,
    times,
    ci: pair(keys.ci),
    spare: pair(keys.spare),
    wrong: { id: keys.ci.id, secret: Secret.from('made up and not known') },
  };
}

describe('a service', () => {
  it('has one client for each secret, bound to the origin of its pair', () => {
    const { service, client, ci, spare } = serviceOf();
    const made = vi.spyOn(client, 'withOptions');
    const one = service.as(ci);
    expect(service.as({ ...ci })).toBe(one);
    expect(service.as({ ...spare, origin: 'https://a.blazemeter.com' })).not.toBe(one);
    expect(made.mock.calls).toEqual([
      [{ credentials: { id: ci.id, secret: ci.secret, origin: undefined } }],
      [{ credentials: { ...spare, origin: 'https://a.blazemeter.com' } }],
    ]);
  });

  it('gives the caller’s signal to every call', async () => {
    const reason = new Error('enough');
    const signal = AbortSignal.abort(reason);
    const { service, ci, times } = serviceOf({ signal });
    expect(service.signal).toBe(signal);
    expect(service.options).toEqual({ signal });
    expect(await failure(service.userOf(ci))).toBe(reason);
    expect(await failure(service.keys(ci))).toBe(reason);
    expect(times).toEqual([]);
  });

  it('knows the user of a pair that is accepted, and none of one that is refused', async () => {
    const { service, ci, spare, wrong } = serviceOf();
    const user = await service.userOf(ci);
    expect(user).toBeTypeOf('number');
    expect(await service.userOf(spare)).toBe(user);
    expect(await service.userOf(wrong)).toBeUndefined();
  });

  it('passes on whatever else is in the way', async () => {
    const { service, reference, ci } = serviceOf();
    reference.faults.add({ operation: 'user.get', effect: 'status', status: 403 });
    expect(await failure(service.userOf(ci))).toBeInstanceOf(PermissionDeniedError);
  });
});

describe('the clock of the service', () => {
  it('is this machine’s, until an answer tells the time', async () => {
    let date = '';
    const { service, ci } = serviceOf({ date: () => date });
    expect(service.now()).toEqual(NOW);
    await service.userOf(ci);
    expect(service.now()).toEqual(NOW);
    date = 'no date';
    await service.userOf(ci);
    expect(service.now()).toEqual(NOW);
    date = 'Sat, 01 Jun 2030 12:00:10 GMT';
    await service.userOf(ci);
    expect(service.now()).toEqual(new Date(NOW.getTime() + 10_000));
    vi.advanceTimersByTime(7);
    expect(service.now()).toEqual(new Date(NOW.getTime() + 10_007));
    date = 'no date';
    await service.userOf(ci);
    expect(service.now()).toEqual(new Date(NOW.getTime() + 10_007));
  });

  it.each([
    ['2030-06-01T12:00:00.500Z', 10, 10_000],
    ['2030-06-01T12:00:00.000Z', 11, 11_000],
    ['2030-06-01T11:59:59.999Z', 8, 10_000],
    ['2030-06-01T12:00:00.000Z', 8, 8_000],
    ['2030-06-01T12:00:00.001Z', 8, 7_999],
    ['2030-06-01T12:00:00.000Z', 13, 13_000],
  ])('at %s, told :%i, goes on by %i ms where 10 s were known', async (local, second, offset) => {
    let date = 'Sat, 01 Jun 2030 12:00:10 GMT';
    const { service, ci } = serviceOf({ date: () => date });
    await service.userOf(ci);
    vi.setSystemTime(new Date(local));
    date = `Sat, 01 Jun 2030 12:00:${String(second).padStart(2, '0')} GMT`;
    await service.userOf(ci);
    expect(service.now().getTime() - Date.now()).toBe(offset);
  });
});

describe('the pair that signs', () => {
  it('is the first that is accepted, and is not asked about again', async () => {
    const { service, times, ci, spare, wrong } = serviceOf();
    expect(await service.signer([null, undefined, wrong, spare, ci])).toBe(spare);
    expect(times).toHaveLength(2);
    expect(await service.signer([spare])).toBe(spare);
    expect(times).toHaveLength(2);
    expect(await service.signer([wrong, null])).toBeUndefined();
    expect(await service.signer([])).toBeUndefined();
    expect(times).toHaveLength(3);
  });

  it('is asked about again once it was refused', async () => {
    let refuse = false;
    const { service, times, ci } = serviceOf({ refuse: () => refuse });
    expect(await service.signer([ci])).toBe(ci);
    refuse = true;
    expect(await service.userOf(ci)).toBeUndefined();
    expect(await service.signer([ci])).toBeUndefined();
    expect(times).toHaveLength(3);
  });
});

describe('a new pair', () => {
  async function triesWithin(ms: number, refusals = Number.POSITIVE_INFINITY) {
    let left = refusals;
    const { service, ci, times } = serviceOf({
      refuse: () => {
        left -= 1;
        return left >= 0;
      },
    });
    const found = service.answers(ci, ms);
    await vi.runAllTimersAsync();
    return { found: (await found) !== undefined, times };
  }

  it('is asked again after longer and longer waits, two seconds at most', async () => {
    expect(await triesWithin(60_000, 7)).toEqual({
      found: true,
      times: [0, 100, 300, 700, 1_500, 3_100, 5_100, 7_100],
    });
    expect(await triesWithin(60_000, 0)).toEqual({ found: true, times: [0] });
  });

  it.each([
    [0, [0]],
    [99, [0]],
    [100, [0, 100]],
    [299, [0, 100]],
    [300, [0, 100, 300]],
  ])('is given up where %i ms are too short for the next wait', async (ms, times) => {
    expect(await triesWithin(ms)).toEqual({ found: false, times });
  });
});

describe('a pause', () => {
  it('lasts as long as it is to, and leaves no listener', async () => {
    const { signal } = new AbortController();
    const [added, removed] = [vi.spyOn(signal, 'addEventListener'), vi.spyOn(signal, 'removeEventListener')];
    const done = vi.fn();
    void serviceOf({ signal }).service.pause(50).then(done);
    await vi.advanceTimersByTimeAsync(49);
    expect(done).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(done).toHaveBeenCalledTimes(1);
    expect(added.mock.calls).toEqual([['abort', expect.any(Function), { once: true }]]);
    expect(removed.mock.calls).toEqual([['abort', added.mock.calls[0]?.[1]]]);
  });

  it('needs no signal', async () => {
    const pause = serviceOf().service.pause(50);
    await vi.advanceTimersByTimeAsync(50);
    await expect(pause).resolves.toBeUndefined();
  });

  it('ends with the abort of the caller, without a timer, and does not begin after it', async () => {
    const controller = new AbortController();
    const { service } = serviceOf({ signal: controller.signal });
    const reason = new Error('enough');
    const ended = failure(service.pause(50));
    await vi.advanceTimersByTimeAsync(10);
    controller.abort(reason);
    expect(await ended).toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
    expect(await failure(service.pause(50))).toBe(reason);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('the keys of a user', () => {
  it('are all listed, and each is found by its id', async () => {
    const { service, ci, spare, keys } = serviceOf();
    expect((await service.keys(ci)).map(({ id }) => id).sort()).toEqual([ci.id, spare.id].sort());
    expect((await service.key(ci, spare.id))?.id).toBe(spare.id);
    expect(await service.key(ci, keys.theirs.id)).toBeUndefined();
  });

  it('are not taken for missing where they cannot be read', async () => {
    const { service, reference, ci } = serviceOf();
    reference.faults.add({ operation: 'apiKeys.get', effect: 'status', status: 403 });
    expect(await failure(service.key(ci, ci.id))).toBeInstanceOf(PermissionDeniedError);
  });

  it('are deleted, and one that is gone is as good', async () => {
    const { service, ci, spare } = serviceOf();
    expect(await service.remove(ci, spare.id)).toBeUndefined();
    expect(await service.key(ci, spare.id)).toBeUndefined();
    expect(await service.remove(ci, spare.id)).toBeUndefined();
  });

  it('say why they are still there', async () => {
    const { service, reference, ci, spare } = serviceOf();
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 403 });
    expect(await service.remove(ci, spare.id)).toContain('Forbidden');
    const reason = new Error('enough');
    const ended = serviceOf({ signal: AbortSignal.abort(reason) });
    expect(await failure(ended.service.remove(ended.ci, ended.spare.id))).toBe(reason);
  });
});

describe('the strictest maximum', () => {
  it.each<[readonly unknown[], object | undefined]>([
    [[90, 30, 60], { accountId: 2, days: 30 }],
    [[30, 30], { accountId: 1, days: 30 }],
    [[null, -1, 0], undefined],
    [[-1, null, 0, 365], { accountId: 4, days: 365 }],
    [[45.9], { accountId: 1, days: 45 }],
    [[0.5], { accountId: 1, days: 1 }],
    [[], undefined],
  ])('of %o is %o', async (accounts, maximum) => {
    const { service, ci } = serviceOf({ accounts });
    expect(await service.maximum(ci)).toEqual(maximum);
  });
});
