// What may be kept of an error that somebody else made. Its message and its other fields may quote a header, a body or
// a file, so only its name and its code are taken, down the chain of causes.

import { BlazeMeterError } from '../errors.ts';

const NAME = /^[A-Za-z][A-Za-z0-9]{0,40}$/;
const CODE = /^[A-Z][A-Za-z0-9_]{1,60}$/;
const DEPTH = 5;

function text(value: unknown, key: string, form: RegExp): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  try {
    const field: unknown = Reflect.get(value, key);
    return typeof field === 'string' && form.test(field) ? field : undefined;
  } catch {
    return undefined;
  }
}

/** The `code` of a foreign error, where it is a plain constant such as `ECONNRESET`. */
export const codeOf = (error: unknown): string | undefined => text(error, 'code', CODE);

/** A foreign error reduced to names and codes. Our own errors are scrubbed already and pass as they are. */
export function scrubbed(error: unknown, depth: number = DEPTH): Error {
  if (error instanceof BlazeMeterError) return error;
  const name = text(error, 'name', NAME) ?? 'Error';
  const code = codeOf(error);
  const inner: unknown =
    typeof error === 'object' && error !== null ? Reflect.get(error, 'cause') : undefined;
  const summary = new Error(code ?? 'details withheld, because they may quote a secret', {
    ...(inner === undefined || depth <= 0 ? {} : { cause: scrubbed(inner, depth - 1) }),
  });
  summary.name = name;
  summary.stack = `${name}: ${summary.message}`;
  if (code !== undefined) Object.defineProperty(summary, 'code', { value: code, enumerable: true });
  return summary;
}
