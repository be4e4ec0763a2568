// What a plan reads through a client, and how it puts it together: account, maxima, roles, keys, and the caller's abort.
import { describe, expect, it } from 'vitest';
import { planWorld, START } from '../support/plan-world.ts';
import { DAY } from '../support/policy-plan.ts';
import { failure } from '../support/rotation.ts';

const at = (days: number) => new Date(START.getTime() + days * DAY);
const SHRINK = { maximum: '3 months' } as const;

describe('a plan', () => {
  it('has what it was asked, what it read, and every key of the caller, the first to end first', async () => {
    const { plan, keys, accounts, users } = planWorld();
    const { lines, readings, ...made } = await plan({ ...SHRINK, owners: { late: 'team web' } });
    const key = { userId: users.ana.id, owner: null, lastUsedAt: null, inUse: false, expired: false };
    const { main } = accounts;
    expect(made).toMatchObject({
      kind: 'policy-plan',
      accountId: main.id,
      accountName: 'Main',
      current: { maximum: '10 years', maximumDays: 3650 },
      wanted: { maximum: '3 months', maximumDays: 90 },
      change: 'shrinks',
      boundBy: { accountId: main.id, maximumDays: 90 },
      maySet: {
        answer: 'no',
        roles: ['standard'],
        why: 'The owner and admins may (documented), and you are neither.',
      },
      userId: users.ana.id,
      keyInUse: keys.asker.id,
      checkedAt: START,
      clock: 'server',
    });
    expect(made.keys).toEqual([
      {
        ...key,
        id: keys.dead.id,
        name: 'dead',
        createdAt: at(-9),
        expiresAt: at(-1),
        longer: 'no',
        expired: true,
      },
      {
        ...key,
        id: keys.asker.id,
        name: 'asker',
        createdAt: at(0),
        expiresAt: at(50),
        lastUsedAt: START,
        longer: 'no',
        inUse: true,
      },
      {
        ...key,
        id: keys.late.id,
        name: 'late',
        createdAt: at(0),
        expiresAt: at(400),
        longer: 'yes',
        owner: 'team web',
      },
    ]);
    expect(readings.map(({ affected }) => affected)).toEqual([0, 1, 1, 1]);
    expect(readings.map((one) => one.keys.map(({ id }) => id))).toEqual(
      Array(4).fill(made.keys.map(({ id }) => id)),
    );
    expect(made.unseen.map(({ code }) => code)).toEqual(['other-users', 'other-accounts', 'per-account']);
    expect(made.unseen[0]?.what).toContain('The account has 2 members');
    expect(made.unseen[1]?.what).toContain('No other account of yours is visible.');
    expect(made.next[0]).toContain('"late"');
    expect(lines[0]).toContain(`Account ${main.id} "Main"`);
    expect(lines.at(-1)).toContain('Run the audit');
  });

  it('puts keys without an expiry last, and keys that end together by their ids', async () => {
    for (const turned of [false, true]) {
      const { plan, keys } = planWorld({
        rows: {
          'api-keys': (all) => {
            const [first = {}] = all;
            const more = ['b', 'a', 'c'].map((id) => ({ ...first, id, expiration: null }));
            const same = ['z', 'x', 'y'].map((id) => ({ ...first, id, expiration: first.expiration }));
            const list = [...more, ...all, ...same];
            return turned ? list.reverse() : list;
          },
        },
      });
      const { keys: listed } = await plan(SHRINK);
      const ids = listed.map(({ id }) => id);
      expect(ids.slice(-3)).toEqual(['a', 'b', 'c']);
      expect(ids.slice(0, 2)).toEqual([keys.dead.id, keys.asker.id]);
      const together = [keys.late.id, 'x', 'y', 'z'];
      expect(ids.slice(2, -3)).toEqual(together);
      expect(listed.at(-1)?.longer).toBe('unclear');
    }
  });

  it('does not know the key in use where the list lacks it', async () => {
    const { plan, keys } = planWorld({
      rows: { 'api-keys': (all) => all.filter(({ name }) => name !== 'asker') },
    });
    const made = await plan(SHRINK);
    expect(made.keyInUse).toBeNull();
    expect(made.keys.map(({ id, inUse }) => [id, inUse])).toEqual([
      [keys.dead.id, false],
      [keys.late.id, false],
    ]);
    expect(made.unseen.map(({ code }) => code)).toContain('key-in-use');
  });

  it('judges the keys by the strictest account, before and after', async () => {
    const { plan, accounts } = planWorld({ maximum: -1, second: 30 });
    const made = await plan(SHRINK);
    expect(made).toMatchObject({
      change: 'shrinks',
      current: { maximum: 'unlimited', maximumDays: null },
      boundBy: { accountId: accounts.second?.id, maximumDays: 30 },
    });
    expect(made.keys.map(({ longer }) => longer)).toEqual(['no', 'yes', 'yes']);
    const block = made.readings.find(({ reading }) => reading === 'block-on-use');
    expect(block?.keys.map(({ why }) => why)).toEqual([
      'keeps its expiry',
      'longer than 30 days, and refused already',
      'longer than 30 days, and refused already',
    ]);
    expect(block?.against).toContain('the 30 days of today');
    expect(made.unseen[1]?.what).toContain('2 visible accounts. ');
  });

  it('takes its own account from the answer about it, and not from the list', async () => {
    const { plan, accounts } = planWorld({
      rows: { accounts: (all) => all.map((row) => ({ ...row, apiKeyExpiration: 7 })) },
    });
    expect(await plan(SHRINK)).toMatchObject({ boundBy: { accountId: accounts.main.id, maximumDays: 90 } });
  });

  it('leaves out another account that tells no maximum, and counts it', async () => {
    const silent = (row: Record<string, unknown>) =>
      row.name === 'Main' ? row : { ...row, apiKeyExpiration: null };
    const { plan, accounts } = planWorld({ second: 30, rows: { accounts: (all) => all.map(silent) } });
    const made = await plan(SHRINK);
    expect(made.boundBy).toEqual({ accountId: accounts.main.id, maximumDays: 90 });
    expect(made.unseen[1]?.what).toContain('2 visible accounts, of which 1 show no maximum.');
  });

  it('goes by its own account alone where no other tells a maximum, or the list cannot be read', async () => {
    const silent = planWorld({
      maximum: -1,
      second: 30,
      rows: { accounts: (all) => all.map((row) => ({ ...row, apiKeyExpiration: null })) },
    });
    expect(await silent.plan({ maximum: 'unlimited' })).toMatchObject({ change: 'none', boundBy: null });
    const hidden = planWorld({ second: 30, rows: { accounts: () => [{ id: 'no number' }] } });
    const made = await hidden.plan(SHRINK);
    expect(made.boundBy).toEqual({ accountId: hidden.accounts.main.id, maximumDays: 90 });
    expect(made.unseen[1]?.what).toContain('The list of your accounts could not be read.');
  });

  it.each([
    [365, '1 year', 'none'],
    [365, { days: 364 }, 'shrinks'],
    [365, { days: 366 }, 'widens'],
    [365, 'unlimited', 'widens'],
    [-1, { days: 366 }, 'shrinks'],
    [-1, 'unlimited', 'none'],
  ] as const)('from %s days to %o is a change: %s', async (maximum, wanted, change) => {
    const made = await planWorld({ maximum }).plan({ maximum: wanted });
    expect(made.change).toBe(change);
    // Only a smaller maximum does anything to keys, and only where one binds.
    const clamp = made.readings.find(({ reading }) => reading === 'clamp');
    expect(clamp?.affected).toBe(change === 'shrinks' ? 1 : 0);
    if (wanted === 'unlimited') expect(made.boundBy).toBeNull();
  });
});

describe('the abort of the caller', () => {
  it('ends a plan at whichever of its requests it comes', { timeout: 5_000 }, async () => {
    const undisturbed = planWorld();
    await undisturbed.plan(SHRINK);
    const all = undisturbed.requests();
    expect(all).toBeGreaterThan(8);
    for (let last = 1; last <= all; last++) {
      const controller = new AbortController();
      const reason = new Error('enough');
      const { plan, requests } = planWorld({
        before: async (request) => {
          if (request < last) return;
          controller.abort(reason);
          await new Promise(() => {});
        },
      });
      expect(await failure(plan({ ...SHRINK, signal: controller.signal }))).toBe(reason);
      expect(requests()).toBe(last);
    }
  });
});

describe('what the caller gives', () => {
  it('is checked before anything is asked', async () => {
    const { plan, requests } = planWorld();
    expect(await failure(plan({ maximum: { days: 0 } }))).toBeInstanceOf(TypeError);
    const owners = { late: 7 };
    const bad = Reflect.apply(plan, undefined, [{ ...SHRINK, owners }]);
    expect((await failure(bad)).message).toContain('owners');
    expect(requests()).toBe(0);
  });
});
