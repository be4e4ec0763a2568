// The caller ends a call, at every moment that a call has. Their own reason comes back as it is; only where a secret may
// have been made does the error say so, and carry the reason as its cause.
import assert from 'node:assert/strict';
import { AmbiguousOutcomeError, type ClientOptions, UndeliveredSecretError } from 'blazemeter-client';
import { Agent } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, it, vi } from 'vitest';
import * as failures from './support/failures.ts';
import { operations, type TriedOperation } from './support/operations.ts';
import { assertNoListeners, TimerWatch, watchHandles } from './support/watch.ts';
import { clientOf, type Fault, makeWorld, type Spoiled, spoiledServer, type World } from './support/world.ts';

/** From the abort to the end of the call. */
const AT_ONCE = 100;

class EnoughError extends Error {}

let timers: TimerWatch;
let assertNoHandles: () => Promise<void>;
const { random } = Math;
beforeAll(() => {
  assertNoHandles = watchHandles();
  timers = new TimerWatch();
  // The longest waits that there are: nothing but the abort ends them soon.
  Math.random = () => 0.999;
});
afterAll(async () => {
  Math.random = random;
  timers.end();
  await assertNoHandles();
});

let world: World;
let server: Spoiled;
let agent: Agent;
let caller: AbortController;
const reason = new EnoughError('the caller has had enough');

beforeEach(async () => {
  world = makeWorld();
  server = await spoiledServer(world.reference);
  agent = new Agent();
  caller = new AbortController();
});
afterEach(async () => {
  timers.assertNone();
  await agent.close();
  await server.assertNoConnections();
  await server.close();
});

let abortedAt = 0;
const abort = () => {
  abortedAt = performance.now();
  caller.abort(reason);
};
/** A fault, and the caller gives up a moment later. */
const abortAfter =
  (fault: Fault): Fault =>
  (exchange) => {
    fault(exchange);
    setTimeout(abort, 30);
  };

const client = (options: Partial<ClientOptions> = {}) =>
  clientOf(world, server.baseUrl, {
    totalTimeout: 20_000,
    timeout: 10_000,
    fetchOptions: { dispatcher: agent },
    ...options,
  });

/** What the call rejects with; it must do so at once, and leave the signal alone. */
async function rejection(call: Promise<unknown>): Promise<unknown> {
  const outcome = await call.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  const took = performance.now() - abortedAt;
  assert.ok('error' in outcome, 'the call succeeded');
  assert.ok(took <= AT_ONCE, `it ended ${took} ms after the abort`);
  assertNoListeners(caller.signal);
  return outcome.error;
}

/** A client that knows the server's time, so that the next call begins with its own request. */
async function warm(options?: Partial<ClientOptions>) {
  const made = client(options);
  await made.user.get();
  return made;
}

const options = () => ({ signal: caller.signal });
const makesSecrets = ({ id }: TriedOperation) => id === 'apiKeys.create' || id === 'apiKeys.regenerateSecret';
const named = (name: string): TriedOperation => {
  const found = operations.find((operation) => operation.name === name);
  assert.ok(found);
  return found;
};

describe.each(operations)('$name, aborted', (operation) => {
  it('before the call: nothing is sent', async () => {
    const warmed = await warm();
    const before = world.reference.journal.count();
    abort();
    assert.equal(await rejection(operation.call(warmed, world, options())), reason);
    assert.equal(world.reference.journal.count(), before);
  });

  it('while the credential is fetched: nothing is sent', async () => {
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const slow = client({
      credentials: async () => {
        setTimeout(abort, 30);
        await held;
        return world.owner;
      },
    });
    assert.equal(await rejection(operation.call(slow, world, options())), reason);
    assert.equal(world.reference.journal.count(), 0);
    release();
    // What the source had is not lost: the next call uses it.
    await slow.user.get();
  });

  it('while the credential is fetched again, after a 401: nothing has happened', async () => {
    let asked = 0;
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    const warmed = await warm({
      credentials: async () => {
        if (++asked > 1) {
          setTimeout(abort, 30);
          await held;
        }
        return world.owner;
      },
    });
    server.spoil(operation.target, failures.status(401), false);
    assert.equal(await rejection(operation.call(warmed, world, options())), reason);
    assert.equal(server.sends, 1);
    release();
  });

  it.each([
    ['before the headers', failures.stallAfterCommit],
    ['in the body', failures.stallInBody],
  ])('%s', async (_, fault) => {
    const warmed = await warm();
    server.spoil(operation.target, abortAfter(fault), false);
    const error = await rejection(operation.call(warmed, world, options()));
    assert.equal(server.sends, 1);
    if (!makesSecrets(operation)) return assert.equal(error, reason);
    assert.ok(error instanceof AmbiguousOutcomeError, String(error));
    assert.equal(error.cause, reason);
  });

  it('in the body, behind the secret', async () => {
    const warmed = await warm();
    server.spoil(operation.target, abortAfter(failures.stallBehindSecret), false);
    const error = await rejection(operation.call(warmed, world, options()));
    assert.equal(server.sends, 1);
    if (!makesSecrets(operation)) return assert.equal(error, reason);
    assert.ok(error instanceof UndeliveredSecretError, String(error));
    assert.equal(error.cause, reason);
    assert.ok(error.newSecret.equals(server.newestSecret ?? ''));
  });
});

describe('aborted while it waits to try again', () => {
  /** A logger that aborts as soon as a wait begins: an attempt has failed, and will be repeated. */
  const impatient = {
    logLevel: 'debug',
    logger: {
      error() {},
      warn() {},
      info() {},
      debug: (message: string, fields?: Readonly<Record<string, unknown>>) => {
        if (message === 'failed' || Number(fields?.status) >= 429) setTimeout(abort, 10);
      },
    },
  } as const;
  beforeEach(() => void vi.spyOn(Math, 'random').mockReturnValue(0.9));

  it.each(operations.filter((operation) => !makesSecrets(operation)))('$name', async (operation) => {
    const warmed = await warm(impatient);
    server.spoil(operation.target, failures.status(503), false);
    assert.equal(await rejection(operation.call(warmed, world, options())), reason);
    assert.equal(server.sends, 1);
  });

  it.each([
    ['a lost response', failures.resetAfterCommit],
    ['a 503', failures.status(503)],
  ])('regenerate (other), after %s: it may have happened', async (_, fault) => {
    const warmed = await warm(impatient);
    const operation = named('regenerate (other)');
    server.spoil(operation.target, fault, false);
    const error = await rejection(operation.call(warmed, world, options()));
    assert.ok(error instanceof AmbiguousOutcomeError, String(error));
    assert.equal(error.cause, reason);
    assert.equal(server.sends, 1);
  });

  it('regenerate (other), after a 429: nothing has happened', async () => {
    const warmed = await warm(impatient);
    const operation = named('regenerate (other)');
    server.spoil(operation.target, failures.status(429), false);
    assert.equal(await rejection(operation.call(warmed, world, options())), reason);
    assert.equal(server.sends, 1);
  });

  it('apiKeys.create, after a refused connection: nothing was sent', async () => {
    const warmed = await warm(impatient);
    await agent.close();
    await server.close();
    agent = new Agent();
    const refused = warmed.withOptions({ fetchOptions: { dispatcher: agent } });
    assert.equal(await rejection(named('apiKeys.create').call(refused, world, options())), reason);
  });
});

describe('aborted between two requests of one call', () => {
  it("apiKeys.create for 'max', while it reads the maximum: nothing is created", async () => {
    const warmed = await warm();
    server.spoil(/^GET \/api\/v4\/accounts\?/, abortAfter(failures.stall), false);
    const call = warmed.apiKeys.create({ name: 'nightly', expiresIn: 'max' }, options());
    assert.equal(await rejection(call), reason);
    assert.equal(world.reference.journal.count('apiKeys.create'), 0);
  });

  it('regenerate, while it reads the key: nothing is regenerated', async () => {
    const warmed = await warm();
    server.spoil(/^GET \/api\/v4\/api-keys\/\w+$/, abortAfter(failures.stall), false);
    assert.equal(await rejection(named('regenerate (other)').call(warmed, world, options())), reason);
    assert.equal(world.reference.journal.count('apiKeys.regenerateSecret'), 0);
  });

  it('regenerate (self), while it tries the old secret: it may have happened', async () => {
    const warmed = await warm();
    const { target } = named('regenerate (self)');
    server.spoil(
      target,
      (exchange) => {
        failures.resetAfterCommit(exchange);
        server.spoil(/^GET \/api\/v4\/user$/, abortAfter(failures.stall), false);
      },
      false,
    );
    const error = await rejection(named('regenerate (self)').call(warmed, world, options()));
    assert.ok(error instanceof AmbiguousOutcomeError, String(error));
    assert.equal(error.cause, reason);
  });

  it('setting the policy, while it reads it back', async () => {
    const warmed = await warm();
    server.spoil(/^GET \/api\/v4\/accounts\/\d+$/, abortAfter(failures.stall), false);
    assert.equal(await rejection(named('apiKeyPolicy.set').call(warmed, world, options())), reason);
  });

  it('resolving a lost create', async () => {
    const warmed = await warm();
    const create = named('apiKeys.create');
    server.spoil(create.target, failures.resetAfterCommit, false);
    const error = await create.call(warmed, world).catch((thrown: unknown) => thrown);
    assert.ok(error instanceof AmbiguousOutcomeError);
    server.spoil(/^GET \/api\/v4\/api-keys\?/, abortAfter(failures.stall), false);
    assert.equal(await rejection(error.resolve(options())), reason);
  });
});

describe('aborted in onNewSecret', () => {
  it.each(operations.filter(makesSecrets))('$name: the error carries the secret', async (operation) => {
    const told: string[] = [];
    const warmed = await warm({
      onNewSecret: ({ secret }) => {
        told.push(secret.reveal());
        abort();
        return new Promise(() => {});
      },
    });
    const error = await rejection(operation.call(warmed, world, options()));
    assert.ok(error instanceof UndeliveredSecretError, String(error));
    assert.equal(error.cause, reason);
    assert.deepEqual(told, [server.newestSecret]);
    assert.ok(error.newSecret.equals(told[0] ?? ''));
    assert.ok(error.keyId);
  });

  it('a key that regenerated itself is used with its new secret from then on', async () => {
    const warmed = await warm({ onNewSecret: abort });
    await rejection(named('regenerate (self)').call(warmed, world, options()));
    await warmed.user.get();
  });
});

it('a source that never settles is bounded by the deadline of the call', async () => {
  let release = () => {};
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const stuck = client({ credentials: () => held.then(() => world.owner), totalTimeout: 150 });
  const started = performance.now();
  await assert.rejects(stuck.user.get(), { name: 'RequestTimeoutError', scope: 'call', attempts: 0 });
  assert.ok(performance.now() - started <= 250);
  release();
  await stuck.user.get();
});
