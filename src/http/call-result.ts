// A response that arrived: what an error about it may say, the model in it, and what callers may see of it.

import type { ZodMiniType } from 'zod/mini';
import type { ResponseContext } from '../api/envelope.ts';
import { secretsInText } from '../api/extract-secret.ts';
import { assumptionHint, type OperationId, operations } from '../api/operations.ts';
import { basicHeader } from '../auth/basic.ts';
import { scrubbed } from '../auth/cause.ts';
import type { Credentials } from '../auth/credentials.ts';
import { InvalidResponseError } from '../errors.ts';
import { readWith, ShapeError } from '../schemas/read.ts';
import { printable } from '../util/printable.ts';
import { type Outcome, shownHeaders } from './call-promise.ts';
import type { Arguments, CallContext, CallResponse, Reply } from './call-types.ts';

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

/** What the service may quote and must not be shown: the secret that signed, its header, and every secret in the response. */
export function secretsIn({
  credentials,
  body,
}: Pick<CallResponse, 'credentials' | 'body'>): readonly string[] {
  return [
    credentials.secret.reveal(),
    basicHeader(credentials).slice('Basic '.length),
    ...secretsInText(body),
  ];
}

function unauthorizedHint({ clock, credentials }: CallContext, refused: Credentials): string {
  const { id, source } = refused;
  const expiresAt = credentials.expiryOf(refused);
  const key = id.length > 8 ? printable(`${id.slice(0, 4)}…${id.slice(-4)}`) : 'in use';
  const from = source === undefined ? '' : ` (from ${printable(source)})`;
  return expiresAt !== undefined && clock.now() >= expiresAt.getTime()
    ? `The key ${key}${from} has most likely expired: its expiry was ${expiresAt.toISOString()}. Create a new key.`
    : `The key ${key}${from} is wrong, expired, deleted, or its secret was regenerated.`;
}

/** The result of an operation as a model. A field of an unexpected form is logged, by its name, once per client. */
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
