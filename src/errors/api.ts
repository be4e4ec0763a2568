// The service returned an error: one class for each documented status.

import { BlazeMeterError, type BlazeMeterErrorInit, branded } from './base.ts';

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
