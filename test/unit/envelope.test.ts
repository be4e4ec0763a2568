// What each answer is, said in full: the class and the words of every status, of what stands in between, and of what is no
// answer of the API at all.
import {
  ApiError,
  AuthenticationError,
  BadRequestError,
  ConflictError,
  InvalidResponseError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  RequestFailedError,
  ServerError,
} from 'blazemeter-client';
import { describe, expect, test } from 'vitest';
import { type AnswerContext, type RawAnswer, readEnvelope } from '../../src/wire/envelope.ts';
import { assumptionHint } from '../../src/wire/operations.ts';

const SECRET = 'correct horse battery staple';
const context: AnswerContext = {
  operation: 'user.get',
  attempts: 2,
  unauthorizedHint: () => 'Likely cause: this.',
  hide: () => [SECRET],
  retryAfterMs: 7_000,
  replayable: true,
};

function read(
  status: number,
  body: unknown,
  more: Partial<RawAnswer & AnswerContext & { type: string }> = {},
) {
  const { type = 'application/json', oversized = false, ...rest } = more;
  const { requestId, ...envelope } = readEnvelope(
    {
      status,
      headers: new Headers(type === '' ? {} : { 'content-type': type }),
      body: typeof body === 'string' ? body : JSON.stringify(body),
      oversized,
    },
    { ...context, ...rest },
  );
  const id = requestId();
  return id === undefined ? envelope : { ...envelope, requestId: id };
}

function problem(status: number, body: unknown, more: Parameters<typeof read>[2] = {}): ApiError {
  try {
    read(status, body, more);
  } catch (error) {
    if (error instanceof ApiError || error instanceof InvalidResponseError) return Object(error);
    throw error;
  }
  throw new Error('It was read as a good answer.');
}

const envelope = (code: number, message: string) => ({
  error: { code, message },
  api_version: 4,
  result: null,
  request_id: '65a1b2c3d4e5f',
});

describe('an error by its status', () => {
  test.each([
    [400, BadRequestError, 'Correct what was sent.'],
    [401, AuthenticationError, 'Likely cause: this.'],
    [402, RequestFailedError, 'The parameters were valid, but a rule of the service forbids it.'],
    [
      403,
      PermissionDeniedError,
      "The key is good, but its user may not do this: ask the account's owner or an admin.",
    ],
    [404, NotFoundError, 'Check the id.'],
    [409, ConflictError, 'Something with that name or state exists already.'],
    [429, RateLimitError, 'Wait, then try again.'],
    [500, ServerError, 'The service or a proxy failed: try later.'],
    [599, ServerError, 'The service or a proxy failed: try later.'],
    [418, ApiError, ''],
    [499, ApiError, ''],
    [600, ApiError, ''],
  ])('%d', (status, kind, hint) => {
    const error = problem(status, envelope(status, 'Some words'));
    expect(error).toBeInstanceOf(kind);
    expect(error.name).toBe(kind.name);
    expect(error.message).toBe(`user.get was answered with ${status}: "Some words". ${hint}`.trim());
    expect(error).toMatchObject({
      status,
      apiCode: status,
      attempts: 2,
      operation: 'user.get',
      requestId: '65a1b2c3d4e5f',
      retryable: kind === ServerError || kind === RateLimitError,
    });
    expect(Object.hasOwn(error, 'retryAfterMs')).toBe(status === 429);
  });

  test('tells when to try again, and whether that does harm, as far as that is known', () => {
    expect(problem(429, envelope(429, 'x'))).toMatchObject({ retryAfterMs: 7_000 });
    expect(problem(429, envelope(429, 'x'), { retryAfterMs: undefined })).not.toHaveProperty('retryAfterMs');
    expect(problem(503, envelope(503, 'x'), { replayable: false }).retryable).toBe(false);
  });

  test('says what is assumed where the assumption may be at fault, and nowhere else', () => {
    const operation = 'apiKeys.create';
    const hint = assumptionHint(operation);
    expect(hint).toMatch(/assumption/);
    for (const status of [400, 404, 405, 418])
      expect(problem(status, envelope(status, 'x'), { operation }).message.endsWith(hint)).toBe(true);
    for (const status of [401, 402, 403, 409, 429, 500])
      expect(problem(status, envelope(status, 'x'), { operation }).message).not.toContain(hint);
  });

  test('a call without a name is a request', () => {
    expect(problem(404, envelope(404, 'x'), { operation: undefined }).message).toBe(
      'the request was answered with 404: "x". Check the id.',
    );
  });
});

describe('what an error says of itself', () => {
  test.each([
    ['a text in place of the error', { error: 'Some words' }, ': "Some words"'],
    ['a message beside it', { message: 'Some words' }, ': "Some words"'],
    ['a message beside no error', { error: null, message: 'Some words' }, ': "Some words"'],
    ['an empty text', { error: '', message: 'Some words' }, ': "Some words"'],
    ['an error without a message', { error: { code: 7 } }, ''],
    ['a message that is no text', { error: { message: 7 } }, ''],
    ['a message beside it that is no text', { message: ['x'] }, ''],
    ['what is inherited', '{"__proto__":{"message":"x"}}', ''],
    ['a list', [], ''],
    ['nothing', null, ''],
    ['a text alone', '"words"', ''],
    ['an empty body', '', ' with an empty body'],
    ['blanks', ' \n', ' with an empty body'],
    [
      'a page',
      ' <!DOCTYPE html><p>',
      ' with an HTML page (19 characters), which is not of the API: a proxy or gateway may stand in between',
    ],
    [
      'an older page',
      '<HTML>',
      ' with an HTML page (6 characters), which is not of the API: a proxy or gateway may stand in between',
    ],
    [
      'a page that begins later',
      'x <html>',
      ' with a body of type application/json (8 characters), which is not of the API: a proxy or gateway may stand in between',
    ],
  ])('%s', (_, body, said) => {
    expect(problem(402, body).message).toBe(
      `user.get was answered with 402${said}. The parameters were valid, but a rule of the service forbids it.`,
    );
  });

  test('a code that is no number is none', () => {
    expect(problem(402, { error: { code: '7' } })).not.toHaveProperty('apiCode');
  });

  test('is shown without the secret, without what acts, and no longer than a line', () => {
    const { message } = problem(402, envelope(402, `${SECRET}\u001b[31m${'word '.repeat(100)}`));
    expect(message).toContain('"[redacted]\\u001b[31mword');
    expect(message.length).toBeLessThan(320);
  });

  test('nor does the type of its body, or its id, show a secret', () => {
    const error = problem(502, 'x', { type: `text/${SECRET}`.replaceAll(' ', '') });
    expect(error.message).toContain('a body of type text/');
    expect(problem(502, 'x', { type: '' }).message).toContain('a body of type unknown (1 characters)');
    expect(problem(502, 'x', { type: `text/plain; x="${SECRET}"` }).message).not.toContain('horse');
    expect(problem(502, 'x', { type: 'a b '.repeat(99) }).message.length).toBeLessThan(250);
    expect(read(200, { result: 1, request_id: SECRET })).toHaveProperty('requestId', '[redacted]');
  });
});

describe('an error inside of a success', () => {
  test('has the class of its code', () => {
    const error = problem(200, envelope(409, 'Taken'));
    expect(error).toBeInstanceOf(ConflictError);
    expect(error.message).toBe(
      'user.get was answered with an error (status 200): "Taken". Something with that name or state exists already.',
    );
    expect(error).toMatchObject({ status: 200, apiCode: 409 });
  });

  test.each([true, 1, 'words', {}, ['x']])('%j is an error', (inside) => {
    expect(problem(200, { error: inside, result: 1 })).toBeInstanceOf(ApiError);
    expect(problem(299, { error: inside, result: 1 })).toBeInstanceOf(ApiError);
  });

  test.each([null, false, 0, '', []])('%j is none', (inside) => {
    expect(read(200, { error: inside, result: 1 }).result).toBe(1);
  });
});

describe('what the API never answers', () => {
  test.each([
    [199, ''],
    [300, ' Redirects are not followed with a credential.'],
    [302, ' Redirects are not followed with a credential.'],
    [399, ' Redirects are not followed with a credential.'],
  ])('a status of %d', (status, more) => {
    const error = problem(status, { result: 1, request_id: '65a1b2c3d4e5f' });
    expect(error).toBeInstanceOf(InvalidResponseError);
    expect(error.message).toBe(
      `user.get was answered with status ${status}, which the API never gives.${more} A login page or proxy may stand in between: check baseUrl.`,
    );
    expect(error).toMatchObject({ status, attempts: 2, operation: 'user.get', requestId: '65a1b2c3d4e5f' });
  });

  test('more than is read', () => {
    const error = problem(200, { result: 1 }, { oversized: true });
    expect(error).toBeInstanceOf(InvalidResponseError);
    expect(error.message).toBe(
      'user.get was answered with more than this client reads. Ask for less at a time (limit).',
    );
    expect(error).toMatchObject({ status: 200, attempts: 2, operation: 'user.get' });
  });

  test('no JSON', () => {
    const error = problem(200, 'words', { type: 'text/plain' });
    expect(error).toBeInstanceOf(InvalidResponseError);
    expect(error.message).toBe(
      'user.get was answered with a body of type text/plain (5 characters) that is not JSON. A login page or proxy may stand in between: check baseUrl.',
    );
    expect(error).toMatchObject({ status: 200, attempts: 2, operation: 'user.get' });
  });
});

describe('a good answer', () => {
  test('is its result, its whole and its id', () => {
    const whole = { api_version: 4, error: null, result: { id: 1 }, request_id: '65a1b2c3d4e5f' };
    expect(read(200, whole)).toEqual({ result: { id: 1 }, whole, requestId: '65a1b2c3d4e5f' });
    expect(read(299, whole).result).toEqual({ id: 1 });
  });

  test('without an envelope is its own result', () => {
    for (const whole of [{ id: 1 }, [1], 7, null, 'words'])
      expect(read(200, JSON.stringify(whole))).toEqual({ result: whole, whole });
    expect(read(200, '{"__proto__":{"result":1}}').result).not.toBe(1);
  });

  test('without a body has none', () => {
    for (const body of ['', ' \n']) expect(read(204, body)).toEqual({ result: undefined, whole: undefined });
  });

  test.each(['', 7, null, ['x']])('has no id where that is %j', (id) => {
    expect(read(200, { result: 1, request_id: id })).not.toHaveProperty('requestId');
  });

  test('has an id of 64 characters at most', () => {
    const long = read(200, { result: 1, request_id: 'ab '.repeat(50) });
    expect(long).toHaveProperty('requestId', `${'ab '.repeat(21)}…`);
  });
});
