// SIGINT and SIGTERM. What only reads ends at once; what changes something gets a few seconds to end the step in hand, so
// that its outcome is known and on record. A second signal waits for nothing.

import type { CredentialStore } from '../../rotation/index.ts';
import { EXIT, type ExitCode, Stop } from './exit.ts';

/** How long the step in hand may still take, and when the process ends in any case, in milliseconds. */
const STEP_MS = 4_000;
const END_MS = 5_000;

/** Where signals come from, and how a process ends. */
export interface SignalSource {
  /** Calls the listener at each SIGINT and SIGTERM; returns how to stop that. */
  onSignal(listener: (name: string) => void): () => void;
  /** Ends the process although something is still under way. */
  exit(code: ExitCode): void;
}

export class Interrupt {
  readonly #now = new AbortController();
  readonly #later = new AbortController();
  readonly #stop: () => void;
  readonly #timers: NodeJS.Timeout[] = [];
  /** Aborts at the signal: for what changes nothing. */
  readonly now = this.#now.signal;
  /** Aborts once the step in hand has ended, or after four seconds: for what changes something. */
  readonly later = this.#later.signal;
  /** The signal that came. */
  reason: Stop | undefined;

  constructor({ onSignal, exit }: SignalSource, heard: (reason: Stop) => void) {
    this.#stop = onSignal((name) => {
      if (this.reason !== undefined) return this.#later.abort(this.reason);
      const reason = new Stop(EXIT.interrupted, 'interrupted', `Interrupted by ${name}.`);
      this.reason = reason;
      heard(reason);
      this.#now.abort(reason);
      this.#timers.push(
        setTimeout(() => this.#later.abort(reason), STEP_MS),
        setTimeout(() => exit(EXIT.interrupted), END_MS),
      );
    });
  }

  /** A store that ends a step with each write: what was done until then is on record. */
  steps(store: CredentialStore): CredentialStore {
    return {
      read: () => store.read(),
      write: async (record, options) => {
        const written = await store.write(record, options);
        if (this.reason !== undefined) this.#later.abort(this.reason);
        return written;
      },
    };
  }

  end(): void {
    this.#stop();
    for (const timer of this.#timers) clearTimeout(timer);
  }
}
