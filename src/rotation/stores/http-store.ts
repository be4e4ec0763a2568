// What stores behind an HTTP API share: one request at a time, bounded in time and size, with a token that is asked for
// anew and seen by nobody, to an address that may have it. Errors name the place and the failure; a body is never quoted.

import { scrubbed, summary } from '../../auth/cause.ts';
import { signedDestination } from '../../auth/destination.ts';
import type { SecretLike } from '../../auth/secret.ts';
import { RotationError } from '../../errors.ts';
import { abortable, LONGEST_TIMER, withAbort } from '../../http/abort.ts';
import { readBody } from '../../http/body.ts';
import { resolveTarget } from '../../http/path.ts';
import { backoff } from '../../http/retry-policy.ts';
import { type FetchLike, isResponse } from '../../http/signing-fetch.ts';
import { printable } from '../../util/printable.ts';
import type { RotationRecord } from '../record/record.ts';
import type { Held, Place } from './text-store.ts';

/** A token, or a function that gives it. The function is asked before each request, so a renewed token is used at once. */
export type StoreToken = string | SecretLike | (() => string | SecretLike | Promise<string | SecretLike>);

/** How a store sends its requests. */
export interface HttpStoreOptions {
  /** Called as `(url, init)`. Default: the global one, looked up at each request. */
  readonly fetch?: FetchLike | undefined;
  /** More fields of that init, such as undici's `dispatcher` for a private CA or a proxy. Default: none. */
  readonly fetchOptions?: Readonly<Record<string, unknown>> | undefined;
  /** Bound of one request, its token and its body included, in milliseconds. Default: 10 000. */
  readonly timeout?: number | undefined;
}

/** The names under which a store keeps the current pair too, for programs that read it from there. */
export interface PairKeys {
  readonly id: string;
  readonly secret: string;
}

/** The field of a place that holds the record. */
export const RECORD_FIELD = 'record';

/** Far more than a record is; both services take about 1 MiB. */
const MAX_ANSWER = 4 * 1024 * 1024;
const DEFAULT_TIMEOUT = 10_000;
/** How often a request is sent at most: reading is harmless, and so is a write that compares. */
const TRIES = 3;

/** What a header can carry. */
const TOKEN = /^[\x21-\x7e]+$/;

export interface HttpRequest {
  readonly method: 'GET' | 'POST' | 'PUT';
  readonly path: string;
  readonly json?: unknown;
}

export interface HttpAnswer {
  readonly status: number;
  /** The JSON of the body; `undefined` where it is none. */
  readonly body: unknown;
}

/** An error that may go away by itself; a write that ended so may have happened. */
class Unsettled extends Error {
  readonly error: RotationError;

  constructor(error: RotationError) {
    super();
    this.error = error;
  }
}

/** A failure of the store itself, said of its place. */
export const storeFailure = (source: string, problem: string, cause?: unknown): RotationError =>
  new RotationError(
    `${source} ${problem} The key in use still works, and nothing is lost. Mend that, then run it again.`,
    { code: 'rotation_store', ...(cause === undefined ? {} : { cause }) },
  );

/** A requester for one store. */
export function httpStore(config: {
  readonly source: string;
  readonly address: string;
  /** The option that has the address, in errors. */
  readonly addressOption: string;
  readonly token: StoreToken;
  readonly headers: (token: string) => Record<string, string>;
  readonly options: HttpStoreOptions;
}): (request: HttpRequest) => Promise<HttpAnswer> {
  const { source, headers, token, options } = config;
  const base = signedDestination(config.address, config.addressOption);
  const { timeout = DEFAULT_TIMEOUT } = options;
  if (typeof timeout !== 'number' || !(timeout > 0))
    throw new TypeError('timeout must be a number of milliseconds above 0.');
  checkToken(token);
  const { body: _, ...fetchOptions } = options.fetchOptions ?? {};

  return async ({ method, path, json }) => {
    const target = resolveTarget(path);
    const query = target.query === undefined ? '' : `?${target.query}`;
    const url = `${base.origin}${base.pathname.replace(/\/+$/, '')}/${target.path}${query}`;
    const { signal, aborted, abort } = abortable();
    // Not unref'd: somebody awaits this, and what they wait for may hold the process by nothing else.
    const timer = setTimeout(abort, Math.min(timeout, LONGEST_TIMER));
    const late = () => new Unsettled(storeFailure(source, `did not answer within ${timeout} ms.`));
    try {
      const shown = await tokenOf(token, source, signal).catch((error: unknown) => {
        throw signal.aborted ? storeFailure(source, `got no token within ${timeout} ms.`) : error;
      });
      const fetch = options.fetch ?? globalThis.fetch;
      const response: unknown = await Promise.race([
        aborted,
        fetch(url, {
          ...fetchOptions,
          method,
          headers: {
            accept: 'application/json',
            ...(json === undefined ? {} : { 'content-type': 'application/json' }),
            ...headers(shown),
          },
          ...(json === undefined ? {} : { body: JSON.stringify(json) }),
          redirect: 'manual',
          credentials: 'omit',
          signal,
        }),
      ]);
      if (!isResponse(response))
        throw storeFailure(source, 'was asked with a fetch that did not return a Response.');
      const { status } = response;
      if (status === 0 || (status >= 300 && status < 400)) {
        // Nobody reads it, and it would hold the connection.
        response.body?.cancel().catch(() => {});
        throw storeFailure(
          source,
          `answered with a redirect (${status === 0 ? 'opaque' : status}), which is not followed, because the token would go along. A standby node points at the active one this way: give the address of the active node, or of the load balancer before it.`,
        );
      }
      const { text, oversized } = await readBody(response.body, MAX_ANSWER, aborted);
      if (oversized) throw storeFailure(source, 'gave an answer of more than 4 MiB: that is no record.');
      return { status, body: parsed(text) };
    } catch (error) {
      if (error instanceof RotationError) throw error;
      if (signal.aborted) throw late();
      const said = codeIn(error);
      const certificate = /CERT|SIGNED|SIGNATURE|ISSUER/.test(said)
        ? ' Behind a private CA set NODE_EXTRA_CA_CERTS before Node starts, or give fetchOptions.dispatcher that CA.'
        : '';
      throw new Unsettled(
        storeFailure(source, `gave no whole answer (${said}).${certificate}`, scrubbed(error)),
      );
    } finally {
      clearTimeout(timer);
    }
  };
}

/** The error of an answer that says to try later. */
export const unsettled = (source: string, problem: string): Unsettled =>
  new Unsettled(storeFailure(source, problem));

/**
 * Tries again what may go away by itself. A write whose answer was lost is looked up: if its text is there, it was
 * done. Else it is written again over the same version, which finds out by itself where somebody else has written.
 */
export function persistent<Beside>(place: Place<Beside>): Place<Beside> {
  const patient = async <T>(work: (tries: number) => Promise<T>): Promise<T> => {
    for (let tries = 1; ; tries++) {
      try {
        return await work(tries);
      } catch (error) {
        if (!(error instanceof Unsettled)) throw error;
        if (tries >= TRIES) throw error.error;
        await new Promise((done) => setTimeout(done, backoff(tries)));
      }
    }
  };
  return {
    ...place,
    look: () => patient(() => place.look()),
    put: (text, over, record) =>
      patient(async (tries) => {
        if (tries > 1) {
          const now: Held<Beside> = await place.look();
          if (now.text === text) return now;
        }
        return place.put(text, over, record);
      }),
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // The parser's own message quotes the text.
    return undefined;
  }
}

/** The first code down the chain of causes, such as `ECONNREFUSED`, or else the error's name. */
function codeIn(error: unknown): string {
  let link: unknown = summary(error);
  const { name } = summary(error);
  for (; link instanceof Error; link = link.cause) {
    if ('code' in link && typeof link.code === 'string') return printable(link.code);
  }
  return printable(name);
}

const read = (given: unknown): string =>
  typeof given === 'object' && given !== null && 'reveal' in given && typeof given.reveal === 'function'
    ? String(given.reveal())
    : typeof given === 'string'
      ? given.trim()
      : '';

function checkToken(token: unknown): void {
  if (typeof token !== 'function' && !TOKEN.test(read(token)))
    throw new TypeError('token is a text without blanks, a Secret, or a function that gives one of them.');
}

async function tokenOf(token: StoreToken, source: string, signal: AbortSignal): Promise<string> {
  if (typeof token !== 'function') return read(token);
  let given: unknown;
  try {
    given = await withAbort(Promise.resolve().then(token), signal);
  } catch (error) {
    const { name, message } = scrubbed(error);
    throw storeFailure(source, `got no token (${printable(`${name}: ${message}`)}).`, scrubbed(error));
  }
  const text = read(given);
  if (TOKEN.test(text)) return text;
  throw storeFailure(source, 'was given a token that is empty, or that a header cannot carry.');
}

/** The names of the pair's fields, checked. */
export function checkPairKeys(keys: PairKeys | undefined, form: RegExp): void {
  if (keys === undefined) return;
  const names: unknown[] = [keys.id, keys.secret];
  const good = names.every((name) => typeof name === 'string' && form.test(name) && name !== RECORD_FIELD);
  if (!good || keys.id === keys.secret)
    throw new TypeError(
      `pairKeys names two different fields, { id, secret }, of letters, digits, "-", "_" and "."; neither is "${RECORD_FIELD}".`,
    );
}

/** The fields that hold the record and, where that is wanted, the current pair: they change together or not at all. */
export function fieldsOf(
  text: string,
  { current }: RotationRecord,
  pairKeys: PairKeys | undefined,
): Record<string, string> {
  return {
    [RECORD_FIELD]: text,
    ...(pairKeys === undefined
      ? {}
      : { [pairKeys.id]: current.id, [pairKeys.secret]: current.secret.reveal() }),
  };
}

/** An own property of a value from outside. */
export const at = (value: unknown, ...path: readonly string[]): unknown =>
  path.reduce<unknown>(
    (inner, key) =>
      typeof inner === 'object' && inner !== null && Object.hasOwn(inner, key)
        ? Reflect.get(inner, key)
        : undefined,
    value,
  );

/** The fields of an object from outside, without those that would be its prototype. */
export const objectAt = (value: unknown, ...path: readonly string[]): Record<string, unknown> => {
  const found = at(value, ...path);
  return typeof found === 'object' && found !== null && !Array.isArray(found)
    ? Object.fromEntries(Object.entries(found).filter(([key]) => key !== '__proto__'))
    : {};
};
