// Places that are given the new pair and cannot be read back: a CI system's secret, a key file. Each is put to and
// acknowledged alone; what one of them says is not repeated, for it knows the secret.

import { hasCleanCauses, scrubbed, summary } from '../../auth/cause.ts';
import type { Secret } from '../../auth/secret.ts';
import { BlazeMeterError, RotationError } from '../../errors.ts';
import { withAbort } from '../../http/abort.ts';
import { printable } from '../../util/printable.ts';

/** What a sink is given. */
export interface SinkDelivery {
  readonly id: string;
  readonly secret: Secret;
  readonly expiresAt: Date | null;
  readonly recordId: string;
  /** Rises with every promotion: a sink must not replace a newer pair by an older one. */
  readonly epoch: number;
}

/** What a sink may answer. An answer of nothing acknowledges too. */
export interface SinkAnswer {
  /** `false`: it did not take the pair, and is to be asked again by the next run. */
  readonly acknowledged: boolean;
}

/** What a sink may tell of itself, where it can: nothing of it is a secret. Each part may be left out. */
export interface SinkState {
  /** The key whose pair it holds, as noted beside the secret once that was stored; `null`: none. */
  readonly keyId?: string | null | undefined;
  /** Since when it holds what it holds. */
  readonly since?: Date | null | undefined;
}

/**
 * A place for the new pair that can be written but not read. The old key lives until each sink has acknowledged the
 * new one. `put` may be called again with the same pair, after a crash between it and its note in the record.
 *
 * @example
 * ```ts
 * import { writeKeyFile } from 'blazemeter-client/node';
 * import type { SecretSink } from 'blazemeter-client/rotation';
 *
 * const keyFile: SecretSink = {
 *   name: 'key file',
 *   put: ({ id, secret }) => writeKeyFile('/etc/blazemeter/api-key.json', { id, secret }),
 * };
 * ```
 */
export interface SecretSink {
  /** Unique among the sinks of a record: what it has acknowledged is kept under it. */
  readonly name: string;
  /**
   * Throws where `put` could not work. Asked before anything is changed at BlazeMeter. May tell what the sink holds, for
   * a rotation without a record; one with a record goes by that.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most sinks answer with nothing at all
  probe?(options: { readonly signal: AbortSignal }): Promise<SinkState | void> | SinkState | void;
  /** Stores the pair; resolves once it is stored. */
  put(
    delivery: SinkDelivery,
    options: { readonly signal: AbortSignal },
    // biome-ignore lint/suspicious/noConfusingVoidType: most sinks answer with nothing at all
  ): Promise<SinkAnswer | void>;
}

/** How long a sink may take, in milliseconds. */
const SINK_TIMEOUT = 60_000;
/** The minute is over: told by its class from whatever a sink throws. */
class Late extends Error {}

async function bounded<T>(
  work: (signal: AbortSignal) => Promise<T> | T,
  signal: AbortSignal | undefined,
): Promise<T> {
  const controller = new AbortController();
  const end = () => controller.abort(signal?.reason);
  const timer = setTimeout(() => controller.abort(new Late()), SINK_TIMEOUT);
  signal?.addEventListener('abort', end, { once: true });
  try {
    signal?.throwIfAborted();
    return await withAbort(
      Promise.resolve().then(() => work(controller.signal)),
      controller.signal,
    );
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

/** Checks the names, which are kept in the record. */
export function checkSinks(sinks: readonly SecretSink[]): void {
  const names = new Set(sinks.map(({ name }) => name));
  if (names.size !== sinks.length || names.has(''))
    throw new TypeError('Each sink needs a name of its own that is not empty.');
}

/** Asks every sink whether it would work. Gives what those that can tell say of themselves. */
export async function probeSinks(
  sinks: readonly SecretSink[],
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, SinkState>> {
  const told = new Map<string, SinkState>();
  const refused = new Map<string, unknown>();
  for (const sink of sinks) {
    try {
      const state = await bounded((inner) => sink.probe?.({ signal: inner }), signal);
      if (typeof state === 'object' && state !== null) told.set(sink.name, state);
    } catch (error) {
      signal?.throwIfAborted();
      refused.set(sink.name, error);
    }
  }
  const [first] = refused.values();
  if (refused.size === 0) return told;
  const each = [...refused].map(([name, error]) => `${printable(name)} (${sinkProblem(error)})`);
  throw new RotationError(
    `The rotation was not begun, because these sinks would not take the new pair: ${each.join(', ')}. Mend them, then run it again.`,
    // A sink may throw an error of ours, and give it any cause.
    { code: 'rotation_sink', cause: clean(first) },
  );
}

const clean = (error: unknown): Error =>
  error instanceof BlazeMeterError && !hasCleanCauses(error) ? summary(error) : scrubbed(error);

/** Puts to one sink. Says why it did not take the pair, where it did not. */
export async function putToSink(
  sink: SecretSink,
  delivery: SinkDelivery,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  try {
    const answer = await bounded((inner) => sink.put(delivery, { signal: inner }), signal);
    const taken = typeof answer !== 'object' || answer === null || answer.acknowledged !== false;
    return taken ? undefined : 'it did not acknowledge';
  } catch (error) {
    signal?.throwIfAborted();
    return sinkProblem(error);
  }
}

/** Names and codes only: a foreign message may quote the secret that the sink was given. */
function sinkProblem(error: unknown): string {
  const { name, message } = scrubbed(error);
  return error instanceof Late
    ? `no answer within ${SINK_TIMEOUT / 1000} s`
    : name === 'Error' && message.startsWith('details')
      ? 'its error is withheld, because it may quote the secret'
      : printable(`${name}: ${message}`);
}
