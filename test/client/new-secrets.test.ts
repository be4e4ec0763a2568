// The two calls that bring a secret, when something goes wrong: nothing is lost and nothing is made twice.

import {
  AmbiguousOutcomeError,
  BlazeMeterClient,
  type ClientOptions,
  LockoutError,
  type NewSecretEvent,
  type OnNewSecret,
  SecretLostError,
  UndeliveredSecretError,
} from 'blazemeter-client';
import { createReference, type FaultRule } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';

function setUp(options: ClientOptions = {}) {
  const reference = createReference();
  const world = reference.seed({
    users: { ana: {} },
    accounts: { acme: { owner: 'ana' } },
    keys: { signer: { user: 'ana' }, other: { user: 'ana' } },
  });
  // Keys from long before: one just created could be that of a lost response.
  reference.clock.advance({ days: 1 });
  const client = new BlazeMeterClient({
    credentials: world.keys.signer,
    fetch: reference.fetch,
    maxRetries: 0,
    ...options,
  });
  const sent = (operation: string) =>
    reference.journal.entries.filter((entry) => entry.operation === operation).length;
  return { reference, client, sent, ...world };
}

const lostAfterCommit: FaultRule = { operation: 'apiKeys.create', effect: 'reset', when: 'after-commit' };
const lostBeforeCommit: FaultRule = { operation: 'apiKeys.create', effect: 'reset', when: 'before-commit' };

async function ambiguous(call: Promise<unknown>): Promise<AmbiguousOutcomeError> {
  const error: unknown = await call.catch((reason: unknown) => reason);
  if (error instanceof AmbiguousOutcomeError) return error;
  throw new Error('the call did not end as ambiguous', { cause: error });
}

describe('a create whose answer was lost', () => {
  it('is not sent again, and resolves as committed when it was', async () => {
    const { reference, client, sent } = setUp();
    reference.faults.add(lostAfterCommit);
    const error = await ambiguous(
      client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }, { maxRetries: 5 }),
    );
    expect(sent('apiKeys.create')).toBe(1);
    const resolution = await error.resolve();
    expect(resolution).toMatchObject({ outcome: 'committed', apiKey: { name: 'ci' } });
    expect(resolution).not.toHaveProperty('secret');
  });

  it('resolves as not committed when it was not', async () => {
    const { reference, client } = setUp();
    reference.faults.add(lostBeforeCommit);
    const error = await ambiguous(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    expect(await error.resolve({ regenerate: true })).toEqual({ outcome: 'not-committed' });
  });

  it('brings back a usable secret on demand, and tells the hook of it', async () => {
    const told: NewSecretEvent[] = [];
    const { reference, client } = setUp({ onNewSecret: (event) => void told.push(event) });
    reference.faults.add(lostAfterCommit);
    const error = await ambiguous(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    const resolution = await error.resolve({ regenerate: true });
    if (resolution.outcome !== 'committed' || resolution.secret === undefined)
      throw new Error('no secret came back');
    const { apiKey, secret } = resolution;
    const fresh = new BlazeMeterClient({ credentials: { id: apiKey.id, secret }, fetch: reference.fetch });
    expect((await fresh.user.get()).id).toBeGreaterThan(0);
    expect(told.map(({ operation, keyId }) => [operation, keyId])).toEqual([
      ['apiKeys.regenerateSecret', apiKey.id],
    ]);
  });

  it('stays unknown, and changes nothing, when another key has the name since', async () => {
    const { reference, client, sent } = setUp();
    reference.faults.add({ ...lostAfterCommit, times: 1 });
    const error = await ambiguous(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' });
    const resolution = await error.resolve({ regenerate: true });
    expect(resolution).toMatchObject({ outcome: 'unknown', candidates: [{ name: 'ci' }, { name: 'ci' }] });
    expect(sent('apiKeys.regenerateSecret')).toBe(0);
  });

  it('stays unknown when the only key of that name has been used: somebody else has its secret', async () => {
    const { reference, client, sent } = setUp();
    reference.faults.add({ ...lostBeforeCommit, times: 1 });
    const error = await ambiguous(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    const theirs = await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' });
    const user = new BlazeMeterClient({
      credentials: { id: theirs.apiKey.id, secret: theirs.secret },
      fetch: reference.fetch,
    });
    await user.user.get();
    expect(await error.resolve({ regenerate: true })).toMatchObject({ outcome: 'unknown' });
    expect(sent('apiKeys.regenerateSecret')).toBe(0);
  });

  it('does not take an older key of the same name for ours', async () => {
    const { reference, client } = setUp();
    await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' });
    reference.clock.advance({ minutes: 5 });
    await client.user.get();
    reference.faults.add(lostBeforeCommit);
    const error = await ambiguous(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    expect(await error.resolve()).toEqual({ outcome: 'not-committed' });
  });

  it('is ambiguous after a 5xx too, but not after a 429', async () => {
    const { reference, client, sent } = setUp();
    reference.faults.add({
      operation: 'apiKeys.create',
      effect: 'status',
      status: 503,
      when: 'after-commit',
      times: 1,
    });
    await ambiguous(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }, { maxRetries: 2 }));
    reference.faults.add({ operation: 'apiKeys.create', effect: 'status', status: 429, retryAfter: 1 });
    await expect(
      client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }, { maxRetries: 2 }),
    ).rejects.toMatchObject({ code: 'rate_limited', retryAfterMs: 1000 });
    expect(sent('apiKeys.create')).toBe(2);
  });

  it("carries the caller's own reason when it was aborted", async () => {
    const { reference, client } = setUp();
    reference.faults.add({ operation: 'apiKeys.create', effect: 'stall', when: 'after-commit' });
    const controller = new AbortController();
    const reason = new Error('the job was cancelled');
    const call = client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }, { signal: controller.signal });
    setTimeout(() => controller.abort(reason), 50);
    expect((await ambiguous(call)).cause).toBe(reason);
  });
});

describe('a secret that arrived', () => {
  it('is carried by the error when the hook fails, whose own words are not repeated', async () => {
    const { client } = setUp({
      onNewSecret: ({ secret }) => {
        throw new Error(`could not store ${secret.reveal()}`);
      },
    });
    const error: unknown = await client.apiKeys
      .create({ name: 'ci', expiresIn: '1 month' })
      .catch((reason: unknown) => reason);
    if (!(error instanceof UndeliveredSecretError))
      throw new Error('the secret was dropped', { cause: error });
    const keys = (await client.apiKeys.list()).items;
    expect(error.keyId).toBe(keys.find(({ name }) => name === 'ci')?.id);
    expect(error.newSecret.reveal()).toMatch(/^[0-9a-f]{72}$/);
    expect(`${error.stack} ${String(error.cause)}`).not.toContain(error.newSecret.reveal());
  });

  it.each(['whole, but of no known shape', 'broken off'])(
    'does not stand on the error as the id of its key, where an answer is %s',
    async (how) => {
      const reference = createReference();
      const { keys } = reference.seed();
      const made = 'cade'.repeat(18);
      const text = `{"result":{"id":"${made.slice(0, 48)}","secret":"${made}"`;
      const client = new BlazeMeterClient({
        credentials: keys.owner,
        maxRetries: 0,
        fetch: async (url, init) => {
          if (init.method === 'GET') return reference.fetch(url, init);
          const bytes = new TextEncoder().encode(how === 'broken off' ? text : `${text}}}`);
          const body = new ReadableStream({
            start: (controller) => controller.enqueue(bytes),
            pull: (controller) => (how === 'broken off' ? controller.error(new Error()) : controller.close()),
          });
          return new Response(body, { status: 201, headers: { 'content-type': 'application/json' } });
        },
      });
      const error: unknown = await client.apiKeys
        .create({ name: 'ci', expiresIn: '1 month' })
        .catch((reason: unknown) => reason);
      if (!(error instanceof UndeliveredSecretError))
        throw new Error('the secret was dropped', { cause: error });
      expect(error.newSecret.reveal()).toBe(made);
      expect(error.keyId).toBeUndefined();
      expect(error.message).not.toContain(made.slice(0, 8));
    },
  );

  it('is carried by the error when the caller aborts during the hook', async () => {
    const controller = new AbortController();
    const { client } = setUp({
      onNewSecret: () => {
        controller.abort();
        return new Promise(() => {});
      },
    });
    await expect(
      client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }, { signal: controller.signal }),
    ).rejects.toBeInstanceOf(UndeliveredSecretError);
  });

  it('is carried by the error when the hook outlasts the call', async () => {
    const { client } = setUp({ onNewSecret: () => new Promise(() => {}) });
    const keepAlive = setTimeout(() => {}, 5_000);
    await expect(
      client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }, { totalTimeout: 300 }),
    ).rejects.toMatchObject({ code: 'undelivered_secret', cause: { code: 'timeout', scope: 'call' } });
    clearTimeout(keepAlive);
  });

  it('keeps the process alive until the hook has it, and no longer', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
    let during = 0;
    const { client } = setUp({
      onNewSecret: async () => {
        await Promise.resolve();
        during = timers();
      },
    });
    const before = timers();
    await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' });
    expect([during - before, timers() - before]).toEqual([1, 0]);
  });

  it('is not asked for when the hook says beforehand that it cannot take it', async () => {
    const onNewSecret: OnNewSecret = Object.assign(() => {}, {
      check: () => {
        throw new Error('not on this CI');
      },
    });
    const { client, keys, reference } = setUp({ onNewSecret });
    await expect(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' })).rejects.toThrow(
      'not on this CI',
    );
    await expect(client.apiKeys.regenerateSecret(keys.other.id)).rejects.toThrow('not on this CI');
    expect(reference.journal.entries).toEqual([]);
  });
});

describe('the key that signs the call', () => {
  it('is neither regenerated nor deleted unless that is allowed', async () => {
    const { client, keys, sent } = setUp();
    await expect(client.apiKeys.regenerateSecret(keys.signer.id)).rejects.toBeInstanceOf(LockoutError);
    await expect(client.apiKeys.delete(keys.signer.id)).rejects.toBeInstanceOf(LockoutError);
    expect(sent('apiKeys.regenerateSecret') + sent('apiKeys.delete')).toBe(0);
  });

  it('regenerates itself when allowed, and the live client goes on with the new pair', async () => {
    const { client, keys, reference } = setUp();
    const clone = client.withOptions({ maxRetries: 1 });
    await client.apiKeys.regenerateSecret(keys.signer.id, { allowSelf: true });
    await client.user.get();
    await clone.user.get();
    expect(reference.journal.entries.filter(({ status }) => status === 401)).toEqual([]);
  });

  it('regenerates itself under a call in flight, which is signed again once', async () => {
    const { client, keys, reference } = setUp();
    let release = () => {};
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    let first = true;
    const slow = client.withOptions({
      fetch: async (url, init) => {
        if (first) {
          first = false;
          await held;
        }
        return reference.fetch(url, init);
      },
    });
    const inFlight = slow.user.get();
    await new Promise((resolve) => setTimeout(resolve, 10));
    await client.apiKeys.regenerateSecret(keys.signer.id, { allowSelf: true });
    release();
    expect((await inFlight.withResponse()).attempts).toBe(2);
  });

  it('whose answer was lost before the commit tries again, for the old secret still works', async () => {
    const { client, keys, reference, sent } = setUp();
    reference.faults.add({
      operation: 'apiKeys.regenerateSecret',
      effect: 'reset',
      when: 'before-commit',
      times: 1,
    });
    await client.apiKeys.regenerateSecret(keys.signer.id, { allowSelf: true });
    expect(sent('apiKeys.regenerateSecret')).toBe(2);
    await client.user.get();
  });

  it('whose answer was lost after the commit is told to be lost, with what to do', async () => {
    const { client, keys, reference, sent } = setUp();
    reference.faults.add({ operation: 'apiKeys.regenerateSecret', effect: 'reset', when: 'after-commit' });
    const call = client.apiKeys.regenerateSecret(keys.signer.id, { allowSelf: true });
    await expect(call).rejects.toBeInstanceOf(SecretLostError);
    await expect(call).rejects.toThrow(/another key/);
    expect(sent('apiKeys.regenerateSecret')).toBe(1);
  });
});

describe('another key', () => {
  it('is regenerated again when the answer was lost, since that does no harm', async () => {
    const { client, keys, reference, sent } = setUp({ maxRetries: 2 });
    reference.faults.add({
      operation: 'apiKeys.regenerateSecret',
      effect: 'reset',
      when: 'after-commit',
      times: 1,
    });
    const { secret } = await client.apiKeys.regenerateSecret(keys.other.id);
    expect(sent('apiKeys.regenerateSecret')).toBe(2);
    const other = new BlazeMeterClient({
      credentials: { id: keys.other.id, secret },
      fetch: reference.fetch,
    });
    await other.user.get();
  });

  it('whose regenerate stays without an answer ends as ambiguous, and can be regenerated later', async () => {
    const { client, keys, reference } = setUp();
    reference.faults.add({
      operation: 'apiKeys.regenerateSecret',
      effect: 'reset',
      when: 'after-commit',
      times: 1,
    });
    const error = await ambiguous(client.apiKeys.regenerateSecret(keys.other.id));
    expect(await error.resolve()).toMatchObject({ outcome: 'unknown', candidates: [{ id: keys.other.id }] });
    expect(await error.resolve({ regenerate: true })).toMatchObject({
      outcome: 'committed',
      apiKey: { id: keys.other.id },
    });
  });

  it('that has run out is not regenerated: a new secret would not renew it', async () => {
    const { client, reference, sent } = setUp();
    await client.user.get();
    const { apiKey } = await client.apiKeys.create({ name: 'ci', expiresIn: { days: 1 } });
    reference.clock.advance({ days: 2 });
    await expect(client.apiKeys.regenerateSecret(apiKey.id)).rejects.toMatchObject({
      code: 'expiration_policy',
    });
    expect(sent('apiKeys.regenerateSecret')).toBe(0);
  });

  it('is deleted once, and a 404 after a lost answer counts as done', async () => {
    const { client, keys, reference, sent } = setUp({ maxRetries: 2 });
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'reset', when: 'after-commit', times: 1 });
    await client.apiKeys.delete(keys.other.id);
    expect(sent('apiKeys.delete')).toBe(2);
    await expect(client.apiKeys.delete(keys.other.id)).rejects.toMatchObject({ code: 'not_found' });
  });
});
