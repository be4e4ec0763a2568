/**
 * The reference as handlers of msw, 2.7 and up. They stand apart because msw is an optional peer.
 *
 * @module blazemeter-client/testing/msw
 */

import { HttpResponse, http, type RequestHandler } from 'msw';
import type { Reference } from './reference.ts';

/**
 * Handlers that let a reference answer everything below `/api/v4`, on any origin.
 *
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
export function handlers(reference: Pick<Reference, 'fetch'>): RequestHandler[] {
  return [
    // Not a pattern: msw decodes what a pattern matches, and fails on a malformed escape such as %zz.
    http.all(/\/api\/v4\//, async ({ request }) => {
      try {
        // What leads elsewhere is the caller's to follow.
        return await reference.fetch(request, { redirect: 'manual' });
      } catch {
        // msw would make a 500 of a thrown error; a broken connection is this. Whoever aborted has his reason already.
        return HttpResponse.error();
      }
    }),
  ];
}
