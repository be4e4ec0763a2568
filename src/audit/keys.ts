// The keys of an audit: all of the caller's user, with the server's time, each with the label of its owner. A key is named by
// its id, or by its name with `*` as a wildcard.

import type { BlazeMeterClient } from '../client.ts';
import { serverDate } from '../http/server-clock.ts';
import type { ApiKey } from '../schemas/api-key.ts';

/** Labels of the keys' owners, by key id or by name with `*` as a wildcard; or a function that returns them. */
export type Owners = Readonly<Record<string, string>> | ((key: ApiKey) => string | null | undefined);

/** A key in a report. All of it is data of the service, unchanged. */
export interface AuditedKey {
  readonly id: string;
  readonly name: string;
  /** The user that it belongs to, according to the service. */
  readonly userId: number | null;
  /** The label of its owner, from the option `owners`. */
  readonly owner: string | null;
  /** `null`: not returned. */
  readonly createdAt: Date | null;
  /** `null`: the service returned no expiry. */
  readonly expiresAt: Date | null;
  /** `null`: never used, or not returned. */
  readonly lastUsedAt: Date | null;
}

/** The clock of a report: the service's, from the Date header of its response, or this machine's where there is none. */
export type ReportClock = 'server' | 'local';

/** Something that could not be determined, and why. */
export interface Unknown<Rule extends string = string> {
  /** The rule that it concerns; `null`: all of the report. */
  readonly rule: Rule | null;
  /** In words. */
  readonly what: string;
  /** The ids of the keys that it concerns; empty: all of them. */
  readonly keys: readonly string[];
}

/** A report could not use the server's time. */
export const LOCAL_CLOCK = {
  rule: null,
  what: "No response had a usable Date header, so this machine's clock was used.",
  keys: [],
} as const satisfies Unknown;

/** The keys, and the time at which they were read. */
export interface KeySnapshot {
  readonly keys: readonly ApiKey[];
  readonly now: number;
  readonly clock: ReportClock;
}

/** Reads all keys of the caller's user. The time is that of the first response. `reader` is the function that asks. */
export async function fetchKeys(
  reader: string,
  client: Pick<BlazeMeterClient, 'apiKeys'>,
  signal: AbortSignal | undefined,
): Promise<KeySnapshot> {
  if (typeof client?.apiKeys?.list !== 'function')
    throw new TypeError(`${reader}: the first argument must be a BlazeMeterClient.`);
  const { data, response } = await client.apiKeys.list({}, { signal }).withResponse();
  const serverTime = serverDate(response.headers);
  const keys: ApiKey[] = [];
  for await (const key of data) keys.push(key);
  return { keys, now: serverTime ?? Date.now(), clock: serverTime === undefined ? 'local' : 'server' };
}

/** Whether a pattern matches a key. Not a regular expression, which a pattern from a file could make slow. */
export function matchesKey(pattern: string, { id, name }: Pick<ApiKey, 'id' | 'name'>): boolean {
  if (pattern === id) return true;
  const [first = '', ...parts] = pattern.split('*');
  const last = parts.pop();
  if (last === undefined) return name === pattern;
  if (!name.startsWith(first)) return false;
  let at = first.length;
  for (const part of parts) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return name.length - last.length >= at && name.endsWith(last);
}

/** Checks the option `owners`. */
export function readOwners(owners: Owners | undefined): (key: ApiKey) => string | null {
  if (owners === undefined) return () => null;
  if (typeof owners === 'function') return (key) => owners(key) ?? null;
  if (typeof owners !== 'object' || owners === null) throw notOwners();
  const labels = Object.entries(owners);
  if (labels.some(([, label]) => typeof label !== 'string')) throw notOwners();
  return (key) => {
    // The id of the key takes precedence over patterns.
    const label =
      labels.find(([id]) => id === key.id) ?? labels.find(([pattern]) => matchesKey(pattern, key));
    return label?.[1] ?? null;
  };
}

const notOwners = (): TypeError =>
  new TypeError(
    "owners must be a function, or an object of labels by key id or name, such as { 'deploy-*': 'team web' }.",
  );

/** A key as reports show it. */
export const audited = (key: ApiKey, ownerOf: (key: ApiKey) => string | null): AuditedKey => ({
  id: key.id,
  name: key.name,
  userId: key.userId,
  owner: ownerOf(key),
  createdAt: key.createdAt,
  expiresAt: key.expiresAt,
  lastUsedAt: key.lastUsedAt,
});
