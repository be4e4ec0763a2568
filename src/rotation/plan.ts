// What the plan of a policy holds.

import type { MaximumExpiration } from '../api/expiration.ts';
import type { AuditedKey, ReportClock } from '../audit/keys.ts';
import type { Longer } from '../audit/period.ts';
import type { Bound } from '../resources/policy-memory.ts';
import type { PlanReading } from './plan-readings.ts';

/** A maximum, in both forms. */
export interface PlannedMaximum {
  readonly maximum: MaximumExpiration;
  /** `null`: no limit. */
  readonly maximumDays: number | null;
}

/** A visible key. */
export interface PlannedKey extends AuditedKey {
  /** Whether it was made for longer than the maximum that would bind it. */
  readonly longer: Longer;
  /** Whether the client signs with it, as far as that is known. */
  readonly inUse: boolean;
  /** Whether it has run out, or does within two minutes. */
  readonly expired: boolean;
}

/** Whether the caller may set the maximum: the owner and admins may (documented). */
export interface MaySet {
  readonly answer: 'yes' | 'no' | 'unknown';
  /** The caller's roles in the account, as far as they could be read. */
  readonly roles: readonly string[];
  /** In words. */
  readonly why: string;
}

/** What a change of an account's maximum would do, as far as it can be told. */
export interface PolicyPlan {
  readonly kind: 'policy-plan';
  readonly accountId: number;
  readonly accountName: string | null;
  /** The account's maximum, read for this plan. */
  readonly current: PlannedMaximum;
  readonly wanted: PlannedMaximum;
  readonly change: 'shrinks' | 'widens' | 'none';
  /** The account that would bind the caller's keys after the change: the strictest of those visible. `null`: none sets a limit. */
  readonly boundBy: Bound | null;
  readonly maySet: MaySet;
  /** The caller: the keys are this user's. */
  readonly userId: number;
  /** The id of the key that the client signs with; `null`: not known, or not in the list. */
  readonly keyInUse: string | null;
  /** Every key that is visible, affected or not; those that end first go first. */
  readonly keys: readonly PlannedKey[];
  /** What becomes of the keys: `new-only`, `block-on-use`, `clamp` and `revoke`, in this order. */
  readonly readings: readonly PlanReading[];
  /** What cannot be seen from here. */
  readonly unseen: readonly PlanUnseen[];
  /** What to do, in this order. */
  readonly next: readonly string[];
  readonly checkedAt: Date;
  /** Whose time `checkedAt` is. */
  readonly clock: ReportClock;
  /** All of it for a person: each line may be printed as it is. */
  readonly lines: readonly string[];
}

/** Something that a plan cannot see. */
export interface PlanUnseen {
  /**
   * - `other-users`: the maximum holds for everybody in the account (documented), and their keys are not visible.
   * - `other-accounts`: whether another account binds the same keys (S2).
   * - `per-account`: whether the account holds its own content to its own maximum (S2).
   * - `period`: for how long keys were made that were changed later, or show no expiry.
   * - `key-in-use`: with which of the keys the client signs.
   * - `clock`: the service's time.
   */
  readonly code: 'other-users' | 'other-accounts' | 'per-account' | 'period' | 'key-in-use' | 'clock';
  /** In words. */
  readonly what: string;
}
