// A key that regenerates its own secret while other calls are under way: between the commit and its response the service
// refuses the old secret, and nobody here has the new one yet.

import { setTimeout as sleep } from 'node:timers/promises';
import {
  AmbiguousOutcomeError,
  AuthenticationError,
  BlazeMeterClient,
  type FetchLike,
  LockoutError,
  RequestTimeoutError,
  SecretLostError,
  UndeliveredSecretError,
} from 'blazemeter-client';
import { createReference, type ReferenceOptions } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';

/** A client whose responses to a regenerate are held back, each until it is let go, in any order. */
function setUp(options: ReferenceOptions = {}) {
  const reference = createReference(options);
  const { keys } = reference.seed();
  const held: (() => void)[] = [];
  const fetch: FetchLike = async (url, init) => {
    const response = await reference.fetch(url, init);
    if (url.endsWith('/regenerate')) await new Promise<void>((resolve) => void held.push(resolve));
    return response;
  };
  const client = new BlazeMeterClient({ credentials: keys.owner, fetch, maxRetries: 0 });
  const regenerate = (by = client) => by.apiKeys.regenerateSecret(keys.owner.id, { allowSelf: true });
  const answersHeld = async (count: number) => {
    while (held.length < count) await sleep(1);
  };
  return { reference, keys, client, held, regenerate, answersHeld };
}

describe('while a key regenerates itself', () => {
  it('calls that are refused meanwhile wait for the new credentials, and are signed again once', async () => {
    const { reference, client, held, regenerate, answersHeld } = setUp();
    const regenerated = regenerate();
    await answersHeld(1);
    const clone = client.withOptions({ timeout: 5_000 });
    const calls = Promise.allSettled(
      Array.from({ length: 20 }, (_, at) => (at % 2 === 0 ? client : clone).user.get()),
    );
    const refused = () => reference.journal.entries.filter(({ status }) => status === 401).length;
    while (refused() < 20) await sleep(1);
    held[0]?.();
    expect((await calls).map(({ status }) => status)).toEqual(Array(20).fill('fulfilled'));
    await regenerated;
    expect(refused()).toBe(20);
  });

  it('a call that waits still ends within its own time', async () => {
    const { client, held, regenerate, answersHeld } = setUp();
    const regenerated = regenerate();
    await answersHeld(1);
    await expect(client.user.get({ totalTimeout: 50 })).rejects.toBeInstanceOf(RequestTimeoutError);
    await expect(regenerate(client.withOptions({ totalTimeout: 50 }))).rejects.toBeInstanceOf(
      RequestTimeoutError,
    );
    held[0]?.();
    await regenerated;
    await client.user.get();
  });

  it('another that would do the same takes its turn, so the live secret is the last one', async () => {
    const { reference, client, held, regenerate, answersHeld } = setUp({ semantics: { grace: 60_000 } });
    const [first, second] = [regenerate(), regenerate(client.withOptions({ maxRetries: 1 }))];
    await answersHeld(1);
    // Were both under way, the response to the later one would come first.
    await sleep(20);
    held[1]?.();
    await sleep(20);
    held[0]?.();
    await answersHeld(2);
    held[1]?.();
    await Promise.all([first, second]);
    reference.clock.advance({ days: 1 });
    await client.user.get();
  });

  it('one that fails does not stand in the way of the next', async () => {
    const { reference, client, held, regenerate, answersHeld } = setUp();
    reference.faults.add({ operation: 'apiKeys.regenerateSecret', effect: 'status', status: 402, times: 1 });
    const [refused, done] = [regenerate(), regenerate()];
    await answersHeld(1);
    held[0]?.();
    await expect(refused).rejects.toMatchObject({ status: 402 });
    await answersHeld(2);
    held[1]?.();
    await done;
    await client.user.get();
  });
});

describe('a key that regenerates itself', () => {
  /** Answers the n-th regenerate with the n-th status, and all else with success. */
  const answering = (...statuses: number[]): FetchLike => {
    const left = [...statuses];
    return async (_, { method }) =>
      method === 'POST'
        ? new Response('{}', { status: left.shift() ?? 500 })
        : Response.json({ result: { id: 1 } });
  };

  it('whose lost request is done late, after the old secret has proven to work, is reported as lost', async () => {
    const client = new BlazeMeterClient({ credentials: 'my-key:my-secret', fetch: answering(502, 401) });
    await expect(
      client.apiKeys.regenerateSecret('my-key', { allowSelf: true, maxRetries: 0 }),
    ).rejects.toBeInstanceOf(SecretLostError);
  });

  /** A client whose key regenerates itself, loses the response, and then gets these statuses for the old secret. */
  const losing = (...probes: number[]) => {
    const left = [...probes];
    const requests: string[] = [];
    const client = new BlazeMeterClient({
      credentials: 'my-key:my-secret',
      logLevel: 'off',
      maxRetries: 0,
      fetch: async (url, { method }) => {
        requests.push(method);
        if (method === 'POST') return new Response('{}', { status: 503 });
        return url.endsWith('/user')
          ? Response.json({ result: { id: 1 } }, { status: left.shift() ?? 500 })
          : Response.json({ result: { id: 'my-key', name: 'ci', created: 1 } });
      },
    });
    const posts = () => requests.filter((method) => method === 'POST').length;
    const error = client.apiKeys
      .regenerateSecret('my-key', { allowSelf: true })
      .catch((reason: unknown) => reason);
    return { error, posts };
  };

  it.each([300, 403, 500, 503])(
    'and loses the response is not sent again where the old secret gets a %d, which shows nothing',
    async (status) => {
      const { error, posts } = losing(status);
      expect(await error).toMatchObject({ code: 'ambiguous_outcome' });
      expect(posts()).toBe(1);
    },
  );

  it('is sent again only so often, however often the old secret still works', async () => {
    const { error, posts } = losing(...Array<number>(20).fill(200));
    expect(await error).toMatchObject({ code: 'ambiguous_outcome' });
    expect(posts()).toBe(3);
  });

  it('and loses the response is known to have lost its secret once the old one is refused', async () => {
    const error = await losing(503, 401).error;
    if (!(error instanceof AmbiguousOutcomeError)) throw error;
    await expect(error.resolve()).rejects.toBeInstanceOf(SecretLostError);
  });

  it('and loses the response has not lost its secret while the old one works', async () => {
    const error = await losing(503, 200).error;
    if (!(error instanceof AmbiguousOutcomeError)) throw error;
    expect(await error.resolve()).toMatchObject({ outcome: 'unknown', candidates: [{ id: 'my-key' }] });
  });

  it('and is refused at the first try is just refused', async () => {
    const client = new BlazeMeterClient({ credentials: 'my-key:my-secret', fetch: answering(401) });
    await expect(client.apiKeys.regenerateSecret('my-key', { allowSelf: true })).rejects.toBeInstanceOf(
      AuthenticationError,
    );
  });

  it('and gets a response of another shape goes on with the secret in it', async () => {
    const reference = createReference();
    const { keys } = reference.seed();
    const nameless: FetchLike = async (url, init) => {
      const response = await reference.fetch(url, init);
      if (!url.endsWith('/regenerate')) return response;
      const { result } = await response.json();
      return Response.json({ error: null, result: { ...result, name: undefined } });
    };
    const client = new BlazeMeterClient({ credentials: keys.owner, fetch: nameless });
    await expect(client.apiKeys.regenerateSecret(keys.owner.id, { allowSelf: true })).rejects.toBeInstanceOf(
      UndeliveredSecretError,
    );
    expect((await client.user.get()).id).toBe(keys.owner.userId);
  });

  it('is known by its id in upper case as well, which a service may take for the same', async () => {
    const methods: string[] = [];
    const secret = 'the-new-secret';
    const client = new BlazeMeterClient({
      credentials: 'abcdef0123456789abcdef01:old-secret',
      fetch: async (_, { method, headers }) => {
        methods.push(`${method} ${atob(headers.authorization?.slice(6) ?? '')}`);
        return Response.json({ result: { id: 'abcdef0123456789abcdef01', name: 'ci', created: 1, secret } });
      },
    });
    const id = 'ABCDEF0123456789ABCDEF01';
    await expect(client.apiKeys.delete(id)).rejects.toBeInstanceOf(LockoutError);
    await expect(client.apiKeys.regenerateSecret(id)).rejects.toBeInstanceOf(LockoutError);
    expect(methods).toEqual([]);
    await client.apiKeys.regenerateSecret(id, { allowSelf: true });
    await client.apiKeys.get('another-key');
    expect(methods.at(-1)).toBe('GET abcdef0123456789abcdef01:the-new-secret');
  });
});

it.each([200, 503])(
  'a response %i with several secrets is handed over whole, though the old secret is refused by then',
  async (status) => {
    const reference = createReference();
    const { keys } = reference.seed();
    let body = '';
    const fetch: FetchLike = async (url, init) => {
      const response = await reference.fetch(url, init);
      if (!url.endsWith('/regenerate')) return response;
      const { result } = await response.json();
      body = JSON.stringify({ old: { secret: 'an-old-one-of-some-kind' }, new: { secret: result.secret } });
      return new Response(body, { status, headers: { 'content-type': 'application/json' } });
    };
    const client = new BlazeMeterClient({ credentials: keys.owner, fetch, logLevel: 'off' });
    const error = await client.apiKeys
      .regenerateSecret(keys.owner.id, { allowSelf: true })
      .catch((error: unknown) => error);
    if (!(error instanceof AmbiguousOutcomeError)) throw new Error('another error', { cause: error });
    expect(error.newSecret?.reveal()).toBe(body);
    expect(reference.journal.count('apiKeys.regenerateSecret')).toBe(1);
  },
);
