// What a look at a service is made of. Only the public client is used, and nothing that the service says of a person, an
// account or a key gets into what was seen.

import type { BlazeMeterClient } from '../../client.ts';
import type { ApiKey } from '../../schemas/api-key.ts';

/** What came of a look: in words, and whether it is as the table has it. `null`: it could not be seen. */
export interface Seen {
  readonly seen: string;
  readonly agrees: boolean | null;
}

/** What looks are given. */
export interface Probe {
  readonly client: BlazeMeterClient;
  /** Different in every run: names of what is made hold it. */
  readonly nonce: string;
  /** An account that the user can see. */
  account(): Promise<number | undefined>;
  /** A key of the user's. */
  key(): Promise<ApiKey | undefined>;
}

/** A look at one behaviour of the table. */
export interface Look {
  readonly id: string;
  look(probe: Probe): Promise<Seen>;
}

export const fits = (seen: string): Seen => ({ seen, agrees: true });
export const differs = (seen: string): Seen => ({ seen, agrees: false });
export const unseen = (why: string): Seen => ({ seen: `not looked at: ${why}`, agrees: null });

/** The status that an error tells; undefined where no answer came. */
export function statusIn(error: unknown): number | undefined {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  return typeof status === 'number' ? status : undefined;
}

/**
 * The status that a call ends with, `200` for every success. What says nothing of how the service behaves is thrown on,
 * unless it is what is expected.
 */
export async function statusOf(call: PromiseLike<unknown>, expected: number): Promise<number> {
  try {
    await call;
    return 200;
  } catch (error) {
    const status = statusIn(error);
    if (status === undefined || (status !== expected && isWeather(status))) throw error;
    return status;
  }
}

/** A status that tells of this key, its user, or the health of the service; not of its behaviour. */
const isWeather = (status: number): boolean => [401, 403, 429].includes(status) || status >= 500;

/** Errors that tell as little. */
const WEATHER = new Set([
  'ConnectionError',
  'RequestTimeoutError',
  'CredentialsError',
  'AmbiguousOutcomeError',
]);

/** What an error lets one see, in words that quote nothing. */
export function seenIn(error: unknown): Seen {
  const status = statusIn(error);
  const name = error instanceof Error ? error.name : 'an error';
  const words = status === undefined ? `failed with ${name}` : `failed with ${name} (${status})`;
  const weather = status === undefined ? WEATHER.has(name) : isWeather(status);
  return weather ? unseen(words) : differs(words);
}

/** Remembers the answer of a question, also that there is none. */
export function once<Value>(ask: () => Promise<Value>): () => Promise<Value> {
  let answer: Promise<Value> | undefined;
  return () => {
    answer ??= ask();
    return answer;
  };
}
