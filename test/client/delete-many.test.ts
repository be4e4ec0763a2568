// Deleting while a list is iterated moves what comes after it to an earlier place: nothing is left out.

import { BlazeMeterClient } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { expect, it } from 'vitest';

async function world(count: number) {
  const reference = createReference();
  const { keys } = reference.seed();
  const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch, logLevel: 'off' });
  for (let at = 0; at < count; at++)
    await client.apiKeys.create({ name: `old ${at}`, expiresIn: { days: 30 } });
  return { client, reference };
}

const isOld = ({ name }: { readonly name: string }) => name.startsWith('old');

it.each([1, 2, 3, 7])('every key, with pages of %i', async (limit) => {
  const { client } = await world(12);
  for await (const key of client.apiKeys.list({ limit })) if (isOld(key)) await client.apiKeys.delete(key.id);
  expect((await client.apiKeys.list().toArray()).filter(isOld)).toEqual([]);
});

it('every other key: the others are seen once', async () => {
  const { client } = await world(12);
  const seen: string[] = [];
  for await (const key of client.apiKeys.list({ limit: 3 })) {
    seen.push(key.name);
    if (isOld(key) && seen.length % 2 === 0) await client.apiKeys.delete(key.id);
  }
  expect(seen.filter((name) => name.startsWith('old'))).toHaveLength(12);
  expect(new Set(seen).size).toBe(seen.length);
});

it('page by page', async () => {
  const { client } = await world(9);
  let page = await client.apiKeys.list({ limit: 4 });
  for (;;) {
    for (const key of page.items) if (isOld(key)) await client.apiKeys.delete(key.id);
    if (!page.hasMore) break;
    page = await page.next();
  }
  expect((await client.apiKeys.list().toArray()).filter(isOld)).toEqual([]);
});
