// Bodies that mean harm: how much of them is read, what happens to their connection, and that a stalled one is given up
// even when everything that can be collected has been, with Node's own fetch and its own pool.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { setTimeout as pause } from 'node:timers/promises';
import { createGzip } from 'node:zlib';
import { type FetchLike, InvalidResponseError, RequestTimeoutError, ServerError } from 'blazemeter-client';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import * as failures from './support/failures.ts';
import { assertNoListeners, eventually, watchHandles } from './support/watch.ts';
import { clientOf, listening, makeWorld, type Spoiled, spoiledServer, type World } from './support/world.ts';

let assertNoHandles: () => Promise<void>;
beforeAll(() => {
  assertNoHandles = watchHandles();
});
afterAll(() => assertNoHandles());

const MIB = 1024 * 1024;

describe('a bomb', () => {
  /** A server that never ends to send zeros, compressed or not, and counts what was taken off its hands. */
  async function endless(status: number, compressed: boolean) {
    const sockets: Socket[] = [];
    const server = createServer(({ socket }, response) => {
      sockets.push(socket);
      response.writeHead(status, {
        'content-type': 'application/json',
        ...(compressed ? { 'content-encoding': 'gzip' } : {}),
      });
      const sink = compressed ? createGzip({ level: 1 }) : response;
      if (compressed) sink.pipe(response);
      const zeros = Buffer.alloc(256 * 1024);
      const fill = () => {
        while (!response.destroyed && sink.write(zeros));
      };
      sink.on('drain', fill).on('error', () => {});
      response.on('close', () => sink.destroy());
      fill();
    });
    return { server, sockets, port: await listening(server) };
  }

  it.each([
    { status: 200, compressed: true, limit: 16 * MIB, kind: InvalidResponseError },
    { status: 200, compressed: false, limit: 16 * MIB, kind: InvalidResponseError },
    { status: 500, compressed: true, limit: 64 * 1024, kind: ServerError },
    { status: 500, compressed: false, limit: 64 * 1024, kind: ServerError },
  ])('of status $status (compressed: $compressed) is read to its limit and no further', async (given) => {
    const { server, sockets, port } = await endless(given.status, given.compressed);
    let decoded = 0;
    const counting: FetchLike = async (url, init) => {
      const response = await globalThis.fetch(url, init);
      const counter = new TransformStream<Uint8Array, Uint8Array>({
        transform(chunk, controller) {
          decoded += chunk.byteLength;
          controller.enqueue(chunk);
        },
      });
      return new Response(response.body?.pipeThrough(counter) ?? null, response);
    };
    const client = clientOf(makeWorld(), `http://127.0.0.1:${port}/api/v4`, {
      fetch: counting,
      maxRetries: 0,
      timeout: 15_000,
      totalTimeout: 15_000,
    });
    await assert.rejects(client.user.get(), given.kind);
    assert.ok(decoded >= given.limit, `${decoded} bytes`);
    assert.ok(decoded <= given.limit + MIB, `${decoded} bytes were taken, of a limit of ${given.limit}`);
    await eventually(() => sockets.every((socket) => socket.destroyed), 'the bomb keeps its connection');
    assert.equal(sockets.length, 1);
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  });
});

describe("a stalled body, with Node's own fetch and garbage collected", () => {
  let world: World;
  let server: Spoiled;
  beforeEach(async () => {
    world = makeWorld();
    server = await spoiledServer(world.reference);
    server.spoil(/^GET \/api\/v4\/user$/, failures.stallInBody, false);
  });
  afterEach(async () => {
    await server.assertGivenUp();
    await server.close();
  });

  /** Lets the call run into its stall, then collects all that nobody holds. */
  async function collect() {
    const { gc } = globalThis;
    assert.ok(gc, 'run with --expose-gc');
    await eventually(() => server.sends === 1, 'the request does not arrive');
    for (let times = 0; times < 3; times++) {
      await pause(20);
      gc();
    }
  }

  const call = (options: Parameters<typeof clientOf>[2], signal?: AbortSignal) => {
    const ended = clientOf(world, server.baseUrl, { maxRetries: 0, ...options })
      .user.get({ signal })
      .then(
        () => assert.fail('it succeeded'),
        (error: unknown) => error,
      );
    return { ended };
  };

  it('ends by the time of the attempt', async () => {
    const { ended } = call({ timeout: 700, totalTimeout: 30_000 });
    await collect();
    const error = await ended;
    assert.ok(error instanceof RequestTimeoutError && error.scope === 'attempt', String(error));
  });

  it('ends by the time of the call', async () => {
    const { ended } = call({ timeout: 30_000, totalTimeout: 700 });
    await collect();
    const error = await ended;
    assert.ok(error instanceof RequestTimeoutError && error.scope === 'call', String(error));
  });

  it("ends by the caller's signal", async () => {
    const caller = new AbortController();
    const { ended } = call({ timeout: 30_000, totalTimeout: 30_000 }, caller.signal);
    await collect();
    const reason = new Error('enough');
    caller.abort(reason);
    assert.equal(await ended, reason);
    assertNoListeners(caller.signal);
  });

  it('ends by a signal with a time of its own, which nothing else holds', async () => {
    const { ended } = call({ timeout: 30_000, totalTimeout: 30_000 }, AbortSignal.timeout(700));
    await collect();
    const error = await ended;
    assert.ok(error instanceof DOMException && error.name === 'TimeoutError', String(error));
  });
});

describe('200,000 levels of JSON', () => {
  it('in a new key stay in extra, where asking for them does no harm', async () => {
    const world = makeWorld();
    const server = await spoiledServer(world.reference);
    server.spoil(
      /^POST \/api\/v4\/api-keys$/,
      ({ commit, response }) => {
        const { status, headers, body } = commit();
        const deep = `${'['.repeat(200_000)}${']'.repeat(200_000)}`;
        response.writeHead(status, headers).end(body.replace('"name"', `"deep": ${deep}, "name"`));
      },
      true,
    );
    const { apiKey, secret } = await clientOf(world, server.baseUrl).apiKeys.create({
      name: 'nightly',
      expiresIn: { days: 30 },
    });
    assert.ok(secret.equals(server.newestSecret ?? ''));
    assert.equal(String(apiKey.extra.deep), '[secret]');
    await server.close();
  });
});
