// What a plan says of a change under each reading is what the reference then does: the maximum is set under each value of
// the switch, and every key is tried at the moments that matter.

import { BlazeMeterClient, PermissionDeniedError } from 'blazemeter-client';
import { type PolicyPlan, planPolicy, type ShrinkReading } from 'blazemeter-client/rotation';
import {
  createReference,
  type Reference,
  type SeededKey,
  type SeedKey,
  type Semantics,
} from 'blazemeter-client/testing';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { obeyed, payloads } from '../leak/payloads.ts';
import { basic, send } from '../support/reference.ts';

const START = '2030-06-01T12:00:00Z';
const DAY = 86_400_000;
const READINGS: readonly ShrinkReading[] = ['new-only', 'block-on-use', 'clamp', 'revoke'];

const clientOf = (reference: Reference, key: SeededKey) =>
  new BlazeMeterClient({ credentials: key, fetch: reference.fetch, logLevel: 'off' });

interface Options {
  readonly semantics?: Partial<Semantics>;
  readonly keys?: Readonly<Record<string, Omit<SeedKey, 'user'>>>;
  readonly maximum?: number;
  /** The maximum of a second account that ana is in. */
  readonly second?: number;
}

/** ana has the keys, and boss sets the maximum. */
function worldOf({ semantics = {}, keys = {}, maximum = 3650, second }: Options) {
  const reference = createReference({ semantics, clock: { at: START, frozen: true } });
  const seeded = reference.seed({
    users: { ana: {}, boss: {} },
    accounts: {
      main: { owner: 'boss', members: { ana: ['standard'] }, apiKeyExpiration: maximum },
      ...(second === undefined
        ? {}
        : { second: { owner: 'boss', members: { ana: ['standard'] }, apiKeyExpiration: second } }),
    },
    keys: {
      asker: { user: 'ana', expires: { hours: 20 } },
      boss: { user: 'boss', expires: { hours: 20 } },
      ...Object.fromEntries(Object.entries(keys).map(([name, key]) => [name, { user: 'ana', ...key }])),
    },
  });
  const all: Readonly<Record<string, SeededKey>> = seeded.keys;
  const { asker, boss } = all;
  if (asker === undefined || boss === undefined) throw new Error('The world lacks its two keys.');
  return {
    reference,
    client: clientOf(reference, asker),
    keys: all,
    asker,
    boss,
    accountId: seeded.accounts.main.id,
  };
}

type World = ReturnType<typeof worldOf>;

/** Sets the maximum, as boss. */
function setMaximum({ reference, boss, accountId }: World, days: number): void {
  const { status } = send(reference, boss, 'PATCH', `/accounts/${accountId}`, { apiKeyExpiration: days });
  expect(status).toBe(200);
}

/** Tells whether keys are accepted at a moment, without a trace in the world itself. */
function acceptanceAt(reference: Reference, at: number): (key: SeededKey) => boolean {
  const copy = createReference({ semantics: reference.semantics, clock: { frozen: true } });
  copy.restore(reference.snapshot());
  copy.clock.set(new Date(at));
  return (key) =>
    copy.handle({ method: 'GET', path: '/api/v4/user', headers: { authorization: basic(key) } }).status ===
    200;
}

const readingOf = (plan: PolicyPlan, name: ShrinkReading) => {
  const found = plan.readings.find(({ reading }) => reading === name);
  if (found === undefined) throw new Error(`The plan lacks ${name}.`);
  return found;
};

/** The seeded name of a key. */
const nameOf = ({ keys }: World, id: string): string =>
  Object.entries(keys).find(([, key]) => key.id === id)?.[0] ?? '?';

/** Outcomes by the seeded names. */
const outcomes = (world: World, plan: PolicyPlan, name: ShrinkReading): Record<string, string> =>
  Object.fromEntries(readingOf(plan, name).keys.map(({ id, outcome }) => [nameOf(world, id), outcome]));

/** Keys around a maximum of 90 days: shorter, equal, a little longer, much longer; young and old. */
const AROUND = {
  short: { expires: { days: 20 } },
  exact: { expires: { days: 90 } },
  slack: { expires: { days: 90, seconds: 100 } },
  longer: { expires: { days: 91 } },
  oldAndLonger: { created: { days: -60 }, expires: { days: 40 } },
  oldAndFits: { created: { days: -60 }, expires: { days: 29 } },
  tenYears: { created: { days: -1 }, expires: { days: 3649 } },
  dead: { created: { days: -200 }, expires: { days: -1 } },
} as const;

const EXPECTED: Readonly<Record<ShrinkReading, Record<string, string>>> = {
  'new-only': {},
  'block-on-use': { longer: 'refused', oldAndLonger: 'refused', tenYears: 'refused', dead: 'refused' },
  clamp: { slack: 'shortened', longer: 'shortened', tenYears: 'shortened' },
  revoke: { longer: 'deleted', oldAndLonger: 'deleted', tenYears: 'deleted', dead: 'deleted' },
};

describe('a maximum that goes from 10 years to 3 months', () => {
  it.each(READINGS)('does to the keys under %s what the plan says, to the second', async (shrink) => {
    const world = worldOf({ semantics: { shrink }, keys: AROUND });
    const plan = await planPolicy(world.client, world.accountId, { maximum: '3 months' });
    expect(plan).toMatchObject({ change: 'shrinks', clock: 'server', checkedAt: new Date(START) });
    const hit = Object.fromEntries(
      Object.entries(outcomes(world, plan, shrink)).filter(([, outcome]) => outcome !== 'unchanged'),
    );
    expect(hit).toEqual(EXPECTED[shrink]);

    setMaximum(world, 90);
    for (const { id, endsAt, endsEarlier } of readingOf(plan, shrink).keys) {
      const name = nameOf(world, id);
      const key = world.keys[name];
      if (key === undefined || endsAt === null) throw new Error(`The plan is silent about ${name}.`);
      const end = Math.min(endsAt.getTime(), key.expiration * 1000);
      const now = Date.parse(START);
      expect([name, endsEarlier]).toEqual([name, name !== 'dead' && name in EXPECTED[shrink]]);
      // The last second before the end, where there is one, and the end itself.
      if (end > now) expect([name, acceptanceAt(world.reference, end - 1000)(key)]).toEqual([name, true]);
      expect([name, acceptanceAt(world.reference, Math.max(end, now))(key)]).toEqual([name, false]);
    }
  });

  it('counts keys that would end earlier, and not those that have run out', async () => {
    const world = worldOf({ keys: AROUND });
    const { readings } = await planPolicy(world.client, world.accountId, { maximum: '3 months' });
    expect(readings.map(({ reading, affected }) => [reading, affected])).toEqual([
      ['new-only', 0],
      ['block-on-use', 3],
      ['clamp', 3],
      ['revoke', 3],
    ]);
    expect(readings.map(({ provenance }) => provenance)).toEqual(Array(4).fill('assumed'));
  });

  it('is planned with reads alone', async () => {
    const world = worldOf({ keys: AROUND });
    world.reference.journal.clear();
    await planPolicy(world.client, world.accountId, { maximum: '3 months' });
    expect(world.reference.journal.entries.every(({ method }) => method === 'GET')).toBe(true);
    expect(world.reference.journal.count()).toBeLessThan(15);
  });
});

describe('any change of any maximum', () => {
  const anyMaximum = fc.oneof(fc.constantFrom(30, 90, 180, 365, 3650, -1), fc.integer({ min: 1, max: 3650 }));
  const anyKey = fc
    .record({ age: fc.integer({ min: 0, max: 400 }), left: fc.integer({ min: 1, max: 4000 }) })
    .map(({ age, left }) => ({ created: { days: -age }, expires: { days: left } }));
  const anyWorld = fc.record({
    keys: fc.array(anyKey, { minLength: 1, maxLength: 4 }),
    from: anyMaximum,
    to: anyMaximum,
    second: fc.option(anyMaximum, { nil: undefined }),
    shrink: fc.constantFrom(...READINGS),
  });
  const playOne = async (
    { keys, from, to, second, shrink }: Parameters<typeof build>[0],
    twoAccounts: Semantics['twoAccounts'],
  ) => {
    const world = build({ keys, from, to, second, shrink }, twoAccounts);
    const maximum = to === -1 ? ('unlimited' as const) : { days: to };
    const plan = await planPolicy(world.client, world.accountId, { maximum });
    const before = acceptanceAt(world.reference, Date.parse(START));
    const accepted = new Map(Object.entries(world.keys).map(([name, key]) => [name, before(key)]));
    setMaximum(world, to);
    return { world, plan, accepted };
  };
  function build(
    made: {
      keys: readonly SeedKeyDates[];
      from: number;
      to: number;
      second: number | undefined;
      shrink: ShrinkReading;
    },
    twoAccounts: Semantics['twoAccounts'],
  ): World {
    const { keys, from, second, shrink } = made;
    return worldOf({
      semantics: { shrink, twoAccounts },
      keys: Object.fromEntries(keys.map((key, at) => [`k${at}`, key])),
      maximum: from,
      ...(second === undefined ? {} : { second }),
    });
  }
  type SeedKeyDates = Pick<SeedKey, 'created' | 'expires'>;

  it('ends keys when the plan says so, where the strictest account binds', { timeout: 120_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(anyWorld, async (made) => {
        const { world, plan, accepted } = await playOne(made, 'strictest');
        for (const { id, outcome, endsAt, endsEarlier } of readingOf(plan, made.shrink).keys) {
          const name = nameOf(world, id);
          const key = world.keys[name];
          if (key === undefined || endsAt === null) throw new Error('Every key has an end here.');
          const now = Date.parse(START);
          const end = endsAt.getTime();
          expect(outcome).not.toBe('unclear');
          if (end > now) expect(acceptanceAt(world.reference, end - 1000)(key)).toBe(true);
          expect(acceptanceAt(world.reference, Math.max(now, end))(key)).toBe(false);
          // What ends earlier did work before, and what is accepted again did not.
          if (endsEarlier) expect(accepted.get(name)).toBe(true);
          expect(outcome === 'accepted-again').toBe(accepted.get(name) === false && end > now);
        }
      }),
      { numRuns: 25 },
    );
  });

  it('never ends a key that the plan does not name, whichever account binds', {
    timeout: 120_000,
  }, async () => {
    await fc.assert(
      fc.asyncProperty(
        anyWorld,
        fc.constantFrom<Semantics['twoAccounts']>('default-account', 'per-account-access'),
        async (made, twoAccounts) => {
          const { world, plan, accepted } = await playOne(made, twoAccounts);
          for (const { id, endsAt } of readingOf(plan, made.shrink).keys) {
            const name = nameOf(world, id);
            const key = world.keys[name];
            if (key === undefined || endsAt === null || accepted.get(name) === false) continue;
            const end = endsAt.getTime();
            if (end <= Date.parse(START)) continue;
            expect(acceptanceAt(world.reference, end - 1000)(key)).toBe(true);
          }
        },
      ),
      { numRuns: 15 },
    );
  });
});

describe('a key that was regenerated', () => {
  it('is unclear where its dates allow both answers, and the reference gives both', async () => {
    const ends = new Map<string, boolean>();
    for (const [made, regenerateExpiry] of [
      [{ created: { days: -60 }, expires: { days: 40 } }, 'keep'],
      [{ created: { days: -70 }, expires: { days: 30 } }, 'renew-period'],
    ] as const) {
      const world = worldOf({
        semantics: { shrink: 'block-on-use', regenerateExpiry },
        keys: { one: made },
        maximum: 3650,
      });
      const one = world.keys.one;
      if (one === undefined) throw new Error('There is no such key.');
      const answer = send(world.reference, one, 'POST', `/api-keys/${one.id}/regenerate`);
      const secret = String(answer.result.secret);
      // From its making the key is longer than the maximum, from its regeneration it is not.
      world.reference.clock.advance({ hours: 1 });
      const maximum = { days: regenerateExpiry === 'keep' ? 90 : 100 };
      const plan = await planPolicy(world.client, world.accountId, { maximum });
      const outcome = outcomes(world, plan, 'block-on-use').one;
      expect(outcome).toBe('unclear');
      expect(readingOf(plan, 'block-on-use')).toMatchObject({ unclear: 1, affected: 0 });
      expect(plan.unseen.map(({ code }) => code)).toContain('period');
      expect(plan.next[0]).toContain(one.id);
      setMaximum(world, maximum.days);
      const now = world.reference.clock.now().getTime();
      ends.set(regenerateExpiry, acceptanceAt(world.reference, now)({ ...one, secret }));
    }
    expect(Object.fromEntries(ends)).toEqual({ keep: false, 'renew-period': true });
  });
});

describe('who may set it', () => {
  const world = () => {
    const reference = createReference();
    const seeded = reference.seed({
      users: { owner: {}, admin: {}, billing: {} },
      accounts: { main: { owner: 'owner', members: { admin: ['standard', 'admin'], billing: ['billing'] } } },
      keys: { owner: { user: 'owner' }, admin: { user: 'admin' }, billing: { user: 'billing' } },
    });
    return { reference, ...seeded };
  };

  it.each([
    ['owner', 'yes', ['owner']],
    ['admin', 'yes', ['standard', 'admin']],
    ['billing', 'no', ['billing']],
  ] as const)('the plan of the %s says %s, and so does the reference', async (who, answer, roles) => {
    const { reference, keys, accounts } = world();
    const client = clientOf(reference, keys[who]);
    const { maySet, next } = await planPolicy(client, accounts.main.id, { maximum: '1 year' });
    expect(maySet).toMatchObject({ answer, roles });
    const set = client.accounts.apiKeyPolicy.set(accounts.main.id, { maximum: '1 year' });
    if (answer === 'yes') expect((await set).maximumDays).toBe(365);
    else {
      await expect(set).rejects.toBeInstanceOf(PermissionDeniedError);
      expect(next.join(' ')).toContain('Have the owner or an admin of the account set it');
    }
  });

  it('is not known where the members cannot be read', async () => {
    const { reference, keys, accounts } = world();
    reference.faults.add({ operation: 'accounts.users', effect: 'status', status: 403 });
    const client = clientOf(reference, keys.admin);
    const { maySet } = await planPolicy(client, accounts.main.id, { maximum: '1 year' });
    expect(maySet).toMatchObject({ answer: 'unknown', roles: [] });
    expect(maySet.why).toContain('could not be read');
    // The account itself names its owner.
    const owner = await planPolicy(clientOf(reference, keys.owner), accounts.main.id, { maximum: '1 year' });
    expect(owner.maySet).toMatchObject({ answer: 'yes', roles: ['owner'] });
  });
});

describe('what else a plan tells', () => {
  it('a wider maximum changes nothing, and one that is equal needs no work', async () => {
    const world = worldOf({ keys: AROUND, maximum: 90 });
    const wider = await planPolicy(world.client, world.accountId, { maximum: 'unlimited' });
    expect(wider).toMatchObject({ change: 'widens', boundBy: null, wanted: { maximumDays: null } });
    expect(wider.readings.map(({ affected }) => affected)).toEqual([0, 0, 0, 0]);
    expect(wider.next).toEqual([expect.stringContaining("{ maximum: 'unlimited' }")]);
    const same = await planPolicy(world.client, world.accountId, { maximum: { days: 90 } });
    expect(same).toMatchObject({ change: 'none', next: ['Nothing: the account has this maximum already.'] });
  });

  it('reads the maximum anew, whatever this client has read before', async () => {
    const world = worldOf({});
    expect((await world.client.accounts.apiKeyPolicy.get(world.accountId)).maximumDays).toBe(3650);
    setMaximum(world, 45);
    const plan = await planPolicy(world.client, world.accountId, { maximum: '3 months' });
    expect(plan).toMatchObject({ change: 'widens', current: { maximum: { days: 45 }, maximumDays: 45 } });
  });

  it('another account that is stricter binds, and is named', async () => {
    const world = worldOf({ keys: AROUND, second: 30 });
    const plan = await planPolicy(world.client, world.accountId, { maximum: '3 months' });
    expect(plan.boundBy?.maximumDays).toBe(30);
    expect(plan.boundBy?.accountId).not.toBe(world.accountId);
    const about = plan.unseen.find(({ code }) => code === 'other-accounts')?.what;
    expect(about).toContain('2 visible accounts');
    expect(about).toContain(`account ${plan.boundBy?.accountId} with 30 days`);
    expect(plan.next[0]).toContain('expiresIn: { days: 30 }');
  });

  it('says what it cannot see', async () => {
    const world = worldOf({ keys: AROUND });
    const plan = await planPolicy(world.client, world.accountId, { maximum: '3 months' });
    expect(plan.unseen.map(({ code }) => code)).toEqual(['other-users', 'other-accounts', 'per-account']);
    world.reference.faults.add({ operation: 'accounts.list', effect: 'status', status: 403 });
    const blind = await planPolicy(world.client, world.accountId, { maximum: '3 months' });
    expect(blind.unseen.find(({ code }) => code === 'other-accounts')?.what).toContain('could not be read');
  });

  it('warns where the key in use is among those that may end', async () => {
    const world = worldOf({ keys: AROUND });
    const tenYears = world.keys.tenYears;
    if (tenYears === undefined) throw new Error('There is no such key.');
    const warning = 'The key in use is among them';
    const safe = await planPolicy(world.client, world.accountId, { maximum: '3 months' });
    expect(safe.keyInUse).toBe(world.asker.id);
    expect(safe.next.join('\n')).not.toContain(warning);
    const plan = await planPolicy(clientOf(world.reference, tenYears), world.accountId, {
      maximum: '3 months',
    });
    expect(plan.keyInUse).toBe(tenYears.id);
    expect(plan.keys.filter(({ inUse }) => inUse).map(({ id }) => id)).toEqual([tenYears.id]);
    expect(plan.next.join('\n')).toContain(warning);
  });

  it('names what speaks against a reading: keys that it would have ended already', async () => {
    const world = worldOf({ keys: { tenYears: AROUND.tenYears }, maximum: 365 });
    const tenYears = world.keys.tenYears;
    if (tenYears === undefined) throw new Error('There is no such key.');
    const client = clientOf(world.reference, tenYears);
    const { readings } = await planPolicy(client, world.accountId, { maximum: '3 months' });
    expect(readings.map(({ against }) => against?.slice(0, 20) ?? null)).toEqual([
      null,
      'The key in use is lo',
      '1 visible key ends l',
      '1 visible key is lon',
    ]);
    const innocent = await planPolicy(worldOf({}).client, worldOf({}).accountId, { maximum: '3 months' });
    expect(innocent.readings.map(({ against }) => against)).toEqual([null, null, null, null]);
  });

  it('goes by the server time, and says where it had to go by another', async () => {
    const world = worldOf({ keys: AROUND });
    const dateless = new BlazeMeterClient({
      credentials: world.asker,
      logLevel: 'off',
      fetch: async (url, init) => {
        const answer = await world.reference.fetch(url, init);
        const headers = new Headers(answer.headers);
        headers.delete('date');
        return new Response(await answer.text(), { status: answer.status, headers });
      },
    });
    const plan = await planPolicy(dateless, world.accountId, { maximum: '3 months' });
    expect(plan.clock).toBe('local');
    expect(Math.abs(plan.checkedAt.getTime() - Date.now())).toBeLessThan(DAY);
    expect(plan.unseen.map(({ code }) => code)).toContain('clock');
  });

  it('puts labels of owners on keys', async () => {
    const world = worldOf({ keys: AROUND });
    const owners = { 'old*': 'team old', [world.asker.id]: 'team web', asker: 'not this one' };
    const plan = await planPolicy(world.client, world.accountId, { maximum: '3 months', owners });
    const labels = Object.fromEntries(plan.keys.map(({ id, owner }) => [nameOf(world, id), owner]));
    expect(labels).toMatchObject({
      asker: 'team web',
      oldAndFits: 'team old',
      oldAndLonger: 'team old',
      dead: null,
    });
    expect(plan.lines.join('\n')).toContain(', team old)');
  });

  it.each(['2 months', { days: 0 }, { days: 1.5 }, null, undefined])(
    'refuses %j as a maximum',
    async (maximum) => {
      const world = worldOf({});
      // @ts-expect-error: what a caller without types might give
      await expect(planPolicy(world.client, world.accountId, { maximum })).rejects.toBeInstanceOf(TypeError);
      expect(world.reference.journal.count()).toBe(0);
    },
  );

  it('passes on that the account is not there', async () => {
    const world = worldOf({});
    await expect(planPolicy(world.client, 1, { maximum: '3 months' })).rejects.toMatchObject({ status: 404 });
  });

  it.each(Object.entries(payloads))('%s in a name is broken in its lines', async (_, payload) => {
    const reference = createReference();
    const { keys, accounts } = reference.seed({
      users: { ana: {} },
      accounts: { main: { owner: 'ana', name: payload } },
      keys: { one: { user: 'ana', name: payload }, asker: { user: 'ana', name: `b ${payload}` } },
    });
    const plan = await planPolicy(clientOf(reference, keys.asker), accounts.main.id, {
      maximum: '1 month',
      owners: () => payload,
    });
    expect(plan.lines.flatMap(obeyed)).toEqual([]);
    expect(plan.next.flatMap(obeyed)).toEqual([]);
    // Data stays what it is.
    expect(plan.keys.map(({ name }) => name)).toContain(payload);
  });
});
