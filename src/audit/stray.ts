// Keys that rotations have left behind, recognised by their names and by the known records.

import type { ApiKey } from '../schemas/api-key.ts';
import { type KeyName, readKeyName } from '../util/key-name.ts';

/** What an audit needs of the record of a rotation: a `RotationRecord` has it. No secret is among it. */
export interface KnownRecord {
  readonly id: string;
  readonly epoch: number;
  readonly current: { readonly id: string };
  readonly previous: { readonly id: string } | null;
  readonly pending: { readonly name: string; readonly key: { readonly id: string } | null } | null;
  readonly retire: readonly { readonly id: string }[];
}

/** A key that was left behind, why, and the other keys of its record. */
export interface Stray {
  readonly key: ApiKey;
  readonly why: string;
  readonly related: readonly string[];
}

/** The most related keys in a finding: of a thousand keys with one name, each would otherwise list all the others. */
const NAMED = 20;

/** The ids of the others in a group, as many as a finding names. */
export const othersOf = (group: readonly ApiKey[], key: ApiKey): string[] =>
  group
    .slice(0, NAMED + 1)
    .filter((other) => other !== key)
    .slice(0, NAMED)
    .map(({ id }) => id);

interface RotatedKey {
  readonly key: ApiKey;
  readonly parts: KeyName;
}

const heldBy = ({ current, previous, pending, retire }: KnownRecord, { id, name }: ApiKey): boolean =>
  [current.id, previous?.id, pending?.key?.id, ...retire.map((key) => key.id)].includes(id) ||
  pending?.name === name;

/** By the records: a key that was created for one of them that does not hold it, or for none of them. */
function byRecords(keys: readonly RotatedKey[], records: readonly KnownRecord[]): Stray[] {
  return keys.flatMap(({ key, parts }) => {
    const record = records.find(({ id }) => id === parts.recordId);
    if (record === undefined)
      return [
        {
          key,
          why: `it was created for record ${parts.recordId}, which is not among those given`,
          related: [],
        },
      ];
    if (heldBy(record, key)) return [];
    const why =
      parts.epoch > record.epoch
        ? `it was created for epoch ${parts.epoch} of record ${record.id}, which is at ${record.epoch}: the record may be an old copy`
        : `record ${record.id} does not hold it (epoch ${parts.epoch}; the record is at ${record.epoch})`;
    return [{ key, why, related: [record.current.id] }];
  });
}

/** By names alone: of the keys of one record, all but the newest. While a rotation drains, that is normal. */
function byNames(keys: readonly RotatedKey[]): Stray[] {
  const records = new Map<string, RotatedKey[]>();
  for (const one of keys) {
    const { recordId } = one.parts;
    const sisters = records.get(recordId);
    if (sisters === undefined) records.set(recordId, [one]);
    else sisters.push(one);
  }
  return [...records].flatMap(([recordId, sisters]) => {
    const newest = sisters.reduce((most, { parts }) => Math.max(most, parts.epoch), 0);
    const twins = sisters.filter(({ parts }) => parts.epoch === newest).length;
    const group = sisters.map(({ key }) => key);
    return sisters.flatMap(({ key, parts: { epoch } }) => {
      const related = othersOf(group, key);
      if (epoch < newest)
        return [
          {
            key,
            why: `it is of epoch ${epoch} of record ${recordId}, and there is a key of epoch ${newest}; while that rotation is in progress, this is normal`,
            related,
          },
        ];
      return twins > 1
        ? [{ key, why: `record ${recordId} has ${twins} keys of epoch ${epoch}`, related }]
        : [];
    });
  });
}

/** The keys that rotations created, and those of them that were left behind. */
export function findStrays(
  keys: readonly ApiKey[],
  records: readonly KnownRecord[] | undefined,
): { readonly created: readonly ApiKey[]; readonly strays: readonly Stray[] } {
  const ours = keys.flatMap((key) => {
    const parts = readKeyName(key.name);
    return parts === undefined ? [] : [{ key, parts }];
  });
  return {
    created: ours.map(({ key }) => key),
    strays: records === undefined ? byNames(ours) : byRecords(ours, records),
  };
}
