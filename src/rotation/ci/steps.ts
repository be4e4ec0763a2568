// The steps of a run without a record: the state machine takes these in the place of those that write a record. Only the list
// of keys and the sinks show what was done, so each older key is judged by its uses, and credentials that were delivered are
// tried once more.

import { sameKey } from '../../auth/credentials.ts';
import { NotFoundError, RequestFailedError, RotationError, UndeliveredSecretError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { printable } from '../../util/printable.ts';
import { prepare, putToSinks, type Steps } from '../engine/machine.ts';
import { anotherKey } from '../engine/plan.ts';
import { deleteRetired, madeSince } from '../engine/retire.ts';
import type { Run } from '../engine/run.ts';
import { DAY_MS, fitDrain, isLastChance, lifetimeOf, retirementOf } from '../engine/schedule.ts';
import type { HeldKey, PendingKey, RotationRecord } from '../record/record.ts';
import {
  heldSince,
  IN_HAND_MS,
  issuedAt,
  type KeyList,
  ours,
  type SinkStates,
  usedByCreatorOnly,
} from './key-list.ts';
import { replacedKeys } from './next-key.ts';

const AGAIN = 'the credentials in use once more';
/** Credentials that were issued longer ago are not tested any more: another run may take their key for left over. */
const LATE_MS = IN_HAND_MS / 2;
/** How often a run begins again because its key was deleted or regenerated elsewhere. */
const ROUNDS = 3;

/** How long readers of an older key get from the moment at which the one in use was issued. */
function drainOf(run: Run, old: Pick<ApiKey, 'id' | 'expiresAt'>, issued: number): number {
  const { current } = run.record;
  const days = (lifetimeOf(current) ?? Number.POSITIVE_INFINITY) / DAY_MS;
  const { drainMs, everyMs } = run.settings;
  const { ms, note } = fitDrain(drainMs, old, { days: Math.round(days * 10) / 10, now: issued, everyMs });
  if (note !== undefined) run.note(note);
  return Math.max(ms, IN_HAND_MS);
}

/**
 * The earliest time at which a left-over key may be deleted without a full drain; `undefined`: it needs one. Only the run that
 * created it has used it, and the caller names it in `replaces`, or the key in use is leaked or would expire first.
 */
function earlyDeletionTime(
  run: Run,
  key: ApiKey,
  found: KeyList,
  { now, end }: { readonly now: number; readonly end: number },
): number | undefined {
  const { settings } = run;
  if (!found.newer.some(({ id }) => id === key.id) || !usedByCreatorOnly(run, key, found)) return undefined;
  if (sameKey(key.id, found.replaces ?? '')) return now;
  const expires = found.current.expiresAt?.getTime() ?? Number.POSITIVE_INFINITY;
  const urgent = settings.reason === 'leak' || isLastChance(run, found.current) || expires <= end;
  return urgent ? issuedAt(key, found) + IN_HAND_MS + settings.timing.testWithinMs : undefined;
}

const toRetiringKeys = (keys: readonly ApiKey[]): RotationRecord['retire'] =>
  keys.map(({ id, name }) => ({ id, name, secret: null }));

export class KeyListSteps implements Steps {
  readonly #found: KeyList;
  readonly #states: SinkStates;
  /** The plan of the next key, for when it has to be made once more. */
  #pending: PendingKey | undefined;
  #round = 1;
  #begun = Date.now();
  /** Keys that are still to be deleted when those on the list are gone. */
  #notYetDue: readonly ApiKey[] = [];
  /** When the next of the older keys may be deleted, where only time stands in the way. */
  resumeAfter: Date | undefined;

  constructor(found: KeyList, states: SinkStates) {
    this.#found = found;
    this.#states = states;
  }

  /** One transition towards a promoted key. */
  async prepare(run: Run, pending: PendingKey): Promise<void> {
    const { highestEpoch } = this.#found;
    this.#pending ??= pending;
    try {
      if (pending.key !== null && Date.now() - this.#begun > LATE_MS)
        throw new RotationError(
          'This run was held up for so long that another one may have gone on without it.',
          { code: 'rotation_untested' },
        );
      await prepare(run, pending);
    } catch (error) {
      const key = run.record.pending?.key;
      if (key) throw undeliveredSecret(run, key, error);
      const changed = [NotFoundError, RequestFailedError].some((kind) => error instanceof kind);
      const unknown = error instanceof RotationError && error.code === 'rotation_unknown';
      // The left-over key has changed since, so a new one is created, whose epoch is beyond the highest: once.
      if (pending.epoch > highestEpoch || !(changed || unknown)) throw error;
      await run.journal.save({ phase: 'creating', pending: anotherKey(run, pending, highestEpoch + 1) });
    }
  }

  /** Writes the credentials in use to every sink that may lack them. */
  async deliver(run: Run): Promise<boolean> {
    if (run.record.promotion !== null) return this.#deliverNew(run, run.record.promotion.reason === 'leak');
    const { older } = this.#found;
    const all = await putToSinks(run, AGAIN);
    const next = older.length === 0 ? 'idle' : 'draining';
    await run.journal.save({ retire: toRetiringKeys(older), phase: all ? next : 'delivering' });
    if (!all) await this.#clearExpired(run);
    return all;
  }

  /** A sink that fails for long keeps the older keys; those that have expired are of use to no reader, and take up room. */
  async #clearExpired(run: Run): Promise<void> {
    const now = await run.certainNow(this.#found.signer);
    const expired = this.#found.older.filter(
      ({ expiresAt }) => expiresAt !== null && expiresAt.getTime() <= now,
    );
    if (expired.length === 0) return;
    const others = run.record.retire.filter(({ id }) => !expired.some((key) => key.id === id));
    await run.journal.save({ retire: toRetiringKeys(expired) });
    await deleteRetired(run);
    await run.journal.save({ retire: [...run.record.retire, ...others] });
  }

  async #deliverNew(run: Run, leak: boolean): Promise<boolean> {
    const { service, settings, journal } = run;
    const found = this.#found;
    // With recovery credentials the next run can go on if this one dies now; else it needs those of the leaked key.
    if (leak && settings.recovery !== undefined) await deleteRetired(run);
    const { previous, retire: replaced } = run.record;
    // The first sink feeds the next run. If another sink got the new key and the first did not, then under a limit of two keys
    // the readers of that sink would keep the new key in use, and no later run could create one.
    const leads =
      found.accepted &&
      this.#round === 1 &&
      [previous, ...replaced].some((key) => key?.id === found.current.id);
    const all = await putNew(run, leads);
    const { current } = run.record;
    // The key may have been deleted or regenerated between its test and its delivery.
    if ((await service.userOf(current)) === undefined) {
      await this.#beginAgain(run, current.id);
      return true;
    }
    const keys = await service.keys(current);
    const going = replacedKeys(keys, found, settings.reason, current.id);
    const isIn = (list: readonly ApiKey[]) => list.some(({ id }) => id === found.current.id);
    if (!leak && isIn(keys) && !isIn(going))
      run.note(
        `The key ${found.current.id} was created by hand, so it is left alone. To have it deleted after the drain, name it with the option replaces.`,
      );
    await journal.save({ previous: null, retire: toRetiringKeys(going) });
    if (leak && !all) {
      run.note('The old keys are not deleted before every sink has the new credentials: run it again.');
      run.madeSinceLeak = madeSince(run, await service.keys(current));
    }
    if (!all) return false;
    const created = keys.find(({ id }) => id === current.id);
    const issued = created === undefined ? service.now().getTime() : issuedAt(created, found);
    const drains = leak ? [] : going.map((key) => drainOf(run, key, issued));
    if (drains.length > 0) this.resumeAfter = new Date(issued + Math.min(...drains));
    await journal.save({ phase: drains.length > 0 ? 'draining' : 'retiring' });
    return drains.length === 0;
  }

  /** Begins again with the credentials that were given. */
  async #beginAgain(run: Run, keyId: string): Promise<void> {
    const gone = `The credentials of the key ${keyId} were accepted before they were delivered to the sinks, and are refused since: that key was deleted or regenerated elsewhere.`;
    const pending = this.#pending;
    if (this.#round >= ROUNDS || pending === undefined)
      throw new RotationError(`${gone} Run it again.`, { code: 'rotation_untested' });
    run.note(`${gone} Another one was created.`);
    const { current } = this.#found;
    // Whether these are still accepted, as the next `run.signer()` is to know.
    await run.service.userOf(current);
    this.#round += 1;
    this.#begun = Date.now();
    await run.journal.save({
      phase: 'creating',
      pending: anotherKey(run, pending, run.record.epoch + 1),
      current,
      previous: null,
      promotion: null,
      retire: [],
    });
  }

  /** Puts the older keys whose time is over on the list. Called only where the key in use is ours and the newest. */
  async drain(run: Run): Promise<boolean> {
    const { service, settings, journal } = run;
    const { current } = run.record;
    const found = this.#found;
    // Read again: what happened while the sinks were written counts.
    const keys = await service.keys(found.signer);
    const inUse = keys.find(({ id }) => id === current.id);
    if (inUse === undefined || ours(keys, found.recordId).some((key) => isNew(key, found))) {
      run.note('Another run began meanwhile, so this one stops and deletes nothing.');
      return false;
    }
    const issued = issuedAt(inUse, found);
    const starts = settings.sinks.map(
      ({ name }) => heldSince(this.#states.get(name), current.id, issued) ?? issued,
    );
    const now = await run.certainNow(found.signer);
    const start = Math.max(issued, ...starts.map((since) => (since === 'now' ? now : since)));
    const left = keys.filter((key) => found.older.some(({ id }) => id === key.id));
    const times: number[] = [];
    const ready = left.filter((key) => {
      const drain = drainOf(run, key, start);
      const end = Math.max(start, issuedAt(key, found)) + drain;
      const early = earlyDeletionTime(run, key, found, { now, end });
      const retirement = retirementOf(key, {
        now,
        drainUntil: early ?? end,
        replacedAt: early === undefined ? issued : now,
        quietForMs: settings.quietForMs ?? drain,
      });
      if (retirement === 'due') return true;
      if (retirement.until !== undefined) times.push(retirement.until);
      if (retirement.usedAt !== undefined) run.keepUsed(key.id, retirement.usedAt);
      return false;
    });
    if (times.length > 0) this.resumeAfter = new Date(Math.min(...times));
    this.#notYetDue = left.filter((key) => !ready.includes(key));
    if (ready.length === 0) {
      await journal.save({ retire: toRetiringKeys(left), phase: times.length > 0 ? 'draining' : 'idle' });
      return times.length === 0;
    }
    // Even a sink that reports the credentials in use is written again before an older key is deleted.
    const sinks = run.record.sinks.map((sink) =>
      this.#states.has(sink.name) ? { ...sink, epoch: null } : sink,
    );
    await journal.save({ sinks });
    const all = await putToSinks(run, AGAIN);
    await journal.save({
      retire: toRetiringKeys(all ? ready : left),
      phase: all ? 'retiring' : 'delivering',
    });
    return all;
  }

  /** Deletes the keys on the list. */
  async retire(run: Run): Promise<boolean> {
    await deleteRetired(run);
    const { promotion, current, retire: stuck } = run.record;
    if (promotion?.reason === 'leak') run.madeSinceLeak = madeSince(run, await run.service.keys(current));
    const phase = this.resumeAfter !== undefined ? 'draining' : stuck.length > 0 ? 'retiring' : 'idle';
    await run.journal.save({ retire: [...stuck, ...toRetiringKeys(this.#notYetDue)], phase });
    return phase === 'idle';
  }
}

/** Writes the new credentials to every sink. Returns whether all have acknowledged; one must, and the first where it leads. */
async function putNew(run: Run, leads: boolean): Promise<boolean> {
  const { current, epoch } = run.record;
  const taken = () => run.record.sinks.some((sink) => sink.epoch === epoch);
  try {
    const all = await putToSinks(run, undefined, { leads });
    if (taken()) return all;
  } catch (error) {
    if (!taken()) throw undeliveredSecret(run, current, error);
    throw error;
  }
  throw undeliveredSecret(run, current, undefined);
}

/** The error that carries the new secret where no sink has stored it. */
function undeliveredSecret(run: Run, { id, secret }: HeldKey, cause: unknown): UndeliveredSecretError {
  const problems = [...run.sinkProblems].map(([name, problem]) => `${printable(name)} (${problem})`);
  const untried = problems.length > 0 && problems.length < run.record.sinks.length;
  const why =
    problems.length > 0
      ? `no sink took it: ${problems.join(', ')}`
      : cause instanceof RotationError
        ? `it was not delivered to any sink (${cause.code})`
        : 'the run ended before it was delivered to any sink';
  const others = untried ? ' No other sink was tried, because the first one feeds the next run.' : '';
  return new UndeliveredSecretError(
    `The new secret of the key ${id} arrived, but ${why}.${others} ${run.record.promotion?.reason === 'leak' ? '' : 'The credentials that the sinks hold are untouched. '}Fix what failed, then run it again.`,
    { newSecret: secret, keyId: id, cause },
  );
}

/** A key of ours that was created since this run read the list. */
const isNew = (key: ApiKey, { keys }: KeyList): boolean => !keys.some(({ id }) => id === key.id);
