// The end of one call: `totalTimeout` and the caller's signal, over all its requests, waits and hooks.

import { RequestTimeoutError } from '../errors.ts';
import { abortable, LONGEST_TIMER, onAbort, reasonOf } from '../util/abort.ts';

export class Deadline {
  readonly #end = abortable();
  readonly #until: number;
  readonly #cleanUp: () => void;
  /** Requests tried so far. */
  attempts = 0;
  /** Whether it was the caller's signal that ended the call. */
  abortedByCaller = false;

  constructor(totalTimeout: number, operation: string, signal: AbortSignal | undefined) {
    this.#until = performance.now() + totalTimeout;
    // This timer keeps the process alive: the call is being awaited.
    const timer = setTimeout(
      () =>
        this.#end.abort(
          new RequestTimeoutError(
            `${operation} did not complete within ${totalTimeout} ms. The service or the network is slow.`,
            {
              hint: { option: 'totalTimeout', text: 'If that is expected, raise totalTimeout.' },
              scope: 'call',
              timeoutMs: totalTimeout,
              operation,
              attempts: this.attempts,
            },
          ),
        ),
      Math.min(totalTimeout, LONGEST_TIMER),
    );
    const off =
      signal === undefined
        ? () => {}
        : onAbort(signal, () => {
            this.abortedByCaller = !this.ended;
            this.#end.abort(reasonOf(signal));
          });
    this.#cleanUp = () => {
      clearTimeout(timer);
      off();
    };
  }

  /** Aborts with the caller's reason, or with a {@link RequestTimeoutError}. */
  get signal(): AbortSignal {
    return this.#end.signal;
  }

  get ended(): boolean {
    return this.signal.aborted;
  }

  throwIfEnded(): void {
    if (this.ended) throw this.signal.reason;
  }

  /** Milliseconds that are left. */
  remaining(): number {
    return Math.max(0, this.#until - performance.now());
  }

  /** Resolves or rejects as the promise does, unless the call ends first. */
  race<T>(promise: Promise<T>): Promise<T> {
    return Promise.race([this.#end.aborted, promise]);
  }

  async sleep(ms: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const slept = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, ms);
    });
    await this.race(slept).finally(() => clearTimeout(timer));
  }

  /** The call is over: its timer and its listener go. */
  close(): void {
    this.#cleanUp();
  }
}
