// The step that must not be done twice: getting the next pair. The record names it beforehand, so that a key whose answer
// was lost is found again by its name and given a secret that is known.

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
import { shownSpan } from '../../util/duration.ts';
import type { HeldKey, PendingKey } from '../record/record.ts';
import type { Run } from './run.ts';
import { CLOCK_SLACK, type Pair } from './service.ts';

/** How often a call whose answer is lost is begun anew, in one run. */
const TRIES = 3;

/**
 * When a new pair is surely known everywhere, in milliseconds. One that is refused later than that has lost its secret to a
 * request that arrived late: to a regenerate whose answer nobody waited for any more.
 */
export const SETTLED_MS = 15 * 60_000;

/** A pair as the service gave it. */
const held = (key: ApiKey, secret: Secret): HeldKey => {
  const { id, name, createdAt, expiresAt } = key;
  return { id, secret, name, createdAt, expiresAt };
};

/** Answers that say for certain that nothing was done. */
const refused = (error: unknown): boolean =>
  [
    BadRequestError,
    AuthenticationError,
    RequestFailedError,
    PermissionDeniedError,
    NotFoundError,
    ConflictError,
    ExpirationPolicyError,
  ].some((kind) => error instanceof kind);

/** Ends the step that the record has pending: on return its pair is in the record. */
export async function obtain(run: Run, pending: PendingKey): Promise<void> {
  const key = pending.way === 'create' ? await create(run, pending) : await regenerateCurrent(run, pending);
  try {
    await run.ledger.save({ phase: 'testing', pending: { ...pending, key } });
  } catch (error) {
    if (pending.way === 'create') {
      // The key is found again by its name, so that the next run gives it another secret.
      throw undelivered(key, error, 'Mend the store, then run resume: it finds the key by its name.');
    }
    throw undelivered(
      key,
      error,
      'The secret that the record still holds is worthless: keep this one, mend the store, then run resume with the recovery credential.',
    );
  }
  run.did(
    pending.way === 'create'
      ? `got the new key ${key.id}, until ${key.expiresAt?.toISOString() ?? 'for ever'}`
      : `gave the key ${key.id} a new secret`,
  );
}

function undelivered(key: HeldKey, cause: unknown, mend: string): UndeliveredSecretError {
  const why = cause instanceof RotationError ? ` (${cause.code})` : '';
  return new UndeliveredSecretError(
    `The new secret of the key ${key.id} came, but was not stored${why}. ${mend}`,
    { newSecret: key.secret, keyId: key.id, cause },
  );
}

async function create(run: Run, pending: PendingKey): Promise<HeldKey> {
  const { service, ledger } = run;
  const signer = await run.signer();
  for (let tries = 1; ; tries++) {
    // Whatever was sent before, by this run or by one that is dead, may have happened.
    const found = await findPending(run, pending, signer, tries > 1);
    await ledger.hold();
    if (found !== undefined) {
      run.note(`A key that had been made before, ${found.id}, was found by its name and given a new secret.`);
      return regenerate(run, found, signer);
    }
    try {
      const days = await allowedDays(run, pending, signer);
      const made = await service
        .as(signer)
        .apiKeys.create({ name: pending.name, expiresIn: { days } }, service.options);
      if (made.clamped) {
        const until = made.apiKey.expiresAt?.toISOString() ?? '';
        run.note(
          `The service gave the new key a shorter life than the ${days} days asked for: until ${until}.`,
        );
      }
      return held(made.apiKey, made.secret);
    } catch (error) {
      service.signal?.throwIfAborted();
      if (error instanceof UndeliveredSecretError) {
        const saved = await salvaged(run, error, signer);
        if (saved !== undefined) return saved;
      } else if (error instanceof ConflictError && tries < TRIES) {
        // The name is taken: by the key that this very step made before.
        continue;
      } else if (!(error instanceof AmbiguousOutcomeError)) {
        if (!refused(error)) throw error;
        // A request of a dead process may have arrived meanwhile, and have used up what was allowed.
        const late = (await service.keys(signer)).some(({ name }) => name === pending.name);
        if (late && tries < TRIES) continue;
        // It is there: the next run finds it.
        if (late) throw error;
        await giveUp(run, 'The service refused to make a key; nothing is left to resume.');
        throw error;
      }
      if (tries >= TRIES) throw error;
    }
  }
}

/** The maximum may have shrunk since the rotation was begun. */
async function allowedDays(run: Run, pending: PendingKey, signer: Pair): Promise<number> {
  const maximum = run.maximum ?? (await run.service.maximum(signer));
  if (maximum === undefined || maximum.days >= pending.days) return pending.days;
  run.note(`Account ${maximum.accountId} allows ${maximum.days} days by now: the new key gets as many.`);
  return maximum.days;
}

/** The secret came, and something after that failed, such as a hook of the client. */
async function salvaged(run: Run, error: UndeliveredSecretError, signer: Pair): Promise<HeldKey | undefined> {
  const { newSecret, keyId } = error;
  if (keyId === undefined) return undefined;
  const key = await run.service.key(signer, keyId);
  if (key === undefined) return undefined;
  run.note(`The key ${keyId} was made, although the call that made it failed afterwards (${error.code}).`);
  return held(key, newSecret);
}

/** The key that the record has pending, if it exists. */
async function findPending(
  run: Run,
  pending: PendingKey,
  signer: Pair,
  surelySent: boolean,
): Promise<ApiKey | undefined> {
  const { service, timing } = run;
  const look = async () => (await service.keys(signer)).filter(({ name }) => name === pending.name);
  let found = await look();
  if (found.length === 0 && (surelySent || run.resumed)) {
    // A list may lag behind a write.
    await service.pause(timing.lookAgainMs);
    found = await look();
  }
  const [key, ...others] = found;
  if (key === undefined) return undefined;
  const early = key.createdAt.getTime() < pending.preparedAt.getTime() - CLOCK_SLACK;
  const used = found.some(({ lastUsedAt, createdAt }) => lastUsedAt !== null && lastUsedAt > createdAt);
  if (early || used) {
    throw new RotationError(
      `The key ${key.id} has the name of the key to be made, but ${used ? 'somebody has used it' : 'it was made before this rotation was begun'}. Nothing was changed. If nobody needs it, delete it; else put the record back that knows it. Then run resume.`,
      { code: 'rotation_unknown' },
    );
  }
  // Two requests of one name, as when a dead process's request arrives late: the others go with the clean-up.
  for (const other of others) run.note(`The key ${other.id} was made twice; it will be deleted.`);
  return key;
}

/** A new secret for a key that another key signs for: to do it again does no harm. */
export async function regenerate(run: Run, key: Pick<ApiKey, 'id'>, signer: Pair): Promise<HeldKey> {
  const { service, ledger } = run;
  for (let tries = 1; ; tries++) {
    await ledger.hold();
    try {
      const issued = await service.as(signer).apiKeys.regenerateSecret(key.id, service.options);
      return held(issued.apiKey, issued.secret);
    } catch (error) {
      service.signal?.throwIfAborted();
      if (error instanceof UndeliveredSecretError) {
        const saved = await salvaged(run, error, signer);
        if (saved !== undefined) return saved;
      } else if (!(error instanceof AmbiguousOutcomeError)) throw error;
      if (tries >= TRIES) throw error;
    }
  }
}

/** The way of a leak: the current key itself gets a new secret. */
async function regenerateCurrent(run: Run, pending: PendingKey): Promise<HeldKey> {
  const { current } = run.record;
  const { recovery, service } = run;
  if (pending.signer === 'recovery' || recovery !== undefined) {
    if (recovery === undefined)
      throw new RotationError(
        'This rotation was begun with a recovery credential, and cannot go on without one: give it again (recovery). The secret in the record may be worthless by now.',
        { code: 'rotation_signer' },
      );
    await proveRecovery(run, recovery);
    try {
      return await regenerate(run, current, recovery);
    } catch (error) {
      if (refused(error)) await giveUp(run, 'The service refused to regenerate the key.');
      throw error;
    }
  }
  if (run.resumed && (await service.userOf(current)) === undefined) throw lost(current.id);
  try {
    const issued = await service
      .as(current)
      .apiKeys.regenerateSecret(current.id, { allowSelf: true, ...service.options });
    return held(issued.apiKey, issued.secret);
  } catch (error) {
    if (refused(error)) await giveUp(run, 'The service refused to regenerate the key.');
    if (!(error instanceof UndeliveredSecretError)) throw error;
    return { ...current, secret: error.newSecret };
  }
}

const lost = (keyId: string): SecretLostError =>
  new SecretLostError(
    `The key ${keyId} regenerated its own secret, the process died before the new one was stored, and the old one is refused now. Run resume with a recovery credential of the same user, or regenerate the key in the web interface (Settings > Personal > API keys) and adopt it anew.`,
    { keyId },
  );

/** Shows that the recovery credential can do what it is there for, before anything is changed. */
export async function proveRecovery(run: Run, recovery: Pair): Promise<void> {
  const { current } = run.record;
  const fail = (why: string) =>
    new RotationError(`The recovery credential cannot sign for the key ${current.id}: ${why}.`, {
      code: 'rotation_signer',
    });
  if (recovery.id === current.id)
    throw fail('it is that key itself. Give another key of the same user, or say allowSelf: true');
  if ((await run.service.userOf(recovery)) === undefined) throw fail('it is refused');
  if ((await run.service.key(recovery, current.id)) === undefined)
    throw fail('its user has no such key. Give one of the same user');
}

/** Nothing was done, and nothing will be: the record goes back to where it was, and what is still to be done there stays. */
async function giveUp(run: Run, why: string): Promise<void> {
  const { promotion, retire } = run.record;
  const idle = retire.length > 0 ? 'retiring' : 'idle';
  const interrupted = promotion?.drainUntil === null ? 'delivering' : 'draining';
  await run.ledger.save({ phase: promotion === null ? idle : interrupted, pending: null });
  run.did(why);
}

/**
 * Sees the new pair work: then the record may be promoted. `gone`: somebody deleted the key. `dead`: the key is there, but
 * has had all the time that a pair needs to become known, so its secret is another one by now.
 */
export async function test(run: Run, pending: PendingKey, key: HeldKey): Promise<'works' | 'gone' | 'dead'> {
  const { service, timing, ledger } = run;
  await ledger.hold();
  const userId = await service.answers(key, timing.testWithinMs);
  if (userId !== undefined) {
    run.did(`saw the new pair of the key ${key.id} work`);
    return 'works';
  }
  const signer = pending.way === 'create' ? await run.signer() : run.recovery;
  if (signer !== undefined && signer.id !== key.id) {
    if ((await service.key(signer, key.id)) === undefined) return 'gone';
    const age = service.now().getTime() - pending.preparedAt.getTime();
    if (pending.way === 'create' && age > SETTLED_MS) return 'dead';
  }
  throw new RotationError(
    `The new pair of the key ${key.id} was not accepted within ${shownSpan(timing.testWithinMs)}. It is in the record, and ${pending.way === 'create' ? 'the key in use is untouched' : 'nothing else is valid'}. Run resume to test it again.`,
    { code: 'rotation_untested' },
  );
}
