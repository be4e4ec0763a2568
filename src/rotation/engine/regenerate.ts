// A new secret for a key: one that another key signs for, or, after a leak, the key in use itself. And what both transitions
// that obtain a secret share: what certainly did nothing, what arrived despite a failure, and giving up.

import type { Secret } from '../../auth/secret.ts';
import {
  AmbiguousOutcomeError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  ExpirationPolicyError,
  NotFoundError,
  PermissionDeniedError,
  RequestFailedError,
  RotationError,
  SecretLostError,
  UndeliveredSecretError,
} from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { throwIfAborted } from '../../util/abort.ts';
import type { HeldKey, PendingKey } from '../record/record.ts';
import type { Run } from './run.ts';
import type { KeyCredentials } from './service.ts';

/** How often a call whose response is lost is tried, in one run. */
export const TRIES = 3;

/** Credentials as the service returned them. */
export const held = (key: ApiKey, secret: Secret): HeldKey => {
  const { id, name, createdAt, expiresAt } = key;
  return { id, secret, name, createdAt, expiresAt };
};

/** Errors that say for certain that nothing was done. */
export const refused = (error: unknown): boolean =>
  [
    BadRequestError,
    AuthenticationError,
    RequestFailedError,
    PermissionDeniedError,
    NotFoundError,
    ConflictError,
    ExpirationPolicyError,
  ].some((kind) => error instanceof kind);

/** The secret arrived, and something after that failed, such as a hook of the client. */
export async function despiteFailure(
  run: Run,
  error: UndeliveredSecretError,
  signer: KeyCredentials,
): Promise<HeldKey | undefined> {
  const { newSecret, keyId } = error;
  if (keyId === undefined) return undefined;
  const key = await run.service.key(signer, keyId);
  if (key === undefined) return undefined;
  run.note(`The secret of the key ${keyId} arrived, although the call failed after that (${error.code}).`);
  return held(key, newSecret);
}

/** A new secret for a key that another key signs for: doing it twice does no harm. */
export async function regenerate(
  run: Run,
  key: Pick<ApiKey, 'id'>,
  signer: KeyCredentials,
): Promise<HeldKey> {
  const { service, journal } = run;
  for (let tries = 1; ; tries++) {
    await journal.hold();
    try {
      const issued = await service.as(signer).apiKeys.regenerateSecret(key.id, service.options);
      return held(issued.apiKey, issued.secret);
    } catch (error) {
      throwIfAborted(service.signal);
      if (error instanceof UndeliveredSecretError) {
        const saved = await despiteFailure(run, error, signer);
        if (saved !== undefined) return saved;
      } else if (!(error instanceof AmbiguousOutcomeError)) throw error;
      if (tries >= TRIES) throw error;
    }
  }
}

/** After a leak: the current key itself gets a new secret. */
export async function regenerateCurrent(run: Run, pending: PendingKey): Promise<HeldKey> {
  const { current } = run.record;
  const { service } = run;
  const { recovery } = run.settings;
  if (pending.signer === 'recovery' || recovery !== undefined) {
    if (recovery === undefined)
      throw new RotationError(
        'This rotation was begun with recovery credentials and cannot go on without them. The secret in the record may be worthless by now.',
        { code: 'rotation_signer', hint: { option: 'recovery', text: 'Give them again as recovery.' } },
      );
    await proveRecovery(run, recovery);
    try {
      return await regenerate(run, current, recovery);
    } catch (error) {
      if (refused(error)) await giveUp(run, 'the service refused to regenerate the secret');
      throw error;
    }
  }
  if (run.resumed && (await service.userOf(current)) === undefined) throw secretLost(current.id);
  try {
    const issued = await service
      .as(current)
      .apiKeys.regenerateSecret(current.id, { allowSelf: true, ...service.options });
    return held(issued.apiKey, issued.secret);
  } catch (error) {
    if (refused(error)) await giveUp(run, 'the service refused to regenerate the secret');
    if (!(error instanceof UndeliveredSecretError)) throw error;
    return { ...current, secret: error.newSecret };
  }
}

const secretLost = (keyId: string): SecretLostError =>
  new SecretLostError(
    `The key ${keyId} regenerated its own secret, the process died before the new one was stored, and the old one is refused now.`,
    {
      keyId,
      hint: {
        option: 'recovery',
        text: 'Run resume with the recovery credentials of the same user, or regenerate the key in the web interface (Settings > Personal > API keys) and adopt it again.',
      },
    },
  );

/** Checks that the recovery credentials can sign for the current key, before anything is changed. */
export async function proveRecovery(run: Run, recovery: KeyCredentials): Promise<void> {
  const { current } = run.record;
  const fail = (why: string, option: string, text: string) =>
    new RotationError(`The recovery credentials cannot sign for the key ${current.id}: ${why}.`, {
      code: 'rotation_signer',
      hint: { option, text },
    });
  const another = 'Give another key of the same user as recovery';
  if (recovery.id === current.id)
    throw fail('they are those of that key itself', 'allowSelf', `${another}, or pass allowSelf: true.`);
  if ((await run.service.userOf(recovery)) === undefined)
    throw fail('they are refused', 'recovery', `${another}.`);
  if ((await run.service.key(recovery, current.id)) === undefined)
    throw fail('their user has no such key', 'recovery', `${another}.`);
}

/** Nothing was done: the journal goes back to the phase before, with what is still to be done there. */
export async function giveUp(run: Run, why: string): Promise<void> {
  const { promotion, retire } = run.record;
  const idle = retire.length > 0 ? 'retiring' : 'idle';
  const interrupted = promotion?.drainUntil === null ? 'delivering' : 'draining';
  await run.journal.save({ phase: promotion === null ? idle : interrupted, pending: null });
  run.did(why);
}
