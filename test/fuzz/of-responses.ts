// What the service returns: the envelope, the models in it, and the secret that a response brings.
import assert from 'node:assert/strict';
import {
  BlazeMeterClient,
  BlazeMeterError,
  isBlazeMeterError,
  Secret,
  UndeliveredSecretError,
} from 'blazemeter-client';
import { schemas } from 'blazemeter-client/schemas';
import type { ZodMiniType } from 'zod/mini';
import type { Fuzzed } from './fuzz.ts';
import { assertHidden, assertOurs, SECRETS } from './oracle.ts';
import type { Random } from './random.ts';
import { type Json, spoilText } from './spoil.ts';
import { assertShape, parsed, type Shape, spoiltJson } from './trial.ts';

const secrets = Object.values(SECRETS);
const ID = '7e57ed0123456789abcdef01';
const created = 1_795_000_000;

const apiKey = {
  id: ID,
  name: 'ci',
  userId: 7,
  created,
  updated: created,
  expiration: created + 86_400,
  lastUsed: null,
};
const issued = { ...apiKey, secret: SECRETS.made, note: { text: SECRETS.made } };
const person = {
  id: 7,
  email: 'jane@example.com',
  displayName: 'Jane',
  enabled: true,
  created,
  updated: created,
};
const project = { id: 3, name: 'Main', accountId: 5, accountName: 'Acme', workspaceId: 9 };
const user = { ...person, firstName: 'Jane', lastName: null, features: [], defaultProject: project };
const account = {
  id: 5,
  name: 'Acme',
  owner: { id: 7, email: 'jane@example.com', displayName: 'Jane' },
  apiKeyExpiration: 3650,
  legacyApiKeysDisabled: null,
  membersCount: 2,
  workspacesCount: 1,
  created,
  updated: created,
};
const member = { ...person, roles: ['admin', 'standard'] };

const good = (result: Json): Json => ({ api_version: 4, error: null, result, request_id: '65a1b2c3d4e5f' });
const bad = (code: number, message: string): Json => ({
  error: { code, message },
  api_version: 4,
  result: null,
  request_id: '65a1b2c3d4e5f',
});
const listed = { limit: 10, skip: 0, total: 1, hidden: 0, ...Object(good([apiKey])) };
const envelopes: readonly Json[] = [
  good(user),
  good(account),
  good(issued),
  listed,
  bad(401, 'Unauthorized'),
  bad(404, `Not Found: ${SECRETS.credentials}`),
  bad(429, 'Too Many Requests'),
  { error: 'a text', result: null },
  { error: null, result: null, request_id: SECRETS.credentials },
  { message: `no envelope, ${SECRETS.credentials}` },
  '<!doctype html><title>Login</title>',
];
const STATUSES = [200, 200, 200, 201, 204, 301, 302, 400, 401, 402, 403, 404, 409, 418, 429, 500, 502, 599];
/** Statuses of which a Response has no body. */
const NO_BODY = [204];
const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'text/html',
  `text/${SECRETS.credentials}`,
  '',
];

function answerOf(random: Random, roots: readonly Json[], statuses: readonly number[], known = secrets) {
  const { text, whole } = spoiltJson(random, roots, { secrets: known });
  const type = spoilText(random, random.pick(TYPES), random.int(2), known);
  const headers = new Headers({ 'content-type': type.replace(/[^\x20-\x7e]/g, '?') });
  return { status: random.pick(statuses), headers, body: random.chance(0.03) ? '' : text, whole };
}

const envelope: Fuzzed = {
  name: 'envelope',
  make(random) {
    const { status, headers, body, whole } = answerOf(random, envelopes, STATUSES, [SECRETS.credentials]);
    return {
      shown: { status, body },
      check: async () => {
        world.answerWith(() => new Response(NO_BODY.includes(status) ? null : body, { status, headers }));
        try {
          const { requestId = '' } = await world.client.request({ path: '/api-keys' }).withResponse();
          assert.ok(status >= 200 && status < 300);
          assert.ok(
            NO_BODY.includes(status) ||
              body.trim() === '' ||
              parsed(body.replace(/^\ufeff/, '')) !== undefined,
          );
          assert.ok(requestId.length <= 64);
          assertHidden(requestId);
          return true;
        } catch (error) {
          assertOurs(error);
          assert.ok(error instanceof BlazeMeterError);
          if (status >= 400) assert.equal(Reflect.get(error, 'status'), status);
          const refused = status < 200 || status >= 300;
          assert.ok(
            refused || !whole || /"(?:error|message)"|<!doctype/.test(body),
            'a good response was refused',
          );
          return false;
        }
      },
    };
  },
};

const who: Shape = { id: 'number', email: 'text?', displayName: 'text?' };
const when: Shape = { createdAt: 'date?', updatedAt: 'date?' };
const key: Shape = {
  id: 'text',
  name: 'text',
  userId: 'number?',
  createdAt: 'date?',
  updatedAt: 'date?',
  expiresAt: 'date?',
  lastUsedAt: 'date?',
};

interface Reader {
  readonly wire: Json;
  readonly schema: ZodMiniType<object>;
  readonly shape: Shape;
}

const readers: readonly Reader[] = [
  {
    wire: user,
    schema: schemas.user,
    shape: {
      ...who,
      firstName: 'text?',
      lastName: 'text?',
      enabled: 'flag?',
      ...when,
      defaultProject: {
        id: 'number',
        name: 'text?',
        accountId: 'number?',
        accountName: 'text?',
        workspaceId: 'number?',
      },
    },
  },
  {
    wire: account,
    schema: schemas.account,
    shape: {
      id: 'number',
      name: 'text?',
      owner: who,
      apiKeyExpirationDays: 'number?',
      legacyApiKeysDisabled: 'flag?',
      membersCount: 'number?',
      workspacesCount: 'number?',
      ...when,
    },
  },
  { wire: member, schema: schemas.accountUser, shape: { ...who, enabled: 'flag?', roles: 'texts', ...when } },
  { wire: apiKey, schema: schemas.apiKey, shape: key },
];

/** What nobody asked for is frozen, holds nothing that every object inherits, and is not seen. */
function checkExtra(model: object, opaque: boolean): void {
  const extra: unknown = Reflect.get(model, 'extra');
  assert.ok(typeof extra === 'object' && extra !== null && Object.isFrozen(extra));
  for (const name of ['__proto__', 'constructor', 'prototype']) assert.ok(!Object.hasOwn(extra, name));
  assert.equal(Object.getPrototypeOf(extra), Object.prototype);
  if (opaque) for (const value of Object.values(extra)) assert.ok(Secret.isSecret(value));
}

/** What a schema reads; the error of one that refuses shows nothing of a secret. */
function read<T>(schema: ZodMiniType<T>, value: unknown): T | undefined {
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  assertHidden(JSON.stringify(result.error.issues.map(({ path, message }) => [path, message])));
  return undefined;
}

const models: Fuzzed = {
  name: 'models of responses',
  make(random) {
    const { wire, schema, shape } = random.pick(readers);
    const { text, whole } = spoiltJson(random, [wire], { secrets });
    return {
      shown: text,
      check: () => {
        const document = parsed(text);
        if (document === undefined) return false;
        const model = read(schema, document.value);
        assert.ok(model !== undefined || !whole);
        if (model === undefined) return false;
        assertShape(model, Object.hasOwn(shape, 'roles') ? memberShape : shape);
        checkExtra(model, false);
        return true;
      },
    };
  },
};
/** Members of an account have no dates. */
const {
  createdAt: _,
  updatedAt: __,
  ...memberShape
}: Shape = { ...who, enabled: 'flag?', roles: 'texts', ...when };

const issues: Fuzzed = {
  name: 'a new secret in a response',
  make(random) {
    const { text, whole } = spoiltJson(random, [issued], { secrets: [SECRETS.made] });
    return {
      shown: text,
      check: () => {
        const document = parsed(text);
        const found = document && read(schemas.newApiKey, document.value);
        if (whole) assert.equal(found?.secret.reveal(), SECRETS.made);
        if (found === undefined) return false;
        assertShape(found.apiKey, key);
        checkExtra(found.apiKey, true);
        assert.ok(Secret.isSecret(found.secret) && found.secret.reveal() !== '');
        assertHidden(JSON.stringify(found.secret));
        return true;
      },
    };
  },
};

/** A client whose next response is put there by hand. */
function createWorld() {
  let next: () => Response = () => new Response(null, { status: 204 });
  const client = new BlazeMeterClient({
    credentials: { id: ID, secret: SECRETS.credentials },
    fetch: async (url) =>
      url.endsWith('/api-keys')
        ? next()
        : new Response(JSON.stringify(good(user)), { headers: { date: new Date().toUTCString() } }),
    maxRetries: 0,
    logLevel: 'off',
  });
  return {
    client,
    answerWith: (make: () => Response) => {
      next = make;
    },
  };
}
const world = createWorld();
const ISSUE_STATUSES = [201, 201, 201, 200, 200, 202, 400, 401, 403, 404, 409, 429, 500, 502];

const creates: Fuzzed = {
  name: 'the response to a create, by the client',
  make(random) {
    const roots = [
      good(issued),
      good(issued),
      good(issued),
      issued,
      bad(400, SECRETS.credentials),
      bad(500, 'no'),
    ];
    const { status, headers, body, whole } = answerOf(random, roots, ISSUE_STATUSES, [SECRETS.credentials]);
    headers.set('retry-after', random.pick(['1', '0', 'x', '99999999999', 'Mon, 23 Nov 2026 04:15:45 GMT']));
    return {
      shown: { status, body },
      check: async () => {
        world.answerWith(() => new Response(body, { status, headers }));
        const success = status < 300;
        const came = success && body.includes(`"secret":"${SECRETS.made}"`);
        try {
          const { secret } = await world.client.apiKeys.create({ name: 'ci', expiresIn: '3 months' });
          assert.ok(success && secret.reveal() !== '');
          return true;
        } catch (error) {
          assertOurs(error);
          assert.ok(isBlazeMeterError(error));
          if (came) {
            assert.ok(error instanceof UndeliveredSecretError, `the secret was dropped by ${error.name}`);
            assert.ok(!whole, 'a good response was refused');
          }
          if (error instanceof UndeliveredSecretError) assert.ok(error.newSecret.reveal() !== '');
          return false;
        }
      },
    };
  },
};

export const ofAnswers: readonly Fuzzed[] = [envelope, models, issues, creates];
