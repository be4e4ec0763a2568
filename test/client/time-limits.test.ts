// Every call ends within its times and with the caller's own reason, and nothing is sent after that.

import { createServer } from 'node:http';
import {
  AmbiguousOutcomeError,
  type BlazeMeterClient,
  type CredentialsInput,
  RequestTimeoutError,
} from 'blazemeter-client';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { namedCalls } from '../support/calls.ts';
import {
  clientOf,
  failed,
  rejection,
  type Step,
  silent,
  stalled,
  user,
  withCollections,
} from '../support/client.ts';
import { madeUp } from '../support/credentials.ts';

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0)) await cleanUp();
});

/** A server that sends the head and a part of the body, and then nothing. */
async function stallingServer(): Promise<string> {
  const server = createServer((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.write('{"result":');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  const address = server.address();
  if (typeof address !== 'object' || address === null) throw new Error('The server has no port.');
  return `http://127.0.0.1:${address.port}/api/v4`;
}

describe('the time of an attempt (timeout)', () => {
  it.each([
    ['a body that stalls', stalled],
    ['a fetch that never responds and ignores its signal', silent],
  ])('ends %s, collections forced', async (_, step) => {
    const { client, sent } = clientOf([step], { timeout: 60, maxRetries: 1 });
    const error = await withCollections(() => rejection(client.user.get()));
    expect(error).toBeInstanceOf(RequestTimeoutError);
    expect(error).toMatchObject({ code: 'timeout', scope: 'attempt', timeoutMs: 60, attempts: 2 });
    expect(error).toMatchObject({ hint: { option: 'timeout' } });
    expect(sent).toHaveLength(2);
  });

  it('ends a body that stalls on a socket, collections forced', async () => {
    const baseUrl = await stallingServer();
    const { client } = clientOf([fetch], { baseUrl, timeout: 60, maxRetries: 1 });
    const error = await withCollections(() => rejection(client.user.get()));
    expect(error).toMatchObject({ code: 'timeout', scope: 'attempt', attempts: 2 });
  });

  it('aborts the signal that the fetch was given', async () => {
    const signals: AbortSignal[] = [];
    const step: Step = (_, { signal }) => {
      signals.push(signal);
      return new Promise<never>(() => {});
    };
    await rejection(clientOf([step], { timeout: 20, maxRetries: 1 }).client.user.get());
    expect(signals.map(({ aborted }) => aborted)).toEqual([true, true]);
  });
});

const tried: readonly (readonly [string, (client: BlazeMeterClient) => Promise<unknown>])[] = [
  ...namedCalls,
  ['accounts.list().toArray', (client) => client.accounts.list().toArray()],
  ["apiKeys.create for 'max'", (client) => client.apiKeys.create({ name: 'ci', expiresIn: 'max' })],
  ['request', (client) => client.request({ path: '/user' })],
];

describe.each(tried)('%s ends within its total time (totalTimeout)', (_, call) => {
  it.each([
    ['never get a response', silent],
    ['get a body that stalls', stalled],
    ['always get a 503', failed(503)],
  ])('when its requests %s', async (_name, step) => {
    const { client, sent } = clientOf([step], { totalTimeout: 80, maxRetries: 100 });
    const error = await rejection(call(client));
    const found = error instanceof AmbiguousOutcomeError ? error.cause : error;
    // A wait that would end after the deadline is not begun: the last failure stands.
    expect(found).toMatchObject(
      step === silent || step === stalled
        ? { code: 'timeout', scope: 'call', hint: { option: 'totalTimeout' } }
        : { status: 503 },
    );
    const before = sent.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(sent).toHaveLength(before);
  });
});

describe('a credential provider that is slow after a 401', () => {
  it.each([
    ['a read', (client: BlazeMeterClient) => client.user.get()],
    ['a create', (client: BlazeMeterClient) => client.apiKeys.create({ name: 'ci', expiresIn: '1 month' })],
  ])('sends nothing for %s whose caller has got the timeout', async (_, call) => {
    let arrive = (_: CredentialsInput) => {};
    const later = new Promise<CredentialsInput>((resolve) => {
      arrive = resolve;
    });
    const credentials = async ({ reason }: { reason: string } = { reason: 'first' }) =>
      reason === 'unauthorized' ? later : madeUp('refused');
    const { client, sent } = clientOf([failed(401), user], { credentials, totalTimeout: 60 });
    expect(await rejection(call(client))).toMatchObject({ code: 'timeout', scope: 'call' });
    arrive(madeUp('fresh'));
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(sent).toHaveLength(1);
  });
});

describe('an abort by the caller', () => {
  class Cancelled {
    readonly job = 17;
  }
  const whenAborted: Step = (_, { signal }) =>
    new Promise<never>((_resolve, reject) => {
      signal.addEventListener('abort', () => reject(signal.reason));
    });

  it.each<[string, Step]>([
    ['while it waits for a retry', failed(503, { 'retry-after': '30' })],
    ['while it sends', whenAborted],
    ['while it sends by a fetch that ignores signals', silent],
    ['in the body', stalled],
  ])('%s ends the call with the very reason', async (_, step) => {
    const controller = new AbortController();
    const reason = new Cancelled();
    const { client, sent } = clientOf([step], { maxRetries: 3 });
    const call = rejection(client.user.get({ signal: controller.signal }));
    setTimeout(() => controller.abort(reason), 30);
    expect(await call).toBe(reason);
    expect(sent).toHaveLength(1);
  });

  it('in the body on a socket ends the call with the very reason, collections forced', async () => {
    const baseUrl = await stallingServer();
    const controller = new AbortController();
    const reason = new Cancelled();
    const { client } = clientOf([fetch], { baseUrl });
    const call = withCollections(() => rejection(client.user.get({ signal: controller.signal })));
    setTimeout(() => controller.abort(reason), 50);
    expect(await call).toBe(reason);
  });

  it('ends all calls that share the signal', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const { client } = clientOf([whenAborted]);
    const calls = Promise.allSettled(Array.from({ length: 15 }, () => client.user.get({ signal })));
    controller.abort('enough');
    expect(await calls).toEqual(Array(15).fill({ status: 'rejected', reason: 'enough' }));
  });

  it('is listened for once by all calls that share the signal, and no longer than they last', async () => {
    const { signal } = new AbortController();
    const add = vi.spyOn(signal, 'addEventListener');
    const remove = vi.spyOn(signal, 'removeEventListener');
    const { client } = clientOf([user]);
    await Promise.all(Array.from({ length: 30 }, () => client.user.get({ signal })));
    expect([add.mock.calls.length, remove.mock.calls.length]).toEqual([1, 1]);
  });

  it('before the call sends nothing', async () => {
    const reason = new Cancelled();
    const { client, sent } = clientOf([user]);
    expect(await rejection(client.user.get({ signal: AbortSignal.abort(reason) }))).toBe(reason);
    expect(sent).toEqual([]);
  });
});
