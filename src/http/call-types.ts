// What a call is: the context of its client, its options, its request, and its response.

import type { Envelope, RawResponse } from '../api/envelope.ts';
import type { OperationId, OperationInput, OperationTable } from '../api/operations.ts';
import type { CredentialCache } from '../auth/credential-cache.ts';
import type { Credentials } from '../auth/credentials.ts';
import { spec } from '../util/options.ts';
import type { Log } from './log.ts';
import type { Query } from './path.ts';
import type { ServerClock } from './server-clock.ts';
import type { FetchLike } from './signing-fetch.ts';

/** What is the same for all calls of a client. */
export interface CallContext {
  readonly baseUrl: URL;
  readonly fetch: FetchLike | undefined;
  readonly fetchOptions: Readonly<Record<string, unknown>>;
  readonly timeout: number;
  readonly totalTimeout: number;
  readonly maxRetries: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly operations: OperationTable;
  readonly credentials: CredentialCache;
  readonly clock: ServerClock;
  readonly log: Log;
  /** The users behind key ids, for paths with `{userId}`. */
  readonly userIds: Map<string, number>;
  /** Fields of an unexpected form that were logged already. */
  readonly reported: Set<string>;
}

/** Options of one call. */
export interface CallOptions {
  /** Ends the call; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Longest time for one attempt, its body included, in milliseconds. Default: that of the client. */
  readonly timeout?: number | undefined;
  /** Longest time for the whole call with its retries, waits and hooks, in milliseconds. Default: that of the client. */
  readonly totalTimeout?: number | undefined;
  /** How many times the request may be sent again where that is safe. Default: that of the client. */
  readonly maxRetries?: number | undefined;
  /** Headers to add; `authorization` and `cookie` are refused. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** How the options of one call are checked. */
export const CALL_OPTIONS = {
  signal: spec.signal,
  timeout: spec.milliseconds,
  totalTimeout: spec.milliseconds,
  maxRetries: spec.count,
  headers: spec.record,
};

/** A request before its path is checked and its credentials are known. */
export interface CallRequest {
  readonly operation?: OperationId;
  readonly method: string;
  readonly path: string;
  readonly query?: Query | undefined;
  readonly json?: unknown;
  /** Whether it may be sent again after its response was lost, given the credentials that sign it. */
  readonly replayable: (credentials: Credentials) => boolean;
  /** Throws where these credentials must not sign it. */
  readonly guard?: (credentials: Credentials) => void;
  /** Credentials to use in place of the live ones; a 401 is then final. */
  readonly credentials?: Credentials;
  /** It gives the key that signs it a new secret: after a 401 it must not wait for itself. */
  readonly rotatesOwnSecret?: boolean;
}

/** A response, read to its end, and what is known about its making. */
export interface CallResponse extends RawResponse {
  readonly attempts: number;
  readonly credentials: Credentials;
  /** Whether sending the request again does no harm. */
  readonly replayable: boolean;
  readonly retryAfterMs: number | undefined;
}

/** What an operation is called with. */
export interface Arguments {
  readonly params?: { readonly id?: string; readonly accountId?: number };
  readonly query?: Query;
  readonly input?: OperationInput;
  readonly credentials?: Credentials;
  readonly guard?: (credentials: Credentials) => void;
  readonly rotatesOwnSecret?: boolean;
}

/** The response to an operation, its envelope read. */
export interface Reply extends Envelope {
  readonly response: CallResponse;
}
