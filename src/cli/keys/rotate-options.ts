// The options of rotate, and what they mean to the rotation.

import type { CredentialsInput } from '../../auth/credentials.ts';
import { ciRunOwner } from '../../node/ci-owner.ts';
import { fromKeyFile } from '../../node/key-file.ts';
import type { NextKeyOptions, RunOptions } from '../../rotation/engine/options.ts';
import type { RotationReason } from '../../rotation/record/record.ts';
import type { Span } from '../../util/duration.ts';
import type { Options } from './command-line.ts';
import { type Context, pathOf } from './context.ts';
import { usage } from './exit-codes.ts';
import { readDate, readLife, readSpan } from './periods.ts';

export const ROTATE_OPTIONS: Options = {
  store: { value: '<file>', help: 'the record of the rotation; make one with adopt' },
  name: {
    value: '<name>',
    help: 'without a record: the first part of the names of the keys, one name for each rotated key',
  },
  'sink-file': { value: '<file>', many: true, help: 'a key file that gets the new pair; repeatable' },
  reason: { value: '<reason>', help: 'expiry (only if it is due), schedule or leak; default expiry' },
  resume: { help: 'only end what is under way' },
  within: { value: '<span>', help: "how long before its end a key is rotated, such as '30 days'" },
  'expires-in': {
    value: '<period>',
    help: 'how long the new key lives, or max; default as long as the old one',
  },
  drain: { value: '<span>', help: "how long readers get to leave the old key; default '1 day'" },
  'quiet-for': { value: '<span>', help: 'delete an old key that is still used after so long without a use' },
  'recovery-file': { value: '<file>', help: 'key file of another key of the same user' },
  'leaked-since': { value: '<date>', help: 'with --reason leak: since when' },
  'allow-self': { help: 'with --reason leak: let the leaked key give itself a new secret' },
  'drop-sink': { value: '<name>', many: true, help: 'a sink that is no longer there; repeatable' },
  'lease-owner': { value: '<name>', help: 'who works on the record; in a CI system the job, by default' },
  'take-over': { help: 'work on although somebody else does: they are surely dead' },
  'dry-run': { help: 'say what would be done, and change nothing' },
  'allow-in-git': { help: 'use a record or key file although git would track it' },
};

export function reasonOf({ given }: Context): RotationReason {
  const reason = given.text('reason') ?? 'expiry';
  if (reason === 'expiry' || reason === 'schedule' || reason === 'leak') return reason;
  throw usage('--reason is expiry, schedule or leak.');
}

/** The options that say how the next key is to be. */
interface Timing extends NextKeyOptions {
  readonly within?: Span | undefined;
}

export function givenTiming({ given }: Context): Timing {
  const drain = given.text('drain');
  const within = given.text('within');
  const expiresIn = given.text('expires-in');
  return {
    ...(drain === undefined ? {} : { drain: readSpan(drain, '--drain') }),
    ...(within === undefined ? {} : { within: readSpan(within, '--within') }),
    ...(expiresIn === undefined ? {} : { expiresIn: readLife(expiresIn, '--expires-in') }),
  };
}

/** A pair from a key file. */
export async function recoveryOf(context: Context): Promise<CredentialsInput | undefined> {
  const file = context.given.text('recovery-file');
  if (file === undefined) return undefined;
  return fromKeyFile(pathOf(context, file))({ reason: 'first', signal: context.interrupt.now });
}

/** What is the same for every kind of run. */
export async function runOptions(context: Context): Promise<Omit<RunOptions, 'store' | 'sinks'>> {
  const { given, io, interrupt } = context;
  const quiet = given.text('quiet-for');
  const owner = given.text('lease-owner') ?? ciRunOwner(io.env);
  const recovery = await recoveryOf(context);
  return {
    ...(recovery === undefined ? {} : { recovery }),
    ...(owner === undefined ? {} : { owner }),
    ...(quiet === undefined ? {} : { quietFor: readSpan(quiet, '--quiet-for') }),
    dryRun: given.flag('dry-run'),
    takeOver: given.flag('take-over'),
    dropSinks: given.all('drop-sink'),
    signal: interrupt.later,
  };
}

/** What only an answer to a leak takes. */
export function leakOptions({ given }: Context): { leakedSince?: Date; allowSelf?: boolean } {
  const since = given.text('leaked-since');
  return {
    ...(since === undefined ? {} : { leakedSince: readDate(since, '--leaked-since') }),
    ...(given.flag('allow-self') ? { allowSelf: true } : {}),
  };
}
