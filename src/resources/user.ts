// Who the key belongs to.

import type { User } from '../models.ts';
import type { CallPromise } from '../transport/call-promise.ts';
import type { CallOptions } from '../transport/transport.ts';
import { readUser } from '../wire/schemas.ts';
import { type ClientContext, simpleCall } from './context.ts';

/** The user that the credential belongs to. */
export interface UserResource {
  /**
   * The user whose key signs the call: `GET /user` (documented).
   *
   * @example
   * ```ts
   * import { BlazeMeterClient } from 'blazemeter-client';
   * import { createReference } from 'blazemeter-client/testing';
   *
   * const reference = createReference();
   * const { keys } = reference.seed();
   * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
   * const user = await client.user.get();
   * console.log(user.id, user.email);
   * ```
   */
  get(options?: CallOptions): CallPromise<User>;
}

export const userResource = (context: ClientContext): UserResource => ({
  get: (options) => simpleCall(context, 'user.get', () => ({}), readUser, options),
});
