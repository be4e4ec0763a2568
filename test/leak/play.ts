// Plays a failure and gathers all that there is to see of it.
import type { Failure } from './failures.ts';
import { createStage, type Kind } from './stage.ts';
import type { Scene } from './views.ts';

const METHODS = ['log', 'error', 'warn', 'info', 'debug', 'dir', 'table', 'trace'] as const;

/** Listens to the global console until it is stopped. */
function listenToConsole(lines: unknown[][]): () => void {
  const real = METHODS.map((method) => [method, console[method]] as const);
  for (const method of METHODS) console[method] = (...line: unknown[]) => void lines.push(line);
  return () => {
    for (const [method, original] of real) console[method] = original;
  };
}

/** What a call ends with; a throw at once counts as well. */
export function begin(failure: Failure, stage: Parameters<Failure['run']>[0]): PromiseLike<unknown> {
  try {
    return failure.run(stage);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** The failure as it ended, with everything that can be looked at. */
export async function play(
  failure: Failure,
  kind: Kind,
  look: (scene: Scene) => Promise<void>,
): Promise<unknown> {
  const logged: unknown[][] = [];
  const log = (level: string) => (message: string, fields?: object) => {
    logged.push(fields === undefined ? [level, message] : [level, message, fields]);
  };
  const logger = { error: log('error'), warn: log('warn'), info: log('info'), debug: log('debug') };
  const printed: unknown[][] = [];
  const stage = createStage(kind, logger);
  const stop = listenToConsole(printed);
  let promise: PromiseLike<unknown>;
  let outcome: unknown;
  try {
    promise = begin(failure, stage);
    outcome = await promise.then(undefined, (error: unknown) => error);
  } finally {
    stop();
  }
  const { title, argv, execArgv, env } = process;
  try {
    await look({
      outcome,
      promise,
      shown: stage.shown,
      logged,
      printed,
      journal: [stage.reference.journal.entries, stage.reference.snapshot()],
      process: [title, argv, execArgv, env],
    });
  } finally {
    await stage.end();
  }
  return outcome;
}
