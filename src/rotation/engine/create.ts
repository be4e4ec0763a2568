// Creates the next key, once: where a response is lost, the key is found by its name and its secret is regenerated.

import {
  AmbiguousOutcomeError,
  ConflictError,
  RequestFailedError,
  RotationError,
  UndeliveredSecretError,
} from '../../errors.ts';
import { mayBeSameName } from '../../resources/resolve-create.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { sleep, throwIfAborted } from '../../util/abort.ts';
import { readKeyName } from '../../util/key-name.ts';
import { SLACK_MS } from '../../util/period.ts';
import { printable, shownId } from '../../util/printable.ts';
import type { HeldKey, PendingKey } from '../record/record.ts';
import { despiteFailure, giveUp, held, refused, regenerate, TRIES } from './regenerate.ts';
import type { Run } from './run.ts';
import type { KeyCredentials } from './service.ts';

/** Creates the pending key, or finds it if an earlier request has created it. */
export async function create(run: Run, pending: PendingKey): Promise<HeldKey> {
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
      throwIfAborted(service.signal);
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
    `Whether the key ${name} was created is not known, so no other one is created. ${why} It may be ${keys.map((key) => `${key.id} (${printable(key.name)})`).join(' or ')}. If such a key was created by this rotation, delete it: nothing has its secret.`,
    {
      code: 'rotation_unknown',
      hint: { method: 'resume', text: 'Then run resume.' },
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
      `The key ${key.id} has the name of the key to be created, but ${used ? 'it was used already' : 'it was created before this rotation was begun'}. Nothing was changed. If the key is not needed, delete it; else put back the record that knows it.`,
      {
        code: 'rotation_unknown',
        hint: { method: 'resume', text: 'Then run resume.' },
      },
    );
  }
  // Two requests of one name, as when the request of a process that died arrives late: the clean-up deletes the others.
  for (const other of others) run.note(`The key ${other.id} was created twice; it will be deleted.`);
  return key;
}
