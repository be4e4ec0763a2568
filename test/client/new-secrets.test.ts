// The two calls that bring a secret, when something goes wrong: nothing is lost and nothing is made twice.

import {
  AmbiguousOutcomeError,
  BlazeMeterClient,
  type ClientOptions,
  CredentialsError,
  LockoutError,
  type NewSecretEvent,
  type OnNewSecret,
  type Secret,
  SecretLostError,
  UndeliveredSecretError,
} from 'blazemeter-client';
import { createReference, type FaultRule } from 'blazemeter-client/testing';
import { describe, expect, it, vi } from 'vitest';
import { broken, clientOf, failed, json, oddValues, rejection, type Step } from '../support/client.ts';
import { expectHidden } from '../support/credentials.ts';
import { awayFromTurn } from '../support/turn.ts';

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

describe('a create whose response was lost', () => {
  it('is not sent again, and resolves as committed when it was', async () => {
    const { reference, client, sent } = setUp();
    reference.faults.add(lostAfterCommit);
    await awayFromTurn();
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

  it('resolves as committed where the list of keys lags behind', async () => {
    const { reference, client } = setUp();
    reference.faults.add({ operation: 'apiKeys.list', effect: 'stale-list', times: 1 });
    reference.faults.add(lostAfterCommit);
    await awayFromTurn();
    const error = await ambiguous(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    expect(await error.resolve()).toMatchObject({ outcome: 'committed', apiKey: { name: 'ci' } });
  });

  it('brings back a usable secret on demand, and passes it to the hook', async () => {
    const told: NewSecretEvent[] = [];
    const { reference, client } = setUp({ onNewSecret: (event) => void told.push(event) });
    reference.faults.add(lostAfterCommit);
    await awayFromTurn();
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

  it('stays unknown when the only key of that name has been used: another program has its secret', async () => {
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

  it('is not committed although a key of another name was created just before it', async () => {
    const { reference, client } = setUp();
    await client.apiKeys.create({ name: 'deploy', expiresIn: '1 month' });
    reference.clock.advance({ ms: 10_000 });
    await client.user.get();
    reference.faults.add(lostBeforeCommit);
    const error = await ambiguous(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    expect(await error.resolve()).toEqual({ outcome: 'not-committed' });
  });

  it('stays unknown when an unused key of a name like it was created just before it', async () => {
    const { reference, client } = setUp();
    await client.apiKeys.create({ name: ' CI', expiresIn: '1 month' });
    reference.clock.advance({ ms: 10_000 });
    await client.user.get();
    reference.faults.add(lostBeforeCommit);
    const error = await ambiguous(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    expect(await error.resolve()).toMatchObject({ outcome: 'unknown', candidates: [{ name: ' CI' }] });
  });

  it('stays unknown when this machine slept after it, before the service named its time', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const { reference, client } = setUp();
      reference.faults.add(lostBeforeCommit);
      const error = await ambiguous(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
      vi.setSystemTime(Date.now() + 3_600_000);
      expect(await error.resolve()).toMatchObject({ outcome: 'unknown' });
    } finally {
      vi.useRealTimers();
    }
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

describe('a create that gets an error inside of a 200', () => {
  const envelope = (code: number) => json({ error: { code, message: 'no' }, result: null });
  const create = (...steps: [Step, ...Step[]]) =>
    clientOf(steps, { maxRetries: 1 })
      .client.apiKeys.create({ name: 'ci', expiresIn: '1 month' })
      .catch((reason: unknown) => reason);

  it.each([
    [400, 'bad_request'],
    [402, 'request_failed'],
    [409, 'conflict'],
    [499, 'api_error'],
  ])('of the code %d was refused', async (code, expected) => {
    expect(await create(envelope(code))).toMatchObject({ code: expected });
  });

  it.each([0, 200, 399, 500, 503])('of the code %d may have been carried out', async (code) => {
    expect(await create(envelope(code))).toMatchObject({ code: 'ambiguous_outcome' });
  });
});

it.each([408, 460, 499])('a create that a proxy ends with %d may have been carried out', async (status) => {
  const { client, sent } = clientOf([json('', status)], { maxRetries: 2 });
  await ambiguous(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
  expect(sent).toHaveLength(1);
});

describe('a create that is redirected', () => {
  const create = (status: number) =>
    clientOf([json({}, status, { location: '/elsewhere' })])
      .client.apiKeys.create({ name: 'ci', expiresIn: '1 month' })
      .catch((reason: unknown) => reason);

  it.each([300, 301, 302, 307, 308])('by a %d was not carried out', async (status) => {
    expect(await create(status)).toMatchObject({ code: 'invalid_response', status });
  });

  it('by a 303 may have been: that is what follows on something done', async () => {
    expect(await create(303)).toMatchObject({ code: 'ambiguous_outcome' });
  });
});

describe('a create whose response was lost, of a service that never names its time,', () => {
  it('stays unknown, and names the keys that have not been used', async () => {
    const key = (id: string, lastUsed: number | null) => ({
      id,
      name: 'ci',
      created: 1_800_000_000,
      lastUsed,
    });
    const keys = [key('unused', null), key('used', 1_800_000_100)];
    const { client } = clientOf([failed(503), json({ error: null, result: keys })], { maxRetries: 0 });
    const error = await ambiguous(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    expect(await error.resolve({ regenerate: true })).toMatchObject({
      outcome: 'unknown',
      candidates: [{ id: 'unused' }],
    });
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
    'does not stand on the error as the id of its key, where a response is %s',
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

  it.each<[string, (secret: Secret) => Error, boolean]>([
    ['an error of this package', () => new CredentialsError('The vault is sealed.'), true],
    ['one that quotes the secret', (secret) => new CredentialsError(`Not ${secret.reveal()}.`), false],
    [
      'one whose cause quotes it',
      (secret) => new CredentialsError('No.', { cause: new Error(secret.reveal()) }),
      false,
    ],
    ['an error of anything else', () => new Error('disk full'), false],
  ])('is carried with the error of the hook where it shows nothing: %s', async (_, create, kept) => {
    let thrown: unknown;
    const { client } = setUp({
      onNewSecret: ({ secret }) => {
        const error = create(secret);
        thrown = error;
        throw error;
      },
    });
    const error: unknown = await client.apiKeys
      .create({ name: 'ci', expiresIn: '1 month' })
      .catch((reason: unknown) => reason);
    if (!(error instanceof UndeliveredSecretError))
      throw new Error('the secret was dropped', { cause: error });
    expect(error.cause === thrown).toBe(kept);
    expectHidden(error, error.newSecret.reveal());
  });

  it.each(oddValues())('is carried whatever the hook throws: %s', async (_, thrown) => {
    const { client } = setUp({
      onNewSecret: () => {
        throw thrown;
      },
    });
    const error = await rejection(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    if (!(error instanceof UndeliveredSecretError))
      throw new Error('the secret was dropped', { cause: error });
    expect(error.newSecret.reveal()).toMatch(/^[0-9a-f]{72}$/);
  });

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

  it('regenerates itself when allowed, and the live client goes on with the new credentials', async () => {
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

  it('whose response was lost before the commit tries again, for the old secret still works', async () => {
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

  it('whose response was lost after the commit is reported as lost, with what to do', async () => {
    const { client, keys, reference, sent } = setUp();
    reference.faults.add({ operation: 'apiKeys.regenerateSecret', effect: 'reset', when: 'after-commit' });
    const call = client.apiKeys.regenerateSecret(keys.signer.id, { allowSelf: true });
    await expect(call).rejects.toBeInstanceOf(SecretLostError);
    await expect(call).rejects.toThrow(/another key/);
    expect(sent('apiKeys.regenerateSecret')).toBe(1);
  });
});

describe('another key', () => {
  const key = { id: 'another', name: 'ci', created: 1_800_000_000 };

  it('is regenerated again when the response was lost, since that does no harm', async () => {
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

  it.each<[string, Step]>([
    ['refused with a 403', failed(403)],
    ['refused with a 429', failed(429, { 'retry-after': '3600' })],
    ['not sent', broken('ECONNREFUSED')],
  ])('whose regenerate was lost once and was then %s may have a new secret', async (_, second) => {
    vi.spyOn(Math, 'random').mockReturnValue(0);
    const { client, sent: requests } = clientOf([json({ error: null, result: key }), failed(503), second], {
      maxRetries: 1,
    });
    const error: unknown = await client.apiKeys.regenerateSecret(key.id).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'ambiguous_outcome', attempts: 2 });
    expect(requests.map(({ method }) => method)).toEqual(['GET', 'POST', 'POST']);
  });

  it.each([401, 403])('that may not be read (%d) is not regenerated', async (status) => {
    const { client, sent: requests } = clientOf([failed(status)], { maxRetries: 0 });
    await expect(client.apiKeys.regenerateSecret(key.id)).rejects.toMatchObject({ status });
    expect(requests.map(({ method }) => method)).toEqual(['GET']);
  });

  it.each<[string, Step]>([
    ['a 404', failed(404)],
    ['a 500', failed(500)],
    ['another shape', json({ error: null, result: { id: 7 } })],
  ])('whose reading gets %s is regenerated all the same: that it can be read is assumed', async (_, read) => {
    const issued = json({ error: null, result: { ...key, secret: 'the-new-secret' } });
    const { client } = clientOf([read, issued], { maxRetries: 0 });
    expect((await client.apiKeys.regenerateSecret(key.id)).secret.reveal()).toBe('the-new-secret');
  });

  it('is not regenerated again once a secret has arrived, for that would end it', async () => {
    const body = JSON.stringify({ error: null, result: { ...key, secret: 'the-new-secret' } });
    const cut: Step = async () =>
      new Response(
        new ReadableStream({
          start: (controller) => controller.enqueue(new TextEncoder().encode(body.slice(0, -1))),
          pull: (controller) => controller.error(new Error('gone')),
        }),
        { headers: { 'content-type': 'application/json' } },
      );
    const { client, sent: requests } = clientOf([json({ error: null, result: key }), cut], { maxRetries: 2 });
    const error: unknown = await client.apiKeys.regenerateSecret(key.id).catch((reason: unknown) => reason);
    if (!(error instanceof UndeliveredSecretError)) throw error;
    expect([error.keyId, error.newSecret.reveal()]).toEqual([key.id, 'the-new-secret']);
    expect(requests.map(({ method }) => method)).toEqual(['GET', 'POST']);
  });

  it('whose regenerate gets no response ends as ambiguous, and can be regenerated later', async () => {
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

  it('that has expired is not regenerated: a new secret would not renew it', async () => {
    const { client, reference, sent } = setUp();
    await client.user.get();
    const { apiKey } = await client.apiKeys.create({ name: 'ci', expiresIn: { days: 1 } });
    reference.clock.advance({ days: 2 });
    await expect(client.apiKeys.regenerateSecret(apiKey.id)).rejects.toMatchObject({
      code: 'expiration_policy',
    });
    expect(sent('apiKeys.regenerateSecret')).toBe(0);
  });

  it('is deleted once, and a 404 after a lost response counts as done', async () => {
    const { client, keys, reference, sent } = setUp({ maxRetries: 2 });
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'reset', when: 'after-commit', times: 1 });
    await client.apiKeys.delete(keys.other.id);
    expect(sent('apiKeys.delete')).toBe(2);
    await expect(client.apiKeys.delete(keys.other.id)).rejects.toMatchObject({ code: 'not_found' });
  });
});
