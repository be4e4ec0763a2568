// The conformance kit, held against the reference: as it is by default, and turned every way that the kit can see.

import { BlazeMeterClient } from 'blazemeter-client';
import {
  type ConformanceLine,
  createReference,
  type FaultRule,
  type Reference,
  runConformance,
  type Semantics,
} from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';
import { operationIds } from '../support/calls.ts';

function world(semantics: Partial<Semantics> = {}, days = 90) {
  const reference = createReference({ semantics, clock: { at: '2031-01-01T00:00:00Z' } });
  const { keys } = reference.seed({
    users: { ana: {} },
    accounts: { acme: { owner: 'ana', apiKeyExpiration: days } },
    workspaces: { w: { account: 'acme' } },
    projects: { p: { workspace: 'w' } },
    tests: { t: { project: 'p' } },
    multiTests: { m: { project: 'p' } },
    keys: { ci: { user: 'ana', name: 'Continuous', expires: { days: 30 } } },
  });
  const client = new BlazeMeterClient({
    credentials: keys.ci,
    fetch: reference.fetch,
    logLevel: 'off',
    maxRetries: 0,
  });
  return { reference, client, keys };
}

const line = (report: readonly ConformanceLine[], id: string): ConformanceLine | undefined =>
  report.find((each) => each.id === id);

const differing = (report: readonly ConformanceLine[]): string[] =>
  report.filter(({ agrees }) => agrees === false).map(({ id, seen }) => `${id}: ${seen}`);

const keyNames = (reference: Reference): string[] =>
  [...JSON.stringify(reference.snapshot().keys).matchAll(/"name":"([^"]*)"/g)].map(([, name = '']) => name);

const withFault = async (rule: FaultRule, write: boolean) => {
  const { reference, client } = world();
  reference.faults.add(rule);
  return runConformance({ client, write });
};

describe('reading only', () => {
  it('changes nothing: every request is a GET', async () => {
    const { reference, client } = world();
    await runConformance({ client });
    expect(new Set(reference.journal.entries.map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(reference.journal.entries.some(({ committed }) => committed)).toBe(false);
  });

  it('agrees with the reference, and says of every behaviour what was seen', async () => {
    const { reference, client } = world();
    const report = await runConformance({ client });
    expect(differing(report)).toEqual([]);
    expect(report.map(({ id }) => id)).toEqual(reference.explain().map(({ id }) => id));
    expect(report.filter(({ agrees }) => agrees === true).length).toBeGreaterThan(20);
    expect(line(report, 'S4')).toMatchObject({ agrees: null, seen: expect.stringContaining('write: true') });
  });

  it('gives plain data for parity.json, with provenance and dates, that names no user', async () => {
    const { client, keys } = world();
    const report = await runConformance({ client });
    const text = JSON.stringify(report);
    expect(JSON.parse(text)).toEqual(report);
    for (const private_ of ['ana', 'acme', 'Continuous', keys.ci.id, keys.ci.secret.slice(0, 12)])
      expect(text).not.toMatch(new RegExp(`\\b${private_}`));
    expect(line(report, 'user.get')).toMatchObject({
      provenance: 'documented',
      agrees: true,
      seen: 'supported',
    });
    expect(new Date(report[0]?.date ?? '').getTime()).toBeGreaterThan(Date.now() - 600_000);
  });

  it('sends what a corrected client sends, and confirms that and no other path', async () => {
    const operations = { 'user.get': { path: '/me' }, 'apiKeys.list': { path: '/my/keys' } };
    const reference = createReference({ operations });
    const { keys } = reference.seed();
    const client = new BlazeMeterClient({ credentials: keys.owner, fetch: reference.fetch, operations });
    const report = await runConformance({ client });
    expect(differing(report)).toEqual([]);
    expect(line(report, 'apiKeys.list')).toMatchObject({ behaviour: 'GET /my/keys', agrees: true });
    expect(line(report, 'W8')).toMatchObject({ agrees: true });
    const unknown = reference.journal.unhandled.map(({ path }) => path);
    expect(unknown).toEqual([expect.stringMatching(/^\/no-such-path-/)]);
  });

  it.each<[string, FaultRule, string]>([
    ['P3', { operation: 'apiKeys.get', effect: 'status', status: 404 }, '(404)'],
    ['W9', { effect: 'total', total: 'n/a' }, 'limit is not obeyed, or total is no number'],
    [
      'apiKeys.list',
      { operation: 'apiKeys.list', effect: 'status', status: 404 },
      'failed with NotFoundError (404)',
    ],
    ['P3', { operation: ['apiKeys.list', 'apiKeys.get'], effect: 'status', status: 404 }, '(404)'],
    ['user.get', { operation: 'user.get', effect: 'html' }, 'failed with InvalidResponseError'],
    [
      'W8',
      {
        operation: 'user.get',
        effect: 'response',
        body: '{"api_version":4,"error":null,"result":{"id":1,"features":{}},"request_id":"x"}',
      },
      'an empty map of another form, or none',
    ],
    [
      'W7',
      {
        operation: 'user.get',
        effect: 'response',
        body: '{"api_version":4,"error":null,"result":{"id":1,"created":1700000000000},"request_id":"x"}',
      },
      'of another form, or missing',
    ],
  ])('sees that %s differs where it does', async (id, rule, seen) => {
    expect(line(await withFault(rule, false), id)).toMatchObject({
      agrees: false,
      seen: expect.stringContaining(seen),
    });
  });

  it.each<[string, FaultRule]>([
    ['a service that is down', { effect: 'status', status: 503 }],
    ['a broken connection', { effect: 'reset' }],
    ['a limit', { effect: 'status', status: 429 }],
    ['a key that is refused', { effect: 'status', status: 401 }],
  ])('takes %s for nothing', async (_, rule) => {
    const report = await withFault(rule, true);
    const judged = report.filter(({ id, agrees }) => agrees !== null && id !== 'cleanup');
    // A service that refuses every request shows only that wrong credentials are refused.
    expect(judged.filter(({ id }) => id !== 'P1')).toEqual([]);
  });
});

describe('writing', () => {
  it('agrees with the reference, and leaves no key behind', async () => {
    const { reference, client } = world();
    const report = await runConformance({ client, write: true });
    expect(differing(report)).toEqual([]);
    // Setting the policy would change the account for everybody in it.
    const checked = operationIds.filter((id) => !id.startsWith('apiKeyPolicy.'));
    for (const id of [...checked, 'S4', 'S5', 'S6', 'S7', 'S11', 'S13', 'S15', 'W16', 'P2'])
      expect(line(report, id), id).toMatchObject({ agrees: true });
    expect(line(report, 'cleanup')).toMatchObject({ agrees: true });
    expect(keyNames(reference)).toEqual(['Continuous']);
  });

  it.each<[string, Partial<Semantics>, string]>([
    ['S4', { regenerateExpiry: 'renew-maximum' }, 'the expiry changes'],
    ['S7', { overMaximum: 'clamp' }, 'clamped'],
    ['S11', { grace: 5_000 }, 'the old secret still works'],
    ['S13', { names: 'unique' }, 'refused with 409'],
    ['S14', { keyLimit: 2 }, 'refused with 402'],
    ['S15', { propagation: 300 }, 'new credentials work after'],
  ])('sees %s of a service that behaves otherwise: %j', async (id, semantics, seen) => {
    const { reference, client } = world(semantics);
    const report = await runConformance({ client, write: true });
    expect(line(report, id)).toMatchObject({ agrees: false, seen: expect.stringContaining(seen) });
    expect(line(report, 'cleanup')).toMatchObject({ agrees: true });
    expect(keyNames(reference)).toEqual(['Continuous']);
  });

  it.each<[string, FaultRule]>([
    ['S11', { operation: 'user.get', effect: 'status', status: 404 }],
    ['S6', { operation: 'user.get', effect: 'status', status: 404 }],
    ['apiKeys.delete', { operation: 'apiKeys.delete', effect: 'status', status: 404 }],
    [
      'apiKeys.delete',
      { operation: 'apiKeys.delete', effect: 'response', status: 204, body: '', when: 'before-commit' },
    ],
  ])('does not confirm %s by a response that shows nothing of it', async (id, rule) => {
    expect(line(await withFault(rule, true), id)?.agrees).not.toBe(true);
  });

  it('says that there is no maximum to go past', async () => {
    const { client } = world({}, -1);
    const report = await runConformance({ client, write: true });
    expect(line(report, 'S7')).toMatchObject({ agrees: null, seen: 'not checked: there is no maximum' });
  });

  it('deletes a key whose create had no response', async () => {
    const { reference, client } = world();
    reference.faults.add({ operation: 'apiKeys.create', effect: 'reset', when: 'after-commit', times: 1 });
    const report = await runConformance({ client, write: true });
    expect(line(report, 'apiKeys.create')?.agrees).not.toBe(true);
    expect(line(report, 'S4')).toMatchObject({ agrees: null, seen: 'not checked: an earlier step failed' });
    expect(keyNames(reference)).toEqual(['Continuous']);
  });

  it('names the keys that it could not delete', async () => {
    const { reference, client } = world();
    reference.faults.add({ operation: 'apiKeys.delete', effect: 'status', status: 500 });
    const report = await runConformance({ client, write: true });
    const [left] = reference
      .snapshot()
      .keys.slice(1)
      .map((key) => JSON.stringify(key).slice(7, 31));
    expect(line(report, 'cleanup')).toMatchObject({
      agrees: false,
      seen: expect.stringContaining(left ?? '?'),
    });
  });

  it('hands no secret to the store of the client', async () => {
    const { reference, keys } = world();
    const stored: unknown[] = [];
    const client = new BlazeMeterClient({
      credentials: keys.ci,
      fetch: reference.fetch,
      onNewSecret: (event) => void stored.push(event),
    });
    await runConformance({ client, write: true });
    expect(stored).toEqual([]);
  });
});
