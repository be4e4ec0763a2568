// What the core takes and gives: plain values, so that any front end (fetch, msw, a socket) is a few lines.

/** Header fields by lower-case name. */
export type PlainHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** A request as plain values. */
export interface PlainRequest {
  readonly method: string;
  /** The path as it came, `/api/v4` and whatever stands before it included; a query may follow after `?`. */
  readonly path: string;
  readonly headers?: PlainHeaders | undefined;
  /** The body's text; absent, `null` and empty mean the same. */
  readonly body?: string | null | undefined;
}

/**
 * How a front end hands the answer over. `cut` stops after nothing at all (not even the headers), after half of the
 * body or after so many bytes of it, and then ends: `reset` the connection, `stall` for ever, or `close` it as if done.
 */
export type Delivery =
  | { readonly kind: 'whole' }
  | { readonly kind: 'drip'; readonly chunkBytes: number; readonly everyMs: number }
  | {
      readonly kind: 'cut';
      readonly keep: 'nothing' | 'half' | number;
      readonly end: 'reset' | 'stall' | 'close';
    };

/** An answer as plain values. */
export interface PlainAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** Milliseconds of real time to wait before anything is handed over. */
  readonly delayMs: number;
  readonly delivery: Delivery;
}

/** The answer to a normal request: all of it, at once. */
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
  const mark = whole.indexOf('?');
  const path = mark < 0 ? whole : whole.slice(0, mark);
  const query = mark < 0 ? '' : whole.slice(mark + 1);
  const at = path.indexOf(`${BASE}/`);
  return { path: at < 0 ? undefined : path.slice(at + BASE.length), query };
}

/** The first value of a header. */
export function header(headers: PlainHeaders | undefined, name: string): string | undefined {
  if (headers === undefined || !Object.hasOwn(headers, name)) return undefined;
  const value = headers[name];
  return typeof value === 'string' ? value : value?.[0];
}
