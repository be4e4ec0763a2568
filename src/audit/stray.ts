// Keys that rotations have left behind, told by their names and by the records that are known.

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

/** A key that is a stray, why, and the keys that are not. */
export interface Stray {
  readonly key: ApiKey;
  readonly why: string;
  readonly related: readonly string[];
}

/** So many other keys are named by a finding: of a thousand with one name each would name all the others. */
const NAMED = 20;

/** The ids of the others in a group, as many as a finding names. */
export const othersOf = (group: readonly ApiKey[], key: ApiKey): string[] =>
  group
    .slice(0, NAMED + 1)
    .filter((other) => other !== key)
    .slice(0, NAMED)
    .map(({ id }) => id);

interface Made {
  readonly key: ApiKey;
  readonly made: KeyName;
}

const heldBy = ({ current, previous, pending, retire }: KnownRecord, { id, name }: ApiKey): boolean =>
  [current.id, previous?.id, pending?.key?.id, ...retire.map((key) => key.id)].includes(id) ||
  pending?.name === name;

/** By the records: a key that was made for one of them and that it does not hold, or for none of them. */
function byRecords(keys: readonly Made[], records: readonly KnownRecord[]): Stray[] {
  return keys.flatMap(({ key, made }) => {
    const record = records.find(({ id }) => id === made.recordId);
    if (record === undefined)
      return [
        { key, why: `it was made for record ${made.recordId}, which is not among those given`, related: [] },
      ];
    if (heldBy(record, key)) return [];
    const why =
      made.epoch > record.epoch
        ? `it was made for epoch ${made.epoch} of record ${record.id}, which is at ${record.epoch}: the record may be an old copy`
        : `record ${record.id} does not hold it (epoch ${made.epoch}; the record is at ${record.epoch})`;
    return [{ key, why, related: [record.current.id] }];
  });
}

/** By names alone: of the keys of one record, all but the newest. While a rotation drains, that is as it should be. */
function byNames(keys: readonly Made[]): Stray[] {
  const records = new Map<string, Made[]>();
  for (const one of keys) {
    const { recordId } = one.made;
    const sisters = records.get(recordId);
    if (sisters === undefined) records.set(recordId, [one]);
    else sisters.push(one);
  }
  return [...records].flatMap(([recordId, sisters]) => {
    const newest = sisters.reduce((most, { made }) => Math.max(most, made.epoch), 0);
    const twins = sisters.filter(({ made }) => made.epoch === newest).length;
    const group = sisters.map(({ key }) => key);
    return sisters.flatMap(({ key, made: { epoch } }) => {
      const related = othersOf(group, key);
      if (epoch < newest)
        return [
          {
            key,
            why: `it is of epoch ${epoch} of record ${recordId}, and there is a key of epoch ${newest}; while that rotation is under way, this is as it should be`,
            related,
          },
        ];
      return twins > 1
        ? [{ key, why: `record ${recordId} has ${twins} keys of epoch ${epoch}`, related }]
        : [];
    });
  });
}

/** The keys that rotations made, and the strays among them. */
export function findStrays(
  keys: readonly ApiKey[],
  records: readonly KnownRecord[] | undefined,
): { readonly made: readonly ApiKey[]; readonly strays: readonly Stray[] } {
  const ours = keys.flatMap((key) => {
    const made = readKeyName(key.name);
    return made === undefined ? [] : [{ key, made }];
  });
  return {
    made: ours.map(({ key }) => key),
    strays: records === undefined ? byNames(ours) : byRecords(ours, records),
  };
}
