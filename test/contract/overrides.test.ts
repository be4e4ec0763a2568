// Three invented services, each described by one table of operations that the client and the reference both take: the contract
// of keys and of the maximum holds with each, and a few requests and responses are shown whole.
import { AmbiguousOutcomeError, BlazeMeterClient, type OperationOverrides } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';
import { holdsUnder } from './parity/run.ts';
import { topics } from './parity/suite.ts';

type Fields = Readonly<Record<string, unknown>>;
const fields = (value: unknown): Fields => Object(value);

/** Keys below the user, with other field names, and PUT. */
const key = ({ keyId, title, owner, validUntil, since, changed, usedAt, keySecret }: Fields) => ({
  id: keyId,
  name: title,
  userId: owner,
  created: since,
  updated: changed,
  expiration: validUntil,
  lastUsed: usedAt,
  ...(keySecret === undefined ? {} : { secret: keySecret }),
});
const belowUsers: OperationOverrides = {
  'apiKeys.list': {
    path: '/users/{userId}/api-keys',
    result: (result) => [...Object(result)].map((found) => key(fields(found))),
  },
  'apiKeys.get': { path: '/users/{userId}/api-keys/{id}', result: (result) => key(fields(result)) },
  'apiKeys.create': {
    method: 'PUT',
    path: '/users/{userId}/api-keys',
    body: ({ name, expiration }) => ({ title: name, validUntil: expiration }),
    result: (result) => key(fields(result)),
  },
  'apiKeys.regenerateSecret': {
    method: 'PUT',
    path: '/users/{userId}/api-keys/{id}/secret',
    result: (result) => key(fields(result)),
  },
  'apiKeys.delete': { path: '/users/{userId}/api-keys/{id}' },
  'apiKeyPolicy.set': {
    method: 'PUT',
    path: '/accounts/{accountId}/policy',
    body: ({ days }) => ({ maximumDays: days }),
  },
};

/** Dates as ISO 8601, and the policy in the settings of an account. */
const seconds = (text: unknown) => (typeof text === 'string' ? Math.floor(Date.parse(text) / 1000) : text);
const dated = (found: Fields) => ({
  ...found,
  created: seconds(found.createdAt),
  expiration: seconds(found.expiresAt),
  lastUsed: seconds(found.lastUsedAt),
});
const settled = (account: Fields) => ({
  ...account,
  apiKeyExpiration: fields(fields(account.settings).apiKeys).maximumDays ?? -1,
});
const isoDates: OperationOverrides = {
  'apiKeys.list': { result: (list) => [...Object(list)].map((found) => dated(fields(found))) },
  'apiKeys.get': { result: (found) => dated(fields(found)) },
  'apiKeys.create': {
    body: ({ name, expiresAt }) => ({ name, expiresAt: expiresAt?.toISOString() }),
    result: (found) => dated(fields(found)),
  },
  'apiKeys.regenerateSecret': { result: (found) => dated(fields(found)) },
  'accounts.list': { result: (list) => [...Object(list)].map((account) => settled(fields(account))) },
  'accounts.get': { result: (account) => settled(fields(account)) },
  'apiKeyPolicy.get': { result: (account) => settled(fields(account)) },
  'apiKeyPolicy.set': {
    body: ({ days }) => ({ settings: { apiKeys: { maximumDays: days === -1 ? null : days } } }),
  },
};

/** Everything is a POST whose body holds the id, keys expire after days, and responses have no creation time and no envelope. */
const bare = ({ apiKey, apiSecret, label, expires }: Fields) => ({
  id: apiKey,
  name: label,
  expiration: expires,
  ...(apiSecret === undefined ? {} : { secret: apiSecret }),
});
const idInBody: OperationOverrides = {
  'apiKeys.regenerateSecret': {
    path: '/keys/regenerate',
    body: ({ id }) => ({ key: { id } }),
    result: (_, response, { id }) => ({ ...bare(fields(response)), id }),
  },
  'apiKeys.delete': { method: 'POST', path: '/keys/delete', body: ({ id }) => ({ ids: [id] }) },
  'apiKeys.get': { path: '/keys?id={id}', result: (_, response) => bare(fields(fields(response).data)) },
  'apiKeys.create': {
    path: '/keys/create',
    body: ({ name, expiration = 0 }) => ({ label: name, expires: expiration * 1000 }),
    result: (_, response) => bare(fields(response)),
  },
};

const services = { belowUsers, isoDates, idInBody };
const contract = topics.filter(({ topic }) =>
  ['the maximum expiration', 'keys', 'creating a key', 'regenerating a secret', 'deleting a key'].includes(
    topic,
  ),
);
/** What the third service does not return. */
const unseen = [
  'a key has a name, an owner and dates',
  'a key shows when it was last used',
  'the time of creation stays, the time of the last change does not',
];

function setUp(operations: OperationOverrides) {
  const reference = createReference({ operations, clock: { at: '2030-01-01T00:00:00Z', frozen: true } });
  const { keys, accounts, users } = reference.seed();
  const bodies: unknown[] = [];
  const client = new BlazeMeterClient({
    credentials: keys.owner,
    operations,
    fetch: async (url, init) => {
      const response = await reference.fetch(url, init);
      const text = await response.text();
      bodies.push({
        call: `${init?.method} ${new URL(url).pathname.replace('/api/v4', '')}`,
        sent: init?.body === undefined ? undefined : JSON.parse(String(init.body)),
        received: text === '' ? undefined : JSON.parse(text),
      });
      return new Response(response.status === 204 ? null : text, response);
    },
  });
  return { reference, client, keys, accounts, users, bodies };
}

describe.each(Object.entries(services))('with a service such as %s', (service, operations) => {
  for (const { topic, behaviours } of contract)
    it(`the contract holds: ${topic}`, async () => {
      const held: string[] = [];
      for (const behaviour of behaviours) {
        if (service === 'idInBody' && unseen.includes(behaviour.name)) continue;
        try {
          if (await holdsUnder(behaviour, operations)) held.push(behaviour.name);
        } catch (cause) {
          throw new Error(`"${behaviour.name}" does not hold`, { cause });
        }
      }
      expect(held.length).toBeGreaterThan(0);
    });
});

it('the reference has the paths, the fields and the forms of times of the service', async () => {
  const { client, users, bodies } = setUp(belowUsers);
  const { apiKey, secret } = await client.apiKeys.create({ name: 'ci', expiresAt: new Date('2030-01-31') });
  expect(bodies.at(-1)).toEqual({
    call: `PUT /users/${users.owner.id}/api-keys`,
    sent: { title: 'ci', validUntil: 1_896_048_000 },
    received: expect.objectContaining({
      result: {
        keyId: apiKey.id,
        title: 'ci',
        owner: users.owner.id,
        since: 1_893_456_000,
        changed: 1_893_456_000,
        validUntil: 1_896_048_000,
        usedAt: null,
        keySecret: secret.reveal(),
      },
    }),
  });
});

it('the reference writes a date where the client reads one, and a setting where the client looks for it', async () => {
  const { client, accounts, bodies } = setUp(isoDates);
  const { apiKey } = await client.apiKeys.create({ name: 'ci', expiresAt: new Date('2030-01-31') });
  expect(apiKey.expiresAt).toEqual(new Date('2030-01-31T00:00:00Z'));
  expect(bodies.at(-1)).toMatchObject({
    sent: { name: 'ci', expiresAt: '2030-01-31T00:00:00.000Z' },
    received: { result: { expiresAt: '2030-01-31T00:00:00.000Z', lastUsedAt: null } },
  });
  await client.accounts.apiKeyPolicy.set(accounts.main.id, { maximum: 'unlimited' });
  expect(bodies.at(-2)).toMatchObject({ sent: { settings: { apiKeys: { maximumDays: null } } } });
  const [account] = await client.accounts.list().toArray();
  expect(account?.apiKeyExpirationDays).toBe(-1);
});

it('the reference takes the id of a key from the body or the query, and responds beside the result', async () => {
  const { client, bodies } = setUp(idInBody);
  const { apiKey, secret } = await client.apiKeys.create({ name: 'ci', expiresAt: new Date('2030-01-31') });
  expect(bodies.at(-1)).toMatchObject({
    received: { result: null, apiKey: apiKey.id, apiSecret: secret.reveal(), expires: 1_896_048_000 },
  });
  expect((await client.apiKeys.get(apiKey.id)).name).toBe('ci');
  const renewed = await client.apiKeys.regenerateSecret(apiKey.id);
  expect(renewed.secret.equals(secret)).toBe(false);
  expect(bodies.at(-1)).toMatchObject({ call: 'POST /keys/regenerate', sent: { key: { id: apiKey.id } } });
  await client.apiKeys.delete(apiKey.id);
  expect(bodies.at(-1)).toMatchObject({ call: 'POST /keys/delete', sent: { ids: [apiKey.id] } });
});

it('a secret under another name is saved where the rest of the response cannot be read', async () => {
  const { reference, keys } = setUp(belowUsers);
  const client = new BlazeMeterClient({
    credentials: keys.owner,
    fetch: reference.fetch,
    operations: {
      ...belowUsers,
      'apiKeys.create': { ...belowUsers['apiKeys.create'], result: (result) => fields(result).misspelt },
    },
  });
  const error = await client.apiKeys
    .create({ name: 'ci', expiresAt: new Date('2030-01-31') })
    .catch((reason) => reason);
  if (!(error instanceof AmbiguousOutcomeError)) throw new Error(String(error));
  const arrived = error.newSecret?.reveal() ?? '';
  const [secret = ''] = /7e57ed5e[0-9a-f]{64}/.exec(arrived) ?? [];
  const [, id = ''] = /"keyId":\s*"([0-9a-f]{24})"/.exec(arrived) ?? [];
  await new BlazeMeterClient({
    credentials: { id, secret },
    fetch: reference.fetch,
  }).user.get();
});

it('another user is not found below /users', async () => {
  const { reference, keys, users } = setUp(belowUsers);
  const headers = { authorization: `Basic ${btoa(`${keys.owner.id}:${keys.owner.secret}`)}` };
  const of = (user: number) =>
    reference.fetch(`https://a.blazemeter.com/api/v4/users/${user}/api-keys`, { headers });
  expect((await of(users.owner.id)).status).toBe(200);
  expect((await of(users.admin.id)).status).toBe(404);
});

it.each<[string, OperationOverrides]>([
  ['a body without the expiry', { 'apiKeys.create': { body: ({ name }) => ({ name }) } }],
  ['a result without the secret', { 'apiKeys.create': { result: (found) => ({ id: fields(found).id }) } }],
  ['a result that is computed', { 'apiKeys.list': { result: (found) => JSON.parse(String(found)) } }],
])('the reference refuses %s, and names the operation', (_, operations) => {
  expect(() => createReference({ operations })).toThrow(TypeError);
  expect(() => createReference({ operations })).toThrow(Object.keys(operations)[0]);
});
