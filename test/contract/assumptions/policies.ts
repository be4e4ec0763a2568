// Ways in which reading and setting the maximum expiration may differ from what we assume.
import { answered, inner, moved, type Shape, sends } from './service.ts';

const set = { about: 'policy', definition: 'apiKeyPolicy.set' } as const;
const ASSUMED = 'PATCH /accounts/{accountId}';
const READ = 'GET /accounts/{accountId}';
const WORDS: Readonly<Record<string, number>> = { MONTH: 30, QUARTER: 90, YEAR: 365 };

export const policies: readonly Shape[] = [
  {
    ...set,
    name: 'the method is PUT',
    without: 'NotFoundError',
    override: { 'apiKeyPolicy.set': { method: 'PUT' } },
    ...moved('PUT /accounts/{accountId}', ASSUMED),
  },
  {
    ...set,
    name: 'the path is another',
    without: 'NotFoundError',
    override: { 'apiKeyPolicy.set': { method: 'POST', path: '/accounts/{accountId}/security' } },
    ...moved('POST /accounts/{accountId}/security', ASSUMED),
  },
  {
    ...set,
    name: 'the field is another, and an unknown one is refused',
    without: 'BadRequestError',
    override: { 'apiKeyPolicy.set': { body: ({ days }) => ({ maxApiKeyExpiration: days }) } },
    ...sends(
      ASSUMED,
      ({ maxApiKeyExpiration }) => ({ apiKeyExpiration: maxApiKeyExpiration }),
      (body) => !('apiKeyExpiration' in body),
    ),
  },
  {
    ...set,
    name: 'the field is another, and an unknown one is ignored',
    without: 'InvalidResponseError',
    override: { 'apiKeyPolicy.set': { body: ({ days }) => ({ maxApiKeyExpiration: days }) } },
    ...moved(ASSUMED, ASSUMED, undefined, ({ maxApiKeyExpiration }) =>
      maxApiKeyExpiration === undefined ? 'ignored' : { apiKeyExpiration: maxApiKeyExpiration },
    ),
  },
  {
    ...set,
    name: 'the field is nested',
    without: 'BadRequestError',
    override: { 'apiKeyPolicy.set': { body: ({ days }) => ({ settings: { apiKeyExpiration: days } }) } },
    ...sends(
      ASSUMED,
      ({ settings }) => inner(settings),
      ({ settings }) => settings !== undefined,
    ),
  },
  {
    ...set,
    name: 'it is sent in words',
    without: 'BadRequestError',
    override: {
      'apiKeyPolicy.set': {
        body: ({ days }) => ({
          apiKeyExpiration: Object.entries(WORDS).find(([, length]) => length === days)?.[0],
        }),
      },
    },
    ...sends(
      ASSUMED,
      ({ apiKeyExpiration }) => ({ apiKeyExpiration: WORDS[String(apiKeyExpiration)] }),
      ({ apiKeyExpiration }) => String(apiKeyExpiration) in WORDS,
    ),
  },
  {
    ...set,
    name: 'it is answered by 204 and no body',
    without: 'works',
    override: {},
    ...answered(ASSUMED, () => undefined, { status: 204 }),
  },
  {
    ...set,
    name: 'it is answered by its own small object',
    without: 'works',
    override: {},
    ...answered(ASSUMED, ({ apiKeyExpiration }) => ({ apiKeyExpiration })),
  },
  {
    about: 'policy',
    definition: 'apiKeyPolicy.get',
    name: 'it is read from another field',
    without: 'works',
    override: {
      'apiKeyPolicy.get': {
        result: (result) => ({ ...inner(result), apiKeyExpiration: inner(result).maxDays }),
      },
    },
    ...answered(READ, ({ apiKeyExpiration, ...account }) => ({ ...account, maxDays: apiKeyExpiration })),
  },
  {
    about: 'policy',
    definition: 'apiKeyPolicy.get',
    name: 'it is read from a nested field',
    without: 'works',
    override: {
      'apiKeyPolicy.get': { result: (result) => ({ ...inner(result), ...inner(inner(result).security) }) },
    },
    ...answered(READ, ({ apiKeyExpiration, ...account }) => ({ ...account, security: { apiKeyExpiration } })),
  },
];
