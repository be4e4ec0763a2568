// Building blocks of the schemas, and the one way to read a value with them: what does not fit is named by its path, never
// by its value.

import * as z from 'zod/mini';
import { Secret } from '../auth/secret.ts';

/** The fields of a response that this version does not know, by the service's own names. Not shown by inspection or JSON. */
export type Extra = Readonly<Record<string, unknown>>;

/** A value has another form than expected. The message names the path, never the value. */
export class ShapeError extends Error {}

/** Receives the name of each optional field that has an unexpected form. Set for the length of one synchronous parse. */
let onUnexpected: ((field: string) => void) | undefined;

/** Reads a value. Throws a {@link ShapeError} where it does not fit; a field that reads as `null` instead is reported. */
export function readWith<T>(schema: z.ZodMiniType<T>, value: unknown, report?: (field: string) => void): T {
  onUnexpected = report;
  try {
    // A text of our own, so that the program's `z.config({ customError })` is never called with a response.
    const result = z.safeParse(schema, value, { error: () => 'does not fit' });
    if (result.success) return result.data;
    throw new ShapeError(describe(result.error.issues[0]));
  } finally {
    onUnexpected = undefined;
  }
}

function describe(issue: z.core.$ZodIssue | undefined): string {
  const path = ['result', ...(issue?.path ?? [])].join('.');
  if (issue?.code === 'invalid_type') return `"${path}" is missing or not of type ${issue.expected}`;
  return `"${path}" is not as expected`;
}

/** Checks an argument of a call. Throws a `TypeError` that names what is wrong, never its value. */
export function checkArgument<T>(call: string, schema: z.ZodMiniType<T>, value: unknown): T {
  const result = z.safeParse(schema, value, { error: () => 'has another form than expected' });
  if (result.success) return result.data;
  const issue = result.error.issues[0];
  if (issue?.code === 'unrecognized_keys')
    throw new TypeError(`${call}: the input has an unknown field "${issue.keys[0]}".`);
  const where = issue === undefined || issue.path.length === 0 ? 'the input' : issue.path.join('.');
  throw new TypeError(`${call}: ${where} ${issue?.message ?? 'is not valid'}.`);
}

/** A field that may be missing. One of an unexpected form reads as `null` too: no response is refused for its sake. */
export const optional = <T>(field: string, schema: z.ZodMiniType<T>): z.ZodMiniType<T | null> =>
  z.catch(
    z._default<z.ZodMiniType<T | null>>(z.nullable(schema), () => null),
    () => {
      onUnexpected?.(field);
      return null;
    },
  );

/** An id of a user, an account or a project. Beyond 2^53 JSON numbers are no longer exact: such an id is refused. */
export const numericId: z.ZodMiniType<number> = z.int();

/** From here on a number counts milliseconds: as seconds it would be a date after the year 5000. */
const MILLISECONDS_FROM = 1e11;
const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:?\d{2})$/;

/** A time. The service sends Unix seconds (observed); milliseconds and ISO 8601 are understood as well. */
export const time: z.ZodMiniType<Date> = z.pipe(
  z.union([z.number(), z.string().check(z.regex(ISO))]),
  z.transform((value, context) => {
    const seconds = typeof value === 'number' && Math.abs(value) < MILLISECONDS_FROM;
    const date = new Date(seconds ? Number(value) * 1000 : value);
    if (Number.isNaN(date.getTime())) context.issues.push({ code: 'custom', input: undefined });
    return date;
  }),
);

/** A time of which `0` says that there is none. */
export const optionalTime = (field: string): z.ZodMiniType<Date | null> =>
  z.pipe(
    optional(field, time),
    z.transform((date) => (date?.getTime() === 0 ? null : date)),
  );

/** A person, as accounts name their owner and their members. */
export const person = (field = '') => ({
  email: optional(`${field}email`, z.string()),
  displayName: optional(`${field}displayName`, z.string()),
});

const DANGEROUS = new Set(['__proto__', 'constructor', 'prototype']);

/**
 * Adds the fields of `found` that a schema does not have to a model, where nothing shows them without asking. They are copied
 * once, because a response may have hundreds of thousands.
 */
export function withExtra<T extends object>(
  model: T,
  found: Readonly<Record<string, unknown>>,
  schemaFields: object,
  opaque = false,
): T & { readonly extra: Extra } {
  const extra: Record<string, unknown> = {};
  for (const name of Object.keys(found))
    if (!Object.hasOwn(schemaFields, name) && !DANGEROUS.has(name))
      extra[name] = opaque ? concealed(found[name]) : found[name];
  return Object.defineProperty({ ...model, extra: Object.freeze(extra) }, 'extra', { enumerable: false });
}

function concealed(value: unknown): Secret {
  try {
    return Secret.from(typeof value === 'string' ? value : (JSON.stringify(value) ?? ''));
  } catch {
    return Secret.from(''); // Nested deeper than can be written again.
  }
}
