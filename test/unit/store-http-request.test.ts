// One request of a store behind an HTTP API: what is sent, how long it may take, and what may come back.
import { Secret } from 'blazemeter-client/rotation';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { httpStore } from '../../src/rotation/stores/http-store.ts';
import { answers, attempted, MEND, type Prepared } from '../support/store-answers.ts';

vi.setConfig({ testTimeout: 2_000 });
beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

type Config = Parameters<typeof httpStore>[0];

/** A requester with what is usual, over prepared answers. */
function sender(prepared: Prepared[], options: Config['options'] = {}, change: Partial<Config> = {}) {
  const service = answers(...prepared);
  const send = httpStore({
    source: 'theStore (here)',
    address: 'https://store.example.com/base/',
    addressOption: 'address',
    token: 'made-up-token',
    headers: (token) => ({ 'x-token': token }),
    options: { fetch: service.fetch, ...options },
    ...change,
  });
  return { service, send };
}

const get = { method: 'GET', path: '/v1/x' } as const;
const ok = { status: 200, body: { a: 1 } };
const hang = () => new Promise<never>(() => {});

describe('a request', () => {
  it('without JSON has no body and no content type', async () => {
    const { service, send } = sender([ok]);
    expect(await send(get)).toEqual({ status: 200, body: { a: 1 } });
    expect(service.asked).toStrictEqual([
      {
        url: 'https://store.example.com/base/v1/x',
        init: {
          method: 'GET',
          headers: { accept: 'application/json', 'x-token': 'made-up-token' },
          redirect: 'manual',
          credentials: 'omit',
          signal: expect.any(AbortSignal),
        },
      },
    ]);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('with JSON says so, and fetchOptions change nothing of what is set here', async () => {
    const dispatcher = { of: 'undici' };
    const fetchOptions = {
      dispatcher,
      body: 'x',
      method: 'DELETE',
      redirect: 'follow',
      credentials: 'include',
    };
    const { service, send } = sender([ok, ok], { fetchOptions });
    await send({ method: 'PUT', path: '/v1/x', json: { b: 2 } });
    await send(get);
    expect(service.asked.map(({ init }) => init)).toStrictEqual([
      {
        dispatcher,
        method: 'PUT',
        headers: {
          accept: 'application/json',
          'content-type': 'application/json',
          'x-token': 'made-up-token',
        },
        body: '{"b":2}',
        redirect: 'manual',
        credentials: 'omit',
        signal: expect.any(AbortSignal),
      },
      expect.not.objectContaining({ body: expect.anything() }),
    ]);
  });

  it('goes to the global fetch where none is given, as it is at that moment', async () => {
    const { send } = sender([], { fetch: undefined });
    const { fetch } = answers(ok);
    vi.stubGlobal('fetch', fetch);
    expect((await send(get)).status).toBe(200);
    vi.unstubAllGlobals();
  });

  it('goes to no address that is not safe, and says by which option it was given', () => {
    expect(() => sender([], {}, { address: 'http://store.example.com', addressOption: 'server' })).toThrow(
      'server must be https',
    );
  });
});

describe('the time of a request', () => {
  it.each([0, -1, Number.NaN, '5'])('cannot be %s', (timeout) => {
    const options = Object.assign({}, { timeout });
    const refused = new TypeError('timeout must be a number of milliseconds above 0.');
    expect(() => Reflect.apply(sender, undefined, [[], options])).toThrow(refused);
  });

  it('is 10 seconds where nothing is said, and the request is given up then', async () => {
    const { service, send } = sender([hang]);
    const ended = attempted(send(get));
    await vi.advanceTimersByTimeAsync(9_999);
    expect(service.asked[0]?.init.signal.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(await ended).toMatchObject({
      again: true,
      code: 'rotation_store',
      message: `theStore (here) did not answer within 10000 ms.${MEND}`,
    });
    expect(service.asked[0]?.init.signal.aborted).toBe(true);
  });

  it('counts for a body that does not end, too', async () => {
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) });
    const { send } = sender([async () => new Response(body)], { timeout: 0.5 });
    const ended = attempted(send(get));
    await vi.advanceTimersByTimeAsync(1);
    expect((await ended).message).toBe(`theStore (here) did not answer within 0.5 ms.${MEND}`);
  });

  it('is as long as a timer can be where it has no end', async () => {
    const timer = vi.spyOn(globalThis, 'setTimeout');
    const { send } = sender([ok], { timeout: Number.POSITIVE_INFINITY });
    await send(get);
    expect(timer.mock.calls.map(([, ms]) => ms)).toEqual([2 ** 31 - 1]);
  });

  it('counts for the token, too, and that is not tried again', async () => {
    const { service, send } = sender([], { timeout: 20 }, { token: hang });
    const ended = attempted(send(get));
    await vi.advanceTimersByTimeAsync(20);
    expect(await ended).toMatchObject({
      again: false,
      code: 'rotation_store',
      message: `theStore (here) got no token within 20 ms.${MEND}`,
    });
    expect(service.asked).toEqual([]);
  });
});

describe('a token', () => {
  it.each([
    ['a text, without the blanks around it', ' made-up-token\n'],
    ['a Secret', Secret.from('made-up-token')],
    ['a function that gives a text', () => 'made-up-token\n'],
    ['a function that promises a Secret', async () => ({ reveal: () => 'made-up-token' })],
  ])('may be %s', async (_, token) => {
    const { service, send } = sender([ok], {}, { token });
    await send(get);
    expect(service.asked[0]?.init.headers['x-token']).toBe('made-up-token');
  });

  it.each([
    '',
    ' ',
    'a b',
    'ab\u007f',
    '\u007fab',
    'a\nb',
    'é',
    7,
    null,
    undefined,
    {},
    { reveal: 'made-up' },
    { reveal: () => 'a b' },
  ])('cannot be %j, whoever gives it', async (token) => {
    const make = (given: unknown) => Reflect.apply(sender, undefined, [[ok], {}, { token: given }]);
    expect(() => make(token)).toThrow(
      new TypeError('token is a text without blanks, a Secret, or a function that gives one of them.'),
    );
    const { service, send } = make(() => token);
    expect(await attempted(send(get))).toMatchObject({
      again: false,
      message: `theStore (here) was given a token that is empty, or that a header cannot carry.${MEND}`,
    });
    expect(service.asked).toEqual([]);
  });

  it('that could not be fetched is told by the name and the code of what was thrown', async () => {
    const thrown = Object.assign(new TypeError('quotes a token'), { code: 'EACCES' });
    const { send } = sender([], {}, { token: () => Promise.reject(thrown) });
    const error = await attempted(send(get));
    expect(error).toMatchObject({
      again: false,
      message: `theStore (here) got no token (TypeError: EACCES).${MEND}`,
      cause: { name: 'TypeError', code: 'EACCES' },
    });
    expect(vi.getTimerCount()).toBe(0);
  });
});
