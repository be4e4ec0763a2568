// The front end for an injected fetch: a request to plain values, plain values to a Response, and faults as a network shows
// them.

import type { PlainHeaders, PlainRequest, PlainResponse } from './plain.ts';
import { clearTimeout, setTimeout } from './timers.ts';

/** A `fetch` whose responses come from a reference. */
export type ReferenceFetch = (input: string | URL | Request, init?: RequestInit) => Promise<Response>;

/** A request: what the core needs, and what only a fetch has. */
interface Call {
  readonly url: URL;
  readonly method: string;
  readonly headers: PlainHeaders;
  readonly body: string;
  readonly redirect: RequestRedirect;
  readonly signal: AbortSignal | undefined;
}

const MAX_REDIRECTS = 20;
const NULL_BODY = new Set([204, 205, 304]);

export function fetchFrom(respond: (request: PlainRequest) => PlainResponse): ReferenceFetch {
  const send = async (call: Call, followed: number): Promise<Response> => {
    const { url, method, headers, body, signal } = call;
    signal?.throwIfAborted();
    const given = respond({ method, path: url.pathname + url.search, headers, body });
    const location = given.status >= 300 && given.status < 400 ? given.headers.Location : undefined;
    if (location === undefined || call.redirect === 'manual' || given.delivery.kind === 'cut')
      return deliver(given, signal);
    if (call.redirect === 'error' || followed >= MAX_REDIRECTS) throw failed('unexpected redirect');
    if (given.delayMs > 0) await wait(given.delayMs, signal);
    return send(redirected(call, given.status, new URL(location, url)), followed + 1);
  };
  return async (input, init) => send(await read(input, init ?? {}), 0);
}

/** As in browsers and Node: credentials are not sent to another origin, and 303 (and a POST's 301, 302) become GET. */
function redirected(call: Call, status: number, url: URL): Call {
  const becomesGet = status === 303 || (call.method === 'POST' && status < 303);
  const { authorization, ...others } = call.headers;
  return {
    ...call,
    url,
    headers: url.origin === call.url.origin ? { authorization, ...others } : others,
    ...(becomesGet && call.method !== 'HEAD' ? { method: 'GET', body: '' } : {}),
  };
}

/** As in Node's fetch: a `TypeError` with a cause. */
function failed(message: string, code?: string): TypeError {
  const cause = new Error(message);
  return new TypeError('fetch failed', {
    cause: code === undefined ? cause : Object.assign(cause, { code }),
  });
}

const NORMALISED = /^(?:delete|get|head|options|post|put)$/i;

async function read(input: string | URL | Request, init: RequestInit): Promise<Call> {
  const { body } = init;
  const isRequest = typeof input === 'object' && input !== null && 'method' in input;
  if (isRequest || (body !== undefined && body !== null && typeof body !== 'string')) {
    // Request can read a body of any other kind. A request without changes is read as it is: it may be another
    // implementation's (jsdom's, a polyfill's), which the global Request does not take.
    const changed = init.method !== undefined || init.headers !== undefined || body !== undefined;
    const request = isRequest && !changed ? input : new Request(input, init);
    return {
      url: new URL(request.url),
      method: request.method,
      headers: Object.fromEntries(request.headers),
      body: await request.text(),
      redirect: init.redirect ?? request.redirect,
      // A signal that travels through a Request is held weakly: the caller's own is used.
      signal: init.signal ?? (isRequest ? input.signal : undefined),
    };
  }
  const url = new URL(input, typeof location === 'undefined' ? undefined : location.href);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') throw failed('unknown scheme');
  if (url.username !== '' || url.password !== '')
    throw new TypeError('Request cannot be constructed from a URL that includes credentials');
  const method = init.method ?? 'GET';
  const normal = NORMALISED.test(method) ? method.toUpperCase() : method;
  if (typeof body === 'string' && (normal === 'GET' || normal === 'HEAD'))
    throw new TypeError('Request with GET/HEAD method cannot have body.');
  return {
    url,
    method: normal,
    headers: Object.fromEntries(new Headers(init.headers)),
    body: body ?? '',
    redirect: init.redirect ?? 'follow',
    signal: init.signal ?? undefined,
  };
}

async function deliver(response: PlainResponse, signal: AbortSignal | undefined): Promise<Response> {
  const { status, headers, body, delivery, delayMs } = response;
  if (delayMs > 0) await wait(delayMs, signal);
  if (delivery.kind === 'cut' && delivery.keep === 'nothing') {
    if (delivery.end === 'stall') await wait(FOREVER, signal);
    throw failed('read ECONNRESET', 'ECONNRESET');
  }
  const nullBody = NULL_BODY.has(status);
  if (nullBody || delivery.kind === 'whole') return new Response(nullBody ? null : body, { status, headers });
  return new Response(stream(response, signal), { status, headers });
}

/** A body that comes slowly, or does not come to its end. */
function stream(
  { body, delivery }: PlainResponse,
  signal: AbortSignal | undefined,
): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(body);
  let sent = 0;
  let stop: (() => void) | undefined;
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const abort = (): void => controller.error(signal?.reason);
        signal?.addEventListener('abort', abort, { once: true });
        stop = () => signal?.removeEventListener('abort', abort);
      },
      async pull(controller) {
        if (delivery.kind === 'drip') {
          if (sent > 0) await wait(delivery.everyMs, signal);
          controller.enqueue(bytes.subarray(sent, sent + delivery.chunkBytes));
          sent += delivery.chunkBytes;
          if (sent < bytes.length) return;
          stop?.();
          return controller.close();
        }
        const kept = delivery.kind === 'cut' ? keptBytes(delivery.keep, bytes.length) : bytes.length;
        if (sent < kept) {
          sent = kept;
          return controller.enqueue(bytes.subarray(0, kept));
        }
        if (delivery.kind === 'cut' && delivery.end === 'stall') return wait(FOREVER, signal);
        stop?.();
        const reset = delivery.kind === 'cut' && delivery.end === 'reset';
        const cause = reset
          ? Object.assign(new Error('read ECONNRESET'), { code: 'ECONNRESET' })
          : Object.assign(new Error('other side closed'), { code: 'UND_ERR_SOCKET' });
        controller.error(new TypeError('terminated', { cause }));
      },
      cancel: () => stop?.(),
    },
    { highWaterMark: 0 },
  );
}

/** How many bytes of a cut body are delivered: never all of them. */
export const keptBytes = (keep: 'nothing' | 'half' | number, length: number): number =>
  keep === 'nothing' ? 0 : Math.min(keep === 'half' ? length >> 1 : keep, Math.max(0, length - 1));

/** The longest delay of a timer: for ever, to any test. */
const FOREVER = 2 ** 31 - 1;

/**
 * Waits, and ends at once with the signal's reason when it aborts. The timer keeps the process alive, as
 * the socket of a real request would.
 */
function wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const aborted = (): void => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', aborted);
      resolve();
    }, ms);
    if (signal?.aborted === true) aborted();
    else signal?.addEventListener('abort', aborted, { once: true });
  });
}
