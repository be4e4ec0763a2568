// A new pair without a record: made, seen to work, and only then put anywhere. So a key of ours that nobody ever used was
// put nowhere, and may be given another secret; one that was used may be in a sink, and is left as it is.

import { sameKey } from '../../auth/credentials.ts';
import { NotFoundError, RequestFailedError, RotationError, UndeliveredSecretError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { newNonce, readKeyName } from '../../util/key-name.ts';
import { printable } from '../../util/printable.ts';
import { madeSince, promoteTested, putToSinks, renamed, retire } from '../engine/machine.ts';
import { obtain, proveRecovery } from '../engine/obtain.ts';
import type { Run } from '../engine/run.ts';
import { nextDays } from '../engine/schedule.ts';
import type { HeldKey, PendingKey, RotationRecord } from '../record/record.ts';
import type { Wishes } from './unrecorded-options.ts';
import { drainOf, type Settled } from './unrecorded-retire.ts';
import { IN_HAND, issuedAt, ours, type Survey } from './unrecorded-survey.ts';

/** Newer keys that may be in a sink: with so many, one more would not help. */
const MOST_NEWER = 5;
/** A pair that was issued longer ago is not tested any more: another run may take its key for left over. */
const LATE = IN_HAND / 2;
/** How often a run begins anew because somebody took its key away. */
const ROUNDS = 3;

/** The plan: a key left over by a dead run, or a new one. Changes nothing. */
export function planNext(run: Run, found: Survey, wishes: Wishes): PendingKey {
  const { service, record } = run;
  const { current, newer, top } = found;
  const days = nextDays(wishes.expiresIn, current, run.maximum);
  const now = service.now();
  const leak = wishes.reason === 'leak';
  const common = {
    way: 'create',
    signer: 'current',
    reason: wishes.reason,
    days,
    drainMs: leak ? 0 : wishes.drainMs,
    leakedSince: leak ? (wishes.leakedSince ?? current.createdAt) : null,
    key: null,
  } as const;
  const left = newer.at(-1);
  const name = left === undefined ? undefined : readKeyName(left.name);
  if (left !== undefined && name !== undefined && leftOver(left, found, now, days))
    return { ...common, ...name, name: left.name, preparedAt: left.createdAt };
  if (newer.length >= MOST_NEWER && !leak)
    throw new RotationError(
      `There are ${newer.length} newer keys than the given one, and each may be in a sink: ${newer.map(({ id }) => id).join(', ')}. So the pairs that were put do not come back as credentials of the next run. See that the first sink feeds them, and that no other place uses the same name; then delete those of these keys that nobody uses.`,
      { code: 'rotation_unknown' },
    );
  const made = { nonce: newNonce(), epoch: top + 1 };
  return { ...common, ...made, name: renamed(record, made), preparedAt: now };
}

/** Whether a key was surely put nowhere, is in nobody's hands, and lives long enough to be put now. */
function leftOver(key: ApiKey, found: Survey, now: Date, days: number): boolean {
  const lives = key.expiresAt === null || key.expiresAt.getTime() - now.getTime() >= (days / 2) * 86_400_000;
  const { tells, dates } = found;
  const unused = tells && dates && key.lastUsedAt === null;
  return unused && now.getTime() - issuedAt(key, found) >= IN_HAND && lives;
}

/** What `replace` would do, in words. */
export function wordsOf(run: Run, found: Survey, wishes: Wishes, pending: PendingKey): string[] {
  const { newer, signer, current } = found;
  const reused = newer.find(({ name }) => name === pending.name);
  const first = wishes.reason === 'leak' && wishes.recovery !== undefined;
  const leaked = `delete the leaked key ${current.id} at once`;
  return [
    reused === undefined
      ? `make the key ${pending.name} for ${pending.days} days, signed by ${signer.id}`
      : `give the key ${reused.id}, which a run before made and nobody has used, a new secret`,
    'see the new pair work',
    ...(first ? [leaked] : []),
    ...run.sinks.map(({ name }) => `give the new pair to ${name}`),
    ...(wishes.reason === 'leak' && !first ? [leaked] : []),
    ...goers(found.keys, found, wishes, reused?.id)
      .filter(({ id }) => wishes.reason !== 'leak' || id !== current.id)
      .map(({ id }) => `delete the key ${id}${wishes.reason === 'leak' ? '' : ' after a drain'}`),
  ];
}

/** The keys that the new one replaces. */
function goers(keys: readonly ApiKey[], found: Survey, wishes: Wishes, next?: string): ApiKey[] {
  const { replaces, reason } = wishes;
  const known = new Set(ours(keys, found.recordId).map(({ id }) => id));
  if (reason === 'leak') known.add(found.current.id);
  const goes = (id: string) => known.has(id) || (replaces !== undefined && sameKey(id, replaces));
  return keys.filter(({ id }) => goes(id) && id !== next);
}

/** Makes a new pair and puts it to every sink. */
export async function replace(
  run: Run,
  found: Survey,
  wishes: Wishes,
  pending: PendingKey,
): Promise<Settled> {
  const { service, recovery } = run;
  const leak = wishes.reason === 'leak';
  if (leak && recovery !== undefined && found.accepted) await proveRecovery(run, recovery);
  await run.ledger.save({ phase: 'creating', pending });
  let all = false;
  for (let round = 1; ; round++) {
    await nextPair(run, found);
    // The recovery credential can go on if this run dies now; without one, the leaked key is what the next run has.
    if (leak && recovery !== undefined) await retire(run);
    all = await deliver(run);
    // Somebody may have taken the key away between its test and its delivery.
    if ((await service.userOf(run.record.current)) !== undefined) break;
    const gone = `The pair of the key ${run.record.current.id} was accepted before it was put to the sinks, and is refused since: somebody deleted or regenerated that key.`;
    if (round >= ROUNDS) throw new RotationError(`${gone} Run it again.`, { code: 'rotation_untested' });
    run.note(`${gone} Another one was made.`);
    // Back to the pair that was given, if that is still accepted.
    await service.userOf(found.current);
    const again = another(run, pending, run.record.epoch + 1);
    const { current } = found;
    await run.ledger.save({
      phase: 'creating',
      pending: again,
      current,
      previous: null,
      promotion: null,
      retire: [],
    });
  }
  return afterReplacing(run, found, wishes, all);
}

const another = (run: Run, pending: PendingKey, epoch: number): PendingKey => {
  const made = { nonce: newNonce(), epoch };
  return { ...pending, ...made, key: null, name: renamed(run.record, made), preparedAt: run.service.now() };
};

/** On return the record's current pair is a new one that was seen to work. */
async function nextPair(run: Run, { top }: Survey): Promise<void> {
  const begun = Date.now();
  for (let { phase, pending } = run.record; pending !== null; { phase, pending } = run.record) {
    try {
      if (phase === 'creating') await obtain(run, pending);
      else if (pending.key !== null) {
        if (Date.now() - begun > LATE)
          throw new RotationError(
            'This run was held up for so long that another one may have gone on without it.',
            { code: 'rotation_untested' },
          );
        await promoteTested(run, pending, pending.key);
      }
    } catch (error) {
      const key = run.record.pending?.key;
      if (key) throw notPut(run, key, error);
      const changed = [NotFoundError, RequestFailedError].some((kind) => error instanceof kind);
      const unknown = error instanceof RotationError && error.code === 'rotation_unknown';
      // A key that was left over is not any more; so a new one is made, once.
      if (pending.epoch > top || !(changed || unknown)) throw error;
      await run.ledger.save({ phase: 'creating', pending: another(run, pending, top + 1) });
    }
  }
}

/** Puts to every sink. Whether all have acknowledged; one must. */
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
        ? `it was not put to any sink (${cause.code})`
        : 'the run ended before it was put to any sink';
  return new UndeliveredSecretError(
    `The new secret of the key ${id} came, but ${why}. ${run.record.promotion?.reason === 'leak' ? '' : 'The pair that the sinks hold is untouched. '}Mend what failed, then run it again.`,
    { newSecret: secret, keyId: id, cause },
  );
}

/** What is left once the sinks were put to: a leak ends here, other keys have their drain before them. */
async function afterReplacing(run: Run, found: Survey, wishes: Wishes, all: boolean): Promise<Settled> {
  const { service } = run;
  const { current: next } = run.record;
  const leak = wishes.reason === 'leak';
  const keys = await service.keys(next);
  const going = goers(keys, found, wishes, next.id);
  const retiring: RotationRecord['retire'] = going.map(({ id, name }) => ({ id, name, secret: null }));
  await run.ledger.save({ previous: null, retire: retiring });
  if (
    !leak &&
    keys.some(({ id }) => id === found.current.id) &&
    !going.some(({ id }) => id === found.current.id)
  )
    run.note(
      `The key ${found.current.id} was made by hand, so it is left alone. Say replaces: '${found.current.id}' to have it deleted after the drain.`,
    );
  if (leak) {
    if (all) await retire(run);
    else run.note('The old keys are not deleted before every sink has the new pair: run it again.');
    run.madeSinceLeak = madeSince(run, await service.keys(next));
  }
  const { retire: waiting } = run.record;
  if (!all) return { phase: 'delivering' };
  if (waiting.length === 0) return { phase: 'idle' };
  if (leak) return { phase: 'retiring' };
  const made = keys.find(({ id }) => id === next.id);
  const issued = made === undefined ? service.now().getTime() : issuedAt(made, found);
  const drains = going.map((key) => drainOf(run, wishes, key, issued));
  return { phase: 'draining', resumeAfter: new Date(issued + Math.min(...drains)) };
}
