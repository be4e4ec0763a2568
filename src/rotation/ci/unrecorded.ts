// Rotation for places whose secrets can be written but not read back, such as the secrets of a CI system. No record is
// kept: the credentials come from the environment, and the service's list of keys is the journal. See docs/rotation-without-record.md.

import { sameKey } from '../../auth/credentials.ts';
import { RequestFailedError, RotationError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { throwIfAborted } from '../../util/abort.ts';
import type { Change } from '../engine/journal.ts';
import { advance } from '../engine/machine.ts';
import type { UnrecordedOptions } from '../engine/options.ts';
import { proveRecovery } from '../engine/regenerate.ts';
import { reportOf, type UnrecordedReport } from '../engine/report.ts';
import { Run } from '../engine/run.ts';
import { DAY_MS, fitDrain, isDue, isLastChance, lifetimeOf } from '../engine/schedule.ts';
import { type RotationClient, Service } from '../engine/service.ts';
import { unrecordedSettings } from '../engine/settings.ts';
import { probeSinks, secretsIn } from '../engine/sink.ts';
import {
  derivedJournal,
  epochOf,
  fetchKeys,
  IN_HAND_MS,
  issuedAt,
  type KeyList,
  type SinkStates,
  usedByCreatorOnly,
} from './key-list.ts';
import { planNext, wordsOf } from './next-key.ts';
import { KeyListSteps } from './steps.ts';

/**
 * Rotates a key whose credentials are kept where they can be written but not read back, as in the secrets of a CI system.
 * There is no record and no lease: you pass the credentials in use, and the names of the user's keys show what earlier runs
 * did. Each run first completes the previous one. Never waits for the end of a drain: the report says when to run again.
 *
 * @throws `UndeliveredSecretError` if a new secret arrived and no sink took it; {@link RotationError}; and what a call of the
 * client throws. The next run continues from there.
 * @example
 * ```ts
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { rotateWithoutRecord, type SecretSink } from 'blazemeter-client/rotation';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference(); // without `fetch` the client talks to the service
 * const { keys } = reference.seed();
 * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * const secrets: SecretSink = { name: 'ci secret', put: async ({ id, secret }) => console.log(id, `${secret}`) };
 *
 * const report = await rotateWithoutRecord(client, {
 *   name: 'github.my-org.my-repo',
 *   credentials: keys.owner, // of a CI job: from its environment
 *   sinks: [secrets],
 *   reason: 'schedule',
 *   replaces: keys.owner.id,
 * });
 * console.log(report.phase, report.epoch); // draining 1
 * ```
 */
export async function rotateWithoutRecord(
  client: RotationClient,
  options: UnrecordedOptions,
): Promise<UnrecordedReport> {
  const settings = unrecordedSettings(options);
  throwIfAborted(settings.signal);
  const service = new Service(client, settings.signal);
  const found = await fetchKeys(service, settings);
  const maximum = await service.maximum(found.signer);
  const secrets = secretsIn([settings.given, settings.recovery]);
  const states = await probeSinks(settings.sinks, settings.signal, secrets);
  const run = new Run(derivedJournal(settings, found, states), service, settings, false);
  run.maximum = maximum;
  const due = isTime(run, found);
  const givenKeyId = found.current.id;
  const latest = deliveredAlready(run, found, states);
  if (latest !== undefined) {
    run.note(
      `This run was given the credentials of the key ${givenKeyId}, but the sinks hold the newer key ${latest.id}: it was begun with an older environment, and has changed nothing. A new run is given the new credentials.`,
    );
    const { id: keyId, expiresAt } = latest;
    return { ...reportOf(run, 'idle', false), keyId, epoch: epochOf(latest), expiresAt, givenKeyId };
  }
  const resumeAfter = await goOn(run, found, states, due);
  const report = reportOf(run, run.record.phase, run.record.current.id !== givenKeyId);
  return { ...report, ...(resumeAfter === undefined ? {} : { resumeAfter }), givenKeyId };
}

/** Ends the run before this one, and rotates where that is due. Returns when an older key may be deleted, where only time misses. */
async function goOn(run: Run, found: KeyList, states: SinkStates, due: boolean): Promise<Date | undefined> {
  const { settings } = run;
  const next = async (from: KeyList = found): Promise<Date | undefined> => {
    const pending = planNext(run, from);
    if (settings.dryRun) {
      for (const word of wordsOf(run, from, pending)) run.did(word);
      return undefined;
    }
    const { recovery, reason } = settings;
    if (reason === 'leak' && recovery !== undefined && found.accepted) await proveRecovery(run, recovery);
    return advanceFrom(run, { phase: 'creating', pending }, from, states);
  };
  // Where the credentials are refused, or after a leak, nothing is waited for.
  if (!found.accepted) return next();
  // Newer keys than the given one: an earlier run did not end.
  if (found.newer.length > 0)
    return next().catch(async (error: unknown) => next(await makeRoom(run, found, states, error)));
  if (settings.reason === 'leak') return next();
  let resumeAfter: Date | undefined;
  if (found.epoch > 0) {
    if (settings.dryRun) planSettling(run, found);
    else resumeAfter = await advanceFrom(run, { phase: 'delivering' }, found, states);
  }
  // With a schedule, what is under way ends first, unless the key in use would expire meanwhile.
  const { phase } = run.record;
  const waits = settings.everyMs !== undefined && (phase === 'delivering' || phase === 'draining');
  return due && !(waits && !isLastChance(run, found.current)) ? next() : resumeAfter;
}

/** Takes the journal to this phase, and goes on from there. */
async function advanceFrom(
  run: Run,
  change: Change,
  found: KeyList,
  states: SinkStates,
): Promise<Date | undefined> {
  const steps = new KeyListSteps(found, states);
  await run.journal.save(change);
  return (await advance(run, steps)) === 'draining' ? steps.resumeAfter : undefined;
}

/**
 * No other key can be created: the service has a limit, or too many are under way. The given credentials are accepted, so
 * they are written to every sink once more, and newer keys are treated like older ones. Only where the service shows uses at
 * once: that credentials sign at this moment keeps their key from being deleted by another run.
 */
async function makeRoom(run: Run, found: KeyList, states: SinkStates, error: unknown): Promise<KeyList> {
  const limited = error instanceof RequestFailedError;
  const tooMany = error instanceof RotationError && error.code === 'rotation_unknown';
  if (!(tooMany || limited) || run.settings.dryRun) throw error;
  const { newer, showsUses, replaces } = found;
  // The epochs go on from the newest, so it stays as long as others can go. A leak does not wait for the drain of older ones.
  const others = newer.length > 1 || (found.older.length > 0 && run.settings.reason !== 'leak');
  const going = newer.filter(
    (key, at) =>
      (replaces !== undefined && sameKey(key.id, replaces)) ||
      (showsUses && (at < newer.length - 1 || (limited && !others && usedByCreatorOnly(run, key, found)))),
  );
  const all = { ...found, older: showsUses ? [...found.older, ...going] : going };
  if (all.older.length > 0) await advanceFrom(run, { phase: 'delivering' }, all, states);
  const left = new Set(run.record.retire.map(({ id }) => id));
  const deleted = all.older.filter(({ id }) => !left.has(id));
  if (deleted.length === 0) throw error;
  run.note(
    `No other key could be created (${error.code}), so unused keys of earlier runs were deleted: ${deleted.map(({ id }) => id).join(', ')}.`,
  );
  const rest = (keys: readonly ApiKey[]) => keys.filter((key) => !deleted.includes(key));
  return { ...found, keys: rest(found.keys), newer: rest(newer), older: rest(found.older) };
}

/** Whether the time for a new key has come. */
function isTime(run: Run, found: KeyList): boolean {
  const { drainMs, everyMs, reason } = run.settings;
  const { accepted, current, epoch, keys } = found;
  if (!accepted || reason === 'leak') return true;
  if (reason === 'expiry' || everyMs !== undefined) return isDue(run, current);
  const seen = keys.find(({ id }) => id === current.id);
  if (epoch === 0 || seen === undefined) return true;
  const issued = issuedAt(seen, found);
  const days = (lifetimeOf(current) ?? Number.POSITIVE_INFINITY) / DAY_MS;
  const until = issued + Math.max(IN_HAND_MS, fitDrain(drainMs, current, { days, now: issued, everyMs }).ms);
  if (run.service.now().getTime() >= until) return true;
  run.note(
    `The drain of the last rotation is not over before ${new Date(until).toISOString()}: no other rotation is begun.`,
  );
  return false;
}

/**
 * The newest key, where the sinks surely hold it: then only this run's environment is old, as it was queued before.
 * Not believed near the end of the given key, in case that it is wrong.
 */
function deliveredAlready(run: Run, found: KeyList, states: SinkStates): ApiKey | undefined {
  const { newer, accepted, current, showsUses } = found;
  const { reason, sinks } = run.settings;
  const now = run.service.now().getTime();
  const latest = newer.at(-1);
  if (latest === undefined || !accepted || reason === 'leak') return undefined;
  const lifetime = lifetimeOf(current) ?? Number.POSITIVE_INFINITY;
  const left = current.expiresAt === null ? Number.POSITIVE_INFINITY : current.expiresAt.getTime() - now;
  if (left <= Math.min(3 * DAY_MS, lifetime / 10)) return undefined;
  const held = sinks.map(({ name }) => states.get(name)?.keyId);
  if (held.every((id) => id === latest.id)) return latest;
  // One sink, which reports nothing: any other use of the key comes from a reader of the sink.
  const byReader = showsUses && !usedByCreatorOnly(run, latest, found);
  return held.length === 1 && held[0] === undefined && byReader ? latest : undefined;
}

/** What a run that creates no key would do, in words. */
function planSettling(run: Run, { current, older }: KeyList): void {
  for (const { name, epoch } of run.record.sinks)
    if (epoch === null) run.did(`write the credentials of the key ${current.id} to ${name} again`);
  for (const { id } of older) run.did(`delete the key ${id}, once the drain is over and it is not used`);
}
