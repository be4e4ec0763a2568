// Any other call of the API, through `client.request`: the same signing, the same envelope, the same errors.
import assert from 'node:assert/strict';
import { InvalidResponseError, NotFoundError, ServerError } from 'blazemeter-client';
import { isRecord } from '../../../support/openapi-document.ts';
import type { Behaviour } from '../behaviour.ts';
import { failure } from '../behaviour.ts';

const wrongPaths = [
  'user',
  'https://elsewhere.example/api/v4/user',
  '//elsewhere.example/user',
  '/../user',
  '/accounts/../user',
  '/%2e%2e/user',
  '/user\\..',
  '/accounts/%2e%2e/user',
];

/** A validator by the Standard Schema convention that takes records alone. */
const recordSchema = {
  '~standard': {
    version: 1,
    vendor: 'this test',
    validate: (value: unknown) => (isRecord(value) ? { value } : { issues: [{ path: ['name'] }] }),
  },
} as const;

export const request: readonly Behaviour[] = [
  {
    name: 'the result comes without its envelope',
    async run({ client, world }) {
      const found = await client().request({ path: '/user' });
      assert.equal(isRecord(found) && found.id, world.users.owner.id);
    },
  },
  {
    name: 'a query is written as the service reads it, lists too',
    async run({ client, sent }) {
      const query = { 'sort[]': ['name', '-updated'], limit: 5, enabled: true };
      await client().request({ path: '/workspaces', query });
      const [exchange] = sent();
      assert.deepEqual(exchange?.query.getAll('sort[]'), ['name', '-updated']);
      assert.deepEqual([exchange?.query.get('limit'), exchange?.query.get('enabled')], ['5', 'true']);
    },
  },
  {
    name: 'a body is sent as JSON',
    async run({ client, world }) {
      const path = `/accounts/${world.accounts.main}`;
      const found = await client().request({ method: 'PATCH', path, json: { apiKeyExpiration: 365 } });
      assert.equal(isRecord(found) && found.apiKeyExpiration, 365);
    },
  },
  {
    name: 'what it gives can be checked by a schema, and then has its type',
    async run({ client }) {
      const found = await client().request({ path: '/user', schema: recordSchema });
      assert.equal(found.displayName, 'Olive Owner');
      const error = await failure(
        client().request({ path: '/accounts', schema: recordSchema }),
        InvalidResponseError,
      );
      assert.match(error.message, /result\.name/);
    },
  },
  {
    name: 'a path cannot leave the API',
    async run({ client, sent, baseUrl }) {
      for (const path of wrongPaths) {
        await client()
          .request({ path })
          .catch(() => undefined);
      }
      for (const { url } of sent()) assert.ok(url.startsWith(`${baseUrl}/`), url);
      assert.ok(sent().every(({ operation }) => operation !== 'user.get'));
    },
  },
  {
    name: 'errors are those of every other call',
    async run({ client }) {
      const error = await failure(client().request({ path: '/projects/999999999' }), NotFoundError);
      assert.match(error.message, /Project not found/);
    },
  },
  {
    name: 'reading is tried again, writing is not',
    async run({ client, reference, world, sent }) {
      const owner = client('owner', { maxRetries: 1 });
      reference.faults.add({ effect: 'status', status: 503, every: 2, times: 9 });
      await owner.request({ path: '/user' });
      await owner.request({ path: '/user' });
      assert.equal(sent('user.get').length, 3);
      const patch = {
        method: 'PATCH',
        path: `/accounts/${world.accounts.main}`,
        json: { apiKeyExpiration: 30 },
      };
      await failure(owner.request(patch), ServerError);
      assert.equal(sent('apiKeyPolicy.set').length, 1);
    },
  },
];
