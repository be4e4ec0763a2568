// The two calls that bring a secret: create and regenerate. A secret that arrives is never dropped: whatever fails after
// that, the error carries it. Where the response was lost, nothing is sent a second time blindly.

import { readEnvelope } from '../api/envelope.ts';
import { type Extracted, extractSecret, mayHoldSecret } from '../api/extract-secret.ts';
import { assumptionHint } from '../api/operations.ts';
import { fieldOf, quotesNone, scrubbed, summary } from '../auth/cause.ts';
import type { Credentials } from '../auth/credentials.ts';
import { withoutSecrets } from '../auth/redact.ts';
import { Secret } from '../auth/secret.ts';
import {
  AmbiguousOutcomeError,
  ApiError,
  BlazeMeterError,
  InvalidResponseError,
  type Resolution,
  type ResolveOptions,
  UndeliveredSecretError,
} from '../errors.ts';
import { newProgress, operationRequest, send } from '../http/call.ts';
import { readResult, responseContext, secretsIn } from '../http/call-result.ts';
import type { Arguments, CallOptions, CallRequest, CallResponse, Reply } from '../http/call-types.ts';
import type { Deadline } from '../http/deadline.ts';
import type { Progress } from '../http/signing-fetch.ts';
import { type NewApiKey, newApiKey } from '../schemas/api-key.ts';
import { printable } from '../util/printable.ts';
import type { ClientContext } from './context.ts';

export type SecretOperation = 'apiKeys.create' | 'apiKeys.regenerateSecret';

/** The response to a create or a regenerate was lost, or is not one of the service. */
export class LostResponse {
  readonly cause: unknown;
  readonly progress: Progress;
  /** What arrived, where a secret may be in it. */
  readonly arrived: Secret | undefined;
  /** Several secrets arrived, of which one must be the new one: only the caller can find out which. */
  readonly several: boolean;

  constructor(cause: unknown, progress: Progress, arrived?: Secret, several = false) {
    this.cause = cause;
    this.progress = progress;
    this.arrived = arrived;
    this.several = several;
  }
}

/** A response of another form than the one that is assumed. */
function doubtOf(id: SecretOperation, cause: unknown): string {
  const doubt = cause instanceof InvalidResponseError ? assumptionHint(id) : undefined;
  return doubt === undefined ? '' : ` ${doubt.text}`;
}

function requestIdOf(cause: unknown): string | undefined {
  const requestId = cause instanceof BlazeMeterError ? fieldOf(cause, 'requestId') : undefined;
  return typeof requestId === 'string' ? requestId : undefined;
}

/** The error of a lost response, which can be resolved. */
export function ambiguous(
  id: SecretOperation,
  { cause, progress, arrived }: LostResponse,
  resolve: (options: ResolveOptions) => Promise<Resolution>,
): AmbiguousOutcomeError {
  const sent = progress.attempts > 1 ? 'was sent more than once' : 'was sent once';
  return new AmbiguousOutcomeError(
    `${id} ${sent} and got no usable response, so whether it happened is not known.`,
    {
      hint: {
        method: 'resolve',
        text: `Call resolve() on this error to find out.${arrived === undefined ? '' : ' newSecret holds what arrived: a secret may be in it.'}${doubtOf(id, cause)}`,
      },
      operation: id,
      attempts: progress.attempts,
      cause,
      resolve,
      newSecret: arrived,
      requestId: requestIdOf(cause),
    },
  );
}

/** Sends the request and reads the key and its secret. Throws a {@link LostResponse}, since the caller knows what to do. */
export async function requestSecret(
  context: ClientContext,
  id: SecretOperation,
  args: Arguments,
  options: CallOptions,
  deadline: Deadline,
): Promise<Reply & NewApiKey> {
  const progress = newProgress();
  const request = operationRequest(context, id, args);
  // Once a secret has arrived, another request would make it worthless.
  const replayable: CallRequest['replayable'] = (credentials) => {
    if (!request.replayable(credentials)) return false;
    const { secret, several } = savedFrom(progress.partial ?? '', progress.credentials);
    return secret === undefined && several !== true;
  };
  let response: CallResponse;
  try {
    response = await send(context, { ...request, replayable }, options, deadline, progress);
  } catch (error) {
    // The response was cut off. If the secret arrived before that, it is handed on.
    const { partial = '', credentials } = progress;
    const { secret, several, keyId } = savedFrom(partial, credentials);
    if (secret !== undefined)
      throw undelivered(id, 'the response was cut off after it', { secret, keyId }, progress, error);
    if (!progress.mayHaveBeenSent && several !== true) throw error;
    const cause = deadline.abortedByCaller ? error : scrubbed(error);
    throw several === true
      ? new LostResponse(cause, progress, Secret.from(partial), true)
      : new LostResponse(cause, progress);
  }
  return readSecret(context, id, args, response, progress);
}

/**
 * What can be read of a response that cannot be read as a whole: a secret may stand where the id belongs, and the response may
 * quote the one that signed.
 */
function savedFrom(body: string, credentials: Credentials | undefined): Extracted {
  const { keyId = '', ...found } = extractSecret(body, credentials?.secret);
  const known =
    keyId !== '' &&
    credentials !== undefined &&
    withoutSecrets(keyId, secretsIn({ credentials, body })) === keyId;
  return known ? { ...found, keyId } : found;
}

function readSecret(
  context: ClientContext,
  id: SecretOperation,
  args: Arguments,
  response: CallResponse,
  progress: Progress,
): Reply & NewApiKey {
  const { status, body } = response;
  const success = status >= 200 && status < 300;
  try {
    const reply: Reply = { ...readEnvelope(response, responseContext(context, id, response)), response };
    return { ...reply, ...readResult(context, id, reply, newApiKey, args) };
  } catch (error) {
    const { secret, several, keyId } = savedFrom(body, response.credentials);
    if (secret !== undefined)
      throw undelivered(
        id,
        success ? 'the response has another shape than expected' : `with the status ${status}`,
        { secret, keyId },
        progress,
        error,
      );
    if (several === true) throw new LostResponse(error, progress, Secret.from(body), true);
    if (!success) throw progress.mayHaveBeenSent ? new LostResponse(error, progress) : error;
    // An error inside a 200: a code of 400 to 499 refuses, any other leaves it open.
    const code = error instanceof ApiError ? (error.apiCode ?? 0) : 0;
    if (code >= 400 && code < 500 && !progress.mayHaveBeenSentBefore) throw error;
    throw new LostResponse(error, progress, mayHoldSecret(body) ? Secret.from(body) : undefined);
  }
}

/** The error that carries a secret for which something failed. */
function undelivered(
  id: SecretOperation,
  what: string,
  { secret, keyId }: { readonly secret: Secret; readonly keyId: string | undefined },
  { attempts }: Pick<Progress, 'attempts'>,
  cause: unknown,
): UndeliveredSecretError {
  const key = keyId === undefined ? 'the key' : `the key ${printable(keyId)}`;
  return new UndeliveredSecretError(`${id} returned the secret of ${key}, but ${what}.`, {
    hint: {
      option: 'newSecret',
      text: `newSecret holds the secret: store it now, it is shown only once.${doubtOf(id, cause)}`,
    },
    operation: id,
    attempts,
    newSecret: secret,
    keyId,
    cause,
    requestId: requestIdOf(cause),
  });
}

/** Passes the new secret to the caller's hook, within the time of the call. */
export async function deliver(
  { onNewSecret }: ClientContext,
  id: SecretOperation,
  { apiKey, secret, response }: NewApiKey & Reply,
  deadline: Deadline,
): Promise<void> {
  const fail = (what: string, cause: unknown) =>
    undelivered(id, what, { secret, keyId: apiKey.id }, response, cause);
  if (onNewSecret !== undefined) {
    try {
      await deadline.race(Promise.resolve(onNewSecret({ operation: id, keyId: apiKey.id, secret })));
    } catch (error) {
      if (!deadline.ended) throw fail('the hook onNewSecret failed', hookError(error, secret));
    }
  }
  if (deadline.ended) throw fail('the call ended before it was handed over', deadline.signal.reason);
}

/** The hook knows the secret, so its error is kept only where it is one of ours, and does not quote the secret. */
function hookError(error: unknown, secret: Secret): Error {
  return quotesNone(error, [secret.reveal()]) ? error : summary(error);
}
