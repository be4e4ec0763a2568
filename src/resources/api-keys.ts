// The caller's own API keys. All paths here are assumptions: see the table of operations.

import { readEnvelope } from '../api/envelope.ts';
import { sameKey } from '../auth/credentials.ts';
import { ApiError } from '../errors.ts';
import { call, newProgress, operationRequest, send, simpleCall } from '../http/call.ts';
import type { CallPromise } from '../http/call-promise.ts';
import { outcomeOf, responseContext } from '../http/call-result.ts';
import { CALL_OPTIONS, type CallOptions } from '../http/call-types.ts';
import type { PagePromise } from '../http/pagination.ts';
import { type ApiKey, apiKey, type CreateApiKeyInput, type NewApiKey } from '../schemas/api-key.ts';
import { spec } from '../util/options.ts';
import type { ClientContext } from './context.ts';
import { type CreatedApiKey, createKey } from './create-key.ts';
import { type ApiKeyListParams, listKeys } from './list-keys.ts';
import { lockoutGuard, regenerateKey, type SelfOptions } from './regenerate-secret.ts';

/** The API keys of the user whose key signs the calls. */
export interface ApiKeysResource {
  /**
   * Lists the keys, without their secrets: `GET /api-keys` (assumed).
   * @beta
   */
  list(params?: ApiKeyListParams, options?: CallOptions): PagePromise<ApiKey>;
  /**
   * Reads one key, without its secret: `GET /api-keys/{id}` (assumed).
   * @beta
   */
  get(id: string, options?: CallOptions): CallPromise<ApiKey>;
  /**
   * Creates a key: `POST /api-keys` (assumed). It is never sent twice. `expiresIn: 'max'` reads the accounts first.
   *
   * @throws `TypeError` for an empty name or an impossible expiry; {@link ExpirationPolicyError} for a date in the past (by the
   * server's clock, once a response has shown it) or beyond a maximum that this client has read;
   * {@link AmbiguousOutcomeError} if the response is lost or did not come from the service; {@link UndeliveredSecretError} if
   * the secret arrived and a later step failed.
   * @beta
   * @example
   * ```ts
   * import { BlazeMeterClient } from 'blazemeter-client';
   * import { createReference } from 'blazemeter-client/testing';
   *
   * const reference = createReference();
   * const { keys } = reference.seed();
   * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
   * const { apiKey, secret } = await client.apiKeys.create({ name: 'ci', expiresIn: '3 months' });
   * console.log(apiKey.id, apiKey.expiresAt, `${secret}`); // … … [secret]
   * ```
   */
  create(input: CreateApiKeyInput, options?: CallOptions): CallPromise<CreatedApiKey>;
  /**
   * Generates a new secret for a key: `POST /api-keys/{id}/regenerate` (assumed). The id stays the same (documented), the expiry
   * too, and the old secret stops working at once (both assumed). Reads the key first, because a new secret does not renew an
   * expired key.
   *
   * @throws {@link LockoutError} for the key that signs the call, unless `allowSelf` is `true`; the client then signs with the
   * new secret. {@link ExpirationPolicyError} for an expired key. {@link AmbiguousOutcomeError} and
   * {@link UndeliveredSecretError} as in `create`; {@link SecretLostError} if the key signed the call itself and the response
   * with its new secret is lost.
   * @beta
   * @example
   * ```ts
   * import { BlazeMeterClient } from 'blazemeter-client';
   * import { createReference } from 'blazemeter-client/testing';
   *
   * const reference = createReference();
   * const { keys } = reference.seed();
   * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
   * const { secret } = await client.apiKeys.regenerateSecret(keys.owner.id, { allowSelf: true });
   * console.log(`${secret}`); // [secret]
   * ```
   */
  regenerateSecret(id: string, options?: SelfOptions): CallPromise<NewApiKey>;
  /**
   * Deletes a key: `DELETE /api-keys/{id}` (assumed). Resolves once it is deleted; a 404 after a lost response counts as success.
   *
   * @throws {@link LockoutError} for the key that signs the call, unless `allowSelf: true`.
   * @beta
   */
  delete(id: string, options?: SelfOptions): CallPromise<void>;
}

/** Checks for the options of calls that may lock the caller out. */
const SELF_OPTIONS = { ...CALL_OPTIONS, allowSelf: spec.flag };

const deleteKey = (context: ClientContext, id: string, options: SelfOptions | undefined): CallPromise<void> =>
  call<void, SelfOptions>(
    context,
    'apiKeys.delete',
    options,
    async (deadline, { allowSelf, ...given }) => {
      const guard = lockoutGuard(id, 'deleting', allowSelf);
      const request = operationRequest(context, 'apiKeys.delete', { params: { id }, guard });
      const progress = newProgress();
      const response = await send(context, request, given, deadline, progress);
      try {
        const envelope = readEnvelope(response, responseContext(context, 'apiKeys.delete', response));
        return outcomeOf(undefined, { ...envelope, response });
      } catch (error) {
        // An earlier attempt of this call deleted it, and only the response was lost.
        if (!(error instanceof ApiError) || !progress.mayHaveBeenSentBefore) throw error;
        // A key that deletes itself is refused from then on, so a 401 says the same as a 404.
        const gone = error.status === 404 || (error.status === 401 && sameKey(response.credentials.id, id));
        if (!gone) throw error;
        return outcomeOf(undefined, { response, requestId: () => undefined });
      }
    },
    SELF_OPTIONS,
  );

export const apiKeysResource = (context: ClientContext): ApiKeysResource => ({
  list: (params, options) => listKeys(context, params, options),
  get: (id, options) =>
    simpleCall(context, 'apiKeys.get', { params: { id } }, apiKey, options, (key) =>
      context.credentials.learn(key),
    ),
  create: (input, options) =>
    call(context, 'apiKeys.create', options, (deadline, given) => createKey(context, input, given, deadline)),
  regenerateSecret: (id, options) =>
    call<NewApiKey, SelfOptions>(
      context,
      'apiKeys.regenerateSecret',
      options,
      (deadline, { allowSelf = false, ...given }) => regenerateKey(context, id, allowSelf, given, deadline),
      SELF_OPTIONS,
    ),
  delete: (id, options) => deleteKey(context, id, options),
});
