// A simulated year of scheduled rotations: one of a hundred calls to the service and of a hundred writes to a sink fails, and
// after a run that failed, or left a sink without the new credentials, the job is run once more, an hour later.
import { join } from 'node:path';
import { BlazeMeterClient, type FetchLike } from 'blazemeter-client';
import {
  adopt,
  fileStore,
  type RotationReport,
  resume,
  rotate,
  rotateWithoutRecord,
  type SecretSink,
} from 'blazemeter-client/rotation';
import { createReference } from 'blazemeter-client/testing';
import { vi } from 'vitest';
import { acceptance, use } from '../support/world.ts';

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const START = Date.parse('2030-01-01T03:00:00Z');

export interface Year {
  readonly lifetime: number;
  /** Days between two runs; a month has 31. */
  readonly every: 1 | 7 | 31;
  readonly kept: 'in a file' | 'without a record';
  readonly seed: number;
  /** How many days are played. */
  readonly days: number;
}

const LIFETIMES = [30, 90, 180, 365];
const EVERY = [1, 7, 31] as const;
const KEPT = ['in a file', 'without a record'] as const;

export const yearsOf = (seed: number): Year[] =>
  LIFETIMES.flatMap((lifetime) =>
    EVERY.flatMap((every) => KEPT.map((kept) => ({ lifetime, every, kept, seed, days: 365 }))),
  );

export interface YearFigures {
  readonly runs: number;
  readonly rotations: number;
  readonly calls: number;
  readonly failedCalls: number;
  readonly failedRuns: number;
}

/** Numbers from 0 to below 1, the same for the same seed. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return ((state ^ (state >>> 16)) >>> 0) / 2 ** 32;
  };
}

/** When the runs begin, up to half an hour late: each day, each week, or on the first of each month. */
function timesOf({ every, days }: Year, random: () => number): number[] {
  const times: number[] = [];
  for (let at = 0; at < days; at += every) {
    const month = new Date(START);
    month.setUTCMonth(times.length);
    const begins = every === 31 ? month.getTime() : START + at * DAY;
    times.push(begins + Math.floor(random() * 1_800) * 1_000);
  }
  return times;
}

/** Plays a year, and throws at the first moment at which something does not hold. */
export async function playYear(year: Year, folder: string): Promise<YearFigures> {
  const { lifetime, every, kept, seed } = year;
  vi.useFakeTimers({ toFake: ['Date'], now: START });
  const random = randomNumbers(seed * 1_000 + lifetime * 7 + every + (kept === 'in a file' ? 0 : 500));
  const reference = createReference({
    semantics: { keyLimit: 2 },
    clock: { at: new Date(START).toISOString(), frozen: true },
  });
  const { keys, users } = reference.seed({
    users: { runner: {} },
    keys: { ci: { user: 'runner', expires: { days: lifetime } } },
  });
  const figures = { runs: 0, rotations: 0, calls: 0, failedCalls: 0, failedRuns: 0 };
  let fails = 0.01;
  const held = ['first', 'second'].map((name) => ({
    name,
    id: keys.ci.id,
    secret: keys.ci.secret,
    epoch: 0,
  }));

  const must = (holds: boolean, what: string): void => {
    const { length } = reference.journal.entries;
    if (!holds)
      throw new Error(
        `${new Date(Date.now()).toISOString()}, ${lifetime} days, every ${every}, ${kept}, seed ${seed}: ${what} (request ${length})`,
      );
  };
  const mine = () =>
    reference.snapshot().keys.filter((key) => Reflect.get(key, 'userId') === users.runner.id);
  const check = (when: string): void => {
    const works = acceptance(reference);
    for (const sink of held) must(works(sink), `${when}, the ${sink.name} sink holds a key that works`);
    must(mine().length <= 2, `${when}, there are two keys at most`);
  };
  const fetch: FetchLike = async (url, init) => {
    figures.calls += 1;
    const lost = random() < fails;
    const arrives = random() < 0.5;
    if (lost) figures.failedCalls += 1;
    const response = lost && !arrives ? undefined : await reference.fetch(url, init);
    if (init.method !== 'GET') check(`after a ${init.method}`);
    if (lost || response === undefined)
      throw new TypeError('fetch failed', {
        cause: Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET', syscall: 'read' }),
      });
    return response;
  };
  const client = new BlazeMeterClient({ credentials: keys.ci, fetch, logLevel: 'off' });
  const sinks = held.map(
    (sink): SecretSink => ({
      name: sink.name,
      put: async ({ id, secret, epoch }) => {
        if (random() < fails) throw new Error('The place is closed.');
        must(epoch >= sink.epoch, 'no older credentials replace newer ones');
        Object.assign(sink, { id, secret: secret.reveal(), epoch });
        check(`after a write to the ${sink.name} sink`);
      },
    }),
  );
  const common = { sinks, every: { days: every }, timing: { lookAgainMs: 0, testWithinMs: 1_000 } };
  const store = fileStore(join(folder, `${lifetime}-${every}-${seed}.json`));
  if (kept === 'in a file') await adopt(client, { store, name: 'ci', credentials: keys.ci });
  /** A job is given what the first sink holds when it begins. */
  const unrecorded = () => {
    const [{ id, secret } = keys.ci] = held;
    return { ...common, name: 'ci', credentials: { id, secret }, replaces: keys.ci.id };
  };
  const run = (): Promise<RotationReport> =>
    kept === 'in a file'
      ? rotate(client, { ...common, store, reason: 'schedule' })
      : rotateWithoutRecord(client, { ...unrecorded(), reason: 'schedule' });
  const end = (): Promise<RotationReport> =>
    kept === 'in a file'
      ? resume(client, { ...common, store })
      : rotateWithoutRecord(client, { ...unrecorded(), every: undefined, within: { hours: 1 } });
  const moveTo = (time: number): void => {
    reference.clock.advance({ seconds: (time - Date.now()) / 1000 });
    vi.setSystemTime(time);
  };
  /** One job. Returns whether it is to be run once more. */
  const job = async (): Promise<boolean> => {
    figures.runs += 1;
    try {
      const { rotated, phase } = await run();
      if (rotated) figures.rotations += 1;
      return phase === 'delivering';
    } catch (error) {
      must(fails > 0, `no run fails where every call succeeds: ${String(error)}`);
      figures.failedRuns += 1;
      return true;
    } finally {
      check('after a run');
      // Those that read the sinks sign with what they hold from now on.
      moveTo(Date.now() + 60_000);
      for (const sink of held) await use(reference, sink);
    }
  };

  for (const time of timesOf(year, random)) {
    moveTo(time);
    check('before a run');
    if (!(await job())) continue;
    moveTo(Date.now() + HOUR);
    await job();
  }
  // In the end all calls succeed, and what is under way ends.
  fails = 0;
  await job();
  for (let rest = 0; rest < 2; rest++) {
    moveTo(Date.now() + 2 * DAY);
    await end();
    check('after the last runs');
  }
  const ids = mine().map((key) => Reflect.get(key, 'id'));
  must(ids.length === 1 && held.every(({ id }) => id === ids[0]), 'in the end no key is left over');
  return figures;
}
