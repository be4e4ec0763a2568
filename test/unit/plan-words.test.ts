// What a plan says beyond its data, sentence by sentence: maxima and keys, what it cannot see, and what to do.
import { describe, expect, it } from 'vitest';
import type { Account } from '../../src/models.ts';
import { nextSteps, sayKey, sayMaximum, unseen } from '../../src/rotation/plan-words.ts';
import { DAY, KEY_ID, keyOf, NOW, plan, type Told } from '../support/policy-plan.ts';

const account = (days: number | null): Account => ({
  id: 8,
  name: null,
  owner: null,
  apiKeyExpirationDays: days,
  legacyApiKeysDisabled: null,
  membersCount: null,
  workspacesCount: null,
  createdAt: null,
  updatedAt: null,
  extra: {},
});

describe('a maximum', () => {
  it('is said as a step, as days, or as none', () => {
    expect(sayMaximum({ maximum: '3 months', maximumDays: 90 })).toBe('3 months (90 days)');
    expect(sayMaximum({ maximum: { days: 45 }, maximumDays: 45 })).toBe('45 days');
    expect(sayMaximum({ maximum: 'unlimited', maximumDays: null })).toBe('no limit');
  });
});

describe('a key', () => {
  it('is said by name and id, with its owner and whether it is in use', () => {
    expect(sayKey(keyOf())).toBe(`"deploy" (${KEY_ID})`);
    expect(sayKey(keyOf({ owner: 'team web', inUse: true }))).toBe(
      `"deploy" (${KEY_ID}, team web, in use by this client)`,
    );
  });
});

describe('what cannot be seen', () => {
  const told = (more: Partial<Told>, membersCount: number | null = 1, others: Account[] | undefined = []) =>
    unseen(plan(more), { membersCount, others });
  const fits = { keys: [keyOf({ longer: 'no' })] };
  const S2 =
    'Which account binds a user of several is not documented (S2): this plan takes the strictest of those visible, account 7 with 90 days.';

  it('are other users, unless there are none', () => {
    expect(told(fits).map(({ code }) => code)).toEqual(['other-accounts']);
    const what =
      "'s keys are not visible: a client sees the keys of its own user. The maximum holds for all of them (documented).";
    expect(told(fits, 3)[0]).toEqual({
      code: 'other-users',
      what: `The account has 3 members; everybody else${what}`,
    });
    expect(told(fits, null)[0]).toEqual({ code: 'other-users', what: `Everybody else${what}` });
  });

  it('is which other account binds', () => {
    const which = (others: Account[] | undefined, more = {}) =>
      unseen(plan({ ...fits, ...more }), { membersCount: 1, others });
    expect(which([])).toEqual([
      { code: 'other-accounts', what: `No other account of yours is visible. ${S2}` },
    ]);
    expect(which(undefined)[0]?.what).toBe(`The list of your accounts could not be read. ${S2}`);
    expect(which([account(30)])[0]?.what).toBe(`You are in 2 visible accounts. ${S2}`);
    expect(which([account(30), account(null), account(-1)])[0]?.what).toBe(
      `You are in 4 visible accounts, of which 1 show no maximum. ${S2}`,
    );
    expect(which([], { boundBy: null })[0]?.what).toContain('of those visible, and none sets a limit.');
  });

  it('is what an account refuses to keys that are longer, or may be', () => {
    const what =
      'An account may refuse (403) its own content to keys that are longer than its maximum, though they work elsewhere (S2): under any reading, and for the keys that are longer.';
    expect(told({})[1]).toEqual({ code: 'per-account', what });
    expect(told({ keys: [keyOf({ longer: 'no' }), keyOf()] })[1]).toEqual({ code: 'per-account', what });
  });

  it('is for how long keys were made that are unclear', () => {
    const keys = [keyOf({ longer: 'unclear' }), keyOf()];
    expect(told({ keys }).map(({ code }) => code)).toEqual(['other-accounts', 'per-account', 'period']);
    expect(told({ keys })[2]?.what).toBe(
      'For how long 1 of the keys were made is not known: they show no expiry, or were changed later, which may have renewed it (S4).',
    );
  });

  it('is the key in use, and the time, where they are not told', () => {
    expect(told({ ...fits, keyInUse: null, clock: 'local' }).slice(1)).toEqual([
      { code: 'key-in-use', what: 'The key that this client signs with is not in the list of keys.' },
      { code: 'clock', what: "No answer told the time, so this machine's clock was used." },
    ]);
  });
});

describe('what to do', () => {
  const SET = "client.accounts.apiKeyPolicy.set(7, { maximum: '3 months' })";
  const LAST = [
    'Have everybody else in the account make this plan with a key of their own.',
    `Set it: ${SET}. To take it back: { maximum: 'unlimited' }; what was cut or deleted by then stays so.`,
    "Run the audit: its rule 'beyond-policy' names the keys that are still longer.",
  ];
  const rotate = (which: string, fits: string, keys: string) =>
    `Before it is set, rotate ${which} to a life that fits, each with its store: rotate(client, { store, reason: 'schedule', expiresIn: ${fits} }). ${keys}.`;

  it('is nothing, or one thing, where the maximum does not shrink', () => {
    expect(nextSteps(plan({ change: 'none' }))).toEqual(['Nothing: the account has this maximum already.']);
    expect(nextSteps(plan({ change: 'widens' }))).toEqual([
      `Set it: ${SET}. Existing keys keep their expiry (assumed, S16).`,
    ]);
  });

  it('is to rotate what would end, to have others look, to set it, and to audit', () => {
    expect(nextSteps(plan())).toEqual([rotate('this key', "'3 months'", `"deploy" (${KEY_ID})`), ...LAST]);
  });

  it('is to have it set by somebody who may', () => {
    const maySet = { answer: 'no', roles: [], why: '' } as const;
    expect(nextSteps(plan({ maySet }))[2]).toMatch(
      /^Have the owner or an admin of the account set it: client\.accounts/,
    );
    expect(nextSteps(plan({ maySet: { ...maySet, answer: 'unknown' } }))[2]).toMatch(/^Set it: /);
  });

  it('names a life that fits the account which binds', () => {
    const step = (more: Partial<Told>) => nextSteps(plan(more))[0];
    const named = `"deploy" (${KEY_ID})`;
    expect(step({ boundBy: null })).toBe(rotate('this key', "'max'", named));
    expect(step({ boundBy: { accountId: 8, maximumDays: 30 } })).toBe(
      rotate('this key', '{ days: 30 }', named),
    );
    const wanted = { maximum: { days: 45 }, maximumDays: 45 };
    const boundBy = { accountId: 8, maximumDays: 45 };
    expect(step({ wanted, boundBy })).toBe(rotate('this key', '{ days: 45 }', named));
    expect(nextSteps(plan({ current: wanted }))[2]).toContain('To take it back: { maximum: { days: 45 } };');
  });

  it('names twenty keys, and counts the others', () => {
    const many = (count: number) =>
      Array.from({ length: count }, (_, at) => keyOf({ id: `7e57ed${String(at).padStart(18, '0')}` }));
    const [twenty, more] = [many(20), many(22)];
    const names = twenty.map(sayKey).join(', ');
    expect(nextSteps(plan({ keys: twenty }))[0]).toBe(rotate('these 20 keys', "'3 months'", names));
    expect(nextSteps(plan({ keys: more }))[0]).toBe(
      rotate('these 22 keys', "'3 months'", `${names} and 2 more`),
    );
  });

  it('warns of the key in use', () => {
    expect(nextSteps(plan({ keys: [keyOf(), keyOf({ id: 'b', inUse: true })] }))[1]).toBe(
      'The key in use is among them: sign with a new one before you set it, or you may lock yourself out.',
    );
  });

  it('leaves out keys that end no earlier, or have run out, and not those that may', () => {
    const fits = keyOf({ id: 'fits', expiresAt: new Date(NOW + DAY) });
    expect(nextSteps(plan({ keys: [fits] }))).toEqual(LAST);
    expect(nextSteps(plan({ keys: [keyOf({ expired: true })] }))).toEqual(LAST);
    const open = keyOf({ id: 'open', expiresAt: null });
    expect(nextSteps(plan({ keys: [fits, open] }))[0]).toBe(
      rotate('this key', "'3 months'", '"deploy" (open)'),
    );
  });
});
