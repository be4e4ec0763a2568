// A reference with three keys of one user, and a server in front of it that spoils the responses to one operation. The
// server is the judge of what was sent: it counts requests, not what the client says of itself.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Server, Socket } from 'node:net';
import { BlazeMeterClient, type ClientOptions } from 'blazemeter-client';
import { createReference, type PlainResponse, type Reference } from 'blazemeter-client/testing';
import { eventually } from './watch.ts';

export interface Pair {
  readonly id: string;
  readonly secret: string;
}

export interface World {
  readonly reference: Reference;
  readonly accountId: number;
  /** Signs. */
  readonly owner: Pair;
  /** Another key of the same user, to be regenerated or deleted. */
  readonly spare: Pair;
}

export function makeWorld(): World {
  const reference = createReference();
  const { accounts, keys } = reference.seed({
    users: { ana: {} },
    accounts: { acme: { owner: 'ana' } },
    // Older than what a test creates.
    keys: { owner: { user: 'ana' }, spare: { user: 'ana', created: { days: -1 } } },
  });
  return { reference, accountId: accounts.acme.id, owner: keys.owner, spare: keys.spare };
}

/** A request that is to go wrong. */
export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly socket: Socket;
  /** Does what was asked, and returns the response that would have been; one without a body gets one, to be spoiled. */
  commit(): PlainResponse;
}

/** Spoils an exchange. */
export type Fault = (exchange: Exchange) => void;

export interface Spoiled {
  readonly baseUrl: string;
  readonly port: number;
  /** Spoils requests that match, from now on; `once`: the first alone. Counts from zero again. */
  spoil(target: RegExp, fault: Fault | undefined, once: boolean): void;
  /** Answers all requests as they should be from now on. */
  heal(): void;
  /** Requests that matched since `spoil`. */
  readonly sends: number;
  /** The newest secret that was created, whether its response arrived or not. */
  readonly newestSecret: string | undefined;
  /** Fails if a request that was spoiled keeps its connection. (Node's own pool opens an idle one in its place.) */
  assertGivenUp(): Promise<void>;
  /** Fails if a connection stays open. */
  assertNoConnections(): Promise<void>;
  close(): Promise<void>;
}

export const portOf = (server: Server): number => {
  const address: AddressInfo | string | null = server.address();
  if (address === null || typeof address === 'string')
    throw new Error('The server does not listen on a port.');
  return address.port;
};

export const listening = async (server: Server): Promise<number> => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return portOf(server);
};

export const connections = (server: Server): Promise<number> =>
  new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );

const bodyOf = async (request: IncomingMessage): Promise<string> => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString();
};

const NO_RESULT = '{"api_version": 4, "error": null, "result": null, "request_id": "0000000000000"}';

/** Puts the reference behind a server of which one operation can be spoiled. */
export async function spoiledServer(
  reference: Reference,
  { keepAlive = true }: { keepAlive?: boolean } = {},
): Promise<Spoiled> {
  let target: RegExp | undefined;
  let fault: Fault | undefined;
  let once = false;
  let sends = 0;
  let newestSecret: string | undefined;
  const spoiled: Socket[] = [];

  const server = createServer(async (request, response) => {
    const { method = '', url = '', headers, socket } = request;
    request.on('error', () => {});
    response.on('error', () => {});
    const body = await bodyOf(request).catch(() => undefined);
    if (body === undefined) return; // The client went away.
    const commit = (): PlainResponse => {
      const served = reference.handle({ method, path: url, headers, body });
      newestSecret = /"secret": "([^"]+)"/.exec(served.body)?.[1] ?? newestSecret;
      return served.status === 204 ? { ...served, status: 200, body: NO_RESULT } : served;
    };
    if (target?.test(`${method} ${url}`) === true) {
      sends += 1;
      const now = fault;
      if (once) fault = undefined;
      if (now !== undefined) spoiled.push(socket);
      if (now !== undefined) return now({ request, response, socket, commit });
    }
    const served = reference.handle({ method, path: url, headers, body });
    newestSecret = /"secret": "([^"]+)"/.exec(served.body)?.[1] ?? newestSecret;
    response.writeHead(served.status, { ...served.headers, ...(keepAlive ? {} : { connection: 'close' }) });
    response.end(served.body);
  });
  const port = await listening(server);
  return {
    baseUrl: `http://127.0.0.1:${port}/api/v4`,
    port,
    spoil(which, how, first) {
      target = which;
      fault = how;
      once = first;
      sends = 0;
    },
    heal() {
      target = undefined;
    },
    get sends() {
      return sends;
    },
    get newestSecret() {
      return newestSecret;
    },
    assertGivenUp: () =>
      eventually(() => spoiled.every((socket) => socket.destroyed), 'a spoiled request keeps its connection'),
    assertNoConnections: () =>
      eventually(async () => (await connections(server)) === 0, 'a connection to the server stays open'),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

export const clientOf = (
  world: World,
  baseUrl: string,
  options: Partial<ClientOptions> = {},
): BlazeMeterClient =>
  new BlazeMeterClient({
    credentials: world.owner,
    baseUrl,
    logLevel: 'off',
    timeout: 10_000,
    totalTimeout: 4_000,
    maxRetries: 1,
    ...options,
  });
