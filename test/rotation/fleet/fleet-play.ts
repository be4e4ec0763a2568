// A history played through: writers and readers as the plan says, time that passes where nothing else can happen, then
// peace: late requests have arrived or never will, the rotation is ended, and everybody looks at what is left.
import { AuthenticationError, BlazeMeterClient, isBlazeMeterError } from 'blazemeter-client';
import {
  adopt,
  type CredentialStore,
  fromStore,
  type RotationReport,
  resume,
  rotate,
  rotateIfExpiring,
} from 'blazemeter-client/rotation';
import { createReference } from 'blazemeter-client/testing';
import type fc from 'fast-check';
import { vi } from 'vitest';
import { keyIds } from '../support/world.ts';
import { Model, Violation } from './fleet-model.ts';
import type { Event, NetFault, Plan } from './fleet-plan.ts';
import { type Process, World } from './fleet-world.ts';

const START = new Date('2031-03-01T00:00:00Z');
const MINUTE = 60_000;

/** What a history amounted to: that the harness plays what it says it plays is seen in these. */
export interface Tally {
  readonly promoted: number;
  readonly calls: number;
  readonly deaths: number;
  readonly late: number;
  readonly twins: number;
  readonly busy: number;
  readonly stepIns: number;
}

/** A process that only signs. */
interface Reader {
  readonly process: Process;
  readonly client: BlazeMeterClient;
  /** What goes wrong with its next requests and reads. */
  net: NetFault[];
  fails: number;
  /** How many of its reads have failed in a row. */
  inRow: number;
  /** How often anything of it has gone wrong. */
  troubles: number;
}

type RunEvent = Event & { kind: 'run' };
type CallEvent = Event & { kind: 'call' };

export async function playHistory(plan: Plan, scheduler: fc.Scheduler): Promise<Tally> {
  vi.useFakeTimers({
    toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date', 'performance'],
    now: START,
  });
  // Jitter and backoff follow from the plan, so that a failure can be played again.
  let state = plan.seed >>> 0;
  const random = vi.spyOn(Math, 'random').mockImplementation(() => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  });
  try {
    return await new History(plan, scheduler).play();
  } finally {
    random.mockRestore();
    vi.useRealTimers();
  }
}

class History {
  readonly #plan: Plan;
  readonly #scheduler: fc.Scheduler;
  readonly #world: World;
  readonly #credentials: { readonly id: string; readonly secret: string };
  readonly #others: readonly string[];
  readonly #readers: Reader[];
  /** What is under way. */
  #active = 0;
  #leaps = 0;
  readonly #counts = { calls: 0, busy: 0 };
  readonly #runs: number[] = [];

  constructor(plan: Plan, scheduler: fc.Scheduler) {
    this.#plan = plan;
    this.#scheduler = scheduler;
    const reference = createReference({ semantics: plan.semantics, randomSeed: `fleet ${plan.seed}` });
    const { keys } = reference.seed({
      users: { runner: {}, boss: {} },
      accounts: { main: { owner: 'boss', members: { runner: ['standard'] }, apiKeyExpiration: 365 } },
      keys: {
        ci: { user: 'runner', expires: { days: 100 } },
        spare: { user: 'runner', expires: { days: 300 } },
        theirs: { user: 'boss', expires: { days: 300 } },
      },
    });
    this.#credentials = keys.ci;
    this.#others = [keys.spare.id, keys.theirs.id];
    this.#world = new World(reference, new Model(keys), scheduler);
    this.#readers = Array.from({ length: plan.readers }, (_, at) =>
      this.#reader(`R${at + 1}`, plan.lags[at] ?? 0),
    );
  }

  async play(): Promise<Tally> {
    const world = this.#world;
    const birth: Process = { name: 'adopt', dead: false, lag: 0 };
    await this.#drive(
      this.#go(
        adopt(this.#client(birth), { store: world.store(birth), name: 'ci', credentials: this.#credentials }),
      ),
    );
    const events = [...this.#plan.events];
    await this.#drive(Promise.resolve(), events);
    await this.#peace();
    const { promoted, twins } = world.model.counts;
    const count = (word: string) => world.history.filter((line) => line.includes(word)).length;
    return {
      promoted,
      twins,
      ...this.#counts,
      deaths: count(' DIES'),
      late: count(' LATE'),
      stepIns: count('not known there yet'),
    };
  }

  /** Lets things happen until the work is done and all events have come: tasks first, then time. */
  async #drive(work: Promise<unknown>, events: Event[] = []): Promise<void> {
    let done = false;
    const end = () => {
      done = true;
    };
    work.then(end, end);
    for (let idle = 0; ; ) {
      await settled();
      if (this.#world.violation !== undefined) throw this.#failure(this.#world.violation.message);
      this.#world.land();
      const next = events[0];
      if (
        next !== undefined &&
        (next.step <= this.#world.step || (this.#scheduler.count() === 0 && this.#active === 0))
      ) {
        events.shift();
        this.#happen(next);
      } else if (this.#scheduler.count() > 0) {
        idle = 0;
        this.#world.step += 1;
        await this.#scheduler.waitNext(1);
      } else if (done && this.#active === 0 && events.length === 0) {
        if (!this.#world.land(true)) return;
      } else if (vi.getTimerCount() > 0 && ++idle < 2_000) vi.advanceTimersToNextTimer();
      else throw this.#failure('something waits for ever');
    }
  }

  #failure(what: string): Error {
    return new Error(`Violated: ${what}\n${this.#world.history.slice(-220).join('\n')}`);
  }

  #break(what: string): void {
    this.#world.judge(() => {
      throw new Violation(what);
    });
  }

  #happen(event: Event): void {
    if (event.kind === 'leap') {
      this.#leaps += 1;
      this.#world.tell(`the clock leaps ${event.seconds} s`);
      vi.advanceTimersByTime(event.seconds * 1000);
    } else if (event.kind === 'run') this.#run(event);
    else this.#call(event);
  }

  /** Counts work that is under way, so that time does not stop before it ends. */
  async #go<T>(work: Promise<T>): Promise<T> {
    this.#active += 1;
    try {
      return await work;
    } finally {
      this.#active -= 1;
    }
  }

  #client(
    process: Process,
    credentials?: ConstructorParameters<typeof BlazeMeterClient>[0],
  ): BlazeMeterClient {
    return new BlazeMeterClient({
      credentials: 'nobody:nothing',
      fetch: this.#world.fetch(process),
      logLevel: 'off',
      ...credentials,
    });
  }

  // --- Writers

  #run(event: RunEvent): void {
    const { writer, crash } = event;
    const times = (this.#runs[writer] ?? 0) + 1;
    this.#runs[writer] = times;
    const name = `W${writer + 1}.${times}`;
    let passed = 0;
    let died: () => void = () => {};
    const death = new Promise<void>((resolve) => {
      died = resolve;
    });
    let requests = 0;
    const net = [...event.net];
    let writes = 0;
    const process: Process = {
      name,
      dead: false,
      lag: 0,
      dies: (side, counts) => {
        if (counts) passed += 1;
        const dies = crash !== null && crash.at === passed && crash.side === side;
        if (dies) died();
        return dies;
      },
      flight: event.flight,
      netFault: (method) => {
        requests += 1;
        const at = net.findIndex(([when]) => when === requests || when === method);
        return at < 0 ? undefined : net.splice(at, 1)[0]?.[1];
      },
      storeFault: (writing) => {
        if (!writing) return undefined;
        writes += 1;
        return event.store.find(([at]) => at === writes)?.[1];
      },
    };
    this.#world.tell(`${name} begins ${event.call}${event.takeOver ? ', taking over' : ''}`);
    const living = this.#work(process, event).then(
      (report) => this.#reported(name, report),
      (error: unknown) => this.#failed(name, error),
    );
    void this.#go(Promise.race([living, death]));
  }

  #work(
    process: Process,
    { call, writer, takeOver }: Pick<RunEvent, 'call' | 'writer' | 'takeOver'>,
  ): Promise<RotationReport> {
    const { drainMinutes, quietMinutes, leaseSeconds } = this.#plan;
    const client = this.#client(process);
    const options = {
      store: this.#world.store(process),
      owner: `writer ${writer + 1}`,
      takeOver,
      lease: { seconds: leaseSeconds },
      whenBusy: 'read' as const,
      timing: { lookAgainMs: 500, testWithinMs: 10_000 },
      ...(quietMinutes === null ? {} : { quietFor: { minutes: quietMinutes } }),
    };
    const next = { drain: { minutes: drainMinutes }, expiresIn: { days: 100 } };
    if (call === 'resume') return resume(client, options);
    if (call === 'rotate') return rotate(client, { ...options, ...next, reason: 'schedule' });
    return rotateIfExpiring(client, { ...options, ...next, within: { days: 49 } });
  }

  #reported(name: string, { phase, epoch, busy, notes }: RotationReport): void {
    if (busy !== undefined) this.#counts.busy += 1;
    const who = busy === undefined ? '' : `, busy: ${busy.owner ?? 'somebody'}`;
    this.#world.tell(
      `${name} reports ${phase}, epoch ${epoch}${who}${notes.map((note) => `; ${note.slice(0, 90)}`).join('')}`,
    );
  }

  #failed(name: string, error: unknown): void {
    if (!isBlazeMeterError(error)) {
      this.#break(`${name} ended with ${error instanceof Error ? error.stack : error}`);
      return;
    }
    this.#world.tell(`${name} fails: ${error.code}: ${error.message.slice(0, 90)}`);
    if (error.code === 'rotation_busy' || error.code === 'rotation_epoch')
      this.#break(`${name} ended with ${error.code}`);
  }

  // --- Readers

  #reader(name: string, lag: number): Reader {
    const state = { net: [] as NetFault[], fails: 0, inRow: 0, troubles: 0 };
    const process: Process = {
      name,
      dead: false,
      lag,
      netFault: () => state.net.shift(),
      storeFault: () => {
        // A reader whose store fails for good has nothing to go on with: that is not what is looked at.
        const fails = state.fails > 0 && state.inRow < 2;
        state.inRow = fails ? state.inRow + 1 : 0;
        if (!fails) return undefined;
        state.fails -= 1;
        state.troubles += 1;
        return 'failed';
      },
      touched: () => {
        state.troubles += 1;
      },
    };
    const store: Pick<CredentialStore, 'read'> = this.#world.store(process);
    const client = this.#client(process, { credentials: fromStore(store), maxRetries: 3 });
    return Object.assign(state, { process, client });
  }

  #call(event: CallEvent): void {
    const reader = this.#readers[event.reader];
    if (reader === undefined) return;
    reader.net.push(...event.net);
    reader.fails += event.storeFails;
    void this.#go(this.#ask(reader));
  }

  async #ask(reader: Reader): Promise<void> {
    const { process, client } = reader;
    const before = reader.troubles + this.#leaps;
    this.#counts.calls += 1;
    try {
      await client.user.get();
    } catch (error) {
      // A service or a store that is silent for long is a reason to fail; credentials that is refused never is.
      const refused = error instanceof AuthenticationError;
      const disturbed = reader.troubles + this.#leaps > before;
      const what = isBlazeMeterError(error) ? `${error.code}: ${error.message}` : String(error);
      this.#world.tell(`${process.name} fails: ${what.slice(0, 120)}`);
      if (refused || !disturbed) this.#break(`the reader ${process.name} ended with ${what}`);
    }
  }

  // --- The end

  async #peace(): Promise<void> {
    const world = this.#world;
    const { model } = world;
    const { drainMinutes } = this.#plan;
    world.tell('--- peace');
    const pass = (minutes: number) => vi.advanceTimersByTime(minutes * MINUTE);
    pass(20); // Leases have run out, and so has the time in which a late request may arrive.
    const run = async (call: RunEvent['call']) => {
      const process: Process = { name: 'END', dead: false, lag: 0 };
      let ended: RotationReport | undefined;
      const work = this.#work(process, { call, writer: 99, takeOver: false }).then(
        (report) => {
          ended = report;
          this.#reported('END', report);
        },
        (error: unknown) =>
          this.#break(`the last run ended with ${error instanceof Error ? error.message : error}`),
      );
      await this.#drive(this.#go(work));
      return ended?.phase;
    };
    // The second rotation is that of the next night: it clears away what arrived after the first one's clean-up.
    for (const call of ['resume', 'rotate', 'resume'] as const) {
      let phase = await run(call);
      for (let runs = 0; phase !== 'idle' && runs < 12; runs++) {
        pass(drainMinutes + 11);
        phase = await run('resume');
      }
      if (phase !== 'idle') throw this.#failure(`it comes to an end (${phase})`);
    }
    const record = model.record;
    if (record === undefined) throw this.#failure('there is a record');
    if (!model.valid(record.current)) throw this.#failure('the current credentials works');
    const expected = [record.current.id, ...this.#others].sort().join();
    const there = keyIds(world.reference);
    if (there.join() !== expected)
      throw this.#failure(`no stray key, and none is missing: ${there.map((id) => model.nameOf(id))}`);
    if (record.lease !== null) throw this.#failure('the lease was given back');
    pass(2); // No part of the service is behind any more.
    for (const reader of this.#readers.slice(0, 4)) {
      reader.net.length = 0;
      reader.fails = 0;
      await this.#drive(this.#go(this.#ask(reader)));
    }
  }
}

/** Until all that can go on without the world has gone on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
