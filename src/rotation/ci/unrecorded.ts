// Rotation for places whose secrets can be written but not read back, such as the secrets of a CI system. No record is
// kept: the pair comes from the environment, and the service's own list of keys is the journal. See docs/rotation.md.

import { RequestFailedError, RotationError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { newNonce } from '../../util/key-name.ts';
import { type RotationReport, reportOf } from '../engine/report.ts';
import { Run } from '../engine/run.ts';
import { fitDrain, lifeOf, nextDays, windowMs } from '../engine/schedule.ts';
import { type RotationClient, Service } from '../engine/service.ts';
import { probeSinks } from '../engine/sink.ts';
import type { RotationRecord } from '../record/record.ts';
import { Ledger } from '../record/record-session.ts';
import {
  readUnrecordedOptions,
  type UnrecordedOptions,
  type UnrecordedReport,
  type Wishes,
} from './unrecorded-options.ts';
import { planNext, replace, wordsOf } from './unrecorded-replace.ts';
import { holdingsOf, type Settled, settle, type Told } from './unrecorded-retire.ts';
import { epochOf, IN_HAND, issuedAt, type Survey, survey } from './unrecorded-survey.ts';

const DAY_MS = 86_400_000;

/**
 * Rotates a key whose pair is kept where it can be written but not read back, as in the secrets of a CI system. There is
 * no record and no lease: the pair in use is given, and the names of the user's keys tell what the runs before did. Each
 * run first ends the one before it. Never sleeps through a drain: the report says when to run again.
 *
 * @throws `UndeliveredSecretError` where a new secret came and no sink took it; {@link RotationError}; and whatever
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
  const wishes = readUnrecordedOptions(options);
  options.signal?.throwIfAborted();
  const service = new Service(client, options.signal);
  const found = await survey(service, wishes);
  const maximum = await service.maximum(found.signer);
  const told = await probeSinks(wishes.sinks, options.signal);
  const run = begun(service, found, wishes, told);
  run.maximum = maximum;
  const due = isDue(run, found, wishes);
  const latest = deliveredAlready(found, wishes, told, service.now().getTime());
  const outcome =
    latest !== undefined ? outdated(run, found, latest) : await goOn(run, found, wishes, told, due);
  return reported(run, found, wishes, outcome, latest);
}

/** Ends the run before this one, and rotates where that is due. */
async function goOn(run: Run, found: Survey, wishes: Wishes, told: Told, due: boolean): Promise<Settled> {
  const next = async (): Promise<Settled> => {
    const pending = planNext(run, found, wishes);
    if (!wishes.dryRun) return replace(run, found, wishes, pending);
    for (const word of wordsOf(run, found, wishes, pending)) run.did(word);
    return { phase: 'idle' };
  };
  // Newer keys than the given one: a run before has not come to its end. A leak and a dead pair wait for nothing.
  if (wishes.reason === 'leak' || !found.accepted) return next();
  if (found.newer.length > 0) return next().catch((error) => makeRoom(run, found, wishes, told, error));
  let settled: Settled = { phase: 'idle' };
  if (found.epoch > 0) {
    if (wishes.dryRun) planSettling(run, found);
    else settled = await settle(run, found, wishes, told);
  }
  return due ? next() : settled;
}

/**
 * No other key can be made: the service has a limit, or too many are under way. The given pair is accepted, so it goes to
 * every sink once more, and the newer keys but the last are treated like older ones. Only where the service tells of
 * uses: that a pair signs at this moment keeps its key from being deleted by a run which has another.
 */
async function makeRoom(
  run: Run,
  found: Survey,
  wishes: Wishes,
  told: Told,
  error: unknown,
): Promise<Settled> {
  const tooMany = error instanceof RotationError && error.code === 'rotation_unknown';
  if (!(tooMany || error instanceof RequestFailedError) || !found.tells || wishes.dryRun) throw error;
  // The newest stays: the epochs go on from it.
  const all = { ...found, older: [...found.older, ...found.newer.slice(0, -1)] };
  await settle(run, all, wishes, told);
  if (run.record.retire.length >= all.older.length) throw error;
  run.note(
    `No other key could be made (${error.code}), so keys of runs before, which nobody uses, were deleted: run it again.`,
  );
  return { phase: 'draining' };
}

/** Whether the time for a new key has come. */
function isDue(run: Run, found: Survey, wishes: Wishes): boolean {
  const { accepted, current, epoch, keys } = found;
  const now = run.service.now().getTime();
  if (!accepted || wishes.reason === 'leak') return true;
  if (wishes.reason === 'schedule') {
    const seen = keys.find(({ id }) => id === current.id);
    if (epoch === 0 || seen === undefined) return true;
    const issued = issuedAt(seen, found);
    const days = (lifeOf(current) ?? Number.POSITIVE_INFINITY) / DAY_MS;
    const until = issued + Math.max(IN_HAND, fitDrain(wishes.drainMs, current, days, issued).ms);
    if (now >= until) return true;
    run.note(
      `The drain of the last rotation is not over before ${new Date(until).toISOString()}: no other one is begun.`,
    );
    return false;
  }
  const window = windowMs(wishes.within, current, nextDays(wishes.expiresIn, current, run.maximum));
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
 * The newest key, where it surely is in the sinks, so that merely this run's environment is old: it was queued before.
 * Not believed of a pair that is near its end, in case that it is wrong.
 */
function deliveredAlready(found: Survey, wishes: Wishes, told: Told, now: number): ApiKey | undefined {
  const { newer, accepted, current, tells } = found;
  const latest = newer.at(-1);
  if (latest === undefined || !accepted || wishes.reason === 'leak') return undefined;
  const life = lifeOf(current) ?? Number.POSITIVE_INFINITY;
  const left = current.expiresAt === null ? Number.POSITIVE_INFINITY : current.expiresAt.getTime() - now;
  if (left <= Math.min(3 * DAY_MS, life / 10)) return undefined;
  const states = wishes.sinks.map(({ name }) => told.get(name)?.keyId);
  if (states.every((id) => id === latest.id)) return latest;
  // One sink, which tells nothing: whoever used the key after the run that made it has it from there.
  const used = latest.lastUsedAt?.getTime() ?? 0;
  const byReader = tells && used > issuedAt(latest, found) + IN_HAND + wishes.timing.testWithinMs;
  return states.length === 1 && states[0] === undefined && byReader ? latest : undefined;
}

function outdated(run: Run, { current }: Survey, latest: ApiKey): Settled {
  run.note(
    `This run was given the pair of the key ${current.id}, but the sinks hold the newer key ${latest.id}: it was begun with an older environment, and has changed nothing. A new run is given the new pair.`,
  );
  return { phase: 'idle' };
}

/** What `settle` would do, in words. */
function planSettling(run: Run, { current, older }: Survey): void {
  for (const { name, epoch } of run.record.sinks)
    if (epoch === null) run.did(`give the pair of the key ${current.id} to ${name} again`);
  for (const { id } of older) run.did(`delete the key ${id}, once the drain is over and nobody uses it`);
}

/** A run whose record is made from what was found, and lives as long as the run. */
function begun(service: Service, found: Survey, wishes: Wishes, told: Told): Run {
  const { current, epoch, keys, recordId } = found;
  const seen = keys.find(({ id }) => id === current.id);
  const record: RotationRecord = {
    version: 1,
    id: recordId,
    name: wishes.base,
    epoch,
    stamp: newNonce(),
    phase: 'idle',
    current,
    previous: null,
    pending: null,
    promotion: null,
    sinks: holdingsOf(wishes, told, current.id, seen === undefined ? 0 : issuedAt(seen, found), epoch),
    retire: [],
    lease: null,
  };
  const ledger = Ledger.passing(record);
  const { sinks, recovery, timing, quietForMs } = wishes;
  return new Run({ ledger, service, sinks, dropSinks: [], recovery, timing, quietForMs, resumed: false });
}

function reported(
  run: Run,
  found: Survey,
  wishes: Wishes,
  { phase, resumeAfter }: Settled,
  latest: ApiKey | undefined,
): UnrecordedReport {
  const { record, steps, notes } = run;
  const rotated = record.current.id !== found.current.id;
  const report: RotationReport = reportOf(
    record,
    phase,
    { rotated, dryRun: wishes.dryRun, steps, notes },
    run,
  );
  return {
    ...report,
    ...(resumeAfter === undefined ? {} : { resumeAfter }),
    ...(latest === undefined
      ? {}
      : { keyId: latest.id, epoch: epochOf(latest), expiresAt: latest.expiresAt }),
    givenKeyId: found.current.id,
  };
}
