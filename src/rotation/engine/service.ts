// What a rotation asks of the service: public calls of the client only, each signed with the credentials that are named.

import type { CredentialsInput } from '../../auth/credentials.ts';
import type { BlazeMeterClient } from '../../client.ts';
import { ApiError, AuthenticationError, NotFoundError, RotationError } from '../../errors.ts';
import { serverDate } from '../../http/server-clock.ts';
import { type Bound, PolicyMemory } from '../../resources/policy-memory.ts';
import type { ApiKey } from '../../schemas/api-key.ts';
import { sleep } from '../../util/abort.ts';
import { readKeyName } from '../../util/key-name.ts';
import { SLACK_MS } from '../../util/period.ts';
import type { HeldKey, RotationRecord } from '../record/record.ts';

/** What a rotation needs of a client: any {@link BlazeMeterClient} has it. Its own credentials are not used. */
export interface RotationClient extends Pick<BlazeMeterClient, 'user' | 'accounts' | 'apiKeys'> {
  /** The same client with other credentials. */
  withOptions(options: { readonly credentials: CredentialsInput }): RotationClient;
}

/** Credentials that can sign. */
export interface KeyCredentials extends Pick<HeldKey, 'id' | 'secret'> {
  /** The only origin that they are sent to, where their source binds them to one. */
  readonly origin?: string;
}

/** The first wait of a test that has to be repeated, and the longest, in milliseconds. */
const FIRST_WAIT = 100;
const LONGEST_WAIT = 2_000;

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

  /** A client that signs with these credentials. */
  as(credentials: KeyCredentials): RotationClient {
    const { id, secret, origin } = credentials;
    const known = this.#clients.get(secret);
    if (known !== undefined) return known;
    const client = this.#client.withOptions({ credentials: { id, secret, origin } });
    this.#clients.set(secret, client);
    return client;
  }

  /** Now, by the server's clock as its last response showed it. */
  now(): Date {
    return new Date(Date.now() + (Number.isFinite(this.#offset) ? this.#offset : 0));
  }

  /** The header cuts the second off, so of two that agree the later one is the better, and time never goes back. */
  #learn(offset: number): void {
    const agrees = Math.abs(offset - this.#offset) < 2_000;
    this.#offset = agrees ? Math.max(offset, this.#offset) : offset;
  }

  /**
   * Now, as far as it is certain enough to delete a key that is in use until then. A proxy may date responses ahead, so a
   * server's clock ahead of this machine's counts only as far as the signer's key, by its last use, confirms it.
   */
  async certainNow(signer: KeyCredentials): Promise<number> {
    const now = this.now().getTime();
    const local = Date.now();
    if (now <= local + SLACK_MS) return now;
    const { lastUsedAt = null } = (await this.key(signer, signer.id)) ?? {};
    return Math.min(now, Math.max(local, lastUsedAt?.getTime() ?? local));
  }

  /** The user of these credentials; `undefined` where they are refused. */
  async userOf(credentials: KeyCredentials): Promise<number | undefined> {
    try {
      const { data, response } = await this.as(credentials).user.get(this.options).withResponse();
      const date = serverDate(response.headers);
      if (date !== undefined) this.#learn(date - Date.now());
      this.#accepted.add(credentials.secret);
      return data.id;
    } catch (error) {
      if (!(error instanceof AuthenticationError)) throw error;
      this.#accepted.delete(credentials.secret);
      return undefined;
    }
  }

  /** The first of these that is accepted. What was accepted once in this run is not asked about again. */
  async signer(all: readonly (KeyCredentials | null | undefined)[]): Promise<KeyCredentials | undefined> {
    for (const credentials of all) {
      if (credentials === null || credentials === undefined) continue;
      if (this.#accepted.has(credentials.secret) || (await this.userOf(credentials)) !== undefined)
        return credentials;
    }
    return undefined;
  }

  /** Waits until new credentials are accepted: that may take a while everywhere. `undefined`: not within the bound. */
  async accepted(credentials: KeyCredentials, withinMs: number): Promise<number | undefined> {
    const end = performance.now() + withinMs;
    for (let wait = FIRST_WAIT; ; wait = Math.min(wait * 2, LONGEST_WAIT)) {
      const userId = await this.userOf(credentials);
      if (userId !== undefined) return userId;
      if (performance.now() + wait > end) return undefined;
      await sleep(wait, this.#signal);
    }
  }

  /** All keys of the signer's user. */
  async keys(signer: KeyCredentials): Promise<ApiKey[]> {
    const found: ApiKey[] = [];
    for await (const key of this.as(signer).apiKeys.list({}, this.options)) found.push(key);
    return found;
  }

  /** One key, or `undefined` where there is none of that id for this user. */
  async key(signer: KeyCredentials, id: string): Promise<ApiKey | undefined> {
    try {
      return await this.as(signer).apiKeys.get(id, this.options);
    } catch (error) {
      if (error instanceof NotFoundError) return undefined;
      throw error;
    }
  }

  /** The strictest maximum of the accounts that the user can see, in whole days, as keys are created for whole days. */
  async maximum(signer: KeyCredentials): Promise<Bound | undefined> {
    const policies = new PolicyMemory();
    for await (const account of this.as(signer).accounts.list({}, this.options)) policies.learn(account);
    const bound = policies.binding();
    return bound && { ...bound, maximumDays: Math.max(1, Math.floor(bound.maximumDays)) };
  }

  /** Deletes a key. Returns why it is still there, where it is. */
  async remove(signer: KeyCredentials, id: string): Promise<string | undefined> {
    try {
      await this.as(signer).apiKeys.delete(id, this.options);
      return undefined;
    } catch (error) {
      // It was deleted elsewhere.
      if (error instanceof NotFoundError) return undefined;
      if (error instanceof ApiError) return error.message;
      throw error;
    }
  }
}

/** The keys of a rotation, by their names. */
export const ownKeys = (keys: readonly ApiKey[], { id }: Pick<RotationRecord, 'id'>): ApiKey[] =>
  keys.filter((key) => readKeyName(key.name)?.recordId === id);

/** Refuses a record that was replaced by an older copy: then the service has keys of epochs that it does not know yet. */
export function refuseOldRecord(keys: readonly ApiKey[], record: RotationRecord): void {
  const { epoch, pending, retire } = record;
  for (const key of ownKeys(keys, record)) {
    const name = readKeyName(key.name);
    if (name === undefined || name.epoch <= epoch || name.nonce === pending?.nonce) continue;
    if (retire.some(({ id }) => id === key.id)) continue;
    throw new RotationError(
      `The record says epoch ${epoch}, but the key ${key.id} was created for epoch ${name.epoch}: the record is an older copy, as after a backup was restored. Nothing was changed. Put the newer record back. If there is none and that key is not in use, delete it.`,
      {
        code: 'rotation_epoch',
        hint: { method: 'resume', text: 'Then run resume.' },
      },
    );
  }
}
