// Failures on the way: time, aborts, connections, TLS, proxies; and those of a signer.
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { RequestSigner } from 'blazemeter-client';
import { ProxyAgent } from 'undici';
import type { Failure } from './failures.ts';
import { basic, type Stage } from './stage.ts';

/** The port of a server that is there as long as the stage. */
function portOf(stage: Stage, server: Server): Promise<number> {
  stage.afterwards(() => server.close());
  return new Promise((resolve) => {
    server.listen(0, '127.0.0.1', () => {
      const address: AddressInfo | string | null = server.address();
      resolve(typeof address === 'object' && address !== null ? address.port : 0);
    });
  });
}

async function closedPort(stage: Stage): Promise<number> {
  const server = createServer();
  const port = await portOf(stage, server);
  await new Promise((resolve) => server.close(resolve));
  return port;
}

const at = (port: number): string => `http://127.0.0.1:${port}/api/v4`;

export const failingConnections: readonly Failure[] = [
  {
    name: 'the time of an attempt',
    ends: 'RequestTimeoutError',
    run: ({ reference, client }) => {
      reference.faults.add({ effect: 'stall' });
      return client({ timeout: 40 }).user.get();
    },
  },
  {
    name: 'the time of the call, in the middle of a body',
    ends: 'RequestTimeoutError',
    run: ({ reference, client }) => {
      reference.faults.add({ effect: 'stall', when: 'mid-body' });
      return client({ totalTimeout: 40 }).user.get();
    },
  },
  {
    name: "an abort without a reason of the caller's",
    ends: 'AbortError',
    run: ({ reference, client }) => {
      reference.faults.add({ effect: 'stall' });
      const controller = new AbortController();
      setTimeout(() => controller.abort(), 20);
      return client().user.get({ signal: controller.signal });
    },
  },
  {
    name: 'a refused connection',
    ends: 'ConnectionError',
    run: async (stage) => stage.client({ fetch: undefined, baseUrl: at(await closedPort(stage)) }).user.get(),
  },
  {
    name: 'a connection that is reset',
    ends: 'ConnectionError',
    run: async (stage) => {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', () => socket.resetAndDestroy());
      });
      return stage.client({ fetch: undefined, baseUrl: at(await portOf(stage, server)) }).user.get();
    },
  },
  {
    name: 'a response that is not HTTP and quotes the request',
    ends: 'ConnectionError',
    run: async (stage) => {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.once('data', (request) => socket.end(`HTTP/9 no\r\n${request}`));
      });
      return stage.client({ fetch: undefined, baseUrl: at(await portOf(stage, server)) }).user.get();
    },
  },
  {
    name: 'TLS that is not spoken there',
    ends: 'ConnectionError',
    run: async (stage) => {
      const server = createServer((socket) => {
        socket.on('error', () => {});
        socket.end('plain text\r\n');
      });
      const port = await portOf(stage, server);
      return stage.client({ fetch: undefined, baseUrl: `https://127.0.0.1:${port}/api/v4` }).user.get();
    },
  },
  {
    name: 'a response that breaks off',
    ends: 'ConnectionError',
    run: ({ reference, client }) => {
      reference.faults.add({ effect: 'reset', when: 'mid-body' });
      return client().user.get();
    },
  },
  {
    name: 'a proxy that asks for a password (407) and quotes ours',
    ends: 'ConnectionError',
    run: async (stage) => {
      const server = createHttpServer();
      server.on('connect', ({ headers }, socket) => {
        socket.on('error', () => {});
        socket.end(
          `HTTP/1.1 407 ${headers['proxy-authorization']}\r\nx-echo: ${headers.authorization}\r\n\r\n`,
        );
      });
      const uri = `http://127.0.0.1:${await portOf(stage, server)}`;
      const dispatcher = new ProxyAgent({ uri, token: basic(stage.credentials) });
      stage.afterwards(() => dispatcher.close());
      return stage
        .client({ fetch: undefined, fetchOptions: { dispatcher }, baseUrl: 'https://a.example/api/v4' })
        .user.get();
    },
  },
  {
    name: 'a signer that is asked for another origin',
    ends: 'TypeError',
    run: async ({ credentials, show }) =>
      show(new RequestSigner(credentials)).headers('https://elsewhere.example/'),
  },
  {
    name: "a signer's fetch that is refused",
    ends: 'TypeError',
    run: async (stage) => {
      const url = at(await closedPort(stage));
      return stage.show(new RequestSigner(stage.credentials, { origins: [url] })).fetch(url);
    },
  },
  {
    name: "a signer's fetch that is redirected",
    ends: 'TypeError',
    run: async (stage) => {
      const server = createHttpServer((request, response) => {
        response.writeHead(302, { location: `http://elsewhere.example/?${request.headers.authorization}` });
        response.end();
      });
      const url = at(await portOf(stage, server));
      return stage.show(new RequestSigner(stage.credentials, { origins: [url] })).fetch(url);
    },
  },
];
