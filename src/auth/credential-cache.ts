// The live pair of a client: asks the source once for many callers, again before the pair runs out and after the
// service refused it, and never lets an answer that comes late replace a pair that is newer.

import { CredentialsError } from '../errors.ts';
import { withAbort } from '../http/abort.ts';
import { hasCleanCauses, scrubbed } from './cause.ts';
import {
  type CredentialContext,
  type CredentialProvider,
  type Credentials,
  type CredentialsOption,
  EXPIRED_EARLY,
  parseCredentials,
} from './credentials.ts';
import type { Secret } from './secret.ts';

/** Behind the callers' backs a pair is renewed this long before it runs out. */
const REFRESH_EARLY = 600_000;
/** A pair that should have been asked for again so long ago, since nobody made a call, is not used before it was. */
const LONG_OVERDUE = 600_000;
/** The shortest time between two refreshes of a pair that the source does not renew. */
const REFRESH_PAUSE = 30_000;
/** How long a source may take. */
const SOURCE_TIMEOUT = 60_000;

const same = (a: Credentials, b: Credentials): boolean => a.id === b.id && a.secret.equals(b.secret);

/** What the provider threw, as one of our errors. */
function providerError(error: unknown): Error {
  if (error instanceof CredentialsError && !hasCleanCauses(error)) {
    return new CredentialsError(error.message, { source: error.source, cause: scrubbed(error.cause) });
  }
  const cause = scrubbed(error);
  if (cause === error) return cause;
  return new CredentialsError(
    'The credential provider failed. Its own message is withheld, since it may quote the secret; let it throw a CredentialsError to be heard.',
    { cause },
  );
}

export class CredentialCache {
  readonly #provider: CredentialProvider;
  readonly #now: () => number;
  #current: Credentials | undefined;
  #asking:
    | { readonly reason: CredentialContext['reason']; readonly answer: Promise<Credentials> }
    | undefined;
  /** The end of the last change of the pair that calls of this client have begun. */
  #changed: Promise<unknown> = Promise.resolve();
  readonly #warn: ((message: string) => void) | undefined;
  #lastRefresh = Number.NEGATIVE_INFINITY;
  /** When the source wants to be asked again, whatever the expiry. */
  #refreshAt = Number.POSITIVE_INFINITY;
  /** Secrets that this client has replaced itself: a source that still has one of them is behind. */
  readonly #superseded: Secret[] = [];

  constructor(option: CredentialsOption, now: () => number, warn?: (message: string) => void) {
    this.#now = now;
    this.#warn = warn;
    if (typeof option === 'function') {
      this.#provider = option;
    } else {
      const pair = parseCredentials(option);
      this.#current = pair;
      this.#provider = async () => pair;
    }
  }

  /** The pair to sign with: at once where there is one that is good, since most calls have nothing to wait for. */
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
   * After a 401 with this pair: another one to try, if there is. The service refuses a secret from the moment that it is
   * replaced, before anybody here has the new one: so a change under way is waited for, except by the call that makes it.
   */
  async afterRefusal(refused: Credentials, changing = false): Promise<Credentials | undefined> {
    if (!changing) await this.#changed;
    if (this.#current !== undefined && !same(this.#current, refused)) return this.#current;
    const next = await this.#ask('unauthorized', refused);
    return same(next, refused) ? undefined : next;
  }

  /** Runs what gives the live key a new secret. One at a time: of two at once nobody could tell which secret is the last. */
  change<T>(run: () => Promise<T>, signal: AbortSignal): Promise<T> {
    const turn = this.#changed;
    const work = withAbort(turn, signal).then(run);
    this.#changed = Promise.allSettled([turn, work]);
    return work;
  }

  /** Goes on with a new pair, made by a call of this client. */
  replace(next: Credentials): void {
    if (this.#current !== undefined) this.#superseded.push(this.#current.secret);
    this.#current = next;
    this.#asking = undefined;
  }

  /** The pair in use, if there is one already; asks nobody. */
  peek(): Credentials | undefined {
    return this.#current;
  }

  /** Where the pair comes from, in words. */
  describe(): string {
    return this.#provider.describe?.() ?? 'given in code';
  }

  #ask(reason: CredentialContext['reason'], refused?: Credentials): Promise<Credentials> {
    const before = this.#asking;
    // What was asked for another reason does not know that the pair was refused meanwhile.
    if (before !== undefined && (before.reason === reason || reason !== 'unauthorized')) return before.answer;
    this.#lastRefresh = performance.now();
    const answer: Promise<Credentials> = this.#fetch(reason, refused)
      .then((fetched) => {
        // Somebody put a newer pair in place meanwhile.
        if (this.#asking?.answer !== answer) return this.#current ?? fetched;
        this.#refreshAt = performance.now() + (fetched.refreshAfterMs ?? Number.POSITIVE_INFINITY);
        // The source lags behind a pair that we made.
        if (this.#superseded.some((old) => old.equals(fetched.secret))) return this.#current ?? fetched;
        this.#current = fetched;
        return fetched;
      })
      .finally(() => {
        if (this.#asking?.answer === answer) this.#asking = undefined;
      });
    this.#asking = { reason, answer };
    return answer;
  }

  async #fetch(reason: CredentialContext['reason'], refused?: Credentials): Promise<Credentials> {
    const controller = new AbortController();
    const timer = setTimeout(
      () => controller.abort(new CredentialsError('The credential provider did not respond within 60 s.')),
      SOURCE_TIMEOUT,
    );
    // A refresh in the background must not keep the process alive; a browser's timers are plain numbers.
    if (reason === 'expiring') timer.unref?.();
    try {
      const { signal } = controller;
      const answer = await withAbort(
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
      return parseCredentials(answer, 'The credentials from the provider');
    } catch (error) {
      throw providerError(error);
    } finally {
      clearTimeout(timer);
    }
  }
}
