// The two calls that bring a secret: create and regenerate. A secret that arrives is never dropped: whatever fails
// after it came, the error carries it; and where its answer was lost, nothing is sent a second time blindly.

import type { Credentials } from '../auth/credentials.ts';
import { Secret } from '../auth/secret.ts';
import {
  AmbiguousOutcomeError,
  ApiError,
  BlazeMeterError,
  type Resolution,
  type ResolveOptions,
  UndeliveredSecretError,
} from '../errors.ts';
import type { ApiKey } from '../models.ts';
import { hasCleanCauses, scrubbed, summary } from '../text/cause.ts';
import { withoutSecrets } from '../text/hide.ts';
import { printable } from '../text/printable.ts';
import type { CallScope } from '../transport/scope.ts';
import type { CallOptions, Progress, WireAnswer, WireRequest } from '../transport/transport.ts';
import { readEnvelope } from '../wire/envelope.ts';
import { assumptionHint } from '../wire/operations.ts';
import { readIssued, salvage } from '../wire/schemas.ts';
import {
  type Answered,
  type Arguments,
  answerContext,
  type ClientContext,
  hidden,
  readResult,
  wireRequest,
} from './context.ts';

export type IssueId = 'apiKeys.create' | 'apiKeys.regenerateSecret';

/** A key together with its new secret. */
export interface Issued {
  /** The key as it is now. */
  readonly apiKey: ApiKey;
  /** Shown this one time: the service never tells it again. */
  readonly secret: Secret;
}

/** The answer to a create or a regenerate was lost; `sentAt` is by the server's clock. */
export class LostAnswer {
  readonly cause: unknown;
  readonly progress: Progress;

  constructor(cause: unknown, progress: Progress) {
    this.cause = cause;
    this.progress = progress;
  }
}

/** The error of a lost answer, which can be resolved. */
export function ambiguous(
  id: IssueId,
  lost: LostAnswer,
  resolve: (options: ResolveOptions) => Promise<Resolution>,
): AmbiguousOutcomeError {
  const { cause, progress } = lost;
  return new AmbiguousOutcomeError(
    `${id} was sent${progress.attempts > 1 ? ' more than once' : ''}, but its answer was lost, so it may have happened or not${progress.attempts > 1 ? '' : '; it was not sent again'}. Call resolve() on this error to find out.`,
    { operation: id, attempts: progress.attempts, cause, resolve },
  );
}

/** Sends; a lost answer comes back as a value, for the caller knows what may be done about it. */
export async function sendIssue(
  context: ClientContext,
  id: IssueId,
  args: Arguments,
  options: CallOptions,
  scope: CallScope,
): Promise<Answered & Issued> {
  const progress: Progress = { attempts: 0, maySent: false };
  const request = wireRequest(context, id, args);
  // Once a secret has come through, another request would make it worthless.
  const replayable: WireRequest['replayable'] = (pair) =>
    request.replayable(pair) && salvage(progress.partial ?? '').secret === undefined;
  let answer: WireAnswer;
  try {
    answer = await context.transport.send({ ...request, replayable }, options, scope, progress);
  } catch (error) {
    // The answer broke off: if the secret came through before that, it is handed on.
    const saved = savedFrom(progress.partial ?? '', progress.pair);
    if (saved.secret !== undefined)
      throw undelivered(id, 'The answer broke off after the secret had come.', saved, progress, error);
    if (!progress.maySent) throw error;
    throw new LostAnswer(scope.abortedByCaller ? error : scrubbed(error), progress);
  }
  return readIssue(context, id, args, answer, progress);
}

/** What can be read of an answer that is spoilt: a secret may stand there where the id belongs. */
function savedFrom(body: string, pair: Credentials | undefined): ReturnType<typeof salvage> {
  const { keyId = '', ...found } = salvage(body);
  const known = keyId !== '' && pair !== undefined && withoutSecrets(keyId, hidden({ pair, body })) === keyId;
  return known ? { ...found, keyId } : found;
}

function readIssue(
  context: ClientContext,
  id: IssueId,
  args: Arguments,
  answer: WireAnswer,
  progress: Progress,
): Answered & Issued {
  try {
    const answered: Answered = {
      ...readEnvelope(answer, answerContext(context, id, answer)),
      answer,
      asked: args,
    };
    return { ...answered, ...readResult(context, id, answered, readIssued) };
  } catch (error) {
    const { status, body } = answer;
    const saved = savedFrom(body, answer.pair);
    const success = status >= 200 && status < 300;
    if (success && saved.secret === undefined && error instanceof ApiError) {
      // An error inside a 200. A code of 400 to 499 refuses; with any other nobody knows.
      const { apiCode = 0 } = error;
      if (apiCode >= 400 && apiCode < 500 && progress.maySentBefore !== true) throw error;
      throw new LostAnswer(error, progress);
    }
    if (success ? body.trim() === '' : progress.maySent) throw new LostAnswer(error, progress);
    if (!success) throw error;
    throw undelivered(
      id,
      'The answer was a success, but not of the expected shape.',
      { secret: Secret.from(body), ...saved },
      progress,
      error,
      {
        holds: saved.secret === undefined ? 'answer' : 'secret',
      },
    );
  }
}

/** The error that carries a secret for which something failed. */
function undelivered(
  id: IssueId,
  what: string,
  saved: { secret?: Secret; keyId?: string },
  progress: Progress,
  cause: unknown,
  { holds = 'secret', assumed = true }: { holds?: 'secret' | 'answer'; assumed?: boolean } = {},
): UndeliveredSecretError {
  const { secret = Secret.from(''), keyId } = saved;
  const kept = holds === 'secret' ? 'newSecret holds the secret' : 'newSecret holds the whole answer';
  return new UndeliveredSecretError(
    `${id} succeeded${keyId === undefined ? '' : ` for the key ${printable(keyId)}`}. ${what} ${kept}: keep it, it is shown this one time.${assumed ? assumptionHint(id) : ''}`,
    {
      operation: id,
      attempts: progress.attempts,
      newSecret: secret,
      holds,
      keyId,
      cause,
      requestId: cause instanceof BlazeMeterError ? cause.requestId : undefined,
    },
  );
}

/** Tells the caller's hook of the new secret, within the time of the call. */
export async function deliver(
  context: ClientContext,
  id: IssueId,
  issued: Issued & Answered,
  scope: CallScope,
): Promise<void> {
  const { onNewSecret } = context;
  const { apiKey, secret, answer } = issued;
  const fail = (what: string, cause: unknown) =>
    undelivered(id, what, { secret, keyId: apiKey.id }, { attempts: answer.attempts, maySent: true }, cause, {
      assumed: false,
    });
  if (onNewSecret !== undefined) {
    try {
      // Nobody has the secret yet: a hook that waits on nothing the process knows of must not let it end.
      await scope.hold(Promise.resolve(onNewSecret({ operation: id, keyId: apiKey.id, secret })));
    } catch (error) {
      if (!scope.signal.aborted) throw fail('The hook onNewSecret failed.', hookError(error, secret));
    }
  }
  if (scope.signal.aborted)
    throw fail('The call was ended before the secret was handed over.', scope.signal.reason);
}

/** The hook knows the secret, so what it says is repeated only where it is an error of ours, and without the secret. */
function hookError(error: unknown, secret: Secret): Error {
  const clean =
    error instanceof BlazeMeterError &&
    hasCleanCauses(error) &&
    withoutSecrets(error.message, [secret.reveal()]) === error.message;
  return clean ? error : summary(error);
}
