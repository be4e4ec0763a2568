// The cache of the live pair by itself: one change of the pair at a time, who waits for it, where the pair comes from in words,
// and what is told of a source that fails.

import { CredentialsError } from 'blazemeter-client';
import { describe, expect, test } from 'vitest';
import { CredentialCache } from '../../src/auth/credential-cache.ts';
import { type CredentialProvider, parseCredentials } from '../../src/auth/credentials.ts';
import { expectHidden, madeUp } from '../support/credentials.ts';

const pairOf = (name: string) => parseCredentials(madeUp(name));
const settle = () => new Promise((resolve) => setImmediate(resolve));
const cacheOf = (provider: CredentialProvider) => new CredentialCache(provider, Date.now);

/** Work that begins when its turn comes, and ends when the test says so. */
function work() {
  let end = () => {};
  let begun = false;
  const run = () => {
    begun = true;
    return new Promise<string>((resolve) => {
      end = () => resolve('done');
    });
  };
  return { run, end: () => end(), begun: () => begun };
}

describe('changes of the pair', () => {
  const { signal } = new AbortController();

  test('are made one at a time, in the order in which they were asked for', async () => {
    const cache = cacheOf(async () => pairOf('old'));
    const [one, two] = [work(), work()];
    const first = cache.change(one.run, signal);
    const second = cache.change(two.run, signal);
    await settle();
    expect([one.begun(), two.begun()]).toEqual([true, false]);
    one.end();
    expect(await first).toBe('done');
    await settle();
    expect(two.begun()).toBe(true);
    two.end();
    expect(await second).toBe('done');
  });

  test('go on after one that failed', async () => {
    const cache = cacheOf(async () => pairOf('old'));
    const failure = new Error('no');
    await expect(cache.change(() => Promise.reject(failure), signal)).rejects.toBe(failure);
    expect(await cache.change(async () => 'done', signal)).toBe('done');
  });

  test('that give up while they wait let nobody pass the one under way', async () => {
    const cache = cacheOf(async () => pairOf('old'));
    const [one, two, three] = [work(), work(), work()];
    const first = cache.change(one.run, signal);
    const impatient = new AbortController();
    const second = cache.change(two.run, impatient.signal);
    const third = cache.change(three.run, signal);
    const reason = new Error('enough');
    impatient.abort(reason);
    await expect(second).rejects.toBe(reason);
    await settle();
    expect([two.begun(), three.begun()]).toEqual([false, false]);
    one.end();
    await first;
    await settle();
    expect([two.begun(), three.begun()]).toEqual([false, true]);
    three.end();
    await third;
  });

  test('are waited for by calls that were refused meanwhile, which then have the new pair', async () => {
    let questions = 0;
    const cache = cacheOf(async () => {
      questions++;
      return pairOf('old');
    });
    const refused = await cache.get();
    const change = work();
    const changed = cache.change(change.run, signal);
    let ended = false;
    const again = cache.afterRefusal(refused).finally(() => {
      ended = true;
    });
    await settle();
    expect(ended).toBe(false);
    const made = pairOf('new');
    cache.replace(made);
    change.end();
    await changed;
    expect(await again).toBe(made);
    expect(questions).toBe(1);
  });

  test('are not waited for by the call that makes one', async () => {
    const cache = cacheOf(async () => pairOf('old'));
    const refused = await cache.get();
    const change = work();
    const changed = cache.change(change.run, signal);
    expect(await cache.afterRefusal(refused, true)).toBeUndefined();
    change.end();
    await changed;
  });
});

describe('where the pair comes from, in words', () => {
  test('is what the source says', () => {
    const provider = Object.assign(async () => pairOf('old'), { describe: () => 'a vault' });
    expect(cacheOf(provider).describe()).toBe('a vault');
  });

  test('is the code, where nobody says anything', () => {
    expect(cacheOf(async () => pairOf('old')).describe()).toBe('given in code');
    expect(new CredentialCache(madeUp('old'), Date.now).describe()).toBe('given in code');
  });
});

describe('a source that fails', () => {
  const { secret } = madeUp('old');
  const thrownFor = (reason: unknown): Promise<unknown> =>
    Promise.resolve(cacheOf(() => Promise.reject(reason)).get()).then(
      () => 'nothing',
      (error: unknown) => error,
    );

  test('with an error of ours is heard, word for word', async () => {
    const cause = new CredentialsError('The vault is sealed.');
    for (const error of [cause, new CredentialsError('No pair.', { source: 'the vault', cause })])
      expect(await thrownFor(error)).toBe(error);
  });

  test('with an error of ours that has a foreign cause is heard, and its cause reduced', async () => {
    const cause = Object.assign(new Error(`the answer was ${secret}`), { code: 'ECONNRESET' });
    const error = await thrownFor(new CredentialsError('No pair.', { source: 'the vault', cause }));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({
      message: 'No pair.',
      source: 'the vault',
      cause: { code: 'ECONNRESET', message: 'ECONNRESET' },
    });
    expectHidden(error, secret);
  });

  test('with anything else is reported without the words of that', async () => {
    const error = await thrownFor(new TypeError(`the answer was ${secret}`));
    expect(error).toBeInstanceOf(CredentialsError);
    expect(error).toMatchObject({
      message:
        'The credential provider failed. Its own message is withheld, since it may quote the secret; let it throw a CredentialsError to be heard.',
      cause: { name: 'TypeError' },
    });
    expectHidden(error, secret);
  });

  test('at once, before it has made a promise, fails in the same way', async () => {
    const provider = () => {
      throw new CredentialsError('No pair.');
    };
    await expect(cacheOf(provider).get()).rejects.toThrow('No pair.');
  });

  test('by an answer that is no pair is named as the one at fault', async () => {
    const error: unknown = await Promise.resolve(cacheOf(async () => ({ id: '', secret })).get()).catch(
      (reason: unknown) => reason,
    );
    expect(error).toMatchObject({
      message: 'The credentials from the provider lack the key id: it is empty or not a string.',
      source: 'The credentials from the provider',
    });
  });
});
