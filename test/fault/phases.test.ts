// Where it failed decides whether it was sent: every phase of a request, over HTTP/1.1 and HTTP/2, on real sockets. What
// fails before a connection is there was never sent, whatever the operation; after that, only a read or a delete is.
import assert from 'node:assert/strict';
import { Agent as HttpAgent } from 'node:http';
import { createServer, type Socket } from 'node:net';
import {
  AmbiguousOutcomeError,
  BlazeMeterError,
  ConnectionError,
  RequestTimeoutError,
} from 'blazemeter-client';
import { Agent, buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import { awayFromTurn } from '../support/turn.ts';
import { type Authority, makeAuthority } from './support/certificates.ts';
import { operations, type TriedOperation } from './support/operations.ts';
import { makeProxy } from './support/proxy.ts';
import { type TlsFault, type TlsServer, tlsServer } from './support/tls-server.ts';
import { clientOf, listening, makeWorld, type World } from './support/world.ts';

let authority: Authority;
const { random } = Math;
beforeAll(async () => {
  authority = await makeAuthority();
  Math.random = () => 0.02;
});
afterAll(() => {
  Math.random = random;
});

let world: World;
let server: TlsServer;
/** The client's own ends of its connections. */
let sockets: Socket[];
const closers: (() => unknown)[] = [];
const later = <T extends { close(): unknown }>(made: T): T => {
  closers.push(() => made.close());
  return made;
};
beforeEach(async () => {
  world = makeWorld();
  sockets = [];
  server = later(await tlsServer(world.reference, authority));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

/** A dispatcher that is destroyed afterwards: what hangs is given up. */
const used = <T extends Dispatcher>(dispatcher: T): T => {
  closers.push(() => dispatcher.destroy());
  return dispatcher;
};

const protocols = [
  { protocol: 'HTTP/1.1', allowH2: false },
  { protocol: 'HTTP/2', allowH2: true },
] as const;

/** The class of an error, with its reason or scope. */
function ending(error: unknown): string {
  if (error instanceof ConnectionError) return `${error.name}(${error.reason})`;
  if (error instanceof RequestTimeoutError) return `${error.name}(${error.scope})`;
  return error instanceof BlazeMeterError ? error.name : String(error);
}

const outcomeOf = (operation: TriedOperation, fetchOptions: Record<string, unknown>, options = {}) =>
  operation.call(clientOf(world, server.baseUrl, { timeout: 1_500, fetchOptions, ...options }), world).then(
    () => undefined,
    (error: unknown) => error,
  );

const systemError = (syscall: string, code: string, more = {}) =>
  Object.assign(new Error(`${syscall} ${code}`), { code, syscall, errno: -1, ...more });

describe.each(protocols)('before there is a connection, over $protocol', ({ allowH2 }) => {
  type Failing = (ca: string) => Promise<Record<string, unknown>> | Record<string, unknown>;
  const dispatcher = (made: Dispatcher) => ({ dispatcher: used(made) });
  const agent = (connect: NonNullable<Agent.Options['connect']>) =>
    dispatcher(new Agent({ allowH2, connect }));
  const refusing = (code: string) => () =>
    agent((_, callback) => callback(systemError('connect', code), null));
  const lookup = (code: string) => (ca: string) =>
    agent({
      ca,
      lookup: (hostname, _, callback) => callback(systemError('getaddrinfo', code, { hostname }), '', 4),
    });
  const throughProxy =
    (head: string | undefined, then: (socket: Socket) => void = (socket) => socket.end()): Failing =>
    async (ca) => {
      const proxy = createServer((socket) => {
        socket
          .on('error', () => {})
          .once('data', () => {
            if (head !== undefined) socket.write(head);
            then(socket);
          });
      });
      later(proxy);
      const port = await listening(proxy);
      return dispatcher(new ProxyAgent({ uri: `http://127.0.0.1:${port}`, requestTls: { ca } }));
    };
  const inHandshake =
    (then: (socket: Socket) => void): Failing =>
    async (ca) => {
      const target = createServer((socket) => {
        socket.on('error', () => {}).once('data', () => then(socket));
      });
      later(target);
      const port = await listening(target);
      const connect = buildConnector({ ca, allowH2 });
      return agent((options, callback) => connect({ ...options, port: String(port) }, callback));
    };
  const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';
  const afterHello = (then: (socket: Socket) => void) => (socket: Socket) =>
    void socket.once('data', () => then(socket));

  it.each<[phase: string, Failing, ending: string, message: RegExp]>([
    ['lookup: no such host', lookup('ENOTFOUND'), 'ConnectionError(dns)', /baseUrl/],
    ['lookup: no response for now', lookup('EAI_AGAIN'), 'ConnectionError(dns)', /baseUrl/],
    [
      'lookup: no such proxy',
      () => dispatcher(new ProxyAgent('http://proxy.invalid:3128')),
      'ConnectionError(dns)',
      /proxy.*dispatcher/,
    ],
    ['connect: EHOSTUNREACH', refusing('EHOSTUNREACH'), 'ConnectionError(unreachable)', /network/],
    ['connect: ENETDOWN', refusing('ENETDOWN'), 'ConnectionError(unreachable)', /network/],
    ['connect: ETIMEDOUT', refusing('ETIMEDOUT'), 'ConnectionError(connect-timeout)', /network/],
    ['connect: EACCES', refusing('EACCES'), 'ConnectionError(other)', /permissions/],
    ['connect: EPERM', refusing('EPERM'), 'ConnectionError(other)', /permissions/],
    ['connect: EMFILE', refusing('EMFILE'), 'ConnectionError(other)', /limits/],
    ['connect: EADDRNOTAVAIL', refusing('EADDRNOTAVAIL'), 'ConnectionError(other)', /local address/],
    [
      'connect: a permission of Node',
      () =>
        agent((_, callback) =>
          callback(Object.assign(new Error('no'), { code: 'ERR_ACCESS_DENIED', permission: 'Net' }), null),
        ),
      'ConnectionError(other)',
      /permissions/,
    ],
    [
      'proxy: refuses the connection',
      () => dispatcher(new ProxyAgent('http://127.0.0.1:1')),
      'ConnectionError(refused)',
      /proxy.*dispatcher/,
    ],
    [
      'proxy: refuses the tunnel',
      throughProxy('HTTP/1.1 403 no\r\n\r\n'),
      'ConnectionError(proxy)',
      /proxy.*403/,
    ],
    [
      'proxy: leads to a login page',
      throughProxy('HTTP/1.1 302 no\r\nlocation: https://login.test/\r\n\r\n'),
      'ConnectionError(proxy)',
      /proxy.*302/,
    ],
    ['proxy: is not one', throughProxy('220 mail.test ESMTP\r\n\r\n'), 'ConnectionError(other)', /proxy/],
    ['proxy: closes instead of a tunnel', throughProxy(undefined), 'RequestTimeoutError(attempt)', /proxy/],
    [
      'proxy: never responds',
      throughProxy(undefined, () => {}),
      'RequestTimeoutError(attempt)',
      /not sent.*proxy in fetchOptions/,
    ],
    ['tunnel: closes', throughProxy(ESTABLISHED), 'ConnectionError(reset)', /broke/],
    [
      'tunnel: is reset',
      throughProxy(
        ESTABLISHED,
        afterHello((socket) => void socket.resetAndDestroy()),
      ),
      'ConnectionError(reset)',
      /proxy/,
    ],
    [
      'tunnel: brings a page',
      throughProxy(ESTABLISHED, (socket) => socket.end('<html>Sign in</html>')),
      'ConnectionError(tls)',
      /handshake.*proxy/,
    ],
    ['TLS: the CA is unknown', () => agent({}), 'ConnectionError(tls)', /NODE_EXTRA_CA_CERTS/],
    [
      'TLS: the server speaks no TLS',
      inHandshake((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n')),
      'ConnectionError(tls)',
      /handshake/,
    ],
    [
      'TLS: an alert',
      inHandshake((socket) => socket.end(Buffer.from([21, 3, 3, 0, 2, 2, 40]))),
      'ConnectionError(tls)',
      /handshake/,
    ],
    ['TLS: closes', inHandshake((socket) => socket.end()), 'ConnectionError(reset)', /broke/],
    [
      'TLS: is reset',
      inHandshake((socket) => void socket.resetAndDestroy()),
      'ConnectionError(reset)',
      /no connection/,
    ],
    ['TLS: never ends', inHandshake(() => {}), 'RequestTimeoutError(attempt)', /no connection/],
  ])('%s', async (_, failing, expected, message) => {
    const { keys: before } = world.reference.snapshot();
    const fetchOptions = await failing(authority.ca);
    const slow = expected.startsWith('RequestTimeoutError');
    for (const operation of operations) {
      const error = await outcomeOf(operation, fetchOptions, slow ? { timeout: 60, maxRetries: 0 } : {});
      assert.equal(ending(error), expected, operation.name);
      assert.ok(error instanceof Error);
      assert.match(error.message, message);
      if (error instanceof ConnectionError) assert.equal(error.mayHaveBeenSent, false);
    }
    assert.equal(world.reference.journal.count(), 0);
    assert.deepEqual(world.reference.snapshot().keys, before);
  });
});

describe('what fetch refuses is not sent', () => {
  const closed = async () => {
    const made = new Agent();
    await made.close();
    return made;
  };
  it.each<[what: string, () => unknown, message: RegExp]>([
    ['a misspelt mode', () => ({ mode: 'corz' }), /fetchOptions/],
    ['a misspelt cache', () => ({ cache: 'no-stor' }), /fetchOptions/],
    ['a cache that the mode forbids', () => ({ cache: 'only-if-cached' }), /fetchOptions/],
    ['a misspelt duplex', () => ({ duplex: 'full' }), /fetchOptions/],
    ['a referrer that is no URL', () => ({ referrer: '::' }), /fetchOptions/],
    ['a closed dispatcher', async () => ({ dispatcher: await closed() }), /dispatcher is closed/],
    ['an agent of node:http', () => ({ dispatcher: new HttpAgent() }), /fetchOptions\.dispatcher.*node:http/],
    ['an object that is no dispatcher', () => ({ dispatcher: {} }), /fetchOptions\.dispatcher/],
    ['the address of a proxy', () => ({ dispatcher: 'http://proxy.test:3128' }), /fetchOptions\.dispatcher/],
    ['a dispatcher that throws', () => ({ dispatcher: { dispatch: () => assert.fail('foreign') } }), /proxy/],
  ])('%s', async (_, options, message) => {
    const fetchOptions = await options();
    assert.ok(typeof fetchOptions === 'object' && fetchOptions !== null);
    for (const operation of operations) {
      const error = await outcomeOf(operation, { ...fetchOptions });
      assert.ok(error instanceof ConnectionError, `${operation.name}: ${String(error)}`);
      assert.equal(error.mayHaveBeenSent, false);
      assert.match(error.message, message);
    }
    assert.equal(server.sends, 0);
  });

  it('a runtime without fetch', async () => {
    const { fetch } = globalThis;
    Reflect.deleteProperty(globalThis, 'fetch');
    try {
      for (const operation of operations) {
        const error = await outcomeOf(operation, {});
        assert.ok(error instanceof ConnectionError, String(error));
        assert.equal(error.mayHaveBeenSent, false);
        assert.match(error.message, /no fetch/);
      }
    } finally {
      globalThis.fetch = fetch;
    }
  });
});

describe.each(protocols)('once there is a connection, over $protocol', ({ allowH2 }) => {
  const destroyed =
    (syscall: string, code: string): TlsFault =>
    ({ commit }) => {
      commit();
      for (const socket of sockets) socket.destroy(systemError(syscall, code));
    };
  const inPlace =
    (change: (data: Buffer, client: Socket) => void): TlsFault =>
    ({ intercept, respond }) => {
      intercept(change);
      respond();
    };
  const inBody: TlsFault = ({ response, commit, intercept }) => {
    const { status, body } = commit();
    response.writeHead(status, { 'content-type': 'application/json', 'content-length': String(body.length) });
    response.write(body.slice(0, 40));
    setTimeout(() => {
      intercept((_, client) => client.resetAndDestroy());
      response.write(body.slice(40, 60));
    }, 20);
  };
  const flip = (data: Buffer, client: Socket) => {
    const other = Buffer.from(data);
    other.writeUInt8(other.readUInt8(20) ^ 0xff, 20);
    client.write(other);
  };

  const rows: readonly (readonly [phase: string, TlsFault, reason: string])[] = [
    ['writing: EPIPE', destroyed('write', 'EPIPE'), 'reset'],
    ['writing: EPROTO', destroyed('write', 'EPROTO'), 'tls'],
    ['waiting: EHOSTUNREACH', destroyed('read', 'EHOSTUNREACH'), 'reset'],
    ['waiting: ENETDOWN', destroyed('read', 'ENETDOWN'), 'reset'],
    ['waiting: ETIMEDOUT', destroyed('read', 'ETIMEDOUT'), 'reset'],
    ['waiting: ECONNREFUSED', destroyed('read', 'ECONNREFUSED'), 'reset'],
    [
      'waiting: reset',
      (exchange) => {
        exchange.commit();
        exchange.reset();
      },
      'reset',
    ],
    ['waiting: a TLS record that is broken', inPlace(flip), allowH2 ? 'tls' : 'reset'],
    [
      'waiting: plain text of a gateway',
      inPlace((_, client) => client.end('HTTP/1.1 502 Bad Gateway\r\n\r\n')),
      allowH2 ? 'tls' : 'reset',
    ],
    ['body: reset', inBody, 'truncated'],
    ...(allowH2
      ? ([
          [
            'waiting: the stream is closed',
            ({ commit, response }) => {
              commit();
              response.stream.close(2);
            },
            'reset',
          ],
          [
            'waiting: GOAWAY',
            ({ commit, response }) => {
              commit();
              response.stream.session?.destroy(undefined, 1);
            },
            'reset',
          ],
        ] satisfies [string, TlsFault, string][])
      : []),
  ];

  it.each(rows)('%s', async (_, fault, reason) => {
    for (const operation of operations) {
      world = makeWorld();
      const target = later(await tlsServer(world.reference, authority));
      const connect = buildConnector({ ca: authority.ca, allowH2 });
      const agent = used(
        new Agent({
          allowH2,
          connect: (options, callback) =>
            connect(options, (error, socket) => {
              if (error !== null) return callback(error, null);
              sockets.push(socket);
              callback(null, socket);
            }),
        }),
      );
      const client = clientOf(world, target.baseUrl, { fetchOptions: { dispatcher: agent } });
      await client.user.get();
      target.spoil(operation.target, fault);
      await awayFromTurn();
      const error = await operation.call(client, world).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      const sent = `${ending(error)} ${target.sends}`;
      assert.equal(sent, expected(operation, reason), `${operation.name}: ${String(error)}`);
      if (error instanceof ConnectionError) assert.equal(error.mayHaveBeenSent, true);
      if (error instanceof AmbiguousOutcomeError && operation.id === 'apiKeys.create') {
        target.spoil(operation.target, undefined);
        assert.equal((await error.resolve()).outcome, 'committed');
      }
    }
  });

  /** The service has done it, and its response is lost, each time. */
  function expected({ name }: TriedOperation, reason: string): string {
    if (name === 'apiKeys.create') return 'AmbiguousOutcomeError 1';
    if (name === 'regenerate (other)') return 'AmbiguousOutcomeError 2';
    if (name === 'regenerate (self)') return 'SecretLostError 1';
    return `ConnectionError(${reason}) 2`;
  }
});

it('a proxy that tunnels, and a connection through it that breaks after sending, is ambiguous', async () => {
  const proxy = later(await makeProxy(() => 'tunnel'));
  const dispatcher = used(new ProxyAgent({ uri: proxy.url, requestTls: { ca: authority.ca } }));
  const client = clientOf(world, server.baseUrl.replace('localhost', '127.0.0.1'), {
    fetchOptions: { dispatcher },
  });
  server.spoil(/^POST/, (exchange) => {
    exchange.commit();
    exchange.reset();
  });
  await assert.rejects(
    client.apiKeys.create({ name: 'nightly', expiresIn: { days: 30 } }),
    AmbiguousOutcomeError,
  );
  assert.equal(server.sends, 1);
});
