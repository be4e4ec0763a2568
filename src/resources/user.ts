// The user that a key belongs to.

import { simpleCall } from '../http/call.ts';
import type { CallPromise } from '../http/call-promise.ts';
import type { CallOptions } from '../http/call-types.ts';
import { type User, user } from '../schemas/user.ts';
import type { ClientContext } from './context.ts';

/** The user that the credentials belong to. */
export interface UserResource {
  /**
   * Reads the user whose key signs the call: `GET /user` (documented).
   *
   * @throws {@link AuthenticationError} for credentials that do not work; {@link ConnectionError} and
   * {@link RequestTimeoutError} where no complete response came.
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
  get: (options) => simpleCall(context, 'user.get', {}, user, options),
});
