// What public BlazeMeter clients send and read, and what breaks them: none of it may ever come from the reference.
import { createReference } from 'blazemeter-client/testing';
import { expect, it } from 'vitest';
import { basic, isObject, parsed, send } from '../support/reference.ts';

const reference = createReference();
const world = reference.seed({
  users: { olive: { firstName: 'Olive' }, mo: {}, off: { enabled: false } },
  accounts: {
    a: { owner: 'olive', members: { mo: ['standard', 'billing'], off: ['admin'] }, apiKeyExpiration: -1 },
    b: { owner: 'mo', description: 'second' },
  },
  workspaces: { w: { account: 'a' }, shut: { account: 'a', enabled: false } },
  projects: { p: { workspace: 'w' } },
  tests: { t: { project: 'p' }, u: { project: 'p', name: 'unlike' } },
  multiTests: { m: { project: 'p' } },
  keys: { olive: { user: 'olive' }, mo: { user: 'mo' } },
});
const { accounts, workspaces, projects, tests, multiTests, keys } = world;
const get = (path: string) => send(reference, keys.olive, 'GET', path);

/** Every value in a JSON document, with the name it stands under. */
function* walk(value: unknown, name = ''): Generator<[string, unknown]> {
  yield [name, value];
  if (Array.isArray(value)) for (const item of value) yield* walk(item, name);
  else if (isObject(value)) for (const [key, member] of Object.entries(value)) yield* walk(member, key);
}

const WALK = [
  '/user',
  '/accounts?sort[]=name&limit=1000',
  '/accounts?sort%5B%5D=-updated&limit=0',
  `/accounts/${accounts.a.id}`,
  `/accounts/${accounts.a.id}/users?limit=10000&enabled=true`,
  `/workspaces?accountId=${accounts.a.id}&enabled=true&limit=100&skip=0`,
  '/workspaces?accountId=&enabled=true&limit=100&skip=0',
  `/workspaces/${workspaces.w.id}`,
  `/projects?workspaceId=${workspaces.w.id}&limit=1000`,
  `/projects/${projects.p.id}`,
  `/tests?workspaceId=${workspaces.w.id}`,
  `/tests?projectId=${projects.p.id}`,
  `/tests/${tests.t.id}`,
  `/multi-tests?workspaceId=${workspaces.w.id}`,
  `/multi-tests?projectId=${projects.p.id}`,
  `/multi-tests/${multiTests.m.id}`,
  '/api-keys',
  `/api-keys/${keys.olive.id}`,
  '/web/version',
];

it.each(WALK)('GET %s responds with types that clients can read', (path) => {
  const { status, json } = get(path);
  expect(status).toBe(200);
  for (const [name, value] of walk(json)) {
    if (['created', 'updated', 'expiration', 'passwordUpdateTime', 'access', 'login'].includes(name)) {
      expect(Number.isInteger(value), name).toBe(true);
      // Seconds: as milliseconds they would be in the year 50000.
      expect(Number(value)).toBeLessThan(10_000_000_000);
    }
    if (['userId', 'accountId', 'workspaceId', 'projectId', 'ownerId'].includes(name))
      expect(Number.isInteger(value), name).toBe(true);
    if (['name', 'email', 'displayName', 'lastName', 'firstName'].includes(name))
      expect(typeof value, name).toBe('string');
    if (name === 'enabled') expect(typeof value).toBe('boolean');
    if (name === 'description') expect(typeof value).toBe('string');
    if (name === 'total') expect(Number.isInteger(value)).toBe(true);
  }
});

it.each(WALK.filter((path) => !/api-keys|version/.test(path)))(
  'the rows of %s have integer ids and what all rows have',
  (path) => {
    const { result, rows } = get(path);
    for (const row of rows.length > 0 ? rows : [result]) {
      expect(Number.isInteger(row.id)).toBe(true);
      for (const field of ['name', 'created', 'updated']) expect(row).toHaveProperty(field);
    }
  },
);

it('the user has every recorded field in the recorded order', () => {
  const { result } = get('/user');
  expect(Object.keys(result)).toEqual(
    (
      'id email passwordUpdateTime access login firstName lastName timezone enabled roles keycloakGoogleRegister ' +
      'apiTestingVersion created updated elev_io_user_hash defaultProject defaultProjectId displayName features mail ' +
      'name preferences'
    ).split(' '),
  );
  expect(Object.keys(isObject(result.defaultProject) ? result.defaultProject : {})).toEqual(
    (
      'accountId accountName workspaceName id name userId description underMigration created updated organizationId ' +
      'workspaceId'
    ).split(' '),
  );
  const preferences = isObject(result.preferences) ? result.preferences : {};
  expect(Object.keys(preferences)).toEqual(
    (
      'id userId activePlatform visitedMockServices activeProjectId activeOrganizationId activeWorkspaceId ' +
      'activeAccountId aggregateReportFields'
    ).split(' '),
  );
  expect(preferences.id).toMatch(/^[0-9a-f]{24}$/);
  expect(result.features).toEqual([]);
});

it('an account has every recorded field in the recorded order', () => {
  const { result } = get(`/accounts/${accounts.a.id}`);
  expect(Object.keys(result)).toEqual(
    (
      'id name thumbnailUrl salesforceId totangoId apiKeyExpiration inviteContactEmail inviteContactName ' +
      'legacyApiKeysDisabled appUrl inviteUrl disclaimerMessage sessionDelayedStart created updated owner ' +
      'membersCount workspacesCount aiConsent'
    ).split(' '),
  );
  expect(result).toMatchObject({
    apiKeyExpiration: -1,
    membersCount: 3,
    workspacesCount: 2,
    aiConsent: true,
    inviteContactEmail: null,
    inviteContactName: null,
    sessionDelayedStart: 180,
  });
});

it('a description that was not given is absent, never null', () => {
  const { rows } = send(reference, keys.mo, 'GET', '/accounts');
  expect(rows.map((row) => row.description)).toEqual([undefined, 'second']);
});

it('a workspace has every recorded field, and locations only by id', () => {
  const fields =
    'id name userId created updated enabled dedicatedIpsEnabled privateLocationsEnabled owner membersCount allowance accountId';
  const [row] = get('/workspaces').rows;
  expect(Object.keys(row ?? {})).toEqual(fields.split(' '));
  const { result } = get(`/workspaces/${workspaces.w.id}`);
  expect(Object.keys(result)).toEqual([...fields.split(' '), 'locations']);
  const locations = Array.isArray(result.locations) ? result.locations.filter(isObject) : [];
  const [location = {}] = locations;
  expect(locations.find(({ provider }) => provider === 'private')?.id).toMatch(/^harbor-[0-9a-f]{24}$/);
  expect(Object.keys(location)).toEqual(['id', 'title', 'name', 'provider', 'limits', 'sandbox', 'purposes']);
});

it('projects and tests have every recorded field in the recorded order', () => {
  expect(Object.keys(get(`/projects/${projects.p.id}`).result)).toEqual(
    'id name userId description created updated workspaceId testsCount'.split(' '),
  );
  expect(get(`/projects/${projects.p.id}`).result.testsCount).toBe(2);
  expect(Object.keys(get(`/tests/${tests.t.id}`).result)).toEqual(
    'id name projectId configuration created updated userId'.split(' '),
  );
});

it('a user whom no account names has a default project all the same', () => {
  const alone = createReference();
  const { keys: own } = alone.seed({ users: { sol: {} }, keys: { k: { user: 'sol' } } });
  const { result } = send(alone, own.k, 'GET', '/user');
  expect(result.defaultProject).toMatchObject({ accountName: 'Account of sol', name: 'Default project' });
  expect(send(alone, own.k, 'GET', '/accounts').rows).toHaveLength(1);
});

it('the users of an account come with their roles, and filters find them', () => {
  const users = (query: string) =>
    get(`/accounts/${accounts.a.id}/users${query}`).rows.map((row) => [row.displayName, row.roles]);
  expect(users('')).toEqual([
    ['Olive', ['owner']],
    ['mo', ['standard', 'billing']],
    ['off', ['admin']],
  ]);
  expect(users('?enabled=true&roles[]=billing')).toEqual([['mo', ['standard', 'billing']]]);
  expect(users('?excludeRoles%5B%5D=owner&excludeRoles[]=admin')).toEqual([['mo', ['standard', 'billing']]]);
  expect(users('?textFilter=OLIVE@')).toEqual([['Olive', ['owner']]]);
});

it('anyone may ask for the version, and nothing else', () => {
  for (const path of WALK) {
    const { status, text } = send(reference, undefined, 'GET', path);
    expect(status).toBe(path === '/web/version' ? 200 : 401);
    expect(text).not.toBe('');
    expect(text.toLowerCase()).not.toContain('expired');
  }
});

it('an error is always an object, and a 200 never has one', () => {
  for (const path of [...WALK, '/nope', '/tests/1', '/accounts/x'])
    for (const key of [undefined, keys.olive, keys.mo, { id: 'x', secret: 'y' }]) {
      const { status, json } = send(reference, key, 'GET', path);
      if (status < 400) expect(json.error).toBeNull();
      else expect(json.error).toEqual({ code: status, message: expect.any(String) });
    }
});

it('what is not there has the words "not found" in its message', () => {
  for (const path of [
    '/workspaces/9',
    '/projects/9',
    '/tests/9',
    '/accounts/9',
    '/api-keys/9',
    '/workspaces?accountId=9',
  ])
    expect(get(path).message.toLowerCase()).toContain('not found');
});

it('what belongs to others is forbidden where it exists', () => {
  const { status, message } = get(`/accounts/${accounts.b.id}`);
  expect({ status, message }).toEqual({
    status: 403,
    message: 'Forbidden: You are not a member of this account',
  });
  expect(get(`/workspaces?accountId=${accounts.b.id}`).status).toBe(403);
});

it('an unmodified fetch on a real address reads the same through the injected one', async () => {
  const response = await reference.fetch('https://a.blazemeter.com/api/v4/accounts?sort[]=name', {
    headers: { Authorization: basic(keys.olive), 'X-Client-Id': 'CI', 'X-Client-Version': '1' },
  });
  expect(parsed(await response.text())).toMatchObject({ total: 1, error: null });
});
