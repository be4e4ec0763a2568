// Faults: which requests a rule meets, what it does to them, and how a broken connection looks to each front end.
import {
  createReference,
  type FaultEffect,
  type FaultMatch,
  type FaultRule,
  InvalidInputError,
  type Reference,
  type SeededKey,
} from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';
import { basic, create, credentialsOf, isObject, nowOf, parsed, send } from '../support/reference.ts';

function world(...faults: FaultRule[]) {
  const reference = createReference({ clock: { at: '2026-03-01T12:00:00Z', frozen: true }, faults });
  return { reference, ...reference.seed() };
}

const user = (reference: Reference, key: SeededKey) => send(reference, key, 'GET', '/user');
const total = (reference: Reference, key: SeededKey) => send(reference, key, 'GET', '/api-keys').json.total;

describe('which requests a rule meets', () => {
  const applied = (rule: FaultMatch, paths: readonly string[]) => {
    const { reference, keys } = world();
    reference.faults.add({ ...rule, effect: 'status', status: 503 });
    return paths.map((path) => send(reference, keys.owner, 'GET', path).status === 503);
  };

  it('without a condition, all of them, what is unknown too', () => {
    expect(applied({}, ['/user', '/nope', '/web/version'])).toEqual([true, true, true]);
  });

  it('one call, several, or the policy by its own name', () => {
    const { accounts } = world();
    const account = `/accounts/${accounts.main.id}`;
    expect(applied({ operation: 'user.get' }, ['/user', '/accounts', '/nope'])).toEqual([true, false, false]);
    expect(applied({ operation: ['user.get', 'accounts.list'] }, ['/user', '/accounts', account])).toEqual([
      true,
      true,
      false,
    ]);
    expect(applied({ operation: 'apiKeyPolicy.get' }, ['/accounts', account])).toEqual([false, true]);
  });

  it('the n-th, every k-th, and so many at most', () => {
    const six = Array.from({ length: 6 }, () => '/user');
    expect(applied({ nth: 2 }, six)).toEqual([false, true, false, false, false, false]);
    expect(applied({ every: 3 }, six)).toEqual([false, false, true, false, false, true]);
    expect(applied({ times: 2 }, six)).toEqual([true, true, false, false, false, false]);
    expect(applied({ operation: 'user.get', nth: 2 }, ['/user', '/accounts', '/user'])).toEqual([
      false,
      false,
      true,
    ]);
  });

  it('with a probability: the same seed, the same throws', () => {
    const many = Array.from({ length: 400 }, () => '/user');
    const hits = applied({ probability: 0.25, seed: 7 }, many);
    expect(applied({ probability: 0.25, seed: 7 }, many)).toEqual(hits);
    expect(applied({ probability: 0.25, seed: 8 }, many)).not.toEqual(hits);
    const share = hits.filter(Boolean).length / 400;
    expect(share).toBeGreaterThan(0.17);
    expect(share).toBeLessThan(0.33);
    expect(applied({ probability: 0 }, many)).not.toContain(true);
    expect(applied({ probability: 1 }, many)).not.toContain(false);
  });

  it('only those of one key', () => {
    const { reference, keys } = world();
    reference.faults.add({ keyId: keys.admin.id, effect: 'status', status: 500 });
    expect([keys.owner, keys.admin].map((key) => user(reference, key).status)).toEqual([200, 500]);
  });

  it('a rule counts, and goes when it is removed; clear takes all', () => {
    const { reference, keys } = world();
    const first = reference.faults.add({ effect: 'status', status: 500, times: 5 });
    const second = reference.faults.add({ effect: 'latency', ms: 0 });
    user(reference, keys.owner);
    expect([first.timesApplied, second.timesApplied]).toEqual([1, 1]);
    expect(reference.faults.active).toEqual([first, second]);
    first.remove();
    first.remove();
    expect(user(reference, keys.owner).status).toBe(200);
    reference.faults.clear();
    expect(reference.faults.active).toEqual([]);
  });

  it('tens of thousands of rules are added, applied and removed', () => {
    const { reference, keys } = world();
    const rules = Array.from({ length: 40_000 }, () => reference.faults.add({ effect: 'skew', ms: 1 }));
    user(reference, keys.owner);
    expect(rules.every(({ timesApplied }) => timesApplied === 1)).toBe(true);
    for (const rule of rules) rule.remove();
    expect(reference.faults.active).toEqual([]);
  });

  it('rules of the options come back with reset, their counts at zero', () => {
    const { reference } = world({ operation: 'user.get', effect: 'status', status: 500, times: 1 });
    const statuses = () => {
      const { keys } = reference.seed();
      return [user(reference, keys.owner).status, user(reference, keys.owner).status];
    };
    reference.reset();
    expect(statuses()).toEqual([500, 200]);
    reference.faults.clear();
    reference.reset();
    expect(statuses()).toEqual([500, 200]);
  });
});

describe('what is done and what is seen', () => {
  const replacing: Extract<FaultEffect, { when?: unknown }>[] = [
    { effect: 'reset' },
    { effect: 'stall' },
    { effect: 'status', status: 502 },
    { effect: 'wrong-json' },
    { effect: 'html' },
    { effect: 'empty' },
    { effect: 'string-error' },
    { effect: 'ok-with-error' },
    { effect: 'redirect', location: '/elsewhere' },
    { effect: 'response', body: 'x' },
  ];

  it.each(replacing)('$effect before the commit: nothing is done', (effect) => {
    const { reference, keys } = world();
    reference.faults.add({ operation: 'apiKeys.create', ...effect });
    create(reference, keys.owner, 1);
    expect(total(reference, keys.owner)).toBe(1);
    expect(reference.journal.last('apiKeys.create')?.committed).toBe(false);
  });

  it.each(replacing)('$effect after the commit: the key is created', (effect) => {
    const { reference, keys } = world();
    reference.faults.add({ operation: 'apiKeys.create', ...effect, when: 'after-commit' });
    create(reference, keys.owner, 1);
    expect(total(reference, keys.owner)).toBe(2);
    expect(reference.journal.last('apiKeys.create')?.committed).toBe(true);
  });

  const respond = (effect: FaultEffect) => {
    const { reference, keys } = world();
    reference.faults.add({ operation: 'user.get', ...effect });
    return user(reference, keys.owner);
  };

  it('every documented status, with an envelope of its own', () => {
    for (const status of [400, 401, 402, 403, 404, 409, 429, 500, 502, 503, 504]) {
      const { json, headers, ...rest } = respond({ effect: 'status', status });
      expect(rest.status).toBe(status);
      expect(json.error).toMatchObject({ code: status });
      expect(headers['WWW-Authenticate']).toBe(status === 401 ? 'Basic realm=api' : undefined);
    }
    expect(respond({ effect: 'status', status: 400, message: 'No such thing' }).message).toBe(
      'Bad Request: No such thing',
    );
  });

  it('Retry-After in seconds, as a date by the Date header, or as it is written', () => {
    const retry = (effect: Partial<Extract<FaultEffect, { effect: 'status' }>>) =>
      respond({ effect: 'status', status: 429, ...effect }).headers['Retry-After'];
    expect(retry({})).toBeUndefined();
    expect(retry({ retryAfter: 7 })).toBe('7');
    expect(retry({ retryAfter: 90, retryAfterForm: 'date' })).toBe('Sun, 01 Mar 2026 12:01:30 GMT');
    expect(retry({ retryAfter: 'soon' })).toBe('soon');
  });

  it('wrong JSON has the right length and all of the response but its end', () => {
    const { reference, keys } = world({
      operation: 'apiKeys.create',
      effect: 'wrong-json',
      when: 'after-commit',
    });
    const { status, text } = create(reference, keys.owner, 1);
    expect(status).toBe(201);
    expect(() => JSON.parse(text)).toThrow();
    expect(text).toMatch(/"secret": "[0-9a-f]{72}"/);
    expect(respond({ effect: 'wrong-json' }).json).toEqual({});
  });

  it('an HTML page, nothing at all, an error that is a string, a 200 with an error', () => {
    expect(respond({ effect: 'html' })).toMatchObject({
      status: 200,
      text: expect.stringMatching(/^<!DOCTYPE html>/),
    });
    expect(respond({ effect: 'html' }).headers['Content-Type']).toBe('text/html; charset=utf-8');
    expect(respond({ effect: 'html', status: 502 }).status).toBe(502);
    expect(respond({ effect: 'empty' })).toMatchObject({ status: 200, text: '' });
    expect(respond({ effect: 'empty', status: 401 })).toMatchObject({ status: 401, text: '' });
    expect(respond({ effect: 'string-error' })).toMatchObject({
      status: 400,
      json: { error: 'Something went wrong' },
    });
    expect(respond({ effect: 'ok-with-error', code: 403 })).toMatchObject({
      status: 200,
      json: { error: { code: 403, message: 'Forbidden' }, result: null },
    });
  });

  it('a response of your own replaces what it names and leaves the rest', () => {
    const { status, headers, json } = respond({
      effect: 'response',
      status: 203,
      headers: { 'x-more': '1', 'content-TYPE': 'text/plain' },
      when: 'after-commit',
    });
    expect(status).toBe(203);
    expect(headers).toMatchObject({ 'x-more': '1', 'Content-Type': 'text/plain', Vary: 'Accept' });
    expect(json.error).toBeNull();
  });

  it('a header alone is added to the response that there would have been', () => {
    const { status, headers, result } = respond({ effect: 'response', headers: { 'X-Proxy': 'yes' } });
    expect({ status, proxy: headers['X-Proxy'] }).toEqual({ status: 200, proxy: 'yes' });
    expect(result).toMatchObject({ email: expect.any(String) });
  });

  it('all rules that a request meets are applied', () => {
    const { reference, keys } = world(
      { effect: 'skew', ms: 60_000 },
      { effect: 'latency', ms: 5 },
      { effect: 'status', status: 503 },
    );
    const { status, headers } = user(reference, keys.owner);
    expect(status).toBe(503);
    expect(headers.Date).toBe('Sun, 01 Mar 2026 12:01:00 GMT');
    expect(reference.journal.last()?.fault).toBe('skew, latency, status 503 before-commit');
  });
});

describe('lists that do not behave', () => {
  const listed = (...faults: FaultRule[]) => {
    const { reference, keys } = world();
    for (let n = 0; n < 25; n++) create(reference, keys.owner, 1, `k${n}`);
    for (const fault of faults) reference.faults.add(fault);
    return { reference, keys, list: (query = '') => send(reference, keys.owner, 'GET', `/api-keys${query}`) };
  };

  it('a stale list stays as it was when the rule was added', () => {
    const { reference, keys, list } = listed({ effect: 'stale-list' });
    const { id } = credentialsOf(create(reference, keys.owner, 1, 'new'));
    expect(list('?limit=0').rows.map((row) => row.id)).not.toContain(id);
    expect(list().json.total).toBe(26);
    expect(send(reference, keys.owner, 'GET', `/api-keys/${id}`).status).toBe(200);
    reference.faults.clear();
    expect(list().json.total).toBe(27);
  });

  it('a deleted key is still in a stale list', () => {
    const { reference, keys, list } = listed({ effect: 'stale-list' });
    const { rows } = list('?limit=0');
    const victim = rows.at(-1)?.id;
    expect(send(reference, keys.owner, 'DELETE', `/api-keys/${String(victim)}`).status).toBe(204);
    expect(list('?limit=0').rows.map((row) => row.id)).toContain(victim);
  });

  it('a repeated page comes whatever skip says', () => {
    const { list } = listed({ effect: 'repeat-page' });
    expect(list('?skip=10').rows).toEqual(list().rows);
    expect(list('?skip=10').json.skip).toBe(10);
  });

  it('a capped limit is stated', () => {
    const { list } = listed({ effect: 'cap-limit', limit: 5 });
    for (const query of ['', '?limit=1000', '?limit=0']) {
      expect(list(query).rows).toHaveLength(5);
      expect(list(query).json.limit).toBe(5);
    }
    expect(list('?limit=3').rows).toHaveLength(3);
  });

  it('total can be wrong, null, a text, or absent', () => {
    for (const total of [3, 1_000_000, null, 'n/a'])
      expect(listed({ effect: 'total', total }).list().json.total).toBe(total);
    expect(listed({ effect: 'total', total: 'omit' }).list().json).not.toHaveProperty('total');
  });
});

it('a rate limit counts each key for itself, and says how long to wait', () => {
  const { reference, keys } = world({ effect: 'rate-limit', requests: 2, windowMs: 10_000 });
  const statuses = (key: SeededKey) => [1, 2, 3].map(() => user(reference, key).status);
  expect(statuses(keys.owner)).toEqual([200, 200, 429]);
  expect(statuses(keys.admin)).toEqual([200, 200, 429]);
  reference.clock.advance({ seconds: 7 });
  expect(user(reference, keys.owner).headers['Retry-After']).toBe('3');
  reference.clock.advance({ seconds: 3 });
  expect(statuses(keys.owner)).toEqual([200, 200, 429]);
});

describe('through fetch', () => {
  const URL_USER = 'https://a.blazemeter.com/api/v4/user';
  const call = (reference: Reference, key: SeededKey, init: RequestInit = {}, url = URL_USER) =>
    reference.fetch(url, { ...init, headers: { authorization: basic(key) } });

  it('a reset is a TypeError whose cause has the code', async () => {
    for (const when of ['before-commit', 'after-commit'] as const) {
      const { reference, keys } = world({ effect: 'reset', when });
      await expect(call(reference, keys.owner)).rejects.toMatchObject({
        name: 'TypeError',
        message: 'fetch failed',
        cause: { code: 'ECONNRESET' },
      });
    }
  });

  it('commit, then drop the response: the key is there, its secret is lost', async () => {
    const { reference, keys } = world({
      operation: 'apiKeys.create',
      effect: 'reset',
      when: 'after-commit',
      times: 1,
    });
    const body = JSON.stringify({ name: 'lost', expiration: nowOf(reference) + 86_400 });
    await expect(
      call(reference, keys.owner, { method: 'POST', body }, 'https://x.example/api/v4/api-keys'),
    ).rejects.toThrow();
    expect(send(reference, keys.owner, 'GET', '/api-keys').rows.map((row) => row.name)).toEqual([
      'owner',
      'lost',
    ]);
    expect(reference.journal.last('apiKeys.create')).toMatchObject({
      status: 201,
      committed: true,
      delivered: 'nothing',
      fault: 'reset after-commit',
    });
  });

  it('a stall lasts until it is aborted, with the reason of the abort', async () => {
    for (const when of ['before-commit', 'after-commit'] as const) {
      const { reference, keys } = world({ effect: 'stall', when });
      const reason = new Error('enough');
      const controller = new AbortController();
      const waiting = call(reference, keys.owner, { signal: controller.signal });
      setTimeout(() => controller.abort(reason), 20);
      await expect(waiting).rejects.toBe(reason);
    }
  });

  it('in the middle of the body: headers and half of it come, then a reset or nothing', async () => {
    const { reference, keys } = world();
    const whole = (await (await call(reference, keys.owner)).text()).length;
    const reset = reference.faults.add({ effect: 'reset', when: 'mid-body' });
    const broken = await call(reference, keys.owner);
    expect(broken.status).toBe(200);
    await expect(broken.text()).rejects.toMatchObject({
      message: 'terminated',
      cause: { code: 'ECONNRESET' },
    });
    reset.remove();
    reference.faults.add({ effect: 'stall', when: 'mid-body' });
    const controller = new AbortController();
    const stalled = await call(reference, keys.owner, { signal: controller.signal });
    const reader = stalled.body?.getReader();
    const first = await reader?.read();
    expect(first?.value?.length).toBe(whole >> 1);
    const next = reader?.read();
    setTimeout(() => controller.abort(new Error('enough')), 20);
    await expect(next).rejects.toThrow('enough');
  });

  it('a truncated body ends as a closed connection ends', async () => {
    const { reference, keys } = world({ effect: 'truncate', keepBytes: 10 });
    const response = await call(reference, keys.owner);
    await expect(response.text()).rejects.toMatchObject({
      message: 'terminated',
      cause: { message: 'other side closed' },
    });
  });

  it('a drip arrives whole, and slowly', async () => {
    const { reference, keys } = world({ effect: 'drip', chunkBytes: 400, everyMs: 15 });
    const start = performance.now();
    const response = await call(reference, keys.owner);
    expect(parsed(await response.text())).toMatchObject({ error: null });
    expect(performance.now() - start).toBeGreaterThan(40);
  });

  it('latency is waited for, fixed or within bounds, and an abort ends it', async () => {
    const timed = async (ms: number | { min: number; max: number }) => {
      const { reference, keys } = world({ effect: 'latency', ms });
      const start = performance.now();
      await call(reference, keys.owner);
      return performance.now() - start;
    };
    expect(await timed(30)).toBeGreaterThanOrEqual(29);
    const random = await timed({ min: 20, max: 40 });
    expect(random).toBeGreaterThanOrEqual(19);
    const { reference, keys } = world({ effect: 'latency', ms: 60_000 });
    await expect(call(reference, keys.owner, { signal: AbortSignal.timeout(20) })).rejects.toThrow(
      /abort|timeout/i,
    );
  });

  it('a redirect is followed, handed back or refused, as the caller says', async () => {
    const { reference, keys } = world({
      operation: 'user.get',
      effect: 'redirect',
      location: 'https://other.example/api/v4/web/version',
    });
    const manual = await call(reference, keys.owner, { redirect: 'manual' });
    expect([manual.status, manual.headers.get('location')]).toEqual([
      302,
      'https://other.example/api/v4/web/version',
    ]);
    await expect(call(reference, keys.owner, { redirect: 'error' })).rejects.toThrow('fetch failed');
    const followed = await call(reference, keys.owner);
    expect(parsed(await followed.text())).toMatchObject({ result: { name: 'blazemeter-reference' } });
  });

  it('a followed redirect keeps the credential with its origin', async () => {
    const { reference, keys } = world({
      operation: 'user.get',
      effect: 'redirect',
      location: 'https://other.example/api/v4/accounts',
    });
    expect((await call(reference, keys.owner)).status).toBe(401);
    reference.faults.clear();
    reference.faults.add({ operation: 'user.get', effect: 'redirect', location: '/api/v4/accounts' });
    expect((await call(reference, keys.owner)).status).toBe(200);
    reference.faults.clear();
    reference.faults.add({ effect: 'redirect', location: '/api/v4/user' });
    await expect(call(reference, keys.owner)).rejects.toThrow('fetch failed');
  });
});

describe('rules that are wrong are refused', () => {
  // As options, whatever a caller without types might give.
  const create = (rule: object) => () => Reflect.apply(createReference, undefined, [{ faults: [rule] }]);

  it.each<[object, string]>([
    [{}, '.effect'],
    [{ effect: 'explode' }, '.effect'],
    [{ effect: 'toString' }, '.effect'],
    [{ effect: 'reset', wen: 'after-commit' }, '.wen'],
    [{ effect: 'html', when: 'mid-body' }, '.when'],
    [{ effect: 'reset', operation: 'user.set' }, '.operation'],
    [{ effect: 'reset', operation: ['user.get', 'x'] }, '.operation[1]'],
    [{ effect: 'reset', nth: 0 }, '.nth'],
    [{ effect: 'reset', probability: 1.5 }, '.probability'],
    [{ effect: 'status' }, '.status'],
    [{ effect: 'status', status: 200 }, '.status'],
    [{ effect: 'latency', ms: { min: 5, max: 1 } }, '.ms.max'],
    [{ effect: 'latency' }, '.ms'],
    [{ effect: 'skew', ms: 1e17 }, '.ms'],
    [{ effect: 'reset', operation: [] }, '.operation'],
    [{ effect: 'response', headers: { 'a b': 'x' } }, '.headers'],
    [{ effect: 'response', headers: { a: 'x\r\ny: z' } }, '.headers'],
    [JSON.parse('{"effect":"reset","__proto__":{}}'), '__proto__'],
  ])('%j', (rule, message) => {
    expect(create(rule)).toThrow(InvalidInputError);
    expect(create(rule)).toThrow(message);
  });

  it('code may redirect anywhere', () => {
    const { faults } = createReference();
    expect(() => faults.add({ effect: 'redirect', location: 'https://elsewhere.example/' })).not.toThrow();
  });

  it('a rule is copied and frozen', () => {
    const reference = createReference();
    const rule: FaultRule = { effect: 'status', status: 500 };
    const { rule: kept } = reference.faults.add(rule);
    expect(kept).not.toBe(rule);
    expect(Object.isFrozen(kept)).toBe(true);
    expect(isObject(kept)).toBe(true);
  });
});
