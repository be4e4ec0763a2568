// What a rotation asks of BlazeMeter, and of a client: the public calls alone, each signed by the pair that is named.

import type { CredentialsInput } from '../../auth/credentials.ts';
import type { BlazeMeterClient } from '../../client.ts';
import { ApiError, AuthenticationError, NotFoundError, RotationError } from '../../errors.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { readKeyName } from '../../util/key-name.ts';
import type { HeldKey, RotationRecord } from '../record/record.ts';
import type { Maximum } from './schedule.ts';

/** What a rotation needs of a client: any {@link BlazeMeterClient} has it. Its own credential is not used. */
export interface RotationClient extends Pick<BlazeMeterClient, 'user' | 'accounts' | 'apiKeys'> {
  /** The same client with another credential. */
  withOptions(options: { readonly credentials: CredentialsInput }): RotationClient;
}

/** A pair that can sign. */
export interface Pair extends Pick<HeldKey, 'id' | 'secret'> {
  /** Where its source binds it to one: it is sent nowhere else. A record holds pairs that have been there. */
  readonly origin?: string;
}

/** The first wait of a test that has to be repeated, and the longest, in milliseconds. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 2_000;

/** The `Date` header names whole seconds; two clocks that agree may differ by this, in milliseconds. */
export const CLOCK_SLACK = 120_000;

export class Service {
  readonly #client: RotationClient;
  readonly #signal: AbortSignal | undefined;
  readonly #clients = new WeakMap<object, RotationClient>();
  readonly #accepted = new WeakSet<object>();
  #offset = Number.NEGATIVE_INFINITY;

  constructor(client: RotationClient, signal: AbortSignal | undefined) {
    this.#client = client;
    this.#signal = signal;
  }

  /** The options of every call. */
  get options(): { readonly signal: AbortSignal | undefined } {
    return { signal: this.#signal };
  }

  get signal(): AbortSignal | undefined {
    return this.#signal;
  }

  /** A client that signs with this pair. */
  as(pair: Pair): RotationClient {
    const { id, secret, origin } = pair;
    const known = this.#clients.get(secret);
    if (known !== undefined) return known;
    const client = this.#client.withOptions({ credentials: { id, secret, origin } });
    this.#clients.set(secret, client);
    return client;
  }

  /** Now, by the server's clock as its last answer told it. */
  now(): Date {
    return new Date(Date.now() + (Number.isFinite(this.#offset) ? this.#offset : 0));
  }

  /** The header cuts the second off, so of two that agree the later one is the better, and time never goes back. */
  #learn(offset: number): void {
    const agrees = Math.abs(offset - this.#offset) < 2_000;
    this.#offset = agrees ? Math.max(offset, this.#offset) : offset;
  }

  /** The user of a pair, or `undefined` where the pair is refused. */
  async userOf(pair: Pair): Promise<number | undefined> {
    try {
      const { data, response } = await this.as(pair).user.get(this.options).withResponse();
      const date = Date.parse(response.headers.get('date') ?? '');
      if (!Number.isNaN(date)) this.#learn(date - Date.now());
      this.#accepted.add(pair.secret);
      return data.id;
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error;
      this.#accepted.delete(pair.secret);
      return undefined;
    }
  }

  /** The first of these pairs that is accepted. One that was accepted once in this run is not asked about again. */
  async signer(pairs: readonly (Pair | null | undefined)[]): Promise<Pair | undefined> {
    for (const pair of pairs) {
      if (pair === null || pair === undefined) continue;
      if (this.#accepted.has(pair.secret) || (await this.userOf(pair)) !== undefined) return pair;
    }
    return undefined;
  }

  /** Whether a new pair answers, within a bound: it may take a while until it is known everywhere. */
  async answers(pair: Pair, withinMs: number): Promise<number | undefined> {
    const end = performance.now() + withinMs;
    for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      const userId = await this.userOf(pair);
      if (userId !== undefined) return userId;
      if (performance.now() + wait > end) return undefined;
      await this.pause(wait);
    }
  }

  /** Waits, or ends with the reason of the caller's abort. */
  async pause(ms: number): Promise<void> {
    const signal = this.#signal;
    signal?.throwIfAborted();
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(done, ms);
      signal?.addEventListener('abort', abort, { once: true });
      function done() {
        signal?.removeEventListener('abort', abort);
        resolve();
      }
      function abort() {
        clearTimeout(timer);
        reject(signal?.reason);
      }
    });
  }

  /** All keys of the signer's user. */
  async keys(signer: Pair): Promise<ApiKey[]> {
    const found: ApiKey[] = [];
    for await (const key of this.as(signer).apiKeys.list({}, this.options)) found.push(key);
    return found;
  }

  /** One key, or `undefined` where there is none of that id for this user. */
  async key(signer: Pair, id: string): Promise<ApiKey | undefined> {
    try {
      return await this.as(signer).apiKeys.get(id, this.options);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** The strictest maximum of the accounts that the user can see. */
  async maximum(signer: Pair): Promise<Maximum | undefined> {
    let strictest: Maximum | undefined;
    for await (const { id, apiKeyExpirationDays: days } of this.as(signer).accounts.list({}, this.options)) {
      if (days !== null && days > 0 && (strictest === undefined || days < strictest.days))
        // Keys are made for whole days.
        strictest = { accountId: id, days: Math.max(1, Math.floor(days)) };
    }
    return strictest;
  }

  /** Deletes a key. Says why it is still there, where it is. */
  async remove(signer: Pair, id: string): Promise<string | undefined> {
    try {
      await this.as(signer).apiKeys.delete(id, this.options);
      return undefined;
    } catch (error) {
      // Somebody else was faster.
      if (error instanceof NotFoundError) return undefined;
      if (error instanceof ApiError) return error.message;
      throw error;
    }
  }
}

/** Keys of this record, by their names. */
export const ownKeys = (keys: readonly ApiKey[], { id }: Pick<RotationRecord, 'id'>): ApiKey[] =>
  keys.filter((key) => readKeyName(key.name)?.recordId === id);

/** Refuses to work from a record that has gone back: the service has keys that it does not know yet. */
export function refuseOldRecord(keys: readonly ApiKey[], record: RotationRecord): void {
  const { epoch, pending, retire } = record;
  for (const key of ownKeys(keys, record)) {
    const made = readKeyName(key.name);
    if (made === undefined || made.epoch <= epoch || made.nonce === pending?.nonce) continue;
    if (retire.some(({ id }) => id === key.id)) continue;
    throw new RotationError(
      `The record says epoch ${epoch}, but the key ${key.id} was made for epoch ${made.epoch}: the record went back, as after a backup was restored. Nothing was changed. Put the newer record back. If there is none and nobody uses that key, delete it, then run resume.`,
      { code: 'rotation_epoch' },
    );
  }
}
