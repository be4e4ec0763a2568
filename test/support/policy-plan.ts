// A plan of a policy, put together by hand: of one key that is longer than the three months that are wanted.
import type { PlannedKey, PolicyPlan } from '../../src/rotation/plan.ts';
import { planReadings } from '../../src/rotation/plan-readings.ts';

export const DAY = 86_400_000;
export const NOW = Date.UTC(2030, 5, 1, 12, 34, 56);
export const KEY_ID = '7e57ed000000000000000001';

export const keyOf = (more: Partial<PlannedKey> = {}): PlannedKey => ({
  id: KEY_ID,
  name: 'deploy',
  userId: 1,
  owner: null,
  createdAt: new Date(NOW),
  expiresAt: new Date(NOW + 400 * DAY),
  lastUsedAt: null,
  longer: 'yes',
  inUse: false,
  expired: false,
  ...more,
});

export const readingsOf = (keys: readonly PlannedKey[], shrinks = true, before: number | null = null) =>
  planReadings({
    keys: keys.map(({ id, name, userId, createdAt, expiresAt }) => ({
      id,
      name,
      userId,
      createdAt,
      updatedAt: createdAt,
      expiresAt,
      lastUsedAt: null,
      extra: {},
    })),
    now: NOW,
    shrinks,
    before,
    after: 90,
    keyInUse: null,
  });

export type Told = Omit<PolicyPlan, 'lines'>;

/** A plan of one key that is longer than the three months that are wanted. */
export function plan(more: Partial<Told> = {}): Told {
  const keys = more.keys ?? [keyOf()];
  return {
    kind: 'policy-plan',
    accountId: 7,
    accountName: 'Main',
    current: { maximum: 'unlimited', maximumDays: null },
    wanted: { maximum: '3 months', maximumDays: 90 },
    change: 'shrinks',
    boundBy: { accountId: 7, maximumDays: 90 },
    maySet: { answer: 'yes', roles: ['owner'], why: 'You are the owner.' },
    userId: 1,
    keyInUse: KEY_ID,
    keys,
    readings: readingsOf(keys),
    unseen: [],
    next: [],
    checkedAt: new Date(NOW),
    clock: 'server',
    ...more,
  };
}
