// The conformance kit: holds the table of behaviours against a service, the real one above all, and reports which of its
// statements hold there. It is how an assumption becomes an observation.

import type { BlazeMeterClient } from '../../client.ts';
import { behaviours } from '../behaviours.ts';
import type { Mark } from '../marks.ts';
import { documented } from '../semantics.ts';
import { once, type Probe, type Seen, seenIn, unseen } from './conformance-probe.ts';
import { READS } from './conformance-read.ts';
import { lookByWriting, WRITES } from './conformance-write.ts';

/** What {@link runConformance} needs. */
export interface ConformanceOptions {
  /** A client of the service to look at, with a key whose user may be looked at. */
  readonly client: BlazeMeterClient;
  /**
   * `true`: makes up to three keys that live for a day at most, regenerates and deletes them. For a throw-away account.
   * Default `false`: only reads.
   */
  readonly write?: boolean | undefined;
}

/** One line of a report: plain data, for a `parity.json`. It names no person, account or key. */
export interface ConformanceLine {
  /** As in {@link Reference.explain}. */
  readonly id: string;
  readonly behaviour: string;
  /** What the reference does by default. */
  readonly expected: string;
  readonly mark: Mark;
  /** What was seen, in words. */
  readonly seen: string;
  /** Whether that is as expected; `null`: it was not looked at, or cannot be told. */
  readonly agrees: boolean | null;
  /** When it was looked at, as ISO text. */
  readonly date: string;
}

/**
 * Looks at a service, and reports for every behaviour of the reference whether the service has it too. Reads only,
 * unless `write` is `true`. Never rejects because of what the service answers.
 *
 * With `write` the report ends with a line `cleanup`: where a key could not be deleted, it names the key's id.
 *
 * @example
 * ```ts
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { createReference, runConformance } from 'blazemeter-client/testing';
 *
 * const reference = createReference(); // without `fetch` the client talks to the service
 * const { keys } = reference.seed();
 * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * const report = await runConformance({ client });
 * console.log(report.filter((line) => line.agrees === false)); // []
 * ```
 */
export async function runConformance(options: ConformanceOptions): Promise<ConformanceLine[]> {
  const { write = false } = options;
  // New secrets of keys to throw away are for nobody's store.
  const client = options.client.withOptions({ onNewSecret: undefined });
  const probe: Probe = {
    client,
    nonce: makeNonce(),
    account: once(async () => (await client.accounts.list({ limit: 1 })).items[0]?.id),
    key: once(async () => (await client.apiKeys.list({ limit: 1 })).items[0]),
  };
  const found = new Map<string, Seen & { readonly date: string }>();
  const put = (id: string, seen: Seen): void => {
    found.set(id, { ...seen, date: new Date().toISOString() });
  };

  for (const { id, look } of READS) {
    try {
      put(id, await look(probe));
    } catch (error) {
      put(id, seenIn(error));
    }
  }
  const left = write ? await lookByWriting({ probe, put }) : [];

  const otherwise = (id: string): Seen =>
    !WRITES.some((known) => known === id)
      ? unseen('there is no way to see it from here')
      : unseen(write ? 'an earlier step failed' : 'it takes a key to throw away (write: true)');
  const date = new Date().toISOString();
  const lines = behaviours(documented).map(
    ({ id, behaviour, value, mark }): ConformanceLine => ({
      id,
      behaviour,
      expected: value,
      mark,
      ...(found.get(id) ?? { ...otherwise(id), date }),
    }),
  );
  return write ? [...lines, cleanup(left, date)] : lines;
}

const cleanup = (left: readonly string[], date: string): ConformanceLine => ({
  id: 'cleanup',
  behaviour: 'what this run has made',
  expected: 'all of it is deleted',
  mark: 'assumed',
  seen: left.length === 0 ? 'all of it is deleted' : `delete by hand: ${left.join(', ')}`,
  agrees: left.length === 0,
  date,
});

const makeNonce = (): string =>
  [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
