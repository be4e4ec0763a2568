// What the client does on Deno, whose fetch repeats a write by itself. That it helps there is shown by the contract on
// Deno; here only that it is asked for, and nowhere else.
import { BlazeMeterClient, type FetchInit } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { afterEach, expect, test, vi } from 'vitest';

afterEach(() => vi.unstubAllGlobals());

async function initsOf(fetchOptions: Record<string, unknown> = {}): Promise<FetchInit[]> {
  const reference = createReference();
  const { keys } = reference.seed();
  const inits: FetchInit[] = [];
  const client = new BlazeMeterClient({
    credentials: keys.owner,
    fetchOptions,
    fetch: (url, init) => {
      inits.push(init);
      return reference.fetch(url, init);
    },
  });
  await client.user.get();
  await client.apiKeys.create({ name: 'one', expiresIn: '1 month' });
  return inits;
}

const clientsIn = (inits: readonly FetchInit[]) =>
  inits.map((init) => [init.method, Reflect.get(init, 'client')]);

test('on Deno a write goes over a connection that no other request has used', async () => {
  const own = { own: true };
  const createHttpClient = vi.fn(() => own);
  vi.stubGlobal('Deno', { createHttpClient });
  const inits = await initsOf();
  expect(clientsIn(inits)).toEqual(inits.map(({ method }) => [method, method === 'POST' ? own : undefined]));
  expect(inits.some(({ method }) => method === 'POST')).toBe(true);
  expect(createHttpClient).toHaveBeenCalledExactlyOnceWith({ poolMaxIdlePerHost: 0 });
});

test('a Deno client among the fetchOptions comes first', async () => {
  vi.stubGlobal('Deno', { createHttpClient: () => ({ own: true }) });
  const mine = { mine: true };
  const inits = await initsOf({ client: mine });
  expect(clientsIn(inits)).toEqual(inits.map(({ method }) => [method, mine]));
});

test('elsewhere a write is given no client', async () => {
  const inits = await initsOf();
  expect(inits.some((init) => 'client' in init)).toBe(false);
});
