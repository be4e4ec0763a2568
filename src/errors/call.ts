// A call that failed without a response that says why, or before anything was sent.

import { BlazeMeterError, type BlazeMeterErrorInit, branded } from './base.ts';

/** Why there is no complete response. */
export type ConnectionFailure =
  | 'refused'
  | 'dns'
  | 'unreachable'
  | 'connect-timeout'
  | 'tls'
  | 'proxy'
  | 'reset'
  | 'truncated'
  | 'other';

/** No complete response: refused, not found, reset, cut off, a proxy or a certificate in the way. */
export class ConnectionError extends BlazeMeterError {
  override readonly code = 'connection_failed';
  /** What kind of failure it was. */
  readonly reason: ConnectionFailure;
  /** Whether the request may have reached the service. `false`: it certainly did not. */
  readonly mayHaveBeenSent: boolean;

  constructor(
    message: string,
    init: BlazeMeterErrorInit & { readonly reason: ConnectionFailure; readonly mayHaveBeenSent: boolean },
  ) {
    super(message, init);
    this.reason = init.reason;
    this.mayHaveBeenSent = init.mayHaveBeenSent;
  }
}
branded(ConnectionError, 'ConnectionError');

/** A time limit was reached: that of one attempt (`timeout`) or of the whole call (`totalTimeout`). */
export class RequestTimeoutError extends BlazeMeterError {
  override readonly code = 'timeout';
  /** Which limit was reached: that of one attempt, or of the whole call. */
  readonly scope: 'attempt' | 'call';
  /** The limit, in milliseconds. */
  readonly timeoutMs: number;

  constructor(
    message: string,
    init: BlazeMeterErrorInit & { readonly scope: 'attempt' | 'call'; readonly timeoutMs: number },
  ) {
    super(message, init);
    this.scope = init.scope;
    this.timeoutMs = init.timeoutMs;
  }
}
branded(RequestTimeoutError, 'RequestTimeoutError');

/** The response is not one of the API: not JSON, another shape, too large, a redirect, no effect. */
export class InvalidResponseError extends BlazeMeterError {
  override readonly code = 'invalid_response';
  /** The HTTP status of the response. */
  declare readonly status?: number;

  constructor(message: string, init: BlazeMeterErrorInit & { readonly status?: number | undefined } = {}) {
    super(message, init);
    if (init.status !== undefined) this.status = init.status;
  }
}
branded(InvalidResponseError, 'InvalidResponseError');

/** No usable credentials: none found, malformed ones, or a source that is configured and broken. */
export class CredentialsError extends BlazeMeterError {
  override readonly code = 'credentials';
  /** The source that is at fault, such as `BZ_TOKEN` or a path, where there is one. */
  declare readonly source?: string;

  constructor(message: string, init: BlazeMeterErrorInit & { readonly source?: string | undefined } = {}) {
    super(message, init);
    if (init.source !== undefined) this.source = init.source;
  }
}
branded(CredentialsError, 'CredentialsError');

/** Refused before anything was sent: the requested expiry is not allowed, or the key has expired. */
export class ExpirationPolicyError extends BlazeMeterError {
  override readonly code = 'expiration_policy';
  /** The maximum that forbids it, in days, if a maximum does. */
  declare readonly maximumDays?: number;
  /** The account whose maximum it is. */
  declare readonly accountId?: number;

  constructor(
    message: string,
    init: BlazeMeterErrorInit & { readonly maximumDays?: number; readonly accountId?: number } = {},
  ) {
    super(message, init);
    if (init.maximumDays !== undefined) this.maximumDays = init.maximumDays;
    if (init.accountId !== undefined) this.accountId = init.accountId;
  }
}
branded(ExpirationPolicyError, 'ExpirationPolicyError');

/** Refused before anything was sent: the call would regenerate or delete the key that signs it. */
export class LockoutError extends BlazeMeterError {
  override readonly code = 'lockout';
  /** The id of that key. */
  readonly keyId: string;

  constructor(message: string, init: BlazeMeterErrorInit & { readonly keyId: string }) {
    super(message, init);
    this.keyId = init.keyId;
  }
}
branded(LockoutError, 'LockoutError');
