// What a failure means to a pipeline and to a person: an exit code, which never changes its meaning, and a message in words
// of the command line.

import {
  BlazeMeterError,
  ConnectionError,
  type ErrorHint,
  InvalidResponseError,
  operations,
} from '../../index.ts';
import { FileProblem } from '../files.ts';
import { EXIT, type ExitCode, Stop, usage } from './exit.ts';
import { NAME } from './show.ts';

/** What is printed of a failure. */
export interface Problem {
  readonly exitCode: ExitCode;
  /** A stable word for programs. */
  readonly code: string;
  readonly message: string;
  readonly operation?: string | undefined;
  readonly requestId?: string | undefined;
}

/** Exit codes by the code of an error. Of the others: failed. */
const EXITS: Readonly<Record<string, ExitCode>> = {
  ambiguous_outcome: EXIT.ambiguous,
  credentials: EXIT.credentials,
  expiration_policy: EXIT.usage,
  lockout: EXIT.usage,
  not_found: EXIT.notFound,
  permission_denied: EXIT.notPermitted,
  rotation_busy: EXIT.busy,
  rotation_conflict: EXIT.busy,
  rotation_epoch: EXIT.ambiguous,
  rotation_record: EXIT.usage,
  rotation_signer: EXIT.credentials,
  rotation_unknown: EXIT.ambiguous,
  rotation_untested: EXIT.ambiguous,
  rotation_window: EXIT.usage,
  secret_lost: EXIT.secretLost,
  store_conflict: EXIT.busy,
  unauthorized: EXIT.credentials,
  undelivered_secret: EXIT.ambiguous,
};

function exitCodeOf({ code, hint }: BlazeMeterError): ExitCode {
  // Where the address itself is not known, nothing in the request could have been found.
  if (code === 'not_found' && hint?.option === 'baseUrl') return EXIT.failed;
  return EXITS[code] ?? EXIT.failed;
}

const OPERATIONS =
  'How the service does this is an assumption. If it differs, export the right operation from a file for --config.';

/** What helps, by the option or the method that the library names. */
const ADVICE: Readonly<Record<string, string>> = {
  allowInsecureFile: 'Correct its owner or permissions.',
  allowSelf: 'Sign with another key (--key-file), or give --allow-self.',
  baseUrl: 'Check --base-url: the path of the API is /api/v4.',
  credentials: 'Set BLAZEMETER_API_KEY_ID and BLAZEMETER_API_KEY_SECRET, or give --key-file <file>.',
  dispatcher: 'Check the network, and HTTPS_PROXY.',
  every:
    'Run it more often (--every), or let keys live longer (--expires-in, or the maximum of the account).',
  expiresIn: 'Give another --expires-in.',
  followSymlink: '',
  newSecret: 'It is shown only once.',
  operations: OPERATIONS,
  reason: 'Give --reason expiry.',
  recovery: 'Give another key of the same user as --recovery-file.',
  store: 'Give each rotated key a --store of its own.',
  timeout: 'If that is expected, raise --timeout.',
  totalTimeout: 'If that is expected, export a longer totalTimeout from a file for --config.',
  takeOver: 'Wait for it; if it has surely ended, give --take-over.',
  within: 'Give another --within, or a longer --expires-in.',
  adopt: `Create the record with ${NAME} adopt.`,
  resolve: `Look with ${NAME} list.`,
  resume: `Run ${NAME} rotate --resume.`,
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
  const { hint, operation, message } = error;
  const advice = error instanceof ConnectionError ? CONNECTION[error.reason] : undefined;
  const unclear = hint?.option === 'baseUrl' || error.cause instanceof InvalidResponseError;
  const doubt = unclear && isAssumed(operation) ? ` ${OPERATIONS}` : '';
  return `${inWordsOfCommands(message, hint, advice)}${doubt}`;
}

/** A message that ends with a hint for programmers, with advice for the command line in its place. */
export function inWordsOfCommands(message: string, hint?: ErrorHint | null, advice?: string): string {
  if (!hint || !message.endsWith(hint.text)) return message;
  const { option, method, text } = hint;
  return `${message.slice(0, -text.length)}${advice ?? ADVICE[option ?? method ?? ''] ?? text}`.trimEnd();
}

/** A message about an option of the library, such as `rotate: drain must be …`, about that of the command. */
const inOptions = (message: string): string =>
  message.replace(
    /^(?:[\w.]+: )?([a-z]\w*)(?= must be )/,
    (_, name) => `--${name.replace(/[A-Z]/g, (letter: string) => `-${letter.toLowerCase()}`)}`,
  );

export function problemOf(error: unknown): Problem {
  if (error instanceof Stop) return error;
  if (error instanceof FileProblem) return { exitCode: EXIT.usage, code: 'file', message: error.message };
  if (error instanceof BlazeMeterError) {
    const { code, operation, requestId } = error;
    return { exitCode: exitCodeOf(error), code, message: messageOf(error), operation, requestId };
  }
  // An argument that cannot be right.
  if (error instanceof TypeError) return usage(inOptions(error.message));
  const name = error instanceof Error ? error.name : 'not an error';
  return {
    exitCode: EXIT.failed,
    code: 'unexpected',
    message: `It failed for an unexpected reason (${name}).`,
  };
}
