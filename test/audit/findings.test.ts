// What an audit finds, and what it reports as unknown. Every rule is shown a key that it finds and one that it does
// not, with the clock moved.

import { BlazeMeterClient } from 'blazemeter-client';
import {
  type AuditOptions,
  type AuditReport,
  type AuditRule,
  audit,
  auditRules,
  expiring,
} from 'blazemeter-client/audit';
import { adopt, memoryStore, rotate } from 'blazemeter-client/rotation';
import { createReference, type Reference, type SeededKey, type SeedKey } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';
import { send } from '../support/reference.ts';

const START = '2030-06-01T12:00:00Z';

interface World {
  readonly reference: Reference;
  readonly client: BlazeMeterClient;
  readonly keys: Readonly<Record<string, SeededKey>>;
  readonly accountId: number;
}

/** ana has the keys, and asks with one that no rule finds. */
function worldOf(keys: Readonly<Record<string, Omit<SeedKey, 'user'>>> = {}, maximum = 3650): World {
  const reference = createReference({ clock: { at: START, frozen: true } });
  const seeded = reference.seed({
    users: { ana: {}, boss: {} },
    accounts: { main: { owner: 'boss', members: { ana: ['admin'] }, apiKeyExpiration: maximum } },
    keys: {
      asker: { user: 'ana', expires: { days: 30 } },
      ...Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, { user: 'ana', ...key }])),
      theirs: { user: 'boss', expires: { days: 1 } },
    },
  });
  const client = new BlazeMeterClient({
    credentials: seeded.keys.asker,
    fetch: reference.fetch,
    logLevel: 'off',
  });
  return { reference, client, keys: seeded.keys, accountId: seeded.accounts.main.id };
}

/** The seeded names of the keys that a rule finds. */
const foundBy = ({ keys }: World, report: Pick<AuditReport, 'findings'>, rule: AuditRule): string[] =>
  report.findings
    .filter((one) => one.rule === rule)
    .map(({ key }) => Object.entries(keys).find(([, { id }]) => id === key.id)?.[0] ?? key.id)
    .sort();

const find = async (world: World, rule: AuditRule, options?: AuditOptions): Promise<string[]> =>
  foundBy(world, await audit(world.client, options), rule);

/** A client whose list of keys lacks what `change` takes from each. */
const withKeys = ({ client }: World, change: (key: Record<string, unknown>) => void): BlazeMeterClient =>
  client.withOptions({
    operations: {
      'apiKeys.list': {
        result(keys) {
          if (!Array.isArray(keys)) throw new Error('This is no list.');
          return keys.map((key: object) => {
            const changed: Record<string, unknown> = { ...key };
            change(changed);
            return changed;
          });
        },
      },
    },
  });

describe('a world without trouble', () => {
  it('has no findings, and nothing unknown', async () => {
    const world = worldOf({ other: { expires: { days: 300 } } });
    expect(await audit(world.client)).toEqual({
      kind: 'audit',
      findings: [],
      allowed: [],
      worst: null,
      keys: 2,
      policy: { accountId: world.accountId, maximumDays: 3650 },
      checkedAt: new Date(START),
      clock: 'server',
      unknown: [],
    });
  });

  it('is looked at with two requests, and none that changes anything', async () => {
    const { client, reference } = worldOf();
    await audit(client);
    expect(reference.journal.entries.map(({ method, operation }) => `${method} ${operation}`)).toEqual([
      'GET apiKeys.list',
      'GET accounts.list',
    ]);
    reference.journal.clear();
    await expiring(client, { within: '1 month' });
    expect(reference.journal.count()).toBe(1);
  });

  it('is looked at to the last page', async () => {
    const many = Object.fromEntries(
      Array.from({ length: 150 }, (_, at) => [`k${at}`, { expires: { days: 100 } }]),
    );
    const { client, reference } = worldOf(many);
    reference.faults.add({ operation: 'apiKeys.list', effect: 'cap-limit', limit: 40 });
    expect((await audit(client)).keys).toBe(151);
  });
});

describe('expires-soon and expired', () => {
  const ages = {
    year: { expires: { days: 365 } },
    quarter: { expires: { days: 90 } },
    week: { expires: { days: 7 } },
  };

  it.each([
    [{ days: 0 }, [], []],
    [{ days: 2, seconds: 1 }, ['week'], []],
    [{ days: 7 }, [], ['week']],
    [{ days: 6, hours: 23, minutes: 57 }, ['week'], []],
    [{ days: 6, hours: 23, minutes: 58 }, [], ['week']],
    [{ days: 80, hours: 23 }, [], ['week']],
    [{ days: 81 }, ['quarter'], ['week']],
    [{ days: 90 }, [], ['quarter', 'week']],
    [{ days: 350, hours: 23 }, [], ['quarter', 'week']],
    [{ days: 351 }, ['year'], ['quarter', 'week']],
    [{ days: 365 }, [], ['quarter', 'week', 'year']],
  ])('after %j, %j run out soon and %j have', async (later, soon, past) => {
    const world = worldOf({ ...ages, asker2: { expires: { days: 3650 } } });
    const { asker2 } = world.keys;
    if (asker2 === undefined) throw new Error('There is no such key.');
    world.reference.clock.advance(later);
    const client = world.client.withOptions({ credentials: asker2 });
    const report = await audit(client);
    const others = (rule: AuditRule) => foundBy(world, report, rule).filter((name) => name !== 'asker');
    expect(others('expires-soon')).toEqual(soon);
    expect(others('expired')).toEqual(past);
  });

  it('a key is found within the time that is given, by the server time', async () => {
    const world = worldOf(ages);
    expect(await find(world, 'expires-soon', { expiresWithin: { days: 6 } })).toEqual([]);
    expect(await find(world, 'expires-soon', { expiresWithin: { days: 7 } })).toEqual(['week']);
    expect(await find(world, 'expires-soon', { expiresWithin: '3 months' })).toEqual([
      'asker',
      'quarter',
      'week',
    ]);
  });

  it('a key that has expired has no other finding', async () => {
    const world = worldOf(
      { twin: { name: 'one', expires: { days: -1 }, created: { days: -400 } }, one: {} },
      90,
    );
    const report = await audit(world.client);
    const twin = report.findings.filter(({ key }) => key.id === world.keys.twin?.id);
    expect(twin.map(({ rule }) => rule)).toEqual(['expired']);
    expect(foundBy(world, report, 'duplicate-name')).toEqual([]);
  });
});

describe('beyond-policy', () => {
  const keys = {
    fits: { created: { days: -60 }, expires: { days: 30 } },
    longer: { created: { days: -60 }, expires: { days: 31 } },
    young: { expires: { days: 365 } },
  };

  it('finds keys that are longer than the strictest maximum that is visible, and says what it assumes', async () => {
    const world = worldOf(keys, 90);
    const report = await audit(world.client);
    expect(foundBy(world, report, 'beyond-policy')).toEqual(['longer', 'young']);
    const [first] = report.findings.filter(({ rule }) => rule === 'beyond-policy');
    expect(first?.assumption).toContain('not documented (S1)');
    expect(first?.message).toContain(`account ${world.accountId} now permits 90 days`);
  });

  it('finds none where there is no limit', async () => {
    expect(await find(worldOf(keys, -1), 'beyond-policy')).toEqual([]);
  });

  it('finds them as soon as the maximum has become smaller', async () => {
    const world = worldOf(keys, 3650);
    expect(await find(world, 'beyond-policy')).toEqual([]);
    await world.client.accounts.apiKeyPolicy.set(world.accountId, { maximum: '3 months' });
    expect(await find(world, 'beyond-policy')).toEqual(['longer', 'young']);
  });

  it('does not guess for a key that was changed after it was created', async () => {
    const world = worldOf(keys, 90);
    const { longer } = world.keys;
    if (longer === undefined) throw new Error('There is no such key.');
    expect(send(world.reference, longer, 'POST', `/api-keys/${longer.id}/regenerate`).status).toBe(200);
    const report = await audit(world.client);
    expect(foundBy(world, report, 'beyond-policy')).toEqual(['young']);
    expect(report.unknown).toEqual([expect.objectContaining({ rule: 'beyond-policy', keys: [longer.id] })]);
  });

  it('is unknown where the accounts cannot be read', async () => {
    const world = worldOf(keys, 90);
    world.reference.faults.add({ operation: 'accounts.list', effect: 'status', status: 403 });
    const report = await audit(world.client);
    expect(foundBy(world, report, 'beyond-policy')).toEqual([]);
    expect(report.policy).toBeNull();
    expect(report.unknown).toEqual([expect.objectContaining({ rule: 'beyond-policy', keys: [] })]);
  });

  it('is unknown for an account that does not show its maximum', async () => {
    const world = worldOf(keys, 90);
    const client = world.client.withOptions({
      operations: {
        'accounts.list': { result: () => [{ id: 1 }, { id: 2, apiKeyExpiration: 'ten years' }] },
      },
    });
    expect((await audit(client)).unknown.map(({ rule }) => rule)).toEqual(['beyond-policy']);
    const half = world.client.withOptions({
      operations: { 'accounts.list': { result: () => [{ id: 1 }, { id: 2, apiKeyExpiration: 90 }] } },
    });
    const report = await audit(half);
    expect(report.policy).toEqual({ accountId: 2, maximumDays: 90 });
    expect(foundBy(world, report, 'beyond-policy')).toEqual(['longer', 'young']);
    expect(report.unknown).toEqual([
      expect.objectContaining({ what: expect.stringContaining('1 of the visible accounts') }),
    ]);
  });

  it('passes on a failure that is no refusal', async () => {
    const world = worldOf(keys, 90);
    world.reference.faults.add({ operation: 'accounts.list', effect: 'status', status: 500 });
    await expect(audit(world.client.withOptions({ maxRetries: 0 }))).rejects.toMatchObject({ status: 500 });
  });
});

describe('never-expires', () => {
  it('finds a key without an expiry among keys that show one', async () => {
    const world = worldOf({ endless: {} });
    const client = withKeys(world, (key) => {
      if (key.id === world.keys.endless?.id) key.expiration = null;
    });
    const report = await audit(client);
    expect(foundBy(world, report, 'never-expires')).toEqual(['endless']);
    expect(report.findings[0]?.assumption).toContain('never expires');
  });

  it('is unknown where no key shows one', async () => {
    const world = worldOf({ endless: {} });
    const report = await audit(withKeys(world, (key) => delete key.expiration));
    expect(report.findings).toEqual([]);
    expect(report.unknown.map(({ rule }) => rule)).toEqual(['never-expires']);
  });
});

describe('never-used and not-used-for-long', () => {
  const keys = {
    fresh: { created: { days: -30 } },
    idle: { created: { days: -31 } },
    busy: { created: { days: -200 }, lastUsed: { days: -1 } },
    forgotten: { created: { days: -200 }, lastUsed: { days: -91 } },
  };

  it('find keys by their age and by their last use', async () => {
    const world = worldOf(keys);
    const report = await audit(world.client);
    expect(foundBy(world, report, 'never-used')).toEqual(['idle']);
    expect(foundBy(world, report, 'not-used-for-long')).toEqual(['forgotten']);
  });

  it('find more as time goes by, and by other measures', async () => {
    const world = worldOf(keys);
    const measures = { neverUsedAfter: { days: 29 }, notUsedFor: { hours: 20 } };
    expect(await find(world, 'never-used', measures)).toEqual(['fresh', 'idle']);
    expect(await find(world, 'not-used-for-long', measures)).toEqual(['busy', 'forgotten']);
    world.reference.clock.advance({ days: 1, seconds: 1 });
    expect(await find(world, 'never-used')).toEqual(['fresh', 'idle']);
  });

  it('are unknown where the service shows no use of any key', async () => {
    const world = worldOf(keys);
    const report = await audit(withKeys(world, (key) => delete key.lastUsed));
    expect(report.findings).toEqual([]);
    expect(report.unknown.map(({ rule }) => rule)).toEqual(['never-used', 'not-used-for-long']);
    expect(report.unknown[0]?.keys).toContain(world.keys.idle?.id);
  });
});

describe('the advice of a finding', () => {
  /** What a report tells to run, run: the call that it names first. */
  const follow = ({ fix }: { readonly fix: string }, client: BlazeMeterClient): unknown => {
    const call = /client\.apiKeys\.create\(\{.*?\} \}\)/.exec(fix)?.[0];
    return new Function('client', `return ${call}`)(client);
  };

  it('runs as it is printed, and keeps the name and the lifetime of the key, within the maximum', async () => {
    for (const [maximum, days] of [
      [3650, 90],
      [45, 45],
    ]) {
      const name = "it's \\ `$1`";
      const world = worldOf({ late: { name, created: { days: -87 }, expires: { days: 3 } } }, maximum);
      const report = await audit(world.client);
      const [finding] = report.findings.filter(({ rule }) => rule === 'expires-soon');
      if (finding === undefined) throw new Error('Nothing was found.');
      await follow(finding, world.client);
      const named = (await world.client.apiKeys.list().toArray({ limit: 100 })).filter(
        (key) => key.name === name,
      );
      const created = named.find(({ id }) => id !== world.keys.late?.id);
      const lifetime = Number(created?.expiresAt) - Number(created?.createdAt);
      // At the maximum, the client keeps a minute away from it.
      expect(Math.ceil(lifetime / 86_400_000)).toBe(days);
      expect(lifetime % 86_400_000 === 0 || days === maximum).toBe(true);
      expect(finding.fix).toContain(`client.apiKeys.delete('${world.keys.late?.id}')`);
    }
  });
});

describe('duplicate-name', () => {
  it('finds each of several living keys of one name, and names the others', async () => {
    const world = worldOf({
      a: { name: 'ci' },
      b: { name: 'ci' },
      c: { name: 'CI' },
      d: { name: '__proto__' },
    });
    const report = await audit(world.client);
    expect(foundBy(world, report, 'duplicate-name')).toEqual(['a', 'b']);
    const found = report.findings.find(({ key }) => key.id === world.keys.a?.id);
    expect(found?.related).toEqual([world.keys.b?.id]);
  });
});

describe('thousands of keys', () => {
  it('of one name, or of one record, are reported without each naming all the others', async () => {
    const world = worldOf({ one: {} });
    const many = (name: (at: number) => string) =>
      world.client.withOptions({
        operations: {
          'apiKeys.list': {
            result: () =>
              Array.from({ length: 5_000 }, (_, at) => ({ id: `k${at}`, name: name(at), created: 1 })),
          },
        },
      });
    const twins = await audit(many(() => 'ci'));
    expect(twins.findings).toHaveLength(5_000);
    expect(new Set(twins.findings.map(({ related }) => related.length))).toEqual(new Set([20]));
    expect(twins.findings.every(({ key, related }) => !related.includes(key.id))).toBe(true);
    const epochs = await audit(many((at) => `web.abcdefghjk.e${at}.abcdefghjkmnpqrs`));
    expect(epochs.findings.map(({ rule }) => rule)).toEqual(Array(4_999).fill('stray-key'));
  });
});

describe('stray-key', () => {
  const name = (record: string, epoch: number, nonce = 'abcdefghjkmnpqrs') =>
    `web.${record}.e${epoch}.${nonce}`;

  it('finds by their names alone the older keys of one record, and twins', async () => {
    const world = worldOf({
      old: { name: name('abcdefghjk', 3) },
      new: { name: name('abcdefghjk', 4) },
      twin: { name: name('mnpqrstuvw', 1) },
      otherTwin: { name: name('mnpqrstuvw', 1, 'zzzzzzzzzzzzzzzz') },
      alone: { name: name('zzzzzzzzzz', 7) },
      none: { name: 'web.e3.abc' },
    });
    const report = await audit(world.client);
    expect(foundBy(world, report, 'stray-key')).toEqual(['old', 'otherTwin', 'twin']);
    expect(report.unknown).toEqual([
      expect.objectContaining({ rule: 'stray-key', keys: [world.keys.new?.id, world.keys.alone?.id] }),
    ]);
  });

  it('goes by the records where they are given', async () => {
    const held = (id: string, more = {}) => ({
      id,
      epoch: 4,
      current: { id: world.keys.current?.id ?? '' },
      previous: null,
      pending: null,
      retire: [],
      ...more,
    });
    const world = worldOf({
      current: { name: name('abcdefghjk', 4) },
      previous: { name: name('abcdefghjk', 3) },
      pending: { name: name('abcdefghjk', 5, 'pppppppppppppppp') },
      retired: { name: name('abcdefghjk', 2) },
      lost: { name: name('abcdefghjk', 4, 'zzzzzzzzzzzzzzzz') },
      future: { name: name('abcdefghjk', 9) },
      foreign: { name: name('zzzzzzzzzz', 1) },
    });
    const id = (which: string) => ({ id: world.keys[which]?.id ?? '' });
    const record = held('abcdefghjk', {
      previous: id('previous'),
      pending: { name: name('abcdefghjk', 5, 'pppppppppppppppp'), key: null },
      retire: [id('retired')],
    });
    const report = await audit(world.client, { records: [record] });
    expect(foundBy(world, report, 'stray-key')).toEqual(['foreign', 'future', 'lost']);
    expect(report.unknown).toEqual([]);
    const why = Object.fromEntries(report.findings.map(({ key, message }) => [key.name, message]));
    expect(why[name('abcdefghjk', 9)]).toContain('the record may be an old copy');
    expect(why[name('zzzzzzzzzz', 1)]).toContain('not among those given');
    expect(await find(world, 'stray-key', { records: [] })).toHaveLength(7);
  });

  it('knows the keys of a rotation under way as its own, and finds them once the record is lost', async () => {
    const world = worldOf();
    const { asker } = world.keys;
    if (asker === undefined) throw new Error('There is no such key.');
    const store = memoryStore();
    await adopt(world.client, { store, name: 'web', credentials: asker });
    for (const drain of [{ minutes: 0 }, { days: 1 }]) {
      await rotate(world.client, { store, reason: 'schedule', expiresIn: { days: 60 }, drain });
      world.reference.clock.advance({ hours: 1 });
    }
    const held = await store.read();
    if (held === undefined) throw new Error('There is no record.');
    const { current } = held.record;
    const client = world.client.withOptions({ credentials: { id: current.id, secret: current.secret } });
    expect((await client.apiKeys.list()).items).toHaveLength(2);
    expect(await find({ ...world, client }, 'stray-key', { records: [held.record] })).toEqual([]);
    expect(await find({ ...world, client }, 'stray-key', { records: [] })).toHaveLength(2);
    expect(await find({ ...world, client }, 'stray-key')).toEqual([held.record.previous?.id]);
  });
});

describe('options', () => {
  const keys = {
    'deploy 1': { created: { days: -60 }, expires: { days: 3 } },
    'deploy 2': { created: { days: -60 }, expires: { days: 4 } },
    dead: { expires: { days: -1 }, created: { days: -9 } },
  };

  it('rules can be ignored, and their severity changed', async () => {
    const world = worldOf(keys);
    const all = await audit(world.client);
    expect(all.findings.map(({ severity, rule, key }) => `${severity} ${rule} ${key.name}`)).toEqual([
      'error expires-soon deploy 1',
      'error expires-soon deploy 2',
      'warning expired dead',
      'note never-used deploy 1',
      'note never-used deploy 2',
    ]);
    expect(all.worst).toBe('error');
    const less = await audit(world.client, {
      ignore: ['expires-soon'],
      severity: { expired: 'note', 'never-used': 'warning' },
    });
    expect(less.findings.map(({ severity, rule }) => `${severity} ${rule}`)).toEqual([
      'warning never-used',
      'warning never-used',
      'note expired',
    ]);
    expect(less.worst).toBe('warning');
    expect(
      (await audit(world.client, { ignore: ['expires-soon', 'expired', 'never-used'] })).worst,
    ).toBeNull();
  });

  it('findings can be allowed by rule and key, with a reason and until a day', async () => {
    const world = worldOf(keys);
    const allow = [
      {
        rule: 'expires-soon',
        key: 'deploy*',
        reason: 'is rebuilt on Friday',
        until: new Date('2030-06-02T12:00:00Z'),
      },
      { rule: 'never-used', key: world.keys['deploy 1']?.id ?? '' },
    ] as const;
    const report = await audit(world.client, { allow });
    expect(report.findings.map(({ rule, key }) => `${rule} ${key.name}`)).toEqual([
      'expired dead',
      'never-used deploy 2',
    ]);
    expect(report.allowed.map(({ rule, key, reason }) => [rule, key.name, reason])).toEqual([
      ['expires-soon', 'deploy 1', 'is rebuilt on Friday'],
      ['expires-soon', 'deploy 2', 'is rebuilt on Friday'],
      ['never-used', 'deploy 1', null],
    ]);
    expect(report.worst).toBe('warning');
    world.reference.clock.set('2030-06-02T12:00:00Z');
    expect((await audit(world.client, { allow })).worst).toBe('error');
  });

  it.each([
    ['deploy*', ['deploy 1', 'deploy 2']],
    ['*1', ['deploy 1']],
    ['d*p*y*2', ['deploy 2']],
    ['*', ['deploy 1', 'deploy 2']],
    ['deploy', []],
    ['deploy 1*1', []],
    ['*loy*oy*', []],
    ['.*', []],
  ])('the name %j means %j', async (key, names) => {
    const world = worldOf(keys);
    const { allowed } = await audit(world.client, { allow: [{ rule: 'expires-soon', key }] });
    expect(allowed.map((one) => one.key.name)).toEqual(names);
  });

  it('a name of many stars takes no longer for it', async () => {
    const world = worldOf({ long: { name: 'a'.repeat(5_000), expires: { days: 1 } } });
    const { allowed } = await audit(world.client, {
      allow: [{ rule: 'expires-soon', key: `${'a*'.repeat(2_000)}b` }],
    });
    expect(allowed).toEqual([]);
  });

  it('owners are labels by id, by name, or what a function says', async () => {
    const world = worldOf(keys);
    const labels = async (owners: AuditOptions['owners']) =>
      (await audit(world.client, { owners, ignore: ['never-used'] })).findings.map(({ key }) => key.owner);
    expect(await labels({ 'deploy*': 'team', [world.keys['deploy 2']?.id ?? '']: 'me' })).toEqual([
      'team',
      'me',
      null,
    ]);
    expect(await labels(({ name }) => (name === 'dead' ? 'no team' : undefined))).toEqual([
      null,
      null,
      'no team',
    ]);
  });

  it.each([
    [{ expiresWithin: 'soon' }],
    [{ expiresWithin: { weeks: 1 } }],
    [{ neverUsedAfter: -1 }],
    [{ notUsedFor: Number.NaN }],
    [{ ignore: ['expire-soon'] }],
    [{ severity: { expired: 'fatal' } }],
    [{ severity: { nothing: 'error' } }],
    [{ allow: [{ rule: 'any', key: 'a' }] }],
    [{ allow: [{ rule: 'expired', key: '' }] }],
    [{ allow: [{ rule: 'expired', key: 'a', until: new Date(Number.NaN) }] }],
    [{ owners: { a: 1 } }],
    [{ owners: 'team' }],
  ])('%j is refused before anything is sent', async (options) => {
    const world = worldOf();
    // @ts-expect-error: what a caller without types, or a settings file, might give
    await expect(audit(world.client, options)).rejects.toBeInstanceOf(TypeError);
    expect(world.reference.journal.count()).toBe(0);
  });

  it('an abort ends it', async () => {
    const { client } = worldOf();
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(audit(client, { signal })).rejects.toThrow('enough');
    await expect(expiring(client, { within: { days: 1 }, signal })).rejects.toThrow('enough');
  });

  it('rules are data that cannot be changed', () => {
    expect(
      Object.isFrozen(auditRules) && Object.values(auditRules).every((rule) => Object.isFrozen(rule)),
    ).toBe(true);
  });
});

describe('expiring', () => {
  it('lists the keys that end within a time, the soonest first, with the days left', async () => {
    const world = worldOf({
      c: { expires: { days: 60 } },
      a: { expires: { hours: 30 } },
      b: { expires: { days: 29, hours: 23 } },
      dead: { expires: { days: -1 } },
      later: { expires: { days: 60, seconds: 1 } },
    });
    const listed = async (within: Parameters<typeof expiring>[1]['within']) =>
      (await expiring(world.client, { within })).keys.map(({ name, daysLeft }) => [name, daysLeft]);
    expect(await listed({ days: 60 })).toEqual([
      ['a', 2],
      ['b', 30],
      ['asker', 30],
      ['c', 60],
    ]);
    expect(await listed('1 month')).toEqual([
      ['a', 2],
      ['b', 30],
      ['asker', 30],
    ]);
    expect(await listed({ hours: 30 })).toEqual([['a', 2]]);
    expect(await listed({})).toEqual([]);
    world.reference.clock.advance({ hours: 29 });
    expect(await listed({ days: 1 })).toEqual([['a', 1]]);
    world.reference.clock.advance({ hours: 1 });
    expect(await listed({ days: 1 })).toEqual([]);
  });

  it('counts a key of 90 days as 90 on its first day, by the server time, and as 1 on its last', async () => {
    const world = worldOf({ quarter: { expires: { days: 90 } } });
    const days = async () =>
      (await expiring(world.client, { within: '1 year' })).keys.find(({ name }) => name === 'quarter')
        ?.daysLeft;
    expect(await days()).toBe(90);
    world.reference.clock.advance({ hours: 23, minutes: 57 });
    expect(await days()).toBe(90);
    world.reference.clock.advance({ minutes: 5 });
    expect(await days()).toBe(89);
    const { asker } = world.keys;
    if (asker === undefined) throw new Error('There is no such key.');
    const client = world.client.withOptions({ credentials: asker });
    world.reference.clock.advance({ days: 28, hours: 20 });
    expect((await expiring(client, { within: '1 month' })).keys.map(({ daysLeft }) => daysLeft)).toEqual([1]);
  });

  it('does not take the Date of a cache for the time', async () => {
    const { reference, keys } = worldOf();
    const client = new BlazeMeterClient({
      credentials: keys.asker ?? '',
      logLevel: 'off',
      fetch: async (url, init) => {
        const response = await reference.fetch(url, init);
        const headers = new Headers(response.headers);
        headers.set('age', '172800');
        return new Response(await response.text(), { status: response.status, headers });
      },
    });
    expect(await expiring(client, { within: '1 year' })).toMatchObject({ clock: 'local' });
  });

  it('says which keys show no expiry, and by which clock it went', async () => {
    const world = worldOf({ endless: {} });
    const client = withKeys(world, (key) => {
      if (key.id === world.keys.endless?.id) key.expiration = 0;
    });
    const report = await expiring(client, { within: '10 years' });
    expect(report).toMatchObject({
      total: 2,
      clock: 'server',
      checkedAt: new Date(START),
      until: new Date('2040-05-29T12:00:00Z'),
    });
    expect(report.unknown.map(({ keys }) => keys)).toEqual([[world.keys.endless?.id]]);
    const far = await expiring(client, { within: { days: Number.MAX_SAFE_INTEGER } });
    expect(Number.isFinite(far.until.getTime())).toBe(true);
    await expect(expiring(client, { within: { days: -1 } })).rejects.toBeInstanceOf(TypeError);
  });
});
