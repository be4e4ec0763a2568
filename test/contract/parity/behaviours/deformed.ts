// Responses that are not of the API: each is an error that says what came, and none is taken for a result.
import assert from 'node:assert/strict';
import {
  AmbiguousOutcomeError,
  ApiError,
  BadRequestError,
  BlazeMeterError,
  ConflictError,
  ConnectionError,
  InvalidResponseError,
  NotFoundError,
  PermissionDeniedError,
  ServerError,
} from 'blazemeter-client';
import type { FaultEffect } from 'blazemeter-client/testing';
import { awayFromTurn } from '../../../support/turn.ts';
import type { Behaviour } from '../behaviour.ts';
import { failure, secondKey } from '../behaviour.ts';

type Kind = abstract new (...args: never[]) => BlazeMeterError;

const reading: readonly (readonly [what: string, effect: FaultEffect, kind: Kind])[] = [
  ['an HTML page under 200', { effect: 'html' }, InvalidResponseError],
  ['an HTML page under 502', { effect: 'html', status: 502 }, ServerError],
  ['an HTML page under 403', { effect: 'html', status: 403 }, PermissionDeniedError],
  ['no body under 200', { effect: 'empty', status: 200 }, InvalidResponseError],
  ['no body under 500', { effect: 'empty', status: 500 }, ServerError],
  ['JSON that lacks its end', { effect: 'wrong-json' }, InvalidResponseError],
  ['an error that is a text, under 400', { effect: 'string-error' }, BadRequestError],
  ['an error that is a text, under 404', { effect: 'string-error', status: 404 }, NotFoundError],
  ['200 with an error of code 403', { effect: 'ok-with-error', code: 403 }, PermissionDeniedError],
  ['200 with an error of code 409', { effect: 'ok-with-error', code: 409 }, ConflictError],
  ['200 with an error of code 500', { effect: 'ok-with-error', code: 500 }, ServerError],
  ['200 with an error of code 418', { effect: 'ok-with-error', code: 418 }, ApiError],
  ['a message and no error', { effect: 'response', status: 400, body: '{"message":"no"}' }, BadRequestError],
  ['a result of another form', { effect: 'response', body: '{"result":{"id":"me"}}' }, InvalidResponseError],
  [
    'a result that is null',
    { effect: 'response', body: '{"error":null,"result":null}' },
    InvalidResponseError,
  ],
  ['a list for one thing', { effect: 'response', body: '{"error":null,"result":[]}' }, InvalidResponseError],
  ['a number', { effect: 'response', body: '4' }, InvalidResponseError],
  ['a body cut short', { effect: 'truncate' }, BlazeMeterError],
  ['a connection that breaks in the body', { effect: 'reset', when: 'mid-body' }, ConnectionError],
];

const read: readonly Behaviour[] = reading.map(([what, effect, kind]) => ({
  name: `${what} is ${kind.name}`,
  deformed: true,
  async run({ client, reference, world }) {
    reference.faults.add({ operation: 'user.get', ...effect });
    const error = await failure(client().user.get(), kind);
    assert.match(error.message, /user\.get/);
    assert.equal(error.message.includes(world.keys.owner.secret.slice(0, 8)), false);
  },
}));

const redirects: readonly Behaviour[] = ([301, 302, 303, 307, 308] as const).map((status) => ({
  name: `a redirect (${status}) is not followed`,
  deformed: true,
  async run({ client, reference, baseUrl, sent }) {
    reference.faults.add({
      operation: 'user.get',
      effect: 'redirect',
      status,
      location: `${baseUrl}/web/version`,
    });
    const error = await failure(client().user.get(), InvalidResponseError);
    assert.match(error.message, /[Rr]edirect/);
    assert.equal(sent().length, 1);
    assert.equal(reference.journal.count('web.version'), 0);
  },
}));

const writing: readonly (readonly [what: string, effect: FaultEffect])[] = [
  ['no body under 201', { effect: 'empty', status: 201, when: 'after-commit' }],
  ['an HTML page under 502', { effect: 'html', status: 502, when: 'after-commit' }],
  ['200 with an error of code 500', { effect: 'ok-with-error', code: 500, when: 'after-commit' }],
  ['no body under 500', { effect: 'empty', status: 500, when: 'after-commit' }],
];

const wrote: readonly Behaviour[] = writing.map(([what, effect]) => ({
  name: `a create with the response ${what} is ambiguous, and is sent once`,
  deformed: true,
  async run({ client, reference, sent }) {
    const fault = reference.faults.add({ operation: 'apiKeys.create', ...effect });
    await awayFromTurn();
    const create = client('owner', { maxRetries: 2 }).apiKeys.create({
      name: 'nightly',
      expiresIn: { days: 30 },
    });
    const error = await failure(create, AmbiguousOutcomeError);
    fault.remove();
    assert.equal(sent('apiKeys.create').length, 1);
    assert.equal((await error.resolve()).outcome, 'committed');
  },
}));

export const deformed: readonly Behaviour[] = [
  ...read,
  ...redirects,
  ...wrote,
  {
    name: 'a list that holds something else says where',
    deformed: true,
    async run({ client, reference }) {
      reference.faults.add({
        operation: 'apiKeys.list',
        effect: 'response',
        body: '{"error":null,"result":[{"id":1}]}',
      });
      const error = await failure(client().apiKeys.list(), InvalidResponseError);
      assert.match(error.message, /apiKeys\.list/);
      assert.match(error.message, /result\.0/);
    },
  },
  {
    name: 'a maximum that is no number is an error, not a maximum',
    deformed: true,
    async run({ client, reference, world }) {
      const body = `{"error":null,"result":{"id":${world.accounts.main},"apiKeyExpiration":"soon"}}`;
      reference.faults.add({ operation: 'accounts.get', effect: 'response', body });
      const error = await failure(
        client().accounts.apiKeyPolicy.get(world.accounts.main),
        InvalidResponseError,
      );
      assert.match(error.message, /apiKeyPolicy\.get/);
      assert.equal(error.message.includes('soon'), false);
    },
  },
  {
    name: 'a maximum that was set and did not take is an error that names the assumption',
    async run({ client, reference, world, send }) {
      const { text } = await send(`GET /accounts/${world.accounts.main}`);
      reference.faults.add({ operation: 'apiKeyPolicy.set', effect: 'response', body: text });
      const set = client().accounts.apiKeyPolicy.set(world.accounts.main, { maximum: '1 month' });
      const error = await failure(set, InvalidResponseError);
      assert.match(error.message, /apiKeyPolicy\.set/);
    },
  },
  {
    name: 'a delete with the response 200 and a body is done all the same',
    deformed: true,
    async run(context) {
      const { id } = secondKey(context);
      context.reference.faults.add({
        operation: 'apiKeys.delete',
        effect: 'response',
        status: 200,
        body: '{"api_version":4,"error":null,"result":true,"request_id":"665b0f00a1b2c"}',
        headers: { 'content-type': 'application/json; charset=utf-8' },
        when: 'after-commit',
      });
      await context.client().apiKeys.delete(id);
    },
  },
];
