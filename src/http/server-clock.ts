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

interface ResponseHeaders {
  get(name: string): string | null;
}

/**
 * The `Date` of a response, in milliseconds since 1970. `undefined` where it does not show the server's time: a response with
 * an `Age` is out of a cache, and one that is not JSON is not of the API.
 */
export function serverDate(headers: ResponseHeaders): number | undefined {
  const type = headers.get('content-type');
  if (headers.get('age') !== null || (type !== null && !/json/i.test(type))) return undefined;
  return httpDate(headers.get('date') ?? '');
}

/** Whether two readings can be of one clock. */
const agree = (a: TimeRange, b: TimeRange, slack: number): boolean =>
  a.least <= b.most + slack && b.least <= a.most + slack;

/**
 * Times are kept by the monotonic clock and become server time by the `Date` of any response, so a moment that was noted
 * before the first response can be dated afterwards. A `Date` names a second that was not over when the request was sent and
 * had begun when the response arrived, so each gives a range. Where one contradicts those before it, as that of a cache or a proxy
 * may, the next one decides: it agrees with one of the two.
 */
export class ServerClock {
  /** Server time minus monotonic time. */
  #reading: TimeRange | undefined;
  /** The same by the last response, where it contradicts `#reading`. */
  #contradiction: TimeRange | undefined;
  /** Local time minus monotonic time when `#reading` was last confirmed: it changes while this machine sleeps. */
  #slept = 0;
  #learnedAt = 0;
  #consistent = true;

  /** Whether any response has shown the time. */
  get known(): boolean {
    return this.#reading !== undefined;
  }

  /**
   * `false` once a response was dated earlier than another before it: a cache or a proxy dates some of them. And while the last
   * response alone is dated later than those before it.
   */
  get consistent(): boolean {
    return this.#consistent && this.#contradiction === undefined;
  }

  /** Milliseconds by which the server is ahead of this machine, to about a second; `undefined` before any response. */
  get offset(): number | undefined {
    return this.known ? this.now() - Date.now() : undefined;
  }

  /** Learns from a response that has just arrived. */
  learn(headers: ResponseHeaders, sent: Moment): void {
    const date = serverDate(headers);
    if (date === undefined) return;
    const received = performance.now();
    const drift = (received - this.#learnedAt) * DRIFT;
    const slack = drift + SLACK;
    const next = { least: date - received, most: date + 1000 - sent.monotonic };
    const slept = Date.now() - received;
    const [last, contradiction] = [this.#reading, this.#contradiction];
    this.#learnedAt = received;
    if (last === undefined) {
      this.#reading = next;
    } else if (agree(last, next, slack)) {
      if (contradiction !== undefined) this.#consistent = false;
      const least = Math.max(last.least - drift, next.least);
      this.#reading = { least, most: Math.max(least, Math.min(last.most + drift, next.most)) };
    } else {
      const pause = slept - this.#slept;
      const wokeUp = agree({ least: last.least + pause, most: last.most + pause }, next, slack);
      if (!wokeUp && next.most < last.least) this.#consistent = false;
      if (!wokeUp && !(contradiction && agree(contradiction, next, slack))) {
        this.#contradiction = next;
        return;
      }
      this.#reading = next;
    }
    this.#contradiction = undefined;
    this.#slept = slept;
  }

  /**
   * Now, in milliseconds since 1970 by the server; by this machine while nothing is known. Where the last response contradicts
   * those before it, a later time counts at once: the clock of a reference may have been moved. An earlier one counts where it
   * is nearer to this machine's clock.
   */
  now(): number {
    if (this.#reading === undefined) return Date.now();
    const monotonic = performance.now();
    const now = monotonic + this.#reading.least;
    if (this.#contradiction === undefined) return now;
    const last = monotonic + this.#contradiction.least;
    const local = Date.now();
    return last > now || Math.abs(last - local) < Math.abs(now - local) ? last : now;
  }

  /** This moment. */
  moment(): Moment {
    const monotonic = performance.now();
    // While the last response contradicts those before it, only later ones can tell.
    const server = this.#contradiction === undefined ? this.#rangeAt(monotonic) : undefined;
    return { monotonic, local: Date.now(), server };
  }

  /** The server time of a moment; `undefined` where it cannot be known. */
  timeOf({ monotonic, local, server }: Moment): TimeRange | undefined {
    // This machine has slept since, or its clock was set: the time in between is not known.
    const slept = Math.abs(Date.now() - local - (performance.now() - monotonic)) > SLACK;
    const time = this.#rangeAt(monotonic);
    if (slept || time === undefined) return server;
    // What was known at that moment was old, or the server's clock was set since.
    return server === undefined || agree(time, server, SLACK) ? time : undefined;
  }

  #rangeAt(monotonic: number): TimeRange | undefined {
    const reading = this.#reading;
    return reading && { least: monotonic + reading.least, most: monotonic + reading.most };
  }
}
