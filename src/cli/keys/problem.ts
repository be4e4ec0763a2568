// What a failure means to a pipeline and to a person: an exit code, which never changes its meaning, and a message in words
// of the command line.

import {
  AmbiguousOutcomeError,
  AuthenticationError,
  BlazeMeterError,
  ConnectionError,
  CredentialsError,
  type ErrorHint,
  ExpirationPolicyError,
  LockoutError,
  NotFoundError,
  operations,
  PermissionDeniedError,
  RotationError,
  type RotationProblem,
  SecretLostError,
  StoreConflictError,
  UndeliveredSecretError,
} from '../../index.ts';
import { FileProblem } from '../files.ts';
import { EXIT, type ExitCode, Stop } from './exit.ts';

/** What is printed of a failure. */
export interface Problem {
  readonly exitCode: ExitCode;
  /** A stable word for programs. */
  readonly code: string;
  readonly message: string;
  readonly operation?: string | undefined;
  readonly requestId?: string | undefined;
}

const ROTATION: Readonly<Record<RotationProblem, ExitCode>> = {
  rotation_busy: EXIT.busy,
  rotation_conflict: EXIT.busy,
  rotation_epoch: EXIT.ambiguous,
  rotation_record: EXIT.usage,
  rotation_store: EXIT.failed,
  rotation_sink: EXIT.failed,
  rotation_signer: EXIT.credentials,
  rotation_window: EXIT.usage,
  rotation_untested: EXIT.ambiguous,
  rotation_unknown: EXIT.ambiguous,
};

function exitCodeOf(error: unknown): ExitCode {
  if (error instanceof RotationError) return ROTATION[error.code] ?? EXIT.failed;
  if (error instanceof SecretLostError) return EXIT.secretLost;
  if (error instanceof UndeliveredSecretError || error instanceof AmbiguousOutcomeError)
    return EXIT.ambiguous;
  if (error instanceof CredentialsError || error instanceof AuthenticationError) return EXIT.credentials;
  if (error instanceof PermissionDeniedError) return EXIT.notPermitted;
  // Where the address itself is not known, nothing in the request could have been found.
  if (error instanceof NotFoundError && error.hint?.option !== 'baseUrl') return EXIT.notFound;
  if (error instanceof ExpirationPolicyError || error instanceof LockoutError) return EXIT.usage;
  if (error instanceof StoreConflictError) return EXIT.busy;
  return error instanceof TypeError ? EXIT.usage : EXIT.failed;
}

const OPERATIONS =
  'How the service does this is an assumption. If it differs, export the right operation from a file for --config.';

/** What helps, by the option or the method that the library names. */
const ADVICE: Readonly<Record<string, string>> = {
  allowInsecureFile: 'Correct its owner or permissions.',
  allowSelf: 'Sign with another key (--key-file), or give --allow-self.',
  baseUrl: 'Check --base-url: the path of the API is /api/v4.',
  credentials: 'Set BLAZEMETER_API_KEY_ID and BLAZEMETER_API_KEY_SECRET, or give --key-file <file>.',
  every:
    'Run it more often (--every), or let keys live longer (--expires-in, or the maximum of the account).',
  expiresIn: 'Give another --expires-in.',
  operations: OPERATIONS,
  quietFor: 'Find its user, or give --quiet-for: how long it may be unused before it is deleted.',
  recovery: 'Give another key of the same user as --recovery-file.',
  takeOver: 'Wait for it; if it has surely ended, give --take-over.',
  within: 'Give another --within, or a longer --expires-in.',
  adopt: 'Create the record with blazemeter-keys adopt.',
  resolve: 'Look with blazemeter-keys list.',
  resume: 'Then run blazemeter-keys rotate --resume.',
};

/** What helps against a connection that failed, by its reason. */
const CONNECTION: Readonly<Record<string, string>> = {
  refused: 'The connection was refused: check --base-url, and HTTPS_PROXY if a proxy is needed.',
  dns: 'The host was not found: check --base-url, HTTPS_PROXY and the network.',
  unreachable: 'There is no route to it: check the network, and HTTPS_PROXY if a proxy is needed.',
  'connect-timeout': 'It did not accept a connection in time: check the network, and HTTPS_PROXY.',
  tls: 'Its certificate or the TLS handshake was refused: with a private CA give --ca-file.',
  proxy: 'The proxy refused the tunnel: check HTTPS_PROXY, and the user name and password in it.',
};

const isAssumed = (id: string | undefined): boolean =>
  Object.entries(operations).some(([name, { provenance }]) => name === id && provenance === 'assumed');

/** The message of an error of the library, with advice for the command line in the place of that for programmers. */
export function messageOf(error: BlazeMeterError): string {
  const { hint, operation } = error;
  let { message } = error;
  // The function that read a file is none of the user's business.
  if (error instanceof CredentialsError && error.source !== undefined) {
    const file = /^\w+ \((.*)\)/.exec(error.source)?.[1];
    if (file !== undefined) message = message.replace(error.source, `The key file ${file}`);
  }
  if (hint === undefined) return message;
  const advice = error instanceof ConnectionError ? (CONNECTION[error.reason] ?? hint.text) : adviceOf(hint);
  const doubt = hint.option === 'baseUrl' && isAssumed(operation) ? ` ${OPERATIONS}` : '';
  return `${withoutHint(message, hint)} ${advice}${doubt}`.trim();
}

const withoutHint = (message: string, { text }: ErrorHint): string =>
  message.endsWith(text) ? message.slice(0, -text.length).trimEnd() : message;

function adviceOf({ option, method, text }: ErrorHint): string {
  const key = option ?? method;
  return key === undefined ? text : (ADVICE[key] ?? text);
}

export function problemOf(error: unknown): Problem {
  if (error instanceof Stop) return error;
  const exitCode = exitCodeOf(error);
  if (error instanceof FileProblem) return { exitCode: EXIT.usage, code: 'file', message: error.message };
  if (error instanceof BlazeMeterError) {
    const { code, operation, requestId } = error;
    return { exitCode, code, message: messageOf(error), operation, requestId };
  }
  // An argument that cannot be right, in the words of the library.
  if (error instanceof TypeError)
    return { exitCode, code: 'usage', message: error.message.replaceAll('baseUrl', '--base-url') };
  const name = error instanceof Error ? error.name : 'not an error';
  return { exitCode, code: 'unexpected', message: `It failed for an unexpected reason (${name}).` };
}
