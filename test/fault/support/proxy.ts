// A CONNECT proxy of a few lines, and its ways to fail.
import { createServer, type Server as HttpServer, type IncomingMessage } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Certificate } from './certificates.ts';
import { eventually } from './watch.ts';
import { connections, listening } from './world.ts';

/** What the proxy does with a CONNECT: a status to return, or the tunnel. */
export type Verdict = number | 'tunnel' | 'reset';

export interface TestProxy {
  readonly url: string;
  /** CONNECT requests so far. */
  readonly connects: number;
  /** Requests that came in the clear, which a signed https call must never do. */
  readonly plain: number;
  assertNoConnections(): Promise<void>;
  close(): Promise<void>;
}

export async function makeProxy(
  decide: (request: IncomingMessage, nth: number) => Verdict,
  certificate?: Certificate,
): Promise<TestProxy> {
  let connects = 0;
  let plain = 0;
  const open = new Set<Duplex>();
  const server: HttpServer = certificate === undefined ? createServer() : createSecureServer(certificate);
  server.on('request', (_, response) => {
    plain += 1;
    response.writeHead(400).end();
  });
  server.on('connect', (request, client: Duplex) => {
    open.add(client);
    client.on('close', () => open.delete(client)).on('error', () => {});
    const verdict = decide(request, ++connects);
    if (verdict === 'tunnel') tunnel(request, client);
    else if (verdict === 'reset') client.destroy();
    else
      client.end(
        `HTTP/1.1 ${verdict} Said the proxy\r\nproxy-authenticate: Basic realm="p"\r\ncontent-length: 0\r\n\r\n`,
      );
  });
  const port = await listening(server);
  return {
    url: `${certificate === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    get connects() {
      return connects;
    },
    get plain() {
      return plain;
    },
    assertNoConnections: () =>
      eventually(async () => (await connections(server)) === 0, 'a connection to the proxy stays open'),
    close: () =>
      new Promise((resolve) => {
        for (const client of open) client.destroy();
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function tunnel(request: IncomingMessage, client: Duplex): void {
  const [host = '', port = ''] = (request.url ?? '').split(':');
  const upstream: Socket = connect(Number(port), host, () => {
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.pipe(client);
    client.pipe(upstream);
  });
  upstream.on('error', () => client.destroy());
  client.on('close', () => upstream.destroy());
}

/** Lets in who has this password. */
export const withPassword =
  (token: string) =>
  ({ headers }: IncomingMessage): Verdict =>
    headers['proxy-authorization'] === token ? 'tunnel' : 407;
