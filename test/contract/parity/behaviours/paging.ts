// Pages, order and filters: a list ends, and misses nothing that was served, whatever the service says about its size.
import assert from 'node:assert/strict';
import type { ApiKey, ApiKeyListParams } from 'blazemeter-client';
import type { FaultRule } from 'blazemeter-client/testing';
import type { Behaviour, Context } from '../behaviour.ts';

const MANY = 25;
/** With the two that the world has. */
const ALL = MANY + 2;

/** Gives the owner so many more keys: `key 00`, `key 01`, … */
function seedMany({ reference }: Context): void {
  const names = Array.from({ length: MANY }, (_, at) => `key ${String(at).padStart(2, '0')}`);
  const keys = names.map((name) => [name, { user: 'owner', name, expires: { days: 30 } }] as const);
  reference.seed({ keys: Object.fromEntries(keys) });
}

async function all({ client }: Context, params: ApiKeyListParams = {}): Promise<ApiKey[]> {
  const found: ApiKey[] = [];
  for await (const key of client().apiKeys.list(params)) found.push(key);
  return found;
}

const ids = (keys: readonly { readonly id: unknown }[]) => keys.map(({ id }) => id);

/** Statements about the size of a list, or the list itself, that are wrong; still every key is found, once. */
const bends: readonly (readonly [what: string, deformed: boolean, rule: FaultRule])[] = [
  ['the total is null', true, { effect: 'total', total: null }],
  ['the total is missing', true, { effect: 'total', total: 'omit' }],
  ['the total is a text', true, { effect: 'total', total: 'n/a' }],
  ['the total says none', false, { effect: 'total', total: 0 }],
  ['the total is too small', false, { effect: 'total', total: 3 }],
  ['the total is far too large', false, { effect: 'total', total: 1_000_000 }],
  ['the service gives fewer at a time than asked for', false, { effect: 'cap-limit', limit: 4 }],
  ['the service gives one at a time', false, { effect: 'cap-limit', limit: 1 }],
];

const bent: readonly Behaviour[] = bends.flatMap(([what, deformed, rule]) =>
  [100, 10, 1].map((limit) => ({
    name: `all is found, ${limit} at a time, when ${what}`,
    deformed,
    async run(context: Context) {
      seedMany(context);
      context.reference.faults.add({ ...rule, operation: 'apiKeys.list' });
      const found = ids(await all(context, { limit }));
      assert.equal(new Set(found).size, ALL);
      assert.equal(found.length, ALL);
    },
  })),
);

export const paging: readonly Behaviour[] = [
  ...bent,
  {
    name: 'ten come if nothing is said',
    async run(context) {
      seedMany(context);
      const { results, json } = await context.send('GET /api-keys');
      assert.equal(results.length, 10);
      assert.deepEqual([json.limit, json.skip, json.total], [10, 0, ALL]);
    },
  },
  {
    name: 'a limit of 0 means everything',
    async run(context) {
      seedMany(context);
      const { results } = await context.send('GET /api-keys?limit=0');
      assert.equal(results.length, ALL);
      assert.equal((await all(context, { limit: 0 })).length, ALL);
    },
  },
  {
    name: 'limits of 1000 and 10000 are not refused',
    async run(context) {
      seedMany(context);
      for (const limit of [1000, 10_000])
        assert.equal((await context.send(`GET /api-keys?limit=${limit}`)).results.length, ALL);
    },
  },
  {
    name: 'what is left out at the beginning comes at the end of nothing',
    async run(context) {
      seedMany(context);
      const whole = (await context.send('GET /api-keys?limit=0&sort[]=name')).results;
      const part = await context.send('GET /api-keys?limit=5&skip=20&sort[]=name');
      assert.deepEqual(part.results, whole.slice(20, 25));
      assert.deepEqual([part.json.limit, part.json.skip, part.json.total], [5, 20, ALL]);
    },
  },
  {
    name: 'past the end there is an empty page, and no error',
    async run(context) {
      const { results, status, json } = await context.send('GET /api-keys?skip=1000');
      assert.equal(status, 200);
      assert.deepEqual(results, []);
      assert.equal(json.total, 2);
    },
  },
  {
    name: 'an empty list is a page with nothing on it',
    async run({ client }) {
      const page = await client().apiKeys.list({ name: 'no such name' });
      assert.deepEqual(page.items, []);
      assert.equal(page.hasMore, false);
      assert.deepEqual((await page.next()).items, []);
    },
  },
  {
    name: 'a list that is awaited is one request and one page',
    async run(context) {
      seedMany(context);
      const page = await context.client().apiKeys.list({ limit: 10 });
      assert.equal(page.items.length, 10);
      assert.equal(page.total, ALL);
      assert.equal(page.hasMore, true);
      assert.equal(context.sent().length, 1);
    },
  },
  {
    name: 'page follows page until there is none',
    async run(context) {
      seedMany(context);
      const sizes: number[] = [];
      let page = await context.client().apiKeys.list({ limit: 10 });
      sizes.push(page.items.length);
      while (page.hasMore) {
        page = await page.next();
        sizes.push(page.items.length);
      }
      assert.deepEqual(sizes, [10, 10, 7]);
      assert.deepEqual((await page.next()).items, []);
      assert.equal(context.sent().length, 3);
    },
  },
  {
    name: 'a list that is walked asks for no more than is taken from it',
    async run(context) {
      seedMany(context);
      for await (const _ of context.client().apiKeys.list({ limit: 5 })) break;
      assert.equal(context.sent().length, 1);
    },
  },
  {
    name: 'iteration begins at skip',
    async run(context) {
      seedMany(context);
      const whole = ids(await all(context, { sort: 'name' }));
      assert.deepEqual(ids(await all(context, { sort: 'name', skip: 20, limit: 3 })), whole.slice(20));
    },
  },
  {
    name: 'a service that gives its first page over and over is left after the second',
    async run(context) {
      seedMany(context);
      context.reference.faults.add({ operation: 'apiKeys.list', effect: 'repeat-page' });
      assert.equal((await all(context, { limit: 10 })).length, 10);
      assert.equal(context.sent().length, 2);
    },
  },
  {
    name: 'a list that lags behind is read as it is',
    async run(context) {
      context.reference.faults.add({ operation: 'apiKeys.list', effect: 'stale-list' });
      const { apiKey } = await context.client().apiKeys.create({ name: 'new', expiresIn: { days: 30 } });
      assert.equal(ids(await all(context)).includes(apiKey.id), false);
      assert.equal((await context.client().apiKeys.get(apiKey.id)).name, 'new');
    },
  },
  {
    name: 'order holds across pages',
    async run(context) {
      seedMany(context);
      const names = (await all(context, { sort: ['-name'], limit: 4 })).map(({ name }) => name);
      assert.deepEqual(names, [...names].sort().reverse());
    },
  },
  {
    name: 'a second field decides where the first is equal',
    async run(context) {
      seedMany(context);
      const { results } = await context.send('GET /api-keys?limit=0&sort[]=expiration&sort[]=-name');
      const same = results.filter(({ name }) => /^key \d/.test(String(name))).map(({ name }) => name);
      assert.deepEqual(same, [...same].sort().reverse());
    },
  },
  {
    name: 'an unknown field to sort by is ignored',
    async run(context) {
      const { status, results } = await context.send('GET /api-keys?sort[]=colour');
      assert.equal(status, 200);
      assert.equal(results.length, 2);
    },
  },
  {
    name: 'unknown parameters are ignored',
    async run({ send }) {
      const plain = await send('GET /api-keys');
      const odd = await send('GET /api-keys?app_key=1&_clientId=x&_clientVersion=2&a[b][c]=d');
      assert.deepEqual(odd.results, plain.results);
    },
  },
  {
    name: 'what makes no sense as a limit is refused before anything is sent',
    async run({ client, sent }) {
      for (const limit of [-1, 1.5, Number.NaN])
        await assert.rejects(client().apiKeys.list({ limit }), TypeError);
      assert.equal(sent().length, 0);
    },
  },
];
