// The reference behind TLS, as HTTP/1.1 and HTTP/2, with a plain connection in front of it that can be broken in every way
// that a network has: what arrives there is the judge of what was sent.
import { createSecureServer, type Http2ServerRequest, type Http2ServerResponse } from 'node:http2';
import { connect, createServer, type Socket } from 'node:net';
import type { Reference } from 'blazemeter-client/testing';
import type { Authority } from './certificates.ts';
import { listening } from './world.ts';

/** What happens to a request that matches. The service has done it by then, unless `commit` is never called. */
export interface TlsExchange {
  readonly request: Http2ServerRequest;
  readonly response: Http2ServerResponse;
  /** Does what was asked, and gives the body of the response. */
  commit(): { readonly status: number; readonly body: string };
  /** Sends the response as it should be. */
  respond(): void;
  /** From now on the client receives this in place of what the server sends. */
  intercept(change: (data: Buffer, client: Socket) => void): void;
  /** The connection breaks: by a reset, or as the client's own socket reports it. */
  reset(): void;
}

export type TlsFault = (exchange: TlsExchange) => void;

export interface TlsServer {
  readonly baseUrl: string;
  /** Faults requests that match, from now on. Counts from zero again. */
  spoil(target: RegExp, fault: TlsFault | undefined): void;
  /** Requests that matched since then. */
  readonly sends: number;
  close(): Promise<void>;
}

const NO_RESULT = '{"api_version": 4, "error": null, "result": null, "request_id": "0000000000000"}';

export async function tlsServer(reference: Reference, authority: Authority): Promise<TlsServer> {
  let target: RegExp | undefined;
  let fault: TlsFault | undefined;
  let sends = 0;
  const open = new Set<Socket>();
  const spoilers = new Map<number, (data: Buffer, client: Socket) => void>();

  const server = createSecureServer({ ...(await authority.issue()), allowHTTP1: true });
  server.on('sessionError', () => {}).on('tlsClientError', () => {});
  server.on('connection', (socket: Socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  server.on('request', async (request, response) => {
    const { method = '', url = '' } = request;
    request.on('error', () => {});
    response.on('error', () => {});
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    let done: { status: number; body: string } | undefined;
    const commit = () => {
      if (done !== undefined) return done;
      const headers = { authorization: request.headers.authorization ?? '' };
      const served = reference.handle({ method, path: url, headers, body: Buffer.concat(chunks).toString() });
      done = served.status === 204 ? { status: 200, body: NO_RESULT } : served;
      return done;
    };
    const respond = () => {
      const { status, body } = commit();
      response.writeHead(status, { 'content-type': 'application/json', date: new Date().toUTCString() });
      response.end(body);
    };
    const now = target?.test(`${method} ${url}`) === true ? fault : undefined;
    if (target?.test(`${method} ${url}`) === true) sends += 1;
    if (now === undefined) return respond();
    const port = request.socket.remotePort ?? 0;
    const intercept: TlsExchange['intercept'] = (change) => void spoilers.set(port, change);
    now({
      request,
      response,
      commit,
      respond,
      intercept,
      reset: () => {
        intercept((_, client) => client.resetAndDestroy());
        if (!response.headersSent) response.writeHead(500);
        response.end(' ');
      },
    });
  });
  const port = await listening(server);

  const front = createServer((client) => {
    const upstream = connect(port, '127.0.0.1');
    for (const [one, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      open.add(one);
      one
        .on('error', () => {})
        .on('close', () => {
          open.delete(one);
          other.destroy();
        });
    }
    client.on('data', (data) => upstream.write(data));
    upstream.on('data', (data) => {
      const change = spoilers.get(upstream.localPort ?? -1);
      if (change === undefined) client.write(data);
      else change(data, client);
    });
  });
  const frontPort = await listening(front);
  return {
    baseUrl: `https://localhost:${frontPort}/api/v4`,
    spoil(which, how) {
      target = which;
      fault = how;
      sends = 0;
    },
    get sends() {
      return sends;
    },
    close: async () => {
      for (const socket of open) socket.destroy();
      await new Promise((resolve) => front.close(resolve));
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
