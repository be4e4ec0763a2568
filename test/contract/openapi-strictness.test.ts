// That holding something against docs/openapi.yaml finds what is wrong: each spoilt response and each spoilt request
// below is refused, for its own reason, and what is right passes.
import { describe, expect, it } from 'vitest';
import { checkedFetch } from '../support/checked-fetch.ts';
import { api, checkRequest, checkResponse } from '../support/openapi.ts';
import { isRecord, type Json, pointed, record } from '../support/openapi-document.ts';

const KEY = '/api-keys/facadefacadefacade000001';
const AUTHORIZATION = `Basic ${Buffer.from('made-up-id:made-up-secret').toString('base64')}`;
const HEADERS = {
  'content-type': 'application/json; charset=utf-8',
  'set-cookie': 'bzm_sess=made-up; path=/',
  'cache-control': 'no-cache, must-revalidate',
  vary: 'Accept',
  date: 'Sat, 01 Jun 2024 12:00:00 GMT',
};
const REALM = { 'www-authenticate': 'Basic realm=api' };

/** The example response of a component, to be spoilt. */
function example(component: string): Json {
  const found = pointed(api().raw, `#/components/responses/${component}/content/application~1json/example`);
  return record(structuredClone(found), component);
}

/** The example with its result, or the first thing in it, changed. */
function withResult(component: string, change: Json): Json {
  const body = example(component);
  const spoil = (result: unknown) => (isRecord(result) ? { ...result, ...change } : result);
  return { ...body, result: Array.isArray(body.result) ? body.result.map(spoil) : spoil(body.result) };
}

function without(body: Json, ...keys: readonly string[]): Json {
  return Object.fromEntries(Object.entries(body).filter(([key]) => !keys.includes(key)));
}

const withError = (component: string, error: unknown): Json => ({ ...example(component), error });

type SpoiltResponse = readonly [
  title: string,
  call: string,
  status: number,
  body: Json | string,
  problem: RegExp,
];
const responses: readonly SpoiltResponse[] = [
  [
    'an id is a text',
    'GET /user',
    200,
    withResult('User', { id: '2000001' }),
    /\/result\/id must be integer/,
  ],
  [
    'a time is in milliseconds',
    'GET /user',
    200,
    withResult('User', { created: 1717243200000 }),
    /created must be <=/,
  ],
  [
    'a time is a text',
    'GET /user',
    200,
    withResult('User', { updated: '2024-06-01' }),
    /updated must be integer/,
  ],
  [
    'a last name is null',
    'GET /user',
    200,
    withResult('User', { lastName: null }),
    /lastName must be string/,
  ],
  [
    'there is no default project',
    'GET /user',
    200,
    withResult('User', { defaultProject: null }),
    /defaultProject/,
  ],
  ['features is a filled list', 'GET /user', 200, withResult('User', { features: ['a'] }), /features/],
  [
    'a description is null',
    'GET /accounts/1',
    200,
    withResult('Account', { description: null }),
    /be string/,
  ],
  [
    'a maximum is a text',
    'GET /accounts/1',
    200,
    withResult('Account', { apiKeyExpiration: '90' }),
    /be integer/,
  ],
  ['a total is null', 'GET /accounts', 200, { ...example('Accounts'), total: null }, /total must be integer/],
  ['a total is missing', 'GET /accounts', 200, without(example('Accounts'), 'total'), /'total'/],
  ['keys change places', 'GET /api-keys', 200, { api_version: 4, ...example('ApiKeys') }, /recorded order/],
  [
    'a success carries an error',
    'GET /user',
    200,
    withError('User', { code: 401, message: 'No' }),
    /must be null/,
  ],
  ['there is no envelope', 'GET /user', 200, record(example('User').result, 'a user'), /'api_version'/],
  ['an error is a text', 'GET /user', 403, withError('Forbidden', 'Forbidden'), /error must be object/],
  [
    "an error's code is not its status",
    'GET /user',
    403,
    example('NotFound'),
    /code must be equal to constant/,
  ],
  ['a 401 has no body', 'GET /user', 401, '', /not JSON/],
  [
    'a 401 says expired',
    'GET /user',
    401,
    withError('Unauthorized', { code: 401, message: 'Unauthorized: Expired' }),
    /must NOT be valid/,
  ],
  ['a key shows its secret again', `GET ${KEY}`, 200, example('ApiKeyCreated'), /must NOT be valid/],
  ['a new key shows no secret', 'POST /api-keys', 201, example('ApiKey'), /'secret'/],
  [
    'a secret is short',
    'POST /api-keys',
    201,
    withResult('ApiKeyCreated', { secret: 'facade' }),
    /secret must match/,
  ],
  ['a create returns 200', 'POST /api-keys', 200, example('ApiKeyCreated'), /no response 200/],
  ['a 204 has a body', `DELETE ${KEY}`, 204, '{}', /must not/],
  ['an unknown path succeeds', 'GET /nowhere', 200, example('User'), /not part of the API/],
  ['an unknown method succeeds', 'PUT /user', 200, example('User'), /only 404 or 405/],
];

function check(
  call: string,
  status: number,
  body: Json | string,
  headers: Record<string, string> = REALM,
): void {
  const [method = '', path = ''] = call.split(' ');
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  checkResponse({ method, path, status, headers: { ...HEADERS, ...headers }, body: text });
}

describe('a response is refused when', () => {
  it.each(responses)('%s', (_, call, status, body, problem) => {
    expect(() => check(call, status, body)).toThrow(problem);
  });

  it('a recorded header is missing or another', () => {
    expect(() => check('GET /user', 401, example('Unauthorized'), {})).toThrow(/www-authenticate is missing/);
    expect(() => check('GET /user', 200, example('User'), { 'set-cookie': 'other=1' })).toThrow(/set-cookie/);
    expect(() => check('GET /user', 200, example('User'), { 'content-type': 'text/html' })).toThrow(
      /content-type/,
    );
    expect(() => check('GET /user', 200, example('User'), { date: '2024-06-01' })).toThrow(/header date/);
  });

  it('but not when it is as described', () => {
    check('GET /user', 200, example('User'));
    check('GET /user', 200, withResult('User', { unknownField: 1 }));
    check('GET /user', 401, example('Unauthorized'));
    check('GET /accounts/1', 200, withResult('Account', { apiKeyExpiration: -1 }));
    check('GET /accounts/1', 200, withResult('Account', { apiKeyExpiration: 45, description: 'A word' }));
    check(`DELETE ${KEY}`, 204, '');
    check('GET /nowhere', 404, example('NotFound'));
    check('PUT /user', 405, withError('NotFound', { code: 405, message: 'Method Not Allowed' }));
  });
});

const signed = { authorization: AUTHORIZATION };
const json = { ...signed, 'content-type': 'application/json' };
type Sent = readonly [
  title: string,
  call: string,
  headers: Record<string, string>,
  body: string,
  problem: RegExp,
];
const requests: readonly Sent[] = [
  ['it carries no key', 'GET /user', {}, '', /no Authorization/],
  [
    'its key lacks a half',
    'GET /user',
    { authorization: `Basic ${btoa('id:')}` },
    '',
    /id, a colon and a secret/,
  ],
  ['it brings a cookie', 'GET /user', { ...signed, cookie: 'bzm_sess=1' }, '', /cookie/],
  ['an account is asked for by name', 'GET /accounts/mine', signed, '', /accountId must be integer/],
  ['a limit is below zero', 'GET /accounts?limit=-1', signed, '', /limit must be >= 0/],
  ['a limit is there twice', 'GET /accounts?limit=1&limit=2', signed, '', /limit is there twice/],
  ['enabled is another word', 'GET /workspaces?enabled=yes', signed, '', /enabled must be boolean/],
  ['a new key has no expiration', 'POST /api-keys', json, '{"name":"a"}', /'expiration'/],
  ['an expiration is words', 'POST /api-keys', json, '{"name":"a","expiration":"soon"}', /must be integer/],
  [
    'an expiration is milliseconds',
    'POST /api-keys',
    json,
    '{"name":"a","expiration":1717243200000}',
    /must be <=/,
  ],
  [
    'a new key has an empty name',
    'POST /api-keys',
    json,
    '{"name":"","expiration":1}',
    /must NOT have fewer/,
  ],
  ['its body is not called JSON', 'POST /api-keys', signed, '{"name":"a","expiration":1}', /Content-Type/],
  ['its body is not JSON', 'PATCH /accounts/1', json, 'apiKeyExpiration=90', /not JSON/],
  ['a maximum is in words', 'PATCH /accounts/1', json, '{"apiKeyExpiration":"3 months"}', /must be integer/],
  ['a delete has a body', `DELETE ${KEY}`, signed, '{}', /has a body/],
  ['a method is not there', 'PUT /user', signed, '', /has no PUT/],
  ['a path is not there', 'GET /nowhere', signed, '', /no path of the API/],
];

function request(call: string, headers: Record<string, string>, body: string): void {
  const [method = '', target = ''] = call.split(' ');
  const [path = '', query = ''] = target.split('?');
  checkRequest({ method, path, query, headers, body: body === '' ? undefined : body });
}

describe('a request is refused when', () => {
  it.each(requests)('%s', (_, call, headers, body, problem) => {
    expect(() => request(call, headers, body)).toThrow(problem);
  });

  it.each([
    'GET /web/version',
    'GET /accounts?sort[]=name&limit=1000',
    'GET /accounts?sort%5B%5D=-updated&limit=0&app_key=1',
    'GET /accounts/1/users?limit=10000&enabled=true&roles[]=admin&roles[]=billing',
    'GET /workspaces?accountId=1&enabled=true&limit=100&skip=0&_clientId=x',
    'GET /multi-tests?projectId=1',
  ])('but not when real clients send it: %s', (call) => {
    request(call, signed, '');
  });
});

describe('a checked fetch', () => {
  const serve = (status: number, body: Json) =>
    checkedFetch(async () => new Response(JSON.stringify(body), { status, headers: HEADERS }));

  it('hands on what passes, and has nothing to say about what is right', async () => {
    const fetch = serve(200, example('User'));
    const response = await fetch('https://a.blazemeter.com/api/v4/user', { headers: signed });
    expect(await response.json()).toEqual(example('User'));
    expect(response.headers.get('vary')).toBe('Accept');
    expect(fetch.exchanges).toMatchObject([{ operation: 'user.get', status: 200 }]);
    fetch.assertClean();
  });

  it('remembers what was wrong, in the request and in the response', async () => {
    const fetch = serve(200, withResult('User', { id: 'me' }));
    await (await fetch('https://a.blazemeter.com/api/v4/user')).text();
    expect(fetch.violations()).toEqual([
      expect.stringContaining('no Authorization'),
      expect.stringContaining('/result/id must be integer'),
    ]);
    expect(() => fetch.assertClean()).toThrow(/GET \/user -> 200/);
  });

  it('holds nothing against the body of a response that was not read to its end', async () => {
    const fetch = serve(200, withResult('User', { id: 'me' }));
    await (await fetch('https://a.blazemeter.com/api/v4/user', { headers: signed })).body?.cancel();
    fetch.assertClean();
    expect(fetch.exchanges[0]?.responseBody).toBeUndefined();
  });
});
