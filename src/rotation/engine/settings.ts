// The settings that a run works with: the options of the rotation calls, checked and with their defaults.

import * as z from 'zod/mini';
import { parseCredentials } from '../../auth/credentials.ts';
import { DURATION_FORM, durationMs, isDuration } from '../../util/duration.ts';
import { checkBase, newNonce } from '../../util/key-name.ts';
import { type OptionSpecs, parseOptions, spec } from '../../util/options.ts';
import { daysToMs, type ExpirationPeriod } from '../../util/period.ts';
import type { RotationReason } from '../record/record.ts';
import type { Writer } from '../record/record-session.ts';
import type { CredentialStore } from '../stores/store.ts';
import type {
  AdoptOptions,
  RotateIfExpiringOptions,
  RotateOptions,
  RunOptions,
  Timing,
  UnrecordedOptions,
} from './options.ts';
import type { KeyCredentials } from './service.ts';
import { checkSinks, type SecretSink } from './sink.ts';

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

/** How long readers get by default. */
const DEFAULT_DRAIN_MS = daysToMs(1);
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
