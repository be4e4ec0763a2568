// What a failed fetch means: whether the request can have left, and whether another try may help. Where it failed decides:
// whether there was a connection, where that is known, then the system call (a read or a write happens on a connection, so
// the request may have left), and codes last.

import { codeOf, fieldOf, inspectable, scrubbed } from '../auth/cause.ts';
import { ConnectionError, type ConnectionFailure } from '../errors.ts';

interface Meaning {
  readonly reason: ConnectionFailure;
  /** The request certainly did not leave. */
  readonly unsent: boolean;
  /** Trying again soon may help. */
  readonly retry: boolean;
  /** What happened and what to do about it. */
  readonly text: string;
}

const unsent = (reason: ConnectionFailure, retry: boolean, text: string): Meaning => ({
  reason,
  unsent: true,
  retry,
  text,
});
const maybeSent = (reason: ConnectionFailure, text: string): Meaning => ({
  reason,
  unsent: false,
  retry: true,
  text,
});

const REFUSED = unsent(
  'refused',
  true,
  'The connection was refused. Check baseUrl, or whether a proxy is needed (fetchOptions.dispatcher).',
);
const DNS = unsent('dns', false, 'The host was not found. Check baseUrl and the network.');
const DNS_AGAIN = { ...DNS, retry: true };
const ROUTE = unsent(
  'unreachable',
  false,
  'The host cannot be reached. Check the network, or whether a proxy is needed.',
);
const SLOW = unsent(
  'connect-timeout',
  false,
  'No connection was established in time. Check the network, or whether a proxy is needed.',
);
const LOCAL = unsent(
  'other',
  false,
  'This machine did not open a connection. Check its limits, firewall, permissions and local address.',
);
const CERTIFICATE_TEXT =
  'The certificate or the TLS handshake was refused. Behind a private CA set NODE_EXTRA_CA_CERTS before Node starts, run node --use-system-ca, or pass fetchOptions.dispatcher with that CA.';
const CERTIFICATE = unsent('tls', false, CERTIFICATE_TEXT);
const TLS = maybeSent(
  'tls',
  'The TLS connection broke, in its handshake or after it. Check that baseUrl speaks https, and what stands in between.',
);
const PROXY_TEXT =
  'There is no connection to the proxy. Check its address in fetchOptions.dispatcher or HTTPS_PROXY, and the network.';
const PORT = unsent('other', false, 'fetch refuses to connect to this port. Use another one.');
const ARGUMENTS = unsent(
  'other',
  false,
  'fetch refused its arguments. Check the options fetch, fetchOptions and signal.',
);
const FETCH = unsent(
  'other',
  false,
  'There is no fetch here. Pass one as the option fetch, or use a runtime that has it.',
);
const DISPATCHER = unsent(
  'other',
  false,
  'fetchOptions.dispatcher is not one that this fetch can use. Pass a dispatcher of undici 7; an agent of node:http is none.',
);
const CLOSED = unsent('other', false, 'fetchOptions.dispatcher is closed. Pass one that is open.');
const RESET = maybeSent('reset', 'The connection broke before the response.');
const TRUNCATED = maybeSent('truncated', 'The response was cut off.');
const OTHER = maybeSent('other', 'The request failed on its way.');

/** The same failure, where there was no connection yet. */
function beforeConnection(found: Meaning): Meaning {
  if (found.unsent) return found;
  const text =
    found.reason === 'tls'
      ? 'The TLS handshake failed. Check that baseUrl speaks https, and what stands in between, such as a proxy.'
      : 'There was no connection to send it on. Check the network, and the proxy if there is one.';
  return { ...found, unsent: true, text };
}

/** Failures of the lookup and of the connection, by their codes. Other codes of a `connect` are this machine's. */
const CONNECT: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: REFUSED,
  ECONNRESET: { ...REFUSED, reason: 'reset', text: 'The connection was closed while it was established.' },
  ENOTFOUND: DNS,
  EAI_AGAIN: DNS_AGAIN,
  EAI_FAIL: DNS,
  ENETUNREACH: ROUTE,
  EHOSTUNREACH: ROUTE,
  ENETDOWN: ROUTE,
  EHOSTDOWN: ROUTE,
  ETIMEDOUT: SLOW,
};

const CODES: Readonly<Record<string, Meaning>> = {
  ECONNREFUSED: REFUSED,
  ConnectionRefused: REFUSED,
  ENOTFOUND: DNS,
  EAI_AGAIN: DNS_AGAIN,
  EAI_FAIL: DNS,
  FailedToOpenSocket: ROUTE,
  UND_ERR_CONNECT_TIMEOUT: SLOW,
  ERR_ACCESS_DENIED: LOCAL,
  EADDRNOTAVAIL: LOCAL,
  EPROTO: TLS,
  DEPTH_ZERO_SELF_SIGNED_CERT: CERTIFICATE,
  SELF_SIGNED_CERT_IN_CHAIN: CERTIFICATE,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT: CERTIFICATE,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: CERTIFICATE,
  HOSTNAME_MISMATCH: CERTIFICATE,
  ERR_TLS_CERT_ALTNAME_INVALID: CERTIFICATE,
  ECONNRESET: RESET,
  EPIPE: RESET,
  UND_ERR_SOCKET: RESET,
  UND_ERR_RES_CONTENT_LENGTH_MISMATCH: TRUNCATED,
  UND_ERR_RESPONSE: TRUNCATED,
  UND_ERR_INVALID_ARG: DISPATCHER,
  UND_ERR_CLOSED: CLOSED,
  // Requests that are under way are ended by another error when a dispatcher is destroyed.
  UND_ERR_DESTROYED: CLOSED,
};

/** Certificates are judged before anything is sent; records of TLS can break at any time. */
const CERTIFICATE_CODE = /^(CERT_|CRL_|ERROR_IN_C)/;
const TLS_CODE = /^ERR_(TLS|SSL)_/;
const HTTP2_CODE = /^ERR_HTTP2_/;
/** Alerts that a server sends in answer to the greeting alone. */
const HANDSHAKE_ALERT =
  /HANDSHAKE_FAILURE|PROTOCOL_VERSION|UNRECOGNIZED_NAME|UNSUPPORTED_PROTOCOL|NO_CIPHERS/;
const TUNNEL = /Proxy response \((\d{3})\)/;
/** How fetch refuses what it is called with: by a TypeError about its own parameters. */
const REFUSED_ARGUMENTS =
  /^(Request|RequestInit|Request constructor|undefined): |^Failed to (construct 'Request'|execute 'fetch'|parse URL)|^Referrer\b|^'[\w-]+' (option|can be set only)\b|\b(AbortSignal|duplex)\b/;
const NO_FETCH = /\bfetch is not (a function|defined)$/;
const REFUSED_DISPATCHER = /\.dispatch is not a function\b/;

function* chain(error: unknown): Generator<unknown> {
  let current = error;
  for (let depth = 0; depth < 8 && typeof current === 'object' && current !== null; depth++) {
    yield current;
    current = inspectable(fieldOf(current, 'cause'));
  }
}

const textOf = (error: unknown, field: 'message' | 'syscall' | 'name'): string => {
  const text = fieldOf(error, field);
  return typeof text === 'string' ? text : '';
};

function meaningOf(error: unknown, origin: URL): Meaning {
  for (const link of chain(error)) {
    // Several addresses were tried: nothing was sent only if that holds of each.
    const errors = link instanceof AggregateError ? fieldOf(link, 'errors') : undefined;
    if (Array.isArray(errors) && errors.length > 0) {
      const each = errors.map((one) => meaningOf(inspectable(one), origin));
      return each.find((one) => !one.unsent) ?? each.find((one) => one.retry) ?? each[0] ?? OTHER;
    }
    const found = tunnelFailure(textOf(link, 'message')) ?? meaningOfLink(link);
    if (found !== undefined) return isElsewhere(link, origin) ? { ...found, text: PROXY_TEXT } : found;
  }
  return OTHER;
}

/** Whether a lookup or a connection was to another host or port than the one of baseUrl: to a proxy. */
function isElsewhere(link: unknown, { hostname, port, protocol }: URL): boolean {
  if (textOf(link, 'syscall') === 'getaddrinfo') {
    const host = fieldOf(link, 'hostname');
    return typeof host === 'string' && host !== hostname;
  }
  const attempted = /attempted address(?:es)?: .*:(\d+)/.exec(textOf(link, 'message'))?.[1];
  const other = attempted ?? (textOf(link, 'syscall') === 'connect' ? fieldOf(link, 'port') : undefined);
  return other !== undefined && String(other) !== (port || (protocol === 'https:' ? '443' : '80'));
}

function tunnelFailure(message: string): Meaning | undefined {
  const status = TUNNEL.exec(message)?.[1];
  if (status === undefined) return undefined;
  const text =
    status === '407'
      ? 'The proxy asks for a password (407). Pass a fetchOptions.dispatcher with one, as in new ProxyAgent({ uri, token }).'
      : `The proxy refused the tunnel (${status}). Check the proxy in fetchOptions.dispatcher.`;
  return unsent('proxy', status === '503', text);
}

function meaningOfLink(link: unknown): Meaning | undefined {
  const code = codeOf(link);
  const syscall = textOf(link, 'syscall');
  const message = textOf(link, 'message');
  if (/^(getaddrinfo|query)/.test(syscall)) return CONNECT[code ?? ''] ?? DNS;
  if (['connect', 'socket', 'bind'].includes(syscall)) return CONNECT[code ?? ''] ?? LOCAL;
  if (['read', 'write', 'shutdown'].includes(syscall)) return code === 'EPROTO' ? TLS : RESET;
  if (message.includes('before secure TLS connection was established')) return { ...RESET, unsent: true };
  if (message === 'bad port') return PORT;
  if (code === undefined) {
    if (NO_FETCH.test(message)) return FETCH;
    if (textOf(link, 'name') !== 'TypeError') return undefined;
    if (REFUSED_DISPATCHER.test(message)) return DISPATCHER;
    return REFUSED_ARGUMENTS.test(message) ? ARGUMENTS : undefined;
  }
  if (CERTIFICATE_CODE.test(code)) return CERTIFICATE;
  if (HTTP2_CODE.test(code)) return RESET;
  const known = CODES[code];
  if (known !== undefined || !TLS_CODE.test(code)) return known;
  return HANDSHAKE_ALERT.test(code) ? CERTIFICATE : TLS;
}

/** The {@link ConnectionError} that a failed fetch, or a body that was cut off, is. */
export function connectionError(
  error: unknown,
  context: {
    operation: string | undefined;
    attempts: number;
    origin: string;
    /** The head of a response arrived, and its body was cut off. */
    answered: boolean;
    /** There never was a connection to send it on. */
    unconnected: boolean;
    replayable: boolean;
  },
): ConnectionError {
  const meaning = meaningOf(error, new URL(context.origin));
  const found = context.unconnected ? beforeConnection(meaning) : meaning;
  const { reason, text } = context.answered ? TRUNCATED : found;
  const mayHaveBeenSent = context.answered || !found.unsent;
  return new ConnectionError(
    `${context.operation ?? 'The request'} got no complete response from ${context.origin}.`,
    {
      hint: { text },
      reason,
      mayHaveBeenSent,
      retryable: (context.answered || found.retry) && (context.replayable || !mayHaveBeenSent),
      operation: context.operation,
      attempts: context.attempts,
      cause: scrubbed(error),
    },
  );
}
