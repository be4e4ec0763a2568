// Watches what a call leaves behind: timers that the library started, listeners on the caller's signal, handles of the
// process. What is found is named, so that a failing test says what stayed.
import assert from 'node:assert/strict';
import { getEventListeners } from 'node:events';
import { setTimeout as pause } from 'node:timers/promises';

/** The built client: its entry point, and what that shares with others. */
const OURS = /[\\/]dist[\\/](?:index|chunk-\w+)\.js/;

/** The timers that the library has running. Those of the test runner and of Node's own fetch are not its own. */
export class TimerWatch {
  readonly #live = new Map<unknown, string>();
  readonly #setTimeout = globalThis.setTimeout;
  readonly #clearTimeout = globalThis.clearTimeout;
  /** How many were started so far: a watch that sees none proves nothing. */
  started = 0;

  constructor() {
    const start = (run: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) => {
      const stack = new Error('started here').stack ?? '';
      const timer = this.#setTimeout(() => {
        this.#live.delete(timer);
        run(...given);
      }, ms);
      if (OURS.test(stack)) {
        this.started += 1;
        this.#live.set(timer, stack);
      }
      return timer;
    };
    globalThis.setTimeout = Object.assign(start, this.#setTimeout);
    globalThis.clearTimeout = (timer) => {
      this.#live.delete(timer);
      this.#clearTimeout(timer);
    };
  }

  assertNone(): void {
    assert.deepEqual([...this.#live.values()], [], 'the library has timers left');
  }

  end(): void {
    globalThis.setTimeout = this.#setTimeout;
    globalThis.clearTimeout = this.#clearTimeout;
  }
}

/**
 * A plain timer set beside a call: how late the machine is with the one, it may be with the other. `late()` is how many
 * milliseconds the call went on after a bound of `ms` was over.
 */
export function bound(ms: number): { late(): number } {
  let over: number | undefined;
  const timer = setTimeout(() => {
    over = performance.now();
  }, ms);
  return {
    late() {
      clearTimeout(timer);
      return over === undefined ? 0 : performance.now() - over;
    },
  };
}

export function assertNoListeners(signal: AbortSignal): void {
  assert.equal(
    getEventListeners(signal, 'abort').length,
    0,
    'listeners are left on the signal of the caller',
  );
}

/** Polls until something holds; the last word is the assertion's. */
export async function eventually(holds: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const until = performance.now() + 2_000;
  while (!(await holds())) {
    if (performance.now() > until) assert.fail(what);
    await pause(5);
  }
}

/** What keeps the process alive, as far as a network client can be the reason. */
const handles = () =>
  process.getActiveResourcesInfo().filter((kind) => /^(TCP|TLS|HTTP|GetAddrInfo|Timeout|Zlib)/i.test(kind));

/** Remembers what is open now; the function that it returns fails if there is more later. */
export function watchHandles(): () => Promise<void> {
  const before = handles().length;
  return () => eventually(() => handles().length <= before, `handles are left: ${handles().join(', ')}`);
}
