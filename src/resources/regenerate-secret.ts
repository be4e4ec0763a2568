// Regenerating a secret: not the one that signs the call unless that is asked for, not of a key that has run out, and
// when the answer is lost, by the rule of who signs.

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
import type { ApiKey } from '../models.ts';
import { printable } from '../text/printable.ts';
import type { Outcome } from '../transport/call-promise.ts';
import type { CallScope } from '../transport/scope.ts';
import type { CallOptions } from '../transport/transport.ts';
import { readApiKey } from '../wire/schemas.ts';
import { type ClientContext, invoke, readResult, wireRequest, withAnswer } from './context.ts';
import { ambiguous, deliver, type Issued, LostAnswer, sendIssue } from './issue.ts';

/** Options of calls that may take away the key that signs them. */
export interface SelfOptions {
  /** Do it even to the key that signs this call. Default: false. */
  readonly allowSelf?: boolean;
}

/** How often a key that regenerates itself tries, each time after the old secret has proven to work still. */
const SELF_TRIES = 3;

/** Refuses to do it to the key that signs, unless that is allowed. */
export function lockoutGuard(
  keyId: string,
  what: string,
  { allowSelf = false }: SelfOptions,
): (pair: Credentials) => void {
  return (pair) => {
    if (allowSelf || !sameKey(pair.id, keyId)) return;
    throw new LockoutError(
      `This call is signed by the key ${printable(keyId)} itself, and ${what} it would take that key away. Sign with another key, or say allowSelf: true.`,
      { keyId },
    );
  };
}

/** The key as it is now, if the service tells: reading it is an assumption, and must not stand in the way. */
async function look(
  context: ClientContext,
  keyId: string,
  options: CallOptions,
  scope: CallScope,
): Promise<ApiKey | undefined> {
  try {
    return readResult(
      context,
      'apiKeys.get',
      await invoke(context, 'apiKeys.get', { params: { id: keyId } }, options, scope),
      readApiKey,
    );
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
    `The key ${printable(key.id)} runs out on ${key.expiresAt.toISOString()}, or has: a new secret would not renew it. Create a new key.`,
    { operation: 'apiKeys.regenerateSecret' },
  );
}

/** Whether this pair still answers. `undefined`: it could not be found out. */
async function works(
  context: ClientContext,
  pair: Credentials,
  scope: CallScope,
): Promise<boolean | undefined> {
  try {
    const probe = wireRequest(context, 'user.get', { pair });
    const { status } = await context.transport.send(probe, {}, scope);
    return status === 401 ? false : status >= 200 && status < 300 ? true : undefined;
  } catch {
    return undefined;
  }
}

/** Does `apiKeys.regenerateSecret`. */
export async function regenerateKey(
  context: ClientContext,
  keyId: string,
  self: SelfOptions,
  options: CallOptions,
  scope: CallScope,
): Promise<Outcome<Issued>> {
  const { credentials } = context;
  const guard = lockoutGuard(keyId, 'regenerating', self);
  context.onNewSecret?.check?.();
  const signer = await scope.follow(credentials.get());
  guard(signer);
  refuseExpired(context, await look(context, keyId, options, scope));
  const changing = sameKey(signer.id, keyId);
  const args = { params: { id: keyId }, guard, changing };
  const goOnWith = (secret: Secret, { id, origin }: Credentials, expiresAt: Date | null) => {
    if (!sameKey(id, keyId)) return;
    credentials.replace({
      id,
      secret,
      ...(expiresAt ? { expiresAt } : {}),
      ...(origin === undefined ? {} : { origin }),
    });
  };
  const send = async () => {
    try {
      const issued = await sendIssue(context, 'apiKeys.regenerateSecret', args, options, scope);
      goOnWith(issued.secret, issued.answer.pair, issued.apiKey.expiresAt);
      return issued;
    } catch (error) {
      // Whatever else is wrong with the answer, the old secret is dead.
      if (error instanceof UndeliveredSecretError && error.holds === 'secret')
        goOnWith(error.newSecret, signer, null);
      throw error;
    }
  };
  let attempts = 0;
  let lostOwn: LostAnswer | undefined;
  for (let tries = 1; ; tries++) {
    try {
      const issued = await (changing ? credentials.change(send, scope.signal) : send());
      const { apiKey, secret } = issued;
      await deliver(context, 'apiKeys.regenerateSecret', issued, scope);
      return withAnswer({ apiKey, secret }, issued);
    } catch (error) {
      // The old secret still worked after the loss, and is refused now: the lost request was done late.
      if (lostOwn !== undefined && error instanceof AuthenticationError)
        throw secretLost(keyId, lostOwn, attempts + error.attempts);
      if (!(error instanceof LostAnswer)) throw error;
      const { pair } = error.progress;
      attempts += error.progress.attempts;
      const ended = scope.signal.aborted || tries >= SELF_TRIES;
      if (pair !== undefined && sameKey(pair.id, keyId) && !ended) {
        const alive = await works(context, pair, scope);
        if (alive === false) throw secretLost(keyId, error, attempts);
        if (alive === true) {
          lostOwn = error;
          continue;
        }
      }
      const cause = scope.abortedByCaller ? scope.signal.reason : error.cause;
      const lost = new LostAnswer(cause, { ...error.progress, attempts });
      throw ambiguous('apiKeys.regenerateSecret', lost, ({ regenerate = false, signal }) =>
        resolveRegenerate(context, keyId, self, regenerate, pair, signal),
      );
    }
  }
}

function secretLost(keyId: string, lost: LostAnswer, attempts: number): SecretLostError {
  return new SecretLostError(
    `The key ${printable(keyId)} regenerated its own secret, the answer was lost, and the old secret is refused now. Regenerate it with another key of the same user, or in the web interface (Settings > Personal > API keys).`,
    { keyId, operation: 'apiKeys.regenerateSecret', attempts, cause: lost.cause },
  );
}

/** Nothing that the service shows tells whether a secret was regenerated; doing it again does no harm. */
async function resolveRegenerate(
  context: ClientContext,
  keyId: string,
  self: SelfOptions,
  regenerate: boolean,
  pair: Credentials | undefined,
  signal: AbortSignal | undefined,
): Promise<Resolution> {
  const options = { signal };
  const scope = context.transport.open('apiKeys.regenerateSecret', options);
  try {
    if (pair !== undefined && sameKey(pair.id, keyId) && (await works(context, pair, scope)) === false) {
      throw secretLost(keyId, new LostAnswer(undefined, { attempts: 0, maySent: true }), 0);
    }
    if (regenerate) {
      const { data } = await regenerateKey(context, keyId, self, options, scope);
      return { outcome: 'committed', ...data };
    }
    const key = await look(context, keyId, options, scope);
    const reason =
      'The service does not show whether a secret was regenerated. resolve({ regenerate: true }) makes a new one, which does no harm.';
    return { outcome: 'unknown', reason, candidates: key === undefined ? [] : [key] };
  } finally {
    scope.end();
  }
}
