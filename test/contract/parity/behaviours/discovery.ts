// What public clients walk through on the way to a test: the version, workspaces, projects, tests and multi-tests.
import assert from 'node:assert/strict';
import type { Behaviour, Context } from '../behaviour.ts';
import type { World } from '../world.ts';

const names = async ({ send }: Context, path: string, as?: 'outsider' | 'standard') =>
  (await send(`GET ${path}`, as && { as })).results.map(({ name }) => name).sort();

interface Look {
  readonly what: string;
  readonly path: (world: World) => string;
  readonly names: readonly string[];
}

const lists: readonly Look[] = [
  { what: 'workspaces', path: () => '/workspaces', names: ['Attic', 'Shop'] },
  {
    what: 'workspaces of an account, as real clients ask for them',
    path: ({ accounts }) => `/workspaces?accountId=${accounts.main}&enabled=true&limit=100&skip=0`,
    names: ['Shop'],
  },
  { what: 'workspaces that are closed', path: () => '/workspaces?enabled=false', names: ['Attic'] },
  {
    what: 'projects of a workspace',
    path: ({ workspaces }) => `/projects?workspaceId=${workspaces.shop}&limit=1000`,
    names: ['Cart', 'Search'],
  },
  {
    what: 'projects by name',
    path: ({ workspaces }) => `/projects?workspaceId=${workspaces.shop}&name=Cart`,
    names: ['Cart'],
  },
  {
    what: 'tests of a workspace',
    path: ({ workspaces }) => `/tests?workspaceId=${workspaces.shop}&limit=10000`,
    names: ['Browse', 'Checkout under load', 'Find'],
  },
  {
    what: 'tests of a project',
    path: ({ projects }) => `/tests?projectId=${projects.cart}`,
    names: ['Browse', 'Checkout under load'],
  },
  {
    what: 'multi-tests of a workspace',
    path: ({ workspaces }) => `/multi-tests?workspaceId=${workspaces.shop}`,
    names: ['Both'],
  },
  {
    what: 'multi-tests of a project',
    path: ({ projects }) => `/multi-tests?projectId=${projects.search}`,
    names: [],
  },
];

const listed: readonly Behaviour[] = lists.map(({ what, path, names: expected }) => ({
  name: `${what} are found`,
  async run(context) {
    assert.deepEqual(await names(context, path(context.world)), expected);
  },
}));

const things: readonly (readonly [what: string, path: (world: World) => string, name: string])[] = [
  ['workspace', ({ workspaces }) => `/workspaces/${workspaces.shop}`, 'Shop'],
  ['project', ({ projects }) => `/projects/${projects.cart}`, 'Cart'],
  ['test', ({ tests }) => `/tests/${tests.checkout}`, 'Checkout under load'],
  ['multi-test', ({ multiTests }) => `/multi-tests/${multiTests.both}`, 'Both'],
];

const shown: readonly Behaviour[] = things.flatMap(([what, path, name]): Behaviour[] => [
  {
    name: `a ${what} is shown to a member of its account`,
    async run({ send, world }) {
      const { result } = await send(`GET ${path(world)}`, { as: 'standard' });
      assert.equal(result.name, name);
    },
  },
  {
    name: `a ${what} is not shown to others`,
    async run({ send, world }) {
      const { status, text } = await send(`GET ${path(world)}`, { as: 'outsider' });
      assert.ok(status === 403 || status === 404);
      assert.equal(text.includes(name), false);
    },
  },
  {
    name: `a ${what} that is not there is called not found`,
    async run({ send, world }) {
      const gone = path(world).replace(/\d+$/, '999999999');
      const { status, message } = await send(`GET ${gone}`);
      assert.equal(status, 404);
      assert.match(message, /not found/i);
    },
  },
]);

export const discovery: readonly Behaviour[] = [
  ...listed,
  ...shown,
  {
    name: 'the version is for everyone, with and without a key',
    async run({ send }) {
      assert.equal((await send('GET /web/version', { as: null })).status, 200);
      assert.equal((await send('GET /web/version')).status, 200);
      assert.equal((await send('GET /web/version', { as: { id: 'no', secret: 'such key' } })).status, 200);
    },
  },
  {
    name: 'only the response for one workspace has its locations',
    async run({ send, world }) {
      const list = await send('GET /workspaces');
      assert.ok(list.results.every((workspace) => !('locations' in workspace)));
      const { result } = await send(`GET /workspaces/${world.workspaces.shop}`);
      assert.ok(Array.isArray(result.locations) && result.locations.length > 0);
    },
  },
  {
    name: 'a project counts its tests, and leads to its workspace',
    async run({ send, world }) {
      const { result } = await send(`GET /projects/${world.projects.cart}`);
      assert.equal(result.testsCount, 2);
      assert.equal(result.workspaceId, world.workspaces.shop);
    },
  },
  {
    name: 'each sees what is in their own accounts, and nothing else',
    async run(context) {
      assert.deepEqual(await names(context, '/workspaces', 'outsider'), ['Elsewhere']);
      assert.deepEqual(await names(context, '/projects', 'outsider'), ['Elsewhere']);
      assert.deepEqual(await names(context, '/tests', 'outsider'), []);
    },
  },
  {
    name: 'the workspaces of an account of others are not listed',
    async run({ send, world }) {
      const { status, results } = await send(`GET /workspaces?accountId=${world.accounts.main}`, {
        as: 'outsider',
      });
      assert.ok(status === 403 || status === 404 || results.length === 0);
    },
  },
];
