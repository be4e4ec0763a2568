// What a behaviour is: a function of a context, which does not know through which front end it runs.
import assert from 'node:assert/strict';
import type { BlazeMeterClient, ClientOptions } from 'blazemeter-client';
import type { Reference, Semantics } from 'blazemeter-client/testing';
import type { Exchange } from '../../support/checked-fetch.ts';
import type { Json } from '../../support/openapi-document.ts';
import { KEY_DAYS, type KeyCredentials, type Who, type World } from './world.ts';

/** The response to a request that was sent by hand. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** The parsed body; `{}` where there is none. */
  readonly json: Json;
  /** `result` where it is one thing. */
  readonly result: Json;
  /** `result` where it is a list. */
  readonly results: readonly Json[];
  readonly message: string;
}

/** What a request that is sent by hand has besides its method and path. */
export interface HandMade {
  /** Who signs; `null`: no credentials. Default: the owner. */
  readonly as?: Who | KeyCredentials | null;
  readonly json?: unknown;
  readonly body?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

export interface Context {
  readonly reference: Reference;
  readonly world: World;
  readonly baseUrl: string;
  /** A client that signs as a user of the world, or with any credentials. Default: the owner's. */
  client(as?: Who | KeyCredentials, options?: Partial<ClientOptions>): BlazeMeterClient;
  /** Sends `GET /user?…` by hand. */
  send(call: string, how?: HandMade): Promise<RawResponse>;
  /** What the clients have sent so far, perhaps of one operation only. */
  sent(operation?: string): readonly Exchange[];
}

export interface Behaviour {
  readonly name: string;
  /** The values of switches that it is about. Under all values of the others it holds as well. */
  readonly semantics?: Partial<Semantics>;
  /** Where the service's clock starts, if it must differ from the machine's. */
  readonly start?: Date;
  /** The reference responds as the API would not: at least one response must be found wrong. */
  readonly deformed?: boolean;
  run(context: Context): Promise<void>;
}

export interface Topic {
  readonly topic: string;
  readonly behaviours: readonly Behaviour[];
}

/** The error that a promise is rejected with, which must be of this class. */
export async function failure<T extends Error>(
  promise: PromiseLike<unknown>,
  kind: abstract new (...args: never[]) => T,
): Promise<T> {
  const outcome = await promise.then(
    (value) => ({ value }),
    (error: unknown) => ({ error }),
  );
  if (!('error' in outcome)) assert.fail(`It succeeded, instead of failing with ${kind.name}.`);
  const { error } = outcome;
  if (error instanceof kind) return error;
  assert.fail(`It failed with ${String(error)} instead of ${kind.name}.`);
}

/** Time goes by: a new secret is known everywhere, and an old one nowhere, whatever the switches are. */
export function settle(reference: Reference): void {
  reference.clock.advance({ seconds: 10 });
}

/** A further key of the owner's, so that one can sign while the other is changed. */
export function secondKey({ reference }: Context): KeyCredentials {
  const { keys } = reference.seed({
    keys: { second: { user: 'owner', name: 'second', expires: { days: KEY_DAYS } } },
  });
  return keys.second;
}

/** That a value is there. */
export function present<T>(value: T | null | undefined, what = 'it'): T {
  if (value === null || value === undefined) assert.fail(`${what} is missing`);
  return value;
}
