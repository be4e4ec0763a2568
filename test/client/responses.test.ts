// What the client makes of a response: fields read right, what does not fit named by its path, and no value shown.

import {
  AmbiguousOutcomeError,
  BlazeMeterClient,
  InvalidResponseError,
  isBlazeMeterError,
  type Logger,
  Secret,
} from 'blazemeter-client';
import { schemas } from 'blazemeter-client/schemas';
import { createReference } from 'blazemeter-client/testing';
import { afterEach, describe, expect, it, vi } from 'vitest';
import * as z from 'zod';
import { clientOf, json, rejection, result, type Step } from '../support/client.ts';
import { awayFromTurn } from '../support/turn.ts';

function lines() {
  const warned: string[] = [];
  const ignore = () => {};
  const logger: Logger = {
    error: ignore,
    warn: (message, fields) => void warned.push(`${message} ${JSON.stringify(fields)}`),
    info: ignore,
    debug: ignore,
  };
  return { logger, warned };
}

describe('an optional field of an unexpected form', () => {
  it('is null, and its path is logged once a client at warn, never its value', async () => {
    const { logger, warned } = lines();
    const account = { id: 5, name: 'Acme', owner: { id: 7, email: ['hunter2'] }, membersCount: 'hunter2' };
    const { client } = clientOf([result(account)], { logger, logLevel: 'warn' });
    const found = await client.accounts.get(5);
    expect(found).toMatchObject({ id: 5, name: 'Acme', owner: { id: 7, email: null }, membersCount: null });
    await client.accounts.get(5);
    expect(warned).toHaveLength(2);
    for (const field of ['owner.email', 'membersCount'])
      expect(
        warned.filter((line) => line.includes(field)),
        field,
      ).toHaveLength(1);
    expect(warned.join()).not.toContain('hunter2');
  });

  it('is null without a line where it is missing or null', async () => {
    const { logger, warned } = lines();
    const { client } = clientOf([result({ id: 7, email: null })], { logger, logLevel: 'warn' });
    expect(await client.user.get()).toMatchObject({ id: 7, email: null, firstName: null, createdAt: null });
    expect(warned).toEqual([]);
  });
});

describe('a time', () => {
  const expected = new Date('2027-01-15T08:00:00.000Z');
  it.each<[string, unknown, Date]>([
    ['in seconds', 1_800_000_000, expected],
    ['in milliseconds', 1_800_000_000_000, expected],
    ['as ISO 8601 in UTC', '2027-01-15T08:00:00Z', expected],
    ['as ISO 8601 with milliseconds', '2027-01-15T08:00:00.000Z', expected],
    ['as ISO 8601 with an offset', '2027-01-15T10:00:00+02:00', expected],
    ['long ago', 1, new Date(1000)],
  ])('%s is read right', async (_, created, date) => {
    const { client } = clientOf([
      result({ id: 'k1', name: 'ci', created, expiration: created, lastUsed: 0 }),
    ]);
    expect(await client.apiKeys.get('k1')).toMatchObject({
      createdAt: date,
      expiresAt: date,
      lastUsedAt: null,
    });
  });

  it('may be missing where a key was created', async () => {
    const { client } = clientOf([result({ id: 'k1', name: 'ci', expiration: 1_900_000_000 })]);
    const key = await client.apiKeys.get('k1');
    expect(key.createdAt).toBeNull();
    expect(key.expiresAt).toEqual(new Date('2030-03-17T17:46:40Z'));
  });

  it.each(['tomorrow', '2027-01-15', '2027-13-45T99:00:00Z', '', true, [], {}])(
    'that is %j is refused where one must be, by its path',
    async (created) => {
      const { client } = clientOf([result({ id: 'k1', name: 'ci', created })]);
      const error = await rejection(client.apiKeys.get('k1'));
      expect(error).toBeInstanceOf(InvalidResponseError);
      expect(String(error)).toContain('"result.created"');
    },
  );
});

describe('an id beyond 2^53', () => {
  const big = '9007199254740993';
  const raw =
    (text: string): Step =>
    async () =>
      new Response(`{"result":${text}}`, { headers: { 'content-type': 'application/json' } });

  it.each<[string, string, (client: BlazeMeterClient) => Promise<unknown>]>([
    ['result.id', `{"id":${big}}`, (client) => client.user.get()],
    ['result.id', `{"id":${big}}`, (client) => client.accounts.get(1)],
    ['result.0.id', `[{"id":${big}}]`, (client) => client.accounts.list()],
    ['result.0.id', `[{"id":${big}}]`, (client) => client.accounts.users(1)],
  ])('in a response is refused as %s', async (path, text, call) => {
    const error = await rejection(call(clientOf([raw(text)]).client));
    expect(error).toBeInstanceOf(InvalidResponseError);
    expect(String(error)).toContain(`"${path}"`);
    expect(String(error)).not.toContain('90071992547409');
  });

  it('as an argument is refused by name, before anything is sent', async () => {
    const { client, sent } = clientOf([result({})]);
    const error = await rejection(client.accounts.get(2 ** 53));
    expect(error).toBeInstanceOf(TypeError);
    expect(String(error)).toContain('accountId');
    expect(sent).toEqual([]);
  });
});

describe('the error of an envelope', () => {
  const received = (error: unknown, message?: string) =>
    clientOf([json({ error, message, result: { id: 1 } })]).client.user.get();

  it.each([[null], [false], [0], [''], [[]]])('%j is none, even beside a message', async (error) => {
    expect(await received(error, 'done')).toMatchObject({ id: 1 });
  });

  it.each([[true], [5], ['no'], [{}], [['no']]])('%j is one', async (error) => {
    expect(await rejection(received(error))).toMatchObject({ code: 'api_error' });
  });

  it('decides by its code, where that is a number', async () => {
    expect(await rejection(received({ code: 409 }))).toMatchObject({ code: 'conflict', apiCode: 409 });
    for (const code of ['409', [409], null]) {
      const error = await rejection(received({ code }));
      expect(error).toMatchObject({ code: 'api_error' });
      expect(Reflect.get(Object(error), 'apiCode')).toBeUndefined();
    }
  });
});

describe('an error about a response', () => {
  it.each<[string, unknown, (client: BlazeMeterClient) => Promise<unknown>]>([
    ['result.id', { id: 'hunter2' }, (client) => client.user.get()],
    ['result.name', { id: 'k1', name: ['hunter2'], created: 1 }, (client) => client.apiKeys.get('k1')],
    [
      'result.1.created',
      [
        { id: 'k1', name: 'a', created: 1 },
        { id: 'k2', name: 'b', created: 'hunter2' },
      ],
      (client) => client.apiKeys.list(),
    ],
    [
      'result.apiKeyExpiration',
      { id: 1, apiKeyExpiration: 'hunter2' },
      (client) => client.accounts.apiKeyPolicy.get(1),
    ],
    ['result', 'hunter2', (client) => client.user.get()],
    ['result.id', { id: 'hunter2' }, (client) => client.request({ path: '/user', schema: schemas.user })],
  ])('names the path %s and no value', async (path, found, call) => {
    const error = await rejection(call(clientOf([result(found)]).client));
    expect(error).toBeInstanceOf(InvalidResponseError);
    expect(String(error)).toContain(`"${path}"`);
    expect(Reflect.get(Object(error), 'stack')).not.toContain('hunter2');
  });
});

describe('a field of a new key that this package does not know', () => {
  it('is kept as a secret, whatever it is: it may be one', () => {
    const created = { id: 'k1', name: 'ci', created: 1_800_000_000, secret: 'the-secret' };
    const { apiKey, secret } = schemas.newApiKey.parse({
      ...created,
      token: 'hunter2',
      more: { a: ['hunter3'] },
    });
    expect(secret.reveal()).toBe('the-secret');
    expect(Object.keys(apiKey.extra)).toEqual(['token', 'more']);
    const revealed = Object.values(apiKey.extra).map((value) => Secret.isSecret(value) && value.reveal());
    expect(revealed).toEqual(['hunter2', '{"a":["hunter3"]}']);
    expect(JSON.stringify({ apiKey, extra: apiKey.extra })).not.toContain('hunter');
  });
});

describe('the extra fields of a model', () => {
  const unknown = { isSecret: 'no', more: [1], hasOwnProperty: 2, toString: 3 };
  const dangerous = JSON.parse('{"__proto__":{"admin":true},"constructor":1,"prototype":2}');
  const key = { id: 'k1', name: 'ci', userId: 1, created: 1, updated: 1, expiration: 2, lastUsed: 1 };
  const person = { id: 1, email: 'a@b.c', displayName: 'A', enabled: true };
  const project = { id: 1, name: 'p', accountId: 1, accountName: 'a', workspaceId: 1 };
  const dates = { created: 1, updated: 1 };
  const limits = { apiKeyExpiration: 90, legacyApiKeysDisabled: true };
  const counts = { membersCount: 1, workspacesCount: 1 };

  it.each([
    ['user', schemas.user, { ...person, firstName: 'A', lastName: 'B', ...dates, defaultProject: project }],
    ['account', schemas.account, { id: 1, name: 'a', owner: person, ...limits, ...counts, ...dates }],
    ['member of an account', schemas.accountUser, { ...person, roles: ['admin'] }],
    ['key', schemas.apiKey, key],
  ])('of a %s are those that its schema does not have, and none is inherited', (_, schema, known) => {
    const { extra } = schema.parse({ ...known, ...dangerous, ...unknown });
    expect(Object.entries(extra)).toEqual(Object.entries(unknown));
    expect(Object.isFrozen(extra)).toBe(true);
    expect(extra.admin).toBeUndefined();
    expect(Object.keys(schema.parse(known).extra)).toEqual([]);
  });

  it('of a new key do not hold its secret', () => {
    const { apiKey } = schemas.newApiKey.parse({ ...key, secret: 'the-secret', ...unknown });
    expect(Object.keys(apiKey.extra)).toEqual(Object.keys(unknown));
  });
});

describe("a program's z.config({ customError })", () => {
  afterEach(() => {
    z.config({ customError: undefined });
  });

  it('never sees a response, nor what a call was given', async () => {
    const seen: unknown[] = [];
    z.config({
      customError: (issue) => {
        seen.push(issue.input);
        return 'from the program';
      },
    });
    const { client } = clientOf([result({ id: 'hunter2', email: 5, limit: 'x' })]);
    const errors = [
      await rejection(client.user.get()),
      await rejection(client.apiKeys.list()),
      await rejection(client.apiKeys.get('k1')),
      await rejection(client.accounts.apiKeyPolicy.get(1)),
      await rejection(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' })),
      await rejection(Reflect.apply(client.apiKeys.create, client.apiKeys, [{ name: 7 }])),
    ];
    expect(seen).toEqual([]);
    expect(errors.map(String).join()).not.toContain('from the program');
  });
});

describe('a create whose response is lost', () => {
  it('is resolved as committed although it was the first call of all', async () => {
    const reference = createReference();
    const { keys } = reference.seed();
    reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit' });
    const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch, logLevel: 'off' });
    await awayFromTurn();
    const error = await rejection(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    expect(reference.journal.entries.map(({ operation }) => operation)).toEqual(['apiKeys.create']);
    if (!(error instanceof AmbiguousOutcomeError)) throw error;
    expect(await error.resolve()).toMatchObject({ outcome: 'committed', apiKey: { name: 'ci' } });
  });

  it('is resolved so by a clock that is an hour off, too', async () => {
    const reference = createReference({ clock: { at: new Date(Date.now() + 3_600_000) } });
    const { keys } = reference.seed();
    reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit' });
    const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch, logLevel: 'off' });
    await awayFromTurn();
    const error = await rejection(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    if (!(error instanceof AmbiguousOutcomeError)) throw error;
    expect(await error.resolve()).toMatchObject({ outcome: 'committed', apiKey: { name: 'ci' } });
  });
});

describe("the server's clock", () => {
  const DAY = 86_400_000;
  const date = (offset: number) => new Date(Date.now() + offset).toUTCString();

  /** The expiry that a create asks for after these responses, in days from now by this machine. */
  async function daysAsked(...headers: readonly Readonly<Record<string, string>>[]): Promise<number> {
    const key = { id: 'k1', name: 'ci', created: 1_800_000_000, secret: 'a-new-secret' };
    const [first = {}, ...others] = headers;
    const { client, sent } = clientOf([
      result({ id: 7 }, first),
      ...others.map((more) => result({ id: 7 }, more)),
      result(key),
    ]);
    for (const _ of headers) await client.user.get();
    await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' });
    const { expiration } = JSON.parse(sent.at(-1)?.body ?? '{}');
    return Math.round((expiration * 1000 - Date.now()) / DAY);
  }

  it('is that of the Date of a response', async () => {
    expect(await daysAsked({ date: date(0) })).toBe(30);
    expect(await daysAsked({ date: date(10 * DAY) })).toBe(40);
    expect(await daysAsked({ date: date(-10 * DAY) })).toBe(20);
  });

  it('is not moved by a Date with an Age, which is that of a cache', async () => {
    expect(await daysAsked({ date: date(-10 * DAY), age: '5' })).toBe(30);
    expect(await daysAsked({ date: date(10 * DAY) }, { date: date(0), age: '0' })).toBe(40);
  });

  it('is not moved back by an older Date', async () => {
    expect(await daysAsked({ date: date(10 * DAY) }, { date: date(-20 * DAY) })).toBe(40);
    expect(await daysAsked({ date: date(0) }, { date: date(-DAY) }, { date: date(-10 * DAY) })).toBe(30);
  });

  it('comes back at once after a response that was dated far ahead', async () => {
    const right = { date: date(0) };
    for (const ahead of [DAY, 40 * DAY, 5 * 365 * DAY]) {
      const wrong = { date: date(ahead) };
      expect(await daysAsked(right, wrong, right)).toBe(30);
      expect(await daysAsked(wrong, right)).toBe(30);
    }
  });

  it('is moved forward by the first response, as when the clock of a reference is moved', async () => {
    expect(await daysAsked({ date: date(0) }, { date: date(80 * DAY) })).toBe(110);
  });

  it('is moved by two responses in a row that agree with each other, forward and back', async () => {
    const [behind, ahead] = [{ date: date(-DAY) }, { date: date(10 * DAY) }];
    expect(await daysAsked(behind, ahead, ahead)).toBe(40);
    expect(await daysAsked(ahead, behind, behind)).toBe(29);
    expect(await daysAsked(behind, ahead, behind)).toBe(29);
  });

  it('is moved by the first response after this machine has slept', async () => {
    vi.useFakeTimers({ toFake: ['Date'] });
    try {
      const { client, sent } = clientOf([
        (...given) => result({ id: 7 }, { date: date(10 * DAY) })(...given),
        (...given) => result({ id: 7 }, { date: date(10 * DAY) })(...given),
        result({ id: 'k1', name: 'ci', created: 1_800_000_000, secret: 'a-new-secret' }),
      ]);
      await client.user.get();
      vi.setSystemTime(Date.now() + 3 * DAY);
      await client.user.get();
      await client.apiKeys.create({ name: 'ci', expiresIn: '1 month' });
      const { expiration } = JSON.parse(sent.at(-1)?.body ?? '{}');
      expect(Math.round((expiration * 1000 - Date.now()) / DAY)).toBe(40);
    } finally {
      vi.useRealTimers();
    }
  });

  it.each([
    ['ten minutes', 600_000],
    ['40 days', 40 * DAY],
  ])(
    'does not get in the way of a longest key or a new secret after one response dated %s ahead',
    async (_, ahead) => {
      const reference = createReference();
      const { keys } = reference.seed();
      const client = new BlazeMeterClient({
        credentials: keys.owner,
        fetch: reference.fetch,
        logLevel: 'off',
      });
      const { apiKey } = await client.apiKeys.create({ name: 'month', expiresIn: '1 month' });
      reference.clock.skew(ahead);
      await client.user.get();
      reference.clock.skew(0);
      const longest = await client.apiKeys.create({ name: 'longest', expiresIn: 'max' });
      expect(longest.apiKey.name).toBe('longest');
      expect((await client.apiKeys.regenerateSecret(apiKey.id)).apiKey.id).toBe(apiKey.id);
    },
  );

  it('is not moved by a Date that is none, nor by that of a page', async () => {
    expect(await daysAsked({ date: date(10 * DAY) }, { date: 'soon' })).toBe(40);
    const html: Readonly<Record<string, string>> = { date: date(10 * DAY), 'content-type': 'text/html' };
    expect(await daysAsked(html)).toBe(30);
  });

  it('makes the outcome of a lost create unknown once responses were dated by different clocks', async () => {
    const reference = createReference();
    const { keys } = reference.seed();
    const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch, logLevel: 'off' });
    await client.user.get();
    reference.clock.skew(-DAY);
    await client.user.get();
    reference.clock.skew(0);
    reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'before-commit' });
    await awayFromTurn();
    const error = await rejection(client.apiKeys.create({ name: 'ci', expiresIn: '1 month' }));
    if (!(error instanceof AmbiguousOutcomeError)) throw error;
    expect(await error.resolve()).toMatchObject({ outcome: 'unknown' });
  });
});

describe('the code of an error', () => {
  /** Compiles only where `code` narrows to the class that has the field. */
  const told = (error: unknown): string => {
    if (!isBlazeMeterError(error)) return 'foreign';
    switch (error.code) {
      case 'rate_limited':
        return `wait ${error.retryAfterMs}`;
      case 'lockout':
      case 'secret_lost':
        return `key ${error.keyId}`;
      case 'ambiguous_outcome':
        return typeof error.resolve;
      case 'undelivered_secret':
        return error.newSecret.toString();
      case 'timeout':
        return `${error.scope} ${error.timeoutMs}`;
      case 'connection_failed':
        return `${error.reason} ${error.mayHaveBeenSent}`;
      case 'unauthorized':
      case 'server_error':
        return `status ${error.status}`;
      case 'rotation_busy':
        return String(error.owner);
      case 'invalid_response':
        return `status ${error.status}`;
      default:
        // @ts-expect-error: the codes above are gone from what is left.
        return error.code === 'rate_limited' ? 'never' : error.code;
    }
  };

  it('narrows the type of the error', async () => {
    const { client } = clientOf([result({ id: 'x' })]);
    expect(told(await rejection(client.user.get()))).toBe('status 200');
    expect(told(await rejection(client.user.get({ timeout: 1, signal: AbortSignal.abort('stop') })))).toBe(
      'foreign',
    );
    const { id } = { id: 'my-key' };
    const mine = clientOf([result({})], { credentials: { id, secret: 'my-secret' } }).client;
    expect(told(await rejection(mine.apiKeys.delete(id)))).toBe('key my-key');
  });
});
