// A world without a record: sinks that can only be written, readers who take what a sink holds, runs that die or stop at
// any step, and what must hold at every moment.
import { BlazeMeterClient, type FetchLike, isBlazeMeterError } from 'blazemeter-client';
import {
  rotateWithoutRecord,
  type SecretSink,
  type SinkState,
  type UnrecordedReport,
} from 'blazemeter-client/rotation';
import type { Semantics } from 'blazemeter-client/testing';
import { acceptance, keyIds, rotationWorld, type World } from '../support/world.ts';

/** The ways that crashes are played in. */
export const WAYS = ['expiry', 'leak', 'leak with recovery'] as const;
export type Way = (typeof WAYS)[number] | 'schedule';

/** How many sinks there are, and whether they tell what they hold. */
export interface Shape {
  readonly sinks: number;
  readonly telling: boolean;
}

export interface Pair {
  readonly id: string;
  readonly secret: string;
}

/** Something that a run does, and that it can die or stop beside: a request, or a put. */
export type At = (step: number, side: 'before' | 'after') => Promise<void>;

const DRAIN = { hours: 1 };
const DRAIN_MS = 3_600_000;

export function must(holds: boolean, what: string): void {
  if (!holds) throw new Error(`Violated: ${what}`);
}

interface Held extends Pair {
  readonly epoch: number;
  readonly since: Date;
}

export class Stage {
  readonly world: World;
  readonly held: Held[];
  /** Every credentials that a sink ever held, and until when. */
  readonly #readable = new Map<string, { credentials: Pair; until: number }>();
  readonly #shape: Shape;
  readonly #way: Way;
  /** Pairs were put in this order. */
  readonly puts: { sink: number; credentials: Pair; epoch: number }[] = [];

  constructor(semantics: Partial<Semantics>, shape: Shape, way: Way) {
    this.world = rotationWorld({ semantics });
    this.#shape = shape;
    this.#way = way;
    const { id, secret } = this.world.keys.ci;
    // 85 of its 100 days are over, so the key is due.
    this.world.reference.clock.advance({ days: 85 });
    this.held = Array.from({ length: shape.sinks }, () => ({ id, secret, epoch: 0, since: this.now() }));
  }

  now(): Date {
    return this.world.reference.clock.now();
  }

  /** What a run that begins now is given. */
  get given(): Pair {
    const [first] = this.held;
    if (first === undefined) throw new Error('There is no sink.');
    return { id: first.id, secret: first.secret };
  }

  /** What every reader may rely on, at any moment. */
  check(when: string): void {
    const { reference, keys } = this.world;
    const works = acceptance(reference);
    must(works(keys.theirs) && works(keys.spare), `no other key is touched (${when})`);
    if (this.#way === 'leak with recovery') return;
    for (const [at, credentials] of this.held.entries())
      must(works(credentials), `what sink ${at} holds is accepted (${when}, ${credentials.id})`);
    if (this.#way.startsWith('leak')) return;
    const now = this.now().getTime();
    for (const { credentials, until } of this.#readable.values())
      if (now - until < DRAIN_MS)
        must(
          works(credentials),
          `every reader of the credentials got its drain (${when}, ${credentials.id})`,
        );
  }

  /** Readers take what the sinks hold, and use it. */
  async read(): Promise<void> {
    for (const { id, secret } of this.held) {
      const { status } = await this.world.reference.fetch('https://a.blazemeter.com/api/v4/user', {
        headers: { authorization: `Basic ${btoa(`${id}:${secret}`)}` },
      });
      must(status === 200 || this.#way === 'leak with recovery', `a reader is accepted (${status})`);
    }
  }

  /** Stores credentials in a sink. */
  store(at: number, credentials: Pair, epoch: number): void {
    const old = this.held[at];
    if (old !== undefined)
      this.#readable.set(`${at} ${old.id} ${old.secret}`, { credentials: old, until: this.now().getTime() });
    this.held[at] = { ...credentials, epoch, since: this.now() };
    this.puts.push({ sink: at, credentials, epoch });
  }

  sinks(at?: At, steps = { count: 0 }): SecretSink[] {
    return this.held.map((_, index) => ({
      name: `sink ${index}`,
      probe: (): SinkState | undefined => {
        const { id, since } = this.held[index] ?? {};
        return this.#shape.telling ? { keyId: id, since } : undefined;
      },
      put: async ({ id, secret, epoch }) => {
        const step = ++steps.count;
        await at?.(step, 'before');
        this.store(index, { id, secret: secret.reveal() }, epoch);
        this.check('after a put');
        await at?.(step, 'after');
      },
    }));
  }

  /** One run. Gives its report, or the code of the error that it ended with, and how many steps it took. */
  async run(
    orders: { way: Way; given?: Pair },
    at?: At,
  ): Promise<{ report?: UnrecordedReport; code?: string; steps: number }> {
    const steps = { count: 0 };
    const { reference, keys } = this.world;
    const inner: FetchLike = reference.fetch;
    const fetch: FetchLike = async (url, init) => {
      const step = ++steps.count;
      await at?.(step, 'before');
      const response = await inner(url, init);
      if ((init?.method ?? 'GET') !== 'GET') this.check(`after ${init?.method}`);
      await at?.(step, 'after');
      return response;
    };
    try {
      const report = await perform(orders.way, {
        fetch,
        given: orders.given ?? this.given,
        sinks: this.sinks(at, steps),
        recovery: keys.spare,
        replaces: keys.ci.id,
      });
      return { report, steps: steps.count };
    } catch (error) {
      if (!isBlazeMeterError(error)) throw error;
      return { code: error.code, steps: steps.count };
    }
  }

  /** Runs, each an hour after the other, until nothing is left to do; then looks whether it is so. */
  async toTheEnd(mostRuns = 5): Promise<void> {
    const { reference, keys } = this.world;
    for (let runs = 1; ; runs++) {
      const { report, code } = await this.run({ way: 'expiry' });
      // Under a limit of keys a run may have to wait until keys that nobody uses can be told.
      const limited = reference.semantics.keyLimit !== null && code === 'request_failed';
      must(code === undefined || limited, `a later run does not fail (${code})`);
      if (report?.phase === 'idle') break;
      must(runs < mostRuns, `it comes to an end (${report?.phase} after ${runs} runs: ${report?.notes})`);
      await this.read();
      reference.clock.advance({ hours: 1, minutes: 1 });
    }
    const { id } = this.given;
    this.check('at the end');
    must(
      this.held.every((credentials) => credentials.id === id && credentials.secret === this.given.secret),
      'all sinks hold the same credentials',
    );
    const expected = [id, keys.spare.id, keys.theirs.id].sort().join();
    must(
      keyIds(reference).join() === expected,
      `no orphan is left, and no key is missing (${keyIds(reference)})`,
    );
    must(id !== keys.ci.id, 'the key was rotated');
    reference.clock.advance({ minutes: 1 });
    must(acceptance(reference)(this.given), 'the credentials in use works');
  }

  /** In each sink the epoch never falls: of runs one after the other. */
  checkEpochs(): void {
    for (const at of this.held.keys()) {
      const epochs = this.puts.filter(({ sink }) => sink === at).map(({ epoch }) => epoch);
      must(
        epochs.every((epoch, index) => index === 0 || epoch >= (epochs[index - 1] ?? 0)),
        `the epoch rises (${epochs})`,
      );
    }
  }
}

interface Props {
  readonly fetch: FetchLike;
  readonly baseUrl?: string;
  readonly given: Pair;
  readonly sinks: readonly SecretSink[];
  readonly recovery: Pair;
  readonly replaces: string;
}

/** The run itself: the same in a child process. */
export function perform(way: Way, props: Props): Promise<UnrecordedReport> {
  const client = new BlazeMeterClient({
    credentials: 'nobody:nothing',
    ...(props.baseUrl === undefined ? {} : { baseUrl: props.baseUrl }),
    fetch: props.fetch,
    logLevel: 'off',
  });
  return rotateWithoutRecord(client, {
    name: 'ci',
    credentials: props.given,
    sinks: props.sinks,
    reason: way === 'expiry' || way === 'schedule' ? way : 'leak',
    drain: DRAIN,
    replaces: props.replaces,
    timing: { lookAgainMs: 5, testWithinMs: 10_000 },
    ...(way === 'leak with recovery'
      ? { recovery: { id: props.recovery.id, secret: props.recovery.secret } }
      : {}),
  });
}
