/**
 * The zod schemas that every response of the service is validated with. They fit into schemas of your own, and
 * `client.request({ path, schema })` takes them.
 *
 * @module blazemeter-client/schemas
 */

import { account, accountUser } from './account.ts';
import { apiKey, createApiKeyInput, newApiKey } from './api-key.ts';
import { envelope } from './envelope.ts';
import { apiKeyPolicy } from './policy.ts';
import { user } from './user.ts';

export type { Envelope } from './envelope.ts';

/**
 * The schemas, each from the JSON of the service to the model that the client returns: dates are `Date`, secrets `Secret`,
 * missing fields `null`.
 *
 * @example
 * ```ts
 * import { schemas } from 'blazemeter-client/schemas';
 * import * as z from 'zod';
 *
 * const mine = z.object({ key: schemas.apiKey, note: z.string() });
 * const { key } = mine.parse({ key: { id: '7e57', name: 'ci', created: 1_800_000_000 }, note: 'nightly' });
 * console.log(key.createdAt?.toISOString()); // 2027-01-15T08:00:00.000Z
 * ```
 */
export const schemas = {
  /** An API key, without its secret. */
  apiKey,
  /** The response to a create or a regenerate: the key and its secret. */
  newApiKey,
  /** The maximum expiration, read from an account. */
  apiKeyPolicy,
  /** The input of `apiKeys.create`. */
  createApiKeyInput,
  /** The user whose key signs the call. */
  user,
  /** An account. */
  account,
  /** A member of an account. */
  accountUser,
  /** The envelope around every response. */
  envelope,
} as const;
