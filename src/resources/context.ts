// What every resource works with, and the one way from an operation of the table to its result.

import { basicHeader } from '../auth/basic.ts';
import type { CredentialCache } from '../auth/cache.ts';
import { type Credentials, sameKey } from '../auth/credentials.ts';
import type { OnNewSecret } from '../auth/new-secret.ts';
import { InvalidResponseError } from '../errors.ts';
import { scrubbed } from '../text/cause.ts';
import { printable } from '../text/printable.ts';
import { type CallPromise, callPromise, type Outcome, shownHeaders } from '../transport/call-promise.ts';
import type { Log } from '../transport/log.ts';
import { fillPath, type Query } from '../transport/path.ts';
import type { CallScope } from '../transport/scope.ts';
import type { ServerClock } from '../transport/server-clock.ts';
import type { CallOptions, Progress, Transport, WireAnswer, WireRequest } from '../transport/transport.ts';
import { type AnswerContext, type Envelope, readEnvelope } from '../wire/envelope.ts';
import {
  assumptionHint,
  type OperationId,
  type OperationInput,
  type OperationTable,
} from '../wire/operations.ts';
import { ShapeError, salvage } from '../wire/schemas.ts';
import type { PolicyMemory } from './policy-memory.ts';

export interface ClientContext {
  readonly transport: Transport;
  readonly table: OperationTable;
  readonly credentials: CredentialCache;
  readonly clock: ServerClock;
  readonly policies: PolicyMemory;
  readonly log: Log;
  readonly onNewSecret: OnNewSecret | undefined;
}

/** What an operation is called with. */
export interface Arguments {
  readonly params?: Readonly<Record<string, string | number>>;
  readonly query?: Query;
  readonly input?: OperationInput;
  /** A pair to sign with in place of the live one. */
  readonly pair?: Credentials;
  readonly guard?: (pair: Credentials) => void;
  /** It gives the key that signs it a new secret. */
  readonly changing?: boolean;
}

/** An answer that was not an error. */
export interface Answered extends Envelope {
  readonly answer: WireAnswer;
  /** What was asked for. */
  readonly asked?: Arguments;
}

/** What an error about this answer may say, and what it must not. */
export function answerContext(
  context: ClientContext,
  operation: string | undefined,
  answer: WireAnswer,
): AnswerContext {
  const { attempts, pair, retryAfterMs, replayable } = answer;
  return {
    operation,
    attempts,
    retryAfterMs,
    replayable,
    hide: () => hidden(answer),
    unauthorizedHint: () => unauthorizedHint(context, pair),
  };
}

/** The secrets of pairs in the form that is looked for in answers, made once. */
const ofPairs = new WeakMap<Credentials, readonly string[]>();

/** What the service may quote, and nobody may see: the secret that signed, its header, and a new secret. */
export function hidden({ pair, body }: Pick<WireAnswer, 'pair' | 'body'>): readonly string[] {
  const known = ofPairs.get(pair) ?? [pair.secret.reveal(), basicHeader(pair).slice('Basic '.length)];
  ofPairs.set(pair, known);
  const made = salvage(body).secret;
  return made === undefined ? known : [...known, made.reveal()];
}

function unauthorizedHint({ clock }: ClientContext, { id, expiresAt }: Credentials): string {
  const who = id.length > 8 ? printable(`${id.slice(0, 4)}…${id.slice(-4)}`) : 'in use';
  return expiresAt !== undefined && clock.now() >= expiresAt.getTime()
    ? `Likely cause: the key ${who} ran out on ${expiresAt.toISOString()}; create a new one.`
    : `Likely cause: the key ${who} is wrong, has run out, was deleted, or its secret was regenerated; the service does not say which.`;
}

/** The request of an operation. */
export function wireRequest(context: ClientContext, id: OperationId, args: Arguments): WireRequest {
  const row = context.table[id];
  const { params = {}, query, input, pair, guard, changing = false } = args;
  const json = row.body?.(input ?? {});
  return {
    operation: id,
    method: row.method,
    path: fillPath(row.path, params),
    query,
    ...(json === undefined ? {} : { json }),
    replayable: (signer) =>
      row.replay === 'safe' || (row.replay === 'other-signer' && !sameKey(signer.id, String(params.id))),
    ...(pair === undefined ? {} : { pair }),
    ...(guard === undefined ? {} : { guard }),
    changing,
  };
}

/** What an override of the result is told of the request. */
const askedFor = ({ params, input }: Arguments): Readonly<Record<string, unknown>> => ({
  ...params,
  ...input,
});

/** Does an operation and reads the envelope of its answer. */
export async function invoke(
  context: ClientContext,
  id: OperationId,
  args: Arguments,
  options: CallOptions,
  scope: CallScope,
  progress?: Progress,
): Promise<Answered> {
  const answer = await context.transport.send(wireRequest(context, id, args), options, scope, progress);
  const { result, whole, requestId } = readEnvelope(answer, answerContext(context, id, answer));
  return { result, whole, requestId, answer, asked: args };
}

/** The result of an operation as a model. */
export function readResult<T>(
  context: ClientContext,
  id: OperationId,
  answered: Answered,
  read: (wire: unknown) => T,
): T {
  const { result, whole, requestId, answer, asked = {} } = answered;
  const row = context.table[id];
  try {
    return read(row.result === undefined ? result : row.result(result, whole, askedFor(asked)));
  } catch (error) {
    const what =
      error instanceof ShapeError
        ? `an unexpected shape: ${error.message}`
        : 'something that could not be read';
    const mend =
      assumptionHint(id) ||
      ` If the service has changed, give the client operations: { '${id}': { result } }.`;
    throw new InvalidResponseError(`${id} was answered with ${what}.${mend}`, {
      operation: id,
      attempts: answer.attempts,
      status: answer.status,
      requestId: requestId(),
      ...(error instanceof ShapeError ? {} : { cause: scrubbed(error) }),
    });
  }
}

/** The result together with what may be known of its answer. */
export function withAnswer<T>(data: T, { answer, requestId }: Answered): Outcome<T> {
  return {
    data,
    about: () => {
      const id = requestId();
      return {
        response: { status: answer.status, headers: shownHeaders(answer.headers, hidden(answer)) },
        ...(id === undefined ? {} : { requestId: id }),
        attempts: answer.attempts,
      };
    },
  };
}

/** Runs a call: its time begins, and ends with it. Bad arguments reject like everything else. */
export async function outcomeOf<T>(
  context: ClientContext,
  operation: OperationId | undefined,
  options: CallOptions | undefined,
  run: (scope: CallScope, options: CallOptions) => Promise<Outcome<T>>,
): Promise<Outcome<T>> {
  const given = options ?? {};
  const scope = context.transport.open(operation, given);
  try {
    return await run(scope, given);
  } finally {
    scope.end();
  }
}

/** The same as the promise that callers get. */
export const call = <T>(...args: Parameters<typeof outcomeOf<T>>): CallPromise<T> =>
  callPromise(outcomeOf(...args));

/** The common call: one operation, one answer, one model. */
export function simpleCall<T>(
  context: ClientContext,
  id: OperationId,
  args: () => Arguments,
  read: (wire: unknown) => T,
  options: CallOptions | undefined,
): CallPromise<T> {
  return call(context, id, options, async (scope, given) => {
    const answered = await invoke(context, id, args(), given, scope);
    return withAnswer(readResult(context, id, answered, read), answered);
  });
}
