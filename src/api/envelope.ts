// The v4 envelope: finds the result in a response, or turns the response into the error of its status.

import { withoutSecrets } from '../auth/redact.ts';
import {
  ApiError,
  type ApiErrorInit,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  type ErrorHint,
  InvalidResponseError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  RequestFailedError,
  ServerError,
} from '../errors.ts';
import { envelope, type Envelope as Fields } from '../schemas/envelope.ts';
import { readWith } from '../schemas/read.ts';
import { isPlainObject } from '../util/options.ts';
import { printable } from '../util/printable.ts';
import { assumptionHint } from './operations.ts';

/** A response as it came, read to its end. */
export interface RawResponse {
  readonly status: number;
  readonly headers: Headers;
  readonly body: string;
  /** The body was longer than the limit; `body` is its beginning. */
  readonly oversized: boolean;
}

/** What an error about a response needs besides the response. */
export interface ResponseContext {
  readonly operation: string | undefined;
  readonly attempts: number;
  /** What to say of a 401, from what the client knows of the credentials. */
  readonly unauthorizedHint: () => string;
  /** Texts of which no piece may be quoted. */
  readonly hide: () => readonly string[];
  readonly retryAfterMs?: number | undefined;
  /** Whether the request does no harm when it is sent again. */
  readonly replayable: boolean;
  /** Whether the path holds something of the caller's, such as an id. */
  readonly namesResource: boolean;
}

type ErrorClass = new (message: string, init: ApiErrorInit) => ApiError;

/** The class of each documented status, its reason phrase, and the likely fix. */
const STATUSES: Readonly<Record<number, readonly [kind: ErrorClass, reason: string, fix: string]>> = {
  400: [BadRequestError, 'Bad Request', 'Correct what was sent.'],
  401: [AuthenticationError, 'Unauthorized', ''],
  402: [
    RequestFailedError,
    'Request Failed',
    'The parameters were valid, but a rule of the service forbids it.',
  ],
  403: [
    PermissionDeniedError,
    'Forbidden',
    'The key is valid, but its user may not do this. Ask the owner or an admin of the account.',
  ],
  404: [NotFoundError, 'Not Found', 'Check the id.'],
  409: [ConflictError, 'Conflict', 'Something with that name or state exists already.'],
  429: [RateLimitError, 'Too Many Requests', 'Wait, then try again.'],
  500: [ServerError, 'Internal Server Error', 'The service failed; try again later.'],
  502: [ServerError, 'Bad Gateway', 'The service or a proxy failed; try again later.'],
  503: [ServerError, 'Service Unavailable', 'The service or a proxy failed; try again later.'],
  504: [ServerError, 'Gateway Timeout', 'The service or a proxy failed; try again later.'],
};

function statusOf(code: number): readonly [kind: ErrorClass, reason: string, fix: string] {
  const known = STATUSES[code];
  if (known !== undefined) return known;
  return code >= 500 && code <= 599
    ? [ServerError, '', 'The service or a proxy failed; try again later.']
    : [ApiError, '', ''];
}

interface Problem {
  readonly message?: string | undefined;
  readonly code?: number | undefined;
}

/** What stands in `error` where there is none: `null`, and what PHP makes of nothing. */
const isNothing = (error: unknown): boolean => !error || (Array.isArray(error) && error.length === 0);

/** The error inside a body: an object, a string, or only a message beside it. */
function problemIn(whole: unknown): Problem {
  if (!isPlainObject(whole)) return {};
  const { error, message } = whole;
  if (typeof error === 'string' && error !== '') return { message: error };
  const from = isPlainObject(error) ? error : { message };
  return {
    message: typeof from.message === 'string' ? from.message : undefined,
    code: 'code' in from && typeof from.code === 'number' ? from.code : undefined,
  };
}

function parseJson(text: string): { value: unknown } | undefined {
  if (text.trim() === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return undefined; // The parser's message quotes the text, so it goes no further.
  }
}

function describeBody({ headers, body }: RawResponse, context: ResponseContext): string {
  const type = headers.get('content-type');
  const kind = /^\s*<(!doctype|html)/i.test(body)
    ? 'an HTML page'
    : `a body of type ${quoted(type ?? 'unknown', context, 60)}`;
  return `${kind} (${body.length} characters)`;
}

const CHECK_ADDRESS: ErrorHint = { option: 'baseUrl', text: 'Check baseUrl: its path is /api/v4.' };

/** Longest piece of a text of the service that is looked at, in characters: far more than is shown of it. */
const LONGEST_QUOTED = 4_096;

/** A text of the service, cut before it is searched for secrets: the search of megabytes would block the process. */
const quoted = (text: string, { hide }: ResponseContext, maxLength?: number): string =>
  printable(withoutSecrets(text.slice(0, LONGEST_QUOTED), hide()), maxLength);

/** What a successful response holds. */
export interface Envelope {
  /** The field `result`; `undefined` where the response has no body. */
  readonly result: unknown;
  /** The whole body, parsed. */
  readonly whole: unknown;
  /** Of a list: the page size and the total, where the service states them. */
  readonly page: Pick<Fields, 'limit' | 'total'>;
  /** The service's own id of the response. */
  requestId(): string | undefined;
}

const NO_ENVELOPE: Fields = { request_id: null, limit: null, total: null };

/**
 * Reads the envelope of a response, or throws the error that it is. A status of 400 and more decides the class whatever the
 * body says; a 2xx with an `error` inside is classed by the code in it.
 */
export function readEnvelope(response: RawResponse, context: ResponseContext): Envelope {
  const { status, body } = response;
  const parsed = parseJson(body);
  const whole = parsed?.value;
  const enveloped = isPlainObject(whole);
  const fields = enveloped ? readWith(envelope, whole) : NO_ENVELOPE;
  const requestId = () =>
    fields.request_id === null || fields.request_id === ''
      ? undefined
      : quoted(fields.request_id, context, 64);
  const name = context.operation ?? 'The request';
  const success = status >= 200 && status < 300;
  const invalid = (what: string, hint?: ErrorHint) =>
    new InvalidResponseError(`${name} failed: ${what}`, {
      hint,
      operation: context.operation,
      attempts: context.attempts,
      requestId: requestId(),
      status,
    });

  if (status >= 400 || (success && !isNothing(fields.error)))
    throw apiError(response, parsed, context, requestId());
  if (!success) {
    const redirect = status >= 300 ? ' Redirects are not followed with credentials.' : '';
    throw invalid(
      `${status} is not a status of the API.${redirect} A login page or a proxy may have answered.`,
      CHECK_ADDRESS,
    );
  }
  if (response.oversized)
    throw invalid('the response is larger than this client reads. Request fewer items at a time (limit).');
  if (parsed === undefined) {
    throw invalid(
      `the response is ${describeBody(response, context)} and not JSON. A login page or a proxy may have answered.`,
      CHECK_ADDRESS,
    );
  }
  return {
    result: enveloped && Object.hasOwn(whole, 'result') ? fields.result : whole,
    whole,
    page: fields,
    requestId,
  };
}

function apiError(
  response: RawResponse,
  parsed: { readonly value: unknown } | undefined,
  context: ResponseContext,
  requestId: string | undefined,
): ApiError {
  const { status, body } = response;
  const { operation, attempts, retryAfterMs, replayable } = context;
  const problem = problemIn(parsed?.value);
  const code = status >= 400 ? status : (problem.code ?? 0);
  const [Kind, reason, fix] = statusOf(code);
  const what =
    status >= 400 ? `${status} ${reason}`.trim() : `the response (status ${status}) holds an error`;
  const doubt = [400, 404, 405].includes(code) || Kind === ApiError ? assumptionHint(operation) : undefined;
  // Where nothing in the path is the caller's, a 404 is about the address.
  const address = code === 404 && !context.namesResource;
  const advice = code === 401 ? context.unauthorizedHint() : address ? '' : fix;
  const said = detail(problem.message, reason, context) ?? undescribed(parsed, body, response, context);
  return new Kind(`${operation ?? 'The request'} failed: ${what}${said}. ${advice}`.trim(), {
    hint: address ? { ...CHECK_ADDRESS, text: `${CHECK_ADDRESS.text} ${doubt?.text ?? ''}`.trim() } : doubt,
    operation,
    attempts,
    requestId,
    status,
    apiCode: problem.code,
    ...(code === 429 ? { retryAfterMs } : {}),
    ...(Kind === ServerError ? { retryable: replayable } : {}),
  });
}

/** What the service said beyond the reason phrase, which its messages repeat. */
function detail(message: string | undefined, reason: string, context: ResponseContext): string | undefined {
  if (message === undefined) return undefined;
  const text = quoted(message, context);
  if (text === reason) return '';
  return `: "${reason !== '' && text.startsWith(`${reason}: `) ? text.slice(reason.length + 2) : text}"`;
}

function undescribed(
  parsed: { readonly value: unknown } | undefined,
  body: string,
  response: RawResponse,
  context: ResponseContext,
): string {
  if (parsed === undefined)
    return `, with ${describeBody(response, context)} that is not of the API: a proxy or a gateway may have answered`;
  return body.trim() === '' ? ', with an empty body' : '';
}
