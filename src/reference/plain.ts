// Requests and responses of the core: plain values, so that a front end (fetch, msw, a socket) is a few lines.

/** Header fields by lower-case name. */
export type PlainHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A request as plain values. */
export interface PlainRequest {
  readonly method: string;
  /** The path as sent, including `/api/v4` and anything before it; a query may follow after `?`. */
  readonly path: string;
  readonly headers?: PlainHeaders | undefined;
  /** The body's text; absent, `null` and empty mean the same. */
  readonly body?: string | null | undefined;
}

/**
 * How a front end delivers the response. `cut` stops before the headers (`nothing`), after half of the body or after so many
 * bytes of it; then it resets the connection, stalls for ever, or closes the connection in an orderly way.
 */
export type Delivery =
  | { readonly kind: 'whole' }
  | { readonly kind: 'drip'; readonly chunkBytes: number; readonly everyMs: number }
  | {
      readonly kind: 'cut';
      readonly keep: 'nothing' | 'half' | number;
      readonly end: 'reset' | 'stall' | 'close';
    };

/** A response as plain values. */
export interface PlainResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds of real time to wait before anything is delivered. */
  readonly delayMs: number;
  readonly delivery: Delivery;
}

/** All of the response, at once. */
export const WHOLE: Delivery = { kind: 'whole' };

const BASE = '/api/v4';

/** A path below the base, and the query without its `?`. `path` is undefined outside of `/api/v4`. */
export interface Target {
  readonly path: string | undefined;
  readonly query: string;
}

/** Takes a request target apart: an absolute URL, a path with a gateway's prefix, and a fragment are all fine. */
export function locate(target: string): Target {
  const hash = target.indexOf('#');
  const whole = hash < 0 ? target : target.slice(0, hash);
  const question = whole.indexOf('?');
  const path = question < 0 ? whole : whole.slice(0, question);
  const query = question < 0 ? '' : whole.slice(question + 1);
  const at = path.indexOf(`${BASE}/`);
  return { path: at < 0 ? undefined : path.slice(at + BASE.length), query };
}

/** The first value of a header. */
export function header(headers: PlainHeaders | null | undefined, name: string): string | undefined {
  if (headers == null || !Object.hasOwn(headers, name)) return undefined;
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
