// The requests of a store behind an HTTP API, whichever it is: what is sent, which tokens there are, when one is sent again.
import { Secret, type VaultStoreOptions, vaultStore } from 'blazemeter-client/rotation';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { madeUpRecord } from '../support/records.ts';
import { failure } from '../support/world.ts';
import { type Prepared, responses } from './prepared.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});

const empty = { status: 404, body: { errors: [] } };
const wrote = { status: 200, body: { data: { version: 1 } } };
const busy = { status: 503, body: { errors: [] } };
const reset = () =>
  new TypeError('quotes a token', { cause: Object.assign(new Error('x'), { code: 'ECONNRESET' }) });

function inVault(prepared: Prepared[], options: object = {}) {
  const service = responses(...prepared);
  const usual: VaultStoreOptions = {
    address: 'https://vault.example.com',
    token: 'made-up-token',
    path: 'ci',
    fetch: service.fetch,
  };
  return { service, store: Reflect.apply(vaultStore, undefined, [{ ...usual, ...options }]) };
}

describe('a token', () => {
  it.each([
    ['a text, without the blanks around it', ' made-up-token\n'],
    ['a Secret', Secret.from('made-up-token')],
    ['a function that gives a text', () => 'made-up-token\n'],
    ['a function that promises a Secret', async () => ({ reveal: () => 'made-up-token' })],
  ])('may be %s', async (_, token) => {
    const { service, store } = inVault([empty], { token });
    await store.read();
    expect(service.asked[0]?.init.headers['x-vault-token']).toBe('made-up-token');
  });

  it.each([
    '',
    ' ',
    'a b',
    'ab\u007f',
    'a\nb',
    'é',
    7,
    null,
    undefined,
    {},
    { reveal: 'made-up' },
    { reveal: () => 'a b' },
  ])('cannot be %j, given as a value or by a function', async (token) => {
    expect(() => inVault([], { token })).toThrow(TypeError);
    const { service, store } = inVault([empty], { token: () => token });
    expect(await failure(store.read())).toMatchObject({ code: 'rotation_store' });
    expect(service.asked).toEqual([]);
  });
});

describe('the time of a request', () => {
  it.each([0, -1, Number.NaN, '5'])('cannot be %s', (timeout) => {
    expect(() => inVault([], { timeout })).toThrow(TypeError);
  });

  it('is ten seconds where nothing is said, the body included, and the request is given up then', async () => {
    const endless = async () =>
      new Response(new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }));
    for (const hangs of [() => new Promise<never>(() => {}), endless]) {
      const { service, store } = inVault([hangs, empty]);
      const read = store.read();
      await vi.advanceTimersByTimeAsync(9_999);
      expect(service.asked.map(({ init }) => init.signal.aborted)).toEqual([false]);
      await vi.advanceTimersByTimeAsync(1);
      expect(service.asked[0]?.init.signal.aborted).toBe(true);
      await vi.advanceTimersByTimeAsync(1_000);
      expect(await read).toBeUndefined();
      expect(vi.getTimerCount()).toBe(0);
    }
  });
});

describe('a request that fails on the way', () => {
  it.each([
    ['a failed connection', reset()],
    ['a service that is busy', busy],
  ])('by %s is sent three times, after longer and longer waits', async (_, trouble) => {
    const { service, store } = inVault([trouble, trouble, trouble]);
    const begun = performance.now();
    const times: number[] = [];
    const timed = service.fetch;
    const { store: watched } = inVault([], {
      fetch: (...given: Parameters<typeof timed>) => {
        times.push(performance.now() - begun);
        return timed(...given);
      },
    });
    expect(store).toBeDefined();
    const error = failure(watched.read());
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await error).toMatchObject({ code: 'rotation_store' });
    expect((await error).message).not.toContain('quotes');
    expect(times).toEqual([0, 250, 750]);
  });

  it('while it writes is sent again: it is done, or the conflict that its own first try causes is none', async () => {
    const mismatch = {
      status: 400,
      body: { errors: ['check-and-set parameter did not match the current version'] },
    };
    for (const [after, requests] of [
      [[mismatch], ['GET', 'POST', 'POST', 'GET']],
      [[wrote], ['GET', 'POST', 'POST']],
    ] as const) {
      let held: unknown;
      const losing: Prepared = async (_, { body }) => {
        held = JSON.parse(body ?? '{}').data;
        throw reset();
      };
      const written: Prepared = async () =>
        new Response(JSON.stringify({ data: { data: held, metadata: { version: 1 } } }));
      const { service, store } = inVault([empty, losing, ...after, written]);
      const writing = store.write(madeUpRecord(), { ifMatch: null });
      await vi.advanceTimersByTimeAsync(60_000);
      expect(await writing).toMatchObject({ etag: expect.any(String) });
      expect(service.asked.map(({ init }) => init.method)).toEqual(requests);
    }
  });
});

it('goes to the global fetch where none is given, as it is at that moment', async () => {
  const { store } = inVault([], { fetch: undefined });
  vi.stubGlobal('fetch', responses(empty).fetch);
  expect(await store.read()).toBeUndefined();
  vi.unstubAllGlobals();
});

it('sees a response that shows nothing, as in a browser, for a redirect', async () => {
  const opaque = async () => ({ status: 0, headers: new Headers(), body: null });
  expect(await failure(inVault([opaque]).store.read())).toMatchObject({ code: 'rotation_store' });
});

it.each([
  { id: 'same', secret: 'same' },
  { id: 'record', secret: 'b' },
  { id: 'a', secret: 'record' },
  { id: '', secret: 'b' },
  { id: 7, secret: 'b' },
  { id: ['a'], secret: 'b' },
])('cannot keep the credentials under %j', (credentialFields) => {
  expect(() => inVault([], { credentialFields })).toThrow(TypeError);
});
