// The rules of faults, as data: which requests a rule is for, and what it does to them.

import type { OperationName } from '../routes.ts';

/**
 * When a fault is applied: before anything is done, after the change and before the response is sent, or, for a connection
 * that breaks, in the middle of the response's body.
 */
export type FaultTime = CommitSide | 'mid-body';

/** Before or after the change. Default: before. */
export type CommitSide = 'before-commit' | 'after-commit';

/** Which requests a rule is for. All given conditions must hold; without any, it is for all requests. */
export interface FaultMatch {
  /** The operations, by name; a route of your own by its method and path. Default: all, unknown paths included. */
  readonly operation?: OperationName | readonly OperationName[] | undefined;
  /** Only requests with the id of this key, whether the secret is right or not. */
  readonly keyId?: string | undefined;
  /** Only the n-th such request since the rule was added, counted from 1. */
  readonly nth?: number | undefined;
  /** Every k-th such request. */
  readonly every?: number | undefined;
  /** Each such request with this probability, 0 to 1. */
  readonly probability?: number | undefined;
  /** The seed of the random numbers for `probability` and `latency`. Default 1. */
  readonly seed?: number | undefined;
  /** How often the rule is applied, at most. Default: no limit. */
  readonly times?: number | undefined;
}

/** What a rule does. */
export type FaultEffect =
  /** The connection is reset. Default: before the commit. */
  | { readonly effect: 'reset'; readonly when?: FaultTime | undefined }
  /** Nothing more comes, ever. Default: before the commit. */
  | { readonly effect: 'stall'; readonly when?: FaultTime | undefined }
  /** The response comes slowly: so many bytes (default 16) every so many milliseconds (default 50). */
  | {
      readonly effect: 'drip';
      readonly chunkBytes?: number | undefined;
      readonly everyMs?: number | undefined;
    }
  /** The connection closes in an orderly way after so many bytes of the body (default: half of it). */
  | { readonly effect: 'truncate'; readonly keepBytes?: number | undefined }
  /** The response waits: so many milliseconds, or a random time within bounds. */
  | { readonly effect: 'latency'; readonly ms: number | { readonly min: number; readonly max: number } }
  /**
   * An error in the form of the API. `retryAfter` is in seconds, sent as such or as a date; a string is sent as it is.
   */
  | {
      readonly effect: 'status';
      readonly status: number;
      readonly message?: string | undefined;
      readonly retryAfter?: number | string | undefined;
      readonly retryAfterForm?: 'seconds' | 'date' | undefined;
      readonly when?: CommitSide | undefined;
    }
  /** More than so many requests of one key in a window: 429 with the seconds to wait. */
  | { readonly effect: 'rate-limit'; readonly requests: number; readonly windowMs: number }
  /** A body that ends before its JSON does, under the right length. */
  | { readonly effect: 'wrong-json'; readonly when?: CommitSide | undefined }
  /** A proxy's HTML page. Default status 200. */
  | { readonly effect: 'html'; readonly status?: number | undefined; readonly when?: CommitSide | undefined }
  /** No body at all. Default status: as it would have been. */
  | { readonly effect: 'empty'; readonly status?: number | undefined; readonly when?: CommitSide | undefined }
  /** An envelope whose `error` is a string. Default status 400. */
  | {
      readonly effect: 'string-error';
      readonly status?: number | undefined;
      readonly when?: CommitSide | undefined;
    }
  /** Status 200 with an `error` object in the envelope. Default code 400. */
  | {
      readonly effect: 'ok-with-error';
      readonly code?: number | undefined;
      readonly when?: CommitSide | undefined;
    }
  /** A redirect. Default status 302. */
  | {
      readonly effect: 'redirect';
      readonly location: string;
      readonly status?: 301 | 302 | 303 | 307 | 308 | undefined;
      readonly when?: CommitSide | undefined;
    }
  /** Any response you like: what is left out stays as it would have been. Default: before the commit; with `headers` alone, after it. */
  | {
      readonly effect: 'response';
      readonly status?: number | undefined;
      readonly headers?: Readonly<Record<string, string>> | undefined;
      readonly body?: string | undefined;
      readonly when?: CommitSide | undefined;
    }
  /** Lists of keys stay as they were when the rule was added. */
  | { readonly effect: 'stale-list' }
  /** Lists return their first page whatever `skip` is. */
  | { readonly effect: 'repeat-page' }
  /** Lists return, and state, no more than so many items. */
  | { readonly effect: 'cap-limit'; readonly limit: number }
  /** Lists state another `total`; the text `omit` leaves it out. */
  | { readonly effect: 'total'; readonly total: number | null | string }
  /** The `Date` header of the response is wrong by so many milliseconds. */
  | { readonly effect: 'skew'; readonly ms: number };

/** A rule: which requests it is for, and what it does to them. */
export type FaultRule = FaultMatch & FaultEffect;
