// Reduces errors of other packages. Their messages and fields may quote a header, a body or a file, so only the name and the
// code of each are kept, down the chain of causes.

import { BlazeMeterError } from '../errors.ts';
import { withoutSecrets } from './redact.ts';

/** The form of an error class's name, which no secret has. */
const NAME = /^(?:[A-Z][A-Za-z0-9]{0,48})?(?:Error|Exception)$/;
/** Any text that may be a code. For comparisons only, not for output. */
const CODE = /^[A-Z][A-Za-z0-9_]{1,60}$/;
/** `ENOENT` or words in capitals: the codes of systems and libraries. */
const SHOWN_CODE = /^(?:E[A-Z0-9]{2,15}|[A-Z]{2,16}(?:_[A-Z]{1,20}\d{0,2}){1,6})$/;
const DEPTH = 5;

/** The errors that {@link summary} returned. */
const summaries = new WeakSet<object>();

/** A property of a foreign value; undefined where it cannot be read: a getter may throw, and quote a secret. */
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

/** The `code` of a foreign error, where it is a plain word such as `ECONNRESET`. For comparisons, not for output. */
export const codeOf = (error: unknown): string | undefined => text(error, 'code', CODE);

/** What was thrown, if `instanceof` works on it: it throws on a revoked proxy, which becomes an error without details. */
export function inspectable(thrown: unknown): unknown {
  try {
    Error[Symbol.hasInstance](thrown);
    return thrown;
  } catch {
    return new Error();
  }
}

/** Whether a thrown value is one of our errors, with the texts that those have: callers can change them. */
function isOurs(error: unknown): error is BlazeMeterError {
  return (
    error instanceof BlazeMeterError &&
    ['name', 'message'].every((key) => typeof fieldOf(error, key) === 'string')
  );
}

/** A foreign error reduced to names and codes. Our own errors hold no secrets and are returned as they are. */
export function scrubbed(error: unknown, depth: number = DEPTH): Error {
  return isOurs(error) ? error : summary(error, depth);
}

/** Whether a thrown value is one of our errors and quotes none of the secrets: callers can create one with any text and cause. */
export function quotesNone(error: unknown, secrets: readonly string[]): error is BlazeMeterError {
  return isOurs(error) && hasCleanCauses(error) && withoutSecrets(error.message, secrets) === error.message;
}

/** The first code down the causes of a reduced error, such as `ECONNREFUSED`. */
export function firstCode(error: Error): string | undefined {
  let link: unknown = error;
  for (let depth = 0; link !== undefined && depth <= DEPTH; depth++) {
    const code = fieldOf(link, 'code');
    if (typeof code === 'string') return code;
    link = fieldOf(link, 'cause');
  }
  return undefined;
}

/** Whether all causes of an error are our own errors or reduced ones. Callers can construct our errors with any cause. */
export function hasCleanCauses(error: BlazeMeterError): boolean {
  let cause = fieldOf(error, 'cause');
  for (let depth = 0; cause !== undefined && depth <= DEPTH; depth++) {
    if (!(cause instanceof BlazeMeterError) && !summaries.has(Object(cause))) return false;
    cause = fieldOf(cause, 'cause');
  }
  return cause === undefined;
}

/** Any error, one of our own included, reduced to names and codes. */
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
