// What a caller is told of every new secret, before the call that made it resolves.

import type { Secret } from './secret.ts';

/** A secret that has just been made. */
export interface NewSecretEvent {
  /** The row of the operations table that made it: `apiKeys.create` or `apiKeys.regenerateSecret`. */
  readonly operation: string;
  /** The key that it belongs to. */
  readonly keyId: string;
  /** The secret: shown this one time. */
  readonly secret: Secret;
}

/**
 * Is awaited with every new secret, so that a log masker or a store knows it before anything can print or lose it. If
 * it throws, the call ends in an {@link UndeliveredSecretError} that holds the secret.
 */
export interface OnNewSecret {
  (event: NewSecretEvent): void | Promise<void>;
  /** Is called before a key is created or regenerated. Where it throws, nothing is sent. */
  check?(): void;
}
