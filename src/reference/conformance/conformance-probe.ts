// What a check of a service is built from. Only the public client is used, and nothing that identifies a person, an account or
// a key gets into a finding.

import type { BlazeMeterClient } from '../../client.ts';
import type { ApiKey } from '../../schemas/api-key.ts';

/** The result of a check: in words, and whether it agrees with the table. `null`: it could not be checked. */
export interface Finding {
  readonly seen: string;
  readonly agrees: boolean | null;
}

/** What checks use. */
export interface Probe {
  readonly client: BlazeMeterClient;
  /** Different in every run, and part of the name of every key that is created. */
  readonly nonce: string;
  /** An account that the user can see. */
  account(): Promise<number | undefined>;
  /** A key of the user's. */
  key(): Promise<ApiKey | undefined>;
}

/** A check of one behaviour of the table. */
export interface Check {
  readonly id: string;
  run(probe: Probe): Promise<Finding>;
}

export const agrees = (seen: string): Finding => ({ seen, agrees: true });
export const differs = (seen: string): Finding => ({ seen, agrees: false });
export const unchecked = (why: string): Finding => ({ seen: `not checked: ${why}`, agrees: null });

/** The status of an error; undefined where there was no response. */
export function statusIn(error: unknown): number | undefined {
  const status = error instanceof Error && 'status' in error ? error.status : undefined;
  return typeof status === 'number' ? status : undefined;
}

/**
 * The status that a call ends with, `200` for every success. An error that says nothing about the service's behaviour is
 * rethrown, unless it is expected.
 */
export async function statusOf(call: PromiseLike<unknown>, expected: number): Promise<number> {
  try {
    await call;
    return 200;
  } catch (error) {
    const status = statusIn(error);
    if (status === undefined || (status !== expected && isTransient(status))) throw error;
    return status;
  }
}

/** A status that depends on this key, its user, or the health of the service, and not on its behaviour. */
const isTransient = (status: number): boolean => [401, 403, 429].includes(status) || status >= 500;

/** Errors of the same kind. */
const TRANSIENT = new Set([
  'ConnectionError',
  'RequestTimeoutError',
  'CredentialsError',
  'AmbiguousOutcomeError',
]);

/** The finding in an error, in words that quote nothing. */
export function findingIn(error: unknown): Finding {
  const status = statusIn(error);
  const name = error instanceof Error ? error.name : 'an error';
  const words = status === undefined ? `failed with ${name}` : `failed with ${name} (${status})`;
  const transient = status === undefined ? TRANSIENT.has(name) : isTransient(status);
  return transient ? unchecked(words) : differs(words);
}

/** Calls a function once and keeps its result. */
export function once<Value>(load: () => Promise<Value>): () => Promise<Value> {
  let result: Promise<Value> | undefined;
  return () => {
    result ??= load();
    return result;
  };
}
