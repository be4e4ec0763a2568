// The time of a call, on a clock that the tests turn: what ends it, who is told, and that no timer and no listener stays.
import { getEventListeners } from 'node:events';
import { RequestTimeoutError } from 'blazemeter-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import {
  abortable,
  CallScope,
  LONGEST_TIMER,
  after as later,
  untilAborted,
} from '../../src/transport/scope.ts';
import { stateOf } from '../support/transport.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

const reason = new Error('enough');
const never = new Promise<never>(() => {});
const listenersOf = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

function scopeOf(options: { totalTimeout?: number; signal?: AbortSignal; operation?: string } = {}) {
  const { totalTimeout = 1_000, signal, operation } = options;
  return new CallScope({ totalTimeout, signal, operation });
}

describe('something to be done later', () => {
  test('is done once its time is over, and not before', () => {
    const run = vi.fn();
    later(100, run);
    vi.advanceTimersByTime(99);
    expect(run).not.toHaveBeenCalled();
    vi.advanceTimersByTime(1);
    expect(run).toHaveBeenCalledOnce();
  });

  test('can be called off', () => {
    const run = vi.fn();
    later(100, run)();
    vi.advanceTimersByTime(200);
    expect(run).not.toHaveBeenCalled();
  });

  test.each([
    [-5, 0],
    [0, 0],
    [Number.POSITIVE_INFINITY, 2_147_483_647],
    [LONGEST_TIMER + 1, 2_147_483_647],
  ])('in %d ms is done in a time that a timer can hold', (ms, expected) => {
    const timer = vi.spyOn(globalThis, 'setTimeout');
    const off = later(ms, () => {});
    expect(timer.mock.calls.map(([, given]) => given)).toEqual([expected]);
    off();
  });

  test('keeps no process alive', () => {
    const timer = vi.spyOn(globalThis, 'setTimeout');
    const off = later(100, () => {});
    expect(timer.mock.results.map(({ value }) => value.hasRef())).toEqual([false]);
    off();
  });

  test('is done where timers are numbers, as in browsers', () => {
    vi.stubGlobal('setTimeout', () => 5);
    const off = later(100, () => {});
    vi.unstubAllGlobals();
    off();
  });
});

describe('what can be ended', () => {
  test('ends its signal and those who wait for it, with the first reason', async () => {
    const { signal, aborted, abort } = abortable();
    expect([signal.aborted, await stateOf(aborted)]).toEqual([false, 'pending']);
    abort(reason);
    abort(new Error('later'));
    expect(signal.reason).toBe(reason);
    expect(await stateOf(aborted)).toBe(reason);
  });

  test('has a reason of its own where none is given', async () => {
    const { signal, aborted, abort } = abortable();
    abort();
    expect(signal.reason).toBeInstanceOf(DOMException);
    expect(await stateOf(aborted)).toBe(signal.reason);
  });
});

describe('a promise that is followed until a signal aborts', () => {
  test('is followed, and leaves the signal alone afterwards', async () => {
    const { signal } = new AbortController();
    const following = untilAborted(Promise.resolve('done'), signal);
    expect(listenersOf(signal)).toBe(1);
    expect(await following).toBe('done');
    expect(listenersOf(signal)).toBe(0);
  });

  test('is left when it aborts, which one listener hears once', async () => {
    const controller = new AbortController();
    const following = untilAborted(never, controller.signal);
    expect(await stateOf(following)).toBe('pending');
    controller.abort(reason);
    expect(listenersOf(controller.signal)).toBe(0);
    expect(await stateOf(following)).toBe(reason);
  });

  test('is not begun with where it has aborted', async () => {
    const signal = AbortSignal.abort(reason);
    const following = untilAborted(never, signal);
    expect(listenersOf(signal)).toBe(0);
    expect(await stateOf(following)).toBe(reason);
  });
});

describe('the time of a call', () => {
  test('ends it with an error that says whose time was over', async () => {
    const scope = scopeOf({ totalTimeout: 250, operation: 'user.get' });
    scope.attempts = 2;
    const waiting = scope.race(never);
    await vi.advanceTimersByTimeAsync(249);
    expect([scope.ended, scope.remaining(), await stateOf(waiting)]).toEqual([false, 1, 'pending']);
    expect(() => scope.throwIfEnded()).not.toThrow();
    await vi.advanceTimersByTimeAsync(1);
    const error = await stateOf(waiting);
    expect(error).toBeInstanceOf(RequestTimeoutError);
    expect(error).toMatchObject({ scope: 'call', timeoutMs: 250, operation: 'user.get', attempts: 2 });
    expect(error).toHaveProperty(
      'message',
      'user.get was not done within 250 ms (totalTimeout). The service or the network is slow, or totalTimeout too short.',
    );
    expect([scope.ended, scope.abortedByCaller]).toEqual([true, false]);
    expect(scope.signal.reason).toBe(error);
    expect(() => scope.throwIfEnded()).toThrow(RequestTimeoutError);
  });

  test('is that of the call where the operation has no name', () => {
    const scope = scopeOf({ totalTimeout: 5 });
    vi.advanceTimersByTime(5);
    expect(() => scope.throwIfEnded()).toThrow(/^The call was not done within 5 ms/);
  });

  test('runs down to nothing, and not below', () => {
    const scope = scopeOf({ totalTimeout: 250 });
    expect(scope.remaining()).toBe(250);
    vi.advanceTimersByTime(100);
    expect(scope.remaining()).toBe(150);
    vi.advanceTimersByTime(1_000);
    expect(scope.remaining()).toBe(0);
  });

  test('is not watched any more once the call is done', () => {
    const { signal } = new AbortController();
    const scope = scopeOf({ signal });
    expect([vi.getTimerCount(), listenersOf(signal)]).toEqual([1, 1]);
    scope.end();
    expect([vi.getTimerCount(), listenersOf(signal)]).toEqual([0, 0]);
    vi.advanceTimersByTime(2_000);
    expect(scope.ended).toBe(false);
  });
});

describe("a caller's signal", () => {
  test('ends the call with its reason, whoever waits', async () => {
    const controller = new AbortController();
    const scope = scopeOf({ signal: controller.signal });
    const { signal } = scope;
    const told = vi.fn();
    scope.onEnd(told);
    const waiting = scope.race(never);
    expect([scope.ended, scope.abortedByCaller, signal.aborted]).toEqual([false, false, false]);
    controller.abort(reason);
    expect([scope.ended, scope.abortedByCaller, signal.reason]).toEqual([true, true, reason]);
    expect(scope.signal).toBe(signal);
    expect(told).toHaveBeenCalledExactlyOnceWith(reason);
    expect(await stateOf(waiting)).toBe(reason);
    scope.end();
  });

  test('that aborts after the time was over changes nothing', async () => {
    const controller = new AbortController();
    const scope = scopeOf({ signal: controller.signal, totalTimeout: 5 });
    const told = vi.fn();
    scope.onEnd(told);
    vi.advanceTimersByTime(5);
    controller.abort(reason);
    expect(scope.abortedByCaller).toBe(false);
    expect(told).toHaveBeenCalledOnce();
    expect(scope.signal.reason).toBeInstanceOf(RequestTimeoutError);
    scope.end();
  });

  test('that has aborted before ends the call at its beginning', async () => {
    const signal = AbortSignal.abort(reason);
    const scope = scopeOf({ signal });
    expect([scope.ended, scope.abortedByCaller, listenersOf(signal)]).toEqual([true, true, 0]);
    expect(scope.signal.reason).toBe(reason);
    expect(await stateOf(scope.race(Promise.resolve('done')))).toBe(reason);
    scope.end();
  });

  test('has one listener for many calls, until the last of them is done', () => {
    const { signal } = new AbortController();
    const scopes = [scopeOf({ signal }), scopeOf({ signal }), scopeOf({ signal })];
    expect(listenersOf(signal)).toBe(1);
    const left = scopes.map((scope) => {
      scope.end();
      return listenersOf(signal);
    });
    expect(left).toEqual([1, 1, 0]);
  });

  test('ends all calls that are under way, and none that is done', () => {
    const controller = new AbortController();
    const { signal } = controller;
    scopeOf({ signal }).end();
    const [done, one, two] = [scopeOf({ signal }), scopeOf({ signal }), scopeOf({ signal })];
    done.end();
    controller.abort(reason);
    expect([done.ended, one.ended, two.ended]).toEqual([false, true, true]);
    expect(listenersOf(signal)).toBe(0);
    one.end();
    two.end();
  });
});

describe('those who wait for the end', () => {
  test('can call it off', () => {
    const controller = new AbortController();
    const scope = scopeOf({ signal: controller.signal });
    const told = vi.fn();
    scope.onEnd(told)();
    controller.abort(reason);
    expect(told).not.toHaveBeenCalled();
    scope.end();
  });

  test('follow what is there at once, and what comes until the end', async () => {
    const controller = new AbortController();
    const scope = scopeOf({ signal: controller.signal });
    const pair = { id: 'one' };
    expect(scope.follow(pair)).toBe(pair);
    expect(await scope.follow(Promise.resolve(pair))).toBe(pair);
    const following = Promise.resolve(scope.follow<object>(never));
    controller.abort(reason);
    expect(await stateOf(following)).toBe(reason);
    expect(() => scope.follow(pair)).toThrow(reason);
    scope.end();
  });

  test('may keep the process alive meanwhile', async () => {
    const scope = scopeOf();
    const interval = vi.spyOn(globalThis, 'setInterval');
    const held = scope.hold(new Promise((resolve) => setTimeout(resolve, 100, 'done')));
    expect(interval.mock.calls.map(([, ms]) => ms)).toEqual([LONGEST_TIMER]);
    expect(interval.mock.results.map(({ value }) => value.hasRef())).toEqual([true]);
    await vi.advanceTimersByTimeAsync(100);
    expect(await held).toBe('done');
    expect(vi.getTimerCount()).toBe(1);
    scope.end();
  });

  test('may sleep', async () => {
    const scope = scopeOf();
    const sleeping = scope.sleep(100);
    await vi.advanceTimersByTimeAsync(99);
    expect(await stateOf(sleeping)).toBe('pending');
    await vi.advanceTimersByTimeAsync(1);
    expect(await stateOf(sleeping)).toBe('fulfilled');
    scope.end();
  });

  test('are woken by the end, and leave no timer', async () => {
    const controller = new AbortController();
    const scope = scopeOf({ signal: controller.signal });
    const sleeping = scope.sleep(100);
    controller.abort(reason);
    expect(await stateOf(sleeping)).toBe(reason);
    expect(vi.getTimerCount()).toBe(1);
    scope.end();
  });
});
