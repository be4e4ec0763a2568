// What callers give to a rotation that keeps no record, checked and with the defaults laid in, and what it tells them.

import type { ExpirationPeriod } from '../../api/expiration.ts';
import { type CredentialsInput, parseCredentials } from '../../auth/credentials.ts';
import { type Span, spanMs } from '../../util/duration.ts';
import { checkBase } from '../../util/key-name.ts';
import {
  checkLeakedSince,
  checkReason,
  type NextKeyOptions,
  readDrain,
  readTiming,
} from '../engine/options.ts';
import type { RotationReport } from '../engine/report.ts';
import type { Timing } from '../engine/run.ts';
import type { Pair } from '../engine/service.ts';
import { checkSinks, type SecretSink } from '../engine/sink.ts';
import type { RotationReason } from '../record/record.ts';

/** Options of `rotateWithoutRecord`. */
export interface UnrecordedOptions extends NextKeyOptions {
  /**
   * The first part of the names of the keys to come. All runs of one name end each other's work, so give each place that
   * has a key of its own a name of its own, such as `github.my-org.my-repo`.
   */
  readonly name: string;
  /** The pair in use: what the sinks give to this very run, as in the environment of a CI job. */
  readonly credentials: CredentialsInput | string;
  /**
   * Who gets the new pair; at least one. Put to in this order: the first should be the one that feeds `credentials`, so
   * that the next run has the pair although another sink has failed.
   */
  readonly sinks: readonly SecretSink[];
  /**
   * Why. `expiry`: only when the key runs out within the window. `schedule`: in any case, unless the drain of the rotation
   * before is still under way. `leak`: at once, and the old keys go without a drain. Default: `expiry`.
   */
  readonly reason?: RotationReason | undefined;
  /** With `expiry`: how long before its end a key is rotated. Default: 20 % of its life, and 30 days at most. */
  readonly within?: Span | undefined;
  /** An older key is not deleted while it was used within this time. Default: the drain. `0`: it goes in any case. */
  readonly quietFor?: Span | undefined;
  /**
   * The id of the key made by hand that the first run replaces: it is deleted after the drain, like one of ours.
   * Without it, a key made by hand is left alone.
   */
  readonly replaces?: string | undefined;
  /**
   * Another key of the same user: signs where the given pair is refused, and lets a leaked key be deleted before the sinks
   * are told.
   */
  readonly recovery?: CredentialsInput | string | undefined;
  /** With `reason: 'leak'`: since when. Keys made since then are listed. Default: since the leaked key was made. */
  readonly leakedSince?: Date | undefined;
  /** Only look, and say what would be done. Nothing is created, changed, put or deleted. Default: false. */
  readonly dryRun?: boolean | undefined;
  /** Bounds of what a run waits for. */
  readonly timing?: Partial<Timing> | undefined;
  /** Ends the run; the next one goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** The outcome of a run without a record. It holds no secret. */
export interface UnrecordedReport extends RotationReport {
  /**
   * The key of the pair that the run was given. Where `rotated` is false and this is not `keyId`, the run was given an
   * older pair than the sinks hold, as a job is that was queued before a rotation: it has changed nothing.
   */
  readonly givenKeyId: string;
}

/** The options as they are used. */
export interface Wishes {
  readonly base: string;
  readonly given: Pair;
  readonly sinks: readonly SecretSink[];
  readonly reason: RotationReason;
  readonly within: Span | undefined;
  readonly expiresIn: ExpirationPeriod | 'max' | undefined;
  readonly drainMs: number;
  readonly quietForMs: number | undefined;
  readonly replaces: string | undefined;
  readonly recovery: Pair | undefined;
  readonly leakedSince: Date | undefined;
  readonly dryRun: boolean;
  readonly timing: Timing;
}

export function readUnrecordedOptions(options: UnrecordedOptions): Wishes {
  const { sinks, reason = 'expiry', recovery, quietFor, within } = options;
  const base = checkBase(options.name);
  const given = parseCredentials(options.credentials);
  if (!Array.isArray(sinks) || sinks.length === 0)
    throw new TypeError('Without a record there must be a sink that keeps the new pair: give at least one.');
  checkSinks(sinks);
  checkReason(reason);
  checkLeakedSince(options.leakedSince);
  if (within !== undefined) spanMs(within, 'within');
  return {
    base,
    given,
    sinks,
    reason,
    within,
    expiresIn: options.expiresIn,
    drainMs: readDrain(options.drain),
    quietForMs: quietFor === undefined ? undefined : spanMs(quietFor, 'quietFor'),
    replaces: options.replaces,
    recovery: recovery === undefined ? undefined : parseCredentials(recovery, 'The recovery credentials'),
    leakedSince: options.leakedSince,
    dryRun: options.dryRun === true,
    timing: readTiming(options.timing),
  };
}
