// Whose key it is.
import assert from 'node:assert/strict';
import type { Behaviour } from '../behaviour.ts';
import { present } from '../behaviour.ts';

export const user: readonly Behaviour[] = [
  {
    name: 'names come as texts, and none of them is missing',
    async run({ client }) {
      const { firstName, lastName, displayName } = await client().user.get();
      assert.deepEqual([firstName, lastName, displayName], ['Olive', 'Owner', 'Olive Owner']);
    },
  },
  {
    name: 'times come as dates, read from seconds',
    async run({ client, world }) {
      const { createdAt, updatedAt } = await client().user.get();
      assert.ok(createdAt instanceof Date && updatedAt instanceof Date);
      assert.ok(createdAt.getTime() > Date.parse('2000-01-01') && createdAt <= world.start);
    },
  },
  {
    name: 'the default project leads to its workspace and account',
    async run({ client, world }) {
      const project = present((await client().user.get()).defaultProject, 'the default project');
      assert.equal(project.accountId, world.accounts.main);
      assert.equal(project.accountName, 'Main Street');
      assert.equal(project.workspaceId, world.workspaces.shop);
      assert.ok(project.id === world.projects.cart || project.id === world.projects.search);
    },
  },
  {
    name: 'fields that the client does not know are kept aside, and are not shown',
    async run({ client }) {
      const found = await client().user.get();
      assert.deepEqual(found.extra.features, []);
      assert.equal(JSON.stringify(found).includes('features'), false);
    },
  },
  {
    name: 'one call is one request: no query, no body, no cookie',
    async run({ client, sent }) {
      await client().user.get();
      const [exchange, ...others] = sent();
      assert.equal(others.length, 0);
      assert.equal(exchange?.operation, 'user.get');
      assert.equal(exchange?.query.toString(), '');
      assert.equal(exchange?.requestBody, undefined);
    },
  },
  {
    name: 'withResponse() shows status, request id and attempts, and no cookie',
    semantics: { dates: 'current' },
    async run({ client, world }) {
      const { data, response, requestId, attempts } = await client().user.get().withResponse();
      assert.equal(data.displayName, 'Olive Owner');
      assert.equal(response.status, 200);
      assert.match(present(requestId, 'the request id'), /^[0-9a-f]{13}$/);
      assert.equal(attempts, 1);
      assert.equal(response.headers.has('set-cookie'), false);
      assert.equal(response.headers.get('date'), world.start.toUTCString());
    },
  },
  {
    name: 'a user in two accounts is one user',
    async run({ client, world }) {
      const found = await client('twin').user.get();
      assert.equal(found.id, world.users.twin.id);
      const project = present(found.defaultProject);
      assert.ok([world.accounts.main, world.accounts.second].includes(present(project.accountId)));
    },
  },
];
