// One call, top to bottom: its deadline, the credentials, one ky call (a second one after a 401, with other credentials), and
// every failure as one of our errors. call-types.ts has the types, call-result.ts reads what comes back.

import type { ZodMiniType } from 'zod/mini';
import { readEnvelope } from '../api/envelope.ts';
import type { OperationId } from '../api/operations.ts';
import { type Credentials, sameKey } from '../auth/credentials.ts';
import { isBlazeMeterError, RequestTimeoutError } from '../errors.ts';
import { user } from '../schemas/user.ts';
import { abortable, onAbort } from '../util/abort.ts';
import { type OptionSpecs, ownOnly, parseOptions } from '../util/options.ts';
import { type CallPromise, callPromise, type Outcome } from './call-promise.ts';
import { outcomeOf, readResult, responseContext } from './call-result.ts';
import {
  type Arguments,
  CALL_OPTIONS,
  type CallContext,
  type CallOptions,
  type CallRequest,
  type CallResponse,
  type Reply,
} from './call-types.ts';
import { Deadline } from './deadline.ts';
import { headersOf } from './headers.ts';
import { AttemptTimeoutError, sendWithKy } from './ky-client.ts';
import { fillPath, resolveTarget, USER_ID } from './path.ts';
import { decideRetry, parseRetryAfter } from './retry-policy.ts';
import { bodyOf, type Progress, signAndSend } from './signing-fetch.ts';

export const newProgress = (): Progress => ({
  attempts: 0,
  mayHaveBeenSent: false,
  mayHaveBeenSentBefore: false,
});

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

/** {@link runCall}, as the promise that callers get. */
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
  onResult: (result: T) => void = () => {},
): CallPromise<T> =>
  call(context, id, options, async (deadline, given) => {
    const reply = await perform(context, id, args, given, deadline);
    const result = readResult(context, id, reply, schema, args);
    onResult(result);
    return outcomeOf(result, reply);
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

/** Sends a request, retrying where that is safe, and resolves with the final response. */
export async function send(
  context: CallContext,
  wanted: CallRequest,
  options: CallOptions,
  deadline: Deadline,
  progress: Progress = newProgress(),
): Promise<CallResponse> {
  const request = ownOnly(wanted);
  const { credentials: cache, clock, log, baseUrl } = context;
  const { operation, method, replayable } = request;
  const { timeout = context.timeout, maxRetries = context.maxRetries, headers: ofCall } = ownOnly(options);
  let target = resolveTarget(request.path, request.query);
  const headers = headersOf(context.headers, ofCall);
  deadline.throwIfEnded();
  const initial = request.credentials ?? (await deadline.race(Promise.resolve(cache.get())));
  if (operation !== undefined && request.path.includes(USER_ID)) {
    const userId = await userIdOf(context, initial, options, deadline);
    target = resolveTarget(fillPath(request.path, { userId }), request.query);
  }
  // Those in the cache may be replaced while a retry waits.
  const current = () => request.credentials ?? cache.peek() ?? initial;
  const maySendAgain = () => replayable(current()) || !progress.mayHaveBeenSent;
  let attempt: Attempt | undefined;
  let retries = 0;
  /** Aborts the attempt that timed out and waits until it has settled, so that `progress` is final. */
  const abandon = async () => {
    attempt?.abort();
    await attempt?.settled;
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
        send(unsigned, body) {
          attempt = startAttempt(unsigned, body, { context, request, headers, current, progress, deadline });
          return attempt.response;
        },
        decideRetry: async (failure, retry) => {
          if (failure.kind === 'timeout') await abandon();
          if (deadline.ended) return 'stop';
          // After a status, by the operation alone: a create is not repeated even after a 429.
          const replay = failure.kind === 'status' ? replayable(current()) : maySendAgain();
          const [remaining, now] = [deadline.remaining(), clock.now()];
          return decideRetry(failure, { retry, replayable: replay, remaining, now });
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
        credentials: progress.credentials ?? initial,
        replayable: replayable(progress.credentials ?? initial),
        retryAfterMs: parseRetryAfter(response.headers.get('retry-after'), clock.now()),
      };
    } catch (error) {
      if (deadline.ended || error instanceof AttemptTimeoutError) await abandon();
      deadline.throwIfEnded();
      throw error instanceof AttemptTimeoutError
        ? attemptTimeout(operation, timeout, progress, maySendAgain())
        : error;
    }
  };

  const response = await exchange();
  if (response.status !== 401 || request.credentials !== undefined) return response;
  const next = await deadline.race(cache.afterRefusal(response.credentials, request.rotatesOwnSecret));
  if (next === undefined) return response;
  log('info', 'the credentials were refused; sending again with those that their source has now', {
    operation,
  });
  return exchange();
}

/** One attempt under way. */
interface Attempt {
  readonly response: Promise<Response>;
  /** Resolves when nothing of it is under way any more. */
  readonly settled: Promise<unknown>;
  abort(): void;
}

/** Signs a request, sends it once and logs how that ended. */
function startAttempt(
  unsigned: Request,
  body: string | undefined,
  {
    context: { baseUrl, clock, fetch = globalThis.fetch, fetchOptions, log },
    request: { guard, method, operation, replayable },
    headers,
    current,
    progress,
    deadline,
  }: {
    readonly context: CallContext;
    readonly request: CallRequest;
    readonly headers: Readonly<Record<string, string>>;
    readonly current: () => Credentials;
    readonly progress: Progress;
    readonly deadline: Deadline;
  },
): Attempt {
  const attempt = abortable();
  const off = onAbort(deadline.signal, () => attempt.abort(deadline.signal.reason));
  const started = performance.now();
  deadline.attempts += 1;
  const sent = signAndSend(unsigned, body, {
    ...attempt,
    operation,
    fetch,
    headers,
    fetchOptions,
    origin: baseUrl.origin,
    credentials() {
      const credentials = current();
      guard?.(credentials);
      return credentials;
    },
    replayable,
    progress,
    clock,
  });
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
  const settled = sent.then(
    ({ status }) => logged('response', { status }),
    (error) => logged('failed', { error: isBlazeMeterError(error) ? error.code : undefined }),
  );
  return { response: sent.finally(off), settled, abort: attempt.abort };
}

/** The error for an attempt that took longer than `timeout`. */
function attemptTimeout(
  operation: OperationId | undefined,
  timeoutMs: number,
  { attempts, unconnected }: Progress,
  retryable: boolean,
): RequestTimeoutError {
  const [what, hint] = unconnected
    ? [
        `had no connection within ${timeoutMs} ms, so it was not sent.`,
        { option: 'dispatcher', text: 'Check the network, and the proxy in fetchOptions.dispatcher.' },
      ]
    : [
        `got no complete response within ${timeoutMs} ms. The service or the network is slow.`,
        { option: 'timeout', text: 'If that is expected, raise timeout.' },
      ];
  return new RequestTimeoutError(`${operation ?? 'The request'} ${what}`, {
    hint,
    scope: 'attempt',
    timeoutMs,
    operation,
    attempts,
    retryable,
  });
}

/** The id of the user whose key signs: read once per key. */
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
