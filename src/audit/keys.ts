// What an audit sees of the keys: all that the caller's user has, by the server's clock, each with the label of whoever
// owns it. A key is named by its id, or by its name with `*` for anything.

import type { BlazeMeterClient } from '../client.ts';
import { httpDate } from '../http/retry-policy.ts';
import type { ApiKey } from '../schemas/api-key.ts';

/** Who is whose: labels by key id, or by name where `*` stands for anything; or a function that tells. */
export type Owners = Readonly<Record<string, string>> | ((key: ApiKey) => string | null | undefined);

/** A key as a report has it. All of it is data of the service, as it came. */
export interface AuditedKey {
  readonly id: string;
  readonly name: string;
  /** Whose key it is, by the service. */
  readonly userId: number | null;
  /** Whose key it is, by the labels that were given. */
  readonly owner: string | null;
  readonly createdAt: Date;
  /** `null`: the service gave no expiry. */
  readonly expiresAt: Date | null;
  /** `null`: never used, or the service does not say. */
  readonly lastUsedAt: Date | null;
}

/** By which clock a report was made: the service's, as its answer told the time, or this machine's where it told none. */
export type ReportClock = 'server' | 'local';

/** Something that could not be told, and why. */
export interface Unknown<Rule extends string = string> {
  /** The rule that it concerns; `null`: all of the report. */
  readonly rule: Rule | null;
  /** In words. */
  readonly what: string;
  /** The ids of the keys that it concerns; none: all of them. */
  readonly keys: readonly string[];
}

/** The keys, and the time at which they were read. */
export interface Look {
  readonly keys: readonly ApiKey[];
  readonly now: number;
  readonly clock: ReportClock;
}

/** Reads all keys of the caller's user. The time is that of the first answer. */
export async function lookAtKeys(
  client: Pick<BlazeMeterClient, 'apiKeys'>,
  signal: AbortSignal | undefined,
): Promise<Look> {
  const { data, response } = await client.apiKeys.list({}, { signal }).withResponse();
  const told = httpDate(response.headers.get('date') ?? '');
  const keys: ApiKey[] = [];
  for await (const key of data) keys.push(key);
  return { keys, now: told ?? Date.now(), clock: told === undefined ? 'local' : 'server' };
}

/** Whether a pattern means a key. No regular expression: a pattern from a file cannot make it slow. */
export function meansKey(pattern: string, { id, name }: Pick<ApiKey, 'id' | 'name'>): boolean {
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

/** Checks what was given as `owners`. */
export function readOwners(owners: Owners | undefined): (key: ApiKey) => string | null {
  if (owners === undefined) return () => null;
  if (typeof owners === 'function') return (key) => owners(key) ?? null;
  if (typeof owners !== 'object' || owners === null) throw notOwners();
  const labels = Object.entries(owners);
  if (labels.some(([, label]) => typeof label !== 'string')) throw notOwners();
  return (key) => {
    // What names the key itself goes before what names many.
    const label = labels.find(([id]) => id === key.id) ?? labels.find(([pattern]) => meansKey(pattern, key));
    return label?.[1] ?? null;
  };
}

const notOwners = (): TypeError =>
  new TypeError(
    "owners is a function, or an object of labels by key id or name, such as { 'deploy-*': 'team web' }.",
  );

/** A key as a report has it. */
export const audited = (key: ApiKey, ownerOf: (key: ApiKey) => string | null): AuditedKey => ({
  id: key.id,
  name: key.name,
  userId: key.userId,
  owner: ownerOf(key),
  createdAt: key.createdAt,
  expiresAt: key.expiresAt,
  lastUsedAt: key.lastUsedAt,
});
