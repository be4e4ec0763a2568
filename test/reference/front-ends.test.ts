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
import { afterEach, describe, expect, it } from 'vitest';
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
    const answers = await Promise.all([
      fetch(url, { headers }),
      fetch(new URL(url), { headers: new Headers(headers) }),
      fetch(new Request(url, { headers })),
      fetch(new Request(url), { headers: [['authorization', basic(keys.owner)]] }),
    ]);
    for (const answer of answers) expect(answer.status).toBe(200);
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
    for (const answer of [
      await post(text),
      await post(bytes),
      await post(new Blob([text])),
      await post(stream, { duplex: 'half' }),
    ]) {
      expect(answer.status).toBe(201);
      expect(parsed(await answer.text())).toMatchObject({ result: { name: 'café' } });
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
    const answer: Promise<Response> = Reflect.apply(reference.fetch, undefined, [foreign]);
    expect((await answer).status).toBe(200);
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

  it('answers what has no body without one', async () => {
    const { reference, keys } = world();
    const answer = await reference.fetch(`${BASE}/api-keys/${keys.owner.id}`, {
      method: 'DELETE',
      headers: { authorization: basic(keys.owner) },
    });
    expect([answer.status, answer.body]).toEqual([204, null]);
  });
});

describe('msw', () => {
  const start = (reference: Reference) => {
    const server = setupServer(...handlers(reference));
    server.listen({ onUnhandledRequest: 'error' });
    closers.push(() => server.close());
  };

  it('answers every origin below /api/v4', async () => {
    const { reference, keys } = world();
    start(reference);
    for (const origin of ['https://a.blazemeter.com', 'https://private.example:8443/gate']) {
      const answer = await fetch(`${origin}/api/v4/user`, { headers: { authorization: basic(keys.owner) } });
      expect(answer.status).toBe(200);
      expect(answer.headers.get('set-cookie')).toMatch(/^bzm_sess=/);
    }
    expect(reference.journal.count('user.get')).toBe(2);
  });

  it('carries bodies both ways', async () => {
    const { reference, keys } = world();
    start(reference);
    const answer = await fetch(`${BASE}/api-keys`, {
      method: 'POST',
      headers: { authorization: basic(keys.owner) },
      body: JSON.stringify({ name: 'ci', expiration: Math.floor(Date.now() / 1000) + 1000 }),
    });
    expect(answer.status).toBe(201);
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
    const answer = await get(server.url, keys.owner);
    const core = send(reference, keys.owner, 'GET', '/user');
    const strip = (text: string) => text.replace(/"request_id": "\w+"/, '');
    expect(strip(await answer.text())).toBe(strip(core.text));
    for (const name of ['Date', 'Content-Type', 'Cache-Control', 'Vary'])
      expect(answer.headers.get(name)).toBe(core.headers[name]);
    expect(Number(answer.headers.get('content-length'))).toBe(Buffer.byteLength(core.text));
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
      const answer = await get(server.url, keys.owner);
      expect(answer.status).toBe(200);
      await expect(answer.text()).rejects.toThrow('terminated');
      fault.remove();
    }
    const stall = reference.faults.add({ effect: 'stall', when: 'mid-body' });
    const stalled = await get(server.url, keys.owner, { signal: AbortSignal.timeout(50) });
    await expect(stalled.text()).rejects.toThrow(/abort|timeout/i);
    stall.remove();
    reference.faults.add({ effect: 'drip', chunkBytes: 500, everyMs: 5 });
    expect(parsed(await (await get(server.url, keys.owner)).text())).toMatchObject({ error: null });
  });

  it('states a wrong length where a fault says so', async () => {
    const { reference, keys } = world();
    const server = await start(reference);
    reference.faults.add({ effect: 'answer', headers: { 'content-length': '5' }, body: '{"a":1}' });
    const answer = await get(server.url, keys.owner);
    expect(await answer.text()).toBe('{"a":');
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
    const answer = await fetch(`${server.url}/api-keys`, {
      method: 'POST',
      headers: { authorization: basic(keys.owner) },
      body: 'x'.repeat(3_000_000),
    });
    expect(answer.status).toBe(413);
    expect(parsed(await answer.text())).toMatchObject({ error: { code: 413 } });
    expect((await get(server.url, keys.owner)).status).toBe(200);
  });

  it('answers what is no HTTP with an envelope, and goes on', async () => {
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
        (answer) => {
          answer.resume();
          resolve(answer.statusCode);
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
      const answer = await fetch(`${BASE}/user`, { headers: { authorization: basic(credentials) } });
      return parsed(await answer.text()).result;
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
  const answer: unknown = await runInContext(
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
  expect(JSON.parse(String(answer))).toEqual([
    200,
    keys.owner.secret,
    'listen() needs Node 20.16 or later; elsewhere use reference.fetch or the msw handlers.',
  ]);
});
