// Every error of the package, by family in `errors/`. What each means, and what to do about it, stands in docs/errors.md.

import type {
  ApiError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  RequestFailedError,
  ServerError,
} from './errors/api.ts';
import { BlazeMeterError } from './errors/base.ts';
import type {
  ConnectionError,
  CredentialsError,
  ExpirationPolicyError,
  InvalidResponseError,
  LockoutError,
  RequestTimeoutError,
} from './errors/call.ts';
import type { AmbiguousOutcomeError, SecretLostError, UndeliveredSecretError } from './errors/new-secret.ts';
import type { RotationError, StoreConflictError } from './errors/rotation.ts';

export * from './errors/api.ts';
export { BlazeMeterError, type BlazeMeterErrorInit, type ErrorHint } from './errors/base.ts';
export * from './errors/call.ts';
export * from './errors/new-secret.ts';
export * from './errors/rotation.ts';

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
