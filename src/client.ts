// The client: options -> transport -> resources. What it holds is private: looking at it shows nothing of the credential.

import { CredentialCache } from './auth/cache.ts';
import type { CredentialsOption } from './auth/credentials.ts';
import { DEFAULT_BASE_URL, signedDestination } from './auth/destination.ts';
import type { OnNewSecret } from './auth/new-secret.ts';
import { defaultCredentials } from './node/chain.ts';
import { type AccountsResource, accountsResource } from './resources/accounts.ts';
import { type ApiKeysResource, apiKeysResource } from './resources/api-keys.ts';
import type { ClientContext } from './resources/context.ts';
import { type DiagnoseOptions, type Diagnosis, diagnose } from './resources/diagnose.ts';
import { PolicyMemory } from './resources/policy-memory.ts';
import { type RequestInput, rawRequest, type StandardSchema } from './resources/request.ts';
import { type UserResource, userResource } from './resources/user.ts';
import { printable } from './text/printable.ts';
import type { CallPromise } from './transport/call-promise.ts';
import { type Logger, type LogLevel, makeLog } from './transport/log.ts';
import { ServerClock } from './transport/server-clock.ts';
import type { FetchLike } from './transport/signed-fetch.ts';
import { type CallOptions, Transport } from './transport/transport.ts';
import { VERSION } from './version.ts';
import { type OperationOverrides, overridden } from './wire/operations.ts';

/** Options of a {@link BlazeMeterClient}. */
export interface ClientOptions {
  /**
   * The pair to sign with: `{ id, secret }`, `'id:secret'`, or a provider. Default, on Node: the places where BlazeMeter's
   * clients keep it, as `defaultCredentials()` of `blazemeter-client/node` looks for it.
   */
  readonly credentials?: CredentialsOption | undefined;
  /** Default: `https://a.blazemeter.com/api/v4` (documented). https, or http to this machine. */
  readonly baseUrl?: string | URL | undefined;
  /** The `fetch` to send with; called as `(url, init)`. Default: the global one, looked up at each call. */
  readonly fetch?: FetchLike | undefined;
  /** Further fields of the init of each `fetch`, such as `dispatcher` of undici 7 for proxies and private CAs. */
  readonly fetchOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Bound of one attempt, its body included, in milliseconds. Default: 30 000. */
  readonly timeout?: number | undefined;
  /** Bound of a whole call, in milliseconds. Default: 120 000. */
  readonly totalTimeout?: number | undefined;
  /** Further attempts where they are safe. Default: 2. */
  readonly maxRetries?: number | undefined;
  /** Where log lines go. Default: standard error. */
  readonly logger?: Logger | undefined;
  /** Default: the environment variable `BLAZEMETER_LOG`, else `'warn'`. */
  readonly logLevel?: LogLevel | undefined;
  /** Changes to rows of the table of operations: method, path, how the body is made, how the result is read. */
  readonly operations?: OperationOverrides | undefined;
  /** Is awaited with every new secret before the call that made it resolves: a masker, a store. */
  readonly onNewSecret?: OnNewSecret | undefined;
  /** Put before the package's own in the User-Agent header. */
  readonly userAgent?: string | undefined;
  /** Allows a credential in a web page, where every visitor can read it. Default: false. */
  readonly dangerouslyAllowBrowser?: boolean | undefined;
}

/**
 * A client of the BlazeMeter API v4 for API keys and the policy over them.
 *
 * @example
 * ```ts
 * import { BlazeMeterClient } from 'blazemeter-client';
 * import { createReference } from 'blazemeter-client/testing';
 *
 * const reference = createReference(); // without `fetch` it talks to the service
 * const { keys } = reference.seed();
 * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
 * for await (const key of client.apiKeys.list()) console.log(key.name, key.expiresAt);
 * ```
 */
export interface BlazeMeterClient {
  /** Whose key it is. */
  readonly user: UserResource;
  /** The accounts that the user can see, their members and the maximum expiration of keys. */
  readonly accounts: AccountsResource;
  /** The user's own API keys. */
  readonly apiKeys: ApiKeysResource;
  /**
   * Any other call of the API, signed and with the same care. Resolves with the `result` of the envelope, checked by
   * `schema` where one is given. Only GET and HEAD are sent again after a failure, unless `replay` says otherwise.
   */
  request<T>(
    input: RequestInput & { readonly schema: StandardSchema<unknown, T> },
    options?: CallOptions,
  ): CallPromise<T>;
  /** The same without a schema: resolves with the `result` as it came. */
  request(input: RequestInput, options?: CallOptions): CallPromise<unknown>;
  /**
   * Whether the credential works, whose it is, what it may do, when it runs out, and what to do: as data and in plain
   * sentences. Never rejects for a bad credential; a wrong one takes one request.
   */
  diagnose(options?: DiagnoseOptions): Promise<Diagnosis>;
  /** A client with some options changed. It shares the live credential, unless `credentials` is among them. */
  withOptions(options: ClientOptions): BlazeMeterClient;
}

const DEFAULTS = { timeout: 30_000, totalTimeout: 120_000, maxRetries: 2 };

function refuseBrowser({ dangerouslyAllowBrowser }: ClientOptions): void {
  const inPage = 'window' in globalThis && 'document' in globalThis && !('process' in globalThis);
  if (inPage && dangerouslyAllowBrowser !== true) {
    throw new TypeError(
      'A web page shows the credential to every visitor. Keep it on a server, or say dangerouslyAllowBrowser: true.',
    );
  }
}

function makeContext(
  options: ClientOptions,
  shared: ClientContext | undefined,
  before: ClientOptions,
): ClientContext {
  refuseBrowser(options);
  const baseUrl = signedDestination(options.baseUrl ?? DEFAULT_BASE_URL, 'baseUrl');
  if (baseUrl.search !== '' || baseUrl.hash !== '')
    throw new TypeError('baseUrl must not hold a query or a fragment.');
  const { userAgent } = options;
  const log = makeLog(options.logger, options.logLevel);
  const sameServer = shared !== undefined && options.baseUrl === before.baseUrl;
  const clock = sameServer ? shared.clock : new ServerClock();
  const credentials =
    shared !== undefined && options.credentials === before.credentials
      ? shared.credentials
      : new CredentialCache(
          options.credentials ?? defaultCredentials(),
          () => clock.now(),
          (message) => log('warn', printable(message)),
        );
  const transport = new Transport({
    baseUrl,
    fetch: options.fetch,
    fetchOptions: options.fetchOptions ?? {},
    timeout: options.timeout ?? DEFAULTS.timeout,
    totalTimeout: options.totalTimeout ?? DEFAULTS.totalTimeout,
    maxRetries: options.maxRetries ?? DEFAULTS.maxRetries,
    headers: {
      'user-agent': `${userAgent === undefined ? '' : `${userAgent} `}blazemeter-client/${VERSION}`,
    },
    credentials,
    clock,
    log,
  });
  return {
    transport,
    table: overridden(options.operations),
    credentials,
    clock,
    policies: sameServer && credentials === shared.credentials ? shared.policies : new PolicyMemory(),
    log,
    onNewSecret: options.onNewSecret,
  };
}

class Client implements BlazeMeterClient {
  /** Not set by a statement below: with one a bundler cannot leave out the class where nobody uses it. */
  static get name(): string {
    return 'BlazeMeterClient';
  }

  readonly user: UserResource;
  readonly accounts: AccountsResource;
  readonly apiKeys: ApiKeysResource;
  readonly #options: ClientOptions;
  readonly #context: ClientContext;

  constructor(options: ClientOptions = {}, shared?: { context: ClientContext; options: ClientOptions }) {
    this.#options = options;
    this.#context = makeContext(options, shared?.context, shared?.options ?? {});
    this.user = userResource(this.#context);
    this.accounts = accountsResource(this.#context);
    this.apiKeys = apiKeysResource(this.#context);
  }

  request<T>(
    input: RequestInput & { readonly schema: StandardSchema<unknown, T> },
    options?: CallOptions,
  ): CallPromise<T>;
  request(input: RequestInput, options?: CallOptions): CallPromise<unknown>;
  request(input: RequestInput, options?: CallOptions): CallPromise<unknown> {
    return rawRequest(this.#context, input, options);
  }

  async diagnose(options: DiagnoseOptions = {}): Promise<Diagnosis> {
    const scope = this.#context.transport.open(undefined, options);
    try {
      return await diagnose(this.#context, this.accounts, options, scope);
    } finally {
      scope.end();
    }
  }

  withOptions(options: ClientOptions): BlazeMeterClient {
    return new Client({ ...this.#options, ...options }, { context: this.#context, options: this.#options });
  }
}

/** Makes a {@link BlazeMeterClient}. Nothing is sent and nothing is read until the first call. */
export const BlazeMeterClient: new (options?: ClientOptions) => BlazeMeterClient = Client;
