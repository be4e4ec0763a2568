// The promise of a call: a promise like any other, which can also tell what is known of the answer.
import { describe, expect, test, vi } from 'vitest';
import { callPromise, shownHeaders } from '../../src/transport/call-promise.ts';
import { madeUp } from '../support/credentials.ts';

const about = () => ({
  response: { status: 200, headers: new Headers({ date: 'today' }) },
  requestId: 'request-1',
  attempts: 2,
});
const fulfilled = () => callPromise(Promise.resolve({ data: 'the model', about }));
const reason = new Error('it failed');
const rejected = () => callPromise<string>(Promise.reject(reason));

describe('a call', () => {
  test('resolves with the model alone', async () => {
    expect(await fulfilled()).toBe('the model');
    expect(await fulfilled().then((data) => `${data}, read`)).toBe('the model, read');
  });

  test('resolves with all that is known of the answer on demand', async () => {
    const { data, response, requestId, attempts } = await fulfilled().withResponse();
    expect([data, response.status, response.headers.get('date')]).toEqual(['the model', 200, 'today']);
    expect([requestId, attempts]).toEqual(['request-1', 2]);
  });

  test('tells nothing of the answer unless it is asked', async () => {
    const told = vi.fn(about);
    const call = callPromise(Promise.resolve({ data: 1, about: told }));
    await call;
    expect(told).not.toHaveBeenCalled();
    await call.withResponse();
    expect(told).toHaveBeenCalledOnce();
  });

  test('rejects in every way that it is waited for', async () => {
    await expect(rejected()).rejects.toBe(reason);
    await expect(rejected().withResponse()).rejects.toBe(reason);
    expect(await rejected().catch((error: unknown) => error)).toBe(reason);
    expect(await rejected().then(undefined, (error: unknown) => error)).toBe(reason);
  });

  test('is a promise whose derived promises are plain ones', async () => {
    const call = fulfilled();
    expect(call).toBeInstanceOf(Promise);
    const done = vi.fn();
    const after = call.finally(done);
    expect(after.constructor).toBe(Promise);
    expect(await after).toBe('the model');
    expect(done).toHaveBeenCalledOnce();
    expect(Reflect.get(call.constructor, Symbol.species)).toBe(Promise);
  });
});

describe('the headers of an answer', () => {
  const harmless = [
    'age',
    'cache-control',
    'content-length',
    'content-type',
    'date',
    'expires',
    'retry-after',
    'server',
    'vary',
    'x-ratelimit-limit',
    'x-ratelimit-remaining',
    'x-ratelimit-reset',
  ];

  test.each(harmless)('%s is shown', (name) => {
    expect([...shownHeaders(new Headers({ [name]: 'a value' }), [])]).toEqual([[name, 'a value']]);
  });

  test.each(['set-cookie', 'www-authenticate', 'x-api-key', 'location'])('%s is not', (name) => {
    expect([...shownHeaders(new Headers({ [name]: 'a value' }), [])]).toEqual([]);
  });

  test('hide what is secret', () => {
    const { secret } = madeUp('echoed');
    const shown = shownHeaders(new Headers({ server: `for ${secret}` }), [secret]);
    expect(shown.get('server')).toBe('for [redacted]');
  });

  test('have a question mark for what is no ASCII, each, and where a long one is cut', () => {
    const shown = shownHeaders(new Headers({ server: 'caf\xe9 \xfc~ !', vary: 'a '.repeat(200) }), []);
    expect(shown.get('server')).toBe('caf? ?~ !');
    expect(shown.get('vary')).toMatch(/^(a )+a?\?$/);
    expect(shown.get('vary')?.length).toBe(200);
  });
});
