// The end of a call by its times or by its caller, at each moment that a call has. The clock is turned by the tests.
import { RateLimitError, RequestTimeoutError } from 'blazemeter-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { CallOptions, Progress, WireRequest } from '../../src/transport/transport.ts';
import { failing, type Step, silent, stateOf, transportOf } from '../support/transport.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

/** An answer whose body never ends. */
const stalled: Step = async () => {
  const start = (controller: ReadableStreamDefaultController) =>
    controller.enqueue(new TextEncoder().encode('{"result":'));
  return new Response(new ReadableStream({ start }));
};

/** A call, and what it rejects with after so many milliseconds. */
function calling(steps: readonly Step[], options: CallOptions = {}, request: Partial<WireRequest> = {}) {
  const made = transportOf(steps);
  const progress: Progress = { attempts: 0, maySent: false };
  const call = made.send(request, options, progress);
  call.catch(() => {});
  const stateAfter = async (ms: number) => {
    await vi.advanceTimersByTimeAsync(ms);
    return stateOf(call);
  };
  return { ...made, call, progress, stateAfter };
}

describe('the time of an attempt', () => {
  test.each([
    ['that is not answered', silent, undefined],
    ['whose answer never ends', stalled, '{"result":'],
  ])('ends one %s', async (_, step, partial) => {
    const { stateAfter, progress, sent } = calling([step], { timeout: 300, maxRetries: 0 });
    expect(await stateAfter(299)).toBe('pending');
    const error = await stateAfter(1);
    expect(error).toBeInstanceOf(RequestTimeoutError);
    expect(error).toMatchObject({
      message:
        'user.get had no whole answer within 300 ms (timeout). The service or the network is slow, or timeout too short.',
      scope: 'attempt',
      timeoutMs: 300,
      operation: 'user.get',
      attempts: 1,
      retryable: true,
    });
    expect(sent[0]?.init.signal.reason).toBe(error);
    expect(progress.maySent).toBe(true);
    expect(progress.partial).toBe(partial);
  });

  test('is that of the client where the call has none', async () => {
    const { stateAfter } = calling([silent], { maxRetries: 0 });
    expect(await stateAfter(29_999)).toBe('pending');
    expect(await stateAfter(1)).toMatchObject({ scope: 'attempt', timeoutMs: 30_000 });
  });

  test('is followed by another attempt, with a time of its own', async () => {
    const { stateAfter, call } = calling([silent, silent, 200], { timeout: 300 });
    expect(await stateAfter(300 + 500 + 300 + 1_000)).toBe('fulfilled');
    expect(await call).toMatchObject({ status: 200, attempts: 3 });
  });

  test('is not followed by another where the request must not arrive twice', async () => {
    const { stateAfter, sent } = calling([silent, 200], { timeout: 300 }, { replayable: () => false });
    expect(await stateAfter(300)).toMatchObject({ scope: 'attempt', retryable: false });
    expect(sent).toHaveLength(1);
  });

  test('speaks of the request where the operation has no name', async () => {
    const { transport } = transportOf([silent]);
    const scope = transport.open(undefined, {});
    const request = { method: 'GET', path: '/x', replayable: () => false };
    const call = transport.send(request, { timeout: 5 }, scope);
    call.catch(() => {});
    await vi.advanceTimersByTimeAsync(5);
    await expect(call).rejects.toThrow(/^The request had no whole answer within 5 ms/);
    scope.end();
  });

  test('is called off by its answer', async () => {
    const { transport } = transportOf([200]);
    const scope = transport.open(undefined, {});
    await transport.send({ method: 'GET', path: '/x', replayable: () => true }, {}, scope);
    // The time of the call alone goes on.
    expect(vi.getTimerCount()).toBe(1);
    scope.end();
  });
});

describe('the time of a call', () => {
  test('ends it while it waits for an answer', async () => {
    const { stateAfter, sent } = calling([silent], { timeout: 500, totalTimeout: 300 });
    const error = await stateAfter(300);
    expect(error).toMatchObject({ scope: 'call', timeoutMs: 300, operation: 'user.get', attempts: 1 });
    expect(sent[0]?.init.signal.reason).toBe(error);
  });

  test('ends it between its attempts', async () => {
    const { stateAfter, sent } = calling([503, silent], { totalTimeout: 600 });
    expect(await stateAfter(600)).toMatchObject({ scope: 'call', attempts: 2 });
    expect(sent).toHaveLength(2);
  });

  test('is that of the client where the call has none', async () => {
    const { stateAfter } = calling([silent], { timeout: 200_000 });
    expect(await stateAfter(119_999)).toBe('pending');
    expect(await stateAfter(1)).toMatchObject({ scope: 'call', timeoutMs: 120_000 });
  });
});

describe('the caller', () => {
  const reason = new Error('enough');

  test('ends a call before it begins: nobody is asked for a pair, and nothing is sent', async () => {
    const source = vi.fn();
    const { send, sent } = transportOf([200], { source });
    await expect(send({}, { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    expect(source).not.toHaveBeenCalled();
    expect(sent).toEqual([]);
  });

  test.each([
    ['for an answer', [silent], 1],
    ['for the end of an answer', [stalled], 1],
    ['for the next attempt', [failing('ECONNRESET'), 200], 1],
    ['for the answer to the second', [503, silent], 2],
  ])('ends a call that waits %s, with the reason as it is', async (_, steps, sends) => {
    const controller = new AbortController();
    const { stateAfter, sent } = calling(steps, { signal: controller.signal });
    expect(await stateAfter(sends === 2 ? 600 : 100)).toBe('pending');
    controller.abort(reason);
    expect(await stateAfter(0)).toBe(reason);
    expect(sent).toHaveLength(sends);
  });

  test('ends a call whose source gives no pair', async () => {
    const controller = new AbortController();
    const { send, sent } = transportOf([200], { source: () => new Promise(() => {}) });
    const call = send({}, { signal: controller.signal });
    expect(await stateOf(call)).toBe('pending');
    controller.abort(reason);
    expect(await stateOf(call)).toBe(reason);
    expect(sent).toEqual([]);
    // The source has a time of its own, which is no matter of the call.
    await vi.runAllTimersAsync();
  });

  test('ends a call for good, also with a reason after which one could try again', async () => {
    const again = new RateLimitError('later', { status: 429 });
    expect(again.retryable).toBe(true);
    const controller = new AbortController();
    const { stateAfter, lines } = calling([silent], { signal: controller.signal });
    controller.abort(again);
    expect(await stateAfter(0)).toBe(again);
    expect(lines).toEqual([]);
  });
});
