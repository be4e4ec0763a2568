// The control API of blazemeter-reference: clock, faults, state, journal and switches, by HTTP and JSON alone.

import { AmbiguousOutcomeError, AuthenticationError, BlazeMeterClient } from 'blazemeter-client';
import { beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isObject } from '../support/reference.ts';
import { keysIn, type Pair, type Running, referenceCommand } from '../support/reference-command.ts';

const command = referenceCommand();
const NO_PAIR: Pair = { id: '', secret: '' };

let running: Running;
beforeAll(async () => {
  running = await command.start('--print-credentials', '--clock', 'frozen@2030-01-01T00:00:00Z');
});
beforeEach(async () => {
  await control('POST state/reset');
});

interface Reply {
  readonly status: number;
  readonly json: Readonly<Record<string, unknown>>;
}

/** Sends `POST clock/advance` and a body: a value, or the text itself. */
async function control(call: string, body?: unknown): Promise<Reply> {
  const [method = '', path = ''] = call.split(' ');
  const response = await fetch(`${running.control}${path}`, {
    method,
    ...(method === 'GET' ? {} : { headers: { 'content-type': 'application/json' } }),
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  expect(response.headers.get('content-type')).toBe('application/json; charset=utf-8');
  const json: unknown = await response.json();
  return { status: response.status, json: isObject(json) ? json : {} };
}

const client = (credentials: Pair = running.keys.owner ?? NO_PAIR): BlazeMeterClient =>
  new BlazeMeterClient({ baseUrl: running.url, credentials, logLevel: 'off', maxRetries: 0 });

/** A refusal that names what is wrong. */
const refusal = (names: string) => ({
  status: 400,
  json: { error: { message: expect.stringContaining(names) } },
});

describe('the clock', () => {
  it('moves: keys expire by it, and the Date header follows', async () => {
    expect(await control('GET clock')).toEqual({ status: 200, json: { now: '2030-01-01T00:00:00.000Z' } });
    const moved = await control('POST clock/advance', { days: 364, hours: 1 });
    expect(moved.json).toEqual({ now: '2030-12-31T01:00:00.000Z' });
    const { response } = await client().user.get().withResponse();
    expect(response.headers.get('date')).toBe('Tue, 31 Dec 2030 01:00:00 GMT');
    await control('POST clock/advance', { days: 1 });
    await expect(client().user.get()).rejects.toThrow(AuthenticationError);
  });

  it('moves by text, as a JSON string', async () => {
    const { json } = await control('POST clock/advance', '"1 day 12h"');
    expect(json).toEqual({ now: '2030-01-02T12:00:00.000Z' });
  });

  it('is set, runs, and is frozen again', async () => {
    await control('POST clock/set', { to: '2031-06-01T00:00:00Z' });
    await control('POST clock/resume');
    await expect.poll(async () => (await control('GET clock')).json.now).not.toBe('2031-06-01T00:00:00.000Z');
    const { json } = await control('POST clock/freeze', {});
    expect((await control('GET clock')).json).toEqual(json);
  });

  it('shows a wrong time in the Date header alone', async () => {
    await control('POST clock/skew', { ms: 3_600_000 });
    const { headers } = await fetch(`${running.url}/web/version`);
    expect(headers.get('date')).toBe('Tue, 01 Jan 2030 01:00:00 GMT');
    expect((await control('GET clock')).json.now).toBe('2030-01-01T00:00:00.000Z');
  });

  it.each([
    ['clock/advance', {}, 'clock.advance'],
    ['clock/advance', { days: '1' }, 'body.days'],
    ['clock/advance', '"90 dayz"', 'body'],
    ['clock/advance', { weeks: 1 }, 'body.weeks'],
    ['clock/advance', { days: 1e9 }, '9999'],
    ['clock/set', { to: 'tomorrow' }, 'clock.set'],
    ['clock/set', {}, 'body.to'],
    ['clock/freeze', { now: true }, 'body.now'],
    ['clock/skew', { ms: 1e15 }, 'body.ms'],
  ])('is not moved by %s %j', async (path, body, names) => {
    expect(await control(`POST ${path}`, body)).toEqual(refusal(names));
    expect((await control('GET clock')).json.now).toBe('2030-01-01T00:00:00.000Z');
  });
});

describe('faults', () => {
  it('commit, then drop the response: the key is created, and the client reports an unknown outcome', async () => {
    const rule = { operation: 'apiKeys.create', effect: 'reset', when: 'after-commit', times: 1 };
    expect(await control('POST faults', rule)).toEqual({
      status: 201,
      json: { faults: [{ id: expect.any(Number), timesApplied: 0, rule }] },
    });
    const owner = client();
    // The client learns the time of the service with its first response.
    await owner.user.get();
    await expect(owner.apiKeys.create({ name: 'lost', expiresIn: { days: 1 } })).rejects.toThrow(
      AmbiguousOutcomeError,
    );
    expect((await control('GET faults')).json).toMatchObject({ faults: [{ timesApplied: 1 }] });
    const { items } = await owner.apiKeys.list({ name: 'lost' });
    expect(items).toHaveLength(1);
  });

  it('several at once; one goes by its id, the others all together', async () => {
    const { json } = await control('POST faults', [
      { effect: 'html' },
      { effect: 'empty' },
      { effect: 'wrong-json' },
    ]);
    const [first, second, third] = Array.isArray(json.faults) ? json.faults.filter(isObject) : [];
    const left = await control(`DELETE faults/${String(second?.id)}`);
    expect(left.json).toEqual({ faults: [first, third] });
    expect((await control(`DELETE faults/${String(second?.id)}`)).status).toBe(404);
    expect((await control('DELETE faults')).json).toEqual({ faults: [] });
    expect((await fetch(`${running.url}/web/version`)).status).toBe(200);
  });

  it('those of which one is wrong are none', async () => {
    const body = [{ effect: 'html' }, { effect: 'redirect', location: 'https://elsewhere.example/' }];
    expect(await control('POST faults', body)).toEqual(refusal('body[1].location'));
    expect((await control('GET faults')).json).toEqual({ faults: [] });
  });

  it('do not meet the control API', async () => {
    await control('POST faults', { effect: 'status', status: 503 });
    expect((await fetch(`${running.url}/web/version`)).status).toBe(503);
    expect((await control('GET clock')).status).toBe(200);
  });
});

describe('the journal', () => {
  it('lists requests by operation, since a number, and the last few', async () => {
    const owner = client();
    await owner.user.get();
    await owner.accounts.list();
    await owner.user.get();
    const { json } = await control('GET journal?operation=user.get');
    expect(json).toMatchObject({
      count: 2,
      entries: [
        { number: 1, keyId: running.keys.owner?.id, status: 200, time: '2030-01-01T00:00:00.000Z' },
        { number: 3 },
      ],
    });
    const entries = async (query: string) => {
      const found = (await control(`GET journal?${query}`)).json.entries;
      return Array.isArray(found) ? found.map((entry: unknown) => isObject(entry) && entry.number) : [];
    };
    expect(await entries('since=1')).toEqual([2, 3]);
    expect(await entries('last=1')).toEqual([3]);
    expect(await entries('last=0')).toEqual([]);
    expect(await entries('unhandled=false')).toEqual([1, 2, 3]);
  });

  it('lists requests for unknown paths', async () => {
    await fetch(`${running.url}/no-such-thing`);
    await client().user.get();
    expect((await control('GET journal?unhandled=true')).json).toMatchObject({
      count: 1,
      entries: [{ operation: null, path: '/no-such-thing', status: 404 }],
    });
  });

  it('can be emptied, and never holds a call of the control API', async () => {
    await client().user.get();
    await control('DELETE journal');
    await control('GET faults');
    expect((await control('GET journal')).json).toEqual({ count: 0, entries: [] });
  });

  it.each([
    ['operation=user.gett', 'query.operation'],
    ['since=x', 'query.since'],
    ['opration=user.get', 'query'],
  ])('refuses ?%s', async (query, names) => {
    expect(await control(`GET journal?${query}`)).toEqual(refusal(names));
  });
});

describe('the state', () => {
  it('is added to; what was created comes back, secrets included', async () => {
    const { status, json } = await control('POST state/seed', {
      users: { ana: {} },
      accounts: { acme: { owner: 'ana' } },
      keys: { ci: { user: 'ana', expires: { days: 30 } } },
    });
    expect(status).toBe(201);
    const user = await client(keysIn(json).ci).user.get();
    expect(user.email).toBe('ana@example.com');
    expect((await client().user.get()).displayName).toBe('Olive Owner');
  });

  it.each([
    [{ users: { ana: { eMail: 'x' } } }, 'seed.users.ana.eMail'],
    ['{ "users": { "__proto__": {} } }', 'seed.users.__proto__'],
    ['[]', 'seed'],
    ['"x"', 'body'],
    ['{', 'JSON'],
  ])('is not touched by the seed %j', async (seed, names) => {
    const before = await control('GET state/snapshot');
    expect(await control('POST state/seed', seed)).toEqual(refusal(names));
    expect(await control('GET state/snapshot')).toEqual(before);
  });

  it('goes back to a snapshot, which holds no secret', async () => {
    const { json: snapshot } = await control('GET state/snapshot');
    for (const { secret } of Object.values(running.keys))
      expect(JSON.stringify(snapshot)).not.toContain(secret.slice(0, 16));
    const owner = client();
    // The client learns the time of the service with its first response.
    await owner.user.get();
    await owner.apiKeys.create({ name: 'more', expiresIn: { days: 1 } });
    expect((await owner.apiKeys.list()).total).toBe(2);
    expect((await control('POST state/restore', snapshot)).status).toBe(200);
    expect((await owner.apiKeys.list()).total).toBe(1);
  });

  it('is not touched by what is no snapshot', async () => {
    expect(await control('POST state/restore', { format: 'x' })).toEqual(refusal('snapshot'));
    expect((await client().apiKeys.list()).total).toBe(1);
  });

  it('goes back to the start: the same world, the same keys, no faults, an empty journal', async () => {
    const owner = client();
    await owner.user.get();
    await owner.apiKeys.create({ name: 'more', expiresIn: { days: 1 } });
    await control('POST clock/advance', { days: 4_000 });
    await control('POST faults', { effect: 'html' });
    await control('POST semantics', { shrink: 'revoke' });
    const { json } = await control('POST state/reset');
    expect(keysIn(json)).toEqual(running.keys);
    expect((await control('GET faults')).json).toEqual({ faults: [] });
    expect((await control('GET journal')).json).toMatchObject({ count: 0 });
    expect((await control('GET clock')).json.now).toBe('2030-01-01T00:00:00.000Z');
    expect((await control('GET semantics')).json).toMatchObject({ semantics: { shrink: 'new-only' } });
    expect((await client().apiKeys.list()).total).toBe(1);
  });

  it('goes back to nothing at all', async () => {
    expect(await control('POST state/reset', { empty: true })).toEqual({ status: 200, json: {} });
    await expect(client().user.get()).rejects.toThrow(AuthenticationError);
    const { json } = await control('POST state/seed');
    expect(keysIn(json)).toEqual(running.keys);
    expect((await client().user.get()).displayName).toBe('Olive Owner');
  });
});

describe('the switches', () => {
  it('are turned one by one, and put back all together', async () => {
    const { json } = await control('POST semantics', { shrink: 'clamp' });
    expect(json).toMatchObject({ semantics: { shrink: 'clamp', names: 'free' } });
    await control('POST semantics', { names: 'unique' });
    expect((await control('GET semantics')).json).toMatchObject({
      semantics: { shrink: 'clamp', names: 'unique' },
    });
    expect((await control('POST semantics', '"documented"')).json).toMatchObject({
      semantics: { shrink: 'new-only', names: 'free' },
    });
  });

  it('are refused by name and value', async () => {
    expect(await control('POST semantics', { shrink: 'x' })).toEqual(refusal('body.shrink'));
    expect(await control('POST semantics')).toEqual(refusal('body'));
  });

  it('are explained, with marks', async () => {
    await control('POST semantics', { shrink: 'clamp' });
    expect((await control('GET explain')).json.behaviours).toContainEqual(
      expect.objectContaining({ id: 'S1', value: 'shrink: clamp', provenance: 'assumed' }),
    );
  });
});

describe('every path', () => {
  it('is listed by the first of them', async () => {
    const { json } = await control('GET ');
    expect(json).toMatchObject({
      name: 'blazemeter-reference',
      paths: expect.arrayContaining(['clock/advance']),
    });
  });

  it('is unchanged by a GET', async () => {
    const { json } = await control('GET ');
    const paths = Array.isArray(json.paths) ? json.paths.map(String) : [];
    const state = async () => [
      await control('GET state/snapshot'),
      await control('GET semantics'),
      await control('GET journal'),
      await control('GET faults'),
    ];
    const before = await state();
    const statuses = await Promise.all(paths.map(async (path) => (await control(`GET ${path}`)).status));
    expect(await state()).toEqual(before);
    expect(new Set(statuses)).toEqual(new Set([200, 405]));
  });

  it('that is none is a 404, and a wrong method a 405', async () => {
    expect((await control('GET nothing')).status).toBe(404);
    expect((await control('POST toString', {})).status).toBe(404);
    expect((await control('POST faults/7', {})).status).toBe(405);
    const response = await fetch(`${running.control}clock/advance`);
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'POST']);
  });
});
