// A service behind a store without a socket: a fetch whose responses are prepared, and which keeps what it was asked. And a
// seal that hides nothing, and says for which place it was asked.

import type { FetchLike } from 'blazemeter-client';
import { type RotationRecord, readRecord, revealRecord, type Sealing } from 'blazemeter-client/rotation';

/** A response, a failure on the way, or what else the fetch is to do. */
export type Prepared = { readonly status: number; readonly body?: unknown } | Error | FetchLike;

export interface Replies {
  readonly fetch: FetchLike;
  readonly asked: { readonly url: string; readonly init: Parameters<FetchLike>[1] }[];
  /** Responses for what is asked next. */
  next(...prepared: Prepared[]): void;
  /** Method, URL and JSON of what was asked so far. */
  requests(): unknown[];
}

export function responses(...first: Prepared[]): Replies {
  const queue = [...first];
  const asked: Replies['asked'] = [];
  return {
    asked,
    next: (...prepared) => void queue.push(...prepared),
    requests: () =>
      asked.map(({ url, init: { method, body } }) =>
        body === undefined ? [method, url] : [method, url, JSON.parse(body)],
      ),
    async fetch(url, init) {
      asked.push({ url, init });
      const next = queue.shift();
      if (next === undefined) throw new Error('No response was prepared.');
      if (next instanceof Error) throw next;
      if (typeof next === 'function') return next(url, init);
      const { status, body } = next;
      return new Response(body === undefined ? null : JSON.stringify(body), { status });
    },
  };
}

/** A seal that hides nothing, with the places that it was asked for. */
export function openSeal(): Sealing & { readonly places: string[] } {
  const places: string[] = [];
  return {
    places,
    async seal(record: RotationRecord, place: string) {
      places.push(`seal ${place}`);
      return revealRecord(record);
    },
    async open(text: string, place: string) {
      places.push(`open ${place}`);
      return readRecord(text);
    },
  };
}
