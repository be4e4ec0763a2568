// The way into a reference through msw. In a file of its own: the suite also runs where there is no msw.
import { handlers } from 'blazemeter-client/testing/msw';
import { setupServer } from 'msw/node';
import { type FrontEnd, SERVICE } from './front-ends.ts';

export const msw: FrontEnd = {
  name: 'msw',
  // It takes the place of the global fetch.
  concurrent: false,
  async open(reference) {
    const server = setupServer(...handlers(reference));
    server.listen({ onUnhandledRequest: 'error' });
    return {
      baseUrl: SERVICE,
      fetch: (url, init) => globalThis.fetch(url, init),
      close: async () => server.close(),
    };
  },
};
