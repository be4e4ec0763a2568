// Gives a parser so many inputs, and says which one broke a rule and how to have it again. A watcher in a thread of its own
// ends the process where one input takes more than its share of the processor: a hang cannot report itself.
import { Worker } from 'node:worker_threads';
import { assertPrototypes } from './oracle.ts';
import { createRandom, type Random } from './random.ts';

/** A parser under test. */
export interface Fuzzed {
  readonly name: string;
  /** Makes an input. */
  readonly make: (random: Random) => Trial;
}

/** One input: what it looks like, and the check of what becomes of it. */
export interface Trial {
  readonly shown: unknown;
  /** Throws where a rule is broken. True: the input was taken. */
  readonly check: () => boolean | Promise<boolean>;
}

export interface Figures {
  readonly inputs: number;
  readonly taken: number;
  readonly seconds: number;
  readonly slowestMs: number;
  /** Which input that was. */
  readonly slowestAt: number;
}

/** Of the processor's time: a machine that is busy with others makes no input slow. */
const MOST_CPU_SECONDS = 30;

const WATCHER = `
const { workerData: { progress, most, name } } = require('node:worker_threads');
const seconds = () => { const { user, system } = process.cpuUsage(); return (user + system) / 1e6; };
let seen = -1;
let since = seconds();
setInterval(() => {
  const now = Atomics.load(progress, 0);
  if (now !== seen) { seen = now; since = seconds(); return; }
  if (seconds() - since < most) return;
  require('node:fs').writeSync(2, '\\n' + name + ': input ' + now + ' of this seed has not ended after ' + most + ' s of processor time.\\n');
  process.kill(process.pid, 'SIGKILL');
}, 1000);
`;

function watch(name: string) {
  const progress = new Int32Array(new SharedArrayBuffer(4));
  const watcher = new Worker(WATCHER, {
    eval: true,
    execArgv: [],
    workerData: { progress, most: MOST_CPU_SECONDS, name },
  });
  watcher.unref();
  return { tell: (at: number) => Atomics.store(progress, 0, at), end: () => watcher.terminate() };
}

const shownInput = (input: unknown): string => {
  const text = (JSON.stringify(input) ?? String(input)).replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return text.length <= 2_000 ? text : `${text.slice(0, 2_000)}… (${text.length} characters)`;
};

/** Plays inputs `from` to `from + count - 1` of a seed. */
export async function fuzz(parser: Fuzzed, seed: number, count: number, from = 0): Promise<Figures> {
  const watcher = watch(`${parser.name}, seed ${seed}`);
  const limit = Error.stackTraceLimit;
  const started = performance.now();
  let taken = 0;
  let slowestMs = 0;
  let slowestAt = from;
  try {
    // Most inputs end in an error, and most of the time would go into stacks that nobody reads.
    Error.stackTraceLimit = 0;
    for (let at = from; at < from + count; at++) {
      watcher.tell(at);
      const began = performance.now();
      const outcome = play(parser, seed, at);
      const good = outcome instanceof Promise ? await outcome.catch(() => undefined) : outcome;
      if (good === undefined) {
        Error.stackTraceLimit = limit;
        await again(parser, seed, at);
      }
      if (good === true) taken += 1;
      const took = performance.now() - began;
      if (took > slowestMs) [slowestMs, slowestAt] = [took, at];
    }
  } finally {
    Error.stackTraceLimit = limit;
    await watcher.end();
  }
  return { inputs: count, taken, seconds: (performance.now() - started) / 1000, slowestMs, slowestAt };
}

/** Whether the input was taken; undefined where a rule was broken. */
function play(parser: Fuzzed, seed: number, at: number) {
  try {
    const outcome = parser.make(createRandom(seed, at)).check();
    assertPrototypes();
    return outcome;
  } catch {
    return undefined;
  }
}

/** The same input once more, for the whole story. */
async function again(parser: Fuzzed, seed: number, at: number): Promise<void> {
  const { check, shown } = parser.make(createRandom(seed, at));
  const told = `${parser.name} broke a rule. Once more: FUZZ_SEED=${seed} FUZZ_AT=${at} FUZZ_ONLY='${parser.name}'.`;
  try {
    await check();
    assertPrototypes();
  } catch (error) {
    throw new Error(`${told} ${error instanceof Error ? error.message : ''}\n${shownInput(shown)}`, {
      cause: error,
    });
  }
  throw new Error(
    `${told} It kept the rule the second time: something depends on what came before.\n${shownInput(shown)}`,
  );
}
