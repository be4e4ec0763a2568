// A program whose calls fail and that handles nothing: what Node prints of it, and what the default logger writes at its
// most talkative, is what the parent looks at. Told by the variable LEAK_RUN what to do.
import type { Failure } from './failures.ts';
import { echoFailures, failures } from './failures.ts';
import { begin } from './play.ts';
import { createStage, type Kind } from './stage.ts';

/** Starts a failure and lets go of its promise. */
function start(failure: Failure, kind: Kind): PromiseLike<unknown> {
  const stage = createStage(kind);
  const promise = begin(failure, stage);
  for (const thing of stage.shown) console.log(thing);
  return promise;
}

/** All failures, one after the other; Node warns of each and goes on (`--unhandled-rejections=warn`). */
async function all(kind: Kind): Promise<void> {
  let next = (): void => {};
  process.on('unhandledRejection', () => next());
  for (const failure of failures.concat(echoFailures)) {
    await new Promise<void>((resolve) => {
      next = resolve;
      start(failure, kind).then((value) => {
        console.log(failure.name, value);
        resolve();
      });
    });
  }
  process.exit(0);
}

const { LEAK_RUN: run = '', LEAK_KIND: wanted, LEAK_TEXT: text = '' } = process.env;
const kind: Kind = wanted === 'hex' ? 'hex' : 'awkward';
const failure = failures.find(({ name }) => name === run);
// A call that waits keeps no process alive; this one must see how it ends.
if (run !== 'leak') setInterval(() => {}, 1000);
if (run === 'all') void all(kind);
else if (failure !== undefined) void start(failure, kind);
// What must be found, to show that whoever looks does find it.
else void Promise.reject(Object.assign(new Error(text), { cause: new Error('inner') }));
