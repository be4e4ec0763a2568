// Ending work early: controllers whose end can be awaited, and one listener for all calls that share a signal.

/** Longest delay that a timer can hold, in milliseconds. */
export const LONGEST_TIMER = 2 ** 31 - 1;

const abortError = () => new DOMException('This operation was aborted', 'AbortError');

/** Why a signal was aborted. Signals of polyfills have no reason. */
export const reasonOf = (signal: AbortSignal): unknown => signal.reason ?? abortError();

/** Throws the reason of an abort. Signals of polyfills lack the method of this name. */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted) throw reasonOf(signal);
}

/** Something that can be ended: a signal for `fetch`, and a promise that never resolves, to race against. */
export interface Abortable {
  readonly signal: AbortSignal;
  /** Rejects with the reason of the first abort. */
  readonly aborted: Promise<never>;
  abort(reason?: unknown): void;
}

/** A controller together with a promise, which needs no listener on the signal. */
export function abortable(): Abortable {
  const controller = new AbortController();
  let reject = (_: unknown) => {};
  const aborted = new Promise<never>((_, rejected) => {
    reject = rejected;
  });
  // It may be that nothing is racing at the moment.
  aborted.catch(() => {});
  const abort = (reason: unknown = abortError()) => {
    // Before the signal's listeners run: whatever they resolve with comes after the end.
    reject(reason);
    controller.abort(reason);
  };
  return { signal: controller.signal, aborted, abort };
}

/** Resolves or rejects as the promise does, or rejects with the signal's reason if that comes first. */
export function withAbort<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let off = () => {};
  const aborted = new Promise<never>((_, reject) => {
    off = onAbort(signal, () => reject(reasonOf(signal)));
  });
  return Promise.race([aborted, promise]).finally(off);
}

/** What waits for the abort of each signal. */
const waiting = new WeakMap<AbortSignal, { readonly runs: Set<() => void>; readonly fire: () => void }>();

/**
 * Runs something when a signal aborts, at once if it has; returns how to cancel that. One listener serves all that wait for
 * the same signal: Node warns of a leak where there are more than ten.
 */
export function onAbort(signal: AbortSignal, run: () => void): () => void {
  if (signal.aborted) {
    run();
    return () => {};
  }
  let shared = waiting.get(signal);
  if (shared === undefined) {
    const all = new Set<() => void>();
    shared = { runs: all, fire: () => all.forEach((one) => void one()) };
    signal.addEventListener('abort', shared.fire, { once: true });
    waiting.set(signal, shared);
  }
  const { runs, fire } = shared;
  runs.add(run);
  return () => {
    runs.delete(run);
    if (runs.size > 0) return;
    signal.removeEventListener('abort', fire);
    waiting.delete(signal);
  };
}

/** Waits, or rejects with the reason of the caller's abort. */
export async function sleep(ms: number, signal?: AbortSignal | undefined): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const slept = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  try {
    await (signal === undefined ? slept : withAbort(slept, signal));
  } finally {
    clearTimeout(timer);
  }
}
