// One line per test: a reference of its own with users and keys, and a client that is ready to use. Works with any test
// runner, because it returns a plain function without parameters.

import type { ReferenceFetch } from './fetch.ts';
import { fail } from './read.ts';
import { createReference, type Reference, type ReferenceOptions } from './reference.ts';
import type { DefaultWorld, Seeded, SeededKey } from './seed/seed.ts';

/** The options of a client. */
export interface ReadyClientOptions {
  readonly credentials: { readonly id: string; readonly secret: string };
  readonly fetch: ReferenceFetch;
}

/** A client's class, such as `BlazeMeterClient`. */
export type ClientClass<Client> = new (options: ReadyClientOptions) => Client;

/** What a test gets. */
export interface WithReference<Client> extends Seeded<DefaultWorld> {
  readonly reference: Reference;
  /** Signs with the owner's key. */
  readonly client: Client;
  /** A client that signs with another key. */
  readonly clientFor: (key: SeededKey) => Client;
}

/**
 * Wraps a test, which then receives its own reference, seeded with {@link defaultWorld}, and a client for it. For vitest, jest
 * and node:test alike.
 *
 * @param client - The class of the client: `BlazeMeterClient`, or one that takes the same two options.
 * @param options - Options of the reference.
 * @example
 * ```ts
 * import test from 'node:test';
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { withReference } from 'blazemeter-client/testing';
 *
 * test('a key is created', withReference(BlazeMeterClient, async ({ client, reference }) => {
 *   await client.apiKeys.create({ name: 'ci', expiresIn: '3 months' });
 *   console.log(reference.journal.count('apiKeys.create')); // 1
 * }));
 * ```
 */
export function withReference<Client>(
  client: ClientClass<Client>,
  test: (context: WithReference<Client>) => void | Promise<void>,
  options: ReferenceOptions = {},
): () => Promise<void> {
  if (typeof client !== 'function' || typeof test !== 'function')
    fail(
      'withReference',
      'takes the class of the client, such as BlazeMeterClient, and the test, a function.',
    );
  return async () => {
    const reference = createReference(options);
    const seeded = reference.seed();
    const clientFor = ({ id, secret }: SeededKey): Client =>
      new client({ credentials: { id, secret }, fetch: reference.fetch });
    await test({ ...seeded, reference, client: clientFor(seeded.keys.owner), clientFor });
  };
}
