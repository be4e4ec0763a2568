// The server's clock, as far as its answers tell: what expires, expires by it and not by ours.

import { httpDate } from './retry.ts';

export class ServerClock {
  #offset: number | undefined;
  #lastHeader: string | null = null;
  #lastTime: number | undefined;

  /** Whether any answer has told the time yet. */
  get known(): boolean {
    return this.#offset !== undefined;
  }

  /** Milliseconds by which the server is ahead of this machine, to about a second; `undefined` before any answer. */
  get offset(): number | undefined {
    return this.#offset;
  }

  /** Learns from the `Date` header of an answer that has just come. It names whole seconds, so this is never ahead. */
  learn(dateHeader: string | null): void {
    // It changes once in a second, whatever the number of answers.
    if (dateHeader !== this.#lastHeader) {
      this.#lastHeader = dateHeader;
      this.#lastTime = httpDate(dateHeader ?? '');
    }
    if (this.#lastTime !== undefined) this.#offset = this.#lastTime - Date.now();
  }

  /** Milliseconds since 1970, by the server; by this machine while nothing is known. */
  now(): number {
    return Date.now() + (this.#offset ?? 0);
  }
}
