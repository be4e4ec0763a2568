// Odd surroundings of a call: callers' options, loggers and fetches that are not as they should be, envelopes that a PHP
// service may give, and lists that are read twice.

import {
  type ApiKey,
  BlazeMeterClient,
  type ClientOptions,
  isBlazeMeterError,
  type Logger,
} from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';

const user = async () => Response.json({ error: null, result: { id: 1 } });
const clientOf = (options: ClientOptions) =>
  new BlazeMeterClient({ credentials: 'my-key:my-secret', fetch: user, maxRetries: 0, ...options });

async function rejection(call: Promise<unknown>) {
  const error: unknown = await call.catch((reason: unknown) => reason);
  if (isBlazeMeterError(error)) return error;
  throw new Error('not one of our errors', { cause: error });
}

describe('options that cannot work are refused', () => {
  it.each([['a\r\nx-admin: 1'], ['a\nb'], ['日本']])(
    'such as the userAgent %j, without quoting it',
    (userAgent) => {
      const make = () => clientOf({ userAgent });
      expect(make).toThrow(TypeError);
      expect(make).not.toThrow(userAgent);
    },
  );

  it.each([[-1], [1.5], [Number.NaN]])('such as maxRetries: %d of one call', async (maxRetries) => {
    await expect(clientOf({}).user.get({ maxRetries })).rejects.toThrow(/maxRetries must be a whole number/);
  });

  it('such as a credential whose expiry is no Date, which is no failure of its source', async () => {
    const given: object = { expiresAt: '2030-01-01' };
    const credentials = async () => ({ id: 'my-key', secret: 'my-secret', ...given });
    await expect(clientOf({ credentials }).user.get()).rejects.toThrow(/expiry that is not a date/);
  });
});

describe('an error is called retryable', () => {
  const reset = async () => {
    throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNRESET' } });
  };
  const refused = async () => {
    throw Object.assign(new TypeError('fetch failed'), { cause: { code: 'ECONNREFUSED' } });
  };
  const failing = async () => new Response('{}', { status: 500 });
  const silent = () => new Promise<never>(() => {});
  const options = { timeout: 20 };

  it.each([
    ['a broken connection', reset],
    ['a 500', failing],
    ['a timeout', silent],
  ])('after %s where the call does no harm when it is made again, and only there', async (_, fetch) => {
    const client = clientOf({ fetch });
    expect((await rejection(client.user.get(options))).retryable).toBe(true);
    expect(
      (await rejection(client.request({ method: 'POST', path: '/x', json: {} }, options))).retryable,
    ).toBe(false);
  });

  it('for any call where nothing was sent', async () => {
    const error = await rejection(clientOf({ fetch: refused }).request({ method: 'POST', path: '/x' }));
    expect(error.retryable).toBe(true);
  });
});

it('a logger that rejects disturbs nobody', async () => {
  const unhandled: unknown[] = [];
  const note = (reason: unknown) => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  const rejects = async () => {
    throw new Error('the log is full');
  };
  const logger: Logger = { error: rejects, warn: rejects, info: rejects, debug: rejects };
  await clientOf({ logger, logLevel: 'debug' }).user.get();
  await new Promise((resolve) => setImmediate(resolve));
  process.off('unhandledRejection', note);
  expect(unhandled).toEqual([]);
});

it('many calls share one signal with one listener, which goes with the last of them', async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  let most = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    most = Math.max(most, ++listeners);
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (...args: Parameters<typeof removeEventListener>) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  const client = clientOf({});
  await Promise.all(Array.from({ length: 30 }, () => client.user.get({ signal })));
  expect([most, listeners]).toEqual([1, 0]);
});

it('one abort ends all calls that share the signal, and leaves others alone', async () => {
  const controller = new AbortController();
  const { signal } = controller;
  const client = clientOf({ fetch: (_, init) => rejectedBy(init.signal) });
  const calls = Promise.allSettled(Array.from({ length: 15 }, () => client.user.get({ signal })));
  controller.abort('enough');
  expect(await calls).toEqual(Array(15).fill({ status: 'rejected', reason: 'enough' }));
});

const rejectedBy = (signal: AbortSignal) =>
  new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason));
  });

describe('a fetch that returns something else than a Response', () => {
  it.each<[string, object | undefined]>([
    ['nothing', undefined],
    ['a stand-in without headers', { status: 200, body: null }],
    ['a stand-in with json() alone', { status: 200, headers: new Headers(), json: user }],
    ['a body that is a stream of Node', { status: 200, headers: new Headers(), body: { pipe: () => {} } }],
  ])('such as %s is told so, and not tried again', async (_, answer) => {
    let sends = 0;
    const fetch = async () => {
      sends++;
      return Object(answer);
    };
    const error = await rejection(clientOf({ fetch, maxRetries: 2 }).user.get());
    expect(error.message).toMatch(/did not return a Response/);
    expect([error.code, sends]).toEqual(['invalid_response', 1]);
  });
});

describe('the error of an envelope', () => {
  const answered = (error: unknown, message?: string) =>
    clientOf({ fetch: async () => Response.json({ error, message, result: { id: 1 } }) }).user.get();

  it.each([[null], [false], [0], [''], [[]]])('%j is none, even beside a message', async (error) => {
    expect(await answered(error, 'done')).toMatchObject({ id: 1 });
  });

  it.each([[true], [5], ['no'], [{}], [{ code: 409 }], [['no']]])('%j is one', async (error) => {
    expect((await rejection(answered(error))).name).toMatch(/^(ApiError|ConflictError)$/);
  });
});

describe('a list', () => {
  async function threePages() {
    const reference = createReference();
    const { keys } = reference.seed({
      users: { ana: {} },
      keys: Object.fromEntries(Array.from({ length: 7 }, (_, at) => [`key${at}`, { user: 'ana' }])),
    });
    const client = clientOf({ credentials: Object.values(keys)[0], fetch: reference.fetch });
    return client.apiKeys.list({ limit: 3 });
  }
  const count = async (list: AsyncIterable<ApiKey>) => {
    let items = 0;
    for await (const _ of list) items++;
    return items;
  };

  it('that is read twice gives everything twice', async () => {
    const page = await threePages();
    expect([await count(page), await count(page)]).toEqual([7, 7]);
  });

  it('gives the same next page to all who ask a page for it', async () => {
    const page = await threePages();
    const [one, two] = await Promise.all([page.next(), page.next()]);
    expect(one.items).toHaveLength(3);
    expect(two.items.map(({ id }) => id)).toEqual(one.items.map(({ id }) => id));
  });
});

describe('a path', () => {
  it.each([['/a%2f..%2f..%2fb'], ['/a/%2e%2e%2Fb'], ['/a%5C..'], ['/..%2f']])(
    '%s is refused, for a gateway may decode its slashes first',
    async (path) => {
      await expect(clientOf({}).request({ path })).rejects.toThrow(/stay below baseUrl/);
    },
  );
});
