// Ways in which regenerating a secret may differ from what we assume.
import { answered, inner, moved, type Shape, sends } from './service.ts';

const regenerate = { about: 'regenerate', definition: 'apiKeys.regenerateSecret' } as const;
const ASSUMED = 'POST /api-keys/{id}/regenerate';

export const regenerates: readonly Shape[] = [
  {
    ...regenerate,
    name: 'the path is another',
    without: 'NotFoundError',
    override: { 'apiKeys.regenerateSecret': { path: '/api-keys/{id}/secret' } },
    ...moved('POST /api-keys/{id}/secret', ASSUMED),
  },
  {
    ...regenerate,
    name: 'the path is not below the key',
    without: 'NotFoundError',
    override: { 'apiKeys.regenerateSecret': { path: '/regenerate-api-key/{id}' } },
    ...moved('POST /regenerate-api-key/{id}', ASSUMED),
  },
  {
    ...regenerate,
    name: 'the method is PUT',
    without: 'NotFoundError',
    override: { 'apiKeys.regenerateSecret': { method: 'PUT' } },
    ...moved('PUT /api-keys/{id}/regenerate', ASSUMED),
  },
  {
    ...regenerate,
    name: 'it is a change of the key',
    without: 'NotFoundError',
    override: {
      'apiKeys.regenerateSecret': {
        method: 'PATCH',
        path: '/api-keys/{id}',
        body: () => ({ regenerate: true }),
      },
    },
    ...moved('PATCH /api-keys/{id}', ASSUMED, ({ regenerate: wanted }) => wanted === true),
  },
  {
    ...regenerate,
    name: 'it wants a confirmation in the body',
    without: 'BadRequestError',
    override: { 'apiKeys.regenerateSecret': { body: () => ({ confirm: true }) } },
    ...sends(
      ASSUMED,
      ({ confirm }) => (confirm === true ? undefined : {}),
      ({ confirm }) => confirm === true,
    ),
  },
  {
    ...regenerate,
    name: 'the response has status 201',
    without: 'works',
    override: {},
    ...answered(ASSUMED, (key) => key, { status: 201 }),
  },
  {
    ...regenerate,
    name: 'the response has no envelope',
    without: 'works',
    override: {},
    ...answered(ASSUMED, (key) => key, { envelope: (key) => key }),
  },
  {
    ...regenerate,
    name: 'the secret has another name',
    without: 'AmbiguousOutcomeError',
    override: {
      'apiKeys.regenerateSecret': {
        result: (result) => ({ ...inner(result), secret: inner(result).newSecret }),
      },
    },
    ...answered(ASSUMED, ({ secret, ...key }) => ({ ...key, newSecret: secret })),
  },
  {
    ...regenerate,
    name: 'the key and its secret are nested',
    without: 'UndeliveredSecretError',
    override: { 'apiKeys.regenerateSecret': { result: (result) => inner(result).apiKey } },
    ...answered(ASSUMED, (apiKey) => ({ apiKey })),
  },
  {
    ...regenerate,
    name: 'the result is a list of one',
    without: 'UndeliveredSecretError',
    override: {
      'apiKeys.regenerateSecret': { result: (result) => (Array.isArray(result) ? result[0] : result) },
    },
    ...answered(ASSUMED, (key) => [key]),
  },
  {
    ...regenerate,
    name: 'the secret stands beside the result',
    without: 'UndeliveredSecretError',
    override: {
      'apiKeys.regenerateSecret': {
        result: (result, response) => ({ ...inner(result), secret: inner(response).secret }),
      },
    },
    ...answered(ASSUMED, (key) => key, {
      envelope: ({ secret, ...key }) => ({ api_version: 4, error: null, result: key, secret }),
    }),
  },
];
