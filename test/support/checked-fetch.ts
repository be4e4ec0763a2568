// A fetch that hands everything through untouched and, on the way, holds each request and each response against
// docs/openapi.yaml. It records instead of throwing: an error thrown inside a fetch looks to a client like a broken
// connection, and would be retried.
import { api, ContractViolation, findOperation, requestViolations, responseViolations } from './openapi.ts';

export type Fetch = (url: string, init?: RequestInit) => Promise<Response>;

export interface Exchange {
  readonly method: string;
  readonly url: string;
  /** Below the base path, without the query. */
  readonly path: string;
  readonly query: URLSearchParams;
  /** The operation's id in docs/openapi.yaml. */
  readonly operation: string | undefined;
  readonly requestHeaders: Headers;
  readonly requestBody: string | undefined;
  readonly requestViolations: readonly string[];
  /** Absent while, or because, no response came. */
  status?: number;
  responseHeaders?: Headers;
  /** Absent unless it was read to its end. */
  responseBody?: string;
  responseViolations: readonly string[];
}

export interface CheckedFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  readonly exchanges: readonly Exchange[];
  /** Every violation so far, one line each. */
  violations(): string[];
  /** Throws a {@link ContractViolation} if there was any. */
  assertClean(): void;
  clear(): void;
}

function bodyText(body: BodyInit | null | undefined): string | undefined {
  if (body === null || body === undefined) return undefined;
  if (typeof body === 'string') return body;
  if (body instanceof Uint8Array) return new TextDecoder().decode(body);
  if (body instanceof URLSearchParams) return body.toString();
  return '(a body that cannot be looked at)';
}

/** The same response; what is read from it is seen, and `whole` is called with all of it when it ended well. */
function tapped(response: Response, whole: (text: string) => void): Response {
  if (response.body === null) {
    whole('');
    return response;
  }
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let text = '';
  const body = new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        const { done, value } = await reader.read();
        if (done) {
          whole(text + decoder.decode());
          controller.close();
          return;
        }
        text += decoder.decode(value, { stream: true });
        controller.enqueue(value);
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  );
  const { status, statusText, headers, url, redirected, type } = response;
  const copy = new Response(body, { status, statusText, headers });
  return Object.defineProperties(copy, {
    url: { value: url },
    redirected: { value: redirected },
    type: { value: type },
  });
}

export function checkedFetch(fetch: Fetch): CheckedFetch {
  const exchanges: Exchange[] = [];
  const { basePath } = api();

  const checked = async (input: string | URL | Request, init: RequestInit = {}): Promise<Response> => {
    if (input instanceof Request)
      throw new TypeError('A fetch is to be called with an address, not a Request.');
    const url = new URL(input);
    const method = init.method ?? 'GET';
    const path = url.pathname.startsWith(`${basePath}/`) ? url.pathname.slice(basePath.length) : url.pathname;
    const requestHeaders = new Headers(init.headers);
    const requestBody = bodyText(init.body);
    const request = { method, path, query: url.searchParams, headers: requestHeaders, body: requestBody };
    const exchange: Exchange = {
      method,
      url: url.href,
      path,
      query: url.searchParams,
      operation: findOperation(method, path).operation?.id,
      requestHeaders,
      requestBody,
      requestViolations: requestViolations(request),
      responseViolations: [],
    };
    exchanges.push(exchange);
    const response = await fetch(url.href, init);
    const { status, headers } = response;
    exchange.status = status;
    exchange.responseHeaders = headers;
    exchange.responseViolations = responseViolations({ method, path, status, headers });
    return tapped(response, (text) => {
      exchange.responseBody = text;
      exchange.responseViolations = responseViolations({ method, path, status, headers, body: text });
    });
  };

  const violations = () =>
    exchanges.flatMap((exchange) => [
      ...exchange.requestViolations.map((each) => `${exchange.method} ${exchange.path}: ${each}`),
      ...exchange.responseViolations.map(
        (each) => `${exchange.method} ${exchange.path} -> ${exchange.status}: ${each}`,
      ),
    ]);
  return Object.assign(checked, {
    exchanges,
    violations,
    assertClean() {
      const found = violations();
      if (found.length > 0) throw new ContractViolation('What passed', found);
    },
    clear() {
      exchanges.length = 0;
    },
  });
}
