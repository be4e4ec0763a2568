// Every error of the package.
//
// class                   code                 status  retried by the client            ambiguous  what to do
// ----------------------  -------------------  ------  -------------------------------  ---------  ---------------------------------------------
// BadRequestError         bad_request          400     no                               no         correct what was sent; the message quotes the service
// AuthenticationError     unauthorized         401     once, if the source has another  no         check, renew or replace the pair
//                                                      pair
// RequestFailedError      request_failed       402     no                               no         a rule of the service forbids it: read the message
// PermissionDeniedError   permission_denied    403     no                               no         ask an owner or admin of the account
// NotFoundError           not_found            404     no                               no         check the id, or override an assumed path
// ConflictError           conflict             409     no                               no         something with that name or state exists
// RateLimitError          rate_limited         429     where a replay is safe           no         wait `retryAfterMs`
// ServerError             server_error         5xx     where a replay is safe           no         try later
// ApiError                api_error            other   no                               no         read the message
// ConnectionError         connection_failed    -       where a replay is safe, or       no         `reason` names the failure, the message the mend
//                                                      nothing was sent
// RequestTimeoutError     timeout              -       an attempt yes, the call no      no         raise `timeout` or `totalTimeout`
// InvalidResponseError    invalid_response     any     no                               no         a proxy in between, or an assumption that is wrong
// CredentialsError        credentials          -       no                               no         mend the source that the message names
// ExpirationPolicyError   expiration_policy    -       no (nothing was sent)            no         ask for a shorter period, or a new key
// LockoutError            lockout              -       no (nothing was sent)            no         sign with another key, or say `allowSelf: true`
// AmbiguousOutcomeError   ambiguous_outcome    -       no                               yes        `resolve()`
// UndeliveredSecretError  undelivered_secret   any     no                               no         keep `newSecret`: it is shown this one time
// SecretLostError         secret_lost          -       no                               no         regenerate with another key, or in the web interface
// RotationError           rotation_…           -       no                               no         what the message says, then `resume`
// StoreConflictError      store_conflict       -       no                               no         read the record again: somebody else has written it
//
// An operation ends as ambiguous only where doing it again would do harm: create, and regenerate.

import type { Secret } from './auth/secret.ts';
import type { ApiKey } from './models.ts';

/** What every error is made with. */
export interface BlazeMeterErrorInit {
  readonly code?: string;
  readonly retryable?: boolean;
  readonly requestId?: string | undefined;
  readonly attempts?: number;
  readonly operation?: string | undefined;
  readonly cause?: unknown;
}

const brand = (name: string) => Symbol.for(`blazemeter-client/error/${name}`);

/** Gives a class its name and a mark that `instanceof` finds across builds and copies of this package. */
function branded(kind: { readonly prototype: Error }, name: string): void {
  Object.defineProperty(kind, 'name', { value: name });
  Object.defineProperty(kind, brand(name), { value: true });
  Object.defineProperty(kind.prototype, 'name', { value: name, writable: true, configurable: true });
  Object.defineProperty(kind.prototype, brand(name), { value: true });
}

/**
 * The root of all errors of this package. `message` says what happened, the likely cause and what to do, and never
 * holds a secret.
 *
 * @example
 * ```ts
 * import { BlazeMeterClient, isBlazeMeterError } from 'blazemeter-client';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference();
 * const client = new BlazeMeterClient({ credentials: 'no-such-id:no-such-secret', fetch: reference.fetch });
 * try {
 *   await client.user.get();
 * } catch (error) {
 *   if (isBlazeMeterError(error)) console.log(error.code); // unauthorized
 * }
 * ```
 */
export class BlazeMeterError extends Error {
  /** A stable name for programs: it does not change when the message does. */
  readonly code: string;
  /** Whether the same call, made again later, may succeed and can do no harm. */
  readonly retryable: boolean;
  /** The service's own id of the answer, where there was one. */
  declare readonly requestId?: string;
  /** How many requests were sent, or tried, before this error. 0: nothing was. */
  readonly attempts: number;
  /** The row of {@link operations} that was being done, where there is one. */
  declare readonly operation?: string;

  constructor(message: string, init: BlazeMeterErrorInit = {}) {
    super(message, 'cause' in init && init.cause !== undefined ? { cause: init.cause } : undefined);
    this.code = init.code ?? 'error';
    this.retryable = init.retryable ?? false;
    this.attempts = init.attempts ?? 0;
    if (init.requestId !== undefined) this.requestId = init.requestId;
    if (init.operation !== undefined) this.operation = init.operation;
  }

  /** What may be logged: name, code, message and the plain fields; never a secret. */
  toJSON(): Record<string, unknown> {
    const { name, message } = this;
    return { name, message, ...Object.fromEntries(Object.entries(this)) };
  }

  /** Whether the value is an error of this class, whichever build (ESM, CommonJS) or copy of the package made it. */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const own = Object.getOwnPropertySymbols(this).find((key) =>
      key.description?.startsWith('blazemeter-client/error/'),
    );
    if (own === undefined) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && own in value;
  }
}
branded(BlazeMeterError, 'BlazeMeterError');

/** What an {@link ApiError} is made with. */
export interface ApiErrorInit extends BlazeMeterErrorInit {
  readonly status: number;
  readonly apiCode?: number | undefined;
}

/** The service answered with an error. There is one class for each documented status; this one is for the others. */
export class ApiError extends BlazeMeterError {
  /** The HTTP status of the answer. */
  readonly status: number;
  /** The `code` inside the answer's `error` object, where there was one. */
  declare readonly apiCode?: number;

  constructor(message: string, init: ApiErrorInit) {
    super(message, { code: 'api_error', ...init });
    this.status = init.status;
    if (init.apiCode !== undefined) this.apiCode = init.apiCode;
  }
}
branded(ApiError, 'ApiError');

/** 400: the service did not accept what was sent. */
export class BadRequestError extends ApiError {
  constructor(message: string, init: ApiErrorInit) {
    super(message, { code: 'bad_request', ...init });
  }
}
branded(BadRequestError, 'BadRequestError');

/** 401: the pair is wrong, deleted, regenerated or expired; the service does not tell which. */
export class AuthenticationError extends ApiError {
  constructor(message: string, init: ApiErrorInit) {
    super(message, { code: 'unauthorized', ...init });
  }
}
branded(AuthenticationError, 'AuthenticationError');

/** 402: the parameters were valid, but the request failed. */
export class RequestFailedError extends ApiError {
  constructor(message: string, init: ApiErrorInit) {
    super(message, { code: 'request_failed', ...init });
  }
}
branded(RequestFailedError, 'RequestFailedError');

/** 403: the pair is good, but its user may not do this. */
export class PermissionDeniedError extends ApiError {
  constructor(message: string, init: ApiErrorInit) {
    super(message, { code: 'permission_denied', ...init });
  }
}
branded(PermissionDeniedError, 'PermissionDeniedError');

/** 404: there is no such thing, or an assumed path is not where the service has it. */
export class NotFoundError extends ApiError {
  constructor(message: string, init: ApiErrorInit) {
    super(message, { code: 'not_found', ...init });
  }
}
branded(NotFoundError, 'NotFoundError');

/** 409: it collides with something that exists. */
export class ConflictError extends ApiError {
  constructor(message: string, init: ApiErrorInit) {
    super(message, { code: 'conflict', ...init });
  }
}
branded(ConflictError, 'ConflictError');

/** 429: too many requests. */
export class RateLimitError extends ApiError {
  /** How long the service asks to wait, in milliseconds, where it said so in a form that HTTP defines. */
  declare readonly retryAfterMs?: number;

  constructor(message: string, init: ApiErrorInit & { readonly retryAfterMs?: number | undefined }) {
    super(message, { code: 'rate_limited', retryable: true, ...init });
    if (init.retryAfterMs !== undefined) this.retryAfterMs = init.retryAfterMs;
  }
}
branded(RateLimitError, 'RateLimitError');

/** 5xx: the service, or something in front of it, failed. */
export class ServerError extends ApiError {
  constructor(message: string, init: ApiErrorInit) {
    super(message, { code: 'server_error', ...init });
  }
}
branded(ServerError, 'ServerError');

/** Why no answer came. */
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

/** No answer, or not a whole one: refused, not found, reset, cut short, a proxy or a certificate in the way. */
export class ConnectionError extends BlazeMeterError {
  /** What kind of failure it was. */
  readonly reason: ConnectionFailure;
  /** Whether the request may have reached the service. `false`: it certainly did not. */
  readonly mayHaveBeenSent: boolean;

  constructor(
    message: string,
    init: BlazeMeterErrorInit & { readonly reason: ConnectionFailure; readonly mayHaveBeenSent: boolean },
  ) {
    super(message, { code: 'connection_failed', ...init });
    this.reason = init.reason;
    this.mayHaveBeenSent = init.mayHaveBeenSent;
  }
}
branded(ConnectionError, 'ConnectionError');

/** Time ran out: for one attempt (`timeout`) or for the whole call (`totalTimeout`). */
export class RequestTimeoutError extends BlazeMeterError {
  /** Whose time ran out: that of one attempt, or that of the whole call. */
  readonly scope: 'attempt' | 'call';
  /** The bound that was reached, in milliseconds. */
  readonly timeoutMs: number;

  constructor(
    message: string,
    init: BlazeMeterErrorInit & { readonly scope: 'attempt' | 'call'; readonly timeoutMs: number },
  ) {
    super(message, { code: 'timeout', ...init });
    this.scope = init.scope;
    this.timeoutMs = init.timeoutMs;
  }
}
branded(RequestTimeoutError, 'RequestTimeoutError');

/** An answer came, but not one that the API gives: not JSON, another shape, too large, a redirect, no effect. */
export class InvalidResponseError extends BlazeMeterError {
  /** The HTTP status of the answer. */
  declare readonly status?: number;

  constructor(message: string, init: BlazeMeterErrorInit & { readonly status?: number | undefined } = {}) {
    super(message, { code: 'invalid_response', ...init });
    if (init.status !== undefined) this.status = init.status;
  }
}
branded(InvalidResponseError, 'InvalidResponseError');

/** No usable credential: none found, one that is malformed, or a source that is configured and broken. */
export class CredentialsError extends BlazeMeterError {
  /** The source that is at fault, such as `BZ_TOKEN` or a path, where there is one. */
  declare readonly source?: string;

  constructor(message: string, init: BlazeMeterErrorInit & { readonly source?: string | undefined } = {}) {
    super(message, { code: 'credentials', ...init });
    if (init.source !== undefined) this.source = init.source;
  }
}
branded(CredentialsError, 'CredentialsError');

/** Refused before anything was sent: the expiry asked for cannot be had, or the key has expired. */
export class ExpirationPolicyError extends BlazeMeterError {
  /** The maximum that stands in the way, in days, where it is one. */
  declare readonly maximumDays?: number;
  /** The account whose maximum it is. */
  declare readonly accountId?: number;

  constructor(
    message: string,
    init: BlazeMeterErrorInit & { readonly maximumDays?: number; readonly accountId?: number } = {},
  ) {
    super(message, { code: 'expiration_policy', ...init });
    if (init.maximumDays !== undefined) this.maximumDays = init.maximumDays;
    if (init.accountId !== undefined) this.accountId = init.accountId;
  }
}
branded(ExpirationPolicyError, 'ExpirationPolicyError');

/** Refused before anything was sent: the call would take away the key that signs it. */
export class LockoutError extends BlazeMeterError {
  /** The key that would have been taken away. */
  readonly keyId: string;

  constructor(message: string, init: BlazeMeterErrorInit & { readonly keyId: string }) {
    super(message, { code: 'lockout', ...init });
    this.keyId = init.keyId;
  }
}
branded(LockoutError, 'LockoutError');

/** What {@link AmbiguousOutcomeError.resolve} found. */
export type Resolution =
  /** It happened. `secret` is there only after `resolve({ regenerate: true })`. */
  | { readonly outcome: 'committed'; readonly apiKey: ApiKey; readonly secret?: Secret }
  /** It did not happen: it can be done again. */
  | { readonly outcome: 'not-committed' }
  /** It cannot be told. Nothing was changed; `candidates` are the keys to look at by hand. */
  | { readonly outcome: 'unknown'; readonly reason: string; readonly candidates: readonly ApiKey[] };

/** How to resolve: see {@link AmbiguousOutcomeError.resolve}. */
export interface ResolveOptions {
  /** Also bring back a usable secret, by regenerating it, where the key is surely ours. Default: false. */
  readonly regenerate?: boolean;
  /** Ends the asking; its reason is what `resolve` rejects with. */
  readonly signal?: AbortSignal;
}

const resolvers = new WeakMap<AmbiguousOutcomeError, (options: ResolveOptions) => Promise<Resolution>>();

/** The answer to a create or a regenerate was lost: it may have happened or not. Nothing was sent a second time. */
export class AmbiguousOutcomeError extends BlazeMeterError {
  constructor(
    message: string,
    init: BlazeMeterErrorInit & { readonly resolve: (options: ResolveOptions) => Promise<Resolution> },
  ) {
    super(message, { code: 'ambiguous_outcome', ...init });
    resolvers.set(this, init.resolve);
  }

  /**
   * Asks the service what became of the call. A created key counts as ours only if its name is equal, it was made
   * after the request was sent (by the server's clock) and it was never used; in any doubt the outcome is `unknown`
   * and nothing is changed. With `regenerate: true` a key that is surely ours gets a new secret, which is returned.
   */
  async resolve(options: ResolveOptions = {}): Promise<Resolution> {
    const resolver = resolvers.get(this);
    if (resolver === undefined)
      return { outcome: 'unknown', reason: 'This error was not made by a call.', candidates: [] };
    return resolver(options);
  }
}
branded(AmbiguousOutcomeError, 'AmbiguousOutcomeError');

/**
 * A secret arrived, and something after that failed: the answer's shape, a hook, a store, an abort. The secret is here,
 * and nowhere else: keep it, or regenerate the key.
 */
export class UndeliveredSecretError extends BlazeMeterError {
  /** The new secret, or, where it could not be told apart, the whole answer as one opaque text. */
  readonly newSecret: Secret;
  /** What {@link newSecret} holds. */
  readonly holds: 'secret' | 'answer';
  /** The key that the secret belongs to, where it could be read. */
  declare readonly keyId?: string;

  constructor(
    message: string,
    init: BlazeMeterErrorInit & {
      readonly newSecret: Secret;
      readonly holds?: 'secret' | 'answer';
      readonly keyId?: string | undefined;
    },
  ) {
    super(message, { code: 'undelivered_secret', ...init });
    this.newSecret = init.newSecret;
    this.holds = init.holds ?? 'secret';
    if (init.keyId !== undefined) this.keyId = init.keyId;
  }
}
branded(UndeliveredSecretError, 'UndeliveredSecretError');

/** A key regenerated itself, the answer was lost and the old secret is refused: nobody has the new one. */
export class SecretLostError extends BlazeMeterError {
  /** The key whose secret nobody has. */
  readonly keyId: string;

  constructor(message: string, init: BlazeMeterErrorInit & { readonly keyId: string }) {
    super(message, { code: 'secret_lost', ...init });
    this.keyId = init.keyId;
  }
}
branded(SecretLostError, 'SecretLostError');

/** What is in the way of a rotation: the last part of {@link RotationError}'s `code`. */
export type RotationProblem =
  /** Somebody else works on the record: `owner` and `until` say who, and until when. */
  | 'rotation_busy'
  /** Somebody else has written the record meanwhile; whatever they do goes on. */
  | 'rotation_conflict'
  /** The epoch of a record would go back, or the service has keys that the record does not know yet. */
  | 'rotation_epoch'
  /** There is no record, or it cannot be read. */
  | 'rotation_record'
  /** The store failed. */
  | 'rotation_store'
  /** A sink said in its probe that it would not work. */
  | 'rotation_sink'
  /** No pair that could sign is accepted, or the recovery credential is not of the same user. */
  | 'rotation_signer'
  /** The window, the drain and the key's life do not fit together. */
  | 'rotation_window'
  /** The new pair does not answer yet. */
  | 'rotation_untested'
  /** What a step did cannot be told, and nothing was changed: a key has to be looked at by hand. */
  | 'rotation_unknown';

/** A rotation that could not go on. The key in use still works unless the message says otherwise. */
export class RotationError extends BlazeMeterError {
  declare readonly code: RotationProblem;
  /** Who works on the record, where it is busy. */
  declare readonly owner?: string;
  /** Until when others leave the record alone, where it is busy. */
  declare readonly until?: Date;

  constructor(
    message: string,
    init: Omit<BlazeMeterErrorInit, 'code'> & {
      readonly code: RotationProblem;
      readonly owner?: string;
      readonly until?: Date;
    },
  ) {
    super(message, init);
    if (init.owner !== undefined) this.owner = init.owner;
    if (init.until !== undefined) this.until = init.until;
  }
}
branded(RotationError, 'RotationError');

/** A store holds another version of the record than the one that was to be written over. */
export class StoreConflictError extends BlazeMeterError {
  constructor(what: string, init: BlazeMeterErrorInit = {}) {
    super(`${what} was changed by somebody else since it was read; nothing was written.`, {
      code: 'store_conflict',
      ...init,
    });
  }
}
branded(StoreConflictError, 'StoreConflictError');

/** Whether the value is an error of this package, whichever build (ESM, CommonJS) or copy of it threw it. */
export function isBlazeMeterError(value: unknown): value is BlazeMeterError {
  return value instanceof BlazeMeterError;
}
