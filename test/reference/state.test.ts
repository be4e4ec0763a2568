// Clock, seeds, snapshots: the same steps give the same world, and nothing in it is a secret in clear.
import { createReference, InvalidInputError, type Seed } from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';
import { create, credentialsOf, DAY, nowOf, send } from '../support/reference.ts';

describe('the clock', () => {
  it('runs by default, from now', async () => {
    const reference = createReference();
    const before = reference.clock.now().getTime();
    expect(Math.abs(before - Date.now())).toBeLessThan(1000);
    await new Promise((resolve) => setTimeout(resolve, 15));
    expect(reference.clock.now().getTime()).toBeGreaterThan(before);
  });

  it('can be frozen, moved, set, and let go again', async () => {
    const { clock } = createReference({ clock: { at: '2026-01-01T00:00:00Z', frozen: true } });
    clock.advance({ days: 1, hours: 2, minutes: 3, seconds: 4, ms: 5 });
    expect(clock.now().toISOString()).toBe('2026-01-02T02:03:04.005Z');
    clock.set(new Date('2027-05-06T00:00:00Z'));
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(clock.now().toISOString()).toBe('2027-05-06T00:00:00.000Z');
    clock.resume();
    await new Promise((resolve) => setTimeout(resolve, 15));
    const later = clock.now().getTime() - Date.parse('2027-05-06T00:00:00Z');
    expect(later).toBeGreaterThan(0);
    expect(later).toBeLessThan(5000);
    clock.freeze();
    expect(clock.now()).toEqual(clock.now());
  });

  it('a running clock that is moved goes on running from there', async () => {
    const { clock } = createReference({ clock: { at: '2030-01-01T00:00:00Z' } });
    clock.advance({ days: 365 });
    const at = clock.now().getTime();
    expect(Math.abs(at - Date.parse('2031-01-01T00:00:00Z'))).toBeLessThan(2000);
    await new Promise((resolve) => setTimeout(resolve, 15));
    expect(clock.now().getTime()).toBeGreaterThan(at);
  });

  it('the Date header, created, updated and the request id follow it', () => {
    const reference = createReference({ clock: { at: '2026-01-01T00:00:00Z', frozen: true } });
    const { keys } = reference.seed();
    reference.clock.advance({ days: 90 });
    const { headers, result, json } = create(reference, keys.owner, 30);
    expect(headers.Date).toBe('Wed, 01 Apr 2026 00:00:00 GMT');
    expect(result).toMatchObject({ created: nowOf(reference), updated: nowOf(reference) });
    expect(Number.parseInt(String(json.request_id).slice(0, 8), 16)).toBe(nowOf(reference));
  });

  it('skew makes the Date header wrong, and nothing else', () => {
    const reference = createReference({ clock: { at: '2026-01-01T00:00:00Z', frozen: true } });
    const { keys } = reference.seed();
    reference.clock.skew(-3_600_000);
    const { headers, result } = create(reference, keys.owner, 30);
    expect(headers.Date).toBe('Wed, 31 Dec 2025 23:00:00 GMT');
    expect(result.created).toBe(Date.parse('2026-01-01T00:00:00Z') / 1000);
    reference.clock.skew(0);
    expect(send(reference, keys.owner, 'GET', '/user').headers.Date).toBe('Thu, 01 Jan 2026 00:00:00 GMT');
  });

  it.each<[method: 'advance' | 'set' | 'skew', given: unknown]>([
    ['advance', '90 dayz'],
    ['advance', ''],
    ['advance', '-'],
    ['advance', '90'],
    ['advance', 90],
    ['advance', {}],
    ['advance', { day: 1 }],
    ['advance', { months: 1 }],
    ['advance', { days: '1' }],
    ['advance', undefined],
    ['set', 0],
    ['set', 'yesterday'],
    ['set', undefined],
    ['skew', '5'],
    ['skew', 1e17],
  ])('is not moved by %s(%j), and says what is wrong', (method, given) => {
    const { clock } = createReference({ clock: { at: '2030-01-01T00:00:00Z', frozen: true } });
    expect(() => Reflect.apply(clock[method], clock, [given])).toThrow(
      expect.objectContaining({
        name: 'InvalidInputError',
        path: expect.stringContaining(`clock.${method}`),
      }),
    );
    expect(clock.now().toISOString()).toBe('2030-01-01T00:00:00.000Z');
  });

  it.each([
    ['90 days', '2030-04-01T00:00:00.000Z'],
    ['12h', '2030-01-01T12:00:00.000Z'],
    [' 1 Day  6 hours ', '2030-01-02T06:00:00.000Z'],
    ['2w', '2030-01-15T00:00:00.000Z'],
    ['1.5 min', '2030-01-01T00:01:30.000Z'],
    ['-30 days', '2029-12-02T00:00:00.000Z'],
  ])('moves by the text %j, as a seed places a key', (text, expected) => {
    const reference = createReference({ clock: { at: '2030-01-01T00:00:00Z', frozen: true } });
    reference.seed({ users: { ana: {} }, keys: { ci: { user: 'ana', expires: text } } });
    expect(reference.snapshot()).toMatchObject({ keys: [{ expiration: Date.parse(expected) / 1000 }] });
    reference.clock.advance(text);
    expect(reference.clock.now().toISOString()).toBe(expected);
  });

  it('moved back, keys that were created before that still work', () => {
    const reference = createReference();
    const { keys } = reference.seed();
    const created = credentialsOf(create(reference, keys.owner, 60));
    reference.clock.advance({ days: -30 });
    expect(send(reference, created, 'GET', '/user').status).toBe(200);
    const renewed = credentialsOf(send(reference, created, 'POST', `/api-keys/${created.id}/regenerate`));
    reference.clock.advance({ days: -30 });
    expect(send(reference, renewed, 'GET', '/user').status).toBe(200);
  });

  it('refuses what is no time', () => {
    const { clock } = createReference();
    expect(() => clock.set('tomorrow')).toThrow(TypeError);
    expect(() => clock.advance({ days: Number.NaN })).toThrow(TypeError);
    expect(() => clock.advance({ days: 1e9 })).toThrow(RangeError);
    expect(() => clock.skew(Number.POSITIVE_INFINITY)).toThrow(TypeError);
    expect(() => createReference({ clock: { at: 'x' } })).toThrow(TypeError);
  });
});

describe('a seed', () => {
  it('without an argument is an account with owner, admin and member, and a key each', () => {
    const reference = createReference();
    const { users, accounts, keys, workspaces, projects, tests } = reference.seed();
    expect(Object.keys(users)).toEqual(['owner', 'admin', 'member']);
    const roles = send(reference, keys.member, 'GET', `/accounts/${accounts.main.id}/users`).rows.map(
      (row) => row.roles,
    );
    expect(roles).toEqual([['owner'], ['admin'], ['standard']]);
    expect(send(reference, keys.owner, 'GET', `/workspaces/${workspaces.main.id}`).status).toBe(200);
    expect(send(reference, keys.owner, 'GET', `/tests/${tests.main.id}`).result.projectId).toBe(
      projects.main.id,
    );
    for (const [name, key] of Object.entries(keys)) expect(key.name).toBe(name);
    expect(users.owner).toEqual({ id: keys.owner.userId, name: 'Olive Owner', email: 'owner@example.com' });
  });

  it('gives each entry what it says, and sensible values for the rest', () => {
    const reference = createReference({ clock: { at: '2026-01-01T00:00:00Z', frozen: true } });
    const { keys } = reference.seed({
      users: {
        ana: { email: 'a@b.example', firstName: 'Ana', lastName: 'Lee' },
        'Ben 2': {},
      },
      accounts: {
        acme: {
          owner: 'ana',
          name: 'Acme',
          apiKeyExpiration: 90,
          legacyApiKeysDisabled: true,
          description: 'd',
          aiConsent: false,
        },
      },
      keys: {
        a: {
          user: 'ana',
          name: 'CI',
          expires: { days: 30 },
          created: '2025-12-01T00:00:00Z',
          lastUsed: { hours: -1 },
        },
        b: { user: 'Ben 2', expires: new Date('2025-12-31T00:00:00Z') },
      },
    });
    expect(send(reference, keys.a, 'GET', '/user').result).toMatchObject({
      email: 'a@b.example',
      displayName: 'Ana Lee',
    });
    expect(send(reference, keys.a, 'GET', '/accounts').rows[0]).toMatchObject({
      name: 'Acme',
      apiKeyExpiration: 90,
      legacyApiKeysDisabled: true,
      description: 'd',
      aiConsent: false,
    });
    expect(send(reference, keys.a, 'GET', `/api-keys/${keys.a.id}`).result).toMatchObject({
      name: 'CI',
      created: Date.parse('2025-12-01T00:00:00Z') / 1000,
      expiration: nowOf(reference) + 30 * DAY,
    });
    expect(keys.b.expiration).toBe(Date.parse('2025-12-31T00:00:00Z') / 1000);
    expect(send(reference, keys.b, 'GET', '/user').status).toBe(401);
  });

  it('can be called again, and refers to what an earlier one created', () => {
    const reference = createReference();
    const first = reference.seed();
    const { keys } = reference.seed({ keys: { extra: { user: 'member' } } });
    expect(keys.extra.userId).toBe(first.users.member.id);
    expect(send(reference, first.keys.member, 'GET', '/api-keys').json.total).toBe(2);
    expect(() => reference.seed()).toThrow(
      'seed.users.owner: an earlier seed created something of this name.',
    );
  });

  it.each<[string, unknown, string]>([
    ['no object', 7, 'seed: must be an object.'],
    ['an unknown part', { user: {} }, 'seed.user: unknown field; known are users, accounts'],
    ['an unknown field', { users: { a: { mail: 'x' } } }, 'seed.users.a.mail: unknown field'],
    ['a wrong kind', { users: { a: { enabled: 'yes' } } }, 'seed.users.a.enabled: must be true or false.'],
    [
      'a name that is not there',
      { keys: { k: { user: 'bob' } } },
      'seed.keys.k.user: there is no such name among the users.',
    ],
    ['a missing owner', { accounts: { a: {} } }, 'seed.accounts.a.owner: must be a string.'],
    [
      'an owner who is listed',
      { users: { a: {} }, accounts: { a: { owner: 'a', members: { a: [] } } } },
      'seed.accounts.a.members.a',
    ],
    [
      'roles that are no list',
      { users: { a: {}, b: {} }, accounts: { a: { owner: 'a', members: { b: 'admin' } } } },
      'seed.accounts.a.members.b: must be a list.',
    ],
    [
      'a policy of 0 days',
      { users: { a: {} }, accounts: { a: { owner: 'a', apiKeyExpiration: 0 } } },
      'seed.accounts.a.apiKeyExpiration',
    ],
    [
      'a secret',
      { users: { a: {} }, keys: { k: { user: 'a', secret: 'hunter2' } } },
      'seed.keys.k.secret: secrets are created by the reference',
    ],
    [
      'no time',
      { users: { a: {} }, keys: { k: { user: 'a', expires: 'soon' } } },
      'seed.keys.k.expires: must be a Date, text such as',
    ],
    [
      'a misspelt unit in text',
      { users: { a: {} }, keys: { k: { user: 'a', expires: '90 dayz' } } },
      'seed.keys.k.expires: must be a Date, text such as',
    ],
    [
      'a number as time',
      { users: { a: {} }, keys: { k: { user: 'a', expires: 1_900_000_000 } } },
      'seed.keys.k.expires',
    ],
    [
      'an unknown unit',
      { users: { a: {} }, keys: { k: { user: 'a', expires: { weeks: 1 } } } },
      'seed.keys.k.expires.weeks: unknown field',
    ],
    [
      '__proto__ as a name',
      JSON.parse('{"users":{"__proto__":{}}}'),
      'seed.users.__proto__: this name is refused.',
    ],
    ['__proto__ as a part', JSON.parse('{"__proto__":{"users":{}}}'), 'seed.__proto__'],
    ['another prototype', { users: Object.create({ polluted: {} }) }, 'seed.users: must be a plain object.'],
  ])('with %s is refused, names the place, and creates nothing', (_, seed, message) => {
    const reference = createReference();
    const before = reference.snapshot();
    const loose: { seed: (world: never) => unknown } = reference;
    const attempt = () => Reflect.apply(loose.seed, reference, [seed]);
    expect(attempt).toThrow(InvalidInputError);
    expect(attempt).toThrow(message);
    expect(reference.snapshot()).toMatchObject({
      users: before.users,
      keys: before.keys,
      counters: before.counters,
    });
  });

  it('does not quote what it refuses', () => {
    const reference = createReference();
    const seed: Seed = JSON.parse('{"users":{"a":{"email":["hunter2-hunter2"]}}}');
    try {
      reference.seed(seed);
    } catch (error) {
      expect(String(error)).not.toContain('hunter2');
    }
  });
});

describe('snapshot, restore, reset', () => {
  const worked = () => {
    const reference = createReference({ clock: { at: '2026-01-01T00:00:00Z', frozen: true } });
    const { keys, accounts } = reference.seed();
    const made = credentialsOf(create(reference, keys.owner, 30));
    send(reference, keys.owner, 'PATCH', `/accounts/${accounts.main.id}`, { apiKeyExpiration: 90 });
    send(reference, keys.owner, 'DELETE', `/api-keys/${keys.owner.id}`);
    return { reference, keys, accounts, made };
  };

  it('a snapshot is JSON, and no secret is in it', () => {
    const { reference, keys, made } = worked();
    const text = JSON.stringify(reference.snapshot());
    expect(JSON.parse(text)).toEqual(reference.snapshot());
    for (const { secret } of [made, ...Object.values(keys)])
      for (let at = 0; at + 8 <= secret.length; at++) expect(text).not.toContain(secret.slice(at, at + 8));
  });

  it('the same steps give the same snapshot', () => {
    expect(worked().reference.snapshot()).toEqual(worked().reference.snapshot());
  });

  it('restored, in this or another reference, everything is as it was', () => {
    const { reference, keys, accounts, made } = worked();
    const saved = JSON.parse(JSON.stringify(reference.snapshot()));
    reference.clock.advance({ days: 40 });
    send(reference, keys.member, 'DELETE', `/api-keys/${keys.member.id}`);
    const other = createReference();
    for (const target of [reference, other]) {
      target.restore(saved);
      expect(target.snapshot()).toEqual(saved);
      expect(target.clock.now().toISOString()).toBe('2026-01-01T00:00:00.000Z');
      expect([made, keys.member, keys.owner].map((key) => send(target, key, 'GET', '/user').status)).toEqual([
        200, 200, 401,
      ]);
      expect(send(target, made, 'GET', `/accounts/${accounts.main.id}`).result.apiKeyExpiration).toBe(90);
      expect(target.seed({ keys: { more: { user: 'owner' } } }).keys.more.id).not.toBe(made.id);
    }
  });

  it('what routes of your own keep is in the snapshot, as plain data', () => {
    const reference = createReference({
      routes: {
        'POST /notes': ({ state, body }) => void state.set('note', { text: body.text }),
        'PUT /notes': ({ state }) => void state.set('note', new Map()),
        'GET /notes': ({ state }) => state.get('note') ?? null,
      },
    });
    const { keys } = reference.seed();
    send(reference, keys.owner, 'POST', '/notes', { text: 'first' });
    const saved = JSON.parse(JSON.stringify(reference.snapshot()));
    send(reference, keys.owner, 'POST', '/notes', { text: 'second' });
    reference.restore(saved);
    expect(send(reference, keys.owner, 'GET', '/notes').result).toEqual({ text: 'first' });
    send(reference, keys.owner, 'PUT', '/notes');
    expect(() => reference.snapshot()).toThrow(InvalidInputError);
  });

  it('what is no snapshot is refused, and changes nothing', () => {
    const { reference, made } = worked();
    const good = reference.snapshot();
    const wrong: unknown[] = [
      null,
      {},
      { ...good, format: 'blazemeter-reference/0' },
      { ...good, keys: ['x'] },
      { ...good, accounts: [{}] },
      { ...good, clock: { frozen: true, ms: 1e300, skewMs: 0 } },
      { ...good, counters: {} },
      { ...good, names: {} },
      { ...good, deleted: undefined },
    ];
    const loose: { restore: (snapshot: never) => void } = reference;
    for (const snapshot of wrong) {
      expect(() => Reflect.apply(loose.restore, reference, [snapshot])).toThrow(TypeError);
      expect(send(reference, made, 'GET', '/user').status).toBe(200);
    }
  });

  it('reset is the start: empty, the clock and the switches as in the options, and the same ids again', () => {
    const { reference, keys } = worked();
    reference.setSemantics({ names: 'unique' });
    reference.clock.advance({ days: 1 });
    reference.faults.add({ effect: 'html' });
    reference.reset();
    expect(reference.journal.entries).toEqual([]);
    expect(reference.faults.active).toEqual([]);
    expect(reference.semantics.names).toBe('free');
    expect(reference.clock.now().toISOString()).toBe('2026-01-01T00:00:00.000Z');
    expect(send(reference, keys.owner, 'GET', '/user').status).toBe(401);
    expect(reference.seed().keys).toEqual(keys);
  });
});

it('ten years of an account with 1,000 keys pass in daily steps', () => {
  const reference = createReference({ clock: { at: '2026-01-01T00:00:00Z', frozen: true } });
  const { keys } = reference.seed({
    users: { u: {} },
    keys: Object.fromEntries(
      Array.from({ length: 1000 }, (_, n) => [`k${n}`, { user: 'u', expires: { days: 3650 + n } }]),
    ),
  });
  const first = keys.k0;
  if (first === undefined) throw new Error('no key');
  for (let day = 0; day < 3649; day++) {
    reference.clock.advance({ days: 1 });
    expect(reference.handle({ method: 'GET', path: '/api/v4/api-keys?skip=500', headers: {} }).status).toBe(
      401,
    );
  }
  expect(send(reference, first, 'GET', '/user').status).toBe(200);
  reference.clock.advance({ days: 1 });
  expect(send(reference, first, 'GET', '/user').status).toBe(401);
});
