// The front end for sockets: node:http over plain values, without Request and Response in between, which would cost
// four fifths of the throughput. Node's modules are taken when it is called, so that the rest runs in a browser.

import type * as Http from 'node:http';
import type { Socket } from 'node:net';
import { MOST_BODY } from './core.ts';
import { bodyOf, errorReply, headersOf, requestIdOf } from './envelope.ts';
import { keptBytes } from './fetch.ts';
import type { PlainAnswer } from './plain.ts';
import type { Reference } from './reference.ts';

/** Where to listen. */
export interface ListenOptions {
  /** Default 0: a free one is picked. */
  readonly port?: number | undefined;
  /** Default `127.0.0.1`. Another address lets other machines in. */
  readonly host?: string | undefined;
  /** Certificate and private key, PEM, for clients that insist on https. Default: plain http. */
  readonly tls?: { readonly cert: string | Uint8Array; readonly key: string | Uint8Array } | undefined;
}

/** A reference on a port. */
export interface Listening {
  /** The base URL, `/api/v4` included. */
  readonly url: string;
  readonly port: number;
  /** Stops, and breaks the connections that are left. */
  close(): Promise<void>;
  /** The same, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Puts a reference on a port. Node only (Bun and Deno have what it needs, too).
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
export function listen(reference: Reference, options: ListenOptions = {}): Promise<Listening> {
  return listenBehind(undefined, reference, options);
}

/** Sees a request before the reference does; `true`: it answers it, and the reference never learns of it. */
export type FirstLook = (request: Http.IncomingMessage, response: Http.ServerResponse) => boolean;

/** {@link listen} for the command, whose control API shares the port. */
export async function listenBehind(
  first: FirstLook | undefined,
  reference: Reference,
  options: ListenOptions,
): Promise<Listening> {
  const { port = 0, host = '127.0.0.1', tls } = options;
  const server = createServer(tls, (request, response) => {
    if (first === undefined || !first(request, response)) receive(reference, request, response);
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
  const bound = typeof address === 'object' && address !== null ? address.port : port;
  const close = (): Promise<void> =>
    new Promise((resolve) => {
      server.close(() => resolve());
      server.closeAllConnections();
    });
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `${tls === undefined ? 'http' : 'https'}://${name}:${bound}/api/v4`,
    port: bound,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/** Stands for any body that is too large: the core refuses it by its length. */
const TOO_MUCH = ' '.repeat(MOST_BODY + 1);
const MOST_DROPPED = 16 * MOST_BODY;

type Listener = (request: Http.IncomingMessage, response: Http.ServerResponse) => void;

function createServer(tls: ListenOptions['tls'], listener: Listener): Http.Server {
  if (typeof process === 'undefined' || typeof process.getBuiltinModule !== 'function')
    throw new Error('listen() needs Node 20.16 or later; elsewhere use reference.fetch or the msw handlers.');
  if (tls === undefined) return process.getBuiltinModule('node:http').createServer(listener);
  const pem = (text: string | Uint8Array): string | Buffer =>
    typeof text === 'string' ? text : Buffer.from(text);
  return process
    .getBuiltinModule('node:https')
    .createServer({ cert: pem(tls.cert), key: pem(tls.key) }, listener);
}

function receive(reference: Reference, request: Http.IncomingMessage, response: Http.ServerResponse): void {
  const { headers, method = 'GET', url: path = '/' } = request;
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) {
    send(reference.handle({ method, path, headers }), response);
    return;
  }
  const chunks: Buffer[] = [];
  let length = 0;
  request.on('data', (chunk: Buffer) => {
    const before = length;
    length += chunk.length;
    if (length <= MOST_BODY) chunks.push(chunk);
    else if (before <= MOST_BODY) send(reference.handle({ method, path, headers, body: TOO_MUCH }), response);
    // The rest is read and dropped: a client that is still writing would see a reset and not the answer.
    else if (length > MOST_DROPPED) request.destroy();
  });
  request.on('end', () => {
    if (length <= MOST_BODY)
      send(reference.handle({ method, path, headers, body: Buffer.concat(chunks).toString() }), response);
  });
  // A client that goes away in the middle of its request needs no answer.
  request.on('error', () => undefined);
}

interface Ready {
  readonly answer: PlainAnswer;
  readonly response: Http.ServerResponse;
}

/**
 * Answers that leave at the end of this turn of the event loop. Written one after the other they find the client awake:
 * that is a fifth of the throughput with many connections, and some microseconds with one.
 */
let ready: Ready[] = [];

function send(answer: PlainAnswer, response: Http.ServerResponse): void {
  if (answer.delayMs > 0) {
    setTimeout(() => deliver(answer, response), answer.delayMs);
    return;
  }
  if (ready.push({ answer, response }) === 1) setImmediate(sendReady);
}

function sendReady(): void {
  const leaving = ready;
  ready = [];
  for (const { answer, response } of leaving) deliver(answer, response);
}

/** Node resets plain connections only; one with TLS ends without the farewell of TLS, which a client takes for a break, too. */
function reset(socket: Socket): void {
  if ('encrypted' in socket) socket.destroy();
  else socket.resetAndDestroy();
}

function deliver({ status, headers, body, delivery }: PlainAnswer, response: Http.ServerResponse): void {
  const { socket } = response;
  if (socket === null || socket.destroyed) return;
  if (delivery.kind === 'whole') {
    response.writeHead(status, withLength(headers, status, Buffer.byteLength(body)));
    response.end(body);
    return;
  }
  if (delivery.kind === 'cut' && delivery.keep === 'nothing') {
    if (delivery.end === 'reset') reset(socket);
    else if (delivery.end === 'close') socket.destroy();
    return;
  }
  const bytes = Buffer.from(body);
  response.writeHead(status, withLength(headers, status, bytes.length));
  if (delivery.kind === 'drip') {
    drip(bytes, delivery.chunkBytes, delivery.everyMs, response);
    return;
  }
  response.flushHeaders();
  const end = (): void => {
    if (delivery.end === 'reset') reset(socket);
    else if (delivery.end === 'close') socket.destroySoon();
  };
  response.write(bytes.subarray(0, keptBytes(delivery.keep, bytes.length)), end);
}

/** The headers, with the length unless a fault states one of its own. */
function withLength(
  headers: Readonly<Record<string, string>>,
  status: number,
  length: number,
): Http.OutgoingHttpHeaders {
  const stated =
    status === 204 ||
    status === 304 ||
    Object.keys(headers).some((name) => name.toLowerCase() === 'content-length');
  return stated ? { ...headers } : { ...headers, 'Content-Length': length };
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

/** What is not HTTP at all gets an answer too. */
function refuseSocket(reference: Reference, socket: Socket | import('node:stream').Duplex): void {
  if (!socket.writable) return;
  const ms = reference.clock.now().getTime();
  const body = bodyOf(errorReply(400, 'The request is not valid HTTP'), requestIdOf(ms, 0));
  const headers = {
    ...headersOf(400, ms, 0),
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  };
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  socket.end(`HTTP/1.1 400 Bad Request\r\n${lines.join('\r\n')}\r\n\r\n${body}`);
}
