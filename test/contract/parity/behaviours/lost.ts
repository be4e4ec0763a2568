// The response is lost: the request may have been done or not. A create is never sent twice; what is harmless is.
import assert from 'node:assert/strict';
import {
  AmbiguousOutcomeError,
  ConnectionError,
  isBlazeMeterError,
  RateLimitError,
  SecretLostError,
  UndeliveredSecretError,
} from 'blazemeter-client';
import { awayFromTurn } from '../../../support/turn.ts';
import type { Behaviour, Context } from '../behaviour.ts';
import { failure, present, secondKey, settle } from '../behaviour.ts';

const RETRIES = { maxRetries: 2 } as const;
async function createNamed({ client }: Context, name: string) {
  await awayFromTurn();
  return client('owner', RETRIES).apiKeys.create({ name, expiresIn: { days: 30 } });
}
const create = (context: Context) => createNamed(context, 'nightly');

/** A name that every way to store names changes: spaces around it, long, capitals, and a letter in two characters. */
const ODD_NAME = '  Cafe\u0301 of the Nightly build on main ';

/** The keys called `nightly`, as the service has them. */
const nightly = async ({ send }: Context) =>
  (await send('GET /api-keys?limit=0')).results.filter(({ name }) => name === 'nightly');

/** Loses the response to a create, before or after it was done. */
async function lose(
  context: Context,
  when: 'before-commit' | 'after-commit',
): Promise<AmbiguousOutcomeError> {
  const fault = context.reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when });
  const error = await failure(create(context), AmbiguousOutcomeError);
  fault.remove();
  assert.equal(context.sent('apiKeys.create').length, 1, 'a create is sent once');
  assert.equal(error.operation, 'apiKeys.create');
  return error;
}

export const lost: readonly Behaviour[] = [
  {
    name: 'a create that was done: sent once, ambiguous, and resolved as committed',
    semantics: { dates: 'current' },
    async run(context) {
      const outcome = await (await lose(context, 'after-commit')).resolve();
      assert.equal(outcome.outcome, 'committed');
      assert.equal(outcome.outcome === 'committed' && outcome.secret, undefined);
      assert.equal((await nightly(context)).length, 1);
    },
  },
  {
    name: 'a create that was not done: sent once, ambiguous, and resolved as not committed',
    async run(context) {
      const outcome = await (await lose(context, 'before-commit')).resolve();
      assert.equal(outcome.outcome, 'not-committed');
      assert.deepEqual(await nightly(context), []);
    },
  },
  {
    name: 'a create that was done can be given a usable secret, and stays one key',
    semantics: { dates: 'current' },
    async run(context) {
      const error = await lose(context, 'after-commit');
      const outcome = await error.resolve({ regenerate: true });
      if (outcome.outcome !== 'committed') assert.fail(outcome.outcome);
      settle(context.reference);
      const credentials = { id: outcome.apiKey.id, secret: present(outcome.secret).reveal() };
      assert.equal((await context.client(credentials).user.get()).id, context.world.users.owner.id);
      assert.equal((await nightly(context)).length, 1);
    },
  },
  {
    name: 'a create that was done and whose name was changed is never called ours, nor not done',
    semantics: { dates: 'current' },
    async run(context) {
      const { reference } = context;
      const fault = reference.faults.add({
        operation: 'apiKeys.create',
        effect: 'reset',
        when: 'after-commit',
      });
      const error = await failure(createNamed(context, ODD_NAME), AmbiguousOutcomeError);
      fault.remove();
      const outcome = await error.resolve({ regenerate: true });
      if (reference.semantics.storedNames === 'as-given') return assert.equal(outcome.outcome, 'committed');
      if (outcome.outcome !== 'unknown') assert.fail(outcome.outcome);
      assert.equal(outcome.candidates.length, 1);
      assert.equal(context.sent('apiKeys.regenerateSecret').length, 0);
    },
  },
  {
    name: 'a create that was not done is known not to be, whatever is done to names',
    async run(context) {
      const fault = context.reference.faults.add({ operation: 'apiKeys.create', effect: 'reset' });
      const error = await failure(createNamed(context, ODD_NAME), AmbiguousOutcomeError);
      fault.remove();
      assert.equal((await error.resolve()).outcome, 'not-committed');
    },
  },
  {
    name: 'where a cache dates the responses, a create that was done is not surely ours',
    semantics: { dates: 'cached' },
    async run(context) {
      const outcome = await (await lose(context, 'after-commit')).resolve({ regenerate: true });
      if (outcome.outcome !== 'unknown') assert.fail(outcome.outcome);
      assert.equal(outcome.candidates.length, 1);
      assert.equal(context.sent('apiKeys.regenerateSecret').length, 0);
    },
  },
  {
    name: 'where a cache dates the responses, a key of that name from before is not called ours',
    semantics: { dates: 'cached' },
    async run(context) {
      await create(context);
      context.reference.clock.advance({ minutes: 5 });
      await context.client().user.get();
      const fault = context.reference.faults.add({ operation: 'apiKeys.create', effect: 'reset' });
      const error = await failure(create(context), AmbiguousOutcomeError);
      fault.remove();
      const outcome = await error.resolve({ regenerate: true });
      assert.equal(outcome.outcome, 'unknown');
      assert.equal(context.sent('apiKeys.regenerateSecret').length, 0);
    },
  },
  {
    name: 'a key of the same name that is older is not ours',
    semantics: { names: 'free', dates: 'current' },
    async run(context) {
      await create(context);
      context.reference.clock.advance({ minutes: 10 });
      await context.client().user.get();
      const fault = context.reference.faults.add({ operation: 'apiKeys.create', effect: 'reset' });
      const error = await failure(create(context), AmbiguousOutcomeError);
      fault.remove();
      assert.equal((await error.resolve()).outcome, 'not-committed');
    },
  },
  {
    name: 'of two new keys of that name none is called ours, and nothing is regenerated',
    semantics: { names: 'free' },
    async run(context) {
      const error = await lose(context, 'after-commit');
      await context.send('POST /api-keys', {
        json: {
          name: 'nightly',
          expiration: Math.floor(context.reference.clock.now().getTime() / 1000) + 86_400,
        },
      });
      const outcome = await error.resolve({ regenerate: true });
      assert.equal(outcome.outcome, 'unknown');
      assert.equal(outcome.outcome === 'unknown' && outcome.candidates.length, 2);
      assert.equal(context.sent('apiKeys.regenerateSecret').length, 0);
    },
  },
  {
    name: 'a new key of that name that has been used is not ours',
    async run(context) {
      const fault = context.reference.faults.add({ operation: 'apiKeys.create', effect: 'reset' });
      const error = await failure(create(context), AmbiguousOutcomeError);
      fault.remove();
      const { result } = await context.send('POST /api-keys', {
        json: {
          name: 'nightly',
          expiration: Math.floor(context.reference.clock.now().getTime() / 1000) + 86_400,
        },
      });
      settle(context.reference);
      await context.send('GET /user', { as: { id: String(result.id), secret: String(result.secret) } });
      const outcome = await error.resolve({ regenerate: true });
      assert.equal(outcome.outcome, 'unknown');
      assert.equal(context.sent('apiKeys.regenerateSecret').length, 0);
    },
  },
  {
    name: 'a 5xx to a create is ambiguous, whether it was done or not',
    semantics: { dates: 'current' },
    async run(context) {
      for (const [when, expected] of [
        ['before-commit', 'not-committed'],
        ['after-commit', 'committed'],
      ] as const) {
        const fault = context.reference.faults.add({
          operation: 'apiKeys.create',
          effect: 'status',
          status: 503,
          when,
        });
        const error = await failure(create(context), AmbiguousOutcomeError);
        fault.remove();
        assert.equal((await error.resolve()).outcome, expected);
      }
      assert.equal(context.sent('apiKeys.create').length, 2);
    },
  },
  {
    name: 'a 429 to a create is not ambiguous, and is not sent again',
    async run(context) {
      context.reference.faults.add({
        operation: 'apiKeys.create',
        effect: 'status',
        status: 429,
        retryAfter: 1,
      });
      const error = await failure(create(context), RateLimitError);
      assert.equal(error.retryAfterMs, 1000);
      assert.equal(context.sent('apiKeys.create').length, 1);
    },
  },
  {
    name: 'a response to a create that breaks off after the secret hands the secret over',
    deformed: true,
    async run(context) {
      context.reference.faults.add({
        operation: 'apiKeys.create',
        effect: 'wrong-json',
        when: 'after-commit',
      });
      const error = await failure(create(context), UndeliveredSecretError);
      context.reference.faults.clear();
      settle(context.reference);
      const credentials = { id: present(error.keyId), secret: error.newSecret.reveal() };
      assert.equal((await context.client(credentials).user.get()).id, context.world.users.owner.id);
    },
  },
  {
    name: 'a response to a create that breaks off before the secret is ambiguous',
    semantics: { dates: 'current' },
    deformed: true,
    async run(context) {
      context.reference.faults.add({ operation: 'apiKeys.create', effect: 'truncate', keepBytes: 40 });
      const error = await failure(create(context), AmbiguousOutcomeError);
      context.reference.faults.clear();
      assert.equal((await error.resolve()).outcome, 'committed');
      assert.equal(context.sent('apiKeys.create').length, 1);
    },
  },
  {
    name: 'a regenerate of another key is done again, and ends with the last secret',
    async run(context) {
      const key = secondKey(context);
      context.reference.faults.add({
        operation: 'apiKeys.regenerateSecret',
        effect: 'reset',
        when: 'after-commit',
        times: 1,
      });
      const { secret } = await context.client('owner', RETRIES).apiKeys.regenerateSecret(key.id);
      assert.equal(context.sent('apiKeys.regenerateSecret').length, 2);
      settle(context.reference);
      await context.client({ id: key.id, secret: secret.reveal() }).user.get();
    },
  },
  {
    name: 'a regenerate of another key, when nothing is to be sent again, is ambiguous and can be resolved',
    async run(context) {
      const key = secondKey(context);
      const fault = context.reference.faults.add({
        operation: 'apiKeys.regenerateSecret',
        effect: 'reset',
        when: 'after-commit',
      });
      const error = await failure(context.client().apiKeys.regenerateSecret(key.id), AmbiguousOutcomeError);
      fault.remove();
      assert.equal((await error.resolve()).outcome, 'unknown');
      const outcome = await error.resolve({ regenerate: true });
      if (outcome.outcome !== 'committed') assert.fail(outcome.outcome);
      settle(context.reference);
      await context.client({ id: key.id, secret: present(outcome.secret).reveal() }).user.get();
    },
  },
  {
    name: 'a key that regenerates itself and loses the response has lost its secret, and the error says so',
    semantics: { grace: 0 },
    async run(context) {
      const { id } = context.world.keys.owner;
      context.reference.faults.add({
        operation: 'apiKeys.regenerateSecret',
        effect: 'reset',
        when: 'after-commit',
      });
      const call = context.client('owner', RETRIES).apiKeys.regenerateSecret(id, { allowSelf: true });
      const error = await failure(call, SecretLostError);
      assert.equal(error.keyId, id);
      assert.equal(context.sent('apiKeys.regenerateSecret').length, 1);
    },
  },
  {
    name: 'a key that regenerates itself does so again if the old secret still works',
    semantics: { grace: 0, propagation: 0 },
    async run(context) {
      const { id } = context.world.keys.owner;
      context.reference.faults.add({ operation: 'apiKeys.regenerateSecret', effect: 'reset', times: 1 });
      const owner = context.client('owner', RETRIES);
      await owner.apiKeys.regenerateSecret(id, { allowSelf: true });
      assert.equal((await owner.user.get()).id, context.world.users.owner.id);
      assert.equal(context.sent('apiKeys.regenerateSecret').length, 2);
    },
  },
  {
    name: 'a delete is done again, and a 404 then means that it is done',
    async run(context) {
      const { id } = secondKey(context);
      context.reference.faults.add({
        operation: 'apiKeys.delete',
        effect: 'reset',
        when: 'after-commit',
        times: 1,
      });
      await context.client('owner', RETRIES).apiKeys.delete(id);
      assert.equal(context.sent('apiKeys.delete').length, 2);
      assert.equal((await context.send(`GET /api-keys/${id}`)).status, 404);
    },
  },
  {
    name: 'setting the maximum is done again, for the same value does no harm',
    async run(context) {
      context.reference.faults.add({
        operation: 'apiKeyPolicy.set',
        effect: 'reset',
        when: 'after-commit',
        times: 1,
      });
      const { policy } = { policy: context.client('owner', RETRIES).accounts.apiKeyPolicy };
      const found = await policy.set(context.world.accounts.main, { maximum: '1 year' });
      assert.equal(found.maximumDays, 365);
      assert.equal(context.sent('apiKeyPolicy.set').length, 2);
    },
  },
  {
    name: 'reading is done again',
    async run(context) {
      context.reference.faults.add({ operation: 'user.get', effect: 'reset', times: 1 });
      const { attempts } = await context.client('owner', RETRIES).user.get().withResponse();
      assert.equal(attempts, 2);
    },
  },
  {
    name: 'reading ends, when nothing comes however often it is asked for',
    async run(context) {
      context.reference.faults.add({ operation: 'user.get', effect: 'reset' });
      const error = await failure(context.client('owner', { maxRetries: 1 }).user.get(), ConnectionError);
      assert.equal(error.attempts, 2);
      assert.equal(isBlazeMeterError(error), true);
    },
  },
];
