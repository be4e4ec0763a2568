// Sending again: after which answers and failures, how often, after which wait, and what the log tells. No real time passes.
import {
  ConnectionError,
  InvalidResponseError,
  RateLimitError,
  RequestTimeoutError,
} from 'blazemeter-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Progress, WireRequest } from '../../src/transport/transport.ts';
import { failing, type Step, stateOf, transportOf } from '../support/transport.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const limited = (seconds: string) => new Response(null, { status: 429, headers: { 'retry-after': seconds } });

/** Sends, lets all waits pass, and tells how it ended, with how many requests, after how many milliseconds. */
async function outcome(steps: readonly Step[], request: Partial<WireRequest> = {}, options = {}) {
  const made = transportOf(steps);
  const progress: Progress = { attempts: 0, maySent: false };
  const started = performance.now();
  let took = 0;
  const ended = made
    .send(request, options, progress)
    .then(
      ({ status, attempts }) => ({ status, attempts, error: undefined }),
      (error: unknown) => ({ status: undefined, attempts: undefined, error }),
    )
    .finally(() => {
      took = performance.now() - started;
    });
  await vi.runAllTimersAsync();
  return { ...(await ended), ...made, progress, took, sends: made.sent.length };
}

const unsafe = { method: 'POST', replayable: () => false };

describe('an answer', () => {
  test.each([429, 500, 502, 503, 504])(
    'of %d is asked for again, twice, after waits that grow',
    async (status) => {
      expect(await outcome([status])).toMatchObject({ status, sends: 3, attempts: 3, took: 1_500 });
      expect(await outcome([status, status, 200])).toMatchObject({ status: 200, sends: 3 });
    },
  );

  test.each([200, 302, 400, 403, 404, 409, 501])('of %d stands', async (status) => {
    expect(await outcome([status, 200])).toMatchObject({ status, sends: 1, took: 0 });
  });

  test('stands where the request must not be sent again', async () => {
    expect(await outcome([503, 200], unsafe)).toMatchObject({ status: 503, sends: 1, took: 0 });
  });

  test.each([0, 1, 4])('is asked for again %d times, where a call says so', async (maxRetries) => {
    expect(await outcome([503], {}, { maxRetries })).toMatchObject({ sends: maxRetries + 1 });
  });

  test('is waited for as long as Retry-After says, up to a minute', async () => {
    expect(await outcome([limited('0'), 200])).toMatchObject({ status: 200, took: 0 });
    expect(await outcome([limited('60'), 200])).toMatchObject({ status: 200, took: 60_000 });
    expect(await outcome([limited('61'), 200])).toMatchObject({ status: 429, sends: 1, took: 0 });
  });

  test('stands where the call could not live to see another', async () => {
    const options = { totalTimeout: 10_000 };
    expect(await outcome([limited('11'), 200], {}, options)).toMatchObject({ status: 429, took: 0 });
    expect(await outcome([limited('9'), 200], {}, options)).toMatchObject({ status: 200, took: 9_000 });
  });
});

describe('a failure', () => {
  test('is tried again, twice, after waits that grow', async () => {
    const { error, sends, took, progress } = await outcome([failing('ECONNRESET')]);
    expect(error).toBeInstanceOf(ConnectionError);
    expect(error).toMatchObject({ attempts: 3 });
    expect([sends, took, progress.attempts]).toEqual([3, 1_500, 3]);
    expect(await outcome([failing('ECONNRESET'), 200])).toMatchObject({
      status: 200,
      attempts: 2,
      took: 500,
    });
  });

  test.each([0, 1, 4])('is tried again %d times, where a call says so', async (maxRetries) => {
    expect(await outcome([failing('ECONNRESET')], {}, { maxRetries })).toMatchObject({
      sends: maxRetries + 1,
    });
  });

  test('is not tried again where the request may have arrived and must not do so twice', async () => {
    const { error, sends } = await outcome([failing('ECONNRESET'), 200], unsafe);
    expect([error, sends]).toMatchObject([{ mayHaveBeenSent: true, retryable: false }, 1]);
  });

  test('is not tried again by the word of an error from a fetch, nor where an earlier request may have arrived', async () => {
    const willing = () => Promise.reject(new RateLimitError('later', { status: 429 }));
    expect((await outcome([willing, 200])).status).toBe(200);
    expect((await outcome([willing, 200], unsafe)).sends).toBe(1);
    const { send, sent } = transportOf([failing('ECONNREFUSED'), 200]);
    const earlier: Progress = { attempts: 1, maySent: true };
    await expect(send(unsafe, {}, earlier)).rejects.toMatchObject({ mayHaveBeenSent: false });
    expect([sent.length, earlier]).toMatchObject([1, { attempts: 2, maySent: true }]);
  });

  test('is tried again where surely nothing was sent, whatever the request', async () => {
    expect(await outcome([failing('ECONNREFUSED'), 201], unsafe)).toMatchObject({ status: 201, sends: 2 });
  });

  test('is not tried again where that would not help', async () => {
    const { error, sends, took } = await outcome([failing('ENOTFOUND'), 200]);
    expect([error, sends, took]).toMatchObject([{ reason: 'dns' }, 1, 0]);
  });

  test('that is none of the connection is not tried again', async () => {
    const noAnswer = await outcome([async () => Object({})]);
    expect(noAnswer.error).toBeInstanceOf(InvalidResponseError);
    expect(noAnswer.sends).toBe(1);
    const { error, progress } = await outcome([200], { path: 'no-slash' });
    expect(error).toBeInstanceOf(TypeError);
    expect(progress.attempts).toBe(1);
  });

  test('stands where the call could not live to see another attempt', async () => {
    const reset = [failing('ECONNRESET'), 200];
    const stands = await outcome(reset, {}, { totalTimeout: 499 });
    expect([stands.error, stands.took]).toMatchObject([{ reason: 'reset' }, 0]);
    // With exactly as much time as the wait takes it is begun, and the end comes first.
    const waits = await outcome(reset, {}, { totalTimeout: 500 });
    expect(waits.error).toBeInstanceOf(RequestTimeoutError);
    expect([waits.sends, waits.took]).toEqual([1, 500]);
    expect(await outcome(reset, {}, { totalTimeout: 501 })).toMatchObject({ status: 200 });
  });
});

describe('of several requests', () => {
  test('answers and failures are counted together', async () => {
    const steps = [503, failing('ECONNRESET'), 503, 200];
    expect(await outcome(steps)).toMatchObject({ status: 503, sends: 3, took: 1_500 });
  });

  test('a refusal tells nothing of an earlier one that was lost', async () => {
    const { progress } = await outcome([failing('ECONNRESET'), 404]);
    expect(progress).toMatchObject({ maySent: true, maySentBefore: true });
    expect((await outcome([503, failing('ECONNREFUSED'), 404])).progress.maySent).toBe(true);
  });

  test('nothing may have been done where each was refused or never left', async () => {
    const { progress } = await outcome([limited('0'), failing('ECONNREFUSED'), 404]);
    expect(progress).toMatchObject({ attempts: 3, maySent: false, maySentBefore: false });
  });

  test('that belong to one call all are counted by its scope', async () => {
    const { transport } = transportOf([200]);
    const scope = transport.open('user.get', {});
    const request = { method: 'GET', path: '/user', replayable: () => false };
    await transport.send(request, {}, scope);
    expect(await transport.send(request, {}, scope)).toMatchObject({ attempts: 1 });
    expect(scope.attempts).toBe(2);
    scope.end();
  });
});

test('a request of which nothing is noted is tried again like one that was never sent', async () => {
  const { transport, sent } = transportOf([failing('ECONNREFUSED'), 201]);
  const scope = transport.open(undefined, {});
  const sending = transport.send({ path: '/x', ...unsafe }, {}, scope);
  expect(await stateOf(sending)).toBe('pending');
  await vi.advanceTimersByTimeAsync(500);
  expect(await sending).toMatchObject({ status: 201, attempts: 2 });
  expect(sent).toHaveLength(2);
  scope.end();
});

describe('the log', () => {
  test('tells of each answer, each failure and each wait', async () => {
    const slow = () =>
      new Promise<Response>((resolve) => setTimeout(resolve, 40, new Response(null, { status: 503 })));
    const { lines } = await outcome([slow, failing('ECONNRESET'), 200]);
    const [operation, method] = ['user.get', 'GET'];
    const waiting = 'waiting before the next attempt';
    expect(lines).toEqual([
      {
        level: 'debug',
        message: 'answered',
        fields: { operation, method, attempt: 1, status: 503, durationMs: 40 },
      },
      { level: 'info', message: waiting, fields: { operation, attempt: 1, waitMs: 500 } },
      {
        level: 'debug',
        message: 'failed',
        fields: { operation, method, attempt: 2, error: 'connection_failed' },
      },
      { level: 'info', message: waiting, fields: { operation, attempt: 2, waitMs: 1_000 } },
      {
        level: 'debug',
        message: 'answered',
        fields: { operation, method, attempt: 3, status: 200, durationMs: 0 },
      },
    ]);
  });
});
