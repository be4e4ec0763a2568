// Any other call of the API: what the resources do not name, with the same signing, time limits and errors.

import * as z from 'zod/mini';
import { readEnvelope } from '../api/envelope.ts';
import { scrubbed } from '../auth/cause.ts';
import { withoutSecrets } from '../auth/redact.ts';
import { InvalidResponseError } from '../errors.ts';
import { call, send } from '../http/call.ts';
import type { CallPromise } from '../http/call-promise.ts';
import { outcomeOf, responseContext } from '../http/call-result.ts';
import type { CallOptions } from '../http/call-types.ts';
import type { Query } from '../http/path.ts';
import { parseOptions, spec } from '../util/options.ts';
import { printable } from '../util/printable.ts';
import type { ClientContext } from './context.ts';

/** A validator that follows Standard Schema, such as a schema of zod, Valibot or ArkType. */
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
  /** The HTTP method. Default: `GET`. */
  readonly method?: string | undefined;
  /** The path below `baseUrl`, starting with `/`. It cannot lead out of `baseUrl`. */
  readonly path: string;
  /** Query parameters, encoded and appended to the path. Default: none. */
  readonly query?: Query | undefined;
  /** The body, sent as JSON. Default: none. */
  readonly json?: unknown;
  /** Whether it may be sent again if its response was lost. Default: `safe` for GET and HEAD, `never` for the others. */
  readonly replay?: 'safe' | 'never' | undefined;
}

const INPUT = {
  method: z.string('an HTTP method').check(z.regex(/^[A-Za-z]+$/, 'an HTTP method')),
  path: z.string('a string that starts with "/"'),
  query: spec.record,
  json: spec.any,
  replay: z.enum(['safe', 'never'], "'safe' or 'never'"),
  schema: z.custom(
    (value) => isStandardSchema(value),
    'a schema by the Standard Schema convention, such as one of zod',
  ),
};

const isStandardSchema = (value: unknown): boolean =>
  ((typeof value === 'object' && value !== null) || typeof value === 'function') && '~standard' in value;

type Input<T> = RequestInput & { readonly schema?: StandardSchema<unknown, T> | undefined };

/** Does any call. */
export function rawRequest<T>(
  context: ClientContext,
  input: Input<T>,
  options: CallOptions | undefined,
): CallPromise<T | unknown> {
  return call(context, undefined, options, async (deadline, given) => {
    const parsed = parseOptions<Input<T>>('client.request', INPUT, input);
    const { path, query, json, schema } = parsed;
    const method = (parsed.method ?? 'GET').toUpperCase();
    if (path === undefined) throw new TypeError('client.request: path is missing. It starts with "/".');
    const reads = method === 'GET' || method === 'HEAD';
    if (reads && json !== undefined)
      throw new TypeError(`client.request: a ${method} request cannot have a body (json).`);
    const safe = parsed.replay === undefined ? reads : parsed.replay === 'safe';
    const request = { method, path, query, json, replayable: () => safe };
    const response = await send(context, request, given, deadline);
    const about = responseContext(context, undefined, response);
    const envelope = readEnvelope(response, about);
    return outcomeOf(await checked(schema, envelope.result, about.hide), { ...envelope, response });
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
    throw new InvalidResponseError(
      'The request failed: the schema threw an error while it checked the response.',
      {
        cause: scrubbed(error),
      },
    );
  }
  if (result.issues === undefined) return result.value;
  const path = (result.issues[0]?.path ?? []).map((part) =>
    String(typeof part === 'object' ? part.key : part),
  );
  // Names of fields are the service's, which may quote a secret there too.
  const where = printable(withoutSecrets(['result', ...path].join('.'), hide()));
  throw new InvalidResponseError(`The request failed: "${where}" does not fit the schema.`);
}
