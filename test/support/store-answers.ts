// A service behind a store without a socket: a fetch whose answers are prepared, and which keeps what it was asked. And a
// seal that hides nothing, and tells for which place it was asked.
import { type RotationRecord, readRecord, revealRecord, type Sealing } from 'blazemeter-client/rotation';
import type { FetchInit, FetchLike } from '../../src/http/signing-fetch.ts';
import { failure } from './rotation.ts';

/** An answer, a failure on the way, or what else the fetch is to do. */
export type Prepared = { readonly status: number; readonly body?: unknown } | Error | FetchLike;

/** With what every failure of a store ends. */
export const MEND = ' The key in use still works, and nothing is lost. Mend that, then run it again.';

export interface Answers {
  readonly fetch: FetchLike;
  readonly asked: { readonly url: string; readonly init: FetchInit }[];
  /** Answers for what is asked next. */
  next(...prepared: Prepared[]): void;
  /** Method, URL and JSON of what was asked so far. */
  requests(): unknown[];
}

export function answers(...first: Prepared[]): Answers {
  const queue = [...first];
  const asked: Answers['asked'] = [];
  return {
    asked,
    next: (...prepared) => void queue.push(...prepared),
    requests: () =>
      asked.map(({ url, init: { method, body } }) =>
        body === undefined ? [method, url] : [method, url, JSON.parse(body)],
      ),
    async fetch(url, init) {
      asked.push({ url, init });
      const answer = queue.shift();
      if (answer === undefined) throw new Error('Nobody has prepared an answer.');
      if (answer instanceof Error) throw answer;
      if (typeof answer === 'function') return answer(url, init);
      const { status, body } = answer;
      return new Response(body === undefined ? null : JSON.stringify(body), { status });
    },
  };
}

/** The error that an attempt ends with; of one that may be tried again, the error that is shown in the end. */
export async function attempted(work: Promise<unknown>): Promise<Error & { readonly again: boolean }> {
  const error = await failure(work);
  const inner: unknown = Reflect.get(error, 'error');
  return inner instanceof Error
    ? Object.assign(inner, { again: true })
    : Object.assign(error, { again: false });
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
