// Tests the plugin with Node's own test runner. The plugin gets the `fetch` of the reference: no port, no other package.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import { BlazeMeterClient } from 'blazemeter-client';
import { createReference } from 'blazemeter-client/testing';
import { withBuildKey } from './plugin.js';

let reference;
let owner;
beforeEach(() => {
  reference = createReference();
  owner = reference.seed().keys.owner;
});

const whoami = async (credentials) => {
  const client = new BlazeMeterClient({ credentials, fetch: reference.fetch, logLevel: 'off' });
  return (await client.user.get()).email;
};

test('the build gets a key that works', async () => {
  assert.equal(await withBuildKey(owner, whoami, reference), 'owner@example.com');
});

test('the key is deleted after the build, also after one that fails', async () => {
  let used;
  const failing = (key) => {
    used = key;
    throw new Error('no such test');
  };
  await assert.rejects(withBuildKey(owner, failing, reference), /no such test/);
  await assert.rejects(whoami(used), { name: 'AuthenticationError' });
  assert.equal(reference.journal.count('apiKeys.delete'), 1);
});

test('the plugin sends no second create where BlazeMeter responds with 503', async () => {
  reference.faults.add({ operation: 'apiKeys.create', effect: 'status', status: 503 });
  await assert.rejects(withBuildKey(owner, whoami, reference));
  assert.equal(reference.journal.count('apiKeys.create'), 1);
});
