// The conformance kit: compares the table of behaviours with a service, above all the real one, and reports which of its
// statements are true there. So an assumption becomes an observation.

import type { BlazeMeterClient } from '../../client.ts';
import { behaviours } from '../behaviours.ts';
import { type Provenance, type Route, routes } from '../routes.ts';
import { documented } from '../semantics.ts';
import { type Finding, findingIn, once, type Probe, unchecked } from './conformance-probe.ts';
import { READS } from './conformance-read.ts';
import { runWriteChecks, WRITES } from './conformance-write.ts';

/** What {@link runConformance} needs. */
export interface ConformanceOptions {
  /** A client of the service to check. */
  readonly client: BlazeMeterClient;
  /**
   * `true`: also creates up to three keys that expire within a day, regenerates and deletes them. For a throw-away account.
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
  readonly provenance: Provenance;
  /** What was observed, in words. */
  readonly seen: string;
  /** Whether that is as expected; `null`: it was not checked, or cannot be decided. */
  readonly agrees: boolean | null;
  /** When it was checked, as ISO text. */
  readonly date: string;
}

/**
 * Checks for every behaviour of the reference whether a service has it too. Only reads, unless `write` is `true`. Never
 * rejects because of a response of the service.
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
  if (typeof options?.client?.withOptions !== 'function')
    throw new TypeError('runConformance: client must be a BlazeMeterClient.');
  const { write = false } = options;
  // Secrets of keys to throw away are not stored.
  const client = options.client.withOptions({ onNewSecret: () => undefined });
  const probe: Probe = {
    client,
    nonce: makeNonce(),
    account: once(async () => (await client.accounts.list({ limit: 1 })).items[0]?.id),
    key: once(async () => (await client.apiKeys.list({ limit: 1 })).items[0]),
  };
  const found = new Map<string, Finding & { readonly date: string }>();
  const report = (id: string, seen: Finding): void => {
    found.set(id, { ...seen, date: new Date().toISOString() });
  };

  for (const { id, run } of READS) {
    try {
      report(id, await run(probe));
    } catch (error) {
      report(id, findingIn(error));
    }
  }
  const left = write ? await runWriteChecks({ probe, report }) : [];

  const otherwise = (id: string): Finding =>
    !WRITES.some((known) => known === id)
      ? unchecked('it cannot be checked from outside')
      : unchecked(write ? 'an earlier step failed' : 'it needs a key to throw away (write: true)');
  const date = new Date().toISOString();
  const lines = behaviours(documented, routesOf(client)).map(
    ({ id, behaviour, value, provenance }): ConformanceLine => ({
      id,
      behaviour,
      expected: value,
      provenance,
      ...(found.get(id) ?? { ...otherwise(id), date }),
    }),
  );
  return write ? [...lines, cleanup(left, date)] : lines;
}

/** The routes as this client sends them: where it is corrected, only that is confirmed. */
const routesOf = ({ operations }: BlazeMeterClient): Route[] => {
  const sent = new Map(Object.entries(operations));
  return routes.map((route) => {
    const { method, path } = sent.get(route.operation) ?? route;
    return { ...route, method, path };
  });
};

const cleanup = (left: readonly string[], date: string): ConformanceLine => ({
  id: 'cleanup',
  behaviour: 'what this run created',
  expected: 'all of it is deleted',
  provenance: 'assumed',
  seen: left.length === 0 ? 'all of it is deleted' : `delete by hand: ${left.join(', ')}`,
  agrees: left.length === 0,
  date,
});

const makeNonce = (): string =>
  [...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, '0')).join('');
