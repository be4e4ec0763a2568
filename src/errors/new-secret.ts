// A call that may have issued a secret, or did: what became of it, and where the secret is.

import type { Secret } from '../auth/secret.ts';
import type { ApiKey } from '../schemas/api-key.ts';
import { parseOptions, spec } from '../util/options.ts';
import { BlazeMeterError, type BlazeMeterErrorInit, branded } from './base.ts';

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
