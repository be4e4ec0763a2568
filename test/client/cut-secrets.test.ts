// What is kept of a response that brings a new secret and cannot be read as a whole.
import {
  AmbiguousOutcomeError,
  ApiError,
  AuthenticationError,
  BadRequestError,
  BlazeMeterClient,
  UndeliveredSecretError,
} from 'blazemeter-client';
import { describe, expect, it } from 'vitest';
import { CREDENTIALS, clientOf, json, rejection as rejectionOf } from '../support/client.ts';
import { expectHidden, madeUp } from '../support/credentials.ts';

const SECRET = 'wQ7zR2mK9pX4tB6nV8cL3hJ5';

/** What a create rejects with whose response is this text. */
async function rejection(response: string): Promise<unknown> {
  const client = new BlazeMeterClient({
    credentials: 'an-id:the secret that signs',
    logLevel: 'off',
    fetch: async (_url, { method }) =>
      method === 'POST' ? new Response(response, { status: 201 }) : Response.json({ result: { id: 1 } }),
  });
  return client.apiKeys.create({ name: 'n', expiresIn: { days: 1 } }).then(
    () => 'It was read.',
    (reason: unknown) => reason,
  );
}

async function undelivered(response: string): Promise<UndeliveredSecretError> {
  const error = await rejection(response);
  if (!(error instanceof UndeliveredSecretError)) throw new Error(String(error));
  expect(error.code).toBe('undelivered_secret');
  return error;
}

describe('the secret', () => {
  it.each([
    ['of a response that is cut right behind it', `{"result":{"id":"7e57","secret":"${SECRET}"`],
    ['with blanks around the colon', `{"secret" :\n "${SECRET}"}`],
    ['before text that is no JSON', `{"secret":"${SECRET}"}<html>`],
    ['behind one that was cut by a line end', `{"secret":"wQ7z\n"secret":"${SECRET}"}`],
    ['behind one that is empty', `{"secret":"","secret":"${SECRET}"}`],
    ['of a field with a like name', `{"key":{"keyId":"7e57","apiKeySecret":"${SECRET}"`],
    ['behind one whose escapes mean nothing', `{"secret":"\\q","secret":"${SECRET}"}`],
  ])('%s is saved', async (_, response) => {
    const error = await undelivered(response);
    expect(error.newSecret.reveal()).toBe(SECRET);
    expectHidden(error, SECRET);
  });

  it('is known by its form, whatever the name of its field is', async () => {
    const { secret } = madeUp('another field');
    expect((await undelivered(`{"hint":"of a key","token":"${secret}"`)).newSecret.reveal()).toBe(secret);
  });

  it('is not the one that signed, which a proxy may quote', async () => {
    const own = madeUp('the signer');
    const client = new BlazeMeterClient({
      credentials: own,
      logLevel: 'off',
      fetch: async (_, { method }) =>
        method === 'POST'
          ? new Response(`{"you sent":"${own.secret}"`, { status: 200 })
          : Response.json({ result: { id: 1 } }),
    });
    const error = await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }).catch((reason) => reason);
    expect(error).toBeInstanceOf(AmbiguousOutcomeError);
  });

  it('is what its escapes stand for', async () => {
    const text = 'a"b\\cü and more';
    const escaped = JSON.stringify(text).replace('ü', '\\u00fc');
    expect((await undelivered(`{"secret":${escaped}}`)).newSecret.reveal()).toBe(text);
  });

  it.each([
    ['is cut itself', `{"secret":"${SECRET}`],
    ['is no string', `{"secret":7,"token":"${SECRET}"}`],
    ['is empty', `{"secret":"","token":"${SECRET}"}`],
    ['has another name', `{"secrets":"${SECRET}"}`],
    ['is the result itself', '{"result":"abcdefgh"}'],
    ['is the whole response', '"abcdefgh"'],
    ['is in a field of an unknown name', '{"result":{"id":"7e57","more":["abcdefgh"]}}'],
    ['is short', '{"result":{"token":"abc"}}'],
    ['is a number', '{"result":{"password":12345}}'],
    ['is a list of bytes', '{"result":[1,2,3,4,5,6,7,8]}'],
    ['is deeper than its telling name', '{"result":{"secret":{"id":"7e57"}}}'],
    ['is in a field that comes twice', '{"result":{"more":"abcdefgh","more":null}}'],
    ['is in the place of the id', `{"result":{"id":"${SECRET.repeat(3)}"}}`],
    ['is the name of a field', `{"result":{"${SECRET.repeat(3)}":true}}`],
    ['is longer than any secret', `{"secret":"${SECRET.repeat(200)}"}`],
  ])('that %s is kept with the whole response, and whether it works is not claimed', async (_, response) => {
    const error = await rejection(response);
    if (!(error instanceof AmbiguousOutcomeError)) throw new Error(String(error));
    expect(error.newSecret?.reveal()).toBe(response);
    expectHidden(error, SECRET);
  });
});

it.each([
  ['an empty body', ''],
  ['blanks', ' \n'],
  ['a page', '\n<html>Sign in</html>'],
  ['an empty object', '{}'],
  ['null', 'null'],
  ['an envelope without a result', '{"api_version":4,"error":null,"result":null,"request_id":"7e57"}'],
  ['an empty list in an envelope', '{"api_version":4,"error":null,"result":[],"request_id":"7e57"}'],
  [
    'a key without its secret',
    '{"result":{"id":"7e57ed1d000000000000beef","name":"ci","userId":1,"created":1900000000,"secret":null}}',
  ],
  ['a key with an empty secret', '{"result":{"id":"7e57ed1d000000000000beef","name":"ci","secret":""}}'],
  ['a short word', '{"status":"ok"}'],
])('of %s nothing is kept', async (_, response) => {
  const error = await rejection(response);
  if (!(error instanceof AmbiguousOutcomeError)) throw new Error(String(error));
  expect(error.newSecret).toBeUndefined();
});

describe('the id of its key', () => {
  const keyId = async (response: string) => (await undelivered(`${response},"secret":"${SECRET}"`)).keyId;

  it.each([
    ['without blanks', '{"id":"7e57-A_z"'],
    ['with blanks around the colon', '{"id" \n:\t "7e57-A_z"'],
    ['of a field with a like name', '{"userId":"5","keyId":"7e57-A_z"'],
    ['behind an id that is a number', '{"id":7,"key":{"id":"7e57-A_z"}'],
  ])('is read %s', async (_, response) => {
    expect(await keyId(response)).toBe('7e57-A_z');
  });

  it.each([
    ['is empty', '{"id":""'],
    ['holds a blank', '{"id":"a b"'],
    ['is no string', '{"id":7'],
    ['is longer than any id', `{"id":"${'a'.repeat(65)}"`],
    ['has another name', '{"ids":"7e57"'],
  ])('is not there where it %s', async (_, response) => {
    expect(await keyId(response)).toBeUndefined();
  });
});

const OLD = 'old-Secret_value.with-dots';
const NEW = 'wQ7zR2mK9pX4tB6nV8cL3hJ5';

describe('a response that is no success', () => {
  const body = { error: null, result: { id: '7e57', name: 'ci', secret: NEW } };

  it.each([302, 303, 400, 401, 403, 408, 409, 429, 500, 502, 503, 520])(
    'with the status %i does not lose a new secret in it',
    async (status) => {
      const { client, sent } = clientOf([json(body, status)]);
      const error = await rejectionOf(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
      if (!(error instanceof UndeliveredSecretError))
        throw new Error('the secret was dropped', { cause: error });
      expect([error.newSecret.reveal(), error.keyId, sent.length]).toEqual([NEW, '7e57', 1]);
      expectHidden(error, NEW);
    },
  );

  it('to a regenerate is not followed by another request, which would end the secret in it', async () => {
    const key = json({ result: { id: '7e57', name: 'ci' } });
    const { client, sent } = clientOf([key, json(body, 503)]);
    const error = await rejectionOf(client.apiKeys.regenerateSecret('7e57'));
    if (!(error instanceof UndeliveredSecretError))
      throw new Error('the secret was dropped', { cause: error });
    expect([error.newSecret.reveal(), sent.length]).toEqual([NEW, 2]);
  });

  it('that quotes the secret that signed brings no new one', async () => {
    const quoting = (status: number) => clientOf([json({ secret: CREDENTIALS.secret }, status)]).client;
    for (const [status, kind] of [
      [400, BadRequestError],
      [401, AuthenticationError],
      [500, AmbiguousOutcomeError],
    ] as const) {
      const error = await rejectionOf(quoting(status).apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
      expect(error).toBeInstanceOf(kind);
      expect(error).not.toHaveProperty('newSecret');
      expectHidden(error, CREDENTIALS.secret);
    }
  });

  it('hands over all of itself where several secrets could be the new one', async () => {
    const several = { a: { secret: OLD }, b: { secret: NEW } };
    for (const status of [200, 400, 500]) {
      const { client } = clientOf([json(several, status)]);
      const error = await rejectionOf(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
      if (!(error instanceof AmbiguousOutcomeError)) throw new Error('another error', { cause: error });
      expect(error.newSecret?.reveal()).toBe(JSON.stringify(several));
      expectHidden(error, NEW);
      expectHidden(error, OLD);
    }
  });
});

describe('a response with an old secret and a new one', () => {
  it('shows neither in its request id', async () => {
    for (const quoted of [OLD, NEW]) {
      const result = { previous: { secret: OLD }, id: '7e57', name: 'ci', secret: NEW };
      const { client } = clientOf([json({ request_id: quoted, result })]);
      const { data, requestId } = await client.apiKeys
        .create({ name: 'ci', expiresIn: '1 month' })
        .withResponse();
      expect(data.secret.reveal()).toBe(NEW);
      expect(requestId).not.toContain(quoted.slice(0, 8));
    }
  });

  it('brings the one where the key has it, and shows neither', async () => {
    const message = `not ${NEW}, no longer ${OLD}`;
    const { client } = clientOf([
      json({ error: { code: 500, message }, previous: { id: '01d', secret: OLD }, id: '7e57', secret: NEW }),
    ]);
    const error = await rejectionOf(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    if (!(error instanceof UndeliveredSecretError)) throw new Error('another error', { cause: error });
    expect([error.newSecret.reveal(), error.keyId]).toEqual([NEW, '7e57']);
    expect(error.cause).toBeInstanceOf(ApiError);
    expectHidden(error, NEW);
    expectHidden(error, OLD);
  });
});
