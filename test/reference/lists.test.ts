// Pages, order and filters of lists.
import { createReference } from 'blazemeter-client/testing';
import { expect, it } from 'vitest';
import { send } from '../support/reference.ts';

const many = (count: number) => {
  const reference = createReference({ clock: { frozen: true } });
  const { keys } = reference.seed({
    users: { u: {} },
    keys: Object.fromEntries(
      Array.from({ length: count }, (_, n) => [
        `k${n}`,
        { user: 'u', name: `Key ${(n * 7) % count}`, created: { days: -n }, expires: { days: n + 1 } },
      ]),
    ),
  });
  const first = keys.k0;
  if (first === undefined) throw new Error('no key');
  return (query: string) => send(reference, first, 'GET', `/api-keys${query}`);
};

const list = many(25);
const names = (query: string) => list(query).rows.map((row) => String(row.name));

it('ten rows come by default, and as many as are asked for otherwise', () => {
  expect(list('')).toMatchObject({ json: { limit: 10, skip: 0, total: 25 } });
  expect(list('').rows).toHaveLength(10);
  for (const limit of [1, 10, 1000, 10_000])
    expect(list(`?limit=${limit}`).rows).toHaveLength(Math.min(limit, 25));
  expect(list('?limit=1000').json.limit).toBe(1000);
});

it('limit=0 is everything', () => {
  expect(list('?limit=0')).toMatchObject({ json: { limit: 0, total: 25 } });
  expect(list('?limit=0').rows).toHaveLength(25);
  expect(list('?limit=0&skip=20').rows).toHaveLength(5);
});

it('pages join without a gap and without an overlap, and end with an empty one', () => {
  const ids = [0, 10, 20, 30].flatMap((skip) => list(`?skip=${skip}`).rows.map((row) => row.id));
  expect(ids).toEqual(list('?limit=0').rows.map((row) => row.id));
  expect(list('?skip=30')).toMatchObject({ status: 200, rows: [], json: { skip: 30, total: 25 } });
});

it('a limit or skip that is no number is as if it were not there', () => {
  for (const wrong of ['-2', 'x', '1e3', '', '99999999999', '5.5'])
    expect(list(`?limit=${wrong}&skip=${wrong}`).json).toMatchObject({ limit: 10, skip: 0 });
});

it.each([0, -1])('limit=%i asks for everything', (limit) => {
  const { json, rows } = list(`?limit=${limit}&skip=1`);
  expect(json.limit).toBe(limit);
  expect(rows).toHaveLength(Number(json.total) - 1);
});

it('rows come in the order asked for, also percent-encoded, and stay in order where it ties', () => {
  const byName = [...names('?limit=0')].sort();
  expect(names('?limit=0&sort[]=name')).toEqual(byName);
  expect(names('?limit=0&sort%5B%5D=-name')).toEqual([...byName].reverse());
  expect(names('?limit=0&sort[0]=name')).toEqual(byName);
  const created = list('?limit=0&sort[]=created').rows.map((row) => Number(row.created));
  expect(created).toEqual([...created].sort((a, b) => a - b));
  expect(names('?limit=0&sort[]=userId')).toEqual(names('?limit=0'));
  expect(names('?limit=0&sort[]=__proto__&sort[]=constructor')).toEqual(names('?limit=0'));
});

it('what has no value comes first in ascending order', () => {
  const [first] = list('?sort[]=-lastUsed').rows;
  expect(first?.lastUsed).not.toBeNull();
  expect(list('?sort[]=lastUsed').rows[0]?.lastUsed).toBeNull();
});

it('filters match anywhere, in any case, and are never patterns', () => {
  expect(names('?limit=0&name=key%201').length).toBe(11);
  expect(names('?limit=0&name=KEY%2024')).toEqual(['Key 24']);
  for (const pattern of ['.*', '%25', 'Key ?', '[0-9]', '(', '\\d'])
    expect(names(`?name=${pattern}`)).toEqual([]);
  expect(list('?name=nothing')).toMatchObject({ json: { total: 0 }, rows: [] });
});

it('a filter and an order of a long list hold while rows come and go', () => {
  const reference = createReference();
  const { keys } = reference.seed({
    users: { u: {} },
    keys: Object.fromEntries(
      Array.from({ length: 600 }, (_, n) => [`k${n}`, { user: 'u', name: `n${600 - n}` }]),
    ),
  });
  const [mine, other] = [keys.k0, keys.k1];
  if (mine === undefined || other === undefined) throw new Error('no keys');
  const page = () => send(reference, mine, 'GET', '/api-keys?sort[]=name&name=n5&limit=3');
  const before = page();
  expect(page().rows).toEqual(before.rows);
  send(reference, mine, 'DELETE', `/api-keys/${other.id}`);
  expect(Number(page().json.total)).toBe(Number(before.json.total) - 1);
});
