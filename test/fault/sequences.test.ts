// Failures one after another. What the last response says is not all: a refusal says nothing of an earlier request whose
// response was lost, and an earlier request that never left has done nothing.
import assert from 'node:assert/strict';
import {
  AmbiguousOutcomeError,
  AuthenticationError,
  NotFoundError,
  RateLimitError,
  SecretLostError,
  UndeliveredSecretError,
} from 'blazemeter-client';
import { Agent } from 'undici';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import * as failures from './support/failures.ts';
import { operations, type TriedOperation } from './support/operations.ts';
import { clientOf, type Fault, makeWorld, type Spoiled, spoiledServer, type World } from './support/world.ts';

const { random } = Math;
beforeAll(() => {
  Math.random = () => 0.02;
});
afterAll(() => {
  Math.random = random;
});

let world: World;
let server: Spoiled;
let agent: Agent;
beforeEach(async () => {
  world = makeWorld();
  server = await spoiledServer(world.reference);
  agent = new Agent();
});
afterEach(async () => {
  await agent.close();
  await server.close();
});

const named = (name: string): TriedOperation => {
  const found = operations.find((operation) => operation.name === name);
  assert.ok(found);
  return found;
};

/** What becomes of a call whose requests meet these, in order; those after them are answered. */
async function meets(name: string, faults: readonly Fault[], maxRetries = 2) {
  const operation = named(name);
  const client = clientOf(world, server.baseUrl, {
    maxRetries,
    timeout: 300,
    fetchOptions: { dispatcher: agent },
  });
  await client.user.get();
  let met = 0;
  server.spoil(
    operation.target,
    (exchange) => {
      const fault = faults[met++];
      if (fault !== undefined) return fault(exchange);
      const { status, headers, body } = exchange.commit();
      exchange.response.writeHead(status, headers).end(body);
    },
    false,
  );
  const error = await operation.call(client, world).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  return { error, sends: server.sends, client };
}

describe('regenerate, signed by another key, whose first response was lost', () => {
  it.each([
    ['429 with a long wait', failures.status(429, { 'retry-after': '86400' })],
    ['401', failures.status(401)],
    ['403', failures.status(403)],
    ['404', failures.status(404)],
    ['a redirect', failures.redirect(302, 'https://elsewhere.test/')],
    ['a 503', failures.status(503)],
  ])('is ambiguous although the second request failed with %s', async (_, fault) => {
    const { error, sends } = await meets('regenerate (other)', [failures.resetAfterCommit, fault], 1);
    assert.ok(error instanceof AmbiguousOutcomeError, String(error));
    assert.equal(error.attempts, 2);
    assert.equal(sends, 2);
    assert.match(error.message, /more than once/);
    const resolved = await error.resolve({ regenerate: true });
    assert.equal(resolved.outcome, 'committed');
  });

  it('hands over the secret of the response that arrived', async () => {
    const { error, sends } = await meets('regenerate (other)', [failures.resetAfterCommit, failures.reset]);
    assert.equal(error, undefined);
    assert.equal(sends, 3);
  });

  it('carries the secret if the second response breaks off after it', async () => {
    const faults = [failures.resetAfterCommit, failures.resetBehindSecret];
    const { error, sends } = await meets('regenerate (other)', faults);
    assert.ok(error instanceof UndeliveredSecretError, String(error));
    assert.ok(error.newSecret.equals(server.newestSecret ?? ''));
    assert.equal(sends, 2);
  });
});

describe('regenerate, signed by the key itself', () => {
  it('counts every request in the error', async () => {
    const faults = [failures.reset, failures.reset, failures.reset];
    const { error, sends } = await meets('regenerate (self)', faults);
    assert.ok(error instanceof AmbiguousOutcomeError, String(error));
    assert.equal(error.attempts, 3);
    assert.equal(sends, 3);
  });

  it('ends in a lost secret when a later request was done', async () => {
    const faults = [failures.reset, failures.resetAfterCommit];
    const { error, sends } = await meets('regenerate (self)', faults);
    assert.ok(error instanceof SecretLostError, String(error));
    assert.equal(sends, 2);
    assert.equal(error.keyId, world.owner.id);
    assert.equal(error.attempts, 2);
  });
});

describe('delete', () => {
  it.each([
    ['a lost response', failures.resetAfterCommit],
    ['a 503', failures.statusAfterCommit(503)],
  ])('that was done, with %s, takes the 404 that follows for done', async (_, fault) => {
    const { error, sends } = await meets('apiKeys.delete', [fault]);
    assert.equal(error, undefined);
    assert.equal(sends, 2);
  });

  it('that was surely not done before does not: the key was never there', async () => {
    const { error } = await meets('apiKeys.delete', [
      failures.status(429, { 'retry-after': '0' }),
      failures.status(404),
    ]);
    assert.ok(error instanceof NotFoundError, String(error));
  });

  it('signed at first with credentials that were replaced does not either', async () => {
    let asked = 0;
    const client = clientOf(world, server.baseUrl, {
      fetchOptions: { dispatcher: agent },
      credentials: async () => (asked++ === 0 ? { id: world.owner.id, secret: 'was replaced' } : world.owner),
    });
    await assert.rejects(client.apiKeys.delete('7e57ed000000000000000000'), NotFoundError);
    assert.equal(asked, 2);
  });
});

describe('create', () => {
  it('is not sent again after a 429, whatever it asks for', async () => {
    const { error, sends } = await meets('apiKeys.create', [failures.status(429, { 'retry-after': '0' })], 5);
    assert.ok(error instanceof RateLimitError, String(error));
    assert.equal(sends, 1);
  });

  it('is not sent again with the same credentials after a 401', async () => {
    const { error, sends } = await meets('apiKeys.create', [failures.status(401)], 5);
    assert.ok(error instanceof AuthenticationError, String(error));
    assert.equal(sends, 1);
  });

  it('a 401 created no key, so credentials that the source has renewed are tried, once', async () => {
    let asked = 0;
    const client = clientOf(world, server.baseUrl, {
      fetchOptions: { dispatcher: agent },
      credentials: async () => {
        asked += 1;
        return asked === 1 ? world.spare : world.owner;
      },
    });
    await client.user.get();
    world.reference.faults.add({ keyId: world.spare.id, effect: 'status', status: 401 });
    await client.apiKeys.create({ name: 'nightly', expiresIn: { days: 30 } });
    const keys = (await client.apiKeys.list()).items.filter(({ name }) => name === 'nightly');
    assert.equal(keys.length, 1);
  });
});

describe('Retry-After is kept', () => {
  it.each([
    ['in seconds', failures.status(429, { 'retry-after': '1' }), 1_000],
    // Dates have whole seconds, and so has the clock that they are read by.
    ['as a date', failures.limitedUntil(3), 1_000],
  ])('%s', async (_, fault, least) => {
    const started = performance.now();
    const { error, sends } = await meets('user.get', [fault]);
    assert.equal(error, undefined);
    assert.equal(sends, 2);
    expect(performance.now() - started).toBeGreaterThan(least - 5);
  });

  it('but a call that could not live to see it ends at once', async () => {
    const { error, sends } = await meets('user.get', [failures.status(429, { 'retry-after': '10' })]);
    assert.ok(error instanceof RateLimitError, String(error));
    assert.equal(error.retryAfterMs, 10_000);
    assert.equal(sends, 1);
  });
});
