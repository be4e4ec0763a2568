// The record of a rotation: everything that must outlive the process. It is written before and after each step that
// changes something at BlazeMeter, so that the next run knows what may have happened.

import type { Secret } from '../../auth/secret.ts';

/**
 * Why a key is rotated. `expiry` and `schedule` use two keys, so that no reader is ever without one; `leak` makes the
 * leaked secret worthless at once.
 */
export type RotationReason = 'expiry' | 'schedule' | 'leak';

/**
 * How far a rotation is.
 *
 * - `idle`: nothing is under way.
 * - `creating`: the key named in `pending` is to be created, or may have been.
 * - `regenerating`: the secret of the leaked key is to be regenerated, or may have been.
 * - `testing`: the new credentials are stored in `pending` and have not been tested yet.
 * - `delivering`: the new credentials are `current`; not all sinks have acknowledged them.
 * - `draining`: readers have time to leave `previous`.
 * - `retiring`: the keys in `retire` are to be deleted.
 */
export type RotationPhase =
  | 'idle'
  | 'creating'
  | 'regenerating'
  | 'testing'
  | 'delivering'
  | 'draining'
  | 'retiring';

/** A key and its secret, as the record holds them. */
export interface HeldKey {
  readonly id: string;
  readonly secret: Secret;
  readonly name: string | null;
  readonly createdAt: Date | null;
  readonly expiresAt: Date | null;
}

/** The key that is to be the next one. */
export interface PendingKey {
  /** `create`: a new key beside the current one. `regenerate`: a new secret for the current one. */
  readonly strategy: 'create' | 'regenerate';
  /** What signs: the current key, the recovery credentials, or the regenerated key itself. */
  readonly signer: 'current' | 'recovery' | 'self';
  readonly reason: RotationReason;
  readonly nonce: string;
  /** The name under which the key is created, and found again. */
  readonly name: string;
  /** The epoch that it will have. */
  readonly epoch: number;
  /** When this was written, by the server's clock: our key was created after it. */
  readonly preparedAt: Date;
  /** For how many days it is asked for. */
  readonly days: number;
  /** How long readers get to leave the key before it, in milliseconds. */
  readonly drainMs: number;
  /** Since when the old secret has leaked, where that is known. */
  readonly leakedSince: Date | null;
  /** The new credentials, once they are known. */
  readonly key: HeldKey | null;
}

/** The last promotion: what its drain is counted from. */
export interface Promotion {
  readonly reason: RotationReason;
  /** By the server's clock. */
  readonly promotedAt: Date;
  readonly drainMs: number;
  /** When the drain ends, by the server's clock; `null` while sinks have yet to acknowledge. */
  readonly drainUntil: Date | null;
  readonly leakedSince: Date | null;
}

/** What a sink has acknowledged. */
export interface SinkHolding {
  readonly name: string;
  /** The key that it holds, as far as it has acknowledged one. */
  readonly keyId: string | null;
  /** The epoch of what it holds. */
  readonly epoch: number | null;
}

/** A key that is to be deleted. It stays on the list until the service says that it is gone. */
export interface RetiringKey {
  readonly id: string;
  readonly name: string | null;
  /** Known unless the key was found by its name alone. */
  readonly secret: Secret | null;
}

/** Who works on the record, and until when others leave it alone. */
export interface Lease {
  readonly owner: string;
  readonly until: Date;
}

/** The record of one rotated key. Secrets are `Secret` objects: printed or written as JSON, it shows `[secret]`. */
export interface RotationRecord {
  /** Of this document's form. */
  readonly version: 1;
  /** Part of the name of every key that is created for this record. */
  readonly id: string;
  /** The first part of these names. */
  readonly name: string;
  /** Rises by one with each promotion, and never falls. */
  readonly epoch: number;
  /** The write id, different in every write: a write whose response was lost is recognised by it. */
  readonly stamp: string;
  readonly phase: RotationPhase;
  /** The credentials to use. */
  readonly current: HeldKey;
  /** The credentials before them, while their readers have time to leave. */
  readonly previous: HeldKey | null;
  readonly pending: PendingKey | null;
  readonly promotion: Promotion | null;
  readonly sinks: readonly SinkHolding[];
  readonly retire: readonly RetiringKey[];
  readonly lease: Lease | null;
}
