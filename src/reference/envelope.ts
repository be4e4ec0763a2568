// The v4 envelope: key order, pretty-printing, request id, headers and messages as in recorded responses.

import { REFERENCE_MARKER } from './identity.ts';

/** The outcome of an operation, before it is put into an envelope. */
export type Reply =
  | {
      readonly kind: 'one';
      readonly status: 200 | 201 | 202;
      readonly result: unknown;
      /** What a corrected operation has beside the result. */
      readonly beside?: object;
    }
  | {
      readonly kind: 'list';
      readonly limit: number;
      readonly skip: number;
      readonly total: unknown;
      readonly result: unknown;
      readonly beside?: object;
    }
  | { readonly kind: 'none' }
  | { readonly kind: 'error'; readonly status: number; readonly message: string };

/** One thing, as a response with status 200. */
export const one = (result: unknown): Reply => ({ kind: 'one', status: 200, result });

/** Thrown by an operation that refuses a request. */
export class Refusal extends Error {
  readonly reply: Extract<Reply, { kind: 'error' }>;

  constructor(status: number, detail?: string) {
    const reply = errorReply(status, detail);
    super(reply.message);
    this.reply = reply;
  }
}

export function refuse(status: number, detail?: string): never {
  throw new Refusal(status, detail);
}

const PHRASES: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  401: 'Unauthorized',
  402: 'Request Failed',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Payload Too Large',
  429: 'Too Many Requests',
  500: 'Internal Server Error',
  502: 'Bad Gateway',
  503: 'Service Unavailable',
  504: 'Gateway Timeout',
};

export const phrase = (status: number): string => PHRASES[status] ?? 'Error';

/** Message = reason phrase, then the detail after a colon. */
export function errorReply(status: number, detail?: string): Extract<Reply, { kind: 'error' }> {
  const message = detail === undefined ? phrase(status) : `${phrase(status)}: ${detail}`;
  return { kind: 'error', status, message };
}

export function statusOf(reply: Reply): number {
  return reply.kind === 'list' ? 200 : reply.kind === 'none' ? 204 : reply.status;
}

/** The body's text; the order of the keys is part of the recorded shape. */
export function bodyOf(reply: Reply, requestId: string): string {
  if (reply.kind === 'none') return '';
  return JSON.stringify(envelope(reply, requestId), null, 4);
}

function envelope(reply: Exclude<Reply, { kind: 'none' }>, requestId: string): object {
  if (reply.kind === 'error') {
    const error = { code: reply.status, message: reply.message };
    return { error, api_version: 4, result: null, request_id: requestId };
  }
  const { result, beside } = reply;
  if (reply.kind === 'one') return { api_version: 4, error: null, ...beside, result, request_id: requestId };
  const { limit, skip, total } = reply;
  // JSON leaves out a `total` that is undefined.
  return {
    limit,
    skip,
    total,
    hidden: 0,
    api_version: 4,
    error: null,
    ...beside,
    result,
    request_id: requestId,
  };
}

/** 13 hex digits: 8 of Unix seconds, 5 of microseconds. The number keeps ids of one millisecond apart. */
export function requestIdOf(ms: number, number: number): string {
  const seconds = Math.floor(ms / 1000);
  const micros = (Math.floor(ms) % 1000) * 1000 + (number % 1000);
  return (seconds % 2 ** 32).toString(16).padStart(8, '0') + micros.toString(16).padStart(5, '0');
}

/** The time as an HTTP date. */
export const httpDate = (ms: number): string => new Date(ms).toUTCString();

/** The headers of every response. A `Set-Cookie` comes even with a 401: a client must not keep it. */
export function headersOf(status: number, dateMs: number, number: number): Record<string, string> {
  const headers: Record<string, string> = {
    Date: httpDate(dateMs),
    'Content-Type': 'application/json; charset=utf-8',
    'Cache-Control': 'no-cache, must-revalidate',
    Vary: 'Accept',
    'Set-Cookie': `bzm_sess=${REFERENCE_MARKER}${number.toString(16).padStart(20, '0')}; path=/; secure; HttpOnly`,
  };
  if (status === 401) headers['WWW-Authenticate'] = 'Basic realm=api';
  else if (status === 204) delete headers['Content-Type'];
  return headers;
}
