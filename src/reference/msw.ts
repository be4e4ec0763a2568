/**
 * The reference as request handlers of msw, 2.7 and later. A separate entry point, because msw is an optional peer.
 *
 * @module blazemeter-client/testing/msw
 */

import { HttpResponse, http, passthrough, type RequestHandler } from 'msw';
import { parseOptions, spec } from '../util/options.ts';
import type { Reference } from './reference.ts';

/** Which requests the handlers are for. */
export interface HandlersOptions {
  /** The base URL that the code under test uses. Default `https://a.blazemeter.com/api/v4`. */
  readonly baseUrl?: string | undefined;
}

const LOOPBACK = /^https?:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?\/api\/v4\//;

/**
 * Handlers that let a reference respond to everything below one base URL. Requests to other origins are left to other
 * handlers and to `onUnhandledRequest`; only those below `/api/v4` of this machine pass through, to reach `listen()`.
 *
 * @throws `TypeError` for a `baseUrl` that is no http or https URL ending in `/api/v4`.
 * @example
 * ```ts
 * import { setupServer } from 'msw/node';
 * import { createReference } from 'blazemeter-client/testing';
 * import { handlers } from 'blazemeter-client/testing/msw';
 *
 * const reference = createReference();
 * const server = setupServer(...handlers(reference));
 * server.listen();
 * const response = await fetch('https://a.blazemeter.com/api/v4/web/version');
 * console.log(response.status); // 200
 * server.close();
 * ```
 */
export function handlers(reference: Pick<Reference, 'fetch'>, options?: HandlersOptions): RequestHandler[] {
  const { baseUrl = 'https://a.blazemeter.com/api/v4' } = parseOptions<HandlersOptions>(
    'handlers',
    { baseUrl: spec.string },
    options,
  );
  const base = URL.canParse(baseUrl) ? new URL(baseUrl) : undefined;
  const path = base?.pathname.replace(/\/$/, '');
  if (base === undefined || !/^https?:$/.test(base.protocol) || path?.endsWith('/api/v4') !== true)
    throw new TypeError('handlers: baseUrl must be an http or https URL that ends with /api/v4.');
  const below = `${base.origin}${path}/`.replace(/[^\w/:-]/g, String.raw`\$&`);
  return [
    // Not a path pattern: msw decodes what a pattern matches, and fails on a malformed escape such as %zz.
    http.all(new RegExp(`^${below}`), async ({ request }) => {
      try {
        // Redirects are followed by the caller.
        return await reference.fetch(request, { redirect: 'manual' });
      } catch {
        // msw turns a thrown error into a 500; this is a broken connection. A caller that aborted has its reason already.
        return HttpResponse.error();
      }
    }),
    // A reference that listens on a port of this machine is not a request to be mocked.
    http.all(LOOPBACK, () => passthrough()),
  ];
}
