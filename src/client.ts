// The client: checks its options, and gives the resources what they work with. What it holds is private: looking at it shows
// nothing of the credentials.

import { type OperationOverrides, type OperationTable, overridden } from './api/operations.ts';
import { CredentialCache } from './auth/credential-cache.ts';
import type { CredentialsOption } from './auth/credentials.ts';
import { apiAddress, DEFAULT_BASE_URL } from './auth/destination.ts';
import type { OnNewSecret } from './auth/new-secret.ts';
import { runCall } from './http/call.ts';
import type { CallPromise } from './http/call-promise.ts';
import { CALL_OPTIONS, type CallOptions } from './http/call-types.ts';
import { checkHeader } from './http/headers.ts';
import { type Logger, type LogLevel, makeLog } from './http/log.ts';
import { ServerClock } from './http/server-clock.ts';
import type { FetchLike } from './http/signing-fetch.ts';
import { defaultCredentials } from './node/chain.ts';
import { type AccountsResource, accountsResource } from './resources/accounts.ts';
import { type ApiKeysResource, apiKeysResource } from './resources/api-keys.ts';
import type { ClientContext } from './resources/context.ts';
import { type DiagnoseOptions, type Diagnosis, diagnose } from './resources/diagnose.ts';
import { PolicyMemory } from './resources/policy-memory.ts';
import { type RequestInput, rawRequest, type StandardSchema } from './resources/request.ts';
import { type UserResource, userResource } from './resources/user.ts';
import { refuseBrowser } from './util/browser.ts';
import { parseOptions, spec } from './util/options.ts';
import { printable } from './util/printable.ts';
import { VERSION } from './version.ts';

/** Options of a {@link BlazeMeterClient}. */
export interface ClientOptions {
  /**
   * The credentials to sign with: `{ id, secret }`, `'id:secret'`, or a provider. Default on Node: `defaultCredentials()` of
   * `blazemeter-client/node`, which looks where BlazeMeter's clients keep them.
   */
  readonly credentials?: CredentialsOption | undefined;
  /** The address of the API: https, or http on this machine. Default: `https://a.blazemeter.com/api/v4` (documented). */
  readonly baseUrl?: string | URL | undefined;
  /** The `fetch` that sends requests, called as `(url, init)`. Default: the global `fetch`, looked up at each call. */
  readonly fetch?: FetchLike | undefined;
  /** Further fields for the `init` of each `fetch`, such as a `dispatcher` of undici 7 for a proxy or a private CA. */
  readonly fetchOptions?: Readonly<Record<string, unknown>> | undefined;
  /** The limit of one attempt, its body included, in milliseconds. Default: 30,000. */
  readonly timeout?: number | undefined;
  /** The limit of a whole call with its retries, waits and hooks, in milliseconds. Default: 120,000. */
  readonly totalTimeout?: number | undefined;
  /** How often a request may be sent again where that is safe. Default: 2. */
  readonly maxRetries?: number | undefined;
  /** Where log lines go. Default: standard error. */
  readonly logger?: Logger | undefined;
  /** The least severe level that is logged. Default: the environment variable `BLAZEMETER_LOG`, else `'warn'`. */
  readonly logLevel?: LogLevel | undefined;
  /** Corrections of operation definitions: method, path, how the body is built, how the result is read. Default: none. */
  readonly operations?: OperationOverrides | undefined;
  /** Awaited with every new secret before the call resolves, to mask or store it. Default: none. */
  readonly onNewSecret?: OnNewSecret | undefined;
  /** Precedes the package's own product in the `User-Agent` header. Default: none. */
  readonly userAgent?: string | undefined;
  /** Whether to work in a web page, where every visitor can read the credentials. Default: `false`. */
  readonly dangerouslyAllowBrowser?: boolean | undefined;
}

const OPTIONS = {
  credentials: spec.any,
  baseUrl: spec.any,
  fetch: spec.function,
  fetchOptions: spec.record,
  timeout: spec.milliseconds,
  totalTimeout: spec.milliseconds,
  maxRetries: spec.count,
  logger: spec.logger,
  logLevel: spec.string,
  operations: spec.record,
  onNewSecret: spec.function,
  userAgent: spec.string,
  dangerouslyAllowBrowser: spec.flag,
};

const DIAGNOSE_OPTIONS = { ...CALL_OPTIONS, full: spec.flag };

/** What a client made by `withOptions` shares with the one before. */
interface Parent {
  readonly options: ClientOptions;
  readonly context: ClientContext;
}

/** The parents of clients that `withOptions` is creating: the constructor itself takes nothing but options. */
const parents = new WeakMap<ClientOptions, Parent>();

const BRAND = Symbol.for('blazemeter-client/client');

/**
 * A client of the BlazeMeter API v4 for API keys and their expiration policy.
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
export class BlazeMeterClient {
  /** The user whose key signs the calls. */
  readonly user: UserResource;
  /** The accounts that the user can see, their members and the maximum expiration of keys. */
  readonly accounts: AccountsResource;
  /** The user's own API keys. */
  readonly apiKeys: ApiKeysResource;
  readonly #options: ClientOptions;
  readonly #context: ClientContext;

  /**
   * Creates a client. It sends and reads nothing until the first call.
   *
   * @throws `TypeError` for an option that is unknown or invalid; {@link CredentialsError} for malformed credentials.
   */
  constructor(options?: ClientOptions) {
    const parent = options === undefined ? undefined : parents.get(options);
    this.#options = parseOptions<ClientOptions>('BlazeMeterClient', OPTIONS, options);
    this.#context = createContext(this.#options, parent);
    this.user = userResource(this.#context);
    this.accounts = accountsResource(this.#context);
    this.apiKeys = apiKeysResource(this.#context);
  }

  /** The operation definitions that this client uses, overrides included. */
  get operations(): OperationTable {
    return this.#context.operations;
  }

  static {
    // The bundler renames a class that refers to itself; inspection is to show this name.
    Object.defineProperty(BlazeMeterClient, 'name', { value: 'BlazeMeterClient' });
    Object.defineProperty(BlazeMeterClient, BRAND, { value: true });
    Object.defineProperty(BlazeMeterClient.prototype, BRAND, { value: true });
  }

  /**
   * Whether the value is a client, whichever build (ESM, CommonJS) or copy of the package created it.
   * @hidden
   */
  static [Symbol.hasInstance](value: unknown): boolean {
    // For a subclass, the ordinary check of the prototype chain.
    if (!Object.hasOwn(this, BRAND)) return Function.prototype[Symbol.hasInstance].call(this, value);
    return typeof value === 'object' && value !== null && BRAND in value;
  }

  /**
   * Sends any other call of the API, signed, with the same deadlines and errors. Resolves with the `result` of the envelope,
   * validated by `schema` if you pass one. Only GET and HEAD are sent again after a failure, unless `replay` says otherwise.
   *
   * @throws As every call does; {@link InvalidResponseError} where the result does not fit the schema.
   * @example
   * ```ts
   * import { BlazeMeterClient } from 'blazemeter-client';
   * import { schemas } from 'blazemeter-client/schemas';
   * import { createReference } from 'blazemeter-client/testing';
   *
   * const reference = createReference();
   * const { keys } = reference.seed();
   * const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
   * const user = await client.request({ method: 'GET', path: '/user', schema: schemas.user });
   * console.log(user.displayName);
   * ```
   */
  request<T>(
    input: RequestInput & { readonly schema: StandardSchema<unknown, T> },
    options?: CallOptions,
  ): CallPromise<T>;
  /** Without a schema: resolves with the `result` as the service sent it. */
  request(input: RequestInput, options?: CallOptions): CallPromise<unknown>;
  request(input: RequestInput, options?: CallOptions): CallPromise<unknown> {
    return rawRequest(this.#context, input, options);
  }

  /**
   * Reports whether the credentials work, whose they are, what they allow, when the key expires and what to fix, as data and in
   * plain sentences. Bad credentials are reported, after one request, and do not reject. If the credentials work, it also reads the
   * key, the accounts, and the members of up to five accounts.
   */
  diagnose(options?: DiagnoseOptions): Promise<Diagnosis> {
    return runCall(
      this.#context,
      undefined,
      options,
      (deadline, given) => diagnose(this.#context, this.accounts, given, deadline),
      DIAGNOSE_OPTIONS,
    );
  }

  /** Returns a client with some options changed. It shares the credentials unless `options` has others. `undefined` changes nothing. */
  withOptions(options: ClientOptions): BlazeMeterClient {
    const changed = { ...this.#options, ...parseOptions<ClientOptions>('withOptions', OPTIONS, options) };
    parents.set(changed, { options: this.#options, context: this.#context });
    return new BlazeMeterClient(changed);
  }
}

function createContext(options: ClientOptions, parent: Parent | undefined): ClientContext {
  refuseBrowser(options.dangerouslyAllowBrowser);
  const baseUrl = apiAddress(options.baseUrl ?? DEFAULT_BASE_URL, 'baseUrl');
  const log = makeLog(options.logger, options.logLevel);
  const sameServer = parent !== undefined && options.baseUrl === parent.options.baseUrl;
  const clock = sameServer ? parent.context.clock : new ServerClock();
  const credentials =
    parent !== undefined && options.credentials === parent.options.credentials
      ? parent.context.credentials
      : new CredentialCache(
          options.credentials ?? defaultCredentials(),
          () => clock.now(),
          (message) => log('warn', printable(message)),
        );
  const { userAgent, fetch, fetchOptions = {}, onNewSecret } = options;
  const { timeout = 30_000, totalTimeout = 120_000, maxRetries = 2 } = options;
  const product = `blazemeter-client/${VERSION}`;
  const headers = { 'user-agent': userAgent === undefined ? product : `${userAgent} ${product}` };
  checkHeader('userAgent', headers['user-agent']);
  return {
    baseUrl,
    fetch,
    fetchOptions,
    timeout,
    totalTimeout,
    maxRetries,
    headers,
    operations: overridden(options.operations),
    credentials,
    clock,
    log,
    userIds: new Map(),
    reported: new Set(),
    policies:
      sameServer && credentials === parent.context.credentials ? parent.context.policies : new PolicyMemory(),
    onNewSecret,
  };
}
