// Tests the plugin against the reference implementation, which msw puts in the place of the network.
import { createReference } from 'blazemeter-client/testing';
import { handlers } from 'blazemeter-client/testing/msw';
import { setupServer } from 'msw/node';
import { deleteExpiredKeys } from './plugin.js';

const reference = createReference();
const server = setupServer(...handlers(reference));
// Nothing leaves this machine: a request without a handler is an error.
beforeAll(() => server.listen({ onUnhandledRequest: 'error' }));
afterAll(() => server.close());

let keys;
beforeEach(() => {
  reference.reset();
  ({ keys } = reference.seed({
    users: { ana: {} },
    keys: {
      ci: { user: 'ana', expires: { days: 90 } },
      old: { user: 'ana', expires: { days: 30 } },
    },
  }));
});
// The plugin sends no request that the API does not know.
afterEach(() => reference.journal.assertNoUnhandled());

const cleanUp = () => deleteExpiredKeys(keys.ci, reference.clock.now());

it('deletes no key that is valid', async () => {
  expect(await cleanUp()).toEqual([]);
});

it('deletes a key once it has expired', async () => {
  reference.clock.advance({ days: 31 });
  expect(await cleanUp()).toEqual(['old']);
  expect(await cleanUp()).toEqual([]);
});

it('says that its own key has expired, and does not show the secret', async () => {
  reference.clock.advance({ days: 91 });
  const { message } = await cleanUp().catch((error) => error);
  expect(message).toContain('Cannot clean up: ');
  expect(message).not.toContain(keys.ci.secret);
});

it('repeats a read that failed once, also where the test has faked the timers', async () => {
  jest.useFakeTimers({ advanceTimers: true });
  reference.faults.add({ operation: 'apiKeys.list', effect: 'status', status: 503, times: 1 });
  expect(await cleanUp()).toEqual([]);
  expect(reference.journal.count('apiKeys.list')).toBe(2);
  jest.useRealTimers();
});
