// Every operation with success, and with every documented status: each error has its own class and code, and is sent once.
import assert from 'node:assert/strict';
import {
  AmbiguousOutcomeError,
  ApiError,
  AuthenticationError,
  BadRequestError,
  type BlazeMeterError,
  ConflictError,
  NotFoundError,
  type OperationId,
  PermissionDeniedError,
  RateLimitError,
  RequestFailedError,
  ServerError,
} from 'blazemeter-client';
import type { ReferenceOperation } from 'blazemeter-client/testing';
import { calls, operationIds } from '../../../support/calls.ts';
import type { Behaviour } from '../behaviour.ts';
import { failure, secondKey } from '../behaviour.ts';

const classes = [
  [400, BadRequestError, 'bad_request'],
  [401, AuthenticationError, 'unauthorized'],
  [402, RequestFailedError, 'request_failed'],
  [403, PermissionDeniedError, 'permission_denied'],
  [404, NotFoundError, 'not_found'],
  [409, ConflictError, 'conflict'],
  [429, RateLimitError, 'rate_limited'],
  [500, ServerError, 'server_error'],
  [502, ServerError, 'server_error'],
  [503, ServerError, 'server_error'],
  [504, ServerError, 'server_error'],
] as const;

type Kind = abstract new (...args: never[]) => BlazeMeterError;
/** What the service is asked for: reading the policy is reading the account. */
const served = (id: OperationId): ReferenceOperation => (id === 'apiKeyPolicy.get' ? 'accounts.get' : id);

/** A 5xx leaves open whether it happened, where happening twice would do harm. */
const ISSUES: readonly OperationId[] = ['apiKeys.create', 'apiKeys.regenerateSecret'];

const matrix: readonly Behaviour[] = operationIds.flatMap((id) =>
  classes.map(([status, kind, code]): Behaviour => {
    const lost = status >= 500 && ISSUES.includes(id);
    return {
      name: `${id}: ${status} is ${lost ? AmbiguousOutcomeError.name : kind.name}`,
      async run(context) {
        const operation = served(id);
        const subject = { account: context.world.accounts.main, key: secondKey(context).id };
        context.reference.faults.add({ operation, effect: 'status', status });
        const expected: Kind = lost ? AmbiguousOutcomeError : kind;
        const error = await failure(calls[id](context.client(), subject), expected);
        assert.equal(error.operation, id);
        assert.equal(error.code, lost ? 'ambiguous_outcome' : code);
        assert.equal(context.sent(operation).length, 1);
        if (!(error instanceof ApiError)) return;
        assert.equal(error.status, status);
        assert.equal(error.apiCode, status);
        assert.match(error.requestId ?? '', /^[0-9a-f]{13}$/);
        assert.equal(error.retryable, status >= 500 || status === 429);
      },
    };
  }),
);

/** So that the success of each, too, is held against docs/openapi.yaml. */
const successes: readonly Behaviour[] = operationIds.map((id) => ({
  name: `${id} succeeds`,
  async run(context) {
    await calls[id](context.client(), {
      account: context.world.accounts.main,
      key: secondKey(context).id,
    });
    assert.equal(Math.floor((context.sent(served(id)).at(-1)?.status ?? 0) / 100), 2);
  },
}));

const retried: readonly Behaviour[] = [429, 500, 502, 503, 504].map((status) => ({
  name: `reading is tried again after ${status}`,
  async run({ client, reference, sent }) {
    reference.faults.add({ operation: 'user.get', effect: 'status', status, times: 1, retryAfter: 0 });
    const { attempts } = await client('owner', { maxRetries: 1 }).user.get().withResponse();
    assert.equal(attempts, 2);
    assert.equal(sent().length, 2);
  },
}));

const final: readonly Behaviour[] = [400, 401, 402, 403, 404, 409].map((status) => ({
  name: `nothing is tried again after ${status}`,
  async run({ client, reference, sent }) {
    reference.faults.add({ operation: 'user.get', effect: 'status', status });
    await failure(client('owner', { maxRetries: 2 }).user.get(), ApiError);
    assert.equal(sent().length, 1);
  },
}));

export const statuses: readonly Behaviour[] = [
  ...successes,
  ...matrix,
  ...retried,
  ...final,
  {
    name: 'how long to wait is read from seconds',
    async run({ client, reference }) {
      reference.faults.add({ effect: 'status', status: 429, retryAfter: 7 });
      assert.equal((await failure(client().user.get(), RateLimitError)).retryAfterMs, 7000);
    },
  },
  {
    name: "how long to wait is read from a date, by the service's clock",
    async run({ client, reference }) {
      reference.faults.add({ effect: 'status', status: 429, retryAfter: 7, retryAfterForm: 'date' });
      const { retryAfterMs = 0 } = await failure(client().user.get(), RateLimitError);
      assert.ok(retryAfterMs > 5000 && retryAfterMs <= 7000);
    },
  },
  {
    name: 'a rate limit holds for each key by itself',
    async run({ client, reference }) {
      reference.faults.add({ effect: 'rate-limit', requests: 2, windowMs: 60_000 });
      await client().user.get();
      await client().user.get();
      await failure(client().user.get(), RateLimitError);
      await client('admin').user.get();
      reference.clock.advance({ minutes: 1 });
      await client().user.get();
    },
  },
  {
    name: 'what the service says is in the message, and what to do about it',
    async run({ client, reference }) {
      reference.faults.add({ effect: 'status', status: 403, message: 'The account is suspended' });
      const { message } = await failure(client().user.get(), PermissionDeniedError);
      assert.match(message, /user\.get .*403.*The account is suspended/);
    },
  },
  {
    name: 'a status that is not documented is an ApiError all the same',
    deformed: true,
    async run({ client, reference }) {
      for (const status of [405, 410, 418, 451]) {
        reference.faults.clear();
        reference.faults.add({ effect: 'status', status });
        const error = await failure(client().user.get(), ApiError);
        assert.equal(error.status, status);
        assert.equal(error.code, 'api_error');
      }
    },
  },
];
