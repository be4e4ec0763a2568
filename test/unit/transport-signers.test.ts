// Who signs: the live pair, the one that its source has after a 401, or the pair of the request; and who must not.
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { CredentialCache } from '../../src/auth/cache.ts';
import type { CredentialProvider, Credentials } from '../../src/auth/credentials.ts';
import { pairOf, type Step, stateOf, transportOf } from '../support/transport.ts';

beforeEach(() => {
  vi.useFakeTimers();
  vi.spyOn(Math, 'random').mockReturnValue(1);
});
afterEach(() => {
  vi.clearAllTimers();
  vi.useRealTimers();
});

const [first, second, third, own] = [pairOf('first'), pairOf('second'), pairOf('third'), pairOf('own')];

/** A transport whose source gives these pairs, the last one again and again. */
function signedBy(pairs: readonly Credentials[], steps: readonly Step[]) {
  const left = [...pairs];
  const source = vi.fn<CredentialProvider>(async () => {
    const pair = left.length > 1 ? left.shift() : left[0];
    return pair ?? first;
  });
  const made = transportOf(steps, { source });
  const signers = () =>
    made.sent.map(({ init }) => {
      const signature = init.headers.authorization ?? '';
      return Buffer.from(signature.replace('Basic ', ''), 'base64').toString().split(':')[0];
    });
  return { ...made, source, signers };
}

async function done<T>(call: Promise<T>): Promise<T> {
  call.catch(() => {});
  await vi.runAllTimersAsync();
  return call;
}

describe('after a 401', () => {
  test('the request is signed again by the pair that its source has now, once', async () => {
    const { send, signers, lines } = signedBy([first, second, third], [401, 200]);
    expect(await send()).toMatchObject({ status: 200, attempts: 2, pair: { id: second.id } });
    expect(signers()).toEqual([first.id, second.id]);
    expect(lines).toContainEqual({
      level: 'info',
      message: 'the pair was refused; trying again with the one that its source has now',
      fields: { operation: 'user.get' },
    });
  });

  test('and another one the answer stands', async () => {
    const { send, signers, source } = signedBy([first, second, third], [401]);
    expect(await send()).toMatchObject({ status: 401, attempts: 2 });
    expect(signers()).toEqual([first.id, second.id]);
    expect(source).toHaveBeenCalledTimes(2);
  });

  test('the answer stands where its source has no other pair', async () => {
    const { send, signers, source } = signedBy([first], [401, 200]);
    expect(await send()).toMatchObject({ status: 401, attempts: 1 });
    expect(signers()).toEqual([first.id]);
    expect(source).toHaveBeenCalledTimes(2);
  });

  test('the other pair is no retry: it needs none, and takes none', async () => {
    const { send, signers } = signedBy([first, second], [401, 503, 503, 200]);
    const answer = await done(send({}, { maxRetries: 2 }));
    expect([answer.status, signers()]).toEqual([200, [first.id, second.id, second.id, second.id]]);
    const without = signedBy([first, second], [401, 200]);
    expect(await without.send({ replayable: () => false }, { maxRetries: 0 })).toMatchObject({ status: 200 });
  });

  test('a change of the pair that is under way is waited for, but not by the call that makes it', async () => {
    const credentials = new CredentialCache(first, () => 0);
    let change = (_: unknown) => {};
    const changing = credentials.change(
      () =>
        new Promise((resolve) => {
          change = resolve;
        }),
      new AbortController().signal,
    );
    const { send, sent } = transportOf([401, 401, 200], { credentials });
    expect(await send({ changing: true })).toMatchObject({ status: 401 });
    const waiting = send();
    expect([await stateOf(waiting), sent.length]).toEqual(['pending', 2]);
    credentials.replace(second);
    change('done');
    await changing;
    expect(await waiting).toMatchObject({ status: 200, pair: { id: second.id } });
  });
});

describe('a request with a pair of its own', () => {
  test('is signed by that, and asks no source', async () => {
    const { send, signers, source } = signedBy([first], [503, 200]);
    const answer = await done(send({ pair: own }));
    expect(answer.pair).toBe(own);
    expect(signers()).toEqual([own.id, own.id]);
    expect(source).not.toHaveBeenCalled();
  });

  test('takes a 401 for final', async () => {
    const { send, signers, source } = signedBy([first], [401, 200]);
    expect(await send({ pair: own })).toMatchObject({ status: 401, attempts: 1 });
    expect(signers()).toEqual([own.id]);
    expect(source).not.toHaveBeenCalled();
  });
});

test('a retry is signed by the pair that is live after the wait', async () => {
  const credentials = new CredentialCache(first, () => 0);
  const { send } = transportOf([503, 200], { credentials });
  const sending = send();
  await vi.advanceTimersByTimeAsync(100);
  credentials.replace(second);
  expect(await done(sending)).toMatchObject({ status: 200, pair: { id: second.id } });
});

describe('a pair that must not sign', () => {
  test('does not: nothing is sent', async () => {
    const refusal = new Error('not by this one');
    const guard = vi.fn(() => {
      throw refusal;
    });
    const { send, sent } = signedBy([first], [200]);
    await expect(send({ guard })).rejects.toBe(refusal);
    expect(guard.mock.calls).toMatchObject([[{ id: first.id }]]);
    expect(sent).toEqual([]);
  });

  test('is looked for before each request', async () => {
    const guard = vi.fn<(pair: Credentials) => void>();
    const { send } = signedBy([first, second], [401, 503, 200]);
    await done(send({ guard }));
    expect(guard.mock.calls.map(([{ id }]) => id)).toEqual([first.id, second.id, second.id]);
  });
});

test('whether a request may be sent again is asked of the pair that signed it', async () => {
  const { send, signers } = signedBy([first, second], [401, 503, 200]);
  const replayable = ({ id }: Credentials) => id === first.id;
  expect(await done(send({ replayable }))).toMatchObject({ status: 503, attempts: 2, replayable: false });
  expect(signers()).toEqual([first.id, second.id]);
});
