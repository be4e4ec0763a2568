// Rotation for places whose secrets can be written but not read back, such as the secrets of a CI system. No record is
// kept: the credentials come from the environment, and the service's list of keys is the journal. See docs/rotation-without-record.md.

import { RequestFailedError, RotationError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { type UnrecordedOptions, unrecordedSettings } from '../engine/options.ts';
import { reportOf, type UnrecordedReport } from '../engine/report.ts';
import { Run } from '../engine/run.ts';
import { DAY_MS, fitDrain, lifetimeOf, nextDays, windowMs } from '../engine/schedule.ts';
import { type RotationClient, Service } from '../engine/service.ts';
import { probeSinks } from '../engine/sink.ts';
import {
  derivedJournal,
  epochOf,
  fetchKeys,
  IN_HAND,
  issuedAt,
  type KeyList,
  type SinkStates,
} from './key-list.ts';
import { planNext, replace, wordsOf } from './replace.ts';
import { type Outcome, settle } from './settle.ts';

/**
 * Rotates a key whose credentials are kept where they can be written but not read back, as in the secrets of a CI system.
 * There is no record and no lease: the credentials in use are given, and the names of the user's keys show what earlier
 * runs did. Each run first ends the one before it. Never waits for the end of a drain: the report says when to run again.
 *
 * @throws `UndeliveredSecretError` where a new secret arrived and no sink took it; {@link RotationError}; and what
 * a call of the client throws. The next run goes on from what there is.
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
  settings.signal?.throwIfAborted();
  const service = new Service(client, settings.signal);
  const found = await fetchKeys(service, settings);
  const maximum = await service.maximum(found.signer);
  const states = await probeSinks(settings.sinks, settings.signal);
  const run = new Run(derivedJournal(settings, found, states), service, settings, false);
  run.maximum = maximum;
  const due = isDue(run, found);
  const givenKeyId = found.current.id;
  const latest = deliveredAlready(run, found, states);
  if (latest !== undefined) {
    run.note(
      `This run was given the credentials of the key ${givenKeyId}, but the sinks hold the newer key ${latest.id}: it was begun with an older environment, and has changed nothing. A new run is given the new credentials.`,
    );
    const { id: keyId, expiresAt } = latest;
    return { ...reportOf(run, 'idle', false), keyId, epoch: epochOf(latest), expiresAt, givenKeyId };
  }
  const { phase, resumeAfter } = await goOn(run, found, states, due);
  const report = reportOf(run, phase, run.record.current.id !== givenKeyId);
  return { ...report, ...(resumeAfter === undefined ? {} : { resumeAfter }), givenKeyId };
}

/** Ends the run before this one, and rotates where that is due. */
async function goOn(run: Run, found: KeyList, states: SinkStates, due: boolean): Promise<Outcome> {
  const { settings } = run;
  const next = async (): Promise<Outcome> => {
    const pending = planNext(run, found);
    if (!settings.dryRun) return replace(run, found, pending);
    for (const word of wordsOf(run, found, pending)) run.did(word);
    return { phase: 'idle' };
  };
  // Newer keys than the given one: an earlier run did not end. After a leak, or where the credentials are refused, nothing
  // is waited for.
  if (settings.reason === 'leak' || !found.accepted) return next();
  if (found.newer.length > 0) return next().catch((error) => makeRoom(run, found, states, error));
  let settled: Outcome = { phase: 'idle' };
  if (found.epoch > 0) {
    if (settings.dryRun) planSettling(run, found);
    else settled = await settle(run, found, states);
  }
  return due ? next() : settled;
}

/**
 * No other key can be created: the service has a limit, or too many are under way. The given credentials are accepted, so
 * they are written to every sink once more, and the newer keys but the last are treated like older ones. Only where the
 * service shows uses at once: that credentials sign at this moment keeps their key from being deleted by another run.
 */
async function makeRoom(run: Run, found: KeyList, states: SinkStates, error: unknown): Promise<Outcome> {
  const tooMany = error instanceof RotationError && error.code === 'rotation_unknown';
  if (!(tooMany || error instanceof RequestFailedError) || !found.showsUses || run.settings.dryRun)
    throw error;
  // The newest stays: the epochs go on from it.
  const all = { ...found, older: [...found.older, ...found.newer.slice(0, -1)] };
  await settle(run, all, states);
  if (run.record.retire.length >= all.older.length) throw error;
  run.note(
    `No other key could be created (${error.code}), so unused keys of earlier runs were deleted: run it again.`,
  );
  return { phase: 'draining' };
}

/** Whether the time for a new key has come. */
function isDue(run: Run, found: KeyList): boolean {
  const { settings } = run;
  const { accepted, current, epoch, keys } = found;
  const now = run.service.now().getTime();
  if (!accepted || settings.reason === 'leak') return true;
  if (settings.reason === 'schedule') {
    const seen = keys.find(({ id }) => id === current.id);
    if (epoch === 0 || seen === undefined) return true;
    const issued = issuedAt(seen, found);
    const days = (lifetimeOf(current) ?? Number.POSITIVE_INFINITY) / DAY_MS;
    const until = issued + Math.max(IN_HAND, fitDrain(settings.drainMs, current, days, issued).ms);
    if (now >= until) return true;
    run.note(
      `The drain of the last rotation is not over before ${new Date(until).toISOString()}: no other rotation is begun.`,
    );
    return false;
  }
  const window = windowMs(settings.withinMs, current, nextDays(settings.expiresIn, current, run.maximum));
  if (current.expiresAt === null) {
    run.note(`The service gives the key ${current.id} no expiry: it is never due.`);
    return false;
  }
  const from = current.expiresAt.getTime() - window;
  if (now >= from) return true;
  run.note(`The key ${current.id} is not due before ${new Date(from).toISOString()}.`);
  return false;
}

/**
 * The newest key, where the sinks surely hold it: then only this run's environment is old, as it was queued before.
 * Not believed near the end of the given key, in case that it is wrong.
 */
function deliveredAlready(run: Run, found: KeyList, states: SinkStates): ApiKey | undefined {
  const { newer, accepted, current, showsUses } = found;
  const { reason, sinks, timing } = run.settings;
  const now = run.service.now().getTime();
  const latest = newer.at(-1);
  if (latest === undefined || !accepted || reason === 'leak') return undefined;
  const lifetime = lifetimeOf(current) ?? Number.POSITIVE_INFINITY;
  const left = current.expiresAt === null ? Number.POSITIVE_INFINITY : current.expiresAt.getTime() - now;
  if (left <= Math.min(3 * DAY_MS, lifetime / 10)) return undefined;
  const held = sinks.map(({ name }) => states.get(name)?.keyId);
  if (held.every((id) => id === latest.id)) return latest;
  // One sink, which reports nothing: a later use of the key than by the run that created it comes from a reader of the sink.
  const used = latest.lastUsedAt?.getTime() ?? 0;
  const byReader = showsUses && used > issuedAt(latest, found) + IN_HAND + timing.testWithinMs;
  return held.length === 1 && held[0] === undefined && byReader ? latest : undefined;
}

/** What `settle` would do, in words. */
function planSettling(run: Run, { current, older }: KeyList): void {
  for (const { name, epoch } of run.record.sinks)
    if (epoch === null) run.did(`write the credentials of the key ${current.id} to ${name} again`);
  for (const { id } of older) run.did(`delete the key ${id}, once the drain is over and it is not used`);
}
