// Parsers of what the service answers: the envelope, the models in it, and what is saved of an answer that brings a secret.
import assert from 'node:assert/strict';
import {
  BlazeMeterClient,
  BlazeMeterError,
  isBlazeMeterError,
  Secret,
  UndeliveredSecretError,
} from 'blazemeter-client';
import { readEnvelope } from '../../src/api/envelope.ts';
import {
  readAccount,
  readAccountUser,
  readApiKey,
  readIssued,
  readUser,
  salvage,
} from '../../src/schemas/index.ts';
import type { Fuzzed } from './fuzz.ts';
import { assertHidden, assertOurs, SECRETS } from './oracle.ts';
import type { Random } from './random.ts';
import { type Json, spoilText } from './spoil.ts';
import { assertShape, parsed, type Shape, spoiltJson, taken } from './trial.ts';

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
  bad(404, `Not Found: ${SECRETS.pair}`),
  bad(429, 'Too Many Requests'),
  { error: 'a text', result: null },
  { error: null, result: null, request_id: SECRETS.pair },
  { message: `no envelope, ${SECRETS.awkward}` },
  '<!doctype html><title>Login</title>',
];
const STATUSES = [
  200, 200, 200, 201, 204, 101, 301, 302, 400, 401, 402, 403, 404, 409, 418, 429, 500, 502, 599, 600, 0,
];
const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'text/html',
  `text/${SECRETS.pair}`,
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
    const { whole, ...answer } = answerOf(random, envelopes, STATUSES);
    const oversized = random.chance(0.05);
    return {
      shown: answer,
      check: () => {
        const { status, body } = answer;
        try {
          const read = readEnvelope(
            { ...answer, oversized },
            {
              operation: 'user.get',
              attempts: 1,
              unauthorizedHint: () => 'Check the pair.',
              hide: () => secrets,
              retryAfterMs: 1_000,
              replayable: true,
            },
          );
          assert.ok(status >= 200 && status < 300 && !oversized);
          const document = body.trim() === '' ? { value: undefined } : parsed(body);
          assert.ok(document !== undefined, 'what is no JSON was taken');
          assert.equal(typeof read.whole, typeof document.value);
          assert.ok((read.requestId() ?? '').length <= 64);
          assertHidden(read.requestId() ?? '');
          return true;
        } catch (error) {
          assertOurs(error, 'library');
          assert.ok(error instanceof BlazeMeterError);
          if (status >= 400) assert.equal(Reflect.get(error, 'status'), status);
          const refused = status < 200 || status >= 300 || oversized;
          assert.ok(
            refused || !whole || /"(?:error|message)"|<!doctype/.test(body),
            'a good answer was refused',
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
  createdAt: 'date',
  updatedAt: 'date?',
  expiresAt: 'date?',
  lastUsedAt: 'date?',
};

interface Reader {
  readonly wire: Json;
  readonly read: (wire: unknown) => unknown;
  readonly shape: Shape;
}

const readers: readonly Reader[] = [
  {
    wire: user,
    read: readUser,
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
    read: readAccount,
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
  { wire: member, read: readAccountUser, shape: { ...who, enabled: 'flag?', roles: 'texts', ...when } },
  { wire: apiKey, read: readApiKey, shape: key },
];

/** What nobody asked for is frozen, holds nothing that every object inherits, and is not seen. */
function checkExtra(model: object, opaque: boolean): void {
  const extra: unknown = Reflect.get(model, 'extra');
  assert.ok(typeof extra === 'object' && extra !== null && Object.isFrozen(extra));
  for (const name of ['__proto__', 'constructor', 'prototype']) assert.ok(!Object.hasOwn(extra, name));
  assert.equal(Object.getPrototypeOf(extra), Object.prototype);
  if (opaque) for (const value of Object.values(extra)) assert.ok(Secret.isSecret(value));
}

const models: Fuzzed = {
  name: 'models of answers',
  make(random) {
    const { wire, read, shape } = random.pick(readers);
    const { text, whole } = spoiltJson(random, [wire], { secrets });
    return {
      shown: text,
      check: () => {
        const document = parsed(text);
        if (document === undefined) return false;
        const model = taken(() => read(document.value));
        assert.ok(model !== undefined || !whole);
        if (typeof model !== 'object' || model === null) return false;
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
  name: 'a new secret in an answer',
  make(random) {
    const { text, whole } = spoiltJson(random, [issued], { secrets: [SECRETS.made] });
    return {
      shown: text,
      check: () => {
        const document = parsed(text);
        const read = document && taken(() => readIssued(document.value));
        if (whole) assert.equal(read?.secret.reveal(), SECRETS.made);
        if (read !== undefined) {
          assertShape(read.apiKey, key);
          checkExtra(read.apiKey, true);
          assert.ok(Secret.isSecret(read.secret) && read.secret.reveal() !== '');
        }
        const saved = salvage(text);
        if (text.includes(`"secret":"${SECRETS.made}"`)) assert.ok(saved.secret, 'the secret was not saved');
        if (saved.keyId !== undefined) assert.match(saved.keyId, /^[\w-]{1,64}$/);
        assertHidden(JSON.stringify(saved.secret ?? null));
        return read !== undefined;
      },
    };
  },
};

/** A client whose next answer is put there by hand. */
function createWorld() {
  let next: () => Response = () => new Response(null, { status: 204 });
  const client = new BlazeMeterClient({
    credentials: { id: ID, secret: SECRETS.pair },
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
  name: 'the answer to a create, by the client',
  make(random) {
    const roots = [good(issued), good(issued), good(issued), issued, bad(400, SECRETS.pair), bad(500, 'no')];
    const { status, headers, body, whole } = answerOf(random, roots, ISSUE_STATUSES, [SECRETS.pair]);
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
          assertOurs(error, 'library');
          assert.ok(isBlazeMeterError(error));
          if (came) {
            assert.ok(error instanceof UndeliveredSecretError, `the secret was dropped by ${error.name}`);
            assert.ok(!whole, 'a good answer was refused');
          }
          if (error instanceof UndeliveredSecretError) assert.ok(error.newSecret.reveal() !== '');
          return false;
        }
      },
    };
  },
};

export const ofAnswers: readonly Fuzzed[] = [envelope, models, issues, creates];
