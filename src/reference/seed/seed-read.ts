// Checks a seed before anything is made from it: every field known, every value of its kind, every name that is
// referred to there. What is wrong is named by its path, and then nothing is made.

import { durationMs, momentMs } from '../clock.ts';
import { entries, type Fields, fail, fields, flag, integer, list, maybe, number, text } from '../read.ts';
import { KINDS, type Kind, type State } from '../state.ts';

interface Named {
  /** The name in the seed. */
  readonly ref: string;
}

export interface UserPlan extends Named {
  readonly email: string | undefined;
  readonly firstName: string | undefined;
  readonly lastName: string | undefined;
  readonly displayName: string | undefined;
  readonly enabled: boolean | undefined;
  readonly defaultProject: string | undefined;
}

export interface AccountPlan extends Named {
  readonly owner: string;
  readonly members: readonly { readonly user: string; readonly roles: readonly string[] }[];
  readonly name: string | undefined;
  readonly apiKeyExpiration: number | undefined;
  readonly legacyApiKeysDisabled: boolean | null;
  readonly description: string | null;
  readonly aiConsent: boolean | undefined;
}

export interface KeyPlan extends Named {
  readonly user: string;
  readonly name: string | undefined;
  readonly expires: number | undefined;
  readonly created: number | undefined;
  readonly lastUsed: number | null;
}

/** A workspace, a project or a test: each stands in something else. */
export interface PlacePlan extends Named {
  readonly parent: string;
  readonly name: string | undefined;
  readonly enabled: boolean | undefined;
  readonly description: string | undefined;
  readonly type: string | undefined;
}

export interface SeedPlan {
  readonly users: readonly UserPlan[];
  readonly accounts: readonly AccountPlan[];
  readonly keys: readonly KeyPlan[];
  readonly workspaces: readonly PlacePlan[];
  readonly projects: readonly PlacePlan[];
  readonly tests: readonly PlacePlan[];
  readonly multiTests: readonly PlacePlan[];
}

/** Reads a seed for a world that exists already, or is empty. */
export function readSeed(value: unknown, state: State, nowMs: number): SeedPlan {
  const parts = fields(value, 'seed', KINDS);
  const names = (kind: Kind): ReadonlySet<string> => {
    const part = parts.get(kind);
    const fresh = part === undefined ? [] : entries(part, `seed.${kind}`).keys();
    return new Set([...state.names[kind].keys(), ...fresh]);
  };
  const users = names('users');
  const to = (kind: Kind, known: ReadonlySet<string>) => (target: unknown, path: string) => {
    const name = text(target, path);
    return known.has(name) ? name : fail(path, `there is no such name among the ${kind}.`);
  };
  const user = to('users', users);
  const project = to('projects', names('projects'));

  const each = <Plan>(kind: Kind, read: (ref: string, value: unknown, path: string) => Plan): Plan[] => {
    const part = parts.get(kind);
    if (part === undefined) return [];
    return [...entries(part, `seed.${kind}`)].map(([ref, entry]) => {
      const path = `seed.${kind}.${ref}`;
      if (ref === '') fail(path, 'a name must not be empty.');
      if (state.names[kind].has(ref)) fail(path, 'an earlier seed made something of this name.');
      return read(ref, entry, path);
    });
  };
  const places = (
    kind: Kind,
    parent: string,
    target: (value: unknown, path: string) => string,
    more: string[],
  ) =>
    each(kind, (ref, entry, path): PlacePlan => {
      const from = fields(entry, path, [parent, 'name', ...more]);
      return {
        ref,
        parent: target(from.get(parent), `${path}.${parent}`),
        name: maybe(from, 'name', path, text),
        enabled: maybe(from, 'enabled', path, flag),
        description: maybe(from, 'description', path, text),
        type: maybe(from, 'type', path, text),
      };
    });

  return {
    users: each('users', (ref, entry, path) => readUser(ref, entry, path, project)),
    accounts: each('accounts', (ref, entry, path) => readAccount(ref, entry, path, user)),
    keys: each('keys', (ref, entry, path) => readKey(ref, entry, path, user, nowMs)),
    workspaces: places('workspaces', 'account', to('accounts', names('accounts')), ['enabled']),
    projects: places('projects', 'workspace', to('workspaces', names('workspaces')), ['description']),
    tests: places('tests', 'project', project, ['type']),
    multiTests: places('multiTests', 'project', project, ['type']),
  };
}

type Reader = (value: unknown, path: string) => string;

const USER = ['email', 'firstName', 'lastName', 'displayName', 'enabled', 'defaultProject'];

function readUser(ref: string, value: unknown, path: string, project: Reader): UserPlan {
  const from = fields(value, path, USER);
  return {
    ref,
    email: maybe(from, 'email', path, text),
    firstName: maybe(from, 'firstName', path, text),
    lastName: maybe(from, 'lastName', path, text),
    displayName: maybe(from, 'displayName', path, text),
    enabled: maybe(from, 'enabled', path, flag),
    defaultProject: maybe(from, 'defaultProject', path, project),
  };
}

const ACCOUNT = [
  'owner',
  'members',
  'name',
  'apiKeyExpiration',
  'legacyApiKeysDisabled',
  'description',
  'aiConsent',
];

function readAccount(ref: string, value: unknown, path: string, user: Reader): AccountPlan {
  const from = fields(value, path, ACCOUNT);
  const owner = user(from.get('owner'), `${path}.owner`);
  const legacy = from.get('legacyApiKeysDisabled');
  return {
    ref,
    owner,
    members: readMembers(from, `${path}.members`, owner, user),
    name: maybe(from, 'name', path, text),
    apiKeyExpiration: maybe(from, 'apiKeyExpiration', path, readDays),
    legacyApiKeysDisabled:
      legacy === undefined || legacy === null ? null : flag(legacy, `${path}.legacyApiKeysDisabled`),
    description: maybe(from, 'description', path, text) ?? null,
    aiConsent: maybe(from, 'aiConsent', path, flag),
  };
}

function readDays(value: unknown, path: string): number {
  const days = integer(value, path, -1);
  return days === 0 ? fail(path, 'must be a number of days, or -1 for no limit.') : days;
}

function readMembers(from: Fields, path: string, owner: string, user: Reader): AccountPlan['members'] {
  const members = from.get('members');
  if (members === undefined) return [];
  return [...entries(members, path)].map(([name, roles]) => {
    const at = `${path}.${name}`;
    if (user(name, at) === owner) fail(at, 'the owner is in the account without being listed.');
    return { user: name, roles: list(roles, at).map((role, index) => text(role, `${at}[${index}]`)) };
  });
}

const KEY = ['user', 'name', 'expires', 'created', 'lastUsed'];

function readKey(ref: string, value: unknown, path: string, user: Reader, nowMs: number): KeyPlan {
  if (entries(value, path).has('secret'))
    fail(`${path}.secret`, 'secrets are made by the reference, so that no real one ends up in a seed.');
  const from = fields(value, path, KEY);
  const moment = (name: string): number | undefined =>
    maybe(from, name, path, (given, at) => readSeconds(given, at, nowMs));
  const name = maybe(from, 'name', path, text);
  if (name?.trim() === '') fail(`${path}.name`, 'must not be empty.');
  return {
    ref,
    user: user(from.get('user'), `${path}.user`),
    name,
    expires: moment('expires'),
    created: moment('created'),
    lastUsed: moment('lastUsed') ?? null,
  };
}

const MOMENT =
  'must be a Date, text such as 2026-01-31T12:00:00Z, or a distance from now such as { "days": 30 }.';

/** Reads a moment as whole seconds. */
function readSeconds(value: unknown, path: string, nowMs: number): number {
  let ms: number;
  if (value instanceof Date || typeof value === 'string') {
    try {
      ms = momentMs(value);
    } catch {
      fail(path, MOMENT);
    }
  } else {
    if (typeof value !== 'object') fail(path, MOMENT);
    const parts = fields(value, path, ['days', 'hours', 'minutes', 'seconds', 'ms']);
    const part = (name: string): number | undefined => maybe(parts, name, path, number);
    ms =
      nowMs +
      durationMs({
        days: part('days'),
        hours: part('hours'),
        minutes: part('minutes'),
        seconds: part('seconds'),
        ms: part('ms'),
      });
  }
  return integer(Math.floor(ms / 1000), path, 0, 253_402_300_799);
}
