// Where BlazeMeter is silent there is a switch: what each of its values does.
import {
  createReference,
  documented,
  parseSemantics,
  type Semantics,
  semanticsSwitches,
} from 'blazemeter-client/testing';
import { describe, expect, it } from 'vitest';
import { create, credentialsOf, DAY, nowOf, send } from '../support/reference.ts';

function world(semantics: Partial<Semantics>) {
  const reference = createReference({ semantics, clock: { at: '2026-03-01T12:00:00Z', frozen: true } });
  const made = reference.seed({
    users: { o: {}, m: {} },
    accounts: { a: { owner: 'o', members: { m: ['standard'] } } },
    keys: {
      owner: { user: 'o', expires: { days: 20 } },
      short: { user: 'm', expires: { days: 10 } },
      long: { user: 'm', expires: { days: 365 } },
      /** A year in all, ten days of it left. */
      old: { user: 'm', created: { days: -355 }, expires: { days: 10 } },
    },
  });
  const policy = (days: number) =>
    send(reference, made.keys.owner, 'PATCH', `/accounts/${made.accounts.a.id}`, { apiKeyExpiration: days });
  const works = (key: { id: string; secret: string }) => send(reference, key, 'GET', '/user').status === 200;
  const expiration = (key: { id: string }) =>
    send(reference, made.keys.short, 'GET', `/api-keys/${key.id}`).result.expiration;
  return { reference, ...made, policy, works, expiration };
}

describe('S1, the maximum shrinks', () => {
  it('new-only: existing keys go on', () => {
    const { keys, policy, works, expiration } = world({});
    expect(policy(30).status).toBe(200);
    expect([keys.short, keys.long, keys.old].every(works)).toBe(true);
    expect(expiration(keys.long)).toBe(keys.long.expiration);
  });

  it('block-on-use: keys with a longer period are refused while the maximum is smaller', () => {
    const { keys, policy, works, expiration } = world({ shrink: 'block-on-use' });
    policy(30);
    expect([keys.short, keys.long, keys.old].map(works)).toEqual([true, false, false]);
    expect(expiration(keys.long)).toBe(keys.long.expiration);
    policy(3650);
    expect([keys.short, keys.long, keys.old].every(works)).toBe(true);
  });

  it('clamp: they end when the new maximum, from now, ends', () => {
    const { keys, policy, works, expiration, reference } = world({ shrink: 'clamp' });
    policy(30);
    expect([keys.short, keys.long, keys.old].every(works)).toBe(true);
    expect(expiration(keys.long)).toBe(nowOf(reference) + 30 * DAY);
    expect(expiration(keys.old)).toBe(keys.old.expiration);
  });

  it('revoke: they are deleted', () => {
    const { keys, policy, works, reference } = world({ shrink: 'revoke' });
    policy(30);
    expect([keys.short, keys.long, keys.old].map(works)).toEqual([true, false, false]);
    expect(send(reference, keys.short, 'GET', '/api-keys').json.total).toBe(1);
  });

  it('S16, a wider maximum changes no key', () => {
    for (const shrink of ['new-only', 'block-on-use', 'clamp', 'revoke'] as const) {
      const { keys, policy, works, expiration } = world({ shrink });
      policy(400);
      policy(-1);
      policy(3650);
      expect([keys.short, keys.long, keys.old].every(works)).toBe(true);
      expect(expiration(keys.long)).toBe(keys.long.expiration);
    }
  });
});

describe('S2, a user in two accounts', () => {
  const two = (twoAccounts: Semantics['twoAccounts']) => {
    const reference = createReference({ semantics: { twoAccounts } });
    const made = reference.seed({
      users: { o: {}, m: { defaultProject: 'wide' } },
      accounts: {
        narrow: { owner: 'o', members: { m: ['standard'] }, apiKeyExpiration: 30 },
        wide: { owner: 'o', members: { m: ['standard'] }, apiKeyExpiration: 90 },
      },
      workspaces: { narrow: { account: 'narrow' }, wide: { account: 'wide' } },
      projects: { wide: { workspace: 'wide' } },
      keys: { m: { user: 'm', expires: { days: 20 } } },
    });
    return { reference, ...made };
  };

  it('strictest: the smallest maximum binds', () => {
    const { reference, keys } = two('strictest');
    expect(create(reference, keys.m, 30).status).toBe(201);
    expect(create(reference, keys.m, 31).message).toContain('30 days');
  });

  it('default-account: that of the default project binds', () => {
    const { reference, keys } = two('default-account');
    expect(create(reference, keys.m, 90).status).toBe(201);
    expect(create(reference, keys.m, 91).message).toContain('90 days');
  });

  it('per-account-access: the largest binds, and a strict account shows nothing to longer keys', () => {
    const { reference, keys, accounts, workspaces } = two('per-account-access');
    const credentials = credentialsOf(create(reference, keys.m, 90));
    expect(create(reference, keys.m, 91).status).toBe(400);
    const get = (path: string) => send(reference, credentials, 'GET', path);
    expect(get(`/accounts/${accounts.wide.id}/users`).status).toBe(200);
    expect(get(`/accounts/${accounts.narrow.id}/users`).status).toBe(403);
    expect(get(`/workspaces/${workspaces.narrow.id}`).status).toBe(403);
    expect(get('/workspaces').rows.map((row) => row.id)).toEqual([workspaces.wide.id]);
    // The policy itself can still be read, or it could not be fixed.
    expect(get(`/accounts/${accounts.narrow.id}`).result.apiKeyExpiration).toBe(30);
  });

  it('an account without a limit narrows nothing, and widens everything only where the largest binds', () => {
    for (const [twoAccounts, allowed] of [
      ['strictest', 400],
      ['per-account-access', 201],
    ] as const) {
      const reference = createReference({ semantics: { twoAccounts } });
      const { keys } = reference.seed({
        users: { o: {} },
        accounts: { none: { owner: 'o', apiKeyExpiration: -1 }, some: { owner: 'o', apiKeyExpiration: 30 } },
        keys: { k: { user: 'o' } },
      });
      expect(create(reference, keys.k, 4000).status).toBe(allowed);
      expect(create(reference, keys.k, 30).status).toBe(201);
    }
  });
});

describe('S3 and S4, regenerating', () => {
  const regenerate = (semantics: Partial<Semantics>, after: number) => {
    const w = world(semantics);
    w.reference.clock.advance({ days: after });
    return {
      ...w,
      response: send(w.reference, w.keys.long, 'POST', `/api-keys/${w.keys.short.id}/regenerate`),
    };
  };

  it('a key that has expired is refused with 402', () => {
    const { response } = regenerate({}, 10);
    expect(response.status).toBe(402);
    expect(response.message).not.toContain('expired');
  });

  it('allow: it gets a new secret, which is as dead as the old one unless the expiry is renewed', () => {
    const kept = regenerate({ regenerateExpired: 'allow' }, 11);
    expect(kept.response.status).toBe(200);
    expect(kept.works(credentialsOf(kept.response))).toBe(false);
    const renewed = regenerate({ regenerateExpired: 'allow', regenerateExpiry: 'renew-period' }, 11);
    expect(renewed.works(credentialsOf(renewed.response))).toBe(true);
  });

  it.each([
    ['keep', 10],
    ['renew-period', 14],
    ['renew-maximum', 3654],
  ] as const)('%s', (regenerateExpiry, days) => {
    const { response, keys, reference } = regenerate({ regenerateExpiry }, 4);
    const start = keys.short.expiration - 10 * DAY;
    expect(response.result.expiration).toBe(start + days * DAY);
    expect(response.result.updated).toBe(nowOf(reference));
  });

  it('a renewed period stays within the maximum, and a maximum without a limit is 10 years', () => {
    const period = world({ regenerateExpiry: 'renew-period' });
    period.policy(30);
    expect(
      send(period.reference, period.keys.short, 'POST', `/api-keys/${period.keys.long.id}/regenerate`).result
        .expiration,
    ).toBe(nowOf(period.reference) + 30 * DAY);
    const maximum = world({ regenerateExpiry: 'renew-maximum' });
    maximum.policy(-1);
    expect(
      send(maximum.reference, maximum.keys.short, 'POST', `/api-keys/${maximum.keys.long.id}/regenerate`)
        .result.expiration,
    ).toBe(nowOf(maximum.reference) + 3650 * DAY);
  });
});

it('S7: past the maximum is refused, or cut without a word', () => {
  const refuse = world({});
  refuse.policy(30);
  expect(create(refuse.reference, refuse.keys.short, 90)).toMatchObject({ status: 400 });
  const clamp = world({ overMaximum: 'clamp' });
  clamp.policy(30);
  const { status, result } = create(clamp.reference, clamp.keys.short, 90);
  expect(status).toBe(201);
  expect(result.expiration).toBe(nowOf(clamp.reference) + 30 * DAY);
});

it('S11: with grace, the old secret works that much longer', () => {
  const { reference, keys, works } = world({ grace: 5_000 });
  const fresh = credentialsOf(send(reference, keys.long, 'POST', `/api-keys/${keys.short.id}/regenerate`));
  expect([works(keys.short), works(fresh)]).toEqual([true, true]);
  reference.clock.advance({ ms: 4_999 });
  expect(works(keys.short)).toBe(true);
  reference.clock.advance({ ms: 1 });
  expect([works(keys.short), works(fresh)]).toEqual([false, true]);
});

it('S12: a 401 can tell its causes apart, and never says "expired"', () => {
  const { reference, keys } = world({ unauthorized: 'distinguish' });
  send(reference, keys.long, 'DELETE', `/api-keys/${keys.old.id}`);
  send(reference, keys.long, 'POST', `/api-keys/${keys.short.id}/regenerate`);
  const late = credentialsOf(create(reference, keys.long, 1));
  reference.clock.advance({ days: 2 });
  const messages = [
    undefined,
    { id: 'a', secret: 'b' },
    { ...keys.long, secret: 'b' },
    keys.old,
    keys.short,
    late,
  ].map((key) => send(reference, key, 'GET', '/user').message);
  expect(messages).toEqual([
    'Unauthorized: No credentials',
    'Unauthorized: Unknown API key',
    'Unauthorized: Wrong secret',
    'Unauthorized: The API key was deleted',
    'Unauthorized: Wrong secret',
    'Unauthorized: The API key is past its expiration date',
  ]);
});

it('S13: two keys of a user may share a name, or not', () => {
  const free = world({});
  expect(create(free.reference, free.keys.short, 1, 'short').status).toBe(201);
  const unique = world({ names: 'unique' });
  expect(create(unique.reference, unique.keys.short, 1, 'short').status).toBe(409);
  expect(create(unique.reference, unique.keys.owner, 1, 'short').status).toBe(201);
});

it('S14: a user may have so many keys, and one more is a 402', () => {
  const { reference, keys } = world({ keyLimit: 4 });
  expect(create(reference, keys.short, 1).status).toBe(201);
  expect(create(reference, keys.short, 1)).toMatchObject({
    status: 402,
    message: 'Request Failed: A user may have 4 API keys',
  });
  send(reference, keys.short, 'DELETE', `/api-keys/${keys.old.id}`);
  expect(create(reference, keys.short, 1).status).toBe(201);
});

it('S15: a new secret is refused until it is known everywhere', () => {
  const { reference, keys, works } = world({ propagation: 500 });
  const created = credentialsOf(create(reference, keys.short, 1));
  const fresh = credentialsOf(send(reference, keys.short, 'POST', `/api-keys/${keys.long.id}/regenerate`));
  expect([works(created), works(fresh), works(keys.long), works(keys.short)]).toEqual([
    false,
    false,
    false,
    true,
  ]);
  reference.clock.advance({ ms: 500 });
  expect([works(created), works(fresh)]).toEqual([true, true]);
});

describe('the switches', () => {
  it('the preset documented is the default, and every switch starts from it', () => {
    expect(createReference().semantics).toEqual(documented);
    expect(createReference({ semantics: 'documented' }).semantics).toEqual(documented);
    for (const { name, default: value, values } of semanticsSwitches) {
      expect(value).toBe(documented[name]);
      expect(values).toContain(value);
      for (const other of values)
        expect(createReference({ semantics: { [name]: other } }).semantics).toEqual({
          ...documented,
          [name]: other,
        });
    }
    expect(semanticsSwitches.map(({ name }) => name).sort()).toEqual(Object.keys(documented).sort());
  });

  it('they can be turned while the reference runs, and reset puts them back', () => {
    const reference = createReference({ semantics: { names: 'unique' } });
    reference.setSemantics({ shrink: 'clamp' });
    expect(reference.semantics).toMatchObject({ names: 'unique', shrink: 'clamp' });
    reference.setSemantics('documented');
    expect(reference.semantics).toEqual(documented);
    reference.reset();
    expect(reference.semantics).toMatchObject({ names: 'unique', shrink: 'new-only' });
  });

  it('a switch or a value that does not exist is named', () => {
    const make = (semantics: object) => () => createReference({ semantics });
    expect(make({ shrinks: 'clamp' })).toThrow(/semantics\.shrinks: unknown field; known are shrink, /);
    expect(make({ shrink: 'Clamp' })).toThrow(
      'semantics.shrink: must be one of new-only, block-on-use, clamp, revoke.',
    );
    expect(make({ grace: -1 })).toThrow(/semantics\.grace/);
    expect(make({ keyLimit: 1.5 })).toThrow(/semantics\.keyLimit/);
    expect(make({ propagation: '1' })).toThrow(/semantics\.propagation/);
  });

  it('they can be read from text', () => {
    expect(parseSemantics('shrink=clamp')).toEqual({ ...documented, shrink: 'clamp' });
    expect(parseSemantics('keyLimit=null', parseSemantics('keyLimit=5'))).toEqual(documented);
    expect(parseSemantics('grace=250', parseSemantics('names=unique'))).toMatchObject({
      grace: 250,
      names: 'unique',
    });
    expect(() => parseSemantics('shrink')).toThrow('name=value');
    expect(() => parseSemantics('shrink=never')).toThrow('must be one of');
    expect(() => parseSemantics('__proto__=1')).toThrow();
  });
});

describe('explain', () => {
  it('every row has an id of its own, a value and a mark', () => {
    const rows = createReference().explain();
    expect(new Set(rows.map((row) => row.id)).size).toBe(rows.length);
    for (const row of rows) {
      expect(row.behaviour).not.toBe('');
      expect(row.value).not.toBe('');
      expect(['documented', 'observed', 'assumed']).toContain(row.provenance);
    }
  });

  it('all of S1 to S21 are there, in order, as the switches stand', () => {
    const rows = createReference({ semantics: { shrink: 'revoke' } }).explain();
    expect(rows.filter((row) => /^S\d/.test(row.id)).map((row) => row.id)).toEqual(
      Array.from({ length: 21 }, (_, index) => `S${index + 1}`),
    );
    expect(rows[0]).toMatchObject({ id: 'S1', value: 'shrink: revoke', provenance: 'assumed' });
  });

  it('every call is there with its mark', () => {
    const rows = createReference().explain();
    const mark = (id: string) => rows.find((row) => row.id === id)?.provenance;
    expect(mark('user.get')).toBe('documented');
    expect(mark('accounts.list')).toBe('observed');
    expect(mark('apiKeys.create')).toBe('assumed');
    expect(mark('apiKeyPolicy.set')).toBe('assumed');
  });
});
