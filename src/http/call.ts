// One call, top to bottom: its deadline, the credentials, one ky call (a second one after a 401, with other credentials), and
// every failure as one of our errors. What comes back goes through the envelope and the schema of the operation.

import type { ZodMiniType } from 'zod/mini';
import { type Envelope, type RawResponse, type ResponseContext, readEnvelope } from '../api/envelope.ts';
import { extractSecret } from '../api/extract-secret.ts';
import {
  assumptionHint,
  type OperationId,
  type OperationInput,
  type OperationTable,
  operations,
} from '../api/operations.ts';
import { basicHeader } from '../auth/basic.ts';
import { scrubbed } from '../auth/cause.ts';
import type { CredentialCache } from '../auth/credential-cache.ts';
import { type Credentials, sameKey } from '../auth/credentials.ts';
import { InvalidResponseError, isBlazeMeterError, RequestTimeoutError } from '../errors.ts';
import { readWith, ShapeError } from '../schemas/read.ts';
import { user } from '../schemas/user.ts';
import { type OptionSpecs, ownOnly, parseOptions, spec } from '../util/options.ts';
import { printable } from '../util/printable.ts';
import { abortable, onAbort } from './abort.ts';
import { type CallPromise, callPromise, type Outcome, shownHeaders } from './call-promise.ts';
import { Deadline } from './deadline.ts';
import { headersOf } from './headers.ts';
import { AttemptTimedOut, sendWithKy } from './ky-client.ts';
import type { Log } from './log.ts';
import { fillPath, type Query, resolveTarget, USER_ID } from './path.ts';
import { parseRetryAfter, shouldRetry } from './retry-policy.ts';
import type { ServerClock } from './server-clock.ts';
import { bodyOf, type FetchLike, type Progress, signAndSend } from './signing-fetch.ts';

/** What is the same for all calls of a client. */
export interface CallContext {
  readonly baseUrl: URL;
  readonly fetch: FetchLike | undefined;
  readonly fetchOptions: Readonly<Record<string, unknown>>;
  readonly timeout: number;
  readonly totalTimeout: number;
  readonly maxRetries: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly operations: OperationTable;
  readonly credentials: CredentialCache;
  readonly clock: ServerClock;
  readonly log: Log;
  /** The users behind key ids, for paths with `{userId}`. */
  readonly userIds: Map<string, number>;
  /** Fields of an unexpected form that were logged already. */
  readonly reported: Set<string>;
}

/** Options of one call. */
export interface CallOptions {
  /** Ends the call; it rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Longest time for one attempt, its body included, in milliseconds. Default: that of the client. */
  readonly timeout?: number | undefined;
  /** Longest time for the whole call with its retries, waits and hooks, in milliseconds. Default: that of the client. */
  readonly totalTimeout?: number | undefined;
  /** How many times the request may be sent again where that is safe. Default: that of the client. */
  readonly maxRetries?: number | undefined;
  /** Headers to add; `authorization` and `cookie` are refused. */
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** How the options of one call are checked. */
export const CALL_OPTIONS = {
  signal: spec.signal,
  timeout: spec.milliseconds,
  totalTimeout: spec.milliseconds,
  maxRetries: spec.count,
  headers: spec.record,
};

/** A request before its path is checked and its credentials are known. */
export interface CallRequest {
  readonly operation?: OperationId;
  readonly method: string;
  readonly path: string;
  readonly query?: Query | undefined;
  readonly json?: unknown;
  /** Whether it may be sent again after its response was lost, given the credentials that sign it. */
  readonly replayable: (credentials: Credentials) => boolean;
  /** Throws where these credentials must not sign it. */
  readonly guard?: (credentials: Credentials) => void;
  /** Credentials to use in place of the live ones; a 401 is then final. */
  readonly credentials?: Credentials;
  /** It gives the key that signs it a new secret: after a 401 it must not wait for itself. */
  readonly rotatesOwnSecret?: boolean;
}

/** A response, read to its end, and what is known about its making. */
export interface CallResponse extends RawResponse {
  readonly attempts: number;
  readonly credentials: Credentials;
  /** Whether sending the request again does no harm. */
  readonly replayable: boolean;
  readonly retryAfterMs: number | undefined;
}

/** What an operation is called with. */
export interface Arguments {
  readonly params?: { readonly id?: string; readonly accountId?: number };
  readonly query?: Query;
  readonly input?: OperationInput;
  readonly credentials?: Credentials;
  readonly guard?: (credentials: Credentials) => void;
  readonly rotatesOwnSecret?: boolean;
}

/** The response to an operation, its envelope read. */
export interface Reply extends Envelope {
  readonly response: CallResponse;
}

export const newProgress = (): Progress => ({ attempts: 0, maySent: false, maySentBefore: false });

/** Runs a call within its deadline. Bad arguments reject like everything else. */
export async function runCall<T, O extends CallOptions = CallOptions>(
  context: CallContext,
  operation: OperationId | undefined,
  options: O | undefined,
  run: (deadline: Deadline, options: O) => Promise<T>,
  specs: OptionSpecs = CALL_OPTIONS,
): Promise<T> {
  const name = operation ?? 'The request';
  const given = parseOptions(name, specs, options);
  const deadline = new Deadline(given.totalTimeout ?? context.totalTimeout, name, given.signal);
  try {
    return await run(deadline, given);
  } finally {
    deadline.close();
  }
}

/** The same as the promise that callers get. */
export const call = <T, O extends CallOptions = CallOptions>(
  ...args: Parameters<typeof runCall<Outcome<T>, O>>
): CallPromise<T> => callPromise(runCall(...args));

/** The common call: one operation, one response, one model. */
export const simpleCall = <T>(
  context: CallContext,
  id: OperationId,
  args: Arguments,
  schema: ZodMiniType<T>,
  options: CallOptions | undefined,
): CallPromise<T> =>
  call(context, id, options, async (deadline, given) => {
    const reply = await perform(context, id, args, given, deadline);
    return outcomeOf(readResult(context, id, reply, schema, args), reply);
  });

/** Does an operation and reads the envelope of its response. */
export async function perform(
  context: CallContext,
  id: OperationId,
  args: Arguments,
  options: CallOptions,
  deadline: Deadline,
): Promise<Reply> {
  const response = await send(context, operationRequest(context, id, args), options, deadline);
  return { ...readEnvelope(response, responseContext(context, id, response)), response };
}

/** The request of an operation. */
export function operationRequest(context: CallContext, id: OperationId, args: Arguments): CallRequest {
  const { method, path, replay, body } = context.operations[id];
  const { params = {}, input = {}, ...rest } = args;
  const keyId = params.id;
  return {
    ...rest,
    operation: id,
    method,
    path: fillPath(path, params),
    json: body?.({ ...params, ...input }),
    replayable: (signer) =>
      replay === 'safe' || (replay === 'other-signer' && !sameKey(signer.id, String(keyId))),
  };
}

/** Sends a request, again where that is safe, until there is a response that stands. */
export async function send(
  context: CallContext,
  wanted: CallRequest,
  options: CallOptions,
  deadline: Deadline,
  progress: Progress = newProgress(),
): Promise<CallResponse> {
  const request = ownOnly(wanted);
  const { credentials: live, clock, log, baseUrl } = context;
  const { operation, method, replayable } = request;
  const { timeout = context.timeout, maxRetries = context.maxRetries, headers: ofCall } = ownOnly(options);
  const target = resolveTarget(request.path, request.query);
  const headers = headersOf(context.headers, ofCall);
  deadline.throwIfEnded();
  const fetched = request.credentials ?? (await deadline.race(Promise.resolve(live.get())));
  if (operation !== undefined && request.path.includes(USER_ID)) {
    const userId = await userIdOf(context, fetched, options, deadline);
    return send(
      context,
      { ...wanted, path: fillPath(request.path, { userId }) },
      options,
      deadline,
      progress,
    );
  }
  // The live credentials may be replaced while a retry waits.
  const current = () => request.credentials ?? live.peek() ?? fetched;
  const signer = () => {
    const credentials = current();
    request.guard?.(credentials);
    return credentials;
  };
  const mayRepeat = () => replayable(current()) || !progress.maySent;
  const fetch = context.fetch ?? globalThis.fetch;
  let underWay: { readonly abort: () => void; readonly settled: Promise<unknown> } | undefined;
  let retries = 0;
  /** Ends an attempt that has timed out, and waits for what is left of its response. */
  const abandon = async () => {
    underWay?.abort();
    await underWay?.settled;
  };

  const sendOnce = (unsigned: Request, body: string | undefined): Promise<Response> => {
    const attempt = abortable();
    const off = onAbort(deadline.signal, () => attempt.abort(deadline.signal.reason));
    const started = performance.now();
    const logged = (
      message: string,
      fields: { readonly status?: number; readonly error?: string | undefined },
    ) =>
      log('debug', message, {
        operation,
        method,
        attempt: progress.attempts,
        durationMs: Math.round(performance.now() - started),
        ...fields,
      });
    deadline.attempts += 1;
    const sent = signAndSend(unsigned, body, {
      ...attempt,
      operation,
      fetch,
      headers,
      fetchOptions: context.fetchOptions,
      origin: baseUrl.origin,
      credentials: signer,
      replayable,
      progress,
      clock,
    });
    const settled = sent.then(
      ({ status }) => logged('response', { status }),
      (error) => logged('failed', { error: isBlazeMeterError(error) ? error.code : undefined }),
    );
    underWay = { abort: attempt.abort, settled };
    return sent.finally(off);
  };

  const exchange = async (): Promise<CallResponse> => {
    try {
      const response = await sendWithKy({
        ...target,
        prefix: `${baseUrl.origin}${baseUrl.pathname}`,
        method,
        json: request.json,
        headers,
        timeout,
        retries: maxRetries - retries,
        signal: deadline.signal,
        send: sendOnce,
        shouldRetry: async (failure, retry) => {
          if (failure.kind === 'timeout') await abandon();
          const replay = failure.kind === 'status' ? replayable(current()) : mayRepeat();
          return deadline.ended
            ? false
            : shouldRetry(failure, { retry, replayable: replay, remaining: deadline.remaining() });
        },
        onRetry: () => {
          retries += 1;
          log('info', 'retrying', { operation, method, attempt: progress.attempts + 1 });
        },
      });
      const { text, oversized } = bodyOf(response);
      return {
        status: response.status,
        headers: response.headers,
        body: text,
        oversized,
        attempts: progress.attempts,
        credentials: progress.credentials ?? fetched,
        replayable: replayable(progress.credentials ?? fetched),
        retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), clock.now()),
      };
    } catch (error) {
      if (deadline.ended || error instanceof AttemptTimedOut) await abandon();
      deadline.throwIfEnded();
      if (!(error instanceof AttemptTimedOut)) throw error;
      const what = progress.unconnected
        ? `had no connection within ${timeout} ms (timeout), so it was not sent. Check the network, and the proxy in fetchOptions.dispatcher.`
        : `got no complete response within ${timeout} ms (timeout). The service or the network is slow; raise timeout if that is expected.`;
      throw new RequestTimeoutError(`${operation ?? 'The request'} ${what}`, {
        scope: 'attempt',
        timeoutMs: timeout,
        operation,
        attempts: progress.attempts,
        retryable: mayRepeat(),
      });
    }
  };

  const response = await exchange();
  if (response.status !== 401 || request.credentials !== undefined) return response;
  const next = await deadline.race(live.afterRefusal(response.credentials, request.rotatesOwnSecret));
  if (next === undefined) return response;
  log('info', 'the credentials were refused; sending again with those that their source has now', {
    operation,
  });
  return exchange();
}

/** The id of the user whose key signs: read once a key. */
async function userIdOf(
  context: CallContext,
  credentials: Credentials,
  options: CallOptions,
  deadline: Deadline,
): Promise<number> {
  const known = context.userIds.get(credentials.id);
  if (known !== undefined) return known;
  const reply = await perform(context, 'user.get', { credentials }, options, deadline);
  const { id } = readResult(context, 'user.get', reply, user);
  context.userIds.set(credentials.id, id);
  return id;
}

/** What an error about this response may say, and what it must not. */
export function responseContext(
  context: CallContext,
  operation: OperationId | undefined,
  response: CallResponse,
): ResponseContext {
  const { attempts, credentials, retryAfterMs, replayable } = response;
  return {
    operation,
    attempts,
    retryAfterMs,
    replayable,
    namesResource: operation === undefined || operations[operation].path.includes('{'),
    hide: () => secretsIn(response),
    unauthorizedHint: () => unauthorizedHint(context, credentials),
  };
}

/** What the service may quote and must not be shown: the secret that signed, its header, and a new secret. */
export function secretsIn({
  credentials,
  body,
}: Pick<CallResponse, 'credentials' | 'body'>): readonly string[] {
  const found = extractSecret(body, true).secret;
  return [
    credentials.secret.reveal(),
    basicHeader(credentials).slice('Basic '.length),
    ...(found === undefined ? [] : [found.reveal()]),
  ];
}

function unauthorizedHint({ clock }: CallContext, { id, expiresAt, source }: Credentials): string {
  const key = id.length > 8 ? printable(`${id.slice(0, 4)}…${id.slice(-4)}`) : 'in use';
  const from = source === undefined ? '' : ` (from ${printable(source)})`;
  return expiresAt !== undefined && clock.now() >= expiresAt.getTime()
    ? `The key ${key}${from} has most likely expired: its expiry was ${expiresAt.toISOString()}. Create a new key.`
    : `The key ${key}${from} is wrong, expired, deleted, or its secret was regenerated.`;
}

/** The result of an operation as a model. A field of an unexpected form is logged, by its name, once a client. */
export function readResult<T>(
  context: CallContext,
  id: OperationId,
  { result, whole, requestId, response }: Reply,
  schema: ZodMiniType<T>,
  { params, input }: Arguments = {},
): T {
  const { result: override } = context.operations[id];
  const report = (field: string) => {
    if (context.reported.has(`${id} ${field}`)) return;
    context.reported.add(`${id} ${field}`);
    context.log('warn', `the field ${field} of the response has an unexpected form and reads as null`, {
      operation: id,
    });
  };
  try {
    const found = override === undefined ? result : override(result, whole, { ...params, ...input });
    return readWith(schema, found, report);
  } catch (error) {
    const what = error instanceof ShapeError ? error.message : 'the response could not be read';
    throw new InvalidResponseError(`${id} failed: ${what}.`, {
      hint: assumptionHint(id) ?? {
        option: 'operations',
        text: `If the service has changed, pass operations: { '${id}': { result } } to the client.`,
      },
      operation: id,
      attempts: response.attempts,
      status: response.status,
      requestId: requestId(),
      ...(error instanceof ShapeError ? {} : { cause: scrubbed(error) }),
    });
  }
}

/** The result together with what may be known of its response. */
export function outcomeOf<T>(
  data: T,
  { response, requestId }: Pick<Reply, 'response' | 'requestId'>,
): Outcome<T> {
  return {
    data,
    about: () => {
      const id = requestId();
      return {
        response: {
          status: response.status,
          headers: shownHeaders(response.headers, secretsIn(response)),
        },
        ...(id === undefined ? {} : { requestId: id }),
        attempts: response.attempts,
      };
    },
  };
}
