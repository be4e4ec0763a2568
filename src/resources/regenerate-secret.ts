// Regenerating a secret: not the one that signs the call unless that is allowed, not of an expired key, and when the response
// is lost, by the rule of who signed.

import { type Credentials, EXPIRED_EARLY, sameKey } from '../auth/credentials.ts';
import type { Secret } from '../auth/secret.ts';
import {
  ApiError,
  AuthenticationError,
  ExpirationPolicyError,
  InvalidResponseError,
  LockoutError,
  type Resolution,
  SecretLostError,
  UndeliveredSecretError,
} from '../errors.ts';
import { operationRequest, perform, runCall, send } from '../http/call.ts';
import type { Outcome } from '../http/call-promise.ts';
import { outcomeOf, readResult } from '../http/call-result.ts';
import type { CallOptions } from '../http/call-types.ts';
import type { Deadline } from '../http/deadline.ts';
import { pathSegment } from '../http/path.ts';
import { type ApiKey, apiKey, type NewApiKey } from '../schemas/api-key.ts';
import { printable } from '../util/printable.ts';
import type { ClientContext } from './context.ts';
import { ambiguous, deliver, LostResponse, requestSecret } from './new-secret.ts';

/** Options of calls that may lock the caller out. */
export interface SelfOptions extends CallOptions {
  /** Do it even to the key that signs this call. Default: false. */
  readonly allowSelf?: boolean | undefined;
}

/** How often a key that regenerates itself tries, each time after the old secret has proven to work still. */
const SELF_TRIES = 3;

/** Refuses to do it to the key that signs, unless that is allowed. */
export function lockoutGuard(
  keyId: string,
  what: string,
  allowSelf: boolean | undefined,
): (credentials: Credentials) => void {
  pathSegment('id', keyId);
  if (typeof keyId !== 'string') throw new TypeError('id must be the id of a key: a string.');
  return (credentials) => {
    if (allowSelf === true || !sameKey(credentials.id, keyId)) return;
    throw new LockoutError(
      `This call is signed by the key ${printable(keyId)} itself, and ${what} it would lock you out.`,
      { keyId, hint: { option: 'allowSelf', text: 'Sign with another key, or pass allowSelf: true.' } },
    );
  };
}

/** The key as it is now, if the service shows it: reading it is an assumption, and must not stand in the way. */
async function fetchKey(
  context: ClientContext,
  keyId: string,
  options: CallOptions,
  deadline: Deadline,
): Promise<ApiKey | undefined> {
  try {
    const reply = await perform(context, 'apiKeys.get', { params: { id: keyId } }, options, deadline);
    return readResult(context, 'apiKeys.get', reply, apiKey);
  } catch (error) {
    const unreadable =
      error instanceof InvalidResponseError ||
      (error instanceof ApiError && ![401, 403].includes(error.status));
    if (unreadable) return undefined;
    throw error;
  }
}

function refuseExpired(context: ClientContext, key: ApiKey | undefined): void {
  if (key?.expiresAt == null || context.clock.now() < key.expiresAt.getTime() - EXPIRED_EARLY) return;
  throw new ExpirationPolicyError(
    `The key ${printable(key.id)} expires on ${key.expiresAt.toISOString()}, or has expired: a new secret would not renew it. Create a new key.`,
    { operation: 'apiKeys.regenerateSecret' },
  );
}

/** Whether these credentials are still accepted. `undefined`: that could not be found out. */
async function areAccepted(
  context: ClientContext,
  credentials: Credentials,
  deadline: Deadline,
): Promise<boolean | undefined> {
  try {
    const probe = operationRequest(context, 'user.get', { credentials });
    const { status } = await send(context, probe, {}, deadline);
    return status === 401 ? false : status >= 200 && status < 300 ? true : undefined;
  } catch {
    return undefined;
  }
}

/** Does `apiKeys.regenerateSecret`. */
export async function regenerateKey(
  context: ClientContext,
  keyId: string,
  allowSelf: boolean,
  options: CallOptions,
  deadline: Deadline,
): Promise<Outcome<NewApiKey>> {
  const { credentials: live } = context;
  const guard = lockoutGuard(keyId, 'regenerating', allowSelf);
  context.onNewSecret?.check?.();
  const signer = await deadline.race(Promise.resolve(live.get()));
  guard(signer);
  refuseExpired(context, await fetchKey(context, keyId, options, deadline));
  const rotatesOwnSecret = sameKey(signer.id, keyId);
  const args = { params: { id: keyId }, guard, rotatesOwnSecret };
  const goOnWith = (secret: Secret, { id, origin, source }: Credentials, expiresAt: Date | null) => {
    if (!sameKey(id, keyId)) return;
    live.replace({
      id,
      secret,
      ...(expiresAt ? { expiresAt } : {}),
      ...(origin === undefined ? {} : { origin }),
      ...(source === undefined ? {} : { source }),
    });
  };
  const request = async () => {
    try {
      const issued = await requestSecret(context, 'apiKeys.regenerateSecret', args, options, deadline);
      goOnWith(issued.secret, issued.response.credentials, issued.apiKey.expiresAt);
      return issued;
    } catch (error) {
      // Whatever else is wrong with the response, the old secret no longer works.
      if (error instanceof UndeliveredSecretError) goOnWith(error.newSecret, signer, null);
      throw error;
    }
  };
  let attempts = 0;
  let lostBefore: LostResponse | undefined;
  for (let tries = 1; ; tries++) {
    try {
      const issued = await (rotatesOwnSecret ? live.change(request, deadline.signal) : request());
      await deliver(context, 'apiKeys.regenerateSecret', issued, deadline);
      return outcomeOf({ apiKey: issued.apiKey, secret: issued.secret }, issued);
    } catch (error) {
      // The old secret still worked after the loss, and is refused now: the lost request was carried out late.
      if (lostBefore !== undefined && error instanceof AuthenticationError)
        throw secretLost(keyId, lostBefore, attempts + error.attempts);
      if (!(error instanceof LostResponse)) throw error;
      const { credentials } = error.progress;
      attempts += error.progress.attempts;
      const final = deadline.ended || tries >= SELF_TRIES || error.several;
      if (credentials !== undefined && sameKey(credentials.id, keyId) && !final) {
        const accepted = await areAccepted(context, credentials, deadline);
        if (accepted === false) throw secretLost(keyId, error, attempts);
        if (accepted === true) {
          lostBefore = error;
          continue;
        }
      }
      const cause = deadline.abortedByCaller ? deadline.signal.reason : error.cause;
      const lost = new LostResponse(cause, { ...error.progress, attempts }, error.arrived);
      throw ambiguous('apiKeys.regenerateSecret', lost, ({ regenerate = false, signal }) =>
        resolveRegenerate(context, keyId, allowSelf, regenerate, credentials, signal),
      );
    }
  }
}

function secretLost(
  keyId: string,
  { cause }: Pick<LostResponse, 'cause'>,
  attempts: number,
): SecretLostError {
  return new SecretLostError(
    `The key ${printable(keyId)} regenerated its own secret, the response was lost, and the old secret is refused now. Regenerate it with another key of the same user, or in the web interface (Settings > Personal > API keys).`,
    { keyId, operation: 'apiKeys.regenerateSecret', attempts, cause },
  );
}

/** Nothing that the service shows says whether a secret was regenerated; doing it again does no harm. */
const resolveRegenerate = (
  context: ClientContext,
  keyId: string,
  allowSelf: boolean,
  regenerate: boolean,
  credentials: Credentials | undefined,
  signal: AbortSignal | undefined,
): Promise<Resolution> =>
  runCall(context, 'apiKeys.regenerateSecret', { signal }, async (deadline, options) => {
    const own = credentials !== undefined && sameKey(credentials.id, keyId);
    if (own && (await areAccepted(context, credentials, deadline)) === false)
      throw secretLost(keyId, { cause: undefined }, 0);
    if (regenerate) {
      const { data } = await regenerateKey(context, keyId, allowSelf, options, deadline);
      return { outcome: 'committed', ...data };
    }
    const key = await fetchKey(context, keyId, options, deadline);
    return {
      outcome: 'unknown',
      reason:
        'The service does not show whether a secret was regenerated. resolve({ regenerate: true }) generates a new one, which does no harm.',
      candidates: key === undefined ? [] : [key],
    };
  });
