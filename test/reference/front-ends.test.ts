// The ways into a reference: an injected fetch, msw, a socket, and a fixture for tests.
import http from 'node:http';
import net from 'node:net';
import { createContext, runInContext } from 'node:vm';
import {
  createReference,
  listen,
  type Reference,
  type SeededKey,
  withReference,
} from 'blazemeter-client/testing';
import { handlers } from 'blazemeter-client/testing/msw';
import { build } from 'esbuild';
import { setupServer } from 'msw/node';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { makeAuthority } from '../fault/support/certificates.ts';
import { basic, parsed, send } from '../support/reference.ts';

const BASE = 'https://a.blazemeter.com/api/v4';

function world() {
  const reference = createReference();
  return { reference, ...reference.seed() };
}

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0)) await close();
});

describe('the injected fetch', () => {
  it('takes a text, a URL, a Request, and a Request with changes', async () => {
    const { reference, keys } = world();
    const { fetch } = reference;
    const headers = { Authorization: basic(keys.owner) };
    const url = `${BASE}/user`;
    const responses = await Promise.all([
      fetch(url, { headers }),
      fetch(new URL(url), { headers: new Headers(headers) }),
      fetch(new Request(url, { headers })),
      fetch(new Request(url), { headers: [['authorization', basic(keys.owner)]] }),
    ]);
    for (const response of responses) expect(response.status).toBe(200);
  });

  it('takes a body in every form that fetch takes', async () => {
    const { reference, keys } = world();
    const text = JSON.stringify({ name: 'café', expiration: Math.floor(Date.now() / 1000) + 1000 });
    const bytes = new TextEncoder().encode(text);
    const post = (body: RequestInit['body'], more: object = {}) =>
      reference.fetch(`${BASE}/api-keys`, {
        method: 'post',
        headers: { authorization: basic(keys.owner) },
        body: body ?? null,
        ...more,
      });
    const stream = new ReadableStream({
      start(controller) {
        controller.enqueue(bytes);
        controller.close();
      },
    });
    for (const response of [
      await post(text),
      await post(bytes),
      await post(new Blob([text])),
      await post(stream, { duplex: 'half' }),
    ]) {
      expect(response.status).toBe(201);
      expect(parsed(await response.text())).toMatchObject({ result: { name: 'café' } });
    }
  });

  it('reads a request of another implementation', async () => {
    const { reference, keys } = world();
    const foreign = {
      url: `${BASE}/user`,
      method: 'GET',
      headers: new Headers({ authorization: basic(keys.owner) }),
      redirect: 'follow' as const,
      text: async () => '',
    };
    const response: Promise<Response> = Reflect.apply(reference.fetch, undefined, [foreign]);
    expect((await response).status).toBe(200);
  });

  it('rejects what fetch rejects', async () => {
    const { fetch } = createReference();
    await expect(fetch('not a url')).rejects.toThrow(TypeError);
    await expect(fetch('ftp://a.blazemeter.com/api/v4/user')).rejects.toThrow(TypeError);
    await expect(fetch('https://id:secret@a.blazemeter.com/api/v4/user')).rejects.toThrow(TypeError);
    await expect(fetch(`${BASE}/user`, { body: 'x' })).rejects.toThrow(TypeError);
    await expect(fetch(`${BASE}/user`, { headers: { 'a b': 'c' } })).rejects.toThrow(TypeError);
    const gone = AbortSignal.abort(new Error('gone'));
    await expect(fetch(`${BASE}/user`, { signal: gone })).rejects.toThrow('gone');
  });

  it('responds without a body where there is none', async () => {
    const { reference, keys } = world();
    const response = await reference.fetch(`${BASE}/api-keys/${keys.owner.id}`, {
      method: 'DELETE',
      headers: { authorization: basic(keys.owner) },
    });
    expect([response.status, response.body]).toEqual([204, null]);
  });
});

describe('msw', () => {
  const start = (reference: Reference, baseUrl?: string) => {
    const server = setupServer(...handlers(reference, { baseUrl }));
    server.listen({ onUnhandledRequest: 'error' });
    closers.push(() => server.close());
  };

  it('handles requests to BlazeMeter, and to no other origin', async () => {
    const { reference, keys } = world();
    start(reference);
    const headers = { authorization: basic(keys.owner) };
    const response = await fetch(`${BASE}/user`, { headers });
    expect(response.status).toBe(200);
    expect(response.headers.get('set-cookie')).toMatch(/^bzm_sess=/);
    for (const other of [
      'https://gitlab.example/api/v4/user',
      'https://a.blazemeter.com.example/api/v4/user',
    ])
      await expect(fetch(other, { headers })).rejects.toThrow('onUnhandledRequest');
    expect(reference.journal.count()).toBe(1);
  });

  it('lets requests reach a reference that listens', async () => {
    start(createReference());
    const { reference, keys } = world();
    await using server = await listen(reference);
    const headers = { authorization: basic(keys.owner) };
    expect((await fetch(`${server.url}/user`, { headers })).status).toBe(200);
  });

  it('handles requests below a base URL of your own, and not those to BlazeMeter', async () => {
    const { reference, keys } = world();
    start(reference, 'https://private.example:8443/gate.way/api/v4');
    const headers = { authorization: basic(keys.owner) };
    const response = await fetch('https://private.example:8443/gate.way/api/v4/user?x=1', { headers });
    expect(response.status).toBe(200);
    for (const other of ['https://private.example:8443/gateXway/api/v4/user', `${BASE}/user`])
      await expect(fetch(other, { headers })).rejects.toThrow('onUnhandledRequest');
  });

  it.each(['gate/api/v4', 'https://private.example', 'ftp://private.example/api/v4'])(
    'refuses the base URL %s',
    (baseUrl) => {
      expect(() => handlers(createReference(), { baseUrl })).toThrow(TypeError);
    },
  );

  it('carries bodies both ways', async () => {
    const { reference, keys } = world();
    start(reference);
    const response = await fetch(`${BASE}/api-keys`, {
      method: 'POST',
      headers: { authorization: basic(keys.owner) },
      body: JSON.stringify({ name: 'ci', expiration: Math.floor(Date.now() / 1000) + 1000 }),
    });
    expect(response.status).toBe(201);
    const gone = await fetch(`${BASE}/api-keys/${keys.member.id}`, {
      method: 'DELETE',
      headers: { authorization: basic(keys.member) },
    });
    expect(gone.status).toBe(204);
  });

  it('shows faults as a network does', async () => {
    const { reference, keys } = world();
    start(reference);
    const headers = { authorization: basic(keys.owner) };
    const reset = reference.faults.add({ effect: 'reset' });
    await expect(fetch(`${BASE}/user`, { headers })).rejects.toThrow(TypeError);
    reset.remove();
    const stall = reference.faults.add({ effect: 'stall' });
    await expect(fetch(`${BASE}/user`, { headers, signal: AbortSignal.timeout(30) })).rejects.toThrow(
      /abort|timeout/i,
    );
    stall.remove();
    reference.faults.add({ effect: 'truncate' });
    const cut = await fetch(`${BASE}/user`, { headers });
    await expect(cut.text()).rejects.toThrow();
  });
});

describe('a socket', () => {
  const start = async (reference: Reference, options = {}) => {
    const server = await listen(reference, options);
    closers.push(() => server.close());
    return server;
  };
  const get = (url: string, key: SeededKey, init: RequestInit = {}) =>
    fetch(`${url}/user`, { ...init, headers: { authorization: basic(key) } });

  it('is on the loopback, on a free port, and says where', async () => {
    const { reference, keys } = world();
    const server = await start(reference);
    expect(server.url).toBe(`http://127.0.0.1:${server.port}/api/v4`);
    expect((await get(server.url, keys.owner)).status).toBe(200);
    const ipv6 = await start(reference, { host: '::1' });
    expect(ipv6.url).toBe(`http://[::1]:${ipv6.port}/api/v4`);
  });

  it('gives the same bytes and headers as the core', async () => {
    const reference = createReference({ clock: { at: '2026-03-01T12:00:00Z', frozen: true } });
    const { keys } = reference.seed();
    const server = await start(reference);
    const response = await get(server.url, keys.owner);
    const core = send(reference, keys.owner, 'GET', '/user');
    const strip = (text: string) => text.replace(/"request_id": "\w+"/, '');
    expect(strip(await response.text())).toBe(strip(core.text));
    for (const name of ['Date', 'Content-Type', 'Cache-Control', 'Vary'])
      expect(response.headers.get(name)).toBe(core.headers[name]);
    expect(Number(response.headers.get('content-length'))).toBe(Buffer.byteLength(core.text));
  });

  it('lets pages of other origins call it only where that was asked for', async () => {
    const { reference, keys } = world();
    const asking = {
      method: 'OPTIONS',
      headers: {
        origin: 'https://plugin.example',
        'access-control-request-method': 'PATCH',
        'access-control-request-headers': 'authorization,x-client-id',
      },
    };
    const closed = await start(reference);
    expect((await get(closed.url, keys.owner)).headers.has('access-control-allow-origin')).toBe(false);
    expect((await fetch(`${closed.url}/user`, asking)).status).toBe(405);

    const open = await start(reference, { cors: true });
    const permission = await fetch(`${open.url}/user`, asking);
    expect(permission.status).toBe(204);
    expect(permission.headers.get('access-control-allow-origin')).toBe('*');
    expect(permission.headers.get('access-control-allow-methods')).toContain('PATCH');
    expect(permission.headers.get('access-control-allow-headers')).toBe('authorization,x-client-id');
    for (const key of [keys.owner, { ...keys.owner, secret: 'wrong' }]) {
      const { headers } = await get(open.url, key);
      expect(headers.get('access-control-allow-origin')).toBe('*');
      expect(headers.get('access-control-expose-headers')).toBe('Date, Retry-After');
    }
    // The questions of browsers are none for the API.
    expect(reference.journal.unhandled).toHaveLength(1);
  });

  it('refuses a port that is taken', async () => {
    const { reference } = world();
    const { port } = await start(reference);
    await expect(listen(reference, { port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  });

  it('closes at once, even while requests hang, and is disposed of by await using', async () => {
    const { reference, keys } = world();
    reference.faults.add({ effect: 'stall' });
    let hanging: Promise<unknown> = Promise.resolve();
    {
      await using server = await listen(reference);
      hanging = get(server.url, keys.owner).catch((error: unknown) => error);
      await expect.poll(() => reference.journal.count()).toBe(1);
    }
    expect(await hanging).toBeInstanceOf(TypeError);
  });

  it('breaks the connection where a fault says so', async () => {
    const { reference, keys } = world();
    const server = await start(reference);
    const reset = reference.faults.add({ effect: 'reset', when: 'after-commit' });
    await expect(get(server.url, keys.owner)).rejects.toMatchObject({ cause: { code: 'ECONNRESET' } });
    reset.remove();
    for (const effect of [{ effect: 'reset', when: 'mid-body' }, { effect: 'truncate' }] as const) {
      const fault = reference.faults.add(effect);
      const response = await get(server.url, keys.owner);
      expect(response.status).toBe(200);
      await expect(response.text()).rejects.toThrow('terminated');
      fault.remove();
    }
    const stall = reference.faults.add({ effect: 'stall', when: 'mid-body' });
    const controller = new AbortController();
    const stalled = await get(server.url, keys.owner, { signal: controller.signal });
    const text = stalled.text();
    controller.abort(new Error('enough'));
    await expect(text).rejects.toThrow('enough');
    stall.remove();
    reference.faults.add({ effect: 'drip', chunkBytes: 500, everyMs: 5 });
    expect(parsed(await (await get(server.url, keys.owner)).text())).toMatchObject({ error: null });
  });

  it('states a wrong length where a fault says so', async () => {
    const { reference, keys } = world();
    const server = await start(reference);
    reference.faults.add({ effect: 'response', headers: { 'content-length': '5' }, body: '{"a":1}' });
    const response = await get(server.url, keys.owner);
    expect(await response.text()).toBe('{"a":');
  });

  it('waits where a fault says so', async () => {
    const { reference, keys } = world();
    const server = await start(reference);
    reference.faults.add({ effect: 'latency', ms: 40 });
    const before = performance.now();
    await get(server.url, keys.owner);
    expect(performance.now() - before).toBeGreaterThanOrEqual(39);
  });

  it('refuses a body that is too large, and goes on', async () => {
    const { reference, keys } = world();
    const server = await start(reference);
    const response = await fetch(`${server.url}/api-keys`, {
      method: 'POST',
      headers: { authorization: basic(keys.owner) },
      body: 'x'.repeat(3_000_000),
    });
    expect(response.status).toBe(413);
    expect(parsed(await response.text())).toMatchObject({ error: { code: 413 } });
    expect((await get(server.url, keys.owner)).status).toBe(200);
  });

  it('responds to what is not HTTP with an envelope, and goes on', async () => {
    const { reference, keys } = world();
    const server = await start(reference);
    const text = await new Promise<string>((resolve) => {
      let received = '';
      const socket = net.connect(server.port, '127.0.0.1', () =>
        socket.write('\u0000\u0001 nonsense\r\n\r\n'),
      );
      socket.on('data', (chunk) => {
        received += chunk.toString();
      });
      socket.on('close', () => resolve(received));
    });
    expect(text).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
    expect(parsed(text.split('\r\n\r\n')[1] ?? '')).toMatchObject({ error: { code: 400 }, api_version: 4 });
    expect((await get(server.url, keys.owner)).status).toBe(200);
  });

  it('survives a client that goes away in the middle of its request', async () => {
    const { reference, keys } = world();
    const server = await start(reference);
    const request = http.request({
      port: server.port,
      method: 'POST',
      path: '/api/v4/api-keys',
      headers: { 'content-length': 100 },
    });
    request.on('error', () => {});
    request.write('{"name":');
    await new Promise((resolve) => setTimeout(resolve, 20));
    request.destroy();
    expect((await get(server.url, keys.owner)).status).toBe(200);
  });

  /** Writes text to a connection, and resolves with what arrives until `count` responses have begun or it is closed. */
  const raw = (port: number, text: string, count: number, end = false) =>
    new Promise<string>((resolve) => {
      let received = '';
      const socket = net.connect(port, '127.0.0.1', () => (end ? socket.end(text) : socket.write(text)));
      const done = () => {
        socket.destroy();
        resolve(received);
      };
      socket.on('data', (chunk) => {
        received += chunk.toString();
        if ((received.match(/HTTP\/1\.1 \d+/g) ?? []).length >= count) done();
      });
      socket.on('close', done);
    });
  const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);

  it('responds to pipelined requests, in their order', async () => {
    const { reference } = world();
    const server = await start(reference);
    const paths = ['web/version', 'user', 'web/version', 'none', 'web/version'];
    const text = paths.map((path) => `GET /api/v4/${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join('');
    expect(statuses(await raw(server.port, text, 5))).toEqual(['200', '401', '200', '404', '200']);
  });

  it('breaks a pipelined response in its turn', async () => {
    const { reference } = world();
    const server = await start(reference);
    reference.faults.add({ effect: 'truncate', keepBytes: 0, nth: 3 });
    const text = 'GET /api/v4/web/version HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(4);
    expect(statuses(await raw(server.port, text, 4))).toEqual(['200', '200', '200']);
  });

  it('survives headers named like members of Object.prototype', async () => {
    const { reference } = world();
    const server = await start(reference);
    const odd = '__proto__: x\r\nconstructor: y\r\nhasOwnProperty: z\r\n';
    const text = `GET /api/v4/web/version HTTP/1.1\r\nHost: a\r\n${odd}\r\n`;
    expect(statuses(await raw(server.port, text, 1))).toEqual(['200']);
  });

  it('survives a body that ends half-way', async () => {
    const { reference, keys } = world();
    const server = await start(reference);
    const head = 'POST /api/v4/api-keys HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\n';
    await raw(server.port, `${head}{"name":`, 1, true);
    expect(reference.journal.count('apiKeys.create')).toBe(0);
    expect((await get(server.url, keys.owner)).status).toBe(200);
  });

  it.each([
    { headers: { Trailer: 'x-checksum' } },
    { headers: { 'Transfer-Encoding': 'chunked' } },
    { headers: { Connection: 'upgrade' } },
  ])('sends the headers $headers of a fault', async (effect) => {
    const { reference, keys } = world();
    const server = await start(reference);
    reference.faults.add({ effect: 'response', body: '{"a":1}', ...effect });
    expect(await (await get(server.url, keys.owner)).text()).toBe('{"a":1}');
  });

  it('responds with 500 and a line in the log where Node refuses to send the response of a fault', async () => {
    const { reference, keys } = world();
    const server = await start(reference);
    const log = vi.spyOn(console, 'error').mockImplementation(() => {});
    closers.push(() => log.mockRestore());
    const fault = reference.faults.add({
      effect: 'response',
      status: 204,
      headers: { Trailer: 'x' },
      body: '',
    });
    expect((await get(server.url, keys.owner)).status).toBe(500);
    expect(log).toHaveBeenCalledOnce();
    fault.remove();
    expect((await get(server.url, keys.owner)).status).toBe(200);
  });

  it.each(['0.0.0.0', '::', '0', '::0', '[::]', '[::1]', 'localhost', ''])(
    'on %j, has a URL that a client of this machine can use',
    async (host) => {
      const { reference, keys } = world();
      const server = await start(reference, { host });
      expect((await get(server.url, keys.owner)).status).toBe(200);
      expect(new URL(server.url).hostname).toMatch(/^(?:127\.0\.0\.1|\[::1\]|localhost)$/);
    },
  );

  it('refuses a certificate without its key', async () => {
    const options = { tls: { cert: 'x' } };
    await expect(Reflect.apply(listen, undefined, [createReference(), options])).rejects.toThrow(
      'cert and key',
    );
  });

  it('refuses an option that it does not know', async () => {
    await expect(Reflect.apply(listen, undefined, [createReference(), { prot: 1 }])).rejects.toThrow(
      'Did you mean "port"?',
    );
  });

  it('responds while timers are faked, and after that', async () => {
    const { reference, keys } = world();
    const server = await start(reference);
    reference.faults.add({ operation: 'accounts.list', effect: 'latency', ms: 5 });
    const headers = { authorization: basic(keys.owner) };
    vi.useFakeTimers();
    try {
      const second = await start(reference);
      for (const { url } of [server, second]) expect((await get(url, keys.owner)).status).toBe(200);
      expect((await fetch(`${server.url}/accounts`, { headers })).status).toBe(200);
      expect((await reference.fetch(`${BASE}/accounts`, { headers })).status).toBe(200);
    } finally {
      vi.useRealTimers();
    }
    const third = await start(reference);
    for (const { url } of [server, third]) expect((await get(url, keys.owner)).status).toBe(200);
  });

  it('speaks https with a certificate', async () => {
    const authority = await makeAuthority();
    const { reference, keys } = world();
    const server = await start(reference, { tls: await authority.issue() });
    expect(server.url).toMatch(/^https:/);
    const { request } = await import('node:https');
    const status = await new Promise((resolve, reject) => {
      request(
        `${server.url}/user`,
        { ca: authority.ca, headers: { authorization: basic(keys.owner) } },
        (response) => {
          response.resume();
          resolve(response.statusCode);
        },
      )
        .on('error', reject)
        .end();
    });
    expect(status).toBe(200);
  });
});

describe('the fixture', () => {
  class Client {
    readonly #options: { credentials: { id: string; secret: string }; fetch: typeof fetch };

    constructor(options: { credentials: { id: string; secret: string }; fetch: typeof fetch }) {
      this.#options = options;
    }

    async whoAmI(): Promise<unknown> {
      const { credentials, fetch } = this.#options;
      const response = await fetch(`${BASE}/user`, { headers: { authorization: basic(credentials) } });
      return parsed(await response.text()).result;
    }
  }

  it(
    'gives a test a reference of its own and a ready client, in one line',
    withReference(Client, async ({ client, reference, users }) => {
      expect(await client.whoAmI()).toMatchObject({ id: users.owner.id });
      expect(reference.journal.count()).toBe(1);
    }),
  );

  it(
    'gives clients for other keys, and takes the options of the reference',
    withReference(
      Client,
      async ({ clientFor, keys, users, reference }) => {
        expect(await clientFor(keys.member).whoAmI()).toMatchObject({ id: users.member.id });
        expect(reference.semantics.names).toBe('unique');
      },
      { semantics: { names: 'unique' } },
    ),
  );

  it('is a function without parameters, so that no runner takes it for one with a callback', () => {
    expect(withReference(Client, () => {})).toHaveLength(0);
  });

  it('passes on what the test throws', async () => {
    const failing = withReference(Client, () => {
      throw new Error('as it should');
    });
    await expect(failing()).rejects.toThrow('as it should');
  });
});

it('all of it but the port runs where there is no Node', async () => {
  const { outputFiles } = await build({
    entryPoints: ['src/reference/index.ts'],
    bundle: true,
    write: false,
    format: 'iife',
    globalName: 'testing',
    platform: 'browser',
  });
  const script = outputFiles[0]?.text ?? '';
  const page = createContext({
    atob,
    btoa,
    console,
    Headers,
    ReadableStream,
    Request,
    Response,
    TextDecoder,
    TextEncoder,
    URL,
    URLSearchParams,
  });
  const { keys } = createReference().seed();
  const response: unknown = await runInContext(
    `${script}
    (async () => {
      const reference = testing.createReference();
      const { keys } = reference.seed();
      const headers = { authorization: 'Basic ' + btoa(keys.owner.id + ':' + keys.owner.secret) };
      const { status } = await reference.fetch('https://a.blazemeter.com/api/v4/user', { headers });
      const refused = await testing.listen(reference).catch((error) => error.message);
      return JSON.stringify([status, keys.owner.secret, refused]);
    })()`,
    page,
  );
  expect(JSON.parse(String(response))).toEqual([
    200,
    keys.owner.secret,
    expect.stringContaining('listen() needs Node 20.19'),
  ]);
});
