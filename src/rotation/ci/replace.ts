// The next key without a record: created, tested, and only then delivered. So a key of ours that was never used was delivered
// nowhere, and its secret may be regenerated; one that was used may be in a sink, and is left as it is.

import { sameKey } from '../../auth/credentials.ts';
import { NotFoundError, RequestFailedError, RotationError, UndeliveredSecretError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { readKeyName } from '../../util/key-name.ts';
import { printable } from '../../util/printable.ts';
import { madeSince, prepare, putToSinks, retire } from '../engine/machine.ts';
import { proveRecovery } from '../engine/obtain.ts';
import { anotherKey, pendingKey } from '../engine/plan.ts';
import type { Run } from '../engine/run.ts';
import { DAY_MS, nextDays } from '../engine/schedule.ts';
import type { HeldKey, PendingKey, RotationReason, RotationRecord } from '../record/record.ts';
import { IN_HAND, issuedAt, type KeyList, ours } from './key-list.ts';
import { drainOf, type Outcome } from './settle.ts';

/** Newer keys that may be in a sink: with so many, one more would not help. */
const MOST_NEWER = 5;
/** Credentials that were issued longer ago are not tested any more: another run may take their key for left over. */
const LATE = IN_HAND / 2;
/** How often a run begins again because its key was deleted or regenerated elsewhere. */
const ROUNDS = 3;

/** The next key: one left over by a run that died, or a new one. Changes nothing. */
export function planNext(run: Run, found: KeyList): PendingKey {
  const { service, settings } = run;
  const { current, newer, top } = found;
  const days = nextDays(run, current);
  const now = service.now();
  const next = pendingKey(run, { strategy: 'create', signer: 'current', days, current, epoch: top + 1 });
  const left = newer.at(-1);
  const name = left === undefined ? undefined : readKeyName(left.name);
  if (left !== undefined && name !== undefined && leftOver(left, found, now, days))
    return {
      ...next,
      nonce: name.nonce,
      epoch: name.epoch,
      name: left.name,
      preparedAt: left.createdAt ?? now,
    };
  if (newer.length >= MOST_NEWER && settings.reason !== 'leak')
    throw new RotationError(
      `There are ${newer.length} newer keys than the given one, and each may be in a sink: ${newer.map(({ id }) => id).join(', ')}. So the credentials that were delivered do not come back to the next run.`,
      {
        code: 'rotation_unknown',
        hint: {
          option: 'sinks',
          text: 'Make sure that the first of the sinks feeds the credentials, and that no other place uses the same name; then delete those of these keys that are not in use.',
        },
      },
    );
  return next;
}

/** Whether a key was surely delivered nowhere, no run works on it, and it lives long enough to be delivered now. */
function leftOver(key: ApiKey, found: KeyList, now: Date, days: number): boolean {
  const lives = key.expiresAt === null || key.expiresAt.getTime() - now.getTime() >= (days / 2) * DAY_MS;
  const { showsUses, showsUpdates } = found;
  const unused = showsUses && showsUpdates && key.lastUsedAt === null;
  return unused && now.getTime() - issuedAt(key, found) >= IN_HAND && lives;
}

/** What `replace` would do, in words. */
export function wordsOf({ settings }: Run, found: KeyList, pending: PendingKey): string[] {
  const { newer, signer, current } = found;
  const reused = newer.find(({ name }) => name === pending.name);
  const first = settings.reason === 'leak' && settings.recovery !== undefined;
  const leaked = `delete the leaked key ${current.id} at once`;
  return [
    reused === undefined
      ? `create the key ${pending.name} for ${pending.days} days, signed by ${signer.id}`
      : `regenerate the secret of the key ${reused.id}, which an earlier run created and which was never used`,
    'test the new credentials',
    ...(first ? [leaked] : []),
    ...settings.sinks.map(({ name }) => `write the new credentials to ${name}`),
    ...(settings.reason === 'leak' && !first ? [leaked] : []),
    ...replacedKeys(found.keys, found, settings.reason, reused?.id)
      .filter(({ id }) => settings.reason !== 'leak' || id !== current.id)
      .map(({ id }) => `delete the key ${id}${settings.reason === 'leak' ? '' : ' after a drain'}`),
  ];
}

/** The keys that the new one replaces. */
function replacedKeys(
  keys: readonly ApiKey[],
  found: KeyList,
  reason: RotationReason,
  next?: string,
): ApiKey[] {
  const { replaces } = found;
  const known = new Set(ours(keys, found.recordId).map(({ id }) => id));
  if (reason === 'leak') known.add(found.current.id);
  const goes = (id: string) => known.has(id) || (replaces !== undefined && sameKey(id, replaces));
  return keys.filter(({ id }) => goes(id) && id !== next);
}

/** Gets the next key and delivers its credentials to every sink. */
export async function replace(run: Run, found: KeyList, pending: PendingKey): Promise<Outcome> {
  const { service, settings } = run;
  const { recovery } = settings;
  const leak = settings.reason === 'leak';
  if (leak && recovery !== undefined && found.accepted) await proveRecovery(run, recovery);
  await run.journal.save({ phase: 'creating', pending });
  let all = false;
  for (let round = 1; ; round++) {
    await prepareNext(run, found);
    // With recovery credentials the next run can go on if this one dies now; else it needs those of the leaked key.
    if (leak && recovery !== undefined) await retire(run);
    all = await deliver(run);
    // The key may have been deleted or regenerated between its test and its delivery.
    if ((await service.userOf(run.record.current)) !== undefined) break;
    const gone = `The credentials of the key ${run.record.current.id} were accepted before they were delivered to the sinks, and are refused since: that key was deleted or regenerated elsewhere.`;
    if (round >= ROUNDS) throw new RotationError(`${gone} Run it again.`, { code: 'rotation_untested' });
    run.note(`${gone} Another one was created.`);
    // Back to the credentials that were given, if they are still accepted.
    await service.userOf(found.current);
    const again = anotherKey(run, pending, run.record.epoch + 1);
    const { current } = found;
    await run.journal.save({
      phase: 'creating',
      pending: again,
      current,
      previous: null,
      promotion: null,
      retire: [],
    });
  }
  return afterDelivery(run, found, all);
}

/** On return the current key is the next one, and its credentials were tested. */
async function prepareNext(run: Run, { top }: KeyList): Promise<void> {
  const begun = Date.now();
  for (let { pending } = run.record; pending !== null; { pending } = run.record) {
    try {
      if (pending.key !== null && Date.now() - begun > LATE)
        throw new RotationError(
          'This run was held up for so long that another one may have gone on without it.',
          { code: 'rotation_untested' },
        );
      await prepare(run, pending);
    } catch (error) {
      const key = run.record.pending?.key;
      if (key) throw notPut(run, key, error);
      const changed = [NotFoundError, RequestFailedError].some((kind) => error instanceof kind);
      const unknown = error instanceof RotationError && error.code === 'rotation_unknown';
      // A key that was left over is not any more, so a new one is created, once.
      if (pending.epoch > top || !(changed || unknown)) throw error;
      await run.journal.save({ phase: 'creating', pending: anotherKey(run, pending, top + 1) });
    }
  }
}

/** Writes to every sink. Returns whether all have acknowledged; one must. */
async function deliver(run: Run): Promise<boolean> {
  const { current, epoch } = run.record;
  const taken = () => run.record.sinks.some((sink) => sink.epoch === epoch);
  try {
    const all = await putToSinks(run);
    if (taken()) return all;
  } catch (error) {
    if (!taken()) throw notPut(run, current, error);
    throw error;
  }
  throw notPut(run, current, undefined);
}

/** A secret that arrives is never dropped. */
function notPut(run: Run, { id, secret }: HeldKey, cause: unknown): UndeliveredSecretError {
  const problems = [...run.sinkProblems].map(([name, problem]) => `${printable(name)} (${problem})`);
  const why =
    problems.length > 0
      ? `no sink took it: ${problems.join(', ')}`
      : cause instanceof RotationError
        ? `it was not delivered to any sink (${cause.code})`
        : 'the run ended before it was delivered to any sink';
  return new UndeliveredSecretError(
    `The new secret of the key ${id} arrived, but ${why}. ${run.record.promotion?.reason === 'leak' ? '' : 'The credentials that the sinks hold are untouched. '}Fix what failed, then run it again.`,
    { newSecret: secret, keyId: id, cause },
  );
}

/** What is left after the delivery: a leak ends here, other keys have their drain before them. */
async function afterDelivery(run: Run, found: KeyList, all: boolean): Promise<Outcome> {
  const { service, settings } = run;
  const { current: next } = run.record;
  const leak = settings.reason === 'leak';
  const keys = await service.keys(next);
  const going = replacedKeys(keys, found, settings.reason, next.id);
  const retiring: RotationRecord['retire'] = going.map(({ id, name }) => ({ id, name, secret: null }));
  await run.journal.save({ previous: null, retire: retiring });
  if (
    !leak &&
    keys.some(({ id }) => id === found.current.id) &&
    !going.some(({ id }) => id === found.current.id)
  )
    run.note(
      `The key ${found.current.id} was created by hand, so it is left alone. Pass replaces: '${found.current.id}' to have it deleted after the drain.`,
    );
  if (leak) {
    if (all) await retire(run);
    else run.note('The old keys are not deleted before every sink has the new credentials: run it again.');
    run.madeSinceLeak = madeSince(run, await service.keys(next));
  }
  const { retire: waiting } = run.record;
  if (!all) return { phase: 'delivering' };
  if (waiting.length === 0) return { phase: 'idle' };
  if (leak) return { phase: 'retiring' };
  const created = keys.find(({ id }) => id === next.id);
  const issued = created === undefined ? service.now().getTime() : issuedAt(created, found);
  const drains = going.map((key) => drainOf(run, key, issued));
  return { phase: 'draining', resumeAfter: new Date(issued + Math.min(...drains)) };
}
