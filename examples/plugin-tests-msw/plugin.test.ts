// Tests the plugin against the reference implementation, which msw puts in the place of the network.
import { createReference } from 'blazemeter-client/testing';
import { handlers } from 'blazemeter-client/testing/msw';
import { setupServer } from 'msw/node';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { findTest, PluginError } from './plugin.ts';

const reference = createReference();
const server = setupServer(...handlers(reference));
// Nothing leaves this machine: a request without a handler is an error.
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterAll(() => server.close());

/** The same world for each test. The reference generates the ids and the secrets. */
function seed() {
  return reference.seed({
    users: { ana: {} },
    accounts: { shop: { owner: 'ana' } },
    workspaces: { web: { account: 'shop' } },
    projects: { checkout: { workspace: 'web' } },
    tests: { 'pay by card': { project: 'checkout' }, 'pay by invoice': { project: 'checkout' } },
    keys: { ci: { user: 'ana', expires: { days: 30 } } },
  });
}
let world: ReturnType<typeof seed>;
beforeEach(() => {
  reference.reset();
  world = seed();
});
// The plugin sends no request that the API does not know.
afterEach(() => reference.journal.assertNoUnhandled());

describe('the plugin', () => {
  it('finds the test by its name', async () => {
    const { id } = world.tests['pay by card'];
    expect(await findTest(world.keys.ci, 'pay by card')).toEqual({ id, name: 'pay by card' });
    expect(reference.journal.count()).toBe(2);
  });

  it('says which project has no such test', async () => {
    await expect(findTest(world.keys.ci, 'pay by cash')).rejects.toThrow(
      'The project checkout has no test "pay by cash".',
    );
  });

  it('says that a key has expired, and does not show its secret', async () => {
    const { id, secret } = world.keys.ci;
    reference.clock.advance({ days: 31 });
    const error = await findTest(world.keys.ci, 'pay by card').catch(String);
    expect(error).toContain(`BlazeMeter does not accept the key ${id}`);
    expect(error).not.toContain(secret);
  });

  it('tells an outage from a wrong key', async () => {
    reference.faults.add({ operation: 'tests.list', effect: 'status', status: 503 });
    await expect(findTest(world.keys.ci, 'pay by card')).rejects.toThrow('BlazeMeter responded with 503.');
  });

  it('says that a connection broke', async () => {
    reference.faults.add({ effect: 'reset', times: 1 });
    await expect(findTest(world.keys.ci, 'pay by card')).rejects.toBeInstanceOf(PluginError);
    await expect(findTest(world.keys.ci, 'pay by card')).resolves.toMatchObject({ name: 'pay by card' });
  });
});
