// Any other call of the API: what the resources do not name, with the same signing, bounds and errors.

import { InvalidResponseError } from '../errors.ts';
import { scrubbed } from '../text/cause.ts';
import { withoutSecrets } from '../text/hide.ts';
import { printable } from '../text/printable.ts';
import type { CallPromise } from '../transport/call-promise.ts';
import type { Query } from '../transport/path.ts';
import type { CallOptions } from '../transport/transport.ts';
import { readEnvelope } from '../wire/envelope.ts';
import { answerContext, type ClientContext, call, withAnswer } from './context.ts';

/** A validator by the Standard Schema convention: zod, valibot and arktype schemas are such. */
export interface StandardSchema<Input = unknown, Output = Input> {
  readonly '~standard': {
    readonly version: 1;
    readonly vendor: string;
    /** Checks a value, and may change it. */
    readonly validate: (value: unknown) => SchemaResult<Output> | Promise<SchemaResult<Output>>;
    readonly types?: { readonly input: Input; readonly output: Output } | undefined;
  };
}

/** What a validator says. */
export type SchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | {
      readonly issues: readonly {
        readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
      }[];
    };

/** A call that has no method of its own. */
export interface RequestInput {
  /** Default: `GET`. */
  readonly method?: string | undefined;
  /** Starts with `/`, relative to `baseUrl`; it cannot leave it. */
  readonly path: string;
  /** Is put behind the path, encoded. */
  readonly query?: Query | undefined;
  /** The body, sent as JSON. */
  readonly json?: unknown;
  /** Whether it may be sent again when its answer was lost. Default: `safe` for GET and HEAD, `never` for all else. */
  readonly replay?: 'safe' | 'never' | undefined;
}

/** Does any call. */
export function rawRequest<T>(
  context: ClientContext,
  input: RequestInput & { readonly schema?: StandardSchema<unknown, T> },
  options: CallOptions | undefined,
): CallPromise<T | unknown> {
  return call(context, undefined, options, async (scope, given) => {
    const method = (input.method ?? 'GET').toUpperCase();
    if (!/^[A-Z]+$/.test(method)) throw new TypeError('method must be an HTTP method.');
    if (typeof input.path !== 'string') throw new TypeError('path must be a text that starts with "/".');
    const safe = input.replay === undefined ? method === 'GET' || method === 'HEAD' : input.replay === 'safe';
    const { path, query, json } = input;
    const answer = await context.transport.send(
      { method, path, query, json, replayable: () => safe },
      given,
      scope,
    );
    const about = answerContext(context, undefined, answer);
    const envelope = readEnvelope(answer, about);
    return withAnswer(await checked(input.schema, envelope.result, about.hide), { ...envelope, answer });
  });
}

async function checked<T>(
  schema: StandardSchema<unknown, T> | undefined,
  value: unknown,
  hide: () => readonly string[],
): Promise<T | unknown> {
  if (schema === undefined) return value;
  let result: SchemaResult<T>;
  try {
    result = await schema['~standard'].validate(value);
  } catch (error) {
    throw new InvalidResponseError('The schema failed while it checked the answer.', {
      cause: scrubbed(error),
    });
  }
  if (result.issues === undefined) return result.value;
  const path = (result.issues[0]?.path ?? []).map((part) =>
    String(typeof part === 'object' ? part.key : part),
  );
  // Names of fields are the service's: it may quote here, too.
  const where = printable(withoutSecrets(['result', ...path].join('.'), hide()));
  throw new InvalidResponseError(`The answer does not fit the schema: "${where}" is not as expected.`);
}
