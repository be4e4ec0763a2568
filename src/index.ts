/**
 * The client, the signer, secrets and errors. This file is the face of the package: re-exports, nothing else.
 *
 * @module blazemeter-client
 */

export type {
  CredentialContext,
  CredentialProvider,
  Credentials,
  CredentialsInput,
  CredentialsOption,
} from './auth/credentials.ts';
export { parseCredentials } from './auth/credentials.ts';
export type { NewSecretEvent, OnNewSecret } from './auth/new-secret.ts';
export { Secret, type SecretLike } from './auth/secret.ts';
export { RequestSigner, type RequestSignerOptions } from './auth/signer.ts';
export { BlazeMeterClient, type ClientOptions } from './client.ts';
export * from './errors.ts';
export type { Account, AccountUser, ApiKey, DefaultProject, Extra, User } from './models.ts';
export type {
  AccountListParams,
  AccountsResource,
  AccountUserListParams,
  ApiKeyPolicy,
  ApiKeyPolicyResource,
} from './resources/accounts.ts';
export type { ApiKeysResource } from './resources/api-keys.ts';
export type { CreateApiKeyInput, CreatedApiKey } from './resources/create-key.ts';
export type { DiagnoseOptions, Diagnosis } from './resources/diagnose.ts';
export type { Issued } from './resources/issue.ts';
export type { ApiKeyListParams } from './resources/list-keys.ts';
export type { ListParams } from './resources/lists.ts';
export type { Bound } from './resources/policy-memory.ts';
export type { SelfOptions } from './resources/regenerate-secret.ts';
export type { RequestInput, SchemaResult, StandardSchema } from './resources/request.ts';
export type { UserResource } from './resources/user.ts';
export type { CallPromise, ResponseInfo, WithResponse } from './transport/call-promise.ts';
export type { Logger, LogLevel } from './transport/log.ts';
export type { Page, PagePromise } from './transport/pagination.ts';
export type { Query, QueryValue } from './transport/path.ts';
export type { FetchInit, FetchLike, FetchResponse } from './transport/signed-fetch.ts';
export type { CallOptions } from './transport/transport.ts';
export { VERSION } from './version.ts';
export type { ExpirationPeriod, ExpirationStep, MaximumExpiration } from './wire/expiration.ts';
export {
  type Operation,
  type OperationId,
  type OperationInput,
  type OperationOverride,
  type OperationOverrides,
  type OperationTable,
  operations,
  type Provenance,
  type Replay,
} from './wire/operations.ts';
