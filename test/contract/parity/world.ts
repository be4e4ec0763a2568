// The world of every behaviour: two accounts, every role, a user in both accounts, and a clock that stands still.
import {
  createReference,
  type Reference,
  type RouteOverrides,
  type Semantics,
} from 'blazemeter-client/testing';

/** `manager` has the role `user_manager`; `outsider` owns the other account; `twin` is in both. */
export type Who = 'owner' | 'admin' | 'billing' | 'standard' | 'manager' | 'twin' | 'outsider';

export interface KeyCredentials {
  readonly id: string;
  readonly secret: string;
}

export interface World {
  readonly reference: Reference;
  /** Where the clock starts. */
  readonly start: Date;
  readonly accounts: { readonly main: number; readonly second: number };
  readonly users: Readonly<Record<Who, { readonly id: number; readonly email: string }>>;
  readonly keys: Readonly<Record<Who | 'expired', KeyCredentials>>;
  readonly workspaces: { readonly shop: number; readonly attic: number; readonly elsewhere: number };
  readonly projects: { readonly cart: number; readonly search: number; readonly elsewhere: number };
  readonly tests: { readonly checkout: number; readonly browse: number; readonly find: number };
  readonly multiTests: { readonly both: number };
}

/** Every role that an account knows, and who has it. */
export const roles = [
  { role: 'owner', who: 'owner', manages: true },
  { role: 'admin', who: 'admin', manages: true },
  { role: 'billing', who: 'billing', manages: false },
  { role: 'standard', who: 'standard', manages: false },
  { role: 'user_manager', who: 'manager', manages: false },
] as const;

/** How long the keys of the world live: less than any maximum that a behaviour sets. */
export const KEY_DAYS = 20;

export const MAIN_MAXIMUM = 3650;
export const SECOND_MAXIMUM = 90;

/** Keys carry whole seconds, so the clock starts on one: by default the machine's own. */
const thisSecond = () => new Date(Math.floor(Date.now() / 1000) * 1000);

export function makeWorld(
  semantics: Partial<Semantics>,
  start = thisSecond(),
  operations: RouteOverrides = {},
): World {
  const reference = createReference({ semantics, operations, clock: { at: start, frozen: true } });
  const expires = { days: KEY_DAYS };
  const made = reference.seed({
    users: {
      owner: { firstName: 'Olive', lastName: 'Owner' },
      admin: { firstName: 'Adam', lastName: 'Admin' },
      billing: { firstName: 'Berta', lastName: 'Billing' },
      standard: { firstName: 'Stan', lastName: 'Standard' },
      manager: { firstName: 'Uma', lastName: 'Manager' },
      twin: { firstName: 'Tina', lastName: 'Twin' },
      outsider: { firstName: 'Otto', lastName: 'Outsider' },
    },
    accounts: {
      main: {
        name: 'Main Street',
        owner: 'owner',
        apiKeyExpiration: MAIN_MAXIMUM,
        members: {
          admin: ['admin'],
          billing: ['billing'],
          standard: ['standard'],
          manager: ['user_manager'],
          twin: ['standard'],
        },
      },
      second: {
        name: 'Second Avenue',
        owner: 'outsider',
        apiKeyExpiration: SECOND_MAXIMUM,
        members: { twin: ['standard'] },
      },
    },
    workspaces: {
      shop: { account: 'main', name: 'Shop' },
      attic: { account: 'main', name: 'Attic', enabled: false },
      elsewhere: { account: 'second', name: 'Elsewhere' },
    },
    projects: {
      cart: { workspace: 'shop', name: 'Cart' },
      search: { workspace: 'shop', name: 'Search' },
      elsewhere: { workspace: 'elsewhere', name: 'Elsewhere' },
    },
    tests: {
      checkout: { project: 'cart', name: 'Checkout under load' },
      browse: { project: 'cart', name: 'Browse' },
      find: { project: 'search', name: 'Find' },
    },
    multiTests: { both: { project: 'cart', name: 'Both' } },
    keys: {
      owner: { user: 'owner', name: 'key of owner', expires },
      admin: { user: 'admin', name: 'key of admin', expires },
      billing: { user: 'billing', name: 'key of billing', expires },
      standard: { user: 'standard', name: 'key of standard', expires },
      manager: { user: 'manager', name: 'key of manager', expires },
      twin: { user: 'twin', name: 'key of twin', expires },
      outsider: { user: 'outsider', name: 'key of outsider', expires },
      expired: { user: 'owner', name: 'long gone', created: { days: -90 }, expires: { days: -1 } },
    },
  });
  const { accounts, workspaces, projects, tests, multiTests } = made;
  return {
    reference,
    start,
    users: made.users,
    keys: made.keys,
    accounts: { main: accounts.main.id, second: accounts.second.id },
    workspaces: { shop: workspaces.shop.id, attic: workspaces.attic.id, elsewhere: workspaces.elsewhere.id },
    projects: { cart: projects.cart.id, search: projects.search.id, elsewhere: projects.elsewhere.id },
    tests: { checkout: tests.checkout.id, browse: tests.browse.id, find: tests.find.id },
    multiTests: { both: multiTests.both.id },
  };
}
