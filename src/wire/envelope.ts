// The v4 envelope: finds the result in an answer, or turns the answer into the error of its status.

import {
  ApiError,
  type ApiErrorInit,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InvalidResponseError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  RequestFailedError,
  ServerError,
} from '../errors.ts';
import { withoutSecrets } from '../text/hide.ts';
import { printable } from '../text/printable.ts';
import { assumptionHint } from './operations.ts';

/** An answer as it came from the wire, read to its end. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** The body was longer than the limit; `body` is its beginning. */
  readonly oversized?: boolean;
}

/** What an error about an answer is told besides the answer. */
export interface AnswerContext {
  readonly operation: string | undefined;
  readonly attempts: number;
  /** What to say of a 401, from what the client knows of the pair. */
  readonly unauthorizedHint: () => string;
  /** Texts of which no piece may be quoted. */
  readonly hide: () => readonly string[];
  readonly retryAfterMs?: number | undefined;
  /** Whether the request does no harm when it is sent again. */
  readonly replayable: boolean;
}

type ErrorClass = new (message: string, init: ApiErrorInit) => ApiError;

const CLASSES: Readonly<Record<number, readonly [kind: ErrorClass, hint: string]>> = {
  400: [BadRequestError, 'Correct what was sent.'],
  401: [AuthenticationError, ''],
  402: [RequestFailedError, 'The parameters were valid, but a rule of the service forbids it.'],
  403: [
    PermissionDeniedError,
    "The key is good, but its user may not do this: ask the account's owner or an admin.",
  ],
  404: [NotFoundError, 'Check the id.'],
  409: [ConflictError, 'Something with that name or state exists already.'],
  429: [RateLimitError, 'Wait, then try again.'],
};

function classOf(code: number): readonly [kind: ErrorClass, hint: string] {
  const known = CLASSES[code];
  if (known !== undefined) return known;
  return code >= 500 && code <= 599
    ? [ServerError, 'The service or a proxy failed: try later.']
    : [ApiError, ''];
}

interface Problem {
  readonly message?: string;
  readonly code?: number;
}

const field = (value: unknown, key: string): unknown =>
  typeof value === 'object' && value !== null && Object.hasOwn(value, key)
    ? Reflect.get(value, key)
    : undefined;

/** What stands in `error` where there is none: `null`, and what PHP makes of nothing. */
const isNothing = (error: unknown): boolean => !error || (Array.isArray(error) && error.length === 0);

/** The error inside a body: an object, a string, or only a message beside it. */
function problemIn(whole: unknown): Problem | undefined {
  const error = field(whole, 'error');
  if (typeof error === 'string' && error !== '') return { message: error };
  if (typeof error === 'object' && error !== null) {
    const message = field(error, 'message');
    const code = field(error, 'code');
    return {
      ...(typeof message === 'string' ? { message } : {}),
      ...(typeof code === 'number' ? { code } : {}),
    };
  }
  const message = field(whole, 'message');
  return typeof message === 'string' ? { message } : undefined;
}

function parseJson(text: string): { value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined; // The parser's message quotes the text, so it goes no further.
  }
}

/** The service's own id of an answer, if it has the form of one. */
function requestIdIn(whole: unknown, hide: AnswerContext['hide']): string | undefined {
  const id = field(whole, 'request_id');
  return typeof id === 'string' && id !== '' ? printable(withoutSecrets(id, hide()), 64) : undefined;
}

function describeBody(answer: RawAnswer, { hide }: AnswerContext): string {
  const type = answer.headers.get('content-type');
  const kind = /^\s*<(!doctype|html)/i.test(answer.body)
    ? 'an HTML page'
    : `a body of type ${printable(withoutSecrets(type ?? 'unknown', hide()), 60)}`;
  return `${kind} (${answer.body.length} characters)`;
}

/** What a good answer holds. */
export interface Envelope {
  /** The field `result`; `undefined` where the answer has no body. */
  readonly result: unknown;
  /** The whole parsed answer. */
  readonly whole: unknown;
  /** The service's own id of the answer, looked for when it is asked for. */
  requestId(): string | undefined;
}

/**
 * Reads the envelope of an answer, or throws the error that it is. A status of 400 and more decides the class whatever
 * the body says; a 2xx with an `error` inside is classed by the code in it.
 */
export function readEnvelope(answer: RawAnswer, context: AnswerContext): Envelope {
  const { status, body } = answer;
  const parsed = body.trim() === '' ? { value: undefined } : parseJson(body);
  const whole = parsed?.value;
  const requestId = () => requestIdIn(whole, context.hide);
  const base = () => ({ operation: context.operation, attempts: context.attempts, requestId: requestId() });
  const name = context.operation ?? 'the request';
  const problem = problemIn(whole);
  const success = status >= 200 && status < 300;
  const failed = success && !isNothing(field(whole, 'error'));

  if (status >= 400 || failed) {
    const code = status >= 400 ? status : (problem?.code ?? 0);
    const [Kind, classHint] = classOf(code);
    const said =
      problem?.message !== undefined
        ? `: "${printable(withoutSecrets(problem.message, context.hide()))}"`
        : parsed === undefined
          ? ` with ${describeBody(answer, context)}, which is not of the API: a proxy or gateway may stand in between`
          : body.trim() === ''
            ? ' with an empty body'
            : '';
    const hint = code === 401 ? context.unauthorizedHint() : classHint;
    const doubt =
      [400, 404, 405].includes(code) || Kind === ApiError ? assumptionHint(context.operation) : '';
    const { retryAfterMs } = context;
    throw new Kind(
      `${name} was answered with ${status >= 400 ? status : `an error (status ${status})`}${said}. ${hint}${doubt}`.trim(),
      {
        ...base(),
        status,
        apiCode: problem?.code,
        ...(code === 429 && retryAfterMs !== undefined ? { retryAfterMs } : {}),
        ...(Kind === ServerError ? { retryable: context.replayable } : {}),
      },
    );
  }
  if (!success) {
    const redirect = status >= 300 ? ' Redirects are not followed with a credential.' : '';
    throw new InvalidResponseError(
      `${name} was answered with status ${status}, which the API never gives.${redirect} A login page or proxy may stand in between: check baseUrl.`,
      { ...base(), status },
    );
  }
  if (answer.oversized) {
    throw new InvalidResponseError(
      `${name} was answered with more than this client reads. Ask for less at a time (limit).`,
      {
        ...base(),
        status,
      },
    );
  }
  if (parsed === undefined) {
    throw new InvalidResponseError(
      `${name} was answered with ${describeBody(answer, context)} that is not JSON. A login page or proxy may stand in between: check baseUrl.`,
      { ...base(), status },
    );
  }
  const enveloped = typeof whole === 'object' && whole !== null && Object.hasOwn(whole, 'result');
  return {
    result: enveloped ? field(whole, 'result') : whole,
    whole,
    requestId,
  };
}
