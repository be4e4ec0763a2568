// Lists by properties: whatever a server does, reading a list ends, gives everything that was served, and gives nothing
// twice. From a server that is honest about its pages it gives everything there is, whatever it says of the total.
import assert from 'node:assert/strict';
import { type ApiKey, BlazeMeterClient, type PagePromise } from 'blazemeter-client';
import fc from 'fast-check';
import { describe, it } from 'vitest';

/** What a server may say in the place of a number. */
const lie = fc.oneof(
  fc.integer({ min: -5, max: 60 }),
  fc.constantFrom(null, undefined, 'n/a', '10', Number.MAX_SAFE_INTEGER, 1e308, true, []),
  fc.double(),
);

interface Served {
  readonly ids: readonly number[];
  readonly limit: unknown;
  readonly total: unknown;
}

const item = (id: number) => ({ id: `key-${id}`, name: `key ${id}`, created: 1_900_000_000 + id });

/** A client of a server that responds to the n-th request of a list, for `skip` and `limit`, with what it pleases. */
function clientOf(serve: (nth: number, skip: number, limit: number) => Served) {
  const skips: number[] = [];
  const served = new Set<string>();
  const client = new BlazeMeterClient({
    credentials: 'an-id:a-secret',
    logLevel: 'off',
    maxRetries: 0,
    fetch: async (url) => {
      const query = new URL(url).searchParams;
      const skip = Number(query.get('skip'));
      const { ids, limit, total } = serve(skips.length, skip, Number(query.get('limit')));
      skips.push(skip);
      for (const id of ids) served.add(`key-${id}`);
      return new Response(JSON.stringify({ limit, skip, total, error: null, result: ids.map(item) }), {
        headers: { 'content-type': 'application/json' },
      });
    },
  });
  return { client, skips, served };
}

async function collect(list: AsyncIterable<ApiKey>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of list) ids.push(id);
  return ids;
}

/** The same, page by page. */
async function collectPages(list: PagePromise<ApiKey>): Promise<string[]> {
  let page = await list;
  const ids = page.items.map(({ id }) => id);
  while (page.hasMore) {
    page = await page.next();
    ids.push(...page.items.map(({ id }) => id));
  }
  const end = await page.next();
  assert.deepEqual([end.items, end.hasMore], [[], false]);
  return ids;
}

const ways = [
  ['iterated', collect],
  ['page by page', collectPages],
] as const;
const params = fc.record({ limit: fc.integer({ min: 0, max: 12 }) }, { requiredKeys: [] });

describe.each(ways)('a list, %s,', (_, read) => {
  it('ends and misses nothing that was served, whatever the server does', async () => {
    const page = fc.record({ ids: fc.array(fc.nat({ max: 30 }), { maxLength: 8 }), limit: lie, total: lie });
    await fc.assert(
      fc.asyncProperty(fc.array(page, { minLength: 1, maxLength: 12 }), params, async (pages, given) => {
        // After the last page it begins again: a server that never says that it is done.
        const { client, skips, served } = clientOf((nth) => {
          const now = pages[nth % pages.length];
          assert.ok(now);
          return now;
        });
        const ids = await read(client.apiKeys.list(given));
        assert.equal(new Set(ids).size, ids.length, 'an item came twice');
        assert.deepEqual(new Set(ids), served);
        // Where the total shrank, what moved to an earlier place is read again.
        const onward = skips.filter((skip, at) => skip >= Math.max(0, ...skips.slice(0, at)));
        // Where it grew, a page of known items does not end the list.
        assert.ok(
          onward.length <= served.size + pages.length,
          'a page that brought nothing new did not end the list',
        );
      }),
      { numRuns: 100 },
    );
  });

  it('is complete and in order, whatever a server with honest pages says of the total', async () => {
    const server = fc.record({
      count: fc.nat({ max: 60 }),
      most: fc.integer({ min: 1, max: 25 }),
      total: lie,
      states: fc.constantFrom('its limit', 'nothing'),
    });
    await fc.assert(
      fc.asyncProperty(
        server,
        params,
        fc.nat({ max: 5 }),
        async ({ count, most, total, states }, given, skip) => {
          const { client, skips } = clientOf((_nth, from, asked) => {
            const limit = asked === 0 ? most : Math.min(asked, most);
            const ids = Array.from({ length: count }, (_item, id) => id).slice(from, from + limit);
            return { ids, limit: states === 'nothing' ? undefined : limit, total };
          });
          const ids = await read(client.apiKeys.list({ ...given, skip }));
          const expected = Array.from({ length: count }, (_item, id) => `key-${id}`).slice(skip);
          assert.deepEqual(ids, expected);
          assert.equal(skips[0], skip);
        },
      ),
    );
  });

  it('overlapping pages, as a list that changes while it is read gives them, bring nothing twice', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 2, max: 10 }), fc.nat({ max: 40 }), async (limit, count) => {
        // Each page goes back by one: another program puts items in front meanwhile.
        const { client, served } = clientOf((nth, from) => {
          const at = Math.max(0, from - nth);
          return {
            ids: Array.from({ length: count }, (_item, id) => id).slice(at, at + limit),
            limit,
            total: null,
          };
        });
        const ids = await read(client.apiKeys.list({ limit }));
        assert.equal(new Set(ids).size, ids.length);
        assert.deepEqual(new Set(ids), served);
      }),
    );
  });
});

it('a list misses nothing that was there from the beginning while keys that sort to its front are created', async () => {
  for (const limit of [1, 2, 3]) {
    let ids = [10, 11, 12, 13, 14, 15];
    const { client } = clientOf((nth, skip, most) => {
      const page = ids.slice(skip, skip + most);
      const served = { ids: page, limit: most, total: ids.length };
      // As many new ones as a page has, after each of the first three.
      if (nth < 3) ids = [...page.map((_, at) => 100 + 10 * nth + at), ...ids];
      return served;
    });
    const read = await collect(client.apiKeys.list({ limit }));
    assert.deepEqual(
      read.filter((id) => Number(id.slice(4)) < 100),
      [10, 11, 12, 13, 14, 15].map((id) => `key-${id}`),
    );
  }
});

describe('a list of three pages', () => {
  function list() {
    const { client } = clientOf((_, skip, limit) => ({
      ids: [0, 1, 2, 3, 4, 5, 6].slice(skip, skip + limit),
      limit,
      total: 7,
    }));
    return client.apiKeys.list({ limit: 3 });
  }

  it('that is read twice gives everything twice', async () => {
    const page = await list();
    assert.deepEqual([(await collect(page)).length, (await collect(page)).length], [7, 7]);
  });

  it('gives the same next page to all that ask a page for it', async () => {
    const page = await list();
    const [one, two] = await Promise.all([page.next(), page.next()]);
    assert.equal(one.items.length, 3);
    assert.deepEqual(two.items, one.items);
  });
});

it('a list that brings something new for ever is stopped with an error, even where its total makes what may have moved be read again', async () => {
  const { client, skips } = clientOf((nth) => ({ ids: [nth], limit: 1, total: nth % 2 === 0 ? 1e9 : 1 }));
  await assert.rejects(collect(client.apiKeys.list()), { name: 'InvalidResponseError' });
  assert.equal(skips.length, 10_000);
}, 60_000);
