// The options of all rotation calls. settings.ts checks them.

import type { CredentialsInput } from '../../auth/credentials.ts';
import type { Duration } from '../../util/duration.ts';
import type { ExpirationPeriod } from '../../util/period.ts';
import type { RotationReason } from '../record/record.ts';
import type { CredentialStore } from '../stores/store.ts';
import type { SecretSink } from './sink.ts';

/** Bounds of what a run waits for. */
export interface Timing {
  /** How long new credentials may take until they are accepted everywhere, in milliseconds. Default: 30 000. */
  readonly testWithinMs: number;
  /** After how many milliseconds a list of keys is read again before a missing key is believed missing. Default: 1000. */
  readonly lookAgainMs: number;
}

/** Options of every run with a record. */
export interface RunOptions {
  /** Where the record is. Each rotated key has a store of its own. */
  readonly store: CredentialStore;
  /** Places besides the store that get the new credentials. Default: none. */
  readonly sinks?: readonly SecretSink[] | undefined;
  /** Another key of the same user: signs where the current one cannot. */
  readonly recovery?: CredentialsInput | string | undefined;
  /** Only read, and report what would be done. Nothing is written, created, changed or deleted. Default: false. */
  readonly dryRun?: boolean | undefined;
  /**
   * Who works on the record. A run of the same owner takes its own lease back at once: in a CI system give the run
   * without its attempt. Default: a new owner each time.
   */
  readonly owner?: string | undefined;
  /** For how long after each write other owners leave the record alone. Default: 5 minutes. */
  readonly lease?: Duration | undefined;
  /** Work on although another owner's lease has not expired, because that run is certainly dead. Default: false. */
  readonly takeOver?: boolean | undefined;
  /**
   * What to do where another run works on the record, or takes it over in the middle of this run. `throw`: end with
   * `rotation_busy` or `rotation_conflict`. `read`: do no more, and report `busy`; for a process of a fleet, which reads
   * what the other one writes. Default: `throw`.
   */
  readonly whenBusy?: 'throw' | 'read' | undefined;
  /**
   * When an old key that was used after the promotion is deleted: once it has not been used for this long, or with
   * `{ minutes: 0 }` regardless of use. Default: the drain if `every` is given; otherwise such a key is kept until it expires.
   */
  readonly quietFor?: Duration | undefined;
  /**
   * Names of sinks on record that no longer exist. A sink stays on record once it was given: a run without it keeps the old
   * key, which that sink may still hold. The report notes a name that is not on record.
   */
  readonly dropSinks?: readonly string[] | undefined;
  /** Bounds of what a run waits for. */
  readonly timing?: Partial<Timing> | undefined;
  /** Ends the run; the record holds how far it came. */
  readonly signal?: AbortSignal | undefined;
}

/** Options for the next key. */
export interface NextKeyOptions {
  /**
   * How often the job runs. A run rotates the key if it would expire before the run after next, which may start late. A new
   * key lives at least twice as long as `every`, and a day longer where that is allowed; where twice as long is not allowed, the
   * run fails. Pass it in place of `within`, and not after a leak.
   */
  readonly every?: Duration | undefined;
  /**
   * The lifetime of the new key, or `'max'`. Default: that of the previous key, at least what `every` needs, and at most what
   * the accounts allow.
   */
  readonly expiresIn?: ExpirationPeriod | 'max' | undefined;
  /** How long readers have to move to the new key. Default: 1 day. */
  readonly drain?: Duration | undefined;
}

/** Options of `rotate`. */
export interface RotateOptions extends RunOptions, NextKeyOptions {
  /** Why; it decides how. See {@link RotationReason}. */
  readonly reason: RotationReason;
  /** With `reason: 'leak'`: since when. Keys created since then are listed. Default: since the leaked key was created. */
  readonly leakedSince?: Date | undefined;
  /**
   * With `reason: 'leak'` and no recovery credentials: let the leaked key regenerate its own secret. If the process dies in
   * that moment, the new one is lost. Default: false, which creates a new key and deletes the leaked one.
   */
  readonly allowSelf?: boolean | undefined;
}

/** Options of `rotateIfExpiring`. */
export interface RotateIfExpiringOptions extends RunOptions, NextKeyOptions {
  /** How long before it expires a key is rotated. Default: 20 % of its lifetime, and 30 days at most. */
  readonly within?: Duration | undefined;
}

/** Options of `adopt`. */
export interface AdoptOptions {
  readonly store: CredentialStore;
  /** The first part of the names of the keys to come: for your reference. */
  readonly name: string;
  /** The credentials to begin with. */
  readonly credentials: CredentialsInput | string;
  readonly signal?: AbortSignal | undefined;
}

/** Options of `rotateWithoutRecord`. */
export interface UnrecordedOptions extends NextKeyOptions {
  /**
   * The first part of the names of the new keys. All runs with the same name continue each other's work, so choose a
   * different name for each key that you rotate, such as `github.my-org.my-repo`.
   */
  readonly name: string;
  /** The credentials in use: what the sinks give to this very run, as in the environment of a CI job. */
  readonly credentials: CredentialsInput | string;
  /**
   * Places that get the new credentials; at least one. Written in this order. The first must be the one that feeds
   * `credentials`: the next run has them although another sink has failed, and while the first fails no other is written.
   */
  readonly sinks: readonly SecretSink[];
  /**
   * Why the key is rotated. `expiry`: only if it is due by `within` or `every`. `schedule`: the same if `every` is given;
   * without it, in any case, unless the previous rotation is still draining. `leak`: at once; the old keys are deleted without
   * a drain. Default: `expiry`.
   */
  readonly reason?: RotationReason | undefined;
  /** With `expiry`: how long before it expires a key is rotated. Default: 20 % of its lifetime, and 30 days at most. */
  readonly within?: Duration | undefined;
  /**
   * An older key is not deleted while it was used within this time. Default: the drain. `{ minutes: 0 }`: it is deleted in
   * any case.
   */
  readonly quietFor?: Duration | undefined;
  /**
   * The id of the key created by hand that the first run replaces: it is deleted after the drain, like one of ours.
   * Without it, a key created by hand is left alone. Or the id of a key that an earlier run left over: it is deleted if the
   * service's limit of keys would prevent a new one.
   */
  readonly replaces?: string | undefined;
  /**
   * Another key of the same user. It signs if the given credentials are refused, and allows a leaked key to be deleted before
   * the sinks are written.
   */
  readonly recovery?: CredentialsInput | string | undefined;
  /** With `reason: 'leak'`: since when. Keys created since then are listed. Default: since the leaked key was created. */
  readonly leakedSince?: Date | undefined;
  /** Only read, and report what would be done. Nothing is created, changed, written or deleted. Default: false. */
  readonly dryRun?: boolean | undefined;
  /** Bounds of what a run waits for. */
  readonly timing?: Partial<Timing> | undefined;
  /** Ends the run; the next one goes on. */
  readonly signal?: AbortSignal | undefined;
}
