// Who wins when a call is at its end and its work is done in the same moment: the end, whoever asks.
import { describe, expect, test, vi } from 'vitest';
import { abortable, CallScope, untilAborted } from '../../src/transport/scope.ts';

const reason = new Error('enough');
const ended = () => {
  const controller = new AbortController();
  controller.abort(reason);
  return controller.signal;
};
const scopeOf = (signal: AbortSignal) =>
  new CallScope({ totalTimeout: 1_000, signal, operation: 'user.get' });

describe('what was ended before it is waited for', () => {
  test('rejects with the reason, though the promise is fulfilled', async () => {
    await expect(untilAborted(Promise.resolve('done'), ended())).rejects.toBe(reason);
    const scope = scopeOf(ended());
    await expect(scope.race(Promise.resolve('done'))).rejects.toBe(reason);
    expect(scope.abortedByCaller).toBe(true);
    expect(scope.signal.reason).toBe(reason);
    expect(() => scope.throwIfEnded()).toThrow(reason);
    scope.end();
  });

  test('tells those who come late', () => {
    const late = vi.fn();
    const scope = scopeOf(ended());
    scope.onEnd(late);
    expect(late).toHaveBeenCalledExactlyOnceWith(reason);
    scope.end();
  });
});

test('what ends meanwhile rejects, and what is called off hears nothing', async () => {
  const controller = new AbortController();
  const scope = scopeOf(controller.signal);
  const off = vi.fn();
  scope.onEnd(off)();
  const waiting = scope.race(new Promise(() => {}));
  controller.abort(reason);
  await expect(waiting).rejects.toBe(reason);
  expect(off).not.toHaveBeenCalled();
  scope.end();
});

test('a promise that is done in time is followed', async () => {
  const scope = scopeOf(new AbortController().signal);
  await expect(scope.race(Promise.resolve('done'))).resolves.toBe('done');
  await expect(untilAborted(Promise.reject(reason), new AbortController().signal)).rejects.toBe(reason);
  scope.end();
});

test('what can be ended is ended once, for its signal and for those who race it', async () => {
  const { signal, aborted, abort } = abortable();
  expect(signal.aborted).toBe(false);
  abort(reason);
  abort(new Error('later'));
  expect(signal.reason).toBe(reason);
  await expect(Promise.race([aborted, Promise.resolve('done')])).rejects.toBe(reason);
});

test('what is there already is followed at once, and not beyond the end', async () => {
  const controller = new AbortController();
  const scope = scopeOf(controller.signal);
  const pair = { id: 'one' };
  expect(scope.follow(pair)).toBe(pair);
  await expect(scope.follow(Promise.resolve(pair))).resolves.toBe(pair);
  controller.abort(reason);
  expect(() => scope.follow(pair)).toThrow(reason);
  scope.end();
});

test('what answers only because it was told to stop comes too late', async () => {
  const { signal, aborted, abort } = abortable();
  const answer = new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve('done'));
  });
  const race = Promise.race([aborted, answer]);
  abort(reason);
  await expect(race).rejects.toBe(reason);
});

test('what is ended without a reason is ended by an AbortError, the same for all', async () => {
  const { signal, aborted, abort } = abortable();
  abort();
  expect(signal.reason).toMatchObject({ name: 'AbortError' });
  await expect(aborted).rejects.toBe(signal.reason);
});
