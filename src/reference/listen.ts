// The front end for sockets: node:http over plain values, without Request and Response in between, which would cost
// four fifths of the throughput. Node's modules are loaded when it is called, so that the rest runs in a browser.

import type * as Http from 'node:http';
import type { Socket } from 'node:net';
import { parseOptions, spec } from '../util/options.ts';
import { printable } from '../util/printable.ts';
import { MAX_BODY } from './core.ts';
import { bodyOf, errorReply, headersOf, requestIdOf } from './envelope.ts';
import { keptBytes } from './fetch.ts';
import type { PlainResponse } from './plain.ts';
import type { Reference } from './reference.ts';
import { clearInterval, setImmediate, setInterval, setTimeout } from './timers.ts';

/** Where to listen. */
export interface ListenOptions {
  /** The port. Default: 0, a free one. */
  readonly port?: number | undefined;
  /** The address to listen on. Another than the default, such as `0.0.0.0` in a container, admits other machines. Default: `127.0.0.1`. */
  readonly host?: string | undefined;
  /** Certificate and private key, PEM, for clients that insist on https. Default: plain http. */
  readonly tls?: { readonly cert: string | Uint8Array; readonly key: string | Uint8Array } | undefined;
  /** `true`: pages of any origin may call it (CORS), for code that is tested in a browser. Default `false`. */
  readonly cors?: boolean | undefined;
}

/** A reference on a port. */
export interface Listening {
  /** The base URL as this machine reaches it, `/api/v4` included. */
  readonly url: string;
  readonly port: number;
  /** Stops listening and closes the open connections. */
  close(): Promise<void>;
  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

const OPTIONS = { port: spec.count, host: spec.string, tls: spec.record, cors: spec.flag };

/**
 * Serves a reference on a port. Works on Node, Bun and Deno.
 *
 * @example
 * ```ts
 * import { createReference, listen } from 'blazemeter-client/testing';
 *
 * const server = await listen(createReference());
 * const response = await fetch(`${server.url}/web/version`);
 * console.log(response.status); // 200
 * await server.close();
 * ```
 */
export async function listen(reference: Reference, options?: ListenOptions): Promise<Listening> {
  return await listenBehind(undefined, reference, parseOptions('listen', OPTIONS, options));
}

/** Sees a request before the reference does; `true`: it responds, and the reference never sees the request. */
export type FirstLook = (request: Http.IncomingMessage, response: Http.ServerResponse) => boolean;

/** {@link listen} for the command, whose control API shares the port. */
export async function listenBehind(
  first: FirstLook | undefined,
  reference: Reference,
  options: ListenOptions,
): Promise<Listening> {
  const { port = 0, host: asked = '127.0.0.1', tls, cors = false } = options;
  const host = asked.replace(/^\[(.*)\]$/, '$1');
  const server = createServer(tls, (request, response) => {
    try {
      if (first?.(request, response) === true || (cors && preflight(request, response))) return;
      receive(reference, request, response);
    } catch (error) {
      sendFailure(reference, response, error);
    }
  });
  // A client's pool must not be surprised by a connection that closes between two requests.
  server.keepAliveTimeout = 120_000;
  server.on('clientError', (_, socket) => refuseSocket(reference, socket));
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  const address = server.address();
  const bound = typeof address === 'object' && address !== null ? address : { address: host, port };
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const name = CONNECTABLE[bound.address] ?? host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${name.includes(':') ? `[${name}]` : name}:${bound.port}/api/v4`,
    port: bound.port,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Permits pages of any origin to read the response. True: it was a browser's question about that, and is answered. */
function preflight({ method, headers }: Http.IncomingMessage, response: Http.ServerResponse): boolean {
  response.setHeader('Access-Control-Allow-Origin', '*');
  response.setHeader('Access-Control-Expose-Headers', 'Date, Retry-After');
  if (method !== 'OPTIONS' || headers['access-control-request-method'] === undefined) return false;
  response.writeHead(204, {
    'Access-Control-Allow-Methods': 'GET, HEAD, POST, PUT, PATCH, DELETE',
    'Access-Control-Allow-Headers':
      headers['access-control-request-headers'] ?? 'authorization, content-type',
    'Access-Control-Max-Age': '600',
  });
  response.end();
  return true;
}

/** Bound addresses that stand for all of the machine's, and one to connect to. */
const CONNECTABLE: Readonly<Record<string, string>> = {
  '0.0.0.0': '127.0.0.1',
  '::': '::1',
};

/** Stands for any body that is too large: the core refuses it by its length. */
const OVERSIZED = ' '.repeat(MAX_BODY + 1);
const MAX_DISCARDED = 16 * MAX_BODY;

type Listener = (request: Http.IncomingMessage, response: Http.ServerResponse) => void;

function createServer(tls: ListenOptions['tls'], listener: Listener): Http.Server {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function')
    throw new Error('listen() needs Node 20.19 or later; elsewhere use reference.fetch or the msw handlers.');
  if (tls === undefined) return process.getBuiltinModule('node:http').createServer(listener);
  if (tls.cert === undefined || tls.key === undefined)
    throw new TypeError('listen: tls needs cert and key, each the text of a PEM file.');
  const pem = (text: string | Uint8Array): string | Buffer =>
    typeof text === 'string' ? text : Buffer.from(text);
  return process
    .getBuiltinModule('node:https')
    .createServer({ cert: pem(tls.cert), key: pem(tls.key) }, listener);
}

function receive(reference: Reference, request: Http.IncomingMessage, response: Http.ServerResponse): void {
  const { headers, method = 'GET', url: path = '/' } = request;
  const guarded = (act: () => void) => (): void => {
    try {
      act();
    } catch (error) {
      sendFailure(reference, response, error);
    }
  };
  const respond = (body?: string): void => {
    const plain = reference.handle({ method, path, headers, body });
    const send = guarded(() => deliver(plain, response));
    if (plain.delayMs > 0) setTimeout(send, plain.delayMs);
    // At the end of this turn of the event loop: responses of many connections, written one after the other, find the
    // client awake, which is a fifth of the throughput.
    else setImmediate(send);
  };
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
    respond();
    return;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    const before = length;
    length += chunk.length;
    if (length <= MAX_BODY) chunks.push(chunk);
    else if (before <= MAX_BODY) respond(OVERSIZED);
    // The rest is read and discarded: a client that is still writing would see a reset and not the response.
    else if (length > MAX_DISCARDED) request.destroy();
  });
  request.on(
    'end',
    guarded(() => {
      if (length <= MAX_BODY) respond(Buffer.concat(chunks).toString());
    }),
  );
  // A client that disconnects in the middle of its request needs no response.
  request.on('error', () => undefined);
}

/** Node resets plain connections only; one with TLS ends without close_notify, which a client takes for a break, too. */
function reset(socket: Socket): void {
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

/** A pipelined response gets the socket when those before it are complete. */
function withSocket(response: Http.ServerResponse, act: (socket: Socket) => void): void {
  if (response.socket === null) response.once('socket', act);
  else act(response.socket);
}

function deliver({ status, headers, body, delivery }: PlainResponse, response: Http.ServerResponse): void {
  if (delivery.kind === 'cut' && delivery.keep === 'nothing') {
    withSocket(response, (socket) => {
      if (delivery.end === 'reset') reset(socket);
      else if (delivery.end === 'close') socket.destroy();
    });
    return;
  }
  const bytes = Buffer.from(body);
  response.writeHead(status, withLength(headers, status, bytes.length));
  if (delivery.kind === 'whole') response.end(bytes);
  else if (delivery.kind === 'drip') drip(bytes, delivery.chunkBytes, delivery.everyMs, response);
  else {
    response.flushHeaders();
    response.write(bytes.subarray(0, keptBytes(delivery.keep, bytes.length)), () =>
      withSocket(response, (socket) => {
        if (delivery.end === 'reset') reset(socket);
        else if (delivery.end === 'close') socket.destroySoon();
      }),
    );
  }
}

/** Headers of a fault that decide how the body is framed. */
const FRAMING = new Set(['content-length', 'transfer-encoding', 'trailer']);

/** The headers, with the length unless a fault frames the body in its own way. */
function withLength(
  headers: Readonly<Record<string, string>>,
  status: number,
  length: number,
): Http.OutgoingHttpHeaders {
  const framed =
    status === 204 || status === 304 || Object.keys(headers).some((name) => FRAMING.has(name.toLowerCase()));
  return framed ? { ...headers } : { ...headers, 'Content-Length': length };
}

function drip(bytes: Buffer, chunkBytes: number, everyMs: number, response: Http.ServerResponse): void {
  let sent = 0;
  const timer = setInterval(step, everyMs);
  function step(): void {
    response.write(bytes.subarray(sent, sent + chunkBytes));
    sent += chunkBytes;
    if (sent < bytes.length) return;
    clearInterval(timer);
    response.end();
  }
  response.on('close', () => clearInterval(timer));
  step();
}

/** The headers and body of an error that no operation is the source of. */
function failure(reference: Reference, status: number, detail: string) {
  const ms = reference.clock.now().getTime();
  const body = bodyOf(errorReply(status, detail), requestIdOf(ms, 0));
  return {
    body,
    headers: { ...headersOf(status, ms, 0), 'Content-Length': Buffer.byteLength(body), Connection: 'close' },
  };
}

/** An error while a request is handled becomes a response and a line in the log, and does not end the process. */
function sendFailure(reference: Reference, response: Http.ServerResponse, error: unknown): void {
  const reason = error instanceof Error ? `${error.name}: ${error.message}` : 'an unknown error';
  // biome-ignore lint/suspicious/noConsole: a defect, or a fault that Node refuses to send, must be visible.
  console.error(`blazemeter-reference: a request failed with status 500. ${printable(reason)}`);
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const { headers, body } = failure(reference, 500, 'The reference implementation failed');
  for (const name of response.getHeaderNames()) response.removeHeader(name);
  response.writeHead(500, headers);
  response.end(body);
}

/** What is not HTTP at all gets a response too. */
function refuseSocket(reference: Reference, socket: Socket | import('node:stream').Duplex): void {
  if (!socket.writable) return;
  const { headers, body } = failure(reference, 400, 'The request is not valid HTTP');
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}
