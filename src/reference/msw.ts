// The front end for msw, 2.7 and up. It stands apart because msw is an optional peer.

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
    http.all('*/api/v4/*', async ({ request }) => {
      try {
        // What leads elsewhere is the caller's to follow.
        return await reference.fetch(request, { redirect: 'manual' });
      } catch (error) {
        if (request.signal.aborted) throw error;
        // msw would make a 500 of a thrown error; a broken connection is this.
        return HttpResponse.error();
      }
    }),
  ];
}
