// Responses by properties: any status with any body ends in a result or in one of our classes, by the status where it is
// an error; messages are safe to print; and a secret in a success is never dropped.
import assert from 'node:assert/strict';
import {
  AmbiguousOutcomeError,
  ApiError,
  AuthenticationError,
  BadRequestError,
  BlazeMeterClient,
  BlazeMeterError,
  ConflictError,
  InvalidResponseError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  RequestFailedError,
  ServerError,
  UndeliveredSecretError,
} from 'blazemeter-client';
import fc from 'fast-check';
import { describe, it } from 'vitest';
import { namedCalls } from '../support/calls.ts';

const NO_BODY = [204, 205, 304];
const status = fc.oneof(
  fc.integer({ min: 200, max: 599 }),
  fc.constantFrom(200, 201, 204, 302, 303, 400, 401, 402, 403, 404, 405, 409, 429, 500, 502, 503, 504),
);
const problem = fc.oneof(
  fc.record(
    { code: fc.oneof(fc.integer(), status), message: fc.string({ unit: 'binary' }) },
    { requiredKeys: [] },
  ),
  fc.jsonValue(),
);
const envelope = fc.record(
  {
    api_version: fc.constant(4),
    error: problem,
    result: fc.jsonValue(),
    request_id: fc.jsonValue(),
    message: fc.jsonValue(),
  },
  { requiredKeys: [] },
);
const body = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.constantFrom(
    '',
    '   ',
    'null',
    '[]',
    '{',
    '<!DOCTYPE html><p>',
    '\ufeff{}',
    '{"__proto__":{"error":{"code":1}}}',
  ),
  fc.json(),
  envelope.map((value) => JSON.stringify(value)),
);
const header = fc.oneof(
  fc.constantFrom('0', '1', '86400', '-1', '1e3', '99999999999', 'Wed, 21 Oct 2015 07:28:00 GMT', 'soon'),
  fc.stringMatching(/^[ -~]{0,30}$/),
);
const headers = fc.record(
  { 'retry-after': header, date: header, 'content-type': header },
  { requiredKeys: [] },
);

type Given = readonly [status: number, body: string, headers: Partial<Record<string, string>>];
const responses = fc.tuple(status, body, headers);

const SECRET = 'the secret that signs the call';
function answered([code, text, given]: Given): BlazeMeterClient {
  return new BlazeMeterClient({
    credentials: { id: 'an-id', secret: SECRET },
    logLevel: 'off',
    maxRetries: 0,
    fetch: async () => {
      const response = new Response(NO_BODY.includes(code) ? null : text, { status: code });
      for (const [name, value] of Object.entries(given))
        if (value !== undefined) response.headers.set(name, value);
      return response;
    },
  });
}

const CLASSES = new Map<number, typeof ApiError>([
  [400, BadRequestError],
  [401, AuthenticationError],
  [402, RequestFailedError],
  [403, PermissionDeniedError],
  [404, NotFoundError],
  [409, ConflictError],
  [429, RateLimitError],
]);

const tried: readonly (readonly [name: string, call: (client: BlazeMeterClient) => Promise<unknown>])[] = [
  ...namedCalls,
  ['request', (client) => client.request({ path: '/anything' })],
];

const ending = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value, error: undefined }),
    (error: unknown) => ({ value: undefined, error }),
  );

describe.each(tried)('any response to %s', (_, call) => {
  it('is a result or one of our errors, by its status, and safe to print', async () => {
    await fc.assert(
      fc.asyncProperty(responses, async (given) => {
        const { error } = await ending(call(answered(given)));
        const [code] = given;
        if (error === undefined)
          return assert.ok(code >= 200 && code < 300, `${code} was taken for a success`);
        assert.ok(error instanceof BlazeMeterError, String(error));
        // Control characters, half surrogates, line separators: nothing that acts.
        assert.doesNotMatch(error.message, /[\p{Cc}\p{Cs}\u2028\u2029\u202e]/u);
        assert.ok(error.message.length <= 1_000, `${error.message.length} characters`);
        assert.ok(!JSON.stringify(error).includes(SECRET));
        if (code >= 400) {
          const Kind = CLASSES.get(code) ?? (code >= 500 ? ServerError : ApiError);
          const found = error instanceof AmbiguousOutcomeError ? error.cause : error;
          assert.ok(found instanceof Kind, `${code}: ${String(found)}`);
          assert.equal(found.status, code);
        } else if (code >= 300) {
          const found = error instanceof AmbiguousOutcomeError ? error.cause : error;
          assert.ok(found instanceof InvalidResponseError, `${code}: ${String(found)}`);
        }
      }),
      { numRuns: 200 },
    );
  });
});

describe('a new secret', () => {
  const hex = fc.stringMatching(/^[0-9a-f]{72}$/);
  const ok = fc.constantFrom(200, 201, 202);
  const key = fc.oneof(
    fc.constant('secret'),
    fc.constantFrom('apiKeySecret', 'key_secret', 'token', 'value'),
  );
  /** Anything, with the secret somewhere in it. */
  const holding = (made: string, name: string) =>
    fc.oneof(
      fc.constant({ [name]: made }),
      fc.record({
        id: fc.jsonValue(),
        name: fc.jsonValue(),
        created: fc.jsonValue(),
        [name]: fc.constant(made),
      }),
      fc.record({
        apiKey: fc.record({ id: fc.constant('7e57'), [name]: fc.constant(made) }),
        more: fc.jsonValue(),
      }),
      fc.constant([[{ [name]: made }]]),
      fc.constant({ id: '7e57', name: 'n', created: 1_900_000_000, [name]: made }),
    );
  const shape = fc
    .tuple(hex, key)
    .chain(([made, name]) => fc.tuple(fc.constant(made), holding(made, name), fc.boolean()));

  it.each([
    ['create', (client: BlazeMeterClient) => client.apiKeys.create({ name: 'n', expiresIn: { days: 1 } })],
    ['regenerate', (client: BlazeMeterClient) => client.apiKeys.regenerateSecret('7e57')],
  ] as const)(
    'in a success of any shape, even cut short, is in the result of %s or in its error',
    async (_, call) => {
      await fc.assert(
        fc.asyncProperty(ok, shape, fc.nat({ max: 30 }), async (code, [made, result, enveloped], cut) => {
          const text = JSON.stringify(enveloped ? { api_version: 4, error: null, result } : result);
          const end = Math.max(text.indexOf(made) + made.length + 1, text.length - cut);
          const { value, error } = await ending(answeredTo(call, code, text.slice(0, end)));
          if (error === undefined) {
            const { secret } = Object(value);
            return assert.ok(secret.equals(made));
          }
          if (error instanceof UndeliveredSecretError) assert.equal(error.newSecret.reveal(), made);
          else {
            assert.ok(error instanceof AmbiguousOutcomeError, String(error));
            assert.ok(error.newSecret?.reveal().includes(made));
          }
          assert.ok(!error.message.includes(made.slice(0, 8)), 'the message shows a piece of it');
        }),
        { numRuns: 300 },
      );
    },
  );

  /** The reads that go before the call are answered as they should be. */
  function answeredTo(call: (client: BlazeMeterClient) => Promise<unknown>, code: number, text: string) {
    const client = new BlazeMeterClient({
      credentials: { id: 'an-id', secret: SECRET },
      logLevel: 'off',
      maxRetries: 0,
      fetch: async (_url, { method }) =>
        method === 'GET'
          ? Response.json({ result: { id: 1 } }, { headers: { date: new Date().toUTCString() } })
          : new Response(text, { status: code }),
    });
    return call(client);
  }
});
