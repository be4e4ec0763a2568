// One attempt: what is handed to fetch, what is known of its answer, and what is noted of a request that may have arrived.
import { BlazeMeterError, ConnectionError } from 'blazemeter-client';
import { describe, expect, test, vi } from 'vitest';
import { MAX_BODY, MAX_ERROR_BODY } from '../../src/transport/body.ts';
import type { CallOptions, Progress, TransportConfig, WireRequest } from '../../src/transport/transport.ts';
import { failing, pairOf, type Step, transportOf } from '../support/transport.ts';

const once = { maxRetries: 0 };
const text = (value: string): number => JSON.parse(JSON.stringify(value));

/** One request without retries: how it ended, and what was noted. */
async function attempt(
  step: Step,
  request: Partial<WireRequest> = {},
  config: Partial<TransportConfig> = {},
) {
  const made = transportOf([step], { ...once, ...config });
  const progress: Progress = { attempts: 0, maySent: false };
  const ended = await made.send(request, {}, progress).then(
    (answer) => ({ answer, error: undefined }),
    (error: unknown) => ({ answer: undefined, error }),
  );
  return { ...made, ...ended, progress };
}

/** An answer whose body breaks off behind its beginning. */
const breaking = (beginning: string, reason: unknown) => {
  const pull = vi.fn((controller: ReadableStreamDefaultController) =>
    pull.mock.calls.length === 1
      ? controller.enqueue(new TextEncoder().encode(beginning))
      : controller.error(reason),
  );
  return async () => new Response(new ReadableStream({ pull }, { highWaterMark: 0 }));
};

describe('a bound that cannot be is refused', () => {
  test.each([0, -1, Number.NaN, text('5')])('such as a time of %j', async (ms) => {
    expect(() => transportOf([], { timeout: ms })).toThrow(
      new TypeError('timeout must be a number of milliseconds above 0.'),
    );
    const totalTimeout = new TypeError('totalTimeout must be a number of milliseconds above 0.');
    expect(() => transportOf([], { totalTimeout: ms })).toThrow(totalTimeout);
    const { transport, send, sent } = transportOf([200]);
    expect(() => transport.open(undefined, { totalTimeout: ms })).toThrow(totalTimeout);
    await expect(send({}, { timeout: ms })).rejects.toThrow(/^timeout must be/);
    expect(sent).toEqual([]);
  });

  test.each([-1, 0.5, Number.NaN, text('1')])('such as %j retries', async (maxRetries) => {
    const refusal = new TypeError('maxRetries must be a whole number, 0 or more.');
    expect(() => transportOf([], { maxRetries })).toThrow(refusal);
    const { send, sent } = transportOf([200]);
    await expect(send({}, { maxRetries })).rejects.toThrow(refusal);
    expect(sent).toEqual([]);
  });

  test('and so is a header of the client that HTTP cannot carry', () => {
    expect(() => transportOf([], { headers: { 'user-agent': 'a\nb' } })).toThrow(/HTTP cannot carry/);
  });
});

describe('a request', () => {
  test('goes to its path with its query and its method, signed', async () => {
    const { sent } = await attempt(200, { method: 'DELETE', path: '/api-keys/x', query: { a: 1 } });
    expect(sent.map(({ url }) => url)).toEqual(['https://a.blazemeter.com/api/v4/api-keys/x?a=1']);
    expect(sent[0]?.init).toMatchObject({
      method: 'DELETE',
      headers: { accept: 'application/json', 'user-agent': 'tests' },
    });
    expect(sent[0]?.init.headers.authorization).toMatch(/^Basic /);
  });

  test('without JSON has no body and no type', async () => {
    const { sent } = await attempt(200, { method: 'POST' });
    expect(Object.keys(sent[0]?.init ?? {})).not.toContain('body');
    expect(Object.keys(sent[0]?.init.headers ?? {})).not.toContain('content-type');
  });

  test.each([
    [null, 'null'],
    [{ name: 'ci' }, '{"name":"ci"}'],
  ])('of the JSON %j says so', async (json, body) => {
    const { sent } = await attempt(200, { method: 'POST', json });
    expect(sent[0]?.init.body).toBe(body);
    expect(sent[0]?.init.headers['content-type']).toBe('application/json');
  });

  test('has the headers of its call, its type among them', async () => {
    const { send, sent } = transportOf([200]);
    const headers = { 'Content-Type': 'application/merge-patch+json', 'user-agent': 'call' };
    await send({ method: 'PATCH', json: {} }, { headers });
    expect(sent[0]?.init.headers).toMatchObject({
      'content-type': 'application/merge-patch+json',
      'user-agent': 'call',
    });
  });

  test('has the further options of fetch', async () => {
    const { sent } = await attempt(200, {}, { fetchOptions: { dispatcher: 'mine' } });
    expect(sent[0]?.init).toMatchObject({ dispatcher: 'mine' });
  });

  test('goes through the global fetch, as it is at that time, where none is given', async () => {
    const { send, sent } = transportOf([], { fetch: undefined });
    vi.stubGlobal('fetch', async () => new Response('global'));
    const { body } = await send();
    vi.unstubAllGlobals();
    expect([body, sent]).toEqual(['global', []]);
  });
});

describe('an answer', () => {
  test('comes with its status, its headers, its body, and who signed', async () => {
    const pair = pairOf('another');
    const headers = { 'retry-after': '7', 'x-own': 'kept' };
    const replayable = vi.fn(() => false);
    const { answer } = await attempt(new Response('{}', { status: 404, headers }), { pair, replayable });
    expect(answer).toMatchObject({
      status: 404,
      body: '{}',
      oversized: false,
      attempts: 1,
      replayable: false,
      retryAfterMs: 7_000,
    });
    expect(answer?.pair).toBe(pair);
    expect(answer?.headers.get('x-own')).toBe('kept');
    expect(replayable).toHaveBeenCalledWith(pair);
    expect((await attempt(200)).answer).toMatchObject({ replayable: true, retryAfterMs: undefined });
  });

  test.each([
    [200, MAX_BODY],
    [399, MAX_BODY],
    [400, MAX_ERROR_BODY],
    [500, MAX_ERROR_BODY],
  ])('of status %d is read up to %d bytes', async (status, limit) => {
    const { answer } = await attempt(new Response('x'.repeat(MAX_ERROR_BODY + 1), { status }));
    const oversized = limit === MAX_ERROR_BODY;
    expect([answer?.oversized, answer?.body.length]).toEqual([
      oversized,
      MAX_ERROR_BODY + (oversized ? 0 : 1),
    ]);
  });

  test('tells the time, by which its Retry-After is read', async () => {
    const headers = {
      date: 'Tue, 01 Jan 2030 00:00:00 GMT',
      'retry-after': 'Tue, 01 Jan 2030 00:00:30 GMT',
    };
    const { answer, clock } = await attempt(new Response('', { headers }));
    expect(clock.known).toBe(true);
    expect(Math.abs((answer?.retryAfterMs ?? 0) - 30_000)).toBeLessThanOrEqual(1_000);
  });
});

describe('a request may have been done', () => {
  test.each([
    [200, true],
    [299, true],
    [300, false],
    [302, false],
    [303, true],
    [304, false],
    [404, false],
    [499, false],
    [500, true],
    [503, true],
  ])('after a %d: %s', async (status, maySent) => {
    const { progress } = await attempt(status);
    expect(progress).toMatchObject({ attempts: 1, maySent, maySentBefore: false });
  });

  test.each([
    ['ECONNREFUSED', false],
    ['ECONNRESET', true],
  ])('after %s: %s', async (code, maySent) => {
    const { error, progress } = await attempt(failing(code));
    expect(error).toMatchObject({ mayHaveBeenSent: maySent, attempts: 1, operation: 'user.get' });
    expect(progress).toMatchObject({ attempts: 1, maySent, maySentBefore: false });
    expect(Object.keys(progress)).not.toContain('partial');
  });

  test('from the moment that it may leave, by the clock of the server, where that is known', async () => {
    expect((await attempt(200)).progress.sentAt).toBeUndefined();
    const { send, clock } = transportOf([200]);
    clock.learn('Tue, 01 Jan 2030 00:00:00 GMT');
    const progress: Progress = { attempts: 0, maySent: false };
    await send({}, {}, progress);
    expect(Math.abs((progress.sentAt ?? 0) - Date.UTC(2030, 0, 1))).toBeLessThan(1_000);
    progress.sentAt = 5;
    await send({}, {}, progress);
    expect(progress).toMatchObject({ attempts: 2, sentAt: 5, maySentBefore: true });
  });

  test('by whoever signed last', async () => {
    const pair = pairOf('another');
    expect((await attempt(200, { pair })).progress.pair).toBe(pair);
  });
});

describe('an attempt that fails', () => {
  test('without an answer names the origin, and the code alone', async () => {
    const { error } = await attempt(failing('ECONNRESET'));
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({
      message:
        'user.get got no whole answer from https://a.blazemeter.com. The connection broke before the answer.',
      reason: 'reset',
      retryable: true,
      cause: { name: 'TypeError', cause: { message: 'ECONNRESET' } },
    });
  });

  test('in the middle of its body hands over what came', async () => {
    const reason = Object.assign(new Error('gone'), { code: 'ECONNRESET' });
    const request = { replayable: () => false };
    const { error, progress } = await attempt(breaking('{"result":', reason), request);
    expect(error).toMatchObject({ reason: 'truncated', mayHaveBeenSent: true, retryable: false });
    expect(error).toMatchObject({ cause: { message: 'ECONNRESET' } });
    expect(progress).toMatchObject({ maySent: true, partial: '{"result":' });
  });

  test.each<[string, (error: Error) => Step]>([
    ['fetch', (error) => () => Promise.reject(error)],
    ['the body', (error) => breaking('', error)],
  ])('with an error of ours, from %s, fails with that', async (_, step) => {
    const ours = new BlazeMeterError('ours');
    expect((await attempt(step(ours))).error).toBe(ours);
  });

  test('before anything is sent says what is wrong with the request', async () => {
    const { error, progress, sent } = await attempt(200, { path: 'no-slash' });
    expect(error).toBeInstanceOf(TypeError);
    expect([progress.maySent, sent]).toEqual([false, []]);
    const { send } = transportOf([200]);
    const options: CallOptions = { headers: { cookie: 'x' } };
    await expect(send({}, options)).rejects.toThrow(/^The header cookie cannot be set/);
  });
});
