// A client whose fetch follows a script, and the responses and failures that scripts are written with.
import {
  BlazeMeterClient,
  type ClientOptions,
  CredentialsError,
  type FetchInit,
  type FetchLike,
} from 'blazemeter-client';
import { madeUp } from './credentials.ts';

export const CREDENTIALS = madeUp('the signer');

/** What a fetch does once. */
export type Step = FetchLike;

/** A response with this status and, as JSON, this body. */
export const json =
  (body: unknown, status = 200, headers: Readonly<Record<string, string>> = {}): Step =>
  async () =>
    Response.json(body, { status, headers });

/** A response with a result in its envelope. */
export const result = (found: unknown, headers: Readonly<Record<string, string>> = {}): Step =>
  json({ api_version: 4, error: null, result: found }, 200, headers);

/** An error of the service. */
export const failed = (status: number, headers: Readonly<Record<string, string>> = {}): Step =>
  json({ error: { code: status, message: 'no' }, result: null }, status, headers);

export const user = result({ id: 7 });

/** What Node's fetch rejects with when the connection fails. */
export const broken =
  (code: string): Step =>
  () =>
    Promise.reject(new TypeError('fetch failed', { cause: Object.assign(new Error('gone'), { code }) }));

/** No response ever, whatever the signal says. */
export const silent: Step = () => new Promise<never>(() => {});

/** The head of a response and a part of its body; the rest never comes, whatever the signal says. */
export const stalled: Step = async () =>
  new Response(
    new ReadableStream<Uint8Array>({
      start: (controller) => controller.enqueue(new TextEncoder().encode('{"result":')),
      pull: () => new Promise<never>(() => {}),
    }),
    { headers: { 'content-type': 'application/json' } },
  );

export interface Sent extends FetchInit {
  readonly url: string;
}

/** A fetch that takes the steps in turn, the last one again and again, and keeps what it was called with. */
export function scripted(...steps: readonly [Step, ...Step[]]): { fetch: FetchLike; sent: Sent[] } {
  const sent: Sent[] = [];
  const fetch: FetchLike = (url, init) => {
    const step = steps[Math.min(sent.length, steps.length - 1)] ?? user;
    sent.push({ url, ...init });
    return step(url, init);
  };
  return { fetch, sent };
}

/** A client whose fetch is {@link scripted}. */
export function clientOf(steps: readonly [Step, ...Step[]], options: ClientOptions = {}) {
  const { fetch, sent } = scripted(...steps);
  const client = new BlazeMeterClient({ credentials: CREDENTIALS, logLevel: 'off', fetch, ...options });
  return { client, sent };
}

/** What a program may throw although nothing can be read of it, or its texts are none. */
export const oddValues = (): readonly (readonly [name: string, value: unknown])[] => {
  const { proxy, revoke } = Proxy.revocable(new Error('revoked'), {});
  revoke();
  const trap = () => {
    throw new Error('a trap');
  };
  return [
    ['an error of ours without a message', Object.assign(new CredentialsError('x'), { message: undefined })],
    [
      'an error of ours with an object as its message',
      Object.assign(new CredentialsError('x'), { message: {} }),
    ],
    [
      'an error of ours caused by a revoked proxy',
      Object.assign(new CredentialsError('x'), { cause: proxy }),
    ],
    ['a revoked proxy', proxy],
    ['an error caused by a revoked proxy', new Error('x', { cause: proxy })],
    ['several errors, one of them a revoked proxy', new AggregateError([new Error('x'), proxy])],
    ['a proxy whose has trap throws', new Proxy(new Error('x'), { has: trap })],
    [
      'a proxy whose traps all throw',
      new Proxy(new CredentialsError('x'), { has: trap, get: trap, getPrototypeOf: trap }),
    ],
    [
      'a proxy of an error of ours whose get trap throws',
      new Proxy(new CredentialsError('x'), { get: trap }),
    ],
    ['undefined', undefined],
    ['a symbol', Symbol('x')],
  ];
};

/** What a promise rejects with. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error('It did not reject.');
}

/** Collects garbage all the time that the work takes. */
export async function withCollections<T>(work: () => Promise<T>): Promise<T> {
  const { gc } = globalThis;
  if (gc === undefined) throw new Error('Run node with --expose-gc.');
  const timer = setInterval(() => gc(), 5);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
