// Sinks: places that get the new credentials and cannot be read back, such as a CI system's secret or a key file. Each
// acknowledges on its own. A sink's error is reduced to names and codes, because its text may quote the secret.

import { firstCode, inspectable, quotesNone, scrubbed, summary } from '../../auth/cause.ts';
import { withoutSecrets } from '../../auth/redact.ts';
import type { Secret } from '../../auth/secret.ts';
import { BlazeMeterError, RotationError } from '../../errors.ts';
import { throwIfAborted, withAbort } from '../../util/abort.ts';
import { printable } from '../../util/printable.ts';

/** What a sink gets. */
export interface SinkDelivery {
  readonly id: string;
  readonly secret: Secret;
  readonly expiresAt: Date | null;
  readonly recordId: string;
  /** Rises with every promotion: a sink must not replace newer credentials by older ones. */
  readonly epoch: number;
}

/** What `put` may return. Returning nothing acknowledges too. */
export interface SinkAnswer {
  /** `false`: the credentials were not stored; the next run tries again. */
  readonly acknowledged: boolean;
}

/** What a sink may report of itself, where it can. None of it is secret, and each part may be left out. */
export interface SinkState {
  /** The key whose credentials it holds, as noted beside the secret once that was stored; `null`: none. */
  readonly keyId?: string | null | undefined;
  /** Since when it holds what it holds. */
  readonly since?: Date | null | undefined;
}

/**
 * A place for the new credentials that can be written but not read. The old key is kept until each sink has acknowledged the new
 * one. After a crash, `put` may be called again with the same credentials.
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
   * Throws where `put` could not work. Called before anything is changed at BlazeMeter. May report what the sink holds, for
   * a rotation without a record; one with a record relies on the record.
   */
  // biome-ignore lint/suspicious/noConfusingVoidType: most sinks return nothing
  probe?(options: { readonly signal: AbortSignal }): Promise<SinkState | void> | SinkState | void;
  /** Stores the credentials; resolves once they are stored. */
  put(
    delivery: SinkDelivery,
    options: { readonly signal: AbortSignal },
    // biome-ignore lint/suspicious/noConfusingVoidType: most sinks return nothing
  ): Promise<SinkAnswer | void>;
}

/** How long a sink may take, in milliseconds. */
const SINK_TIMEOUT = 60_000;
/** The time is over. A class of its own, since a sink may throw anything. */
class SinkTimeout extends Error {}

async function bounded<T>(
  work: (signal: AbortSignal) => Promise<T> | T,
  signal: AbortSignal | undefined,
): Promise<T> {
  const controller = new AbortController();
  const end = () => controller.abort(signal?.reason);
  const timer = setTimeout(() => controller.abort(new SinkTimeout()), SINK_TIMEOUT);
  signal?.addEventListener('abort', end, { once: true });
  try {
    throwIfAborted(signal);
    return await withAbort(
      Promise.resolve().then(() => work(controller.signal)),
      controller.signal,
    );
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', end);
  }
}

/** Checks the sinks before a key is created for them. Their names are kept in the record. */
export function checkSinks(sinks: readonly unknown[]): void {
  const names = new Set<string>();
  for (const sink of sinks) {
    if (typeof sink !== 'object' || sink === null) throw new TypeError(`sinks: ${SINK_FORM}`);
    const { name, put, probe }: { name?: unknown; put?: unknown; probe?: unknown } = sink;
    if (typeof name !== 'string' || name === '' || names.has(name))
      throw new TypeError('sinks: each sink must have a name of its own, a non-empty string.');
    if (typeof put !== 'function' || (probe !== undefined && typeof probe !== 'function'))
      throw new TypeError(`sinks: ${SINK_FORM}`);
    names.add(name);
  }
}

const SINK_FORM =
  'each sink must be an object with a name and a function put, and may have a function probe.';

/** Every secret that a run has: what no sink's error may show. */
export const secretsIn = (
  keys: readonly ({ readonly secret: Secret | null } | null | undefined)[],
): string[] => keys.flatMap((key) => key?.secret?.reveal() ?? []);

/** Asks every sink whether it would work. Returns what sinks report of themselves, by name. */
export async function probeSinks(
  sinks: readonly SecretSink[],
  signal: AbortSignal | undefined,
  secrets: readonly string[],
): Promise<ReadonlyMap<string, SinkState>> {
  const states = new Map<string, SinkState>();
  const refused = new Map<string, unknown>();
  for (const sink of sinks) {
    try {
      const state = await bounded((inner) => sink.probe?.({ signal: inner }), signal);
      if (typeof state !== 'object' || state === null) continue;
      const { since = null } = state;
      if (since !== null && !(since instanceof Date && Number.isFinite(since.getTime())))
        throw new RotationError('its probe must return since as a valid Date, or leave it out', {
          code: 'rotation_sink',
        });
      states.set(sink.name, state);
    } catch (error) {
      throwIfAborted(signal);
      refused.set(sink.name, error);
    }
  }
  const [first] = refused.values();
  if (refused.size === 0) return states;
  const each = [...refused].map(([name, error]) => `${printable(name)} (${sinkProblem(error, secrets)})`);
  const shown = quotesNone(first, secrets) ? first : summary(first);
  throw new RotationError(
    `The rotation was not begun, because these sinks would not take the new credentials: ${each.join(', ')}. Fix them, then run it again.`,
    { code: 'rotation_sink', cause: shown },
  );
}

/** Writes to one sink. Returns why it did not take the credentials, where it did not. */
export async function putToSink(
  sink: SecretSink,
  delivery: SinkDelivery,
  signal: AbortSignal | undefined,
  secrets: readonly string[],
): Promise<string | undefined> {
  try {
    const result = await bounded((inner) => sink.put(delivery, { signal: inner }), signal);
    return declines(result) ? 'it did not acknowledge' : undefined;
  } catch (error) {
    throwIfAborted(signal);
    return sinkProblem(error, secrets);
  }
}

/** Whether a sink says that it did not store the credentials. A `fetch` that was refused, handed on as it is, says so too. */
const declines = (answer: unknown): boolean => {
  if (typeof answer !== 'object' || answer === null) return answer === false;
  const { acknowledged, ok }: { acknowledged?: unknown; ok?: unknown } = answer;
  return (acknowledged ?? true) !== true || ok === false;
};

/** The message without its hint, which names an option of a function. */
const whatFailed = ({ message, hint }: BlazeMeterError): string =>
  hint !== undefined && message.endsWith(` ${hint.text}`) ? message.slice(0, -hint.text.length - 1) : message;

/** Names and codes only: a message may quote a secret, one of ours too if the sink wrote it. */
function sinkProblem(thrown: unknown, secrets: readonly string[]): string {
  const error = inspectable(thrown);
  if (error instanceof SinkTimeout) return `it took longer than ${SINK_TIMEOUT / 1000} s`;
  const kept = scrubbed(error);
  const problem =
    kept instanceof BlazeMeterError ? withoutSecrets(whatFailed(kept), secrets) : firstCode(kept);
  if (problem !== undefined) return printable(`${kept.name}: ${problem}`);
  return `its ${printable(kept.name)} is withheld, because it may quote the secret`;
}
