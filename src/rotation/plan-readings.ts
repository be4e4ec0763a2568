// What becomes of existing keys when a maximum changes, under each way to read what BlazeMeter leaves open (S1).

import { daysToMs, SLACK_MS } from '../api/expiration.ts';
import { hasEnded, type Longer, longerThan } from '../audit/period.ts';
import type { ApiKey } from '../schemas/api-key.ts';

/**
 * A way to read what BlazeMeter leaves open: what becomes of existing keys that are longer than a new, smaller maximum.
 *
 * - `new-only`: nothing; the maximum holds for new keys.
 * - `block-on-use`: they are refused as long as they are longer than the maximum.
 * - `clamp`: they end when the new maximum, counted from the change, ends.
 * - `revoke`: they are deleted.
 */
export type ShrinkReading = 'new-only' | 'block-on-use' | 'clamp' | 'revoke';

/**
 * What becomes of a key. `accepted-again`: it is refused today under this reading, and would not be any more. `unclear`:
 * its dates do not tell whether it is longer than the maximum.
 */
export type PlannedOutcome = 'unchanged' | 'shortened' | 'refused' | 'deleted' | 'accepted-again' | 'unclear';

/** What becomes of one key under one reading. */
export interface PlannedEnd {
  /** Of the key. */
  readonly id: string;
  readonly outcome: PlannedOutcome;
  /** When it stops working, if the maximum is set at `checkedAt`; `null`: never, or not known. */
  readonly endsAt: Date | null;
  /** Whether it ends earlier than it does today. Never for one that has run out, or is refused already. */
  readonly endsEarlier: boolean;
  /** In words. */
  readonly why: string;
}

/** All visible keys under one reading. */
export interface PlanReading {
  readonly reading: ShrinkReading;
  /** No public source says which reading is right. */
  readonly provenance: 'assumed';
  /** The reading in words. */
  readonly meaning: string;
  /** Every visible key, in the order of `keys` in the plan. */
  readonly keys: readonly PlannedEnd[];
  /** How many keys end earlier than they do today. Unclear ones are not counted. */
  readonly affected: number;
  /** How many keys are unclear. */
  readonly unclear: number;
  /** What is seen today that speaks against this reading; `null`: nothing. A hint, and no proof. */
  readonly against: string | null;
}

/** What the readings are made from. */
export interface Change {
  readonly keys: readonly ApiKey[];
  readonly now: number;
  /** Whether the account's own maximum becomes smaller: only then anything is done to existing keys. */
  readonly shrinks: boolean;
  /** The maximum that binds the user before and after, in days; `null`: none. */
  readonly before: number | null;
  readonly after: number | null;
  readonly keyInUse: string | null;
}

type Rule = (key: ApiKey, change: Change) => Omit<PlannedEnd, 'id' | 'endsEarlier'>;

const days = (maximum: number | null): string => (maximum === null ? 'no limit' : `${maximum} days`);

const unchanged = (key: ApiKey, why = 'keeps its expiry'): Omit<PlannedEnd, 'id' | 'endsEarlier'> => ({
  outcome: 'unchanged',
  endsAt: key.expiresAt,
  why,
});

const UNCLEAR = {
  outcome: 'unclear',
  endsAt: null,
  why: 'its dates do not tell whether it is longer',
} as const;

const blockOnUse: Rule = (key, { now, before, after }) => {
  const was = longerThan(key, before, now);
  const becomes = longerThan(key, after, now);
  if (becomes === 'unclear') return UNCLEAR;
  if (becomes === 'no')
    return was === 'yes'
      ? {
          outcome: 'accepted-again',
          endsAt: key.expiresAt,
          why: `longer than ${days(before)}, within ${days(after)}`,
        }
      : unchanged(key);
  const why = `longer than ${days(after)}${was === 'yes' ? ', and refused already' : ''}`;
  return { outcome: 'refused', endsAt: new Date(now), why };
};

const clamp: Rule = (key, { now, shrinks, after }) => {
  if (!shrinks || after === null) return unchanged(key);
  if (key.expiresAt === null) return UNCLEAR;
  const latest = now + daysToMs(after);
  return key.expiresAt.getTime() > latest
    ? { outcome: 'shortened', endsAt: new Date(latest), why: `${days(after)} from the change` }
    : unchanged(key);
};

const revoke: Rule = (key, { now, shrinks, after }) => {
  if (!shrinks) return unchanged(key);
  const longer: Longer = longerThan(key, after, now);
  if (longer === 'unclear') return UNCLEAR;
  return longer === 'yes'
    ? { outcome: 'deleted', endsAt: new Date(now), why: `longer than ${days(after)}` }
    : unchanged(key);
};

/** What the keys of today say against a reading, if the maximum of today was ever made smaller. */
function against(reading: ShrinkReading, { keys, now, before, keyInUse }: Change): string | null {
  if (before === null) return null;
  const longer = keys.filter((key) => !hasEnded(key, now) && longerThan(key, before, now) === 'yes');
  const inUse = longer.some((key) => key.id === keyInUse);
  const late = keys.filter(
    ({ expiresAt }) => expiresAt !== null && expiresAt.getTime() > now + daysToMs(before) + SLACK_MS,
  );
  const but = 'It is a hint and no proof: how the key came to be so long is not known.';
  if (reading === 'block-on-use' && inUse)
    return `The key in use is longer than the ${before} days of today, and is accepted. ${but}`;
  if (reading === 'clamp' && late.length > 0)
    return `${late.length} visible ${late.length === 1 ? 'key ends' : 'keys end'} later than ${before} days from now, though that is the maximum of today. ${but}`;
  if (reading === 'revoke' && longer.length > 0)
    return `${longer.length} visible ${longer.length === 1 ? 'key is' : 'keys are'} longer than the ${before} days of today, and not deleted. ${but}`;
  return null;
}

const READINGS: readonly {
  readonly reading: ShrinkReading;
  readonly meaning: string;
  readonly rule: Rule;
}[] = [
  {
    reading: 'new-only',
    meaning: 'the maximum holds for new keys, and existing keys keep their expiry',
    rule: (key) => unchanged(key),
  },
  {
    reading: 'block-on-use',
    meaning: 'existing keys that are longer are refused (401) while they are longer than the maximum',
    rule: blockOnUse,
  },
  {
    reading: 'clamp',
    meaning: 'existing keys end, at the latest, when the new maximum ends, counted from the change',
    rule: clamp,
  },
  { reading: 'revoke', meaning: 'existing keys that are longer are deleted', rule: revoke },
];

/** The readings, each with what becomes of every key. */
export function planReadings(change: Change): PlanReading[] {
  return READINGS.map(({ reading, meaning, rule }) => {
    const keys = change.keys.map((key): PlannedEnd => {
      const planned = rule(key, change);
      const dead =
        hasEnded(key, change.now) ||
        (planned.outcome === 'refused' && longerThan(key, change.before, change.now) === 'yes');
      const hit = ['refused', 'shortened', 'deleted'].includes(planned.outcome);
      return { id: key.id, ...planned, endsEarlier: hit && !dead };
    });
    return {
      reading,
      provenance: 'assumed',
      meaning,
      keys,
      affected: keys.filter((key) => key.endsEarlier).length,
      unclear: keys.filter((key) => key.outcome === 'unclear').length,
      against: against(reading, change),
    };
  });
}
