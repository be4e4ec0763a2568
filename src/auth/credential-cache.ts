// The current credentials of a client: asks the provider once for concurrent callers, again shortly before the credentials
// expire and after a 401, and never lets a late result replace newer credentials.

import { CredentialsError } from '../errors.ts';
import { withAbort } from '../util/abort.ts';
import { hasCleanCauses, scrubbed } from './cause.ts';
import {
  type CredentialContext,
  type CredentialProvider,
  type Credentials,
  type CredentialsOption,
  EXPIRED_EARLY,
  parseCredentials,
  sameKey,
} from './credentials.ts';
import type { Secret } from './secret.ts';

/** Credentials are refreshed in the background this long before they expire. */
const REFRESH_EARLY = 600_000;
/** Credentials whose refresh is overdue by this much (the client was idle) are refreshed before they are used. */
const LONG_OVERDUE = 600_000;
/** The shortest time between two refreshes while the provider returns nothing newer. */
const REFRESH_PAUSE = 30_000;
/** How long a provider may take. */
const SOURCE_TIMEOUT = 60_000;

const same = (a: Credentials, b: Credentials): boolean => a.id === b.id && a.secret.equals(b.secret);

/** A provider's failure as one of our errors. */
function providerError(error: unknown): Error {
  const cause = scrubbed(error);
  if (cause === error) {
    if (!(cause instanceof CredentialsError) || hasCleanCauses(cause)) return cause;
    return new CredentialsError(cause.message, { source: cause.source, cause: scrubbed(cause.cause) });
  }
  return new CredentialsError(
    'The credential provider failed. Its message is withheld because it may quote the secret; throw a CredentialsError from the provider to have its message shown.',
    { cause },
  );
}

export class CredentialCache {
  readonly #provider: CredentialProvider;
  readonly #now: () => number;
  #current: Credentials | undefined;
  #asking:
    | { readonly reason: CredentialContext['reason']; readonly result: Promise<Credentials> }
    | undefined;
  /** Settles with the last rotation of the own secret that a call of this client has begun. */
  #rotated: Promise<unknown> = Promise.resolve();
  /** When the key expires, as a response said, and the secret that it had then: a new one may have another expiry. */
  #learned: { readonly secret: Secret; readonly expiresAt: Date | null } | undefined;
  readonly #warn: ((message: string) => void) | undefined;
  #lastRefresh = Number.NEGATIVE_INFINITY;
  /** When the provider wants to be asked again, whatever the expiry. */
  #refreshAt = Number.POSITIVE_INFINITY;
  /** Secrets that this client has replaced itself. A provider that still returns one of them is stale. */
  readonly #superseded: Secret[] = [];

  constructor(option: CredentialsOption, now: () => number, warn?: (message: string) => void) {
    this.#now = now;
    this.#warn = warn;
    if (typeof option === 'function') {
      this.#provider = option;
    } else {
      const credentials = parseCredentials(option);
      this.#current = credentials;
      this.#provider = async () => credentials;
    }
  }

  /** The credentials to sign with. Not a promise where valid ones are at hand, so that most calls wait for nothing. */
  get(): Credentials | Promise<Credentials> {
    const current = this.#current;
    if (current === undefined) return this.#ask('first');
    const left =
      current.expiresAt === undefined ? Number.POSITIVE_INFINITY : current.expiresAt.getTime() - this.#now();
    const pausing = this.#asking === undefined && performance.now() - this.#lastRefresh < REFRESH_PAUSE;
    const overdue = performance.now() - this.#refreshAt;
    if ((left > REFRESH_EARLY && overdue < 0) || pausing) return current;
    const refreshed = this.#ask('expiring').catch(() => current);
    return left > EXPIRED_EARLY && overdue < LONG_OVERDUE ? current : refreshed;
  }

  /**
   * Other credentials to try after a 401, if there are any. The service refuses a secret from the moment that it is replaced,
   * before this client has received the new one: so a rotation in progress is awaited, except by the call that performs it.
   */
  async afterRefusal(refused: Credentials, rotatesOwnSecret = false): Promise<Credentials | undefined> {
    if (!rotatesOwnSecret) await this.#rotated;
    if (this.#current !== undefined && !same(this.#current, refused)) return this.#current;
    const next = await this.#ask('unauthorized', refused);
    return same(next, refused) ? undefined : next;
  }

  /** Runs an operation that gives the signing key a new secret. One at a time: of two, it is not known which secret is the last. */
  change<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const previous = this.#rotated;
    const work = withAbort(previous, signal).then(run);
    this.#rotated = Promise.allSettled([previous, work]);
    return work;
  }

  /** Continues with new credentials that a call of this client received. */
  replace(next: Credentials): void {
    if (this.#current !== undefined) this.#superseded.push(this.#current.secret);
    this.#current = next;
    this.#asking = undefined;
  }

  /** The current credentials, if there are any yet. Never asks the provider. */
  peek(): Credentials | undefined {
    return this.#current;
  }

  /** Remembers when a key expires, as a response says, if it is the current one. */
  learn({ id, expiresAt }: { readonly id: string; readonly expiresAt: Date | null }): void {
    if (this.#current !== undefined && sameKey(id, this.#current.id))
      this.#learned = { secret: this.#current.secret, expiresAt };
  }

  /** When these credentials expire, by a response, or else by their source. */
  expiryOf({ secret, expiresAt }: Credentials): Date | undefined {
    const learned = this.#learned?.secret.equals(secret) === true ? this.#learned : undefined;
    return learned === undefined ? expiresAt : (learned.expiresAt ?? undefined);
  }

  /** Where the credentials come from, in words. */
  describe(): string {
    return this.#provider.describe?.() ?? 'given in code';
  }

  #ask(reason: CredentialContext['reason'], refused?: Credentials): Promise<Credentials> {
    const before = this.#asking;
    // A request for another reason does not know that the credentials were refused meanwhile.
    if (before !== undefined && (before.reason === reason || reason !== 'unauthorized')) return before.result;
    this.#lastRefresh = performance.now();
    const result: Promise<Credentials> = this.#fetch(reason, refused)
      .then((fetched) => {
        // Newer credentials have been set meanwhile.
        if (this.#asking?.result !== result) return this.#current ?? fetched;
        this.#refreshAt = performance.now() + (fetched.refreshAfterMs ?? Number.POSITIVE_INFINITY);
        // The provider still returns a secret that this client has replaced.
        if (this.#superseded.some((old) => old.equals(fetched.secret))) return this.#current ?? fetched;
        this.#current = fetched;
        return fetched;
      })
      .finally(() => {
        if (this.#asking?.result === result) this.#asking = undefined;
      });
    this.#asking = { reason, result };
    return result;
  }

  async #fetch(reason: CredentialContext['reason'], refused?: Credentials): Promise<Credentials> {
    const controller = new AbortController();
    const timer = setTimeout(
      () => controller.abort(new CredentialsError('The credential provider did not respond within 60 s.')),
      SOURCE_TIMEOUT,
    );
    // The call that awaits this keeps the process alive; in a browser, timers are plain numbers.
    timer.unref?.();
    try {
      const { signal } = controller;
      const given = await withAbort(
        Promise.resolve().then(() =>
          this.#provider({
            reason,
            signal,
            ...(refused === undefined ? {} : { refused: { id: refused.id, secret: refused.secret } }),
            ...(this.#warn === undefined ? {} : { warn: this.#warn }),
          }),
        ),
        signal,
      );
      return parseCredentials(given, 'The credentials from the provider');
    } catch (error) {
      throw providerError(error);
    } finally {
      clearTimeout(timer);
    }
  }
}
