// What a call returns: a real promise, with more to ask it for; lists that can be collected; the same on Deno.

import { tracingChannel } from 'node:diagnostics_channel';
import { BlazeMeterClient } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { clientOf, failed, rejection, result, user } from '../support/client.ts';

describe('a call', () => {
  it('is a promise, for whatever takes promises', async () => {
    const { client } = clientOf([user]);
    const call = client.user.get();
    expect(Object.getPrototypeOf(call)).toBe(Promise.prototype);
    expect(await Promise.prototype.then.call(call, (found) => found)).toMatchObject({ id: 7 });
    expect(await Promise.resolve(call)).toMatchObject({ id: 7 });
    expect(Promise.resolve(call)).toBe(call);
  });

  it('can be traced by diagnostics_channel', async () => {
    const { client } = clientOf([user]);
    const events: string[] = [];
    const channel = tracingChannel('blazemeter-client-test');
    const subscribers = {
      start: () => void events.push('start'),
      end: () => void events.push('end'),
      asyncStart: () => void events.push('asyncStart'),
      asyncEnd: () => void events.push('asyncEnd'),
      error: () => void events.push('error'),
    };
    channel.subscribe(subscribers);
    const found = await channel.tracePromise(() => client.user.get(), {});
    channel.unsubscribe(subscribers);
    expect(found).toMatchObject({ id: 7 });
    expect(events).toEqual(['start', 'end', 'asyncStart', 'asyncEnd']);
  });

  it('has withResponse, toArray and iteration where nothing enumerates them', async () => {
    const { client } = clientOf([result([])]);
    const calls = [client.accounts.list(), client.request({ path: '/user' })];
    for (const call of calls) {
      expect(Object.keys(call)).toEqual([]);
      expect({ ...call }).toEqual({});
      expect(call.withResponse).toBeTypeOf('function');
    }
    await Promise.all(calls);
  });

  it('describes the response: status, harmless headers, request id, attempts', async () => {
    const body = { error: null, result: { id: 7 }, request_id: 'r1' };
    const headers = { 'set-cookie': 'session=1', 'x-ratelimit-remaining': '9', 'x-internal': 'no' };
    const { client } = clientOf([failed(503), async () => Response.json(body, { headers })]);
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const { data, response, requestId, attempts } = await client.user.get().withResponse();
    expect(data).toMatchObject({ id: 7 });
    expect([response.status, requestId, attempts]).toEqual([200, 'r1', 2]);
    expect([...response.headers.keys()].sort()).toEqual(['content-type', 'x-ratelimit-remaining']);
  });
});

describe('a call that fails', () => {
  /** How many rejections were left unhandled while the work was done. */
  async function unhandled(work: () => Promise<unknown>): Promise<number> {
    const others = process.listeners('unhandledRejection');
    let count = 0;
    process.removeAllListeners('unhandledRejection');
    process.on('unhandledRejection', () => {
      count += 1;
    });
    try {
      await work();
      await new Promise((resolve) => setTimeout(resolve, 20));
      return count;
    } finally {
      process.removeAllListeners('unhandledRejection');
      for (const other of others) process.on('unhandledRejection', other);
    }
  }

  it('is reported once where its rejection is not handled', async () => {
    const { client } = clientOf([failed(404)]);
    expect(await unhandled(async () => void client.user.get())).toBe(1);
    expect(await unhandled(async () => void client.user.get().withResponse())).toBe(1);
    expect(await unhandled(async () => void client.apiKeys.list())).toBe(1);
    expect(await unhandled(async () => void client.apiKeys.list().toArray())).toBe(1);
  });

  it('is not reported where its rejection is handled, whichever way', async () => {
    const { client } = clientOf([failed(404)]);
    expect(await unhandled(() => rejection(client.user.get()))).toBe(0);
    expect(await unhandled(() => rejection(client.user.get().withResponse()))).toBe(0);
    expect(await unhandled(() => rejection(client.apiKeys.list().toArray()))).toBe(0);
    const iterated = async () => {
      for await (const _ of client.apiKeys.list());
    };
    expect(await unhandled(() => rejection(iterated()))).toBe(0);
  });
});

describe('list().toArray', () => {
  const client = () => {
    const reference = createReference();
    const { keys } = reference.seed({
      users: { ana: {} },
      keys: Object.fromEntries(Array.from({ length: 7 }, (_, at) => [`key${at}`, { user: 'ana' }])),
    });
    const [first] = Object.values(keys);
    if (first === undefined) throw new Error('no key');
    const lists = () =>
      reference.journal.entries.filter(({ operation }) => operation === 'apiKeys.list').length;
    return { client: new BlazeMeterClient({ credentials: first, fetch: reference.fetch }), lists };
  };

  it('collects the items of all pages', async () => {
    const { client: ana, lists } = client();
    expect(await ana.apiKeys.list({ limit: 3 }).toArray()).toHaveLength(7);
    expect(lists()).toBeGreaterThanOrEqual(3);
  });

  it.each([
    [1, 1],
    [3, 1],
    [4, 2],
    [6, 2],
  ])('with a limit of %d reads no more pages than that takes: %d', async (limit, pages) => {
    const { client: ana, lists } = client();
    expect(await ana.apiKeys.list({ limit: 3 }).toArray({ limit })).toHaveLength(limit);
    expect(lists()).toBe(pages);
  });

  it('with a limit beyond the end collects what there is', async () => {
    expect(await client().client.apiKeys.list({ limit: 3 }).toArray({ limit: 100 })).toHaveLength(7);
  });

  it.each([0, -1, Number.NaN])('refuses the limit %d', async (limit) => {
    await expect(client().client.apiKeys.list().toArray({ limit })).rejects.toThrow(TypeError);
  });
});

describe('on Deno, whose fetch sends a POST again by itself on a kept connection,', () => {
  afterEach(() => {
    vi.unstubAllGlobals();
  });

  it('a POST gets a client without a pool, and a read does not', async () => {
    const withoutPool = {};
    const createHttpClient = vi.fn((_: object) => withoutPool);
    vi.stubGlobal('Deno', { createHttpClient });
    const key = { id: 'k1', name: 'ci', created: 1_800_000_000, secret: 'a-new-secret' };
    const { client, sent } = clientOf([result(key)]);
    await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' });
    await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' });
    await client.apiKeys.get('k1');
    expect(sent.map((init) => Reflect.get(init, 'client'))).toEqual([withoutPool, withoutPool, undefined]);
    expect(createHttpClient.mock.calls).toEqual([[{ poolMaxIdlePerHost: 0 }]]);
  });

  it('a client among fetchOptions is used instead', async () => {
    vi.stubGlobal('Deno', { createHttpClient: () => ({}) });
    const mine = {};
    const { client, sent } = clientOf([user], { fetchOptions: { client: mine } });
    await client.request({ method: 'POST', path: '/tests', json: {} });
    expect(Reflect.get(Object(sent[0]), 'client')).toBe(mine);
  });
});
