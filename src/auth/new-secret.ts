// The event that reports every new secret to the caller before the call that received it resolves.

import type { Secret } from './secret.ts';

/** A secret that the service has just issued. */
export interface NewSecretEvent {
  /** The operation that returned it: `apiKeys.create` or `apiKeys.regenerateSecret`. */
  readonly operation: string;
  /** The id of the key that it belongs to. */
  readonly keyId: string;
  /** The secret. The service returns it only once. */
  readonly secret: Secret;
}

/**
 * Called with every new secret and awaited, so that a log masker or a store has it before anything can print or lose it.
 * If it throws, the call rejects with an {@link UndeliveredSecretError} that holds the secret.
 */
export interface OnNewSecret {
  (event: NewSecretEvent): void | Promise<void>;
  /** Called before a key is created or regenerated. If it throws, nothing is sent. */
  check?(): void;
}
