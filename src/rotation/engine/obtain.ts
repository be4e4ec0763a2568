// The transition that must not be done twice: creating the next key (create.ts), or regenerating the secret of the current one
// (regenerate.ts). The journal names the key beforehand, and holds the new credentials afterwards.

import { type ErrorHint, RotationError, UndeliveredSecretError } from '../../errors.ts';
import { describeDuration } from '../../util/duration.ts';
import type { HeldKey, PendingKey } from '../record/record.ts';
import { create } from './create.ts';
import { regenerateCurrent } from './regenerate.ts';
import type { Run } from './run.ts';

/**
 * After this time new credentials are surely known everywhere, in milliseconds. If they are refused later than that, the
 * secret was replaced by a regenerate that arrived late.
 */
export const SETTLED_MS = 15 * 60_000;

/** Does what the journal has pending: on return the new credentials are in the journal. */
export async function obtain(run: Run, pending: PendingKey): Promise<void> {
  const key =
    pending.strategy === 'create' ? await create(run, pending) : await regenerateCurrent(run, pending);
  try {
    await run.journal.save({ phase: 'testing', pending: { ...pending, key } });
  } catch (error) {
    throw (
      rescued(key, error) ??
      (pending.strategy === 'create'
        ? // The key is found again by its name, so that the next run gives it another secret.
          undelivered(key, error, 'Fix the store.', {
            method: 'resume',
            text: 'Then run resume: it finds the key by its name.',
          })
        : undelivered(
            key,
            error,
            'The secret that the record still holds is worthless: keep this one, and fix the store.',
            { method: 'resume', option: 'recovery', text: 'Then run resume with recovery credentials.' },
          ))
    );
  }
  run.did(
    pending.strategy === 'create'
      ? `created the key ${key.id}, until ${key.expiresAt?.toISOString() ?? 'for ever'}`
      : `gave the key ${key.id} a new secret`,
  );
}

/** The error for a record that was deleted while the run worked on it, with the secret of a key that only the record held. */
export const rescued = (key: HeldKey, error: unknown): UndeliveredSecretError | undefined =>
  error instanceof RotationError && error.hint?.method === 'adopt'
    ? undelivered(key, error, 'The record was deleted, so this rotation cannot go on.', {
        method: 'adopt',
        text: 'Begin a new record with this secret: adopt(client, { store, name, credentials: { id: error.keyId, secret: error.newSecret } }).',
      })
    : undefined;

function undelivered(key: HeldKey, cause: unknown, fix: string, hint: ErrorHint): UndeliveredSecretError {
  const why = cause instanceof RotationError ? ` (${cause.code})` : '';
  return new UndeliveredSecretError(
    `The new secret of the key ${key.id} arrived, but was not stored${why}. ${fix}`,
    { newSecret: key.secret, keyId: key.id, cause, hint },
  );
}

/**
 * Tests the new credentials. `gone`: the key was deleted. `dead`: the key exists, but its credentials had all the time that
 * they need to become known, so its secret was replaced.
 */
export async function test(run: Run, pending: PendingKey, key: HeldKey): Promise<'works' | 'gone' | 'dead'> {
  const { service, journal } = run;
  const { testWithinMs } = run.settings.timing;
  await journal.hold();
  const userId = await service.accepted(key, testWithinMs);
  if (userId !== undefined) {
    run.did(`tested the new credentials of the key ${key.id}`);
    return 'works';
  }
  const signer = pending.strategy === 'create' ? await run.signer() : run.settings.recovery;
  if (signer !== undefined && signer.id !== key.id) {
    if ((await service.key(signer, key.id)) === undefined) return 'gone';
    const age = service.now().getTime() - pending.preparedAt.getTime();
    if (pending.strategy === 'create' && age > SETTLED_MS) return 'dead';
  }
  throw new RotationError(
    `The new credentials of the key ${key.id} were not accepted within ${describeDuration(testWithinMs)}. They are in the record, and ${pending.strategy === 'create' ? 'the key in use is untouched' : 'nothing else is valid'}.`,
    { code: 'rotation_untested', hint: { method: 'resume', text: 'Run resume to test them again.' } },
  );
}
