// One representative message of each error: it names what failed, shows no secret, acts on no terminal, and is short. All
// other tests compare `code`, class and fields.

import * as everything from 'blazemeter-client';
import { BlazeMeterClient, type ClientOptions, type FetchLike, isBlazeMeterError } from 'blazemeter-client';
import { memoryStore, resume } from 'blazemeter-client/rotation';
import { createReference, type FaultRule } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';
import { expectHidden } from '../support/credentials.ts';

/** A client of a reference on which this fault lies, signing as the owner. */
function service(fault?: FaultRule, options: ClientOptions = {}) {
  const reference = createReference();
  const { keys, accounts } = reference.seed();
  if (fault !== undefined) reference.faults.add(fault);
  const client = new BlazeMeterClient({
    credentials: keys.owner,
    fetch: reference.fetch,
    logLevel: 'off',
    maxRetries: 0,
    ...options,
  });
  return { reference, client, keys, accounts };
}

type Service = ReturnType<typeof service>;

interface Row {
  readonly code: string;
  readonly fails: () => { readonly of: Service; readonly work: Promise<unknown> };
  /** What of the failure the message names. */
  readonly names: (of: Service) => string | RegExp;
  /** How many sentences it may have, where that is not three: what to keep, and why, takes a fourth. */
  readonly most?: number;
}

/** A call that fails by a fault. */
const failing =
  (fault: FaultRule, work: (of: Service) => Promise<unknown>, options?: ClientOptions): Row['fails'] =>
  () => {
    const of = service(fault, options);
    return { of, work: work(of) };
  };

/** A call that fails without one. */
const refused =
  (work: (of: Service) => Promise<unknown>, options?: ClientOptions): Row['fails'] =>
  () => {
    const of = service(undefined, options);
    return { of, work: work(of) };
  };

const user = ({ client }: Service) => client.user.get();
const create = ({ client }: Service) => client.apiKeys.create({ name: 'ci', expiresIn: '1 month' });
const byStatus = (code: string, status: number, message = 'As the service says'): [string, Row] => [
  `${status}`,
  {
    code,
    fails: failing({ operation: 'user.get', effect: 'status', status, message }, user),
    names: () => 'user.get',
  },
];
const broken: FetchLike = () =>
  Promise.reject(
    new TypeError('fetch failed', {
      cause: Object.assign(new Error('connect'), { code: 'ECONNREFUSED', syscall: 'connect' }),
    }),
  );

const rows: Readonly<Record<string, Row>> = Object.fromEntries([
  byStatus('bad_request', 400),
  byStatus('unauthorized', 401),
  byStatus('request_failed', 402),
  byStatus('permission_denied', 403),
  byStatus('not_found', 404),
  byStatus('conflict', 409),
  byStatus('rate_limited', 429),
  byStatus('server_error', 500),
  byStatus('api_error', 418),
  [
    'a connection that is refused',
    { code: 'connection_failed', fails: refused(user, { fetch: broken }), names: () => 'user.get' },
  ],
  [
    'a timeout',
    {
      code: 'timeout',
      fails: failing({ operation: 'user.get', effect: 'stall' }, user, { timeout: 30 }),
      names: () => /30 ms/,
    },
  ],
  [
    'a page in the place of JSON',
    {
      code: 'invalid_response',
      fails: failing({ operation: 'user.get', effect: 'html' }, user),
      names: () => 'user.get',
    },
  ],
  [
    'credentials that are missing half',
    {
      code: 'credentials',
      fails: refused(async (of) =>
        of.client.withOptions({ credentials: async () => ({ id: of.keys.owner.id, secret: '' }) }).user.get(),
      ),
      names: () => 'secret',
    },
  ],
  [
    'a period over the maximum',
    {
      code: 'expiration_policy',
      fails: refused(async ({ client, accounts }) => {
        await client.accounts.get(accounts.main.id);
        return client.apiKeys.create({ name: 'ci', expiresIn: { days: 4_000 } });
      }),
      names: ({ accounts }) => String(accounts.main.id),
    },
  ],
  [
    'a key that would delete itself',
    {
      code: 'lockout',
      fails: refused(({ client, keys }) => client.apiKeys.delete(keys.owner.id)),
      names: ({ keys }) => keys.owner.id,
    },
  ],
  [
    'a create whose response is lost',
    {
      code: 'ambiguous_outcome',
      fails: failing({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit' }, create),
      names: () => 'apiKeys.create',
    },
  ],
  [
    'a secret in a response that is cut',
    {
      code: 'undelivered_secret',
      fails: failing({ operation: 'apiKeys.create', effect: 'wrong-json', when: 'after-commit' }, create),
      names: () => 'newSecret',
      most: 4,
    },
  ],
  [
    'a key that regenerates itself and loses the response',
    {
      code: 'secret_lost',
      fails: failing(
        { operation: 'apiKeys.regenerateSecret', effect: 'reset', when: 'after-commit' },
        async ({ client, keys }) => {
          try {
            return await client.apiKeys.regenerateSecret(keys.owner.id, { allowSelf: true });
          } catch (error) {
            if (error instanceof everything.AmbiguousOutcomeError) return error.resolve();
            throw error;
          }
        },
      ),
      names: ({ keys }) => keys.owner.id,
    },
  ],
  [
    'a rotation without a record',
    {
      code: 'rotation_record',
      fails: refused(({ client }) => resume(client, { store: memoryStore() })),
      names: () => 'record',
    },
  ],
  [
    'a record that was changed by another program',
    {
      code: 'store_conflict',
      fails: refused(async () => {
        throw new everything.StoreConflictError('The record in memory');
      }),
      names: () => 'The record in memory',
    },
  ],
]);

/** How many sentences a text has. What a service says is quoted, and counts as none. */
const sentences = (text: string): number =>
  text
    .replace(/"[^"]*"/g, '""')
    .split(/[.!?](?:\s|$)/)
    .filter((part) => part.trim() !== '').length;

describe.each(Object.entries(rows))('the message of %s', (_, { code, fails, names, most = 3 }) => {
  it('names what failed, shows no secret, and is short', async () => {
    const { of, work } = fails();
    const error: unknown = await work.then(
      () => undefined,
      (reason: unknown) => reason,
    );
    if (!isBlazeMeterError(error)) throw new Error(`It ended with ${String(error)}.`);
    expect(error.code).toBe(code);
    const named = names(of);
    if (typeof named === 'string') expect(error.message).toContain(named);
    else expect(error.message).toMatch(named);
    for (const { secret } of Object.values(of.keys)) expectHidden(error, secret);
    expect(error.message).not.toMatch(/[\p{Cc}\p{Cs}]/u);
    expect(sentences(error.message), error.message).toBeLessThanOrEqual(most);
    expect(error.message).toMatch(/\.$/);
  });
});

it('every class of error has its row', () => {
  const codes = new Set(Object.values(rows).map(({ code }) => code.replace(/^rotation_.*/, 'rotation')));
  const classes = Object.entries(everything).filter(
    ([name, value]) =>
      name !== 'BlazeMeterError' && typeof value === 'function' && value.prototype instanceof Error,
  );
  expect(classes.map(([name]) => name)).toHaveLength(codes.size);
});
