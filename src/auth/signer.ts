// Signs requests of other HTTP clients: the pair goes onto a copy, only for origins that were named, and the copy
// follows no redirect.

import { CredentialsError } from '../errors.ts';
import { basicHeader } from './basic.ts';
import { CredentialCache } from './cache.ts';
import type { CredentialsOption } from './credentials.ts';
import { DEFAULT_BASE_URL, signedDestination } from './destination.ts';

/** Options of a {@link RequestSigner}. */
export interface RequestSignerOptions {
  /**
   * The origins that may get the credential, such as `https://blazemeter.example.com`.
   * Default: `https://a.blazemeter.com` alone. https, or http to this machine.
   */
  readonly origins?: readonly (string | URL)[];
}

/**
 * Signs requests with HTTP Basic (RFC 7617, UTF-8), for people who bring their own HTTP client.
 *
 * @example
 * ```ts
 * import { RequestSigner } from 'blazemeter-client';
 *
 * const signer = new RequestSigner({ id: 'my-key-id', secret: 'my-key-secret' });
 * const signed = await signer.sign(new Request('https://a.blazemeter.com/api/v4/user'));
 * console.log(signed.headers.has('authorization'), signed.redirect); // true error
 * ```
 */
export interface RequestSigner {
  /**
   * A signed copy of the request, body and all, with `redirect: 'error'`. The argument is left as it was.
   * @throws `TypeError` where the destination may not get the credential, {@link CredentialsError} where there is none.
   */
  sign(request: Request): Promise<Request>;
  /** The header to send to this URL, for axios, got and `http.request`. Switch redirects off there. */
  headers(url: string | URL): Promise<{ authorization: string }>;
  /** A `fetch` that signs what it sends. Redirects are refused. */
  readonly fetch: typeof fetch;
}

class Signer implements RequestSigner {
  static get name(): string {
    return 'RequestSigner';
  }

  readonly #cache: CredentialCache;
  readonly #origins: ReadonlySet<string>;
  readonly fetch: typeof fetch;

  constructor(credentials: CredentialsOption, options: RequestSignerOptions = {}) {
    this.#cache = new CredentialCache(credentials, () => Date.now());
    const origins = options.origins ?? [DEFAULT_BASE_URL];
    this.#origins = new Set(origins.map((origin) => signedDestination(origin, 'An entry of origins').origin));
    this.fetch = async (input, init) => {
      const signed = await this.sign(new Request(input, init));
      // The caller's signal goes straight into the call: inside a Request it is held weakly.
      const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
      // Nor does undici's dispatcher travel inside a copy: without it the call would go past the proxy.
      const dispatcher: unknown = init === undefined ? undefined : Reflect.get(init, 'dispatcher');
      return globalThis.fetch(signed, {
        ...(signal ? { signal } : {}),
        ...(dispatcher === undefined ? {} : { dispatcher }),
        credentials: 'omit',
      });
    };
  }

  async sign(request: Request): Promise<Request> {
    const { authorization } = await this.headers(request.url);
    const copy = new Request(request.clone(), { redirect: 'error' });
    copy.headers.set('authorization', authorization);
    return copy;
  }

  async headers(url: string | URL): Promise<{ authorization: string }> {
    const { origin } = signedDestination(url, 'The URL to sign for');
    if (!this.#origins.has(origin)) {
      throw new TypeError(
        `The credential is not for ${origin}: name it in the option origins if it should be.`,
      );
    }
    const pair = await this.#cache.get();
    if (pair.origin !== undefined && pair.origin !== origin) {
      throw new CredentialsError(`The credential belongs to ${pair.origin} and is not sent to ${origin}.`);
    }
    return { authorization: basicHeader(pair) };
  }

  get [Symbol.toStringTag](): string {
    return 'RequestSigner';
  }
}

/** Makes a {@link RequestSigner}. The pair is checked at once; a provider is asked at the first request. */
export const RequestSigner: new (
  credentials: CredentialsOption,
  options?: RequestSignerOptions,
) => RequestSigner = Signer;
