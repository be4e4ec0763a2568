// What every response has around it, as recorded: keys, their order, spaces, headers, and messages.
import assert from 'node:assert/strict';
import type { Behaviour } from '../behaviour.ts';
import { secondKey } from '../behaviour.ts';

const keys = (value: unknown) => Object.keys(Object(value));

export const envelope: readonly Behaviour[] = [
  {
    name: 'one thing: four keys, in their order',
    async run({ send }) {
      const { json } = await send('GET /user');
      assert.deepEqual(keys(json), ['api_version', 'error', 'result', 'request_id']);
    },
  },
  {
    name: 'several things: eight keys, in their order',
    async run({ send }) {
      for (const path of ['/accounts', '/api-keys', '/workspaces', '/projects', '/tests', '/multi-tests']) {
        const { json } = await send(`GET ${path}`);
        const order = ['limit', 'skip', 'total', 'hidden', 'api_version', 'error', 'result', 'request_id'];
        assert.deepEqual(keys(json), order);
      }
    },
  },
  {
    name: 'an error: the error first, and no result',
    async run({ send }) {
      const { json } = await send('GET /user', { as: null });
      assert.deepEqual(keys(json), ['error', 'api_version', 'result', 'request_id']);
      assert.deepEqual(json.error, { code: 401, message: 'Unauthorized' });
      assert.equal(json.result, null);
    },
    semantics: { unauthorized: 'same' },
  },
  {
    name: 'everything is set with four blanks',
    async run({ send }) {
      for (const call of ['GET /user', 'GET /accounts', 'GET /nowhere']) {
        const { text, json } = await send(call);
        assert.equal(text, JSON.stringify(json, null, 4));
      }
    },
  },
  {
    name: 'every response has another request id',
    async run({ send }) {
      const found = new Set<unknown>();
      for (let time = 0; time < 5; time++) found.add((await send('GET /user')).json.request_id);
      assert.equal(found.size, 5);
    },
  },
  {
    name: 'every response sets a session cookie, errors and empty ones too',
    async run(context) {
      const { send } = context;
      const calls = [
        'GET /user',
        'GET /nowhere',
        'POST /api-keys',
        `DELETE /api-keys/${secondKey(context).id}`,
      ];
      for (const call of calls)
        assert.match((await send(call)).headers.get('set-cookie') ?? '', /^bzm_sess=/, call);
      assert.match((await send('GET /user', { as: null })).headers.get('set-cookie') ?? '', /^bzm_sess=/);
    },
  },
  {
    name: 'a message is the phrase of the status, and then what is the matter',
    async run({ send }) {
      assert.match((await send('GET /projects/999999999')).message, /^Not Found: Project not found$/);
      assert.match((await send('POST /api-keys', { body: '{}' })).message, /^Bad Request: ./);
    },
  },
  {
    name: 'a path that is not there is not found',
    async run({ send }) {
      const paths = [
        '/nowhere',
        '/users',
        '/api-keys/a/b/c',
        '/user/',
        '/apikeys',
        '/%zz',
        '/__proto__',
        '/',
      ];
      for (const path of paths) {
        const { status, message } = await send(`GET ${path}`);
        assert.equal(status, 404, path);
        assert.match(message, /^Not Found/);
      }
    },
  },
  {
    name: 'a method that a path does not have is refused, and nothing is done',
    async run({ send, world }) {
      for (const call of [
        'PUT /user',
        'DELETE /user',
        'POST /accounts',
        `PUT /api-keys/${world.keys.expired.id}`,
      ]) {
        const { status } = await send(call, { json: {} });
        assert.ok(status === 404 || status === 405, `${call} -> ${status}`);
      }
      assert.equal((await send(`GET /api-keys/${world.keys.expired.id}`)).status, 200);
    },
  },
  {
    name: 'unknown headers are ignored',
    async run({ send }) {
      const headers = { 'x-client-id': 'a', 'x-client-version': '1', 'x-api-key': 'an old single key' };
      assert.equal((await send('GET /user', { headers })).status, 200);
    },
  },
  {
    name: 'an old single-string key is refused',
    async run({ send, world }) {
      const headers = { 'x-api-key': world.keys.owner.secret };
      assert.equal((await send('GET /user', { as: null, headers })).status, 401);
    },
  },
  {
    name: 'a body that is far too large is refused',
    async run({ send }) {
      const json = { name: 'x'.repeat(3_000_000), expiration: 1_940_000_000 };
      const { status } = await send('POST /api-keys', { json });
      assert.ok(status === 413 || status === 400);
      assert.equal((await send('GET /api-keys')).results.length, 2);
    },
  },
  {
    name: 'a response without a body has none at all',
    async run(context) {
      const { status, text } = await context.send(`DELETE /api-keys/${secondKey(context).id}`);
      assert.equal(status, 204);
      assert.equal(text, '');
    },
  },
];
