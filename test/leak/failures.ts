// The failures of the leak table, as data: each ends in the error that it names. A server that quotes secrets stands in
// echoes.ts, sources of credentials that fail in failing-sources.ts.
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { RequestSigner } from 'blazemeter-client';
import { ProxyAgent } from 'undici';
import { echoes } from './echoes.ts';
import { failingSecrets } from './failing-secrets.ts';
import { failingSources } from './failing-sources.ts';
import { basic, type Stage } from './stage.ts';

export interface Failure {
  readonly name: string;
  /** The name of the error that it ends with; none: it succeeds, and what it gives is looked at. */
  readonly ends?: string;
  readonly run: (stage: Stage) => PromiseLike<unknown>;
}

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

const STATUSES: Readonly<Record<number, string>> = {
  400: 'BadRequestError',
  401: 'AuthenticationError',
  402: 'RequestFailedError',
  403: 'PermissionDeniedError',
  404: 'NotFoundError',
  407: 'ApiError',
  409: 'ConflictError',
  418: 'ApiError',
  429: 'RateLimitError',
  500: 'ServerError',
  502: 'ServerError',
  503: 'ServerError',
};

const statuses: Failure[] = Object.entries(STATUSES).map(([status, ends]) => ({
  name: `status ${status}`,
  ends,
  run: ({ reference, client }) => {
    reference.faults.add({ effect: 'status', status: Number(status) });
    return client().user.get();
  },
}));

const answers: Failure[] = [
  {
    name: 'an HTML page with status 200',
    ends: 'InvalidResponseError',
    run: ({ reference, client }) => {
      reference.faults.add({ effect: 'html' });
      return client().user.get();
    },
  },
  {
    name: 'an HTML page with status 502 that quotes the credential',
    ends: 'ServerError',
    run: ({ reference, client, pair }) => {
      const headers = { 'content-type': 'text/html' };
      const body = `<html>${basic(pair)} ${pair.secret}</html>`;
      reference.faults.add({ effect: 'answer', status: 502, headers, body });
      return client().user.get();
    },
  },
  {
    name: 'bad JSON',
    ends: 'InvalidResponseError',
    run: ({ reference, client, pair }) => {
      reference.faults.add({ effect: 'answer', status: 200, body: `{"result": {"id": "${pair.secret}` });
      return client().user.get();
    },
  },
  {
    name: 'an answer that misses its last brace',
    ends: 'InvalidResponseError',
    run: ({ reference, client }) => {
      reference.faults.add({ effect: 'wrong-json' });
      return client().accounts.list();
    },
  },
  {
    name: 'a schema mismatch whose value is the secret',
    ends: 'InvalidResponseError',
    run: ({ reference, client, pair }) => {
      const body = JSON.stringify({ result: { id: pair.secret, [pair.secret]: pair.secret } });
      reference.faults.add({ effect: 'answer', status: 200, body });
      return client().user.get();
    },
  },
  {
    name: 'a result override that throws what it reads',
    ends: 'InvalidResponseError',
    run: ({ reference, client, pair }) => {
      reference.faults.add({ effect: 'answer', status: 200, body: JSON.stringify({ result: pair.secret }) });
      const result = (value: unknown) => {
        throw new Error(String(value));
      };
      return client({ operations: { 'user.get': { result } } }).user.get();
    },
  },
  {
    name: 'a schema of the caller whose path is the secret',
    ends: 'InvalidResponseError',
    run: ({ client, pair, reference }) => {
      reference.faults.add({
        effect: 'answer',
        status: 200,
        body: JSON.stringify({ result: { [pair.secret]: 1 } }),
      });
      const validate = (value: unknown) => ({ issues: [{ path: Object.keys(Object(value)) }] });
      const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const;
      return client().request({ path: '/user', schema });
    },
  },
  {
    name: 'a schema of the caller that throws what it reads',
    ends: 'InvalidResponseError',
    run: ({ client, pair, reference }) => {
      reference.faults.add({ effect: 'answer', status: 200, body: JSON.stringify({ result: pair.secret }) });
      const validate = (value: unknown) => {
        throw new Error(String(value));
      };
      const schema = { '~standard': { version: 1, vendor: 'test', validate } } as const;
      return client().request({ path: '/user', schema });
    },
  },
  {
    name: 'a string error',
    ends: 'BadRequestError',
    run: ({ reference, client }) => {
      reference.faults.add({ effect: 'string-error' });
      return client().user.get();
    },
  },
  {
    name: 'an error inside a 200',
    ends: 'BadRequestError',
    run: ({ reference, client }) => {
      reference.faults.add({ effect: 'ok-with-error' });
      return client().user.get();
    },
  },
  {
    name: 'an error answer that is too large, and quotes the credential all along',
    ends: 'ServerError',
    run: ({ reference, client, pair }) => {
      const body = JSON.stringify({ error: { code: 500, message: `${pair.secret} `.repeat(2000) } });
      reference.faults.add({ effect: 'answer', status: 500, body });
      return client().user.get();
    },
  },
  {
    name: 'a redirect whose address holds the secret',
    ends: 'InvalidResponseError',
    run: ({ reference, client, pair }) => {
      const location = `https://elsewhere.example/?k=${encodeURIComponent(pair.secret)}`;
      reference.faults.add({ effect: 'redirect', location });
      return client().user.get();
    },
  },
  {
    name: 'a wrong key, asked for again',
    ends: 'AuthenticationError',
    run: ({ client, pair, show }) => {
      const wrong = pair.secret.split('').reverse().join('');
      const provider = async ({ reason } = { reason: 'first' }) => ({
        id: pair.id,
        secret: reason === 'first' ? wrong : `${wrong}x`,
      });
      return client({ credentials: show(provider) }).user.get();
    },
  },
  {
    name: 'id and secret in the wrong order',
    ends: 'AuthenticationError',
    run: ({ client, pair }) => {
      const id = pair.secret.replaceAll(':', '');
      return client({ credentials: { id, secret: pair.id } }).user.get();
    },
  },
  {
    name: 'a lock-out',
    ends: 'LockoutError',
    run: ({ client, pair }) => client().apiKeys.regenerateSecret(pair.id),
  },
  {
    name: 'a lock-out on deleting',
    ends: 'LockoutError',
    run: ({ client, pair }) => client().apiKeys.delete(pair.id),
  },
  {
    name: 'a date in the past',
    ends: 'ExpirationPolicyError',
    run: ({ client }) => client().apiKeys.create({ name: 'late', expiresAt: new Date(0) }),
  },
  {
    name: 'a header of the caller that cannot be sent and holds the secret',
    ends: 'TypeError',
    run: ({ client, pair }) => client().user.get({ headers: { 'x-api-key': `a\n${pair.secret}` } }),
  },
  {
    name: 'a header of the caller that would replace ours',
    ends: 'TypeError',
    run: ({ client, pair }) => client().user.get({ headers: { Authorization: basic(pair) } }),
  },
  {
    name: 'a path that leaves the API, with the secret in it',
    ends: 'TypeError',
    run: ({ client, pair }) => client().request({ path: `https://${pair.secret}@elsewhere.example/` }),
  },
];

const connections: Failure[] = [
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
    name: 'an answer that is not HTTP and quotes the request',
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
    name: 'an answer that breaks off',
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
      const dispatcher = new ProxyAgent({ uri, token: basic(stage.pair) });
      stage.afterwards(() => dispatcher.close());
      return stage
        .client({ fetch: undefined, fetchOptions: { dispatcher }, baseUrl: 'https://a.example/api/v4' })
        .user.get();
    },
  },
  {
    name: 'a signer that is asked for another origin',
    ends: 'TypeError',
    run: async ({ pair, show }) => show(new RequestSigner(pair)).headers('https://elsewhere.example/'),
  },
  {
    name: "a signer's fetch that is refused",
    ends: 'TypeError',
    run: async (stage) => {
      const url = at(await closedPort(stage));
      return stage.show(new RequestSigner(stage.pair, { origins: [url] })).fetch(url);
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
      return stage.show(new RequestSigner(stage.pair, { origins: [url] })).fetch(url);
    },
  },
];

/** All of them, echoes last: there are many of those, one for each encoding. */
export const failures: readonly Failure[] = [
  ...statuses,
  ...answers,
  ...connections,
  ...failingSources,
  ...failingSecrets,
];

export const echoFailures: readonly Failure[] = echoes;
