// The ways into a reference: each gives the same fetch, so that one suite runs through all of them.
import { listen, type Reference } from 'blazemeter-client/testing';
import { handlers } from 'blazemeter-client/testing/msw';
import { setupServer } from 'msw/node';
import type { Fetch } from '../support/checked-fetch.ts';

export interface OpenFrontEnd {
  readonly baseUrl: string;
  readonly fetch: Fetch;
  close(): Promise<void>;
}

export interface FrontEnd {
  readonly name: string;
  /** Whether several may be open at a time. */
  readonly concurrent: boolean;
  open(reference: Reference): Promise<OpenFrontEnd>;
}

const SERVICE = 'https://a.blazemeter.com/api/v4';

const injected: FrontEnd = {
  name: 'injected fetch',
  concurrent: true,
  async open(reference) {
    return { baseUrl: SERVICE, fetch: (url, init) => reference.fetch(url, init), close: async () => {} };
  },
};

const msw: FrontEnd = {
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

const socket: FrontEnd = {
  name: 'a real socket',
  concurrent: true,
  async open(reference) {
    const server = await listen(reference, { port: 0 });
    return {
      baseUrl: server.url,
      fetch: (url, init) => globalThis.fetch(url, init),
      close: () => server.close(),
    };
  },
};

export const frontEnds: readonly FrontEnd[] = [injected, msw, socket];
