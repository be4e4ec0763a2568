// Proxies and private CAs, by undici's dispatchers and through both fetches. Whatever stands in the way before the
// request could leave is told apart from what may have happened: never an abort, never ambiguous, and with its fix.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { inspect } from 'node:util';
import {
  type BlazeMeterClient,
  ConnectionError,
  type ConnectionFailure,
  type FetchLike,
} from 'blazemeter-client';
import { type Listening, listen } from 'blazemeter-client/testing';
import { build } from 'esbuild';
import { Agent, type Dispatcher, ProxyAgent, fetch as undiciFetch } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it } from 'vitest';
import { type Authority, makeAuthority } from './support/certificates.ts';
import { operations } from './support/operations.ts';
import { makeProxy, type TestProxy, withPassword } from './support/proxy.ts';
import { bound, TimerWatch, watchHandles } from './support/watch.ts';
import { clientOf, listening, makeWorld, portOf, type World } from './support/world.ts';

const TOTAL_TIMEOUT = 4_000;
const PASSWORD = `Basic ${Buffer.from('proxy-user:proxy-password').toString('base64')}`;

let authority: Authority;
let timers: TimerWatch;
let assertNoHandles: () => Promise<void>;
const { random } = Math;
beforeAll(async () => {
  assertNoHandles = watchHandles();
  authority = await makeAuthority();
  timers = new TimerWatch();
  Math.random = () => 0.02;
});
afterAll(async () => {
  Math.random = random;
  timers.end();
  await assertNoHandles();
});

let world: World;
let server: Listening;
const closers: (() => Promise<unknown>)[] = [];
const later = <T extends { close(): Promise<unknown> }>(made: T): T => {
  closers.push(() => made.close());
  return made;
};
beforeEach(async () => {
  world = makeWorld();
  server = later(await listen(world.reference, { tls: await authority.issue() }));
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  timers.assertNone();
});

/** npm's undici brings its own fetch; Node's own takes its dispatchers, too. */
const fetches: readonly { readonly name: string; readonly fetch: FetchLike | undefined }[] = [
  { name: "Node's fetch", fetch: undefined },
  { name: "undici's fetch", fetch: undiciFetch },
];

describe.each(fetches)('with $name', ({ fetch }) => {
  const through = (dispatcher: Dispatcher | undefined, baseUrl = server.url): BlazeMeterClient =>
    clientOf(world, baseUrl, {
      fetch,
      totalTimeout: TOTAL_TIMEOUT,
      ...(dispatcher === undefined ? {} : { fetchOptions: { dispatcher } }),
    });
  const trusting = () => ({ requestTls: { ca: authority.ca } });

  /** Every operation fails in the same way, nothing is sent and nothing changes. */
  async function refused(
    client: BlazeMeterClient,
    expected: { reason: ConnectionFailure; attempts: number; fix: RegExp },
  ) {
    const { keys: before } = world.reference.snapshot();
    for (const operation of operations) {
      const time = bound(TOTAL_TIMEOUT);
      const outcome = await operation.call(client, world).then(
        () => undefined,
        (error: unknown) => error,
      );
      assert.ok(time.late() <= 100);
      assert.ok(outcome instanceof ConnectionError, `${operation.name}: ${String(outcome)}`);
      assert.equal(outcome.reason, expected.reason, operation.name);
      assert.equal(outcome.mayHaveBeenSent, false, operation.name);
      assert.equal(outcome.attempts, expected.attempts, operation.name);
      assert.match(outcome.message, expected.fix);
      assert.doesNotMatch(
        inspect(outcome, { showHidden: true, depth: 9 }),
        /proxy-password|cHJveHkt|YTpwYXNz/,
      );
    }
    assert.equal(world.reference.journal.count(), 0);
    assert.deepEqual(world.reference.snapshot().keys, before);
  }

  /** Every operation works. */
  async function works(client: BlazeMeterClient) {
    for (const operation of operations) await operation.call(client, world);
  }

  describe('a proxy', () => {
    const proxied = async (proxy: TestProxy, options: Partial<ProxyAgent.Options> = {}) =>
      through(later(new ProxyAgent({ uri: proxy.url, ...trusting(), ...options })));

    it('carries every operation through its tunnel, and sees none of it', async () => {
      const proxy = later(await makeProxy(() => 'tunnel'));
      await works(await proxied(proxy));
      assert.ok(proxy.connects >= 1);
      assert.equal(proxy.plain, 0);
    });

    it('that asks for a password gets it', async () => {
      const proxy = later(await makeProxy(withPassword(PASSWORD)));
      await works(await proxied(proxy, { token: PASSWORD }));
    });

    it('that asks for a password and gets none: 407, and how to give one', async () => {
      const proxy = later(await makeProxy(withPassword(PASSWORD)));
      await refused(await proxied(proxy), {
        reason: 'proxy',
        attempts: 1,
        fix: /407.*ProxyAgent\(\{ uri, token \}\)/,
      });
      assert.equal(proxy.connects, operations.length, 'a wrong password is not tried again');
    });

    it('that gets a wrong password: the same, and the password is not shown', async () => {
      const proxy = later(await makeProxy(withPassword(PASSWORD)));
      const client = await proxied(proxy, { token: `Basic ${Buffer.from('a:password').toString('base64')}` });
      await refused(client, { reason: 'proxy', attempts: 1, fix: /asks for a password/ });
    });

    it('that responds to CONNECT with 503 is tried again, for a create as well', async () => {
      const proxy = later(await makeProxy(() => 503));
      await refused(await proxied(proxy), {
        reason: 'proxy',
        attempts: 2,
        fix: /503.*fetchOptions\.dispatcher/,
      });
      assert.equal(proxy.connects, 2 * operations.length);
    });

    it('that responds to CONNECT with 503 once does not stand in the way', async () => {
      for (const operation of operations) {
        const fresh = makeWorld();
        const target = later(await listen(fresh.reference, { tls: await authority.issue() }));
        const proxy = later(await makeProxy((_, nth) => (nth === 1 ? 503 : 'tunnel')));
        const dispatcher = later(new ProxyAgent({ uri: proxy.url, ...trusting() }));
        const client = clientOf(fresh, target.url, { fetch, fetchOptions: { dispatcher } });
        await operation.call(client, fresh);
        assert.equal(fresh.reference.journal.count(operation.id), 1);
      }
    });

    it.each([403, 404, 500, 502])('that responds to CONNECT with %i is not tried again', async (status) => {
      const proxy = later(await makeProxy(() => status));
      const fix = new RegExp(`${status}.*fetchOptions\\.dispatcher`);
      await refused(await proxied(proxy), { reason: 'proxy', attempts: 1, fix });
    });

    it('that is down: refused, and where to look', async () => {
      const proxy = await makeProxy(() => 'tunnel');
      await proxy.close();
      await refused(await proxied(proxy), {
        reason: 'refused',
        attempts: 2,
        fix: /proxy.*fetchOptions\.dispatcher/,
      });
    });

    it('does not hide that the CA of the service is unknown', async () => {
      const proxy = later(await makeProxy(() => 'tunnel'));
      const client = through(later(new ProxyAgent(proxy.url)));
      await refused(client, { reason: 'tls', attempts: 1, fix: /NODE_EXTRA_CA_CERTS/ });
    });

    it('that speaks TLS itself needs its CA, and works with it', async () => {
      const proxy = later(await makeProxy(() => 'tunnel', await authority.issue()));
      await refused(await proxied(proxy), { reason: 'tls', attempts: 1, fix: /NODE_EXTRA_CA_CERTS/ });
      await works(await proxied(proxy, { proxyTls: { ca: authority.ca } }));
    });
  });

  describe('a private CA', () => {
    const trust = () => later(new Agent({ connect: { ca: authority.ca } }));

    it('that is given to the dispatcher is trusted by every operation', async () => {
      await works(through(trust()));
    });

    it('that is missing: a TLS failure with every fix', async () => {
      const fix = /NODE_EXTRA_CA_CERTS before Node starts.*--use-system-ca.*fetchOptions\.dispatcher/;
      await refused(through(later(new Agent())), { reason: 'tls', attempts: 1, fix });
    });

    it.each([
      ['that has run out', { expired: true }],
      ['for another host', { name: 'elsewhere.test' }],
    ])('does not help a certificate %s', async (_, options) => {
      const target = later(await listen(world.reference, { tls: await authority.issue(options) }));
      await refused(through(trust(), target.url), { reason: 'tls', attempts: 1, fix: /certificate/ });
    });
  });

  it('https to a port that speaks plain http is a TLS failure, before anything was sent', async () => {
    const target = later(await listen(world.reference));
    const client = through(later(new Agent()), target.url.replace('http:', 'https:'));
    await refused(client, { reason: 'tls', attempts: 2, fix: /speaks https/ });
  });

  it('a connection that closes in the TLS handshake sent nothing, and is tried again', async () => {
    let met = 0;
    const target = createServer((socket) => {
      met += 1;
      socket.on('error', () => {}).once('data', () => socket.end());
    });
    await listening(target);
    const client = through(later(new Agent()), `https://127.0.0.1:${portOf(target)}/api/v4`);
    await refused(client, { reason: 'reset', attempts: 2, fix: /broke/ });
    assert.equal(met, 2 * operations.length);
    await new Promise((resolve) => target.close(resolve));
  });
});

describe('NODE_EXTRA_CA_CERTS, as the message says', () => {
  let folder: string;
  beforeAll(async () => {
    folder = await mkdtemp(path.join(tmpdir(), 'ca-'));
    await writeFile(path.join(folder, 'ca.pem'), authority.ca);
    await build({
      stdin: {
        contents: `
          import { BlazeMeterClient } from './src/index.ts';
          const [baseUrl, id, secret] = process.env.GIVEN.split(' ');
          const client = new BlazeMeterClient({ credentials: { id, secret }, baseUrl, logLevel: 'off' });
          client.user.get().then(({ id }) => console.log('user', typeof id), ({ code, reason }) => console.log(code, reason));`,
        resolveDir: process.cwd(),
      },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: path.join(folder, 'program.mjs'),
      logLevel: 'silent',
    });
  });
  afterAll(() => rm(folder, { recursive: true }));

  /** What a fresh process says, with these variables set before it starts. */
  async function fresh(env: Record<string, string>): Promise<string> {
    const { id, secret } = world.owner;
    const child = spawn(process.execPath, [path.join(folder, 'program.mjs')], {
      env: { PATH: process.env.PATH ?? '', GIVEN: `${server.url} ${id} ${secret}`, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    let said = '';
    for await (const chunk of child.stdout) said += String(chunk);
    return said.trim();
  }

  it('set before Node starts makes the private CA trusted', async () => {
    assert.equal(await fresh({ NODE_EXTRA_CA_CERTS: path.join(folder, 'ca.pem') }), 'user number');
  });

  it('not set, the failure is the one about TLS', async () => {
    assert.equal(await fresh({}), 'connection_failed tls');
  });
});
