// What the command ends with. The numbers are an interface: pipelines decide by them, so none ever changes its meaning.

import {
  AmbiguousOutcomeError,
  AuthenticationError,
  BlazeMeterError,
  CredentialsError,
  ExpirationPolicyError,
  LockoutError,
  PermissionDeniedError,
  RotationError,
  type RotationProblem,
  SecretLostError,
  StoreConflictError,
  UndeliveredSecretError,
} from '../../errors.ts';

/** The exit codes by name. */
export const EXIT = {
  done: 0,
  findings: 1,
  usage: 2,
  credentials: 3,
  notPermitted: 4,
  service: 5,
  ambiguous: 6,
  busy: 7,
  interrupted: 8,
  secretLost: 9,
} as const;

export type ExitCode = (typeof EXIT)[keyof typeof EXIT];

/** For --help and the guide. */
export const EXIT_MEANINGS: readonly (readonly [ExitCode, string])[] = [
  [EXIT.done, 'done'],
  [EXIT.findings, 'findings: there is something to look at'],
  [EXIT.usage, 'usage: the command line asks for what cannot be, or lacks a --yes'],
  [EXIT.credentials, 'credentials: no pair was found, or the service refuses it'],
  [EXIT.notPermitted, 'not permitted: the pair is good, its user may not do this'],
  [
    EXIT.service,
    'the network failed, or the service refused or failed, or a file or store could not be used',
  ],
  [EXIT.ambiguous, 'ambiguous: it may have happened or not; look, then resume'],
  [EXIT.busy, 'busy: somebody else works on this key'],
  [EXIT.interrupted, 'interrupted: resume with the command that was printed'],
  [EXIT.secretLost, 'a secret is lost: nobody has it; regenerate the key'],
];

/** From the worst to the best: of many outcomes the first in this list is the one to end with. */
export const WORST_FIRST: readonly ExitCode[] = [
  EXIT.secretLost,
  EXIT.interrupted,
  EXIT.ambiguous,
  EXIT.credentials,
  EXIT.notPermitted,
  EXIT.usage,
  EXIT.service,
  EXIT.busy,
  EXIT.findings,
  EXIT.done,
];

/** The worst of many. Of none: done. */
export const worst = (codes: readonly ExitCode[]): ExitCode =>
  WORST_FIRST.find((code) => codes.includes(code)) ?? EXIT.done;

/** Ends the command with a code and a message that is safe to print. */
export class Stop extends Error {
  readonly exitCode: ExitCode;
  /** A stable word for programs. */
  readonly code: string;

  constructor(exitCode: ExitCode, code: string, message: string) {
    super(message);
    this.name = 'Stop';
    this.exitCode = exitCode;
    this.code = code;
  }
}

/** The command line is wrong, or lacks something. */
export const usage = (problem: string): Stop => new Stop(EXIT.usage, 'usage', problem);

/** The reason with which a signal ends what is under way. */
export class Interrupted extends Stop {
  constructor(signal: string) {
    super(EXIT.interrupted, 'interrupted', `Interrupted by ${signal}.`);
  }
}

const ROTATION: Readonly<Record<RotationProblem, ExitCode>> = {
  rotation_busy: EXIT.busy,
  rotation_conflict: EXIT.busy,
  rotation_epoch: EXIT.ambiguous,
  rotation_record: EXIT.usage,
  rotation_store: EXIT.service,
  rotation_sink: EXIT.service,
  rotation_signer: EXIT.credentials,
  rotation_window: EXIT.usage,
  rotation_untested: EXIT.ambiguous,
  rotation_unknown: EXIT.ambiguous,
};

/** The code for an error. */
export function exitOf(error: unknown): ExitCode {
  if (error instanceof Stop) return error.exitCode;
  if (error instanceof RotationError) return ROTATION[error.code] ?? EXIT.service;
  if (error instanceof SecretLostError) return EXIT.secretLost;
  // Whoever catches it has put the secret somewhere; see secret-out.ts.
  if (error instanceof UndeliveredSecretError || error instanceof AmbiguousOutcomeError)
    return EXIT.ambiguous;
  if (error instanceof CredentialsError || error instanceof AuthenticationError) return EXIT.credentials;
  if (error instanceof PermissionDeniedError) return EXIT.notPermitted;
  if (error instanceof ExpirationPolicyError || error instanceof LockoutError) return EXIT.usage;
  if (error instanceof StoreConflictError) return EXIT.busy;
  if (error instanceof BlazeMeterError) return EXIT.service;
  // What the library says of arguments that cannot be right.
  return error instanceof TypeError ? EXIT.usage : EXIT.service;
}
