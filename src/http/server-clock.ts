// The server's clock, as far as its responses show: keys expire by it, not by this machine's clock.

import { httpDate } from './retry-policy.ts';

/** A time by the server's clock, in milliseconds since 1970: not before `least`, not after `most`. */
export interface TimeRange {
  readonly least: number;
  readonly most: number;
}

/** A moment, kept until its server time can be known. */
export interface Moment {
  /** By `performance.now()`. */
  readonly monotonic: number;
  /** By this machine's clock, in milliseconds since 1970. */
  readonly local: number;
  /** By the server's clock, as far as it was known at that moment. */
  readonly server: TimeRange | undefined;
}

/** How far the two clocks may drift apart, in milliseconds per millisecond: generous, so that drift is no contradiction. */
const DRIFT = 0.001;
/** Readings that differ by more contradict each other, in milliseconds: servers keep the text of a `Date` for a while. */
const SLACK = 2_000;

/**
 * Times are kept by the monotonic clock and become server time by the `Date` of any response, so a moment that was noted
 * before the first response can be dated afterwards. A `Date` names a second that was not over when the request was sent and
 * had begun when the response arrived, so each gives a range, and an old `Date` never moves the clock back.
 */
export class ServerClock {
  /** Server time minus monotonic time is at least this. */
  #least = Number.NEGATIVE_INFINITY;
  /** And at most this. */
  #most = Number.POSITIVE_INFINITY;
  #learnedAt = 0;
  #consistent = true;

  /** Whether any response has shown the time. */
  get known(): boolean {
    return this.#least !== Number.NEGATIVE_INFINITY;
  }

  /** `false` once a response was dated earlier than another before it: a cache or a proxy dates some of them. */
  get consistent(): boolean {
    return this.#consistent;
  }

  /** Milliseconds by which the server is ahead of this machine, to about a second; `undefined` before any response. */
  get offset(): number | undefined {
    return this.known ? this.now() - Date.now() : undefined;
  }

  /**
   * Learns from a response that has just arrived. One with an `Age` is out of a cache, and one that is not JSON is not of the
   * API: neither shows the server's time.
   */
  learn(headers: { get(name: string): string | null }, sent: Moment): void {
    const date = httpDate(headers.get('date') ?? '');
    const type = headers.get('content-type');
    if (date === undefined || headers.get('age') !== null || (type !== null && !/json/i.test(type))) return;
    const received = performance.now();
    const drift = (received - this.#learnedAt) * DRIFT;
    const least = date - received;
    const most = date + 1000 - sent.monotonic;
    this.#learnedAt = received;
    if (least > this.#most + drift + SLACK) {
      // Later than was thought: this machine has slept, or what was seen before was old.
      this.#least = least;
      this.#most = most;
      return;
    }
    if (most < this.#least - drift - SLACK) {
      this.#consistent = false;
      return;
    }
    this.#least = Math.max(this.#least - drift, least);
    this.#most = Math.max(this.#least, Math.min(this.#most + drift, most));
  }

  /** Now, in milliseconds since 1970 by the server, never ahead of it; by this machine while nothing is known. */
  now(): number {
    return this.known ? performance.now() + this.#least : Date.now();
  }

  /** This moment. */
  moment(): Moment {
    const monotonic = performance.now();
    return { monotonic, local: Date.now(), server: this.known ? this.#rangeOf(monotonic) : undefined };
  }

  /** The server time of a moment; `undefined` where it cannot be known. */
  timeOf({ monotonic, local, server }: Moment): TimeRange | undefined {
    // This machine has slept since, or its clock was set: the time in between is not known.
    const slept = Math.abs(Date.now() - local - (performance.now() - monotonic)) > SLACK;
    if (slept || !this.known) return server;
    const time = this.#rangeOf(monotonic);
    // What was known at that moment was old, or the server's clock was set since.
    const apart =
      server !== undefined && Math.max(time.least - server.most, server.least - time.most) > SLACK;
    return apart ? undefined : time;
  }

  #rangeOf(monotonic: number): TimeRange {
    return { least: monotonic + this.#least, most: monotonic + this.#most };
  }
}
