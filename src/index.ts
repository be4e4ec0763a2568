/**
 * The client, the signer, secrets and errors.
 *
 * @module blazemeter-client
 */

export type { MaximumExpiration } from './api/expiration.ts';
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
} from './api/operations.ts';
export type {
  CredentialContext,
  CredentialProvider,
  Credentials,
  CredentialsInput,
  CredentialsOption,
} from './auth/credentials.ts';
export { parseCredentials } from './auth/credentials.ts';
export type { NewSecretEvent, OnNewSecret } from './auth/new-secret.ts';
export { RequestSigner, type RequestSignerOptions } from './auth/request-signer.ts';
export { Secret, type SecretLike } from './auth/secret.ts';
export { BlazeMeterClient, type ClientOptions } from './client.ts';
export * from './errors.ts';
export type { CallPromise, ResponseInfo, WithResponse } from './http/call-promise.ts';
export type { CallOptions } from './http/call-types.ts';
export type { Logger, LogLevel } from './http/log.ts';
export type { Page, PagePromise } from './http/pagination.ts';
export type { Query, QueryValue } from './http/path.ts';
export type { FetchInit, FetchLike, FetchResponse } from './http/signing-fetch.ts';
export type {
  AccountListParams,
  AccountsResource,
  AccountUserListParams,
  ApiKeyPolicyResource,
} from './resources/accounts.ts';
export type { ApiKeysResource } from './resources/api-keys.ts';
export type { CreatedApiKey } from './resources/create-key.ts';
export type { DiagnoseOptions, Diagnosis } from './resources/diagnose.ts';
export type { ApiKeyListParams } from './resources/list-keys.ts';
export type { ListParams } from './resources/lists.ts';
export type { Bound } from './resources/policy-memory.ts';
export type { SelfOptions } from './resources/regenerate-secret.ts';
export type { RequestInput, SchemaResult, StandardSchema } from './resources/request.ts';
export type { UserResource } from './resources/user.ts';
export type { Account, AccountUser } from './schemas/account.ts';
export type { ApiKey, CreateApiKeyInput, NewApiKey } from './schemas/api-key.ts';
export type { ApiKeyPolicy, Maximum } from './schemas/policy.ts';
export type { Extra } from './schemas/read.ts';
export type { DefaultProject, User } from './schemas/user.ts';
export type { ExpirationPeriod, ExpirationStep } from './util/period.ts';
export { VERSION } from './version.ts';
