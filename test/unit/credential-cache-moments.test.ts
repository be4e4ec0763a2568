// The cache of the live pair by itself, against a source whose answers the test gives one by one: at which moment it asks, what
// it tells the source, and whose answer counts.

import { type CredentialContext, CredentialsError, type CredentialsInput } from 'blazemeter-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CredentialCache } from '../../src/auth/credential-cache.ts';
import { type CredentialProvider, type Credentials, parseCredentials } from '../../src/auth/credentials.ts';
import { madeUp } from '../support/credentials.ts';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const pairOf = (name: string, more: Partial<CredentialsInput> = {}) =>
  parseCredentials({ ...madeUp(name), ...more });
const { token: oldToken } = madeUp('old');
const { token: newToken } = madeUp('new');
const tokenOf = (pair: Credentials | undefined) => (pair ? `${pair.id}:${pair.secret.reveal()}` : 'none');
/** Lets everything happen that waits for no time. */
const settle = () => vi.advanceTimersByTimeAsync(0);

/** A cache, and the questions that it has put to its source. */
function setUp(more: Partial<CredentialsInput> = {}, warn?: (message: string) => void) {
  const asked: (CredentialContext | undefined)[] = [];
  const answers: ((pair: CredentialsInput) => void)[] = [];
  const provider: CredentialProvider = (context) => {
    asked.push(context);
    return new Promise((resolve) => void answers.push(resolve));
  };
  const cache = new CredentialCache(provider, Date.now, warn);
  const answer = async (number: number, pair: CredentialsInput) => {
    await settle();
    answers[number]?.(pair);
    await settle();
  };
  const reasons = () => asked.map((context) => context?.reason);
  /** The first question, answered with the old pair. */
  const begin = async () => {
    const first = cache.get();
    await answer(0, pairOf('old', more));
    return first;
  };
  return { cache, asked, answer, reasons, begin };
}

describe('the moment of the next question', () => {
  test.each([
    ['more than ten minutes', 10 * MINUTE + 1, ['first']],
    ['ten minutes', 10 * MINUTE, ['first', 'expiring']],
  ])('a pair with %s left', async (_, left, reasons) => {
    const setup = setUp({ expiresAt: new Date(Date.now() + 20 * MINUTE) });
    await setup.begin();
    vi.advanceTimersByTime(20 * MINUTE - left);
    expect(setup.cache.get()).toBe(setup.cache.peek());
    await settle();
    expect(setup.reasons()).toEqual(reasons);
  });

  test.each([
    ['less than half a minute', 30 * SECOND - 1, ['first']],
    ['half a minute', 30 * SECOND, ['first', 'expiring']],
  ])('a pair that was short when it came, asked for %s ago', async (_, ago, reasons) => {
    const setup = setUp({ expiresAt: new Date(Date.now() + 5 * MINUTE) });
    await setup.begin();
    vi.advanceTimersByTime(ago);
    expect(setup.cache.get()).toBe(setup.cache.peek());
    await settle();
    expect(setup.reasons()).toEqual(reasons);
  });

  test.each([
    ['more than two minutes', 2 * MINUTE + 1, true],
    ['two minutes', 2 * MINUTE, false],
  ])('with %s left, it is used meanwhile: %s', async (_, left, used) => {
    const { cache, begin } = setUp({ expiresAt: new Date(Date.now() + 20 * MINUTE) });
    await begin();
    vi.advanceTimersByTime(20 * MINUTE - left);
    expect(cache.get() === cache.peek()).toBe(used);
  });

  test.each([
    ['the time that its source named, less a moment', 5 * MINUTE - 1, ['first'], true],
    ['the time that its source named', 5 * MINUTE, ['first', 'expiring'], true],
    ['not quite ten minutes more', 15 * MINUTE - 1, ['first', 'expiring'], true],
    ['ten minutes more', 15 * MINUTE, ['first', 'expiring'], false],
  ])('a pair without an expiry, after %s', async (_, later, reasons, used) => {
    const setup = setUp({ refreshAfterMs: 5 * MINUTE });
    await setup.begin();
    vi.advanceTimersByTime(later);
    expect(setup.cache.get() === setup.cache.peek()).toBe(used);
    await settle();
    expect(setup.reasons()).toEqual(reasons);
  });

  test('a source that fails leaves a pair that has run out in use', async () => {
    let fails = false;
    const provider = async () => {
      if (fails) throw new Error('down');
      return pairOf('old', { expiresAt: new Date(Date.now() + MINUTE) });
    };
    const cache = new CredentialCache(provider, Date.now);
    await cache.get();
    fails = true;
    vi.advanceTimersByTime(5 * MINUTE);
    const refreshed = cache.get();
    expect(refreshed).toBeInstanceOf(Promise);
    expect(tokenOf(await refreshed)).toBe(oldToken);
  });

  test('a question that is answered leaves no timer behind', async () => {
    const { begin } = setUp();
    await begin();
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('a pair that the service refused', () => {
  test.each([
    ['another secret', { ...madeUp('old'), secret: madeUp('new').secret }],
    ['another id', { ...madeUp('old'), id: madeUp('new').id }],
  ])('gives way to one that the source has by now, with %s', async (_, next) => {
    const { cache, answer, begin } = setUp();
    const again = cache.afterRefusal(await begin());
    await answer(1, next);
    expect(tokenOf(await again)).toBe(`${next.id}:${next.secret}`);
  });

  test.each([
    ['another secret', { ...madeUp('old'), secret: madeUp('new').secret }],
    ['another id', { ...madeUp('old'), id: madeUp('new').id }],
  ])('gives way at once to one that is in place by now, with %s', async (_, next) => {
    const { cache, reasons, begin } = setUp();
    const refused = await begin();
    cache.replace(parseCredentials(next));
    expect(await cache.afterRefusal(refused)).toBe(cache.peek());
    expect(reasons()).toEqual(['first']);
  });

  test('has no other where the source still gives it', async () => {
    const { cache, answer, begin } = setUp();
    const again = cache.afterRefusal(await begin());
    await answer(1, pairOf('old'));
    expect(await again).toBeUndefined();
    expect(await new CredentialCache(oldToken, Date.now).afterRefusal(pairOf('old'))).toBeUndefined();
  });

  test('is asked about by its id and secret, and by nothing else', async () => {
    const { cache, asked, begin } = setUp({ expiresAt: new Date(Date.now() + 60 * MINUTE) });
    const refused = await begin();
    void cache.afterRefusal(refused);
    await settle();
    expect(asked[0]).not.toHaveProperty('refused');
    expect(Object.keys(asked[1]?.refused ?? {})).toEqual(['id', 'secret']);
    expect(asked[1]?.refused?.id).toBe(refused.id);
    expect(asked[1]?.refused?.secret).toBe(refused.secret);
  });

  test('is asked about once, however many calls were refused', async () => {
    const { cache, answer, reasons, begin } = setUp();
    const refused = await begin();
    const calls = [cache.afterRefusal(refused), cache.afterRefusal(refused)];
    await answer(1, pairOf('new'));
    expect((await Promise.all(calls)).map(tokenOf)).toEqual([newToken, newToken]);
    expect(reasons()).toEqual(['first', 'unauthorized']);
  });

  test('is asked about even before the source has given any', async () => {
    const { cache, answer, reasons } = setUp();
    const again = cache.afterRefusal(pairOf('old'));
    await answer(0, pairOf('new'));
    expect(tokenOf(await again)).toBe(newToken);
    expect(reasons()).toEqual(['unauthorized']);
  });

  test('is not asked about a second time because it runs out as well', async () => {
    const { cache, answer, reasons, begin } = setUp({ expiresAt: new Date(Date.now() + 60 * MINUTE) });
    const again = cache.afterRefusal(await begin());
    await settle();
    vi.setSystemTime(Date.now() + 59 * MINUTE);
    const next = cache.get();
    await answer(1, pairOf('new'));
    expect([tokenOf(await again), tokenOf(await next)]).toEqual([newToken, newToken]);
    expect(reasons()).toEqual(['first', 'unauthorized']);
  });
});

describe('an answer that comes late', () => {
  test('gives way to a pair that was made meanwhile', async () => {
    const { cache, answer, begin } = setUp();
    const late = cache.afterRefusal(await begin());
    await settle();
    cache.replace(pairOf('new'));
    await answer(1, pairOf('other'));
    expect(tokenOf(await late)).toBe(newToken);
    expect(tokenOf(cache.peek())).toBe(newToken);
  });

  test('is used by the call that waits for it where there is nothing newer yet', async () => {
    const { cache, answer } = setUp();
    const first = cache.get();
    await settle();
    void cache.afterRefusal(pairOf('other'));
    await answer(0, pairOf('old'));
    expect(tokenOf(await first)).toBe(oldToken);
    expect(cache.peek()).toBeUndefined();
  });

  test('does not end the question that was put after it', async () => {
    const { cache, answer, reasons } = setUp();
    void cache.get();
    await settle();
    const one = cache.afterRefusal(pairOf('other'));
    await answer(0, pairOf('old'));
    const two = cache.afterRefusal(pairOf('other'));
    await answer(1, pairOf('new'));
    expect([tokenOf(await one), tokenOf(await two)]).toEqual([newToken, newToken]);
    expect(reasons()).toEqual(['first', 'unauthorized']);
  });
});

test('a source that still has a secret which was replaced here is behind: the pair made here stays', async () => {
  const { cache, answer, begin } = setUp();
  await begin();
  const made = pairOf('new');
  cache.replace(made);
  const again = cache.afterRefusal(made);
  await answer(1, pairOf('old'));
  expect(await again).toBeUndefined();
  expect(cache.peek()).toBe(made);
});

test('a pair may be put in place before there is any', () => {
  const { cache } = setUp();
  const made = pairOf('new');
  expect(cache.peek()).toBeUndefined();
  cache.replace(made);
  expect(cache.peek()).toBe(made);
});

test('a source is told how to warn, where somebody listens', async () => {
  const warn = vi.fn();
  const heard = setUp({}, warn);
  await heard.begin();
  heard.asked[0]?.warn?.('a word');
  expect(warn).toHaveBeenCalledExactlyOnceWith('a word');
  const unheard = setUp();
  await unheard.begin();
  expect(unheard.asked[0]).not.toHaveProperty('warn');
});

test('a source that has not answered within a minute is given up, and is told so', async () => {
  const { cache, asked } = setUp();
  const outcome = Promise.resolve(cache.get()).catch((reason: unknown) => reason);
  await vi.advanceTimersByTimeAsync(MINUTE - 1);
  expect(asked[0]?.signal?.aborted).toBe(false);
  await vi.advanceTimersByTimeAsync(1);
  expect(asked[0]?.signal?.aborted).toBe(true);
  expect(await outcome).toEqual(new CredentialsError('The credential provider gave no answer within 60 s.'));
});
