// The time of one call: one clock over all its attempts, waits and hooks, joined with the caller's own signal.
// Nothing here travels through a Request: a signal that does is held weakly, and a collection can lose it.

import { RequestTimeoutError } from '../errors.ts';

/** Longest delay that a timer can hold, in milliseconds. */
export const LONGEST_TIMER = 2 ** 31 - 1;

/** Runs something once the time is over; never keeps the process alive. Returns how to call it off. */
export function after(ms: number, run: () => void): () => void {
  const timer = setTimeout(run, Math.min(Math.max(ms, 0), LONGEST_TIMER));
  timer.unref?.(); // Browsers have plain numbers here.
  return () => clearTimeout(timer);
}

/** Something that can be ended: by a signal for `fetch`, and by a promise that never resolves, to be raced against. */
export interface Abortable {
  readonly signal: AbortSignal;
  /** Rejects with the reason. */
  readonly aborted: Promise<never>;
  /** The first reason stands. */
  abort(reason?: unknown): void;
}

/** One controller, and a promise that needs no listener on its signal. */
export function abortable(): Abortable {
  const controller = new AbortController();
  const { signal } = controller;
  let reject = (_: unknown) => {};
  const aborted = new Promise<never>((_, rejected) => {
    reject = rejected;
  });
  // Nobody may be racing at the moment.
  aborted.catch(() => {});
  const abort = (reason: unknown = new DOMException('This operation was aborted', 'AbortError')) => {
    // Before the signal tells others: what they then answer comes after the end.
    reject(reason);
    controller.abort(reason);
  };
  return { signal, aborted, abort };
}

/** A promise that follows another until a signal aborts, and then rejects with the signal's reason. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  let off = () => {};
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => reject(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    off = () => signal.removeEventListener('abort', abort);
  });
  return Promise.race([aborted, promise]).finally(off);
}

/** What waits for the abort of each signal. */
const waiting = new WeakMap<AbortSignal, { readonly runs: Set<() => void>; readonly fire: () => void }>();

/**
 * Runs something when a caller's signal aborts; returns how to call it off. One listener serves all calls that share the
 * signal: Node warns of a leak where there are more than ten.
 */
function onAbort(signal: AbortSignal, run: () => void): () => void {
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

export class CallScope {
  readonly #deadline: number;
  readonly #cleanUp: (() => void)[] = [];
  readonly #waiting = new Set<(reason: unknown) => void>();
  #end: { readonly reason: unknown } | undefined;
  #controller: AbortController | undefined;
  /** Requests tried so far. */
  attempts = 0;
  /** Whether it was the caller's signal that ended the call. */
  abortedByCaller = false;

  constructor(options: {
    totalTimeout: number;
    signal: AbortSignal | undefined;
    operation: string | undefined;
  }) {
    const { totalTimeout, signal, operation } = options;
    this.#deadline = performance.now() + totalTimeout;
    this.#cleanUp.push(
      after(totalTimeout, () =>
        this.#finish(
          new RequestTimeoutError(
            `${operation ?? 'The call'} was not done within ${totalTimeout} ms (totalTimeout). The service or the network is slow, or totalTimeout too short.`,
            { scope: 'call', timeoutMs: totalTimeout, operation, attempts: this.attempts },
          ),
        ),
      ),
    );
    if (signal !== undefined) {
      const abort = () => {
        this.abortedByCaller = !this.ended;
        this.#finish(signal.reason);
      };
      if (signal.aborted) abort();
      else this.#cleanUp.push(onAbort(signal, abort));
    }
  }

  #finish(reason: unknown): void {
    if (this.#end !== undefined) return;
    this.#end = { reason };
    this.#controller?.abort(reason);
    for (const run of this.#waiting) run(reason);
  }

  /** Whether its time is over, or the caller has aborted. */
  get ended(): boolean {
    return this.#end !== undefined;
  }

  throwIfEnded(): void {
    if (this.#end !== undefined) throw this.#end.reason;
  }

  /** The same as a signal, for those who need one. Made when it is asked for: most calls never do. */
  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#end !== undefined) this.#controller.abort(this.#end.reason);
    }
    return this.#controller.signal;
  }

  /** Runs something when the call ends before its time, at once if it has; returns how to call it off. */
  onEnd(run: (reason: unknown) => void): () => void {
    if (this.#end !== undefined) run(this.#end.reason);
    else this.#waiting.add(run);
    return () => void this.#waiting.delete(run);
  }

  /** Milliseconds that are left. */
  remaining(): number {
    return Math.max(0, this.#deadline - performance.now());
  }

  /** Follows a promise until the time is over or the caller aborts. */
  race<T>(promise: Promise<T>): Promise<T> {
    let off = () => {};
    const ended = new Promise<never>((_, reject) => {
      off = this.onEnd(reject);
    });
    return Promise.race([ended, promise]).finally(off);
  }

  /** The same for what may be there already. */
  follow<T extends object>(value: T | Promise<T>): T | Promise<T> {
    if (value instanceof Promise) return this.race(value);
    this.throwIfEnded();
    return value;
  }

  /** As `race`, for what must not be lost: it keeps the process alive meanwhile. */
  hold<T>(promise: Promise<T>): Promise<T> {
    const timer = setInterval(() => {}, LONGEST_TIMER);
    return this.race(promise).finally(() => clearInterval(timer));
  }

  /** Waits. This timer does keep the process alive: somebody awaits the call. */
  sleep(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    return this.race(slept).finally(() => clearTimeout(timer));
  }

  end(): void {
    for (const clean of this.#cleanUp) clean();
  }
}
