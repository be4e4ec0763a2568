// The front ends of a reference that need no library: each gives the same fetch, so that one suite runs through all of
// them.
import { listen, type Reference } from 'blazemeter-client/testing';
import type { Fetch } from '../../support/checked-fetch.ts';

export interface OpenFrontEnd {
  readonly baseUrl: string;
  readonly fetch: Fetch;
  close(): Promise<void>;
}

export interface FrontEnd {
  readonly name: string;
  open(reference: Reference): Promise<OpenFrontEnd>;
}

export const SERVICE = 'https://a.blazemeter.com/api/v4';

export const injected: FrontEnd = {
  name: 'injected fetch',
  async open(reference) {
    return { baseUrl: SERVICE, fetch: (url, init) => reference.fetch(url, init), close: async () => {} };
  },
};

const socket: FrontEnd = {
  name: 'a real socket',
  async open(reference) {
    const server = await listen(reference, { port: 0 });
    return {
      baseUrl: server.url,
      fetch: (url, init) => globalThis.fetch(url, init),
      close: () => server.close(),
    };
  },
};

export const frontEnds: readonly FrontEnd[] = [injected, socket];
