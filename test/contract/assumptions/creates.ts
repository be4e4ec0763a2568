// Ways in which creating a key may differ from what we assume.
import { isRecord, type Json } from '../../support/openapi-document.ts';
import { answered, inner, moved, type Shape, sends } from './service.ts';

const create = { about: 'create', definition: 'apiKeys.create' } as const;

const iso = (seconds: unknown) => new Date(Number(seconds) * 1000).toISOString();
const seconds = (text: unknown) => Date.parse(String(text)) / 1000;

export const creates: readonly Shape[] = [
  {
    ...create,
    name: 'the path is another',
    without: 'NotFoundError',
    override: { 'apiKeys.create': { path: '/user/api-keys' } },
    ...moved('POST /user/api-keys', 'POST /api-keys'),
  },
  {
    ...create,
    name: 'the method is PUT',
    without: 'NotFoundError',
    override: { 'apiKeys.create': { method: 'PUT' } },
    ...moved('PUT /api-keys', 'POST /api-keys'),
  },
  {
    ...create,
    name: 'the name is sent as label',
    without: 'BadRequestError',
    override: { 'apiKeys.create': { body: ({ name, expiration }) => ({ label: name, expiration }) } },
    ...sends('POST /api-keys', ({ label, expiration }) => ({ name: label, expiration })),
  },
  {
    ...create,
    name: 'the body is nested',
    without: 'BadRequestError',
    override: { 'apiKeys.create': { body: ({ name, expiration }) => ({ apiKey: { name, expiration } }) } },
    ...sends('POST /api-keys', ({ apiKey }) => inner(apiKey)),
  },
  {
    ...create,
    name: 'the expiration is sent as a date in words',
    without: 'BadRequestError',
    override: {
      'apiKeys.create': { body: ({ name, expiresAt }) => ({ name, expiration: expiresAt?.toISOString() }) },
    },
    ...sends('POST /api-keys', ({ name, expiration }) =>
      typeof expiration === 'string' ? { name, expiration: seconds(expiration) } : {},
    ),
  },
  {
    ...create,
    name: 'the expiration is sent in milliseconds',
    without: 'BadRequestError',
    override: {
      'apiKeys.create': { body: ({ name, expiration = 0 }) => ({ name, expiration: expiration * 1000 }) },
    },
    ...sends('POST /api-keys', ({ name, expiration }) => ({
      name,
      expiration: Math.floor(Number(expiration) / 1000),
    })),
  },
  {
    ...create,
    name: 'the expiration has another name',
    without: 'BadRequestError',
    override: { 'apiKeys.create': { body: ({ name, expiration }) => ({ name, expires: expiration }) } },
    ...sends('POST /api-keys', ({ name, expires }) => ({ name, expiration: expires })),
  },
  {
    ...create,
    name: 'the response has status 200',
    without: 'works',
    override: {},
    ...answered('POST /api-keys', (result) => result, { status: 200 }),
  },
  {
    ...create,
    name: 'the response has status 202',
    without: 'works',
    override: {},
    ...answered('POST /api-keys', (result) => result, { status: 202 }),
  },
  {
    ...create,
    name: 'the response has no envelope',
    without: 'works',
    override: {},
    ...answered('POST /api-keys', (result) => result, { envelope: (result) => result }),
  },
  {
    ...create,
    name: 'the envelope calls the result data',
    without: 'UndeliveredSecretError',
    override: { 'apiKeys.create': { result: (_, response) => inner(response).data } },
    ...answered('POST /api-keys', (result) => result, { envelope: (data) => ({ error: null, data }) }),
  },
  {
    ...create,
    name: 'the secret has another name',
    without: 'AmbiguousOutcomeError',
    override: {
      'apiKeys.create': { result: (result) => ({ ...inner(result), secret: inner(result).apiKeySecret }) },
    },
    ...answered('POST /api-keys', ({ secret, ...key }) => ({ ...key, apiKeySecret: secret })),
  },
  {
    ...create,
    name: 'the secret is nested',
    without: 'UndeliveredSecretError',
    override: {
      'apiKeys.create': { result: (result) => ({ ...inner(result), ...inner(inner(result).credentials) }) },
    },
    ...answered('POST /api-keys', ({ secret, ...key }) => ({ ...key, credentials: { secret } })),
  },
  {
    ...create,
    name: 'the key is nested beside the secret',
    without: 'UndeliveredSecretError',
    override: {
      'apiKeys.create': {
        result: (result) => ({ ...inner(inner(result).apiKey), secret: inner(result).secret }),
      },
    },
    ...answered('POST /api-keys', ({ secret, ...apiKey }) => ({ secret, apiKey })),
  },
  {
    ...create,
    name: 'the result is a list of one',
    without: 'UndeliveredSecretError',
    override: { 'apiKeys.create': { result: (result) => (Array.isArray(result) ? result[0] : result) } },
    ...answered('POST /api-keys', (key) => [key]),
  },
  {
    ...create,
    name: 'the id has another name',
    without: 'UndeliveredSecretError',
    override: {
      'apiKeys.create': { result: (result) => ({ ...inner(result), id: inner(result).apiKeyId }) },
    },
    ...answered('POST /api-keys', ({ id, ...key }) => ({ apiKeyId: id, ...key })),
  },
  {
    ...create,
    name: 'id and secret come as one text',
    without: 'AmbiguousOutcomeError',
    override: {
      'apiKeys.create': {
        result: (result) => {
          const [id, secret] = String(inner(result).token).split(':');
          return { ...inner(result), id, secret };
        },
      },
    },
    ...answered('POST /api-keys', ({ id, secret, ...key }) => ({ ...key, token: `${id}:${secret}` })),
  },
  {
    ...create,
    name: 'the result is a text with JSON in it',
    without: 'AmbiguousOutcomeError',
    override: { 'apiKeys.create': { result: (result) => JSON.parse(String(result)) } },
    ...answered('POST /api-keys', (key) => JSON.stringify(key)),
  },
  {
    ...create,
    name: 'times are dates in words',
    without: 'works',
    override: {
      'apiKeys.create': {
        result: (result) => {
          const { created, expiration, ...key } = inner(result);
          return { ...key, created: seconds(created), expiration: seconds(expiration) };
        },
      },
    },
    ...answered('POST /api-keys', ({ created, expiration, ...key }) => ({
      ...key,
      created: iso(created),
      expiration: iso(expiration),
    })),
  },
  {
    ...create,
    name: 'the response does not repeat the name',
    without: 'UndeliveredSecretError',
    override: { 'apiKeys.create': { result: (result) => ({ name: 'nightly', ...inner(result) }) } },
    ...answered('POST /api-keys', (key: Json) =>
      Object.fromEntries(Object.entries(isRecord(key) ? key : {}).filter(([field]) => field !== 'name')),
    ),
  },
];
