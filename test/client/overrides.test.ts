// Overriding rows of the table of operations: what an override is told, and what cannot work is refused at once.

import { AuthenticationError, BlazeMeterClient, type FetchLike } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';

function setUp() {
  const reference = createReference();
  const world = reference.seed();
  return { reference, ...world };
}

describe('an override of a result', () => {
  it('knows what was asked for, so that it can complete an answer that is a secret alone', async () => {
    const { reference, keys } = setUp();
    const { apiKey } = await new BlazeMeterClient({
      credentials: keys.owner,
      fetch: reference.fetch,
    }).apiKeys.create({
      name: 'ci',
      expiresIn: '1 month',
    });
    const bareSecret: FetchLike = async (url, init) => {
      const answer = await reference.fetch(url, init);
      if (!url.endsWith('/regenerate')) return answer;
      const { result } = await answer.json();
      return Response.json({ secret: result.secret });
    };
    const client = new BlazeMeterClient({
      credentials: keys.owner,
      fetch: bareSecret,
      operations: {
        'apiKeys.regenerateSecret': {
          result: (_, answer, asked) => ({ ...Object(answer), id: asked.id, name: 'ci', created: 0 }),
        },
      },
    });
    const regenerated = await client.apiKeys.regenerateSecret(apiKey.id);
    expect(regenerated.apiKey.id).toBe(apiKey.id);
    const fresh = { id: apiKey.id, secret: regenerated.secret };
    await new BlazeMeterClient({ credentials: fresh, fetch: reference.fetch }).user.get();
  });
});

describe('an override', () => {
  it('of a body gets the expiry twice, as seconds and as a date, of the very same moment', async () => {
    const { reference, keys } = setUp();
    const moments: (number | undefined)[] = [];
    const client = new BlazeMeterClient({
      credentials: keys.owner,
      fetch: reference.fetch,
      operations: {
        'apiKeys.create': {
          body: ({ name, expiration = 0, expiresAt }) => {
            moments.push(expiration * 1000, expiresAt?.getTime());
            return { name, expiration };
          },
        },
      },
    });
    await client.apiKeys.create({ name: 'ci', expiresAt: new Date(Date.now() + 86_400_123) });
    expect(moments[0]).toBe(moments[1]);
  });

  it('leaves alone how a row is sent again, whatever else stands in it', async () => {
    let sends = 0;
    const given: object = { path: '/keys', replay: 'safe' };
    const client = new BlazeMeterClient({
      credentials: 'my-key:my-secret',
      operations: { 'apiKeys.create': given },
      fetch: async (_, { method }) => {
        if (method === 'GET') return Response.json({ result: { id: 1 } });
        sends++;
        return new Response('{}', { status: 503 });
      },
    });
    await expect(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' })).rejects.toMatchObject({
      code: 'ambiguous_outcome',
    });
    expect(sends).toBe(1);
  });
});

describe('an override that cannot work', () => {
  it.each([
    ['an unknown row', Object.fromEntries([['apiKeys.crate', { path: '/x' }]]), /no operation of that name/],
    [
      'a path without its placeholder',
      { 'apiKeys.get': { path: '/keys' } },
      /placeholders of \/api-keys\/\{id\}/,
    ],
    ['a path that does not begin with a slash', { 'user.get': { path: 'user' } }, /must start with "\/"/],
    ['a method that is none', { 'apiKeyPolicy.set': { method: 'P UT' } }, /must be an HTTP method/],
  ])('such as %s is refused when the client is made', (_, operations, message) => {
    expect(() => new BlazeMeterClient({ credentials: 'id:secret', operations })).toThrow(message);
  });
});

describe('setting the maximum', () => {
  it('tells that it was accepted when the key does not survive to read it back', async () => {
    const { reference, keys, accounts } = setUp();
    reference.setSemantics({ shrink: 'revoke' });
    const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch });
    const call = client.accounts.apiKeyPolicy.set(accounts.main.id, { maximum: '1 month' });
    await expect(call).rejects.toBeInstanceOf(AuthenticationError);
    await expect(call).rejects.toThrow(/^The maximum was accepted, but reading it back failed/);
  });
});
