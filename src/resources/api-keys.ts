// The caller's own API keys. All paths here are assumptions: see the table of operations.

import { sameKey } from '../auth/credentials.ts';
import { ApiError } from '../errors.ts';
import type { ApiKey } from '../models.ts';
import type { CallPromise } from '../transport/call-promise.ts';
import type { PagePromise } from '../transport/pagination.ts';
import type { CallOptions, Progress } from '../transport/transport.ts';
import { readEnvelope } from '../wire/envelope.ts';
import { readApiKey } from '../wire/schemas.ts';
import { answerContext, type ClientContext, call, simpleCall, wireRequest, withAnswer } from './context.ts';
import { type CreateApiKeyInput, type CreatedApiKey, createKey } from './create-key.ts';
import type { Issued } from './issue.ts';
import { type ApiKeyListParams, listKeys } from './list-keys.ts';
import { lockoutGuard, regenerateKey, type SelfOptions } from './regenerate-secret.ts';

/** The API keys of the user whose key signs the calls. */
export interface ApiKeysResource {
  /**
   * The keys, without their secrets (assumed path).
   * @beta
   */
  list(params?: ApiKeyListParams, options?: CallOptions): PagePromise<ApiKey>;
  /**
   * One key, without its secret (assumed path).
   * @beta
   */
  get(id: string, options?: CallOptions): CallPromise<ApiKey>;
  /**
   * Generates a key (assumed path). Never sent twice.
   *
   * @throws `TypeError` for an empty name or an impossible expiry; {@link ExpirationPolicyError} for a date in the past, by
   * the server's clock, or more than a maximum that this client has read; {@link AmbiguousOutcomeError} when the answer is
   * lost; {@link UndeliveredSecretError} when the secret came and something after it failed.
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
   * Makes a new secret for a key; the id and the expiry stay (assumed path). The old secret is dead at once (assumed).
   *
   * @throws {@link LockoutError} for the key that signs the call, unless `allowSelf: true`; with it this client goes on
   * with the new pair. {@link ExpirationPolicyError} for a key that has run out. {@link AmbiguousOutcomeError},
   * {@link UndeliveredSecretError}, {@link SecretLostError}.
   * @beta
   */
  regenerateSecret(id: string, self?: SelfOptions, options?: CallOptions): CallPromise<Issued>;
  /**
   * Deletes a key (assumed path). Done means that it is gone: a 404 after a lost answer counts.
   *
   * @throws {@link LockoutError} for the key that signs the call, unless `allowSelf: true`.
   * @beta
   */
  delete(id: string, self?: SelfOptions, options?: CallOptions): CallPromise<void>;
}

function deleteKey(
  context: ClientContext,
  id: string,
  self: SelfOptions,
  options?: CallOptions,
): CallPromise<void> {
  return call(context, 'apiKeys.delete', options, async (scope, given) => {
    const guard = lockoutGuard(id, 'deleting', self);
    const request = wireRequest(context, 'apiKeys.delete', { params: { id }, guard });
    const progress: Progress = { attempts: 0, maySent: false };
    const answer = await context.transport.send(request, given, scope, progress);
    try {
      const envelope = readEnvelope(answer, answerContext(context, 'apiKeys.delete', answer));
      return withAnswer(undefined, { ...envelope, answer });
    } catch (error) {
      // An earlier attempt of this call has done it, and only its answer was lost.
      if (!(error instanceof ApiError) || progress.maySentBefore !== true) throw error;
      // A key that deletes itself is refused from then on, so a 401 says the same as a 404.
      const gone = error.status === 404 || (error.status === 401 && sameKey(answer.pair.id, id));
      if (!gone) throw error;
      return withAnswer(undefined, {
        result: undefined,
        whole: undefined,
        requestId: () => undefined,
        answer,
      });
    }
  });
}

export const apiKeysResource = (context: ClientContext): ApiKeysResource => ({
  list: (params = {}, options) => listKeys(context, params, options),
  get: (id, options) => simpleCall(context, 'apiKeys.get', () => ({ params: { id } }), readApiKey, options),
  create: (input, options) =>
    call(context, 'apiKeys.create', options, (scope, given) => createKey(context, input, given, scope)),
  regenerateSecret: (id, self = {}, options) =>
    call(context, 'apiKeys.regenerateSecret', options, (scope, given) =>
      regenerateKey(context, id, self, given, scope),
    ),
  delete: (id, self = {}, options) => deleteKey(context, id, self, options),
});
