// The options of all rotation calls: their types, their checks, and the settings that the engine reads.

import * as z from 'zod/mini';
import { daysToMs, type ExpirationPeriod } from '../../api/expiration.ts';
import { type CredentialsInput, parseCredentials } from '../../auth/credentials.ts';
import { DURATION_FORM, type Duration, durationMs, isDuration } from '../../util/duration.ts';
import { checkBase, newNonce } from '../../util/key-name.ts';
import { type OptionSpecs, parseOptions, spec } from '../../util/options.ts';
import type { RotationReason } from '../record/record.ts';
import type { Writer } from '../record/record-session.ts';
import type { CredentialStore } from '../stores/store.ts';
import type { KeyCredentials } from './service.ts';
import { checkSinks, type SecretSink } from './sink.ts';

/** How long readers get by default. */
const DEFAULT_DRAIN_MS = daysToMs(1);

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
   * key, which that sink may still hold.
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
   * How often the job runs. A run rotates the key if it would expire before the run after next. A new key lives at least
   * twice as long as `every`; where that is not allowed, the run fails. Pass it in place of `within`, and not after a leak.
   */
  readonly every?: Duration | undefined;
  /**
   * The lifetime of the new key, or `'max'`. Default: that of the previous key, at least twice `every`, and at most what the
   * accounts allow.
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

/** The settings that both kinds of rotation share. */
export interface RunSettings {
  readonly reason: RotationReason;
  readonly sinks: readonly SecretSink[];
  readonly dropSinks: readonly string[];
  readonly recovery: KeyCredentials | undefined;
  readonly leakedSince: Date | undefined;
  readonly allowSelf: boolean;
  readonly expiresIn: ExpirationPeriod | 'max' | undefined;
  readonly drainMs: number;
  readonly withinMs: number | undefined;
  /** The time between two scheduled runs. */
  readonly everyMs: number | undefined;
  /** After how long without a use an old key may be deleted; `undefined`: see `quietFor` of the options. */
  readonly quietForMs: number | undefined;
  readonly dryRun: boolean;
  readonly timing: Timing;
  readonly signal: AbortSignal | undefined;
}

/** The settings of a run with a record. */
export interface RecordSettings extends RunSettings {
  readonly store: CredentialStore;
  readonly writer: Writer;
  readonly whenBusy: 'throw' | 'read';
}

/** The settings of a run without a record. */
export interface UnrecordedSettings extends RunSettings {
  /** The first part of the names of the keys. */
  readonly base: string;
  readonly given: KeyCredentials;
  readonly replaces: string | undefined;
}

const DEFAULT_LEASE_MS = 5 * 60_000;

const reason = z.enum(['expiry', 'schedule', 'leak'], 'one of expiry, schedule, leak');
const nonEmpty = z.string('a non-empty string').check(z.minLength(1, 'a non-empty string'));
const duration = z.custom(isDuration, DURATION_FORM);
const store = z.custom(
  (value) => typeof value === 'object' && value !== null && 'read' in value && 'write' in value,
  'a store with the methods read and write',
);

/** Shared by all rotations. */
const COMMON: OptionSpecs = {
  sinks: spec.list,
  recovery: spec.any,
  reason,
  leakedSince: z.date('a valid Date'),
  expiresIn: spec.any,
  drain: duration,
  within: duration,
  every: duration,
  quietFor: duration,
  dryRun: spec.flag,
  timing: spec.record,
  signal: spec.signal,
};
/** One object of options serves `rotate`, `resume` and `rotateIfExpiring`. */
const WITH_RECORD: OptionSpecs = {
  ...COMMON,
  store,
  allowSelf: spec.flag,
  dropSinks: spec.list,
  owner: nonEmpty,
  lease: duration,
  takeOver: spec.flag,
  whenBusy: z.enum(['throw', 'read'], "'throw' or 'read'"),
};
const WITHOUT_RECORD: OptionSpecs = {
  ...COMMON,
  name: spec.any,
  credentials: spec.any,
  replaces: spec.string,
};
const ADOPT: OptionSpecs = { store, name: spec.any, credentials: spec.any, signal: spec.signal };

const milliseconds = z
  .number('a finite number of milliseconds, 0 or more')
  .check(z.gte(0, 'a finite number of milliseconds, 0 or more'));
const TIMING: OptionSpecs = { testWithinMs: milliseconds, lookAgainMs: milliseconds };

type AllOptions = RotateOptions & RotateIfExpiringOptions & UnrecordedOptions;
type Given = { readonly [Name in keyof AllOptions]?: AllOptions[Name] | undefined };

function commonSettings(owner: string, given: Given): Omit<RunSettings, 'reason'> {
  const { sinks = [], recovery, quietFor, within, every, drain } = given;
  checkSinks(sinks);
  if (every !== undefined && (within !== undefined || given.reason === 'leak'))
    throw new TypeError(
      `${owner}: every is for scheduled runs, and says when a key is due: it goes neither with within nor with the reason leak.`,
    );
  const everyMs = every === undefined ? undefined : durationMs(every, 'every');
  if (everyMs === 0) throw new TypeError(`${owner}: every must be longer than 0.`);
  return {
    sinks,
    dropSinks: given.dropSinks ?? [],
    recovery: recovery === undefined ? undefined : parseCredentials(recovery, 'The recovery credentials'),
    leakedSince: given.leakedSince,
    allowSelf: given.allowSelf === true,
    expiresIn: given.expiresIn,
    drainMs: drain === undefined ? DEFAULT_DRAIN_MS : durationMs(drain, 'drain'),
    withinMs: within === undefined ? undefined : durationMs(within, 'within'),
    everyMs,
    quietForMs: quietFor === undefined ? undefined : durationMs(quietFor, 'quietFor'),
    dryRun: given.dryRun === true,
    timing: {
      testWithinMs: 30_000,
      lookAgainMs: 1_000,
      ...parseOptions(`${owner}: timing`, TIMING, given.timing),
    },
    signal: given.signal,
  };
}

/** Checks the options of `rotate`, `resume` and `rotateIfExpiring`. */
export function recordSettings(
  call: 'rotate' | 'resume' | 'rotateIfExpiring',
  options: RotateOptions | RotateIfExpiringOptions | RunOptions,
): RecordSettings {
  const given = parseOptions<Given>(call, WITH_RECORD, options);
  if (given.store === undefined) throw new TypeError(`${call}: store is missing.`);
  if (call === 'rotate' && given.reason === undefined)
    throw new TypeError('rotate: reason is missing: one of expiry, schedule, leak.');
  const { lease } = given;
  return {
    ...commonSettings(call, given),
    reason: call === 'rotate' && given.reason !== undefined ? given.reason : 'expiry',
    store: given.store,
    whenBusy: given.whenBusy ?? 'throw',
    writer: {
      owner: given.owner ?? `run ${newNonce()}`,
      leaseMs: lease === undefined ? DEFAULT_LEASE_MS : Math.max(1, durationMs(lease, 'lease')),
      takeOver: given.takeOver === true,
    },
  };
}

/** Checks the options of `rotateWithoutRecord`. */
export function unrecordedSettings(options: UnrecordedOptions): UnrecordedSettings {
  const given = parseOptions('rotateWithoutRecord', WITHOUT_RECORD, options);
  if (!((given.sinks?.length ?? 0) > 0))
    throw new TypeError(
      'rotateWithoutRecord: sinks must hold at least one sink: without a record, nothing else keeps the new credentials.',
    );
  return {
    ...commonSettings('rotateWithoutRecord', given),
    reason: given.reason ?? 'expiry',
    base: checkBase(given.name),
    given: parseCredentials(given.credentials),
    replaces: given.replaces,
  };
}

/** Checks the options of `adopt`. */
export function adoptSettings(
  options: AdoptOptions,
): AdoptOptions & { readonly credentials: KeyCredentials } {
  const given = parseOptions('adopt', ADOPT, options);
  if (given.store === undefined) throw new TypeError('adopt: store is missing.');
  return { ...given, name: checkBase(given.name), credentials: parseCredentials(given.credentials) };
}
