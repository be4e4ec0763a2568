// The transition that must not be done twice: creating the next key, or regenerating its secret. The journal names the key
// beforehand: where the response is lost, the key is found by its name and its secret is regenerated.

import { SLACK_MS } from '../../api/expiration.ts';
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
import { sleep } from '../../http/abort.ts';
import { mayBeSameName } from '../../resources/resolve-create.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { describeDuration } from '../../util/duration.ts';
import { readKeyName } from '../../util/key-name.ts';
import { printable, shownId } from '../../util/printable.ts';
import type { HeldKey, PendingKey } from '../record/record.ts';
import type { Run } from './run.ts';
import type { KeyCredentials } from './service.ts';

/** How often a call whose response is lost is tried, in one run. */
const TRIES = 3;

/**
 * After this time new credentials are surely known everywhere, in milliseconds. If they are refused later than that, the
 * secret was replaced by a regenerate that arrived late.
 */
export const SETTLED_MS = 15 * 60_000;

/** Credentials as the service returned them. */
const held = (key: ApiKey, secret: Secret): HeldKey => {
  const { id, name, createdAt, expiresAt } = key;
  return { id, secret, name, createdAt, expiresAt };
};

/** Errors that say for certain that nothing was done. */
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

/** Does what the journal has pending: on return the new credentials are in the journal. */
export async function obtain(run: Run, pending: PendingKey): Promise<void> {
  const key =
    pending.strategy === 'create' ? await create(run, pending) : await regenerateCurrent(run, pending);
  try {
    await run.journal.save({ phase: 'testing', pending: { ...pending, key } });
  } catch (error) {
    if (pending.strategy === 'create') {
      // The key is found again by its name, so that the next run gives it another secret.
      throw undelivered(key, error, 'Fix the store, then run resume: it finds the key by its name.');
    }
    throw undelivered(
      key,
      error,
      'The secret that the record still holds is worthless: keep this one, fix the store, then run resume with recovery credentials.',
    );
  }
  run.did(
    pending.strategy === 'create'
      ? `created the key ${key.id}, until ${key.expiresAt?.toISOString() ?? 'for ever'}`
      : `gave the key ${key.id} a new secret`,
  );
}

function undelivered(key: HeldKey, cause: unknown, fix: string): UndeliveredSecretError {
  const why = cause instanceof RotationError ? ` (${cause.code})` : '';
  return new UndeliveredSecretError(
    `The new secret of the key ${key.id} arrived, but was not stored${why}.`,
    { newSecret: key.secret, keyId: key.id, cause, hint: { method: 'resume', text: fix } },
  );
}

async function create(run: Run, pending: PendingKey): Promise<HeldKey> {
  const { service, journal } = run;
  const signer = await run.signer();
  let lost: AmbiguousOutcomeError | undefined;
  for (let tries = 1; ; tries++) {
    // What was sent before, by this run or by one that died, may have happened.
    const found = await findPending(run, pending, signer, tries > 1);
    if (found === undefined && lost !== undefined) await refuseCandidates(run, pending, lost);
    await journal.hold();
    if (found !== undefined) {
      run.note(
        `The key ${found.id}, which had been created before, was found by its name, and its secret was regenerated.`,
      );
      return regenerate(run, found, signer);
    }
    try {
      const days = await allowedDays(run, pending, signer);
      const created = await service
        .as(signer)
        .apiKeys.create({ name: pending.name, expiresIn: { days } }, service.options);
      if (created.clamped) {
        const until = created.apiKey.expiresAt?.toISOString() ?? '';
        run.note(
          `The service gave the new key a shorter lifetime than the ${days} days asked for: until ${until}.`,
        );
      }
      return held(created.apiKey, created.secret);
    } catch (error) {
      service.signal?.throwIfAborted();
      if (error instanceof UndeliveredSecretError) {
        const saved = await despiteFailure(run, error, signer);
        if (saved !== undefined) return saved;
      } else if (error instanceof ConflictError && tries < TRIES) {
        // The name is taken: by the key that this very transition created before.
        continue;
      } else if (!(error instanceof AmbiguousOutcomeError)) {
        if (!refused(error)) throw error;
        // A request of a process that died may have arrived meanwhile, and have used up what was allowed.
        const keys = await service.keys(signer);
        const late = keys.some(({ name }) => name === pending.name);
        if (late && tries < TRIES) continue;
        // It is there: the next run finds it.
        if (late) throw error;
        await giveUp(run, 'the service refused to create a key; nothing is left to resume');
        throw error instanceof RequestFailedError ? withLeftovers(run, error, keys) : error;
      } else lost = error;
      if (tries >= TRIES) throw error;
    }
  }
}

/** A service may allow so many keys and no more: names those of the user that no rotation uses now. */
function withLeftovers(run: Run, error: RequestFailedError, keys: readonly ApiKey[]): Error {
  const { current, previous } = run.record;
  const others = keys.filter(({ id }) => ![current.id, previous?.id, run.settings.recovery?.id].includes(id));
  const ids = others
    .filter((key) => readKeyName(key.name) !== undefined || key.lastUsedAt === null)
    .map(({ id, name }) => `${shownId(id)} (${printable(name)})`);
  if (ids.length === 0) return error;
  const { status, apiCode, requestId, operation, attempts, message } = error;
  return new RequestFailedError(message, {
    ...{ status, apiCode, requestId, operation, attempts, cause: error.cause },
    hint: {
      option: 'replaces',
      text: `If the service allows no more keys, delete what earlier runs left over and nothing uses: look at ${ids.join(', ')}.`,
    },
  });
}

/** A service that changes names: another key could be created for ever, and each would be left over. */
const changedName = (keys: readonly ApiKey[], { name }: PendingKey, why: string): RotationError =>
  new RotationError(
    `Whether the key ${name} was created is not known, so no other one is created. ${why} It may be ${keys.map((key) => `${key.id} (${printable(key.name)})`).join(' or ')}.`,
    {
      code: 'rotation_unknown',
      hint: {
        method: 'resume',
        text: 'If such a key was created by this rotation, delete it: nothing has its secret. Then run resume.',
      },
    },
  );

/** After a lost response: throws unless nothing was created for certain. */
async function refuseCandidates(run: Run, pending: PendingKey, lost: AmbiguousOutcomeError): Promise<void> {
  const { signal } = run.service;
  const resolution = await lost.resolve(signal === undefined ? {} : { signal });
  if (resolution.outcome !== 'unknown') return;
  const candidates = resolution.candidates.filter((key) => !isKnown(run, key));
  if (candidates.length > 0) throw changedName(candidates, pending, resolution.reason);
}

/** A key of the record, of another rotation, or one that was there before. */
function isKnown({ record, settings }: Run, { id, name, createdAt }: ApiKey): boolean {
  const { current, previous, retire, pending } = record;
  const known = [current, previous, settings.recovery, ...retire].some((key) => key?.id === id);
  const before = createdAt !== null && createdAt.getTime() < (pending?.preparedAt.getTime() ?? 0) - SLACK_MS;
  const recordId = readKeyName(name)?.recordId;
  return known || before || (recordId !== undefined && recordId !== record.id);
}

/** The maximum may have shrunk since the rotation was begun. */
async function allowedDays(run: Run, pending: PendingKey, signer: KeyCredentials): Promise<number> {
  const maximum = run.maximum ?? (await run.service.maximum(signer));
  if (maximum === undefined || maximum.maximumDays >= pending.days) return pending.days;
  run.note(`Account ${maximum.accountId} now allows ${maximum.maximumDays} days: the new key gets as many.`);
  return maximum.maximumDays;
}

/** The secret arrived, and something after that failed, such as a hook of the client. */
async function despiteFailure(
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

/** The pending key, if it exists. */
async function findPending(
  run: Run,
  pending: PendingKey,
  signer: KeyCredentials,
  surelySent: boolean,
): Promise<ApiKey | undefined> {
  const { service } = run;
  const isIt = ({ name }: ApiKey) => name === pending.name;
  const mayExist = surelySent || run.resumed;
  let keys = await service.keys(signer);
  if (!keys.some(isIt) && mayExist) {
    // A list may lag behind a write.
    await sleep(run.settings.timing.lookAgainMs, service.signal);
    keys = await service.keys(signer);
  }
  const found = keys.filter(isIt);
  const [key, ...others] = found;
  if (key === undefined) {
    // The name of a key that was created before may have been cut or folded.
    const cut = keys.filter((one) => one.lastUsedAt === null && mayBeSameName(one.name, pending.name));
    const candidates = cut.filter((one) => readKeyName(one.name) === undefined && !isKnown(run, one));
    if (mayExist && candidates.length > 0)
      throw changedName(candidates, pending, 'The service seems to have changed its name.');
    return undefined;
  }
  const early = key.createdAt !== null && key.createdAt.getTime() < pending.preparedAt.getTime() - SLACK_MS;
  const used = found.some(
    ({ lastUsedAt, createdAt }) => lastUsedAt !== null && (createdAt === null || lastUsedAt > createdAt),
  );
  if (early || used) {
    throw new RotationError(
      `The key ${key.id} has the name of the key to be created, but ${used ? 'it was used already' : 'it was created before this rotation was begun'}. Nothing was changed.`,
      {
        code: 'rotation_unknown',
        hint: {
          method: 'resume',
          text: 'If the key is not needed, delete it; else put back the record that knows it. Then run resume.',
        },
      },
    );
  }
  // Two requests of one name, as when the request of a process that died arrives late: the clean-up deletes the others.
  for (const other of others) run.note(`The key ${other.id} was created twice; it will be deleted.`);
  return key;
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
      service.signal?.throwIfAborted();
      if (error instanceof UndeliveredSecretError) {
        const saved = await despiteFailure(run, error, signer);
        if (saved !== undefined) return saved;
      } else if (!(error instanceof AmbiguousOutcomeError)) throw error;
      if (tries >= TRIES) throw error;
    }
  }
}

/** After a leak: the current key itself gets a new secret. */
async function regenerateCurrent(run: Run, pending: PendingKey): Promise<HeldKey> {
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
async function giveUp(run: Run, why: string): Promise<void> {
  const { promotion, retire } = run.record;
  const idle = retire.length > 0 ? 'retiring' : 'idle';
  const interrupted = promotion?.drainUntil === null ? 'delivering' : 'draining';
  await run.journal.save({ phase: promotion === null ? idle : interrupted, pending: null });
  run.did(why);
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
