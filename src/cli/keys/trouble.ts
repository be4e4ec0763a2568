// What is said of an error: in words of the command line where the library speaks of its own options.

import { operations } from '../../api/operations.ts';
import { BlazeMeterError, ConnectionError } from '../../errors.ts';
import { printable } from '../../util/printable.ts';
import { FileProblem } from '../files.ts';
import { EXIT, type ExitCode, exitOf, Stop } from './exit-codes.ts';
import { inCommands } from './in-commands.ts';

export interface Trouble {
  readonly exitCode: ExitCode;
  /** A stable word for programs. */
  readonly code: string;
  readonly message: string;
  readonly operation?: string;
  readonly requestId?: string;
}

/** What to do about a connection that failed, by its reason. */
const CONNECTION: Readonly<Record<string, string>> = {
  refused:
    'The connection was refused: check --base-url, and HTTPS_PROXY: whether a proxy is needed, or another one.',
  dns: 'The host was not found: check --base-url, HTTPS_PROXY and the network.',
  unreachable: 'The network has no way there: check the network, or whether a proxy is needed (HTTPS_PROXY).',
  'connect-timeout':
    'No connection was made in time: check the network, or whether a proxy is needed (HTTPS_PROXY).',
  tls: 'The certificate or the TLS handshake was refused: behind a private CA give --ca-file.',
  proxy: 'The proxy refused the tunnel: check HTTPS_PROXY, and the name and password in it.',
};

export function troubleOf(error: unknown): Trouble {
  const exitCode = exitOf(error);
  if (error instanceof Stop) return { exitCode, code: error.code, message: error.message };
  if (error instanceof FileProblem) return { exitCode: EXIT.usage, code: 'file', message: error.message };
  if (error instanceof BlazeMeterError) {
    const { code, operation, requestId } = error;
    return {
      exitCode,
      code,
      message: messageOf(error),
      ...(operation === undefined ? {} : { operation }),
      ...(requestId === undefined ? {} : { requestId: printable(requestId, 40) }),
    };
  }
  // An argument that cannot be right, in the words of the library.
  if (error instanceof TypeError)
    return {
      exitCode,
      code: 'usage',
      message: printable(error.message.replaceAll('baseUrl', '--base-url'), 400),
    };
  const name = error instanceof Error ? printable(error.name, 40) : 'something unknown';
  return { exitCode, code: 'unexpected', message: `It failed for a reason that was not foreseen (${name}).` };
}

function messageOf(error: BlazeMeterError): string {
  if (error instanceof ConnectionError) {
    const mend = CONNECTION[error.reason];
    if (mend !== undefined) return `${error.operation ?? 'The request'} got no answer. ${mend}`;
  }
  const said = inCommands(error.message);
  return namesNothing(error) ? said.replace('Check the id.', 'Check --base-url: its path is /api/v4.') : said;
}

/** Whether it is the address that the service does not know: nothing in it was the caller's. */
function namesNothing({ operation }: BlazeMeterError): boolean {
  const row = Object.entries(operations).find(([id]) => id === operation)?.[1];
  return row !== undefined && !row.path.includes('{');
}
