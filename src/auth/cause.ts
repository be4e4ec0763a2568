// What may be kept of an error that somebody else made. Its message and its other fields may quote a header, a body or
// a file, so only its name and its code are taken, down the chain of causes.

import { BlazeMeterError } from '../errors.ts';

/** How classes of errors are called. A secret, even one that somebody put here, is called otherwise. */
const NAME = /^(?:[A-Z][A-Za-z0-9]{0,48})?(?:Error|Exception)$/;
/** Any text that a code may be: good for comparing, not for showing. */
const CODE = /^[A-Z][A-Za-z0-9_]{1,60}$/;
/** `ENOENT`, or words in capitals: what systems and libraries call their errors. */
const SHOWN_CODE = /^(?:E[A-Z0-9]{2,15}|[A-Z]{2,16}(?:_[A-Z]{1,20}\d{0,2}){1,6})$/;
const DEPTH = 5;

/** The errors that {@link summary} has made. */
const summaries = new WeakSet<object>();

/** A property of a foreign value; undefined where it cannot be read. A getter may throw, and quote a secret in that. */
export function fieldOf(value: unknown, key: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    return Reflect.get(value, key);
  } catch {
    return undefined;
  }
}

function text(value: unknown, key: string, form: RegExp): string | undefined {
  const field = fieldOf(value, key);
  return typeof field === 'string' && form.test(field) ? field : undefined;
}

/** The `code` of a foreign error, where it is a plain word such as `ECONNRESET`. To compare with, not to show. */
export const codeOf = (error: unknown): string | undefined => text(error, 'code', CODE);

/** A foreign error reduced to names and codes. Our own errors are scrubbed already and pass as they are. */
export function scrubbed(error: unknown, depth: number = DEPTH): Error {
  return error instanceof BlazeMeterError ? error : summary(error, depth);
}

/** Whether all causes of an error of ours are ours too, or reduced. Callers make our errors as well, with any cause. */
export function hasCleanCauses(error: BlazeMeterError): boolean {
  let cause = fieldOf(error, 'cause');
  for (let depth = 0; cause !== undefined && depth <= DEPTH; depth++) {
    if (!(cause instanceof BlazeMeterError) && !summaries.has(Object(cause))) return false;
    cause = fieldOf(cause, 'cause');
  }
  return cause === undefined;
}

/** An error reduced to names and codes, whoever made it. */
export function summary(error: unknown, depth: number = DEPTH): Error {
  const name = text(error, 'name', NAME) ?? 'Error';
  const code = text(error, 'code', SHOWN_CODE);
  const inner = fieldOf(error, 'cause');
  const kept = new Error(code ?? 'details withheld, because they may quote a secret', {
    ...(inner === undefined || depth <= 0 ? {} : { cause: scrubbed(inner, depth - 1) }),
  });
  summaries.add(kept);
  kept.name = name;
  kept.stack = `${name}: ${kept.message}`;
  if (code !== undefined) Object.defineProperty(kept, 'code', { value: code, enumerable: true });
  return kept;
}
