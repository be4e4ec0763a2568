// Signs requests for other HTTP clients: on a copy, for named origins only, and without following redirects.

import { CredentialsError } from '../errors.ts';
import { LONGEST_TIMER, onAbort, reasonOf, withAbort } from '../util/abort.ts';
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
  /** Allows credentials in a web page or its workers, where every visitor can read them. Default: false. */
  readonly dangerouslyAllowBrowser?: boolean | undefined;
}

/** The statuses that fetch follows. */
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

const OPTIONS = { origins: spec.list, dangerouslyAllowBrowser: spec.flag };

/**
 * Signs requests with HTTP Basic (RFC 7617, UTF-8), for programs that have their own HTTP client.
 *
 * @example
 * ```ts
 * import { RequestSigner } from 'blazemeter-client';
 *
 * const signer = new RequestSigner({ id: 'my-key-id', secret: 'my-key-secret' });
 * const signed = await signer.sign(new Request('https://a.blazemeter.com/api/v4/user'));
 * console.log(signed.headers.has('authorization'), signed.redirect); // true manual
 * ```
 */
export class RequestSigner {
  readonly #cache: CredentialCache;
  readonly #origins: ReadonlySet<string>;
  /** A `fetch` that signs what it sends, to absolute URLs. A redirect rejects with a `TypeError`. */
  readonly fetch: typeof fetch;

  /**
   * Credentials given as values are checked at once; a provider is called at the first request.
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
    this.fetch = (input, init) => this.#fetch(input, init);
  }

  async #fetch(input: string | URL | Request, given?: RequestInit | null): Promise<Response> {
    const init = given ?? {};
    const response = await (isRequest(input) ? this.#send(input, init) : this.#sendUrl(input, init));
    if (response.type === 'opaqueredirect' || REDIRECTS.has(response.status)) {
      response.body?.cancel().catch(() => {});
      throw new TypeError(
        `The response is a redirect (${response.status}), which is not followed with credentials. Request the final address.`,
      );
    }
    return response;
  }

  /** Plain values: a Request would add a listener to the caller's signal. */
  async #sendUrl(input: string | URL, init: RequestInit): Promise<Response> {
    const url = signedDestination(input, 'The URL to sign for').href;
    const headers = new Headers(init.headers);
    headers.set('authorization', await this.#authorization(url, init.signal));
    return globalThis.fetch(url, { ...init, headers, ...following(init.signal), ...notFollowed() });
  }

  async #send(input: Request, init: RequestInit): Promise<Response> {
    const signal = init.signal === undefined ? input.signal : init.signal;
    const signed = await this.#sign(new Request(input, { ...init, signal: null }), signal);
    // Neither of these travels inside a copy: the signal is held weakly there, and undici's dispatcher (a proxy) is lost.
    const dispatcher: unknown = Reflect.get(init, 'dispatcher');
    return globalThis.fetch(signed, {
      ...following(signal),
      ...(dispatcher === undefined ? {} : { dispatcher }),
      ...notFollowed(),
    });
  }

  /**
   * Returns a signed copy of the request, body included, with `redirect: 'manual'`. Do not follow a redirect with it. The
   * argument is not changed.
   *
   * @throws `TypeError` if the destination must not receive the credentials; {@link CredentialsError} if there are none.
   */
  sign(request: Request): Promise<Request> {
    return this.#sign(request);
  }

  async #sign(request: Request, signal?: AbortSignal | null): Promise<Request> {
    // The copy is what is judged and signed: a subclass may report another URL than the one it sends to.
    const copy = new Request(request.clone(), { redirect: 'manual' });
    copy.headers.set('authorization', await this.#authorization(copy.url, signal));
    return copy;
  }

  /**
   * Returns the header to send to this URL, for axios, got and `http.request`. Disable redirects in that client.
   *
   * @throws As {@link RequestSigner.sign} does.
   */
  async headers(url: string | URL): Promise<{ authorization: string }> {
    return { authorization: await this.#authorization(url) };
  }

  /** Waits for the credentials until the signal aborts. */
  async #authorization(url: string | URL, signal?: AbortSignal | null): Promise<string> {
    const { origin } = signedDestination(url, 'The URL to sign for');
    if (!this.#origins.has(origin)) {
      throw new TypeError(
        `The credentials are not sent to ${origin}. Add it to the option origins if it may receive them.`,
      );
    }
    if (signal?.aborted) throw reasonOf(signal);
    // A source may wait for something that does not keep the process alive.
    const alive = setTimeout(() => {}, LONGEST_TIMER);
    const asked = Promise.resolve(this.#cache.get());
    const credentials = await (signal ? withAbort(asked, signal) : asked).finally(() => clearTimeout(alive));
    if (credentials.origin !== undefined && credentials.origin !== origin) {
      throw new CredentialsError(
        `The credentials belong to ${credentials.origin} and are not sent to ${origin}. Use other credentials, or send to that address.`,
      );
    }
    return basicHeader(credentials);
  }
}

/** Not by instanceof: in Jest the global Request comes from another realm. */
const isRequest = (input: string | URL | Request): input is Request =>
  typeof input === 'object' && 'clone' in input;

/** A signal of its own for each call: on a shared one, fetch would leave a listener a call, and Node would warn of a leak. */
function following(signal: AbortSignal | null | undefined): RequestInit {
  if (!signal) return {};
  if (signal instanceof AbortSignal) return { signal: AbortSignal.any([signal]) };
  // One of a polyfill, which `any` does not follow.
  const controller = new AbortController();
  onAbort(signal, () => controller.abort(reasonOf(signal)));
  return { signal: controller.signal };
}

/** No redirect, and no cookies where `fetch` knows the option: Cloudflare Workers refuse it. */
const notFollowed = (): RequestInit => ({
  redirect: 'manual',
  ...('credentials' in Request.prototype ? { credentials: 'omit' } : {}),
});
