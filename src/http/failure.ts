// What a failed fetch means. Two questions, one table of codes: was nothing sent, and is it worth another try?

import { codeOf, fieldOf, scrubbed } from '../auth/cause.ts';
import { ConnectionError, type ConnectionFailure } from '../errors.ts';

interface Meaning {
  readonly reason: ConnectionFailure;
  /** The request certainly did not leave. */
  readonly unsent: boolean;
  /** Trying again soon may help. */
  readonly retry: boolean;
  readonly mend: string;
}

const unsent = (reason: ConnectionFailure, retry: boolean, mend: string): Meaning => ({
  reason,
  unsent: true,
  retry,
  mend,
});
const unknown = (reason: ConnectionFailure, mend: string): Meaning => ({
  reason,
  unsent: false,
  retry: true,
  mend,
});

const REFUSED = unsent(
  'refused',
  true,
  'The connection was refused: check baseUrl, or whether a proxy is needed (fetchOptions.dispatcher).',
);
const DNS = unsent('dns', false, 'The host was not found: check baseUrl and the network.');
const DNS_AGAIN = { ...DNS, retry: true };
const ROUTE = unsent(
  'unreachable',
  false,
  'The network has no way there: check the network, or whether a proxy is needed.',
);
const SLOW = unsent(
  'connect-timeout',
  false,
  'No connection was made in time: check the network, or whether a proxy is needed.',
);
const TLS = unsent(
  'tls',
  false,
  'The certificate or the TLS handshake was refused: behind a private CA set NODE_EXTRA_CA_CERTS before Node starts, run node --use-system-ca, or give fetchOptions.dispatcher that CA.',
);
const PORT = unsent('other', false, 'fetch does not connect to this port: check baseUrl.');
const RESET = unknown('reset', 'The connection broke before the answer.');
const TRUNCATED = unknown('truncated', 'The answer broke off.');
const OTHER = unknown('other', 'The request failed on its way.');

const CODES: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: REFUSED,
  ConnectionRefused: REFUSED,
  ENOTFOUND: DNS,
  EAI_AGAIN: DNS_AGAIN,
  EAI_FAIL: DNS,
  ENETUNREACH: ROUTE,
  EHOSTUNREACH: ROUTE,
  ENETDOWN: ROUTE,
  EHOSTDOWN: ROUTE,
  FailedToOpenSocket: ROUTE,
  UND_ERR_CONNECT_TIMEOUT: SLOW,
  EPROTO: TLS,
  DEPTH_ZERO_SELF_SIGNED_CERT: TLS,
  SELF_SIGNED_CERT_IN_CHAIN: TLS,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: TLS,
  UNABLE_TO_GET_ISSUER_CERT: TLS,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: TLS,
  HOSTNAME_MISMATCH: TLS,
  ECONNRESET: RESET,
  EPIPE: RESET,
  UND_ERR_SOCKET: RESET,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: TRUNCATED,
  UND_ERR_RESPONSE: TRUNCATED,
  UND_ERR_INVALID_ARG: unsent('other', false, 'The fetch refused its options: check fetchOptions.'),
};

const TLS_CODE = /^(ERR_TLS_|ERR_SSL_|CERT_|CRL_|ERROR_IN_C)/;
const TUNNEL = /Proxy response \((\d{3})\)/;

function* chain(error: unknown): Generator<unknown> {
  let current = error;
  for (let depth = 0; depth < 8 && typeof current === 'object' && current !== null; depth++) {
    yield current;
    current = fieldOf(current, 'cause');
  }
}

const messageOf = (error: unknown): string => {
  const message = fieldOf(error, 'message');
  return typeof message === 'string' ? message : '';
};

function meaning(error: unknown): Meaning {
  for (const link of chain(error)) {
    // Several addresses tried: nothing was sent only if that holds of each.
    if (link instanceof AggregateError && link.errors.length > 0) {
      const each = link.errors.map(meaning);
      return each.find((one) => !one.unsent) ?? each.find((one) => one.retry) ?? each[0] ?? OTHER;
    }
    const tunnel = TUNNEL.exec(messageOf(link))?.[1];
    if (tunnel !== undefined) {
      const mend =
        tunnel === '407'
          ? 'The proxy asks for a password (407): give fetchOptions.dispatcher one, as in new ProxyAgent({ uri, token }).'
          : `The proxy refused the tunnel (${tunnel}): check the proxy in fetchOptions.dispatcher.`;
      return unsent('proxy', tunnel === '503', mend);
    }
    // fetch refuses some ports by itself.
    if (messageOf(link) === 'bad port') return PORT;
    const code = codeOf(link);
    if (code !== undefined) {
      if (fieldOf(link, 'syscall') === 'connect' && code === 'ETIMEDOUT') return SLOW;
      if (messageOf(link).includes('before secure TLS connection was established'))
        return { ...RESET, unsent: true };
      const known = CODES[code] ?? (TLS_CODE.test(code) ? TLS : undefined);
      if (known !== undefined) return known;
    }
  }
  return OTHER;
}

/** The {@link ConnectionError} that a failed fetch, or a body that broke off, is. */
export function connectionError(
  error: unknown,
  context: {
    operation: string | undefined;
    attempts: number;
    origin: string;
    /** The head of an answer came, and its body broke off. */
    answered: boolean;
    replayable: boolean;
  },
): ConnectionError {
  const found = meaning(error);
  const { reason, mend } = context.answered ? TRUNCATED : found;
  const mayHaveBeenSent = context.answered || !found.unsent;
  return new ConnectionError(
    `${context.operation ?? 'The request'} got no whole answer from ${context.origin}. ${mend}`,
    {
      reason,
      mayHaveBeenSent,
      retryable: (context.answered || found.retry) && (context.replayable || !mayHaveBeenSent),
      operation: context.operation,
      attempts: context.attempts,
      cause: scrubbed(error),
    },
  );
}
