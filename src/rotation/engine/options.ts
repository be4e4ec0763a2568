// What callers give to a rotation, checked and with the defaults laid in.

import type { ExpirationPeriod } from '../../api/expiration.ts';
import { type CredentialsInput, parseCredentials } from '../../auth/credentials.ts';
import { type Span, spanMs } from '../../util/duration.ts';
import { newNonce } from '../../util/key-name.ts';
import type { RotationReason } from '../record/record.ts';
import type { Writer } from '../record/record-session.ts';
import type { CredentialStore } from '../stores/store.ts';
import type { Timing } from './run.ts';
import { DEFAULT_DRAIN } from './schedule.ts';
import type { Pair } from './service.ts';
import { checkSinks, type SecretSink } from './sink.ts';

/** Options of every run. */
export interface RunOptions {
  /** Where the record is. Each rotated key has a store of its own. */
  readonly store: CredentialStore;
  /** Who gets the new pair besides the store. Default: nobody. */
  readonly sinks?: readonly SecretSink[] | undefined;
  /** Another key of the same user: signs where the current one cannot. */
  readonly recovery?: CredentialsInput | string | undefined;
  /** Only look, and say what would be done. Nothing is written, created, changed or deleted. Default: false. */
  readonly dryRun?: boolean | undefined;
  /**
   * Who works on the record. A run of the same owner takes its own lease back at once: in a CI system give the run
   * without its attempt. Default: somebody new each time.
   */
  readonly owner?: string | undefined;
  /** For how long after each write others leave the record alone. Default: 5 minutes. */
  readonly lease?: Span | undefined;
  /** Work on although somebody else's lease has not run out, because they are surely dead. Default: false. */
  readonly takeOver?: boolean | undefined;
  /**
   * What to do where somebody else works on the record, or takes it over in the middle of this run. `throw`: end with
   * `rotation_busy` or `rotation_conflict`. `read`: do no more, and say so in the report (`busy`): what a process of a
   * fleet wants, since it reads what the other one writes. Default: `throw`.
   */
  readonly whenBusy?: 'throw' | 'read' | undefined;
  /**
   * An old key that was used after the promotion is not deleted while it lasts. With this, it is once it was not used
   * for so long; `0`: in any case.
   */
  readonly quietFor?: Span | undefined;
  /** Names of sinks that the record waits for, and that are no longer there. */
  readonly dropSinks?: readonly string[] | undefined;
  /** Bounds of what a run waits for. */
  readonly timing?: Partial<Timing> | undefined;
  /** Ends the run; the record holds how far it came. */
  readonly signal?: AbortSignal | undefined;
}

/** How the next key is to be. */
export interface NextKeyOptions {
  /** How long the new key lives, or `'max'`. Default: as long as the one before it, or as its account allows. */
  readonly expiresIn?: ExpirationPeriod | 'max' | undefined;
  /** How long readers get to leave the old key. Default: 1 day. */
  readonly drain?: Span | undefined;
}

/** Options of `rotate`. */
export interface RotateOptions extends RunOptions, NextKeyOptions {
  /** Why; it decides how. See {@link RotationReason}. */
  readonly reason: RotationReason;
  /** With `reason: 'leak'`: since when. Keys made since then are listed. Default: since the leaked key was made. */
  readonly leakedSince?: Date | undefined;
  /**
   * With `reason: 'leak'` and no recovery credential: let the leaked key give itself a new secret. If the process dies in
   * that moment, nobody has the new one. Default: false, which makes a new key and deletes the leaked one.
   */
  readonly allowSelf?: boolean | undefined;
}

/** Options of `rotateIfExpiring`. */
export interface RotateIfExpiringOptions extends RunOptions, NextKeyOptions {
  /** How long before its end a key is rotated. Default: 20 % of its life, and 30 days at most. */
  readonly within?: Span | undefined;
}

/** Options of `adopt`. */
export interface AdoptOptions {
  readonly store: CredentialStore;
  /** The first part of the names of the keys to come: for your reference. */
  readonly name: string;
  /** The pair to begin with. */
  readonly credentials: CredentialsInput | string;
  readonly signal?: AbortSignal | undefined;
}

const DEFAULT_LEASE = 5 * 60_000;
const REASONS: readonly RotationReason[] = ['expiry', 'schedule', 'leak'];

/** Options of a run as they are used. */
export interface ReadOptions {
  readonly writer: Writer;
  readonly recovery: Pair | undefined;
  readonly sinks: readonly SecretSink[];
  readonly dropSinks: readonly string[];
  readonly timing: Timing;
  readonly quietForMs: number | undefined;
}

export function readRunOptions(options: RunOptions): ReadOptions {
  const { sinks = [], recovery, quietFor, timing, whenBusy = 'throw', owner } = options;
  checkSinks(sinks);
  if (whenBusy !== 'throw' && whenBusy !== 'read') throw new TypeError("whenBusy is 'throw' or 'read'.");
  if (owner !== undefined && (typeof owner !== 'string' || owner === ''))
    throw new TypeError('owner is a text that is not empty. Leave it out for somebody new each time.');
  return {
    writer: {
      owner: owner ?? `run ${newNonce()}`,
      leaseMs: options.lease === undefined ? DEFAULT_LEASE : Math.max(1, spanMs(options.lease, 'lease')),
      takeOver: options.takeOver === true,
    },
    recovery: recovery === undefined ? undefined : parseCredentials(recovery, 'The recovery credentials'),
    sinks,
    dropSinks: options.dropSinks ?? [],
    timing: readTiming(timing),
    quietForMs: quietFor === undefined ? undefined : spanMs(quietFor, 'quietFor'),
  };
}

export function readTiming(timing: Partial<Timing> | undefined): Timing {
  const read = (name: keyof Timing, fallback: number): number => {
    const ms: unknown = timing?.[name] ?? fallback;
    // A bound that is no number is none.
    if (typeof ms !== 'number' || !Number.isFinite(ms) || ms < 0)
      throw new TypeError(`timing.${name} is a number of milliseconds.`);
    return ms;
  };
  return { testWithinMs: read('testWithinMs', 30_000), lookAgainMs: read('lookAgainMs', 1_000) };
}

export const readDrain = (drain: Span | undefined): number =>
  drain === undefined ? DEFAULT_DRAIN : spanMs(drain, 'drain');

/** With a date that is none, no key would have been made since: that would be said of a leak. */
export function checkLeakedSince(since: unknown): void {
  if (since !== undefined && !(since instanceof Date && !Number.isNaN(since.getTime())))
    throw new TypeError('leakedSince is a Date.');
}

export function checkReason(reason: unknown): void {
  if (!REASONS.some((one) => one === reason)) throw new TypeError(`reason is one of ${REASONS.join(', ')}.`);
}
