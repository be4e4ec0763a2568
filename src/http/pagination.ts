// Lists: one page when awaited, every item when iterated. A list ends on an empty page, on a page that brings nothing
// new, or on one shorter than the limit that the response itself states; never by the limit asked for, nor by `total`.

import * as z from 'zod/mini';
import { InvalidResponseError } from '../errors.ts';
import { parseOptions } from '../util/options.ts';
import { type CallPromise, callPromise, type Outcome, withMethods } from './call-promise.ts';

/** A page of a list. Iterating it continues through the pages after it. */
export interface Page<T> extends AsyncIterable<T> {
  /** The items on this page. */
  readonly items: readonly T[];
  /** The number of items on all pages, if the service states it as a number. */
  readonly total?: number;
  /** Whether there may be more items; the next page can still be empty. */
  readonly hasMore: boolean;
  /** Reads the next page; an empty one if there is none. */
  next(): Promise<Page<T>>;
}

/** A list: await it for its first page, iterate it with `for await` for every item, or collect the items. */
export interface PagePromise<T> extends CallPromise<Page<T>>, AsyncIterable<T> {
  /** Collects the items of all pages. With `limit` at most that many; it reads no more pages than they need. Default: all. */
  toArray(options?: { readonly limit?: number | undefined }): Promise<T[]>;
}

/** One page as it came. */
export interface RawPage<T> {
  readonly items: readonly T[];
  /** The page size that the response states. */
  readonly limit: number | undefined;
  readonly total: number | undefined;
}

/** Fetches the page that begins at `skip`. */
export type FetchPage<T> = (skip: number) => Promise<Outcome<RawPage<T>>>;

/** No list is longer than this; a server that never ends is stopped here. */
const MAX_PAGES = 10_000;

interface Position<T> {
  readonly fetch: FetchPage<T>;
  readonly idOf: (item: T) => string | number;
  /** The page on which each id was seen first: a page that is read again still has its items. */
  readonly seen: Map<string | number, number>;
  readonly skip: number;
  /** How many were fetched so far, those that were read again included. */
  readonly pages: number;
  /** The total that the page before stated. */
  readonly total: number | undefined;
}

async function load<T>(at: Position<T>): Promise<Outcome<Page<T>>> {
  let { pages } = at;
  const fetch: FetchPage<T> = (skip) => {
    if (pages >= MAX_PAGES) {
      throw new InvalidResponseError(
        `The list did not end within ${MAX_PAGES} pages. Ask for more at a time (limit), or for less (filters).`,
      );
    }
    pages += 1;
    return at.fetch(skip);
  };
  const { data: raw, about } = await fetch(at.skip);
  const moved = await fetchMoved({ ...at, fetch }, raw.total);
  const here = new Set<string | number>();
  const items = [...moved, ...raw.items].filter((item) => {
    const id = at.idOf(item);
    const first = at.seen.get(id) ?? at.pages;
    if (first < at.pages || here.has(id)) return false;
    here.add(id);
    at.seen.set(id, at.pages);
    return true;
  });
  const short = raw.limit !== undefined && raw.items.length < raw.limit;
  // Where the list has grown, what was created before this page has moved known items onto it.
  const grew = at.total !== undefined && raw.total !== undefined && raw.total > at.total;
  const hasMore = !short && raw.items.length > 0 && (items.length > 0 || grew);
  const next = { ...at, skip: at.skip + raw.items.length, pages, total: raw.total };
  return { data: makePage(items, raw.total, hasMore, next), about };
}

/**
 * What has moved to an earlier place. Where the list is shorter than it was at the page before, something was deleted, and
 * as many items may stand before this page that no page has shown yet.
 */
async function fetchMoved<T>(at: Position<T>, total: number | undefined): Promise<T[]> {
  const moved: T[] = [];
  const deleted = at.total === undefined || total === undefined ? 0 : at.total - total;
  for (let skip = Math.max(0, at.skip - deleted); skip < at.skip; ) {
    const { items } = (await at.fetch(skip)).data;
    if (items.length === 0) break;
    moved.push(...items);
    skip += items.length;
  }
  return moved;
}

function makePage<T>(
  items: readonly T[],
  total: number | undefined,
  hasMore: boolean,
  next: Position<T>,
): Page<T> {
  const page: Page<T> = {
    items,
    ...(total === undefined ? {} : { total }),
    hasMore,
    next: async () => (hasMore ? (await load(next)).data : makePage([], total, false, next)),
    [Symbol.asyncIterator]: () => iterate(Promise.resolve(page)),
  };
  return page;
}

async function* iterate<T>(first: PromiseLike<Page<T>>): AsyncGenerator<T, void, undefined> {
  let page = await first;
  for (;;) {
    yield* page.items;
    if (!page.hasMore) return;
    page = await page.next();
  }
}

/** Creates the promise of a list that begins at `skip`. */
export function pagePromise<T>(
  fetch: FetchPage<T>,
  idOf: (item: T) => string | number,
  skip: number,
): PagePromise<T> {
  const promise = callPromise(load({ fetch, idOf, seen: new Map(), skip, pages: 0, total: undefined }));
  return withMethods(promise, {
    [Symbol.asyncIterator]: () => iterate(promise),
    toArray: (options?: { readonly limit?: number | undefined }) => collect(promise, options),
  });
}

const TO_ARRAY = { limit: z.number('a number above 0').check(z.gt(0, 'a number above 0')) };

async function collect<T>(
  first: PromiseLike<Page<T>>,
  options: { readonly limit?: number | undefined } | undefined,
): Promise<T[]> {
  const { limit = Number.POSITIVE_INFINITY } = parseOptions('toArray', TO_ARRAY, options);
  const items: T[] = [];
  for await (const item of iterate(first)) {
    items.push(item);
    if (items.length >= limit) break;
  }
  return items;
}
