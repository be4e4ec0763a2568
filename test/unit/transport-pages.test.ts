// Lists from pages that are given by hand: where a list ends, which items it gives once, and what each page says of itself.
import { describe, expect, test, vi } from 'vitest';
import { type FetchPage, type Page, pagePromise, type RawPage } from '../../src/transport/pagination.ts';

interface Item {
  readonly id: number;
}

const about = () => ({ response: { status: 200, headers: new Headers() }, attempts: 1 });
const page = (ids: readonly number[], limit?: number, total?: number): RawPage<Item> => ({
  items: ids.map((id) => ({ id })),
  limit,
  total,
});

/** A list of these pages, in order; after them come empty ones. */
function listOf(pages: readonly RawPage<Item>[], skip = 0) {
  const skips: number[] = [];
  const fetch: FetchPage<Item> = async (from) => {
    const data = pages[skips.length] ?? page([]);
    skips.push(from);
    return { data, about: () => ({ ...about(), requestId: `from ${from}` }) };
  };
  return { list: pagePromise(fetch, ({ id }) => id, skip), skips: () => skips };
}

const idsOf = ({ items }: Page<Item>) => items.map(({ id }) => id);
async function all(list: AsyncIterable<Item>): Promise<number[]> {
  const ids: number[] = [];
  for await (const { id } of list) ids.push(id);
  return ids;
}

describe('a list', () => {
  test('when awaited is its first page, and fetches no more', async () => {
    const { list, skips } = listOf([page([1, 2], 2, 3), page([3], 2, 3)], 40);
    const first = await list;
    expect([idsOf(first), first.hasMore, first.total]).toEqual([[1, 2], true, 3]);
    expect(skips()).toEqual([40]);
  });

  test('when iterated is all its items, each page from where the last one ended', async () => {
    const { list, skips } = listOf([page([1, 2], 2), page([3, 4], 2), page([5], 2)], 10);
    expect(await all(list)).toEqual([1, 2, 3, 4, 5]);
    expect(skips()).toEqual([10, 12, 14]);
  });

  test('tells of the answer of its first page', async () => {
    const { list } = listOf([page([1, 2], 2)], 7);
    const { data, requestId, attempts } = await list.withResponse();
    expect([idsOf(data), requestId, attempts]).toEqual([[1, 2], 'from 7', 1]);
  });
});

describe('a list ends', () => {
  test('on a page shorter than the limit that it states', async () => {
    const { list, skips } = listOf([page([1, 2], 2), page([3], 2), page([4], 2)]);
    expect(await all(list)).toEqual([1, 2, 3]);
    expect(skips()).toHaveLength(2);
  });

  test('on an empty page where no limit is stated', async () => {
    const { list, skips } = listOf([page([1, 2]), page([3]), page([]), page([4])]);
    expect(await all(list)).toEqual([1, 2, 3]);
    expect(skips()).toEqual([0, 2, 3]);
  });

  test('on a page that brings nothing new', async () => {
    const { list, skips } = listOf([page([1, 2], 2), page([2, 1], 2), page([3, 4], 2)]);
    expect(await all(list)).toEqual([1, 2]);
    expect(skips()).toHaveLength(2);
  });

  test('with an error after ten thousand pages', async () => {
    let id = 0;
    const fetch = vi.fn(async () => ({ data: page([id++], 1), about }));
    const list = pagePromise(fetch, (item) => item.id, 0);
    await expect(all(list)).rejects.toThrow(
      /^The list did not end within 10000 pages\. Ask for more at a time \(limit\), or for less \(filters\)\.$/,
    );
    expect(fetch).toHaveBeenCalledTimes(10_000);
  });
});

describe('an item', () => {
  test('that comes on two pages, or twice on one, is given once, and counted as served', async () => {
    const { list, skips } = listOf([
      page([1, 1, 2], 3),
      page([2, 3, 3], 3),
      page([1, 3, 4], 3),
      page([5], 3),
    ]);
    expect(await all(list)).toEqual([1, 2, 3, 4, 5]);
    expect(skips()).toEqual([0, 3, 6, 9]);
  });

  test('is still on its page when that is read again', async () => {
    const served: Record<number, RawPage<Item>> = { 0: page([1, 2], 2), 2: page([2, 3], 2), 4: page([4], 2) };
    const fetch = async (skip: number) => ({ data: served[skip] ?? page([]), about });
    const first = await pagePromise<Item>(fetch, ({ id }) => id, 0);
    expect(idsOf(await first.next())).toEqual([3]);
    expect(idsOf(await first.next())).toEqual([3]);
    expect([await all(first), await all(first)]).toEqual([
      [1, 2, 3, 4],
      [1, 2, 3, 4],
    ]);
  });
});

describe('a page', () => {
  test('says how many items there are only where that was said', async () => {
    expect(await listOf([page([1], 2, 0)]).list).toMatchObject({ total: 0 });
    expect('total' in (await listOf([page([1], 2)]).list)).toBe(false);
  });

  test('has more after it unless it is short or empty', async () => {
    const more = async (raw: RawPage<Item>) => (await listOf([raw]).list).hasMore;
    expect(await more(page([1, 2], 2))).toBe(true);
    expect(await more(page([1, 2, 3], 2))).toBe(true);
    expect(await more(page([1]))).toBe(true);
    expect(await more(page([1], 2))).toBe(false);
    expect(await more(page([]))).toBe(false);
    expect(await more(page([], 0))).toBe(false);
  });

  test('gives the next one on demand', async () => {
    const { list, skips } = listOf([page([1, 2], 2, 3), page([3], 2, 3)]);
    const second = await (await list).next();
    expect([idsOf(second), second.hasMore, second.total]).toEqual([[3], false, 3]);
    expect(await all(second)).toEqual([3]);
    expect(skips()).toEqual([0, 2]);
  });

  test('that is the last gives an empty one, of the same total, and fetches nothing', async () => {
    const { list, skips } = listOf([page([1], 2, 1)]);
    const end = await (await list).next();
    expect([end.items, end.hasMore, end.total]).toEqual([[], false, 1]);
    expect(await all(end)).toEqual([]);
    expect(await all(await end.next())).toEqual([]);
    expect(skips()).toEqual([0]);
  });
});
