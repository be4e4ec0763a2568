// Signs requests of other HTTP clients: the signature goes onto a copy, only for origins that were named, and the copy follows
// no redirect.

import { CredentialsError } from '../errors.ts';
import { refuseBrowser } from '../util/browser.ts';
import { parseOptions, spec } from '../util/options.ts';
import { basicHeader } from './basic.ts';
import { CredentialCache } from './credential-cache.ts';
import type { CredentialsOption } from './credentials.ts';
import { DEFAULT_BASE_URL, signedDestination } from './destination.ts';

/** Options of a {@link RequestSigner}. */
export interface RequestSignerOptions {
  /**
   * The origins that may receive the credentials, such as `https://blazemeter.example.com`.
   * Default: `https://a.blazemeter.com` alone. https, or http to this machine.
   */
  readonly origins?: readonly (string | URL)[] | undefined;
  /** Allows credentials in a web page, where every visitor can read them. Default: false. */
  readonly dangerouslyAllowBrowser?: boolean | undefined;
}

const OPTIONS = { origins: spec.list, dangerouslyAllowBrowser: spec.flag };

/**
 * Signs requests with HTTP Basic (RFC 7617, UTF-8), for programs that bring their own HTTP client.
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
export class RequestSigner {
  readonly #cache: CredentialCache;
  readonly #origins: ReadonlySet<string>;
  /** A `fetch` that signs what it sends. Redirects are refused. */
  readonly fetch: typeof fetch;

  /**
   * Credentials given as values are checked at once; a provider is asked at the first request.
   *
   * @throws `TypeError` for an unknown option, or an origin that must not receive credentials; {@link CredentialsError} for
   * malformed credentials.
   */
  constructor(credentials: CredentialsOption, options?: RequestSignerOptions) {
    const { origins = [DEFAULT_BASE_URL], dangerouslyAllowBrowser } = parseOptions(
      'RequestSigner',
      OPTIONS,
      options,
    );
    refuseBrowser(dangerouslyAllowBrowser);
    this.#cache = new CredentialCache(credentials, () => Date.now());
    this.#origins = new Set(origins.map((origin) => signedDestination(origin, 'An entry of origins').origin));
    this.fetch = async (input, init) => {
      const signed = await this.sign(new Request(input, init));
      // The caller's signal goes straight into the call: inside a Request it is held weakly.
      const signal = init?.signal ?? (input instanceof Request ? input.signal : undefined);
      // Nor does undici's dispatcher travel inside a copy: without it the call would bypass the proxy.
      const dispatcher: unknown = init === undefined ? undefined : Reflect.get(init, 'dispatcher');
      return globalThis.fetch(signed, {
        ...(signal ? { signal } : {}),
        ...(dispatcher === undefined ? {} : { dispatcher }),
        credentials: 'omit',
      });
    };
  }

  /**
   * A signed copy of the request, body and all, with `redirect: 'error'`. The argument is left as it was.
   *
   * @throws `TypeError` where the destination must not receive the credentials; {@link CredentialsError} where there are
   * none.
   */
  async sign(request: Request): Promise<Request> {
    const { authorization } = await this.headers(request.url);
    const copy = new Request(request.clone(), { redirect: 'error' });
    copy.headers.set('authorization', authorization);
    return copy;
  }

  /**
   * The header to send to this URL, for axios, got and `http.request`. Switch redirects off there.
   *
   * @throws As {@link RequestSigner.sign} does.
   */
  async headers(url: string | URL): Promise<{ authorization: string }> {
    const { origin } = signedDestination(url, 'The URL to sign for');
    if (!this.#origins.has(origin)) {
      throw new TypeError(`The credentials are not for ${origin}. Add it to the option origins if they are.`);
    }
    const credentials = await this.#cache.get();
    if (credentials.origin !== undefined && credentials.origin !== origin) {
      throw new CredentialsError(
        `The credentials belong to ${credentials.origin} and are not sent to ${origin}.`,
      );
    }
    return { authorization: basicHeader(credentials) };
  }
}
