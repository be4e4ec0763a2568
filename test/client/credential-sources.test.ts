// The client and the source of its credentials: at which moment it asks, what it says, how long it waits, and what it shows
// of a source that fails.

import {
  BlazeMeterClient,
  type CredentialContext,
  type CredentialProvider,
  CredentialsError,
  type CredentialsInput,
} from 'blazemeter-client';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { clientOf, failed, oddValues, rejection, type Step, user } from '../support/client.ts';
import { expectHidden, madeUp } from '../support/credentials.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

beforeEach(() => void vi.useFakeTimers());

/** Lets everything happen that waits for no time. */
const settle = () => vi.advanceTimersByTimeAsync(0);
const old = madeUp('old');
const fresh = madeUp('new');
const header = ({ token }: { readonly token: string }) => `Basic ${btoa(token)}`;

/** A client that asks a source whose responses the test gives one by one. */
function setUp(steps: readonly [Step, ...Step[]] = [user]) {
  const contexts: (CredentialContext | undefined)[] = [];
  const responses: ((found: CredentialsInput) => void)[] = [];
  const credentials: CredentialProvider = (context) => {
    contexts.push(context);
    return new Promise((resolve) => void responses.push(resolve));
  };
  const { client, sent } = clientOf(steps, { credentials });
  const respond = async (number: number, found: CredentialsInput) => {
    await settle();
    responses[number]?.(found);
    await settle();
  };
  /** The first call, signed with the old credentials. */
  const begin = async (more: Partial<CredentialsInput> = {}) => {
    const call = client.user.get();
    await respond(0, { ...old, ...more });
    await call;
  };
  /** Begins a call: whether it is sent without waiting for the source. */
  const sendsAtOnce = async () => {
    const before = sent.length;
    client.user.get().catch(() => {});
    await settle();
    return sent.length > before;
  };
  const reasons = () => contexts.map((context) => context?.reason);
  const signed = () => sent.map(({ headers }) => headers.authorization);
  return { client, sent, contexts, respond, begin, sendsAtOnce, reasons, signed };
}

describe('credentials that expire', () => {
  it.each([
    ['more than ten minutes', 10 * MINUTE + SECOND, ['first'], true],
    ['ten minutes', 10 * MINUTE - SECOND, ['first', 'expiring'], true],
    ['more than two minutes', 2 * MINUTE + SECOND, ['first', 'expiring'], true],
    ['two minutes', 2 * MINUTE - SECOND, ['first', 'expiring'], false],
  ])('with %s left', async (_, left, reasons, used) => {
    const world = setUp();
    await world.begin({ expiresAt: new Date(Date.now() + 20 * MINUTE) });
    await vi.advanceTimersByTimeAsync(20 * MINUTE - left);
    expect(await world.sendsAtOnce()).toBe(used);
    expect(world.reasons()).toEqual(reasons);
  });

  it.each([
    ['less than half a minute', 30 * SECOND - 10, ['first']],
    ['half a minute', 30 * SECOND, ['first', 'expiring']],
  ])('soon after they came are asked for again after %s', async (_, ago, reasons) => {
    const world = setUp();
    await world.begin({ expiresAt: new Date(Date.now() + 5 * MINUTE) });
    await vi.advanceTimersByTimeAsync(ago);
    expect(await world.sendsAtOnce()).toBe(true);
    expect(world.reasons()).toEqual(reasons);
  });

  it('stay in use where their source fails', async () => {
    let fails = false;
    const credentials = async () => {
      if (fails) throw new Error('down');
      return { ...old, expiresAt: new Date(Date.now() + MINUTE) };
    };
    const { client, sent } = clientOf([user], { credentials });
    await client.user.get();
    fails = true;
    await vi.advanceTimersByTimeAsync(5 * MINUTE);
    await client.user.get();
    expect(sent.map(({ headers }) => headers.authorization)).toEqual([header(old), header(old)]);
  });
});

describe('credentials whose source wants to be asked again after five minutes (refreshAfterMs)', () => {
  it.each([
    ['not asked for again before', 5 * MINUTE - SECOND, ['first'], true],
    ['asked for again then, and used meanwhile', 5 * MINUTE, ['first', 'expiring'], true],
    ['used for ten minutes more', 15 * MINUTE - SECOND, ['first', 'expiring'], true],
    ['waited for after that', 15 * MINUTE, ['first', 'expiring'], false],
  ])('are %s', async (_, later, reasons, used) => {
    const world = setUp();
    await world.begin({ refreshAfterMs: 5 * MINUTE });
    await vi.advanceTimersByTimeAsync(later);
    expect(await world.sendsAtOnce()).toBe(used);
    expect(world.reasons()).toEqual(reasons);
  });
});

describe('credentials that the service refused', () => {
  it.each([
    ['another secret', { id: old.id, secret: fresh.secret, token: `${old.id}:${fresh.secret}` }],
    ['another id', { id: fresh.id, secret: old.secret, token: `${fresh.id}:${old.secret}` }],
  ])('give way to those that the source has by now, with %s', async (_, next) => {
    const world = setUp([user, failed(401), user]);
    await world.begin();
    const call = world.client.user.get();
    await world.respond(1, { id: next.id, secret: next.secret });
    expect(await call).toMatchObject({ id: 7 });
    expect(world.signed()).toEqual([header(old), header(old), header(next)]);
  });

  it('are not tried again where they were given as values', async () => {
    const { client, sent } = clientOf([failed(401)]);
    expect(await rejection(client.user.get())).toMatchObject({ code: 'unauthorized', attempts: 1 });
    expect(sent).toHaveLength(1);
  });

  it('are named to the source by id and secret, and by nothing else', async () => {
    const world = setUp([user, failed(401), user]);
    await world.begin({ expiresAt: new Date(Date.now() + 60 * MINUTE) });
    await world.sendsAtOnce();
    const [first, second] = world.contexts;
    expect(first).not.toHaveProperty('refused');
    expect(Object.keys(second?.refused ?? {})).toEqual(['id', 'secret']);
    expect([second?.refused?.id, second?.refused?.secret.reveal()]).toEqual([old.id, old.secret]);
  });

  it('are asked about once, however many calls were refused', async () => {
    const world = setUp([user, failed(401), failed(401), user]);
    await world.begin();
    const calls = [world.client.user.get(), world.client.user.get()];
    await world.respond(1, fresh);
    await Promise.all(calls);
    expect(world.reasons()).toEqual(['first', 'unauthorized']);
    expect(world.signed().slice(3)).toEqual([header(fresh), header(fresh)]);
  });

  it('are tried no more than twice in a call', async () => {
    const world = setUp([user, failed(401)]);
    await world.begin();
    const call = rejection(world.client.user.get());
    await world.respond(1, fresh);
    expect(await call).toMatchObject({ code: 'unauthorized', attempts: 2 });
    expect(world.reasons()).toEqual(['first', 'unauthorized']);
  });
});

describe('a source', () => {
  it('that has not responded within a minute is given up, and its signal says so', async () => {
    const { client, contexts } = setUp();
    const call = rejection(client.user.get());
    await vi.advanceTimersByTimeAsync(MINUTE - 1);
    expect(contexts[0]?.signal?.aborted).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(contexts[0]?.signal?.aborted).toBe(true);
    expect(await call).toBeInstanceOf(CredentialsError);
  });

  it('leaves no timer behind once it has responded', async () => {
    const { begin } = setUp();
    await begin();
    expect(vi.getTimerCount()).toBe(0);
  });

  it('can warn through the log of the client', async () => {
    const warn = vi.fn();
    const logger = { error: vi.fn(), warn, info: vi.fn(), debug: vi.fn() };
    const credentials: CredentialProvider = async (context) => {
      context?.warn?.('a word\u001b[31m');
      return old;
    };
    await clientOf([user], { credentials, logger, logLevel: 'warn' }).client.user.get();
    expect(warn.mock.calls.map(([message]) => message)).toEqual(['a word\\u001b[31m']);
  });

  it('is described in words by diagnose', async () => {
    const credentials = Object.assign(async () => old, { describe: () => 'a vault' });
    expect(await clientOf([failed(403)], { credentials }).client.diagnose()).toMatchObject({
      source: 'a vault',
    });
    expect(await clientOf([failed(403)]).client.diagnose()).toMatchObject({ source: 'given in code' });
  });
});

describe('a source that fails', () => {
  const thrownFor = (reason: unknown): Promise<unknown> =>
    rejection(clientOf([user], { credentials: () => Promise.reject(reason) }).client.user.get());

  it('with an error of this package is passed on as it is', async () => {
    const cause = new CredentialsError('The vault is sealed.');
    for (const error of [cause, new CredentialsError('No key.', { source: 'the vault', cause })])
      expect(await thrownFor(error)).toBe(error);
  });

  it('with an error of this package that has a foreign cause is passed on, with its cause reduced', async () => {
    const cause = Object.assign(new Error(`the response was ${old.secret}`), { code: 'ECONNRESET' });
    const error = await thrownFor(new CredentialsError('No key.', { source: 'the vault', cause }));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({
      message: 'No key.',
      source: 'the vault',
      cause: { code: 'ECONNRESET', message: 'ECONNRESET' },
    });
    expectHidden(error, old.secret);
  });

  it('with anything else is reported without the words of that', async () => {
    const error = await thrownFor(new TypeError(`the response was ${old.secret}`));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({ code: 'credentials', attempts: 0, cause: { name: 'TypeError' } });
    expectHidden(error, old.secret);
  });

  it.each(oddValues())('is reported whatever it throws: %s', async (_, thrown) => {
    expect(await thrownFor(thrown)).toMatchObject({ code: 'credentials', message: expect.any(String) });
  });

  it('before it has returned a promise fails in the same way', async () => {
    const credentials = () => {
      throw new CredentialsError('No key.');
    };
    const error = await rejection(clientOf([user], { credentials }).client.user.get());
    expect(error).toMatchObject({ code: 'credentials', message: 'No key.' });
  });

  it('by something that is no credentials is named as the one at fault', async () => {
    const credentials = async () => ({ id: '', secret: old.secret });
    const error = await rejection(new BlazeMeterClient({ credentials, fetch: user }).user.get());
    expect(error).toMatchObject({ code: 'credentials', source: 'The credentials from the provider' });
    expectHidden(error, old.secret);
  });
});
