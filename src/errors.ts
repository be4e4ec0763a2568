// Every error of the package. What each means, and what to do about it, stands in docs/errors.md.

import type { Secret } from './auth/secret.ts';
import type { ApiKey } from './schemas/api-key.ts';
import { parseOptions, spec } from './util/options.ts';
import { harmlessLines } from './util/printable.ts';

/** What fixes an error, for programs that word it for their own users. */
export interface ErrorHint {
  /** The option that helps, such as `allowSelf`. */
  readonly option?: string;
  /** The method that helps, such as `resolve`. */
  readonly method?: string;
  /** The same as a sentence for programmers. It is the end of the error's message. */
  readonly text: string;
}

/** What every error is created with. */
export interface BlazeMeterErrorInit {
  readonly hint?: ErrorHint | undefined;
  readonly retryable?: boolean;
  readonly requestId?: string | undefined;
  readonly attempts?: number;
  readonly operation?: string | undefined;
  readonly cause?: unknown;
}

const brand = (name: string) => Symbol.for(`blazemeter-client/error/${name}`);

/** Gives a class its name and a brand that `instanceof` finds across builds and copies of this package. */
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
  readonly code: string = 'error';
  /** Whether calling again later may succeed and does no harm. The client has used up its own retries. */
  readonly retryable: boolean;
  /** The service's own id of the response, where there was one. */
  declare readonly requestId?: string;
  /** How many requests were sent or tried before this error. 0: nothing was sent. */
  readonly attempts: number;
  /** The operation of {@link operations} that failed, where there is one. */
  declare readonly operation?: string;

  /** What helps, where an option or a method does: see {@link ErrorHint}. Nothing enumerates it. */
  declare readonly hint?: ErrorHint;

  constructor(message: string, init: BlazeMeterErrorInit = {}) {
    const { hint } = init;
    super(
      // The last step: whatever of it came from outside acts on nothing.
      harmlessLines(
        // A message of several lines has its hint on a line of its own.
        hint === undefined ? message : `${message}${message.includes('\n') ? '\n' : ' '}${hint.text}`,
      ),
      'cause' in init && init.cause !== undefined ? { cause: init.cause } : undefined,
    );
    this.retryable = init.retryable ?? false;
    this.attempts = init.attempts ?? 0;
    if (init.requestId !== undefined) this.requestId = init.requestId;
    if (init.operation !== undefined) this.operation = init.operation;
    if (hint !== undefined) Object.defineProperty(this, 'hint', { value: hint });
  }

  /** What may be logged: name, code, message and the plain fields; never a secret. */
  toJSON(): Record<string, unknown> {
    const { name, message } = this;
    return { name, message, ...Object.fromEntries(Object.entries(this)) };
  }

  /**
   * Whether the value is an error of this class, whichever build (ESM, CommonJS) or copy of the package created it.
   * @hidden
   */
  static override [Symbol.hasInstance](value: unknown): boolean {
    const own = Object.getOwnPropertySymbols(this).find((key) =>
      key.description?.startsWith('blazemeter-client/error/'),
    );
    if (own === undefined) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && own in value;
  }
}
branded(BlazeMeterError, 'BlazeMeterError');

/** The `code` of an {@link ApiError}: `api_error` is that of a status without a class of its own. */
export type ApiErrorCode =
  | 'api_error'
  | 'bad_request'
  | 'unauthorized'
  | 'request_failed'
  | 'permission_denied'
  | 'not_found'
  | 'conflict'
  | 'rate_limited'
  | 'server_error';

/** What an {@link ApiError} is created with. */
export interface ApiErrorInit extends BlazeMeterErrorInit {
  readonly status: number;
  readonly apiCode?: number | undefined;
}

/** The service returned an error. Each documented status has a class of its own; this one is for the others. */
export class ApiError extends BlazeMeterError {
  override readonly code: ApiErrorCode = 'api_error';
  /** The HTTP status of the response. */
  readonly status: number;
  /** The `code` inside the response's `error` object, where there was one. */
  declare readonly apiCode?: number;

  constructor(message: string, init: ApiErrorInit) {
    super(message, init);
    this.status = init.status;
    if (init.apiCode !== undefined) this.apiCode = init.apiCode;
  }
}
branded(ApiError, 'ApiError');

/** 400: the service did not accept what was sent. */
export class BadRequestError extends ApiError {
  override readonly code = 'bad_request';
}
branded(BadRequestError, 'BadRequestError');

/** 401: the key is wrong, deleted, expired, or its secret was regenerated; the service does not say which. */
export class AuthenticationError extends ApiError {
  override readonly code = 'unauthorized';
}
branded(AuthenticationError, 'AuthenticationError');

/** 402: the parameters are valid, but a rule of the service forbids the call. */
export class RequestFailedError extends ApiError {
  override readonly code = 'request_failed';
}
branded(RequestFailedError, 'RequestFailedError');

/** 403: the key is valid, but its user may not do this. */
export class PermissionDeniedError extends ApiError {
  override readonly code = 'permission_denied';
}
branded(PermissionDeniedError, 'PermissionDeniedError');

/** 404: it does not exist or belongs to another user, or an assumed path differs. */
export class NotFoundError extends ApiError {
  override readonly code = 'not_found';
}
branded(NotFoundError, 'NotFoundError');

/** 409: something with that name, or in that state, exists. */
export class ConflictError extends ApiError {
  override readonly code = 'conflict';
}
branded(ConflictError, 'ConflictError');

/** 429: too many requests. */
export class RateLimitError extends ApiError {
  override readonly code = 'rate_limited';
  /** How long to wait, in milliseconds, if the response had a valid `Retry-After`. */
  declare readonly retryAfterMs?: number;

  constructor(message: string, init: ApiErrorInit & { readonly retryAfterMs?: number | undefined }) {
    super(message, { retryable: true, ...init });
    if (init.retryAfterMs !== undefined) this.retryAfterMs = init.retryAfterMs;
  }
}
branded(RateLimitError, 'RateLimitError');

/** 5xx: the service, or something in front of it, failed. */
export class ServerError extends ApiError {
  override readonly code = 'server_error';
}
branded(ServerError, 'ServerError');

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

/** What {@link AmbiguousOutcomeError.resolve} found. */
export type Resolution =
  /** It happened. `secret` is there only after `resolve({ regenerate: true })`. */
  | { readonly outcome: 'committed'; readonly apiKey: ApiKey; readonly secret?: Secret }
  /** It did not happen: call again. */
  | { readonly outcome: 'not-committed' }
  /** It cannot be determined. Nothing was changed; `candidates` are the keys to look at. */
  | { readonly outcome: 'unknown'; readonly reason: string; readonly candidates: readonly ApiKey[] };

/** How to resolve: see {@link AmbiguousOutcomeError.resolve}. */
export interface ResolveOptions {
  /** Whether to regenerate the secret if the key is certainly the caller's, and return it. Default: `false`. */
  readonly regenerate?: boolean;
  /** Aborts; `resolve` then rejects with its reason. */
  readonly signal?: AbortSignal;
}

const resolvers = new WeakMap<AmbiguousOutcomeError, (options: ResolveOptions) => Promise<Resolution>>();

/** The response to a create or regenerate was lost, so it may have happened. Nothing was sent a second time. */
export class AmbiguousOutcomeError extends BlazeMeterError {
  override readonly code = 'ambiguous_outcome';
  /** What arrived in place of a response, as one opaque text, if it may contain a secret. */
  declare readonly newSecret?: Secret;

  constructor(
    message: string,
    init: BlazeMeterErrorInit & {
      readonly resolve: (options: ResolveOptions) => Promise<Resolution>;
      readonly newSecret?: Secret | undefined;
    },
  ) {
    super(message, init);
    if (init.newSecret !== undefined) this.newSecret = init.newSecret;
    resolvers.set(this, init.resolve);
  }

  /**
   * Asks the service what happened. A created key counts as the caller's only if it is the only one of exactly that name, was
   * created after the request was sent (by the server's clock) and was never used. `not-committed` requires that the clock is
   * certain and that there is no unused key since then, under any name. In any doubt the outcome is `unknown` and nothing is
   * changed. With `regenerate: true` a key that is certainly the caller's gets a new secret, which is returned.
   */
  async resolve(options: ResolveOptions = {}): Promise<Resolution> {
    const resolver = resolvers.get(this);
    if (resolver === undefined)
      return { outcome: 'unknown', reason: 'This error does not come from a call.', candidates: [] };
    return resolver(parseOptions('resolve', { regenerate: spec.flag, signal: spec.signal }, options));
  }
}
branded(AmbiguousOutcomeError, 'AmbiguousOutcomeError');

/**
 * A secret arrived, and something after that failed: the shape of the response, a hook, a store, an abort. Only this error
 * holds the secret: keep it, or regenerate the key.
 */
export class UndeliveredSecretError extends BlazeMeterError {
  override readonly code = 'undelivered_secret';
  /** The new secret. */
  readonly newSecret: Secret;
  /** The id of the key that the secret belongs to, if it could be read. */
  declare readonly keyId?: string;

  constructor(
    message: string,
    init: BlazeMeterErrorInit & { readonly newSecret: Secret; readonly keyId?: string | undefined },
  ) {
    super(message, init);
    this.newSecret = init.newSecret;
    if (init.keyId !== undefined) this.keyId = init.keyId;
  }
}
branded(UndeliveredSecretError, 'UndeliveredSecretError');

/** A key regenerated its own secret, the response was lost and the old secret is refused: the new one is lost. */
export class SecretLostError extends BlazeMeterError {
  override readonly code = 'secret_lost';
  /** The id of the key whose secret is lost. */
  readonly keyId: string;

  constructor(message: string, init: BlazeMeterErrorInit & { readonly keyId: string }) {
    super(message, init);
    this.keyId = init.keyId;
  }
}
branded(SecretLostError, 'SecretLostError');

/** What is in the way of a rotation: the last part of {@link RotationError}'s `code`. */
export type RotationProblem =
  /** Another run works on the record: `owner` and `until` say which, and until when. */
  | 'rotation_busy'
  /** Another process has written the record in the meantime. */
  | 'rotation_conflict'
  /** The epoch of a record would go back, or the service has newer keys than the record. */
  | 'rotation_epoch'
  /** There is no record, or it cannot be read. */
  | 'rotation_record'
  /** The store failed. */
  | 'rotation_store'
  /** The `probe` of a sink failed. */
  | 'rotation_sink'
  /** No credentials that could sign are accepted, or the recovery credentials belong to another user. */
  | 'rotation_signer'
  /** The window and the key's lifetime do not fit together. */
  | 'rotation_window'
  /** The new credentials were not accepted in time. */
  | 'rotation_untested'
  /** It is not certain what a step did, so nothing was changed: look at the key that the message names. */
  | 'rotation_unknown';

/** A rotation that could not continue. The key in use still works unless the message says otherwise. */
export class RotationError extends BlazeMeterError {
  override readonly code: RotationProblem;
  /** With `rotation_busy`: the owner of the run that works on the record. */
  declare readonly owner?: string;
  /** With `rotation_busy`: when its lease expires. */
  declare readonly until?: Date;

  constructor(
    message: string,
    init: BlazeMeterErrorInit & {
      readonly code: RotationProblem;
      readonly owner?: string;
      readonly until?: Date;
    },
  ) {
    super(message, init);
    this.code = init.code;
    if (init.owner !== undefined) this.owner = init.owner;
    if (init.until !== undefined) this.until = init.until;
  }
}
branded(RotationError, 'RotationError');

/** The store holds another version of the record than the one to be replaced. Nothing was written. */
export class StoreConflictError extends BlazeMeterError {
  override readonly code = 'store_conflict';

  constructor(what: string, init: BlazeMeterErrorInit = {}) {
    super(`${what} has changed since it was read; nothing was written. Read it again.`, init);
  }
}
branded(StoreConflictError, 'StoreConflictError');

/** Every error of this package; `code` tells them apart. */
export type AnyBlazeMeterError =
  | (ApiError & { readonly code: 'api_error' })
  | BadRequestError
  | AuthenticationError
  | RequestFailedError
  | PermissionDeniedError
  | NotFoundError
  | ConflictError
  | RateLimitError
  | ServerError
  | ConnectionError
  | RequestTimeoutError
  | InvalidResponseError
  | CredentialsError
  | ExpirationPolicyError
  | LockoutError
  | AmbiguousOutcomeError
  | UndeliveredSecretError
  | SecretLostError
  | RotationError
  | StoreConflictError;

/**
 * Whether the value is an error of this package, whichever build (ESM, CommonJS) or copy of it threw it. Afterwards `code`
 * narrows the type.
 *
 * @example
 * ```ts
 * import { BlazeMeterClient, isBlazeMeterError } from 'blazemeter-client';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference();
 * const { keys } = reference.seed();
 * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * const error: unknown = await client.apiKeys.delete(keys.owner.id).catch((reason) => reason);
 * if (isBlazeMeterError(error) && error.code === 'lockout') console.log(error.keyId === keys.owner.id); // true
 * ```
 */
export function isBlazeMeterError(value: unknown): value is AnyBlazeMeterError {
  return value instanceof BlazeMeterError;
}
